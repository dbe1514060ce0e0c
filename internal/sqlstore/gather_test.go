package sqlstore

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// After Close nothing is decided and nobody waits.
func TestDecideAfterClose(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), Config{Database: filepath.Join(t.TempDir(), "sealpost.db")})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err = s.Decide(ctx, service.Ask{}, func(service.Snapshot) (service.Change, error) {
		t.Error("decided after the store was closed")
		return service.Change{}, nil
	})
	if sealpost.CodeOf(err) != sealpost.CodeUnavailable || ctx.Err() != nil {
		t.Errorf("got %v", err)
	}
}

// Who gives up before their turn is not decided for; who gives up later waits for
// what became of it (R11).
func TestGivingUp(t *testing.T) {
	t.Parallel()
	for name, s := range engines(t) {
		inside, leave := make(chan struct{}), make(chan struct{})
		first := make(chan error, 1)
		user := sealpost.UserID{1}
		go func() {
			_, err := s.touchPresence(t.Context(), user, func(sealpost.Instant) []statement {
				close(inside)
				<-leave
				return nil
			})
			first <- err
		}()
		<-inside // the only lane of this user is busy
		ctx, cancel := context.WithCancel(t.Context())
		ran, second := false, make(chan error, 1)
		go func() {
			_, err := s.touchPresence(ctx, user, func(sealpost.Instant) []statement {
				ran = true
				return nil
			})
			second <- err
		}()
		cancel()
		if err := <-second; err == nil {
			t.Errorf("%s: who gave up was served", name)
		}
		close(leave)
		if err := <-first; err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, _, err := s.Seen(t.Context(), user); err != nil { // the lane goes on
			t.Errorf("%s: %v", name, err)
		}
		if ran {
			t.Errorf("%s: work of somebody who had given up was done", name)
		}
	}
}
