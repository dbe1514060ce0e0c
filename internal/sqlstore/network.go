package sqlstore

import (
	"context"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

var (
	queryAddConnection = register("connection.add", `
INSERT INTO connection (user_id, other_id, since) VALUES ($1, $2, $3), ($2, $1, $3) ON CONFLICT (user_id, other_id) DO NOTHING`)
	queryDropConnection = register("connection.drop", `
DELETE FROM connection WHERE (user_id = $1 AND other_id = $2) OR (user_id = $2 AND other_id = $1)`)
	queryAddBlock = register("block.add", `
INSERT INTO block (user_id, other_id, created_at) VALUES ($1, $2, $3) ON CONFLICT (user_id, other_id) DO NOTHING`)
	queryDropBlock = register("block.drop", "DELETE FROM block WHERE user_id = $1 AND other_id = $2")
	queryRelation  = register("relation.get", `
SELECT EXISTS (SELECT 1 FROM connection WHERE user_id = $1 AND other_id = $2),
 EXISTS (SELECT 1 FROM block WHERE user_id = $1 AND other_id = $2),
 EXISTS (SELECT 1 FROM block WHERE user_id = $2 AND other_id = $1)`)

	queryConnectionsFirst = register("connection.by-name-first", contactsByName+" ORDER BY u.sort_key, u.id LIMIT $2")
	queryConnectionsNext  = register("connection.by-name-next", contactsByName+`
 AND (u.sort_key, u.id) > ($3, $4) ORDER BY u.sort_key, u.id LIMIT $2`)
	queryConnectionsRecent = register("connection.recent", "SELECT "+userColumns+`, c.since
FROM connection c JOIN users u ON u.id = c.other_id
WHERE c.user_id = $1 AND (c.since, c.other_id) < ($3, $4) ORDER BY c.since DESC, c.other_id DESC LIMIT $2`)
	queryBlocks = register("block.recent", "SELECT "+userColumns+`, b.created_at
FROM block b JOIN users u ON u.id = b.other_id
WHERE b.user_id = $1 AND (b.created_at, b.other_id) < ($3, $4) ORDER BY b.created_at DESC, b.other_id DESC LIMIT $2`)
)

const contactsByName = "SELECT " + userColumns + `, c.since
FROM connection c JOIN users u ON u.id = c.other_id WHERE c.user_id = $1`

func (a *amendment) Relation(user, other sealpost.UserID) (service.Relation, error) {
	var v service.Relation
	err := a.run(ask(queryRelation, func(r row) error { return r.Scan(&v.Connected, &v.Blocks, &v.BlockedBy) }, bytesOf(user), bytesOf(other)))
	return v, err
}

func (a *amendment) AddConnection(one, other sealpost.UserID) error {
	return a.run(run(queryAddConnection, bytesOf(one), bytesOf(other), int64(a.now)))
}

func (a *amendment) DropConnection(one, other sealpost.UserID) error {
	return a.deleted(queryDropConnection, bytesOf(one), bytesOf(other))
}

func (a *amendment) AddBlock(user, other sealpost.UserID) error {
	return a.run(run(queryAddBlock, bytesOf(user), bytesOf(other), int64(a.now)))
}

func (a *amendment) DropBlock(user, other sealpost.UserID) error {
	return a.deleted(queryDropBlock, bytesOf(user), bytesOf(other))
}

// reachOf is how the setting is stored: by its name, the default too.
func reachOf(u sealpost.User) string {
	if u.Reach == "" {
		return string(sealpost.ReachConnections)
	}
	return string(u.Reach)
}

// Connections implements service.Network.
func (s *Store) Connections(ctx context.Context, q service.ContactQuery) ([]service.Contact, error) {
	switch {
	case !q.ByName:
		return s.contacts(ctx, queryConnectionsRecent, recent(q)...)
	case q.AfterID.IsZero():
		return s.contacts(ctx, queryConnectionsFirst, bytesOf(q.Owner), int64(q.Limit))
	}
	return s.contacts(ctx, queryConnectionsNext, bytesOf(q.Owner), int64(q.Limit), q.AfterKey, bytesOf(q.AfterID))
}

// Blocks implements service.Network.
func (s *Store) Blocks(ctx context.Context, q service.ContactQuery) ([]service.Contact, error) {
	return s.contacts(ctx, queryBlocks, recent(q)...)
}

// recent is the position of a list that begins with the newest.
func recent(q service.ContactQuery) []any {
	at := q.AfterAt
	if q.AfterID.IsZero() {
		at = 1 << 62
	}
	return []any{bytesOf(q.Owner), int64(q.Limit), int64(at), bytesOf(q.AfterID)}
}

func (s *Store) contacts(ctx context.Context, q *query, args ...any) ([]service.Contact, error) {
	var out []service.Contact
	err := s.engine.read(ctx, ask(q, func(r row) error {
		var v service.Contact
		err := scanUser(r, &v.User, (*int64)(&v.Since))
		out = append(out, v)
		return err
	}, args...))
	return out, err
}
