// Package storetest is what every store must do: the contract of the service's
// ports as tests. It speaks ports only, builds changes from the domain's
// transitions, and compares with memstore where the answer is a whole view.
package storetest

import (
	"os"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/service"
)

// Harness is a fresh, empty store and what a test can do to it from outside.
type Harness struct {
	Store service.Store
	// Clock moves the decision clock, forward or back.
	Clock func(by time.Duration)
	// Reopen stops the store and starts it again on the same data; the old one is
	// gone then. Nil: it keeps nothing.
	Reopen func() service.Store
	// FailNext makes the next decision answer CodeUnavailable: with everything
	// written, or with nothing. Nil: it cannot be made to.
	FailNext func(persisted bool)
	// Checks is how many command sequences the state machine runs, Rounds how many
	// races; zero: the default. SEALPOST_LONG raises both.
	Checks, Rounds int
}

// Defaults of a harness, and of a long run.
const (
	defaultChecks = 100
	defaultRounds = 200
	longChecks    = 2000
	longRounds    = 10_000
)

func (h Harness) checks() int { return bound(h.Checks, defaultChecks, longChecks) }

func (h Harness) rounds() int { return bound(h.Rounds, defaultRounds, longRounds) }

func bound(asked, usual, long int) int {
	if os.Getenv("SEALPOST_LONG") != "" {
		return long
	}
	if asked > 0 {
		return asked
	}
	return usual
}

// Run tests a store. open gives every subtest one of its own.
func Run(t *testing.T, open func(t *testing.T) Harness) {
	groups := map[string]map[string]func(*testing.T, *world){
		"decide":   decideCases(),
		"views":    viewCases(),
		"limits":   limitCases(),
		"accounts": accountCases(),
		"registry": registryCases(),
		"text":     textCases(),
		"presence": presenceCases(),
		"epochs":   epochCases(),
		"work":     workCases(),
		"races":    raceCases(),
		"reach":    reachCases(),
		"faults":   faultCases(),
		"search":   searchCases(),
		"review":   reviewCases(),
		"import":   importCases(),
		"machine":  {"SameAsTheModel": sameAsTheModel},
	}
	for group, cases := range groups {
		for name, test := range cases {
			t.Run(group+"/"+name, func(t *testing.T) {
				t.Parallel()
				test(t, newWorld(t, open(t)))
			})
		}
	}
}
