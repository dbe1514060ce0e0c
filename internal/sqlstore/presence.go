package sqlstore

import (
	"context"
	"time"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

var (
	querySeenUntil = register("presence.seen", "UPDATE presence SET seen_until = $2 WHERE user_id = $1 AND seen_until < $2")
	queryConnect   = register("live.insert", "INSERT INTO live (user_id, node_id) VALUES ($1, $2) ON CONFLICT (user_id, node_id) DO NOTHING")
	queryHangUp    = register("live.delete", "DELETE FROM live WHERE user_id = $1 AND node_id = $2")
	queryNewLease  = register("node.insert", "INSERT INTO node (id, lease_until) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING")
	// A lease that has lapsed is not renewed: a recall may already have judged that
	// nobody was there (R24).
	queryRenewLease = register("node.renew", "UPDATE node SET lease_until = $2 WHERE id = $1 AND lease_until > $3")
	// The leases of dead nodes stand for their connections; then they are written
	// into the presence of each and forgotten.
	queryInheritLease = register("presence.inherit", `
UPDATE presence SET seen_until = (SELECT MAX(n.lease_until) FROM live l JOIN node n ON n.id = l.node_id
 WHERE l.user_id = presence.user_id AND n.lease_until < $1)
WHERE user_id IN (SELECT l.user_id FROM live l JOIN node n ON n.id = l.node_id WHERE n.lease_until < $1)
 AND seen_until < (SELECT MAX(n.lease_until) FROM live l JOIN node n ON n.id = l.node_id
  WHERE l.user_id = presence.user_id AND n.lease_until < $1)`)
	queryDropLive  = register("live.drop-dead", "DELETE FROM live WHERE node_id IN (SELECT id FROM node WHERE lease_until < $1)")
	queryDropNodes = register("node.drop-dead", "DELETE FROM node WHERE lease_until < $1 AND NOT EXISTS (SELECT 1 FROM live l WHERE l.node_id = node.id)")
)

// touch writes to a user's presence under its lock and gives back the clock.
func (s *Store) touchPresence(ctx context.Context, user sealpost.UserID, write func(now sealpost.Instant) []statement) (sealpost.Instant, error) {
	t := &touch{user: user, write: write}
	err := s.submit(ctx, laneOf(user), &work{touch: t})
	return t.now, err
}

// Seen implements service.Presence.
func (s *Store) Seen(ctx context.Context, user sealpost.UserID) (until, now sealpost.Instant, err error) {
	now, err = s.touchPresence(ctx, user, func(now sealpost.Instant) []statement {
		return []statement{run(querySeenUntil, bytesOf(user), int64(endOfMinute(now).Add(service.PresenceSlack)))}
	})
	return endOfMinute(now), now, err
}

// endOfMinute keeps presence coarse: it says in which minute somebody was there.
func endOfMinute(now sealpost.Instant) sealpost.Instant {
	minute := sealpost.Instant(time.Minute / time.Microsecond)
	return now - now%minute + minute
}

// Connect implements service.Presence.
func (s *Store) Connect(ctx context.Context, node [16]byte, user sealpost.UserID) error {
	_, err := s.touchPresence(ctx, user, func(sealpost.Instant) []statement {
		return []statement{run(queryConnect, bytesOf(user), node[:])}
	})
	return err
}

// Disconnect implements service.Presence.
func (s *Store) Disconnect(ctx context.Context, node [16]byte, user sealpost.UserID) error {
	_, err := s.touchPresence(ctx, user, func(now sealpost.Instant) []statement {
		return []statement{
			run(querySeenUntil, bytesOf(user), int64(now.Add(service.HangUpSlack))),
			run(queryHangUp, bytesOf(user), node[:]),
		}
	})
	return err
}

// Lease implements service.Presence.
func (s *Store) Lease(ctx context.Context, node [16]byte, length time.Duration) error {
	return s.alone(ctx, func(ctx context.Context, session session) error {
		a := &amendment{ctx: ctx, store: s, session: session}
		if err := a.readClock(); err != nil {
			return err
		}
		until := int64(a.now.Add(length))
		var made, renewed int64
		if err := a.run(statement{query: queryNewLease, args: []any{node[:], until}, affected: &made},
			statement{query: queryRenewLease, args: []any{node[:], until, int64(a.now)}, affected: &renewed}); err != nil {
			return err
		}
		if made == 0 && renewed == 0 {
			return sealpost.Refuse(sealpost.CodeUnavailable, "The lease of this node has lapsed.")
		}
		return nil
	})
}
