package client_test

import (
	"context"
	"testing"
	"time"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/client"
)

// R21: a live client learns of a message, its opening elsewhere and its recall, by
// signals and a view, and never has the text of what it did not open.
func TestViewOfAServer(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	_, a := h.person("Ada")
	bob, b := h.person("Bob")
	talk := must(a.CreateConversation(ctx, api.StartConversation{ParticipantIDs: []string{bob}}))(t).ID
	first := must(a.Send(ctx, talk, api.SendMessage{Body: "first"}))(t)

	view := b.View(talk)
	var second api.Message
	var early []api.Message // as they were before the recall and the opening
	step := 0
	for e, err := range b.Events(ctx, "") {
		if err != nil {
			t.Fatal(err)
		}
		d := must(view.Sync(ctx))(t)
		for _, m := range d.Messages {
			if m.Content != nil && m.Delivery != "opened" {
				t.Fatalf("text of a %s message", m.Delivery)
			}
		}
		switch {
		case step == 0 && e.Kind == client.EventConnected && d.Anew && view.Unread() == 1:
			second = must(a.Send(ctx, talk, api.SendMessage{Body: "second"}))(t)
			step++
		case step == 1 && view.Unread() == 2:
			early = view.Messages()
			must(a.Recall(ctx, second.ID, api.Recall{}))(t)
			step++
		case step == 2 && view.Unread() == 1:
			must(b.Open(ctx, talk, first.ID))(t)
			step++
		case step == 3 && view.Unread() == 0:
			step++
		}
		if step == 4 {
			break
		}
	}
	view.Fold(early...) // late answers
	got := view.Messages()
	if len(early) != 2 || len(got) != 2 || got[0].Content == nil || got[1].State != "recalled" {
		t.Errorf("%+v", got)
	}
}
