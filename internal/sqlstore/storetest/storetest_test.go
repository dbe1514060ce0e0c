package storetest_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/memstore"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/sqlstore/storetest"
)

// noon is where virtual clocks begin.
var noon = sealpost.InstantOf(time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)) // a table entry, never set

// The model passes its own tests, with a clock that stands still.
func TestMemstore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) storetest.Harness {
		var clock atomic.Int64
		clock.Store(int64(noon))
		var mu sync.Mutex
		next := memstore.NoFailure // guarded by mu
		store := memstore.New(memstore.Options{
			Clock: func() sealpost.Instant { return sealpost.Instant(clock.Load()) },
			Fault: func(op string) memstore.Failure {
				mu.Lock()
				defer mu.Unlock()
				if op != "Decide" {
					return memstore.NoFailure
				}
				f := next
				next = memstore.NoFailure
				return f
			},
		})
		return storetest.Harness{
			Store: store,
			Clock: func(by time.Duration) { clock.Add(int64(by / time.Microsecond)) },
			FailNext: func(persisted bool) {
				mu.Lock()
				defer mu.Unlock()
				if next = memstore.FailBefore; persisted {
					next = memstore.FailAfter
				}
			},
		}
	})
}
