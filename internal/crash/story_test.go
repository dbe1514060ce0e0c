//go:build sealtest

package crash_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/sealpost/sealpost/api"
)

// token begins every text of the workload. Wherever a file or a log holds it,
// something was not sealed (I3, and leak I4 of the sweep).
const token = "KANARIE-"

// fact is what the clients of a round know of one message.
type fact struct {
	id, conversation, body string
	sender                 person
	readers                []person // everybody else in the conversation

	glimpse  bool          // lists may show text of it before it is opened (R26)
	absent   bool          // undone, or never sent: nobody has it
	pending  bool          // held or scheduled
	due      time.Duration // of a pending one: how long after it was sent
	opened   []string      // ids of the readers who opened it
	recalled bool
	report   api.Report // of the recall
	drafts   []string   // ids of drafts that hold its text

	audit map[string]int // action → entries that there must be
}

// story is one client's script. Its own conversations keep it apart from the
// others, so that what must come of it is known.
type story struct {
	*world
	name                string
	sender, first, next person
	conversation        string
}

// repeat notes an act and asks for it until it is answered.
func (s *story) repeat(a *act, r request) answer {
	s.note(func() { s.acts = append(s.acts, a) })
	return s.ask(a, r)
}

// wants ends the client unless the answer has this status.
func (s *story) wants(what string, a answer, status int) {
	s.t.Helper()
	if a.status != status {
		s.fail("%s: %s: status %d, want %d: %s", s.name, what, a.status, status, a.body)
	}
}

// group begins a conversation of the sender with others. The repetition with the
// same key must not begin another one.
func (s *story) group(others ...person) {
	ids := make([]string, len(others))
	for i, p := range others {
		ids[i] = p.id
	}
	r := request{
		as: s.sender, method: http.MethodPost, path: "/conversations", key: uuid.NewString(),
		body: api.StartConversation{ParticipantIDs: ids, Title: s.name},
	}
	var first, second api.Conversation
	for _, c := range []*api.Conversation{&first, &second} {
		a := s.repeat(&act{what: "conversation"}, r)
		s.wants("conversation", a, http.StatusCreated)
		s.decode(a, c)
	}
	if first.ID != second.ID {
		s.fail("%s: one key began two conversations", s.name)
	}
	s.conversation = first.ID
	s.note(func() { s.groups[s.sender.id] = append(s.groups[s.sender.id], first.ID) })
}

// newFact makes up a message of the sender's with an id of the client's.
func (s *story) newFact(readers ...person) *fact {
	id := uuid.Must(uuid.NewV7()).String()
	return &fact{
		id: id, conversation: s.conversation, sender: s.sender, readers: readers,
		body: token + s.name + " " + id + strings.Repeat(" and more", 8), audit: map[string]int{},
	}
}

// send sends a message; how says when. The fact is known from now on, whatever
// comes of the request.
func (s *story) send(f *fact, how api.SendMessage) {
	how.ID, how.Body, how.HidePreview = f.id, f.body, !f.glimpse
	action := "message.send"
	switch {
	case how.SendAt != "":
		action, f.pending = "message.schedule", true
	case how.Undo != nil:
		action, f.pending = "message.hold", true
	}
	f.audit[action] = 1
	s.note(func() { s.facts = append(s.facts, f) })
	r := request{as: f.sender, method: http.MethodPost, path: "/conversations/" + f.conversation + "/messages", key: uuid.NewString(), body: how}
	for range 2 { // the second time is a repetition of what was answered
		a := s.repeat(&act{what: "send", message: f.id, actions: []string{action}}, r)
		s.wants("send", a, http.StatusCreated)
		var m api.Message
		s.decode(a, &m)
		if m.ID != f.id || m.Content == nil || m.Content.Body != f.body {
			s.fail("%s: the answer to a send is another message", s.name)
		}
	}
}

// open opens up to a message and says which of the facts it got. The repetition of
// the key gives the same content (R6).
func (s *story) open(by person, through *fact, facts ...*fact) []*fact {
	r := request{as: by, method: http.MethodPost, path: "/conversations/" + through.conversation + "/open", key: uuid.NewString(), body: api.Open{Through: through.id}}
	var got [2][]string
	var opened []*fact
	for i := range got {
		a := s.repeat(&act{what: "open", message: through.id, actions: []string{"message.open"}, quiet: true}, r)
		if a.status == http.StatusNotFound { // recalled without a trace
			return nil
		}
		s.wants("open", a, http.StatusOK)
		var o api.Opened
		s.decode(a, &o)
		for _, m := range o.Messages {
			at := slices.IndexFunc(facts, func(f *fact) bool { return f.id == m.ID })
			if at < 0 || m.Content == nil || m.Content.Body != facts[at].body {
				s.fail("%s: an opening gave what was not sent", s.name)
			}
			got[i] = append(got[i], m.ID)
			if i == 0 {
				opened = append(opened, facts[at])
			}
		}
	}
	if !slices.Equal(got[0], got[1]) {
		s.fail("%s: a repeated opening gave %d messages, the first %d", s.name, len(got[1]), len(got[0]))
	}
	s.note(func() {
		for _, f := range opened {
			f.opened = append(f.opened, by.id)
		}
		if len(opened) > 0 {
			through.audit["message.open"]++
		}
	})
	return opened
}

// recall asks for a recall, twice under one key and once more under another: all
// answers must be the same (R9). A refusal is given back.
func (s *story) recall(f *fact, keep bool) *api.Problem {
	r := request{as: f.sender, method: http.MethodPost, path: "/messages/" + f.id + "/recall", key: uuid.NewString(), body: api.Recall{KeepDraft: &keep}}
	a := s.repeat(&act{what: "recall", message: f.id, actions: []string{"recall.granted", "recall.refused"}}, r)
	if a.problem != nil {
		if a.status != http.StatusTooManyRequests { // such a one is not stored, and asked anew
			s.note(func() { f.audit["recall.refused"]++ })
			if b := s.repeat(&act{what: "recall", message: f.id, actions: []string{"recall.refused"}}, r); b.problem == nil || b.problem.Code != a.problem.Code {
				s.fail("%s: a repeated refusal is another: %d %s", s.name, b.status, b.body)
			}
		}
		return a.problem
	}
	s.wants("recall", a, http.StatusOK)
	s.decode(a, &f.report)
	s.note(func() { f.recalled, f.audit["recall.granted"] = true, 1 })
	for _, key := range []string{r.key, uuid.NewString()} {
		r.key = key
		b := s.repeat(&act{what: "recall", message: f.id, actions: []string{"recall.granted"}}, r)
		if b.status != http.StatusOK || string(b.body) != string(a.body) {
			s.fail("%s: a repeated recall answers %d %s, the first %s", s.name, b.status, b.body, a.body)
		}
	}
	if keep != (f.report.DraftID != nil) {
		s.fail("%s: keep_draft was %t: %s", s.name, keep, a.body)
	}
	if keep {
		f.drafts = append(f.drafts, *f.report.DraftID)
	}
	return nil
}

// undo takes a held or scheduled message back.
func (s *story) undo(f *fact) {
	r := request{as: f.sender, method: http.MethodDelete, path: "/messages/" + f.id, key: uuid.NewString()}
	for range 2 {
		a := s.repeat(&act{what: "undo", message: f.id, actions: []string{"message.undo"}}, r)
		s.wants("undo", a, http.StatusOK)
		var u api.Undone
		s.decode(a, &u)
		f.drafts = append(f.drafts, u.DraftID)
	}
	if f.drafts[0] != f.drafts[1] {
		s.fail("%s: a repeated undo gave another draft", s.name)
	}
	f.drafts, f.absent, f.audit["message.undo"] = f.drafts[:1], true, 1
}

// sendNow delivers a pending message.
func (s *story) sendNow(f *fact) {
	r := request{as: f.sender, method: http.MethodPost, path: "/messages/" + f.id + "/send_now", key: uuid.NewString()}
	for range 2 {
		a := s.repeat(&act{what: "send now", message: f.id, actions: []string{"message.release"}}, r)
		s.wants("send now", a, http.StatusOK)
		var m api.Message
		s.decode(a, &m)
		if m.State != "sent" {
			s.fail("%s: sent now, and it is %s", s.name, m.State)
		}
	}
	f.pending, f.audit["message.release"] = false, 1
}

// edit gives a pending message another text.
func (s *story) edit(f *fact) {
	f.body += " (edited)"
	r := request{as: f.sender, method: http.MethodPatch, path: "/messages/" + f.id, key: uuid.NewString(), body: api.EditMessage{Body: &f.body}}
	for range 2 {
		a := s.repeat(&act{what: "edit", message: f.id, actions: []string{"message.edit"}}, r)
		s.wants("edit", a, http.StatusOK)
	}
	f.audit["message.edit"] = 1
}

// awaitRelease waits until the relay has delivered a pending message.
func (s *story) awaitRelease(f *fact) {
	for began := time.Now(); time.Since(began) < patience; time.Sleep(again) {
		var m api.Message
		s.get(f.sender, "/messages/"+f.id, &m)
		if m.State == "sent" {
			f.pending, f.audit["message.release"] = false, 1
			return
		}
	}
	s.fail("%s: a due message was not released within %s", s.name, patience)
}

func in(d time.Duration) api.SendTime { return api.SendAt(time.Now().Add(d)) }

func undoTime(d time.Duration) *api.Duration { u := api.Duration(d); return &u }

// stories is the table of the scripts.
var stories = []struct {
	name string
	run  func(*story)
}{
	{"chat", chat},
	{"quota", quota},
	{"undone", undone},
	{"released", released},
	{"hurried", hurried},
	{"partly", partly},
	{"race", race},
	{"crowd", crowd},
	{"later", later},
	{"glimpsed", glimpsed},
	{"drafted", drafted},
	{"acquainted", acquainted},
	{"regrouped", regrouped},
	{"regretted", regretted},
}

// chat: send and open, with what came before opened along (R5).
func chat(s *story) {
	s.group(s.first)
	a, b := s.newFact(s.first), s.newFact(s.first)
	s.send(a, api.SendMessage{})
	s.open(s.first, a, a)
	s.send(b, api.SendMessage{})
	if got := s.open(s.first, b, a, b); len(got) != 1 {
		s.fail("chat: opened %d messages, want 1", len(got))
	}
}

// quota: two recalls a day are allowed here, so a recall that is charged twice
// refuses the second, and one that is not charged grants the third (R13).
func quota(s *story) {
	s.group(s.first)
	var sent []*fact
	for range 3 {
		f := s.newFact(s.first)
		s.send(f, api.SendMessage{})
		sent = append(sent, f)
	}
	for i, f := range sent[:2] {
		if p := s.recall(f, i == 0); p != nil {
			s.fail("quota: recall %d of 2 was refused: %s", i+1, p.Code)
		}
	}
	p := s.recall(sent[2], false)
	if p == nil || p.Code != "daily_limit" || p.RetryAt == nil {
		s.fail("quota: the third recall was answered with %+v, want daily_limit", p)
	}
	sent[2].audit["recall.refused"] = -1 // not stored: a repetition is another decision
	s.open(s.first, sent[2], sent...)
	if len(sent[2].opened) != 1 || len(sent[0].opened)+len(sent[1].opened) != 0 {
		s.fail("quota: a recalled message was opened, or a sealed one was not")
	}
}

// undone: held, taken back; scheduled, taken back (R27, R28).
func undone(s *story) {
	s.group(s.first)
	held, scheduled := s.newFact(s.first), s.newFact(s.first)
	s.send(held, api.SendMessage{Undo: undoTime(2 * time.Minute)})
	s.undo(held)
	s.send(scheduled, api.SendMessage{SendAt: in(20 * time.Hour), TimeZone: "Europe/Zurich"})
	s.edit(scheduled)
	s.undo(scheduled)
}

// released: held, and delivered by the relay (R27).
func released(s *story) {
	s.group(s.first)
	a, b := s.newFact(s.first), s.newFact(s.first)
	s.send(a, api.SendMessage{Undo: undoTime(time.Second)})
	s.send(b, api.SendMessage{Undo: undoTime(time.Second)})
	s.awaitRelease(a)
	s.awaitRelease(b)
	// Which of them was delivered first, and so comes first, is the relay's business.
	s.open(s.first, b, a, b)
	s.open(s.first, a, a, b)
	if len(a.opened) != 1 || len(b.opened) != 1 {
		s.fail("released: opened %d and %d times", len(a.opened), len(b.opened))
	}
}

// hurried: scheduled, edited, and sent now (R28).
func hurried(s *story) {
	s.group(s.first)
	f := s.newFact(s.first)
	s.send(f, api.SendMessage{SendAt: in(5 * time.Hour)})
	s.edit(f)
	s.sendNow(f)
	s.open(s.first, f, f)
}

// partly: one of two opens before the recall (R15).
func partly(s *story) {
	s.group(s.first, s.next)
	f := s.newFact(s.first, s.next)
	s.send(f, api.SendMessage{})
	s.open(s.first, f, f)
	if p := s.recall(f, true); p != nil {
		s.fail("partly: refused: %s", p.Code)
	}
	if f.report.Outcome != "partly_recalled" {
		s.fail("partly: the report says %s", f.report.Outcome)
	}
	s.open(s.next, f)
}

// race: an opening and a recall at once, and exactly one of them wins (R7).
func race(s *story) {
	s.group(s.first)
	for range 2 {
		f := s.newFact(s.first)
		s.send(f, api.SendMessage{})
		var opened []*fact
		var refused *api.Problem
		finished := 0
		var both sync.WaitGroup
		both.Go(func() { opened = s.open(s.first, f, f); s.note(func() { finished++ }) })
		both.Go(func() { refused = s.recall(f, false); s.note(func() { finished++ }) })
		both.Wait()
		if finished != 2 {
			s.fail("race: a side ended early")
		}
		if len(opened) == 1 != (refused != nil) {
			s.fail("race: opened %d, refused %v: not exactly one winner", len(opened), refused)
		}
		if refused != nil && refused.Code != "opened" {
			s.fail("race: refused with %s", refused.Code)
		}
	}
}

// crowd: everybody writes in one conversation, so that its decisions are gathered.
func crowd(s *story) {
	s.group(s.first, s.next)
	everybody := []person{s.sender, s.first, s.next}
	var all sync.WaitGroup
	for _, p := range everybody {
		readers := slices.DeleteFunc(slices.Clone(everybody), func(other person) bool { return other.id == p.id })
		all.Go(func() {
			one := *s
			one.sender = p
			for range 4 {
				one.send(one.newFact(readers...), api.SendMessage{})
			}
		})
	}
	all.Wait()
}

// later: scheduled for times that only a moved clock reaches (R28).
func later(s *story) {
	s.group(s.first)
	for _, due := range []time.Duration{30 * time.Minute, 5 * time.Hour, 72 * time.Hour} {
		f := s.newFact(s.first)
		f.due = due
		s.send(f, api.SendMessage{SendAt: in(due)})
	}
}

// glimpsed: text is shown in a list before it is opened, and the recall knows of it
// (R24, R26). However often the list is asked for, that is decided once.
func glimpsed(s *story) {
	s.group(s.first)
	at := "/conversations/" + s.conversation
	immediate := "immediate"
	// Nobody hides less than everything in the other stories, so it may stay so.
	settings := request{as: s.first, method: http.MethodPatch, path: "/me/settings", key: uuid.NewString(), body: api.EditSettings{PreviewText: &immediate}}
	s.wants("settings", s.repeat(&act{what: "settings"}, settings), http.StatusOK)
	var f *fact
	for i := range 3 {
		f = s.newFact(s.first)
		f.glimpse = true
		s.send(f, api.SendMessage{})
		if i == 0 { // a request shows nothing, and without one there is nothing to accept
			s.repeat(&act{what: "accept", quiet: true}, request{as: s.first, method: http.MethodPost, path: at + "/accept", key: uuid.NewString()})
		}
		for range 2 {
			var page api.Inbox
			s.get(s.first, "/conversations?limit=200", &page)
			row := slices.IndexFunc(page.Items, func(item api.InboxItem) bool { return item.ID == s.conversation })
			if row < 0 || page.Items[row].Preview == nil || !strings.HasPrefix(*page.Items[row].Preview, token+s.name+" "+f.id) {
				s.fail("%s: the list shows no preview", s.name)
			}
		}
		f.audit["message.preview"] = 1
	}
	if p := s.recall(f, false); p != nil {
		s.fail("%s: refused: %s", s.name, p.Code)
	}
	if r := f.report; r.Trace != "marker" || r.Recipients[0].Level != "preview" || len(r.Recipients[0].Channels) != 1 {
		s.fail("%s: the report is %+v", s.name, r)
	}
}

// play runs every story, several at once, and returns when all are told. It
// reports false if one of them ended early.
func (w *world) play(copies int) bool {
	var all sync.WaitGroup
	begun, told := 0, 0
	for i := range copies {
		for j, script := range stories {
			if script.name == "acquainted" && i >= 3 { // there are three pairs, and each is connected once
				continue
			}
			begun++
			members := w.people[1:]
			at := i + j
			s := &story{
				world: w, name: fmt.Sprintf("%s-%d", script.name, i),
				sender: members[at%3], first: members[(at+1)%3], next: members[(at+2)%3],
			}
			all.Go(func() {
				script.run(s)
				w.note(func() { told++ })
			})
		}
	}
	all.Wait()
	return told == begun
}

// rules sets the policy of the round: a window that no round outlasts, two recalls
// a day, and no throttle in the way. A retry with the same key makes no second
// version.
func (w *world) rules() {
	r := request{as: w.people[0], method: http.MethodPut, path: "/admin/policy", key: uuid.NewString(), body: api.PutPolicy{
		Recall: true, Window: api.Duration(20 * time.Minute), PerConversationPerDay: 2,
		Throttle: api.Throttle{Messages: 100000, Recipients: 100000, Refusals: 100000, Period: api.Duration(10 * time.Minute)},
		Group:    "unopened", Trace: "auto", Previews: "immediate", NotificationDelay: api.Duration(30 * time.Second), Reason: "a crash test",
	}}
	if a := w.ask(nil, r); a.problem != nil {
		w.fail("policy: %d %s", a.status, a.body)
	}
}
