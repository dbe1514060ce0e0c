package service

import (
	"context"
	"strings"

	"github.com/sealpost/sealpost/internal/sealpost"
)

// InviteLink is the link of an invitation's secret, at a server's address. The secret
// stands in the fragment, which browsers send to nobody: it is in no log of a server or
// proxy.
func InviteLink(server, secret string) string {
	return strings.TrimRight(server, "/") + "/join#" + secret
}

// InviteSecret finds the secret in what somebody pastes or types: it alone, or a link
// that ends with it. Links of earlier versions have it in their path. server is what
// stands before; the secret is empty where there is none.
func InviteSecret(text string) (server, secret string) {
	text = strings.TrimSpace(text)
	at := strings.Index(text, invitePrefix)
	if at < 0 {
		return text, ""
	}
	server = strings.TrimRight(text[:at], "/#")
	return strings.TrimSuffix(server, "/join"), text[at:]
}

// Invited is what an invitation link has already, for whoever holds it.
type Invited struct {
	Name, Email string // empty: whoever uses the link says it
	Account     bool   // the link sets the password of an account that is there
}

// Invited looks a link up before it is used. It uses nothing up; what is no good is
// NotFound under the conditions of Join, and counts as a wrong use does.
func (s *Service) Invited(ctx context.Context, secret string) (Invited, error) {
	forgive, err := s.attempt(ctx, s.addressLimit(ctx, addressPurpose, triesFromAddress, attemptWindow))
	if err != nil {
		return Invited{}, err
	}
	out, err := s.invited(ctx, secret)
	if sealpost.CodeOf(err) != sealpost.CodeNotFound {
		forgive()
	}
	return out, err
}

func (s *Service) invited(ctx context.Context, secret string) (Invited, error) {
	v, err := s.store.InviteByHash(ctx, hashSecret(secret))
	if err != nil {
		return Invited{}, err
	}
	if !v.CreatedBy.IsZero() { // a link is worth no more than who made it is now
		by, err := s.store.User(ctx, v.CreatedBy)
		switch {
		case err != nil:
			return Invited{}, err
		case !by.Administers():
			return Invited{}, sealpost.NotFound()
		}
	}
	out := Invited{Name: v.Name, Email: v.Email}
	if v.AccountID.IsZero() {
		return out, nil
	}
	u, err := s.store.User(ctx, v.AccountID)
	if err == nil && !claimable(u) {
		err = sealpost.NotFound()
	}
	if err != nil {
		return Invited{}, err
	}
	out.Account, out.Name = !u.Profile, u.Name
	if u.Email != "" {
		out.Email = u.Email
	}
	return out, nil
}
