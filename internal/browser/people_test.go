//go:build sealtest

package browser_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/sealpost"
)

func (p *person) invites(other *person, note string) {
	p.site.t.Helper()
	if _, err := p.api.Invite(p.site.t.Context(), api.InviteUser{UserID: other.id, Note: note}); err != nil {
		p.site.t.Fatal(err)
	}
}

// steady waits until what has the focus is this and has stayed so while the page
// hears of its own change.
func (b *tab) steady(what string) {
	b.t.Helper()
	focused := `(document.activeElement.innerText ?? "").replaceAll(/\s+/g, " ").trim() === ` + quoted(what)
	b.await("the focus on "+what, focused)
	time.Sleep(300 * time.Millisecond) // longer than an event of the stream takes
	if b.eval(focused) != true {
		b.fail("keeping the focus on "+what, errNotReached)
	}
}

// Accept by keyboard: the focus goes on to the next, and what happened is said.
func TestInvitationsOneByOne(t *testing.T) {
	t.Parallel()
	for _, d := range []device{desk(), phone()} {
		t.Run(d.name, func(t *testing.T) {
			s := newSite(t)
			maya := s.person("Maya Okafor")
			for _, name := range []string{"Erik Sand", "Jonas Lindqvist"} {
				s.person(name).invites(maya, "")
			}
			b := s.at(maya, d)
			b.visit("/network/invitations")
			b.eval(`[...document.querySelectorAll("#invitations .primary")].find((e) => e.innerText.includes("Jonas")).focus()`)
			b.press("Enter")
			b.awaitText("#invitations .done", "Jonas Lindqvist is now a connection.")
			b.steady("Accept Erik Sand")
			if got := b.text("#status"); got != "Jonas Lindqvist is now a connection." {
				t.Errorf("said %q", got)
			}
			b.press("Enter")
			b.awaitText("#invitations", "No invitations.")
			b.steady("Invitations")
			// Somebody new stands there by themselves, and takes no focus.
			s.person("Priya Nair").invites(maya, "Hello")
			b.awaitText("#invitation-rows", "Priya Nair")
			b.steady("Invitations")
		})
	}
}

// Blocking from the list: menu, question, and the way back.
func TestBlockFromAList(t *testing.T) {
	t.Parallel()
	for _, d := range []device{desk(), phone()} {
		t.Run(d.name, func(t *testing.T) {
			s := newSite(t)
			maya, jonas, erik := s.person("Maya Okafor"), s.person("Jonas Lindqvist"), s.person("Erik Sand")
			maya.befriend(jonas, erik)
			b := s.at(maya, d)
			b.visit("/network/connections")
			b.click(`[popovertarget="more-` + jonas.id + `"]`)
			b.click(`#more-` + jonas.id + ` a[href*="/block"]`)
			b.awaitText("#dialog h1", "Block Jonas Lindqvist?")
			b.press("Escape")
			b.await("the focus on what opened it", `document.activeElement.getAttribute("popovertarget") === "more-`+jonas.id+`"`)
			b.click(`[popovertarget="more-` + jonas.id + `"]`)
			b.click(`#more-` + jonas.id + ` a[href*="/block"]`)
			b.clickText("#dialog button", "Block")
			b.awaitText(".done", "Blocked.")
			b.awaitPath("/network/connections")
			if b.shows("Jonas Lindqvist") || !b.shows("Erik Sand") {
				t.Errorf("the list shows %s", b.text("#connections"))
			}
			// What happens elsewhere is seen here.
			if err := s.service.Disconnect(t.Context(), erik.who, "", maya.who.User.ID); err != nil {
				t.Fatal(err)
			}
			b.awaitText("#connections", "You have no connections yet")
		})
	}
}

// Settings are saved as they are changed, where they stand; what was not saved is
// back at its old value, and that is said.
func TestSettingsSaveThemselves(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	maya := s.person("Maya Okafor")
	b := s.at(maya, desk())
	b.visit("/settings")
	stored := func() sealpost.User {
		u, err := s.service.User(t.Context(), maya.who, maya.who.User.ID)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	b.click(`input[value="nobody_new"]`)
	b.awaitText("#who-can-message .done", "Saved.")
	b.await("the focus on the choice", `document.activeElement.value === "nobody_new"`)
	if got := stored().Reach; got != sealpost.ReachNobodyNew {
		t.Errorf("stored %s", got)
	}
	b.await("what was said", `document.getElementById("status").textContent === "Saved."`)
	if b.eval(`getComputedStyle(document.querySelector("#who-can-message form > .button")).display`) != "none" {
		t.Error("there is a button to save what saves itself")
	}
	b.click(`input[name="theme"][value="dark"]`)
	b.awaitText("#theme .done", "Saved.")
	if got := b.eval(`document.documentElement.dataset.theme`); got != "dark" {
		t.Errorf("the theme is %v", got)
	}

	// The server cannot be reached.
	s.breakOn(func(r *http.Request) bool { return r.Method == http.MethodPost })
	b.expect("502")
	b.click(`input[name="receipts"]`)
	b.await("that nobody knows", `document.getElementById("alert").textContent.startsWith("We don't know whether this was saved")`)
	b.await("the old value", `document.querySelector('input[name="receipts"]').checked`)
	b.awaitText("#receipts .failed", "Shown is what was set before")
	s.breakOn(nil)
	b.click(`input[name="receipts"]`)
	b.awaitText("#receipts .done", "Saved.")
	if b.has("#receipts .failed") {
		t.Error("it still says that nobody knows")
	}
	if stored().Receipts {
		t.Error("receipts are still on")
	}

	// What the server refuses says why there, and the control is at its old value.
	b.expect("422")
	b.eval(`document.querySelector("#undo-time").append(new Option("an hour", "3600"))`)
	b.eval(`(() => { const e = document.querySelector("#undo-time"); e.value = "3600"; e.dispatchEvent(new Event("change", { bubbles: true })); })()`)
	b.awaitText("#undo .trouble", "undo time must be")
	b.await("the old value", `document.querySelector("#undo-time").value === "0"`)
}

// Single keys can be turned off (WCAG 2.1.4), and a password can be looked at.
func TestKeysAndPasswords(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.at(s.person("Maya Okafor"), desk())
	b.visit("/settings")
	b.click(`input[name="keys"]`)
	b.awaitText("#keys .done", "Saved.")
	b.visit("/activity")
	b.press("c")
	time.Sleep(200 * time.Millisecond)
	if got := b.eval("location.pathname"); got != "/activity" {
		t.Errorf("c went to %v", got)
	}
	b.visit("/settings")
	b.click(`input[name="keys"]`)
	b.awaitText("#keys .done", "Saved.")
	b.visit("/activity")
	b.press("c")
	b.awaitPath("/compose")

	b.visit("/settings/account")
	b.click("#old")
	b.types("wrong horse")
	b.click("#old ~ button")
	b.await("the password in the clear", `document.querySelector("#old").type === "text" && document.querySelector("#old ~ button").ariaPressed === "true"`)
	b.click("#old ~ button")
	b.await("the password hidden", `document.querySelector("#old").type === "password"`)
}

// The export that the page links to is whole, and opens nothing.
func TestExportFromThePage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	maya, jonas := s.person("Maya Okafor"), s.person("Jonas Lindqvist")
	maya.befriend(jonas)
	talk := jonas.talk("", maya)
	jonas.says(talk, "a sealed walrus")
	b := s.at(maya, desk())
	b.visit("/settings/account")
	address, _ := b.eval(`document.querySelector("a[download]").getAttribute("href")`).(string)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+address, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.AddCookie(&http.Cookie{Name: api.SessionCookie, Value: maya.token})
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK || !strings.HasPrefix(answer.Header.Get("Content-Disposition"), "attachment") {
		t.Fatalf("%s, %s", answer.Status, answer.Header.Get("Content-Disposition"))
	}
	var last api.ExportLine
	lines := 0
	for scan := bufio.NewScanner(answer.Body); scan.Scan(); lines++ {
		if strings.Contains(scan.Text(), "walrus") {
			t.Error("a sealed text is in the export")
		}
		if err := json.Unmarshal(scan.Bytes(), &last); err != nil {
			t.Fatal(err)
		}
	}
	if last.Kind != api.ExportKindEnd || lines < 4 {
		t.Errorf("%d lines, the last is %s", lines, last.Kind)
	}
	messages, err := maya.api.History(t.Context(), talk, "", 10)
	if err != nil || len(messages.Items) != 1 || messages.Items[0].Delivery != "sealed" {
		t.Errorf("afterwards %+v, %v", messages, err)
	}
}
