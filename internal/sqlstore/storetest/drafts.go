package storetest

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// amended is an amendment without a stamp.
func (w *world) amended(change func(service.Amendment) error) error {
	_, err := w.Store.Amend(ctx(), service.Stamp{}, func(a service.Amendment) ([]byte, error) { return nil, change(a) })
	return err
}

// written keeps a draft that somebody wrote.
func (w *world) written(user sealpost.UserID, expires sealpost.Instant) sealpost.Draft {
	w.t.Helper()
	d := sealpost.Draft{ID: newID[sealpost.DraftID](w), UserID: user, CreatedAt: 5, UpdatedAt: 5, ExpiresAt: expires, Content: fake(1, "written")}
	w.ok(w.amended(func(a service.Amendment) error { return a.PutDraft(d) }))
	return d
}

func writtenDrafts(t *testing.T, w *world) {
	u := w.people(2)
	c := w.group(u...)
	w.ok(w.Store.OpenEpoch(ctx(), epoch))
	d := w.written(u[0], 0)
	got, err := w.Store.Draft(ctx(), u[0], d.ID)
	w.ok(err)
	same(w, "a new draft", got, d)

	d.ConversationID, d.UpdatedAt, d.Content = c, 6, fake(2, "changed")
	var inside sealpost.Draft
	var epochs []int64
	count := 0
	w.ok(w.amended(func(a service.Amendment) error {
		if err := a.PutDraft(d); err != nil {
			return err
		}
		if inside, err = a.Draft(u[0], d.ID); err != nil {
			return err
		}
		if epochs, err = a.Epochs(); err != nil {
			return err
		}
		count, err = a.CountDrafts(u[0])
		return err
	}))
	same(w, "the changed draft, inside", inside, d)
	sameOrder(w, "open epochs", epochs, []int64{epoch})
	equal(w, "count", count, 1)
	got, err = w.Store.Draft(ctx(), u[0], d.ID)
	w.ok(err)
	same(w, "the changed draft", got, d)
	w.refused(w.amended(func(a service.Amendment) error {
		_, err := a.Draft(u[1], d.ID)
		return err
	}), sealpost.CodeNotFound)

	now, err := w.Store.Now(ctx())
	w.ok(err)
	old := w.written(u[0], now.Add(time.Minute))
	w.Clock(2 * time.Minute)
	w.refused(w.amended(func(a service.Amendment) error {
		_, err := a.Draft(u[0], old.ID)
		return err
	}), sealpost.CodeNotFound)
	for _, gone := range []sealpost.DraftID{old.ID, newID[sealpost.DraftID](w)} {
		w.must(sendFrom(c, u[0], newID[sealpost.MessageID](w), gone), "no draft")
	}
	w.must(sendFrom(c, u[1], newID[sealpost.MessageID](w), d.ID), "no draft")
	sendOnce(t, w, u)
}

// sendFrom sends what was written in a draft, which goes with it.
func sendFrom(in sealpost.ConversationID, from sealpost.UserID, id sealpost.MessageID, draft sealpost.DraftID) command {
	c := send(in, from, id, sending{})
	plain := c.do
	c.ask.Draft = draft
	c.do = func(s service.Snapshot) (service.Change, string, error) {
		if s.Draft == nil {
			return service.Change{}, "no draft", nil
		}
		change, outcome, err := plain(s)
		change.DropDraft = draft
		return change, outcome, err
	}
	return c
}

// sendOnce sends one draft into two conversations at once: one of them gets it.
func sendOnce(t *testing.T, w *world, u []sealpost.UserID) {
	in := []sealpost.ConversationID{w.group(u...), w.group(u...), w.group(u...)}
	for range 20 {
		d := w.written(u[0], 0)
		var sent atomic.Int32
		var all sync.WaitGroup
		for _, c := range in {
			how := sendFrom(c, u[0], newID[sealpost.MessageID](w), d.ID)
			how.ask.Decision = newID[sealpost.DecisionID](w)
			all.Go(func() {
				had := false
				err := w.Store.Decide(ctx(), how.ask, func(s service.Snapshot) (service.Change, error) {
					had = s.Draft != nil
					change, _, err := how.decide(s)
					return change, err
				})
				if err != nil {
					t.Errorf("a send from a draft: %v", err)
				}
				if had {
					sent.Add(1)
				}
			})
		}
		all.Wait()
		equal(w, "sends of one draft", sent.Load(), 1)
	}
}
