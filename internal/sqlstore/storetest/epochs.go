package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/seal"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func epochCases() map[string]func(*testing.T, *world) {
	return map[string]func(*testing.T, *world){
		"TheLifeOfAnEpoch":             epochLife,
		"WrapsAreCounted":              wrapsCounted,
		"WhatExpiresComesInParts":      expiredParts,
		"ARewrapNeverBringsAKeyBack":   rewrapNeverBack,
		"PendingAndDraftsMove":         pendingMove,
		"WhatIsDroppedCannotBeRead":    dropped,
		"RewrapStopsAtItsLimit":        rewrapLimit,
		"AnEpochWithAWrapIsNotAtItsEn": notEmpty,
	}
}

func epochLife(_ *testing.T, w *world) {
	u := w.people(1)
	c := w.group(u...)
	for _, h := range []int64{12, 10, 11} {
		w.ok(w.Store.OpenEpoch(ctx(), h))
		w.ok(w.Store.OpenEpoch(ctx(), h)) // idempotent
	}
	states := func(want ...service.EpochState) {
		w.t.Helper()
		all, err := w.Store.Epochs(ctx())
		w.ok(err)
		var got []service.EpochState
		for i, e := range all {
			got = append(got, e.State)
			if e.Hour != int64(10+i) || e.CreatedAt == 0 || (e.DestroyedAt != 0) != (e.State == service.EpochDestroyed) {
				w.t.Errorf("an epoch: %+v", e)
			}
		}
		sameOrder(w, "states", got, want)
	}
	empty := func(h int64, want bool) {
		w.t.Helper()
		got, err := w.Store.CheckEmpty(ctx(), h)
		w.ok(err)
		equal(w, "empty and closing", got, want)
	}
	o, cl, d := service.EpochOpen, service.EpochClosing, service.EpochDestroyed
	states(o, o, o)
	sameOrder(w, "open, oldest first", w.inside(service.Ask{Conversation: c}).Epochs, []int64{10, 11, 12})
	empty(10, false) // still open
	w.ok(w.Store.EndEpoch(ctx(), 10))
	states(o, o, o) // nothing skips a state
	w.ok(w.Store.CloseEpoch(ctx(), 10))
	w.ok(w.Store.CloseEpoch(ctx(), 10))
	states(cl, o, o)
	sameOrder(w, "open", w.inside(service.Ask{Conversation: c}).Epochs, []int64{11, 12})
	empty(10, true)
	w.ok(w.Store.OpenEpoch(ctx(), 10)) // nothing goes back
	states(cl, o, o)
	w.ok(w.Store.EndEpoch(ctx(), 10))
	states(d, o, o)
	w.ok(w.Store.CloseEpoch(ctx(), 10))
	w.ok(w.Store.OpenEpoch(ctx(), 10))
	states(d, o, o)
	empty(10, false)
	empty(99, false)
	w.ok(w.Store.CloseEpoch(ctx(), 99))
	states(d, o, o)
}

func (w *world) wrapped(want int, in ...sealpost.ConversationID) {
	w.t.Helper()
	n, where, err := w.Store.Wrapped(ctx(), epoch, 10)
	w.ok(err)
	equal(w, "wraps left", n, want)
	slices.SortFunc(where, sealpost.ConversationID.Compare)
	slices.SortFunc(in, sealpost.ConversationID.Compare)
	sameOrder(w, "conversations with delivered ones", where, in)
}

func wrapsCounted(_ *testing.T, w *world) {
	u := w.people(2)
	c, other := w.group(u...), w.group(u...)
	w.wrapped(0)
	a, b := w.say(c, u[0]), w.say(other, u[0])
	held := newID[sealpost.MessageID](w)
	w.must(send(c, u[0], held, sending{hold: time.Minute}), "pending")
	w.wrapped(3, c, other)
	w.must(openThrough(other, u[1], b), "opened") // it settles
	w.wrapped(2, c)
	w.must(recallOf(c, u[0], a, newID[sealpost.DraftID](w)), "recalled") // gone, and a draft instead
	w.wrapped(2)
	w.must(undo(c, u[0], held, newID[sealpost.DraftID](w)), "undone")
	w.wrapped(2)
	n, where, err := w.Store.Wrapped(ctx(), epoch+1, 10)
	w.ok(err)
	equal(w, "under another", n+len(where), 0)
}

func expiredParts(_ *testing.T, w *world) {
	u := w.people(2)
	c, other := w.group(u...), w.group(u...)
	for range service.OpenLimit + 2 {
		w.say(c, u[0])
	}
	w.say(other, u[0])
	w.must(send(c, u[0], newID[sealpost.MessageID](w), sending{later: time.Hour}), "pending")
	w.Clock(6 * time.Minute)
	s := w.inside(service.Ask{Conversation: c, Expired: epoch})
	equal(w, "in one part", len(s.Sealed), service.OpenLimit)
	equal(w, "more", s.More, true)
	w.must(closeWindows(c), "closed")
	s = w.inside(service.Ask{Conversation: c, Expired: epoch})
	equal(w, "in the last part", len(s.Sealed), 2)
	equal(w, "more", s.More, false)
	w.must(closeWindows(c), "closed")
	w.must(closeWindows(c), "none over")
	w.wrapped(2, other) // one there, and the scheduled one
}

// R18: a sweep that was decided on an old view changes nothing after a recall.
func rewrapNeverBack(_ *testing.T, w *world) {
	u := w.people(3)
	c := w.group(u...)
	recalled, opened, left := w.say(c, u[0]), newID[sealpost.MessageID](w), newID[sealpost.MessageID](w)
	old := w.inside(service.Ask{Conversation: c, Expired: epoch}).Sealed
	w.must(recallOf(c, u[0], recalled, sealpost.DraftID{}), "recalled")
	w.must(send(c, u[0], opened, sending{}), "sent")
	w.must(send(c, u[0], left, sending{}), "sent")
	old = append(old, w.inside(service.Ask{Conversation: c, Expired: epoch}).Sealed...)
	equal(w, "seen before", len(old), 3)
	w.must(openThrough(c, u[1], opened), "opened")
	sweep := command{name: "sweep", ask: service.Ask{Conversation: c}, do: func(service.Snapshot) (service.Change, string, error) {
		change := service.Change{Audit: service.Audit{Action: "window.closed"}}
		for _, m := range old {
			m.Content.Ref, m.Content.Wrapped, m.WindowOver = -7, []byte("by the sweep"), true
			change.Update = append(change.Update, service.Update{Message: m, IfRef: epoch})
		}
		return change, "swept", nil
	}}
	w.must(sweep, "swept")
	for id, want := range map[sealpost.MessageID]int64{recalled: 0, opened: longTerm, left: -7} {
		m, err := w.Store.Message(ctx(), id, u[0])
		w.ok(err)
		equal(w, "reference", m.Content.Ref, want)
		equal(w, "window over", m.WindowOver, want == -7)
		equal(w, "erased", len(m.Content.Wrapped) == 0, want == 0)
	}
	m, err := w.Store.Message(ctx(), opened, u[0])
	w.ok(err)
	equal(w, "the opening stays", m.Opened(), 1)
	equal(w, "state", m.State, sealpost.Sent)
}

func pendingMove(_ *testing.T, w *world) {
	u := w.people(2)
	c := w.group(u...)
	delivered := w.say(c, u[0])
	held, undone, draft := newID[sealpost.MessageID](w), newID[sealpost.MessageID](w), newID[sealpost.DraftID](w)
	w.must(send(c, u[0], held, sending{later: time.Hour}), "pending")
	w.must(edit(c, u[0], held, 3*time.Hour), "edited")
	w.must(send(c, u[0], undone, sending{hold: time.Minute}), "pending")
	w.must(undo(c, u[0], undone, draft), "undone")
	m, err := w.Store.Message(ctx(), held, u[0])
	w.ok(err)
	d, err := w.Store.Draft(ctx(), u[0], draft)
	w.ok(err)

	want := map[seal.Label]sealpost.Instant{
		{Kind: seal.KindMessage, Scope: c, Object: held, Version: 2}:   m.ReleaseAt,
		{Kind: seal.KindDraft, Scope: u[0], Object: draft, Version: 1}: d.ExpiresAt,
	}
	n, err := w.Store.Rewrap(ctx(), epoch, 10, func(h service.Held) (int64, []byte, bool) {
		expires, asked := want[h.Label]
		if !asked || h.ExpiresAt != expires || h.Content.Ref != epoch || string(h.Content.Wrapped) != "under an epoch" || h.Content.Body != nil {
			w.t.Errorf("held: %+v", h)
		}
		delete(want, h.Label)
		return epoch + 1, []byte("moved"), true
	})
	w.ok(err)
	equal(w, "handled", n, 2)
	equal(w, "never asked for", len(want), 0)
	w.wrapped(1, c) // the delivered one stays
	m, err = w.Store.Message(ctx(), held, u[0])
	w.ok(err)
	equal(w, "message moved", m.Content.Ref == epoch+1 && string(m.Content.Wrapped) == "moved", true)
	d, err = w.Store.Draft(ctx(), u[0], draft)
	w.ok(err)
	equal(w, "draft moved", d.Content.Ref == epoch+1 && string(d.Content.Wrapped) == "moved", true)
	m, err = w.Store.Message(ctx(), delivered, u[0])
	w.ok(err)
	equal(w, "delivered one", m.Content.Ref, epoch)
	n, err = w.Store.Rewrap(ctx(), epoch, 10, func(service.Held) (int64, []byte, bool) { return 0, nil, false })
	w.ok(err)
	equal(w, "handled again", n, 0)
}

func dropped(_ *testing.T, w *world) {
	u := w.people(2)
	c := w.group(u...)
	id, draft := newID[sealpost.MessageID](w), newID[sealpost.DraftID](w)
	w.must(send(c, u[0], id, sending{hold: time.Minute}), "pending")
	w.must(undo(c, u[0], id, draft), "undone")
	n, err := w.Store.Rewrap(ctx(), epoch, 10, func(service.Held) (int64, []byte, bool) { return 0, nil, false })
	w.ok(err)
	equal(w, "handled", n, 1)
	_, err = w.Store.Draft(ctx(), u[0], draft)
	w.refused(err, sealpost.CodeNotFound)
	all, err := w.Store.Drafts(ctx(), u[0], sealpost.DraftID{}, 10)
	w.ok(err)
	equal(w, "drafts", len(all), 0)
	w.wrapped(0)
}

func rewrapLimit(_ *testing.T, w *world) {
	u := w.people(2)
	c := w.group(u...)
	for range 5 {
		w.must(send(c, u[0], newID[sealpost.MessageID](w), sending{later: time.Hour}), "pending")
	}
	moved := 0
	for range 10 {
		n, err := w.Store.Rewrap(ctx(), epoch, 2, func(service.Held) (int64, []byte, bool) { return epoch + 1, []byte("moved"), true })
		w.ok(err)
		if n > 2 {
			w.t.Errorf("%d at once, at most 2 were asked for", n)
		}
		if moved += n; n == 0 {
			break
		}
	}
	equal(w, "moved", moved, 5)
}

func notEmpty(_ *testing.T, w *world) {
	u := w.people(2)
	c := w.group(u...)
	w.ok(w.Store.OpenEpoch(ctx(), epoch))
	id := w.say(c, u[0])
	w.ok(w.Store.CloseEpoch(ctx(), epoch))
	empty := func() bool {
		w.t.Helper()
		got, err := w.Store.CheckEmpty(ctx(), epoch)
		w.ok(err)
		return got
	}
	equal(w, "with a wrap", empty(), false)
	w.must(openThrough(c, u[1], id), "opened")
	equal(w, "without", empty(), true)
}
