package service

import (
	"context"
	"crypto/subtle"

	"github.com/sealpost/sealpost/internal/sealpost"
)

// ChangePassword replaces the principal's own password and ends their other
// sign-ins. API tokens stay: they are not made from the password. A wrong old
// password is CodeInvalid, field old, and is limited as a sign-in is.
func (s *Service) ChangePassword(ctx context.Context, p Principal, key, old, next string) error {
	if err := validKey(key); err != nil {
		return err
	}
	if err := validPassword("new", next); err != nil {
		return err
	}
	right, hash, err := s.knowsPassword(ctx, p, old)
	if err != nil {
		return err
	}
	nextHash := ""
	if right {
		if nextHash, err = s.passwords.Hash(ctx, next); err != nil {
			return err
		}
	}
	defer s.accessEnded(p.User.ID) // also after an error, for the commit may have happened
	request := s.request("password.change", old, next)
	_, err = s.store.Amend(ctx, s.stamp(p.User.ID, "password.change", key, request), func(a Amendment) ([]byte, error) {
		if err := stillRight(a, p.User.ID, "old", right, hash); err != nil {
			return nil, err
		}
		return nil, setPassword(a, p.User.ID, nextHash, p.Session)
	})
	return err
}

// knowsPassword checks the principal's own password, within the limits of signing
// in, and gives the hash that it was compared with.
func (s *Service) knowsPassword(ctx context.Context, p Principal, password string) (right bool, hash string, err error) {
	if len(password) > maxPassword {
		return false, "", sealpost.Invalid("password", "The password may have at most 1024 bytes.")
	}
	forgive, err := s.attempt(ctx, s.passwordLimits(ctx, p.User.Email)...)
	if err != nil {
		return false, "", err
	}
	_, hash, err = s.store.UserByEmail(ctx, p.User.Email)
	if err == nil {
		right, err = s.passwords.Verify(ctx, hash, password)
	}
	if err != nil || right {
		forgive()
	}
	return right, hash, err
}

// stillRight is asked inside the amendment, so that the replay of a key comes
// first: the retry of a change that was made finds another password.
func stillRight(a Amendment, user sealpost.UserID, field string, right bool, hash string) error {
	if !right {
		return sealpost.Invalid(field, "This is not the password.")
	}
	_, now, err := a.Account(user)
	if err == nil && subtle.ConstantTimeCompare([]byte(now), []byte(hash)) != 1 {
		return sealpost.Refuse(sealpost.CodeVersionConflict, "The password was changed in between.")
	}
	return err
}

// setPassword makes a password the only way in: the sign-ins that were made with the one
// before end, but the one that changes it, and so do links that would set another.
func setPassword(a Amendment, user sealpost.UserID, hash string, keep sealpost.SessionID) error {
	if err := a.SetPassword(user, hash); err != nil {
		return err
	}
	if err := a.EndInvites(user); err != nil {
		return err
	}
	return a.EndSessions(user, SignIn, keep)
}

// SetPassword sets the password of the account of an address and ends all its
// sign-ins, for the operator: the audit log names the server.
func (s *Service) SetPassword(ctx context.Context, email, password string) error {
	if err := validPassword("password", password); err != nil {
		return err
	}
	user, _, err := s.store.UserByEmail(ctx, email)
	if err != nil {
		return err
	}
	hash, err := s.passwords.Hash(ctx, password)
	if err != nil {
		return err
	}
	stamp := s.stamp(sealpost.UserID{}, "password.set", "", [32]byte{})
	stamp.Audit.Subject = user.ID
	defer s.accessEnded(user.ID)
	_, err = s.store.Amend(ctx, stamp, func(a Amendment) ([]byte, error) {
		return nil, setPassword(a, user.ID, hash, sealpost.SessionID{})
	})
	return err
}

// EndSessions ends the principal's sign-ins: every other one, or with all their own
// too. API tokens stay.
func (s *Service) EndSessions(ctx context.Context, p Principal, key string, all bool) error {
	if err := validKey(key); err != nil {
		return err
	}
	keep, action := p.Session, "session.end_others"
	if all {
		keep, action = sealpost.SessionID{}, "session.end_all"
	}
	defer s.accessEnded(p.User.ID)
	_, err := s.store.Amend(ctx, s.stamp(p.User.ID, action, key, s.request(action)), func(a Amendment) ([]byte, error) {
		return nil, a.EndSessions(p.User.ID, SignIn, keep)
	})
	return err
}
