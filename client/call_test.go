package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/client"
)

// script is a server that exists only as its answers, one for each request. The
// last one repeats.
type script struct {
	mu      sync.Mutex
	answers []answer
	seen    []*http.Request
	bodies  []string
}

type answer struct {
	status int
	header http.Header
	body   string
	cut    bool  // the connection breaks after the body
	err    error // instead of an answer
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	body := ""
	if r.Body != nil {
		b, _ := io.ReadAll(r.Body)
		body = string(b)
	}
	s.seen, s.bodies = append(s.seen, r), append(s.bodies, body)
	a := s.answers[min(len(s.seen), len(s.answers))-1]
	if a.err != nil {
		return nil, a.err
	}
	if a.header == nil {
		a.header = http.Header{}
	}
	var rest io.Reader = strings.NewReader("")
	if a.cut {
		rest = iotest.ErrReader(io.ErrUnexpectedEOF)
	}
	content := io.NopCloser(io.MultiReader(strings.NewReader(a.body), rest))
	return &http.Response{StatusCode: a.status, Header: a.header, Body: content, Request: r}, nil
}

func (s *script) client(t *testing.T, options ...client.Option) *client.Client {
	t.Helper()
	options = append([]client.Option{client.WithToken("spt_secret"), client.WithHTTPClient(&http.Client{Transport: s})}, options...)
	c, err := client.New("https://post.example.org/", options...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func problem(status int, code string) answer {
	b, _ := json.Marshal(api.Problem{Status: status, Code: code, Detail: "A sentence."})
	return answer{status: status, body: string(b)}
}

var (
	errReset   = &net.OpError{Op: "read", Err: syscall.ECONNRESET}
	errRefused = &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
)

const id = "01994f2e-6a3c-7b11-8d2f-3c5a9e0b7d41"

// R11: a change is repeated under the same key until there is an answer.
func TestChangeIsRepeatedUnderOneKey(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]answer{
		"unavailable":      problem(503, "unavailable"),
		"proxy":            {status: 502, body: "<html>bad gateway</html>"},
		"gateway timeout":  {status: 504},
		"reset":            {err: errReset},
		"refused":          {err: errRefused},
		"broken off":       {status: 200, body: `{"message_id":"019`, cut: true},
		"answer is a page": {status: 503, body: "<html>"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &script{answers: []answer{first, first, {status: 200, body: `{"message_id":"` + id + `","outcome":"recalled"}`}}}
				report, err := s.client(t).Recall(t.Context(), id, api.Recall{Reason: "wrong person"})
				if err != nil || report.Outcome != "recalled" {
					t.Fatalf("got %v, %v", report, err)
				}
				if len(s.seen) != 3 {
					t.Fatalf("%d requests, want 3", len(s.seen))
				}
				key := s.seen[0].Header.Get("Idempotency-Key")
				for i, r := range s.seen {
					if got := r.Header.Get("Idempotency-Key"); got != key || got == "" || s.bodies[i] != `{"reason":"wrong person"}` {
						t.Errorf("request %d: key %q, body %s", i, got, s.bodies[i])
					}
				}
			})
		})
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	s := &script{answers: []answer{{status: 200, body: `{}`}}}
	c := s.client(t)
	for range 2 {
		if _, err := c.SendNow(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.SendNow(t.Context(), id, client.WithKey("mine")); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Message(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	keys := []string{}
	for _, r := range s.seen {
		keys = append(keys, r.Header.Get("Idempotency-Key"))
	}
	if keys[0] == "" || keys[0] == keys[1] || keys[2] != "mine" || keys[3] != "" {
		t.Errorf("keys %q", keys)
	}
}

// Only what may do better soon is repeated; a refusal counts towards the throttle
// (R10).
func TestWhatIsNotRepeated(t *testing.T) {
	t.Parallel()
	for _, a := range []answer{
		problem(409, "opened"), problem(429, "daily_limit"), problem(404, "not_found"), problem(500, "internal"),
		problem(401, "unauthenticated"), problem(422, "idempotency_conflict"),
		{status: 503, header: http.Header{"Retry-After": {"3600"}}},
		{err: context.Canceled},
	} {
		s := &script{answers: []answer{a}}
		if _, err := s.client(t).Recall(t.Context(), id, api.Recall{}); err == nil {
			t.Errorf("%+v: no error", a)
		}
		if len(s.seen) != 1 {
			t.Errorf("%+v: %d requests", a, len(s.seen))
		}
	}
	s := &script{answers: []answer{problem(503, "unavailable")}}
	if _, err := s.client(t).SignIn(t.Context(), "a@example.org", "password"); err == nil || len(s.seen) != 1 {
		t.Errorf("sign-in: %d requests, %v", len(s.seen), err)
	}
}

func TestPatienceIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []answer{problem(503, "unavailable")}}
		begin := time.Now()
		_, err := s.client(t).Recall(t.Context(), id, api.Recall{})
		if client.CodeOf(err) != "unavailable" || len(s.seen) != 6 {
			t.Fatalf("%d requests, %v", len(s.seen), err)
		}
		if took := time.Since(begin); took < time.Second || took > 6*time.Second {
			t.Errorf("gave up after %v", took)
		}
		var e *client.Error
		if !errors.As(err, &e) || !e.Unknown || e.Key == "" {
			t.Errorf("%+v", e)
		}
	})
}

func TestRetryAfterIsHonoured(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []answer{{status: 503, header: http.Header{"Retry-After": {"2"}}}, {status: 200, body: `{}`}}}
		begin := time.Now()
		if _, err := s.client(t).Message(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took < 2*time.Second {
			t.Errorf("came back after %v", took)
		}
	})
}

func TestContextEndsTheWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		s := &script{answers: []answer{{err: errReset}}}
		begin := time.Now()
		_, err := s.client(t).Recall(ctx, id, api.Recall{})
		if took := time.Since(begin); took != 20*time.Millisecond || client.CodeOf(err) != "unavailable" {
			t.Errorf("after %v: %v", took, err)
		}
	})
}

// R11: the outcome is known only from an answer that the decision itself gave.
func TestUnknown(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answers []answer
		unknown bool
	}{
		"refused":                  {[]answer{problem(409, "opened")}, false},
		"never reached":            {[]answer{{err: errRefused}}, false},
		"lost":                     {[]answer{{err: errReset}}, true},
		"internal":                 {[]answer{problem(500, "internal")}, true},
		"not an answer of the API": {[]answer{{status: 200, body: "<html>"}}, true},
		"lost, then refused":       {[]answer{{err: errReset}, problem(409, "opened")}, false},
		"lost, then signed out":    {[]answer{{err: errReset}, problem(401, "unauthenticated")}, true},
		"lost, then slowed down":   {[]answer{{err: errReset}, problem(429, "rate_limited")}, true},
		"lost, then server gone":   {[]answer{{err: errReset}, {err: errRefused}}, true},
		"lost, then a proxy's 404": {[]answer{{err: errReset}, {status: 404, body: "no such host"}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				_, err := (&script{answers: c.answers}).client(t).Recall(t.Context(), id, api.Recall{})
				var e *client.Error
				if !errors.As(err, &e) || e.Unknown != c.unknown {
					t.Errorf("unknown %v, want %v: %v", e.Unknown, c.unknown, err)
				}
			})
		})
	}
}

func TestProblem(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	b, err := json.Marshal(api.Problem{
		Status: 429, Code: "daily_limit", Detail: "One recall a day.", RetryAt: &api.Time{Time: at},
		Also: []string{"window_closed"}, Field: "x", Reference: "7F3K-22",
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = (&script{answers: []answer{{status: 429, body: string(b)}}}).client(t).Recall(t.Context(), id, api.Recall{})
	var e *client.Error
	if !errors.As(err, &e) || e.Status != 429 || !e.RetryAt.Equal(at) || len(e.Also) != 1 || e.Reference != "7F3K-22" || e.Unknown {
		t.Errorf("%+v", e)
	}
	if !errors.Is(err, &client.Error{Code: "daily_limit"}) || errors.Is(err, &client.Error{Code: "opened"}) {
		t.Error("errors.Is does not compare codes")
	}
	if want := "daily_limit (x): One recall a day. [7F3K-22]"; err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
}

// What an answer holds is content: no error repeats it.
func TestErrorsHoldNoContent(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{"id": "SECRET}`, `{"sent_at":"SECRET"}`, `"SECRET"`} {
		_, err := (&script{answers: []answer{{status: 200, body: body}}}).client(t).Message(t.Context(), id)
		if err == nil || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: %v", body, err)
		}
	}
	if _, err := client.New("https://user:SECRET@example.org"); err == nil || strings.Contains(err.Error(), "SECRET") {
		t.Errorf("address: %v", err)
	}
}

func TestAnswersAreBounded(t *testing.T) {
	t.Parallel()
	big := `{"id":"` + strings.Repeat("a", 33<<20) + `"}`
	_, err := (&script{answers: []answer{{status: 200, body: big}}}).client(t).Message(t.Context(), id)
	if client.CodeOf(err) != client.CodeBadAnswer {
		t.Errorf("got %v", err)
	}
}

func TestIDsAreNotPaths(t *testing.T) {
	t.Parallel()
	s := &script{answers: []answer{{status: 200, body: `{}`}}}
	c := s.client(t)
	for _, bad := range []string{"", "..", "a/b", "a?b", "a%2fb", "ä"} {
		if _, err := c.Undo(t.Context(), bad); client.CodeOf(err) != client.CodeInvalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if len(s.seen) != 0 {
		t.Errorf("%d requests", len(s.seen))
	}
}

// A redirect would carry the token to somewhere else.
func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") }))
	t.Cleanup(elsewhere.Close)
	server := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	t.Cleanup(server.Close)
	c, err := client.New(server.URL, client.WithToken("spt_secret"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if _, err := c.Me(t.Context()); client.CodeOf(err) != client.CodeBadAnswer {
		t.Errorf("got %v", err)
	}
}

func TestConnectionsAreReused(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	opened := 0
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{}`) }))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			mu.Lock()
			opened++
			mu.Unlock()
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	c, err := client.New(server.URL, client.WithIdleConnections(4))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	for range 50 {
		if _, err := c.As("spt_other").Me(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if opened != 1 {
		t.Errorf("%d connections for 50 calls in a row", opened)
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "example.org", "ftp://example.org", "https://", "https://a@example.org", "https://example.org/?x=1", "https://example.org/#x", "://"} {
		if _, err := client.New(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	s := &script{answers: []answer{{status: 200, body: `{}`}}}
	c, err := client.New("http://[::1]:8080/post/", client.WithHTTPClient(&http.Client{Transport: s}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Users(t.Context(), "a&b", client.Page{Limit: 2, Cursor: "c/d"}); err != nil {
		t.Fatal(err)
	}
	if got, want := s.seen[0].URL.String(), "http://[::1]:8080/post/api/v1/users?cursor=c%2Fd&limit=2&q=a%26b"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
