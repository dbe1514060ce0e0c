package sqlstore

import (
	"context"

	"github.com/sealpost/sealpost/internal/failpoint"
	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
)

// transaction is one gathered transaction while it runs. Statements are queued and
// travel with the next flush, so that a wave costs one round trip to read and one
// to write.
type transaction struct {
	store   *Store
	session session
	queued  []statement

	now     sealpost.Instant // the clock, read after the locks
	version int64            // of the policy in force
	epochs  []int64          // open, oldest first
}

func (t *transaction) queue(s ...statement) { t.queued = append(t.queued, s...) }

func (t *transaction) flush(ctx context.Context) error {
	if len(t.queued) == 0 {
		return nil
	}
	statements := t.queued
	t.queued = nil
	return t.session.run(ctx, statements...)
}

var (
	queryLockConversations = registerOnly(enginePostgres, "conversation.lock",
		"SELECT id FROM conversation WHERE id = ANY($1) ORDER BY id FOR UPDATE")
	// A recall reads presence under the locks that presence writes take (R24).
	queryLockPresence = registerOnly(enginePostgres, "presence.lock", `
SELECT user_id FROM presence WHERE user_id IN
 (SELECT unnest($2::bytea[]) UNION SELECT user_id FROM participant WHERE conversation_id = ANY($1)) ORDER BY user_id FOR UPDATE`)
	queryShareLeases = registerOnly(enginePostgres, "node.share", `
SELECT id FROM node WHERE id IN (SELECT l.node_id FROM live l JOIN participant p ON p.user_id = l.user_id
 WHERE p.conversation_id = ANY($1)) ORDER BY id FOR SHARE`)
	// Whoever wraps under an epoch shares this lock; closing one takes it alone.
	queryShareEpochs  = registerOnly(enginePostgres, "epoch.share", "SELECT pg_advisory_xact_lock_shared(5306217)")
	queryLockEpochs   = registerOnly(enginePostgres, "epoch.lock", "SELECT pg_advisory_xact_lock(5306217)")
	queryOpenEpochs   = register("epoch.open", "SELECT hour FROM epoch WHERE state = 1 ORDER BY hour")
	queryPolicyLatest = register("policy.latest", "SELECT COALESCE(MAX(version), 0) FROM policy")
)

// begin queues what comes first: the locks in their order (conversations, people,
// leases, epochs, each by id), then the clock, then what every decision reads.
func (t *transaction) begin(batch []*work) {
	t.queue(t.store.dialect.beginStatement())
	if t.store.dialect.locks {
		t.lock(batch)
	} else {
		t.now = t.store.processClock()
	}
	t.queue(t.store.clockStatement(&t.now)...)
	t.queue(
		ask(queryPolicyLatest, func(r row) error { return r.Scan(&t.version) }),
		ask(queryOpenEpochs, func(r row) error {
			var hour int64
			err := r.Scan(&hour)
			t.epochs = append(t.epochs, hour)
			return err
		}),
	)
}

func ignore(row) error { return nil }

func (t *transaction) lock(batch []*work) {
	conversations, recalled, people := [][]byte{}, [][]byte{}, [][]byte{}
	for _, w := range batch {
		if w.touch != nil {
			people = append(people, bytesOf(w.touch.user))
			continue
		}
		conversations = append(conversations, bytesOf(w.decision.ask.Conversation))
		if w.decision.ask.Recall {
			recalled = append(recalled, bytesOf(w.decision.ask.Conversation))
		}
	}
	if len(conversations) > 0 {
		t.queue(ask(queryLockConversations, ignore, conversations))
	}
	if len(recalled) > 0 || len(people) > 0 {
		t.queue(ask(queryLockPresence, ignore, recalled, people))
	}
	if len(recalled) > 0 {
		t.queue(ask(queryShareLeases, ignore, recalled))
	}
	t.queue(ask(queryShareEpochs, ignore))
}

// wave reads, decides and queues the writes of decisions that do not touch each
// other.
func (t *transaction) wave(ctx context.Context, wave []*work) error {
	loads := make([]*load, len(wave))
	for i, w := range wave {
		if w.decision != nil {
			loads[i] = &load{tx: t, ask: w.decision.ask}
			t.queue(loads[i].first()...)
		}
	}
	if err := t.flush(ctx); err != nil {
		return err
	}
	failpoint.Hit(failpoint.DecideLocked)
	for _, l := range loads {
		if l != nil {
			t.queue(l.second()...)
		}
	}
	if err := t.flush(ctx); err != nil {
		return err
	}
	if err := t.policiesFor(ctx, loads); err != nil {
		return err
	}
	for i, w := range wave {
		if w.touch != nil {
			w.touch.now = t.now
			t.queue(w.touch.write(t.now)...)
			continue
		}
		t.decide(w.decision, loads[i])
	}
	failpoint.Hit(failpoint.DecideDecided)
	return nil
}

// decide applies the pure function and queues what it wants written.
func (t *transaction) decide(d *decision, l *load) {
	d.result, d.empty = nil, true
	if !l.found {
		d.result = sealpost.NotFound()
		return
	}
	change := d.apply(l.snapshot)
	if d.empty {
		return
	}
	t.queue(writes(l.ask, l.snapshot, change)...)
	t.queue(t.indexWrites(l.ask.Conversation, change)...)
}

// policiesFor gives each snapshot its policies, reading versions that this process
// has not seen yet. A version never changes, so reading it needs no lock.
func (t *transaction) policiesFor(ctx context.Context, loads []*load) error {
	for _, l := range loads {
		if l == nil {
			continue
		}
		var err error
		if l.snapshot.Policy, err = t.policy(ctx, t.version); err != nil {
			return err
		}
		if l.ask.Recall && l.snapshot.Message != nil && l.snapshot.Message.PolicyVersion != 0 {
			if l.snapshot.Recall.Policy, err = t.policy(ctx, l.snapshot.Message.PolicyVersion); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *transaction) policy(ctx context.Context, version int64) (policy.Policy, error) {
	if p, ok := t.store.policyVersion(version); ok {
		return p, nil
	}
	var p policy.Policy
	if err := t.session.run(ctx, policyByVersion(version, &p)); err != nil {
		return p, err
	}
	t.store.policies.Store(version, p)
	return p, nil
}
