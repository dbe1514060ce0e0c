//go:build sealtest

package browser_test

import (
	"context"
	"iter"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/sealpost/sealpost/api"
)

// patience bounds every wait. It is no measure: a page that never gets there fails.
const patience = 20 * time.Second

// chrome is the one browser of this process; TestMain ends it.
var chrome struct {
	once   sync.Once
	ctx    context.Context
	cancel context.CancelFunc
	err    error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if chrome.cancel != nil {
		chrome.cancel()
	}
	os.Exit(code)
}

// startChrome starts the browser, once, or skips where there is none. In CI there is
// one or the test fails.
func startChrome(t *testing.T) context.Context {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		missing(t, "Chromium is not installed (apt-get install chromium)")
	}
	chrome.once.Do(func() {
		options := append(chromedp.DefaultExecAllocatorOptions[:],
			chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-quic", true),
			chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
			chromedp.Flag("disable-sync", true), chromedp.Flag("hide-scrollbars", false),
		)
		allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
		ctx, cancel := chromedp.NewContext(allocator)
		chrome.ctx, chrome.cancel = ctx, func() { cancel(); stop() }
		chrome.err = chromedp.Do(ctx)
	})
	if chrome.err != nil {
		t.Fatalf("starting the browser: %v", chrome.err)
	}
	return chrome.ctx
}

// missing skips a test for want of something, and fails it in CI.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// device is what somebody sits at.
type device struct {
	name          string
	width, height int64
	touch, dark   bool
	noScript      bool
}

// desk and phone are the two of the design.
func desk() device  { return device{name: "desk", width: 1280, height: 800} }
func phone() device { return device{name: "phone", width: 390, height: 844, touch: true} }

// tab is one page in a browser profile of its own.
type tab struct {
	t      *testing.T
	ctx    context.Context
	person *person
	device device

	url string // of the server, as this tab reaches it

	mu      sync.Mutex
	faults  []string // what the page complained about; guarded by mu
	allowed []string // parts of complaints that the test expects
}

// watcher runs before every page: it notes broken policies where tests can read them.
const watcher = `window.faults = []; addEventListener("securitypolicyviolation", (e) => window.faults.push("policy: " + e.violatedDirective + " " + e.blockedURI + " " + e.sourceFile + ":" + e.lineNumber));`

// at opens a page for somebody who is signed in; nil: nobody is.
func (s *site) at(p *person, d device) *tab {
	s.t.Helper()
	parent := startChrome(s.t)
	ctx, cancel := chromedp.NewContext(parent, chromedp.WithNewBrowserContext())
	b := &tab{t: s.t, ctx: ctx, person: p, device: d, url: s.url}
	if err := chromedp.Do(ctx); err != nil {
		s.t.Fatal(err)
	}
	b.must(chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: watcher}))
	b.resize(d)
	if d.touch {
		b.must(chromedp.Call(ctx, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: true, MaxTouchPoints: 1}))
	}
	if d.noScript {
		b.must(chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}))
	}
	theme := "light"
	if d.dark {
		theme = "dark"
	}
	b.must(chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}, {Name: "prefers-reduced-motion", Value: "reduce"}},
	}))
	b.must(chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}))
	go b.listen(chromedp.Console(ctx))
	b.cookie(s.url)
	s.t.Cleanup(func() {
		b.check()
		cancel()
	})
	return b
}

// resize gives the tab the screen of a device.
func (b *tab) resize(d device) {
	b.t.Helper()
	b.must(chromedp.Call(b.ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: d.width, Height: d.height, DeviceScaleFactor: 1, Mobile: d.touch,
	}))
}

// cookie signs the tab in, at an address of the server.
func (b *tab) cookie(url string) {
	b.t.Helper()
	if b.person == nil {
		return
	}
	yes := true
	b.must(chromedp.Call(b.ctx, network.SetCookie, network.SetCookieParams{
		Name: api.SessionCookie, Value: b.person.token, URL: strings.Replace(url, "http:", "https:", 1), Path: "/",
		Secure: &yes, HTTPOnly: &yes, SameSite: network.CookieSameSiteLax,
	}))
}

// listen notes what the page complains about.
func (b *tab) listen(messages iter.Seq2[chromedp.ConsoleMessage, error]) {
	for m, err := range messages {
		if err != nil {
			return
		}
		if m.Type == chromedp.ConsoleError || m.Type == chromedp.ConsoleWarning || m.IsException() {
			b.mu.Lock()
			b.faults = append(b.faults, m.String()+" "+m.URL)
			b.mu.Unlock()
		}
	}
}

// expect says that the page may complain about something, by a part of the text.
func (b *tab) expect(part string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.allowed = append(b.allowed, part)
}

// check fails the test for everything that the page complained about.
func (b *tab) check() {
	if !b.device.noScript {
		policies, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]string](`window.faults ?? []`))
		if err == nil {
			b.mu.Lock()
			b.faults = append(b.faults, policies...)
			b.mu.Unlock()
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range b.faults {
		if !slices.ContainsFunc(b.allowed, func(part string) bool { return strings.Contains(f, part) }) {
			b.t.Errorf("%s at a %s: the page complained: %s", b.who(), b.device.name, f)
		}
	}
}

func (b *tab) who() string {
	if b.person == nil {
		return "nobody"
	}
	return b.person.name
}

func (b *tab) must(_ any, err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}
