//go:build sealtest

package browser_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/sealpost/sealpost/api"
)

// drafts gives the texts of somebody's drafts.
func (p *person) drafts() (texts []string) {
	t := p.site.t
	t.Helper()
	all, err := p.api.Drafts(t.Context(), pageOne())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range all.Items {
		texts = append(texts, d.Body)
	}
	return texts
}

// holds waits for a text in the field that is written in.
func (b *tab) holds(text string) {
	b.t.Helper()
	b.await("the text "+quoted(text), `document.getElementById("body")?.value === `+quoted(text))
}

// writes goes to a page that begins in the text, and types.
func (b *tab) writes(path, text string) {
	b.t.Helper()
	b.visit(path)
	b.await("the focus in the text", `document.activeElement?.id === "body"`)
	b.types(text)
}

const nothingHere = `!Object.keys(localStorage).some((k) => k.startsWith("sealpost-draft"))`

// What is written below a conversation is a draft on every device, shown to nobody else,
// and gone with the message.
func TestThreadDraft(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.jonas.opens(p.talk, p.maya.says(p.talk, "how are the figures?").ID)
	desk, phone := p.at(p.jonas, desk()), p.at(p.jonas, phone())
	desk.visit(p.path())
	desk.click("#body")
	desk.types("zebra half done")
	desk.await("the draft on the server", savedOnServer+" && "+nothingHere)
	desk.picture("saved")
	desk.awaitText("#inbox .row-words", "Draft: zebra half done")
	phone.visit("/messages")
	phone.awaitText("#inbox .row-words", "Draft: zebra half done")
	phone.picture("list")
	other := p.at(p.maya, phoneOf(true))
	other.visit("/messages")
	other.awaitText("#inbox .row-words", "You: how are the figures?")
	phone.visit(p.path())
	phone.holds("zebra half done")
	phone.picture("resumed")
	phone.click("#body")
	phone.press("End")
	phone.types(", and now whole")
	phone.await("the next version on the server", `document.querySelector("[name=version]")?.value === "2" && `+nothingHere)
	desk.visit("/compose")
	desk.visit(p.path()) // back again
	desk.holds("zebra half done, and now whole")
	desk.await("the cursor at the end", `document.activeElement.id === "body" && document.activeElement.selectionStart === document.activeElement.value.length`)
	desk.click(".composer button.primary")
	desk.awaitText("#messages .body", "and now whole")
	desk.await("an empty field", `document.getElementById("body").value === "" && !document.querySelector("[name=draft]") && `+nothingHere)
	desk.visit(p.path())
	desk.holds("")
	desk.awaitText("#inbox .row-words", "You: zebra half done, and now whole")
	if left := p.jonas.drafts(); len(left) != 0 {
		t.Errorf("drafts are left: %q", left)
	}
}

func phoneOf(dark bool) device {
	d := phone()
	d.dark = dark
	return d
}

// Emptying the field deletes the draft; leaving before the pause is over loses nothing.
func TestThreadDraftAtOnce(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	b := p.at(p.maya, desk())
	b.visit(p.path())
	b.click("#body")
	b.types("zebra in haste")
	b.visit("/messages") // within the pause
	b.visit(p.path())
	b.holds("zebra in haste")
	b.awaitText("#saved", "This text was on this device and not saved yet.")
	b.await("the draft on the server", savedOnServer)
	b.eval(`document.getElementById("body").select()`)
	b.press("Delete")
	b.await("no draft", `document.getElementById("body").value === "" && !document.querySelector("[name=draft]")`)
	b.awaitText("#inbox .row-words", "No messages yet")
	if left := p.maya.drafts(); len(left) != 0 {
		t.Errorf("drafts are left: %q", left)
	}
	b.visit(p.path())
	b.holds("")
}

// Without a way to the server the text stays on the device; a failed send and a page
// that is gone lose nothing, and it is sent once.
func TestThreadDraftUnsaved(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	b := p.at(p.maya, phone())
	b.expect("502")
	p.breakOn(func(r *http.Request) bool { return r.Method == http.MethodPost })
	b.visit(p.path())
	b.click("#body")
	b.types("zebra at home")
	b.awaitText("#saved", "Saved on this device.")
	b.picture("on-this-device")
	if b.has(".composer .failed") {
		t.Error("a saving that did not get through reads like a send")
	}
	b.click(".composer button.primary")
	b.awaitText(".composer .failed", "Your draft is safe")
	b.visit(p.path())
	b.holds("zebra at home")
	p.breakOn(nil)
	b.click("#body")
	b.press("End")
	b.types(".")
	b.await("the draft on the server", savedOnServer+" && "+nothingHere)
	b.click(".composer button.primary")
	b.awaitText("#messages .body", "zebra at home.")
	if got := p.jonas.received(); len(got) != 1 {
		t.Errorf("received %q", got)
	}
}

// Two devices write one answer: whoever saves second is asked, below the conversation
// as in Compose.
func TestThreadDraftConflict(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	one, two := p.at(p.maya, desk()), p.at(p.maya, phone())
	one.expect("412")
	one.visit(p.path())
	one.click("#body")
	one.types("common ground")
	one.await("the draft on the server", savedOnServer)
	two.visit(p.path())
	two.holds("common ground")
	two.click("#body")
	two.press("End")
	two.types(" PHONE")
	two.await("the phone's draft on the server", `document.querySelector("[name=version]").value === "2" && `+nothingHere)
	one.types(" DESK")
	one.awaitText(".conflict", "This draft was also changed on another device at")
	one.picture("conflict")
	if text, _ := one.eval(`document.querySelector(".conflict blockquote").textContent`).(string); !strings.Contains(text, "PHONE") {
		t.Errorf("the other text is not shown: %q", text)
	}
	one.clickText(".conflict button", "Keep this one")
	one.awaitText(".done", "Draft saved.")
	one.holds("common ground DESK")
	one.awaitPath(p.path())
	two.visit(p.path())
	two.holds("common ground DESK")
	if all := p.maya.drafts(); len(all) != 1 {
		t.Errorf("drafts: %q", all)
	}
}

// The way to a time takes the text along, however fast somebody is.
func TestSendLaterFromThread(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	b := p.at(p.maya, desk())
	b.visit(p.path())
	b.click("#body")
	b.types("zebra for tomorrow")
	b.click(".composer [data-later]")
	b.awaitPath("/compose")
	b.holds("zebra for tomorrow")
	b.awaitText("#send-facts", "To Jonas Lindqvist")
	b.picture("compose")
	if b.eval(`document.getElementById("when-later").checked && !location.href.includes("zebra")`) != true {
		t.Error("a time is not asked for, or the address holds the text")
	}
	b.visit(p.path()) // there is no way but back
	b.holds("zebra for tomorrow")
	b.click(".composer [data-later]")
	b.awaitPath("/compose")
	b.click(".presets button")
	b.await("a date", `document.getElementById("send_at").value`)
	b.click("#send")
	b.awaitText(".done", "Scheduled.")
	b.holds("")
	b.await("nothing left on this device", nothingHere)
	b.awaitText("#inbox .row-words", "Scheduled: ")
	b.picture("scheduled")
	if left := p.maya.drafts(); len(left) != 0 {
		t.Errorf("drafts are left: %q", left)
	}
	if got := p.jonas.received(); len(got) != 0 {
		t.Errorf("received %q", got)
	}
}

// An undo joins what came back and what was being written, in one draft.
func TestUndoJoinsDrafts(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	undo := api.Duration(60 * time.Second)
	p.maya.settings(api.EditSettings{Undo: &undo})
	b := p.at(p.maya, desk())
	b.visit(p.path())
	b.click("#body")
	b.types("zebra one")
	b.click(".composer button.primary")
	b.awaitText("#inbox .row-words", "Not sent yet: zebra one")
	b.picture("held")
	b.holds("")
	b.types("zebra two")
	b.await("the draft on the server", savedOnServer+" && "+nothingHere)
	b.clickText(".message.pending button", "Undo")
	b.holds("zebra one\n\nzebra two")
	b.await("one draft on the server", savedOnServer+" && "+nothingHere)
	b.settled()
	if all := p.maya.drafts(); len(all) != 1 || all[0] != "zebra one\n\nzebra two" {
		t.Errorf("drafts: %q", all)
	}
	b.visit(p.path())
	b.holds("zebra one\n\nzebra two")
}

// Who is writing when the session ends signs in again and goes on with the same text, in
// the same place.
func TestSessionEndsWhileWriting(t *testing.T) {
	t.Parallel()
	for _, d := range []device{desk(), phoneOf(true)} {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			p := newPair(t)
			b := p.at(p.maya, d)
			b.expect("401")
			b.visit(p.path())
			b.click("#body")
			b.types("zebra of a long day")
			if err := p.maya.api.SignOut(t.Context()); err != nil {
				t.Fatal(err)
			}
			b.press("Enter", chromedp.ModifierCtrl) // unless the page knows by itself
			b.awaitText("dialog h1", "Sign in to Northwind")
			b.awaitText("dialog", "Your session has ended.")
			b.await("the focus in the form", `document.activeElement.id === "email"`)
			b.picture("dialog")
			b.signInAgain()
			b.awaitPath(p.path())
			b.holds("zebra of a long day")
			b.click(".composer button.primary")
			b.awaitText("#messages .body", "zebra of a long day")
			if got := p.jonas.received(); len(got) != 1 {
				t.Errorf("received %q", got)
			}
		})
	}
}

func (b *tab) signInAgain() {
	b.t.Helper()
	b.types(b.person.email)
	b.click("#password")
	b.types(secretWord)
	b.press("Enter")
}

// Compose says that the session has ended, which is not the same as being offline.
func TestSessionEndsInCompose(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	b := p.at(p.maya, desk())
	b.expect("401")
	b.writes("/compose?to="+p.jonas.id, "zebra of an evenin")
	if err := p.maya.api.SignOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.types("g") // one key: the dialog takes the focus
	b.awaitText("dialog h1", "Sign in to Northwind")
	b.press("Escape")
	b.awaitText("#saved", "Your session has ended. This text is kept on this device; sign in to go on.")
	b.picture("ended")
	b.click("#send")
	b.awaitText("h1", "Sign in to Northwind")
	b.awaitText("main, dialog", "Your session has ended.")
	b.await("the focus in the form", `document.activeElement.id === "email"`)
	b.signInAgain()
	b.awaitPath("/compose")
	b.holds("zebra of an evening")
	b.awaitText("#send-facts", "To Jonas Lindqvist")
}

// A message that is refused is a draft, even before the pause is over.
func TestRefusedIsKept(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	b := p.at(p.maya, desk())
	b.expect("422")
	b.writes("/compose", "zebra to nobody")
	b.click("#send")
	b.awaitText("#people-trouble", "Add at least one recipient.")
	b.await("nothing left on this device only", nothingHere)
	b.visit("/messages?filter=drafts")
	b.awaitText("#inbox", "zebra to nobody")
	b.visit("/compose")
	b.holds("")
}
