package service_test

import (
	"errors"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/seal"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// brokenKeys cannot read the key of one hour.
type brokenKeys struct {
	service.Keys
	hour int64
}

func (k *brokenKeys) Epoch(hour int64) (seal.Key, error) {
	if hour == k.hour {
		return seal.Key{}, errors.New("input/output error")
	}
	return k.Keys.Epoch(hour)
}

// R28: as many as a pass takes at once cannot be released, because their key cannot be
// read just now. The next one goes out, and they do when it can be read again.
func TestOneThatFailsHoldsUpNobody(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	keys := &brokenKeys{Keys: h.keys}
	h.keys = keys
	h.Service = h.another()
	maya, jonas, erik := h.person("Maya"), h.person("Jonas"), h.person("Erik")
	in := h.pair(maya, jonas)
	var waiting []sealpost.MessageID
	for range service.MaxWaiting {
		waiting = append(waiting, h.schedule(maya, in, 30*time.Minute))
	}
	good := h.schedule(maya, h.pair(maya, erik), 70*time.Minute)
	h.advance(75 * time.Minute)
	release := func() {
		t.Helper()
		if _, err := h.ReleaseDue(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	state := func(id sealpost.MessageID) sealpost.MessageState {
		t.Helper()
		v, err := h.store.Message(t.Context(), id, maya.User.ID)
		if err != nil {
			t.Fatal(err)
		}
		return v.State
	}
	keys.hour, _ = seal.KeyRef(h.content(maya, waiting[0]).Ref).Epoch()
	release()
	if got := state(good); got != sealpost.Sent {
		t.Errorf("the one after them is in state %d", got)
	}
	if got := state(waiting[0]); got != sealpost.Scheduled {
		t.Errorf("one that cannot be read now is in state %d", got)
	}
	keys.hour = 0
	release()
	if got := h.open(jonas, in, waiting[len(waiting)-1]); len(got.Messages) != len(waiting) || got.Messages[0].Content.Body != "scheduled" {
		t.Errorf("%d arrived in the end", len(got.Messages))
	}
}

// A text that was lost with its key, because an older key store was put back, is
// cancelled when it is due or undone: there is no draft to make of it.
func TestLostTextIsCancelled(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas := h.person("Maya"), h.person("Jonas")
	in := h.pair(maya, jonas)
	ids := []sealpost.MessageID{h.schedule(maya, in, 4*time.Hour), h.schedule(maya, in, 4*time.Hour), h.schedule(maya, in, 4*time.Hour)}
	hour, _ := seal.KeyRef(h.content(maya, ids[0]).Ref).Epoch()
	if err := h.keys.DestroyEpoch(hour); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Undo(t.Context(), maya, "", ids[0]); err == nil {
		t.Error("undone while the database has a key that may be found again")
	}
	h.walk(6)
	body := "written anew"
	if _, err := h.EditPending(t.Context(), maya, "", ids[2], service.PendingEdit{Body: &body}); err != nil {
		t.Fatal(err)
	}
	_, err := h.SendNow(t.Context(), maya, "", ids[0])
	wantCode(t, "sent now", err, sealpost.CodeCannotDeliver)
	for range 2 { // the second is a replay
		if draft, err := h.Undo(t.Context(), maya, "key", ids[0]); err != nil || !draft.IsZero() {
			t.Errorf("undone with the draft %v, %v", draft, err)
		}
	}
	if entry := h.lastAudit("message.undo"); entry.Detail != `{"reason":"text_lost"}` {
		t.Errorf("audited as %+v", entry)
	}
	if _, err := h.ReleaseDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	entry := h.lastAudit("message.cancel")
	if entry.Message != ids[1] || entry.Detail != `{"reason":"text_lost"}` || h.count("message.cancel") != 1 {
		t.Errorf("audited as %+v", entry)
	}
	for _, id := range ids[:2] {
		_, err := h.Message(t.Context(), maya, id)
		wantCode(t, "what was lost", err, sealpost.CodeNotFound)
	}
	if drafts, _, err := h.Drafts(t.Context(), maya, "", 10); err != nil || len(drafts) != 0 {
		t.Errorf("%d drafts, %v", len(drafts), err)
	}
	if got := h.open(jonas, in, ids[2]); len(got.Messages) != 1 || got.Messages[0].Content.Body != body {
		t.Errorf("what was written anew arrived as %+v", got)
	}
}
