package service

import (
	"context"
	"errors"
	"fmt"

	"github.com/sealpost/sealpost/internal/failpoint"
	"github.com/sealpost/sealpost/internal/seal"
	"github.com/sealpost/sealpost/internal/sealpost"
)

// The life of an epoch (3-architecture, sealing): open while its hour lasts; then
// closing, while what settled moves to the long-term key and what is still pending
// to a later epoch; then destroyed. What was recalled had its wrap deleted, so
// nothing moves it, and with the epoch key it is gone from every copy.

const (
	sweepBatch  = 200
	epochsAhead = 2 // hours beyond the window for which epochs are opened ahead
)

// KeepEpochs opens the epochs that the next messages need and closes those whose
// hour is over. It goes on where an interrupted run stopped. Several nodes may run
// it at once; every step is idempotent.
func (s *Service) KeepEpochs(ctx context.Context) error {
	now, err := s.store.Now(ctx)
	if err != nil {
		return err
	}
	p, err := s.store.Policy(ctx)
	if err != nil {
		return err
	}
	first := seal.EpochOf(int64(now))
	last := seal.EpochOf(int64(now.Add(p.Window))) + epochsAhead
	for h := first; h <= last; h++ {
		if err := s.openEpoch(ctx, h); err != nil {
			return fmt.Errorf("opening an epoch: %w", err)
		}
	}
	epochs, err := s.store.Epochs(ctx)
	if err != nil {
		return err
	}
	for _, e := range epochs {
		// A minute after the hour, so that no decision that began in it is in the way.
		if over := sealpost.Instant(e.Hour+1)*hour + 60e6; e.State == EpochDestroyed || now < over {
			continue
		}
		if err := s.closeEpoch(ctx, e); err != nil {
			return fmt.Errorf("closing an epoch: %w", err)
		}
	}
	return s.forgetDestroyed(ctx, epochs, first)
}

// closeEpoch: if we die after any step, the next run takes the same path again.
func (s *Service) closeEpoch(ctx context.Context, e Epoch) error {
	if e.State == EpochOpen {
		if err := s.store.CloseEpoch(ctx, e.Hour); err != nil {
			return err
		}
		failpoint.Hit(failpoint.EpochClosing)
	}
	if err := s.sweepEpoch(ctx, e.Hour); err != nil {
		return err
	}
	empty, err := s.store.CheckEmpty(ctx, e.Hour)
	if err != nil || !empty {
		return err
	}
	failpoint.Hit(failpoint.EpochChecked)
	if err := s.keys.DestroyEpoch(e.Hour); err != nil {
		return err
	}
	failpoint.Hit(failpoint.EpochKeyDestroyed)
	if err := s.store.EndEpoch(ctx, e.Hour); err != nil {
		return err
	}
	failpoint.Hit(failpoint.EpochDestroyed)
	return nil
}

// sweepEpoch moves everything that is still wrapped under the epoch, as far as it
// can be moved now: what cannot stays for the next run, and keeps the epoch alive.
func (s *Service) sweepEpoch(ctx context.Context, hour int64) error {
	for progress := true; progress; {
		_, conversations, err := s.store.Wrapped(ctx, hour, sweepBatch)
		if err != nil {
			return err
		}
		settled := 0
		for _, id := range conversations {
			n, err := s.settleConversation(ctx, id, hour)
			if err != nil {
				return err
			}
			settled += n
		}
		moved, err := s.rewrapPending(ctx, hour)
		if err != nil {
			return err
		}
		failpoint.Hit(failpoint.EpochSwept)
		progress = settled+moved > 0
	}
	return nil
}

// settleConversation commits that the windows of an epoch's messages are over
// (R12) and moves their keys to the long-term key, in one decision each time. A
// message whose window is not over, because the clock was set back, is left: its
// sender can still recall it. A text whose epoch key is gone, because an older
// database was put back, is lost: its wrap is deleted and the rest goes on. It gives
// how many it moved.
func (s *Service) settleConversation(ctx context.Context, id sealpost.ConversationID, hour int64) (int, error) {
	settled, lost := 0, 0
	for more := true; more; {
		var change Change
		ask := Ask{Decision: newID[sealpost.DecisionID](s), Conversation: id, Expired: hour}
		err := s.decide(ctx, ask, func(shot Snapshot) (Change, error) {
			more, change, lost = shot.More, Change{}, 0
			for _, m := range shot.Sealed {
				ref := m.Content.Ref
				if m, _ = sealpost.CloseWindow(m, shot.Now); !m.WindowOver {
					continue
				}
				settled, err := s.settle(messageLabel(m), m.Content)
				switch {
				case errors.Is(err, seal.ErrNoKey):
					settled = m.Content.Erase() // an older database came back; see lost
					lost++
				case err != nil:
					return Change{}, err
				}
				m.Content = settled
				change.Update = append(change.Update, Update{Message: m, IfRef: ref})
				change.Index = append(change.Index, IndexJob{m.SenderID, m.ID, settledAt(m)})
			}
			if n := len(change.Update); n > 0 {
				change.Audit = Audit{Action: "window.closed", Detail: fmt.Sprintf(`{"messages":%d}`, n)}
			}
			return change, nil
		})
		if err != nil || len(change.Update) == 0 {
			return settled, err
		}
		settled += len(change.Update)
		if lost > 0 {
			s.log.WarnContext(ctx, "texts could not be recovered: the key of their epoch is gone", "count", lost)
		}
	}
	return settled, nil
}

// rewrapPending moves drafts and pending messages to the epoch of their end, a day
// ahead at most. A draft that has expired loses its key.
func (s *Service) rewrapPending(ctx context.Context, hour int64) (int, error) {
	now, err := s.store.Now(ctx)
	if err != nil {
		return 0, err
	}
	open, err := s.openEpochs(ctx)
	if err != nil {
		return 0, err
	}
	var failed error
	moved, need := 0, map[int64]bool{}
	_, err = s.store.Rewrap(ctx, hour, sweepBatch, func(h Held) (int64, []byte, bool) {
		if h.Label.Kind == seal.KindDraft && h.ExpiresAt != 0 && h.ExpiresAt <= now {
			moved++
			return 0, nil, false
		}
		// Not before the next epoch: the one of this hour may be closing itself.
		target := max(seal.EpochOf(int64(pendingUntil(now, h.ExpiresAt))), hour+1)
		if !open[target] {
			need[target] = true
			return h.Content.Ref, h.Content.Wrapped, true
		}
		ref, wrapped, err := s.rewrap(h, target)
		if errors.Is(err, seal.ErrNoKey) {
			moved++
			return 0, nil, false // an older database came back: it cannot be recovered
		}
		if err != nil {
			failed = err
			return h.Content.Ref, h.Content.Wrapped, true
		}
		moved++
		return ref, wrapped, true
	})
	for target := range need { // the next round moves what these are for
		if err := s.openEpoch(ctx, target); err != nil {
			return 0, err
		}
		moved++
	}
	return moved, errors.Join(err, failed)
}

func (s *Service) openEpochs(ctx context.Context) (map[int64]bool, error) {
	epochs, err := s.store.Epochs(ctx)
	open := map[int64]bool{}
	for _, e := range epochs {
		open[e.Hour] = e.State == EpochOpen
	}
	return open, err
}

// errNoLaterKey is not seal.ErrNoKey, which means that the content is lost: it can still
// be read under the key that it has.
var errNoLaterKey = errors.New("an open epoch has no key")

// rewrap unwraps under the old epoch and wraps under a later one.
func (s *Service) rewrap(h Held, target int64) (int64, []byte, error) {
	key, err := s.unwrap(h.Label, h.Content)
	if err != nil {
		return 0, nil, err
	}
	defer key.Zero()
	epochKey, err := s.keys.Epoch(target)
	if errors.Is(err, seal.ErrNoKey) {
		err = errNoLaterKey
	}
	if err != nil {
		return 0, nil, err
	}
	ref := seal.EpochRef(target)
	wrapped, err := seal.Wrap(s.rand, epochKey, ref, h.Label, key)
	return int64(ref), wrapped, err
}

// forgetDestroyed destroys keys whose epochs the database calls destroyed, of the
// last two days: another node ended them while this one had them in memory.
func (s *Service) forgetDestroyed(ctx context.Context, epochs []Epoch, present int64) error {
	for _, e := range epochs {
		if e.State != EpochDestroyed || e.Hour < present-48 || ctx.Err() != nil {
			continue
		}
		if _, err := s.keys.Epoch(e.Hour); err != nil {
			continue // gone, as it should be
		}
		if err := s.keys.DestroyEpoch(e.Hour); err != nil {
			return err
		}
	}
	return nil
}
