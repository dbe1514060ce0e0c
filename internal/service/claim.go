package service

import (
	"context"

	"github.com/sealpost/sealpost/internal/sealpost"
)

// claimable reports whether a link can be for somebody: their account is open, or they
// are to have one.
func claimable(u sealpost.User) bool {
	u.Profile = false
	return u.Open()
}

// claimProfile makes a profile an account, under the same id: what imports brought in
// of this person is theirs from then on, and their search finds it.
func (j *joining) claimProfile(a Amendment, u *sealpost.User) error {
	if !u.Profile {
		return nil
	}
	if err := a.SetProfile(u.ID, u.Source, false); err != nil {
		return err
	}
	u.Profile = false
	if j.in.Name != "" || j.in.TimeZone != "" {
		var err error
		if j.in.Name != "" {
			if u.Name, err = validName(j.in.Name); err != nil {
				return err
			}
		}
		if j.in.TimeZone != "" {
			if err := validZone(j.in.TimeZone); err != nil {
				return err
			}
			u.TimeZone = j.in.TimeZone
		}
		if err := a.PutUser(*u); err != nil {
			return err
		}
	}
	return a.IndexAll(u.ID)
}

// profileCalled finds somebody without account by their id or by the address that
// imports know them by.
func (s *Service) profileCalled(ctx context.Context, name string) (u sealpost.User, err error) {
	_, err = s.store.Amend(ctx, Stamp{}, func(a Amendment) ([]byte, error) {
		if id, notID := sealpost.ParseUser(name); notID == nil {
			u, err = a.User(id)
		} else {
			u, err = a.UserBySource(name)
		}
		if err == nil && !u.Profile {
			err = sealpost.NotFound()
		}
		return nil, err
	})
	return u, err
}
