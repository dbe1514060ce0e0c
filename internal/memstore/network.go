package memstore

import (
	"cmp"
	"context"
	"slices"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func (a *amendment) Relation(user, other sealpost.UserID) (v service.Relation, _ error) {
	_, v.Connected = a.store.connections[pair{user, other}]
	_, v.Blocks = a.store.blocks[pair{user, other}]
	_, v.BlockedBy = a.store.blocks[pair{other, user}]
	return v, nil
}

func (a *amendment) AddConnection(one, other sealpost.UserID) error {
	for _, p := range []pair{{one, other}, {other, one}} {
		if _, known := a.store.connections[p]; !known {
			put(a, a.store.connections, p, &a.now)
		}
	}
	return nil
}

func (a *amendment) DropConnection(one, other sealpost.UserID) error {
	if _, known := a.store.connections[pair{one, other}]; !known {
		return sealpost.NotFound()
	}
	put(a, a.store.connections, pair{one, other}, nil)
	put(a, a.store.connections, pair{other, one}, nil)
	return nil
}

func (a *amendment) AddBlock(user, other sealpost.UserID) error {
	if _, known := a.store.blocks[pair{user, other}]; !known {
		put(a, a.store.blocks, pair{user, other}, &a.now)
	}
	return nil
}

func (a *amendment) DropBlock(user, other sealpost.UserID) error {
	if _, known := a.store.blocks[pair{user, other}]; !known {
		return sealpost.NotFound()
	}
	put(a, a.store.blocks, pair{user, other}, nil)
	return nil
}

// Connections implements service.Network.
func (s *Store) Connections(ctx context.Context, q service.ContactQuery) (out []service.Contact, err error) {
	f, err := s.enter(ctx, "Connections")
	if err != nil {
		return nil, err
	}
	defer s.leave(f, &err)
	return s.contacts(s.connections, q), nil
}

// Blocks implements service.Network.
func (s *Store) Blocks(ctx context.Context, q service.ContactQuery) (out []service.Contact, err error) {
	f, err := s.enter(ctx, "Blocks")
	if err != nil {
		return nil, err
	}
	defer s.leave(f, &err)
	q.ByName = false
	return s.contacts(s.blocks, q), nil
}

func (s *Store) contacts(in map[pair]sealpost.Instant, q service.ContactQuery) []service.Contact {
	order := func(a, b service.Contact) int {
		if q.ByName {
			return byName(a.User, b.User)
		}
		return cmp.Or(cmp.Compare(b.Since, a.Since), b.User.ID.Compare(a.User.ID))
	}
	var out []service.Contact
	for p, since := range in {
		if p.user != q.Owner {
			continue
		}
		c := service.Contact{User: copyUser(s.users[p.other].User), Since: since}
		position := cmp.Or(cmp.Compare(q.AfterAt, c.Since), q.AfterID.Compare(c.User.ID))
		if q.ByName {
			position = cmp.Or(cmp.Compare(service.SortKey(c.User.Name), q.AfterKey), c.User.ID.Compare(q.AfterID))
		}
		if q.AfterID.IsZero() || position > 0 {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, order)
	return out[:min(len(out), q.Limit)]
}
