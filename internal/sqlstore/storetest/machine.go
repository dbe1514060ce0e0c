package storetest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sealpost/sealpost/internal/memstore"
	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// mostPasses bounds how often a run begins again because something has not happened
// yet. The rarest outcomes happen about twice in a pass of 100 sequences.
const mostPasses = 10

// sameAsTheModel runs random commands on the store and on memstore, and everything
// that anybody can see must be the same on both, at the same times (I1 to I8).
func sameAsTheModel(t *testing.T, w *world) {
	tally := map[string]int{}
	total, failed := 0, false
	for pass := 0; pass == 0 || pass < mostPasses && w.checks() >= 50 && !failed && len(neverHappened(tally)) > 0; pass++ {
		ran := 0
		rapid.Check(t, func(rt *rapid.T) {
			// The number of checks is the harness's, whatever rapid's flag says; after a
			// failure all that rapid wants for shrinking.
			if ran >= w.checks() && !failed {
				return
			}
			ran++
			defer func() { failed = failed || rt.Failed() }()
			m := newMachine(rt, w, tally)
			for range rapid.SampledFrom([]int{10, 40, 80}).Draw(rt, "steps") {
				m.step()
			}
			m.look()
		})
		total += ran
	}
	var lines []string
	for _, what := range slices.Sorted(maps.Keys(tally)) {
		lines = append(lines, fmt.Sprintf("%7d  %s", tally[what], what))
	}
	t.Logf("%d sequences of commands; command → outcome:\n%s", total, strings.Join(lines, "\n"))
	if total < 50 || failed {
		return // too few to ask for everything
	}
	for _, what := range neverHappened(tally) {
		t.Errorf("never happened: %s", what)
	}
}

// neverHappened names what a run has to go through and has not.
func neverHappened(tally map[string]int) []string {
	wanted := []string{
		"send → sent", "send → pending", "open → opened", "recall → recalled", "recall → opened", "recall → again", "undo → undone",
		"release → released", "leave → left", "join → joined", "close windows → closed", "mark unread → marked",
		"recall → daily_limit", "recall → throttled", "recall → window_closed", "recall → required_notice", "undo → (already_delivered)",
		"hide → hidden", "remove → removed", "flag → flagged", "acknowledge → acknowledged",
		"accept → accepted", "decline → declined", "send → (cannot_deliver)",
		"delivery → not", "delivery → closed", "delivery → as a request", "delivery → ordinary", "mute → changed", "title → named",
		"preview → shown", "preview → not shown",
	}
	return slices.DeleteFunc(wanted, func(what string) bool { return tally[what] > 0 })
}

// machine drives two stores with the same commands at the same times.
type machine struct {
	rt    *rapid.T
	a, b  *world            // the store under test, and the model
	clock *sealpost.Instant // of the model: what the store said last
	tally map[string]int

	users         []sealpost.UserID
	conversations []sealpost.ConversationID
	messages      []sent
	last          *command // the last one with a key

	// The plain model: what the invariants are about.
	rev, seq map[sealpost.ConversationID]int64
	opened   map[copyTo]bool // by a committed open
	final    map[copyTo]sealpost.DeliveryState
	marks    []bookmark
	times    []sealpost.Instant
}

type sent struct {
	id     sealpost.MessageID
	in     sealpost.ConversationID
	sender sealpost.UserID
}

type copyTo struct {
	message sealpost.MessageID
	user    sealpost.UserID
}

func newMachine(rt *rapid.T, w *world, tally map[string]int) *machine {
	clock := new(sealpost.Instant)
	a := &world{Harness: w.Harness, t: rt, ids: w.ids}
	*clock = a.clock()
	model := memstore.New(memstore.Options{Clock: func() sealpost.Instant { return *clock }})
	m := &machine{
		rt: rt, a: a, b: &world{Harness: Harness{Store: model}, t: rt, ids: w.ids}, clock: clock, tally: tally,
		rev: map[sealpost.ConversationID]int64{}, seq: map[sealpost.ConversationID]int64{},
		opened: map[copyTo]bool{}, final: map[copyTo]sealpost.DeliveryState{},
	}
	var users []sealpost.User
	for i := range 4 {
		u := a.user(fmt.Sprintf("Person %d", i))
		u.Receipts = i != 3
		users, m.users = append(users, u), append(m.users, u.ID)
	}
	current, err := a.Store.Policy(ctx())
	a.ok(err)
	next := drawPolicy(rt)
	next.Version = current.Version + 1
	m.both(func(s service.Amendment) error {
		for _, u := range users {
			if err := s.AddUser(u, ""); err != nil {
				return err
			}
		}
		return s.AddPolicy(next)
	})
	for _, members := range [][]sealpost.UserID{m.users[:3], m.users[1:], m.users} {
		id := newID[sealpost.ConversationID](a)
		m.conversations = append(m.conversations, id)
		m.both(func(s service.Amendment) error {
			c := sealpost.Conversation{ID: id, Kind: sealpost.Group, CreatorID: members[0], CreatedAt: s.Now()}
			return s.AddConversation(c, members, members[0])
		})
	}
	for _, two := range [][]sealpost.UserID{m.users[:2], {m.users[0], m.users[2]}, {m.users[1], m.users[3]}} {
		id := directOf(two[0], two[1])
		m.conversations = append(m.conversations, id)
		m.both(func(s service.Amendment) error {
			c := sealpost.Conversation{ID: id, Kind: sealpost.Direct, CreatorID: two[0], CreatedAt: s.Now()}
			return s.AddConversation(c, two, two[0])
		})
	}
	return m
}

func drawPolicy(rt *rapid.T) policy.Policy {
	p := policy.Default()
	p.PerConversationDay = rapid.SampledFrom([]int{1, 1, 2, 9}).Draw(rt, "per day")
	p.Group = rapid.SampledFrom([]policy.GroupMode{policy.GroupUnopened, policy.GroupAllOrNothing}).Draw(rt, "group")
	p.Trace = rapid.SampledFrom([]sealpost.Trace{sealpost.TraceAuto, sealpost.TraceAlways, sealpost.TraceNever}).Draw(rt, "trace")
	p.Previews = rapid.SampledFrom([]sealpost.Previews{sealpost.PreviewsOff, sealpost.PreviewsAfterWindow, sealpost.PreviewsImmediate}).Draw(rt, "previews")
	p.Throttle = policy.Throttle{
		Messages: rapid.SampledFrom([]int{3, 30}).Draw(rt, "messages"), Recipients: rapid.SampledFrom([]int{2, 20}).Draw(rt, "recipients"),
		Refusals: rapid.SampledFrom([]int{1, 20}).Draw(rt, "refusals"), Period: 10 * time.Minute,
	}
	return p
}

// both runs an amendment on both stores, at one time.
func (m *machine) both(change func(service.Amendment) error) {
	m.a.amend(change)
	*m.clock = m.a.now
	m.b.amend(change)
}

// do runs a command on both stores, at one time, and compares what it saw and how
// it ended.
func (m *machine) do(c command) string {
	c.ask.Decision = newID[sealpost.DecisionID](m.a)
	*m.clock = m.a.clock()
	m.a.now, m.b.now, m.a.changed, m.b.changed = 0, 0, false, false
	got, err := m.a.run(c)
	if m.a.now != 0 {
		*m.clock = m.a.now
	}
	want, wantErr := m.b.run(c)
	if got != want || sealpost.CodeOf(err) != sealpost.CodeOf(wantErr) {
		m.rt.Fatalf("%s: outcome %q, error %v, the model has %q, %v", c.name, got, err, want, wantErr)
	}
	if err != nil {
		got = "(" + string(sealpost.CodeOf(err)) + ")"
	}
	m.tally[c.name+" → "+got]++
	if m.a.now != 0 {
		m.compareSnapshots(c)
		m.count(c, got)
	}
	return got
}

func (m *machine) compareSnapshots(c command) {
	a, b := m.a.shot, m.b.shot
	same(m.a, c.name+": now", a.Now, b.Now)
	same(m.a, c.name+": conversation", a.Conversation, b.Conversation)
	same(m.a, c.name+": participants", a.Participants, b.Participants)
	same(m.a, c.name+": sealed", idsOf(a.Sealed), idsOf(b.Sealed))
	same(m.a, c.name+": open reports", a.Flags, b.Flags)
	if a.Message != nil && a.Message.ConversationID == c.ask.Conversation {
		same(m.a, c.name+": message", *a.Message, *b.Message)
	}
	if c.ask.Recall && a.Message != nil && a.Message.PolicyVersion != 0 {
		a.Recall.Sender, b.Recall.Sender = sealpost.User{}, sealpost.User{}
		same(m.a, c.name+": facts", a.Recall, b.Recall)
	}
}

// count keeps the plain model: gapless counters (I5) and what was opened by whom.
func (m *machine) count(c command, outcome string) {
	in := c.ask.Conversation
	same(m.a, "rev before "+c.name, m.a.shot.Conversation.Rev, m.rev[in])
	same(m.a, "seq before "+c.name, m.a.shot.Conversation.Seq, m.seq[in])
	if m.a.changed {
		m.rev[in]++
		m.times = append(m.times, m.a.now)
	}
	switch outcome {
	case "sent", "released":
		m.seq[in]++
	case "opened":
		if c.name == "open" {
			for _, s := range m.a.shot.Sealed {
				m.opened[copyTo{s.ID, c.ask.Actor}] = true
			}
		}
	}
}

// step draws a command and runs it.
func (m *machine) step() {
	in := pick(m, "in", m.conversations)
	who := pick(m, "who", m.users)
	kind := rapid.SampledFrom(commandKinds()).Draw(m.rt, "command")
	of := sent{newID[sealpost.MessageID](m.a), in, who} // a message that is not there
	if len(m.messages) > 0 && kind != "send" {
		of = pick(m, "message", m.messages[max(0, len(m.messages)-8):])
		if kind != "open" && rapid.IntRange(0, 19).Draw(m.rt, "by its sender") > 0 {
			who = of.sender
		}
	}
	switch kind {
	case "send", "notice", "hold", "schedule":
		o := map[string]sending{"notice": {notice: true}, "hold": {hold: time.Minute}, "schedule": {later: time.Hour}}[kind]
		s := sent{newID[sealpost.MessageID](m.a), in, who}
		c := send(in, s.sender, s.id, o).with(fmt.Sprint("key ", s.id))
		if m.do(c); m.a.changed {
			m.messages = append(m.messages, s)
			m.deliveredAs(s.sender)
		}
		m.last = &c
	case "repeat":
		if m.last != nil {
			m.do(*m.last)
		}
	case "edit":
		m.do(edit(of.in, who, of.id, time.Hour))
	case "preview":
		allowed := rapid.SampledFrom([]sealpost.Previews{sealpost.PreviewsAfterWindow, sealpost.PreviewsImmediate}).Draw(m.rt, "allowed")
		m.do(preview(of.in, pick(m, "viewer", m.users), of.id, allowed))
	case "undo":
		m.do(undo(of.in, who, of.id, newID[sealpost.DraftID](m.a)))
	case "release":
		m.do(release(of.in, who, of.id))
	case "open":
		m.do(openThrough(of.in, who, of.id))
	case "recall":
		m.do(recallOf(of.in, who, of.id, newID[sealpost.DraftID](m.a)))
	case "hide":
		m.do(hide(of.in, pick(m, "viewer", m.users), of.id))
	case "remove":
		m.do(resolve(of.in, who, of.id, true))
	case "flag":
		m.do(flag(of.in, pick(m, "viewer", m.users), of.id, newID[sealpost.FlagID](m.a), rapid.Bool().Draw(m.rt, "removal")))
	case "acknowledge":
		viewer := pick(m, "viewer", m.users)
		m.do(openThrough(of.in, viewer, of.id))
		m.do(acknowledge(of.in, viewer, of.id, rapid.Bool().Draw(m.rt, "deleted")))
	case "leave":
		m.do(leave(in, who))
	case "join":
		m.do(join(in, m.users[0], who))
	case "mark unread":
		m.do(markUnread(in, who, rapid.Bool().Draw(m.rt, "on")))
	case "close windows":
		m.do(closeWindows(of.in))
	case "accept":
		m.answer(in, who, sealpost.ConsentAccepted)
	case "decline":
		m.answer(in, who, sealpost.ConsentDeclined)
	case "mute":
		m.do(mute(in, who, rapid.Bool().Draw(m.rt, "on")))
	case "title":
		m.do(title(in, who, "A name"))
	case "block", "unblock", "connect", "disconnect", "reach":
		m.relate(kind, who)
	default:
		m.around(kind, in, who)
	}
}

// pick draws one of a list by its place, so that a seed means the same whatever ids
// and times there are.
func pick[T any](m *machine, what string, from []T) T {
	return from[rapid.IntRange(0, len(from)-1).Draw(m.rt, what)]
}

// commandKinds is what a step draws from; what is there twice comes twice as often.
func commandKinds() []string {
	return []string{
		"send", "send", "send", "send", "notice", "hold", "schedule", "repeat", "edit", "undo", "release", "open", "open", "open",
		"recall", "recall", "recall", "recall", "preview", "preview", "leave", "join", "mark unread", "close windows", "seen", "seen", "clock", "clock",
		"bookmark", "bookmark", "look", "hide", "remove", "flag", "acknowledge",
		"accept", "accept", "decline", "decline", "mute", "title", "block", "unblock", "unblock", "connect", "disconnect", "reach",
	}
}

// around is everything that is no decision.
func (m *machine) around(kind string, in sealpost.ConversationID, who sealpost.UserID) {
	m.tally[kind]++
	switch kind {
	case "seen":
		m.seen(who)
	case "clock":
		jumps := []time.Duration{-2 * time.Hour, -time.Minute, time.Second, time.Minute, 6 * time.Minute, 11 * time.Minute, 3 * time.Hour, 25 * time.Hour}
		m.a.Clock(rapid.SampledFrom(jumps).Draw(m.rt, "jump"))
	case "bookmark":
		m.bookmark(in, who)
	case "look":
		m.look()
	}
}

func (m *machine) seen(who sealpost.UserID) sealpost.Instant {
	until, now, err := m.a.Store.Seen(ctx(), who)
	m.a.ok(err)
	*m.clock = now
	untilB, _, err := m.b.Store.Seen(ctx(), who)
	m.b.ok(err)
	same(m.a, "seen until", until, untilB)
	return until
}
