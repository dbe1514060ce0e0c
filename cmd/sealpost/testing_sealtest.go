//go:build sealtest

package main

import (
	"fmt"
	"os"
	"time"

	"github.com/sealpost/sealpost/internal/sqlstore"
)

// clockVariable moves the decision clock of every command of this build, so that
// crash tests can walk through windows and epochs without waiting. It is a Go
// duration, such as 2h; empty or missing: nothing is moved.
const clockVariable = "SEALPOST_CLOCK_OFFSET"

// moveClock applies clockVariable. The value is not repeated in the error, as
// nowhere else.
func moveClock(s *sqlstore.Store) error {
	value := os.Getenv(clockVariable)
	if value == "" {
		return nil
	}
	by, err := time.ParseDuration(value)
	if err != nil {
		return fmt.Errorf("%s is not a duration", clockVariable)
	}
	s.SetClockOffset(by)
	return nil
}
