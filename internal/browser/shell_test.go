//go:build sealtest

package browser_test

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/sealpost"
)

// The counts of My Network stand in their rows, and the bar's beside its picture.
func TestCountsStandInTheirRows(t *testing.T) {
	t.Parallel()
	for _, d := range []device{desk(), phone()} {
		t.Run(d.name, func(t *testing.T) {
			p := newPair(t)
			p.maya.says(p.talk, "unread")
			p.person("Erik Sand").invites(p.jonas, "")
			b := p.at(p.jonas, d)
			b.visit("/settings")
			bar := map[bool]string{false: ".top", true: ".bottom"}[d.touch]
			if got := b.eval(`document.querySelector(` + quoted(bar+" .bar-button .hidden-text") + `).textContent.trim()`); got != "1 unread, 1 invitation" {
				t.Errorf("the bar says %q", got)
			}
			b.click(bar + " .bar-button")
			b.awaitText(bar+" .network-menu", "Invitations")
			lost := b.eval(`[...document.querySelectorAll(` + quoted(bar+" .badge:not([hidden])") + `)].filter((badge) => {
				const inner = badge.getBoundingClientRect(), outer = badge.closest("a,button").getBoundingClientRect();
				return !inner.height || inner.top < outer.top || inner.bottom > outer.bottom || inner.left < outer.left || inner.right > outer.right;
			}).map((badge) => badge.dataset.badge).join(" ") || document.querySelectorAll(` + quoted(bar+" .badge:not([hidden])") + `).length`)
			if lost != 3.0 {
				t.Errorf("three counts have their place; these have not, or there are as many: %v", lost)
			}
		})
	}
}

// ? lists the keys over whatever is there, and the menu of one's own leads there too.
// Without script it is a page.
func TestHelp(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	b := p.at(p.maya, desk())
	b.visit("/settings")
	b.press("?")
	b.awaitText("dialog h1", "Help")
	b.awaitText("dialog dd", "Recall your message")
	b.press("Escape")
	b.await("the page again", `!document.querySelector("dialog[open]") && document.activeElement !== document.querySelector("dialog")`)
	b.click(".avatar-button")
	b.clickText("#you a", "Help")
	b.awaitText("dialog h1", "Help")
	b.press("Escape")
	b.await("the focus on the button", `document.activeElement === document.querySelector(".avatar-button")`)
	b.settled()
	b.click("input[name=keys]")
	b.await("the keys off", `document.body.dataset.keys === "off"`)
	b.press("?")
	b.press("c")
	if b.has("dialog[open]") || b.eval("location.pathname") != "/settings" {
		t.Error("a key does something that is switched off")
	}
	out := p.at(nil, desk())
	out.visit("/sign-in")
	out.eval(`document.activeElement.blur()`)
	out.press("?")
	out.press("c")
	if out.has("dialog[open]") || out.eval("location.pathname") != "/sign-in" {
		t.Error("a key does something where nobody is signed in")
	}
	plain := desk()
	plain.noScript = true
	n := p.at(p.maya, plain)
	n.visit("/help")
	n.source("Show this list")
}

// The messages are one stop of the Tab key with their menu, the composer is the next,
// and a letter finds its item in a menu.
func TestThreadByKeys(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	var last api.Message
	for _, text := range []string{"one", "two", "three"} {
		last = p.maya.says(p.talk, text)
	}
	b := p.at(p.maya, desk())
	b.visit(p.path())
	b.awaitText(at(last)+" .body", "three")
	stops := func() string {
		t.Helper()
		list, _ := b.eval(`[...document.querySelectorAll("#messages [tabindex='0'],#messages :is(a[href],button):not([tabindex='-1'])")]
			.filter((e) => e.checkVisibility()).map((e) => (e.closest("li").id === ` + quoted("m-"+last.ID) + `) + ":" + e.tagName).join(" ")`).(string)
		return list
	}
	if got := stops(); got != "true:LI true:BUTTON" {
		t.Errorf("the stops among the messages are %s", got)
	}
	b.eval(`document.getElementById(` + quoted("m-"+last.ID) + `).focus()`)
	b.press("ArrowUp")
	b.await("the message before", `document.activeElement.innerText.includes("two")`)
	if got := stops(); got != "false:LI false:BUTTON" {
		t.Errorf("one message up the stops are %s", got)
	}
	p.maya.says(p.talk, "four") // the list is swapped meanwhile
	b.awaitText("#messages .body", "four")
	if got := stops(); got != "false:LI false:BUTTON" {
		t.Errorf("after something came the stops are %s", got)
	}
	b.press("Tab")
	b.press("Enter")
	b.await("the menu", `document.activeElement.innerText.startsWith("Recall message")`)
	for _, step := range []struct{ key, item string }{{"c", "Copy text"}, {"r", "Reply"}, {"r", "Report my message"}, {"R", "Recall message"}, {"x", "Recall message"}, {"h", "Hide for me only"}} {
		b.press(step.key)
		b.await(step.key+" leads to "+step.item, `document.activeElement.innerText.trim().startsWith(`+quoted(step.item)+`)`)
	}
	b.press("Escape")
	b.await("the focus back", `document.activeElement.matches("[data-dots]")`)
	b.press("Tab")
	b.await("the composer", `document.activeElement.closest(".composer") !== null`)
}

// The secret of an invitation link never reaches the server by an address, nor stays in
// one; the form knows what the invitation has.
func TestInvitationLink(t *testing.T) {
	t.Parallel()
	for _, d := range []device{desk(), phone()} {
		t.Run(d.name, func(t *testing.T) {
			s := newSite(t)
			invite, err := s.person("Maya Okafor", sealpost.RoleAdmin).api.CreateInvite(t.Context(), api.CreateInvite{Email: "new@example.org", Name: "Somebody New"})
			if err != nil {
				t.Fatal(err)
			}
			s.requests()
			b := s.at(nil, d)
			b.expect("404")
			b.enter("/join#spi_none")
			b.awaitText("h1", "This link can't be used")
			b.enter("/join#" + invite.Token) // in the same tab, where only the fragment changes
			b.await("what the invitation has", `document.getElementById("email")?.value === "new@example.org" && document.getElementById("email").readOnly && document.getElementById("name").value === "Somebody New"`)
			b.click("#password")
			b.types("a long password")
			b.click("form .primary")
			b.awaitText(".done", "Welcome")
			asked := strings.Join(s.requests(), "\n")
			if strings.Contains(asked, "spi_") || !strings.Contains(asked, "POST /join/use") {
				t.Errorf("the requests have the secret, or lack its use:\n%s", asked)
			}
			history, err := chromedp.Call(b.ctx, page.GetNavigationHistory, cdp.Empty{})
			if err != nil {
				t.Fatal(err)
			}
			for _, entry := range history.Entries {
				if strings.Contains(entry.URL, "spi_") {
					t.Errorf("one can go back to %s", entry.URL)
				}
			}
		})
	}
}

// An old link goes on by itself too; without script the link is pasted.
func TestInvitationLinkOtherwise(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	maya := s.person("Maya Okafor", sealpost.RoleAdmin)
	invite, err := maya.api.CreateInvite(t.Context(), api.CreateInvite{Email: "new@example.org"})
	if err != nil {
		t.Fatal(err)
	}
	b := s.at(nil, desk())
	b.visit("/join/" + invite.Token)
	b.awaitPath("/join/use")
	b.awaitText("label", "Your name")
	plain := desk()
	plain.noScript = true
	n := s.at(nil, plain)
	n.visit("/join#" + invite.Token)
	n.source("Paste the whole link")
	n.do("pasting", chromedp.SetValue(chromedp.CSS("#link"), s.url+"/join#"+invite.Token))
	n.submit("form")
	n.source("Time zone")
}
