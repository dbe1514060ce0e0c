package service_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// What is told before sending is what holds afterwards (R12, R27, R28).
func TestOutlookHolds(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, bob := h.person("Ada", sealpost.RoleNotices), h.person("Bob")
	in := h.group(ada, bob)
	undo := 30 * time.Second
	for what, s := range map[string]service.Sending{
		"now": {}, "held": {Undo: &undo}, "later": {SendAt: time.UnixMicro(h.now.Load()).Add(time.Hour)},
		"notice": {Kind: sealpost.KindRequiredNotice},
	} {
		if s.Kind == 0 {
			s.Kind = sealpost.KindMessage
		}
		s.Conversation, s.Body = in, "text"
		told, err := h.Outlook(t.Context(), ada, "", service.Foreseeing{
			Recipients: []sealpost.UserID{bob.User.ID}, Kind: s.Kind, SendAt: s.SendAt, Undo: s.Undo,
		})
		if err != nil {
			t.Fatal(err)
		}
		sent, err := h.Send(t.Context(), ada, "", s)
		if err != nil {
			t.Fatal(err)
		}
		id := sent.ID
		if sent.SentAt == 0 {
			if sent.ReleaseAt != told.DeliveredAt && sent.ReleaseAt.Add(-time.Millisecond) > told.DeliveredAt {
				t.Errorf("%s: told %v, released at %v", what, told.DeliveredAt, sent.ReleaseAt)
			}
			if sent, err = h.SendNow(t.Context(), ada, "", id); err != nil {
				t.Fatal(err)
			}
		}
		if got := sent.RecallableUntil - sent.SentAt; got != sealpost.Instant(told.Window.Microseconds()) {
			t.Errorf("%s: a window of %v was told, it is %v", what, told.Window, got)
		}
		f, err := h.Forecast(t.Context(), ada, id)
		if err != nil || f.Code != told.Code || f.Recallable == (told.Recipients[0].Until == 0) {
			t.Errorf("%s: told %+v, and then %+v, %v", what, told, f, err)
		}
	}
	h.policy(func(p *policy.Policy) { p.Recall = false })
	told, err := h.Outlook(t.Context(), ada, "", service.Foreseeing{Recipients: []sealpost.UserID{bob.User.ID}, Kind: sealpost.KindMessage})
	if err != nil || told.Code != sealpost.CodeRecallOff || told.Recipients[0].Until != 0 {
		t.Errorf("with recall switched off: %+v, %v", told, err)
	}
}

// The outlook tells nothing of how people stand to the sender (R31).
func TestOutlookIsNoOracle(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.person("Ada")
	var answers []string
	for i, change := range []func(service.Principal){
		func(service.Principal) {},
		func(p service.Principal) { h.connect(ada, p) },
		func(p service.Principal) { h.block(p, ada) },
		func(p service.Principal) { h.reach(p, sealpost.ReachNobodyNew) },
		func(p service.Principal) { h.receipts(p, false) },
	} {
		p := h.person(fmt.Sprint("Person", i))
		change(p)
		o, err := h.Outlook(t.Context(), ada, "", service.Foreseeing{Recipients: []sealpost.UserID{p.User.ID}, Kind: sealpost.KindMessage})
		if err != nil {
			t.Fatal(err)
		}
		answers = append(answers, fmt.Sprint(o.Window, o.Code, o.Recipients[0].Until-o.DeliveredAt))
	}
	for _, a := range answers[1:] {
		if a != answers[0] {
			t.Errorf("not the same for everybody: %v", answers)
		}
	}
	for what, id := range map[string]sealpost.UserID{"oneself": ada.User.ID, "nobody": {1}} {
		_, err := h.Outlook(t.Context(), ada, "", service.Foreseeing{Recipients: []sealpost.UserID{id}, Kind: sealpost.KindMessage})
		wantCode(t, what, err, sealpost.CodeInvalid)
	}
	_, err := h.Outlook(t.Context(), ada, "", service.Foreseeing{Kind: sealpost.KindRequiredNotice})
	wantCode(t, "a notice without the role", err, sealpost.CodeForbidden)
}

// A preview has the text after the opening only, and leaves nothing behind.
func TestPreview(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, bob := h.person("Ada"), h.person("Bob")
	in := h.group(ada, bob)
	v, err := h.Preview(t.Context(), ada, "", service.Sending{Body: "text", Kind: sealpost.KindMessage})
	if err != nil {
		t.Fatal(err)
	}
	id := h.write(ada, in, "text")
	real, err := h.Message(t.Context(), bob, id)
	if err != nil {
		t.Fatal(err)
	}
	same := func(what string, shown, real service.MessageView) {
		t.Helper()
		shown.ID, shown.ConversationID = real.ID, real.ConversationID
		if got := shown.RecallableUntil - shown.SentAt; got != real.RecallableUntil-real.SentAt {
			t.Errorf("%s: a window of %v", what, got)
		}
		shown.SentAt, shown.RecallableUntil = real.SentAt, real.RecallableUntil
		if (shown.Content == nil) != (real.Content == nil) || shown.Content != nil && *shown.Content != *real.Content {
			t.Errorf("%s: content %+v, the recipient has %+v", what, shown.Content, real.Content)
		}
		shown.Content = real.Content
		if fmt.Sprintf("%+v", shown) != fmt.Sprintf("%+v", real) {
			t.Errorf("%s: shown %+v, the recipient has %+v", what, shown, real)
		}
	}
	same("before", v.Before, real)
	h.open(bob, in, id)
	if real, err = h.Message(t.Context(), bob, id); err != nil {
		t.Fatal(err)
	}
	same("after", v.After, real)
	if _, err := h.Message(t.Context(), ada, v.Before.ID); sealpost.CodeOf(err) != sealpost.CodeNotFound {
		t.Errorf("the preview is there: %v", err)
	}
}

// Both together are limited for each account.
func TestOutlookLimit(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, bob := h.person("Ada"), h.person("Bob")
	asks := func(p service.Principal, i int) error {
		if i%2 == 0 {
			_, err := h.Preview(t.Context(), p, "", service.Sending{Body: "text", Kind: sealpost.KindMessage})
			return err
		}
		_, err := h.Outlook(t.Context(), p, "", service.Foreseeing{Kind: sealpost.KindMessage})
		return err
	}
	for i := range 60 {
		if err := asks(ada, i); err != nil {
			t.Fatal(i, err)
		}
	}
	for i := range 2 {
		wantCode(t, "the 61st", asks(ada, i), sealpost.CodeRateLimited)
	}
	if err := asks(bob, 0); err != nil {
		t.Errorf("another account: %v", err)
	}
	h.advance(time.Minute + time.Second)
	if err := asks(ada, 0); err != nil {
		t.Errorf("a minute later: %v", err)
	}
}
