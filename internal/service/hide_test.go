package service_test

import (
	"slices"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func (h *house) hide(p service.Principal, id sealpost.MessageID) {
	h.t.Helper()
	if err := h.Hide(h.t.Context(), p, "", id); err != nil {
		h.t.Fatal(err)
	}
}

// R22, R34: what somebody hides is gone for them, and nobody else can tell: no view,
// no signal, no report differs.
func TestHide(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.policy(func(p *policy.Policy) { p.PerConversationDay = 9 })
	maya, jonas, erik := h.person("Maya"), h.person("Jonas"), h.person("Erik")
	in := h.group(maya, jonas, erik)
	h.open(jonas, in, h.send(maya, in))
	id := h.send(maya, in)
	h.arrive(jonas)
	h.bus.told()
	others := h.view(maya, in) + h.view(erik, in)

	h.hide(jonas, id)
	h.hide(jonas, id)
	if told := h.bus.told(); !slices.Equal(told, idsOf(jonas)) {
		t.Errorf("told: %v", told)
	}
	if got := h.view(maya, in) + h.view(erik, in); got != others {
		t.Errorf("the others can tell:\n%s\n%s", others, got)
	}
	page, err := h.History(t.Context(), jonas, in, sealpost.MessageID{}, 10)
	if err != nil || len(page.Items) != 2 {
		t.Errorf("history of who hid it: %+v, %v", page, err)
	}
	if _, err := h.Message(t.Context(), jonas, id); sealpost.CodeOf(err) != sealpost.CodeNotFound {
		t.Errorf("by its id: %v", err)
	}

	// It was never opened, whatever Jonas opens after it; and it can be recalled.
	later := h.send(maya, in)
	h.open(jonas, in, later)
	h.bus.told()
	r := h.mustRecall(maya, id)
	if r.Outcome != service.OutcomeRecalled || len(r.Recipients) != 2 || r.Recipients[0].Outcome != service.OutcomeRecalled {
		t.Errorf("report: %+v", r)
	}
	if told := h.bus.told(); slices.Contains(told, jonas.User.ID) {
		t.Error("who hid it is told of the recall")
	}
}

func TestHideRefuses(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas, erik := h.person("Maya"), h.person("Jonas"), h.person("Erik")
	in := h.pair(maya, jonas)
	id := h.send(maya, in)
	hide := func(p service.Principal, id sealpost.MessageID) error { return h.Hide(t.Context(), p, "", id) }
	wantCode(t, "a stranger", hide(erik, id), sealpost.CodeNotFound)
	wantCode(t, "what never was", hide(maya, sealpost.MessageID{1}), sealpost.CodeNotFound)
	held := h.hold(maya, in, time.Minute)
	wantCode(t, "a held one", hide(maya, held), sealpost.CodeNotDelivered)
	wantCode(t, "a held one of somebody else", hide(jonas, held), sealpost.CodeNotFound)

	h.hide(maya, id) // an own one; it can still be recalled, by its id
	if _, err := h.Message(t.Context(), maya, id); sealpost.CodeOf(err) != sealpost.CodeNotFound {
		t.Errorf("an own one that is hidden: %v", err)
	}
	h.mustRecall(maya, id)
	if _, err := h.Report(t.Context(), maya, id); err != nil {
		t.Errorf("the report of a hidden one: %v", err)
	}
}

// S16: a follow-up to a message of one's own, whatever became of it.
func TestFollowUps(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.policy(func(p *policy.Policy) { p.PerConversationDay, p.Window = 9, 2*time.Hour })
	maya, jonas, erik := h.person("Maya"), h.person("Jonas"), h.person("Erik")
	in := h.group(maya, jonas, erik)
	refused := h.send(maya, in)
	h.open(jonas, in, refused)
	h.open(erik, in, refused)
	if _, err := h.recall(maya, refused); sealpost.CodeOf(err) != sealpost.CodeOpened {
		t.Fatal(err)
	}
	partly := h.send(maya, in)
	h.open(jonas, in, partly)
	h.advance(time.Hour) // Erik is not there
	h.mustRecall(maya, partly)
	for what, target := range map[string]sealpost.MessageID{"refused": refused, "recalled in part": partly} {
		v, err := h.Send(t.Context(), maya, "", service.Sending{Conversation: in, Body: "Correction", Kind: sealpost.KindMessage, InReplyTo: target})
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		for _, reader := range []service.Principal{jonas, erik} {
			opened := h.open(reader, in, v.ID).Messages
			got := opened[len(opened)-1].Content.InReplyTo
			seen, err := h.Message(t.Context(), reader, target)
			if (err == nil) != (got == target) || err != nil && !got.IsZero() {
				t.Errorf("%s: the link is %v, and the target %+v, %v", what, got, seen.State, err)
			}
		}
	}
}

// Hiding a message changes no reply to it: what a client holds stays what there is.
func TestHidingKeepsReplies(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas := h.person("Maya"), h.person("Jonas")
	in := h.pair(maya, jonas)
	id := h.send(maya, in)
	h.open(jonas, in, id)
	reply, err := h.Send(t.Context(), jonas, "", service.Sending{Conversation: in, Body: "reply", Kind: sealpost.KindMessage, InReplyTo: id})
	if err != nil {
		t.Fatal(err)
	}
	h.hide(jonas, id)
	if v, err := h.Message(t.Context(), jonas, reply.ID); err != nil || v.Content.InReplyTo != id {
		t.Errorf("the reply: %+v, %v", v.Content, err)
	}
	_, err = h.Message(t.Context(), jonas, id)
	wantCode(t, "what was hidden", err, sealpost.CodeNotFound)
}

// R34: a sealed message that somebody hid is recalled or closed to them later, and no
// reply that they hold changes by it, because nobody would tell them.
func TestHiddenTargetsChangeNoReply(t *testing.T) {
	t.Parallel()
	for name, later := range map[string]func(h *house, ada, cyd service.Principal, in sealpost.ConversationID, target sealpost.MessageID) error{
		"recalled without trace": func(h *house, ada, _ service.Principal, _ sealpost.ConversationID, target sealpost.MessageID) error {
			_, err := h.Recall(h.t.Context(), ada, "", target, service.Recalling{})
			return err
		},
		"left": func(h *house, _, cyd service.Principal, in sealpost.ConversationID, _ sealpost.MessageID) error {
			return h.RemoveParticipant(h.t.Context(), cyd, "", in, cyd.User.ID)
		},
	} {
		h := newHouse(t)
		h.policy(func(p *policy.Policy) { p.Trace = sealpost.TraceNever })
		ada, ben, cyd := h.person("Ada"), h.person("Ben"), h.person("Cyd")
		in := h.group(ada, ben, cyd)
		target := h.send(ada, in)
		h.open(ben, in, target)
		h.hide(cyd, target)
		reply, err := h.Send(t.Context(), ben, "", service.Sending{Conversation: in, Body: "reply", Kind: sealpost.KindMessage, InReplyTo: target})
		if err != nil {
			t.Fatal(err)
		}
		h.open(cyd, in, reply.ID)
		held, err := h.Message(t.Context(), cyd, reply.ID)
		if err == nil {
			err = later(h, ada, cyd, in, target)
		}
		fresh, err2 := h.Message(t.Context(), cyd, reply.ID)
		if err != nil || err2 != nil || held.Content.InReplyTo != target || fresh.Content.InReplyTo != target {
			t.Errorf("%s: %v, %v; the reply answered %s, then %s", name, err, err2, held.Content.InReplyTo, fresh.Content.InReplyTo)
		}
	}
}

// R31, R34: the sender cannot tell that everything in the conversation was hidden.
func TestHidingTellsNobody(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, ben := h.person("Ada"), h.person("Ben")
	h.connect(ada, ben)
	in := h.pair(ada, ben)
	first := h.send(ada, in)
	h.open(ben, in, first)
	h.reach(ben, sealpost.ReachNobodyNew)
	h.hide(ben, first)
	h.hide(ben, h.send(ada, in))
	h.send(ada, in) // fails the test if it is refused
}
