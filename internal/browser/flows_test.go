//go:build sealtest

package browser_test

import (
	"bytes"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/sealpost/sealpost/api"
)

// tap is everything that the server writes on the connections of one listener.
type tap struct {
	net.Listener
	mu  sync.Mutex
	all bytes.Buffer // guarded by mu
}

func (l *tap) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &tapped{c, l}, nil
}

func (l *tap) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

type tapped struct {
	net.Conn
	tap *tap
}

func (c *tapped) Write(b []byte) (int, error) {
	c.tap.mu.Lock()
	c.tap.all.Write(b)
	c.tap.mu.Unlock()
	return c.Conn.Write(b)
}

// Check 6: before the opening not one byte of the text reaches the recipient's
// browser: not in a page, an answer, a live event, a cache or a store.
func TestSealedMeansSealed(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	wire := &tap{Listener: listener}
	plain := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("Accept-Encoding") // so that bytes can be read on the wire
		p.handler.ServeHTTP(w, r)
	}))
	plain.Listener = wire
	plain.Start()
	t.Cleanup(func() { plain.CloseClientConnections(); plain.Close() })

	b := p.at(p.jonas, desk())
	b.url = plain.URL
	b.cookie(plain.URL)
	b.visit("/messages")
	const token = "qzvkjwxp"
	m := p.maya.says(p.talk, "begin "+token+" end")
	b.awaitText(".row.unread", "Sealed. Open to read")
	for _, path := range []string{p.path(), "/messages", "/messages?filter=unread", "/search?q=" + token[:4], "/activity", "/messages/" + p.talk + "/" + m.ID + "/details"} {
		b.visit(path)
	}
	for what, expression := range map[string]string{
		"a page":        `document.documentElement.outerHTML`,
		"Cache Storage": `(async () => { let out = ""; for (const k of await caches.keys()) { const c = await caches.open(k); for (const r of await c.keys()) out += await (await c.match(r)).text(); } return out; })()`,
		"IndexedDB":     `(async () => JSON.stringify(await indexedDB.databases()))()`,
		"storage":       `JSON.stringify([{ ...localStorage }, { ...sessionStorage }])`,
	} {
		got, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](expression, chromedp.EvalAwaitPromise))
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if strings.Contains(got, token) {
			t.Errorf("%s has the text before it was opened", what)
		}
	}
	if !strings.Contains(wire.text(), "event: conversation") {
		t.Error("no live event was seen on the wire")
	}
	if strings.Contains(wire.text(), token) || strings.Contains(wire.text(), token[:6]) {
		t.Error("the text was on the wire before it was opened")
	}
	b.visit(p.path())
	b.clickText("button", "Open message")
	b.awaitText(at(m)+" .body", token)
	if !strings.Contains(wire.text(), token) {
		t.Error("the tap on the wire sees nothing: this test proves nothing")
	}
}

// Check 20: recipients come last, in the document and for the Tab key.
func TestComposeOrder(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	b := p.at(p.maya, desk())
	b.visit("/compose")
	b.await("the focus in the text", `document.activeElement.id === "body"`)
	for _, after := range []string{"#people", "#when-now", "#send"} {
		if b.eval(`Boolean(document.querySelector("#body").compareDocumentPosition(document.querySelector("`+after+`")) & Node.DOCUMENT_POSITION_FOLLOWING)`) != true {
			t.Errorf("%s comes before the text", after)
		}
	}
	b.types("A message without anybody to get it")
	b.tabTo("#people")
	b.tabTo("#send")
}

// Check 22: send later, in another zone, over a change of clocks, until the last
// second, once.
func TestSendLater(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	b := p.at(p.maya, desk())
	schedule := func(text, date, clock, zone string) {
		t.Helper()
		b.visit("/compose?conversation=" + p.talk)
		b.eval(`sessionStorage.clear()`)
		b.click("#body")
		b.types(text)
		b.click("#when-later")
		for id, value := range map[string]string{"send_at": date, "send_at_time": clock, "time_zone": zone} {
			b.eval(`document.getElementById("` + id + `").value = ` + quoted(value))
		}
		b.click("#send")
	}
	year := time.Now().Year() + 1
	for time.Until(time.Date(year, 3, 1, 0, 0, 0, 0, time.UTC)) > 300*24*time.Hour {
		year--
	}
	gap := lastSunday(year, time.March).Format(time.DateOnly)
	schedule("zebra in the gap", gap, "02:30", "Europe/Stockholm")
	b.awaitText(".done", "Clocks skip that time")
	b.awaitText(".pending .foot", "03:00 (CEST)")

	tomorrow := time.Now().AddDate(0, 0, 1).Format(time.DateOnly)
	schedule("zebra tomorrow", tomorrow, "09:00", "Asia/Kolkata")
	b.awaitText(".done", "Scheduled")
	b.awaitText("#messages", "zebra tomorrow")
	b.visit("/messages?filter=scheduled")
	b.awaitText("#inbox", "zebra tomorrow")
	b.awaitText("#inbox", "09:00")
	b.visit(p.path())
	b.clickText(".pending a", "Edit")
	b.awaitText("h1", "Change a message before it is sent")
	b.eval(`document.querySelector("#body").value = "zebra edited"`)
	b.clickText("button", "Save changes")
	b.awaitText("#messages .body", "zebra edited")
	if c, err := p.jonas.api.Conversations(t.Context(), "all", pageOne()); err != nil || len(c.Items) != 0 {
		t.Errorf("the recipient knows of %d conversations, %v", len(c.Items), err)
	}
	p.later(40 * time.Hour)
	b.expect("503") // the lease of the server, until it is renewed
	recipient := p.at(p.jonas, desk())
	recipient.expect("503")
	for until := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if c, err := p.jonas.api.Conversations(t.Context(), "all", pageOne()); err == nil && len(c.Items) == 1 {
			break
		} else if time.Now().After(until) {
			t.Fatalf("it was not delivered: %v", err)
		}
	}
	recipient.visit("/messages")
	recipient.clickText(".row-main", "Maya")
	recipient.awaitText("#messages .body", "zebra edited")
	if n := recipient.eval(`document.querySelectorAll("#messages .body").length`); n != 1.0 {
		t.Errorf("it was delivered %v times", n)
	}
}

func lastSunday(year int, m time.Month) time.Time {
	d := time.Date(year, m+1, 0, 0, 0, 0, 0, time.UTC)
	return d.AddDate(0, 0, -int(d.Weekday()))
}

// Check 23: from the page to a recalled message without a pointer.
func TestKeyboardOnly(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	m := p.maya.says(p.talk, "zebra by keys")
	b := p.at(p.maya, desk())
	b.visit("/messages")
	b.tabTo("a.row-main")
	b.press("Enter")
	b.awaitPath(p.path())
	b.tabTo("[data-message]")
	b.press("Delete")
	b.awaitText("dialog h1", "Recall this message?")
	b.press("Escape")
	b.await("the focus back on the message", `document.activeElement.id === "m-`+m.ID+`" || document.activeElement.closest("#m-`+m.ID+`")`)
	b.press("Enter")
	b.await("the menu", `document.querySelector("`+at(m)+` .message-menu").matches(":popover-open")`)
	b.await("the focus in the menu", `document.activeElement.matches("a.recall-item")`)
	b.press("ArrowDown")
	b.await("the next item", `document.activeElement.matches("[data-copy]")`)
	b.press("ArrowUp")
	b.press("Enter")
	b.awaitText("dialog h1", "Recall this message?")
	b.await("the focus on keeping", `document.activeElement.textContent.includes("Keep message")`)
	b.tabTo("button.recall")
	b.press("Enter")
	b.awaitText(at(m)+".marker", "You recalled this message")
}

// tabTo presses Tab until something has the focus, and wants what has it on the way
// never to lie under a bar.
func (b *tab) tabTo(selector string) {
	b.t.Helper()
	for range 60 {
		b.press("Tab")
		covered := b.eval(`(() => { const e = document.activeElement; if (!e || e === document.body) return false; const r = e.getBoundingClientRect(); if (!r.width) return false; const top = document.elementFromPoint(r.x + Math.min(r.width, 40) / 2, r.y + Math.min(r.height, 40) / 2); return Boolean(top && top.closest(".top,.bottom") && !e.closest(".top,.bottom") && !top.contains(e)); })()`)
		if covered == true {
			b.t.Errorf("the focus is under a bar: %s", b.focused())
		}
		if b.eval(`document.activeElement.matches(`+quoted(selector)+`)`) == true {
			return
		}
	}
	b.fail("tabbing to "+selector, errNotReached)
}

// Everything that matters works without script: read, send, open, recall, report.
func TestWithoutScript(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	m := p.maya.says(p.talk, "zebra without script")
	d := desk()
	d.noScript = true
	recipient := p.at(p.jonas, d)
	recipient.visit(p.path())
	recipient.submit(".sealed form")
	recipient.source("zebra without script")
	sender := p.at(p.maya, d)
	sender.visit(p.path() + "/" + m.ID + "/recall")
	sender.source("Jonas Lindqvist has opened it")
	second := p.maya.says(p.talk, "zebra to recall")
	sender.visit(p.path() + "/" + second.ID + "/recall")
	sender.source("Recall this message?")
	sender.submit("form[data-recall-form]")
	sender.source("You recalled this message before")
	sender.visit(p.path() + "/" + second.ID + "/recall")
	sender.source("Recalled for everyone. Nobody had opened it.")
	if got, err := p.maya.api.Report(t.Context(), second.ID); err != nil || got.Outcome != "recalled" {
		t.Errorf("%+v, %v", got, err)
	}
	_ = api.Message{}
}
