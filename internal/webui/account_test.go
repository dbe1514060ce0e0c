package webui_test

import (
	"net/url"
	"regexp"
	"testing"

	"github.com/sealpost/sealpost/internal/sealpost"
)

func TestPassword(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	maya := o.writer("Maya Okafor")
	maya.save("/settings/account", "/settings/password", "old", "wrong", "new", "battery staple").only(`id="password"`, "</section>").want(422, `role="alert"`, `href="#old"`).lacks("battery staple")
	maya.save("/settings/account", "/settings/password", "old", "correct horse", "new", "short").only(`id="password"`, "</section>").want(422, `href="#new"`)
	maya.save("/settings/account", "/settings/password", "old", "correct horse", "new", "battery staple").only(`id="password"`, "</section>").want(200, "The password is changed")
	if _, err := o.SignIn(t.Context(), maya.User.Email, "battery staple", "test"); err != nil {
		t.Error(err)
	}
}

func TestDevices(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	maya := o.writer("Maya Okafor")
	for _, agent := range []string{"Old phone", "Old tablet"} {
		if _, err := o.SignIn(t.Context(), maya.User.Email, "correct horse", agent); err != nil {
			t.Fatal(err)
		}
	}
	s := maya.get("/settings/account").want(200, "Old phone", "Old tablet", "This device")
	row := s.only("Old phone", "</form>").html
	end := regexp.MustCompile(`/settings/sessions/[\w-]+/end`).FindString(row)
	maya.post(end, s.hidden(end)).want(200, "Signed out there.", "Old tablet").lacks("Old phone")
	other := o.writer("Jonas Lindqvist")
	maya.save("/settings/account", "/settings/sessions/end").want(200, "Signed out there.").lacks("Old tablet")
	// Somebody else's is nobody's.
	theirs, err := o.Sessions(t.Context(), other.Principal)
	if err != nil || len(theirs) == 0 {
		t.Fatal(theirs, err)
	}
	maya.post("/settings/sessions/"+theirs[0].ID.String()+"/end", url.Values{"key": {"k"}}).want(404)
}

func TestTokens(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	maya := o.writer("Maya Okafor")
	form := maya.get("/settings/account").hidden("/settings/tokens")
	form["scope"] = []string{"read", "open"}
	made := maya.post("/settings/tokens", with(form, "token-name", "backup script", "days", "7")).want(200, "It is shown this once.", "backup script", "Open messages")
	secret := made.only(`id="fresh-token">`, "</code>").html
	p, err := o.Authenticate(t.Context(), secret)
	if err != nil || p.User.ID != maya.User.ID {
		t.Fatalf("the token is %v, %v", p.User.Name, err)
	}
	again := maya.get("/settings/account").want(200, "backup script").lacks(secret)
	del := regexp.MustCompile(`/settings/tokens/[\w-]+/delete`).FindString(again.html)
	maya.post(del, again.hidden(del)).want(200, "The token is deleted.").lacks("backup script")
	if _, err := o.Authenticate(t.Context(), secret); sealpost.CodeOf(err) != sealpost.CodeUnauthenticated {
		t.Errorf("the deleted token is good for %v", err)
	}
}

func TestErasingOneself(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	maya := o.writer("Maya Okafor")
	s := maya.get("/settings/account").want(200, "Copies under legal hold are kept.", `href="/api/v1/me/export"`)
	maya.post("/settings/erase", with(s.hidden("/settings/erase"), "password", "correct horse")).want(422, `href="#sure"`)
	maya.save("/settings/account", "/settings/erase", "sure", "on", "password", "wrong").want(422, `href="#erase-password"`)
	if _, err := o.SignIn(t.Context(), maya.User.Email, "correct horse", "test"); err != nil {
		t.Fatalf("after refusals: %v", err)
	}
	maya.save("/settings/account", "/settings/erase", "sure", "on", "password", "correct horse").want(200, "Your account is deleted.", "Sign in to")
	if _, err := o.SignIn(t.Context(), maya.User.Email, "correct horse", "test"); sealpost.CodeOf(err) != sealpost.CodeUnauthenticated {
		t.Errorf("signing in afterwards: %v", err)
	}
}
