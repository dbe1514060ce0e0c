package sqlstore

import (
	"context"
	"errors"
)

var (
	queryInstallation    = register("installation.get", "SELECT id FROM installation")
	queryNewInstallation = register("installation.insert", "INSERT INTO installation (id, created_at) VALUES ($1, $2)")
	queryCountRows       = register("doctor.counts", `
SELECT (SELECT COUNT(*) FROM users), (SELECT COUNT(*) FROM conversation), (SELECT COUNT(*) FROM message),
 (SELECT COUNT(*) FROM message WHERE ref > 0), (SELECT COUNT(*) FROM draft), (SELECT COUNT(*) FROM audit)`)
)

// ErrOtherInstallation means that the database belongs to another key store.
var ErrOtherInstallation = errors.New("this database was made with another key directory; its content cannot be read with these keys")

// Bind ties a new database to an installation, and refuses one that is tied to
// another: with an empty key directory everything would look like a new server, and
// nothing could be read.
func (s *Store) Bind(ctx context.Context, installation [16]byte) error {
	return s.inAlone(ctx, func(a *amendment) error {
		var bound [16]byte
		found := false
		err := a.run(ask(queryInstallation, func(r row) error {
			found = true
			return r.Scan(&idDest{to: bound[:]})
		}))
		switch {
		case err != nil:
			return err
		case !found:
			return a.run(run(queryNewInstallation, installation[:], int64(a.now)))
		case bound != installation:
			return ErrOtherInstallation
		}
		return nil
	})
}

// Counts is how much is in the database, for doctor.
type Counts struct {
	Users, Conversations, Messages, UnderEpoch, Drafts, Decisions int64
}

// Counts counts rows.
func (s *Store) Counts(ctx context.Context) (Counts, error) {
	var c Counts
	err := s.engine.read(ctx, ask(queryCountRows, func(r row) error {
		return r.Scan(&c.Users, &c.Conversations, &c.Messages, &c.UnderEpoch, &c.Drafts, &c.Decisions)
	}))
	return c, err
}
