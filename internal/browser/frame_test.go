//go:build sealtest

package browser_test

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/sealpost/sealpost/api"
)

// apart reports whether nothing of one element lies over another.
func (b *tab) apart(one, other string) bool {
	return b.eval(`(() => { const [a, b] = [`+quoted(one)+`, `+quoted(other)+`].map((s) => document.querySelector(s).getBoundingClientRect());
		return a.bottom <= b.top || b.bottom <= a.top || a.right <= b.left || b.right <= a.left })()`) == true
}

// What was done is told below the head of the conversation, covers nothing of it, and
// leaves by itself unless somebody points at it.
func TestWhatWasDoneLeaves(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	for range 12 {
		p.maya.says(p.talk, "zebra of some length, so that the list has to be scrolled on every screen there is")
	}
	for _, d := range []device{desk(), phone()} {
		b := p.at(p.maya, d)
		for _, path := range []string{"/messages", p.path()} {
			b.visit(path + "?done=disregard")
			b.awaitText(".done", "You asked to disregard it.")
			for _, other := range []string{".thread-head", ".inbox-head", ".conversations"} {
				if b.has(other) && !b.apart(".done", other) {
					t.Errorf("at a %s on %s it lies over %s (picture: %s)", d.name, path, other, b.picture("done"))
				}
			}
			if b.eval(`(() => { const r = document.querySelector(".done").getBoundingClientRect(); return r.top >= 0 && r.bottom <= innerHeight })()`) != true {
				t.Errorf("at a %s on %s it is out of sight (picture: %s)", d.name, path, b.picture("done"))
			}
			if over := b.eval(`getComputedStyle(document.getElementById("main")).display === "grid" && document.documentElement.scrollHeight > innerHeight`); over != false {
				t.Errorf("at a %s on %s the page scrolls besides its panes", d.name, path)
			}
			b.picture("done-" + map[bool]string{true: "list", false: "thread"}[path == "/messages"])
		}
		if !d.touch {
			b.hover(".done")
			b.settled()
			time.Sleep(7 * time.Second) // longer than it would stay
			if !b.has(".done") {
				t.Error("it left while somebody pointed at it")
			}
			b.hover(".inbox-head")
		}
		b.await("it to leave", `!document.querySelector(".done")`)
	}
	b := p.at(p.maya, device{name: "phone without script", width: 390, height: 844, touch: true, noScript: true})
	b.visit(p.path() + "?done=disregard")
	b.source("You asked to disregard it.")
}

// On a phone a conversation has one head, and the bar at the bottom gives its room to
// whoever writes.
func TestRoomOnAPhone(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	m := p.maya.says(p.talk, "zebra on a phone")
	b := p.at(p.maya, phone())
	b.visit(p.path())
	const shown = `[...document.querySelectorAll(".top,.thread-head,.bottom")].filter((e) => e.getClientRects().length).map((e) => e.className.split(" ")[0] + " " + e.getBoundingClientRect().height).join()`
	if got := b.eval(shown); got != "thread-head 56,bottom 64" {
		t.Errorf("it shows %v (picture: %s)", got, b.picture("bars"))
	}
	b.click(at(m) + " .bubble")
	arrived := p.jonas.says(p.talk, "meanwhile")
	b.awaitText(at(arrived)+" .body", "meanwhile") // it opens, because somebody is there
	b.click(at(m) + " .dots")
	b.await("the menu", `document.querySelector(".message-menu:popover-open")`)
	if got := b.eval(`new Set([...document.querySelectorAll(":popover-open [role=menuitem]")].map((e) => e.getBoundingClientRect().width)).size`); got != 1.0 {
		t.Errorf("the lines of the menu of a chosen message have %v widths (picture: %s)", got, b.picture("menu"))
	}
	b.press("Escape")
	b.click("#body")
	b.await("the bar to leave", `document.querySelector(".bottom").getClientRects().length === 0`)
	if got := b.eval(`innerHeight - document.querySelector(".thread-foot").getBoundingClientRect().bottom`); got != 0.0 {
		t.Errorf("the composer ends %v px above the end (picture: %s)", got, b.picture("writing"))
	}
	b.picture("writing")
	b.types("and a zebra that is sent")
	b.click(".composer button.primary")
	b.awaitText("#messages .body", "and a zebra that is sent")
	b.click(".thread-title")
	b.await("the bar again", `document.querySelector(".bottom").getClientRects().length === 1`)
	b.visit("/messages")
	if got := b.eval(shown); got != "top 57,bottom 64" && got != "top 56,bottom 64" {
		t.Errorf("the list shows %v", got)
	}
}

// Without script a conversation opens at what is newest, also after sending, and nothing
// is offered that only a script does.
func TestNewestWithoutScript(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	for range 20 {
		p.maya.says(p.talk, "zebra of some length, so that the list has to be scrolled on every screen there is")
	}
	undo := api.Duration(time.Minute)
	p.maya.settings(api.EditSettings{Undo: &undo})
	for _, d := range []device{desk(), phone()} {
		d.noScript, d.name = true, d.name+" without script"
		b := p.at(p.maya, d)
		b.visit("/messages")
		to, _ := b.peek(`document.querySelector(".row-main").getAttribute("href")`).(string)
		b.visit(to)
		b.source("Recall until")
		b.newestInSight()
		if got := b.peek(`document.activeElement.tagName`); got != "BODY" {
			t.Errorf("at a %s %v has the focus at the beginning", d.name, got)
		}
		b.visit(p.path())
		if _, err := chromedp.Run(b.ctx, chromedp.SetValue(chromedp.CSS("#body"), "the newest zebra")); err != nil {
			t.Fatal(err)
		}
		b.submit(".composer")
		b.source("the newest zebra")
		b.newestInSight()
		b.picture("sent")
		for _, what := range []string{".scripted", "copy-text"} {
			if n := b.peek(`[...document.querySelectorAll(` + quoted(what) + `)].filter((e) => e.getClientRects().length).length`); n != 0.0 {
				t.Errorf("at a %s it shows %v of %s", d.name, n, what)
			}
		}
	}
}

// peek is eval for a page whose own scripts are off.
func (b *tab) peek(expression string) any {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[any](expression))
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

func (b *tab) newestInSight() {
	b.t.Helper()
	if b.peek(`(() => { const r = [...document.querySelectorAll("#messages > [data-message]")].at(-1).querySelector(".bubble").getBoundingClientRect();
		return r.top >= 0 && r.bottom <= document.querySelector(".thread-foot").getBoundingClientRect().top })()`) != true {
		b.t.Errorf("at a %s the newest is out of sight (picture: %s)", b.device.name, b.picture("newest"))
	}
}
