package bench

import (
	"context"
	"errors"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Rate is one kind of request, measured at one number in flight.
type Rate struct {
	Operation string        `json:"operation"`
	InFlight  int           `json:"in_flight"`
	Count     int           `json:"count"`
	Elapsed   time.Duration `json:"elapsed_ns"`
	P50       time.Duration `json:"p50_ns"`
	P99       time.Duration `json:"p99_ns"`
	// Processor time that was spent meanwhile; negative: not known.
	Server    time.Duration `json:"server_cpu_ns"`
	Database  time.Duration `json:"database_cpu_ns"` // zero: it is in the server
	Generator time.Duration `json:"generator_cpu_ns"`
}

// PerSecond is the rate.
func (r Rate) PerSecond() float64 { return float64(r.Count) / r.Elapsed.Seconds() }

// perThousand is processor seconds in 1,000 requests.
func (r Rate) perThousand(cpu time.Duration) float64 {
	return cpu.Seconds() * 1000 / float64(max(r.Count, 1))
}

// worker is one client that waits for each answer before it asks again.
type worker struct {
	wire  *wire
	pairs []*pair // its own for this measurement
	turn  int
	path  []byte
	body  []byte
	key   []byte
	index int
	count int

	begun []time.Duration // since the begin of the load
	took  []time.Duration
}

// step makes one request. more is false when there is nothing left to ask for.
type step func(w *worker) (more bool, err error)

// load is one kind of request at one number in flight.
type load struct {
	operation string
	inFlight  int
	warm      time.Duration // before anything counts
	limit     time.Duration // of the measurement; it also ends when the first worker is out of work
	drain     bool          // do what work is left then, without counting
	step      step
}

// load puts a load on the server. Only requests count that began and ended within
// the measurement.
func (s *site) load(ctx context.Context, l load, pairs []*pair) (Rate, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	workers, err := s.newWorkers(ctx, l.inFlight, pairs)
	if err != nil {
		return Rate{}, err
	}
	var running sync.WaitGroup
	var stop atomic.Bool
	dry := make(chan struct{}, len(workers))
	zero, from, begin := time.Now(), time.Duration(0), s.spent()
	for _, w := range workers {
		running.Go(func() {
			defer w.wire.close()
			if err := w.work(ctx, &stop, zero, l.step); err != nil {
				cancel(err)
			}
			dry <- struct{}{}
		})
	}
	if l.warm > 0 {
		wait(ctx, l.warm, dry)
		from, begin = time.Since(zero), s.spent()
	}
	wait(ctx, l.limit, dry)
	to, end := time.Since(zero), s.spent()
	stop.Store(!l.drain)
	running.Wait()
	if ctx.Err() != nil {
		return Rate{}, context.Cause(ctx)
	}
	r := Rate{Operation: l.operation, InFlight: l.inFlight, Elapsed: to - from}
	r.Server, r.Database, r.Generator = since(begin.server, end.server), since(begin.database, end.database), since(begin.generator, end.generator)
	var took []time.Duration
	for _, w := range workers {
		for i, b := range w.begun {
			if b >= from && b+w.took[i] <= to {
				took = append(took, w.took[i])
			}
		}
	}
	if len(took) == 0 {
		return Rate{}, errors.New("bench: nothing was done within the measurement; make it longer")
	}
	slices.Sort(took)
	r.Count, r.P50, r.P99 = len(took), quantile(took, 50), quantile(took, 99)
	return r, nil
}

func (s *site) newWorkers(ctx context.Context, n int, pairs []*pair) ([]*worker, error) {
	workers := make([]*worker, n)
	for i := range workers {
		w, err := dial(ctx, s.address, nil)
		if err != nil {
			for _, made := range workers[:i] {
				made.wire.close()
			}
			return nil, err
		}
		workers[i] = &worker{wire: w, index: i}
	}
	for i, p := range pairs {
		w := workers[i%n]
		w.pairs = append(w.pairs, p)
	}
	return workers, nil
}

func (w *worker) work(ctx context.Context, stop *atomic.Bool, zero time.Time, step step) error {
	for !stop.Load() && ctx.Err() == nil {
		began := time.Now()
		more, err := step(w)
		if err != nil || !more {
			return err
		}
		w.begun = append(w.begun, began.Sub(zero))
		w.took = append(w.took, time.Since(began))
	}
	return nil
}

// wait ends early when a worker is out of work or has failed.
func wait(ctx context.Context, d time.Duration, dry <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-dry:
	case <-ctx.Done():
	}
}

// quantile gives a percentile of a sorted list, nearest rank.
func quantile(sorted []time.Duration, percent int) time.Duration {
	return sorted[max(0, (len(sorted)*percent+99)/100-1)]
}

// spent is processor time so far; negative: not known.
type spent struct{ server, database, generator time.Duration }

func (s *site) spent() spent {
	known := func(d time.Duration, err error) time.Duration {
		if err != nil {
			return -1
		}
		return d
	}
	out := spent{server: -1, generator: known(cpuOf(os.Getpid()))}
	if s.pid != 0 {
		out.server = known(cpuOf(s.pid))
	}
	switch {
	case s.master != 0:
		out.database = known(treeCPU(s.master))
	case s.engine != "SQLite":
		out.database = -1
	}
	return out
}

func since(before, after time.Duration) time.Duration {
	if before < 0 || after < 0 {
		return -1
	}
	return after - before
}
