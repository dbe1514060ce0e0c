//go:build sealtest

package browser_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sealpost/sealpost/api"
)

// question opens the question before a recall, from the menu of the message.
func (b *tab) question(m api.Message) {
	b.t.Helper()
	b.hover(at(m) + " .bubble")
	b.click(at(m) + " .dots")
	b.clickText("[role=menuitem]", "Recall message")
	b.awaitText("dialog h1", "Recall")
}

// awaitMessage waits until the thread has a message, which the page may have opened by
// then: whoever clicked a moment ago is there.
func (b *tab) awaitMessage(m api.Message) {
	b.t.Helper()
	b.await("the message to arrive", `!!document.querySelector("`+at(m)+`")`)
}

// The question begins on the safe answer, has the name of its heading, and shows its
// beginning and what can be answered at once, on a phone too.
func TestQuestionInSight(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	m := p.maya.says(p.talk, strings.Repeat("a long zebra with a good deal to say ", 6))
	for _, d := range []device{desk(), phone()} {
		b := p.at(p.maya, d)
		b.visit(p.path())
		if d.touch {
			b.await("the message", `document.querySelector("`+at(m)+` a[data-recall]")`)
			b.eval(`document.querySelector("` + at(m) + ` a[data-recall]").click()`)
			b.awaitText("dialog h1", "Recall this message?")
		} else {
			b.question(m)
		}
		b.await("the focus on keeping it", `document.activeElement.innerText === "Keep message"`)
		if got := b.eval(`document.getElementById("dialog").ariaLabel`); got != "Recall this message?" {
			t.Errorf("at a %s the dialog is called %v", d.name, got)
		}
		for _, what := range []string{"dialog h1", "dialog [data-first]", "dialog button.recall"} {
			if b.eval(`(() => { const r = document.querySelector("`+what+`").getBoundingClientRect(); const d = document.querySelector("dialog").getBoundingClientRect();
				return r.top >= d.top && r.bottom <= Math.min(d.bottom, innerHeight) })()`) != true {
				t.Errorf("at a %s %s is out of sight (picture: %s)", d.name, what, b.picture("question"))
			}
		}
	}
}

// The time is over while the question is on the screen: it says so by itself, and
// never submits.
func TestWindowEndsInTheDialog(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	m := p.maya.says(p.talk, "zebra at the last second")
	b := p.at(p.maya, desk())
	b.visit(p.path())
	b.question(m)
	p.later(5*time.Minute + time.Second)
	b.eval(`document.querySelector("dialog seal-ring").dataset.end = "1"`) // as if its time had gone by here too
	b.awaitText("dialog", "The recall window has just closed. This message can no longer be recalled.")
	b.awaitText("#alert", "The recall window has just closed.")
	b.awaitText("dialog h1", "The recall window has closed")
	b.await("the focus on the heading", `document.activeElement.matches("dialog h1")`)
	if b.has("dialog button.recall") {
		t.Error("the dialog still offers the recall")
	}
	if got, err := p.maya.api.Message(t.Context(), m.ID); err != nil || got.State != "sent" {
		t.Errorf("the message is %s, %v", got.State, err)
	}
}

// R11: while the answers are lost the same key is sent again and again, however often
// somebody clicks and whatever happens meanwhile, until one comes.
func TestLostAnswersKeepTheKey(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	m := p.maya.says(p.talk, "zebra and lost answers")
	b := p.at(p.maya, desk())
	b.expect("502")
	b.visit(p.path())
	b.question(m)
	var mu sync.Mutex
	var keys []string
	p.breakOn(func(r *http.Request) bool {
		if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/recall") {
			return false
		}
		mu.Lock()
		defer mu.Unlock()
		keys = append(keys, r.PostFormValue("key"))
		return true
	})
	b.click("dialog button.recall")
	b.awaitText("dialog .unknown", "We don't know yet whether the recall worked.")
	b.awaitMessage(p.jonas.says(p.talk, "meanwhile")) // the thread changes, the question does not
	b.click("dialog button.recall")
	b.await("the button to stay busy", `document.querySelector("dialog button.recall").ariaBusy === "true"`)
	for until := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		mu.Lock()
		n := len(keys)
		mu.Unlock()
		if n >= 2 {
			break
		}
		if time.Now().After(until) {
			t.Fatalf("it asked %d times", n)
		}
	}
	p.breakOn(nil)
	b.awaitText(at(m)+".marker", "You recalled this message")
	b.await("the focus on the marker", `document.activeElement.id === "m-`+m.ID+`"`)
	b.awaitText("#status", "Recalled. Jonas Lindqvist had not opened it.")
	mu.Lock()
	defer mu.Unlock()
	for _, k := range keys {
		if k != keys[0] || k == "" {
			t.Errorf("asked with %q, and with %q before", k, keys[0])
		}
	}
}

// A question that cannot be fetched leaves no empty dialog behind.
func TestQuestionWithoutAnswer(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	m := p.maya.says(p.talk, "zebra without a question")
	b := p.at(p.maya, desk())
	b.expect("502")
	b.visit(p.path())
	p.breakOn(func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/recall") })
	b.hover(at(m) + " .bubble")
	b.click(at(m) + " .dots")
	b.clickText("[role=menuitem]", "Recall message")
	b.awaitText("#alert", "That didn't work. Nothing has changed.")
	if b.eval(`document.getElementById("dialog").open`) != false {
		t.Error("an empty dialog is open")
	}
	b.await("the focus back at the message", `document.activeElement.closest("`+at(m)+`")`)
	p.breakOn(nil)
	b.question(m)
}

// R8: whose receipts are off is not told of beforehand; the refusal names them, says
// so aloud, and stays when the conversation goes on.
func TestRefusalStays(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	off := false
	p.jonas.settings(api.EditSettings{ReadReceipts: &off})
	m := p.maya.says(p.talk, "zebra in secret")
	p.jonas.opens(p.talk, m.ID)
	b := p.at(p.maya, desk())
	b.expect("409")
	b.visit(p.path())
	b.question(m)
	b.click("dialog button.recall")
	b.awaitText("dialog", "Not recalled. Jonas Lindqvist had opened it before your recall.")
	b.awaitText("#alert", "Not recalled.")
	b.await("the focus on the heading", `document.activeElement.matches("dialog h1")`)
	b.awaitMessage(p.jonas.says(p.talk, "and on it goes"))
	b.settled()
	b.awaitText("dialog h1", "Jonas Lindqvist has opened it")
	b.clickText("dialog a", "Ask to disregard it")
	b.awaitText("dialog h1", "Ask to disregard it?")
	b.press("Escape")
	b.await("the focus back at the message", `document.activeElement.closest("`+at(m)+`")`)
}

// After a recall the focus is where its report is: in a line that several markers
// share, and below a message that somebody keeps.
func TestFocusAfterRecall(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.unlimited()
	first, second := p.maya.says(p.talk, "zebra one"), p.maya.says(p.talk, "zebra two")
	b := p.at(p.maya, desk())
	b.visit(p.path())
	for _, m := range []api.Message{second, first} { // the later one has the line
		b.question(m)
		b.click("dialog button.recall")
		b.await("the focus on the marker", `document.activeElement.matches(".marker") && document.activeElement.querySelector('a[href$="`+m.ID+`/recall"]')`)
	}
	b.awaitText(".marker", "You recalled 2 messages.")

	amal := p.person("Amal Rahmani")
	p.maya.befriend(amal)
	group := p.maya.talk("Committee", p.jonas, amal)
	m := p.maya.says(group, "zebra for two")
	p.jonas.opens(group, m.ID)
	b.visit("/messages/" + group)
	b.question(m)
	b.awaitText("dialog h1", "Recall for 1 person?")
	b.click("dialog button.recall")
	b.await("the focus on the message", `document.activeElement.id === "m-`+m.ID+`"`)
	b.awaitText(at(m)+" .partly", "Recalled for 1 of 2 people. Jonas Lindqvist had opened it. Report")
	b.awaitText("#status", "Recalled for those who had not opened it.")
}
