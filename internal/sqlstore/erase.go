package sqlstore

import (
	"strings"

	"github.com/sealpost/sealpost/internal/sealpost"
)

var (
	queryEraseUser = register("user.erase", `
UPDATE users SET email = '', email_key = '', name = $2, name_key = $3, headline = '', language = '', time_zone = 'UTC', previous_zone = '',
 zone_changed_at = 0, roles = '', undo_us = 0, password = '', reach = 'nobody_new', profile = 0, source = '',
 disabled_at = CASE WHEN disabled_at = 0 THEN $4 ELSE disabled_at END, erased_at = $4 WHERE id = $1`)
	queryAddErasure = register("erasure.add", "INSERT INTO erasure (user_id, at) VALUES ($1, $2) ON CONFLICT (user_id) DO NOTHING")
	queryEndErasure = register("erasure.end", "DELETE FROM erasure WHERE user_id = $1")

	// userSide is the table of what an erasure deletes: everything that is kept for
	// this person alone. A test asks the schema for every table with a user in it; one
	// that is not deleted from here is named there with the reason.
	userSide = []*query{
		register("erase.session", "DELETE FROM session WHERE user_id = $1"),
		register("erase.draft", "DELETE FROM draft WHERE user_id = $1"), // their keys are in the rows
		register("erase.connection", "DELETE FROM connection WHERE user_id = $1 OR other_id = $1"),
		register("erase.block", "DELETE FROM block WHERE user_id = $1 OR other_id = $1"),
		register("erase.invitation", "DELETE FROM invitation WHERE user_id = $1 OR other_id = $1"),
		queryEndInvites,
		register("erase.replay", "DELETE FROM replay WHERE user_id = $1"),
		register("erase.tombstone", "DELETE FROM tombstone WHERE user_id = $1"),
	}
)

func deleteUserSide(user sealpost.UserID) []statement {
	var out []statement
	for _, q := range userSide {
		out = append(out, run(q, bytesOf(user)))
	}
	return out
}

func (a *amendment) Erase(user sealpost.UserID) error {
	return a.run(append(deleteUserSide(user),
		run(queryEraseUser, bytesOf(user), sealpost.FormerMember, strings.ToLower(sealpost.FormerMember), int64(a.now)),
		setFindKey(sealpost.User{ID: user, Name: sealpost.FormerMember}),
		run(queryAddErasure, bytesOf(user), int64(a.now)))...)
}

func (a *amendment) EndErasure(user sealpost.UserID) error {
	return a.run(append(deleteUserSide(user), run(queryEndErasure, bytesOf(user)))...)
}
