package service

import (
	"context"

	"github.com/sealpost/sealpost/internal/sealpost"
)

// The outcomes of a recall as a whole, and for one recipient.
const (
	OutcomeRecalled       = "recalled"
	OutcomePartlyRecalled = "partly_recalled"
	OutcomeOpened         = "opened"
)

// Report is what a recall did, per recipient, and what each may have seen (R25).
// It has the same shape whether or not the organisation keeps a copy (R22).
type Report struct {
	MessageID  sealpost.MessageID
	Outcome    string
	RecalledAt sealpost.Instant
	Again      bool   // of a recall that another request had done before (R9)
	Trace      string // marker: at least one recipient sees a line; otherwise none
	DraftID    sealpost.DraftID
	ErasedAt   sealpost.Instant // zero: somebody has opened it and keeps it
	Recipients []RecipientReport
}

// RecipientReport is one line of a report.
type RecipientReport struct {
	UserID   sealpost.UserID
	Outcome  string
	Level    sealpost.Level
	OpenedAt sealpost.Instant // zero without a receipt (R25)
	Channels []Channel
}

// Channel is the record of one way in which a recipient may have learned of a message
// or its text (R25). Presence is none: it shows in the level.
type Channel struct {
	Channel string
	At      sealpost.Instant
	Text    string
	State   string
}

// channelList is the recipient's own list of conversations (R24).
const channelList = "list"

func channelsOf(d sealpost.Delivery) []Channel {
	if d.PreviewedAt == 0 {
		return nil
	}
	return []Channel{{Channel: channelList, At: d.PreviewedAt, Text: sealpost.LevelPreview.String(), State: "sent"}}
}

func reportOf(m sealpost.Message) Report {
	r := Report{MessageID: m.ID, Outcome: OutcomeRecalled, RecalledAt: m.RecalledAt, Trace: "none", DraftID: m.DraftID}
	if m.State == sealpost.Recalled { // what was removed after somebody opened it is in older copies
		r.ErasedAt = m.ErasedAt
	}
	for _, d := range m.Deliveries {
		line := RecipientReport{UserID: d.UserID, Outcome: OutcomeRecalled, Level: d.Level, Channels: channelsOf(d)}
		if d.State == sealpost.DeliveryOpened {
			r.Outcome, line.Outcome = OutcomePartlyRecalled, OutcomeOpened
			if d.Receipt {
				line.OpenedAt = d.DecidedAt
			}
		} else if d.Visible || d.Marked { // R31: what is closed to them reports the same
			r.Trace = "marker"
		}
		r.Recipients = append(r.Recipients, line)
	}
	return r
}

// Report gives the report of a recall to the sender of the message; NotFound while
// there was none.
func (s *Service) Report(ctx context.Context, p Principal, id sealpost.MessageID) (Report, error) {
	m, err := s.store.Message(ctx, id, p.User.ID)
	switch {
	case err != nil:
		return Report{}, err
	case m.SenderID != p.User.ID:
		return Report{}, sealpost.Refuse(sealpost.CodeNotSender, "Only the sender sees the report.")
	case m.RecalledAt == 0:
		return Report{}, sealpost.NotFound()
	}
	return reportOf(m), nil
}
