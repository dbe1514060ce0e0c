package service_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func (h *house) disregard(p service.Principal, id sealpost.MessageID) service.MessageView {
	h.t.Helper()
	v, err := h.Disregard(h.t.Context(), p, "", id)
	if err != nil {
		h.t.Fatal(err)
	}
	return v
}

// S17: a sealed message in the system's words, linked to its target, once.
func TestDisregard(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas := h.person("Maya"), h.person("Jonas")
	zone := "Europe/Zurich"
	u, err := h.UpdateProfile(t.Context(), maya, "", service.ProfileEdit{TimeZone: &zone})
	if err != nil {
		t.Fatal(err)
	}
	maya.User = u
	in := h.pair(maya, jonas)
	id := h.send(maya, in)
	h.open(jonas, in, id)
	if _, there, err := h.DisregardRequest(t.Context(), maya, id); err != nil || there {
		t.Errorf("before it was asked: %v, %v", there, err)
	}
	_, _, err = h.DisregardRequest(t.Context(), jonas, id)
	wantCode(t, "a recipient's look at it", err, sealpost.CodeNotSender)
	v := h.disregard(maya, id)
	if first, there, err := h.DisregardRequest(t.Context(), maya, id); err != nil || !there || first.ID != v.ID {
		t.Errorf("after it was asked: %+v, %v, %v", first, there, err)
	}
	_, err = h.Disregard(t.Context(), maya, "", v.ID)
	wantCode(t, "of the request itself", err, sealpost.CodeForbidden)
	if v.Kind != sealpost.KindDisregard || v.State != sealpost.Sent || v.Content.InReplyTo != id ||
		v.Content.Body != "Please disregard my message of 11:00 CET (Mon 2 Mar 2026). I sent it by mistake. Could you delete it? Thank you." {
		t.Errorf("the request: %+v %+v", v, v.Content)
	}
	if got, err := h.Message(t.Context(), jonas, v.ID); err != nil || got.Content != nil || got.Delivery != sealpost.DeliverySealed {
		t.Errorf("for the recipient: %+v, %v", got, err)
	}
	zone = "Asia/Tokyo" // asked again with another text: the first one stands
	if maya.User, err = h.UpdateProfile(t.Context(), maya, "", service.ProfileEdit{TimeZone: &zone}); err != nil {
		t.Fatal(err)
	}
	h.bus.told()
	again, err := h.Disregard(t.Context(), maya, "a-key", id)
	if err != nil || again.ID != v.ID || again.Content.Body != v.Content.Body {
		t.Errorf("again: %+v, %v", again, err)
	}
	if told := h.bus.told(); len(told) > 0 {
		t.Errorf("told again: %v", told)
	}
	o := h.open(jonas, in, v.ID)
	if len(o.Messages) != 1 || o.Messages[0].Content.InReplyTo != id || o.Messages[0].Kind != sealpost.KindDisregard {
		t.Errorf("opened: %+v", o)
	}
	other := h.send(maya, in)
	first, err := h.Disregard(t.Context(), maya, "one-key", other)
	if err != nil {
		t.Fatal(err)
	}
	if replayed, err := h.Disregard(t.Context(), maya, "one-key", other); err != nil || replayed.ID != first.ID {
		t.Errorf("replayed: %+v, %v", replayed, err)
	}
	_, err = h.Disregard(t.Context(), maya, "one-key", id)
	wantCode(t, "another request under the key", err, sealpost.CodeIdempotencyConflict)
}

func TestDisregardRefuses(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas, erik := h.person("Maya"), h.person("Jonas"), h.person("Erik")
	in := h.pair(maya, jonas)
	id := h.send(maya, in)
	ask := func(p service.Principal, id sealpost.MessageID) error {
		_, err := h.Disregard(t.Context(), p, "", id)
		return err
	}
	wantCode(t, "a stranger", ask(erik, id), sealpost.CodeNotFound)
	wantCode(t, "the recipient", ask(jonas, id), sealpost.CodeNotSender)
	wantCode(t, "a held one", ask(maya, h.hold(maya, in, time.Minute)), sealpost.CodeNotDelivered)
	h.mustRecall(maya, id)
	wantCode(t, "a recalled one", ask(maya, id), sealpost.CodeRecalled)
	group := h.group(maya, jonas, erik)
	left := h.send(jonas, group)
	if err := h.RemoveParticipant(t.Context(), jonas, "", group, jonas.User.ID); err != nil {
		t.Fatal(err)
	}
	wantCode(t, "after leaving", ask(jonas, left), sealpost.CodeForbidden)
}

// S17: what was said, to the sender only; what is said to be deleted is hidden.
func TestAcknowledge(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.policy(func(p *policy.Policy) { p.Window = time.Minute })
	maya, jonas, erik := h.person("Maya"), h.person("Jonas"), h.person("Erik")
	in := h.group(maya, jonas, erik)
	id := h.send(maya, in)
	answer := func(p service.Principal, id sealpost.MessageID, deleted bool) (service.MessageView, error) {
		return h.Acknowledge(t.Context(), p, "", id, deleted)
	}
	_, err := answer(jonas, id, true)
	wantCode(t, "nobody asked", err, sealpost.CodeNotFound)
	request := h.disregard(maya, id)
	_, err = answer(jonas, id, true)
	wantCode(t, "sealed", err, sealpost.CodeOpenRequired)
	_, err = answer(maya, id, true)
	wantCode(t, "one's own", err, sealpost.CodeForbidden)
	h.open(jonas, in, request.ID)
	h.open(erik, in, request.ID)
	before := h.view(erik, in)
	h.bus.told()

	v, err := answer(jonas, request.ID, false)
	if err != nil || v.ID != request.ID || v.Acknowledged == nil || v.Acknowledged.Deleted {
		t.Fatalf("answered: %+v, %v", v, err)
	}
	if told := h.bus.told(); !slices.Contains(told, maya.User.ID) || slices.Contains(told, erik.User.ID) {
		t.Errorf("told: %v", told)
	}
	h.advance(time.Second)
	if v, err = answer(jonas, id, true); err != nil || !v.Acknowledged.Deleted {
		t.Errorf("by the target: %+v, %v", v, err)
	}
	if v, err = answer(jonas, id, false); err != nil || !v.Acknowledged.Deleted {
		t.Errorf("taken back: %+v, %v", v, err)
	}
	if _, err := h.Message(t.Context(), jonas, id); sealpost.CodeOf(err) != sealpost.CodeNotFound {
		t.Errorf("what is said to be deleted is there: %v", err)
	}
	if got := h.view(erik, in); got != before {
		t.Errorf("another recipient can tell:\n%s\n%s", before, got)
	}
	own, err := h.Message(t.Context(), maya, request.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range own.Deliveries {
		if said := d.Acknowledged != nil && d.Acknowledged.Deleted; said != (d.UserID == jonas.User.ID) {
			t.Errorf("the sender sees %+v", d)
		}
	}
	if !strings.Contains(h.lastAudit("message.acknowledge").Detail, "true") {
		t.Error("the entry does not say what was said")
	}
}

// R31: a request to disregard is a new message, and reaches nobody whom none reaches.
func TestDisregardIsNoWayAround(t *testing.T) {
	t.Parallel()
	for name, bar := range map[string]func(h *house, maya, jonas service.Principal){
		"blocked":  func(h *house, maya, jonas service.Principal) { h.block(jonas, maya) },
		"blocking": func(h *house, maya, jonas service.Principal) { h.block(maya, jonas) },
		"closed": func(h *house, _, jonas service.Principal) {
			if err := h.disable(h.person("Root", sealpost.RoleAdmin), jonas.User.ID, true); err != nil {
				h.t.Error(err)
			}
		},
	} {
		h := newHouse(t)
		maya, jonas, erik := h.person("Maya"), h.person("Jonas"), h.person("Erik")
		two, group := h.pair(maya, jonas), h.group(maya, jonas, erik)
		alone, shared := h.send(maya, two), h.send(maya, group)
		h.open(jonas, two, alone)
		h.open(jonas, group, shared)
		bar(h, maya, jonas)
		before := h.view(jonas, two) + h.view(jonas, group)
		_, err := h.Disregard(t.Context(), maya, "", alone)
		wantCode(t, name, err, sealpost.CodeCannotDeliver)
		h.disregard(maya, shared) // the others of the group are asked
		if after := h.view(jonas, two) + h.view(jonas, group); after != before {
			t.Errorf("%s: it arrived:\n%s\n%s", name, before, after)
		}
	}
}

// R16, R17, R33: it asks those who have the message, and tells nobody else of it.
func TestWhoIsAskedToDisregard(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas, erik, noor := h.person("Maya"), h.person("Jonas"), h.person("Erik"), h.person("Noor")
	in := h.group(maya, jonas, erik)
	h.open(erik, in, h.send(maya, in)) // he knows the group
	h.advance(time.Hour)
	id := h.send(maya, in)
	h.open(jonas, in, id)
	if r := h.mustRecall(maya, id); r.Outcome != service.OutcomePartlyRecalled {
		t.Fatalf("the recall: %+v", r)
	}
	if _, err := h.AddParticipant(t.Context(), maya, "", in, noor.User.ID); err != nil {
		t.Fatal(err)
	}
	before := h.view(erik, in) + h.view(noor, in)
	v := h.disregard(maya, id)
	if len(v.Deliveries) != 1 || v.Deliveries[0].UserID != jonas.User.ID {
		t.Errorf("asked: %+v", v.Deliveries)
	}
	if after := h.view(erik, in) + h.view(noor, in); after != before {
		t.Errorf("who does not have the message learns of it:\n%s\n%s", before, after)
	}

	only := h.group(maya, jonas)
	gone := h.send(maya, only)
	if err := h.RemoveParticipant(t.Context(), jonas, "", only, jonas.User.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := h.AddParticipant(t.Context(), maya, "", only, noor.User.ID); err != nil {
		t.Fatal(err)
	}
	_, err := h.Disregard(t.Context(), maya, "", gone)
	wantCode(t, "nobody is there who has it", err, sealpost.CodeCannotDeliver)
}
