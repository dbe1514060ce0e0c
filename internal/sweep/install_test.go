//go:build sealtest

package sweep_test

import (
	"crypto/rand"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/sealpost/sealpost/internal/authn"
	"github.com/sealpost/sealpost/internal/bus"
	"github.com/sealpost/sealpost/internal/keystore"
	"github.com/sealpost/sealpost/internal/pgtest"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
	"github.com/sealpost/sealpost/internal/sqlstore"
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "sealpost-sweep-")
	if err != nil {
		panic(err)
	}
	binaryDir = dir
	code := pgtest.Main(m)
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// The engines that everything here runs on.
const (
	onSQLite   = "sqlite"
	onPostgres = "postgres"
)

// forEachEngine runs a test on each engine, on fresh ground.
func forEachEngine(t *testing.T, run func(t *testing.T, engine string)) {
	t.Helper()
	for _, engine := range []string{onSQLite, onPostgres} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			run(t, engine)
		})
	}
}

// install is an installation opened in this process, with the decision clock of the
// test build, so that hours can be walked through.
type install struct {
	address string // of the database
	keyDir  string
	store   *sqlstore.Store
	keys    *keystore.Store
	service *service.Service
}

// newInstall makes one with a database of its own.
func newInstall(t *testing.T, engine string) *install {
	t.Helper()
	dir := t.TempDir()
	address := filepath.Join(dir, "data", "sealpost.db")
	if engine == onPostgres {
		address = pgtest.Start(t).NewDatabase(t)
	}
	return openInstall(t, address, filepath.Join(dir, "keys"), nil)
}

func openInstall(t *testing.T, address, keyDir string, log io.Writer) *install {
	t.Helper()
	i := &install{address: address, keyDir: keyDir}
	if log == nil {
		log = io.Discard
	}
	logger := debugLog(log)
	var err error
	if i.keys, err = keystore.Open(keyDir, rand.Reader); err != nil {
		t.Fatal(err)
	}
	if i.store, err = sqlstore.Open(t.Context(), sqlstore.Config{Database: address, Log: logger}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(i.close)
	if err := i.store.Bind(t.Context(), i.keys.Installation()); err != nil {
		t.Fatal(err)
	}
	passwords, err := authn.NewPasswords(authn.WithCost(authn.Cost{MemoryKiB: 64, Passes: 1, Lanes: 1}))
	if err != nil {
		t.Fatal(err)
	}
	i.service, err = service.New(service.Config{Store: i.store, Keys: i.keys, Bus: bus.New(), Passwords: passwords, Log: logger})
	if err != nil {
		t.Fatal(err)
	}
	if err := i.service.KeepEpochs(t.Context()); err != nil {
		t.Fatal(err)
	}
	return i
}

func debugLog(to io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(to, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// close may be called more than once; what it closes was not written to by anybody
// who waits for it.
func (i *install) close() {
	_ = i.store.Close()
	_ = i.keys.Close()
}

// person is an account with an API token.
type person struct {
	name  string
	user  sealpost.User
	token string
}

func (p person) principal() service.Principal { return service.Principal{User: p.user} }

func (i *install) person(t *testing.T, name, password string, roles ...sealpost.Role) person {
	t.Helper()
	email := name + "@example.org"
	u, err := i.service.AddUser(t.Context(), "", service.NewUser{Email: email, Name: "Person " + name, TimeZone: "UTC", Roles: roles, Password: password})
	if err != nil {
		t.Fatal(err)
	}
	token, err := i.service.TokenFor(t.Context(), email, "sweep")
	if err != nil {
		t.Fatal(err)
	}
	return person{name, u, token}
}

func (i *install) conversation(t *testing.T, from person, title string, with ...person) sealpost.ConversationID {
	t.Helper()
	var ids []sealpost.UserID
	for _, p := range with {
		ids = append(ids, p.user.ID)
	}
	thread, _, err := i.service.CreateConversation(t.Context(), from.principal(), "", ids, title)
	if err != nil {
		t.Fatal(err)
	}
	return thread.Conversation.ID
}

// unlimited lets everybody recall as often as a test needs.
func (i *install) unlimited(t *testing.T, boss person) { i.limit(t, boss, 1000) }

// limit sets how many recalls a day there are, and lifts every other limit.
func (i *install) limit(t *testing.T, boss person, perDay int) {
	t.Helper()
	p := must(i.service.Policy(t.Context(), boss.principal()))(t)
	p.PerConversationDay, p.Reason = perDay, "test"
	p.Throttle.Messages, p.Throttle.Recipients, p.Throttle.Refusals = 1000, 1000, 1000
	if _, err := i.service.PutPolicy(t.Context(), boss.principal(), "", p); err != nil {
		t.Fatal(err)
	}
}

// must fails the test on an error and gives the value otherwise.
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
