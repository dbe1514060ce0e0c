package sqlstore

import (
	"context"
	"strings"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// tieColumns is how u stands to the viewer $1: connected, blocked by them, the side
// of an open invitation (1 sent, 2 received, 0 none), connections in common up to
// sealpost.MaxShared. It asks for nothing that the viewer may not know (R31).
const tieColumns = `EXISTS (SELECT 1 FROM connection c WHERE c.user_id = $1 AND c.other_id = u.id` + justOne + `),
 EXISTS (SELECT 1 FROM block b WHERE b.user_id = $1 AND b.other_id = u.id` + justOne + `),
 COALESCE((SELECT MAX(2 - v.sent) FROM invitation v WHERE v.user_id = $1 AND v.other_id = u.id AND v.state = 1), 0),
 (SELECT COUNT(*) FROM (SELECT 1 FROM connection x JOIN connection y ON y.user_id = u.id AND y.other_id = x.other_id
  WHERE x.user_id = $1 LIMIT 50) both_know)`

// knownToViewer holds for whom the viewer $1 is connected with, or knows a conversation
// with.
func knownToViewer() string {
	return `(EXISTS (SELECT 1 FROM connection c WHERE c.user_id = $1 AND c.other_id = u.id` + justOne + `)
 OR EXISTS (SELECT 1 FROM inbox i JOIN participant p ON p.conversation_id = i.conversation_id AND p.user_id = u.id
  WHERE i.user_id = $1 AND ` + knows("$1") + ` = 1` + justOne + `))`
}

// findPeople finds by an address, or by words. Each pattern is a blank, a folded word
// and the wildcard, or the wildcard alone. The ties are asked for the people of the page
// only, in one statement with them.
func findPeople(after string) string {
	return "SELECT u.*, " + tieColumns + " FROM (SELECT " + userColumns + `, u.sort_key
FROM users u WHERE u.disabled_at = 0 AND (u.profile = 0 OR ` + knownToViewer() + `) AND (u.email_key = $3
 OR (u.find_key LIKE $4 ESCAPE '!' AND u.find_key LIKE $5 ESCAPE '!' AND u.find_key LIKE $6 ESCAPE '!' AND u.find_key LIKE $7 ESCAPE '!'
 AND u.find_key LIKE $8 ESCAPE '!' AND u.find_key LIKE $9 ESCAPE '!' AND u.find_key LIKE $10 ESCAPE '!' AND u.find_key LIKE $11 ESCAPE '!'))` +
		after + `
 ORDER BY u.sort_key, u.id LIMIT $2) u ORDER BY u.sort_key, u.id`
}

var (
	queryFindPeople      = register("people.find", findPeople(""))
	queryFindPeopleAfter = register("people.find-after", findPeople(" AND (u.sort_key, u.id) > ($12, $13)"))
	// A disabled account or a profile without account is there for itself, for its connections, and for those who
	// know a conversation with it.
	queryPerson = register("people.get", "SELECT "+userColumns+", u.sort_key, "+tieColumns+` FROM users u WHERE u.id = $2
 AND ((u.disabled_at = 0 AND u.profile = 0) OR u.id = $1 OR `+knownToViewer()+`)`)
	querySetFindKey = register("user.set-find-key", "UPDATE users SET sort_key = $2, find_key = $3 WHERE id = $1")
	// Accounts from before there were such keys.
	queryWithoutFindKey = register("user.without-find-key", "SELECT u.id, u.name, u.headline FROM users u WHERE u.find_key = '' ORDER BY u.id LIMIT 500")
)

func scanPerson(r row, viewer sealpost.UserID) (service.Person, error) {
	var v service.Person
	var key string
	var connected bool
	var invitation, shared int64
	err := scanUser(r, &v.User, &key, &connected, &v.Blocked, &invitation, &shared)
	v.Shared, v.Tie = int(shared), sealpost.TieNone
	switch {
	case v.ID == viewer:
		v.Tie, v.Shared = sealpost.TieSelf, 0
	case connected:
		v.Tie = sealpost.TieConnected
	case invitation == 1:
		v.Tie = sealpost.TieInvited
	case invitation == 2:
		v.Tie = sealpost.TieInvitesYou
	}
	return v, err
}

// Person implements service.People.
func (s *Store) Person(ctx context.Context, viewer, id sealpost.UserID) (service.Person, error) {
	var v service.Person
	err := s.engine.read(ctx, ask(queryPerson, func(r row) error {
		var err error
		v, err = scanPerson(r, viewer)
		return err
	}, bytesOf(viewer), bytesOf(id)))
	return v, orNotFound(err, !v.ID.IsZero())
}

// FindPeople implements service.People.
func (s *Store) FindPeople(ctx context.Context, q service.PeopleQuery) ([]service.Person, error) {
	args := []any{bytesOf(q.Viewer), int64(q.Limit), q.Email}
	literal := strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")
	for i := range service.MaxWords {
		switch {
		case i < len(q.Words):
			args = append(args, "% "+literal.Replace(q.Words[i])+"%")
		case i == 0 && q.Email != "":
			args = append(args, "") // no key is empty: the address alone finds
		default:
			args = append(args, "%")
		}
	}
	query := queryFindPeople
	if !q.AfterID.IsZero() {
		query, args = queryFindPeopleAfter, append(args, q.AfterKey, bytesOf(q.AfterID))
	}
	var out []service.Person
	err := s.engine.read(ctx, ask(query, func(r row) error {
		v, err := scanPerson(r, q.Viewer)
		out = append(out, v)
		return err
	}, args...))
	return out, err
}

// setFindKey keeps the keys by which somebody is ordered and found.
func setFindKey(u sealpost.User) statement {
	return run(querySetFindKey, bytesOf(u.ID), service.SortKey(u.Name), service.FindKey(u.Name, u.Headline))
}

// fillFindKeys gives older accounts the keys, once. If it is broken off, the next
// start goes on.
func (s *Store) fillFindKeys(ctx context.Context) error {
	for {
		var statements []statement
		err := s.engine.read(ctx, ask(queryWithoutFindKey, func(r row) error {
			var u sealpost.User
			err := r.Scan(into(&u.ID), &u.Name, &u.Headline)
			statements = append(statements, setFindKey(u))
			return err
		}))
		if err != nil || len(statements) == 0 {
			return err
		}
		err = s.aloneNow(ctx, func(ctx context.Context, session session) error { return session.run(ctx, statements...) })
		if err != nil {
			return err
		}
	}
}
