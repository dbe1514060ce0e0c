package service_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func TestSignIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.person("Ada", sealpost.RoleAdmin)
	in, err := h.SignIn(t.Context(), "ADA@example.org", "password of Ada", "Browser\x00\u202e 1")
	if err != nil {
		t.Fatal(err)
	}
	if in.User.ID != ada.User.ID || in.Session.Label != "Browser 1" || !strings.HasPrefix(in.Token, "sps_") {
		t.Errorf("signed in as %+v", in.Session)
	}
	p, err := h.Authenticate(t.Context(), in.Token)
	if err != nil || p.User.ID != ada.User.ID || p.Session != in.Session.ID || p.Kind != service.SignIn || !p.User.Has(sealpost.RoleAdmin) {
		t.Errorf("authenticated as %+v, %v", p, err)
	}
	if entry := h.lastAudit("session.begin"); entry.Actor != ada.User.ID || strings.Contains(entry.Detail, in.Token) {
		t.Errorf("audited as %+v", entry)
	}
	h.advance(30*24*time.Hour + time.Second)
	_, err = h.another().Authenticate(t.Context(), in.Token)
	wantCode(t, "after 30 days", err, sealpost.CodeUnauthenticated)
}

// The operator signs somebody in without a password, and only where the account is open.
func TestSignInFor(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin, ada := h.person("Root", sealpost.RoleAdmin), h.person("Ada")
	in, err := h.SignInFor(t.Context(), "ADA@example.org", "demo")
	if err != nil || in.User.ID != ada.User.ID || in.Session.ExpiresAt != in.Session.CreatedAt.Add(30*24*time.Hour) {
		t.Fatalf("signed in as %+v, %v", in, err)
	}
	p, err := h.Authenticate(t.Context(), in.Token)
	if err != nil || p.Kind != service.SignIn || p.Session != in.Session.ID {
		t.Errorf("authenticated as %+v, %v", p, err)
	}
	if entry := h.lastAudit("session.begin"); !entry.Actor.IsZero() || entry.Subject != ada.User.ID {
		t.Errorf("audited as %+v", entry)
	}
	_, err = h.SignInFor(t.Context(), "nobody@example.org", "demo")
	wantCode(t, "nobody", err, sealpost.CodeNotFound)
	if err := h.disable(admin, ada.User.ID, true); err != nil {
		t.Fatal(err)
	}
	_, err = h.SignInFor(t.Context(), "ada@example.org", "demo")
	wantCode(t, "a closed account", err, sealpost.CodeForbidden)
}

// Nothing tells whether an address has an account: the same error, the same work.
func TestSignInRefusesAlike(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.person("Ada")
	if _, err := h.AddUser(t.Context(), "", service.NewUser{Email: "bot@example.org", Name: "Bot"}); err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, c := range [][2]string{
		{"ada@example.org", "wrong"}, {"ada@example.org", ""}, {"nobody@example.org", "password of Ada"}, {"bot@example.org", ""}, {"", ""},
	} {
		before := h.passwords.checks.Load()
		_, err := h.SignIn(t.Context(), c[0], c[1], "")
		wantCode(t, c[0], err, sealpost.CodeUnauthenticated)
		if h.passwords.checks.Load() != before+1 {
			t.Errorf("%q: the password was not checked once", c[0])
		}
		texts = append(texts, err.Error())
	}
	for _, text := range texts {
		if text != texts[0] {
			t.Errorf("refusals differ: %q and %q", text, texts[0])
		}
	}
	_, err := h.SignIn(t.Context(), "ada@example.org", strings.Repeat("x", 1025), "")
	wantField(t, "long password", err, "password")
	_, err = h.SignIn(t.Context(), "a\x00b", "x", "")
	wantField(t, "NUL in the address", err, "email")
}

// One person has at most 200 sign-ins; the oldest makes room.
func TestSignInsAreBounded(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.person("Ada")
	var first service.SignedIn
	for i := range 201 {
		in, err := h.SignIn(t.Context(), ada.User.Email, "password of Ada", "")
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = in
		}
	}
	open, err := h.Sessions(t.Context(), ada)
	if err != nil || len(open) != 200 {
		t.Errorf("%d sign-ins, %v", len(open), err)
	}
	_, err = h.Authenticate(t.Context(), first.Token)
	wantCode(t, "the oldest", err, sealpost.CodeUnauthenticated)
}

func TestAuthenticateRefuses(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, token := range []string{"", "spt_", "sps_" + strings.Repeat("A", 43), "spt_" + strings.Repeat("A", 44), strings.Repeat("A", 47), strings.Repeat("x", 1<<20)} {
		_, err := h.Authenticate(t.Context(), token)
		wantCode(t, "a made-up token", err, sealpost.CodeUnauthenticated)
	}
}

func TestAddUser(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	in := service.NewUser{Email: "ada@example.org", Name: " Ada ", Roles: []sealpost.Role{"admin", "member", "admin"}, Password: "password of Ada"}
	u, err := h.AddUser(t.Context(), "key", in)
	if err != nil {
		t.Fatal(err)
	}
	if u.Name != "Ada" || len(u.Roles) != 1 || !u.Has(sealpost.RoleAdmin) || !u.Receipts || u.TimeZone != "UTC" || u.CreatedAt == 0 {
		t.Errorf("added as %+v", u)
	}
	again, err := h.AddUser(t.Context(), "key", in)
	if err != nil || again.ID != u.ID {
		t.Errorf("the replay gives %v, %v", again.ID, err)
	}
	for what, change := range map[string]func(*service.NewUser){
		"name": func(u *service.NewUser) { u.Name = "Eve" }, "password": func(u *service.NewUser) { u.Password = "another password" },
		"no password": func(u *service.NewUser) { u.Password = "" },
	} {
		other := in
		change(&other)
		_, err = h.AddUser(t.Context(), "key", other)
		wantCode(t, "another "+what+" under the key", err, sealpost.CodeIdempotencyConflict)
	}
	h.signIn("ada@example.org", "password of Ada")
	_, err = h.AddUser(t.Context(), "", service.NewUser{Email: "ADA@example.org", Name: "Ada"})
	wantField(t, "taken address", err, "email")
	if entry := h.lastAudit("user.add"); !entry.Actor.IsZero() || entry.Subject != u.ID || strings.Contains(entry.Detail, "Ada") {
		t.Errorf("audited as %+v", entry)
	}
}

func TestAddUserRefuses(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for name, c := range map[string]struct {
		field  string
		change func(*service.NewUser)
	}{
		"no address":        {"email", func(u *service.NewUser) { u.Email = "" }},
		"no at":             {"email", func(u *service.NewUser) { u.Email = "ada.example.org" }},
		"address and name":  {"email", func(u *service.NewUser) { u.Email = "Ada <ada@example.org>" }},
		"long address":      {"email", func(u *service.NewUser) { u.Email = strings.Repeat("a", 251) + "@b.c" }},
		"no name":           {"name", func(u *service.NewUser) { u.Name = "  " }},
		"long name":         {"name", func(u *service.NewUser) { u.Name = strings.Repeat("ä", 101) }},
		"two lines":         {"name", func(u *service.NewUser) { u.Name = "A\nB" }},
		"NUL":               {"name", func(u *service.NewUser) { u.Name = "A\x00B" }},
		"invalid UTF-8":     {"name", func(u *service.NewUser) { u.Name = "A\xff" }},
		"turned direction":  {"name", func(u *service.NewUser) { u.Name = "A\u202eB" }},
		"unknown role":      {"roles", func(u *service.NewUser) { u.Roles = []sealpost.Role{"root"} }},
		"short password":    {"password", func(u *service.NewUser) { u.Password = "1234567" }},
		"long password":     {"password", func(u *service.NewUser) { u.Password = strings.Repeat("x", 1025) }},
		"no such zone":      {"time_zone", func(u *service.NewUser) { u.TimeZone = "Europe/Atlantis" }},
		"the server's zone": {"time_zone", func(u *service.NewUser) { u.TimeZone = "Local" }},
		"path out of zones": {"time_zone", func(u *service.NewUser) { u.TimeZone = "../passwd" }},
	} {
		u := service.NewUser{Email: "ada@example.org", Name: "Ada"}
		c.change(&u)
		_, err := h.AddUser(t.Context(), "", u)
		wantField(t, name, err, c.field)
	}
	if _, err := h.AddUser(t.Context(), "", service.NewUser{Email: "ada@example.org", Name: strings.Repeat("ä", 100)}); err != nil {
		t.Errorf("100 code points: %v", err)
	}
	_, err := h.AddUser(t.Context(), "a key", service.NewUser{Email: "eve@example.org", Name: "Eve"})
	wantField(t, "key with a blank", err, "Idempotency-Key")
	if e := new(sealpost.Error); errors.As(err, &e) && strings.Contains(e.Error(), "a key") {
		t.Error("the rejected value is in the error")
	}
}

// R27: a new account has the undo time of the policy.
func TestAddUserTakesUndoDefault(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.person("Ada", sealpost.RoleAdmin)
	p, err := h.Policy(t.Context(), admin)
	if err != nil {
		t.Fatal(err)
	}
	p.UndoDefault, p.Reason = 20*time.Second, "slow down"
	if _, err := h.PutPolicy(t.Context(), admin, "", p); err != nil {
		t.Fatal(err)
	}
	if got := h.person("Ben").User.Undo; got != 20*time.Second {
		t.Errorf("undo time %v", got)
	}
}
