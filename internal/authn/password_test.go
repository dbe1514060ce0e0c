package authn_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/sealpost/sealpost/internal/authn"
	"github.com/sealpost/sealpost/internal/sealpost"
)

func cheap() authn.Option {
	return authn.WithCost(authn.Cost{MemoryKiB: 64, Passes: 1, Lanes: 1})
}

func newPasswords(t *testing.T, options ...authn.Option) *authn.Passwords {
	t.Helper()
	p, err := authn.NewPasswords(options...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestHashVerify(t *testing.T) {
	t.Parallel()
	p := newPasswords(t, cheap())
	hash, err := p.Hash(t.Context(), "korrekt pferd ß")
	if err != nil {
		t.Fatal(err)
	}
	again, err := p.Hash(t.Context(), "korrekt pferd ß")
	if err != nil {
		t.Fatal(err)
	}
	if hash == again {
		t.Error("two hashes of one password are equal: the salt is not new")
	}
	if strings.Contains(hash, "pferd") {
		t.Error("the hash contains the password")
	}
	for _, c := range []struct {
		password string
		want     bool
	}{{"korrekt pferd ß", true}, {"korrekt pferd s", false}, {"", false}, {"korrekt pferd ß ", false}} {
		got, err := p.Verify(t.Context(), hash, c.password)
		if err != nil || got != c.want {
			t.Errorf("Verify(%q) = %v, %v; want %v", c.password, got, err, c.want)
		}
	}
}

// The default is what the security list of the project asks for, and its hashes
// say so.
func TestDefaultCost(t *testing.T) {
	t.Parallel()
	hash, err := newPasswords(t).Hash(t.Context(), "secret")
	if err != nil {
		t.Fatal(err)
	}
	if want := "$argon2id$v=19$m=65536,t=3,p=1$"; !strings.HasPrefix(hash, want) {
		t.Errorf("the hash does not begin with %s", want)
	}
}

// A hash made at another cost is checked at that cost.
func TestVerifyOtherCost(t *testing.T) {
	t.Parallel()
	hash, err := newPasswords(t, authn.WithCost(authn.Cost{MemoryKiB: 128, Passes: 2, Lanes: 2})).Hash(t.Context(), "secret")
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := newPasswords(t, cheap()).Verify(t.Context(), hash, "secret"); err != nil || !ok {
		t.Errorf("Verify = %v, %v; want true", ok, err)
	}
}

// An independent implementation made this hash: the reference vector of the format.
func TestVerifyForeignHash(t *testing.T) {
	t.Parallel()
	// argon2 of the reference C implementation: echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1
	const hash = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	p := newPasswords(t, cheap())
	if ok, err := p.Verify(t.Context(), hash, "password"); err != nil || !ok {
		t.Errorf("Verify = %v, %v; want true", ok, err)
	}
	if ok, err := p.Verify(t.Context(), hash, "Password"); err != nil || ok {
		t.Errorf("Verify of another password = %v, %v; want false", ok, err)
	}
}

// Nobody without a password can sign in with any password, the empty one included.
func TestVerifyEmptyHash(t *testing.T) {
	t.Parallel()
	p := newPasswords(t, cheap())
	for _, password := range []string{"", "secret"} {
		if ok, err := p.Verify(t.Context(), "", password); err != nil || ok {
			t.Errorf("Verify(%q) = %v, %v; want false without an error", password, ok, err)
		}
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	p := newPasswords(t, cheap())
	long := strings.Repeat("x", 1025)
	if _, err := p.Hash(t.Context(), long); sealpost.CodeOf(err) != sealpost.CodeInvalid {
		t.Errorf("Hash of a long password: %v", err)
	}
	if _, err := p.Verify(t.Context(), "", long); sealpost.CodeOf(err) != sealpost.CodeInvalid {
		t.Errorf("Verify of a long password: %v", err)
	}
	for _, c := range []authn.Cost{{}, {MemoryKiB: 64, Passes: 1}, {MemoryKiB: 7, Passes: 1, Lanes: 1}, {MemoryKiB: 64, Passes: 17, Lanes: 1}, {MemoryKiB: 1 << 30, Passes: 1, Lanes: 1}} {
		if _, err := authn.NewPasswords(authn.WithCost(c)); err == nil {
			t.Errorf("the cost %+v was accepted", c)
		}
	}
}

// Whoever gives up waiting gets an answer and leaves no place taken.
func TestWaitingEnds(t *testing.T) {
	t.Parallel()
	p := newPasswords(t, cheap())
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	busy := authn.Occupy(p)
	_, err := p.Hash(ended, "secret")
	if sealpost.CodeOf(err) != sealpost.CodeUnavailable || !errors.Is(err, context.Canceled) {
		t.Errorf("while everything is taken: %v; want unavailable because canceled", err)
	}
	busy()
	var all sync.WaitGroup
	for range 4 * runtime.NumCPU() {
		all.Go(func() {
			if _, err := p.Hash(t.Context(), "secret"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := authn.Places(p); n != 0 {
		t.Errorf("%d places are taken after all is done", n)
	}
}

// Too many at once are turned away at once and not kept waiting.
func TestTooManyWaiting(t *testing.T) {
	t.Parallel()
	p := newPasswords(t, cheap())
	defer authn.Crowd(p)()
	if _, err := p.Verify(t.Context(), "", "secret"); sealpost.CodeOf(err) != sealpost.CodeUnavailable {
		t.Errorf("Verify = %v; want unavailable", err)
	}
}

func BenchmarkVerify(b *testing.B) {
	p, err := authn.NewPasswords()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := p.Verify(b.Context(), "", "secret"); err != nil {
			b.Fatal(err)
		}
	}
}
