package service_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/memstore"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func from(t *testing.T, address string) context.Context {
	t.Helper()
	return service.FromAddress(t.Context(), netip.MustParseAddr(address))
}

// wrong tries a wrong password.
func (h *house) wrong(ctx context.Context, email string) error {
	_, err := h.SignIn(ctx, email, "not the password", "")
	return err
}

func retryAt(err error) sealpost.Instant {
	e := new(sealpost.Error)
	if errors.As(err, &e) {
		return e.RetryAt
	}
	return 0
}

// Ten failures of one account from one address, whether there is such an account or
// not; the eleventh costs no work, says when, and says the same for both.
func TestSignInLimitHere(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.person("Ada")
	began := sealpost.Instant(h.now.Load())
	var refusals []string
	for i, email := range []string{"ADA@example.org", "nobody@example.org"} {
		ctx := from(t, fmt.Sprintf("192.0.2.%d", i))
		for range 10 {
			wantCode(t, email, h.wrong(ctx, email), sealpost.CodeUnauthenticated)
		}
		before := h.passwords.checks.Load()
		err := h.wrong(ctx, email)
		wantCode(t, email, err, sealpost.CodeRateLimited)
		if retryAt(err) != began.Add(15*time.Minute) {
			t.Errorf("may be tried again at %d", retryAt(err))
		}
		refusals = append(refusals, err.Error())
		_, err = h.SignIn(ctx, "ada@example.org", "password of Ada", "")
		if i == 0 {
			wantCode(t, "the right one", err, sealpost.CodeRateLimited)
			if h.passwords.checks.Load() != before {
				t.Error("a password was hashed although the limit was reached")
			}
		}
		_, err = h.another().SignIn(ctx, email, "x", "") // every node agrees
		wantCode(t, "on another node", err, sealpost.CodeRateLimited)
	}
	if refusals[0] != refusals[1] {
		t.Errorf("refusals differ: %q and %q", refusals[0], refusals[1])
	}
	if _, err := h.SignIn(from(t, "198.51.100.7"), "ada@example.org", "password of Ada", ""); err != nil {
		t.Errorf("from another address: %v", err)
	}
	h.advance(15 * time.Minute)
	if _, err := h.SignIn(from(t, "192.0.2.0"), "ada@example.org", "password of Ada", ""); err != nil {
		t.Errorf("after the window: %v", err)
	}
}

// 50 failures of one account from everywhere, 100 from one address whatever is
// tried; an IPv6 network of 64 bits is one address.
func TestSignInLimitsElsewhere(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.person("Ada")
	for i := range 50 {
		wantCode(t, "far", h.wrong(from(t, fmt.Sprintf("10.0.%d.1", i)), "ada@example.org"), sealpost.CodeUnauthenticated)
	}
	wantCode(t, "the 51st", h.wrong(from(t, "10.1.0.1"), "ada@example.org"), sealpost.CodeRateLimited)
	for i := range 100 {
		ctx := from(t, fmt.Sprintf("2001:db8:1:2::%x", i+1))
		wantCode(t, "many accounts", h.wrong(ctx, fmt.Sprintf("user%d@example.org", i)), sealpost.CodeUnauthenticated)
	}
	wantCode(t, "the 101st", h.wrong(from(t, "2001:db8:1:2:ffff::9"), "another@example.org"), sealpost.CodeRateLimited)
	wantCode(t, "the network beside", h.wrong(from(t, "2001:db8:1:3::1"), "another@example.org"), sealpost.CodeUnauthenticated)
	wantCode(t, "IPv4", h.wrong(from(t, "10.9.9.9"), "another@example.org"), sealpost.CodeUnauthenticated)
	for range 9 {
		wantCode(t, "IPv4 in IPv6", h.wrong(from(t, "::ffff:10.9.9.9"), "another@example.org"), sealpost.CodeUnauthenticated)
	}
	wantCode(t, "both are one", h.wrong(from(t, "10.9.9.9"), "another@example.org"), sealpost.CodeRateLimited)
}

// A success takes back its own count and nothing else: signing in to an own account
// buys no more guesses at others.
func TestSuccessResetsNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.person("Ada")
	ctx := from(t, "192.0.2.1")
	for i := range 100 {
		wantCode(t, "a guess", h.wrong(ctx, fmt.Sprintf("user%d@example.org", i)), sealpost.CodeUnauthenticated)
		if i%10 == 0 {
			if _, err := h.SignIn(ctx, "ada@example.org", "password of Ada", ""); err != nil {
				t.Fatal(err)
			}
		}
	}
	wantCode(t, "one more guess", h.wrong(ctx, "last@example.org"), sealpost.CodeRateLimited)
}

// Requests at once get past no limit.
func TestSignInLimitAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.person("Ada")
	ctx := from(t, "192.0.2.1")
	var all sync.WaitGroup
	var tried atomic.Int64
	for range 50 {
		all.Go(func() {
			if sealpost.CodeOf(h.wrong(ctx, "ada@example.org")) == sealpost.CodeUnauthenticated {
				tried.Add(1)
			}
		})
	}
	all.Wait()
	if tried.Load() != 10 || h.passwords.checks.Load() != 10 {
		t.Errorf("%d attempts, %d passwords hashed, want 10", tried.Load(), h.passwords.checks.Load())
	}
}

// A database that cannot count lets nobody try, and a count that cannot be taken
// back does not take a success away.
func TestAttemptsWithoutDatabase(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.person("Ada")
	end := h.failing("Attempt", memstore.FailBefore)
	wantCode(t, "without counting", h.wrong(t.Context(), "ada@example.org"), sealpost.CodeUnavailable)
	if h.passwords.checks.Load() != 0 {
		t.Error("a password was checked that was not counted")
	}
	end()
	defer h.failing("Forgive", memstore.FailBefore)()
	if _, err := h.SignIn(t.Context(), "ada@example.org", "password of Ada", ""); err != nil {
		t.Error(err)
	}
}

// All accounts at one address make ten accounts' worth of invitations a day; what
// makes no invitation does not count.
func TestInvitationsFromOneAddress(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	here, there := from(t, "192.0.2.1"), from(t, "192.0.2.2")
	var people []service.Principal
	for i := range 101 {
		people = append(people, h.person(fmt.Sprint("Person", i)))
	}
	invite := func(ctx context.Context, a, b int) error {
		_, err := h.Invite(ctx, people[a], "", people[b].User.ID, "")
		return err
	}
	if err := invite(here, 0, 1); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if err := invite(here, 0, 1); err != nil { // gives the first again
			t.Fatal(err)
		}
		wantCode(t, "oneself", invite(here, 0, 0), sealpost.CodeInvalid)
	}
	made := 1
	for a := 0; made < 1000; a++ {
		for b := a + 1; b <= 100 && made < 1000; b++ {
			if a == 0 && b == 1 {
				continue
			}
			if err := invite(here, a, b); err != nil {
				t.Fatal(made, err)
			}
			made++
		}
	}
	wantCode(t, "the 1001st", invite(here, 90, 91), sealpost.CodeRateLimited)
	if err := invite(there, 90, 91); err != nil {
		t.Errorf("from elsewhere: %v", err)
	}
	h.advance(24*time.Hour + time.Second)
	if err := invite(here, 92, 93); err != nil {
		t.Errorf("a day later: %v", err)
	}
}
