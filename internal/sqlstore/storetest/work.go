package storetest

import (
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func workCases() map[string]func(*testing.T, *world) {
	return map[string]func(*testing.T, *world){"Due": due, "SweepKeepsWhatIsValid": sweepKeeps}
}

func due(_ *testing.T, w *world) {
	u := w.people(2)
	c, other := w.group(u...), w.group(u...)
	ask := func(limit int) ([]service.Due, sealpost.Instant) {
		w.t.Helper()
		out, next, err := w.Store.Due(ctx(), service.Due{}, limit)
		w.ok(err)
		return out, next
	}
	list, next := ask(10)
	equal(w, "due of none", len(list), 0)
	equal(w, "next of none", next, sealpost.Instant(0))
	ids := make([]sealpost.MessageID, 3)
	for i, o := range []sending{{later: 2 * time.Hour}, {hold: time.Minute}, {later: time.Hour}} {
		ids[i] = newID[sealpost.MessageID](w)
		w.must(send([]sealpost.ConversationID{c, other, c}[i], u[0], ids[i], o), "pending")
	}
	first, err := w.Store.Message(ctx(), ids[1], u[0])
	w.ok(err)
	list, next = ask(10)
	equal(w, "due before", len(list), 0)
	equal(w, "next", next, first.ReleaseAt)
	w.Clock(59 * time.Second)
	list, _ = ask(10)
	equal(w, "due a second before", len(list), 0)
	w.Clock(30 * time.Minute)
	at := func(i int) sealpost.Instant {
		m, err := w.Store.Message(ctx(), ids[i], u[0])
		w.ok(err)
		return m.ReleaseAt
	}
	want := []service.Due{{Conversation: other, Message: ids[1], ReleaseAt: at(1)}}
	list, _ = ask(10)
	sameOrder(w, "due after half an hour", list, want)
	w.Clock(2 * time.Hour)
	want = append(want, service.Due{Conversation: c, Message: ids[2], ReleaseAt: at(2)}, service.Due{Conversation: c, Message: ids[0], ReleaseAt: at(0)})
	list, _ = ask(10)
	sameOrder(w, "due, earliest first", list, want)
	list, _ = ask(2)
	sameOrder(w, "due, at most two", list, want[:2])
	list, _, err = w.Store.Due(ctx(), want[0], 10)
	w.ok(err)
	sameOrder(w, "due after the first", list, want[1:])
	list, _, err = w.Store.Due(ctx(), service.Due{ReleaseAt: at(1)}, 10)
	w.ok(err)
	sameOrder(w, "due at a time, whatever its id", list, want)
	w.must(release(other, u[0], ids[1]), "released")
	w.must(undo(c, u[0], ids[2], newID[sealpost.DraftID](w)), "undone")
	w.must(edit(c, u[0], ids[0], time.Hour), "edited")
	moved, err := w.Store.Message(ctx(), ids[0], u[0])
	w.ok(err)
	list, next = ask(10)
	equal(w, "due", len(list), 0)
	equal(w, "next", next, moved.ReleaseAt)
}

func sweepKeeps(_ *testing.T, w *world) {
	u := w.people(2)
	c := w.group(u...)
	id := newID[sealpost.MessageID](w)
	w.must(bury(c, u[0], id).with("bury"), "buried")
	recalled := w.say(c, u[0])
	w.must(recallOf(c, u[0], recalled, newID[sealpost.DraftID](w)), "recalled")
	next := w.say(c, u[0])
	quota := w.recallFacts(c, u[0], next).QuotaUntil
	w.ok(w.Store.Sweep(ctx()))
	equal(w, "quota", w.recallFacts(c, u[0], next).QuotaUntil, quota)
	s := w.inside(service.Ask{Conversation: c, Actor: u[0], Message: id, Key: "bury"})
	equal(w, "tombstone", s.Tombstone, true)
	equal(w, "outcome", s.Replay != nil, true)
	drafts, err := w.Store.Drafts(ctx(), u[0], sealpost.DraftID{}, 10)
	w.ok(err)
	equal(w, "drafts", len(drafts), 1)
	w.Clock(30 * 24 * time.Hour)
	w.ok(w.Store.Sweep(ctx()))
	equal(w, "tombstone after a month", w.inside(service.Ask{Conversation: c, Actor: u[0], Message: id}).Tombstone, true)
	m, err := w.Store.Message(ctx(), recalled, u[0])
	w.ok(err)
	equal(w, "a recall after a month", m.State, sealpost.Recalled) // I2
}
