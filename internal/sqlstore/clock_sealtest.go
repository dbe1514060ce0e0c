//go:build sealtest

package sqlstore

import (
	"sync/atomic"
	"time"
)

// clockOffset moves the decision clock in tests, so that windows, days and epochs
// can be walked through without waiting.
type clockOffset struct{ by atomic.Int64 }

func (c *clockOffset) get() time.Duration { return time.Duration(c.by.Load()) }

// SetClockOffset moves the decision clock away from the database's.
func (s *Store) SetClockOffset(by time.Duration) { s.offset.by.Store(int64(by)) }
