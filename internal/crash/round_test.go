//go:build sealtest

package crash_test

import (
	"strings"
	"testing"
	"time"
)

// round is one installation with its clients, through several lives of its server.
type round struct {
	*testing.T
	in     *installation
	world  *world
	played chan struct{} // closed when all stories are told, or one of them failed
	whole  bool          // all were told, after played
	result result
}

// result is a row of the results.
type result struct {
	what, engine        string
	hit                 int // of the failpoint, at which the process was killed; zero: no failpoint
	kills               int
	answered, unknown   int // acts when the server died
	happened, notDone   int // of the unknown ones, by the audit log
	resolved, afterward int // by their repetition; acts in all
}

// newRound makes a round on a fresh copy of the prepared installation.
func newRound(t *testing.T, engine, what string) *round {
	t.Helper()
	return roundIn(t, install(t, engine), what)
}

func roundIn(t *testing.T, in *installation, what string) *round {
	// The daily limit counts by calendar days (R13): no round may begin in one and go
	// on in the next.
	if left := 24*time.Hour - time.Since(time.Now().UTC().Truncate(24*time.Hour)); left < 20*time.Second {
		time.Sleep(left)
	}
	return &round{T: t, in: in, world: newWorld(t, in.people), played: make(chan struct{}), result: result{what: what, engine: in.engine}}
}

// play lets the clients begin. They go on through every life.
func (r *round) play(copies int) {
	go func() {
		defer close(r.played)
		finished := make(chan struct{})
		ok := false
		go func() { // a client that fails ends its goroutine
			defer close(finished)
			r.world.rules()
			ok = r.world.play(copies)
		}()
		<-finished
		r.whole = ok
	}()
	r.Cleanup(func() { r.world.end(); <-r.played })
}

// awaitPlayed waits for the end of the stories.
func (r *round) awaitPlayed() {
	r.Helper()
	select {
	case <-r.played:
	case <-time.After(2 * patience):
		r.Fatal("the clients did not come to an end")
	}
	if !r.whole {
		r.Fatal("a client gave up")
	}
}

// start starts a server and wants it to become ready.
func (r *round) start(l life) *server {
	r.Helper()
	s := start(r.T, r.in, l)
	if !s.awaitReady(r.T) {
		r.Fatalf("the server ended before it was ready: %v", s.status)
	}
	return s
}

// awaitCrash waits until the server has killed itself. The stories must not be over
// before: then the point was not reached.
func (r *round) awaitCrash(s *server, point string) {
	r.Helper()
	select {
	case <-s.exited:
	case <-r.played:
		if r.whole {
			r.Fatalf("the whole workload did not reach %s", point)
		}
		r.Fatal("a client gave up")
	case <-time.After(patience):
		r.Fatalf("%s was not reached within %s", point, patience)
	}
	r.died(s)
}

// died notes what the clients knew when the server was gone.
func (r *round) died(s *server) {
	r.Helper()
	if !s.wasKilled() {
		r.Fatalf("the server ended with %v, not by kill -9", s.status)
	}
	r.world.interrupt()
	answered, unknown := r.world.told()
	r.result.kills++
	r.result.answered, r.result.unknown = answered, r.result.unknown+unknown
	if r.in.engine == sqlite {
		checkFiles(r.T, r.in.data)
	}
}

// goOn classifies what is unknown and sends the clients to the next server.
func (r *round) goOn(s *server) {
	r.Helper()
	happened, not := r.world.classify(s.url)
	r.result.happened += happened
	r.result.notDone += not
	r.world.serve(s.url)
}

// finish checks everything at the end: with the clients' eyes while the last server
// runs, then doctor, then the rows.
func (r *round) finish(last *server, l life) result {
	r.Helper()
	r.world.shift = l.offset
	checked := make(chan struct{})
	fine := false
	go func() { // a check that fails ends its goroutine
		defer close(checked)
		r.world.check()
		fine = true
	}()
	<-checked
	if !fine {
		r.FailNow()
	}
	r.result.resolved = r.world.resolved()
	r.result.unknown = max(r.result.unknown, r.result.resolved) // of a server that lived
	r.result.afterward, _ = r.world.told()
	r.doctor(l)
	// A connection that was never used would keep an orderly stop waiting for 5 s.
	r.world.client.CloseIdleConnections()
	last.stop(r.T)
	checkRows(r.T, r.in)
	if r.in.engine == sqlite {
		checkFiles(r.T, r.in.data)
	}
	return r.result
}

// doctor wants keys and rows of the epochs to agree.
func (r *round) doctor(l life) {
	r.Helper()
	out, err := r.in.command(r.T, life{offset: l.offset}, "doctor")
	if err != nil || !strings.Contains(out, "in order") {
		r.Errorf("doctor: %v\n%s", err, out)
	}
}
