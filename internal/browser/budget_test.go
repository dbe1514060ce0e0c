//go:build sealtest

package browser_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/sealpost/sealpost/api"
)

// Byte budgets of a first visit to a thread of 50 messages, compressed as a browser
// asks for it. They are bytes and not times, so they are the same on every machine.
func TestByteBudgets(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	var last string
	for range 50 {
		last = p.maya.says(p.talk, "A message of the usual length, as people write them to each other about their work.").ID
	}
	p.jonas.opens(p.talk, last)
	b := p.at(p.jonas, phone())
	p.requests()
	b.visit(p.path())
	b.awaitText("#messages .body", "usual length")
	var first []string
	for _, r := range p.requests() {
		if !strings.HasPrefix(r, "GET /api/v1/events") && !strings.Contains(r, "/files/mark") {
			first = append(first, r)
		}
	}
	if len(first) > 9 {
		t.Errorf("a first load makes %d requests: %v", len(first), first)
	}
	sizes := map[string]int{}
	total := 0
	for _, r := range first {
		n := size(t, p.jonas, p.url+strings.TrimPrefix(r, "GET "))
		kind := "page"
		for _, k := range []string{"app.", "icons", ".woff2"} {
			if strings.Contains(r, k) {
				kind = k
			}
		}
		if strings.HasSuffix(r, ".js") {
			kind = "script"
		} else if strings.HasSuffix(r, ".css") {
			kind = "style"
		}
		sizes[kind] += n
		total += n
	}
	for kind, most := range map[string]int{"script": 32 << 10, "style": 14 << 10, ".woff2": 34 << 10, "page": 20 << 10} {
		if sizes[kind] == 0 || sizes[kind] > most {
			t.Errorf("%s: %d bytes of %d", kind, sizes[kind], most)
		}
	}
	if total > 110<<10 {
		t.Errorf("a first load is %d bytes of %d", total, 110<<10)
	}
	t.Logf("first load %d bytes in %d requests: %v", total, len(first), sizes)
}

// size is how many bytes an answer has on the wire.
func size(t *testing.T, p *person, address string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", "br")
	r.Header.Set("Cookie", api.SessionCookie+"="+p.token)
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d, %v", address, answer.StatusCode, err)
	}
	return len(body)
}

// How far it is from the list to a recalled message, in clicks and in words on the
// way. It is printed, and may not grow unnoticed.
func TestClicksToARecall(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	m := p.maya.says(p.talk, "for somebody else")
	b := p.at(p.maya, desk())
	clicks, words := 0, 0
	read := func(selector string) {
		words += len(strings.Fields(b.text(selector)))
	}
	click := func(selector string) {
		b.click(selector)
		clicks++
	}
	b.visit("/messages")
	click(".row-main")
	b.awaitPath(p.path())
	b.hover(at(m) + " .bubble")
	click(at(m) + " .dots")
	read(at(m) + " .message-menu")
	click(at(m) + " .recall-item")
	b.awaitText("dialog h1", "Recall this message?")
	read("dialog")
	click("dialog button.recall")
	b.awaitText(at(m)+".marker", "You recalled this message")
	read(at(m))
	t.Logf("from the list to the recalled message: %d clicks, %d words on the way", clicks, words)
	if clicks > 4 || words > 220 {
		t.Errorf("%d clicks and %d words; 4 and 220 are enough", clicks, words)
	}
}
