package webui_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/service"
)

// R8: no page promises a recall that the server would refuse, and menu and panel name
// the same reason, also once the message is opened.
func TestNoPromiseBeyondTheLimit(t *testing.T) {
	t.Parallel()
	maya, jonas, c := duo(t)
	c.today(10 * time.Minute)
	first := c.says(maya, "the first zebra")
	maya.get(c.path()).says("Recall up to 5 min after sending", "Recall until").want(http.StatusOK, `class="row-recall"`)
	if _, err := c.Recall(t.Context(), maya.Principal, "", first, service.Recalling{}); err != nil {
		t.Fatal(err)
	}
	second := c.says(maya, "the second zebra")
	for _, at := range []string{c.path(), "/messages"} {
		maya.get(at).want(http.StatusOK).saysNot("Recall until", "can be recalled until", "Recall up to").lacks(`class="message own recallable"`, `class="row-recall"`, "data-recall ")
	}
	const reason = "You already recalled a message here today"
	maya.get(c.path()).tells(reason+". Recall is possible again from", "Recall message Recall "+reason+" Why can't I recall this?")
	maya.get(c.of(second, "details")).tells("Not possible: " + reason + ". Why?")
	c.opens(jonas, second)
	maya.get(c.path()).tells("Recall message Recall " + reason + " Why can't I recall this?")
	maya.get(c.of(second, "why")).tells(reason, "Jonas Lindqvist has opened it")
	c.later(25 * time.Hour)
	c.says(maya, "the third zebra")
	maya.get(c.path()).says("Recall up to 5 min after sending", "Recall until")
}

// A window of seconds has an end to the second.
func TestShortWindow(t *testing.T) {
	t.Parallel()
	maya, jonas, c := duo(t)
	c.rules(func(p *policy.Policy) { p.Window = 15 * time.Second })
	id := c.says(maya, secretText)
	zone, _ := time.LoadLocation("Europe/Stockholm")
	end := c.view(maya, id).RecallableUntil.Time().In(zone).Format("15:04:05")
	maya.get(c.path()).tells("Recall until "+end, "can be recalled until "+end)
	maya.get(c.of(id, "recall")).tells("Recall until " + end)
	jonas.get(c.path()).tells("Maya Okafor can recall it until " + end)
	c.later(20 * time.Second)
	maya.get(c.path()).tells("The recall window closed at " + end)
	maya.get(c.of(id, "why")).tells("Recall was possible until " + end + ". Your organisation allows 15 s.")
}
