package memstore

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// ListUsers implements service.Registry.
func (s *Store) ListUsers(ctx context.Context, q string, after sealpost.UserID, limit int) (out []service.AccountRow, err error) {
	f, err := s.enter(ctx, "ListUsers")
	if err != nil {
		return nil, err
	}
	defer s.leave(f, &err)
	q = folded(q)
	for _, a := range s.users {
		found := strings.Contains(folded(a.Name), q) || strings.Contains(folded(a.Email), q)
		if found && a.ErasedAt == 0 && a.ID.Compare(after) > 0 {
			out = append(out, service.AccountRow{User: copyUser(a.User), HasPassword: a.password != ""})
		}
	}
	slices.SortFunc(out, func(a, b service.AccountRow) int { return a.ID.Compare(b.ID) })
	return out[:min(len(out), limit)], nil
}

func copyInvite(v sealpost.Invite) sealpost.Invite {
	v.Roles = slices.Clone(v.Roles)
	return v
}

// Invites implements service.Registry.
func (s *Store) Invites(ctx context.Context, before sealpost.InviteID, limit int) (out []sealpost.Invite, err error) {
	f, err := s.enter(ctx, "Invites")
	if err != nil {
		return nil, err
	}
	defer s.leave(f, &err)
	for _, v := range s.invites {
		by := s.users[v.CreatedBy]
		worth := v.CreatedBy.IsZero() || by.Administers()
		if worth && s.valid(v.ExpiresAt) && (before.IsZero() || v.ID.Compare(before) < 0) {
			out = append(out, copyInvite(v))
		}
	}
	slices.SortFunc(out, func(a, b sealpost.Invite) int { return b.ID.Compare(a.ID) })
	return out[:min(len(out), limit)], nil
}

// InviteByHash implements service.Registry.
func (s *Store) InviteByHash(ctx context.Context, hash [32]byte) (v sealpost.Invite, err error) {
	f, err := s.enter(ctx, "InviteByHash")
	if err != nil {
		return v, err
	}
	defer s.leave(f, &err)
	for _, v := range s.invites {
		if v.Hash == hash && s.valid(v.ExpiresAt) {
			return copyInvite(v), nil
		}
	}
	return v, sealpost.NotFound()
}

// ConversationsOf implements service.Registry.
func (s *Store) ConversationsOf(ctx context.Context, user sealpost.UserID, after sealpost.ConversationID, limit int) (out []sealpost.ConversationID, err error) {
	f, err := s.enter(ctx, "ConversationsOf")
	if err != nil {
		return nil, err
	}
	defer s.leave(f, &err)
	for id, c := range s.conversations {
		if _, in := sealpost.FindParticipant(c.participants, user); in && id.Compare(after) > 0 {
			out = append(out, id)
		}
	}
	slices.SortFunc(out, sealpost.ConversationID.Compare)
	return out[:min(len(out), limit)], nil
}

// Erasures implements service.Registry.
func (s *Store) Erasures(ctx context.Context, limit int) (out []sealpost.UserID, err error) {
	f, err := s.enter(ctx, "Erasures")
	if err != nil {
		return nil, err
	}
	defer s.leave(f, &err)
	out = slices.SortedFunc(maps.Keys(s.erasures), sealpost.UserID.Compare)
	return out[:min(len(out), limit)], nil
}

func (a *amendment) Account(id sealpost.UserID) (sealpost.User, string, error) {
	u, err := a.User(id)
	return u, a.store.users[id].password, err
}

func (a *amendment) Admins(sealpost.UserID) ([]sealpost.UserID, error) {
	var out []sealpost.UserID
	for id, u := range a.store.users {
		if u.Administers() {
			out = append(out, id)
		}
	}
	slices.SortFunc(out, sealpost.UserID.Compare)
	return out, nil
}

// addressFree refuses an address that somebody has. No address is nobody's.
func (a *amendment) addressFree(email string) error {
	for _, other := range a.store.users {
		if email != "" && folded(other.Email) == folded(email) {
			return sealpost.Invalid("email", "There is already an account with this address.")
		}
	}
	return nil
}

func (a *amendment) SetEmail(id sealpost.UserID, email string) error {
	u, ok := a.store.users[id]
	if !ok {
		return sealpost.NotFound()
	}
	if folded(u.Email) != folded(email) {
		if err := a.addressFree(email); err != nil {
			return err
		}
	}
	u.Email = email
	put(a, a.store.users, id, &u)
	return nil
}

func (a *amendment) EndSessions(user sealpost.UserID, kind service.SessionKind, except sealpost.SessionID) error {
	for id, v := range a.store.sessions {
		if v.UserID == user && (kind == 0 || v.Kind == kind) && id != except {
			put(a, a.store.sessions, id, nil)
		}
	}
	return nil
}

func (a *amendment) AddInvite(v sealpost.Invite) error {
	v = copyInvite(v)
	put(a, a.store.invites, v.ID, &v)
	return nil
}

func (a *amendment) EndInvites(user sealpost.UserID) error {
	for id, v := range a.store.invites {
		if v.AccountID == user {
			put(a, a.store.invites, id, nil)
		}
	}
	return nil
}

func (a *amendment) TakeInvite(id sealpost.InviteID) (sealpost.Invite, error) {
	v, ok := a.store.invites[id]
	if !ok {
		return v, sealpost.NotFound()
	}
	put(a, a.store.invites, id, nil)
	return copyInvite(v), nil
}
