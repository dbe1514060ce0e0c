//go:build sealtest

package browser_test

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
)

// axeVersion is the checker's. It is fetched by npm into the user's cache, once; its
// licence keeps it out of the repository.
const axeVersion = "4.14.1"

var axeSource = sync.OnceValues(func() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "sealpost-tools", "axe-core-"+axeVersion)
	file := filepath.Join(dir, "axe.min.js")
	if text, err := os.ReadFile(file); err == nil {
		return string(text), nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	if out, err := exec.Command("npm", "pack", "--silent", "--pack-destination", dir, "axe-core@"+axeVersion).CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm pack axe-core: %w\n%s", err, out)
	}
	text, err := fromArchive(filepath.Join(dir, "axe-core-"+axeVersion+".tgz"), "package/axe.min.js")
	if err != nil {
		return "", err
	}
	return text, os.WriteFile(file, []byte(text), 0o600)
})

// fromArchive reads one file of a package.
func fromArchive(archive, name string) (string, error) {
	f, err := os.Open(archive)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		return "", err
	}
	for t := tar.NewReader(z); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return "", fmt.Errorf("%s is not in %s", name, filepath.Base(archive))
		}
		if err != nil {
			return "", err
		}
		if h.Name == name {
			b, err := io.ReadAll(t)
			return string(b), err
		}
	}
}

// town is a server with a page of every kind to look at.
type town struct {
	*site
	maya  *person
	paths map[string]string // by route; what is in braces filled in
	more  []string          // states that a route has besides
	// outside are the pages of people who are not signed in.
	outside []string
}

// skipped is the table of routes that show no page of their own, with the reason.
var skipped = map[string]string{
	"GET /{$}":            "redirects",
	"GET /files/{name}":   "files",
	"GET /waiting":        "numbers for the script",
	"GET /compose/people": "names for the script",
	"GET /messages/{conversation}/{message}/recall.json": "a file to keep",
	"GET /try/{secret}":  "of the demo only; the sign-in page is the same form",
	"GET /join/{secret}": "links of earlier versions; the page is that of /join",
}

func newTown(t *testing.T) *town {
	t.Helper()
	s := newSite(t)
	w := &town{site: s, maya: s.person("Maya Okafor", sealpost.RoleAdmin, sealpost.RoleModerator, sealpost.RoleCompliance, sealpost.RoleNotices)}
	jonas, amal, erik := s.person("Jonas Lindqvist"), s.person("Amal Rahmani"), s.person("Erik Sand")
	w.maya.befriend(jonas, amal)
	if _, err := erik.api.Invite(t.Context(), api.InviteUser{UserID: w.maya.id, Note: "We met at the congress."}); err != nil {
		t.Fatal(err)
	}
	s.unlimited()
	s.setPolicy(func(p *policy.Policy) { p.Previews = sealpost.PreviewsImmediate })
	immediate := "immediate"
	w.maya.settings(api.EditSettings{PreviewText: &immediate})
	talk, group := w.maya.talk("", jonas), w.maya.talk("Trial protocol", jonas, amal)
	hello := jonas.says(talk, "Did the figures come through?")
	w.maya.opens(talk, hello.ID)
	opened := w.maya.says(talk, "Yes, and a line that is long enough to be broken on a small screen, with a https://example.org/very/long/address/that/does/not/end")
	jonas.opens(talk, opened.ID)
	recalled := w.maya.says(talk, "The wrong one")
	if _, err := w.maya.api.Recall(t.Context(), recalled.ID, api.Recall{}); err != nil {
		t.Fatal(err)
	}
	fresh := w.maya.says(talk, "Here they are")
	jonas.says(talk, "Thank you")
	part := w.maya.says(group, "For three")
	amal.opens(group, part.ID)
	if _, err := w.maya.api.Recall(t.Context(), part.ID, api.Recall{}); err != nil {
		t.Fatal(err)
	}
	later := api.Time{Time: time.Now().Add(20 * time.Hour)}
	planned, err := w.maya.api.Send(t.Context(), talk, api.SendMessage{Body: "Tomorrow", SendAt: api.SendTime(later.Format(time.RFC3339))})
	if err != nil {
		t.Fatal(err)
	}
	jonas.befriend(amal)
	theirs := jonas.talk("", amal) // nobody judges what they are part of
	reported := jonas.says(theirs, "Something that somebody reports")
	amal.opens(theirs, reported.ID)
	flag, err := amal.api.Flag(t.Context(), reported.ID, api.FlagMessage{Reason: "other", Note: "Please look"})
	if err != nil {
		t.Fatal(err)
	}
	invite, err := w.maya.api.CreateInvite(t.Context(), api.CreateInvite{Email: "new@example.org", Name: "Somebody New"})
	if err != nil {
		t.Fatal(err)
	}
	request := erik.talk("", w.maya)
	erik.says(request, "A request")
	draft, err := w.maya.api.AddDraft(t.Context(), api.WriteDraft{Body: "Not finished yet", RecipientIDs: []string{jonas.id}})
	if err != nil {
		t.Fatal(err)
	}
	w.more = []string{
		"/messages?filter=recalled", "/messages?filter=scheduled", "/messages?filter=drafts", "/messages?filter=requests",
		"/messages/" + group, "/messages/" + request, "/messages/" + talk + "/" + recalled.ID + "/recall", "/messages/" + group + "/" + part.ID + "/recall",
		"/messages/" + talk + "/" + opened.ID + "/why", "/search?q=figures", "/admin/audit?action=recall&person=" + w.maya.id,
	}
	w.outside = []string{"/sign-in", "/join", "/join#" + invite.Token, "/join#spi_none"}
	w.paths = map[string]string{
		"draft":        draft.ID,
		"conversation": talk, "message": fresh.ID, "user": jonas.id, "flag": flag.ID,
		"GET /messages/{conversation}/people":         group,
		"GET /people/{user}/invite":                   s.person("Lin Wei").id,
		"GET /messages/{conversation}/{message}/edit": planned.ID,
	}
	return w
}

// pages are the pages of the mux, filled in, with the states that one address has.
func (w *town) pages(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, r := range w.site.pages.Routes() {
		name := r.Method + " " + r.Path
		if r.Method != "GET" || skipped[name] != "" || slices.ContainsFunc(w.outside, func(path string) bool {
			begin, _, _ := strings.Cut(r.Path, "{")
			return strings.HasPrefix(path, begin)
		}) {
			continue
		}
		path := r.Path
		switch name {
		case "GET /messages/{conversation}/people":
			path = strings.Replace(path, "{conversation}", w.paths[name], 1)
		case "GET /people/{user}/invite": // who is connected is not asked
			path = strings.Replace(path, "{user}", w.paths[name], 1)
		case "GET /messages/{conversation}/{message}/edit":
			path = strings.Replace(path, "{message}", w.paths[name], 1)
		}
		for field, value := range w.paths {
			path = strings.ReplaceAll(path, "{"+field+"}", value)
		}
		if strings.Contains(path, "{") {
			t.Errorf("%s has no page in the matrix: fill it in, or give the reason in skipped", name)
			continue
		}
		out = append(out, path)
	}
	slices.Sort(out)
	return append(append(out, w.more...), "/nowhere")
}

// Check 24: no page breaks a rule of accessibility, in either theme, at either width,
// from either side; none is wider than the smallest screen; none breaks its policy.
func TestAccessibility(t *testing.T) {
	t.Parallel()
	axe, err := axeSource()
	if err != nil {
		missing(t, err.Error())
	}
	w := newTown(t)
	checked := 0
	for _, direction := range []string{"ltr", "rtl"} {
		language := map[string]string{"ltr": "en", "rtl": "ar-XB"}[direction]
		if _, err := w.maya.api.UpdateMe(t.Context(), api.EditMe{Language: &language}); err != nil {
			t.Fatal(err)
		}
		for _, dark := range []bool{false, true} {
			for _, d := range []device{desk(), phone()} {
				d.dark = dark
				b := w.at(w.maya, d)
				b.expect("404")
				for _, path := range w.pages(t) {
					b.visit(path)
					if got := b.eval(`document.documentElement.dir`); got != direction && path != "/nowhere" {
						t.Fatalf("%s reads %v", path, got)
					}
					b.keep(direction, path)
					w.judge(t, b, axe, path)
					checked++
				}
				if direction == "rtl" { // of a person's own setting
					continue
				}
				b = w.at(nil, d)
				b.expect("404")
				for _, path := range w.outside {
					b.enter(path)
					if path == "/sign-in" && !b.has("[type=password]") {
						t.Fatal("somebody is signed in")
					}
					b.keep(direction, path)
					w.judge(t, b, axe, path)
					checked++
				}
			}
		}
	}
	t.Logf("%d pages × directions × themes × widths, no violation among them unless named above", checked)
}

// enter visits a page of somebody who is not signed in. The link of an invitation goes
// on by itself.
func (b *tab) enter(path string) {
	b.t.Helper()
	b.visit(path)
	if strings.Contains(path, "#") {
		b.await("the link's page", `location.pathname === "/join/use" && document.readyState === "complete"`)
	}
}

// keep takes a picture of the whole page for somebody to look at, where the environment
// says that it is wanted: make pages.
func (b *tab) keep(direction, path string) {
	b.t.Helper()
	dir := os.Getenv("SEALPOST_PAGE_PICTURES")
	if dir == "" {
		return
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		b.t.Fatal(err)
	}
	// The screen becomes as high as the page: a picture of what is beyond the screen is
	// moved aside where a page is read from the right.
	height, _ := b.eval(`document.documentElement.scrollHeight`).(float64)
	tall := b.device
	tall.height = max(tall.height, int64(height))
	b.resize(tall)
	shot, err := chromedp.Call(b.ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{})
	if err != nil {
		b.t.Fatal(err)
	}
	b.resize(b.device)
	theme := map[bool]string{false: "light", true: "dark"}[b.device.dark]
	name := uuids.ReplaceAllString(strings.Trim(path, "/"), "$2")
	name = strings.NewReplacer("/", "_", "?", "_", "=", "_", "#", "_").Replace(name) + "." + b.device.name + "." + theme + "." + direction + ".png"
	if err := os.WriteFile(filepath.Join(dir, name), shot.Data, 0o600); err != nil {
		b.t.Fatal(err)
	}
}

var uuids = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{8}([0-9a-f]{4})`)

func (w *town) judge(t *testing.T, b *tab, axe, path string) {
	t.Helper()
	found, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]string](axe+`;
		axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }).then((r) =>
			r.violations.map((v) => v.id + ": " + v.nodes.map((n) => n.target.join(" ")).slice(0, 3).join(" | ")))`, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	for _, v := range found {
		t.Errorf("%s at a %s, dark %v: %s", path, b.device.name, b.device.dark, v)
	}
	b.fits(path)
}

// fits fails the test if a page is wider than the screen. innerWidth does not tell: it
// grows with what a phone would have to zoom out for.
func (b *tab) fits(path string) {
	b.t.Helper()
	width, _ := b.eval(`document.documentElement.scrollWidth`).(float64)
	if over := int64(width) - b.device.width; over > 0 {
		b.t.Errorf("%s is %d px too wide for a screen of %d: %v", path, over, b.device.width, b.eval(fmt.Sprintf(`[...document.querySelectorAll("main *")]
			.filter((e) => { const r = e.getBoundingClientRect(); return (r.right > %d + 1 || r.left < -1) && !e.closest("[popover]"); })
			.map((e) => e.tagName + "." + e.className).slice(0, 4).join(" ")`, b.device.width)))
	}
}

// No page needs to be scrolled sideways on a screen of 320 px, which is also a desk at
// 400 % (WCAG 1.4.10), and no target is smaller than 24 px (WCAG 2.5.8).
func TestSmallestScreen(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	b := w.at(w.maya, device{name: "smallest", width: 320, height: 640, touch: true})
	b.expect("404")
	for _, path := range w.pages(t) {
		b.visit(path)
		b.fits(path)
		small, _ := b.eval(`[...document.querySelectorAll("button,a.button,input:not([type=hidden]),select,summary,.chip")].filter((e) => { const r = e.getBoundingClientRect(); const s = getComputedStyle(e); return r.width && r.height && s.clipPath === "none" && (r.height < 24 || r.width < 24) && !e.closest("label.choice,label.chip") && !e.matches(".linklike"); }).map((e) => e.tagName + "." + e.className + "#" + e.id + " " + e.innerText).join(", ")`).(string)
		if small != "" {
			t.Errorf("%s has targets below 24 px: %s", path, small)
		}
	}
	b = w.at(nil, b.device)
	b.expect("404")
	for _, path := range w.outside {
		b.enter(path)
		b.fits(path)
	}
}
