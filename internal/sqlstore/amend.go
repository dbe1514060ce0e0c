package sqlstore

import (
	"context"
	"strings"
	"time"

	"github.com/sealpost/sealpost/internal/failpoint"
	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

var (
	queryLockUser   = register("user.lock", "SELECT "+userColumns+" FROM users u WHERE u.id = $1 {lock}")
	queryInsertUser = register("user.insert", `
INSERT INTO users (id, email, email_key, name, name_key, headline, language, time_zone, previous_zone, zone_changed_at,
 roles, receipts, undo_us, password, created_at, reach, disabled_at, open_on_arrival, previews, hide_mine)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)`)
	queryUpdateUser = register("user.update", `
UPDATE users SET name = $2, name_key = $3, headline = $4, language = $5, time_zone = $6, previous_zone = $7,
 zone_changed_at = $8, roles = $9, receipts = $10, undo_us = $11, reach = $12, disabled_at = $13, open_on_arrival = $14,
 previews = $15, hide_mine = $16 WHERE id = $1`)
	querySetPassword    = register("user.set-password", "UPDATE users SET password = $2 WHERE id = $1")
	queryInsertPresence = register("presence.insert", "INSERT INTO presence (user_id, seen_until) VALUES ($1, 0)")
	queryInsertSession  = register("session.insert", `
INSERT INTO session (user_id, id, kind, hash, label, created_at, expires_at, scopes) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`)
	queryDeleteSession = register("session.delete", "DELETE FROM session WHERE user_id = $1 AND id = $2")
	queryInsertPolicy  = register("policy.insert", `
INSERT INTO policy (version, recall, window_us, per_day, throttle_messages, throttle_recipients, throttle_refusals,
 throttle_period_us, group_mode, trace, previews, notification_us, undo_default_us, reason, changed_by, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`)
	queryFirstPolicy        = register("policy.insert-first", queryInsertPolicy.sql+" ON CONFLICT (version) DO NOTHING")
	queryInsertConversation = register("conversation.insert", `
INSERT INTO conversation (id, kind, title, creator_id, created_at, seq, rev, decided_at)
VALUES ($1, $2, $3, $4, $5, 0, 0, $6) ON CONFLICT (id) DO NOTHING`)
	queryAddParticipant = register("participant.add", `
INSERT INTO participant (conversation_id, user_id, joined_at, left_at, first_at) VALUES ($1, $2, $3, 0, $3)
ON CONFLICT (conversation_id, user_id) DO NOTHING`)
)

// Amend implements service.Amender. It runs in a transaction of its own: on the
// one writer of SQLite between two gathered ones, on PostgreSQL beside them.
func (s *Store) Amend(ctx context.Context, stamp service.Stamp, change func(service.Amendment) ([]byte, error)) (*service.Replay, error) {
	var replay *service.Replay
	err := s.alone(ctx, func(ctx context.Context, session session) error {
		var err error
		replay, err = s.amend(ctx, session, stamp, change)
		if err == nil && replay == nil {
			failpoint.Hit(failpoint.AmendWritten)
		}
		return err
	})
	if err == nil && replay == nil {
		failpoint.Hit(failpoint.AmendCommitted)
	}
	return replay, err
}

// alone runs f in a transaction; f's session is inside it. An error rolls back.
func (s *Store) alone(ctx context.Context, f func(context.Context, session) error) error {
	if s.dialect.locks {
		return s.aloneNow(ctx, f)
	}
	return s.submit(ctx, 0, &work{alone: f})
}

// aloneTries is how often a transaction is begun that others keep from committing.
const aloneTries = 3

// aloneNow begins again what the database gave up for another transaction: then certainly
// nothing was committed.
func (s *Store) aloneNow(ctx context.Context, f func(context.Context, session) error) error {
	session, err := s.engine.session(ctx)
	if err != nil {
		return s.conflictOr(err)
	}
	broken := false
	for range aloneTries {
		broken, err = s.inTransaction(ctx, session, f)
		if broken || !s.engine.gaveWay(err) {
			break
		}
	}
	session.release(broken)
	return err
}

func (g *gatherer) runAlone(w *work) error {
	if g.session == nil {
		session, err := g.store.engine.session(context.Background())
		if err != nil {
			return g.store.conflictOr(err)
		}
		g.session = session
	}
	broken, err := g.store.inTransaction(context.WithoutCancel(w.ctx), g.session, w.alone)
	if broken {
		g.session.release(true)
		g.session = nil
	}
	return err
}

// inTransaction reports whether the session is of no further use. Errors of the
// domain pass through; those of the database become refusals.
func (s *Store) inTransaction(ctx context.Context, session session, f func(context.Context, session) error) (broken bool, err error) {
	if err := session.run(ctx, s.dialect.beginStatement()); err != nil {
		return true, s.conflictOr(err)
	}
	err = f(ctx, session)
	if err == nil {
		if err = session.run(ctx, run(queryCommit)); err == nil {
			return false, nil
		}
		err = unknownOutcome(err)
	}
	broken = session.run(context.WithoutCancel(ctx), run(queryRollback)) != nil
	if sealpost.CodeOf(err) == sealpost.CodeInternal {
		err = s.conflictOr(err)
	}
	return broken, err
}

func (s *Store) amend(ctx context.Context, session session, stamp service.Stamp, change func(service.Amendment) ([]byte, error)) (*service.Replay, error) {
	a := &amendment{ctx: ctx, store: s, session: session}
	if err := a.readClock(); err != nil {
		return nil, err
	}
	if stamp.Key != "" {
		l := load{}
		if err := session.run(ctx, ask(queryReplay, l.replay, bytesOf(stamp.Audit.Actor), stamp.Key)); err != nil {
			return nil, err
		}
		if r := l.snapshot.Replay; r != nil {
			if r.Request != stamp.Request {
				return nil, sealpost.KeyUsed()
			}
			return r, nil
		}
	}
	result, err := change(a)
	if err != nil {
		return nil, err
	}
	var last []statement
	if stamp.Key != "" {
		last = append(last, run(queryInsertReplay, bytesOf(stamp.Audit.Actor), stamp.Key, stamp.Request[:], []byte{}, blob(result), int64(a.now)))
	}
	if entry := stamp.Audit; entry.Action != "" {
		entry.At = a.now
		if a.detail != "" {
			entry.Detail = a.detail
		}
		last = append(last, insertAudit(entry))
	}
	return nil, session.run(ctx, last...)
}

// amendment is an open transaction. It implements service.Amendment.
type amendment struct {
	ctx     context.Context // of the one call that it lives for
	store   *Store
	session session
	now     sealpost.Instant
	detail  string
}

func (a *amendment) readClock() error {
	if !a.store.dialect.readClock {
		a.now = a.store.processClock()
		return nil
	}
	return a.run(a.store.clockStatement(&a.now)...)
}

func (a *amendment) run(statements ...statement) error { return a.session.run(a.ctx, statements...) }

func (a *amendment) Now() sealpost.Instant { return a.now }

func (a *amendment) SetDetail(detail string) { a.detail = detail }

func (a *amendment) User(id sealpost.UserID) (sealpost.User, error) {
	var u sealpost.User
	err := a.run(ask(queryLockUser, func(r row) error { return scanUser(r, &u) }, bytesOf(id)))
	return u, orNotFound(err, !u.ID.IsZero())
}

func (a *amendment) AddUser(u sealpost.User, passwordHash string) error {
	if err := a.addressFree(u.Email); err != nil {
		return err
	}
	return a.run(
		run(queryInsertUser, bytesOf(u.ID), u.Email, strings.ToLower(u.Email), u.Name, strings.ToLower(u.Name), u.Headline, u.Language,
			u.TimeZone, u.PreviousZone, int64(u.ZoneChangedAt), joinRoles(u.Roles), number(u.Receipts), micros(u.Undo), passwordHash, int64(u.CreatedAt),
			reachOf(u), int64(u.DisabledAt), number(u.OpenOnArrival), int64(u.Previews), number(u.HideMine)),
		run(queryInsertPresence, bytesOf(u.ID)), setFindKey(u))
}

func micros(d time.Duration) int64 { return int64(d / time.Microsecond) }

func (a *amendment) PutUser(u sealpost.User) error {
	return a.run(run(queryUpdateUser, bytesOf(u.ID), u.Name, strings.ToLower(u.Name), u.Headline, u.Language, u.TimeZone,
		u.PreviousZone, int64(u.ZoneChangedAt), joinRoles(u.Roles), number(u.Receipts), micros(u.Undo), reachOf(u), int64(u.DisabledAt),
		number(u.OpenOnArrival), int64(u.Previews), number(u.HideMine)), setFindKey(u))
}

func (a *amendment) SetPassword(id sealpost.UserID, passwordHash string) error {
	return a.run(run(querySetPassword, bytesOf(id), passwordHash))
}

func (a *amendment) AddSession(v service.Session) error {
	return a.run(run(queryInsertSession, bytesOf(v.UserID), bytesOf(v.ID), int64(v.Kind), v.Hash[:], v.Label, int64(v.CreatedAt), int64(v.ExpiresAt),
		joinScopes(v.Scopes)))
}

func (a *amendment) EndSession(user sealpost.UserID, id sealpost.SessionID) error {
	return a.deleted(queryDeleteSession, bytesOf(user), bytesOf(id))
}

// deleted runs a deletion that must find something.
func (a *amendment) deleted(q *query, args ...any) error {
	var n int64
	err := a.run(statement{query: q, args: args, affected: &n})
	return orNotFound(err, n > 0)
}

func (a *amendment) Policy() (policy.Policy, error) {
	var version int64
	var p policy.Policy
	if err := a.run(ask(queryPolicyLatest, func(r row) error { return r.Scan(&version) })); err != nil {
		return p, err
	}
	return p, a.run(policyByVersion(version, &p))
}

func (a *amendment) AddPolicy(p policy.Policy) error {
	return a.run(insertPolicy(queryInsertPolicy, p))
}

func insertPolicy(q *query, p policy.Policy) statement {
	return run(q, p.Version, number(p.Recall), micros(p.Window), int64(p.PerConversationDay), int64(p.Throttle.Messages),
		int64(p.Throttle.Recipients), int64(p.Throttle.Refusals), micros(p.Throttle.Period), string(p.Group), string(p.Trace),
		p.Previews.String(), micros(p.NotificationDelay), micros(p.UndoDefault), p.Reason, bytesOf(p.ChangedBy), int64(p.ChangedAt))
}

// firstPolicy gives a new database its policy.
func (s *Store) firstPolicy(ctx context.Context) error {
	session, err := s.engine.session(ctx)
	if err != nil {
		return err
	}
	defer session.release(false)
	first := policy.Default()
	var now sealpost.Instant
	if !s.dialect.readClock {
		now = s.processClock()
	} else if err := session.run(ctx, s.clockStatement(&now)...); err != nil {
		return err
	}
	first.ChangedAt = now
	return session.run(ctx, insertPolicy(queryFirstPolicy, first))
}

func (a *amendment) AddConversation(c sealpost.Conversation, participants []sealpost.UserID, lister sealpost.UserID) error {
	made := int64(0)
	if err := a.run(statement{query: queryInsertConversation, affected: &made, args: []any{
		bytesOf(c.ID), int64(c.Kind), c.Title, bytesOf(c.CreatorID), int64(c.CreatedAt), int64(a.now),
	}}); err != nil {
		return err
	}
	if made == 0 {
		participants = nil // it exists, with the people that it has
	}
	var statements []statement
	for _, u := range participants {
		statements = append(statements,
			run(queryAddParticipant, bytesOf(c.ID), bytesOf(u), int64(a.now)),
			run(queryAddInbox, bytesOf(u), bytesOf(c.ID), int64(0)))
	}
	return a.run(append(statements, run(queryInboxList, bytesOf(lister), bytesOf(c.ID), int64(a.now)))...)
}
