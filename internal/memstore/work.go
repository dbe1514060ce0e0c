package memstore

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/sealpost/sealpost/internal/seal"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// How long what a sweep deletes is kept: outcomes an hour longer than they are
// promised, counters longer than the longest day and period.
const (
	replayLife  = 25 * time.Hour
	counterLife = 72 * time.Hour
	tombLife    = 31 * 24 * time.Hour
)

// Due implements service.Work. The next one is the earliest that is not among those
// it lists.
func (s *Store) Due(ctx context.Context, after service.Due, limit int) (due []service.Due, next sealpost.Instant, err error) {
	f, err := s.enter(ctx, "Due")
	if err != nil {
		return nil, 0, err
	}
	defer s.leave(f, &err)
	var pending []sealpost.Message
	for _, c := range s.conversations {
		for _, m := range c.messages {
			if m.State.Pending() {
				pending = append(pending, m)
			}
		}
	}
	slices.SortFunc(pending, byRelease)
	now := s.options.Clock()
	for _, m := range pending {
		if byRelease(m, sealpost.Message{ReleaseAt: after.ReleaseAt, ID: after.Message}) <= 0 {
			continue
		}
		if len(due) == limit || m.ReleaseAt > now {
			return due, m.ReleaseAt, nil
		}
		due = append(due, service.Due{Conversation: m.ConversationID, Message: m.ID, ReleaseAt: m.ReleaseAt})
	}
	return due, 0, nil
}

// Sweep implements service.Work.
func (s *Store) Sweep(ctx context.Context) (err error) {
	f, err := s.enter(ctx, "Sweep")
	if err != nil {
		return err
	}
	defer s.leave(f, &err)
	now := s.options.Clock()
	old := func(at sealpost.Instant, life time.Duration) bool { return at != 0 && at < now.Add(-life) }
	maps.DeleteFunc(s.replays, func(_ replayKey, r replay) bool { return old(r.at, replayLife) })
	maps.DeleteFunc(s.drafts, func(_ sealpost.DraftID, d sealpost.Draft) bool { return old(d.ExpiresAt, 0) })
	s.forgetEvidence(now)
	maps.DeleteFunc(s.sessions, func(_ sealpost.SessionID, v service.Session) bool { return old(v.ExpiresAt, 0) })
	maps.DeleteFunc(s.tombstones, func(_ tombstone, at sealpost.Instant) bool { return old(at, tombLife) })
	maps.DeleteFunc(s.attempts, func(a attempt, _ bool) bool { return old(a.at, service.MaxLimitWindow) })
	maps.DeleteFunc(s.invites, func(_ sealpost.InviteID, v sealpost.Invite) bool { return old(v.ExpiresAt, 0) })
	s.recalls = slices.DeleteFunc(s.recalls, func(r recalled) bool { return old(r.next, counterLife) })
	s.refusals = slices.DeleteFunc(s.refusals, func(r refusal) bool { return old(r.at, counterLife) })
	return nil
}

func (s *Store) openEpochs() []int64 {
	var out []int64
	for hour, e := range s.epochs {
		if e.State == service.EpochOpen {
			out = append(out, hour)
		}
	}
	slices.Sort(out)
	return out
}

// Epochs implements service.Work.
func (s *Store) Epochs(ctx context.Context) (out []service.Epoch, err error) {
	f, err := s.enter(ctx, "Epochs")
	if err != nil {
		return nil, err
	}
	defer s.leave(f, &err)
	out = slices.Collect(maps.Values(s.epochs))
	slices.SortFunc(out, func(a, b service.Epoch) int { return cmp.Compare(a.Hour, b.Hour) })
	return out, nil
}

// OpenEpoch implements service.Work.
func (s *Store) OpenEpoch(ctx context.Context, hour int64) (err error) {
	f, err := s.enter(ctx, "OpenEpoch")
	if err != nil {
		return err
	}
	defer s.leave(f, &err)
	if _, known := s.epochs[hour]; !known {
		s.epochs[hour] = service.Epoch{Hour: hour, State: service.EpochOpen, CreatedAt: s.options.Clock()}
	}
	return nil
}

// CloseEpoch implements service.Work.
func (s *Store) CloseEpoch(ctx context.Context, hour int64) (err error) {
	f, err := s.enter(ctx, "CloseEpoch")
	if err != nil {
		return err
	}
	defer s.leave(f, &err)
	if e := s.epochs[hour]; e.State == service.EpochOpen {
		e.State = service.EpochClosing
		s.epochs[hour] = e
	}
	return nil
}

// EndEpoch implements service.Work.
func (s *Store) EndEpoch(ctx context.Context, hour int64) (err error) {
	f, err := s.enter(ctx, "EndEpoch")
	if err != nil {
		return err
	}
	defer s.leave(f, &err)
	if e := s.epochs[hour]; e.State == service.EpochClosing {
		e.State, e.DestroyedAt = service.EpochDestroyed, s.options.Clock()
		s.epochs[hour] = e
	}
	return nil
}

// Wrapped implements service.Work.
func (s *Store) Wrapped(ctx context.Context, hour int64, limit int) (left int, in []sealpost.ConversationID, err error) {
	f, err := s.enter(ctx, "Wrapped")
	if err != nil {
		return 0, nil, err
	}
	defer s.leave(f, &err)
	left, in = s.wrapped(hour)
	return left, in[:min(len(in), limit)], nil
}

func (s *Store) wrapped(hour int64) (left int, in []sealpost.ConversationID) {
	for _, d := range s.drafts {
		if d.Content.Ref == hour {
			left++
		}
	}
	for _, c := range s.conversations {
		for _, m := range c.messages {
			if m.Content.Ref != hour {
				continue
			}
			left++
			if !m.State.Pending() && !slices.Contains(in, c.ID) {
				in = append(in, c.ID)
			}
		}
	}
	return left, in
}

// CheckEmpty implements service.Work.
func (s *Store) CheckEmpty(ctx context.Context, hour int64) (empty bool, err error) {
	f, err := s.enter(ctx, "CheckEmpty")
	if err != nil {
		return false, err
	}
	defer s.leave(f, &err)
	left, _ := s.wrapped(hour)
	return left == 0 && s.epochs[hour].State == service.EpochClosing, nil
}

// Rewrap implements service.Work. Under the one lock nothing can come between the
// reading of a wrap and its replacement (R18).
func (s *Store) Rewrap(ctx context.Context, hour int64, limit int, move func(service.Held) (int64, []byte, bool)) (handled int, err error) {
	f, err := s.enter(ctx, "Rewrap")
	if err != nil {
		return 0, err
	}
	defer s.leave(f, &err)
	moved := func(l seal.Label, c sealpost.Sealed, expires sealpost.Instant) sealpost.Sealed {
		handled++
		l.Version = c.Version
		held := copySealed(c)
		held.Body = nil
		ref, wrapped, ok := move(service.Held{Label: l, Content: held, ExpiresAt: expires})
		if !ok {
			ref, wrapped = 0, nil
		}
		c.Ref, c.Wrapped = ref, slices.Clone(wrapped)
		return c
	}
	for _, c := range s.conversations {
		for i, m := range c.messages {
			if m.State.Pending() && m.Content.Ref == hour && handled < limit {
				c.messages[i].Content = moved(seal.Label{Kind: seal.KindMessage, Scope: c.ID, Object: m.ID}, m.Content, m.ReleaseAt)
			}
		}
	}
	for id, d := range s.drafts {
		if d.Content.Ref == hour && handled < limit {
			d.Content = moved(seal.Label{Kind: seal.KindDraft, Scope: d.UserID, Object: d.ID}, d.Content, d.ExpiresAt)
			s.drafts[id] = d
		}
	}
	return handled, nil
}
