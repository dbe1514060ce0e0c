package service

import (
	"context"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
)

// Foresee notes on the viewer's own messages of one conversation what a recall of each
// would meet now, as Forecast says it (R8), and gives what one would meet that is sent
// there now. The limits are those of the conversation and its sender, so that they are
// read once for each version of the policy and not for each message.
func (s *Service) Foresee(ctx context.Context, items []MessageView) (policy.Verdict, error) {
	read := map[int64]Snapshot{}
	var newest *Snapshot
	for i := len(items) - 1; i >= 0; i-- {
		m := &items[i]
		if !m.Own || m.SentAt == 0 {
			continue
		}
		shot, ok := read[m.PolicyVersion]
		if !ok {
			var err error
			shot, err = s.store.RecallFacts(ctx, m.ID)
			if sealpost.CodeOf(err) == sealpost.CodeNotFound { // it was taken away since
				continue
			}
			if err != nil {
				return policy.Verdict{}, err
			}
			read[m.PolicyVersion] = shot
		}
		if newest == nil {
			newest = &shot
		}
		m.Foreseen = foreseen(shot, *m)
	}
	return s.foreseeNext(ctx, newest)
}

// ForeseeNewest does it for the newest messages of several conversations: for at most
// so many of those that a page would show as recallable, because each has limits of
// its own. The others are shown without a promise.
func (s *Service) ForeseeNewest(ctx context.Context, entries []InboxEntry, most int) error {
	now := sealpost.Instant(0)
	for _, e := range entries {
		m := e.Last
		if m == nil || !m.Own || m.State != sealpost.Sent || m.RecalledAt != 0 || m.Imported {
			continue
		}
		if now == 0 {
			var err error
			if now, err = s.store.Now(ctx); err != nil {
				return err
			}
		}
		if m.RecallableUntil < now {
			continue
		}
		if most--; most < 0 {
			return nil
		}
		shot, err := s.store.RecallFacts(ctx, m.ID)
		switch sealpost.CodeOf(err) {
		case "":
			m.Foreseen = foreseen(shot, *m)
		case sealpost.CodeNotFound:
		default:
			return err
		}
	}
	return nil
}

// foreseen is the verdict on a message by the facts of another of the same sender,
// conversation and version of the policy.
func foreseen(shot Snapshot, m MessageView) *policy.Verdict {
	if gone := gone(m.State, m.RecalledAt); gone != "" {
		return &policy.Verdict{Code: gone}
	}
	f := facts(shot, *shot.Message)
	f.RecallableUntil, f.RequiredNotice = m.RecallableUntil, m.Kind == sealpost.KindRequiredNotice
	f.WindowOver = shot.Message.ID == m.ID && shot.Message.WindowOver
	f.Recipients = nil
	for _, d := range m.Deliveries { // as the sender may know them
		if !m.Imported {
			f.Recipients = append(f.Recipients, policy.Recipient{Opened: d.State == sealpost.DeliveryOpened, Receipt: true})
		}
	}
	v := shot.Recall.Policy.Forecast(f)
	return &v
}

// foreseeNext is the verdict on a message that is sent now, as far as it can be told:
// limits that were counted under another version may not be its own.
func (s *Service) foreseeNext(ctx context.Context, shot *Snapshot) (policy.Verdict, error) {
	rules, err := s.store.Policy(ctx)
	if err != nil {
		return policy.Verdict{}, err
	}
	f := policy.Facts{Recipients: []policy.Recipient{{}}}
	if shot != nil {
		p := shot.Recall.Policy
		f.Now = shot.Now
		if p.PerConversationDay == rules.PerConversationDay {
			f.QuotaUntil = shot.Recall.QuotaUntil
		}
		if p.Throttle == rules.Throttle {
			f.MessagesOver, f.RecipientsOver, f.RefusalsOver = shot.Recall.MessagesOver, shot.Recall.RecipientsOver, shot.Recall.RefusalsOver
		}
	}
	f.RecallableUntil = f.Now.Add(rules.Window)
	v := rules.Evaluate(f)
	if v.RetryAt != 0 && v.RetryAt < f.RecallableUntil { // it is lifted while the message can be recalled
		return policy.Verdict{}, nil
	}
	return v, nil
}
