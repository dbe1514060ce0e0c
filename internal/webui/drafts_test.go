package webui_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// A draft is kept, found again, sent once, and gone then.
func TestDraftIsSentOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	jonas, maya := o.writer("Jonas Lindqvist"), o.writer("Maya Okafor")
	jonas.befriend(maya)
	form := with(jonas.get("/compose?to="+maya.id()).form(), "body", "half a thought")
	page := jonas.post("/compose/draft", form).want(200, "half a thought", "Draft saved")
	if !strings.HasPrefix(page.at, "/compose?") || !strings.Contains(page.at, "draft=") {
		t.Fatalf("saving led to %s", page.at)
	}
	jonas.post("/compose/draft", form) // a double click
	rows := jonas.get("/messages?filter=drafts").want(200, "half a thought", "To <bdi>Maya Okafor</bdi>")
	if n := strings.Count(rows.html, "/compose?draft="); n != 1 {
		t.Fatalf("%d drafts, want 1", n)
	}
	maya.get(page.at).want(404).lacks("half a thought")

	first, second := page.form(), jonas.get(page.at).want(200).form() // two devices
	jonas.post("/compose", first).lacks("Error: Compose")
	jonas.post("/compose", second).want(409, "This draft was sent or deleted on another device.", "half a thought")
	if got := maya.received(); len(got) != 1 {
		t.Fatalf("received %q", got)
	}
	jonas.get("/messages?filter=drafts").want(200, "No drafts.")
	jonas.get(page.at).want(404)
}

// Two devices change one draft: nothing is lost, whichever is kept.
func TestDraftConflict(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	jonas := o.writer("Jonas Lindqvist")
	page := jonas.post("/compose/draft", with(jonas.get("/compose").form(), "body", "first")).want(200)
	desk, phone := page.form(), page.form()
	jonas.post("/compose/draft", with(phone, "body", "from the phone")).want(200)

	clash := jonas.post("/compose/draft", with(desk, "body", "from the desk"))
	clash.want(412, "This draft was also changed on another device at", "Keep this one", "Keep the other", "See both", "from the phone", "from the desk")
	// A script gets the part that tells of the draft.
	jonas.post("/compose/draft", desk, "HX-Request", "true").want(412, `id="draft-state"`, "Keep this one", "from the phone").lacks(`id="body"`)

	// A third change in between: what was never shown is not overwritten.
	again := with(clash.form(), "keep", "this")
	jonas.post("/compose/draft", with(jonas.get(page.at).form(), "body", "the phone once more")).want(200)
	clash = jonas.post("/compose/draft", again).want(412, "the phone once more", "from the desk")
	kept := jonas.post("/compose/draft", with(clash.form(), "keep", "this")).want(200)
	if got := kept.form().Get("body"); got != "from the desk" {
		t.Fatalf("kept %q", got)
	}

	// Deleted elsewhere: the text can be kept as a new one.
	id := kept.form().Get("draft")
	jonas.get("/drafts/"+id+"/delete").want(200, "Delete this draft?", "from the desk")
	open := kept.form()
	jonas.post("/drafts/"+id+"/delete", with(open, "key", "delete")).want(200, "Draft deleted.")
	gone := jonas.post("/compose/draft", with(kept.form(), "body", "on and on")).want(404, "This draft was sent or deleted on another device.", "on and on")
	anew := jonas.post("/compose/draft", with(gone.form(), "keep", "new")).want(200, "on and on")
	if anew.form().Get("draft") == id {
		t.Fatal("a deleted draft is back")
	}
}

// What a script gets with a saving: the next version, so that the next one is no
// conflict.
func TestDraftAutosave(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	jonas := o.writer("Jonas Lindqvist")
	form := with(jonas.get("/compose").form(), "body", "one")
	part := jonas.post("/compose/draft", form, "HX-Request", "true").want(200, `name="version" value="1"`, "Draft saved")
	_, id, _ := strings.Cut(part.html, `name="draft" value="`)
	id, _, _ = strings.Cut(id, `"`)
	jonas.post("/compose/draft", with(form, "body", "one two", "draft", id, "version", "1"), "HX-Request", "true").want(200, `name="version" value="2"`)
	jonas.post("/compose/draft", with(jonas.get("/compose").form(), "body", " "), "HX-Request", "true").want(422)
}

// A draft says what it was, why it is back, and until when it is kept (R20, R28).
func TestDraftOrigin(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	jonas, maya := o.writer("Jonas Lindqvist"), o.writer("Maya Okafor")
	jonas.befriend(maya)
	thread, _, err := o.CreateConversation(t.Context(), jonas.Principal, "", []sealpost.UserID{maya.User.ID}, "")
	if err != nil {
		t.Fatal(err)
	}
	sending := service.Sending{Conversation: thread.Conversation.ID, Body: "a plum", Kind: sealpost.KindMessage}
	m, err := o.Send(t.Context(), jonas.Principal, "", sending)
	if err != nil {
		t.Fatal(err)
	}
	report, err := o.Recall(t.Context(), jonas.Principal, "", m.ID, service.Recalling{KeepDraft: true})
	if err != nil {
		t.Fatal(err)
	}
	page := jonas.get("/compose?draft="+report.DraftID.String()).want(200, "You recalled this message.", "It is kept until", "a plum", "To <bdi>Maya Okafor</bdi>")
	// The wrong person got it: the same text to somebody else.
	jonas.post("/compose/edit", with(page.form(), "do", "another")).want(200, "a plum", `id="people"`)

	sending.Undo = new(time.Duration)
	*sending.Undo = time.Minute
	if m, err = o.Send(t.Context(), jonas.Principal, "", sending); err != nil {
		t.Fatal(err)
	}
	draft, err := o.Undo(t.Context(), jonas.Principal, "", m.ID)
	if err != nil {
		t.Fatal(err)
	}
	jonas.get("/compose?draft="+draft.String()).want(200, "You took this message back before it was delivered.")

	sending.Undo, sending.SendAt = nil, time.Now().Add(time.Hour)
	if _, err = o.Send(t.Context(), jonas.Principal, "", sending); err != nil {
		t.Fatal(err)
	}
	if _, err := o.Block(t.Context(), maya.Principal, "", jonas.User.ID); err != nil {
		t.Fatal(err)
	}
	o.ahead.Add((2 * time.Hour).Microseconds())
	if _, err := o.ReleaseDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows := jonas.get("/messages?filter=drafts").want(200, "Not sent at its time")
	_, failed, _ := strings.Cut(rows.html[:strings.Index(rows.html, "Not sent at its time")], "<main")
	at := failed[strings.LastIndex(failed, "/compose?draft="):]
	jonas.get(at[:strings.Index(at, `"`)]).want(200, "This message was not sent at its time: it could not be delivered.")
}
