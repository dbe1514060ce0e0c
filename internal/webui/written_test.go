package webui_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

const composerMark = `<form class="composer"`

// drafts gives the texts of somebody's drafts.
func (w *writer) drafts() (texts []string) {
	t := w.office.t
	t.Helper()
	all, _, err := w.office.Drafts(t.Context(), w.Principal, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range all {
		texts = append(texts, d.Body)
	}
	return texts
}

// Without script: the way to a time takes along what stands below the conversation, and
// the message that it answers, in no address.
func TestLaterTakesTheTextAlong(t *testing.T) {
	t.Parallel()
	maya, jonas, c := duo(t)
	c.opens(jonas, c.says(maya, "some zebras"))
	m := c.says(jonas, "how many?")
	c.opens(maya, m)
	form := maya.get(c.path()+"?reply="+m.String()).want(200, "Answer to: ").formOf(composerMark)
	page := maya.post("/compose/edit", with(form, "body", "zebra for later", "do", "later")).want(200, "In reply to", "To <bdi>Jonas Lindqvist</bdi>")
	next := page.form()
	if next.Get("body") != "zebra for later" || next.Get("when") != "later" || next.Get("reply") != m.String() || strings.Contains(page.at, "zebra") {
		t.Errorf("at %s: %v", page.at, next)
	}
	if back := maya.get(c.path()).want(200, "Answer to: ").formOf(composerMark); back.Get("body") != "zebra for later" || back.Get("draft") != next.Get("draft") {
		t.Errorf("in the conversation again: %v", back)
	}
	none := maya.get(c.path() + "?reply=").lacks("Answer to: ").formOf(composerMark)
	if none.Get("body") != "zebra for later" || none.Has("reply") {
		t.Errorf("without the answer: %v", none)
	}
	jonas.get("/messages").lacks("zebra")
	sent := maya.post(c.path()+"/send", with(none, "body", "zebra now")).want(200)
	if left := maya.drafts(); len(left) != 0 || sent.formOf(composerMark).Get("body") != "" {
		t.Errorf("drafts are left: %q", left)
	}
	empty := maya.post("/compose/edit", with(sent.formOf(composerMark), "do", "later")).want(200, "To <bdi>Jonas Lindqvist</bdi>")
	if empty.form().Get("when") != "later" {
		t.Error("a time is not asked for")
	}
}

// A draft that is to be sent at a time is not what the field below the conversation
// sends at once; one that hides its preview goes on hiding it.
func TestDraftsBelowAConversation(t *testing.T) {
	t.Parallel()
	maya, _, c := duo(t)
	tomorrow := time.Now().AddDate(0, 0, 1).Format("2006-01-02") + "T09:00"
	d, err := c.AddDraft(t.Context(), maya.Principal, "", service.Writing{Conversation: c.id, Body: "zebra at nine", SendAt: tomorrow})
	if err != nil {
		t.Fatal(err)
	}
	page := maya.get(c.path()).says("You have a draft here for a later time.").want(200, "/compose?draft="+d.Draft.ID.String())
	if got := page.formOf(composerMark); got.Get("body") != "" || got.Has("draft") {
		t.Errorf("the field holds %v", got)
	}
	maya.get("/messages").says("Draft: zebra at nine")
	if _, err := c.AddDraft(t.Context(), maya.Principal, "", service.Writing{Conversation: c.id, Body: "zebra unseen", HidePreview: true}); err != nil {
		t.Fatal(err)
	}
	form := maya.get(c.path()).want(200, "Preview text is hidden").formOf(composerMark)
	maya.post(c.path()+"/send", form).want(200)
	h, err := c.History(t.Context(), maya.Principal, c.id, sealpost.MessageID{}, 10)
	if err != nil || len(h.Items) != 1 || h.Items[0].Content.Body != "zebra unseen" {
		t.Fatalf("%v: %+v", err, h.Items)
	}
	if form.Get("hide") != "on" {
		t.Error("the form forgets to hide it")
	}
}

// A text that came back from a recall is a draft to be looked up, and stands below the
// conversation once somebody writes on.
func TestRecalledTextIsNotWritten(t *testing.T) {
	t.Parallel()
	maya, _, c := duo(t)
	m := c.says(maya, "zebra taken back")
	report, err := c.Recall(t.Context(), maya.Principal, "", m, service.Recalling{KeepDraft: true})
	if err != nil {
		t.Fatal(err)
	}
	if got := maya.get(c.path()).formOf(composerMark); got.Get("body") != "" {
		t.Errorf("the field holds %q", got.Get("body"))
	}
	maya.get("/messages").says("You recalled a message").saysNot("Draft: ")
	again := maya.get("/compose?draft=" + report.DraftID.String()).want(200).form()
	maya.post("/compose/draft", with(again, "body", "zebra, better")).want(200)
	if got := maya.get(c.path()).formOf(composerMark); got.Get("body") != "zebra, better" {
		t.Errorf("the field holds %q", got.Get("body"))
	}
	maya.get("/messages").says("Draft: zebra, better")
}

// The list says what its viewer has under way, to nobody else, and never instead of
// what there is to open.
func TestUnsentInTheList(t *testing.T) {
	t.Parallel()
	maya, jonas, c := duo(t)
	at := time.Now().Add(48 * time.Hour)
	if _, err := c.Send(t.Context(), maya.Principal, "", service.Sending{Conversation: c.id, Body: "zebra on Sunday", Kind: sealpost.KindMessage, SendAt: at}); err != nil {
		t.Fatal(err)
	}
	in, _ := time.LoadLocation("Europe/Stockholm")
	maya.get("/messages").says("Scheduled: ", at.In(in).Format("15:04")).saysNot("No messages yet")
	jonas.get("/messages").saysNot("Scheduled: ", "Maya")
	undo := time.Minute
	if _, err := c.Send(t.Context(), maya.Principal, "", service.Sending{Conversation: c.id, Body: "zebra in a minute", Kind: sealpost.KindMessage, Undo: &undo}); err != nil {
		t.Fatal(err)
	}
	maya.get("/messages").says("Not sent yet: zebra in a minute")
	if _, err := c.AddDraft(t.Context(), jonas.Principal, "", service.Writing{Conversation: c.id, Body: "x"}); err == nil {
		t.Fatal("a draft in a conversation that nobody knows of")
	}
	m := c.says(maya, "zebra to open")
	if _, err := c.AddDraft(t.Context(), jonas.Principal, "", service.Writing{Conversation: c.id, Body: "giraffe"}); err != nil {
		t.Fatal(err)
	}
	jonas.get("/messages").says("Sealed. Open to read").saysNot("giraffe")
	c.opens(jonas, m)
	jonas.get("/messages").says("Draft: giraffe")
	maya.get("/messages").saysNot("giraffe")
}

// What is refused is kept as a draft, below the conversation and in Compose; what may
// have been sent is not.
func TestRefusedIsADraft(t *testing.T) {
	t.Parallel()
	maya, jonas, c := duo(t)
	page := maya.post("/compose", with(maya.get("/compose").form(), "body", "zebra to nobody")).want(422, "Draft saved")
	if got := page.form().Get("draft"); got == "" {
		t.Error("the form does not know its draft")
	}
	form := later(with(page.form(), "body", "zebra on Mars", "recipient", jonas.id()), "2030-01-01", "09:00", "Mars/Olympus")
	maya.post("/compose", form).want(422, `href="#time_zone"`, "Mars/Olympus")
	if got := maya.drafts(); len(got) != 1 || got[0] != "zebra on Mars" {
		t.Errorf("drafts: %q", got)
	}
	if _, err := c.Block(t.Context(), jonas.Principal, "", maya.User.ID); err != nil {
		t.Fatal(err)
	}
	refused := maya.post(c.path()+"/send", with(maya.get(c.path()).formOf(composerMark), "body", "zebra at a door")).want(409)
	refused.says("Not sent. Your draft is safe.", "Draft saved")
	if got := maya.get(c.path()).formOf(composerMark).Get("body"); got != "zebra at a door" {
		t.Errorf("the field holds %q", got)
	}
}

// Two devices below one conversation: whoever is second is asked, by forms too.
func TestConflictBelowAConversation(t *testing.T) {
	t.Parallel()
	maya, _, c := duo(t)
	form := with(maya.get(c.path()).formOf(composerMark), "body", "first")
	maya.post("/compose/draft", form).want(200, "Draft saved.")
	desk, phone := maya.get(c.path()).formOf(composerMark), maya.get(c.path()).formOf(composerMark)
	maya.post("/compose/draft", with(phone, "body", "from the phone")).want(200)
	clash := maya.post("/compose/draft", with(desk, "body", "from the desk"))
	clash.want(412, "This draft was also changed on another device at", "from the phone", ">from the desk</textarea>", `id="messages"`)
	maya.post(c.path()+"/send", with(desk, "body", "from the desk")).want(409, "Keep this one", "from the phone")
	kept := maya.post("/compose/draft", with(clash.formOf(composerMark), "keep", "this")).want(200, ">from the desk</textarea>")
	if !strings.HasPrefix(kept.at, c.path()) {
		t.Errorf("keeping led to %s", kept.at)
	}
	gone := with(kept.formOf(composerMark), "body", "  ")
	maya.post("/compose/draft", gone, "HX-Request", "true").want(200, `id="draft-state"`).lacks(`name="draft"`)
	if left := maya.drafts(); len(left) != 0 {
		t.Errorf("drafts are left: %q", left)
	}
}

// Whose session ended gets what they wrote back as a draft once they have signed in,
// where they were; nobody else who signs in there does.
func TestWritingThroughSigningIn(t *testing.T) {
	t.Parallel()
	maya, jonas, c := duo(t)
	ended := &writer{office: maya.office}
	form := with(maya.get(c.path()).formOf(composerMark), "body", "zebra & a <night>")
	page := ended.post(c.path()+"/send", form, "Referer", maya.office.server.URL+c.path()+"?filter=unread")
	page.want(401, "Your session has ended. Sign in, and what you wrote is a draft.")
	through := page.formOf(`<form class="stack" method="post" action="/sign-in"`)
	if through.Get("to") != c.path()+"?filter=unread" || through.Has("key") {
		t.Errorf("signing in is asked with %v", through)
	}
	wrong := ended.post("/sign-in", with(clone(through), "email", maya.User.Email, "password", "no")).want(401)
	through = wrong.formOf(`<form class="stack" method="post" action="/sign-in"`)
	jonasForm := with(clone(through), "email", jonas.User.Email, "password", "correct horse")
	answer, _ := maya.office.raw(http.MethodPost, "/sign-in", "", jonasForm.Encode())
	if to := answer.Header.Get("Location"); answer.StatusCode != http.StatusSeeOther || strings.Contains(to, "draft=") {
		t.Errorf("somebody else is led to %q", to)
	}
	answer, _ = maya.office.raw(http.MethodPost, "/sign-in", "", with(clone(through), "email", maya.User.Email, "password", "correct horse").Encode())
	back := maya.get(answer.Header.Get("Location")).want(200, "Draft saved.")
	if got := back.formOf(composerMark).Get("body"); !strings.HasPrefix(back.at, c.path()) || got != "zebra & a <night>" {
		t.Errorf("at %s the field holds %q", back.at, got)
	}
	if got := jonas.drafts(); len(got) != 0 {
		t.Errorf("somebody else has %q", got)
	}
	// A part of a page gets no page to sign in on.
	if part, html := maya.office.raw(http.MethodPost, c.path()+"/send", "", form.Encode(), "HX-Request", "true"); part.StatusCode != 401 || html != "" {
		t.Errorf("a part is answered %d %q", part.StatusCode, html)
	}
	// Without a text there is only the way back.
	empty, _ := maya.office.raw(http.MethodPost, c.path()+"/mute", "", "on=true", "Referer", maya.office.server.URL+c.path())
	if to := empty.Header.Get("Location"); to != "/sign-in?done=ended&to="+url.QueryEscape(c.path()) {
		t.Errorf("a form without text leads to %q", to)
	}
	elsewhere, _ := maya.office.raw(http.MethodPost, c.path()+"/mute", "", "on=true", "Referer", "https://evil.example/x")
	if to := elsewhere.Header.Get("Location"); to != "/sign-in" {
		t.Errorf("a form from elsewhere leads to %q", to)
	}
}

func clone(form url.Values) url.Values {
	out := url.Values{}
	for name, all := range form {
		out[name] = append([]string(nil), all...)
	}
	return out
}
