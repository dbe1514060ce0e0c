package service_test

import (
	"errors"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/keystore"
	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/seal"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// content is what the store holds of a message.
func (h *house) content(sender service.Principal, id sealpost.MessageID) sealpost.Sealed {
	h.t.Helper()
	m, err := h.store.Message(h.t.Context(), id, sender.User.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	return m.Content
}

func (h *house) walk(hours int) {
	h.t.Helper()
	for range hours {
		h.advance(time.Hour)
		if err := h.KeepEpochs(h.t.Context()); err != nil {
			h.t.Fatal(err)
		}
	}
}

// R18: recall deletes the wrapped key in the deciding transaction; opening moves it
// to the long-term key; the end of the epoch moves what was left, and destroys the
// epoch key.
func TestKeysOfAMessage(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas := h.person("Maya"), h.person("Jonas")
	in := h.pair(maya, jonas)
	opened := h.send(maya, in)
	h.open(jonas, in, opened)
	recalled, left := h.send(maya, in), h.send(maya, in)
	hour, ok := seal.KeyRef(h.content(maya, left).Ref).Epoch()
	if want := seal.EpochOf(h.now.Load() + (5 * time.Minute).Microseconds()); !ok || hour != want {
		t.Errorf("under epoch %d; want %d, the hour in which the window ends", hour, want)
	}
	h.mustRecall(maya, recalled)
	if c := h.content(maya, recalled); !c.Erased() || len(c.Wrapped) != 0 {
		t.Errorf("the recalled message still has a key: %+v", c)
	}
	if _, ok := seal.KeyRef(h.content(maya, opened).Ref).LongTerm(); !ok {
		t.Error("the opened message is not under the long-term key")
	}
	if _, err := h.keys.Epoch(hour); err != nil {
		t.Errorf("before the end of the hour: %v", err)
	}
	h.walk(2)
	if _, err := h.keys.Epoch(hour); !errors.Is(err, keystore.ErrNoKey) {
		t.Errorf("after the end of the hour: %v", err)
	}
	if _, ok := seal.KeyRef(h.content(maya, left).Ref).LongTerm(); !ok {
		t.Error("what was left is not under the long-term key")
	}
	if c := h.content(maya, recalled); !c.Erased() {
		t.Error("the sweep brought a key back")
	}
	if o := h.open(jonas, in, left); len(o.Messages) != 1 || o.Messages[0].Content.Body != "hello" {
		t.Errorf("opened long after: %+v", o)
	}
}

// R12: once it is committed that a window is over, recall refuses whatever the clock
// says.
func TestWindowStaysClosed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas := h.person("Maya"), h.person("Jonas")
	in := h.pair(maya, jonas)
	id := h.send(maya, in)
	h.walk(2)
	h.advance(-2 * time.Hour) // the database's clock was set back
	_, err := h.recall(maya, id)
	wantCode(t, "after the clock went back", err, sealpost.CodeWindowClosed)
}

// A message that waits for longer than an epoch lives is moved from epoch to epoch,
// and nothing of a recalled text outlives what its report says.
func TestErasedAt(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.policy(func(p *policy.Policy) { p.PerConversationDay = 5 })
	maya, jonas := h.person("Maya"), h.person("Jonas")
	in := h.pair(maya, jonas)
	id := h.schedule(maya, in, 40*time.Hour)
	refs := map[int64]bool{h.content(maya, id).Ref: true}
	for range 26 {
		h.walk(1)
		refs[h.content(maya, id).Ref] = true
	}
	if len(refs) < 2 {
		t.Errorf("the pending message stayed under %v", refs)
	}
	if _, err := h.SendNow(t.Context(), maya, "", id); err != nil {
		t.Fatal(err)
	}
	refs[h.content(maya, id).Ref] = true
	r, err := h.Recall(t.Context(), maya, "", id, service.Recalling{KeepDraft: false})
	if err != nil {
		t.Fatal(err)
	}
	for ref := range refs {
		hour, ok := seal.KeyRef(ref).Epoch()
		if !ok {
			t.Errorf("a pending message was under %d", ref)
		}
		if end := sealpost.Instant(hour+1) * 3600e6; end > r.ErasedAt {
			t.Errorf("erased at %v, but epoch %d lasts until %v", r.ErasedAt.Time(), hour, end.Time())
		}
	}
	h.walk(int(r.ErasedAt.Sub(sealpost.Instant(h.now.Load()))/time.Hour) + 1)
	for ref := range refs {
		hour, _ := seal.KeyRef(ref).Epoch()
		if _, err := h.keys.Epoch(hour); !errors.Is(err, keystore.ErrNoKey) {
			t.Errorf("epoch %d lives after the text was said to be erased: %v", hour, err)
		}
	}
}

// An older database was put back: what lay under an epoch whose key is gone cannot
// be read, and everything else goes on.
func TestLostEpoch(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas := h.person("Maya"), h.person("Jonas")
	in := h.pair(maya, jonas)
	lost := h.send(maya, in)
	hour, _ := seal.KeyRef(h.content(maya, lost).Ref).Epoch()
	if err := h.keys.DestroyEpoch(hour); err != nil {
		t.Fatal(err)
	}
	h.walk(2)
	if v, err := h.Message(t.Context(), maya, lost); err != nil || v.Content != nil || v.State != sealpost.Sent {
		t.Errorf("the lost message: %+v, %v", v, err)
	}
	_, err := h.recall(maya, lost)
	wantCode(t, "its recall", err, sealpost.CodeWindowClosed)
	next := h.send(maya, in)
	if o := h.open(jonas, in, next); len(o.Messages) != 2 || o.Messages[0].Content != nil || o.Messages[1].Content.Body != "hello" {
		t.Errorf("opened: %+v", o)
	}
}

// An older key store was put back, and it is the later epoch whose key is gone: what
// waits stays under the key that it has, and can be read.
func TestLostLaterEpoch(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas := h.person("Maya"), h.person("Jonas")
	in := h.pair(maya, jonas)
	id := h.schedule(maya, in, 40*time.Hour)
	h.walk(18)
	later, _ := seal.KeyRef(h.content(maya, h.schedule(maya, in, 22*time.Hour)).Ref).Epoch()
	if err := h.keys.DestroyEpoch(later); err != nil {
		t.Fatal(err)
	}
	failed := false
	for range 8 {
		h.advance(time.Hour)
		failed = h.KeepEpochs(t.Context()) != nil || failed
	}
	if v, err := h.Message(t.Context(), maya, id); !failed || err != nil || v.Content == nil {
		t.Errorf("the epoch was closed: %v; the message is %+v, %v", !failed, v, err)
	}
}

// An epoch that is closing takes nothing new: the next one does.
func TestClosingEpochTakesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas := h.person("Maya"), h.person("Jonas")
	in := h.pair(maya, jonas)
	first := h.send(maya, in)
	hour, _ := seal.KeyRef(h.content(maya, first).Ref).Epoch()
	if err := h.store.CloseEpoch(t.Context(), hour); err != nil {
		t.Fatal(err)
	}
	second := h.send(maya, in)
	if got, _ := seal.KeyRef(h.content(maya, second).Ref).Epoch(); got != hour+1 {
		t.Errorf("wrapped under epoch %d; want %d", got, hour+1)
	}
}
