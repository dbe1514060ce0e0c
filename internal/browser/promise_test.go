//go:build sealtest

package browser_test

import (
	"testing"
	"time"
)

// R8: after the recall of today the page takes back what it promised, also in the
// composer, which is not swapped; and a limit that ends while a message waits gives
// the recall back by itself.
func TestPromisesEndWithTheLimit(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.until(10, 42, "Europe/Stockholm")
	first := p.maya.says(p.talk, "zebra one")
	b := p.at(p.maya, desk())
	b.expect("503") // the lease of the server, until it is renewed
	b.visit(p.path())
	b.awaitText("#terms", "Recall up to 5 min after sending")
	b.click("#body")
	b.types("zebra two")
	b.question(first)
	b.click("dialog button.recall")
	b.awaitText(at(first)+".marker", "You recalled this message")
	b.awaitText("#terms", "You already recalled a message here today. Recall is possible again from")
	b.click(".composer button.primary")
	b.awaitText(".message.own .body", "zebra two")
	for _, what := range []string{".recallable", ".message.own seal-ring", ".row-recall"} {
		if b.has(what) {
			t.Errorf("the second message still has %s (picture: %s)", what, b.picture("promise"))
		}
	}
	b.hover(".message.own .bubble")
	b.click(".message.own .dots")
	b.awaitText(".message-menu:popover-open .recall-item[aria-disabled]", "You already recalled a message here today")

	p.later(13*time.Hour + 16*time.Minute) // 23:58
	third := p.maya.says(p.talk, "zebra before midnight")
	b.visit(p.path())
	b.awaitText(at(third)+" .foot", "No receipt yet")
	if b.has(at(third) + ".recallable") {
		t.Error("it promises a recall before midnight")
	}
	p.later(3 * time.Minute)
	b.eval(`document.querySelector("` + at(third) + ` seal-ring").dataset.end = "1"`) // as if its time had gone by here too
	b.awaitText(at(third)+".recallable .foot", "Recall until")
}
