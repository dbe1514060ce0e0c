package memstore

import (
	"cmp"
	"context"
	"slices"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// attempt is one count under one key.
type attempt struct {
	key [32]byte
	at  sealpost.Instant
	id  [16]byte
}

// Attempt implements service.Attempts.
func (s *Store) Attempt(ctx context.Context, id [16]byte, limits []service.Limit) (retry sealpost.Instant, err error) {
	f, err := s.enter(ctx, "Attempt")
	if err != nil {
		return 0, err
	}
	defer s.leave(f, &err)
	now := s.options.Clock()
	for _, l := range limits {
		var counted []sealpost.Instant // newest first
		for a := range s.attempts {
			if a.key == l.Key && a.at > now.Add(-l.Window) {
				counted = append(counted, a.at)
			}
		}
		slices.SortFunc(counted, func(a, b sealpost.Instant) int { return cmp.Compare(b, a) })
		if len(counted) >= l.Max {
			retry = max(retry, counted[l.Max-1].Add(l.Window))
		}
	}
	if retry != 0 {
		return retry, nil
	}
	for _, l := range limits {
		s.attempts[attempt{l.Key, now, id}] = true
	}
	return 0, nil
}

// Forgive implements service.Attempts.
func (s *Store) Forgive(ctx context.Context, id [16]byte, limits []service.Limit) (err error) {
	f, err := s.enter(ctx, "Forgive")
	if err != nil {
		return err
	}
	defer s.leave(f, &err)
	for a := range s.attempts {
		if a.id == id && slices.ContainsFunc(limits, func(l service.Limit) bool { return l.Key == a.key }) {
			delete(s.attempts, a)
		}
	}
	return nil
}
