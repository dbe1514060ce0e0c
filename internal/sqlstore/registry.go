package sqlstore

import (
	"context"
	"strings"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// administersNow holds for a user u as sealpost.User.Administers does.
const administersNow = "',' || u.roles || ',' LIKE '%,admin,%' AND u.disabled_at = 0 AND u.erased_at = 0 AND u.profile = 0"

const inviteColumns = "v.id, v.hash, v.email, v.name, v.roles, v.account_id, v.created_by, v.created_at, v.expires_at"

var (
	queryListUsers = register("user.list", "SELECT "+userColumns+`, CASE WHEN u.password = '' THEN 0 ELSE 1 END FROM users u
WHERE (u.name_key LIKE $1 ESCAPE '!' OR u.email_key LIKE $1 ESCAPE '!') AND u.id > $2 AND u.erased_at = 0 ORDER BY u.id LIMIT $3`)
	// A link is worth no more than who made it is now; the operator's has no maker.
	queryInvites = register("invite.list", "SELECT "+inviteColumns+`
FROM invite v WHERE v.id < $1 AND v.expires_at > $2 AND (length(v.created_by) = 0 OR EXISTS (
 SELECT 1 FROM users u WHERE u.id = v.created_by AND `+administersNow+`)) ORDER BY v.id DESC LIMIT $3`)
	queryInviteByHash    = register("invite.by-hash", "SELECT "+inviteColumns+" FROM invite v WHERE v.hash = $1 AND v.expires_at > $2")
	queryConversationsOf = register("inbox.conversations", `
SELECT i.conversation_id FROM inbox i WHERE i.user_id = $1 AND i.conversation_id > $2 ORDER BY i.conversation_id LIMIT $3`)
	queryErasures = register("erasure.list", "SELECT user_id FROM erasure ORDER BY at, user_id LIMIT $1")

	queryLockAccount = register("user.lock-account", "SELECT "+userColumns+", u.password FROM users u WHERE u.id = $1 {lock}")
	queryLockAdmins  = register("user.lock-admins", `
SELECT u.id, CASE WHEN `+administersNow+` THEN 1 ELSE 0 END FROM users u
WHERE (`+administersNow+`) OR u.id = $1 ORDER BY u.id {lock}`)
	querySetEmail    = register("user.set-email", "UPDATE users SET email = $2, email_key = $3 WHERE id = $1")
	queryEndSessions = register("session.delete-all", `
DELETE FROM session WHERE user_id = $1 AND (kind = $2 OR $2 = 0) AND id <> $3`)
	queryAddInvite = register("invite.insert", `
INSERT INTO invite (id, hash, email, name, roles, account_id, created_by, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`)
	queryLockInvite    = register("invite.lock", "SELECT "+inviteColumns+" FROM invite v WHERE v.id = $1 {lock}")
	queryDeleteInvite  = register("invite.delete", "DELETE FROM invite WHERE id = $1")
	queryEndInvites    = register("invite.end", "DELETE FROM invite WHERE account_id = $1")
	queryExpireInvites = register("invite.expire", "DELETE FROM invite WHERE expires_at < $1")
)

// allScopes stands for a token without limits.
const allScopes = "*"

func splitScopes(s string) []sealpost.Scope {
	if s == allScopes {
		return nil
	}
	out := []sealpost.Scope{} // not nil: that would be everything
	for name := range strings.SplitSeq(s, ",") {
		if name != "" {
			out = append(out, sealpost.Scope(name))
		}
	}
	return out
}

func joinScopes(scopes []sealpost.Scope) string {
	if scopes == nil {
		return allScopes
	}
	names := make([]string, len(scopes))
	for i, s := range scopes {
		names[i] = string(s)
	}
	return strings.Join(names, ",")
}

// containing is a pattern of LIKE for a part of a text.
func containing(q string) string {
	return "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(strings.ToLower(q)) + "%"
}

// ListUsers implements service.Registry.
func (s *Store) ListUsers(ctx context.Context, q string, after sealpost.UserID, limit int) ([]service.AccountRow, error) {
	var out []service.AccountRow
	err := s.engine.read(ctx, ask(queryListUsers, func(r row) error {
		var v service.AccountRow
		var has int64
		err := scanUser(r, &v.User, &has)
		v.HasPassword = has != 0
		out = append(out, v)
		return err
	}, containing(q), bytesOf(after), int64(limit)))
	return out, err
}

func scanInvite(r row, v *sealpost.Invite) error {
	var hash []byte
	var roles string
	err := r.Scan(into(&v.ID), &hash, &v.Email, &v.Name, &roles, into(&v.AccountID), into(&v.CreatedBy), (*int64)(&v.CreatedAt), (*int64)(&v.ExpiresAt))
	copy(v.Hash[:], hash)
	v.Roles = splitRoles(roles)
	return err
}

// Invites implements service.Registry.
func (s *Store) Invites(ctx context.Context, from sealpost.InviteID, limit int) ([]sealpost.Invite, error) {
	now, err := s.Now(ctx)
	if err != nil {
		return nil, err
	}
	var out []sealpost.Invite
	err = s.engine.read(ctx, ask(queryInvites, func(r row) error {
		var v sealpost.Invite
		err := scanInvite(r, &v)
		out = append(out, v)
		return err
	}, before(from), int64(now), int64(limit)))
	return out, err
}

// InviteByHash implements service.Registry.
func (s *Store) InviteByHash(ctx context.Context, hash [32]byte) (sealpost.Invite, error) {
	now, err := s.Now(ctx)
	if err != nil {
		return sealpost.Invite{}, err
	}
	var v sealpost.Invite
	err = s.engine.read(ctx, ask(queryInviteByHash, func(r row) error { return scanInvite(r, &v) }, hash[:], int64(now)))
	return v, orNotFound(err, !v.ID.IsZero())
}

// ConversationsOf implements service.Registry.
func (s *Store) ConversationsOf(ctx context.Context, user sealpost.UserID, after sealpost.ConversationID, limit int) ([]sealpost.ConversationID, error) {
	return idsFrom[sealpost.ConversationID](ctx, s, queryConversationsOf, bytesOf(user), bytesOf(after), int64(limit))
}

// Erasures implements service.Registry.
func (s *Store) Erasures(ctx context.Context, limit int) ([]sealpost.UserID, error) {
	return idsFrom[sealpost.UserID](ctx, s, queryErasures, int64(limit))
}

// idsFrom reads a list of ids.
func idsFrom[T ~[16]byte](ctx context.Context, s *Store, q *query, args ...any) ([]T, error) {
	var out []T
	err := s.engine.read(ctx, ask(q, func(r row) error {
		var id T
		err := r.Scan(into(&id))
		out = append(out, id)
		return err
	}, args...))
	return out, err
}

func (a *amendment) Account(id sealpost.UserID) (sealpost.User, string, error) {
	var u sealpost.User
	var password string
	err := a.run(ask(queryLockAccount, func(r row) error { return scanUser(r, &u, &password) }, bytesOf(id)))
	return u, password, orNotFound(err, !u.ID.IsZero())
}

func (a *amendment) Admins(besides sealpost.UserID) ([]sealpost.UserID, error) {
	var out []sealpost.UserID
	err := a.run(ask(queryLockAdmins, func(r row) error {
		var id sealpost.UserID
		var administers int64
		err := r.Scan(into(&id), &administers)
		if administers != 0 {
			out = append(out, id)
		}
		return err
	}, bytesOf(besides)))
	return out, err
}

// addressFree refuses an address that somebody has. No address is nobody's.
func (a *amendment) addressFree(email string) error {
	taken := false
	err := a.run(ask(queryUserByEmail, func(row) error { taken = true; return nil }, strings.ToLower(email)))
	if err == nil && taken {
		return sealpost.Invalid("email", "There is already an account with this address.")
	}
	return err
}

func (a *amendment) SetEmail(id sealpost.UserID, email string) error {
	u, err := a.User(id)
	if err != nil {
		return err
	}
	if !strings.EqualFold(u.Email, email) {
		if err := a.addressFree(email); err != nil {
			return err
		}
	}
	return a.run(run(querySetEmail, bytesOf(id), email, strings.ToLower(email)))
}

func (a *amendment) EndSessions(user sealpost.UserID, kind service.SessionKind, except sealpost.SessionID) error {
	return a.run(run(queryEndSessions, bytesOf(user), int64(kind), bytesOf(except)))
}

func (a *amendment) AddInvite(v sealpost.Invite) error {
	return a.run(run(queryAddInvite, bytesOf(v.ID), v.Hash[:], v.Email, v.Name, joinRoles(v.Roles), bytesOf(v.AccountID), bytesOf(v.CreatedBy),
		int64(v.CreatedAt), int64(v.ExpiresAt)))
}

func (a *amendment) EndInvites(user sealpost.UserID) error {
	return a.run(run(queryEndInvites, bytesOf(user)))
}

func (a *amendment) TakeInvite(id sealpost.InviteID) (sealpost.Invite, error) {
	var v sealpost.Invite
	err := a.run(ask(queryLockInvite, func(r row) error { return scanInvite(r, &v) }, bytesOf(id)))
	if err = orNotFound(err, !v.ID.IsZero()); err != nil {
		return v, err
	}
	return v, a.deleted(queryDeleteInvite, bytesOf(id))
}
