package sqlstore

import (
	"sync"
	"testing"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// pair adds two people, the second an administrator.
func pair(t *testing.T, s *Store) (first, admin sealpost.UserID) {
	t.Helper()
	first, admin = sealpost.UserID{1}, sealpost.UserID{2}
	amend(t, s, func(a service.Amendment) error {
		if err := a.AddUser(sealpost.User{ID: first, Email: "a@example.org"}, ""); err != nil {
			return err
		}
		return a.AddUser(sealpost.User{ID: admin, Email: "b@example.org", Roles: []sealpost.Role{sealpost.RoleAdmin}}, "")
	})
	return first, admin
}

func amend(t *testing.T, s *Store, change func(service.Amendment) error) {
	t.Helper()
	_, err := s.Amend(t.Context(), service.Stamp{}, func(a service.Amendment) ([]byte, error) { return nil, change(a) })
	if err != nil {
		t.Error(err)
	}
}

// Whoever changes an account locks it with the administrators, not after them: others lock
// people in the order of their ids.
func TestAdminsAreLockedWithTheAccount(t *testing.T) {
	t.Parallel()
	s := engines(t)[enginePostgres]
	first, admin := pair(t, s)
	amend(t, s, func(a service.Amendment) error {
		admins, err := a.Admins(first)
		if err != nil || len(admins) != 1 || admins[0] != admin {
			t.Errorf("administrators %v, %v", admins, err)
		}
		free := 0
		err = s.engine.(*postgresEngine).pool.QueryRow(t.Context(), //nolint:forcetypeassert // it is
			"SELECT COUNT(*) FROM (SELECT 1 FROM users FOR UPDATE SKIP LOCKED) AS free").Scan(&free)
		if err != nil || free != 0 {
			t.Errorf("%d of the two are free, %v", free, err)
		}
		return nil
	})
}

// Of two amendments that wait for each other the database gives one up; it is begun again.
func TestDeadlockedAmendmentIsRepeated(t *testing.T) {
	t.Parallel()
	s := engines(t)[enginePostgres]
	first, admin := pair(t, s)
	var locked, all sync.WaitGroup
	locked.Add(2)
	runs := make([]int, 2)
	for i, order := range [][]sealpost.UserID{{first, admin}, {admin, first}} {
		all.Go(func() {
			amend(t, s, func(a service.Amendment) error {
				if _, err := a.User(order[0]); err != nil {
					return err
				}
				if runs[i]++; runs[i] == 1 {
					locked.Done()
					locked.Wait()
				}
				_, err := a.User(order[1])
				return err
			})
		})
	}
	all.Wait()
	if runs[0]+runs[1] != 3 {
		t.Errorf("run %v times", runs)
	}
}
