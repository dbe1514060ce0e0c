package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
	"github.com/sealpost/sealpost/internal/words"
)

// searchSameAsTheModel: random texts, decisions and questions, on the store and on
// the model, which has no index.
func searchSameAsTheModel(t *testing.T, w *world) {
	ran, failed, found := 0, false, 0
	rapid.Check(t, func(rt *rapid.T) {
		if ran >= w.checks() && !failed {
			return
		}
		ran++
		defer func() { failed = failed || rt.Failed() }()
		m := newMachine(rt, w, map[string]int{})
		for range rapid.IntRange(5, 30).Draw(rt, "steps") {
			m.searchStep()
			*m.clock = m.a.clock()
			m.a.drain()
			m.b.drain()
			for range 4 {
				found += m.compareSearch()
			}
		}
	})
	t.Logf("%d sequences; %d hits compared", ran, found)
	if ran > 5 && found < ran && !failed {
		t.Error("hardly anything was found: the questions are no test")
	}
}

// pieces is what random texts and questions are made of.
func pieces() []string {
	return []string{"a", "á", "B", "b", "ab", "abc", "ß", "ss", "東", "京", "東京", "'", `"`, `\`, "*", " ", " ", " ", " ", "-", ":", "1", "ﬁ", "\u0301", "\ue000", "OR", "&"}
}

func (m *machine) searchStep() {
	in, who := pick(m, "in", m.conversations), pick(m, "who", m.users)
	kind := rapid.SampledFrom([]string{"send", "send", "send", "send", "open", "open", "open", "open", "recall", "leave", "close", "clock", "remove"}).Draw(m.rt, "kind")
	if kind == "send" || len(m.messages) == 0 {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces()), 1, 20).Draw(m.rt, "text"), "")
		s := sent{newID[sealpost.MessageID](m.a), in, who}
		if m.do(send(in, who, s.id, sending{body: text})); m.a.changed {
			m.messages = append(m.messages, s)
		}
		return
	}
	of := pick(m, "message", m.messages[max(0, len(m.messages)-8):])
	switch kind {
	case "open":
		for _, reader := range m.users {
			if reader != of.sender && rapid.Bool().Draw(m.rt, "reads") {
				m.do(openThrough(of.in, reader, of.id))
			}
		}
	case "recall":
		m.do(recallOf(of.in, of.sender, of.id, sealpost.DraftID{}))
	case "leave":
		m.do(leave(in, who))
	case "close":
		m.do(closeWindows(of.in))
	case "remove":
		m.do(removeFor(of.in, of.id))
	case "clock": // forward only: an index does not forget because a clock went back
		m.a.Clock(rapid.SampledFrom([]time.Duration{time.Minute, 6 * time.Minute, 3 * time.Hour}).Draw(m.rt, "jump"))
	}
}

// compareSearch asks both stores the same and gives how much was found.
func (m *machine) compareSearch() int {
	text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces()), 1, 3).Draw(m.rt, "question"), "")
	if rapid.Bool().Draw(m.rt, "everything") {
		text = "after:1999-01-01 " + text
	}
	parsed, err := words.Parse(text, time.UTC)
	if err != nil {
		return 0
	}
	q := service.SearchQuery{
		Viewer: pick(m, "viewer", m.users), Limit: rapid.SampledFrom([]int{1, 2, 100}).Draw(m.rt, "limit"),
		Count: rapid.SampledFrom([]int{2, 1000}).Draw(m.rt, "count"),
	}
	for _, t := range parsed.Terms {
		c := service.SearchCondition{Term: t}
		if rapid.IntRange(0, 3).Draw(m.rt, "from") == 0 {
			c.From = []sealpost.UserID{pick(m, "from whom", m.users)}
		}
		if rapid.IntRange(0, 3).Draw(m.rt, "in") == 0 {
			c.In = []sealpost.ConversationID{pick(m, "in which", m.conversations)}
		}
		q.Conditions = append(q.Conditions, c)
	}
	if len(m.times) > 0 && rapid.IntRange(0, 3).Draw(m.rt, "range") == 0 {
		q.From = pick(m, "since", m.times)
		q.Until = q.From + sealpost.Instant(time.Hour.Microseconds())
	}
	found := 0
	for {
		got, want := m.a.search(q), m.b.search(q)
		same(m.a, fmt.Sprintf("the hits of %q", text), hitsOf(got), hitsOf(want))
		same(m.a, fmt.Sprintf("the total of %q", text), got.Total, want.Total)
		for i := range got.Hits {
			same(m.a, "a hit", got.Hits[i].Message, want.Hits[i].Message)
		}
		found += len(got.Hits)
		if len(got.Hits) < q.Limit {
			return found
		}
		last := got.Hits[len(got.Hits)-1].Message
		q.BeforeAt, q.BeforeID = last.SentAt, last.ID
	}
}
