package service_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

type (
	principal    = service.Principal
	conversation = sealpost.ConversationID
	message      = sealpost.MessageID
)

// underKey is a request about a message or a conversation, under a key.
type underKey func(p principal, key string, at conversation, id message) error

// aboutMessages are those that name a message.
func (h *house) aboutMessages() map[string]underKey {
	ctx := h.t.Context()
	return map[string]underKey{
		"recall": func(p principal, key string, _ conversation, id message) error {
			_, err := h.Recall(ctx, p, key, id, service.Recalling{})
			return err
		},
		"flag": func(p principal, key string, _ conversation, id message) error {
			_, err := h.Flag(ctx, p, key, id, service.Flagging{Reason: sealpost.FlagSpam})
			return err
		},
		"hide": func(p principal, key string, _ conversation, id message) error { return h.Hide(ctx, p, key, id) },
		"undo": func(p principal, key string, _ conversation, id message) error {
			_, err := h.Undo(ctx, p, key, id)
			return err
		},
		"edit": func(p principal, key string, _ conversation, id message) error {
			_, err := h.EditPending(ctx, p, key, id, service.PendingEdit{Body: ptr("x")})
			return err
		},
		"send now": func(p principal, key string, _ conversation, id message) error {
			_, err := h.SendNow(ctx, p, key, id)
			return err
		},
		"disregard": func(p principal, key string, _ conversation, id message) error {
			_, err := h.Disregard(ctx, p, key, id)
			return err
		},
		"acknowledge": func(p principal, key string, _ conversation, id message) error {
			_, err := h.Acknowledge(ctx, p, key, id, true)
			return err
		},
	}
}

// aboutConversations are those that name a conversation.
func (h *house) aboutConversations() map[string]underKey {
	ctx := h.t.Context()
	return map[string]underKey{
		"open": func(p principal, key string, at conversation, id message) error {
			_, err := h.Open(ctx, p, key, at, id)
			return err
		},
		"recall in": func(p principal, key string, at conversation, id message) error {
			_, err := h.Recall(ctx, p, key, id, service.Recalling{Conversation: at})
			return err
		},
		"send": func(p principal, key string, at conversation, _ message) error {
			_, err := h.Send(ctx, p, key, service.Sending{Conversation: at, Body: "x", Kind: sealpost.KindMessage})
			return err
		},
		"mute": func(p principal, key string, at conversation, _ message) error {
			return h.SetMuted(ctx, p, key, at, true)
		},
		"unread": func(p principal, key string, at conversation, _ message) error {
			return h.SetUnread(ctx, p, key, at, true)
		},
		"accept": func(p principal, key string, at conversation, _ message) error {
			return h.AcceptRequest(ctx, p, key, at)
		},
		"decline": func(p principal, key string, at conversation, _ message) error {
			return h.DeclineRequest(ctx, p, key, at)
		},
		"title": func(p principal, key string, at conversation, _ message) error {
			_, err := h.SetTitle(ctx, p, key, at, "x")
			return err
		},
		"add": func(p principal, key string, at conversation, _ message) error {
			_, err := h.AddParticipant(ctx, p, key, at, p.User.ID)
			return err
		},
		"leave": func(p principal, key string, at conversation, _ message) error {
			return h.RemoveParticipant(ctx, p, key, at, p.User.ID)
		},
	}
}

// R11, R34: whether a key was used or not, what was answered under it does not tell
// what is there but may not be known from what never was.
func TestUsedKeyTellsNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.policy(func(p *policy.Policy) { p.Trace = sealpost.TraceNever })
	maya, jonas, eve := h.person("Maya"), h.person("Jonas"), h.person("Eve")
	own := h.pair(eve, maya)
	if err := h.SetMuted(t.Context(), eve, "used", own, true); err != nil {
		t.Fatal(err)
	}
	foreign := h.pair(maya, jonas)
	message := h.send(maya, foreign)
	undo := time.Minute
	held, err := h.Send(t.Context(), maya, "", service.Sending{Conversation: foreign, Body: "later", Kind: sealpost.KindMessage, Undo: &undo})
	if err != nil {
		t.Fatal(err)
	}
	h.advance(time.Hour)
	both := h.pair(maya, eve) // the same as her own: she wrote nothing to it
	traceless := h.send(maya, both)
	if r := h.mustRecall(maya, traceless); r.Trace != "none" {
		t.Fatalf("recalled with a trace: %+v", r)
	}
	quiet, _, err := h.CreateConversation(t.Context(), maya, "", idsOf(eve, jonas), "Quiet") // nobody knows of it yet
	if err != nil {
		t.Fatal(err)
	}

	type place struct {
		at sealpost.ConversationID
		id sealpost.MessageID
	}
	never := place{sealpost.ConversationID{7: 1}, sealpost.MessageID{7: 1}}
	compare := func(all map[string]underKey, there map[string]place) {
		t.Helper()
		for name, do := range all {
			for _, key := range []string{"used", "unused", ""} {
				want := do(eve, key, never.at, never.id)
				if code := sealpost.CodeOf(want); code != sealpost.CodeNotFound && (key != "used" || code != sealpost.CodeIdempotencyConflict) {
					t.Errorf("%s under %q of nothing: %v", name, key, want)
				}
				for what, p := range there {
					if got := do(eve, key, p.at, p.id); !reflect.DeepEqual(got, want) {
						t.Errorf("%s under %q of %s: %v; of nothing: %v", name, key, what, got, want)
					}
				}
			}
		}
	}
	compare(h.aboutMessages(), map[string]place{
		"a foreign one": {foreign, message}, "a held one": {foreign, held.ID}, "one that left no trace": {both, traceless},
	})
	compare(h.aboutConversations(), map[string]place{"a foreign one": {foreign, message}})
	unknowable := h.aboutConversations()
	delete(unknowable, "send") // to whom knows the id of what they are in
	delete(unknowable, "recall in")
	compare(unknowable, map[string]place{"one that nobody knows of": {quiet.Conversation.ID, message}})

	// What was refused has used up no key.
	if err := h.SetMuted(t.Context(), eve, "unused", own, true); err != nil {
		t.Errorf("under the unused key: %v", err)
	}
}
