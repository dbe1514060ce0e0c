package webui_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// says sends a message in the conversation of two, and gives both ids.
func (w *writer) says(to *writer, text string) (sealpost.ConversationID, service.MessageView) {
	w.office.t.Helper()
	thread, _, err := w.office.CreateConversation(w.office.t.Context(), w.Principal, "", []sealpost.UserID{to.User.ID}, "")
	if err != nil {
		w.office.t.Fatal(err)
	}
	m, err := w.office.Send(w.office.t.Context(), w.Principal, "", service.Sending{Conversation: thread.Conversation.ID, Body: text})
	if err != nil {
		w.office.t.Fatal(err)
	}
	return thread.Conversation.ID, m
}

func TestSearching(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	maya, jonas, stranger := o.writer("Maya Okafor"), o.writer("Jonas Lindqvist"), o.writer("Lin Wei")
	maya.befriend(jonas)
	talk, m := maya.says(jonas, "The <b>invoice</b> of March\nis late")
	index := func() {
		t.Helper()
		if err := o.IndexDue(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	index()
	sealed := jonas.get("/search?q=invoice").want(200, "No messages match “<bdi>invoice</bdi>”. Sealed messages are not searched until you open them.")
	sealed.lacks("March")
	if _, err := o.Open(t.Context(), jonas.Principal, "", talk, m.ID); err != nil {
		t.Fatal(err)
	}
	index()
	jonas.get("/search?q=invoice").want(200, "1 message", "Maya Okafor", "<mark>invoice</mark>",
		"/messages/"+talk.String()+"?at="+m.ID.String()+"#m-"+m.ID.String(), "&lt;b&gt;").lacks("<b>invoice")
	o.ahead.Add(time.Hour.Microseconds()) // the window is over: it is settled for its sender too
	index()
	maya.get("/search?q=from:maya+invoice").want(200, "You, to <bdi>Jonas Lindqvist</bdi>")
	stranger.get("/search?q=invoice").want(200, "No messages match").lacks("March")
	maya.get("/search?q=-invoice").want(422, "at least one word, name or date", `href="#q"`)
	maya.get("/search?q="+strings.Repeat("x", 201)).want(422, "at most 200 characters")
}

func TestActivity(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	maya, jonas, erik := o.writer("Maya Okafor"), o.writer("Jonas Lindqvist"), o.writer("Erik Sand")
	maya.get("/activity").want(200, "Nothing yet.")
	maya.befriend(jonas)
	talk, m := maya.says(jonas, "not for long")
	if _, err := o.Recall(t.Context(), maya.Principal, "", m.ID, service.Recalling{Conversation: talk, KeepDraft: true}); err != nil {
		t.Fatal(err)
	}
	o.ahead.Add((25 * time.Hour).Microseconds())
	erik.invites(maya, "")
	s := maya.get("/activity").want(200, "<bdi>Erik Sand</bdi> invites you to connect.", "<bdi>Jonas Lindqvist</bdi> is now a connection.",
		"You recalled a message to <bdi>Jonas Lindqvist</bdi>.", "/messages/"+talk.String()+"/"+m.ID.String()+"/recall")
	today, before, ok := strings.Cut(s.html, "Yesterday")
	if !ok || !strings.Contains(today, "invites you") || strings.Contains(today, "You recalled") || !strings.Contains(before, "You recalled") {
		t.Errorf("not by day:\n%s", s.html)
	}
	references := map[string]bool{}
	for range 2 { // of the same second
		_, m = maya.says(jonas, "another")
		f, err := o.Flag(t.Context(), maya.Principal, "", m.ID, service.Flagging{Reason: sealpost.FlagOther})
		if err != nil {
			t.Fatal(err)
		}
		references[f.Flag.ID.String()[28:]] = true
	}
	s = maya.get("/activity")
	for r := range references {
		s.want(200, "Reference "+r)
	}
	// What others recalled is never an item.
	jonas.get("/activity").want(200).lacks("recalled a message", talk.String())
}
