// Package relay does what is due: it releases held and scheduled messages, keeps
// the node's lease, opens and closes epochs, and sweeps out what has expired. It
// decides nothing; it asks the service to. Any number of nodes may run one each.
package relay

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// Service is what the relay asks for; each call is safe to repeat and to make on
// several nodes at once.
type Service interface {
	ReleaseDue(ctx context.Context) (next sealpost.Instant, err error)
	KeepLease(ctx context.Context) error
	KeepEpochs(ctx context.Context) error
	Sweep(ctx context.Context) error
	FinishErasures(ctx context.Context) error
	IndexDue(ctx context.Context) error
	IndexWake() <-chan struct{}
}

// How often each kind of work is asked for. A held message is released at most
// releaseEvery late.
const (
	releaseEvery = 250 * time.Millisecond
	leaseEvery   = service.LeaseLength / 4
	epochsEvery  = 30 * time.Second
	sweepEvery   = 10 * time.Minute
	erasureEvery = 5 * time.Second
	indexEvery   = time.Second            // without a wake-up: what others settled, or what has come due
	gatherFor    = 100 * time.Millisecond // after a wake-up: what is done together costs less
)

// Relay runs the work of one process.
type Relay struct {
	service Service
	log     *slog.Logger
	stop    context.CancelFunc
	done    sync.WaitGroup
}

// Start does everything once, so that the server is ready when it returns, and goes
// on in the background until Stop. It fails if the lease or the epochs cannot be
// had: without them nothing can be served.
func Start(ctx context.Context, s Service, log *slog.Logger) (*Relay, error) {
	if err := s.KeepLease(ctx); err != nil {
		return nil, err
	}
	if err := s.KeepEpochs(ctx); err != nil {
		return nil, err
	}
	running, stop := context.WithCancel(context.Background())
	r := &Relay{service: s, log: log, stop: stop}
	r.every(running, "release", releaseEvery, nil, func(ctx context.Context) error {
		_, err := s.ReleaseDue(ctx)
		return err
	})
	r.every(running, "lease", leaseEvery, nil, s.KeepLease)
	r.every(running, "epochs", epochsEvery, nil, s.KeepEpochs)
	r.every(running, "sweep", sweepEvery, nil, s.Sweep)
	r.every(running, "erasure", erasureEvery, nil, s.FinishErasures)
	r.every(running, "index", indexEvery, s.IndexWake(), s.IndexDue)
	return r, nil
}

// Stop ends the work and waits for what is under way.
func (r *Relay) Stop() {
	r.stop()
	r.done.Wait()
}

// every asks for work at an interval, and soon after it is woken; wake may be nil.
func (r *Relay) every(ctx context.Context, name string, interval time.Duration, wake <-chan struct{}, work func(context.Context) error) {
	r.done.Go(func() {
		tick := time.NewTicker(interval)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			case <-wake:
				select {
				case <-ctx.Done():
					return
				case <-time.After(gatherFor):
				}
			}
			if err := work(ctx); err != nil && ctx.Err() == nil {
				r.log.Error("work that is due failed; it will be tried again", "work", name, "error", err)
			}
		}
	})
}
