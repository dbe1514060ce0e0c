package service

import (
	"context"
	"time"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/seal"
	"github.com/sealpost/sealpost/internal/sealpost"
)

// How often an account may ask about messages that are not sent: what is asked about
// people must not become a way of going through them.
const (
	outlooksPerMinute = 60
	outlookWindow     = time.Minute
	outlookPurpose    = "outlook"
)

// Foreseeing asks what will hold for a message that is not sent yet.
type Foreseeing struct {
	Recipients []sealpost.UserID
	Kind       sealpost.MessageKind
	SendAt     time.Time      // zero: now
	Undo       *time.Duration // nil: the sender's setting (R27)
	Hide       bool           // nobody is to be shown text of it before they open it
}

// Outlook is what can be told of a message before it is sent (S23): it depends on the
// policy in force, which may change before the delivery (R12), and on nothing that
// others have done.
type Outlook struct {
	DeliveredAt sealpost.Instant // if it is sent at once
	Window      time.Duration
	Code        sealpost.Code // why no recall will be possible; empty: one will be
	Recipients  []RecipientOutlook
}

// RecipientOutlook is what will hold for one recipient. It is the same for people
// whom the sender is not connected with, and tells nothing of blocks (R31).
type RecipientOutlook struct {
	UserID sealpost.UserID
	Until  sealpost.Instant // recallable until; zero: not at all
	// Previews is when this recipient may be shown text of it before they open it, as
	// everybody's settings are now (R26); nil for whom the sender is not connected with.
	Previews *sealpost.Previews
}

// Outlook says until when a message that is sent now could be recalled, and from
// whom. It changes nothing and does not say whether the message could be delivered.
//
// Refusals: CodeInvalid, field recipient_ids, for oneself and for nobody; the
// refusals of Send for the other fields; CodeRateLimited.
func (s *Service) Outlook(ctx context.Context, p Principal, key string, in Foreseeing) (Outlook, error) {
	sending := Sending{Body: "-", Kind: in.Kind, SendAt: in.SendAt, Undo: in.Undo}
	if err := validateSending(p, key, sending); err != nil {
		return Outlook{}, err
	}
	if _, err := s.attempt(ctx, s.outlookLimit(p)); err != nil {
		return Outlook{}, err
	}
	now, rules, err := s.rulesNow(ctx)
	if err != nil {
		return Outlook{}, err
	}
	delivered, err := deliveryTime(now, p.User, sending)
	if err != nil {
		return Outlook{}, err
	}
	until := delivered.Add(rules.Window)
	verdict := rules.Evaluate(policy.Facts{
		Now: delivered, RecallableUntil: until, RequiredNotice: in.Kind == sealpost.KindRequiredNotice,
		Recipients: make([]policy.Recipient, len(in.Recipients)),
	})
	out := Outlook{DeliveredAt: delivered, Window: rules.Window, Code: verdict.Code}
	if !verdict.Granted() {
		until = 0
	}
	for _, id := range in.Recipients {
		if id == p.User.ID {
			return Outlook{}, sealpost.Invalid("recipient_ids", "You cannot write to yourself.")
		}
		person, err := s.store.Person(ctx, p.User.ID, id)
		if err != nil {
			if sealpost.CodeOf(err) == sealpost.CodeNotFound {
				err = sealpost.Invalid("recipient_ids", "There is no such person.")
			}
			return Outlook{}, err
		}
		line := RecipientOutlook{UserID: id, Until: until}
		if person.Tie == sealpost.TieConnected {
			previews := min(rules.Previews, wish(p.User, Sending{HidePreview: in.Hide}), person.Previews)
			line.Previews = &previews
		}
		out.Recipients = append(out.Recipients, line)
	}
	return out, nil
}

// Preview is a message as somebody who receives it will have it.
type Preview struct{ Before, After MessageView }

// Preview shows a message that is not sent as its recipient will have it, before and
// after the opening (S23). It is made by what makes every recipient's view (R1, R2),
// and nothing of it is kept. The refusals are those of Send, and CodeRateLimited.
func (s *Service) Preview(ctx context.Context, p Principal, key string, in Sending) (Preview, error) {
	if err := validateSending(p, key, in); err != nil {
		return Preview{}, err
	}
	if _, err := s.attempt(ctx, s.outlookLimit(p)); err != nil {
		return Preview{}, err
	}
	now, rules, err := s.rulesNow(ctx)
	if err != nil {
		return Preview{}, err
	}
	n, _ := s.keys.LongTerm()
	reader := newID[sealpost.UserID](s) // somebody, whoever it will be
	sealed, err := sealpost.Deliver(
		sealpost.Message{
			ID: newID[sealpost.MessageID](s), SenderID: p.User.ID, Kind: in.Kind, CreatedAt: now,
			Content: sealpost.Sealed{Version: 1, Ref: int64(seal.LongTermRef(n))}, // as if it had a key
		},
		sealpost.Delivering{
			Now: now, Until: now.Add(rules.Window), PolicyVersion: rules.Version,
			Recipients: []sealpost.Recipient{{UserID: reader}},
		},
	)
	if err != nil {
		return Preview{}, err
	}
	opened, _ := sealpost.Open(sealed, reader, now, true)
	shows := func(m sealpost.Message) MessageView {
		v := envelope(m, reader)
		if m.ReadableBy(reader) {
			v.Content = &ContentView{Body: in.Body}
		}
		return v
	}
	return Preview{Before: shows(sealed), After: shows(opened)}, nil
}

func (s *Service) outlookLimit(p Principal) Limit {
	return s.limit(outlookPurpose, outlooksPerMinute, outlookWindow, p.User.ID[:])
}

// rulesNow is the database's clock and the policy in force. They decide nothing here.
func (s *Service) rulesNow(ctx context.Context) (sealpost.Instant, policy.Policy, error) {
	now, err := s.store.Now(ctx)
	if err != nil {
		return 0, policy.Policy{}, err
	}
	rules, err := s.store.Policy(ctx)
	return now, rules, err
}
