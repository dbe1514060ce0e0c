package sim

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"
)

// MaxConcurrent is how many operations on one message may be under way at once: the
// checker's work grows exponentially with it. An operation whose outcome is unknown
// counts for ever.
const MaxConcurrent = 8

// History is what clients asked of one message and were told. It is safe for
// concurrent use.
type History struct {
	began time.Time

	mu      sync.Mutex
	free    *sync.Cond
	running int // under way now
	unknown int // ended without an answer
	ops     []porcupine.Operation
}

// NewHistory begins an empty history.
func NewHistory() *History {
	h := &History{began: time.Now()}
	h.free = sync.NewCond(&h.mu)
	return h
}

// Do records one operation of a client. It waits for a place among the concurrent
// ones, and does nothing if unknown outcomes have taken them all.
func (h *History) Do(client int, in Input, ask func() Output) {
	if !h.begin() {
		return
	}
	called := time.Since(h.began)
	out := ask()
	returned := time.Since(h.began)

	h.mu.Lock()
	defer h.mu.Unlock()
	defer h.free.Broadcast()
	h.running--
	op := porcupine.Operation{ClientId: client, Input: in, Output: out, Call: int64(called), Return: int64(returned)}
	if out.Answer == Unknown {
		if in.Op == Peek || in.Op == SenderPeek {
			return // it changed nothing and told nothing
		}
		h.unknown++
		op.Return = math.MaxInt64 // it may still happen, after everything else
	}
	h.ops = append(h.ops, op)
}

func (h *History) begin() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for h.running+h.unknown >= MaxConcurrent {
		if h.running == 0 {
			return false
		}
		h.free.Wait()
	}
	h.running++
	return true
}

// Answers counts the operations by what they were and what was answered.
func (h *History) Answers() map[string]int {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := map[string]int{}
	for _, op := range h.ops {
		out[op.Input.(Input).Op.String()+": "+op.Output.(Output).Answer.String()]++
	}
	return out
}

// Verdict is what the checker says of a history.
type Verdict = porcupine.CheckResult

// Check searches for an order that explains every answer under the rules. It gives
// up after the limit: porcupine.Unknown.
func (h *History) Check(r Rules, limit time.Duration) Verdict {
	h.mu.Lock()
	defer h.mu.Unlock()
	return porcupine.CheckOperationsTimeout(r.Model(), h.ops, limit)
}

// String lists the operations in the order of their calls, times in microseconds.
func (h *History) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	ops := slices.SortedFunc(slices.Values(h.ops), func(a, b porcupine.Operation) int { return int(a.Call - b.Call) })
	var b strings.Builder
	for _, op := range ops {
		until := "…"
		if op.Return != math.MaxInt64 {
			until = fmt.Sprint(op.Return / 1000)
		}
		fmt.Fprintf(&b, "client %d, %d–%s: %s\n", op.ClientId, op.Call/1000, until, Describe(op.Input.(Input), op.Output.(Output)))
	}
	return b.String()
}
