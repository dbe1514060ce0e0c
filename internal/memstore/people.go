package memstore

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// person is somebody as the viewer has them, derived from what there is.
func (s *Store) person(viewer sealpost.UserID, u sealpost.User) service.Person {
	v := service.Person{User: copyUser(u), Tie: sealpost.TieNone}
	_, v.Blocked = s.blocks[pair{viewer, u.ID}]
	if u.ID == viewer {
		v.Tie = sealpost.TieSelf
		return v
	}
	for _, i := range s.invitations {
		if i.Owner != viewer || i.Other != u.ID || i.State != sealpost.InvitationOpen {
			continue
		}
		if i.Sent && v.Tie == sealpost.TieNone {
			v.Tie = sealpost.TieInvited
		} else if !i.Sent {
			v.Tie = sealpost.TieInvitesYou
		}
	}
	if _, ok := s.connections[pair{viewer, u.ID}]; ok {
		v.Tie = sealpost.TieConnected
	}
	for p := range s.connections {
		if _, theirs := s.connections[pair{u.ID, p.other}]; p.user == viewer && theirs {
			v.Shared++
		}
	}
	v.Shared = min(v.Shared, sealpost.MaxShared)
	return v
}

// inSight reports whether the viewer may know of an account.
func (s *Store) inSight(viewer sealpost.UserID, u sealpost.User) bool {
	if _, connected := s.connections[pair{viewer, u.ID}]; u.DisabledAt == 0 && !u.Profile || u.ID == viewer || connected {
		return true
	}
	for _, c := range s.conversations {
		if _, in := sealpost.FindParticipant(c.participants, u.ID); in && c.knownTo(viewer) {
			return true
		}
	}
	return false
}

// Person implements service.People.
func (s *Store) Person(ctx context.Context, viewer, id sealpost.UserID) (v service.Person, err error) {
	f, err := s.enter(ctx, "Person")
	if err != nil {
		return v, err
	}
	defer s.leave(f, &err)
	a, ok := s.users[id]
	if !ok || !s.inSight(viewer, a.User) {
		return v, sealpost.NotFound()
	}
	return s.person(viewer, a.User), nil
}

// FindPeople implements service.People.
func (s *Store) FindPeople(ctx context.Context, q service.PeopleQuery) (out []service.Person, err error) {
	f, err := s.enter(ctx, "FindPeople")
	if err != nil {
		return nil, err
	}
	defer s.leave(f, &err)
	for _, a := range s.users {
		key := service.FindKey(a.Name, a.Headline)
		found := len(q.Words) > 0 || q.Email == ""
		for _, w := range q.Words {
			found = found && strings.Contains(key, " "+w)
		}
		after := q.AfterID.IsZero() || cmp.Or(cmp.Compare(service.SortKey(a.Name), q.AfterKey), a.ID.Compare(q.AfterID)) > 0
		if a.DisabledAt == 0 && (!a.Profile || s.inSight(q.Viewer, a.User)) && after && (found || folded(a.Email) == q.Email) {
			out = append(out, s.person(q.Viewer, a.User))
		}
	}
	slices.SortFunc(out, func(a, b service.Person) int { return byName(a.User, b.User) })
	return out[:min(len(out), q.Limit)], nil
}

func byName(a, b sealpost.User) int {
	return cmp.Or(cmp.Compare(service.SortKey(a.Name), service.SortKey(b.Name)), a.ID.Compare(b.ID))
}
