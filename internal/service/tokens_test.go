package service_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/memstore"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func TestTokens(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, ben := h.person("Ada"), h.person("Ben")
	made, secret, err := h.CreateToken(t.Context(), ada, "key", "robot", time.Time{})
	if err != nil || !strings.HasPrefix(secret, "spt_") || made.Label != "robot" {
		t.Fatalf("made %+v, %v", made, err)
	}
	again, same, err := h.CreateToken(t.Context(), ada, "key", "robot", time.Time{})
	if err != nil || same != secret || again.ID != made.ID || again.CreatedAt != made.CreatedAt {
		t.Errorf("the replay gives another token, %v", err)
	}
	_, _, err = h.CreateToken(t.Context(), ada, "key", "another", time.Time{})
	wantCode(t, "another request under the key", err, sealpost.CodeIdempotencyConflict)
	_, others, err := h.CreateToken(t.Context(), ben, "key", "robot", time.Time{})
	if err != nil || others == secret {
		t.Errorf("two people have one secret, %v", err)
	}
	_, other, err := h.CreateToken(t.Context(), ada, "", "robot", time.Time{})
	if err != nil || other == secret {
		t.Errorf("two tokens have one secret, %v", err)
	}

	p, err := h.Authenticate(t.Context(), secret)
	if err != nil || p.User.ID != ada.User.ID || p.Kind != service.APIToken {
		t.Errorf("authenticated as %+v, %v", p, err)
	}
	if list, err := h.Tokens(t.Context(), ada); err != nil || len(list) != 2 || list[1].ID != made.ID {
		t.Errorf("listed %+v, %v", list, err)
	}
	wantCode(t, "another's token", h.DeleteToken(t.Context(), ben, "", made.ID), sealpost.CodeNotFound)
	wantCode(t, "as a sign-in", h.EndSession(t.Context(), ada, "", made.ID), sealpost.CodeNotFound)
	if err := h.DeleteToken(t.Context(), ada, "delete", made.ID); err != nil {
		t.Fatal(err)
	}
	_, err = h.Authenticate(t.Context(), secret) // cached until just now
	wantCode(t, "deleted", err, sealpost.CodeUnauthenticated)
	if err := h.DeleteToken(t.Context(), ada, "delete", made.ID); err != nil {
		t.Errorf("the replay of a deletion: %v", err)
	}
	wantCode(t, "a second deletion", h.DeleteToken(t.Context(), ada, "", made.ID), sealpost.CodeNotFound)
	_, _, err = h.CreateToken(t.Context(), ada, "key", "robot", time.Time{})
	wantCode(t, "the replay after the deletion", err, sealpost.CodeNotFound)
}

func TestTokenExpiry(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.person("Ada")
	now := sealpost.Instant(h.now.Load()).Time()
	_, _, err := h.CreateToken(t.Context(), ada, "", "robot", now)
	wantField(t, "in the past", err, "expires_at")
	_, _, err = h.CreateToken(t.Context(), ada, "", "", time.Time{})
	wantField(t, "no name", err, "name")
	_, secret, err := h.CreateToken(t.Context(), ada, "", "robot", now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.another().Authenticate(t.Context(), secret); err != nil {
		t.Error(err)
	}
	h.advance(time.Hour)
	_, err = h.another().Authenticate(t.Context(), secret)
	wantCode(t, "expired", err, sealpost.CodeUnauthenticated)
}

func TestTokensAreBounded(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.person("Ada")
	for range 200 {
		if _, _, err := h.CreateToken(t.Context(), ada, "", "robot", time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	_, _, err := h.CreateToken(t.Context(), ada, "", "robot", time.Time{})
	wantCode(t, "one too many", err, sealpost.CodeForbidden)
}

func TestTokenFor(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.person("Ada")
	secret, err := h.TokenFor(t.Context(), "Ada@example.org", "operator")
	if err != nil {
		t.Fatal(err)
	}
	if p, err := h.Authenticate(t.Context(), secret); err != nil || p.User.ID != ada.User.ID {
		t.Errorf("authenticated as %v, %v", p.User.ID, err)
	}
	if entry := h.lastAudit("token.create"); !entry.Actor.IsZero() || entry.Subject != ada.User.ID {
		t.Errorf("audited as %+v", entry)
	}
	_, err = h.TokenFor(t.Context(), "nobody@example.org", "operator")
	wantCode(t, "nobody", err, sealpost.CodeNotFound)
}

func TestEndSession(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, ben := h.person("Ada"), h.person("Ben")
	var in [2]service.SignedIn
	for i := range in {
		var err error
		if in[i], err = h.SignIn(t.Context(), ada.User.Email, "password of Ada", "Browser"); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Authenticate(t.Context(), in[i].Token); err != nil {
			t.Fatal(err)
		}
	}
	wantCode(t, "another's session", h.EndSession(t.Context(), ben, "", in[0].Session.ID), sealpost.CodeNotFound)
	if err := h.EndSession(t.Context(), ada, "", in[0].Session.ID); err != nil {
		t.Fatal(err)
	}
	_, err := h.Authenticate(t.Context(), in[0].Token)
	wantCode(t, "ended", err, sealpost.CodeUnauthenticated)
	p, err := h.Authenticate(t.Context(), in[1].Token)
	if err != nil {
		t.Fatalf("the other session: %v", err)
	}
	for range 2 { // the second time it has ended already
		if err := h.SignOut(t.Context(), p); err != nil {
			t.Error(err)
		}
	}
	_, err = h.Authenticate(t.Context(), in[1].Token)
	wantCode(t, "signed out", err, sealpost.CodeUnauthenticated)
}

// Clients that repeat a request without waiting for the answer get one token.
func TestCreateTokenAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.person("Ada")
	var all sync.WaitGroup
	var secrets [16]string
	for i := range secrets {
		all.Go(func() {
			var err error
			if _, secrets[i], err = h.CreateToken(t.Context(), ada, "key", "robot", time.Time{}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for _, secret := range secrets {
		if secret != secrets[0] {
			t.Error("one key gave two secrets")
		}
	}
	if list, err := h.Tokens(t.Context(), ada); err != nil || len(list) != 1 {
		t.Errorf("%d tokens, %v", len(list), err)
	}
}

// A revocation whose answer was lost may have happened: the secret must not go on
// working from the cache.
func TestEndSessionWithUnknownOutcome(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	in, err := h.SignIn(t.Context(), h.person("Ada").User.Email, "password of Ada", "")
	if err != nil {
		t.Fatal(err)
	}
	p, err := h.Authenticate(t.Context(), in.Token)
	if err != nil {
		t.Fatal(err)
	}
	end := h.failing("Amend", memstore.FailAfter)
	wantCode(t, "the lost answer", h.EndSession(t.Context(), p, "key", in.Session.ID), sealpost.CodeUnavailable)
	end()
	_, err = h.Authenticate(t.Context(), in.Token)
	wantCode(t, "afterwards", err, sealpost.CodeUnauthenticated)
	if err := h.EndSession(t.Context(), p, "key", in.Session.ID); err != nil { // R11
		t.Errorf("the retry: %v", err)
	}
}

// A database that does not answer must not read as a token that is not valid, nor
// as one that is.
func TestAuthenticateWithoutDatabase(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	secret, err := h.TokenFor(t.Context(), h.person("Ada").User.Email, "robot")
	if err != nil {
		t.Fatal(err)
	}
	end := h.failing("SessionByHash", memstore.FailBefore)
	_, err = h.Authenticate(t.Context(), secret)
	wantCode(t, "without database", err, sealpost.CodeUnavailable)
	end()
	if _, err = h.Authenticate(t.Context(), secret); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// A token makes none that outlives it.
func TestTokensOfTokens(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.person("Ada")
	now := sealpost.Instant(h.now.Load())
	_, secret, err := h.CreateToken(t.Context(), ada, "", "first", now.Add(time.Hour).Time())
	if err != nil {
		t.Fatal(err)
	}
	first, err := h.Authenticate(t.Context(), secret)
	if err != nil {
		t.Fatal(err)
	}
	made, _, err := h.CreateToken(t.Context(), first, "", "second", time.Time{})
	if err != nil || made.ExpiresAt != now.Add(time.Hour) {
		t.Errorf("without an end of its own: %v, %v", made.ExpiresAt, err)
	}
	_, _, err = h.CreateToken(t.Context(), first, "", "third", now.Add(2*time.Hour).Time())
	wantField(t, "with a later end", err, "expires_at")
	if made, _, err = h.CreateToken(t.Context(), first, "", "fourth", now.Add(time.Minute).Time()); err != nil || made.ExpiresAt != now.Add(time.Minute) {
		t.Errorf("with an earlier end: %v, %v", made.ExpiresAt, err)
	}
	if made, _, err = h.CreateToken(t.Context(), ada, "", "fifth", time.Time{}); err != nil || made.ExpiresAt != 0 {
		t.Errorf("of a sign-in: %v, %v", made.ExpiresAt, err)
	}
}
