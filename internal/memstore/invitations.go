package memstore

import (
	"cmp"
	"context"
	"slices"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// invitationKey is one side of an invitation.
type invitationKey struct {
	owner sealpost.UserID
	id    sealpost.InvitationID
}

func (a *amendment) Invitation(owner sealpost.UserID, id sealpost.InvitationID) (sealpost.Invitation, error) {
	v, ok := a.store.invitations[invitationKey{owner, id}]
	if !ok {
		return v, sealpost.NotFound()
	}
	return v, nil
}

func (a *amendment) OpenInvitations(one, other sealpost.UserID) ([]sealpost.Invitation, error) {
	var out []sealpost.Invitation
	for _, v := range a.store.invitations {
		between := v.Owner == one && v.Other == other || v.Owner == other && v.Other == one
		if between && (v.State == sealpost.InvitationOpen || v.State == sealpost.InvitationIgnored) {
			out = append(out, v)
		}
	}
	slices.SortFunc(out, func(a, b sealpost.Invitation) int {
		return cmp.Or(a.Owner.Compare(b.Owner), a.ID.Compare(b.ID))
	})
	return out, nil
}

func (a *amendment) PutInvitation(v sealpost.Invitation) error {
	key := invitationKey{v.Owner, v.ID}
	if old, ok := a.store.invitations[key]; ok { // only how far it has come changes
		old.Note, old.State, old.DecidedAt = v.Note, v.State, v.DecidedAt
		v = old
	}
	put(a, a.store.invitations, key, &v)
	return nil
}

func (a *amendment) NthInvitation(owner sealpost.UserID, n int) (sealpost.Instant, error) {
	all := a.store.sides(owner, func(v sealpost.Invitation) bool { return v.Sent })
	if len(all) < n {
		return 0, nil
	}
	return all[n-1].CreatedAt, nil
}

// sides are those of an owner that f chooses, newest first.
func (s *Store) sides(owner sealpost.UserID, f func(sealpost.Invitation) bool) []sealpost.Invitation {
	var out []sealpost.Invitation
	for _, v := range s.invitations {
		if v.Owner == owner && f(v) {
			out = append(out, v)
		}
	}
	slices.SortFunc(out, func(a, b sealpost.Invitation) int { return b.ID.Compare(a.ID) })
	return out
}

func (s *Store) item(v sealpost.Invitation) service.InvitationItem {
	return service.InvitationItem{Invitation: v, Person: copyUser(s.users[v.Other].User)}
}

// Invitation implements service.Network.
func (s *Store) Invitation(ctx context.Context, owner sealpost.UserID, id sealpost.InvitationID) (v service.InvitationItem, err error) {
	f, err := s.enter(ctx, "Invitation")
	if err != nil {
		return v, err
	}
	defer s.leave(f, &err)
	stored, ok := s.invitations[invitationKey{owner, id}]
	if !ok {
		return v, sealpost.NotFound()
	}
	return s.item(stored), nil
}

// Invitations implements service.Network.
func (s *Store) Invitations(ctx context.Context, owner sealpost.UserID, sent bool, before sealpost.InvitationID, limit int) (out []service.InvitationItem, err error) {
	f, err := s.enter(ctx, "Invitations")
	if err != nil {
		return nil, err
	}
	defer s.leave(f, &err)
	for _, v := range s.sides(owner, func(v sealpost.Invitation) bool {
		listed := v.State == sealpost.InvitationOpen || sent && v.State == sealpost.InvitationAccepted
		return v.Sent == sent && listed && (before.IsZero() || v.ID.Compare(before) < 0)
	}) {
		out = append(out, s.item(v))
	}
	return out[:min(len(out), limit)], nil
}
