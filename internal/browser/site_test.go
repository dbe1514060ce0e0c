//go:build sealtest

package browser_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/client"
	"github.com/sealpost/sealpost/internal/bus"
	"github.com/sealpost/sealpost/internal/httpapi"
	"github.com/sealpost/sealpost/internal/keystore"
	"github.com/sealpost/sealpost/internal/relay"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
	"github.com/sealpost/sealpost/internal/sqlstore"
	"github.com/sealpost/sealpost/internal/webui"
)

// site is a whole server: its store on disk, the relay, the API and the pages.
type site struct {
	t       *testing.T
	url     string
	service *service.Service
	pages   *webui.Server
	store   *sqlstore.Store
	offset  atomic.Int64
	handler http.Handler

	mu     sync.Mutex
	broken func(*http.Request) bool // requests that never reach the server; guarded by mu
	asked  []string                 // method and path of every request; guarded by mu
}

func newSite(t *testing.T) *site {
	t.Helper()
	dir := t.TempDir()
	keys, err := keystore.Open(filepath.Join(dir, "keys"), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = keys.Close() })
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	s := &site{t: t}
	if s.store, err = sqlstore.Open(t.Context(), sqlstore.Config{Database: filepath.Join(dir, "sealpost.db"), Log: log}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.store.Close() })
	if s.service, err = service.New(service.Config{Store: s.store, Keys: keys, Bus: bus.New(), Passwords: plainPasswords{}, Log: log}); err != nil {
		t.Fatal(err)
	}
	work, err := relay.Start(context.WithoutCancel(t.Context()), s.service, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(work.Stop)
	rest, err := httpapi.New(httpapi.Config{Service: s.service, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	s.pages, err = webui.New(webui.Config{
		Service: s.service, Organisation: "Northwind", Address: rest.Address, Status: httpapi.Status, Observe: rest.Observe, Log: log,
		Clock: func() time.Time { return time.Now().Add(time.Duration(s.offset.Load())) },
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/api/", rest.Handler())
	mux.Handle("/", s.pages.Handler())
	s.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.ask(r) {
			http.Error(w, "broken for a test", http.StatusBadGateway)
			return
		}
		mux.ServeHTTP(w, r)
	})
	server := httptest.NewServer(s.handler)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = rest.Close(ctx)
		server.CloseClientConnections()
		server.Close()
	})
	s.url = server.URL
	return s
}

// ask notes a request and reports whether it is to fail.
func (s *site) ask(r *http.Request) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, r.Method+" "+r.URL.Path)
	return s.broken != nil && s.broken(r)
}

// breakOn has the server answer 503 to some requests; nil: to none.
func (s *site) breakOn(f func(*http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = f
}

// requests lists what was asked since the last call.
func (s *site) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.asked
	s.asked = nil
	return out
}

// later moves the decision clock on.
func (s *site) later(by time.Duration) {
	s.store.SetClockOffset(time.Duration(s.offset.Add(int64(by))))
}

// plainPasswords keep signing in from taking its time.
type plainPasswords struct{}

func (plainPasswords) Hash(_ context.Context, password string) (string, error) {
	return "plain:" + password, nil
}

func (plainPasswords) Verify(_ context.Context, hash, password string) (bool, error) {
	return hash == "plain:"+password, nil
}

// person is somebody with an account.
type person struct {
	site  *site
	name  string
	id    string
	email string
	token string
	who   service.Principal
	api   *client.Client // to prepare, and to compare with what pages show
}

const secretWord = "correct horse"

// person adds an account in Stockholm's zone. The session is one of the API; a tab
// that signs in through the page makes its own.
func (s *site) person(name string, roles ...sealpost.Role) *person {
	s.t.Helper()
	short, _, _ := strings.Cut(strings.ToLower(name), " ")
	p := &person{site: s, name: name, email: short + "@example.org"}
	u, err := s.service.AddUser(s.t.Context(), "", service.NewUser{
		Email: p.email, Name: name, Roles: roles, Password: secretWord, TimeZone: "Europe/Stockholm",
	})
	if err != nil {
		s.t.Fatal(err)
	}
	signed, err := s.service.SignIn(s.t.Context(), p.email, secretWord, "browser test")
	if err != nil {
		s.t.Fatal(err)
	}
	c, err := client.New(s.url)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(c.Close)
	p.id, p.token, p.api, p.who = u.ID.String(), signed.Token, c.As(signed.Token), service.Principal{User: u}
	return p
}

// befriend connects two people, so that they can write to each other.
func (p *person) befriend(others ...*person) {
	t := p.site.t
	t.Helper()
	for _, o := range others {
		i, err := p.api.Invite(t.Context(), api.InviteUser{UserID: o.id})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := o.api.AcceptInvitation(t.Context(), i.ID); err != nil {
			t.Fatal(err)
		}
	}
}

// talk gives the conversation with others.
func (p *person) talk(title string, others ...*person) string {
	t := p.site.t
	t.Helper()
	ids := make([]string, 0, len(others))
	for _, o := range others {
		ids = append(ids, o.id)
	}
	c, err := p.api.CreateConversation(t.Context(), api.StartConversation{ParticipantIDs: ids, Title: title})
	if err != nil {
		t.Fatal(err)
	}
	return c.ID
}

// says sends a message.
func (p *person) says(conversation, body string) api.Message {
	t := p.site.t
	t.Helper()
	m, err := p.api.Send(t.Context(), conversation, api.SendMessage{Body: body})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// opens opens everything up to a message.
func (p *person) opens(conversation, through string) {
	t := p.site.t
	t.Helper()
	if _, err := p.api.Open(t.Context(), conversation, through); err != nil {
		t.Fatal(err)
	}
}

func pageOne() client.Page { return client.Page{Limit: 50} }
