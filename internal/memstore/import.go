package memstore

import (
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// placed is what was delivered with a position within a time.
func (c *conversation) placed(from, until sealpost.Instant) []service.Placed {
	var out []service.Placed
	for _, m := range c.messages {
		if m.SentAt != 0 && m.SentAt >= from && m.SentAt < until {
			out = append(out, service.Placed{ID: m.ID, SentAt: m.SentAt})
		}
	}
	return out
}

// unseen is what of it imports hid from a user.
func (c *conversation) unseen(from, until sealpost.Instant, user sealpost.UserID) []sealpost.Message {
	var out []sealpost.Message
	for _, m := range c.messages {
		if m.SentAt >= from && m.SentAt < until && m.Unseen(user) {
			out = append(out, with(m, user))
		}
	}
	return out
}

// UserBySource implements service.Importing.
func (a *amendment) UserBySource(source string) (sealpost.User, error) {
	for _, u := range a.store.users {
		if source != "" && u.Source == source {
			return copyUser(u.User), nil
		}
	}
	return sealpost.User{}, sealpost.NotFound()
}

// SetProfile implements service.Importing.
func (a *amendment) SetProfile(id sealpost.UserID, source string, unclaimed bool) error {
	if u, ok := a.store.users[id]; ok {
		u.Source, u.Profile = source, unclaimed
		put(a, a.store.users, id, &u)
	}
	return nil
}

// ConnectSince implements service.Importing.
func (a *amendment) ConnectSince(one, other sealpost.UserID, since sealpost.Instant) error {
	for _, p := range []pair{{one, other}, {other, one}} {
		if _, known := a.store.connections[p]; !known {
			put(a, a.store.connections, p, &since)
		}
	}
	return nil
}

// IndexAll implements service.Importing: there is no index.
func (a *amendment) IndexAll(sealpost.UserID) error { return nil }
