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

// settings changes one's own settings.
func (p *person) settings(in api.EditSettings) {
	t := p.site.t
	t.Helper()
	if _, err := p.api.UpdateSettings(t.Context(), in); err != nil {
		t.Fatal(err)
	}
}

// opened reports whether the recipient has opened a message of p.
func (p *person) opened(m api.Message) bool {
	t := p.site.t
	t.Helper()
	now, err := p.api.Message(t.Context(), m.ID)
	if err != nil {
		t.Fatal(err)
	}
	return len(now.Deliveries) == 1 && now.Deliveries[0].State == "opened"
}

// What arrives opens only for somebody who is there, was active just now, and wants
// that; and never takes along what was left sealed before.
func TestOpeningOnArrival(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.jonas.opens(p.talk, p.maya.says(p.talk, "an older one").ID)
	b := p.at(p.jonas, desk())
	b.visit(p.path())
	b.click("#body")
	b.types("I am here")
	b.press("End") // InsertText is no key
	m := p.maya.says(p.talk, "zebra arrives")
	b.awaitText(at(m)+" .body", "zebra arrives")
	if !p.maya.opened(m) {
		t.Error("it is shown and was not opened")
	}
	b.awaitText("#status", "New message from Maya Okafor")
	if got := b.eval(`document.querySelector("#body").value`); got != "I am here" {
		t.Errorf("what was being typed is %q", got)
	}

	t.Run("switched off", func(t *testing.T) {
		off := false
		p.jonas.settings(api.EditSettings{OpenOnArrival: &off})
		b.visit(p.path())
		b.click("#body")
		m := p.maya.says(p.talk, "zebra stays")
		b.awaitText(at(m)+" .sealed", "sent you a message")
		b.settled()
		if p.maya.opened(m) || b.shows("zebra stays") {
			t.Error("it was opened against the setting")
		}
		on := true
		p.jonas.settings(api.EditSettings{OpenOnArrival: &on})
		b.visit(p.path())
		b.click("#body")
		next := p.maya.says(p.talk, "another zebra")
		b.awaitText(at(next)+" .sealed", "sent you a message")
		b.settled()
		if p.maya.opened(m) || p.maya.opened(next) {
			t.Error("an arrival opened what was left sealed")
		}
	})
	t.Run("nobody active", func(t *testing.T) {
		p.jonas.opens(p.talk, p.maya.says(p.talk, "all of it").ID)
		b.visit(p.path())
		m := p.maya.says(p.talk, "zebra for nobody")
		b.awaitText(at(m)+" .sealed", "sent you a message")
		b.settled()
		if p.maya.opened(m) {
			t.Error("it was opened for somebody who did nothing")
		}
	})
}

// settled waits until the page has done what it would do by itself.
func (b *tab) settled() {
	b.t.Helper()
	time.Sleep(700 * time.Millisecond) // an absence has no sign to wait for
}

// A failure takes nothing away: not what was typed and not the thread; trying again
// sends once.
func TestSendingWithoutAnswer(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	b := p.at(p.maya, desk())
	b.expect("50") // 502 or 503
	b.visit(p.path())
	b.click("#body")
	b.types("zebra in doubt")
	p.breakOn(func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/send") })
	b.press("Enter", chromedp.ModifierCtrl)
	b.awaitText(".composer .failed", "Your draft is safe, and trying again sends it only once.")
	b.awaitText("#alert", "Your draft is safe")
	if got := b.eval(`document.querySelector("#body").value`); got != "zebra in doubt" {
		t.Fatalf("the text is %q", got)
	}
	p.breakOn(nil)
	b.press("Enter", chromedp.ModifierCtrl)
	b.awaitText("#messages .body", "zebra in doubt")
	b.await("an empty composer with the focus", `document.activeElement.id === "body" && document.activeElement.value === ""`)
	if b.has(".composer .failed") {
		t.Error("the failure is still told")
	}
	page, err := p.maya.api.History(t.Context(), p.talk, "", 10)
	if err != nil || len(page.Items) != 1 {
		t.Errorf("%d messages, %v", len(page.Items), err)
	}
}

// An opening that gets no answer says so, and the card is as it was.
func TestOpeningWithoutAnswer(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	m := p.maya.says(p.talk, "zebra behind a fault")
	b := p.at(p.jonas, phone())
	b.expect("50") // 502 or 503
	b.visit(p.path())
	p.breakOn(func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/open") })
	b.clickText("button", "Open message")
	b.awaitText(".sealed .failed", "We don't know whether it opened. Try again.")
	b.awaitMessage(p.maya.says(p.talk, "meanwhile")) // the thread changes, what is not known stays said
	b.awaitText(at(m)+" .sealed .failed", "We don't know whether it opened. Try again.")
	if p.maya.opened(m) {
		t.Error("it was opened")
	}
	p.breakOn(nil)
	b.clickText("button", "Open message")
	b.awaitText(at(m)+" .body", "zebra behind a fault")
	b.await("the focus on the message", `document.activeElement.id === "m-`+m.ID+`"`)
	b.awaitText("#status", "Opened")
}

// Undo from anywhere: by the keys, before the text that was typed meanwhile.
func TestUndoByKeys(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	undo := api.Duration(60 * time.Second)
	p.maya.settings(api.EditSettings{Undo: &undo})
	b := p.at(p.maya, desk())
	b.visit(p.path())
	b.click("#body")
	b.types("zebra by mistake")
	b.press("Enter", chromedp.ModifierCtrl)
	b.awaitText(".snack", "Sending at")
	b.await("an empty composer", `document.querySelector("#body").value === ""`)
	b.types("the next thought")
	b.click("h1")
	b.press("z", chromedp.ModifierCtrl)
	b.await("both texts, and the focus", `document.activeElement.id === "body" && document.activeElement.value === "zebra by mistake\n\nthe next thought"`)
	b.awaitText("#status", "Not sent. Your draft is back.")
	if b.has(".snack") || b.has(".pending") {
		t.Error("it is still waiting")
	}
}

// The numbers in the bars follow, on pages that show no messages.
func TestNumbersFollow(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	for _, d := range []device{desk(), phone()} {
		b := p.at(p.jonas, d)
		b.visit("/settings")
		shown := `[...document.querySelectorAll("[data-badge=network]")].find((e) => e.closest("button").getClientRects().length)`
		b.await("no number", shown+`.hidden`)
		m := p.maya.says(p.talk, "zebra")
		b.await("a number", "!"+shown+`.hidden && `+shown+`.textContent === "1"`)
		p.jonas.opens(p.talk, m.ID)
		b.await("no number again", shown+`.hidden`)
	}
}

// The list by keys: one stop of the Tab key, arrows, u and e. Marking opens nothing.
func TestListByKeys(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	erik := p.person("Erik Sand")
	erik.befriend(p.maya)
	m := p.maya.says(p.talk, "zebra one")
	p.maya.says(p.maya.talk("", erik), "zebra two")
	b := p.at(p.maya, desk())
	b.visit("/messages")
	b.tabTo(".row-main")
	b.press("ArrowDown")
	b.await("the second row", `document.activeElement.innerText.includes("Jonas")`)
	b.press("u")
	b.await("the row unread, with the focus", `document.activeElement.closest(".row.unread")?.innerText.includes("Jonas")`)
	b.awaitText("#status", "What is opened stays opened.")
	b.press("e")
	b.await("the row read, with the focus", `document.activeElement.closest(".row:not(.unread)")?.innerText.includes("Jonas")`)
	b.press("Tab")
	if b.eval(`document.activeElement.matches(".row-main")`) == true {
		t.Error("the list is more than one stop of the Tab key")
	}
	if p.maya.opened(m) {
		t.Error("marking opened something")
	}
}
