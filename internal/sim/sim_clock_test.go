package sim_test

import (
	"context"
	"time"

	"github.com/sealpost/sealpost/internal/memstore"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// clocks moves the clocks of several stores as one.
func clocks(stores []service.Store) clockwork {
	var all movers
	for _, s := range stores {
		c, ok := s.(clockwork)
		if !ok {
			return nil
		}
		all = append(all, c)
	}
	return all
}

type movers []clockwork

func (m movers) SetClockOffset(by time.Duration) {
	for _, c := range m {
		c.SetClockOffset(by)
	}
}

// tick brings now up to the stores' clock, which goes on by itself on a real store.
// The model's goes on a little with every step: decision times that run ahead of a
// clock that stands still are what TestPresenceClockBack is about.
func (s *simulation) tick() {
	if s.moving == nil {
		s.now = s.now.Add(time.Millisecond)
	}
	if s.moving != nil {
		s.moving.SetClockOffset(s.offset)
		s.now = sealpost.InstantOf(time.Now().Add(s.offset))
	}
}

// advance lets time pass.
func (s *simulation) advance(by time.Duration) {
	s.offset += by
	if s.moving == nil {
		s.now = s.now.Add(by)
		return
	}
	s.tick()
}

// unreliable makes the writes and some readings of a real store fail as the model
// store's do.
type unreliable struct {
	service.Store
	world *simulation
}

func lost(f memstore.Failure, op func() error) error {
	unavailable := sealpost.Refuse(sealpost.CodeUnavailable, "The outcome is not known. Try again with the same key.")
	if f == memstore.FailBefore {
		return unavailable
	}
	if err := op(); f == memstore.NoFailure {
		return err
	}
	return unavailable
}

func (u unreliable) Decide(ctx context.Context, a service.Ask, decide func(service.Snapshot) (service.Change, error)) error {
	return lost(u.world.fault("Decide"), func() error { return u.Store.Decide(ctx, a, decide) })
}

func (u unreliable) Amend(ctx context.Context, s service.Stamp, change func(service.Amendment) ([]byte, error)) (r *service.Replay, err error) {
	err = lost(u.world.fault("Amend"), func() error {
		r, err = u.Store.Amend(ctx, s, change)
		return err
	})
	return r, err
}

func (u unreliable) Seen(ctx context.Context, user sealpost.UserID) (until, now sealpost.Instant, err error) {
	err = lost(u.world.fault("Seen"), func() error {
		until, now, err = u.Store.Seen(ctx, user)
		return err
	})
	return until, now, err
}

func (u unreliable) Message(ctx context.Context, id sealpost.MessageID, viewer sealpost.UserID) (m sealpost.Message, err error) {
	err = lost(u.world.fault("Message"), func() error {
		m, err = u.Store.Message(ctx, id, viewer)
		return err
	})
	return m, err
}
