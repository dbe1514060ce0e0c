package memstore

import (
	"cmp"
	"context"
	"slices"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func copyFlag(f sealpost.Flag) sealpost.Flag {
	f.Evidence = copySealed(f.Evidence)
	return f
}

// flagsThat gives copies of the reports that f takes, in an order.
func (s *Store) flagsThat(f func(sealpost.Flag) bool, order func(a, b sealpost.Flag) int) []sealpost.Flag {
	var out []sealpost.Flag
	for _, flag := range s.flags {
		if f(flag) {
			out = append(out, copyFlag(flag))
		}
	}
	slices.SortFunc(out, order)
	return out
}

func byFlagID(a, b sealpost.Flag) int { return a.ID.Compare(b.ID) }

func (s *Store) openFlags(in sealpost.ConversationID, of sealpost.MessageID) []sealpost.Flag {
	return s.flagsThat(func(f sealpost.Flag) bool {
		return f.ConversationID == in && f.MessageID == of && f.State == sealpost.FlagOpen
	}, byFlagID)
}

func (s *Store) putFlags(flags []sealpost.Flag) {
	for _, f := range flags {
		s.flags[f.ID] = copyFlag(f)
	}
}

// forgetEvidence erases what was kept long enough after its report was resolved.
func (s *Store) forgetEvidence(now sealpost.Instant) {
	for id, f := range s.flags {
		if f.State == sealpost.FlagResolved && f.ResolvedAt < now.Add(-sealpost.EvidenceLife) {
			f.Evidence = f.Evidence.Erase()
			s.flags[id] = f
		}
	}
}

// Flag implements service.Flags.
func (s *Store) Flag(ctx context.Context, id sealpost.FlagID) (flag sealpost.Flag, err error) {
	f, err := s.enter(ctx, "Flag")
	if err != nil {
		return flag, err
	}
	defer s.leave(f, &err)
	stored, ok := s.flags[id]
	if !ok {
		return flag, sealpost.NotFound()
	}
	return copyFlag(stored), nil
}

// FlagsBy implements service.Flags.
func (s *Store) FlagsBy(ctx context.Context, reporter sealpost.UserID, before sealpost.FlagID, limit int) (out []sealpost.Flag, err error) {
	f, err := s.enter(ctx, "FlagsBy")
	if err != nil {
		return nil, err
	}
	defer s.leave(f, &err)
	out = s.flagsThat(func(f sealpost.Flag) bool {
		return f.ReporterID == reporter && (before.IsZero() || f.ID.Compare(before) < 0)
	}, func(a, b sealpost.Flag) int { return byFlagID(b, a) })
	return out[:min(len(out), limit)], nil
}

// FlagQueue implements service.Flags.
func (s *Store) FlagQueue(ctx context.Context, q service.FlagQuery) (out []sealpost.Flag, err error) {
	f, err := s.enter(ctx, "FlagQueue")
	if err != nil {
		return nil, err
	}
	defer s.leave(f, &err)
	inQueue := func(a, b sealpost.Flag) int {
		return cmp.Or(cmp.Compare(a.Turn(), b.Turn()), cmp.Compare(a.CreatedAt, b.CreatedAt), byFlagID(a, b))
	}
	out = s.flagsThat(func(f sealpost.Flag) bool {
		after := cmp.Or(cmp.Compare(f.Turn(), q.AfterTurn), cmp.Compare(f.CreatedAt, q.AfterAt), f.ID.Compare(q.AfterID)) > 0
		return f.State == q.State && after && (f.SenderID != q.Viewer || f.Own()) // R22
	}, inQueue)
	out = out[:min(len(out), q.Limit)]
	for i := range out {
		out[i].Evidence = sealpost.Sealed{}
	}
	return out, nil
}
