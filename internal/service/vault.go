package service

import (
	"context"
	"errors"
	"slices"

	"github.com/sealpost/sealpost/internal/failpoint"
	"github.com/sealpost/sealpost/internal/seal"
	"github.com/sealpost/sealpost/internal/sealpost"
)

// Sealing and unsealing. Content has a key of its own; that key is wrapped by an
// epoch key while the content can be taken back, and by a long-term key once it is
// settled. The database never sees a key.

const (
	hour = sealpost.Instant(3600 * 1e6)
	// epochGrace is how long after its hour an epoch is closed and its key destroyed
	// at the latest, on a server that runs (docs/operations.md).
	epochGrace = sealpost.Instant(300 * 1e6)
	// pendingEpoch is how far ahead the epoch of a draft or a pending message lies at
	// most; when that epoch closes the key moves on to the next.
	pendingEpoch = 24 * hour
)

// errNeedEpoch says that a decision needs an epoch that is not open yet.
type errNeedEpoch struct{ hour int64 }

func (errNeedEpoch) Error() string { return "an epoch is needed that is not open" }

func messageLabel(m sealpost.Message) seal.Label {
	return seal.Label{Kind: seal.KindMessage, Scope: m.ConversationID, Object: m.ID, Version: m.Content.Version}
}

func draftLabel(d sealpost.Draft) seal.Label {
	return seal.Label{Kind: seal.KindDraft, Scope: d.UserID, Object: d.ID, Version: d.Content.Version}
}

// sealBody seals a text under a new key.
func (s *Service) sealBody(l seal.Label, body string) (seal.Key, sealpost.Sealed, error) {
	key, err := seal.NewKey(s.rand)
	if err != nil {
		return key, sealpost.Sealed{}, err
	}
	sealed, err := seal.Content(s.rand, key, l, []byte(body))
	return key, sealpost.Sealed{Version: l.Version, Body: sealed}, err
}

// wrapUntil wraps a key under the epoch of the hour that contains until, or the
// next if that one is no longer open.
func (s *Service) wrapUntil(epochs []int64, until sealpost.Instant, l seal.Label, key seal.Key, c *sealpost.Sealed) error {
	want := seal.EpochOf(int64(until))
	for _, h := range []int64{want, want + 1} {
		if !slices.Contains(epochs, h) {
			continue
		}
		epochKey, err := s.keys.Epoch(h)
		if err != nil {
			return err
		}
		ref := seal.EpochRef(h)
		wrapped, err := seal.Wrap(s.rand, epochKey, ref, l, key)
		c.Ref, c.Wrapped = int64(ref), wrapped
		return err
	}
	return errNeedEpoch{want}
}

// settle moves content to the long-term key (3-architecture: sealing).
func (s *Service) settle(l seal.Label, c sealpost.Sealed) (sealpost.Sealed, error) {
	key, err := s.unwrap(l, c)
	if err != nil {
		return c, err
	}
	defer key.Zero()
	n, longTerm := s.keys.LongTerm()
	ref := seal.LongTermRef(n)
	wrapped, err := seal.Wrap(s.rand, longTerm, ref, l, key)
	c.Ref, c.Wrapped = int64(ref), wrapped
	return c, err
}

// unwrap gives the key of content.
func (s *Service) unwrap(l seal.Label, c sealpost.Sealed) (seal.Key, error) {
	ref := seal.KeyRef(c.Ref)
	var wrapping seal.Key
	var err error
	if h, ok := ref.Epoch(); ok {
		wrapping, err = s.keys.Epoch(h)
	} else if n, ok := ref.LongTerm(); ok {
		wrapping, err = s.keys.LongTermKey(n)
	} else {
		err = seal.ErrSealed
	}
	if err != nil {
		return seal.Key{}, err
	}
	return seal.Unwrap(wrapping, ref, l, c.Wrapped)
}

// body unseals a text.
func (s *Service) body(l seal.Label, c sealpost.Sealed) (string, error) {
	key, err := s.unwrap(l, c)
	if err != nil {
		return "", err
	}
	defer key.Zero()
	text, err := seal.OpenContent(key, l, c.Body)
	return string(text), err
}

// decide runs a decision; if it needs an epoch that is not open yet, it opens the
// epoch and decides anew. The key is looked at also where there is no conversation.
func (s *Service) decide(ctx context.Context, a Ask, f func(Snapshot) (Change, error)) error {
	for range 3 {
		found := false
		err := s.store.Decide(ctx, a, func(shot Snapshot) (Change, error) {
			found = true
			return f(shot)
		})
		if !found && sealpost.CodeOf(err) == sealpost.CodeNotFound {
			return s.unknown(ctx, a.Actor, a.Key)
		}
		var need errNeedEpoch
		if !errors.As(err, &need) {
			return err
		}
		if err := s.openEpoch(ctx, need.hour); err != nil {
			return err
		}
	}
	return sealpost.Refuse(sealpost.CodeUnavailable, "No key epoch could be opened.")
}

// openEpoch makes sure that the epoch of an hour is open, or the first one after it
// that can be. The key is stored before its row: a row without a key would promise
// what cannot be read.
func (s *Service) openEpoch(ctx context.Context, want int64) error {
	epochs, err := s.store.Epochs(ctx)
	if err != nil {
		return err
	}
	state := map[int64]EpochState{}
	for _, e := range epochs {
		state[e.Hour] = e.State
	}
	h := want
	for state[h] == EpochClosing || state[h] == EpochDestroyed {
		h++
	}
	if state[h] == EpochOpen {
		return nil
	}
	now, err := s.store.Now(ctx)
	if err != nil {
		return err
	}
	if _, err := s.keys.CreateEpoch(h, int64(now)); err != nil {
		return err
	}
	failpoint.Hit(failpoint.EpochKeyCreated)
	if err := s.store.OpenEpoch(ctx, h); err != nil {
		return err
	}
	failpoint.Hit(failpoint.EpochRowCreated)
	return nil
}

// epochEnd is when nothing wrapped under this reference can be read any more; zero
// for a long-term key.
func epochEnd(ref int64) sealpost.Instant {
	h, ok := seal.KeyRef(ref).Epoch()
	if !ok {
		return 0
	}
	return sealpost.Instant(h+1)*hour + epochGrace
}

// pendingUntil is the end of life that chooses the epoch of content that is not
// delivered yet: its release or expiry, a day ahead at most.
func pendingUntil(now, end sealpost.Instant) sealpost.Instant {
	return min(max(end, now), now+pendingEpoch)
}

// lastEpochEnd is when every epoch is gone that pendingUntil can have chosen for
// this end, the one taken instead if it was not open included.
func lastEpochEnd(end sealpost.Instant) sealpost.Instant {
	return epochEnd(int64(seal.EpochRef(seal.EpochOf(int64(end)) + 1)))
}
