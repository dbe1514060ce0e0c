package client

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sealpost/sealpost/api"
)

// A modelled conversation: the states of its messages, one decision after another,
// as one recipient has them.
type modelled struct {
	states  []map[string]api.Message // after each decision; a message that is gone is not in it
	changed [][]string               // the ids that each decision changed
}

var base = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

func sealed(n int) api.Message {
	at := api.At(base.Add(time.Duration(n) * time.Second))
	return api.Message{ID: fmt.Sprintf("m%02d", n), State: "sent", Delivery: "sealed", SentAt: &at}
}

// drawConversation makes a history of sends, openings, recalls with and without a
// trace, and removals.
func drawConversation(t *rapid.T) modelled {
	m := modelled{states: []map[string]api.Message{{}}, changed: [][]string{nil}}
	n := 0
	for range rapid.IntRange(3, 12).Draw(t, "decisions") {
		last := m.states[len(m.states)-1]
		next := map[string]api.Message{}
		var live []string
		for id, v := range last {
			next[id] = v
			if !final(v) {
				live = append(live, id)
			}
		}
		slices.Sort(live)
		var changed []string
		what := rapid.SampledFrom([]string{"send", "send", "open", "recall", "recall without a trace", "remove"}).Draw(t, "what")
		if len(live) == 0 || what == "send" {
			v := sealed(n)
			n++
			next[v.ID] = v
			changed = []string{v.ID}
		} else {
			id := rapid.SampledFrom(live).Draw(t, "which")
			changed = m.decide(next, what, id, live)
		}
		m.states, m.changed = append(m.states, next), append(m.changed, changed)
	}
	return m
}

func (m *modelled) decide(next map[string]api.Message, what, id string, live []string) (changed []string) {
	v := next[id]
	switch {
	case what == "open":
		for _, each := range live {
			if o := next[each]; o.Delivery == "sealed" && each <= id { // R5
				o.Delivery, o.Content = "opened", &api.Content{Body: "text of " + each}
				next[each] = o
				changed = append(changed, each)
			}
		}
		return changed
	case what == "remove" || v.Delivery == "opened": // an opened message cannot be recalled
		v.State, v.Content = "removed", nil
	case what == "recall":
		v.State, v.Delivery, v.Content = "recalled", "recalled", nil
	default:
		delete(next, id)
		return []string{id}
	}
	next[id] = v
	return []string{id}
}

// answers are what a server would say to questions of a viewer about any stretch of
// the history: changes, whole pages and single messages, each as of its own moment.
func (m *modelled) answer(since, at int) api.Changes {
	c := api.Changes{}
	touched := map[string]bool{}
	for i := since + 1; i <= at; i++ {
		for _, id := range m.changed[i] {
			touched[id] = true
		}
	}
	for id := range touched {
		if v, ok := m.states[at][id]; ok {
			c.Messages = append(c.Messages, v)
		} else {
			c.Vanished = append(c.Vanished, id)
		}
	}
	return c
}

// check says what of a View no order of arrival may bring about, given the latest
// moment that it has heard of each message from.
func (m *modelled) check(v *View, heard map[string]int) error {
	for id, at := range heard {
		have, held := v.messages[id]
		truth, there := m.states[at][id]
		switch {
		case !there && held:
			return fmt.Errorf("%s came back", id)
		case there && final(truth) && (have.State != truth.State || have.Content != nil):
			return fmt.Errorf("%s is %s again", id, have.State)
		case there && truth.Delivery == "opened" && have.Delivery == "sealed":
			return fmt.Errorf("%s is sealed again", id)
		case there && !held:
			return fmt.Errorf("%s is lost", id)
		}
	}
	return nil
}

// A4, R21: whatever the order in which answers arrive, and however often, what was
// recalled stays recalled, what is gone stays gone, what was opened stays open, and
// in the end the View is what the server has.
func TestViewInEveryOrder(t *testing.T) {
	t.Parallel()
	cases, recalls := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		m := drawConversation(t)
		last := len(m.states) - 1
		type late struct{ since, at int }
		answers := []late{{0, last}} // what the last Sync hears, whenever it arrives
		for range 4 {
			at := rapid.IntRange(1, last).Draw(t, "as of")
			answers = append(answers, late{rapid.IntRange(0, at-1).Draw(t, "since"), at})
		}
		permutations(len(answers), func(order []int) {
			cases++
			v := newView()
			heard := map[string]int{}
			for _, i := range append(slices.Clone(order), order[0]) { // one of them twice
				a := answers[i]
				v.fold(m.answer(a.since, a.at), map[string]struct{}{})
				for n := a.since + 1; n <= a.at; n++ {
					for _, id := range m.changed[n] {
						heard[id] = max(heard[id], a.at)
					}
				}
				if err := m.check(v, heard); err != nil {
					t.Fatalf("%v after %v of %v in order %v", err, a, answers, order)
				}
			}
			for id, v := range m.states[last] {
				if final(v) {
					recalls++
				}
				heard[id] = last
			}
			if len(v.messages) != len(m.states[last]) {
				t.Fatalf("%d messages, the server has %d", len(v.messages), len(m.states[last]))
			}
			if err := m.check(v, heard); err != nil {
				t.Fatal(err)
			}
		})
	})
	t.Logf("%d orders of arrival, %d final messages in them", cases, recalls)
	if cases < 10_000 || recalls < cases/10 {
		t.Errorf("only %d orders with %d final messages", cases, recalls)
	}
}

// permutations calls f with every order of n things.
func permutations(n int, f func([]int)) {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	var walk func(int)
	walk = func(k int) {
		if k == n {
			f(order)
			return
		}
		for i := k; i < n; i++ {
			order[k], order[i] = order[i], order[k]
			walk(k + 1)
			order[k], order[i] = order[i], order[k]
		}
	}
	walk(0)
}

// After a resync the View begins anew, and still nothing comes back that it had
// heard to be final, or that the fresh page no longer has.
func TestViewAnew(t *testing.T) {
	t.Parallel()
	v := newView()
	recalled, vanished, missed, kept := sealed(1), sealed(2), sealed(3), sealed(4)
	v.Fold(recalled, vanished, missed, kept)
	after := recalled
	after.State, after.Delivery = "recalled", "recalled"
	v.fold(api.Changes{Messages: []api.Message{after}, Vanished: []string{vanished.ID}}, map[string]struct{}{})

	_, known := v.position()
	touched := map[string]struct{}{}
	v.load(api.History{Items: []api.Message{after, kept}, Cursor: "c"}, known, touched)
	v.Fold(recalled, vanished, missed)
	got := v.Messages()
	if len(got) != 2 || got[0].State != "recalled" || got[1].ID != kept.ID || v.Unread() != 1 {
		t.Errorf("%+v, %d unread", got, v.Unread())
	}
	if d := v.delta(touched, true); !slices.Equal(d.Vanished, []string{missed.ID}) || len(d.Messages) != 2 {
		t.Errorf("%+v", d)
	}
}

// What is older than the fresh page is out of sight, not gone: it can be read again.
func TestViewAnewKeepsWhatIsOlder(t *testing.T) {
	t.Parallel()
	v := newView()
	old, newer := sealed(1), sealed(2)
	v.Fold(old)
	_, known := v.position()
	v.load(api.History{Items: []api.Message{newer}, More: true, Cursor: "c"}, known, map[string]struct{}{})
	if len(v.Messages()) != 1 {
		t.Errorf("%d messages", len(v.Messages()))
	}
	v.Fold(old)
	if len(v.Messages()) != 2 {
		t.Error("an older message cannot be read again")
	}
}

func TestViewIsBounded(t *testing.T) {
	t.Parallel()
	v := newView()
	first := sealed(0)
	first.State, first.Delivery = "recalled", "recalled"
	v.Fold(first)
	for n := 1; n <= maxViewed+5; n++ {
		v.messages[sealed(n).ID] = sealed(n)
	}
	v.Fold(sealed(maxViewed + 6))
	if len(v.messages) != maxViewed {
		t.Errorf("%d messages", len(v.messages))
	}
	v.Fold(sealed(0)) // recalled, then dropped for room: a late answer
	if _, ok := v.messages["m00"]; ok {
		t.Error("a recalled message came back")
	}
	for n := range maxGone + 10 {
		v.forget(fmt.Sprint(n))
	}
	if len(v.gone) != maxGone || len(v.goneList) != maxGone {
		t.Errorf("%d ids are remembered", len(v.gone))
	}
}
