package sim_test

import (
	"context"
	"runtime"
	"testing"

	"github.com/sealpost/sealpost/internal/service"
	"github.com/sealpost/sealpost/internal/sim"
)

// A checker that rejects nothing proves nothing: here is what must be rejected.

// checkThenAct decides opens and recalls on what it read before, and writes what
// follows from that without looking again. It is the mistake that R7 forbids.
type checkThenAct struct {
	service.Store
	opens, recalls bool // which of them
}

func (s checkThenAct) Decide(ctx context.Context, a service.Ask, decide func(service.Snapshot) (service.Change, error)) error {
	mistaken := s.opens && !a.OpenThrough.IsZero() || s.recalls && a.Recall
	if !mistaken {
		return s.Store.Decide(ctx, a, decide)
	}
	var change service.Change
	err := s.Store.Decide(ctx, a, func(shot service.Snapshot) (c service.Change, err error) {
		change, err = decide(shot)
		return service.Change{}, err
	})
	if err != nil {
		return err
	}
	runtime.Gosched()
	return s.Store.Decide(ctx, a, func(service.Snapshot) (service.Change, error) { return change, nil })
}

// falseSuccess takes an unknown outcome of a recall for a success (R11).
type falseSuccess struct{ driver }

func (d falseSuccess) recall(ctx context.Context, p party, key string) (sim.Output, error) {
	out, err := d.driver.recall(ctx, p, key)
	if err == nil && out.Answer == sim.Unknown {
		out = sim.Output{Answer: sim.Recalled, Recalled: 1}
	}
	return out, err
}

// lateReader keeps showing the text of what was recalled (I2, I3).
type lateReader struct{ driver }

func (d lateReader) peek(ctx context.Context, p party, recipient int) (sim.Output, error) {
	out, err := d.driver.peek(ctx, p, recipient)
	if out.Answer == sim.Absent || out.Answer == sim.Marker {
		out.Answer = sim.Content
	}
	return out, err
}

// secondOpener says that there was nothing left to open when it got the text: then
// a recall is refused for no reason that anybody was told.
type secondOpener struct{ driver }

func (d secondOpener) open(ctx context.Context, p party, recipient int, key string) (sim.Output, error) {
	out, err := d.driver.open(ctx, p, recipient, key)
	if out.Answer == sim.Content {
		out.Answer = sim.Nothing
	}
	return out, err
}

// rejectWithin is how many rounds the checker may take to find what is wrong.
const rejectWithin = 3000

// TestCheckerRejects: the same campaign that accepts the real service rejects a
// store and clients that are wrong on purpose.
func TestCheckerRejects(t *testing.T) {
	t.Parallel()
	plain := func(d driver) driver { return d }
	cases := []struct {
		name    string
		engines []engine
		oneIn   int64
		wrap    func(service.Store) service.Store
		client  func(driver) driver
	}{
		{"open checks, then acts", engines(), 0, func(s service.Store) service.Store { return checkThenAct{s, true, false} }, plain},
		{"recall checks, then acts", engines(), 0, func(s service.Store) service.Store { return checkThenAct{s, false, true} }, plain},
		{"false success", engines()[2:], 6, nil, func(d driver) driver { return falseSuccess{d} }},
		{"late reader", engines()[2:], 0, nil, func(d driver) driver { return lateReader{d} }},
		{"silent opening", engines()[2:], 0, nil, func(d driver) driver { return secondOpener{d} }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			onEngines(t, c.engines, func(t *testing.T, e engine) {
				w := newWorld(t, e, plan{people: 2, wrap: c.wrap})
				next := parties(t, w, 1)
				quiet := func() party {
					w.faults.oneIn.Store(0)
					defer w.faults.oneIn.Store(c.oneIn)
					return next()
				}
				var clients []driver
				for _, d := range drivers(w, false) {
					clients = append(clients, c.client(d))
				}
				r := newCampaign(sim.Rules{Recipients: 1}, clients)
				r.wrong = true
				if h := r.run(t, rejectWithin, quiet); h == nil {
					t.Errorf("%d rounds of it were accepted (seed %d)", rejectWithin, r.seed)
				} else {
					t.Logf("it was rejected for:\n%s", h)
				}
			})
		})
	}
}
