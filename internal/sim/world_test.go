package sim_test

import (
	"context"
	cryptorand "crypto/rand"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/bus"
	"github.com/sealpost/sealpost/internal/keystore"
	"github.com/sealpost/sealpost/internal/memstore"
	"github.com/sealpost/sealpost/internal/pgtest"
	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
	"github.com/sealpost/sealpost/internal/sim"
	"github.com/sealpost/sealpost/internal/sqlstore"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// long reports whether the tests run with more rounds (make test-long).
func long() bool { return os.Getenv("SEALPOST_LONG") != "" }

// rounds is how many rounds a test makes.
func rounds(short, longer int) int {
	if long() {
		return longer
	}
	return short
}

// engine is a kind of store. open gives one store for each node.
type engine struct {
	name string
	open func(t *testing.T, faults *faults) []service.Store
}

// engines lists every kind of store. On PostgreSQL there are two nodes with a pool
// of connections each; the others serve two nodes of one process.
func engines() []engine {
	return []engine{
		{"sqlite", func(t *testing.T, _ *faults) []service.Store {
			s := openSQL(t, filepath.Join(t.TempDir(), "sealpost.db"))
			return []service.Store{s, s}
		}},
		{"postgres", func(t *testing.T, _ *faults) []service.Store {
			address := pgtest.Start(t).NewDatabase(t)
			return []service.Store{openSQL(t, address), openSQL(t, address)}
		}},
		{"memory", func(_ *testing.T, f *faults) []service.Store {
			s := memstore.New(memstore.Options{Clock: func() sealpost.Instant { return sealpost.InstantOf(time.Now()) }, Fault: f.next})
			return []service.Store{s, s}
		}},
	}
}

// durable are the engines that keep what they acknowledge.
func durable() []engine { return engines()[:2] }

func onEngines(t *testing.T, list []engine, test func(t *testing.T, e engine)) {
	t.Parallel()
	for _, e := range list {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			test(t, e)
		})
	}
}

func openSQL(t *testing.T, database string) service.Store {
	t.Helper()
	s, err := sqlstore.Open(context.Background(), sqlstore.Config{Database: database})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("closing the store: %v", err)
		}
	})
	return s
}

// faults makes some calls fail at random, half of them after the write.
type faults struct {
	oneIn atomic.Int64 // 0: nothing fails
}

func (f *faults) next(string) memstore.Failure {
	n := f.oneIn.Load()
	if n == 0 || rand.Int64N(n) != 0 {
		return memstore.NoFailure
	}
	if rand.IntN(2) == 0 {
		return memstore.FailBefore
	}
	return memstore.FailAfter
}

// world is a running installation: nodes, people and their conversations.
type world struct {
	stores []service.Store
	nodes  []*service.Service
	people []service.Principal
	faults *faults
}

// plan says what a world is to be.
type plan struct {
	people int
	policy func(*policy.Policy)              // nil: nothing limits recall
	wrap   func(service.Store) service.Store // nil: the store as it is
}

// unlimited lets every recall be decided by openings alone.
func unlimited(p *policy.Policy) {
	p.PerConversationDay = policy.MaxCount
	p.Throttle = policy.Throttle{Messages: policy.MaxCount, Recipients: policy.MaxCount, Refusals: policy.MaxCount, Period: time.Minute}
}

func newWorld(t *testing.T, e engine, p plan) *world {
	t.Helper()
	w := &world{faults: &faults{}}
	w.stores = e.open(t, w.faults)
	keys := filepath.Join(t.TempDir(), "keys")
	for i, s := range w.stores {
		if p.wrap != nil {
			s = p.wrap(s)
			w.stores[i] = s
		}
		k, err := keystore.Open(keys, cryptorand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = k.Close() })
		node, err := service.New(service.Config{Store: s, Keys: k, Bus: bus.New(), Passwords: noPasswords{}})
		if err != nil {
			t.Fatal(err)
		}
		w.nodes = append(w.nodes, node)
	}
	if p.policy == nil {
		p.policy = unlimited
	}
	w.amend(t, func(a service.Amendment) error {
		next, err := a.Policy()
		if err != nil {
			return err
		}
		p.policy(&next)
		next.Version++
		return a.AddPolicy(next)
	})
	for i := range p.people {
		u := sealpost.User{ID: id[sealpost.UserID](1, i), Email: name(i) + "@example.com", Name: name(i), TimeZone: "UTC", Receipts: true}
		w.amend(t, func(a service.Amendment) error { return a.AddUser(u, "") })
		w.people = append(w.people, service.Principal{User: u})
	}
	if err := w.nodes[0].KeepEpochs(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w
}

func name(i int) string { return "person" + string(rune('a'+i/26%26)) + string(rune('a'+i%26)) }

// id makes the i-th id of a kind. Its last bytes spread conversations over the
// gatherers of a store.
func id[T ~[16]byte](kind byte, i int) T {
	var out T
	out[0] = kind
	binary.BigEndian.PutUint32(out[12:], uint32(i))
	return out
}

func (w *world) amend(t *testing.T, change func(service.Amendment) error) {
	t.Helper()
	_, err := w.stores[0].Amend(context.Background(), service.Stamp{}, func(a service.Amendment) ([]byte, error) { return nil, change(a) })
	if err != nil {
		t.Fatal(err)
	}
}

// conversation begins the i-th conversation, of these people; the first is listed.
func (w *world) conversation(t *testing.T, i int, people ...int) sealpost.ConversationID {
	t.Helper()
	c := sealpost.Conversation{ID: id[sealpost.ConversationID](2, i), Kind: sealpost.Direct, CreatorID: w.people[people[0]].User.ID}
	if len(people) > 2 {
		c.Kind = sealpost.Group
	}
	var ids []sealpost.UserID
	for _, p := range people {
		ids = append(ids, w.people[p].User.ID)
	}
	w.amend(t, func(a service.Amendment) error { return a.AddConversation(c, ids, ids[0]) })
	return c.ID
}

// send delivers a message of a person and gives its id.
func (w *world) send(t *testing.T, person int, in sealpost.ConversationID, body string) sealpost.MessageID {
	t.Helper()
	m, err := w.nodes[0].Send(context.Background(), w.people[person], "", service.Sending{Conversation: in, Body: body, Kind: sealpost.KindMessage})
	if err != nil {
		t.Fatalf("sending: %v", err)
	}
	return m.ID
}

// noPasswords hashes nothing; nobody signs in here.
type noPasswords struct{}

func (noPasswords) Hash(context.Context, string) (string, error)         { return "", nil }
func (noPasswords) Verify(context.Context, string, string) (bool, error) { return false, nil }

// unknown reports whether an error leaves open whether the thing happened (R11).
func unknown(err error) bool {
	return sealpost.CodeOf(err) == sealpost.CodeUnavailable || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// party is one message and the people around it, as drivers reach them.
type party struct {
	conversation sealpost.ConversationID
	message      sealpost.MessageID
	body         string
	sender       int
	recipients   []int
}

// driver asks a running installation, as a client of one node does.
type driver interface {
	// open, recall and peek give one attempt's answer; Unknown may be asked again
	// with the same key.
	open(ctx context.Context, p party, recipient int, key string) (sim.Output, error)
	recall(ctx context.Context, p party, key string) (sim.Output, error)
	peek(ctx context.Context, p party, recipient int) (sim.Output, error)
	senderPeek(ctx context.Context, p party) (sim.Output, error)
}

// errAnswer says that an answer is none that may be given at all.
var errAnswer = errors.New("an impossible answer")
