package memstore

import (
	"context"
	"time"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// seenUntil is until when a user was, or may have been, there (R24): they asked, or
// a node held a connection of theirs while it had a lease.
func (s *Store) seenUntil(user sealpost.UserID) sealpost.Instant {
	until := s.seen[user]
	for c := range s.live {
		if c.user == user {
			until = max(until, s.leases[c.node])
		}
	}
	return until
}

// Seen implements service.Presence.
func (s *Store) Seen(ctx context.Context, user sealpost.UserID) (until, now sealpost.Instant, err error) {
	f, err := s.enter(ctx, "Seen")
	if err != nil {
		return 0, 0, err
	}
	defer s.leave(f, &err)
	now = s.options.Clock()
	minute := sealpost.Instant(time.Minute / time.Microsecond)
	until = now - now%minute + minute
	s.seen[user] = max(s.seen[user], until.Add(service.PresenceSlack))
	return until, now, nil
}

// Connect implements service.Presence.
func (s *Store) Connect(ctx context.Context, node [16]byte, user sealpost.UserID) (err error) {
	f, err := s.enter(ctx, "Connect")
	if err != nil {
		return err
	}
	defer s.leave(f, &err)
	s.live[connection{user, node}] = true
	return nil
}

// Disconnect implements service.Presence.
func (s *Store) Disconnect(ctx context.Context, node [16]byte, user sealpost.UserID) (err error) {
	f, err := s.enter(ctx, "Disconnect")
	if err != nil {
		return err
	}
	defer s.leave(f, &err)
	s.seen[user] = max(s.seen[user], s.options.Clock().Add(service.HangUpSlack))
	delete(s.live, connection{user, node})
	return nil
}

// Lease implements service.Presence. A lease is never forgotten, so a lapsed one
// stays lapsed.
func (s *Store) Lease(ctx context.Context, node [16]byte, length time.Duration) (err error) {
	f, err := s.enter(ctx, "Lease")
	if err != nil {
		return err
	}
	defer s.leave(f, &err)
	now := s.options.Clock()
	if until, known := s.leases[node]; known && until <= now {
		return sealpost.Refuse(sealpost.CodeUnavailable, "The lease of this node has lapsed.")
	}
	s.leases[node] = now.Add(length)
	return nil
}
