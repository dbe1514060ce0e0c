//go:build sealtest

package sweep_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// J5, R16, R34: what never was, what is somebody else's, what is not delivered and
// what was recalled without a trace give one answer: status, header and body, byte
// for byte, for every operation on a message.
func TestWhatOneMayNotKnowIsNowhere(t *testing.T) {
	t.Parallel()
	forEachEngine(t, func(t *testing.T, engine string) {
		a := newAPI(t, engine)
		nowhere, hidden := a.unknowable(t)
		v := visitor{name: "reader", person: "reader", token: a.people["reader"].token}
		in := base + "/conversations/" + a.in.String()
		for _, try := range []struct {
			method, path string
			body         any
		}{
			{"GET", base + "/messages/{x}", nil},
			{"HEAD", base + "/messages/{x}", nil},
			{"GET", base + "/messages/{x}/recall", nil},
			{"GET", base + "/messages/{x}/report", nil},
			{"POST", base + "/messages/{x}/recall", nil},
			{"POST", base + "/messages/{x}/recall", map[string]any{"reason": "x", "keep_draft": false}},
			{"POST", base + "/messages/{x}/recall", map[string]any{"conversation_id": a.in.String()}},
			{"PATCH", base + "/messages/{x}", map[string]any{"body": "x"}},
			{"POST", base + "/messages/{x}/send_now", nil},
			{"DELETE", base + "/messages/{x}", nil},
			{"POST", base + "/messages/{x}/disregard", nil},
			{"POST", base + "/messages/{x}/acknowledge", map[string]any{"deleted": true}},
			{"POST", base + "/messages/{x}/hide", nil},
			{"POST", base + "/messages/{x}/flag", map[string]any{"reason": "spam"}},
			{"GET", in + "/messages?before={x}", nil},
			{"POST", in + "/open", map[string]any{"through": "{x}"}},
			{"POST", in + "/messages", map[string]any{"body": "x", "in_reply_to": "{x}"}},
		} {
			answers := map[string]string{}
			for name, id := range hidden {
				answers[name] = uniform(ask(t, a.url, v, try.method, strings.ReplaceAll(try.path, "{x}", id), withID(try.body, id)), id)
			}
			want := uniform(ask(t, a.url, v, try.method, strings.ReplaceAll(try.path, "{x}", nowhere), withID(try.body, nowhere)), nowhere)
			for name, got := range answers {
				if got != want {
					t.Errorf("%s %s %v: %s\n  gives  %q\n  never: %q", try.method, try.path, try.body, name, got, want)
				}
			}
		}
	})
}

// unknowable makes messages that the reader may not know of, and an id that never
// was a message.
func (a *testAPI) unknowable(t *testing.T) (nowhere string, hidden map[string]string) {
	t.Helper()
	sender, other := a.people["sender"], a.people["other"]
	undo := time.Minute
	send := func(from person, in sealpost.ConversationID, change func(*service.Sending)) sealpost.MessageID {
		t.Helper()
		s := service.Sending{Conversation: in, Body: "x", Kind: sealpost.KindMessage}
		if change != nil {
			change(&s)
		}
		return must(a.service.Send(t.Context(), from.principal(), "", s))(t).ID
	}
	elsewhere := a.conversation(t, sender, "", other)
	theirs := send(other, elsewhere, nil)
	opened := send(other, elsewhere, nil)
	must(a.service.Open(t.Context(), sender.principal(), "", elsewhere, opened))(t)
	held := send(sender, a.in, func(s *service.Sending) { s.Undo = &undo })
	undone := send(sender, a.in, func(s *service.Sending) { s.Undo = &undo })
	must(a.service.Undo(t.Context(), sender.principal(), "", undone))(t)
	scheduled := send(sender, a.in, schedule)
	recalled := send(sender, a.in, nil) // nobody is there: no trace
	if r := must(a.service.Recall(t.Context(), sender.principal(), "", recalled, service.Recalling{}))(t); r.Trace != "none" {
		t.Fatal("the recall left a trace")
	}
	return must(newV7())(t), map[string]string{
		"not theirs": theirs.String(), "opened, not theirs": opened.String(), "held": held.String(), "undone": undone.String(),
		"scheduled": scheduled.String(), "recalled without a trace": recalled.String(),
	}
}

// uniform takes the asked id and times out of an answer: a recall before arrival
// repeats the one and makes the other.
func uniform(a answer, id string) string {
	return timePattern.ReplaceAllString(strings.ReplaceAll(a.String(), id, "{x}"), "{time}")
}

func withID(body any, id string) any {
	if body == nil {
		return nil
	}
	return []byte(strings.ReplaceAll(string(marshal(body)), "{x}", id))
}
