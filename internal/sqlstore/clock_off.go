//go:build !sealtest

package sqlstore

import "time"

// clockOffset is nothing outside tests: the decision clock is the database's.
type clockOffset struct{}

func (clockOffset) get() time.Duration { return 0 }
