package memstore

import (
	"cmp"

	"github.com/sealpost/sealpost/internal/sealpost"
)

func (a *amendment) Erase(user sealpost.UserID) error {
	old, ok := a.store.users[user]
	if !ok {
		return nil
	}
	a.deleteUserSide(user)
	put(a, a.store.users, user, &account{User: sealpost.User{
		ID: user, Name: sealpost.FormerMember, TimeZone: "UTC", Receipts: old.Receipts, OpenOnArrival: old.OpenOnArrival, Reach: sealpost.ReachNobodyNew,
		CreatedAt: old.CreatedAt, DisabledAt: cmp.Or(old.DisabledAt, a.now), ErasedAt: a.now,
	}})
	if _, known := a.store.erasures[user]; !known {
		put(a, a.store.erasures, user, &a.now)
	}
	return nil
}

func (a *amendment) EndErasure(user sealpost.UserID) error {
	a.deleteUserSide(user)
	put(a, a.store.erasures, user, nil)
	return nil
}

// deleteUserSide deletes everything that is kept for this person alone.
func (a *amendment) deleteUserSide(user sealpost.UserID) {
	m := a.store
	for id, v := range m.sessions {
		if v.UserID == user {
			put(a, m.sessions, id, nil)
		}
	}
	for id, d := range m.drafts {
		if d.UserID == user {
			put(a, m.drafts, id, nil)
		}
	}
	for _, pairs := range []map[pair]sealpost.Instant{m.connections, m.blocks} {
		for p := range pairs {
			if p.user == user || p.other == user {
				put(a, pairs, p, nil)
			}
		}
	}
	for key, v := range m.invitations {
		if v.Owner == user || v.Other == user {
			put(a, m.invitations, key, nil)
		}
	}
	_ = a.EndInvites(user) // cannot fail
	for key := range m.replays {
		if key.user == user {
			put(a, m.replays, key, nil)
		}
	}
	for t := range m.tombstones {
		if t.user == user {
			put(a, m.tombstones, t, nil)
		}
	}
}
