package sqlstore

import (
	"context"
	"math"
	"strings"
	"time"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

var (
	queryUserByEmail   = register("user.by-email", "SELECT "+userColumns+", u.password FROM users u WHERE u.email_key = $1 AND u.email_key <> ''")
	querySessionByHash = register("session.by-hash", "SELECT "+sessionColumns+", "+userColumns+`
FROM session s JOIN users u ON u.id = s.user_id WHERE s.hash = $1`)
	querySessions = register("session.list", "SELECT "+sessionColumns+`
FROM session s WHERE s.user_id = $1 AND s.kind = $2 ORDER BY s.id DESC LIMIT 1000`)
	queryPolicyByVersion = register("policy.get", "SELECT "+policyColumns+" FROM policy WHERE version = $1")
	queryPolicies        = register("policy.list", "SELECT "+policyColumns+" FROM policy WHERE version < $1 ORDER BY version DESC LIMIT $2")
	queryDrafts          = register("draft.list", "SELECT "+draftColumns+`
FROM draft f WHERE f.user_id = $1 AND f.id < $2 AND (f.expires_at = 0 OR f.expires_at > $3) AND f.ref <> 0 ORDER BY f.id DESC LIMIT $4`)
	queryDraft = register("draft.get", "SELECT "+draftColumns+`
FROM draft f WHERE f.user_id = $1 AND f.id = $2 AND (f.expires_at = 0 OR f.expires_at > $3) AND f.ref <> 0`)
	queryAuditLog = register("audit.list", `
SELECT id, at, actor_id, action, conversation_id, message_id, subject_id, code, rev, detail
FROM audit WHERE id < $1 AND ($3 = '' OR action = $3 OR substr(action, 1, length($3) + 1) = $3 || '.')
 AND (actor_id = $4 OR subject_id = $4 OR length($4) = 0) AND at >= $5 AND at < $6 ORDER BY id DESC LIMIT $2`)
)

const (
	sessionColumns = "s.id, s.user_id, s.kind, s.hash, s.label, s.created_at, s.expires_at, s.scopes"
	policyColumns  = "version, recall, window_us, per_day, throttle_messages, throttle_recipients, throttle_refusals, throttle_period_us," +
		" group_mode, trace, previews, notification_us, undo_default_us, reason, changed_by, changed_at"
	draftColumns = "f.id, f.user_id, f.conversation_id, f.from_message, f.reason, f.created_at, f.updated_at, f.expires_at, f.version, f.body, f.ref, f.wrapped"
)

func splitRoles(s string) []sealpost.Role {
	var out []sealpost.Role
	for name := range strings.SplitSeq(s, ",") {
		if name != "" {
			out = append(out, sealpost.Role(name))
		}
	}
	return out
}

func joinRoles(roles []sealpost.Role) string {
	names := make([]string, len(roles))
	for i, r := range roles {
		names[i] = string(r)
	}
	return strings.Join(names, ",")
}

// User implements service.Accounts.
func (s *Store) User(ctx context.Context, id sealpost.UserID) (sealpost.User, error) {
	var u sealpost.User
	err := s.engine.read(ctx, ask(queryUser, func(r row) error { return scanUser(r, &u) }, bytesOf(id)))
	return u, orNotFound(err, !u.ID.IsZero())
}

// UserByEmail implements service.Accounts.
func (s *Store) UserByEmail(ctx context.Context, email string) (sealpost.User, string, error) {
	var u sealpost.User
	var password string
	err := s.engine.read(ctx, ask(queryUserByEmail, func(r row) error { return scanUser(r, &u, &password) }, strings.ToLower(email)))
	return u, password, orNotFound(err, !u.ID.IsZero())
}

func scanSession(r row, v *service.Session, more ...any) error {
	var kind int64
	var hash []byte
	var scopes string
	err := r.Scan(append([]any{
		into(&v.ID), into(&v.UserID), &kind, &hash, &v.Label, (*int64)(&v.CreatedAt), (*int64)(&v.ExpiresAt), &scopes,
	}, more...)...)
	v.Kind, v.Scopes = service.SessionKind(kind), splitScopes(scopes)
	copy(v.Hash[:], hash)
	return err
}

// userDest scans userColumns that follow other columns of a row.
type userDest struct {
	user                    *sealpost.User
	roles                   string
	receipts, undo, profile int64
	arrival, previews, hide int64
}

func (d *userDest) dest() []any {
	u := d.user
	return []any{
		into(&u.ID), &u.Email, &u.Name, &u.Headline, &u.Language, &u.TimeZone, &u.PreviousZone,
		(*int64)(&u.ZoneChangedAt), &d.roles, &d.receipts, &d.undo, (*string)(&u.Reach), (*int64)(&u.CreatedAt), (*int64)(&u.DisabledAt),
		(*int64)(&u.ErasedAt), &d.profile, &u.Source, &d.arrival, &d.previews, &d.hide,
	}
}

func (d *userDest) done() {
	d.user.Roles, d.user.Receipts = splitRoles(d.roles), d.receipts != 0
	d.user.Profile, d.user.OpenOnArrival = d.profile != 0, d.arrival != 0
	d.user.Previews, d.user.HideMine = sealpost.Previews(d.previews), d.hide != 0
	d.user.Undo = time.Duration(d.undo) * time.Microsecond
}

// SessionByHash implements service.Accounts.
func (s *Store) SessionByHash(ctx context.Context, hash [32]byte) (service.Session, sealpost.User, error) {
	var v service.Session
	var u sealpost.User
	var now sealpost.Instant
	statements := []statement{ask(querySessionByHash, func(r row) error {
		d := userDest{user: &u}
		err := scanSession(r, &v, d.dest()...)
		d.done()
		return err
	}, hash[:])}
	if s.dialect.readClock {
		statements = append(statements, s.clockStatement(&now)...)
	} else {
		now = s.processClock()
	}
	err := s.engine.read(ctx, statements...)
	return v, u, orNotFound(err, !v.ID.IsZero() && (v.ExpiresAt == 0 || v.ExpiresAt > now))
}

// Sessions implements service.Accounts.
func (s *Store) Sessions(ctx context.Context, user sealpost.UserID, kind service.SessionKind) ([]service.Session, error) {
	now, err := s.Now(ctx)
	if err != nil {
		return nil, err
	}
	var out []service.Session
	err = s.engine.read(ctx, ask(querySessions, func(r row) error {
		var v service.Session
		err := scanSession(r, &v)
		if v.ExpiresAt == 0 || v.ExpiresAt > now {
			out = append(out, v)
		}
		return err
	}, bytesOf(user), int64(kind)))
	return out, err
}

func policyByVersion(version int64, p *policy.Policy) statement {
	return ask(queryPolicyByVersion, func(r row) error { return scanPolicy(r, p) }, version)
}

func scanPolicy(r row, p *policy.Policy) error {
	var recall, window, period, notification, undo, perDay, messages, recipients, refusals int64
	var group, trace, previews string
	err := r.Scan(&p.Version, &recall, &window, &perDay, &messages, &recipients, &refusals, &period,
		&group, &trace, &previews, &notification, &undo, &p.Reason, into(&p.ChangedBy), (*int64)(&p.ChangedAt))
	p.Recall, p.PerConversationDay = recall != 0, int(perDay)
	p.Window, p.Throttle.Period = time.Duration(window)*time.Microsecond, time.Duration(period)*time.Microsecond
	p.Throttle.Messages, p.Throttle.Recipients, p.Throttle.Refusals = int(messages), int(recipients), int(refusals)
	p.Group, p.Trace, p.Previews = policy.GroupMode(group), sealpost.Trace(trace), sealpost.ParsePreviews(previews)
	p.NotificationDelay, p.UndoDefault = time.Duration(notification)*time.Microsecond, time.Duration(undo)*time.Microsecond
	return err
}

// Policies implements service.Accounts.
func (s *Store) Policies(ctx context.Context, before int64, limit int) (out []policy.Policy, err error) {
	if before == 0 {
		before = math.MaxInt64
	}
	err = s.engine.read(ctx, ask(queryPolicies, func(r row) error {
		var p policy.Policy
		err := scanPolicy(r, &p)
		out = append(out, p)
		return err
	}, before, int64(limit)))
	return out, err
}

func (s *Store) readPolicy(ctx context.Context, version int64) (policy.Policy, error) {
	if p, ok := s.policyVersion(version); ok {
		return p, nil
	}
	var p policy.Policy
	if err := s.engine.read(ctx, policyByVersion(version, &p)); err != nil {
		return p, err
	}
	if p.Version == version {
		s.policies.Store(version, p)
	}
	return p, nil
}

// Policy implements service.Accounts.
func (s *Store) Policy(ctx context.Context) (policy.Policy, error) {
	var version int64
	if err := s.engine.read(ctx, ask(queryPolicyLatest, func(r row) error { return r.Scan(&version) })); err != nil {
		return policy.Policy{}, err
	}
	return s.readPolicy(ctx, version)
}

func scanDraft(r row, d *sealpost.Draft) error {
	var reason string
	var version int64
	err := r.Scan(into(&d.ID), into(&d.UserID), into(&d.ConversationID), into(&d.FromMessage), &reason, (*int64)(&d.CreatedAt),
		(*int64)(&d.UpdatedAt), (*int64)(&d.ExpiresAt), &version, &d.Content.Body, &d.Content.Ref, &d.Content.Wrapped)
	d.Reason, d.Content.Version = sealpost.Code(reason), int32(version)
	return err
}

// Drafts implements service.Accounts: newest first.
func (s *Store) Drafts(ctx context.Context, user sealpost.UserID, after sealpost.DraftID, limit int) ([]sealpost.Draft, error) {
	now, err := s.Now(ctx)
	if err != nil {
		return nil, err
	}
	var out []sealpost.Draft
	err = s.engine.read(ctx, ask(queryDrafts, func(r row) error {
		var d sealpost.Draft
		err := scanDraft(r, &d)
		out = append(out, d)
		return err
	}, bytesOf(user), before(after), int64(now), int64(limit)))
	return out, err
}

// before is the position before which a list goes on; the zero id is the end.
func before[T ~[16]byte](id T) []byte {
	if id == (T{}) {
		return []byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")
	}
	return bytesOf(id)
}

// Draft implements service.Accounts.
func (s *Store) Draft(ctx context.Context, user sealpost.UserID, id sealpost.DraftID) (sealpost.Draft, error) {
	now, err := s.Now(ctx)
	if err != nil {
		return sealpost.Draft{}, err
	}
	var d sealpost.Draft
	err = s.engine.read(ctx, ask(queryDraft, func(r row) error { return scanDraft(r, &d) }, bytesOf(user), bytesOf(id), int64(now)))
	return d, orNotFound(err, !d.ID.IsZero())
}

// AuditLog implements service.Accounts.
func (s *Store) AuditLog(ctx context.Context, q service.AuditQuery) ([]service.Audit, error) {
	until := q.Until
	if until == 0 {
		until = math.MaxInt64
	}
	var out []service.Audit
	err := s.engine.read(ctx, ask(queryAuditLog, func(r row) error {
		var a service.Audit
		var code string
		err := r.Scan(into(&a.Decision), (*int64)(&a.At), into(&a.Actor), &a.Action, into(&a.Conversation), into(&a.Message),
			into(&a.Subject), &code, &a.Rev, &a.Detail)
		a.Code = sealpost.Code(code)
		out = append(out, a)
		return err
	}, before(q.Before), int64(q.Limit), q.Action, bytesOf(q.Person), int64(q.From), int64(until)))
	return out, err
}
