package relay

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealpost/sealpost/internal/sealpost"
)

type counted struct {
	release, lease, epochs, sweep, erasures atomic.Int64
	fail                                    error
}

func (c *counted) ReleaseDue(context.Context) (sealpost.Instant, error) {
	c.release.Add(1)
	return 0, c.fail
}
func (c *counted) KeepLease(context.Context) error  { c.lease.Add(1); return c.fail }
func (c *counted) KeepEpochs(context.Context) error { c.epochs.Add(1); return nil }
func (c *counted) Sweep(context.Context) error      { c.sweep.Add(1); return nil }
func (c *counted) FinishErasures(context.Context) error {
	c.erasures.Add(1)
	return nil
}

// Everything that is due is asked for at its rate, and nothing after Stop. The
// lease is renewed several times in its length (R24).
func TestRelayAsksForWork(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &counted{}
		r, err := Start(t.Context(), c, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(20*time.Minute + time.Millisecond)
		synctest.Wait()
		r.Stop()
		after := c.release.Load()
		time.Sleep(time.Minute)
		if got := c.release.Load(); got != after || got != 20*60*4 {
			t.Errorf("released %d times, then %d after the stop; want 4800 and no more", after, got)
		}
		if got := c.lease.Load(); got != 1+20*60*2/15 {
			t.Errorf("the lease was renewed %d times in 20 minutes", got)
		}
		if got := c.epochs.Load(); got != 41 {
			t.Errorf("epochs were kept %d times", got)
		}
		if got := c.sweep.Load(); got != 2 {
			t.Errorf("swept %d times", got)
		}
		if got := c.erasures.Load(); got != 20*60/5 {
			t.Errorf("erasures were finished %d times", got)
		}
	})
}

// Without a lease nothing is served, and a failing round does not end the work.
func TestRelayNeedsALease(t *testing.T) {
	t.Parallel()
	c := &counted{fail: errors.New("no")}
	if _, err := Start(t.Context(), c, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("started without a lease")
	}
}
