//go:build sealtest

package browser_test

import (
	"strings"
	"testing"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
)

// Check 16: what the dialog and the report say of the recipient is what their list
// showed, in the same words.
func TestExposure(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.unlimited()
	p.setPolicy(func(rules *policy.Policy) { rules.Previews = sealpost.PreviewsImmediate })
	sender := p.at(p.maya, desk())

	list := p.at(p.jonas, phone())
	off := p.maya.says(p.talk, "zebra behind the seal")
	list.visit("/messages")
	list.awaitText(".row-line", "Sealed. Open to read")
	if list.shows("zebra") {
		t.Error("the list shows text that nobody allowed")
	}
	sender.visit(p.path())
	sender.question(off)
	sender.awaitText("dialog", "perhaps that a message from you came. Never its text.")
	sender.click("dialog button.recall")
	sender.awaitText(at(off)+".marker", "You recalled this message")

	list.visit("/settings#preview-text")
	list.click(`#preview-text input[value=immediate]`)
	list.awaitText("#preview-text", "Saved")
	on := p.maya.says(p.talk, "zebra in plain sight")
	list.visit("/messages")
	list.awaitText(".row-line", "Preview: zebra in plain sight")
	sender.visit(p.path())
	sender.awaitText(".composer", "see the first words at once")
	sender.question(on)
	sender.awaitText("dialog", "Jonas Lindqvist: your first words, in their message list at")
	sender.click("dialog button.recall")
	sender.awaitText("#messages", "You recalled 2 messages.")
	sender.visit(p.path() + "/" + on.ID + "/recall")
	sender.awaitText("h1", "Recall report")
	sender.awaitText("table", "◑ Preview text shown")
	sender.awaitText("table", "Your first words were in their message list at")
	list.await("the preview to go", `!document.body.innerText.includes("zebra")`)
	list.visit(p.path())
	if html, _ := list.eval("document.documentElement.outerHTML").(string); strings.Contains(html, "zebra") {
		t.Error("the recipient's page still has the text")
	}
	list.awaitText("#messages", "Maya Okafor recalled 2 messages. You may have seen first words.")
}

// R26: Compose hides the preview of one message, and says beforehand what happens if
// it does not.
func TestHidePreview(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.setPolicy(func(rules *policy.Policy) { rules.Previews = sealpost.PreviewsImmediate })
	b := p.at(p.maya, desk())
	b.visit("/compose?conversation=" + p.talk)
	b.awaitText("#send-facts", "see the first words at once")
	b.click("#body")
	b.types("zebra for nobody's list")
	b.click("[name=hide]")
	b.await("the warning to go", `getComputedStyle(document.querySelector("#send-facts .unless-hidden")).display === "none"`)
	b.click("#send")
	b.awaitPath(p.path())
	list := p.at(p.jonas, phone())
	list.visit("/settings")
	list.click(`#preview-text input[value=immediate]`)
	list.awaitText("#preview-text", "Saved")
	list.visit("/messages")
	list.awaitText(".row-line", "Sealed. Open to read")
	if list.shows("zebra") {
		t.Error("the list shows what its sender hid")
	}
}
