package httpapi_test

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/httpapi"
	"github.com/sealpost/sealpost/internal/sealpost"
)

// Every route is in the document with its errors, every mutation takes an
// Idempotency-Key, every route but the public ones says how to sign in; and the
// document has nothing that is not a route.
func TestEveryRouteIsDocumented(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	doc := h.document()
	if doc.OpenAPI != "3.1.0" {
		t.Errorf("OpenAPI %q", doc.OpenAPI)
	}
	seen := map[string]bool{}
	for _, r := range h.api.Routes() {
		op, ok := doc.Paths[r.Pattern][strings.ToLower(r.Method)]
		if !ok || op.OperationID != r.Operation || op.Summary == "" {
			t.Errorf("%s %s is not documented", r.Method, r.Pattern)
			continue
		}
		seen[r.Method+r.Pattern] = true
		wanted := []string{"400", "422", "500", "503"}
		if !r.Public {
			wanted = append(wanted, "401")
		}
		if r.Mutates {
			wanted = append(wanted, "403", "413", "415")
		}
		if strings.Contains(r.Pattern, "{") {
			wanted = append(wanted, "404")
		}
		for _, status := range wanted {
			if _, ok := op.Responses[status].Content[api.ProblemType]; !ok {
				t.Errorf("%s %s: no problem for %s", r.Method, r.Pattern, status)
			}
		}
		keyed := false
		for _, p := range op.Parameters {
			keyed = keyed || p.In == "header" && p.Name == "Idempotency-Key"
		}
		if keyed != r.Mutates {
			t.Errorf("%s %s: mutates %v, takes a key %v", r.Method, r.Pattern, r.Mutates, keyed)
		}
		if r.Public == (len(op.Security) > 0) {
			t.Errorf("%s %s: public %v, security %v", r.Method, r.Pattern, r.Public, op.Security)
		}
		if op.RequestBody != nil && op.RequestBody.Content["application/json"].Example == nil {
			t.Errorf("%s %s: a body without an example", r.Method, r.Pattern)
		}
	}
	for path, methods := range doc.Paths {
		for method := range methods {
			if !seen[strings.ToUpper(method)+path] {
				t.Errorf("documented, and no route: %s %s", method, path)
			}
		}
	}
	for _, name := range []string{"ErrorModel", "ErrorDetail"} {
		if _, ok := doc.Components.Schemas[name]; ok {
			t.Errorf("the document has %s, which is never answered", name)
		}
	}
	for name, s := range doc.Components.Schemas {
		for field, p := range s.Properties {
			if strings.Contains(fmt.Sprint(p.Type), "array null") {
				t.Errorf("%s.%s is documented as null or a list", name, field)
			}
		}
	}
	for _, s := range []string{"Message", "Problem", "Report", "Conversation"} {
		if len(doc.Components.Schemas[s].Properties) == 0 {
			t.Errorf("no schema %s", s)
		}
	}
}

// Only signing in and the documentation need no sign-in; everybody else gets 401
// before anything else is looked at.
func TestEveryRouteNeedsASignIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	public := 0
	for _, r := range h.api.Routes() {
		if r.Public {
			public++
			continue
		}
		for _, headers := range [][]string{
			nil,
			{"Authorization", "Bearer nobody"},
			{"Authorization", "Basic YTpi"},
			{"Authorization", "Bearer " + strings.Repeat("x", 600)},
			{"Cookie", httpapi.SessionCookie + "=nobody"},
		} {
			a := h.do(request{method: r.Method, path: target(r) + "?unknown=1", body: "no JSON", headers: headers})
			if p := a.problem(t); p.Code != "unauthenticated" || a.status != 401 || a.header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s %s with %v: %d %s", r.Method, r.Pattern, headers, a.status, a.body)
			}
		}
	}
	if public != 4 {
		t.Errorf("%d public routes, want 4: sign in, use a link, the document and its page", public)
	}
}

func TestUnknownRoutesAndMethods(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.person("Ada")
	id := ada.id
	for _, path := range []string{
		"/", "/api", "/api/v1", "/api/v1/", "/api/v1/me/", "/api/v1//me", "/api/v1/../v1/me", "/api/v1/nothing",
		"/api/v1/conversations/" + id + "/", "/api/v2/me", "/API/v1/me",
	} {
		for _, method := range []string{"GET", "POST", "DELETE", "OPTIONS"} {
			a := h.do(request{method: method, path: path, as: ada.token})
			if p := a.problem(t); p.Code != "not_found" || a.status != 404 {
				t.Errorf("%s %s: %d %s", method, path, a.status, a.body)
			}
		}
	}
	for path, allow := range map[string]string{
		"/api/v1/conversations/" + id + "/open":   "POST, OPTIONS", // R4
		"/api/v1/conversations/" + id + "/unread": "PUT, DELETE, OPTIONS",
		"/api/v1/me":       "GET, HEAD, PATCH, OPTIONS",
		"/api/v1/sessions": "GET, HEAD, POST, DELETE, OPTIONS",
	} {
		for _, method := range []string{"TRACE", "PROPFIND"} {
			a := h.do(request{method: method, path: path, as: ada.token})
			if p := a.problem(t); p.Code != "method_not_allowed" || a.status != 405 || a.header.Get("Allow") != allow {
				t.Errorf("%s %s: %d, Allow %q, want %q", method, path, a.status, a.header.Get("Allow"), allow)
			}
		}
		if a := h.do(request{method: "OPTIONS", path: path}); a.status != 204 || a.header.Get("Allow") != allow {
			t.Errorf("OPTIONS %s: %d %q", path, a.status, a.header.Get("Allow"))
		}
	}
	if a := h.do(request{method: "HEAD", path: "/api/v1/me", as: ada.token}); a.status != 200 || len(a.body) != 0 {
		t.Errorf("HEAD /me: %d, %d bytes", a.status, len(a.body))
	}
}

// R4: nothing but a POST with JSON opens, and none from another site.
func TestNothingElseOpens(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, bob := h.person("Ada"), h.person("Bob")
	conversation := h.direct(ada, bob)
	m := h.send(ada, conversation, "sealed words")
	path, body := "/api/v1/conversations/"+conversation+"/open", `{"through":"`+m.ID+`"}`
	for _, r := range []request{
		{method: "GET", path: path},
		{method: "HEAD", path: path},
		{method: "GET", path: path + "?through=" + m.ID},
		{method: "PUT", path: path, body: body},
		{method: "POST", path: path + "?through=" + m.ID},
		{method: "POST", path: path, body: body, headers: []string{"Content-Type", "text/plain"}},
		{method: "POST", path: path, body: "through=" + m.ID, headers: []string{"Content-Type", "application/x-www-form-urlencoded"}},
		{method: "POST", path: path, body: body, headers: []string{"Sec-Fetch-Site", "cross-site"}},
		{method: "POST", path: path, body: body, headers: []string{"Sec-Fetch-Site", "same-site"}},
		{method: "POST", path: path, body: body, headers: []string{"Origin", "https://elsewhere.example"}},
		{method: "GET", path: "/api/v1/messages/" + m.ID},
		{method: "GET", path: "/api/v1/conversations/" + conversation + "/messages"},
		{method: "GET", path: "/api/v1/conversations"},
	} {
		r.as = bob.token
		a := h.do(r)
		if bytes.Contains(a.body, []byte("sealed words")) {
			t.Errorf("%s %s %v gave the content", r.method, r.path, r.headers)
		}
		if strings.HasPrefix(r.path, path) && a.status < 400 {
			t.Errorf("%s %s %v: status %d", r.method, r.path, r.headers, a.status)
		}
	}
	if got := ask[api.Message](h, bob, "GET", "/messages/"+m.ID, "", 200); got.Delivery != "sealed" {
		t.Errorf("it is %s", got.Delivery)
	}
}

// What never was, what is somebody else's and what is no id answer the same, to
// the byte, on every route.
func TestNotFoundTellsNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, bob, eve := h.person("Ada"), h.person("Bob"), h.person("Eve")
	conversation := h.direct(ada, bob)
	m := h.send(ada, conversation, "words")
	held := ask[api.Message](h, ada, "POST", "/conversations/"+conversation+"/messages", `{"body":"words","undo":"2m"}`, 201)
	undone := ask[api.Undone](h, ada, "DELETE", "/messages/"+held.ID, "", 200)
	session := ask[api.SignedIn](h, somebody{}, "POST", "/sessions", `{"email":"ada@example.org","password":"password of Ada"}`, 201)
	sessions := ask[api.Sessions](h, somebody{token: session.Token}, "GET", "/sessions", "", 200)
	tokens := ask[api.Tokens](h, ada, "GET", "/tokens", "", 200)
	theirs := map[string]string{
		"conversations": conversation, "messages": m.ID, "drafts": undone.DraftID,
		"sessions": sessions.Items[0].ID, "tokens": tokens.Items[0].ID, "users": "018f3c1e-7b8a-7c00-8000-0000000000aa",
	}
	doc, tried := h.document(), 0
	for _, r := range h.api.Routes() {
		if !strings.Contains(r.Pattern, "{id}") {
			continue
		}
		tried++
		kind := strings.Split(strings.TrimPrefix(r.Pattern, "/api/v1/"), "/")[0]
		body := ""
		if len(doc.example(r)) > 0 {
			body = strings.ReplaceAll(string(mustJSON(t, doc.example(r))), "018f3c1e-7b8a-7c00-8000-000000000001", m.ID)
		}
		var first answer
		for i, id := range []string{
			theirs[kind], "018f3c1e-7b8a-7c00-8000-00000000dead", "00000000-0000-0000-0000-000000000000",
			strings.ToUpper(theirs[kind]), "x", "%00", "%ff", "..%2f..", strings.Repeat("a", 1000),
		} {
			path := strings.NewReplacer("{id}", id, "{user_id}", bob.id).Replace(r.Pattern)
			a := h.do(request{method: r.Method, path: path, as: eve.token, body: body})
			delete(a.header, "Date")
			if i == 0 {
				first = a
			}
			if a.status != 404 || !bytes.Equal(a.body, first.body) || fmt.Sprint(a.header) != fmt.Sprint(first.header) {
				t.Errorf("%s %s: %d %s, want as for another's: %s", r.Method, path, a.status, a.body, first.body)
			}
		}
	}
	if tried < 18 {
		t.Errorf("only %d routes were tried", tried)
	}
}

// Every answer may hold content or tell something: none is stored, guessed at or
// framed.
func TestHeadersOfEveryAnswer(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.person("Ada")
	answers := []answer{h.do(request{method: "GET", path: "/nothing"}), h.do(request{method: "GET", path: "/api/v1/me"})}
	for _, r := range h.api.Routes() {
		if r.Operation != "watchEvents" {
			answers = append(answers, h.do(request{method: r.Method, path: target(r), as: ada.token}))
		}
	}
	for _, a := range answers {
		for name, want := range map[string]string{
			"Cache-Control": "no-store", "Vary": "Authorization, Cookie", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
		} {
			if got := a.header.Values(name); len(got) != 1 || got[0] != want {
				t.Errorf("status %d: %s is %q, want %q", a.status, name, got, want)
			}
		}
		if policy := a.header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") {
			t.Errorf("status %d: policy %q", a.status, policy)
		}
	}
}

// The session cookie works from the same origin, and every mutation from another
// is refused.
func TestCookies(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.person("Ada")
	signed := ask[api.SignedIn](h, somebody{}, "POST", "/sessions", `{"email":"ada@example.org","password":"password of Ada"}`, 201)
	cookie := []string{"Cookie", httpapi.SessionCookie + "=" + signed.Token}
	ask[api.Me](h, somebody{}, "GET", "/me", "", 200, cookie...)
	ask[api.Me](h, somebody{}, "PATCH", "/me", `{"headline":"a"}`, 200, append(cookie, "Sec-Fetch-Site", "same-origin")...)
	ask[api.Me](h, somebody{}, "PATCH", "/me", `{"headline":"b"}`, 200, append(cookie, "Origin", h.server.URL)...)
	for _, foreign := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://elsewhere.example"}, {"Origin", "null"}} {
		for _, r := range h.api.Routes() {
			if !r.Mutates {
				continue
			}
			a := h.do(request{method: r.Method, path: target(r), headers: append(cookie, foreign...)})
			if p := a.problem(t); p.Code != "forbidden" || a.status != 403 {
				t.Errorf("%s %s with %v: %d %s", r.Method, r.Pattern, foreign, a.status, a.body)
			}
		}
	}
	// A bad header does not fall back to the cookie.
	h.refused(somebody{token: "bad"}, "GET", "/me", "", sealpost.CodeUnauthenticated, cookie...)
	a := h.do(request{method: "DELETE", path: "/api/v1/sessions/current", headers: cookie})
	if set := a.header.Get("Set-Cookie"); a.status != 204 || !strings.HasPrefix(set, httpapi.SessionCookie+"=;") || !strings.Contains(set, "Max-Age=0") {
		t.Errorf("signed out: %d, cookie %q", a.status, set)
	}
}

// A store that cannot answer is 503, with its code (R11).
func TestUnavailable(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.person("Ada")
	h.failing("Person")
	if p := h.refused(ada, "GET", "/users/"+ada.id, "", sealpost.CodeUnavailable); p.Status != 503 {
		t.Errorf("status %d", p.Status)
	}
}

func TestPageAndDocument(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a := h.do(request{method: "GET", path: "/api/v1/docs"})
	page := string(a.body)
	if a.status != 200 || !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
		t.Fatalf("status %d, %s", a.status, a.header.Get("Content-Type"))
	}
	for _, banned := range []string{"<script", "http://", "https://", "javascript:", " style=", "<img", "<link"} {
		if strings.Contains(page, banned) {
			t.Errorf("the page has %q", banned)
		}
	}
	for _, r := range h.api.Routes() {
		if !strings.Contains(page, `id="`+r.Operation+`"`) {
			t.Errorf("the page does not show %s", r.Operation)
		}
	}
	_, style, _ := strings.Cut(page, "<style>")
	style, _, _ = strings.Cut(style, "</style>")
	if !strings.Contains(a.header.Get("Content-Security-Policy"), hashOf(style)) {
		t.Error("the policy does not allow the page's own style")
	}
}

// Over TLS with HTTP/2 everything is the same.
func TestHTTP2(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.person("Ada")
	server := httptest.NewUnstartedServer(h.api.Handler())
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	q, err := http.NewRequestWithContext(t.Context(), "GET", server.URL+"/api/v1/me", nil)
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer "+ada.token)
	client := server.Client()
	client.Transport.(*http.Transport).TLSClientConfig.MinVersion = tls.VersionTLS13
	response, err := client.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.ProtoMajor != 2 || response.StatusCode != 200 {
		t.Errorf("%s %s", response.Proto, response.Status)
	}
}
