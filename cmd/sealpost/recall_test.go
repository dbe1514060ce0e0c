package main

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/client"
	"github.com/sealpost/sealpost/internal/bus"
	"github.com/sealpost/sealpost/internal/httpapi"
	"github.com/sealpost/sealpost/internal/keystore"
	"github.com/sealpost/sealpost/internal/memstore"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// site is a server over a model store whose answers to recalls can get lost.
type site struct {
	service *service.Service
	url     string
	dir     string // of the sessions

	mu   sync.Mutex
	lose bool
	keys []string // of the recalls that were asked for
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{dir: t.TempDir()}
	keys, err := keystore.Open(filepath.Join(t.TempDir(), "keys"), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = keys.Close() })
	store := memstore.New(memstore.Options{Clock: func() sealpost.Instant { return sealpost.InstantOf(time.Now()) }})
	if s.service, err = service.New(service.Config{Store: store, Keys: keys, Bus: bus.New(), Passwords: noPasswords{}}); err != nil {
		t.Fatal(err)
	}
	if err := s.service.KeepEpochs(t.Context()); err != nil {
		t.Fatal(err)
	}
	server, err := httpapi.New(httpapi.Config{Service: s.service})
	if err != nil {
		t.Fatal(err)
	}
	listener := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serve(server.Handler(), w, r) }))
	t.Cleanup(func() {
		listener.Close()
		if err := server.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	s.url = listener.URL
	return s
}

// serve lets a recall happen and, while answers get lost, says that it does not
// know.
func (s *site) serve(next http.Handler, w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	lose := false
	if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/recall") {
		s.keys = append(s.keys, r.Header.Get("Idempotency-Key"))
		lose = s.lose
	}
	s.mu.Unlock()
	if !lose {
		next.ServeHTTP(w, r)
		return
	}
	next.ServeHTTP(httptest.NewRecorder(), r)
	w.Header().Set("Retry-After", "3600") // longer than the client waits
	w.WriteHeader(http.StatusServiceUnavailable)
}

type noPasswords struct{}

func (noPasswords) Hash(context.Context, string) (string, error)         { return "none", nil }
func (noPasswords) Verify(context.Context, string, string) (bool, error) { return false, nil }

// person adds an account with a session file and gives a client and the flag.
func (s *site) person(t *testing.T, name string) (*client.Client, string) {
	t.Helper()
	email := strings.ToLower(name) + "@example.org"
	if _, err := s.service.AddUser(t.Context(), "", service.NewUser{Email: email, Name: name}); err != nil {
		t.Fatal(err)
	}
	token, err := s.service.TokenFor(t.Context(), email, "test")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(s.dir, name+".json")
	if err := (sessionFlag{Session: file}).save(session{URL: s.url, Token: token, Email: email}); err != nil {
		t.Fatal(err)
	}
	c, err := client.New(s.url, client.WithToken(token))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, "--session=" + file
}

func (s *site) pendingFiles(t *testing.T) int {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(s.dir, "pending-*"))
	if err != nil {
		t.Fatal(err)
	}
	return len(found)
}

func sendText(t *testing.T, as, text string) (id string) {
	t.Helper()
	code, out, errs := command(t, text, "send", "bob@example.org", "-", as)
	if code != 0 {
		t.Fatalf("send: %d: %s", code, errs)
	}
	id, _, _ = strings.Cut(out, "\n")
	return id
}

// R11: where the outcome is unknown it says so, and the same command asks about the
// same attempt again.
func TestRecallWithUnknownOutcome(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, ada := s.person(t, "Ada")
	s.person(t, "Bob")
	id := sendText(t, ada, "to nobody")

	s.lose = true
	code, out, _ := command(t, "", "recall", id, "--yes", "--reason=oops", ada)
	if code != 1 || !strings.Contains(out, "We don't know yet") || strings.Contains(out, "Recalled for") {
		t.Fatalf("%d: %s", code, out)
	}
	if s.pendingFiles(t) != 1 {
		t.Fatalf("%d keys are remembered", s.pendingFiles(t))
	}
	// The next run sees that the message is recalled and need not ask. Had it to ask,
	// it would find this key.
	key, err := (&remote{flags: remoteFlags{sessionFlag: sessionFlag{Session: strings.TrimPrefix(ada, "--session=")}}}).
		pendingKey("recall", s.url, s.userID(t, ada), id, "oops", "true")
	if err != nil || len(s.keys) != 1 || key.value != s.keys[0] {
		t.Errorf("key %q, asked under %q, %v", key.value, s.keys, err)
	}
	s.lose = false
	code, out, errs := command(t, "", "recall", id, "--yes", "--reason=oops", ada)
	if code != 0 || !strings.Contains(out, "Recalled for everyone") {
		t.Errorf("%d: %s%s", code, out, errs)
	}
	if s.pendingFiles(t) != 0 {
		t.Error("the key of a known outcome is still remembered")
	}
}

func (s *site) userID(t *testing.T, as string) string {
	t.Helper()
	r, err := remoteFlags{sessionFlag: sessionFlag{Session: strings.TrimPrefix(as, "--session=")}}.connect(t.Context(), streams{})
	if err != nil {
		t.Fatal(err)
	}
	return r.me.ID
}

// An attempt that never reached the decision is repeated under its key too.
func TestRecallIsRepeatedUnderItsKey(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, ada := s.person(t, "Ada")
	bob, _ := s.person(t, "Bob")
	off := false
	if _, err := bob.UpdateSettings(t.Context(), api.EditSettings{ReadReceipts: &off}); err != nil {
		t.Fatal(err)
	}
	id := sendText(t, ada, "read at once")
	inbox, err := bob.Conversations(t.Context(), "", client.Page{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bob.Open(t.Context(), inbox.Items[0].ID, id); err != nil {
		t.Fatal(err)
	}

	// The forecast does not know of an opening without receipt; the decision does
	// (R8). Its answer is lost once.
	s.lose = true
	if code, out, _ := command(t, "", "recall", id, "--yes", ada); code != 1 || !strings.Contains(out, "We don't know yet") {
		t.Fatalf("%d: %s", code, out)
	}
	s.lose = false
	code, out, _ := command(t, "", "recall", id, "--yes", ada)
	if code != 1 || !strings.Contains(out, "Not recalled. It has been opened.") || !strings.Contains(out, "1. Send a follow-up") {
		t.Errorf("%d: %s", code, out)
	}
	if len(s.keys) != 2 || s.keys[0] != s.keys[1] {
		t.Errorf("asked under %q", s.keys)
	}
	if s.pendingFiles(t) != 0 {
		t.Error("the key of a known outcome is still remembered")
	}
	if code, _, _ := command(t, "", "recall", id, "--yes", ada); code != 1 || len(s.keys) != 3 || s.keys[2] == s.keys[0] {
		t.Errorf("a new attempt asks under an old key: %q", s.keys)
	}
}

func TestPendingKeys(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := &remote{flags: remoteFlags{sessionFlag: sessionFlag{Session: filepath.Join(dir, "session.json")}}}
	get := func(request ...string) pendingKey {
		t.Helper()
		k, err := r.pendingKey("recall", request...)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	first := get("a", "b")
	if again := get("a", "b"); again.value != first.value {
		t.Error("the same request has another key")
	}
	if other := get("a", "c"); other.value == first.value {
		t.Error("another request has the same key")
	}
	if err := os.WriteFile(first.path, []byte("damaged\r\nX: y"), 0o600); err != nil {
		t.Fatal(err)
	}
	if mended := get("a", "b"); !plausible(mended.value) {
		t.Errorf("key %q", mended.value)
	}
	old := time.Now().Add(-keyLife - time.Minute)
	before := get("a", "b")
	if err := os.Chtimes(before.path, old, old); err != nil {
		t.Fatal(err)
	}
	if after := get("a", "b"); after.value == before.value {
		t.Error("a key is used that the server may have forgotten")
	}
}
