package demo_test

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/bus"
	"github.com/sealpost/sealpost/internal/demo"
	"github.com/sealpost/sealpost/internal/keystore"
	"github.com/sealpost/sealpost/internal/memstore"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

type noPasswords struct{}

func (noPasswords) Hash(context.Context, string) (string, error)         { return "", nil }
func (noPasswords) Verify(context.Context, string, string) (bool, error) { return false, nil }

// The two to try are signed in by a sign-in, and their programs by a token: pages take no
// token.
func TestWaysIn(t *testing.T) {
	t.Parallel()
	keys, err := keystore.Open(filepath.Join(t.TempDir(), "keys"), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = keys.Close() })
	store := memstore.New(memstore.Options{Clock: func() sealpost.Instant { return sealpost.InstantOf(time.Now()) }})
	s, err := service.New(service.Config{Store: store, Keys: keys, Bus: bus.New(), Passwords: noPasswords{}})
	if err != nil {
		t.Fatal(err)
	}
	people, err := demo.Fill(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []demo.Person{people.Writer, people.Reader} {
		for kind, secret := range map[service.SessionKind]string{service.SignIn: p.Session, service.APIToken: p.Token} {
			got, err := s.Authenticate(t.Context(), secret)
			if err != nil || got.Kind != kind || got.User.Name != p.Name {
				t.Errorf("%s is %s by a session of kind %d, want %d: %v", p.Name, got.User.Name, got.Kind, kind, err)
			}
		}
	}
}
