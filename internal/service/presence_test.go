package service_test

import (
	"slices"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func (h *house) level(sender service.Principal, in sealpost.ConversationID) sealpost.Level {
	h.t.Helper()
	return h.mustRecall(sender, h.send(sender, in)).Recipients[0].Level
}

// R24: whoever was connected or asked since the delivery may know.
func TestPresence(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.policy(func(p *policy.Policy) { p.PerConversationDay = 100 })
	maya, jonas := h.person("Maya"), h.person("Jonas")
	in := h.pair(maya, jonas)
	if got := h.level(maya, in); got != sealpost.LevelNone {
		t.Errorf("never there: level %d", got)
	}
	id := h.send(maya, in)
	if err := h.Arrive(t.Context(), jonas); err != nil {
		t.Fatal(err)
	}
	if got := h.mustRecall(maya, id).Recipients[0].Level; got != sealpost.LevelNotified {
		t.Errorf("asked after the delivery: level %d", got)
	}
	if got := h.level(maya, in); got != sealpost.LevelNotified {
		t.Errorf("within the minute that was written ahead: level %d", got)
	}
	h.advance(2 * time.Minute)
	if got := h.level(maya, in); got != sealpost.LevelNone {
		t.Errorf("gone for minutes: level %d", got)
	}
}

// R24: a live connection counts while it lasts, and its node's lease speaks for it
// when the node dies.
func TestLiveConnections(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.policy(func(p *policy.Policy) { p.PerConversationDay = 100 })
	maya, jonas := h.person("Maya"), h.person("Jonas")
	in := h.pair(maya, jonas)
	if _, err := h.Watch(t.Context(), jonas, ""); sealpost.CodeOf(err) != sealpost.CodeUnavailable {
		t.Errorf("watching without a lease: %v", err)
	}
	if err := h.Ready(t.Context()); err == nil {
		t.Error("ready without a lease")
	}
	if err := h.KeepLease(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := h.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	first, err := h.Watch(t.Context(), jonas, "")
	if err != nil {
		t.Fatal(err)
	}
	second, err := h.Watch(t.Context(), jonas, "")
	if err != nil {
		t.Fatal(err)
	}
	first.Close()
	first.Close()
	if got := h.level(maya, in); got != sealpost.LevelNotified {
		t.Errorf("one of two connections left: level %d", got)
	}
	second.Close()
	h.advance(2 * time.Second)
	if got := h.level(maya, in); got != sealpost.LevelNone {
		t.Errorf("after the last: level %d", got)
	}
	if _, err := h.Watch(t.Context(), jonas, ""); err != nil {
		t.Fatal(err)
	}
	if got := h.level(maya, in); got != sealpost.LevelNotified {
		t.Errorf("connected to a node that died: level %d", got)
	}
	h.advance(service.LeaseLength + time.Second)
	if got := h.level(maya, in); got != sealpost.LevelNone {
		t.Errorf("after its lease: level %d", got)
	}
}

// A resumed stream names what changed for the viewer, and nothing else (R34).
func TestMissed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas, erik := h.person("Maya"), h.person("Jonas"), h.person("Erik")
	known, unknown := h.pair(maya, jonas), h.pair(erik, jonas)
	h.open(jonas, known, h.send(maya, known))
	h.advance(time.Minute)
	if err := h.KeepLease(t.Context()); err != nil {
		t.Fatal(err)
	}
	w, err := h.Watch(t.Context(), jonas, "")
	if err != nil {
		t.Fatal(err)
	}
	token, err := w.Resume()
	if err != nil {
		t.Fatal(err)
	}
	w.Close()
	missed := func() []sealpost.ConversationID {
		w, err := h.Watch(t.Context(), jonas, token)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		ids, more, err := w.Missed(t.Context())
		if err != nil || more {
			t.Fatal(more, err)
		}
		return ids
	}
	h.advance(time.Minute)
	h.mustRecall(erik, h.send(erik, unknown)) // level none: it never was
	if got := missed(); len(got) != 0 {
		t.Errorf("missed %v of what left no trace", got)
	}
	h.send(maya, known)
	if got := missed(); !slices.Equal(got, []sealpost.ConversationID{known}) {
		t.Errorf("missed %v; want %v", got, known)
	}
	_, err = h.Watch(t.Context(), maya, token)
	wantField(t, "somebody else's token", err, "Last-Event-ID")
}

// 6-leaks A7: folding the changes since any cursor over the old view gives the new.
func TestChangesAreComplete(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.policy(func(p *policy.Policy) { p.PerConversationDay = 100 })
	maya, jonas := h.person("Maya"), h.person("Jonas")
	in := h.pair(maya, jonas)
	h.arrive(jonas)
	var cursors []string
	// fold brings a view up to date from a cursor, a small page at a time.
	fold := func(seen map[sealpost.MessageID]sealpost.DeliveryState, since string) string {
		for more := true; more; {
			page, err := h.Changes(t.Context(), jonas, in, since, 3)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range page.Messages {
				seen[m.ID] = m.Delivery
			}
			for _, id := range page.Vanished {
				delete(seen, id)
			}
			since, more = page.Cursor, page.More
		}
		return since
	}
	var views []map[sealpost.MessageID]sealpost.DeliveryState
	for i := range 30 {
		id := h.send(maya, in)
		switch i % 3 {
		case 0:
			h.open(jonas, in, id)
		case 1:
			h.mustRecall(maya, id)
		}
		view := map[sealpost.MessageID]sealpost.DeliveryState{}
		cursors, views = append(cursors, fold(view, "")), append(views, view)
	}
	page, err := h.History(t.Context(), jonas, in, sealpost.MessageID{}, 200)
	if err != nil {
		t.Fatal(err)
	}
	for i, seen := range views {
		fold(seen, cursors[i])
		if len(page.Items) != len(seen) {
			t.Errorf("from cursor %d: %d in the history, %d folded", i, len(page.Items), len(seen))
		}
		for _, m := range page.Items {
			if seen[m.ID] != m.Delivery {
				t.Errorf("from cursor %d: %v is %d folded, %d fresh", i, m.ID, seen[m.ID], m.Delivery)
			}
		}
	}
	_, err = h.Changes(t.Context(), maya, in, cursors[0][:10], 3)
	wantField(t, "a broken cursor", err, "cursor")
}
