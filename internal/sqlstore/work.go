package sqlstore

import (
	"context"
	"time"

	"github.com/sealpost/sealpost/internal/seal"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// What the relay asks for: due messages, expiry, and the life of epochs.

var (
	queryDue = register("message.due", `
SELECT m.conversation_id, m.id, m.release_at FROM message m
WHERE m.state < 3 AND m.release_at <= $1 AND (m.release_at, m.id) > ($3, $4) ORDER BY m.release_at, m.id LIMIT $2`)
	queryNextDue = register("message.next-due", "SELECT COALESCE(MIN(m.release_at), 0) FROM message m WHERE m.state < 3 AND m.release_at > $1")

	queryExpireReplays  = register("replay.expire", "DELETE FROM replay WHERE created_at < $1")
	queryExpireDrafts   = register("draft.expire", "DELETE FROM draft WHERE expires_at > 0 AND expires_at < $1")
	queryExpireSessions = register("session.expire", "DELETE FROM session WHERE expires_at > 0 AND expires_at < $1")
	queryExpireRecalls  = register("recall.expire", "DELETE FROM recall_count WHERE next_possible < $1")
	queryExpireRefusals = register("refusal.expire", "DELETE FROM refusal WHERE at < $1")
	queryExpireTombs    = register("tombstone.expire", "DELETE FROM tombstone WHERE created_at < $1")

	queryEpochs     = register("epoch.list", "SELECT hour, state, created_at, destroyed_at FROM epoch ORDER BY hour")
	queryOpenEpoch  = register("epoch.insert", "INSERT INTO epoch (hour, state, created_at, destroyed_at) VALUES ($1, 1, $2, 0) ON CONFLICT (hour) DO NOTHING")
	queryCloseEpoch = register("epoch.close", "UPDATE epoch SET state = 2 WHERE hour = $1 AND state = 1")
	queryEndEpoch   = register("epoch.end", "UPDATE epoch SET state = 3, destroyed_at = $2 WHERE hour = $1 AND state = 2")
	queryEpochState = register("epoch.state", "SELECT state FROM epoch WHERE hour = $1")

	queryWrappedLeft = register("epoch.wrapped", `
SELECT (SELECT COUNT(*) FROM message WHERE ref = $1 AND ref > 0) + (SELECT COUNT(*) FROM draft WHERE ref = $1 AND ref > 0)`)
	queryWrappedWhere = register("epoch.wrapped-in", `
SELECT DISTINCT m.conversation_id FROM message m WHERE m.ref = $1 AND m.ref > 0 AND m.state >= 3 LIMIT $2`)
	queryHeldMessages = register("epoch.held-messages", `
SELECT m.conversation_id, m.id, m.version, m.ref, m.wrapped, m.release_at FROM message m
WHERE m.ref = $1 AND m.ref > 0 AND m.state < 3 LIMIT $2 {lock}`)
	queryHeldDrafts = register("epoch.held-drafts", `
SELECT f.user_id, f.id, f.version, f.ref, f.wrapped, f.expires_at FROM draft f WHERE f.ref = $1 AND f.ref > 0 LIMIT $2 {lock}`)
	queryMoveMessage = register("epoch.move-message", `
UPDATE message SET ref = $3, wrapped = $4 WHERE conversation_id = $1 AND id = $2 AND ref = $5 AND wrapped = $6`)
	queryMoveDraft = register("epoch.move-draft", `
UPDATE draft SET ref = $3, wrapped = $4 WHERE user_id = $1 AND id = $2 AND ref = $5 AND wrapped = $6`)
)

// replayLife is how long an outcome is kept under its idempotency key (4-api),
// with an hour to spare; counters outlive the longest day and period.
const (
	replayLife  = 25 * time.Hour
	counterLife = 72 * time.Hour
	tombLife    = 31 * 24 * time.Hour
	// nodeLife is how long a dead node is remembered: one that slept for days must not
	// find its lease renewed.
	nodeLife = 366 * 24 * time.Hour
)

// Due implements service.Work.
func (s *Store) Due(ctx context.Context, after service.Due, limit int) (due []service.Due, next sealpost.Instant, err error) {
	now, err := s.Now(ctx)
	if err != nil {
		return nil, 0, err
	}
	err = s.engine.read(ctx,
		ask(queryDue, func(r row) error {
			var d service.Due
			err := r.Scan(into(&d.Conversation), into(&d.Message), (*int64)(&d.ReleaseAt))
			due = append(due, d)
			return err
		}, int64(now), int64(limit), int64(after.ReleaseAt), bytesOf(after.Message)),
		ask(queryNextDue, func(r row) error { return r.Scan((*int64)(&next)) }, int64(now)))
	return due, next, err
}

// inAlone is a transaction of the relay's, with the clock read.
func (s *Store) inAlone(ctx context.Context, f func(*amendment) error) error {
	return s.alone(ctx, func(ctx context.Context, session session) error {
		a := &amendment{ctx: ctx, store: s, session: session}
		if err := a.readClock(); err != nil {
			return err
		}
		return f(a)
	})
}

// Sweep implements service.Work.
func (s *Store) Sweep(ctx context.Context) error {
	return s.inAlone(ctx, func(a *amendment) error {
		old := func(q *query, life time.Duration) statement { return run(q, int64(a.now.Add(-life))) }
		return a.run(
			old(queryExpireReplays, replayLife), old(queryExpireDrafts, 0), old(queryExpireSessions, 0),
			old(queryExpireRecalls, counterLife), old(queryExpireRefusals, counterLife), old(queryExpireTombs, tombLife),
			old(queryExpireAttempts, attemptLife), old(queryExpireInvites, 0),
			run(queryExpireEvidence, int64(a.now.Add(-sealpost.EvidenceLife)), []byte{}),
			old(queryInheritLease, time.Minute), old(queryDropLive, time.Minute), old(queryDropNodes, nodeLife))
	})
}

// Epochs implements service.Work.
func (s *Store) Epochs(ctx context.Context) ([]service.Epoch, error) {
	var out []service.Epoch
	err := s.engine.read(ctx, ask(queryEpochs, func(r row) error {
		var e service.Epoch
		var state int64
		err := r.Scan(&e.Hour, &state, (*int64)(&e.CreatedAt), (*int64)(&e.DestroyedAt))
		e.State = service.EpochState(state)
		out = append(out, e)
		return err
	}))
	return out, err
}

// OpenEpoch implements service.Work.
func (s *Store) OpenEpoch(ctx context.Context, hour int64) error {
	return s.inAlone(ctx, func(a *amendment) error { return a.run(run(queryOpenEpoch, hour, int64(a.now))) })
}

// lockEpochs waits until nobody is wrapping and keeps others from beginning to.
func (a *amendment) lockEpochs() []statement {
	if !a.store.dialect.locks {
		return nil
	}
	return []statement{ask(queryLockEpochs, ignore)}
}

// CloseEpoch implements service.Work.
func (s *Store) CloseEpoch(ctx context.Context, hour int64) error {
	return s.inAlone(ctx, func(a *amendment) error { return a.run(append(a.lockEpochs(), run(queryCloseEpoch, hour))...) })
}

// Wrapped implements service.Work.
func (s *Store) Wrapped(ctx context.Context, hour int64, limit int) (left int, in []sealpost.ConversationID, err error) {
	err = s.engine.read(ctx,
		ask(queryWrappedLeft, func(r row) error { return r.Scan(&left) }, hour),
		ask(queryWrappedWhere, func(r row) error {
			var id sealpost.ConversationID
			err := r.Scan(into(&id))
			in = append(in, id)
			return err
		}, hour, int64(limit)))
	return left, in, err
}

// Rewrap implements service.Work.
func (s *Store) Rewrap(ctx context.Context, hour int64, limit int, move func(service.Held) (int64, []byte, bool)) (int, error) {
	handled := 0
	err := s.inAlone(ctx, func(a *amendment) error {
		var messages, drafts []service.Held
		err := a.run(append(a.shareEpochs(),
			ask(queryHeldMessages, func(r row) error { return scanHeld(r, seal.KindMessage, &messages) }, hour, int64(limit)),
			ask(queryHeldDrafts, func(r row) error { return scanHeld(r, seal.KindDraft, &drafts) }, hour, int64(limit)))...)
		if err != nil {
			return err
		}
		handled = len(messages) + len(drafts)
		return a.run(append(moves(queryMoveMessage, messages, move), moves(queryMoveDraft, drafts, move)...)...)
	})
	return handled, err
}

func (a *amendment) shareEpochs() []statement {
	if !a.store.dialect.locks {
		return nil
	}
	return []statement{ask(queryShareEpochs, ignore)}
}

func scanHeld(r row, kind byte, to *[]service.Held) error {
	h := service.Held{Label: seal.Label{Kind: kind}}
	var version int64
	err := r.Scan(&idDest{to: h.Label.Scope[:]}, &idDest{to: h.Label.Object[:]}, &version, &h.Content.Ref, &h.Content.Wrapped, (*int64)(&h.ExpiresAt))
	h.Label.Version, h.Content.Version = int32(version), int32(version)
	*to = append(*to, h)
	return err
}

func moves(q *query, held []service.Held, move func(service.Held) (int64, []byte, bool)) []statement {
	var out []statement
	for _, h := range held {
		ref, wrapped, ok := move(h)
		if !ok {
			ref, wrapped = 0, nil
		}
		out = append(out, run(q, bytesOf(h.Label.Scope), bytesOf(h.Label.Object), ref, blob(wrapped), h.Content.Ref, h.Content.Wrapped))
	}
	return out
}

// CheckEmpty implements service.Work.
func (s *Store) CheckEmpty(ctx context.Context, hour int64) (bool, error) {
	var state, left int64
	err := s.inAlone(ctx, func(a *amendment) error {
		return a.run(append(a.lockEpochs(),
			ask(queryEpochState, func(r row) error { return r.Scan(&state) }, hour),
			ask(queryWrappedLeft, func(r row) error { return r.Scan(&left) }, hour))...)
	})
	return service.EpochState(state) == service.EpochClosing && left == 0, err
}

// EndEpoch implements service.Work.
func (s *Store) EndEpoch(ctx context.Context, hour int64) error {
	return s.inAlone(ctx, func(a *amendment) error { return a.run(run(queryEndEpoch, hour, int64(a.now))) })
}
