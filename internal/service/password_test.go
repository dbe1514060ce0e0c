package service_test

import (
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/memstore"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// signIn is a new session with its principal.
func (h *house) signIn(name, password string) (service.Principal, string) {
	h.t.Helper()
	in, err := h.SignIn(h.t.Context(), name, password, "")
	if err != nil {
		h.t.Fatal(err)
	}
	p, err := h.Authenticate(h.t.Context(), in.Token)
	if err != nil {
		h.t.Fatal(err)
	}
	return p, in.Token
}

func (h *house) signedIn(what, token string, want bool) {
	h.t.Helper()
	_, err := h.Authenticate(h.t.Context(), token)
	if (err == nil) != want {
		h.t.Errorf("%s: signed in %v (%v), want %v", what, err == nil, err, want)
	}
}

// A changed password ends every other sign-in and no token, and the retry of a lost
// answer is a success although the old password is no longer right (R11).
func TestChangePassword(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.person("Ada")
	email := "ada@example.org"
	here, hereToken := h.signIn(email, "password of Ada")
	_, there := h.signIn(email, "password of Ada")
	_, robot, err := h.CreateToken(t.Context(), here, "", "robot", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	wantField(t, "short", h.ChangePassword(t.Context(), here, "", "password of Ada", "short"), "new")
	wantField(t, "wrong", h.ChangePassword(t.Context(), here, "", "password of Eve", "a new password"), "old")

	end := h.failing("Amend", memstore.FailAfter)
	wantCode(t, "the lost answer", h.ChangePassword(t.Context(), here, "key", "password of Ada", "a new password"), sealpost.CodeUnavailable)
	end()
	if err := h.ChangePassword(t.Context(), here, "key", "password of Ada", "a new password"); err != nil {
		t.Errorf("the retry: %v", err)
	}
	wantCode(t, "another under the key", h.ChangePassword(t.Context(), here, "key", "a new password", "a third password"), sealpost.CodeIdempotencyConflict)
	h.signedIn("here", hereToken, true)
	h.signedIn("elsewhere", there, false)
	h.signedIn("the token", robot, true)
	if entry := h.lastAudit("password.change"); entry.Actor != here.User.ID || entry.Detail != "" {
		t.Errorf("audited as %+v", entry)
	}
	h.signIn(email, "a new password")
}

// Guessing the old password is limited as signing in is, and together with it.
func TestChangePasswordIsLimited(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.person("Ada")
	p, _ := h.signIn("ada@example.org", "password of Ada")
	for range 5 {
		wantField(t, "wrong", h.ChangePassword(t.Context(), p, "", "wrong", "a new password"), "old")
		wantField(t, "wrong", h.EraseMe(t.Context(), p, "", "wrong"), "password")
	}
	before := h.passwords.checks.Load()
	wantCode(t, "one more", h.ChangePassword(t.Context(), p, "", "password of Ada", "a new password"), sealpost.CodeRateLimited)
	wantCode(t, "one more", h.EraseMe(t.Context(), p, "", "password of Ada"), sealpost.CodeRateLimited)
	wantCode(t, "one more", h.wrong(t.Context(), "ada@example.org"), sealpost.CodeRateLimited)
	if h.passwords.checks.Load() != before {
		t.Error("a password was hashed although the limit was reached")
	}
}

// A session that begins while the password is being changed does not outlive it.
func TestSignInDuringChange(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.person("Ada")
	h.passwords.during = func() {
		h.passwords.during = nil
		if err := h.SetPassword(t.Context(), "ada@example.org", "a new password"); err != nil {
			t.Error(err)
		}
	}
	_, err := h.SignIn(t.Context(), "ada@example.org", "password of Ada", "")
	wantCode(t, "with the old one", err, sealpost.CodeUnauthenticated)
}

func TestEndSessions(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.person("Ada")
	here, hereToken := h.signIn("ada@example.org", "password of Ada")
	_, there := h.signIn("ada@example.org", "password of Ada")
	robot, err := h.TokenFor(t.Context(), "ada@example.org", "robot")
	if err != nil {
		t.Fatal(err)
	}
	if err := h.EndSessions(t.Context(), here, "key", false); err != nil {
		t.Fatal(err)
	}
	h.signedIn("here", hereToken, true)
	h.signedIn("elsewhere", there, false)
	_, there = h.signIn("ada@example.org", "password of Ada")
	if err := h.EndSessions(t.Context(), here, "key", false); err != nil { // a replay ends nothing again
		t.Fatal(err)
	}
	h.signedIn("elsewhere, anew", there, true)
	if err := h.EndSessions(t.Context(), here, "", true); err != nil {
		t.Fatal(err)
	}
	h.signedIn("here", hereToken, false)
	h.signedIn("elsewhere", there, false)
	h.signedIn("the token", robot, true)
}

// A token is good for its scopes and makes none that is good for more.
func TestTokenScopes(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.person("Ada")
	_, secret, err := h.CreateToken(t.Context(), ada, "", "robot", time.Time{}, sealpost.ScopeAccount, sealpost.ScopeRead, sealpost.ScopeRead)
	if err != nil {
		t.Fatal(err)
	}
	p, err := h.Authenticate(t.Context(), secret)
	if err != nil || !p.May(sealpost.ScopeRead) || !p.May(sealpost.ScopeAccount) || p.May(sealpost.ScopeOpen) || p.May("") {
		t.Errorf("may %v, %v", p.Scopes, err)
	}
	_, _, err = h.CreateToken(t.Context(), p, "", "more", time.Time{}, sealpost.ScopeRead, sealpost.ScopeAdmin)
	wantCode(t, "more than its own", err, sealpost.CodeForbidden)
	made, _, err := h.CreateToken(t.Context(), p, "", "as much", time.Time{})
	if err != nil || len(made.Scopes) != 2 {
		t.Errorf("without scopes it has %v, %v", made.Scopes, err)
	}
	_, _, err = h.CreateToken(t.Context(), ada, "", "robot", time.Time{}, "root")
	wantField(t, "no such scope", err, "scopes")
	_, err = h.TokenUntil(t.Context(), "ada@example.org", "robot", time.Hour, "root")
	wantField(t, "no such scope", err, "scopes")
	soon, err := h.TokenUntil(t.Context(), "ada@example.org", "robot", time.Hour, sealpost.ScopeOpen)
	if err != nil {
		t.Fatal(err)
	}
	h.signedIn("within the hour", soon, true)
	h.advance(time.Hour)
	_, err = h.another().Authenticate(t.Context(), soon)
	wantCode(t, "after the hour", err, sealpost.CodeUnauthenticated)
}
