package webui_test

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
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

// What is typed for the end of a token is an end or a mistake, never "without end".
func TestTokenDays(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	maya := o.writer("Maya Okafor")
	made := func() []service.Session {
		t.Helper()
		all, err := o.Tokens(t.Context(), maya.Principal)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	post := func(days string) sheet {
		t.Helper()
		form := maya.get("/settings/account").hidden("/settings/tokens")
		form["scope"] = []string{"open"}
		return maya.post("/settings/tokens", with(form, "token-name", "backup & more", "days", days))
	}
	for _, days := range []string{"abc", "99999999999", "-1", "4000", "3651", "1.5", ""} {
		s := post(days).want(http.StatusUnprocessableEntity).only(`id="tokens"`, "</section>").want(http.StatusUnprocessableEntity, `role="alert"`, `href="#days"`, "<details open")
		for id, want := range map[string]bool{"days": true, "token-name": false} {
			field := regexp.MustCompile(`<input id="` + id + `"[^>]*>`).FindString(s.html)
			if strings.Contains(field, `aria-invalid="true"`) != want {
				t.Errorf("%q days: the field is %s", days, field)
			}
		}
		form := s.formOf(`action="/settings/tokens"`) // what was typed is not lost
		if form.Get("token-name") != "backup & more" || form.Get("days") != days || !slices.Equal(form["scope"], []string{"open"}) {
			t.Errorf("%q days: the form has %v", days, form)
		}
		if got := made(); len(got) != 0 {
			t.Fatalf("%q days make %+v", days, got)
		}
	}
	post("0").want(http.StatusOK, "backup &amp; more", "does not expire")
	if got := made(); len(got) != 1 || got[0].ExpiresAt != 0 {
		t.Errorf("0 days make %+v", got)
	}
	post("3650").want(http.StatusOK)
	if got := made(); len(got) != 2 || got[0].ExpiresAt.Time().Before(time.Now().AddDate(9, 11, 0)) {
		t.Errorf("3650 days make %+v", got)
	}
	form := maya.get("/settings/account").hidden("/settings/tokens")
	s := maya.post("/settings/tokens", with(form, "token-name", " ", "days", "1")).want(http.StatusUnprocessableEntity, `href="#token-name"`)
	if field := regexp.MustCompile(`<input id="token-name"[^>]*>`).FindString(s.html); !strings.Contains(field, `aria-invalid="true"`) {
		t.Errorf("without a name: the field is %s", field)
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
