package service_test

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/memstore"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func (h *house) invite(admin service.Principal, in service.NewInvite) string {
	h.t.Helper()
	_, secret, err := h.CreateInvite(h.t.Context(), admin, "", in)
	if err != nil {
		h.t.Fatal(err)
	}
	return secret
}

func TestInviteMakesAnAccount(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.person("Root", sealpost.RoleAdmin)
	secret := h.invite(admin, service.NewInvite{Email: "ada@example.org", Name: "Ada", Roles: []sealpost.Role{sealpost.RoleNotices}})
	if !strings.HasPrefix(secret, "spi_") || strings.Contains(h.lastAudit("invite.create").Detail, secret) {
		t.Error("the secret is not one, or is in the audit log")
	}
	in, err := h.Join(t.Context(), "", service.Joining{Token: secret, Password: "password of Ada", TimeZone: "Europe/London"})
	if err != nil {
		t.Fatal(err)
	}
	u := in.User
	if u.Email != "ada@example.org" || u.Name != "Ada" || !u.Has(sealpost.RoleNotices) || u.Has(sealpost.RoleAdmin) || u.TimeZone != "Europe/London" {
		t.Errorf("made %+v", u)
	}
	h.signedIn("at once", in.Token, true)
	h.signIn("ada@example.org", "password of Ada")
	if entry := h.lastAudit("invite.use"); !strings.Contains(entry.Detail, u.ID.String()) {
		t.Errorf("audited as %+v", entry)
	}
}

// Unknown, used, expired and withdrawn links, and those of somebody who is no
// administrator any more, are told from one another by nothing.
func TestUselessInvites(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	root, admin := h.person("Root", sealpost.RoleAdmin), h.person("Admin", sealpost.RoleAdmin)
	made := map[string]string{"unknown": "spi_" + strings.Repeat("A", 43), "nothing": "", "not of them": "ada"}
	made["used"] = h.invite(root, service.NewInvite{Email: "ada@example.org", Name: "Ada"})
	if _, err := h.Join(t.Context(), "", service.Joining{Token: made["used"], Password: "password of Ada"}); err != nil {
		t.Fatal(err)
	}
	made["of nobody"] = h.invite(admin, service.NewInvite{Email: "eve@example.org", Name: "Eve", Roles: []sealpost.Role{sealpost.RoleAdmin}})
	closed := true
	if _, err := h.EditAccount(t.Context(), root, "", admin.User.ID, service.AccountEdit{Disabled: &closed, Reason: "gone"}); err != nil {
		t.Fatal(err)
	}
	v, secret, err := h.CreateInvite(t.Context(), root, "", service.NewInvite{Email: "ben@example.org", Name: "Ben"})
	if err != nil {
		t.Fatal(err)
	}
	made["withdrawn"] = secret
	if err := h.WithdrawInvite(t.Context(), root, "", v.ID); err != nil {
		t.Fatal(err)
	}
	wantCode(t, "withdrawn twice", h.WithdrawInvite(t.Context(), root, "", v.ID), sealpost.CodeNotFound)
	made["expired"] = h.invite(root, service.NewInvite{Email: "ben@example.org", Name: "Ben", Life: time.Hour})
	h.advance(time.Hour)
	want := sealpost.NotFound().Error()
	for name, secret := range made {
		for _, key := range []string{"", "key"} {
			_, err := h.Join(t.Context(), key, service.Joining{Token: secret, Email: "x@example.org", Name: "X", Password: "some password"})
			if err == nil || err.Error() != want {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if list, _, err := h.Invites(t.Context(), root, "", 0); err != nil || len(list) != 0 {
		t.Errorf("%d links are left, %v", len(list), err)
	}
}

// F2: one of many who use a link at once gets the account, and one key gives one.
func TestInviteWorksOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.person("Root", sealpost.RoleAdmin)
	secret := h.invite(admin, service.NewInvite{Name: "Ada"})
	var all sync.WaitGroup
	var won atomic.Int64
	for i := range 64 {
		all.Go(func() {
			email := string(rune('a'+i%26)) + strings.Repeat("x", i/26) + "@example.org"
			switch _, err := h.Join(t.Context(), "", service.Joining{Token: secret, Email: email, Password: "some password"}); sealpost.CodeOf(err) {
			case "":
				won.Add(1)
			case sealpost.CodeNotFound:
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 {
		t.Errorf("%d accounts of one link", won.Load())
	}
}

// R11: the retry of a use whose answer was lost is signed in to the account that it
// made; two people with one key have nothing to do with each other.
func TestJoinReplays(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.person("Root", sealpost.RoleAdmin)
	ada := service.Joining{Token: h.invite(admin, service.NewInvite{Email: "ada@example.org", Name: "Ada"}), Password: "password of Ada"}
	ben := service.Joining{Token: h.invite(admin, service.NewInvite{Email: "ben@example.org", Name: "Ben"}), Password: "password of Ben"}
	end := h.failing("Amend", memstore.FailAfter)
	_, err := h.Join(t.Context(), "key", ada)
	wantCode(t, "the lost answer", err, sealpost.CodeUnavailable)
	end()
	first, err := h.Join(t.Context(), "key", ada)
	if err != nil || first.User.Email != "ada@example.org" {
		t.Fatalf("the retry: %+v, %v", first.User, err)
	}
	h.signedIn("after the retry", first.Token, true)
	second, err := h.Join(t.Context(), "key", ben)
	if err != nil || second.User.Email != "ben@example.org" || second.Token == first.Token {
		t.Errorf("another person with the key: %+v, %v", second.User, err)
	}
	ada.Password = "another password"
	_, err = h.Join(t.Context(), "key", ada)
	wantCode(t, "another request under the key", err, sealpost.CodeIdempotencyConflict)
}

// A link for an account that exists sets its password, ends its sign-ins and makes
// nobody an administrator.
func TestInviteForAnAccount(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin, ada := h.person("Root", sealpost.RoleAdmin), h.person("Ada")
	_, before := h.signIn("ada@example.org", "password of Ada")
	_, _, err := h.CreateInvite(t.Context(), admin, "", service.NewInvite{Account: ada.User.ID, Roles: []sealpost.Role{sealpost.RoleAdmin}})
	wantField(t, "with roles", err, "roles")
	_, _, err = h.CreateInvite(t.Context(), admin, "", service.NewInvite{Account: sealpost.UserID{1}})
	wantField(t, "of nobody", err, "user_id")
	v, secret, err := h.InviteFor(t.Context(), service.NewInvite{Email: "ADA@example.org"})
	if err != nil || v.AccountID != ada.User.ID {
		t.Fatalf("the operator's link: %+v, %v", v, err)
	}
	_, err = h.Join(t.Context(), "", service.Joining{Token: secret, Email: "eve@example.org", Password: "a new password"})
	wantField(t, "another address", err, "email")
	in, err := h.Join(t.Context(), "", service.Joining{Token: secret, Password: "a new password"})
	if err != nil || in.User.ID != ada.User.ID || in.User.Name != "Ada" {
		t.Fatalf("joined as %+v, %v", in.User, err)
	}
	h.signedIn("from before", before, false)
	h.signIn("ada@example.org", "a new password")
}

func TestCreateInviteReplays(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.person("Root", sealpost.RoleAdmin)
	in := service.NewInvite{Email: "ada@example.org"}
	v, secret, err := h.CreateInvite(t.Context(), admin, "key", in)
	if err != nil {
		t.Fatal(err)
	}
	again, same, err := h.CreateInvite(t.Context(), admin, "key", in)
	if err != nil || same != secret || again.ID != v.ID || again.ExpiresAt != v.ExpiresAt {
		t.Errorf("the replay gives another link, %v", err)
	}
	for _, life := range []time.Duration{time.Minute, 31 * 24 * time.Hour, -1} {
		_, _, err = h.CreateInvite(t.Context(), admin, "", service.NewInvite{Life: life})
		wantField(t, "its length", err, "expires_in")
	}
	_, _, err = h.CreateInvite(t.Context(), h.person("Ada"), "", in)
	wantCode(t, "a member", err, sealpost.CodeForbidden)
}

func TestJoinIsLimited(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.person("Root", sealpost.RoleAdmin)
	secret := h.invite(admin, service.NewInvite{Email: "ada@example.org", Name: "Ada"})
	ctx := from(t, "192.0.2.1")
	for range 100 {
		_, err := h.Join(ctx, "", service.Joining{Token: "spi_guess", Password: "some password"})
		wantCode(t, "a guess", err, sealpost.CodeNotFound)
	}
	for _, token := range []string{"spi_guess", secret} {
		_, err := h.Join(ctx, "", service.Joining{Token: token, Password: "some password"})
		wantCode(t, "one more", err, sealpost.CodeRateLimited)
	}
	if _, err := h.Join(from(t, "192.0.2.2"), "", service.Joining{Token: secret, Password: "some password"}); err != nil {
		t.Errorf("from elsewhere: %v", err)
	}
}

// An open link is no way of asking who has an account: what it is refused for counts.
func TestTakenAddressesAreLimited(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.person("Root", sealpost.RoleAdmin)
	h.person("Ada")
	secret := h.invite(admin, service.NewInvite{Name: "Ben"})
	join := func(from context.Context, email string) error {
		_, err := h.Join(from, "", service.Joining{Token: secret, Email: email, Password: "some password"})
		return err
	}
	here := from(t, "192.0.2.1")
	for range 100 {
		wantField(t, "a taken address", join(here, "ada@example.org"), "email")
	}
	for _, email := range []string{"ada@example.org", "ben@example.org"} {
		wantCode(t, "one more", join(here, email), sealpost.CodeRateLimited)
	}
	if err := join(from(t, "192.0.2.2"), "ben@example.org"); err != nil {
		t.Errorf("from elsewhere: %v", err)
	}
}

// A new password is the only way in: links that would set another end with the one
// before, however it was changed.
func TestPasswordEndsLinks(t *testing.T) {
	t.Parallel()
	const next = "a new password"
	for name, change := range map[string]func(h *house, admin, ada service.Principal) error{
		"by oneself": func(h *house, _, ada service.Principal) error {
			return h.ChangePassword(h.t.Context(), ada, "", "password of Ada", next)
		},
		"by the operator": func(h *house, _, _ service.Principal) error {
			return h.SetPassword(h.t.Context(), "ada@example.org", next)
		},
		"by another link": func(h *house, admin, ada service.Principal) error {
			secret := h.invite(admin, service.NewInvite{Account: ada.User.ID})
			_, err := h.Join(h.t.Context(), "", service.Joining{Token: secret, Password: next})
			return err
		},
	} {
		h := newHouse(t)
		admin, ada, ben := h.person("Root", sealpost.RoleAdmin), h.person("Ada"), h.person("Ben")
		made := h.invite(admin, service.NewInvite{Account: ada.User.ID})
		_, operators, err := h.InviteFor(t.Context(), service.NewInvite{Email: "ada@example.org"})
		if err != nil {
			t.Fatal(err)
		}
		others := []string{h.invite(admin, service.NewInvite{Account: ben.User.ID}), h.invite(admin, service.NewInvite{Email: "new@example.org", Name: "New"})}
		wantField(t, name+", refused", h.ChangePassword(t.Context(), ada, "", "wrong", next), "old")
		if all, _, err := h.Invites(t.Context(), admin, "", 0); err != nil || len(all) != 4 {
			t.Fatalf("%s: %d links before, %v", name, len(all), err)
		}
		if err := change(h, admin, ada); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, secret := range []string{made, operators} {
			_, err := h.Join(t.Context(), "", service.Joining{Token: secret, Password: "password of Eve"})
			wantCode(t, name+": a link of before", err, sealpost.CodeNotFound)
		}
		h.signIn("ada@example.org", next)
		for _, secret := range others {
			if _, err := h.Join(t.Context(), "", service.Joining{Token: secret, Password: "some password"}); err != nil {
				t.Errorf("%s: a link of somebody else's: %v", name, err)
			}
		}
	}
}

// A link for somebody who has an account already could never be used.
func TestInviteOfAnAccount(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	root := h.person("Root", sealpost.RoleAdmin)
	h.person("Ada")
	_, _, err := h.CreateInvite(t.Context(), root, "", service.NewInvite{Email: "ADA@example.org"})
	wantField(t, "an address that is taken", err, "email")
}
