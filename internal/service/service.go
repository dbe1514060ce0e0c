package service

import (
	"context"
	cryptorand "crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/sealpost/sealpost/internal/seal"
)

// Store is every port that the database implements.
type Store interface {
	Decider
	Views
	Amender
	Accounts
	People
	Network
	Presence
	Work
	Search
	References
	Unsents
	Attempts
	Registry
	Counting
	Flags
}

// Config is what the use cases need. Store, Keys, Bus and Passwords are required.
type Config struct {
	Store     Store
	Keys      Keys
	Bus       Bus
	Passwords Passwords
	// Rand gives ids, keys and secrets; nil: the system's. It need not be safe for
	// concurrent use.
	Rand io.Reader
	Log  *slog.Logger // nil: nothing is logged
	// Clock is the process's monotonic clock; nil: time.Now. It times leases and
	// caches and decides nothing (R12).
	Clock func() time.Time
}

// Service is the use cases. It is safe for concurrent use.
type Service struct {
	store     Store
	keys      Keys
	bus       Bus
	passwords Passwords
	rand      io.Reader // safe for concurrent use; never fails
	log       *slog.Logger

	cursorKey  seal.Key // seals cursors (R34)
	directKey  seal.Key // derives the ids of conversations of two
	requestKey seal.Key // fingerprints requests under idempotency keys
	tokenKey   seal.Key // derives the secrets of tokens made under idempotency keys
	eventKey   seal.Key // seals the positions of live streams
	attemptKey seal.Key // hides what attempts are counted by
	importKey  seal.Key // derives the ids of what comes from archives

	sessions sessionCache

	clock    func() time.Time
	presence presenceCache
	node     liveNode

	indexWake chan struct{} // holds at most one signal
	exports   exportPlaces
}

// New makes the use cases over their ports. It does no I/O.
func New(c Config) (*Service, error) {
	if c.Store == nil || c.Keys == nil || c.Bus == nil || c.Passwords == nil {
		return nil, errors.New("service: store, keys, bus and passwords are required")
	}
	root := c.Keys.Root()
	defer root.Zero()
	if root.IsZero() {
		return nil, errors.New("service: the key store has no root key")
	}
	s := &Service{
		store: c.Store, keys: c.Keys, bus: c.Bus, passwords: c.Passwords, log: c.Log,
		rand:       sharedRandom(c.Rand),
		cursorKey:  seal.Derive(root, "cursor"),
		directKey:  seal.Derive(root, "direct"),
		requestKey: seal.Derive(root, "request"),
		tokenKey:   seal.Derive(root, "token"),
		eventKey:   seal.Derive(root, "event"),
		indexWake:  make(chan struct{}, 1),
		attemptKey: seal.Derive(root, "attempt"),
		importKey:  seal.Derive(root, "import"),
	}
	if s.clock = c.Clock; s.clock == nil {
		s.clock = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	return s, nil
}

// Ready reports whether the service can serve: the database and the key store
// answer, and the node's lease lasts (R24).
func (s *Service) Ready(ctx context.Context) error {
	_, err := s.store.Now(ctx)
	if err = errors.Join(err, s.keys.Check()); err != nil {
		return err
	}
	if _, ok := s.Live(); !ok {
		return errors.New("service: no lease for live connections")
	}
	return nil
}

// Format keeps the derived keys out of everything printed; fmt would walk into
// unexported fields.
func (*Service) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[service]") }

// newID makes an id: UUIDv7 (RFC 9562 §5.7), its time in 1/4096 ms and never
// twice in one process, so that ids made later sort later. The time in it decides
// nothing.
func newID[T ~[16]byte](s *Service) T {
	id, err := uuid.NewV7FromReader(s.rand)
	if err != nil {
		// The source never fails (see random.Read).
		id = uuid.UUID{}
	}
	return T(id)
}

// random makes a source of randomness safe for concurrent use and unfailing.
type random struct {
	mu     sync.Mutex
	source io.Reader // guarded by mu
}

func sharedRandom(source io.Reader) io.Reader {
	if source == nil || source == cryptorand.Reader {
		return cryptorand.Reader
	}
	return &random{source: source}
}

// Read fills p. If the source fails, the bytes come from the system, whose source
// is documented never to fail: an id or key of zeros must not come to be.
func (r *random) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, err := io.ReadFull(r.source, p); err != nil {
		return cryptorand.Read(p)
	}
	return len(p), nil
}
