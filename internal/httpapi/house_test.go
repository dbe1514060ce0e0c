package httpapi_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/bus"
	"github.com/sealpost/sealpost/internal/httpapi"
	"github.com/sealpost/sealpost/internal/keystore"
	"github.com/sealpost/sealpost/internal/memstore"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// house is a whole server over a model store.
type house struct {
	*service.Service
	t      testing.TB
	store  *memstore.Store
	hints  *bus.Bus
	api    *httpapi.Server
	server *httptest.Server
	log    *noted
	ahead  atomic.Int64                                  // of the database's clock, in microseconds
	fault  atomic.Pointer[func(string) memstore.Failure] // nil: nothing goes wrong
}

// somebody is an account with a token.
type somebody struct {
	service.Principal
	id    string
	token string
}

func newHouse(t testing.TB) *house { return newHouseWith(t, func(*httpapi.Config) {}) }

func newHouseWith(t testing.TB, change func(*httpapi.Config)) *house {
	t.Helper()
	h := &house{t: t, hints: bus.New(), log: &noted{}}
	h.store = memstore.New(memstore.Options{
		Clock: func() sealpost.Instant { return sealpost.InstantOf(time.Now()) + sealpost.Instant(h.ahead.Load()) },
		Fault: func(op string) memstore.Failure {
			if f := h.fault.Load(); f != nil {
				return (*f)(op)
			}
			return memstore.NoFailure
		},
	})
	keys, err := keystore.Open(filepath.Join(t.TempDir(), "keys"), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = keys.Close() })
	h.Service, err = service.New(service.Config{Store: h.store, Keys: keys, Bus: h.hints, Passwords: plainPasswords{}})
	if err != nil {
		t.Fatal(err)
	}
	for _, keep := range []func(context.Context) error{h.KeepEpochs, h.KeepLease} {
		if err := keep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	config := httpapi.Config{Service: h.Service, Log: slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	change(&config)
	h.api, err = httpapi.New(config)
	if err != nil {
		t.Fatal(err)
	}
	h.server = httptest.NewServer(h.api.Handler())
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := h.api.Close(ctx); err != nil {
			t.Error("close:", err)
		}
		h.server.CloseClientConnections()
		h.server.Close()
	})
	return h
}

func (h *house) person(name string, roles ...sealpost.Role) somebody {
	h.t.Helper()
	u, err := h.AddUser(h.t.Context(), "", service.NewUser{
		Email: strings.ToLower(name) + "@example.org", Name: name, Roles: roles, Password: "password of " + name,
	})
	if err != nil {
		h.t.Fatal(err)
	}
	token, err := h.TokenFor(h.t.Context(), u.Email, "test")
	if err != nil {
		h.t.Fatal(err)
	}
	return somebody{Principal: service.Principal{User: u}, id: u.ID.String(), token: token}
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) problem(t testing.TB) api.Problem {
	t.Helper()
	var p api.Problem
	if got := a.header.Get("Content-Type"); got != api.ProblemType {
		t.Errorf("content type %q of status %d, want a problem: %s", got, a.status, a.body)
		return p
	}
	d := json.NewDecoder(bytes.NewReader(a.body))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		t.Errorf("not a problem: %v: %s", err, a.body)
	}
	if p.Status != a.status || p.Code == "" || p.Title == "" || p.Detail == "" || p.Type != "about:blank" {
		t.Errorf("incomplete problem for status %d: %s", a.status, a.body)
	}
	return p
}

// request is what is asked. Headers are pairs; a value "-" takes the header out, a
// plus before a name adds to what is there.
type request struct {
	method, path string
	as           string // token
	body         string
	headers      []string
}

func (h *house) do(r request) answer {
	h.t.Helper()
	q, err := http.NewRequestWithContext(h.t.Context(), r.method, h.server.URL+r.path, strings.NewReader(r.body))
	if err != nil {
		h.t.Fatal(err)
	}
	if r.body != "" {
		q.Header.Set("Content-Type", "application/json")
	} else {
		q.Body, q.ContentLength = http.NoBody, 0
	}
	if r.as != "" {
		q.Header.Set("Authorization", "Bearer "+r.as)
	}
	for i := 0; i+1 < len(r.headers); i += 2 {
		name, more := strings.CutPrefix(r.headers[i], "+")
		if !more {
			q.Header.Del(name)
		}
		if r.headers[i+1] != "-" {
			q.Header.Add(name, r.headers[i+1])
		}
	}
	response, err := noRedirects().Do(q)
	if err != nil {
		h.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, body}
}

func noRedirects() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// ask calls and wants a status; the answer is decoded strictly.
func ask[T any](h *house, who somebody, method, path, body string, status int, headers ...string) T {
	h.t.Helper()
	a := h.do(request{method: method, path: "/api/v1" + path, as: who.token, body: body, headers: headers})
	var out T
	if a.status != status {
		h.t.Fatalf("%s %s: status %d, want %d: %s", method, path, a.status, status, a.body)
	}
	if status == http.StatusNoContent {
		return out
	}
	d := json.NewDecoder(bytes.NewReader(a.body))
	d.DisallowUnknownFields()
	if err := d.Decode(&out); err != nil {
		h.t.Fatalf("%s %s: %v: %s", method, path, err, a.body)
	}
	return out
}

// refused calls and wants a problem with a code.
func (h *house) refused(who somebody, method, path, body string, code sealpost.Code, headers ...string) api.Problem {
	h.t.Helper()
	a := h.do(request{method: method, path: "/api/v1" + path, as: who.token, body: body, headers: headers})
	p := a.problem(h.t)
	if p.Code != string(code) {
		h.t.Errorf("%s %s: code %q, want %q: %s", method, path, p.Code, code, a.body)
	}
	return p
}

func (h *house) direct(a, b somebody) string {
	h.t.Helper()
	return ask[api.Conversation](h, a, "POST", "/conversations", `{"participant_ids":["`+b.id+`"]}`, 200).ID
}

func (h *house) send(from somebody, conversation, text string) api.Message {
	h.t.Helper()
	return ask[api.Message](h, from, "POST", "/conversations/"+conversation+"/messages", `{"body":"`+text+`"}`, 201)
}

// noted keeps the log.
type noted struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (n *noted) Write(b []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.b.Write(b)
}

func (n *noted) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.b.String()
}

type plainPasswords struct{}

func (plainPasswords) Hash(_ context.Context, password string) (string, error) {
	return "plain:" + password, nil
}

func (plainPasswords) Verify(_ context.Context, hash, password string) (bool, error) {
	return hash == "plain:"+password, nil
}

// failing makes one method of the store fail.
func (h *house) failing(op string) {
	f := func(asked string) memstore.Failure {
		if asked == op {
			return memstore.FailBefore
		}
		return memstore.NoFailure
	}
	h.fault.Store(&f)
}

func mustJSON(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
