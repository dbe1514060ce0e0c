package service_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// R16, R17, R24: a recipient who cannot have known sees what they saw before, to the
// byte; one who may have known sees a line.
func TestNoTraceWhereNoneWasLeft(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.policy(func(p *policy.Policy) { p.PerConversationDay = 10 })
	maya, jonas := h.person("Maya"), h.person("Jonas")
	in := h.pair(maya, jonas)
	if got := h.view(jonas, in); got != "not found" {
		t.Fatalf("before anything: %s", got)
	}
	first := h.send(maya, in)
	if r := h.mustRecall(maya, first); r.Trace != "none" || r.Recipients[0].Level != sealpost.LevelNone {
		t.Errorf("report: %+v", r)
	}
	if got := h.view(jonas, in); got != "not found" {
		t.Errorf("a beginning that was recalled: %s", got)
	}
	h.open(jonas, in, h.send(maya, in))
	before := h.view(jonas, in)
	h.advance(time.Hour) // nobody is there any more
	second := h.send(maya, in)
	h.bus.told()
	h.mustRecall(maya, second)
	if got := h.view(jonas, in); got != before {
		t.Errorf("the view did not go back:\n%s\n%s", before, got)
	}
	if told := h.bus.told(); !slices.Equal(told, idsOf(maya)) {
		t.Errorf("told: %v", told) // R34
	}
	if _, err := h.Message(t.Context(), jonas, second); sealpost.CodeOf(err) != sealpost.CodeNotFound {
		t.Errorf("the recalled message: %v", err)
	}
	h.arrive(jonas)
	third := h.send(maya, in)
	if r := h.mustRecall(maya, third); r.Trace != "marker" || r.Recipients[0].Level != sealpost.LevelNotified {
		t.Errorf("report: %+v", r)
	}
	v, err := h.Message(t.Context(), jonas, third)
	if err != nil || v.State != sealpost.Recalled || v.Delivery != sealpost.DeliveryRecalled || v.Content != nil {
		t.Errorf("the marker: %+v, %v", v, err)
	}
}

// R17: always and never.
func TestTraceSettings(t *testing.T) {
	t.Parallel()
	for trace, want := range map[sealpost.Trace]string{sealpost.TraceAlways: "marker", sealpost.TraceNever: "none"} {
		h := newHouse(t)
		h.policy(func(p *policy.Policy) { p.Trace = trace; p.PerConversationDay = 5 })
		maya, jonas := h.person("Maya"), h.person("Jonas")
		in := h.pair(maya, jonas)
		h.open(jonas, in, h.send(maya, in))
		cursor, err := h.Changes(t.Context(), jonas, in, "", 200)
		if err != nil {
			t.Fatal(err)
		}
		h.arrive(jonas)
		id := h.send(maya, in)
		if r := h.mustRecall(maya, id); r.Trace != want {
			t.Errorf("%s: %+v", trace, r)
		}
		// Somebody who may have been served the id learns that it is gone (R34).
		changes, err := h.Changes(t.Context(), jonas, in, cursor.Cursor, 200)
		if err != nil {
			t.Fatal(err)
		}
		vanished := slices.Contains(changes.Vanished, id)
		if shown := len(changes.Messages) == 1; shown == vanished || shown != (want == "marker") {
			t.Errorf("%s: %+v", trace, changes)
		}
	}
}

// R20: the text comes back as a draft of the sender's, for a day, under a new key.
func TestRecalledTextComesBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.policy(func(p *policy.Policy) { p.PerConversationDay = 5 })
	maya, jonas := h.person("Maya"), h.person("Jonas")
	in := h.pair(maya, jonas)
	r := h.mustRecall(maya, h.send(maya, in))
	d, err := h.Draft(t.Context(), maya, r.DraftID)
	if err != nil || d.Body != "hello" || d.Draft.ConversationID != in || d.Draft.FromMessage != r.MessageID {
		t.Errorf("draft: %+v, %v", d, err)
	}
	if r.ErasedAt < d.Draft.ExpiresAt {
		t.Errorf("erased at %v, but the draft lives until %v", r.ErasedAt.Time(), d.Draft.ExpiresAt.Time())
	}
	_, err = h.Draft(t.Context(), jonas, r.DraftID)
	wantCode(t, "somebody else's draft", err, sealpost.CodeNotFound)
	if err := h.DeleteDraft(t.Context(), maya, "", r.DraftID, service.AnyVersion); err != nil {
		t.Error(err)
	}
	without, err := h.Recall(t.Context(), maya, "", h.send(maya, in), service.Recalling{KeepDraft: false})
	if err != nil || !without.DraftID.IsZero() {
		t.Errorf("without a draft: %+v, %v", without, err)
	}
	if drafts, _, err := h.Drafts(t.Context(), maya, "", 10); err != nil || len(drafts) != 0 {
		t.Errorf("drafts: %+v, %v", drafts, err)
	}
	kept := h.mustRecall(maya, h.send(maya, in))
	h.advance(sealpost.DraftLife + time.Second)
	_, err = h.Draft(t.Context(), maya, kept.DraftID)
	wantCode(t, "after a day", err, sealpost.CodeNotFound)
}

// 6-leaks A10: an id that was recalled before it was sent can never be sent.
func TestRecallBeforeSend(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas, erik := h.person("Maya"), h.person("Jonas"), h.person("Erik")
	in := h.pair(maya, jonas)
	id := sealpost.MessageID{6: 0x70, 8: 0x80, 15: 7}
	for range 2 {
		r, err := h.Recall(t.Context(), maya, "", id, service.Recalling{Conversation: in})
		if err != nil || r.Outcome != service.OutcomeRecalled || len(r.Recipients) != 0 {
			t.Errorf("tombstone: %+v, %v", r, err)
		}
	}
	_, err := h.Send(t.Context(), maya, "", service.Sending{Conversation: in, ID: id, Body: "late", Kind: sealpost.KindMessage})
	wantCode(t, "the late send", err, sealpost.CodeRecalled)
	if got := h.view(jonas, in); got != "not found" {
		t.Errorf("the recipient sees %s", got)
	}
	// An id of others elsewhere is answered like one that never was.
	elsewhere := h.send(jonas, h.pair(jonas, erik))
	if r, err := h.Recall(t.Context(), maya, "", elsewhere, service.Recalling{Conversation: in}); err != nil || r.Outcome != service.OutcomeRecalled {
		t.Errorf("somebody else's id: %+v, %v", r, err)
	}
	mine := h.send(maya, h.pair(maya, erik))
	_, err = h.Recall(t.Context(), maya, "", mine, service.Recalling{Conversation: in})
	wantCode(t, "an own message elsewhere", err, sealpost.CodeNotFound)
	_, err = h.Recall(t.Context(), erik, "", id, service.Recalling{Conversation: in})
	wantCode(t, "a stranger", err, sealpost.CodeNotFound)
}

// R32, R3: every decision has its entry, with nothing derived from content, and
// revisions have no gaps (I5).
func TestAudit(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas := h.person("Maya"), h.person("Jonas")
	in := h.pair(maya, jonas)
	const text = "the text of this message"
	m, err := h.Send(t.Context(), maya, "", service.Sending{Conversation: in, Body: text, Kind: sealpost.KindMessage})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Recall(t.Context(), maya, "", m.ID, service.Recalling{Reason: "wrong person", KeepDraft: true}); err != nil {
		t.Fatal(err)
	}
	h.open(jonas, in, h.send(maya, in))
	_, _ = h.recall(maya, h.send(maya, in))
	all, err := h.store.AuditLog(t.Context(), service.AuditQuery{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(all)
	var rev int64
	var actions []string
	for _, a := range all {
		if strings.Contains(fmt.Sprint(a), text) {
			t.Errorf("content in the audit log: %+v", a)
		}
		if a.Conversation != in || a.Rev == 0 {
			continue
		}
		if rev++; a.Rev != rev {
			t.Errorf("revision %d after %d", a.Rev, rev-1)
		}
		actions = append(actions, a.Action)
	}
	want := []string{"message.send", "recall.granted", "message.send", "message.open", "message.send", "recall.refused"}
	if !slices.Equal(actions, want) {
		t.Errorf("entries %v; want %v", actions, want)
	}
	if a := h.lastAudit("recall.granted"); !strings.Contains(a.Detail, "wrong person") {
		t.Errorf("the reason is not in the log: %+v", a)
	}
}
