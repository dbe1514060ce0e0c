package service_test

import (
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func TestInvited(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	root, deputy, ada := h.person("Root", sealpost.RoleAdmin), h.person("Deputy", sealpost.RoleAdmin), h.person("Ada")
	bare := h.invite(root, service.NewInvite{Life: time.Hour})
	full := h.invite(root, service.NewInvite{Email: "grace@example.org", Name: "Grace"})
	hers := h.invite(root, service.NewInvite{Account: ada.User.ID})
	vouched := h.invite(deputy, service.NewInvite{Email: "eve@example.org"})
	for what, c := range map[string]struct {
		secret string
		want   service.Invited
	}{
		"nothing known": {bare, service.Invited{}},
		"all known":     {full, service.Invited{Name: "Grace", Email: "grace@example.org"}},
		"an account":    {hers, service.Invited{Name: "Ada", Email: "ada@example.org", Account: true}},
		"by a deputy":   {vouched, service.Invited{Email: "eve@example.org"}},
	} {
		for range 2 { // looking uses nothing up
			if got, err := h.Invited(t.Context(), c.secret); err != nil || got != c.want {
				t.Errorf("%s: %+v, %v", what, got, err)
			}
		}
	}

	roles := []sealpost.Role{}
	if _, err := h.EditAccount(t.Context(), root, "", deputy.User.ID, service.AccountEdit{Roles: &roles, Reason: "left"}); err != nil {
		t.Fatal(err)
	}
	disabled := true
	if _, err := h.EditAccount(t.Context(), root, "", ada.User.ID, service.AccountEdit{Disabled: &disabled, Reason: "left"}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Join(t.Context(), "", service.Joining{Token: full, Password: "some password"}); err != nil {
		t.Fatal(err)
	}
	h.advance(time.Hour)
	for what, secret := range map[string]string{
		"used": full, "expired": bare, "of a closed account": hers, "of somebody who is no administrator any more": vouched, "made up": "spi_guess", "none": "",
	} {
		_, err := h.Invited(t.Context(), secret)
		wantCode(t, what, err, sealpost.CodeNotFound)
	}
}

// Looking is a guess as using is: both count together, and only what fails does.
func TestInvitedIsLimited(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	secret := h.invite(h.person("Root", sealpost.RoleAdmin), service.NewInvite{Email: "ada@example.org", Name: "Ada"})
	ctx := from(t, "192.0.2.1")
	for range 50 {
		_, err := h.Invited(ctx, "spi_guess")
		wantCode(t, "a guess", err, sealpost.CodeNotFound)
		_, err = h.Join(ctx, "", service.Joining{Token: "spi_guess", Password: "some password"})
		wantCode(t, "a guess by using it", err, sealpost.CodeNotFound)
		if _, err := h.Invited(from(t, "192.0.2.2"), secret); err != nil {
			t.Fatalf("what is right counts: %v", err)
		}
	}
	for _, token := range []string{"spi_guess", secret} {
		_, err := h.Invited(ctx, token)
		wantCode(t, "one more", err, sealpost.CodeRateLimited)
	}
}

func TestInviteLinks(t *testing.T) {
	t.Parallel()
	if got := service.InviteLink("https://post.example.org/", "spi_x-_y"); got != "https://post.example.org/join#spi_x-_y" {
		t.Error(got)
	}
	for text, want := range map[string][2]string{
		"spi_x-_y": {"", "spi_x-_y"},
		" https://post.example.org/join#spi_x-_y\n": {"https://post.example.org", "spi_x-_y"},
		"https://post.example.org/join/spi_x-_y":    {"https://post.example.org", "spi_x-_y"},
		"http://localhost:8080/at/join#spi_x":       {"http://localhost:8080/at", "spi_x"},
		"https://post.example.org":                  {"https://post.example.org", ""},
		"":                                          {"", ""},
	} {
		if server, secret := service.InviteSecret(text); server != want[0] || secret != want[1] {
			t.Errorf("%q: %q, %q", text, server, secret)
		}
	}
}
