package storetest

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// Nothing is indexed for somebody who was erased, whatever others open or whichever
// window closes afterwards, and when the index is made anew.
func searchNothingOfErased(_ *testing.T, w *world) {
	u := w.people(2)
	c := w.group(u...)
	mine, other := w.write(c, u[0], "a walrus"), w.write(c, u[1], "another walrus")
	w.must(openThrough(c, u[0], other), "opened")
	w.amend(func(a service.Amendment) error {
		if err := a.UnindexUser(u[0]); err != nil {
			return err
		}
		return a.Erase(u[0])
	})
	w.must(openThrough(c, u[1], mine), "opened")
	w.drain()
	w.finds(u[0], "walrus")
	w.finds(u[1], "walrus", other, mine)
	w.ok(w.Store.Reindex(ctx()))
	w.drain()
	w.finds(u[0], "walrus")
	w.finds(u[1], "walrus", other, mine)
}

// What is no longer readable is dropped in the transaction that makes it so, whether
// it was indexed or waits to be.
func searchUnindex(_ *testing.T, w *world) {
	u := w.people(2)
	c := w.group(u...)
	first, second := w.write(c, u[0], "walrus one"), w.write(c, u[0], "walrus two")
	w.must(openThrough(c, u[1], first), "opened")
	w.drain()
	w.must(openThrough(c, u[1], second), "opened")
	w.must(removeFor(c, second), "removed")
	w.must(removeFor(c, first), "removed")
	w.drain()
	for _, viewer := range u {
		w.finds(viewer, "walrus")
	}
	third := w.write(c, u[0], "walrus three")
	w.must(openThrough(c, u[1], third), "opened")
	w.drain()
	w.amend(func(a service.Amendment) error { return a.UnindexUser(newID[sealpost.UserID](w)) })
	w.finds(u[1], "walrus", third)
}

// F5: a removal while the indexer holds what it read. Whichever comes first, nothing
// is left in the index.
func searchUnindexWhileRead(_ *testing.T, w *world) {
	u := w.people(2)
	c := w.group(u...)
	for range 10 {
		id := w.write(c, u[0], "walrus")
		w.must(openThrough(c, u[1], id), "opened")
		removed := make(chan error, 2)
		var once atomic.Bool
		read := func(m sealpost.Message, viewer sealpost.UserID, now sealpost.Instant) service.Indexing {
			if once.CompareAndSwap(false, true) {
				remove := removeFor(c, id)
				remove.ask.Decision = newID[sealpost.DecisionID](w)
				go func() {
					removed <- w.Store.Decide(ctx(), remove.ask, func(s service.Snapshot) (service.Change, error) {
						change, _, err := remove.do(s)
						return change, err
					})
				}()
			}
			return indexing(m, viewer, now)
		}
		_, err := w.Store.Index(ctx(), 10, read)
		w.ok(err)
		if once.Load() {
			w.ok(<-removed)
		} else { // the model reads when it is asked
			w.must(removeFor(c, id), "removed")
		}
		w.drain()
		w.finds(u[1], "walrus")
		w.finds(u[0], "walrus")
		// The index itself, which a search looks behind.
		if n, err := w.Store.IndexBacklog(ctx(), 10); err != nil || n != 0 {
			w.t.Errorf("%d jobs are left, %v", n, err)
		}
	}
}

// A rebuilt index finds the same; one that is behind finds less, and never more.
func searchReindex(_ *testing.T, w *world) {
	u := w.people(2)
	c := w.group(u...)
	sealed := w.write(c, u[0], "walrus one")
	w.must(openThrough(c, u[1], sealed), "opened")
	second := w.write(c, u[1], "walrus two")
	w.drain()
	w.finds(u[1], "walrus", sealed)
	w.ok(w.Store.Reindex(ctx()))
	w.ok(w.Store.Reindex(ctx()))
	w.drain()
	w.finds(u[1], "walrus", sealed)
	w.finds(u[0], "walrus", sealed)
	w.must(openThrough(c, u[0], second), "opened")
	w.drain()
	w.finds(u[0], "walrus", second, sealed)
	if w.Reopen != nil {
		w.Store = w.Reopen()
		w.finds(u[0], "walrus", second, sealed)
	}
}

// The index is made anew while others index and open: all of them succeed, and in the end
// everything is found.
func searchReindexWhileRead(_ *testing.T, w *world) {
	u := w.people(3)
	c := w.group(u...)
	var want []sealpost.MessageID
	for range 40 {
		want = append([]sealpost.MessageID{w.write(c, u[0], "walrus")}, want...)
	}
	w.must(openThrough(c, u[1], want[0]), "opened")
	var all sync.WaitGroup
	for _, work := range []func() error{
		func() error { return w.Store.Reindex(ctx()) },
		func() error { _, err := w.Store.Index(ctx(), 30, indexing); return err },
		func() error { _, err := w.Store.Index(ctx(), 30, indexing); return err },
	} {
		all.Go(func() {
			for range 40 {
				if err := work(); err != nil {
					w.t.Error(err)
				}
			}
		})
	}
	all.Wait()
	w.drain()
	w.finds(u[1], "walrus", want...)
	w.finds(u[0], "walrus", want...)
}

// Archives have whole seconds: far more entries than a moment has room for, of many people,
// are all found, in order, page by page, until they are dropped.
func searchOfOneMoment(_ *testing.T, w *world) {
	u := w.people(sealpost.MaxParticipants)
	const conversations = 90
	at := sealpost.InstantOf(time.Date(2021, 1, 1, 12, 0, 0, 0, time.UTC))
	var before sealpost.MessageID
	for i := range conversations {
		c := w.group(u...)
		w.must(w.importing(c, u[1], at, false), "imported") // at this moment and the next
		if i == 0 {
			w.must(w.importing(c, u[1], at-2, false), "imported")
			before = w.history(c, u[0])[2]
		}
	}
	w.ok(w.Store.Reindex(ctx()))
	w.drainBy(500)
	want := 2*conversations + 2
	everything := func() []sealpost.MessageID {
		w.t.Helper()
		var got []sealpost.MessageID
		q := w.query(u[0], "after:1999-01-01")
		q.Limit = 7
		var last sealpost.Message
		for {
			page := w.search(q)
			equal(w, "total", page.Total, want)
			for _, h := range page.Hits {
				m := h.Message
				if last.SentAt != 0 && (m.SentAt > last.SentAt || m.SentAt == last.SentAt && m.ID.Compare(last.ID) >= 0) {
					w.t.Errorf("not in order: %d after %d", m.SentAt, last.SentAt)
				}
				got, last = append(got, m.ID), m
			}
			if len(page.Hits) < q.Limit || len(got) > want {
				return got
			}
			q.BeforeAt, q.BeforeID = last.SentAt, last.ID
		}
	}
	got := everything()
	equal(w, "found", len(got), want)
	equal(w, "the last but one", got[len(got)-2], before)
	for _, gone := range u[1:] { // what filled the moment goes
		w.amend(func(a service.Amendment) error { return a.UnindexUser(gone) })
	}
	equal(w, "found after it", len(everything()), want)
}
