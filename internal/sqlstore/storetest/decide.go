package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

var errPure = errors.New("from the pure function")

func decideCases() map[string]func(*testing.T, *world) {
	return map[string]func(*testing.T, *world){
		"AnErrorWritesNothingAndComesBack":  errorWritesNothing,
		"AZeroChangeWritesNothing":          zeroChange,
		"NoConversation":                    noConversation,
		"RevAndSeqHaveNoGaps":               noGaps,
		"DecisionTimeIncreasesWhateverTime": decisionTime,
		"SnapshotHoldsWhatWasAsked":         snapshotHolds,
		"ReplayAndConflict":                 replayAndConflict,
		"Tombstones":                        tombstones,
		"MessageIDsAreUsedOnce":             idsUsedOnce,
		"OpenThroughIsBounded":              openBounded,
		"OpenThroughStopsAtThePosition":     openStops,
		"PendingDecisionsHaveOneWinner":     pendingOnce,
		"ARecallOfWhatIsPendingIsAnswered":  recallPending,
		"UpdateKeepsWhatIsFixed":            updateKeeps,
		"EverythingSurvivesReopening":       survives,
	}
}

func errorWritesNothing(t *testing.T, w *world) {
	u := w.people(2)
	c := w.group(u...)
	before := w.inside(service.Ask{Conversation: c})
	failing := send(c, u[0], newID[sealpost.MessageID](w), sending{}).with("key")
	decide := failing.do
	failing.do = func(s service.Snapshot) (service.Change, string, error) {
		change, outcome, _ := decide(s)
		return change, outcome, errPure
	}
	if _, err := w.run(failing); !errors.Is(err, errPure) {
		t.Errorf("got %v, want the error of the function itself", err)
	}
	after := w.inside(service.Ask{Conversation: c, Actor: u[0], Key: "key"})
	equal(w, "rev", after.Conversation.Rev, before.Conversation.Rev)
	equal(w, "decided at", after.Conversation.DecidedAt, before.Conversation.DecidedAt)
	equal(w, "replay kept", after.Replay == nil, true)
	equal(w, "messages", len(w.history(c, u[0])), 0)
}

func zeroChange(_ *testing.T, w *world) {
	u := w.people(2)
	c := w.group(u...)
	before := w.inside(service.Ask{Conversation: c})
	m := send(c, u[0], newID[sealpost.MessageID](w), sending{})
	decide := m.do
	m.do = func(s service.Snapshot) (service.Change, string, error) {
		change, _, err := decide(s)
		change.Audit.Action = "" // no action: no change, whatever else it says
		return change, "nothing", err
	}
	w.must(m, "nothing")
	equal(w, "rev", w.inside(service.Ask{Conversation: c}).Conversation.Rev, before.Conversation.Rev)
	equal(w, "messages", len(w.history(c, u[0])), 0)
}

func noConversation(_ *testing.T, w *world) {
	_, err := w.run(closeWindows(newID[sealpost.ConversationID](w)))
	w.refused(err, sealpost.CodeNotFound)
}

// I5, R10: every change takes the next rev, a refusal too; seq counts deliveries.
func noGaps(_ *testing.T, w *world) {
	u := w.people(2)
	c := w.group(u...)
	at := func(rev, seq int64) {
		w.t.Helper()
		s := w.inside(service.Ask{Conversation: c})
		equal(w, "rev", s.Conversation.Rev, rev)
		equal(w, "seq", s.Conversation.Seq, seq)
	}
	at(0, 0)
	first := w.say(c, u[0])
	at(1, 1)
	held := newID[sealpost.MessageID](w)
	w.must(send(c, u[1], held, sending{hold: time.Minute}), "pending")
	at(2, 1)
	w.must(release(c, u[1], held), "released")
	at(3, 2)
	w.must(openThrough(c, u[1], first), "opened")
	at(4, 2)
	w.must(openThrough(c, u[1], first), "nothing sealed")
	at(4, 2)
	w.must(recallOf(c, u[0], first, sealpost.DraftID{}), "opened") // refused
	at(5, 2)

	log, err := w.Store.AuditLog(ctx(), service.AuditQuery{Limit: 5}) // R32
	w.ok(err)
	for i, want := range []string{"recall.refused", "message.open", "message.release", "message.send", "message.send"} {
		equal(w, "action", log[i].Action, want)
		equal(w, "rev of the entry", log[i].Rev, int64(5-i))
		equal(w, "conversation of the entry", log[i].Conversation, c)
	}
	equal(w, "code of the entry", log[0].Code, sealpost.CodeOpened)
	equal(w, "actor of the entry", log[0].Actor, u[0])
	equal(w, "message of the entry", log[0].Message, first)
}

// R12: the clock may stand still and go back; decision times still increase.
func decisionTime(t *testing.T, w *world) {
	u := w.people(2)
	c := w.group(u...)
	w.say(c, u[0])
	last := w.now
	for _, jump := range []time.Duration{0, -time.Hour, 0, -24 * time.Hour, time.Second, 25 * time.Hour, time.Hour, 0} {
		w.Clock(jump)
		clock, err := w.Store.Now(ctx())
		w.ok(err)
		w.say(c, u[0])
		if w.now <= last || w.now < clock {
			t.Fatalf("after a jump of %v the decision is at %v, the one before at %v, the clock at %v", jump, w.now, last, clock)
		}
		if behind := clock < last; behind && w.now != last+1 {
			t.Errorf("with the clock behind the decision is at %v, want a microsecond after %v", w.now, last)
		}
		last = w.now
	}
	equal(w, "DecidedAt", w.thread(c, u[0]).Conversation.DecidedAt, last)
	another := w.group(u...)
	w.Clock(-time.Hour)
	w.say(another, u[0])
	if w.now <= w.inside(service.Ask{Conversation: another}).Conversation.CreatedAt {
		t.Error("a message is from before its conversation")
	}
}

func snapshotHolds(t *testing.T, w *world) {
	u := w.people(4)
	c, other := w.group(u[:3]...), w.group(u...)
	m, elsewhere := w.say(c, u[0]), w.say(other, u[0])
	w.must(leave(c, u[2]), "left")

	s := w.inside(service.Ask{Conversation: c, Actor: u[1], Message: m, Reply: m, Subject: u[3], OpenThrough: m})
	equal(w, "conversation", s.Conversation.ID, c)
	equal(w, "kind", s.Conversation.Kind, sealpost.Group)
	equal(w, "title", s.Conversation.Title, "Group")
	equal(w, "creator", s.Conversation.CreatorID, u[0])
	equal(w, "participants, those who left too", len(s.Participants), 3)
	p, _ := sealpost.FindParticipant(s.Participants, u[2])
	equal(w, "left", p.Active(), false)
	p, _ = sealpost.FindParticipant(s.Participants, u[1])
	equal(w, "receipts", p.Receipts, true)
	equal(w, "policy", s.Policy.Version, int64(1))
	if s.Message == nil || len(s.Message.Deliveries) != 2 {
		t.Errorf("the message comes with every delivery: %+v", s.Message)
	}
	for what, own := range map[string]*sealpost.Message{"reply": s.Reply, "through": s.Through} {
		if own == nil || len(own.Deliveries) != 1 || own.Deliveries[0].UserID != u[1] {
			t.Errorf("%s comes with the delivery of the actor: %+v", what, own)
		}
	}
	if s.Subject == nil || s.Subject.ID != u[3] || s.Subject.Name != "Person 3" {
		t.Errorf("subject: %+v", s.Subject)
	}
	equal(w, "sealed", len(s.Sealed), 1)

	s = w.inside(service.Ask{Conversation: c, Actor: u[1], Message: elsewhere, Reply: elsewhere, OpenThrough: elsewhere})
	if s.Message == nil || s.Message.ConversationID != other {
		t.Errorf("a message of another conversation is to be seen: %+v", s.Message)
	}
	if s.Reply != nil || s.Through != nil || len(s.Sealed) != 0 {
		t.Error("what is answered or opened is in this conversation")
	}
	s = w.inside(service.Ask{Conversation: c, Actor: u[1], Message: newID[sealpost.MessageID](w), Subject: newID[sealpost.UserID](w)})
	if s.Message != nil || s.Subject != nil || s.Replay != nil || s.Tombstone {
		t.Errorf("a snapshot of what is not there: %+v", s)
	}
}

func replayAndConflict(t *testing.T, w *world) {
	u := w.people(2)
	c := w.group(u...)
	id := newID[sealpost.MessageID](w)
	w.must(send(c, u[0], id, sending{}).with("key one"), "sent")
	w.must(send(c, u[0], id, sending{}).with("key one"), "replayed sent")
	equal(w, "messages", len(w.history(c, u[0])), 1)
	_, err := w.run(send(c, u[0], newID[sealpost.MessageID](w), sending{}).with("key one"))
	w.refused(err, sealpost.CodeIdempotencyConflict)

	other := newID[sealpost.MessageID](w) // keys are per user, and compare by byte
	w.must(send(c, u[1], other, sending{}).with("key one"), "sent")
	w.must(send(c, u[0], newID[sealpost.MessageID](w), sending{}).with("Key one"), "sent")
	w.must(send(c, u[0], newID[sealpost.MessageID](w), sending{}).with("key one "), "sent")

	w.Clock(23*time.Hour + 59*time.Minute)
	w.ok(w.Store.Sweep(ctx()))
	w.must(send(c, u[0], id, sending{}).with("key one"), "replayed sent")
	w.Clock(3 * time.Hour)
	w.ok(w.Store.Sweep(ctx()))
	if s := w.inside(service.Ask{Conversation: c, Actor: u[0], Key: "key one"}); s.Replay != nil {
		t.Error("an outcome is still kept after 27 hours and a sweep")
	}

	// The same table serves amendments.
	stamp := service.Stamp{Audit: service.Audit{Actor: u[0]}, Key: "key two", Request: [32]byte{1}}
	runs := 0
	amend := func() (*service.Replay, error) {
		return w.Store.Amend(ctx(), stamp, func(service.Amendment) ([]byte, error) { runs++; return []byte{7, 0, 9}, nil })
	}
	r, err := amend()
	if err != nil || r != nil {
		t.Fatalf("the first amendment: %v, %v", r, err)
	}
	if r, err = amend(); err != nil || r == nil || string(r.Result) != "\x07\x00\x09" || r.Request != stamp.Request {
		t.Errorf("the repeated amendment: %+v, %v", r, err)
	}
	stamp.Request[0] = 2
	_, err = amend()
	w.refused(err, sealpost.CodeIdempotencyConflict)
	equal(w, "runs", runs, 1)
}

func tombstones(t *testing.T, w *world) {
	u := w.people(2)
	c := w.group(u...)
	id := newID[sealpost.MessageID](w)
	w.must(bury(c, u[0], id), "buried")
	w.must(bury(c, u[0], id), "buried") // twice is no fault
	_, err := w.run(send(c, u[0], id, sending{}))
	w.refused(err, sealpost.CodeRecalled)
	if s := w.inside(service.Ask{Conversation: c, Actor: u[1], Message: id}); s.Tombstone || s.Message != nil {
		t.Error("a tombstone is of its maker only")
	}
	w.must(send(c, u[1], id, sending{}), "sent")
}

func idsUsedOnce(t *testing.T, w *world) {
	u := w.people(3)
	c, other := w.group(u...), w.group(u[1:]...)
	id := w.say(c, u[0])
	for _, in := range []sealpost.ConversationID{c, other} {
		if s := w.inside(service.Ask{Conversation: in, Actor: u[1], Message: id}); s.Message == nil || s.Message.ConversationID != c {
			t.Errorf("the message with the id: %+v", s.Message)
		}
		// Even a decision that does not look cannot use it twice, and writes nothing.
		blind := send(in, u[1], id, sending{})
		blind.ask.Message = sealpost.MessageID{}
		_, err := w.run(blind)
		w.refused(err, sealpost.CodeIDInUse)
	}
	equal(w, "messages", len(w.history(c, u[1])), 1)
	equal(w, "messages elsewhere", len(w.history(other, u[1])), 0)
	equal(w, "rev elsewhere", w.inside(service.Ask{Conversation: other}).Conversation.Rev, int64(0))
	at, err := w.Store.Locate(ctx(), id)
	w.ok(err)
	equal(w, "located in", at, c)
	_, err = w.Store.Locate(ctx(), newID[sealpost.MessageID](w))
	w.refused(err, sealpost.CodeNotFound)
}

func openBounded(t *testing.T, w *world) {
	u := w.people(2)
	c := w.group(u...)
	var ids []sealpost.MessageID
	for range service.OpenLimit + 1 {
		ids = append(ids, w.say(c, u[0]))
	}
	through := ids[len(ids)-1]
	s := w.inside(service.Ask{Conversation: c, Actor: u[1], OpenThrough: through})
	if len(s.Sealed) != service.OpenLimit || !s.More || s.Sealed[0].ID != ids[0] {
		t.Fatalf("%d sealed, more %v, want the %d oldest and more", len(s.Sealed), s.More, service.OpenLimit)
	}
	w.must(openThrough(c, u[1], through), "opened")
	equal(w, "unread", w.thread(c, u[1]).Unread, 1)
	s = w.inside(service.Ask{Conversation: c, Actor: u[1], OpenThrough: through})
	if len(s.Sealed) != 1 || s.More || s.Sealed[0].ID != through {
		t.Errorf("%d sealed, more %v, want the last one", len(s.Sealed), s.More)
	}
	// One decision changed 200 messages: no page of changes may lose one of them.
	seen := map[sealpost.MessageID]bool{}
	since := sealpost.Instant(0)
	for range 1000 {
		set, err := w.Store.Changes(ctx(), service.ChangesQuery{Conversation: c, Viewer: u[1], Since: since, Limit: 7})
		w.ok(err)
		for _, m := range set.Messages {
			if d, _ := m.DeliveryTo(u[1]); d.State == sealpost.DeliveryOpened {
				seen[m.ID] = true
			}
		}
		if since = set.Upto; !set.More {
			break
		}
	}
	equal(w, "openings that pages of seven changes tell of", len(seen), service.OpenLimit)
}

func openStops(_ *testing.T, w *world) {
	u := w.people(3)
	c := w.group(u...)
	a, b, d := w.say(c, u[0]), w.say(c, u[1]), w.say(c, u[0])
	sealed := func(by sealpost.UserID, through sealpost.MessageID) int {
		return len(w.inside(service.Ask{Conversation: c, Actor: by, OpenThrough: through}).Sealed)
	}
	equal(w, "through the first", sealed(u[2], a), 1)
	equal(w, "through an own one", sealed(u[1], b), 1) // the one before
	equal(w, "through the last", sealed(u[2], d), 3)
	w.must(openThrough(c, u[2], b), "opened")
	equal(w, "after an opening", sealed(u[2], d), 1)
	w.must(leave(c, u[2]), "left")
	equal(w, "after leaving", sealed(u[2], d), 0) // R33
	pendingID := newID[sealpost.MessageID](w)
	w.must(send(c, u[0], pendingID, sending{hold: time.Minute}), "pending")
	equal(w, "through what is not delivered", sealed(u[1], pendingID), 0)
}

func pendingOnce(_ *testing.T, w *world) {
	u := w.people(2)
	c := w.group(u...)
	id := newID[sealpost.MessageID](w)
	w.must(send(c, u[0], id, sending{later: time.Hour}), "pending")
	w.must(edit(c, u[0], id, 2*time.Hour), "edited")
	s := w.inside(service.Ask{Conversation: c, Actor: u[0], Message: id})
	equal(w, "version", s.Message.Content.Version, 2)
	equal(w, "zone", s.Message.TimeZone, "Asia/Tokyo")
	w.must(release(c, u[0], id), "released")
	for _, late := range []command{release(c, u[0], id), edit(c, u[0], id, time.Hour), undo(c, u[0], id, newID[sealpost.DraftID](w))} {
		_, err := w.run(late)
		w.refused(err, sealpost.CodeAlreadyDelivered)
	}
	equal(w, "unread", w.thread(c, u[1]).Unread, 1)

	id = newID[sealpost.MessageID](w)
	w.must(send(c, u[0], id, sending{hold: time.Minute}), "pending")
	w.must(undo(c, u[0], id, newID[sealpost.DraftID](w)), "undone")
	for _, late := range []command{release(c, u[0], id), undo(c, u[0], id, newID[sealpost.DraftID](w))} {
		_, err := w.run(late)
		w.refused(err, sealpost.CodeNotFound)
	}
	_, err := w.Store.Message(ctx(), id, u[0])
	w.refused(err, sealpost.CodeNotFound)
}

// R8: a message that has no window and no policy yet is undone, not recalled; that
// is an answer, not a fault.
func recallPending(_ *testing.T, w *world) {
	u := w.people(2)
	c := w.group(u...)
	id := newID[sealpost.MessageID](w)
	w.must(send(c, u[0], id, sending{hold: time.Minute}), "pending")
	_, err := w.run(recallOf(c, u[0], id, sealpost.DraftID{}))
	w.refused(err, sealpost.CodeNotDelivered)
	s, err := w.Store.RecallFacts(ctx(), id)
	w.ok(err)
	equal(w, "state", s.Message.State, sealpost.Held)
	w.must(undo(c, u[0], id, newID[sealpost.DraftID](w)), "undone")
	_, err = w.run(recallOf(c, u[0], id, sealpost.DraftID{}))
	w.refused(err, sealpost.CodeNotDelivered)
}

// An update writes what can change and the deliveries it names, nothing else.
func updateKeeps(_ *testing.T, w *world) {
	u := w.people(4)
	c := w.group(u...)
	id := w.say(c, u[0])
	w.must(openThrough(c, u[1], id), "opened")
	w.must(openThrough(c, u[2], id), "opened")
	m, err := w.Store.Message(ctx(), id, u[0])
	w.ok(err)
	equal(w, "deliveries", len(m.Deliveries), 3)
	equal(w, "opened", m.Opened(), 2)
	equal(w, "sender", m.SenderID, u[0])
	equal(w, "kind", m.Kind, sealpost.KindMessage)
	equal(w, "settled under", m.Content.Ref, longTerm)
}

func survives(t *testing.T, w *world) {
	if w.Reopen == nil {
		t.Skip("this store keeps nothing")
	}
	u := w.people(3)
	c := w.group(u...)
	id := newID[sealpost.MessageID](w)
	w.must(send(c, u[0], id, sending{}).with("key"), "sent")
	w.must(openThrough(c, u[1], id), "opened")
	w.must(recallOf(c, u[0], id, newID[sealpost.DraftID](w)), "recalled")
	before, err := w.Store.Message(ctx(), id, u[0])
	w.ok(err)
	w.Store = w.Reopen()
	after, err := w.Store.Message(ctx(), id, u[0])
	w.ok(err)
	same(w, "the message", after, before)
	w.must(send(c, u[0], id, sending{}).with("key"), "replayed sent")
	w.must(recallOf(c, u[0], id, sealpost.DraftID{}), "again")
	drafts, err := w.Store.Drafts(ctx(), u[0], sealpost.DraftID{}, 10)
	w.ok(err)
	equal(w, "drafts", len(drafts), 1)
}
