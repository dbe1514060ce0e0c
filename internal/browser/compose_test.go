//go:build sealtest

package browser_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/client"
)

// received gives the texts that somebody has once they open everything.
func (p *person) received() (texts []string) {
	t := p.site.t
	t.Helper()
	inbox, err := p.api.Conversations(t.Context(), "", client.Page{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range inbox.Items {
		if c.Last == nil {
			continue
		}
		p.opens(c.ID, c.Last.ID)
		history, err := p.api.History(t.Context(), c.ID, "", 50)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range history.Items {
			if m.SenderID != p.id && m.Content != nil {
				texts = append(texts, m.Content.Body)
			}
		}
	}
	return texts
}

const savedOnServer = `/Draft saved \d\d:\d\d/.test(document.getElementById("saved")?.textContent)`

// A message from the first key to the last without a pointer: the text, then who gets
// it, then Send (S22).
func TestComposeByKeyboard(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	jonas, maya, amal := s.person("Jonas Lindqvist"), s.person("Maya Okafor"), s.person("Amal Rahmani")
	jonas.befriend(maya, amal)
	b := s.at(jonas, desk())
	b.visit("/compose")
	b.await("the focus in the body", `document.activeElement.id === "body"`)
	b.types("written by hand")
	b.await("the draft on the server", savedOnServer)
	b.press("Tab")
	b.press("Tab")
	b.await("the focus among the recipients", `document.activeElement.id === "people"`)
	b.types("oka")
	b.await("an option", `!document.getElementById("people-options").hidden && document.querySelectorAll("#people-options [role=option]").length === 1`)
	b.press("Escape")
	b.await("a closed list on the same page", `document.getElementById("people-options").hidden && location.pathname === "/compose"`)
	b.press("ArrowDown")
	b.press("ArrowDown")
	b.press("Enter")
	b.awaitText(".chosen", "Maya Okafor")
	b.await("the focus in the field again", `document.activeElement.id === "people" && !document.activeElement.value`)
	b.types("amal")
	b.await("another option", `!document.getElementById("people-options").hidden`)
	b.press("Enter")
	b.awaitText(".chosen", "Amal Rahmani")
	b.awaitText("#compose-after", "Title of the group")
	b.press("Backspace")
	b.await("one recipient", `document.querySelectorAll(".chosen li").length === 1 && document.activeElement.id === "people"`)
	b.awaitText("#send-facts", "To Maya Okafor")
	b.press("Enter", chromedp.ModifierCtrl)
	b.await("the conversation", `location.pathname.startsWith("/messages/")`)
	b.await("nothing left on this device", `!Object.keys(localStorage).some((k) => k.startsWith("sealpost-draft"))`)
	if got := maya.received(); len(got) != 1 || got[0] != "written by hand" {
		t.Errorf("Maya received %q", got)
	}
	if got := amal.received(); len(got) != 0 {
		t.Errorf("Amal received %q", got)
	}
}

// One draft on a desk and on a phone: whoever saves second is asked, and nothing of
// either is lost.
func TestComposeConflict(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	jonas := s.person("Jonas Lindqvist")
	one, two := s.at(jonas, desk()), s.at(jonas, phone())
	one.expect("412")
	one.visit("/compose")
	one.types("common ground")
	one.await("the draft on the server", savedOnServer+` && location.search.includes("draft=")`)
	at, _ := one.eval("location.pathname + location.search").(string)
	two.visit(at)
	two.click("#body")
	two.types("PHONE ")
	two.await("the phone's draft on the server", `!Object.keys(localStorage).length && document.querySelector("[name=version]").value === "2"`)
	one.click("#body")
	one.types(" DESK")
	one.awaitText(".conflict", "This draft was also changed on another device at")
	if text, _ := one.eval(`document.querySelector(".conflict blockquote").textContent`).(string); !strings.Contains(text, "PHONE") {
		t.Errorf("the other text is not shown: %q", text)
	}
	one.clickText(".conflict button", "Keep this one")
	one.await("no conflict any more", `document.readyState === "complete" && !document.querySelector(".conflict") && document.getElementById("body").value.includes("DESK")`)
	two.visit(at)
	two.await("the desk's text", `document.getElementById("body").value.includes("DESK")`)
}

// What cannot be saved on the server is kept on the device, survives a crash of the
// page, and is sent by nobody but its author.
func TestComposeUnsaved(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	jonas, maya := s.person("Jonas Lindqvist"), s.person("Maya Okafor")
	jonas.befriend(maya)
	b := s.at(jonas, desk())
	b.expect("502")
	s.breakOn(func(r *http.Request) bool { return r.URL.Path == "/compose/draft" })
	b.visit("/compose?to=" + maya.id)
	b.types("kept at home")
	b.awaitText("#saved", "Saved on this device. It is not sent automatically when you're back; you press Send.")
	b.visit("/compose?to=" + maya.id) // the page is gone and comes back
	b.await("the text again", `document.getElementById("body").value === "kept at home"`)
	if got := maya.received(); len(got) != 0 {
		t.Fatalf("received %q before it was sent", got)
	}
	s.breakOn(nil)
	b.click("#body")
	b.types(".")
	b.await("the text with its full stop", `document.getElementById("body").value.length === 13`)
	b.await("the draft on the server", savedOnServer+` && !Object.keys(localStorage).length`)
	s.requests()
	b.click("#send")
	b.await("the conversation", `location.pathname.startsWith("/messages/")`)
	if got := maya.received(); len(got) != 1 {
		t.Fatalf("received %q", got)
	}
}

// What is wrong is said no longer than it is wrong.
func TestComposeMended(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	jonas, maya := s.person("Jonas Lindqvist"), s.person("Maya Okafor")
	jonas.befriend(maya)
	b := s.at(jonas, desk())
	b.expect("422")
	b.visit("/compose?to=" + maya.id)
	b.click("#send")
	b.awaitText(".trouble", "A message needs text.")
	b.click("#body")
	b.types("some")
	b.await("no trouble any more", `!document.querySelector(".trouble,[aria-invalid]")`)
	b.writes("/compose", "to nobody")
	b.click("#send")
	b.awaitText("#people-trouble", "Add at least one recipient.")
	b.await("the focus among the recipients", `document.activeElement.id === "people"`)
	b.types("may")
	b.await("no trouble at the recipients", `!document.querySelector(".trouble,#people-trouble,[aria-invalid]")`)
	b.await("an option", `!document.getElementById("people-options").hidden`)
}

// Who is not found is said where it is looked for, to everybody.
func TestComposeNobodyFound(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	jonas, maya := s.person("Jonas Lindqvist"), s.person("Maya Okafor")
	jonas.befriend(maya)
	for _, d := range []device{desk(), phoneOf(true)} {
		b := s.at(jonas, d)
		b.visit("/compose")
		b.click("#people")
		b.types("nobody here")
		b.awaitText(".recipients", "No one was found.")
		b.awaitText("#status", "No one was found.")
		b.picture("none")
		b.eval(`document.getElementById("people").select()`)
		b.types("may")
		b.await("an option, and nothing else", `!document.getElementById("people-options").hidden && document.getElementById("people-none").hidden`)
		b.eval(`document.getElementById("people").select()`)
		b.types("nowhere")
		b.press("Enter")
		b.awaitText(".recipients", "No one was found.")
	}
}

// A text that came back can go to somebody else, and to the first one after all.
func TestComposeForSomebodyElse(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	erik := p.person("Erik Sand")
	p.maya.befriend(erik)
	m := p.maya.says(p.talk, "for somebody else")
	report, err := p.maya.api.Recall(t.Context(), m.ID, api.Recall{})
	if err != nil {
		t.Fatal(err)
	}
	b := p.at(p.maya, desk())
	b.visit("/compose?draft=" + *report.DraftID)
	b.await("the cursor at the end", `document.activeElement.id === "body" && document.activeElement.selectionStart === document.activeElement.value.length`)
	b.clickText(".known button", "Send to someone else")
	b.await("the focus among the recipients", `document.activeElement.id === "people"`)
	b.picture("another")
	b.types("erik")
	b.await("an option", `!document.getElementById("people-options").hidden`)
	b.press("Enter")
	b.awaitText("#send-facts", "To Erik Sand")
	b.clickText(".recipients button", "Send it to Jonas Lindqvist after all")
	b.awaitText("#send-facts", "To Jonas Lindqvist")
	b.holds("for somebody else")
	b.await("nobody else", `!document.querySelector(".chosen")`)
}

// Where no keyboard pops up, a conversation begins with the focus in the text.
func TestThreadFocus(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.maya.says(p.talk, "zebra")
	b := p.at(p.jonas, desk())
	b.visit("/messages")
	b.click(".row-main")
	b.awaitPath(p.path())
	b.await("the focus in the text", `document.activeElement.id === "body"`)
	small := p.at(p.jonas, phone())
	small.visit(p.path())
	small.settled()
	if got := small.focused(); strings.Contains(got, "#body") {
		t.Errorf("on a phone the keyboard pops up: %s", got)
	}
}

// Send without a recipient leads to where one is added, and the text stays.
func TestComposeWithoutRecipient(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.at(s.person("Jonas Lindqvist"), phone())
	b.expect("422")
	b.visit("/compose")
	b.types("to nobody")
	b.await("the draft on the server", savedOnServer)
	b.click("#send")
	b.awaitText("#people-trouble", "Add at least one recipient.")
	b.await("the focus among the recipients", `document.activeElement.id === "people" && document.getElementById("body").value === "to nobody"`)
}
