package webui_test

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/memstore"
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

var news = regexp.MustCompile(`nonce="[^"]*"|value="[A-Z0-9]{26}"|data-since="[^"]*"|data-now="[^"]*"`)

// old is a page without what is new in every answer.
func old(page string) string { return news.ReplaceAllString(page, "") }

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
	compared := 0
	for _, r := range o.routesOf() {
		if r.Method != http.MethodGet || !strings.Contains(r.Path, "{conversation}") {
			continue
		}
		theirs := strings.NewReplacer("{conversation}", talk.Conversation.ID.String(), "{message}", m.ID.String()).Replace(r.Path)
		a, there := o.raw(r.Method, theirs, stranger.token, "")
		b, never := o.raw(r.Method, nothing(r.Path), stranger.token, "")
		if a.StatusCode != http.StatusNotFound || b.StatusCode != http.StatusNotFound || old(there) != old(never) {
			t.Errorf("%s: a stranger can tell what is there (%d) from what is not (%d)", r.Path, a.StatusCode, b.StatusCode)
		}
		compared++
	}
	if compared < 8 {
		t.Errorf("only %d routes were compared", compared)
	}
}

// An API token in the cookie is no sign-in, whatever it is good for: pages know no scopes.
func TestTokensAreNoSignIns(t *testing.T) {
	t.Parallel()
	maya, jonas, c := duo(t)
	c.later(time.Hour) // nobody is there any more
	sealed := c.says(maya, "for Jonas alone")
	for _, scopes := range [][]sealpost.Scope{nil, {sealpost.ScopeRead}, sealpost.Scopes()} {
		_, token, err := c.CreateToken(t.Context(), jonas.Principal, "", "robot", time.Time{}, scopes...)
		if err != nil {
			t.Fatal(err)
		}
		if p, err := c.Authenticate(t.Context(), token); err != nil || p.Kind != service.APIToken {
			t.Fatalf("the token is of kind %d, %v", p.Kind, err)
		}
		at := strings.NewReplacer("{conversation}", c.id.String(), "{message}", sealed.String(), "{user}", maya.id())
		routes := c.routesOf()
		out := slices.IndexFunc(routes, func(r webui.Route) bool { return r.Path == "/sign-out" })
		last := routes[out] // it would end the token
		for _, r := range append(slices.Delete(routes, out, out+1), last) {
			path, form := nothing(at.Replace(r.Path)), ""
			if r.Method == http.MethodPost {
				form = url.Values{"key": {"k"}, "through": {sealed.String()}, "body": {"by a robot"}, "name": {"Robot"}}.Encode()
			}
			got, page := c.raw(r.Method, path, token, form)
			want, strangers := c.raw(r.Method, path, "", form)
			if got.StatusCode != want.StatusCode || got.Header.Get("Location") != want.Header.Get("Location") || old(page) != old(strangers) {
				t.Errorf("%s %s by a token (%v): %d, a stranger gets %d", r.Method, path, scopes, got.StatusCode, want.StatusCode)
			}
		}
		answer, _ := c.raw(http.MethodGet, "/messages", token, "")
		if to := answer.Header.Get("Location"); answer.StatusCode != http.StatusSeeOther || to != "/sign-in?to=%2Fmessages" {
			t.Errorf("the list by a token (%v): %d, to %q", scopes, answer.StatusCode, to)
		}
		if _, err := c.Authenticate(t.Context(), token); err != nil {
			t.Errorf("the token (%v) is ended: %v", scopes, err)
		}
	}
	if m := c.view(jonas, sealed); m.Delivery != sealpost.DeliverySealed {
		t.Errorf("opened by a token: %+v", m)
	}
	if page, err := c.History(t.Context(), maya.Principal, c.id, sealpost.MessageID{}, 10); err != nil || len(page.Items) != 1 {
		t.Errorf("the conversation has %+v, %v", page.Items, err)
	}
	if u := jonas.fresh(); u.Name != jonas.name {
		t.Errorf("renamed %q", u.Name)
	}
	r, err := c.Recall(t.Context(), maya.Principal, "", sealed, service.Recalling{})
	if err != nil || r.Trace != "none" { // nor does it put anybody there
		t.Errorf("recalled as %+v, %v", r, err)
	}
}

// R24, R25: who was shown that something is unread was there, whatever page showed it.
func TestWhoSeesCountsIsThere(t *testing.T) {
	t.Parallel()
	for path, status := range map[string]int{"": 0, "/no-such-page": http.StatusNotFound, "/help": http.StatusOK, "/users/x": http.StatusNotFound} {
		maya, jonas, c := duo(t)
		c.later(time.Hour)
		m := c.says(maya, secretText)
		trace, level := "none", sealpost.LevelNone
		if path != "" {
			jonas.get(path).want(status, `data-badge="unread">1<`)
			trace, level = "marker", sealpost.LevelNotified
		}
		r, err := c.Recall(t.Context(), maya.Principal, "", m, service.Recalling{})
		if err != nil || r.Trace != trace || r.Recipients[0].Level != level {
			t.Errorf("after %q: %+v, %v", path, r, err)
		}
	}
}

// Who could not be noted as being there is told nothing.
func TestNoCountsForWhoIsNotThere(t *testing.T) {
	t.Parallel()
	maya, jonas, c := duo(t)
	c.later(time.Hour)
	m := c.says(maya, secretText)
	f := func(op string) memstore.Failure {
		if op == "Seen" {
			return memstore.FailBefore
		}
		return memstore.NoFailure
	}
	c.fault.Store(&f)
	for _, path := range []string{"/no-such-page", "/messages", "/help", "/sign-in"} {
		jonas.get(path).want(http.StatusServiceUnavailable).lacks("unread", "Jonas", "Maya")
	}
	c.fault.Store(nil)
	if r, err := c.Recall(t.Context(), maya.Principal, "", m, service.Recalling{}); err != nil || r.Trace != "none" {
		t.Errorf("recalled as %+v, %v", r, err)
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

// Whoever lacks a part of the administration gets nothing of it, neither its frame nor
// a name, however wrong what they ask for is.
func TestAdministrationTellsOthersNothing(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	maya := o.writer("Maya Okafor", sealpost.RoleAdmin)
	parts := map[string][]sealpost.Role{
		"policy": {sealpost.RoleAdmin, sealpost.RoleCompliance}, "flags": {sealpost.RoleModerator},
		"audit": {sealpost.RoleAdmin, sealpost.RoleCompliance}, "users": {sealpost.RoleAdmin}, "invites": {sealpost.RoleAdmin},
		"": {sealpost.RoleAdmin, sealpost.RoleModerator, sealpost.RoleCompliance},
	}
	asked := func(person string) []string {
		return []string{
			"person=" + person, "from=x&person=" + person, "until=x&person=" + person, "action=x&cursor=x&from=x&person=" + person,
			"cursor=x", "state=x&cursor=x", "find=x&cursor=x", "done=policy", "saved=x",
		}
	}
	for _, role := range sealpost.Roles() {
		who := o.writer(string(role)+" Person", role)
		refused := func(r webui.Route, query, form string) string {
			path := nothing(strings.ReplaceAll(r.Path, "{user}", maya.id())) + "?" + query
			answer, page := o.raw(r.Method, path, who.token, form)
			forbidden := answer.StatusCode == http.StatusForbidden || answer.StatusCode == http.StatusNotFound && strings.Contains(r.Path, "{")
			if !forbidden || strings.Contains(page, "admin-nav") || strings.Contains(page, "Maya") {
				t.Errorf("%s %s for %s: %d", r.Method, path, role, answer.StatusCode)
			}
			return old(page)
		}
		for _, r := range o.routesOf() {
			part, of := strings.CutPrefix(r.Path, "/admin")
			part, _, _ = strings.Cut(strings.TrimPrefix(part, "/"), "/")
			if !of || slices.Contains(parts[part], role) {
				continue
			}
			if r.Method == http.MethodPost {
				for _, form := range []string{"", "key=k&step=save&window=x&reason=x", "key=k&account-email=x&invite-email=x&account=" + maya.id(), "key=k&confirm=x&name=x&act=x"} {
					refused(r, "", form)
				}
				continue
			}
			theirs, nobodys := asked(maya.id()), asked("01890000-0000-7000-8000-000000000000")
			for i := range theirs {
				if a, b := refused(r, theirs[i], ""), refused(r, nobodys[i], ""); a != b {
					t.Errorf("%s?%s tells %s who is there", r.Path, theirs[i], role)
				}
			}
		}
	}
}
