//go:build sealtest

package sweep_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// chance is one step of a story that nobody thought up.
type chance struct {
	what, from, in string
	id             string // of the message that it makes, the same in both worlds
}

func drawChance(t *rapid.T) chance {
	what := rapid.SampledFrom([]string{"say", "say", "hidden", "hidden", "open", "unread", "wait"}).Draw(t, "what")
	in := rapid.SampledFrom([]string{"group", "direct", "others"}).Draw(t, "in")
	from := map[string]string{"group": "sender", "direct": "sender", "others": "other"}[in]
	if what == "hidden" {
		from, in = "sender", rapid.SampledFrom([]string{"group", "direct", "new"}).Draw(t, "where")
	}
	return chance{what: what, from: from, in: in}
}

// R16, R17, R34: whatever else happens, whoever was not there cannot tell on any
// route, by no list, count, search or old cursor, whether the sender also sent and
// recalled messages. Stories come by chance; internal/service has many more of them
// on the model.
func TestChanceTellsNothing(t *testing.T) {
	t.Parallel()
	forEachEngine(t, func(t *testing.T, engine string) {
		rounds := map[string]int{onSQLite: 3, onPostgres: 2}[engine]
		if long() {
			rounds *= 10
		}
		g := newGround(t, engine, true, 1000)
		tally := map[string]int{}
		for round := range rounds {
			story := append([]chance{{what: "hidden", from: "sender", in: "new"}}, rapid.SliceOfN(rapid.Custom(drawChance), 12, 24).Example(round)...)
			for i := range story {
				story[i].id = newIDs(t, 1)[0]
			}
			g.tellStory(t, story, tally)
		}
		t.Logf("%d pairs of worlds: %v", rounds, tally)
		for _, needed := range []string{"hidden", "say", "open", "compared"} {
			if tally[needed] < rounds {
				t.Errorf("%s happened only %d times", needed, tally[needed])
			}
		}
	})
}

func (g *ground) tellStory(t *testing.T, story []chance, tally map[string]int) {
	t.Helper()
	seen := map[string][2][]string{}
	for i, w := range g.split(t) {
		for _, c := range story {
			w.step(t, c)
			tally[c.what] += i
		}
		for _, who := range []string{"reader", "other"} {
			pair := seen[who]
			pair[i] = w.views(t, who, "/events")
			seen[who] = pair
		}
	}
	for who, pair := range seen {
		tally["compared"] += len(pair[0])
		for _, d := range compare(pair[0], pair[1]) {
			t.Errorf("after %v %s can tell:\n%s", story, who, d)
		}
	}
}

// step has something happen; what is hidden only in the world that has it. Its id
// is asked for in both.
func (w *twin) step(t *testing.T, c chance) {
	t.Helper()
	ctx, reader := t.Context(), w.people["reader"].principal()
	switch c.what {
	case "say":
		w.say(t, c.id, c.from, c.in, "seen by all")
	case "hidden":
		w.hide(t, func() {
			s := w.sending(c.in, "the hidden message")
			s.ID = must(sealpost.ParseMessage(c.id))(t)
			must(w.service.Send(ctx, w.people[c.from].principal(), "", s))(t)
			if r := must(w.service.Recall(ctx, w.people[c.from].principal(), "", s.ID, service.Recalling{KeepDraft: true}))(t); r.Trace != "none" {
				t.Fatalf("the recall left a trace: somebody was there")
			}
		})
		w.visible = append(w.visible, c.id)
	case "open":
		page := must(w.service.History(ctx, reader, w.in[c.in], sealpost.MessageID{}, 1))(t)
		must(w.service.Open(ctx, reader, "", w.in[c.in], page.Items[0].ID))(t)
	case "unread":
		if err := w.service.SetUnread(ctx, reader, "", w.in[c.in], true); err != nil {
			t.Fatal(err)
		}
	case "wait":
		w.walk(t, 3*time.Minute)
		_ = w.service.KeepLease(ctx) // the old one has lapsed; this node begins anew
		if err := w.service.KeepLease(ctx); err != nil {
			t.Fatal(err)
		}
	}
	w.anchor(t)
}
