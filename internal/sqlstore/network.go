package sqlstore

import "github.com/sealpost/sealpost/internal/sealpost"

var (
	queryAddConnection = register("connection.add", `
INSERT INTO connection (user_id, other_id, since) VALUES ($1, $2, $3), ($2, $1, $3) ON CONFLICT (user_id, other_id) DO NOTHING`)
	queryDropConnection = register("connection.drop", `
DELETE FROM connection WHERE (user_id = $1 AND other_id = $2) OR (user_id = $2 AND other_id = $1)`)
	queryAddBlock = register("block.add", `
INSERT INTO block (user_id, other_id, created_at) VALUES ($1, $2, $3) ON CONFLICT (user_id, other_id) DO NOTHING`)
	queryDropBlock = register("block.drop", "DELETE FROM block WHERE user_id = $1 AND other_id = $2")
)

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
