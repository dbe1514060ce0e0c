package memstore

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// maxSessions is how many sign-ins or tokens of a user are listed.
const maxSessions = 1000

func copyUser(u sealpost.User) sealpost.User {
	u.Roles = slices.Clone(u.Roles)
	u.Reach = cmp.Or(u.Reach, sealpost.ReachConnections)
	return u
}

// folded is how addresses compare: without case, by bytes.
func folded(s string) string { return strings.ToLower(s) }

// User implements service.Accounts.
func (s *Store) User(ctx context.Context, id sealpost.UserID) (u sealpost.User, err error) {
	f, err := s.enter(ctx, "User")
	if err != nil {
		return u, err
	}
	defer s.leave(f, &err)
	a, ok := s.users[id]
	if !ok {
		return u, sealpost.NotFound()
	}
	return copyUser(a.User), nil
}

// UserByEmail implements service.Accounts.
func (s *Store) UserByEmail(ctx context.Context, email string) (u sealpost.User, password string, err error) {
	f, err := s.enter(ctx, "UserByEmail")
	if err != nil {
		return u, "", err
	}
	defer s.leave(f, &err)
	for _, a := range s.users {
		if email != "" && folded(a.Email) == folded(email) {
			return copyUser(a.User), a.password, nil
		}
	}
	return u, "", sealpost.NotFound()
}

// SessionByHash implements service.Accounts.
func (s *Store) SessionByHash(ctx context.Context, hash [32]byte) (v service.Session, u sealpost.User, err error) {
	f, err := s.enter(ctx, "SessionByHash")
	if err != nil {
		return v, u, err
	}
	defer s.leave(f, &err)
	for _, session := range s.sessions {
		if session.Hash == hash && s.valid(session.ExpiresAt) {
			session.Scopes = slices.Clone(session.Scopes)
			return session, copyUser(s.users[session.UserID].User), nil
		}
	}
	return v, u, sealpost.NotFound()
}

// valid reports whether something that expires then has not expired; zero: never.
func (s *Store) valid(expires sealpost.Instant) bool {
	return expires == 0 || expires > s.options.Clock()
}

// Sessions implements service.Accounts: newest first.
func (s *Store) Sessions(ctx context.Context, user sealpost.UserID, kind service.SessionKind) (out []service.Session, err error) {
	f, err := s.enter(ctx, "Sessions")
	if err != nil {
		return nil, err
	}
	defer s.leave(f, &err)
	for _, v := range s.sessions {
		if v.UserID == user && v.Kind == kind && s.valid(v.ExpiresAt) {
			out = append(out, v)
		}
	}
	slices.SortFunc(out, func(a, b service.Session) int { return b.ID.Compare(a.ID) })
	return out[:min(len(out), maxSessions)], nil
}

// Policy implements service.Accounts.
func (s *Store) Policy(ctx context.Context) (p policy.Policy, err error) {
	f, err := s.enter(ctx, "Policy")
	if err != nil {
		return p, err
	}
	defer s.leave(f, &err)
	return s.inForce(), nil
}

// Policies implements service.Accounts: newest first.
func (s *Store) Policies(ctx context.Context, before int64, limit int) (out []policy.Policy, err error) {
	f, err := s.enter(ctx, "Policies")
	if err != nil {
		return nil, err
	}
	defer s.leave(f, &err)
	for _, p := range slices.Backward(s.policies) {
		if (before == 0 || p.Version < before) && len(out) < limit {
			out = append(out, p)
		}
	}
	return out, nil
}

// readable reports whether its author still has the draft.
func (s *Store) readable(d sealpost.Draft) bool { return s.valid(d.ExpiresAt) && !d.Content.Erased() }

// Drafts implements service.Accounts: newest first.
func (s *Store) Drafts(ctx context.Context, user sealpost.UserID, after sealpost.DraftID, limit int) (out []sealpost.Draft, err error) {
	f, err := s.enter(ctx, "Drafts")
	if err != nil {
		return nil, err
	}
	defer s.leave(f, &err)
	for _, d := range s.drafts {
		if d.UserID == user && s.readable(d) && (after.IsZero() || d.ID.Compare(after) < 0) {
			d.Content = copySealed(d.Content)
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(a, b sealpost.Draft) int { return b.ID.Compare(a.ID) })
	return out[:min(len(out), limit)], nil
}

// Draft implements service.Accounts.
func (s *Store) Draft(ctx context.Context, user sealpost.UserID, id sealpost.DraftID) (d sealpost.Draft, err error) {
	f, err := s.enter(ctx, "Draft")
	if err != nil {
		return d, err
	}
	defer s.leave(f, &err)
	stored, ok := s.drafts[id]
	if !ok || stored.UserID != user || !s.readable(stored) {
		return d, sealpost.NotFound()
	}
	stored.Content = copySealed(stored.Content)
	return stored, nil
}

// AuditLog implements service.Accounts.
func (s *Store) AuditLog(ctx context.Context, q service.AuditQuery) (out []service.Audit, err error) {
	f, err := s.enter(ctx, "AuditLog")
	if err != nil {
		return nil, err
	}
	defer s.leave(f, &err)
	for id, entry := range s.audit {
		if (q.Before.IsZero() || id.Compare(q.Before) < 0) && q.Chooses(entry) {
			out = append(out, entry)
		}
	}
	slices.SortFunc(out, func(a, b service.Audit) int { return b.Decision.Compare(a.Decision) })
	return out[:min(len(out), q.Limit)], nil
}
