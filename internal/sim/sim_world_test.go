package sim_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/memstore"
	"github.com/sealpost/sealpost/internal/seal"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// simulation is the whole service on the model store, in one goroutine, with a clock
// of its own and with a store, a key store and a bus that fail. Everything in it
// follows from the seed.
type simulation struct {
	seed     uint64
	random   *rand.Rand
	now      sealpost.Instant // the database's clock
	faulty   bool             // the store and the key store fail now and then
	store    service.Store    // by which the checks read
	stores   []service.Store  // of each node
	moving   clockwork        // nil: the model store's clock, which is now
	offset   time.Duration    // how far time was advanced
	keys     *memoryKeys
	bus      *faultyBus
	nodes    []*service.Service
	people   []service.Principal
	places   []*place
	sent     []*letter
	again    []retry
	tally    map[string]int
	steps    int
	doing    string          // the command of this step
	flagging int             // who changed a flag or draft of their own in this step, -1: nobody
	changing sealpost.UserID // who changed a setting of their own in this step; zero: nobody
	err      error           // the first thing that was wrong

	audit    []service.Audit                          // as it was after the last step
	openings map[opening]bool                         // committed, from the audit log
	noticed  map[opening]bool                         // the recipient was shown the envelope (R24)
	cached   map[sealpost.MessageID]*sealpost.Message // while the checks run
	mirrors  map[mirrorOf]*mirror                     // what clients keep by synchronising
	drafts   map[sealpost.DraftID]returned            // texts that came back
	deleted  map[sealpost.DraftID]bool                // drafts that their owners deleted, or tried to
}

// place is a conversation and what everybody saw of it after the last step.
type place struct {
	id      sealpost.ConversationID
	group   bool
	creator int
	people  []int // everybody who was ever in it
	seen    map[int]string
}

// letter is a message that somebody tried to send.
type letter struct {
	id      sealpost.MessageID // zero while it is not known whether there is one
	number  int                // of its canary
	place   *place
	sender  int
	bodies  []string                              // what it may say: more than one while an edit is unknown
	acked   bool                                  // the sender was told that it exists
	refused bool                                  // and this one that it does not
	before  map[sealpost.UserID]sealpost.Delivery // after the last step
}

type opening struct {
	user    sealpost.UserID
	message sealpost.MessageID
}

// returned is a text that came back as a draft, for a day (R20).
type returned struct {
	owner  int
	letter *letter
	until  sealpost.Instant
}

// retry is a command whose outcome is unknown, to be asked again with its key.
type retry struct {
	name  string
	asked sealpost.Instant
	run   func(key string) error
	key   string
}

const (
	simPeople = 4
	simStart  = "2026-03-02T08:00:00Z"
)

// clockwork is a store whose decision clock can be moved; test builds have it.
type clockwork interface{ SetClockOffset(by time.Duration) }

// start is when every world begins, by the model store's clock.
func (s *simulation) start() error {
	start, err := time.Parse(time.RFC3339, simStart)
	s.now = sealpost.InstantOf(start)
	return err
}

// newSimulation makes a world from a seed on the given stores, one for each node;
// none: on the model store. wrap plants a mistake; nil: none.
func newSimulation(seed uint64, stores []service.Store, wrap func(service.Store) service.Store) (*simulation, error) {
	s := &simulation{
		seed: seed, random: rand.New(rand.NewPCG(seed, 1)), tally: map[string]int{},
		openings: map[opening]bool{}, noticed: map[opening]bool{}, mirrors: map[mirrorOf]*mirror{}, drafts: map[sealpost.DraftID]returned{}, deleted: map[sealpost.DraftID]bool{},
	}
	if err := s.start(); err != nil {
		return nil, err
	}
	if stores == nil {
		m := memstore.New(memstore.Options{Clock: func() sealpost.Instant { return s.now }, Fault: s.fault})
		stores = []service.Store{m, m}
	} else {
		s.moving = clocks(stores)
		s.tick()
	}
	for _, store := range stores {
		if s.moving != nil {
			store = unreliable{store, s}
		}
		if wrap != nil {
			store = wrap(store)
		}
		s.stores = append(s.stores, store)
	}
	s.store = s.stores[0]
	s.keys = newMemoryKeys(s)
	s.bus = &faultyBus{}
	s.nodes = make([]*service.Service, len(s.stores))
	for i := range s.nodes {
		if err := s.restart(i); err != nil {
			return nil, err
		}
	}
	return s, s.populate()
}

// restart is a node that died and came back: it remembers nothing.
func (s *simulation) restart(node int) (err error) {
	s.nodes[node], err = service.New(service.Config{
		Store: s.stores[node], Keys: s.keys, Bus: s.bus, Passwords: noPasswords{}, Rand: dice{s.random},
		Clock: func() time.Time { return s.now.Time() },
	})
	return err
}

// dice is the seed's randomness as bytes.
type dice struct{ random *rand.Rand }

func (d dice) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(d.random.Uint32())
	}
	return len(p), nil
}

var _ io.Reader = dice{}

func (s *simulation) fault(string) memstore.Failure {
	if !s.faulty || s.random.IntN(15) != 0 {
		return memstore.NoFailure
	}
	return []memstore.Failure{memstore.FailBefore, memstore.FailAfter}[s.random.IntN(2)]
}

// populate makes four people, two conversations of two and two groups. The first
// person may do everything.
func (s *simulation) populate() error {
	ctx := context.Background()
	amend := func(change func(service.Amendment) error) error {
		_, err := s.store.Amend(ctx, service.Stamp{}, func(a service.Amendment) ([]byte, error) { return nil, change(a) })
		return err
	}
	for i := range simPeople {
		u := sealpost.User{ID: id[sealpost.UserID](1, i), Email: name(i) + "@example.com", Name: name(i), TimeZone: "UTC", Receipts: i != 3}
		if i == 0 {
			u.Roles = []sealpost.Role{sealpost.RoleAdmin, sealpost.RoleNotices}
		}
		if err := amend(func(a service.Amendment) error { return a.AddUser(u, "") }); err != nil {
			return err
		}
		s.people = append(s.people, service.Principal{User: u})
	}
	for i, people := range [][]int{{0, 1}, {2, 3}, {0, 1, 2}, {1, 0, 2, 3}} {
		p := &place{id: id[sealpost.ConversationID](2, i), group: len(people) > 2, creator: people[0], people: people, seen: map[int]string{}}
		c := sealpost.Conversation{ID: p.id, Kind: sealpost.Direct, CreatorID: s.people[people[0]].User.ID}
		if p.group {
			c.Kind = sealpost.Group
		}
		var ids []sealpost.UserID
		for _, who := range people {
			ids = append(ids, s.people[who].User.ID)
		}
		if err := amend(func(a service.Amendment) error { return a.AddConversation(c, ids, ids[0]) }); err != nil {
			return err
		}
		s.places = append(s.places, p)
	}
	return s.nodes[0].KeepEpochs(ctx)
}

// wrong notes what is wrong, once, with the way back to it.
func (s *simulation) wrong(format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf("seed %d, step %d, %s: %s", s.seed, s.steps, s.doing, fmt.Sprintf(format, args...))
	}
}

// calm runs a check without faults.
func (s *simulation) calm(check func()) {
	was := s.faulty
	s.faulty = false
	check()
	s.faulty = was
}

func (s *simulation) node() *service.Service { return s.nodes[s.random.IntN(len(s.nodes))] }

func pick[T any](s *simulation, from []T) T { return from[s.random.IntN(len(from))] }

// memoryKeys is a key store that fails, in memory.
type memoryKeys struct {
	world  *simulation
	root   seal.Key
	long   seal.Key
	epochs map[int64]seal.Key
}

func newMemoryKeys(s *simulation) *memoryKeys {
	k := &memoryKeys{world: s, epochs: map[int64]seal.Key{}}
	k.root, k.long = k.fresh(), k.fresh()
	return k
}

func (k *memoryKeys) fresh() (key seal.Key) {
	_, _ = dice{k.world.random}.Read(key[:]) // never fails
	return key
}

func (k *memoryKeys) fails() error {
	if k.world.faulty && k.world.random.IntN(50) == 0 {
		return sealpost.Refuse(sealpost.CodeUnavailable, "The key store does not answer.")
	}
	return nil
}

func (k *memoryKeys) Root() seal.Key { return k.root }

func (k *memoryKeys) CreateEpoch(hour, _ int64) (seal.Key, error) {
	if err := k.fails(); err != nil {
		return seal.Key{}, err
	}
	if _, ok := k.epochs[hour]; !ok {
		k.epochs[hour] = k.fresh()
	}
	return k.epochs[hour], nil
}

func (k *memoryKeys) Epoch(hour int64) (seal.Key, error) {
	if err := k.fails(); err != nil {
		return seal.Key{}, err
	}
	key, ok := k.epochs[hour]
	if !ok {
		return key, sealpost.Refuse(sealpost.CodeInternal, "There is no such epoch.")
	}
	return key, nil
}

func (k *memoryKeys) DestroyEpoch(hour int64) error {
	if err := k.fails(); err != nil {
		return err
	}
	delete(k.epochs, hour)
	return nil
}

func (k *memoryKeys) LongTerm() (int64, seal.Key) { return 1, k.long }

func (k *memoryKeys) LongTermKey(int64) (seal.Key, error) { return k.long, k.fails() }

// faultyBus loses hints, repeats them and gives them in any order; and it keeps what
// the last step published.
type faultyBus struct {
	step    []sealpost.Hint // of this step
	waiting []sealpost.Hint
}

func (b *faultyBus) Publish(h sealpost.Hint) {
	h.Users = slices.Clone(h.Users)
	b.step = append(b.step, h)
	b.waiting = append(b.waiting, h)
}

func (b *faultyBus) Subscribe(func(sealpost.Hint)) (stop func()) { return func() {} }

// deliver gives clients a hint, or not.
func (s *simulation) deliver() string {
	if len(s.bus.waiting) == 0 {
		return "none"
	}
	i := s.random.IntN(len(s.bus.waiting))
	h := s.bus.waiting[i]
	switch s.random.IntN(4) {
	case 0:
		s.bus.waiting = slices.Delete(s.bus.waiting, i, i+1)
		return "lost"
	case 1: // it comes again later
	default:
		s.bus.waiting = slices.Delete(s.bus.waiting, i, i+1)
	}
	for _, p := range s.places {
		for _, who := range p.people {
			if p.id == h.Conversation && slices.Contains(h.Users, s.people[who].User.ID) {
				s.sync(who, p)
			}
		}
	}
	return "delivered"
}

// TestSimKeys: the key store of the simulation keeps the contract of Keys that the
// service relies on.
func TestSimKeys(t *testing.T) {
	t.Parallel()
	s, err := newSimulation(1, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	first, err := s.keys.CreateEpoch(9, 0)
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.keys.CreateEpoch(9, 0)
	if err != nil || !again.Equal(first) {
		t.Errorf("an epoch has two keys (%v)", err)
	}
	if err := s.keys.DestroyEpoch(9); err != nil {
		t.Fatal(err)
	}
	if _, err := s.keys.Epoch(9); err == nil {
		t.Error("a destroyed epoch still has its key")
	}
}
