package httpapi_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/httpapi"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func (h *house) trySignIn(email, from string) answer {
	h.t.Helper()
	return h.do(request{
		method: "POST", path: "/api/v1/sessions", body: `{"email":"` + email + `","password":"wrong"}`, headers: []string{"X-Forwarded-For", from},
	})
}

// The limits of signing in on the wire: 429 with the time, by the address that the
// proxy names and not by one that the client writes.
func TestSignInLimits(t *testing.T) {
	t.Parallel()
	h := newHouseWith(t, func(c *httpapi.Config) {
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	})
	h.person("Ada")
	for i := range 10 {
		if a := h.trySignIn("ada@example.org", fmt.Sprintf("203.0.113.%d, 192.0.2.1", i)); a.status != 401 {
			t.Fatalf("attempt %d: %d %s", i, a.status, a.body)
		}
	}
	known := h.trySignIn("ada@example.org", "192.0.2.1")
	p := known.problem(t)
	if known.status != 429 || p.Code != "rate_limited" || p.RetryAt == nil || time.Until(p.RetryAt.Time) > 15*time.Minute {
		t.Errorf("%d %s", known.status, known.body)
	}
	if at, err := http.ParseTime(known.header.Get("Retry-After")); err != nil || time.Until(at) < 14*time.Minute {
		t.Errorf("Retry-After %q", known.header.Get("Retry-After"))
	}
	if a := h.trySignIn("ada@example.org", "192.0.2.2"); a.status != 401 {
		t.Errorf("from another address: %d", a.status)
	}
	for range 10 {
		h.trySignIn("nobody@example.org", "192.0.2.1")
	}
	unknown := h.trySignIn("nobody@example.org", "192.0.2.1")
	mask := func(a answer) string {
		var v map[string]any
		if err := json.Unmarshal(a.body, &v); err != nil {
			t.Fatal(err)
		}
		delete(v, "retry_at")
		return fmt.Sprint(a.status, v)
	}
	if mask(known) != mask(unknown) {
		t.Errorf("an account is told from none: %s and %s", known.body, unknown.body)
	}
	h.ahead.Store((15 * time.Minute).Microseconds())
	if a := h.trySignIn("ada@example.org", "192.0.2.1"); a.status != 401 {
		t.Errorf("after the window: %d", a.status)
	}
}

// A token is good for the routes of its scopes and is told which one it lacks on
// every other, before anything is looked at. A sign-in is good for all.
func TestEveryRouteHasAScope(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.person("Ada", sealpost.RoleAdmin)
	tokens := map[sealpost.Scope]string{}
	for _, scope := range sealpost.Scopes() {
		token, err := h.TokenFor(t.Context(), "ada@example.org", "only "+string(scope), scope)
		if err != nil {
			t.Fatal(err)
		}
		tokens[scope] = token
	}
	doc, refused := h.document(), 0
	for _, r := range h.api.Routes() {
		if r.Public || r.Scope == "any" {
			continue
		}
		op := doc.Paths[r.Pattern][strings.ToLower(r.Method)]
		if !slices.Contains(sealpost.Scopes(), r.Scope) || !strings.Contains(op.Description, "scope `"+string(r.Scope)+"`") {
			t.Errorf("%s %s: scope %q, documented as %q", r.Method, r.Pattern, r.Scope, op.Description)
		}
		for scope, token := range tokens {
			if scope == r.Scope {
				continue
			}
			refused++
			a := h.do(request{method: r.Method, path: target(r) + "?unknown=1", as: token, body: "no JSON"})
			if p := a.problem(t); p.Code != "forbidden" || a.status != 403 || !strings.Contains(p.Detail, "scope "+string(r.Scope)) {
				t.Errorf("%s %s with %s: %d %s", r.Method, r.Pattern, scope, a.status, a.body)
			}
		}
		if a := h.do(request{method: r.Method, path: target(r) + "?unknown=1", as: tokens[r.Scope]}); a.status == 403 || a.status == 401 {
			t.Errorf("%s %s with its own scope: %d %s", r.Method, r.Pattern, a.status, a.body)
		}
	}
	if refused < 200 {
		t.Errorf("only %d refusals were tried", refused)
	}
	ask[struct{}](h, somebody{token: tokens[sealpost.ScopeOpen]}, "DELETE", "/sessions/current", "", 204)
}

// A token over the wire: its scopes are shown, and no token makes a stronger one.
func TestTokensWithScopes(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.person("Ada")
	made := ask[api.NewToken](h, ada, "POST", "/tokens", `{"name":"job","scopes":["account","read"]}`, 201)
	if fmt.Sprint(made.Scopes) != "[read account]" {
		t.Errorf("made with %v", made.Scopes)
	}
	job := somebody{token: made.Token}
	p := h.refused(job, "POST", "/tokens", `{"name":"more","scopes":["write"]}`, sealpost.CodeForbidden)
	if !strings.Contains(p.Detail, "write") {
		t.Errorf("refused with %q", p.Detail)
	}
	h.refused(job, "POST", "/tokens", `{"name":"more","scopes":["root"]}`, sealpost.CodeInvalid)
	if again := ask[api.NewToken](h, job, "POST", "/tokens", `{"name":"as much"}`, 201); fmt.Sprint(again.Scopes) != "[read account]" {
		t.Errorf("without scopes it has %v", again.Scopes)
	}
	all := ask[api.Tokens](h, job, "GET", "/tokens", "", 200)
	if len(all.Items) != 3 || len(all.Items[2].Scopes) != len(sealpost.Scopes()) {
		t.Errorf("listed %+v", all.Items)
	}
}

// Disabling closes the live events of the account within seconds, wherever the
// request was made.
func TestDisablingEndsLiveEvents(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin, ada := h.person("Root", sealpost.RoleAdmin), h.person("Ada")
	begun, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		q, err := http.NewRequestWithContext(t.Context(), "GET", h.server.URL+"/api/v1/events", nil)
		if err != nil {
			t.Error(err)
			return
		}
		q.Header.Set("Authorization", "Bearer "+ada.token)
		live, err := noRedirects().Do(q)
		close(begun)
		if err != nil {
			t.Error(err)
			return
		}
		defer live.Body.Close()
		_, _ = io.Copy(io.Discard, live.Body) // until it is closed
	}()
	<-begun
	ask[api.Account](h, admin, "PATCH", "/admin/users/"+ada.id, `{"disabled":true,"reason":"gone"}`, 200)
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("the live events go on")
	}
	h.refused(ada, "GET", "/me", "", sealpost.CodeUnauthenticated)
}

// R32: every mutation of an account leaves one entry in the audit log, says the same
// under its key, and leaves none again.
func TestAccountActionsAreAudited(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.person("Root", sealpost.RoleAdmin)
	signed := func(name string) somebody {
		h.person(name)
		in := ask[api.SignedIn](h, somebody{}, "POST", "/sessions", `{"email":"`+strings.ToLower(name)+`@example.org","password":"password of `+name+`"}`, 201)
		return somebody{id: in.User.ID, token: in.Token}
	}
	ada, ben := signed("Ada"), signed("Ben")
	session := ask[api.Sessions](h, ben, "GET", "/sessions", "", 200).Items[0].ID
	spare := ask[api.NewToken](h, ada, "POST", "/tokens", `{"name":"spare"}`, 201)
	link := ask[api.NewInvite](h, admin, "POST", "/admin/invites", `{"email":"cyd@example.org"}`, 201)
	gone := ask[api.NewInvite](h, admin, "POST", "/admin/invites", `{}`, 201)
	_ = session
	tried := map[string]bool{}
	for i, c := range []struct {
		who          somebody
		method, path string
		pattern      string
		body         string
		status       int
		action       string
		once         bool // under a key too: it ends what it was asked with
	}{
		{ada, "POST", "/tokens", "", `{"name":"job"}`, 201, "token.create", false},
		{ada, "DELETE", "/tokens/" + spare.ID, "/tokens/{id}", "", 204, "token.delete", false},
		{ada, "PATCH", "/me", "", `{"headline":"x"}`, 200, "profile.update", false},
		{ada, "PATCH", "/me/settings", "", `{"undo":"5s"}`, 200, "settings.update", false},
		{ada, "DELETE", "/sessions", "", "", 204, "session.end_others", false},
		{ada, "PUT", "/me/password", "", `{"old":"password of Ada","new":"another of Ada"}`, 204, "password.change", false},
		{admin, "POST", "/admin/invites", "", `{"name":"X"}`, 201, "invite.create", false},
		{admin, "DELETE", "/admin/invites/" + gone.ID, "/admin/invites/{id}", "", 204, "invite.withdraw", false},
		{somebody{}, "POST", "/accounts", "", `{"token":"` + link.Token + `","name":"Cyd","password":"password of Cyd"}`, 201, "invite.use", false},
		{admin, "POST", "/admin/users", "", `{"email":"dan@example.org","name":"Dan"}`, 201, "user.add", false},
		{admin, "PATCH", "/admin/users/" + ada.id, "/admin/users/{id}", `{"roles":["notices"],"reason":"x"}`, 200, "user.change", false},
		{admin, "POST", "/admin/users/" + ada.id + "/erase", "/admin/users/{id}/erase", `{"reason":"x"}`, 204, "user.erase", false},
		{ben, "POST", "/me/erase", "", `{"password":"password of Ben"}`, 204, "user.erase", true},
	} {
		if c.pattern == "" {
			c.pattern = c.path
		}
		tried[c.method+" /api/v1"+c.pattern] = true
		r := request{method: c.method, path: "/api/v1" + c.path, as: c.who.token, body: c.body, headers: []string{"Idempotency-Key", fmt.Sprint("key-", i)}}
		before := h.decisions()
		first := h.do(r)
		if first.status != c.status || h.decisions() != before+1 || h.newestAction() != c.action {
			t.Errorf("%s %s: %d, %d entries, the newest %s: %s", c.method, c.path, first.status, h.decisions()-before, h.newestAction(), first.body)
		}
		if c.once {
			continue
		}
		second := h.do(r)
		if second.status != first.status || !bytes.Equal(second.body, first.body) || h.decisions() != before+1 {
			t.Errorf("%s %s again: %d %s, first %d %s", c.method, c.path, second.status, second.body, first.status, first.body)
		}
	}
	for _, r := range h.api.Routes() {
		account := r.Scope == sealpost.ScopeAccount || strings.HasPrefix(r.Pattern, "/api/v1/admin/users") || strings.HasPrefix(r.Pattern, "/api/v1/admin/invites") || r.Operation == "join"
		if account && r.Mutates && r.Operation != "endSession" && !tried[r.Method+" "+r.Pattern] {
			t.Errorf("%s %s was not tried", r.Method, r.Pattern)
		}
	}
}

// newestAction is that of the newest entry of the audit log.
func (h *house) newestAction() string {
	h.t.Helper()
	all, err := h.store.AuditLog(h.t.Context(), service.AuditQuery{Limit: 1})
	if err != nil || len(all) == 0 {
		h.t.Fatal(err)
	}
	return all[0].Action
}
