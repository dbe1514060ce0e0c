package service_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// twinWorld is one of two worlds in which the same happens, but for a message that
// one person sends and takes back, before anybody can know of it, in one of them.
type twinWorld struct {
	*house
	withIt  bool
	people  []service.Principal // the last one sends what nobody is to know of
	talks   []sealpost.ConversationID
	labels  map[string]string    // ids, as they are called in both worlds
	mirrors map[string]*twinFold // by viewer and talk: what a client keeps by synchronising
	old     []twinStand          // every cursor that anybody was ever given
}

// twinStand is what a client held when it was given a cursor.
type twinStand struct {
	who  int
	talk sealpost.ConversationID
	twinFold
}

// twinFold is a view as a client holds it from some moment on.
type twinFold struct {
	cursor   string
	messages map[sealpost.MessageID]service.MessageView
}

const twinPeople = 4

func newTwin(t *testing.T, withIt bool) *twinWorld {
	t.Helper()
	w := &twinWorld{house: newHouse(t), withIt: withIt, labels: map[string]string{}, mirrors: map[string]*twinFold{}}
	var err error // the process's clock goes with the database's: it says when presence is written anew
	w.Service, err = service.New(service.Config{
		Store: w.store, Keys: w.keys, Bus: w.bus, Passwords: w.passwords, Clock: func() time.Time { return time.UnixMicro(w.now.Load()) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.KeepEpochs(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i := range twinPeople {
		p := w.person(fmt.Sprint("Person", i), sealpost.RoleAdmin)
		w.people = append(w.people, p)
		w.labels[p.User.ID.String()] = fmt.Sprint("person-", i)
	}
	now, err := w.Policy(t.Context(), w.people[0])
	if err != nil {
		t.Fatal(err)
	}
	now.PerConversationDay, now.Reason = policy.MaxCount, "for a test"
	now.Throttle.Messages, now.Throttle.Recipients, now.Throttle.Refusals = policy.MaxCount, policy.MaxCount, policy.MaxCount
	if _, err := w.PutPolicy(t.Context(), w.people[0], "", now); err != nil {
		t.Fatal(err)
	}
	last := w.people[twinPeople-1]
	for i, others := range [][]service.Principal{{w.people[0], w.people[1]}, {w.people[1]}, {w.people[0], w.people[1], w.people[2]}} {
		talk, _, err := w.CreateConversation(t.Context(), last, "", idsOf(others...), fmt.Sprint("Talk ", i))
		if err != nil {
			t.Fatal(err)
		}
		w.talks = append(w.talks, talk.Conversation.ID)
		w.labels[talk.Conversation.ID.String()] = fmt.Sprint("talk-", i)
		w.advance(time.Second)
	}
	return w
}

// view is everything that a person has, as text: lists with their order and counts,
// what waits, history, searches, and what a client holds that has synchronised from
// every moment that it ever asked at.
func (w *twinWorld) view(t *testing.T, who int) string {
	t.Helper()
	p := w.people[who]
	if err := w.Arrive(t.Context(), p); err != nil { // whoever looks is there (R24)
		t.Fatal(err)
	}
	if err := w.IndexDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	var out []any
	add := func(v any, err error) {
		if code := sealpost.CodeOf(err); code != "" {
			v = code
		}
		out = append(out, v)
	}
	for _, f := range []service.Filter{service.FilterAll, service.FilterUnread, service.FilterRequests, service.FilterScheduled, service.FilterRecalled} {
		items, _, err := w.Inbox(t.Context(), p, f, "", 50)
		for i := range items {
			w.plain(&items[i].Thread)
		}
		add(items, err)
	}
	waiting, err := w.Waiting(t.Context(), p)
	add(waiting, err)
	for _, q := range []string{"text*", "from:person3", "in:talk", "after:2000-01-01"} {
		found, err := w.Search(t.Context(), p, q, "", 50)
		add(found, err)
	}
	for _, q := range []string{"", "person", "3", "PERSON3@example.org"} { // names and addresses
		found, _, err := w.FindUsers(t.Context(), p, q, "", 50)
		add(found, err)
	}
	for _, talk := range w.talks {
		thread, err := w.Conversation(t.Context(), p, talk)
		w.plain(&thread)
		add(thread, err)
		history, err := w.History(t.Context(), p, talk, sealpost.MessageID{}, 50)
		cursor := history.Cursor
		history.Cursor = ""
		add(history, err)
		w.fold(t, p, talk, fmt.Sprint(who, talk), history, cursor)
		if cursor != "" {
			stand := twinStand{who: who, talk: talk, twinFold: twinFold{cursor: cursor, messages: map[sealpost.MessageID]service.MessageView{}}}
			for _, v := range history.Items {
				stand.messages[v.ID] = v
			}
			w.old = append(w.old, stand)
		}
	}
	text, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	return w.named(string(text))
}

// named has the ids called as in both worlds.
func (w *twinWorld) named(text string) string {
	for id, label := range w.labels {
		text = strings.ReplaceAll(text, id, label)
	}
	return text
}

// plain takes out what is internal, and orders what has no order.
func (w *twinWorld) plain(t *service.Thread) {
	t.Conversation.DecidedAt, t.Conversation.Rev, t.Conversation.Seq = 0, 0, 0
	slices.SortFunc(t.Members, func(a, b service.Member) int { return strings.Compare(a.Name, b.Name) })
}

// fold brings what a client holds up to date, and wants it to be what a fresh look
// shows: whatever the cursor, nothing of what was hidden comes along.
func (w *twinWorld) fold(t *testing.T, p service.Principal, talk sealpost.ConversationID, name string, fresh service.HistoryPage, cursor string) {
	t.Helper()
	m := w.mirrors[name]
	if m == nil {
		if cursor == "" {
			return // not known yet
		}
		m = &twinFold{cursor: cursor, messages: map[sealpost.MessageID]service.MessageView{}}
		for _, v := range fresh.Items {
			m.messages[v.ID] = v
		}
		w.mirrors[name] = m
		return
	}
	w.catchUp(t, p, talk, m, fresh)
}

// catchUp folds what changed into what a client holds, and gives the answers.
func (w *twinWorld) catchUp(t *testing.T, p service.Principal, talk sealpost.ConversationID, m *twinFold, fresh service.HistoryPage) (answers []any) {
	t.Helper()
	for {
		changes, err := w.Changes(t.Context(), p, talk, m.cursor, 50)
		if err != nil {
			if sealpost.CodeOf(err) == sealpost.CodeNotFound && len(fresh.Items) == 0 {
				return answers
			}
			t.Fatal(err)
		}
		answers = append(answers, changes.Messages, changes.Vanished, changes.More)
		for _, v := range changes.Messages {
			m.messages[v.ID] = v
		}
		for _, id := range changes.Vanished {
			delete(m.messages, id)
		}
		if m.cursor = changes.Cursor; !changes.More {
			break
		}
	}
	if len(m.messages) != len(fresh.Items) {
		t.Fatalf("%s folded %d messages, a fresh look shows %d", p.User.Name, len(m.messages), len(fresh.Items))
	}
	for _, v := range fresh.Items {
		a, errA := json.Marshal(v)
		b, errB := json.Marshal(m.messages[v.ID])
		if errA != nil || errB != nil || string(a) != string(b) {
			t.Fatalf("folded %s, a fresh look shows %s", b, a)
		}
	}
	return answers
}

// fromEveryCursor is what changed since every cursor that anybody was ever given.
// Each adds up to a fresh look.
func (w *twinWorld) fromEveryCursor(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, o := range w.old {
		p := w.people[o.who]
		fresh, err := w.History(t.Context(), p, o.talk, sealpost.MessageID{}, 50)
		if err != nil && sealpost.CodeOf(err) != sealpost.CodeNotFound {
			t.Fatal(err)
		}
		text, err := json.Marshal(w.catchUp(t, p, o.talk, &o.twinFold, fresh))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(text))
	}
	return out
}

// TestNeverSent is R16 as a property: after a message was sent and recalled before
// anybody could know of it, everybody else's whole view is to the byte the view of a
// world in which it was never sent, at once and whatever happens later.
//
// The model store is enough: storetest holds every store's views to the model's, and
// the sweep compares such worlds over HTTP on both engines, for stories of its own.
func TestNeverSent(t *testing.T) {
	t.Parallel()
	rounds := 60
	if os.Getenv("SEALPOST_LONG") != "" {
		rounds *= 20
	}
	tally := map[string]int{}
	for round := range rounds {
		twinStory(t, rapid.SliceOfN(rapid.Custom(drawTwinStep), 12, 30).Example(round), tally)
	}
	t.Logf("%d pairs of worlds: %v", rounds, tally)
	for _, needed := range []string{"hidden", "say", "open", "recall", "disregard", "hide", "compared", "cursors"} {
		if tally[needed] < rounds {
			t.Errorf("%s happened only %d times", needed, tally[needed])
		}
	}
}

// twinStep is one thing that happens.
type twinStep struct {
	what      string
	who, talk int
	id        [16]byte
}

func drawTwinStep(t *rapid.T) twinStep {
	return twinStep{
		what: rapid.SampledFrom([]string{"say", "say", "open", "hidden", "hidden", "recall", "disregard", "hide", "unread", "mute", "wait"}).Draw(t, "what"),
		who:  rapid.IntRange(0, twinPeople-1).Draw(t, "who"), talk: rapid.IntRange(0, 2).Draw(t, "talk"),
	}
}

func twinStory(t *testing.T, story []twinStep, tally map[string]int) {
	t.Helper()
	worlds := []*twinWorld{newTwin(t, false), newTwin(t, true)}
	for n, step := range append([]twinStep{{what: "hidden", talk: 0}}, story...) {
		id, err := uuid.NewV7()
		if err != nil {
			t.Fatal(err)
		}
		step.id = id
		for _, w := range worlds {
			w.advance(3 * time.Minute) // who was there is not any more (R24)
			w.tell(t, step)
		}
		tally[step.what]++
		for who := range twinPeople - 1 {
			a, b := worlds[0].view(t, who), worlds[1].view(t, who)
			if a != b {
				t.Fatalf("step %d of %v: person %d can tell the worlds apart:\nnever sent: %s\nrecalled:   %s", n, story, who, a, b)
			}
			tally["compared"]++
		}
	}
	a, b := worlds[0].fromEveryCursor(t), worlds[1].fromEveryCursor(t)
	for i := range max(len(a), len(b)) {
		if len(a) != len(b) || worlds[0].named(a[i]) != worlds[1].named(b[i]) {
			t.Fatalf("after %v the changes since an old cursor tell the worlds apart:\nnever sent: %s\nrecalled:   %s", story, a, b)
		}
		tally["cursors"]++
	}
}

// tell has a step happen. What one world refuses the other refuses too.
func (w *twinWorld) tell(t *testing.T, s twinStep) {
	t.Helper()
	p, talk, ctx := w.people[s.who], w.talks[s.talk], t.Context()
	last := w.people[twinPeople-1]
	switch s.what {
	case "hidden":
		if w.withIt {
			_, err := w.Send(ctx, last, "", service.Sending{Conversation: talk, ID: s.id, Body: "hidden text", Kind: sealpost.KindMessage})
			if err == nil {
				var r service.Report
				r, err = w.Recall(ctx, last, "", s.id, service.Recalling{KeepDraft: true})
				if err == nil && r.Trace != "none" {
					t.Fatalf("the recall left a trace: %+v", r)
				}
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	case "say":
		_, _ = w.Send(ctx, p, "", service.Sending{Conversation: talk, ID: s.id, Body: "text of step", Kind: sealpost.KindMessage})
	case "open":
		if newest := w.newest(t, p, talk); newest != nil {
			_, _ = w.Open(ctx, p, "", talk, newest.ID)
		}
	case "recall":
		if newest := w.newest(t, last, talk); newest != nil && newest.Own {
			_ = w.Arrive(ctx, w.people[0])
			_, _ = w.Recall(ctx, last, "", newest.ID, service.Recalling{})
		}
	case "disregard":
		if newest := w.newest(t, last, talk); newest != nil && newest.Own {
			v, err := w.Disregard(ctx, last, "", newest.ID)
			if err == nil { // its id follows from the other's by a key that the worlds do not share
				w.labels[v.ID.String()] = "disregard-" + newest.ID.String()
			}
		}
	case "hide":
		if newest := w.newest(t, p, talk); newest != nil {
			_ = w.Hide(ctx, p, "", newest.ID)
		}
	case "unread":
		_ = w.SetUnread(ctx, p, "", talk, s.talk != 1)
	case "mute":
		_ = w.SetMuted(ctx, p, "", talk, s.talk != 1)
	}
}

// newest is the newest message that somebody can see that is in both worlds.
func (w *twinWorld) newest(t *testing.T, p service.Principal, talk sealpost.ConversationID) *service.MessageView {
	t.Helper()
	page, err := w.History(t.Context(), p, talk, sealpost.MessageID{}, 50)
	if err != nil {
		return nil
	}
	for _, m := range slices.Backward(page.Items) {
		if m.State == sealpost.Sent && (m.Content == nil || m.Content.Body != "hidden text") {
			return &m
		}
	}
	return nil
}
