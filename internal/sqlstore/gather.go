package sqlstore

import (
	"context"
	"encoding/binary"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/sealpost/sealpost/internal/failpoint"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// Decisions are gathered: while one transaction commits, the ones that arrive
// wait in a queue, and the next transaction takes all of them, up to a bound. It
// locks every conversation first, then goes through the decisions in waves. In
// one wave no two decisions touch the same thing, so their reads travel together
// and their writes travel together; the next wave reads what the one before wrote,
// inside the transaction. One commit, and only then the answers.

const (
	queueLimit  = 4096 // decisions that wait; a further one waits for a place
	gatherLimit = 64   // decisions in one transaction
	lookUpLimit = 10 * time.Second
	// transactionLimit is for a database that neither answers nor breaks the
	// connection; what happened is then looked up.
	transactionLimit = 30 * time.Second
)

// work waits in the queue of a gatherer: a decision, or statements that are to be
// written, or a function that wants a transaction to itself.
type work struct {
	ctx      context.Context
	decision *decision
	touch    *touch
	alone    func(context.Context, session) error
	done     chan error // buffered: an answer never waits for its caller
	// taken is set once, by the gatherer that takes the work or by the caller that
	// gives it up: what runs shares its variables with a caller that waits.
	taken atomic.Bool
}

// touch writes presence (R24): it locks the user's presence row and gives back the
// clock as it was after the lock.
type touch struct {
	user  sealpost.UserID
	write func(now sealpost.Instant) []statement
	now   sealpost.Instant
}

// decision is one Decide on its way.
type decision struct {
	ask    service.Ask
	decide func(service.Snapshot) (service.Change, error)
	result error // of the pure function, or of what it refused to write
	empty  bool  // nothing to write
}

type gatherer struct {
	store *Store
	queue chan *work
	// session is the pinned connection, nil until the first transaction and after
	// one that broke. Used by loop only.
	session session
}

// submit queues the work and waits for its answer. A caller that gives up before
// its turn is skipped; once the work was taken the caller waits for the outcome.
func (s *Store) submit(ctx context.Context, lane uint32, w *work) error {
	w.ctx, w.done = ctx, make(chan error, 1)
	g := s.gather[int(lane)%len(s.gather)]
	select {
	case g.queue <- w:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.stopped:
		return stopping()
	}
	select {
	case err := <-w.done:
		return err
	case <-ctx.Done():
		if w.taken.CompareAndSwap(false, true) {
			return ctx.Err()
		}
	case <-s.stopped:
		if w.taken.CompareAndSwap(false, true) {
			return stopping()
		}
	}
	return <-w.done
}

func stopping() error { return sealpost.Refuse(sealpost.CodeUnavailable, "The server is stopping.") }

// laneOf sends all decisions of one conversation to one gatherer, so that they are
// gathered and do not wait for each other's locks.
func laneOf(id [16]byte) uint32 { return binary.BigEndian.Uint32(id[12:]) }

func (g *gatherer) loop(ctx context.Context) {
	defer func() {
		if g.session != nil {
			g.session.release(false)
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return // whoever still waits is answered by submit
		case first := <-g.queue:
			batch, alone := g.take(first)
			g.settle(batch)
			if alone != nil {
				alone.done <- g.runAlone(alone)
			}
		}
	}
}

// take drains the queue into a batch. Work that wants a transaction to itself ends
// the batch and runs after it.
func (g *gatherer) take(first *work) (batch []*work, alone *work) {
	for w := first; w != nil; {
		switch {
		case !w.taken.CompareAndSwap(false, true): // given up
		case w.alone != nil:
			return batch, w
		default:
			batch = append(batch, w)
		}
		if len(batch) == gatherLimit {
			return batch, nil
		}
		select {
		case w = <-g.queue:
		default:
			w = nil
		}
	}
	return batch, nil
}

// settle commits a batch and answers. When the transaction was certainly rolled
// back, each decision is decided again by itself; when it is unknown, each is
// looked up by its id and never run again (R11).
func (g *gatherer) settle(batch []*work) {
	if len(batch) == 0 {
		return
	}
	outcome, err := g.transact(batch)
	switch {
	case outcome == committed:
		failpoint.Hit(failpoint.DecideCommitted)
		for _, w := range batch {
			w.done <- w.answer()
		}
	case outcome == unknown:
		for _, w := range batch {
			w.done <- g.lookUp(w, err)
		}
	case len(batch) == 1:
		batch[0].done <- g.again(batch[0], err)
	default:
		for _, w := range batch {
			g.settle([]*work{w})
		}
	}
}

// again retries a single decision whose transaction was rolled back because of
// another one (serialization, deadlock); what fails three times stays failed.
func (g *gatherer) again(w *work, err error) error {
	for range 3 {
		if _, ok := g.store.engine.conflict(err); ok {
			break // a taken key stays taken; the second look answers it
		}
		var outcome outcome
		if outcome, err = g.transact([]*work{w}); outcome == committed {
			return w.answer()
		} else if outcome == unknown {
			return g.lookUp(w, err)
		}
	}
	return g.store.conflictOr(err)
}

func (w *work) answer() error {
	if w.decision != nil {
		return w.decision.result
	}
	return nil
}

type outcome int

const (
	rolledBack outcome = iota
	committed
	unknown
)

// transact runs one transaction. The context of a caller never interrupts it: a
// transaction belongs to all of its decisions.
func (g *gatherer) transact(batch []*work) (result outcome, err error) {
	ctx := context.Background()
	if g.store.dialect.locks {
		limited, cancel := context.WithTimeout(ctx, transactionLimit)
		defer cancel()
		ctx = limited
	}
	if g.session == nil {
		if g.session, err = g.store.engine.session(ctx); err != nil {
			return rolledBack, err
		}
	}
	committing, err := g.runTransaction(ctx, batch)
	if err == nil {
		return committed, nil
	}
	certain := g.store.engine.rolledBack(err, committing)
	if rollback := g.session.run(ctx, run(queryRollback)); rollback != nil || !certain {
		g.session.release(true)
		g.session = nil
	}
	if committing && !certain {
		return unknown, err
	}
	return rolledBack, err
}

// runTransaction reports whether COMMIT may have reached the database.
func (g *gatherer) runTransaction(ctx context.Context, batch []*work) (committing bool, err error) {
	tx := &transaction{store: g.store, session: g.session}
	tx.begin(batch)
	for _, wave := range waves(batch) {
		if err := tx.wave(ctx, wave); err != nil {
			return false, err
		}
	}
	if failpoint.Enabled {
		if err := tx.flush(ctx); err != nil {
			return false, err
		}
		failpoint.Hit(failpoint.DecideWritten)
	}
	tx.queue(run(queryCommit))
	return true, tx.flush(ctx)
}

// waves splits a batch so that no two decisions of a wave touch the same
// conversation, the same idempotency key or, if they count against a person's
// limits, the same person. The order within each is kept.
func waves(batch []*work) [][]*work {
	if len(batch) == 1 {
		return [][]*work{batch}
	}
	var out [][]*work
	placed := map[string]int{} // what is touched → the wave after its last use
	for _, w := range batch {
		at := 0
		keys := w.touches()
		for _, k := range keys {
			at = max(at, placed[k])
		}
		for _, k := range keys {
			placed[k] = at + 1
		}
		if at == len(out) {
			out = append(out, nil)
		}
		out[at] = append(out[at], w)
	}
	return out
}

func (w *work) touches() []string {
	if w.touch != nil {
		return []string{"u" + string(w.touch.user[:])}
	}
	a := w.decision.ask
	keys := []string{"c" + string(a.Conversation[:])}
	if a.Key != "" {
		keys = append(keys, "k"+string(a.Actor[:])+a.Key)
	}
	if !a.Draft.IsZero() {
		keys = append(keys, "d"+string(a.Draft[:]))
	}
	if a.Recall {
		keys = append(keys, "u"+string(a.Actor[:]))
	}
	return keys
}

// apply runs the pure function. A panic in it is an internal error of this one
// decision and no reason to stop the writer.
func (d *decision) apply(s service.Snapshot) (c service.Change) {
	defer func() {
		if r := recover(); r != nil {
			d.result = &sealpost.Error{Code: sealpost.CodeInternal, Cause: fmt.Errorf("a decision panicked: %T\n%s", r, debug.Stack())}
			c = service.Change{}
		}
		d.empty = c.Audit.Action == ""
	}()
	c, d.result = d.decide(s)
	if d.result != nil {
		return service.Change{}
	}
	return c
}

var (
	queryAuditExists      = register("audit.exists", "SELECT 1 FROM audit WHERE id = $1")
	queryLockConversation = registerOnly(enginePostgres, "conversation.lock-one",
		"SELECT id FROM conversation WHERE id = $1 FOR UPDATE")
)

// lookUp finds out whether a decision with an unknown commit happened. It takes
// the conversation's lock first, so that a commit that is still under way is over.
func (g *gatherer) lookUp(w *work, cause error) error {
	if w.decision == nil || w.decision.empty {
		return unknownOutcome(cause) // a touch is repeated; a reading changed nothing
	}
	found := false
	statements := []statement{g.store.dialect.beginStatement()}
	if g.store.dialect.locks {
		statements = append(statements, ask(queryLockConversation, func(r row) error {
			var id []byte
			return r.Scan(&id)
		}, bytesOf(w.decision.ask.Conversation)))
	}
	statements = append(statements, ask(queryAuditExists, func(r row) error {
		var one int64
		found = true
		return r.Scan(&one)
	}, bytesOf(w.decision.ask.Decision)), run(queryRollback))

	ctx, cancel := context.WithTimeout(context.Background(), lookUpLimit)
	defer cancel()
	if g.session == nil {
		session, err := g.store.engine.session(ctx)
		if err != nil {
			return unknownOutcome(cause)
		}
		g.session = session
	}
	if err := g.session.run(ctx, statements...); err != nil {
		g.session.release(true)
		g.session = nil
		return unknownOutcome(cause)
	}
	if found {
		return w.decision.result
	}
	return unknownOutcome(cause)
}

// unknownOutcome also answers what was found not to have happened: the caller
// tries again with the same key and gets the truth (R11).
func unknownOutcome(cause error) error {
	return &sealpost.Error{Code: sealpost.CodeUnavailable, Detail: "The outcome is not known. Try again with the same key.", Cause: cause}
}
