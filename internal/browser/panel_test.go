//go:build sealtest

package browser_test

import (
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/sealpost/sealpost/api"
)

// menu chooses from the menu of a message.
func (b *tab) menu(m api.Message, item string) {
	b.t.Helper()
	if b.device.touch {
		b.click(at(m) + " .bubble") // chooses it
	} else {
		b.hover(at(m) + " .bubble")
	}
	b.click(at(m) + " .dots")
	b.clickText(at(m)+" [role=menuitem]", item)
}

// Report, reasons and details of a message stand beside list and thread where there is
// room for a third column, and take nothing away: what is typed stays, Esc and the
// button close, the focus comes back. What they show follows.
func TestPanelBesideTheThread(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.unlimited()
	first, second := p.maya.says(p.talk, "zebra one"), p.maya.says(p.talk, "zebra two")
	p.jonas.opens(p.talk, first.ID)
	b := p.at(p.maya, desk())
	b.visit(p.path())
	b.click("#body")
	b.types("half a sent")
	b.menu(first, "Why can't I recall this?")
	b.awaitText("#panel h1", "Jonas Lindqvist has opened it")
	b.await("the focus on its heading", `document.activeElement.matches("#panel h1")`)
	for _, what := range []string{"#inbox", "#thread", "#panel"} {
		if b.eval(`(() => { const r = document.querySelector("`+what+`").getBoundingClientRect(); return r.width >= 319 && r.left >= 0 && r.right <= innerWidth && r.height > 300 })()`) != true {
			t.Errorf("%s has no column (picture: %s)", what, b.picture("columns"))
		}
	}
	if got := b.eval(`document.getElementById("panel").ariaLabel`); got != "Jonas Lindqvist has opened it" {
		t.Errorf("the panel is called %v", got)
	}
	b.press("3")
	b.await("the focus on the third alternative", `document.activeElement.innerText === "Report my message"`)
	b.press("Escape")
	b.await("the end of the panel", `document.getElementById("panel").hidden`)
	b.await("the focus back at the message", `document.activeElement.matches("`+at(first)+` .dots")`)
	if got := b.eval(`document.getElementById("body").value`); got != "half a sent" {
		t.Errorf("what was typed is %v", got)
	}

	b.menu(second, "Details")
	b.awaitText("#panel h1", "Details")
	b.awaitText("#panel", "No receipt yet")
	p.jonas.opens(p.talk, second.ID)
	b.awaitText("#panel", "Not possible: Opened at")
	b.click("#body")
	b.press("Escape") // from elsewhere
	b.await("the focus where it was", `document.getElementById("panel").hidden && document.activeElement.id === "body"`)

	third := p.maya.says(p.talk, "zebra three")
	b.awaitMessage(third)
	b.question(third)
	b.click("dialog button.recall")
	b.awaitText(at(third)+".marker", "You recalled this message")
	b.clickText(at(third)+" a", "Report")
	b.awaitText("#panel .summary", "Recalled for everyone. Nobody had opened it.")
	b.awaitText("#panel .facts", "Version 2, recall within 5 min")
	b.awaitText("#panel .facts", "Jonas Lindqvist sees")
	b.awaitPath(p.path())
	b.click("#panel > [data-close]")
	b.await("the focus back at the link", `document.activeElement.matches("`+at(third)+` a")`)

	axe, err := axeSource()
	if err != nil {
		missing(t, err.Error())
	}
	for _, dark := range []bool{false, true} {
		d := desk()
		d.dark = dark
		b := p.at(p.maya, d)
		for i, open := range []func(){
			func() { b.menu(first, "Why can't I recall this?") }, func() { b.menu(first, "Details") }, func() { b.clickText(at(third)+" a", "Report") },
		} {
			b.visit(p.path())
			open()
			b.await("the panel", `document.activeElement.matches("#panel h1")`)
			(&town{site: p.site}).judge(t, b, axe, "panel "+string(rune('1'+i)))
			b.picture("panel-" + string(rune('1'+i)) + map[bool]string{true: "-dark"}[dark])
		}
	}
}

// Where there is no room for it, and without script, they are pages.
func TestPanelIsAPage(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	m := p.maya.says(p.talk, "zebra on a small screen")
	p.jonas.opens(p.talk, m.ID)
	for _, d := range []device{phone(), {name: "tablet", width: 1024, height: 768}} {
		b := p.at(p.maya, d)
		b.visit(p.path())
		b.menu(m, "Why can't I recall this?")
		b.awaitPath(p.path() + "/" + m.ID + "/why")
		b.awaitText("main h1", "Jonas Lindqvist has opened it")
		b.picture("why")
		b.do("going back", chromedp.NavigateBack())
		b.awaitPath(p.path())
	}
	b := p.at(p.maya, device{name: "desk without script", width: 1280, height: 800, noScript: true})
	b.visit(p.path() + "/" + m.ID + "/why")
	b.source("Jonas Lindqvist has opened it")
}
