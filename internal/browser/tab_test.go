//go:build sealtest

package browser_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// do runs steps and ends the test, with a picture, if one fails.
func (b *tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	for _, step := range steps {
		if _, err := chromedp.Run(b.ctx, step); err != nil {
			b.fail(what, err)
		}
	}
}

func (b *tab) fail(what string, err error) {
	b.t.Helper()
	at := b.eval("location.pathname + location.search")
	b.t.Fatalf("%s at a %s, at %v: %s: %v (picture: %s)\n%v", b.who(), b.device.name, at, what, err, b.picture("failed"),
		b.eval(`document.body?.innerText.slice(0, 2000)`))
}

// visit goes to a page.
func (b *tab) visit(path string) {
	b.t.Helper()
	b.do("visiting "+path, chromedp.Navigate(b.url+path))
}

// eval gives the value of an expression; nil where that cannot be told.
func (b *tab) eval(expression string) any {
	if b.device.noScript {
		return nil
	}
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[any](expression))
	if err != nil {
		return nil
	}
	return v
}

// text is the visible text of the first element.
func (b *tab) text(selector string) string {
	b.t.Helper()
	s, _ := b.eval(fmt.Sprintf(`document.querySelector(%s)?.innerText ?? ""`, quoted(selector))).(string)
	return s
}

// await waits until an expression is true.
func (b *tab) await(what, expression string) {
	b.t.Helper()
	until := time.Now().Add(patience)
	for time.Now().Before(until) {
		if b.eval("Boolean("+expression+")") == true {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	b.fail("waiting for "+what, fmt.Errorf("it did not come within %s", patience))
}

// awaitText waits until the first element shows a text.
func (b *tab) awaitText(selector, text string) {
	b.t.Helper()
	b.await(fmt.Sprintf("%q in %s", text, selector),
		fmt.Sprintf(`[...document.querySelectorAll(%s)].some((e) => e.innerText?.includes(%s))`, quoted(selector), quoted(text)))
}

// awaitPath waits until the address has this path.
func (b *tab) awaitPath(path string) {
	b.t.Helper()
	b.await("the address "+path, "location.pathname === "+quoted(path)+` && document.readyState === "complete"`)
}

// shows reports whether a text is anywhere on the page that is shown.
func (b *tab) shows(text string) bool {
	return b.eval(`document.body.innerText.includes(`+quoted(text)+`)`) == true
}

// has reports whether an element is there.
func (b *tab) has(selector string) bool {
	return b.eval(`document.querySelector(`+quoted(selector)+`) !== null`) == true
}

// point is the middle of an element, which is scrolled into view and must be what
// is there: something that lies over it would get the click.
func (b *tab) point(selector string) (x, y float64) {
	b.t.Helper()
	return b.pointOf(selector, "document.querySelector("+quoted(selector)+")")
}

// pointOf is point for the element that an expression finds, each time anew: a part of
// the page may be swapped meanwhile.
func (b *tab) pointOf(what, element string) (x, y float64) {
	b.t.Helper()
	b.await(what, fmt.Sprintf(`(() => {
		const e = %s;
		if (!e) return false;
		e.scrollIntoView({ block: "nearest", inline: "nearest" });
		const r = e.getBoundingClientRect();
		if (!r.width || !r.height) return false;
		const top = document.elementFromPoint(r.x + r.width / 2, r.y + r.height / 2);
		return top && e.contains(top);
	})()`, element))
	at, _ := b.eval(fmt.Sprintf(`(() => { const r = %s.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()`, element)).([]any)
	if len(at) != 2 {
		b.fail("finding "+what, fmt.Errorf("it is gone"))
	}
	return at[0].(float64), at[1].(float64)
}

// click clicks or taps, as the device does.
func (b *tab) click(selector string) {
	b.t.Helper()
	x, y := b.point(selector)
	b.clickAt(selector, x, y)
}

func (b *tab) clickAt(what string, x, y float64) {
	b.t.Helper()
	if b.device.touch {
		b.touch(x, y, 0, 0, 0)
		return
	}
	b.do("clicking "+what, chromedp.MouseClickXY(x, y))
}

// clickText clicks the first element of a kind with this text.
func (b *tab) clickText(selector, text string) {
	b.t.Helper()
	what := fmt.Sprintf("%s with %q", selector, text)
	x, y := b.pointOf(what, fmt.Sprintf(`[...document.querySelectorAll(%s)].find((e) => e.innerText?.includes(%s) && e.getClientRects().length)`,
		quoted(selector), quoted(text)))
	b.clickAt(what, x, y)
}

// hover moves the pointer over an element.
func (b *tab) hover(selector string) {
	b.t.Helper()
	x, y := b.point(selector)
	b.do("hovering over "+selector, chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, x, y))
}

// touch puts a finger down, waits, moves it, and lifts it.
func (b *tab) touch(x, y float64, hold time.Duration, dx, dy float64) {
	b.t.Helper()
	b.finger(input.DispatchTouchEventTypeTouchStart, x, y)
	time.Sleep(hold)
	if dx != 0 || dy != 0 {
		b.finger(input.DispatchTouchEventTypeTouchMove, x+dx, y+dy)
	}
	b.finger(input.DispatchTouchEventTypeTouchEnd, 0, 0)
}

func (b *tab) finger(kind input.DispatchTouchEventType, x, y float64) {
	b.t.Helper()
	p := input.DispatchTouchEventParams{Type: kind, TouchPoints: []*input.TouchPoint{}}
	if kind != input.DispatchTouchEventTypeTouchEnd {
		p.TouchPoints = append(p.TouchPoints, &input.TouchPoint{X: x, Y: y})
	}
	b.must(chromedp.Call(b.ctx, input.DispatchTouchEvent, p))
}

// types types into what has the focus.
func (b *tab) types(text string) {
	b.t.Helper()
	b.must(chromedp.Call(b.ctx, input.InsertText, input.InsertTextParams{Text: text}))
}

// press presses a key by name: Tab, Enter, Escape, ArrowDown, Delete, or a letter.
func (b *tab) press(key string, modifiers ...chromedp.Modifier) {
	b.t.Helper()
	named := map[string]string{
		"Tab": kb.Tab, "Enter": kb.Enter, "Escape": kb.Escape, "ArrowDown": kb.ArrowDown, "ArrowUp": kb.ArrowUp,
		"Delete": kb.Delete, "Backspace": kb.Backspace, "Home": kb.Home, "End": kb.End, "F10": kb.F10,
	}
	keys, ok := named[key]
	if !ok {
		keys = key
	}
	b.do("pressing "+key, chromedp.KeyEvent(keys, chromedp.KeyModifiers(modifiers...)))
}

var errNotReached = errors.New("it was not reached")

// submit sends a form as a browser without script does: its fields, to its address.
func (b *tab) submit(selector string) {
	b.t.Helper()
	b.do("submitting "+selector, chromedp.Submit(chromedp.CSS(selector)))
}

// source waits until the page without script has a text.
func (b *tab) source(text string) {
	b.t.Helper()
	html := ""
	for until := time.Now().Add(patience); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		var err error
		if html, err = chromedp.Run(b.ctx, chromedp.Text(chromedp.CSS("main"))); err == nil && strings.Contains(html, text) {
			return
		}
	}
	b.t.Fatalf("%s: the page does not say %q:\n%s", b.who(), text, html)
}

// focused describes what has the focus.
func (b *tab) focused() string {
	s, _ := b.eval(`(() => { const e = document.activeElement; return e ? e.tagName.toLowerCase() + (e.id ? "#" + e.id : "") + " " + (e.innerText ?? e.value ?? "").slice(0, 60) : ""; })()`).(string)
	return s
}

// picture writes what is shown to a file of the test, and gives its name.
func (b *tab) picture(name string) string {
	shot, err := chromedp.Call(b.ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{})
	if err != nil {
		return err.Error()
	}
	dir := os.Getenv("SEALPOST_PICTURES")
	if dir == "" {
		dir = b.t.ArtifactDir()
	}
	file := filepath.Join(dir, strings.NewReplacer("/", "-", " ", "-").Replace(fmt.Sprintf("%s-%s-%s.png", b.t.Name(), name, b.device.name)))
	if err := os.WriteFile(file, shot.Data, 0o600); err != nil {
		return err.Error()
	}
	return file
}

func quoted(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		return `""`
	}
	return string(text)
}
