//go:build sealtest

package crash_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"
)

// seedVariable repeats a run of the random tests as far as time allows it.
const seedVariable = "SEALPOST_CRASH_SEED"

// dice makes a random source and prints how to have it again.
func dice(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if given, err := strconv.ParseUint(os.Getenv(seedVariable), 10, 64); err == nil {
		seed = given
	}
	t.Logf("%s=%d", seedVariable, seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// rounds chooses between a short and a long run.
func rounds(short, long int) int {
	if longRun() {
		return long
	}
	return short
}

// TestCrashAnywhere kills the server at random moments, several times while the
// same clients go on (I6 to I8).
func TestCrashAnywhere(t *testing.T) {
	t.Parallel()
	random := dice(t)
	var work []func()
	for _, engine := range engines {
		for n := range rounds(1, 12) {
			var moments []time.Duration
			for range 4 {
				moments = append(moments, time.Duration(5+random.IntN(250))*time.Millisecond)
			}
			work = append(work, func() {
				t.Run(fmt.Sprintf("%s/%d", engine, n), func(t *testing.T) { record(t, killAnywhere(t, engine, moments)) })
			})
		}
	}
	inLanes(work)
}

func killAnywhere(t *testing.T, engine string, moments []time.Duration) result {
	r := newRound(t, engine, "kill -9 at random moments")
	for i, after := range moments {
		s := r.start(life{})
		if i == 0 {
			r.world.serve(s.url)
			r.play(rounds(2, 4))
		} else {
			r.goOn(s)
		}
		select {
		case <-r.played: // faster than the last of the moments
		case <-time.After(after):
		}
		s.kill()
		s.awaitExit(t)
		r.died(s)
	}
	last := r.start(life{})
	r.goOn(last)
	r.awaitPlayed()
	return r.finish(last, life{})
}
