//go:build sealtest

package browser_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// pair is two connected people with a conversation.
type pair struct {
	*site
	maya, jonas *person
	talk        string
}

func newPair(t *testing.T) *pair {
	t.Helper()
	s := newSite(t)
	p := &pair{site: s, maya: s.person("Maya Okafor"), jonas: s.person("Jonas Lindqvist")}
	p.maya.befriend(p.jonas)
	p.talk = p.maya.talk("", p.jonas)
	return p
}

func (p *pair) path() string { return "/messages/" + p.talk }

// at is the selector of a message.
func at(m api.Message) string { return "#m-" + m.ID }

// Checks 1 and 2: the way of the article, at a desk and on a phone.
func TestTheWayToMessages(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	maya := s.person("Maya Okafor")
	for _, d := range []device{desk(), phone()} {
		b := s.at(maya, d)
		b.visit("/network/people")
		bar := ".top [popovertarget=network-top]"
		if d.touch {
			bar = ".bottom [popovertarget=network-bottom]"
			y, _ := b.eval(`document.querySelector(".bottom").getBoundingClientRect().top`).(float64)
			if y < float64(d.height)-80 {
				t.Errorf("the bottom bar begins at %v of %d", y, d.height)
			}
		}
		b.click(bar)
		b.clickText(".menu:popover-open a", "Messages")
		b.awaitPath("/messages")
		b.awaitText("h1", "Messages")
	}
}

// Check 3: hover, three dots, "Recall message", confirmation, "Recall"; then a line
// stands there and the text is gone.
func TestRecallAtADesk(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	m := p.maya.says(p.talk, "zebra figures for the wrong person")
	b := p.at(p.maya, desk())
	b.visit("/messages")
	b.clickText(".row-main", "Jonas")
	b.awaitPath(p.path())
	if opacity := b.eval(`getComputedStyle(document.querySelector("` + at(m) + ` .dots")).opacity`); opacity != "0" {
		t.Errorf("the three dots are there before anybody hovers: %v", opacity)
	}
	b.hover(at(m) + " .bubble")
	b.await("the three dots", `getComputedStyle(document.querySelector("`+at(m)+` .dots")).opacity === "1"`)
	b.click(at(m) + " .dots")
	b.clickText("[role=menuitem]", "Recall message")
	b.awaitText("dialog h1", "Recall this message?")
	if f := b.focused(); !strings.Contains(f, "Keep message") {
		t.Errorf("the focus begins on %q", f)
	}
	b.click("dialog button.recall")
	b.awaitText(at(m)+".marker", "You recalled this message")
	b.await("the end of the dialog", `!document.querySelector("dialog").open`)
	if html, _ := b.eval("document.documentElement.outerHTML").(string); strings.Contains(html, "zebra") {
		t.Error("the text is still in the sender's page")
	}
	b.await("the focus on the marker", `document.activeElement.id === "m-`+m.ID+`"`)
	b.awaitText("#status", "Recalled. Jonas Lindqvist had not opened it.")
	b.click(at(m) + " a")
	b.awaitText("h1", "Recall report")
	b.awaitText(".summary", "Recalled for everyone. Nobody had opened it.")
}

// Check 4: tap and hold, lift, "Recall", confirmation. Check 5: what is no hold.
func TestRecallOnAPhone(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	m := p.maya.says(p.talk, "zebra held on a phone")
	b := p.at(p.maya, phone())
	b.visit(p.path())
	open := `document.querySelector("` + at(m) + ` .message-menu").matches(":popover-open")`

	x, y := b.point(at(m) + " .bubble")
	b.touch(x, y, 600*time.Millisecond, 30, 0)
	time.Sleep(300 * time.Millisecond)
	if b.eval(open) != false {
		t.Fatal("a finger that moved opened the menu")
	}
	b.touch(x, y, 50*time.Millisecond, 0, 0)
	time.Sleep(300 * time.Millisecond)
	if b.eval(open) != false {
		t.Fatal("a quick tap opened the menu")
	}
	b.await("the three dots of the chosen message", `getComputedStyle(document.querySelector("`+at(m)+` .dots")).opacity === "1"`)

	b.touch(x, y, 600*time.Millisecond, 0, 0)
	b.await("the sheet after the finger is lifted", open)
	time.Sleep(300 * time.Millisecond)
	if b.eval(open) != true {
		t.Fatal("the sheet did not stay")
	}
	b.clickText(at(m)+" [role=menuitem]", "Recall")
	b.awaitText("dialog h1", "Recall this message?")
	b.click("dialog button.recall")
	b.awaitText(at(m)+".marker", "You recalled this message")
}

// Check 7: opening is the recipient's act; the sender sees it at once and cannot
// recall any more.
func TestOpening(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	m := p.maya.says(p.talk, "zebra to be opened")
	sender, recipient := p.at(p.maya, desk()), p.at(p.jonas, phone())
	sender.visit(p.path())
	recipient.visit(p.path())
	recipient.awaitText(".sealed", "sent you a message")
	if recipient.shows("zebra") {
		t.Fatal("the text is there before it was opened")
	}
	recipient.clickText("button", "Open message")
	recipient.awaitText(at(m)+" .body", "zebra to be opened")
	began := time.Now()
	sender.awaitText(at(m)+" .foot", "Opened")
	t.Logf("the sender saw the opening after %s", time.Since(began).Round(time.Millisecond))
	sender.hover(at(m) + " .bubble")
	sender.click(at(m) + " .dots")
	sender.await("a recall that is not offered", `document.querySelector("`+at(m)+` .recall-item").ariaDisabled === "true"`)
	sender.clickText("[role=menuitem]", "Why can't I recall this?")
	sender.awaitText("#panel h1", "Jonas Lindqvist has opened it")
	if n := sender.eval(`document.querySelectorAll("#panel .alternatives > li").length`); n != 5.0 {
		t.Errorf("%v alternatives", n)
	}
}

// Check 8: what a recall does to somebody who looks at their list.
func TestRecallIsSeenAtOnce(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	m := p.maya.says(p.talk, "zebra in the list")
	b := p.at(p.jonas, desk())
	b.visit("/messages")
	b.awaitText(".row.unread", "Sealed. Open to read")
	if _, err := p.maya.api.Recall(t.Context(), m.ID, api.Recall{}); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	// It began the conversation: with it the conversation is gone from the list (R16).
	b.await("the message gone from the list", `!document.querySelector(".row.unread")`)
	t.Logf("the recipient's list knew after %s", time.Since(began).Round(time.Millisecond))
	b.visit("/messages?filter=recalled")
	b.awaitText(".row", "Maya Okafor recalled a message")
	if b.has(".row.unread") {
		t.Error("a recalled message is unread")
	}
}

// Check 9: the recipient opens while the question is on the screen.
func TestRaceInTheDialog(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	m := p.maya.says(p.talk, "zebra in a race")
	b := p.at(p.maya, desk())
	b.visit(p.path())
	b.hover(at(m) + " .bubble")
	b.click(at(m) + " .dots")
	b.clickText("[role=menuitem]", "Recall message")
	b.awaitText("dialog h1", "Recall this message?")
	p.jonas.opens(p.talk, m.ID)
	b.awaitText("dialog", "just opened this message. It can no longer be recalled.")
	if b.has("dialog button.recall") {
		t.Error("the dialog still offers the recall")
	}
	b.await("the focus inside the dialog", `document.querySelector("dialog").contains(document.activeElement)`)
	b.awaitText("#alert", "just opened this message")
}

// Check 10: open and recall at once, again and again: one wins, and both pages agree
// with the API.
func TestRaceAtTheServer(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.unlimited()
	p.jonas.opens(p.talk, p.maya.says(p.talk, "the beginning").ID)
	sender, recipient := p.at(p.maya, desk()), p.at(p.jonas, desk())
	sender.visit(p.path())
	recipient.visit(p.path())
	const rounds = 200
	opens, recalls := 0, 0
	for range rounds {
		m := p.maya.says(p.talk, "zebra again")
		var both sync.WaitGroup
		var openErr, recallErr error
		start := make(chan struct{})
		var content bool
		both.Go(func() {
			<-start
			got, err := p.jonas.api.Open(t.Context(), p.talk, m.ID)
			openErr = err
			for _, o := range got.Messages {
				content = content || o.ID == m.ID && o.Content != nil
			}
		})
		both.Go(func() {
			<-start
			_, recallErr = p.maya.api.Recall(t.Context(), m.ID, api.Recall{})
		})
		close(start)
		both.Wait()
		switch {
		case content && recallErr != nil:
			opens++
		case !content && recallErr == nil:
			recalls++
		default:
			t.Fatalf("content %v (%v), recall %v", content, openErr, recallErr)
		}
	}
	t.Logf("%d rounds: %d opened, %d recalled", rounds, opens, recalls)
	last, err := p.jonas.api.History(t.Context(), p.talk, "", 50)
	if err != nil {
		t.Fatal(err)
	}
	shown, recalled := 0, 0
	for _, m := range last.Items {
		if m.Content != nil {
			shown++
		} else if m.State == "recalled" {
			recalled++
		}
	}
	recipient.await("the recipient's page to agree", fmt.Sprintf(`document.querySelectorAll("#messages .body").length === %d`, shown))
	sender.await("the sender's page to agree", fmt.Sprintf(`[...document.querySelectorAll("#messages .foot")].filter((f) => f.innerText.includes("Opened")).length === %d`, shown))
	t.Logf("of the newest 50: %d opened, %d recalled on both pages", shown, recalled)
}

// unlimited lets everybody recall as often as they like.
func (s *site) unlimited() {
	s.t.Helper()
	s.setPolicy(func(p *policy.Policy) {
		p.PerConversationDay = policy.MaxCount
		p.Throttle.Messages, p.Throttle.Recipients, p.Throttle.Refusals = policy.MaxCount, policy.MaxCount, policy.MaxCount
	})
}

// setPolicy changes the policy as an administrator would.
func (s *site) setPolicy(change func(*policy.Policy)) {
	s.t.Helper()
	root := s.person(fmt.Sprintf("Root%d", time.Now().UnixNano()), sealpost.RoleAdmin)
	now, err := s.service.Policy(s.t.Context(), root.who)
	if err != nil {
		s.t.Fatal(err)
	}
	change(&now)
	now.Reason = "for a test"
	if _, err := s.service.PutPolicy(s.t.Context(), root.who, "", now); err != nil {
		s.t.Fatal(err)
	}
}

// Check 11: the window ends.
func TestWindowEnds(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	m := p.maya.says(p.talk, "zebra too late")
	b := p.at(p.maya, desk())
	b.visit(p.path())
	b.awaitText(at(m)+" .foot", "Recall until")
	p.later(5*time.Minute + time.Second)
	b.visit(p.path())
	if strings.Contains(b.text(at(m)+" .foot"), "Recall until") {
		t.Error("the footer still has the deadline")
	}
	b.visit(p.path() + "/" + m.ID + "/why")
	b.awaitText("h1", "The recall window has closed")
	until := m.RecallableUntil.Time.In(stockholm(t)).Format("15:04")
	b.awaitText("main", "Recall was possible until "+until)
	b.awaitText("main", "allows 5 min")
}

func stockholm(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// Check 12: one recall a day, with the next date in the sender's zone.
func TestDailyLimit(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	first, second := p.maya.says(p.talk, "first"), p.maya.says(p.talk, "second")
	if _, err := p.maya.api.Recall(t.Context(), first.ID, api.Recall{}); err != nil {
		t.Fatal(err)
	}
	b := p.at(p.maya, desk())
	b.visit(p.path() + "/" + second.ID + "/recall")
	b.awaitText("h1", "You already recalled a message here today")
	next := sealpost.NextDay(sealpost.InstantOf(time.Now()), stockholm(t)).Time().In(stockholm(t))
	b.awaitText("main", next.Format("Mon 2 Jan, 15:04"))
	if b.has("button.recall") {
		t.Error("the page offers the recall")
	}
	other := p.person("Amal Rahmani")
	p.maya.befriend(other)
	elsewhere := p.maya.talk("", other)
	third := p.maya.says(elsewhere, "third")
	b.visit("/messages/" + elsewhere + "/" + third.ID + "/recall")
	b.click("button.recall")
	b.awaitText(at(third)+".marker", "You recalled this message")
	p.later(25 * time.Hour)
	fourth := p.maya.says(p.talk, "fourth")
	b.visit(p.path() + "/" + fourth.ID + "/recall")
	b.click("button.recall")
	b.awaitText(at(fourth)+".marker", "You recalled this message")
}

// Check 13: recall is paused for somebody who sends a lot.
func TestThrottle(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.setPolicy(func(p *policy.Policy) { p.Throttle.Messages = 2 })
	other := p.person("Amal Rahmani")
	p.maya.befriend(other)
	elsewhere := p.maya.talk("", other)
	for i := range 4 {
		p.maya.says(elsewhere, fmt.Sprint("one of many ", i))
	}
	m := p.maya.says(p.talk, "the one to recall")
	b := p.at(p.maya, desk())
	b.visit(p.path() + "/" + m.ID + "/recall")
	b.awaitText("h1", "Recall is paused for your account")
	b.awaitText("main", "At about ")
	report, err := p.maya.api.Forecast(t.Context(), m.ID)
	if err != nil || report.NextPossibleAt == nil || !report.NextPossibleAt.After(time.Now()) {
		t.Errorf("possible again at %v, %v", report.NextPossibleAt, err)
	}
}

// Check 14: a fault of the server changes nothing, and trying again works.
func TestTechnicalFault(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	m := p.maya.says(p.talk, "zebra and a fault")
	b := p.at(p.maya, desk())
	b.expect("503")
	b.expect("502")
	b.visit(p.path())
	b.hover(at(m) + " .bubble")
	b.click(at(m) + " .dots")
	b.clickText("[role=menuitem]", "Recall message")
	b.awaitText("dialog h1", "Recall this message?")
	p.breakOn(func(r *http.Request) bool {
		return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/recall")
	})
	b.click("dialog button.recall")
	b.awaitText("dialog", "We don't know yet whether the recall worked")
	if b.has(".marker") {
		t.Error("there is a marker without a recall")
	}
	if got, err := p.maya.api.Message(t.Context(), m.ID); err != nil || got.State != "sent" {
		t.Errorf("the message is %s, %v", got.State, err)
	}
	p.breakOn(nil)
	b.awaitText(at(m)+".marker", "You recalled this message")
	report, err := p.maya.api.Report(t.Context(), m.ID)
	if err != nil || report.Outcome != service.OutcomeRecalled {
		t.Errorf("report %+v, %v", report, err)
	}
}

// Check 15: undo is not recall: nobody can know.
func TestUndo(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	undo := api.Duration(60 * time.Second)
	if _, err := p.maya.api.UpdateSettings(t.Context(), api.EditSettings{Undo: &undo}); err != nil {
		t.Fatal(err)
	}
	sender, recipient := p.at(p.maya, desk()), p.at(p.jonas, desk())
	recipient.visit("/messages")
	sender.visit(p.path())
	sender.click("#body")
	sender.types("zebra on second thoughts")
	sender.click(".composer button.primary")
	sender.awaitText(".message.pending .foot", "Not sent yet")
	sender.clickText(".message.pending button", "Undo")
	sender.await("the text back in the composer", `document.querySelector("#body").value === "zebra on second thoughts"`)
	sender.await("the focus in the composer", `document.activeElement.id === "body"`)
	if sender.has(".message.pending") {
		t.Error("the message is still waiting")
	}
	if recipient.has(".row") {
		t.Error("the recipient has a conversation")
	}
	m := p.maya.says(p.talk, "another")
	_ = m
	if _, err := p.maya.api.SendNow(t.Context(), m.ID); err != nil {
		t.Fatal(err)
	}
	if f, err := p.maya.api.Forecast(t.Context(), m.ID); err != nil || !f.Recallable {
		t.Errorf("after an undo a recall is %v, %v", f.Code, err)
	}
}

// Check 17: the report of a group.
func TestGroupReport(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	maya := s.person("Maya Okafor")
	var rest []*person
	for _, name := range []string{"Jonas Lindqvist", "Amal Rahmani", "Erik Sand", "Priya Nair"} {
		rest = append(rest, s.person(name))
	}
	maya.befriend(rest...)
	talk := maya.talk("Trial", rest...)
	m := maya.says(talk, "zebra for four")
	rest[0].opens(talk, m.ID)
	b := s.at(maya, desk())
	b.visit("/messages/" + talk)
	b.hover(at(m) + " .bubble")
	b.click(at(m) + " .dots")
	b.clickText("[role=menuitem]", "Recall message")
	b.awaitText("dialog h1", "Recall for 3 people?")
	b.click("dialog button.recall")
	b.awaitText(at(m)+" .partly", "Recalled for 3 of 4 people. Jonas Lindqvist had opened it.")
	b.click(at(m) + " .partly a")
	b.awaitText(".summary", "Recalled for 3 of 4 people.")
	if n := b.eval(`document.querySelectorAll("tbody tr").length`); n != 4.0 {
		t.Errorf("%v rows", n)
	}
	for _, p := range rest {
		row, _ := b.eval(fmt.Sprintf(`[...document.querySelectorAll("tbody tr")].find((r) => r.innerText.includes(%s)).innerText`, quoted(p.name))).(string)
		opened := p == rest[0]
		if strings.Contains(row, "Not recalled") != opened || strings.Contains(row, "Opened") != opened {
			t.Errorf("%s: %q", p.name, row)
		}
	}
	small := s.at(maya, phone())
	small.visit("/messages/" + talk + "/" + m.ID + "/recall")
	small.awaitText(".summary", "Recalled for 3 of 4 people.")
}
