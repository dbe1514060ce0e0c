//go:build sealtest

package browser_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// picturesDir says where the pictures of the README go; make pictures sets it.
const picturesDir = "SEALPOST_README_PICTURES"

// TestPictures takes the pictures of the README: the question before a recall at a
// desk, and the thread of somebody who has not opened yet on a phone.
func TestPictures(t *testing.T) {
	dir := os.Getenv(picturesDir)
	if dir == "" {
		t.Skip("only for the README: make pictures")
	}
	p := newPair(t)
	amal := p.person("Amal Rahmani")
	p.maya.befriend(amal)
	p.maya.says(p.maya.talk("Night rota", p.jonas, amal), "The rota for December is ready.")
	hello := p.jonas.says(p.talk, "Did the Q3 figures come through?")
	p.maya.opens(p.talk, hello.ID)
	answer := p.maya.says(p.talk, "Yes. I will send the summary today.")
	p.jonas.opens(p.talk, answer.ID)
	m := p.maya.says(p.talk, "Here is the summary, with the salaries of the whole ward.")

	desk := p.at(p.maya, desk())
	desk.visit(p.path())
	desk.hover(at(m) + " .bubble")
	desk.click(at(m) + " .dots")
	desk.click(at(m) + " .recall-item")
	desk.awaitText("dialog h1", "Recall this message?")
	desk.save(filepath.Join(dir, "recall.png"))

	phone := p.at(p.jonas, phone())
	phone.visit(p.path())
	phone.awaitText(".sealed", "sent you a message")
	phone.save(filepath.Join(dir, "sealed.png"))
}

func (b *tab) save(file string) {
	b.t.Helper()
	shot, err := chromedp.Call(b.ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{})
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(file, shot.Data, 0o600); err != nil {
		b.t.Fatal(err)
	}
}
