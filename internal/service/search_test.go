package service_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// write sends a text a second later.
func (h *house) write(p service.Principal, in sealpost.ConversationID, body string) sealpost.MessageID {
	h.t.Helper()
	h.advance(time.Second)
	m, err := h.Send(h.t.Context(), p, "", service.Sending{Conversation: in, Body: body, Kind: sealpost.KindMessage})
	if err != nil {
		h.t.Fatal(err)
	}
	return m.ID
}

// find searches after everything that is due was indexed.
func (h *house) find(p service.Principal, q, cursor string, limit int) service.FoundPage {
	h.t.Helper()
	if err := h.IndexDue(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
	page, err := h.Search(h.t.Context(), p, q, cursor, limit)
	if err != nil {
		h.t.Fatal(err)
	}
	return page
}

// bodies is what was found, in a line.
func bodies(page service.FoundPage) string {
	var out []string
	for _, f := range page.Items {
		out = append(out, f.Content.Body)
	}
	return strings.Join(out, " | ")
}

// R2, R3: a text can be found by those who have it, once it is settled for them.
func TestSearchFindsWhatSettled(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, bob, cyd := h.person("Ada"), h.person("Bob"), h.person("Cyd")
	in := h.group(ada, bob, cyd)
	id := h.write(ada, in, "The Crème brûlée is in the fridge")
	for _, p := range []service.Principal{ada, bob, cyd} {
		if page := h.find(p, "creme", "", 0); len(page.Items) != 0 || page.Total != 0 {
			t.Errorf("%s found a sealed text", p.User.Name)
		}
	}
	h.open(bob, in, id)
	page := h.find(bob, `brulee "in the"`, "", 0)
	if bodies(page) != "The Crème brûlée is in the fridge" || page.Total != 1 || fmt.Sprint(page.Items[0].Matches) != "[[10 16] [20 26]]" {
		t.Errorf("the reader found %+v", page)
	}
	if found := page.Items[0]; found.Title != "Group" || found.ID != id || found.Own {
		t.Errorf("found as %+v", found)
	}
	if page := h.find(ada, "creme", "", 0); page.Total != 1 || len(page.Items[0].Deliveries) != 2 {
		t.Errorf("the sender, who was told of the opening, found %+v", page)
	}
	if page := h.find(cyd, "creme", "", 0); page.Total != 0 {
		t.Error("found by somebody for whom it is sealed")
	}
	// A text that nobody opened can be found by its sender when its epoch is over.
	h.write(ada, in, "unopened soup")
	if err := h.KeepEpochs(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.advance(2 * time.Hour)
	if page := h.find(ada, "soup", "", 0); page.Total != 0 {
		t.Error("found before its window was committed as over")
	}
	if err := h.KeepEpochs(t.Context()); err != nil {
		t.Fatal(err)
	}
	if page := h.find(ada, "soup", "", 0); page.Total != 1 {
		t.Error("the sender does not find what is settled")
	}
	if page := h.find(bob, "soup", "", 0); page.Total != 0 {
		t.Error("found by somebody for whom it is sealed")
	}
}

// R8, R34: a search is no read receipt. Opened without one, a text comes into its
// sender's search when it would have come unopened.
func TestSearchIsNoReceipt(t *testing.T) {
	t.Parallel()
	when := map[bool]time.Duration{}
	for _, opened := range []bool{false, true} {
		h := newHouse(t)
		ada, bob := h.person("Ada"), h.person("Bob")
		bob = h.receipts(bob, false)
		in := h.pair(ada, bob)
		id := h.write(ada, in, "soup")
		if opened {
			h.open(bob, in, id)
			if h.find(bob, "soup", "", 0).Total != 1 {
				t.Error("the reader does not find it")
			}
		}
		for ; h.find(ada, "soup", "", 0).Total == 0 && when[opened] < 5*time.Hour; when[opened] += time.Minute {
			h.advance(time.Minute)
			if err := h.KeepEpochs(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if when[false] != when[true] || when[false] > 2*time.Hour {
		t.Errorf("the sender finds it after %v unopened, after %v opened in secret", when[false], when[true])
	}
}

// R16: what was sent and taken back before anybody could know leaves a search as if
// it had never been sent: items, order, total and cursors (D1).
func TestSearchAfterRecall(t *testing.T) {
	t.Parallel()
	var seen [2][]string
	for i := range seen {
		h := newHouse(t)
		h.policy(func(p *policy.Policy) { p.Trace = sealpost.TraceNever })
		ada, bob := h.person("Ada"), h.person("Bob")
		in := h.pair(ada, bob)
		for n := range 5 {
			h.open(bob, in, h.write(ada, in, fmt.Sprintf("soup %d", n)))
			if n == 2 && i == 1 {
				h.mustRecall(ada, h.write(ada, in, "soup that was never there"))
				h.advance(-time.Second)
			}
		}
		for _, q := range []string{"soup", "never", "so*", `"soup that"`, "from:ada", "after:2000-01-01"} {
			for cursor, more := "", true; more; {
				page := h.find(bob, q, cursor, 2)
				line := fmt.Sprint(q, page.Total, len(page.Next))
				for _, f := range page.Items {
					line += fmt.Sprint(f.Content.Body, f.Matches, f.Delivery)
				}
				seen[i] = append(seen[i], line)
				cursor, more = page.Next, page.Next != ""
			}
		}
	}
	if fmt.Sprint(seen[0]) != fmt.Sprint(seen[1]) {
		t.Errorf("a recalled text shows:\n%s\n%s", strings.Join(seen[0], "\n"), strings.Join(seen[1], "\n"))
	}
}

// Names are looked up among the people and conversations of the viewer, also when
// they change; nobody's own name finds everything.
func TestSearchByNames(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, bob, cyd := h.person("Ada"), h.person("Bob"), h.person("Cyd")
	pair, team := h.pair(ada, bob), h.group(ada, bob, cyd)
	h.open(bob, pair, h.write(ada, pair, "one"))
	h.open(ada, pair, h.write(bob, pair, "two"))
	h.open(bob, team, h.write(ada, team, "three"))
	h.open(bob, team, h.write(cyd, team, "four of ada"))
	for q, want := range map[string]string{
		"from:ada":        "three | one | hello",
		"FROM:Ad*":        "three | one | hello",
		"ada one":         "one",
		"ada":             "four of ada | three | two | one | hello",
		"in:group -hello": "four of ada | three",
		"in:cyd -hello":   "four of ada | three",
		"from:cyd":        "four of ada",
		"bob":             "two",
		"from:me":         "two",
		"four -from:me":   "four of ada",
		"from:eve":        "",
		"from:eve one":    "",
		"-from:ada":       "!",
		"four -from:ada":  "four of ada",
		"one -from:cyd":   "one",
	} {
		if want == "!" {
			_, err := h.Search(t.Context(), bob, q, "", 0)
			wantCode(t, q, err, sealpost.CodeInvalid)
			continue
		}
		if got := bodies(h.find(bob, q, "", 0)); got != want {
			t.Errorf("%s: found %q, want %q", q, got, want)
		}
	}
}

// A cursor is for one viewer and one question, and what is no question is refused
// without repeating it.
func TestSearchRefuses(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, bob := h.person("Ada"), h.person("Bob")
	in := h.pair(ada, bob)
	for range 3 {
		h.open(bob, in, h.write(ada, in, "soup"))
	}
	page := h.find(bob, "soup", "", 1)
	if page.Next == "" || page.Total != 3 {
		t.Fatalf("the first page is %+v", page)
	}
	for _, c := range []struct {
		p         service.Principal
		q, cursor string
		limit     int
	}{
		{ada, "soup", page.Next, 1},
		{bob, "sou", page.Next, 1},
		{bob, "soup", "x", 1},
		{bob, "soup", "", 201},
		{bob, "soup", "", -1},
		{bob, "", "", 1},
		{bob, "-soup", "", 1},
		{bob, strings.Repeat("x", 201), "", 1},
		{bob, "a b c d e f g h i j k", "", 1},
	} {
		_, err := h.Search(t.Context(), c.p, c.q, c.cursor, c.limit)
		wantCode(t, c.q, err, sealpost.CodeInvalid)
		if len(c.q) > 2 && err != nil && strings.Contains(err.Error(), c.q) {
			t.Errorf("the refusal repeats the question: %v", err)
		}
	}
	// Days are those of the viewer's zone: the house stands on 2 March 2026.
	for q, want := range map[string]int{"before:2026-03-02": 0, "after:2026-03-02": 4, "before:2026-03-03": 4, "after:2026-03-03": 0} {
		h.open(bob, in, h.send(ada, in))
		if got := h.find(bob, "soup "+q, "", 0).Total; got != min(want, 3) {
			t.Errorf("%s: %d, want %d", q, got, min(want, 3))
		}
	}
}

// R33: a title of after somebody left is neither shown to them nor found by.
func TestSearchByTitleOfAfterLeaving(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas, erik := h.person("Maya"), h.person("Jonas"), h.person("Erik")
	in := h.group(maya, jonas, erik)
	h.open(jonas, in, h.write(maya, in, "groupword"))
	h.advance(time.Hour)
	if err := h.KeepEpochs(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := h.RemoveParticipant(t.Context(), jonas, "", in, jonas.User.ID); err != nil {
		t.Fatal(err)
	}
	h.advance(time.Second)
	if _, err := h.SetTitle(t.Context(), maya, "", in, "Secret Project"); err != nil {
		t.Fatal(err)
	}
	for _, p := range []service.Principal{maya, jonas} {
		found := h.find(p, "groupword", "", 10)
		if len(found.Items) != 1 || (found.Items[0].Title != "") != (p.User.ID == maya.User.ID) {
			t.Errorf("%s finds %+v", p.User.Name, found.Items)
		}
		if found := h.find(p, `in:"Secret Project"`, "", 10); (found.Total > 0) != (p.User.ID == maya.User.ID) {
			t.Errorf("%s finds %d by the title", p.User.Name, found.Total)
		}
	}
}
