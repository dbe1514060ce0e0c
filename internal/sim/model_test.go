package sim_test

import (
	"math"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/sealpost/sealpost/internal/sim"
)

// told is one operation of a written history, with its interval.
type told struct {
	from, to int64
	op       sim.Op
	who      int
	out      sim.Output
}

// TestModel tells true histories from false ones (R7, R9, R11, R15, R17).
func TestModel(t *testing.T) {
	t.Parallel()
	var (
		recalled = sim.Output{Answer: sim.Recalled, Recalled: 1, Marked: 1}
		silent   = sim.Output{Answer: sim.Recalled, Recalled: 1}
		is       = func(a sim.Answer) sim.Output { return sim.Output{Answer: a} }
		never    = int64(math.MaxInt64)
		one      = sim.Rules{Recipients: 1}
		two      = sim.Rules{Recipients: 2}
		allOrNo  = sim.Rules{Recipients: 2, AllOrNothing: true}
	)
	cases := []struct {
		name  string
		rules sim.Rules
		want  bool
		ops   []told
	}{
		{"open then recall is refused", one, true, []told{{1, 2, sim.Open, 0, is(sim.Content)}, {3, 4, sim.Recall, 0, is(sim.Refused)}}},
		{"recall then open gives nothing", one, true, []told{{1, 2, sim.Recall, 0, recalled}, {3, 4, sim.Open, 0, is(sim.Nothing)}}},
		{"both win", one, false, []told{{1, 5, sim.Open, 0, is(sim.Content)}, {1, 5, sim.Recall, 0, recalled}}},
		{"both lose", one, false, []told{{1, 5, sim.Open, 0, is(sim.Nothing)}, {1, 5, sim.Recall, 0, is(sim.Refused)}}},
		{"refused before the opening began", one, false, []told{{1, 2, sim.Recall, 0, is(sim.Refused)}, {3, 4, sim.Open, 0, is(sim.Content)}}},
		{"content for two devices", one, false, []told{{1, 5, sim.Open, 0, is(sim.Content)}, {1, 5, sim.Open, 0, is(sim.Content)}}},
		{"a second recall has the first one's report", one, true, []told{{1, 2, sim.Recall, 0, recalled}, {3, 4, sim.Recall, 0, recalled}}},
		{"a second recall is refused", one, false, []told{{1, 2, sim.Recall, 0, recalled}, {3, 4, sim.Recall, 0, is(sim.Refused)}}},
		{"a second recall has another report", one, false, []told{{1, 2, sim.Recall, 0, recalled}, {3, 4, sim.Recall, 0, silent}}},
		{"an envelope after the recall", one, false, []told{{1, 2, sim.Recall, 0, recalled}, {3, 4, sim.Peek, 0, is(sim.Envelope)}}},
		{"content after the recall", one, false, []told{{1, 2, sim.Recall, 0, recalled}, {3, 4, sim.Peek, 0, is(sim.Content)}}},
		{"content before any opening", one, false, []told{{1, 2, sim.Peek, 0, is(sim.Content)}, {3, 4, sim.Open, 0, is(sim.Content)}}},
		{"an envelope after the opening", one, false, []told{{1, 2, sim.Open, 0, is(sim.Content)}, {3, 4, sim.Peek, 0, is(sim.Envelope)}}},
		{"a marker that was not told of", one, false, []told{{1, 2, sim.Recall, 0, silent}, {3, 4, sim.Peek, 0, is(sim.Marker)}}},
		{"a marker that comes and goes", one, false, []told{{1, never, sim.Recall, 0, is(sim.Unknown)}, {3, 4, sim.Peek, 0, is(sim.Marker)}, {5, 6, sim.Peek, 0, is(sim.Absent)}}},
		{"a message that was never recalled is absent", one, false, []told{{1, 2, sim.Peek, 0, is(sim.Absent)}}},
		{"an unknown recall happened", one, true, []told{{1, never, sim.Recall, 0, is(sim.Unknown)}, {3, 4, sim.Open, 0, is(sim.Absent)}}},
		{"an unknown recall did not happen", one, true, []told{{1, never, sim.Recall, 0, is(sim.Unknown)}, {3, 4, sim.Open, 0, is(sim.Content)}}},
		{"an unknown recall happened late", one, true, []told{{1, never, sim.Recall, 0, is(sim.Unknown)}, {3, 4, sim.Peek, 0, is(sim.Envelope)}, {5, 6, sim.Peek, 0, is(sim.Marker)}}},
		{"an unknown recall undid an opening", one, false, []told{{1, 2, sim.Open, 0, is(sim.Content)}, {1, never, sim.Recall, 0, is(sim.Unknown)}, {3, 4, sim.Peek, 0, is(sim.Marker)}}},
		{"an unknown opening explains a refusal", one, true, []told{{1, never, sim.Open, 0, is(sim.Unknown)}, {3, 4, sim.Recall, 0, is(sim.Refused)}}},
		{"nothing explains a refusal", one, false, []told{{3, 4, sim.Recall, 0, is(sim.Refused)}}},
		{"the sender sees what is", one, false, []told{{1, 2, sim.Open, 0, is(sim.Content)}, {3, 4, sim.SenderPeek, 0, sim.Output{Answer: sim.State}}}},

		{"partly recalled", two, true, []told{{1, 2, sim.Open, 0, is(sim.Content)}, {3, 4, sim.Recall, 0, sim.Output{Answer: sim.Recalled, Recalled: 2}}, {5, 6, sim.Peek, 0, is(sim.Content)}, {5, 6, sim.Peek, 1, is(sim.Absent)}}},
		{"recalled from one who had opened", two, false, []told{{1, 2, sim.Open, 0, is(sim.Content)}, {3, 4, sim.Recall, 0, sim.Output{Answer: sim.Recalled, Recalled: 3}}}},
		{"one opening refuses nothing in a group", two, false, []told{{1, 2, sim.Open, 0, is(sim.Content)}, {3, 4, sim.Recall, 0, is(sim.Refused)}}},
		{"everybody opened", two, true, []told{{1, 2, sim.Open, 0, is(sim.Content)}, {1, 2, sim.Open, 1, is(sim.Content)}, {3, 4, sim.Recall, 0, is(sim.Refused)}}},
		{"all or nothing: one opening refuses", allOrNo, true, []told{{1, 2, sim.Open, 0, is(sim.Content)}, {3, 4, sim.Recall, 0, is(sim.Refused)}, {5, 6, sim.Open, 1, is(sim.Content)}}},
		{"all or nothing: recalled in part", allOrNo, false, []told{{1, 2, sim.Open, 0, is(sim.Content)}, {3, 4, sim.Recall, 0, sim.Output{Answer: sim.Recalled, Recalled: 2}}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var ops []porcupine.Operation
			for i, o := range c.ops {
				ops = append(ops, porcupine.Operation{ClientId: i, Input: sim.Input{Op: o.op, Recipient: o.who}, Call: o.from, Output: o.out, Return: o.to})
			}
			if got := porcupine.CheckOperations(c.rules.Model(), ops); got != c.want {
				t.Errorf("accepted: %v, want %v", got, c.want)
			}
		})
	}
}

// TestHistoryBound keeps the number of concurrent operations within what the
// checker can search, unknown ones counted for ever.
func TestHistoryBound(t *testing.T) {
	t.Parallel()
	h := sim.NewHistory()
	for range sim.MaxConcurrent - 1 {
		h.Do(0, sim.Input{Op: sim.Recall}, func() sim.Output { return sim.Output{} })
	}
	inside := make(chan struct{})
	leave := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.Do(1, sim.Input{Op: sim.Open}, func() sim.Output {
			close(inside)
			<-leave
			return sim.Output{Answer: sim.Unknown}
		})
	}()
	<-inside
	waited := make(chan bool)
	go func() {
		asked := false
		h.Do(2, sim.Input{Op: sim.Open}, func() sim.Output { asked = true; return sim.Output{} })
		waited <- asked
	}()
	close(leave)
	<-done
	if <-waited {
		t.Error("a ninth operation was under way")
	}
	if v := h.Check(sim.Rules{Recipients: 1}, time.Minute); v != porcupine.Ok {
		t.Errorf("a history of unknown outcomes is %s", v)
	}
}
