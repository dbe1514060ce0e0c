package sim_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// command is what a step can be: it does one thing and says how that went.
type command struct {
	name   string
	weight int
	run    func(*simulation) string
}

// commands is the table of everything that can happen.
func commands() []command {
	return []command{
		{"send", 12, (*simulation).doSend},
		{"open", 10, (*simulation).doOpen},
		{"recall", 10, (*simulation).doRecall},
		{"recall unsent", 1, (*simulation).doTombstone},
		{"read", 12, (*simulation).doRead},
		{"sync", 10, (*simulation).doSync},
		{"hint", 6, (*simulation).deliver},
		{"undo", 5, (*simulation).doUndo},
		{"edit", 3, (*simulation).doEdit},
		{"send now", 2, (*simulation).doSendNow},
		{"release", 5, (*simulation).doRelease},
		{"retry", 8, (*simulation).doRetry},
		{"drafts", 3, (*simulation).doDrafts},
		{"mark unread", 2, (*simulation).doUnread},
		{"receipts", 1, (*simulation).doReceipts},
		{"participant", 2, (*simulation).doParticipant},
		{"policy", 1, (*simulation).doPolicy},
		{"live", 2, (*simulation).doLive},
		{"epochs", 3, (*simulation).doEpochs},
		{"sweep", 1, func(s *simulation) string { return s.outcome("", s.node().Sweep(context.Background())) }},
		{"restart", 2, (*simulation).doRestart},
		{"time", 8, (*simulation).doTime},
	}
}

// outcome is the code of an error, and checks that its text says nothing (R2).
func (s *simulation) outcome(ok string, err error) string {
	if err == nil {
		if ok == "" {
			return "ok"
		}
		return ok
	}
	if n := canaries(err.Error()); len(n) > 0 {
		s.wrong("an error holds the text of message %v", n)
	}
	code := sealpost.CodeOf(err)
	if code == sealpost.CodeInternal {
		s.wrong("an internal error: %v", err)
	}
	return string(code)
}

// attempt asks with a key; an unknown outcome is asked again later.
func (s *simulation) attempt(name string, run func(key string) error) string {
	key := fmt.Sprintf("%s-%d", strings.ReplaceAll(name, " ", "-"), s.steps)
	err := run(key)
	if err != nil && unknown(err) {
		s.again = append(s.again, retry{name, s.now, run, key})
	}
	return s.outcome("", err)
}

func (s *simulation) doRetry() string {
	if len(s.again) == 0 {
		return "none"
	}
	i := s.random.IntN(len(s.again))
	r := s.again[i]
	s.again = append(s.again[:i:i], s.again[i+1:]...)
	if s.now.Sub(r.asked) > 23*time.Hour {
		return "given up" // keys are kept for a day
	}
	err := r.run(r.key)
	if err != nil && unknown(err) {
		s.again = append(s.again, r)
	}
	return r.name + " " + s.outcome("", err)
}

// arrive is the beginning of every request (R24).
func (s *simulation) arrive(n *service.Service, who int) error {
	return n.Arrive(context.Background(), s.people[who])
}

// clientID is a UUIDv7 of a client's own.
func (s *simulation) clientID() (m sealpost.MessageID) {
	_, _ = dice{s.random}.Read(m[:]) // never fails
	m[6], m[8] = 0x70|m[6]&0x0f, 0x80|m[8]&0x3f
	return m
}

func (s *simulation) doSend() string {
	p := pick(s, s.places)
	l := &letter{number: len(s.sent), place: p, sender: pick(s, p.people), before: map[sealpost.UserID]sealpost.Delivery{}}
	l.bodies = []string{fmt.Sprintf("canary-%d-x the text of step %d", l.number, s.steps)}
	in := service.Sending{Conversation: p.id, Body: l.bodies[0], Kind: sealpost.KindMessage}
	if s.random.IntN(2) == 0 {
		in.ID = s.clientID()
		l.id = in.ID
	}
	switch s.random.IntN(8) {
	case 0:
		in.SendAt = s.now.Time().Add(time.Duration(1+s.random.IntN(3*3600)) * time.Second)
	case 1, 2:
		undo := time.Duration(s.random.IntN(121)) * time.Second
		in.Undo = &undo
	case 3:
		in.Kind = sealpost.KindRequiredNotice
	}
	if to, ok := s.known(); ok && s.random.IntN(2) == 0 && (to.place == p || s.random.IntN(5) == 0) {
		in.InReplyTo = to.id
	}
	s.sent = append(s.sent, l)
	return s.attempt("send", func(key string) error {
		n := s.node()
		if err := s.arrive(n, l.sender); err != nil {
			return err
		}
		v, err := n.Send(context.Background(), s.people[l.sender], key, in)
		switch {
		case err == nil:
			if !l.id.IsZero() && l.id != v.ID {
				s.wrong("a retry of message %s gave %s (I8)", l.id, v.ID)
			}
			l.id, l.acked = v.ID, true
			s.shown(l.sender, v)
		case !unknown(err) && sealpost.CodeOf(err) != sealpost.CodeNotFound && !l.acked:
			l.refused = true // not found: it was sent, and undone before the retry
		}
		return err
	})
}

// known picks a message that may exist; ok is false if there is none yet.
func (s *simulation) known() (*letter, bool) {
	var out []*letter
	for _, l := range s.sent[max(0, len(s.sent)-8):] {
		if !l.id.IsZero() {
			out = append(out, l)
		}
	}
	if len(out) == 0 {
		return nil, false
	}
	return pick(s, out), true
}

// doOpen opens by anybody at all, also by those who may not.
func (s *simulation) doOpen() string {
	l, ok := s.known()
	if !ok {
		return "none"
	}
	who := pick(s, l.place.people)
	if who == l.sender {
		who = pick(s, l.place.people)
	}
	return s.attempt("open", func(key string) error {
		n := s.node()
		if err := s.arrive(n, who); err != nil {
			return err
		}
		o, err := n.Open(context.Background(), s.people[who], key, l.place.id, l.id)
		if err == nil {
			s.shown(who, o)
		}
		return err
	})
}

func (s *simulation) doRecall() string {
	l, ok := s.known()
	if !ok {
		return "none"
	}
	who := l.sender
	if s.random.IntN(10) == 0 {
		who = s.random.IntN(simPeople)
	}
	in := service.Recalling{KeepDraft: s.random.IntN(2) == 0, Reason: "sent by mistake"}
	return s.attempt("recall", func(key string) error {
		n := s.node()
		if err := s.arrive(n, who); err != nil {
			return err
		}
		r, err := n.Recall(context.Background(), s.people[who], key, l.id, in)
		s.calm(func() { s.recallAnswer(l, who, r, err) })
		return err
	})
}

// doTombstone recalls an id before it is sent (6-leaks A10): the late send is refused.
func (s *simulation) doTombstone() string {
	p := pick(s, s.places)
	who, m := pick(s, p.people), s.clientID()
	return s.attempt("recall unsent", func(key string) error {
		n := s.node()
		if _, err := n.Recall(context.Background(), s.people[who], key, m, service.Recalling{Conversation: p.id}); err != nil {
			return err
		}
		_, err := n.Send(context.Background(), s.people[who], "", service.Sending{ID: m, Conversation: p.id, Body: "too late", Kind: sealpost.KindMessage})
		if code := sealpost.CodeOf(err); code != sealpost.CodeRecalled && code != sealpost.CodeForbidden && !unknown(err) {
			s.wrong("a message that was recalled before it was sent: %v", err)
		}
		return nil
	})
}

// doRead reads something as anybody who has ever been there.
func (s *simulation) doRead() string {
	p := pick(s, s.places)
	who, n, ctx := pick(s, p.people), s.node(), context.Background()
	if err := s.arrive(n, who); err != nil {
		return "arrive " + s.outcome("", err)
	}
	var got any
	var err error
	what := pick(s, []string{"history", "message", "inbox", "report", "forecast", "thread"})
	l, ok := s.known()
	if !ok {
		what = "history"
	}
	switch what {
	case "history":
		got, err = n.History(ctx, s.people[who], p.id, sealpost.MessageID{}, 20)
	case "message":
		got, err = n.Message(ctx, s.people[who], l.id)
	case "inbox":
		got, _, err = n.Inbox(ctx, s.people[who], service.FilterAll, "", 50)
	case "report":
		got, err = n.Report(ctx, s.people[who], l.id)
	case "forecast":
		got, err = n.Forecast(ctx, s.people[who], l.id)
	case "thread":
		got, err = n.Conversation(ctx, s.people[who], p.id)
	}
	if err == nil {
		s.shown(who, got)
	}
	return what + " " + s.outcome("", err)
}

func (s *simulation) doSync() string {
	p := pick(s, s.places)
	return s.sync(pick(s, p.people), p)
}

func (s *simulation) doUndo() string {
	l, ok := s.known()
	if !ok {
		return "none"
	}
	first := s.now
	return s.attempt("undo", func(key string) error {
		d, err := s.node().Undo(context.Background(), s.people[l.sender], key, l.id)
		if err == nil {
			s.cameBack(d, l, first)
		}
		return err
	})
}

func (s *simulation) doEdit() string {
	l, ok := s.known()
	if !ok {
		return "none"
	}
	body := fmt.Sprintf("canary-%d-x edited in step %d", l.number, s.steps)
	edit := service.PendingEdit{Body: &body}
	if s.random.IntN(3) == 0 {
		at := s.now.Time().Add(time.Duration(1+s.random.IntN(600)) * time.Second)
		edit.SendAt = &at
	}
	first := true
	return s.attempt("edit", func(key string) error {
		v, err := s.node().EditPending(context.Background(), s.people[l.sender], key, l.id, edit)
		switch {
		case err == nil && first:
			l.bodies = []string{body}
		case err == nil || unknown(err):
			// It may be a replay, and another edit may have come after the first try.
			if !slices.Contains(l.bodies, body) {
				l.bodies = append(l.bodies, body)
			}
		}
		if err == nil {
			s.shown(l.sender, v)
		}
		first = false
		return err
	})
}

func (s *simulation) doSendNow() string {
	l, ok := s.known()
	if !ok {
		return "none"
	}
	return s.attempt("send now", func(key string) error {
		_, err := s.node().SendNow(context.Background(), s.people[l.sender], key, l.id)
		return err
	})
}

func (s *simulation) doRelease() string {
	_, err := s.node().ReleaseDue(context.Background())
	return s.outcome("", err)
}

// doDrafts reads somebody's drafts, and deletes one now and then.
func (s *simulation) doDrafts() string {
	who, n, ctx := s.random.IntN(simPeople), s.node(), context.Background()
	all, _, err := n.Drafts(ctx, s.people[who], "", 50)
	if err != nil {
		return s.outcome("", err)
	}
	s.shown(who, all)
	if len(all) == 0 || s.random.IntN(3) != 0 {
		return "read"
	}
	d := pick(s, all).Draft.ID
	delete(s.drafts, d)
	s.deleted[d] = true
	return "delete " + s.attempt("delete draft", func(key string) error {
		s.flagging = who
		return n.DeleteDraft(ctx, s.people[who], key, d, service.AnyVersion)
	})
}

func (s *simulation) doUnread() string {
	p := pick(s, s.places)
	who, on := pick(s, p.people), s.random.IntN(2) == 0
	return s.attempt("mark unread", func(key string) error {
		s.flagging = who
		return s.node().SetUnread(context.Background(), s.people[who], key, p.id, on)
	})
}

func (s *simulation) doReceipts() string {
	who := s.random.IntN(simPeople)
	on := !s.people[who].User.Receipts
	defer s.calm(func() { // the next request signs in anew
		if u, err := s.store.User(context.Background(), s.people[who].User.ID); err == nil {
			s.people[who].User = u
		}
	})
	return s.attempt("receipts", func(key string) error {
		s.changing = s.people[who].User.ID
		_, err := s.node().UpdateSettings(context.Background(), s.people[who], key, service.SettingsEdit{Receipts: &on})
		return err
	})
}

func (s *simulation) doParticipant() string {
	p := pick(s, s.places)
	who, add := s.people[pick(s, p.people)].User.ID, s.random.IntN(2) == 0
	actor := s.people[p.creator]
	return s.attempt("participant", func(key string) error {
		if add {
			_, err := s.node().AddParticipant(context.Background(), actor, key, p.id, who)
			return err
		}
		return s.node().RemoveParticipant(context.Background(), actor, key, p.id, who)
	})
}

func (s *simulation) doPolicy() string {
	next := policy.Default()
	next.Window = pick(s, []time.Duration{policy.MinWindow, 5 * time.Minute, time.Hour, 3 * time.Hour})
	next.PerConversationDay = 1 + s.random.IntN(4)
	next.Group = pick(s, []policy.GroupMode{policy.GroupUnopened, policy.GroupUnopened, policy.GroupAllOrNothing})
	next.Trace = pick(s, []sealpost.Trace{sealpost.TraceAuto, sealpost.TraceAlways, sealpost.TraceNever})
	next.Recall = s.random.IntN(8) != 0
	next.Throttle.Messages, next.Throttle.Refusals = pick(s, []int{2, 30}), pick(s, []int{2, 10})
	next.Version = 0
	return s.attempt("policy", func(key string) error {
		_, err := s.node().PutPolicy(context.Background(), s.people[0], key, next)
		return err
	})
}

// doLive is a live connection that begins, shows what there is, and ends.
func (s *simulation) doLive() string {
	n, ctx := s.node(), context.Background()
	if err := n.KeepLease(ctx); err != nil {
		return "lease " + s.outcome("", err)
	}
	p := pick(s, s.places)
	who := pick(s, p.people)
	w, err := n.Watch(ctx, s.people[who], "")
	if err != nil {
		return "watch " + s.outcome("", err)
	}
	defer w.Close()
	h, err := n.History(ctx, s.people[who], p.id, sealpost.MessageID{}, 20)
	if err == nil {
		s.shown(who, h)
	}
	return "history " + s.outcome("", err)
}

func (s *simulation) doEpochs() string {
	return s.outcome("", s.node().KeepEpochs(context.Background()))
}

func (s *simulation) doRestart() string {
	if err := s.restart(s.random.IntN(len(s.nodes))); err != nil {
		s.wrong("a node does not start: %v", err)
	}
	return "ok"
}

// doTime lets time pass: seconds, mostly.
func (s *simulation) doTime() string {
	switch n := s.random.IntN(40); {
	case n < 30:
		s.advance(time.Duration(s.random.IntN(10_000)) * time.Millisecond)
		return "seconds"
	case n < 36:
		s.advance(time.Duration(s.random.IntN(20)) * time.Minute)
		return "minutes"
	case n < 39:
		s.advance(time.Duration(1+s.random.IntN(4)) * time.Hour)
		return "hours"
	}
	s.advance(time.Duration(20+s.random.IntN(30)) * time.Hour)
	return "days"
}

// readable is anything that a person was shown, as text.
func readable(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}
