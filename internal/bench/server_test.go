package bench_test

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sealpost/sealpost/internal/authn"
	"github.com/sealpost/sealpost/internal/bench"
	"github.com/sealpost/sealpost/internal/bus"
	"github.com/sealpost/sealpost/internal/httpapi"
	"github.com/sealpost/sealpost/internal/keystore"
	"github.com/sealpost/sealpost/internal/relay"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
	"github.com/sealpost/sealpost/internal/sqlstore"
)

// serve runs a whole server with accounts in this process, behind a wrapper that
// may lie, and gives options that name it.
func serve(t *testing.T, people int, wrap func(http.Handler) http.Handler) bench.Options {
	t.Helper()
	dir := t.TempDir()
	store, err := sqlstore.Open(t.Context(), sqlstore.Config{Database: filepath.Join(dir, "sealpost.db"), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	keys, err := keystore.Open(filepath.Join(dir, "keys"), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = keys.Close() })
	passwords, err := authn.NewPasswords()
	if err != nil {
		t.Fatal(err)
	}
	s, err := service.New(service.Config{Store: store, Keys: keys, Bus: bus.New(), Passwords: passwords})
	if err != nil {
		t.Fatal(err)
	}
	work, err := relay.Start(t.Context(), s, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(work.Stop)
	api, err := httpapi.New(httpapi.Config{Service: s})
	if err != nil {
		t.Fatal(err)
	}
	handler := api.Handler()
	if wrap != nil {
		handler = wrap(handler)
	}
	server, ops := httptest.NewServer(handler), httptest.NewServer(api.Ops())
	t.Cleanup(ops.Close)
	t.Cleanup(server.Close)
	t.Cleanup(func() { _ = api.Close(t.Context()) })
	return bench.Options{
		Server: server.URL, Ops: strings.TrimPrefix(ops.URL, "http://"), TokenFile: addPeople(t, s, people),
		InFlight: []int{1}, Duration: testDuration, People: people, Conversations: people, Asks: 1,
	}
}

// addPeople writes a file of tokens; the first is an administrator's.
func addPeople(t *testing.T, s *service.Service, n int) string {
	t.Helper()
	var tokens []string
	for i := range n {
		u := service.NewUser{Email: fmt.Sprintf("p%d@example.org", i), Name: fmt.Sprintf("Person %d", i)}
		if i == 0 {
			u.Roles = []sealpost.Role{sealpost.RoleAdmin}
		}
		if _, err := s.AddUser(t.Context(), "", u); err != nil {
			t.Fatal(err)
		}
		token, err := s.TokenFor(t.Context(), u.Email, "bench")
		if err != nil {
			t.Fatal(err)
		}
		tokens = append(tokens, token)
	}
	file := filepath.Join(t.TempDir(), "tokens")
	if err := os.WriteFile(file, []byte(strings.Join(tokens, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// lying changes answers whose path matches, before they leave.
func lying(match func(*http.Request) bool, change func(status int, body string) (int, string)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !match(r) {
				next.ServeHTTP(w, r)
				return
			}
			honest := httptest.NewRecorder()
			next.ServeHTTP(honest, r)
			status, body := change(honest.Code, honest.Body.String())
			w.Header().Set("Content-Type", honest.Header().Get("Content-Type"))
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body)) // the client may be gone
		})
	}
}
