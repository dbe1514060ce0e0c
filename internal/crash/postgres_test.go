//go:build sealtest

package crash_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sealpost/sealpost/internal/failpoint"
	"github.com/sealpost/sealpost/internal/pgtest"
)

// TestCrashOtherNode kills one of two servers on one database and lets the clients
// ask the other one (R7, R11; leak F6 of the sweep).
func TestCrashOtherNode(t *testing.T) {
	t.Parallel()
	pgtest.Start(t)
	var work []func()
	for point, hit := range map[failpoint.Point]int{
		failpoint.DecideWritten: 11, failpoint.DecideCommitted: 10,
		failpoint.SendAnswer: 12, failpoint.OpenAnswer: 4, failpoint.RecallAnswer: 3,
	} {
		for _, hit := range []int{hit, hit + 1, hit + 3}[:rounds(1, 3)] {
			work = append(work, func() {
				t.Run(fmt.Sprintf("%s/%d", point, hit), func(t *testing.T) {
					r := newRound(t, postgres, string(point)+", then another node")
					r.result.hit = hit
					first := r.start(life{failpoint: fmt.Sprintf("%s:%d", point, hit)})
					second := r.start(life{})
					r.world.serve(first.url)
					r.play(1)
					r.awaitCrash(first, string(point))
					r.goOn(second)
					r.awaitPlayed()
					record(t, r.finish(second, life{}))
				})
			})
		}
	}
	inLanes(work)
}

// privateRound is a round on a PostgreSQL server of its own.
func privateRound(t *testing.T, what string) (*round, *pgtest.Cluster) {
	t.Helper()
	cluster := pgtest.StartPrivate(t)
	in := &installation{binary: program(t), engine: postgres, data: filepath.Join(t.TempDir(), "data"), database: cluster.NewDatabase(t)}
	in.populate(t)
	return roundIn(t, in, what), cluster
}

// TestCrashDatabase kills PostgreSQL under a living server: what clients are told
// is `unavailable` or true, and what was acknowledged is there when it is back
// (R11, I8).
func TestCrashDatabase(t *testing.T) {
	t.Parallel()
	random := dice(t)
	for range rounds(1, 5) {
		r, cluster := privateRound(t, "kill -9 of PostgreSQL under a living server")
		s := r.start(life{})
		r.world.serve(s.url)
		r.play(2)
		for range 2 {
			select {
			case <-r.played:
			case <-time.After(time.Duration(60+random.IntN(250)) * time.Millisecond):
			}
			cluster.Kill(t)
			r.result.answered, _ = r.world.told()
			cluster.Restart(t)
			r.result.kills++
		}
		r.awaitPlayed()
		record(t, r.finish(s, life{}))
		checkFiles(t, cluster.DataDir())
	}
}

// TestCrashConnections ends the database connections of a living server, over and
// over, so that commits become unknown and are looked up (R11).
func TestCrashConnections(t *testing.T) {
	t.Parallel()
	r, _ := privateRound(t, "connections ended under a living server")
	s := r.start(life{})
	r.world.serve(s.url)
	r.play(rounds(2, 6))
	conn, err := pgx.Connect(t.Context(), r.in.database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for range rounds(60, 600) {
		if r.over() {
			break
		}
		var ended int
		if err := conn.QueryRow(t.Context(), `SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity
WHERE application_name = 'sealpost' AND state <> 'idle' ORDER BY random() LIMIT 1) AS one`).Scan(&ended); err != nil {
			t.Fatal(err)
		}
		r.result.kills += ended
		time.Sleep(15 * time.Millisecond) // so that something else is under way
	}
	r.result.answered, _ = r.world.told()
	r.awaitPlayed()
	record(t, r.finish(s, life{}))
	if r.result.kills == 0 {
		t.Error("no connection was ended while it was in use")
	}
}

// over reports whether the stories have ended.
func (r *round) over() bool {
	select {
	case <-r.played:
		return true
	default:
		return false
	}
}
