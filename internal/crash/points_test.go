//go:build sealtest

package crash_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/failpoint"
	"github.com/sealpost/sealpost/internal/pgtest"
)

// plan says at which hits of a point the process is killed.
type plan struct {
	near, far int // one for each engine in a short run
	long      []int
	closing   bool // it is reached at the start of a server whose epochs are over

	// What must have become of one unanswered request at least: the point comes after
	// its commit, or before it.
	after, before bool
}

// plans is the table of every registered failpoint. One that is missing, or that
// the workload does not reach as often, fails the test.
var plans = map[failpoint.Point]plan{
	// How many transactions there are depends on how many decisions each gathers; at
	// least as many as one client asks for, one after the other.
	failpoint.DecideLocked:    {near: 11, far: 14, long: []int{1, 5}},
	failpoint.DecideDecided:   {near: 13, far: 9, long: []int{1, 7}},
	failpoint.DecideWritten:   {near: 12, far: 8, long: []int{1, 6, 14}},
	failpoint.DecideCommitted: {near: 9, far: 13, long: []int{1, 6, 11}},

	failpoint.AmendWritten:   {near: 6, far: 9, long: []int{1, 15}},
	failpoint.AmendCommitted: {near: 8, far: 5, long: []int{1, 14}},

	failpoint.SendDecided: {near: 15, far: 11, long: []int{1, 5, 22}, before: true},
	failpoint.SendAnswer:  {near: 8, far: 16, long: []int{1, 4, 22}, after: true},

	failpoint.OpenDecided: {near: 4, far: 2, long: []int{1, 6}, before: true},
	failpoint.OpenAnswer:  {near: 3, far: 5, long: []int{1, 6}},

	failpoint.PreviewDecided: {near: 1, far: 2, long: []int{3}},
	failpoint.PreviewAnswer:  {near: 2, far: 1, long: []int{3}},

	failpoint.RecallDecided: {near: 3, far: 4, long: []int{1, 2, 5}, before: true},
	failpoint.RecallAnswer:  {near: 4, far: 3, long: []int{1, 2, 9}, after: true},

	failpoint.UndoAnswer: {near: 1, far: 2, long: []int{3, 4}, after: true},

	failpoint.ReleaseClaimed: {near: 2, far: 1},
	failpoint.ReleaseAnswer:  {near: 1, far: 2, after: true},

	// The first three or four are made before the server is ready; the others by a
	// decision that needs one.
	failpoint.EpochKeyCreated: {near: 5, far: 2, long: []int{1, 3, 4}},
	failpoint.EpochRowCreated: {near: 2, far: 5, long: []int{1, 3, 4}},

	failpoint.EpochClosing:      {near: 1, far: 2, closing: true},
	failpoint.EpochSwept:        {near: 1, far: 2, long: []int{3}, closing: true},
	failpoint.EpochChecked:      {near: 2, far: 1, closing: true},
	failpoint.EpochKeyDestroyed: {near: 1, far: 2, closing: true},
	failpoint.EpochDestroyed:    {near: 2, far: 1, closing: true},

	failpoint.IndexRead: {near: 5, far: 3, long: []int{1, 9}},

	// Its first hits repeat the beginning of a conversation, of which the audit log does
	// not say whose it was.
	failpoint.IdempotencyReplay: {near: 9, far: 13, long: []int{22, 30}, after: true},

	failpoint.FanoutPublish: {near: 21, far: 12, long: []int{1, 35}},
}

// hits are the hits at which the point strikes on this engine.
func (p plan) hits(engine string) []int {
	if longRun() {
		all := append([]int{p.near, p.far}, p.long...)
		slices.Sort(all)
		return slices.Compact(all)
	}
	if engine == sqlite {
		return []int{p.near}
	}
	return []int{p.far}
}

// How far the clock is moved to see epochs close: so far that the epochs of a window
// that began now are over, whatever the minute; and so far that drafts are over too,
// and only what is scheduled for days later lives on under an epoch.
const (
	beyond    = 2*time.Hour + 2*time.Minute
	wayBeyond = 30 * time.Hour
)

// lanes is how many rounds run side by side: most of a round is waiting.
const lanes = 4

// TestCrashPoints kills the server at every failpoint on each engine (I6 to I8,
// R11; leak F6 of the sweep).
func TestCrashPoints(t *testing.T) {
	var work []func()
	for _, point := range failpoint.All() {
		p, planned := plans[point]
		if !planned {
			t.Errorf("%s is registered and has no plan", point)
			continue
		}
		for _, engine := range engines {
			for _, hit := range p.hits(engine) {
				work = append(work, func() {
					t.Run(fmt.Sprintf("%s/%s/%d", point, engine, hit), func(t *testing.T) {
						record(t, crashAt(t, engine, point, hit, beyond))
					})
				})
				if p.closing && longRun() {
					work = append(work, func() {
						t.Run(fmt.Sprintf("%s/%s/%d/%s", point, engine, hit, wayBeyond), func(t *testing.T) {
							record(t, crashAt(t, engine, point, hit, wayBeyond))
						})
					})
				}
			}
		}
	}
	if len(plans) != len(failpoint.All()) {
		t.Errorf("%d plans for %d points", len(plans), len(failpoint.All()))
	}
	inLanes(work)
	checkCluster(t)
}

// pointNames are the registered points as text.
func pointNames() []string {
	var out []string
	for _, p := range failpoint.All() {
		out = append(out, string(p))
	}
	return out
}

// inLanes runs functions side by side. Parallel subtests would be as many as there
// are processors, which is too few for rounds that mostly wait.
func inLanes(work []func()) {
	next := make(chan func())
	var all sync.WaitGroup
	for range lanes {
		all.Go(func() {
			for f := range next {
				f()
			}
		})
	}
	for _, f := range work {
		next <- f
	}
	close(next)
	all.Wait()
}

// checkCluster searches the files and the log of the shared PostgreSQL server,
// which has seen every statement of every round.
func checkCluster(t *testing.T) {
	t.Helper()
	cluster := pgtest.Start(t)
	checkFiles(t, cluster.DataDir())
	checkFiles(t, cluster.LogFile())
}

// crashAt is one round. offset moves the clock of points that only then are reached.
func crashAt(t *testing.T, engine string, point failpoint.Point, hit int, offset time.Duration) result {
	armed := life{failpoint: fmt.Sprintf("%s:%d", point, hit)}
	r := newRound(t, engine, string(point))
	r.result.hit = hit
	if plans[point].closing {
		armed.offset = offset
		return r.crashClosing(armed)
	}
	first := start(t, r.in, armed)
	if first.awaitReady(t) {
		r.world.serve(first.url)
		r.play(1)
		r.awaitCrash(first, armed.failpoint)
		second := r.start(life{})
		r.goOn(second)
		if plans[point].after && r.result.happened == 0 || plans[point].before && r.result.notDone == 0 {
			t.Errorf("no request shows that %s comes where it should: %s", point, r.result)
		}
		r.awaitPlayed()
		return r.finish(second, life{})
	}
	// It died before it was ready: there is a life to begin with.
	r.died(first)
	second := r.start(life{})
	r.world.serve(second.url)
	r.play(1)
	r.awaitPlayed()
	return r.finish(second, life{})
}

// crashClosing plays all stories, kills the server, and crashes the next one while
// it closes the epochs of what was sent.
func (r *round) crashClosing(armed life) result {
	r.Helper()
	first := r.start(life{})
	r.world.serve(first.url)
	r.play(1)
	r.awaitPlayed()
	first.kill()
	first.awaitExit(r.T)
	r.died(first)

	moved := life{offset: armed.offset}
	second := start(r.T, r.in, armed)
	if second.awaitReady(r.T) {
		r.Fatalf("closing the epochs did not reach %s", armed.failpoint)
	}
	r.died(second)
	third := r.start(moved)
	r.goOn(third)
	return r.finish(third, moved)
}
