package storetest

import (
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// Pages are stable: what is on a page stays in its place while the list grows.

func inboxPages(_ *testing.T, w *world) {
	u := w.people(2)
	var want []sealpost.ConversationID // newest activity first
	for range 7 {
		c := w.group(u...)
		w.say(c, u[0])
		want = append([]sealpost.ConversationID{c}, want...)
	}
	page := func(q service.InboxQuery) []service.InboxItem {
		w.t.Helper()
		q.Viewer, q.Filter = u[1], service.FilterAll
		items, err := w.Store.Inbox(ctx(), q)
		w.ok(err)
		return items
	}
	var got []sealpost.ConversationID
	q := service.InboxQuery{Limit: 3}
	for {
		items := page(q)
		for _, i := range items {
			got = append(got, i.Conversation.ID)
			if i.Last == nil || i.Last.ConversationID != i.Conversation.ID || i.Unread != 1 || len(i.Members) != 2 || i.Self.UserID != u[1] {
				w.t.Errorf("an item of the inbox: %+v", i)
			}
		}
		if len(items) < q.Limit {
			break
		}
		last := items[len(items)-1]
		q.BeforeAt, q.BeforeID = last.LastActivityAt, last.Conversation.ID
		w.say(want[0], u[0]) // grows at its head
	}
	sameOrder(w, "the inbox, by pages", got, want)
}

func historyPages(_ *testing.T, w *world) {
	u := w.people(2)
	c := w.group(u...)
	var want []sealpost.MessageID // newest first
	for i := range 11 {
		want = append([]sealpost.MessageID{w.say(c, u[i%2])}, want...)
	}
	var got []sealpost.MessageID
	q := service.HistoryQuery{Conversation: c, Viewer: u[0], Limit: 3}
	for {
		messages, err := w.Store.History(ctx(), q)
		w.ok(err)
		got = append(got, idsOf(messages)...)
		if len(messages) < q.Limit {
			break
		}
		for _, m := range messages { // the sender has every delivery, others their own
			d, _ := m.DeliveryTo(u[0])
			if len(m.Deliveries) != 1 || (m.SenderID == u[0]) != (d.UserID != u[0]) {
				w.t.Errorf("the deliveries of a message on a page: %+v", m.Deliveries)
			}
		}
		q.Before = messages[len(messages)-1].SentAt
		w.say(c, u[0])
	}
	sameOrder(w, "the history, by pages", got, want)
}

// Folding pages of changes gives what one look would give, and what is decided
// meanwhile may come twice but never not at all.
func changesPages(_ *testing.T, w *world) {
	u := w.people(3)
	c := w.group(u...)
	_, _, err := w.Store.Seen(ctx(), u[1])
	w.ok(err)
	var ids []sealpost.MessageID
	for range 9 {
		ids = append(ids, w.say(c, u[0]))
	}
	have := map[sealpost.MessageID]bool{}
	q := service.ChangesQuery{Conversation: c, Viewer: u[1], Limit: 2}
	for i := range 100 {
		set, err := w.Store.Changes(ctx(), q)
		w.ok(err)
		for _, m := range set.Messages {
			have[m.ID] = true
		}
		for _, id := range set.Vanished {
			delete(have, id)
		}
		if !set.More {
			break
		}
		if set.Upto <= q.Since {
			w.t.Fatalf("the next page would begin at %v, this one began at %v", set.Upto, q.Since)
		}
		q.Since = set.Upto
		if i == 1 {
			w.must(openThrough(c, u[1], ids[5]), "opened") // six messages change at once
		}
		if i == 2 {
			ids = append(ids, w.say(c, u[2]))
		}
	}
	equal(w, "messages found by pages", len(have), len(ids))
	full := w.changes(c, u[1], 0)
	equal(w, "up to", full.Upto, w.thread(c, u[1]).Conversation.DecidedAt)
	equal(w, "nothing after it", len(w.changes(c, u[1], full.Upto).Messages), 0)
	for i := 1; i < len(full.Messages); i++ {
		a, _ := full.Messages[i-1].DeliveryTo(u[1])
		b, _ := full.Messages[i].DeliveryTo(u[1])
		if a.ChangedAt > b.ChangedAt {
			w.t.Error("changes are not in order of change")
		}
	}
}

func changedThreads(_ *testing.T, w *world) {
	u := w.people(2)
	var all []sealpost.ConversationID
	var times []sealpost.Instant
	for range 5 {
		c := w.group(u...)
		w.say(c, u[0])
		all, times = append(all, c), append(times, w.now)
		w.Clock(time.Millisecond)
	}
	changed := func(since sealpost.Instant, limit int) []sealpost.ConversationID {
		w.t.Helper()
		out, err := w.Store.ChangedThreads(ctx(), u[1], since, limit)
		w.ok(err)
		return out
	}
	// In order of their ids: the order of the changes could tell of one that left no
	// trace (R34).
	sameOrder(w, "all", changed(0, 10), all)
	sameOrder(w, "two of them", changed(0, 2), all[:2])
	sameOrder(w, "after the third", changed(times[2], 10), all[3:])
	sameOrder(w, "after the last", changed(times[4], 10), nil)
	w.must(openThrough(all[0], u[1], w.history(all[0], u[1])[0]), "opened")
	sameOrder(w, "an opening", changed(times[4], 10), all[:1])
}
