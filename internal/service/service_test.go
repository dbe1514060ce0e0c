package service_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/keystore"
	"github.com/sealpost/sealpost/internal/memstore"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// house is the use cases over a model store whose clock the test moves.
type house struct {
	*service.Service
	t         *testing.T
	store     service.Store
	keys      service.Keys
	now       atomic.Int64 // the database's clock, in microseconds
	bus       *notedBus
	passwords *plainPasswords
	fault     atomic.Pointer[func(op string) memstore.Failure] // nil: nothing goes wrong
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, bus: &notedBus{}, passwords: &plainPasswords{}}
	h.now.Store(time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC).UnixMicro())
	h.store = memstore.New(memstore.Options{
		Clock: func() sealpost.Instant { return sealpost.Instant(h.now.Load()) },
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
	h.keys = keys
	h.Service = h.another()
	return h
}

// another is another process over the same database and keys.
func (h *house) another() *service.Service {
	h.t.Helper()
	s, err := service.New(service.Config{Store: h.store, Keys: h.keys, Bus: h.bus, Passwords: h.passwords})
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

func (h *house) advance(d time.Duration) { h.now.Add(d.Microseconds()) }

// failing makes one method of the store fail until the test ends it.
func (h *house) failing(op string, how memstore.Failure) (end func()) {
	f := func(asked string) memstore.Failure {
		if asked == op {
			return how
		}
		return memstore.NoFailure
	}
	h.fault.Store(&f)
	return func() { h.fault.Store(nil) }
}

// person adds an account and gives its principal.
func (h *house) person(name string, roles ...sealpost.Role) service.Principal {
	h.t.Helper()
	u, err := h.AddUser(h.t.Context(), "", service.NewUser{
		Email: strings.ToLower(name) + "@example.org", Name: name, Roles: roles, Password: "password of " + name,
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return service.Principal{User: u}
}

// group begins a group and delivers one message in it, so that everybody knows of it.
func (h *house) group(creator service.Principal, others ...service.Principal) sealpost.ConversationID {
	h.t.Helper()
	t, created, err := h.CreateConversation(h.t.Context(), creator, "", idsOf(others...), "Group")
	if err != nil || !created {
		h.t.Fatalf("created %v, %v", created, err)
	}
	h.send(creator, t.Conversation.ID)
	return t.Conversation.ID
}

func (h *house) send(p service.Principal, id sealpost.ConversationID) sealpost.MessageID {
	h.t.Helper()
	h.advance(time.Second)
	m, err := h.Send(h.t.Context(), p, "", service.Sending{Conversation: id, Body: "hello", Kind: sealpost.KindMessage})
	if err != nil {
		h.t.Fatal(err)
	}
	return m.ID
}

// lastAudit is the newest entry of an action.
func (h *house) lastAudit(action string) service.Audit {
	h.t.Helper()
	all, err := h.store.AuditLog(h.t.Context(), service.AuditQuery{Limit: 10_000})
	if err != nil {
		h.t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(a service.Audit) bool { return a.Action == action })
	if i < 0 {
		h.t.Fatalf("no entry %s in the audit log", action)
	}
	return all[i]
}

func idsOf(people ...service.Principal) []sealpost.UserID {
	var out []sealpost.UserID
	for _, p := range people {
		out = append(out, p.User.ID)
	}
	return out
}

func wantCode(t *testing.T, what string, err error, code sealpost.Code) {
	t.Helper()
	if got := sealpost.CodeOf(err); got != code {
		t.Errorf("%s: code %q (%v); want %q", what, got, err, code)
	}
}

func wantField(t *testing.T, what string, err error, field string) {
	t.Helper()
	wantCode(t, what, err, sealpost.CodeInvalid)
	if e, ok := err.(*sealpost.Error); ok && e.Field != field { //nolint:errorlint // nothing wraps it here
		t.Errorf("%s: field %q; want %q", what, e.Field, field)
	}
}

// notedBus keeps what was published.
type notedBus struct {
	mu    sync.Mutex
	hints []sealpost.Hint
}

func (b *notedBus) Publish(h sealpost.Hint) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.hints = append(b.hints, h)
}

func (b *notedBus) Subscribe(func(sealpost.Hint)) func() { return func() {} }

// told takes the users of everything published since the last call, sorted.
func (b *notedBus) told() []sealpost.UserID {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []sealpost.UserID
	for _, h := range b.hints {
		out = append(out, h.Users...)
	}
	b.hints = nil
	slices.SortFunc(out, sealpost.UserID.Compare)
	return slices.Compact(out)
}

// plainPasswords "hashes" by a prefix and counts the work.
type plainPasswords struct {
	checks atomic.Int64
	during func() // called while a password is being checked; nil: nothing
}

func (*plainPasswords) Hash(_ context.Context, password string) (string, error) {
	return "hash:" + password, nil
}

func (p *plainPasswords) Verify(_ context.Context, hash, password string) (bool, error) {
	p.checks.Add(1)
	if p.during != nil {
		p.during()
	}
	return hash != "" && hash == "hash:"+password, nil
}

func TestNewNeedsItsPorts(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	full := service.Config{Store: h.store, Keys: h.keys, Bus: h.bus, Passwords: h.passwords}
	for name, without := range map[string]func(*service.Config){
		"store":     func(c *service.Config) { c.Store = nil },
		"keys":      func(c *service.Config) { c.Keys = nil },
		"bus":       func(c *service.Config) { c.Bus = nil },
		"passwords": func(c *service.Config) { c.Passwords = nil },
	} {
		c := full
		without(&c)
		if _, err := service.New(c); err == nil {
			t.Errorf("New works without %s", name)
		}
	}
}

// fmt walks into unexported fields; the derived keys must not come out that way.
func TestServiceDoesNotPrint(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, verb := range []string{"%v", "%+v", "%#v", "%x", "%s"} {
		if got := fmt.Sprintf(verb, h.Service); got != "[service]" {
			t.Errorf("%s prints %d bytes", verb, len(got))
		}
	}
}
