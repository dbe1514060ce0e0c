package service_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func (h *house) draft(p service.Principal, w service.Writing) service.DraftView {
	h.t.Helper()
	d, err := h.AddDraft(h.t.Context(), p, "", w)
	if err != nil {
		h.t.Fatal(err)
	}
	return d
}

// Two devices change one draft: the second is told and changes nothing.
func TestDraftConflict(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas := h.person("Maya"), h.person("Jonas")
	in := h.pair(maya, jonas)
	w := service.Writing{
		Conversation: in, Body: "first", Recipients: idsOf(jonas), SendAt: "2026-11-24T09:00", TimeZone: "Europe/Zurich",
	}
	d := h.draft(maya, w)
	if got, err := h.Draft(t.Context(), maya, d.Draft.ID); err != nil || got.Body != "first" || got.Recipients[0] != jonas.User.ID ||
		got.SendAt != w.SendAt || got.TimeZone != w.TimeZone || got.Draft.ConversationID != in || got.Draft.ExpiresAt != 0 {
		t.Fatalf("%+v, %v", got, err)
	}
	first := d.Draft.Content.Version
	phone, err := h.PutDraft(t.Context(), maya, "", d.Draft.ID, first, service.Writing{Body: "from the phone"})
	if err != nil || phone.Draft.Content.Version == first || !phone.Draft.ConversationID.IsZero() {
		t.Fatalf("%+v, %v", phone, err)
	}
	_, err = h.PutDraft(t.Context(), maya, "", d.Draft.ID, first, service.Writing{Body: "from the desk"})
	wantCode(t, "the second device", err, sealpost.CodePreconditionFailed)
	wantCode(t, "deleting what changed", h.DeleteDraft(t.Context(), maya, "", d.Draft.ID, first), sealpost.CodePreconditionFailed)
	if got, err := h.Draft(t.Context(), maya, d.Draft.ID); err != nil || got.Body != "from the phone" {
		t.Errorf("%+v, %v", got, err)
	}
	_, err = h.PutDraft(t.Context(), jonas, "", d.Draft.ID, service.AnyVersion, service.Writing{})
	wantCode(t, "somebody else's draft", err, sealpost.CodeNotFound)
	_, err = h.Draft(t.Context(), jonas, d.Draft.ID)
	wantCode(t, "reading somebody else's draft", err, sealpost.CodeNotFound)
	if err := h.DeleteDraft(t.Context(), maya, "", d.Draft.ID, phone.Draft.Content.Version); err != nil {
		t.Error(err)
	}
}

func TestDraftRefusals(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas, eve := h.person("Maya"), h.person("Jonas"), h.person("Eve")
	in := h.pair(maya, jonas)
	for field, w := range map[string]service.Writing{
		"body":            {Body: strings.Repeat("x", sealpost.MaxBody+1)},
		"send_at":         {SendAt: "tomorrow"},
		"time_zone":       {TimeZone: "Europe/Zurich"},
		"conversation_id": {Conversation: in},
		"recipient_ids":   {Recipients: make([]sealpost.UserID, sealpost.MaxParticipants)},
	} {
		_, err := h.AddDraft(t.Context(), eve, "", w)
		wantField(t, field, err, field)
	}
	if d := h.draft(eve, service.Writing{SendAt: "2027-10-31T02:30", TimeZone: "Europe/Zurich"}); d.SendAt == "" {
		t.Error("a time that asks can be kept: it is asked when it is sent")
	}
}

// A repeated write gives the same draft, and another text under the key is told.
func TestDraftReplay(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya := h.person("Maya")
	one, err := h.AddDraft(t.Context(), maya, "k", service.Writing{Body: "one"})
	if err != nil {
		t.Fatal(err)
	}
	again, err := h.AddDraft(t.Context(), maya, "k", service.Writing{Body: "one"})
	if err != nil || again.Draft.ID != one.Draft.ID || again.Body != "one" {
		t.Errorf("%+v, %v", again, err)
	}
	_, err = h.AddDraft(t.Context(), maya, "k", service.Writing{Body: "two"})
	wantCode(t, "another text", err, sealpost.CodeIdempotencyConflict)
	_, err = h.AddDraft(t.Context(), maya, "k", service.Writing{Body: "one", Conversation: sealpost.ConversationID{1}})
	wantField(t, "another conversation", err, "conversation_id")
	if _, err := h.PutDraft(t.Context(), maya, "k2", one.Draft.ID, 1, service.Writing{Body: "three"}); err != nil {
		t.Fatal(err)
	}
	again, err = h.PutDraft(t.Context(), maya, "k2", one.Draft.ID, 1, service.Writing{Body: "three"})
	if err != nil || again.Draft.Content.Version != 2 || again.Body != "three" {
		t.Errorf("%+v, %v", again, err)
	}
}

// A draft is sent once, from whichever device, and goes with the send.
func TestSendFromDraft(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas, lea := h.person("Maya"), h.person("Jonas"), h.person("Lea")
	ins := []sealpost.ConversationID{h.pair(maya, jonas), h.pair(maya, lea)}
	d := h.draft(maya, service.Writing{Body: "hello"})
	send := func(in sealpost.ConversationID, version int32) error {
		_, err := h.Send(t.Context(), maya, "", service.Sending{
			Conversation: in, Body: "hello", Kind: sealpost.KindMessage, Draft: d.Draft.ID, DraftVersion: version,
		})
		return err
	}
	wantCode(t, "another version", send(ins[0], 7), sealpost.CodeVersionConflict)
	errs := make([]error, 8)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() { errs[i] = send(ins[i%2], 1) })
	}
	all.Wait()
	sent := 0
	for _, err := range errs {
		if err == nil {
			sent++
			continue
		}
		wantCode(t, "a later device", err, sealpost.CodeVersionConflict)
	}
	if sent != 1 {
		t.Errorf("sent %d times", sent)
	}
	_, err := h.Draft(t.Context(), maya, d.Draft.ID)
	wantCode(t, "the draft", err, sealpost.CodeNotFound)
}

// R18, R20: the report of a recall counts the epoch that the draft lay under.
func TestErasedAtCountsTheDraft(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas := h.person("Maya"), h.person("Jonas")
	in := h.pair(maya, jonas)
	id := h.send(maya, in)
	r, err := h.Recall(t.Context(), maya, "", id, service.Recalling{KeepDraft: true})
	if err != nil {
		t.Fatal(err)
	}
	m, err := h.Send(t.Context(), maya, "", service.Sending{
		Conversation: in, Body: "hello", Kind: sealpost.KindMessage, Draft: r.DraftID, DraftVersion: service.AnyVersion,
	})
	if err != nil {
		t.Fatal(err)
	}
	stored, err := h.store.Message(t.Context(), m.ID, maya.User.ID)
	if err != nil || stored.ErasedAt < m.SentAt.Add(23*time.Hour) {
		t.Errorf("erased at %v although an old copy has the draft until a day later, %v", stored.ErasedAt, err)
	}
}

// R27, R28: an undone or refused message comes back as it was meant.
func TestDraftOfScheduled(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas := h.person("Maya"), h.person("Jonas")
	in := h.pair(maya, jonas)
	target := h.send(maya, in)
	at := sealpost.Instant(h.now.Load()).Add(time.Hour).Time().UTC()
	m, err := h.Send(t.Context(), maya, "", service.Sending{
		Conversation: in, Body: "later", Kind: sealpost.KindMessage, InReplyTo: target, SendAt: at, TimeZone: "Europe/Oslo",
	})
	if err != nil {
		t.Fatal(err)
	}
	id, err := h.Undo(t.Context(), maya, "", m.ID)
	if err != nil {
		t.Fatal(err)
	}
	d, err := h.Draft(t.Context(), maya, id)
	if err != nil || d.Body != "later" || d.InReplyTo != target.String() || d.SendAt != at.Format(time.RFC3339) || d.TimeZone != "Europe/Oslo" {
		t.Errorf("%+v, %v", d, err)
	}
}
