package authn

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"runtime"

	"golang.org/x/crypto/argon2"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// Cost is what one hash costs. It is stored with the hash, so that it can be raised
// later.
type Cost struct {
	MemoryKiB uint32 // at least 8 a lane, at most 256 MiB
	Passes    uint32 // 1 to 16
	Lanes     uint8  // 1 to 16
}

// DefaultCost is 64 MiB and three passes on one lane.
func DefaultCost() Cost { return Cost{MemoryKiB: 64 * 1024, Passes: 3, Lanes: 1} }

const (
	saltSize = 16
	hashSize = 32
	// maxPassword is the longest password, in bytes.
	maxPassword = 1024
	// maxWaiting is how many may wait for a free place. It bounds how long the last
	// of them waits, and the memory that waiting takes.
	maxWaiting = 256
)

// Passwords hashes and checks passwords. At most one computation a processor runs
// at a time, whatever arrives; the others wait. It is safe for concurrent use.
type Passwords struct {
	cost    Cost
	running chan struct{}
	waiting chan struct{}
}

var _ service.Passwords = (*Passwords)(nil)

// Option changes how Passwords works.
type Option func(*Passwords)

// WithCost sets the cost of new hashes. Tests use a low one.
func WithCost(c Cost) Option { return func(p *Passwords) { p.cost = c } }

// NewPasswords gives the default cost unless an option changes it. A cost out of
// its limits is an error.
func NewPasswords(options ...Option) (*Passwords, error) {
	places := max(1, runtime.NumCPU())
	p := &Passwords{
		cost:    DefaultCost(),
		running: make(chan struct{}, places),
		waiting: make(chan struct{}, places+maxWaiting),
	}
	for _, o := range options {
		o(p)
	}
	if !p.cost.valid() {
		return nil, fmt.Errorf("authn: %d KiB, %d passes and %d lanes are not a cost of argon2id", p.cost.MemoryKiB, p.cost.Passes, p.cost.Lanes)
	}
	return p, nil
}

// Hash gives the hash of a password in PHC string format, with a new salt. It
// waits for a free place as long as ctx lives, then CodeUnavailable.
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	if len(password) > maxPassword {
		return "", tooLong()
	}
	done, err := p.place(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	h := phc{cost: p.cost, salt: make([]byte, saltSize)}
	if _, err := rand.Read(h.salt); err != nil {
		return "", err
	}
	h.hash = compute(password, h.salt, h.cost, hashSize)
	return h.String(), nil
}

// Verify reports whether the password has this hash, in constant time. With an
// empty hash, which is somebody without account or password, it works as long and
// says no. A hash that cannot be read is an error.
func (p *Passwords) Verify(ctx context.Context, hash, password string) (bool, error) {
	if len(password) > maxPassword {
		return false, tooLong()
	}
	stored := phc{cost: p.cost, salt: make([]byte, saltSize), hash: make([]byte, hashSize)}
	if hash != "" {
		var err error
		if stored, err = parse(hash); err != nil {
			return false, err
		}
	}
	done, err := p.place(ctx)
	if err != nil {
		return false, err
	}
	defer done()
	got := compute(password, stored.salt, stored.cost, len(stored.hash))
	same := subtle.ConstantTimeCompare(got, stored.hash) == 1
	return same && hash != "", nil
}

func tooLong() error {
	return sealpost.Invalid("password", "The password may have at most 1024 bytes.")
}

func compute(password string, salt []byte, c Cost, size int) []byte {
	return argon2.IDKey([]byte(password), salt, c.Passes, c.MemoryKiB, c.Lanes, uint32(size))
}

// place waits for a free place to compute in. done gives it back.
func (p *Passwords) place(ctx context.Context) (done func(), err error) {
	select {
	case p.waiting <- struct{}{}:
	default:
		return nil, sealpost.Refuse(sealpost.CodeUnavailable, "Too many passwords are being checked. Try again.")
	}
	select {
	case p.running <- struct{}{}:
		return func() { <-p.running; <-p.waiting }, nil
	case <-ctx.Done():
		<-p.waiting
		return nil, &sealpost.Error{Code: sealpost.CodeUnavailable, Detail: "The password could not be checked in time.", Cause: ctx.Err()}
	}
}
