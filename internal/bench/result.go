package bench

import (
	"context"
	"fmt"
	"time"
)

// Result is everything that one run measured.
type Result struct {
	Engine    string        `json:"engine"`
	Machine   Machine       `json:"machine"`
	Settings  []string      `json:"settings"`
	People    int           `json:"people"`
	Pairs     int           `json:"conversations"`
	Filled    int           `json:"filled"`
	Rates     []Rate        `json:"rates"`
	NoOp      *Rate         `json:"no_op,omitempty"` // requests that do nothing
	Vanishing Vanishing     `json:"vanishing"`
	Lists     Lists         `json:"lists"`
	Idle      Idle          `json:"idle"`
	Took      time.Duration `json:"took_ns"`
}

// noOpInFlight is at which number the ceiling of HTTP is measured.
const noOpInFlight = 16

// measureAll measures everything, in an order in which nothing disturbs what comes
// after it.
func measureAll(ctx context.Context, o Options, s *site) (Result, error) {
	began := time.Now()
	r := Result{Engine: s.engine, Settings: s.setting, People: o.People, Pairs: o.Conversations, Filled: o.Fill}
	var err error
	dir := s.dir
	if dir == "" {
		dir = o.Dir
	}
	if r.Machine, err = thisMachine(dir); err != nil {
		return r, err
	}
	o.say("making %d conversations", o.Conversations)
	pairs, err := s.newPairs(ctx, o.Conversations)
	if err != nil {
		return r, err
	}
	if o.Fill > 0 {
		if err := s.fill(ctx, pairs, o.Fill); err != nil {
			return r, err
		}
	}
	for _, n := range o.InFlight {
		rates, err := s.rates(ctx, pairs, n)
		if err != nil {
			return r, fmt.Errorf("%d in flight: %w", n, err)
		}
		r.Rates = append(r.Rates, rates...)
	}
	if s.ops != "" {
		rate, err := s.noOp(ctx)
		if err != nil {
			return r, err
		}
		r.NoOp = &rate
	}
	if o.Recalls > 0 {
		if r.Vanishing, err = s.vanishing(ctx); err != nil {
			return r, err
		}
	}
	if r.Lists, err = s.lists(ctx); err != nil {
		return r, err
	}
	r.Idle, err = s.idle(ctx)
	r.Took = time.Since(began)
	return r, err
}

// noOp measures requests that do nothing, as the ceiling of what HTTP and the load
// generator can do here.
func (s *site) noOp(ctx context.Context) (Rate, error) {
	s.options.say("requests that do nothing, %d in flight", noOpInFlight)
	ops := *s
	ops.address = s.ops
	return ops.load(ctx, load{
		operation: "no-op", inFlight: noOpInFlight, warm: s.options.Duration / 10, limit: s.options.Duration / 2,
		step: func(w *worker) (bool, error) {
			status, answer, err := w.wire.do("GET", "/healthz", "", "", nil)
			if err == nil && status != 200 {
				err = refused("/healthz", status, answer)
			}
			return true, err
		},
	}, nil)
}
