package webui_test

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
	"github.com/sealpost/sealpost/internal/webui"
)

// reply is an answer without its body.
type reply struct {
	StatusCode int
	Header     http.Header
}

// raw makes one request as it is given, and follows nothing.
func (o *office) raw(method, path, token, body string, headers ...string) (reply, string) {
	o.t.Helper()
	r, err := http.NewRequestWithContext(o.t.Context(), method, o.server.URL+path, strings.NewReader(body))
	if err != nil {
		o.t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Cookie", api.SessionCookie+"="+token)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		o.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		o.t.Fatal(err)
	}
	return reply{answer.StatusCode, answer.Header}, string(text)
}

// nothing is a path of every route, filled in with what is not there.
func nothing(pattern string) string {
	return regexp.MustCompile(`\{[a-z]+\}`).ReplaceAllString(strings.ReplaceAll(pattern, "{$}", ""), "01890000-0000-7000-8000-000000000000")
}

// routesOf lists the routes of the pages.
func (o *office) routesOf() []webui.Route { return o.pages.Routes() }

// Nobody who is not signed in gets anything but the way to do that, on any route; and
// every answer has the headers that keep a page what it is.
func TestEveryRouteIsGuarded(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	maya := o.writer("Maya Okafor")
	for _, r := range o.routesOf() {
		path := nothing(r.Path)
		if r.Access == webui.Member {
			answer, _ := o.raw(r.Method, path, "", "")
			if to := answer.Header.Get("Location"); answer.StatusCode != http.StatusSeeOther || !strings.HasPrefix(to, "/sign-in") {
				t.Errorf("%s %s: nobody gets %d %q", r.Method, path, answer.StatusCode, to)
			}
		}
		if r.Method == http.MethodPost {
			for what, headers := range map[string][]string{
				"another site":        {"Sec-Fetch-Site", "cross-site"},
				"another origin":      {"Origin", "https://evil.example"},
				"a neighbouring site": {"Sec-Fetch-Site", "same-site"},
			} {
				if answer, _ := o.raw(r.Method, path, maya.token, "", headers...); answer.StatusCode != http.StatusForbidden {
					t.Errorf("%s %s from %s: %d", r.Method, path, what, answer.StatusCode)
				}
			}
			if answer, _ := o.raw(r.Method, path, maya.token, "{}", "Content-Type", "application/json"); answer.StatusCode != http.StatusUnsupportedMediaType {
				t.Errorf("%s %s with JSON: %d", r.Method, path, answer.StatusCode)
			}
			if answer, _ := o.raw(r.Method, path, maya.token, "body=%00"); answer.StatusCode != http.StatusBadRequest {
				t.Errorf("%s %s with a NUL byte: %d", r.Method, path, answer.StatusCode)
			}
			continue
		}
		answer, text := o.raw(r.Method, path, maya.token, "")
		if strings.HasPrefix(path, "/files/") || answer.StatusCode/100 == 3 || !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/html") {
			continue
		}
		p := answer.Header.Get("Content-Security-Policy")
		nonce := regexp.MustCompile(`'nonce-([^']+)'`).FindStringSubmatch(p)
		switch {
		case nonce == nil || strings.Contains(p, "unsafe") || !strings.Contains(p, "require-trusted-types-for 'script'"):
			t.Errorf("%s: policy %q", path, p)
		case answer.StatusCode < 300 && strings.Contains(text, "hx-get") && !strings.Contains(text, `hx-nonce="`+nonce[1]+`"`):
			t.Errorf("%s: its parts do not carry the nonce of its policy", path)
		}
		if answer.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s can be kept: %q", path, answer.Header.Get("Cache-Control"))
		}
		if strings.Contains(text, " style=") || strings.Contains(text, " onclick=") || regexp.MustCompile(`<script[^>]*>[^<]`).MatchString(text) {
			t.Errorf("%s has script or style of its own", path)
		}
	}
}

// Whoever may not know of a thing gets the page of what never was, to the byte but for
// what is new in every answer.
func TestUniformNotFound(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	maya, jonas, stranger := o.writer("Maya Okafor"), o.writer("Jonas Lindqvist"), o.writer("Erik Sand")
	talk, _, err := o.CreateConversation(t.Context(), maya.Principal, "", []sealpost.UserID{jonas.User.ID}, "Both")
	if err != nil {
		t.Fatal(err)
	}
	m, err := o.Send(t.Context(), maya.Principal, "", service.Sending{Conversation: talk.Conversation.ID, Body: "not for strangers", Kind: sealpost.KindMessage})
	if err != nil {
		t.Fatal(err)
	}
	news := regexp.MustCompile(`nonce="[^"]*"|value="[A-Z0-9]{26}"|data-since="[^"]*"|data-now="[^"]*"`)
	compared := 0
	for _, r := range o.routesOf() {
		if r.Method != http.MethodGet || !strings.Contains(r.Path, "{conversation}") {
			continue
		}
		theirs := strings.NewReplacer("{conversation}", talk.Conversation.ID.String(), "{message}", m.ID.String()).Replace(r.Path)
		a, there := o.raw(r.Method, theirs, stranger.token, "")
		b, never := o.raw(r.Method, nothing(r.Path), stranger.token, "")
		if a.StatusCode != http.StatusNotFound || b.StatusCode != http.StatusNotFound || news.ReplaceAllString(there, "") != news.ReplaceAllString(never, "") {
			t.Errorf("%s: a stranger can tell what is there (%d) from what is not (%d)", r.Path, a.StatusCode, b.StatusCode)
		}
		compared++
	}
	if compared < 8 {
		t.Errorf("only %d routes were compared", compared)
	}
}

// The way back after signing in stays on this server.
func TestSignInLeadsNowhereElse(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.writer("Maya Okafor")
	for to, want := range map[string]string{
		"/settings": "/settings", "": "/messages", "//evil.example": "/messages", "https://evil.example/": "/messages",
		`/\evil.example`: "/messages", "evil": "/messages", "/messages?filter=unread": "/messages?filter=unread",
	} {
		form := url.Values{"email": {"maya@example.org"}, "password": {"correct horse"}, "to": {to}}.Encode()
		answer, _ := o.raw(http.MethodPost, "/sign-in", "", form)
		if got := answer.Header.Get("Location"); answer.StatusCode != http.StatusSeeOther || got != want {
			t.Errorf("%q leads to %q, want %q", to, got, want)
		}
		cookie := answer.Header.Get("Set-Cookie")
		for _, part := range []string{api.SessionCookie + "=", "Path=/", "HttpOnly", "Secure", "SameSite=Lax"} {
			if !strings.Contains(cookie, part) {
				t.Errorf("the cookie lacks %s: %s", part, cookie)
			}
		}
	}
}

// Each role has its own pages of the administration, and nobody else any.
func TestAdministrationByRole(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	pages := map[string][]sealpost.Role{
		"/admin/policy": {sealpost.RoleAdmin, sealpost.RoleCompliance}, "/admin/flags": {sealpost.RoleModerator},
		"/admin/audit": {sealpost.RoleAdmin, sealpost.RoleCompliance}, "/admin/users": {sealpost.RoleAdmin},
		"/admin": {sealpost.RoleAdmin, sealpost.RoleModerator, sealpost.RoleCompliance},
	}
	for _, role := range sealpost.Roles() {
		who := o.writer(string(role)+" Person", role)
		for path, allowed := range pages {
			want := http.StatusForbidden
			for _, r := range allowed {
				if r == role {
					want = http.StatusOK
				}
			}
			if answer, _ := o.raw(http.MethodGet, path, who.token, ""); answer.StatusCode != want {
				t.Errorf("%s for %s: %d, want %d", path, role, answer.StatusCode, want)
			}
		}
	}
}
