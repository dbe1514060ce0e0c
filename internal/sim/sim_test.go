package sim_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// episodeSteps is how long one world lives.
const episodeSteps = 150

// episode lives through one world; it gives what was wrong, and counts what happened.
func episode(seed uint64, stores []service.Store, steps int, plant *mistake) (map[string]int, error) {
	s, err := newSimulation(seed, stores, plant.store())
	if err != nil {
		return nil, err
	}
	table := commands()
	total := 0
	for _, c := range table {
		total += c.weight
	}
	for s.steps = 1; s.steps <= steps && s.err == nil; s.steps++ {
		s.tick()
		n := s.random.IntN(total)
		i := slices.IndexFunc(table, func(c command) bool { n -= c.weight; return n < 0 })
		s.faulty = s.random.IntN(4) != 0
		s.doing, s.flagging, s.changing = table[i].name, -1, sealpost.UserID{}
		outcome := table[i].run(s)
		s.tally[s.doing+": "+outcome]++
		s.doing += ": " + outcome
		plant.disturb(s)
		s.calm(s.check)
	}
	return s.tally, s.err
}

// campaignOf lives through worlds for a while, or through the one of a seed.
func campaignOf(t *testing.T, short time.Duration, world func(seed uint64) (map[string]int, error)) {
	t.Helper()
	limit, seed, one := short, rand.Uint64(), false
	if text := os.Getenv("SEALPOST_SIM_TIME"); text != "" {
		var err error
		if limit, err = time.ParseDuration(text); err != nil {
			t.Fatalf("SEALPOST_SIM_TIME: %v", err)
		}
	}
	if text := os.Getenv("SEALPOST_SIM_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("SEALPOST_SIM_SEED: %v", err)
		}
		one = true
	}
	tally, began, episodes := map[string]int{}, time.Now(), 0
	for episodes == 0 || !one && time.Since(began) < limit {
		counts, err := world(seed + uint64(episodes))
		for k, v := range counts {
			tally[k] += v
		}
		episodes++
		if err != nil {
			t.Errorf("%v\nrepeat it with: make sim SEED=%d", err, seed+uint64(episodes)-1)
			break
		}
	}
	t.Logf("%d worlds from seed %d in %v:", episodes, seed, time.Since(began).Round(time.Millisecond))
	for _, k := range slices.Sorted(maps.Keys(tally)) {
		t.Logf("%8d %s", tally[k], k)
	}
}

// TestSim: everything that people and machines can do, at random and with everything
// failing, and the invariants I1 to I8 after every step.
func TestSim(t *testing.T) {
	t.Parallel()
	campaignOf(t, 2*time.Second, func(seed uint64) (map[string]int, error) { return episode(seed, nil, episodeSteps, nil) })
}

// TestSimSQL: the same on the real stores, whose clocks are moved; on PostgreSQL each
// node has a store of its own. What the real clock adds makes a seed repeat the
// commands but not the microseconds.
func TestSimSQL(t *testing.T) {
	onEngines(t, durable(), func(t *testing.T, e engine) {
		if clocks(e.open(t, nil)) == nil {
			t.Skip("the clock of a store can be moved in builds with -tags sealtest only")
		}
		campaignOf(t, 0, func(seed uint64) (counts map[string]int, err error) {
			t.Run("world", func(t *testing.T) { // so that its stores are closed with it
				counts, err = episode(seed, e.open(t, nil), 60, nil)
			})
			return counts, err
		})
	})
}

// TestSimRepeats: a seed gives the same world twice.
func TestSimRepeats(t *testing.T) {
	t.Parallel()
	first, err1 := episode(42, nil, 60, nil)
	second, err2 := episode(42, nil, 60, nil)
	if !maps.Equal(first, second) || fmt.Sprint(err1) != fmt.Sprint(err2) {
		t.Errorf("two runs of one seed differ:\n%v %v\n%v %v", first, err1, second, err2)
	}
}
