package service

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"github.com/sealpost/sealpost/internal/seal"
	"github.com/sealpost/sealpost/internal/sealpost"
)

// Attempts counts what people try, in the database: every node agrees, and a
// restart forgets nothing.
type Attempts interface {
	// Attempt counts one attempt under every limit, at the database's clock, unless one
	// of them is reached. Then it counts nothing, and retryAt is when the last of those
	// that are reached will not be. Attempts under one key are serialised, so that no
	// concurrency exceeds a limit.
	Attempt(ctx context.Context, id [16]byte, limits []Limit) (retryAt sealpost.Instant, err error)
	// Forgive takes the count of an attempt back, under every limit.
	Forgive(ctx context.Context, id [16]byte, limits []Limit) error
}

// MaxLimitWindow is the longest window of a Limit: counts are swept after it.
const MaxLimitWindow = 24 * time.Hour

// Limit is how often something may be tried in a sliding window.
type Limit struct {
	Key    [32]byte // MAC of what is counted: no address is stored in plain
	Max    int      // at least 1
	Window time.Duration
}

// The limits of what needs a password or a secret, in one window. Only what fails
// counts: a success takes back its own count and no other.
const (
	attemptWindow     = 15 * time.Minute
	triesHere         = 10  // of one account from one address
	triesPerAccount   = 50  // of one account from everywhere
	triesFromAddress  = 100 // from one address, whatever is tried
	ipv6Customer      = 64  // bits of an IPv6 address that count: what one customer is given
	addressPurpose    = "address"
	passwordPurpose   = "password"
	passwordAtAddress = "password.address"
)

// invitationsFromAddress is how many invitations all accounts at one address may make
// in sealpost.InvitationPeriod: ten accounts' worth, because an office has one address.
const (
	invitationsFromAddress = 10 * sealpost.MaxInvitations
	invitationPurpose      = "invitation.address"
)

type addressKey struct{}

// FromAddress notes from where a request comes, for limits by address.
func FromAddress(ctx context.Context, from netip.Addr) context.Context {
	return context.WithValue(ctx, addressKey{}, from)
}

// addressOf is what counts as one address: an IPv6 network of 64 bits is one.
// Requests that come from no address, inside this process, count as one too.
func addressOf(ctx context.Context) []byte {
	from, _ := ctx.Value(addressKey{}).(netip.Addr)
	from = from.Unmap().WithZone("")
	if from.Is6() {
		if network, err := from.Prefix(ipv6Customer); err == nil {
			from = network.Addr()
		}
	}
	return from.AsSlice()
}

// limit counts something under a purpose.
func (s *Service) limit(purpose string, most int, window time.Duration, what ...[]byte) Limit {
	return Limit{Key: seal.Derive(s.attemptKey, purpose, what...), Max: most, Window: window}
}

// addressLimit counts by the address of the request; each purpose by itself.
func (s *Service) addressLimit(ctx context.Context, purpose string, most int, window time.Duration) Limit {
	return s.limit(purpose, most, window, addressOf(ctx))
}

// passwordLimits are the limits of trying a password. An address without account
// counts as one with.
func (s *Service) passwordLimits(ctx context.Context, email string) []Limit {
	account := []byte(strings.ToLower(email))
	return []Limit{
		s.limit(passwordAtAddress, triesHere, attemptWindow, account, addressOf(ctx)),
		s.limit(passwordPurpose, triesPerAccount, attemptWindow, account),
		s.addressLimit(ctx, addressPurpose, triesFromAddress, attemptWindow),
	}
}

// attempt counts before the work is done, so that no number of requests at once gets
// past a limit; CodeRateLimited if one is reached. forgive takes it back.
func (s *Service) attempt(ctx context.Context, limits ...Limit) (forgive func(), err error) {
	id := newID[[16]byte](s)
	retryAt, err := s.store.Attempt(ctx, id, limits)
	if err != nil {
		return nil, err
	}
	if retryAt != 0 {
		return nil, &sealpost.Error{Code: sealpost.CodeRateLimited, Detail: "There were too many attempts. Try again later.", RetryAt: retryAt}
	}
	return func() {
		// Whoever hangs up has succeeded all the same. What cannot be taken back counts
		// as a failure until its window is over.
		if err := s.store.Forgive(context.WithoutCancel(ctx), id, limits); err != nil {
			s.log.WarnContext(ctx, "an attempt that succeeded counts as failed", "error", err)
		}
	}, nil
}
