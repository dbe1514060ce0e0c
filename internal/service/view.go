package service

import (
	"context"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
)

// MessageView is a message as one viewer has it: the envelope (R1), and the
// content for those who have it (R2).
type MessageView struct {
	ID             sealpost.MessageID
	ConversationID sealpost.ConversationID
	SenderID       sealpost.UserID
	Kind           sealpost.MessageKind
	// State is as this viewer sees it: a message recalled for this recipient is
	// Recalled, whatever it is for others (R16).
	State           sealpost.MessageState
	Own             bool
	Delivery        sealpost.DeliveryState // the viewer's own; zero for the sender
	CreatedAt       sealpost.Instant       // for the sender only
	SentAt          sealpost.Instant       // zero while held or scheduled
	ReleaseAt       sealpost.Instant       // while held or scheduled
	TimeZone        string
	RecallableUntil sealpost.Instant
	RecalledAt      sealpost.Instant
	Imported        bool             // from an archive of another network (see Import)
	Version         int32            // of the content, while held or scheduled
	Previewed       bool             // a recipient's: their list showed text of it before it was opened (R26)
	Content         *ContentView     // nil: the viewer does not have it
	Acknowledged    *Acknowledgement // the viewer's own answer to a request to disregard
	Deliveries      []DeliveryView
	// PolicyVersion is what it was sent under (R12), for the sender only.
	PolicyVersion int64
	// Foreseen is what a recall would meet now, where Foresee was asked.
	Foreseen *policy.Verdict
}

// ContentView is what was sealed.
type ContentView struct {
	Body string
	// InReplyTo is zero where there is none or its target is not visible to the
	// viewer: no trace of it then.
	InReplyTo sealpost.MessageID
}

// DeliveryView is what the sender may know of one recipient.
type DeliveryView struct {
	UserID   sealpost.UserID
	State    sealpost.DeliveryState // an opening without receipt reads as sealed
	OpenedAt sealpost.Instant       // zero unless the receipt allows it
	// Acknowledged is what the recipient answered to a request to disregard; nil:
	// nothing yet.
	Acknowledged *Acknowledgement
}

// envelope is what may be known before opening (R1), as one viewer sees it. It has
// no content.
func envelope(m sealpost.Message, viewer sealpost.UserID) MessageView {
	v := MessageView{
		ID: m.ID, ConversationID: m.ConversationID, SenderID: m.SenderID, Kind: m.Kind, State: m.State,
		Own: m.SenderID == viewer, SentAt: m.SentAt, RecallableUntil: m.RecallableUntil, Imported: m.Imported,
	}
	if v.Own {
		v.CreatedAt, v.RecalledAt, v.PolicyVersion = m.CreatedAt, m.RecalledAt, m.PolicyVersion
		if m.State.Pending() {
			v.ReleaseAt, v.TimeZone, v.Version = m.ReleaseAt, m.TimeZone, m.Content.Version
		}
		for _, d := range m.Deliveries {
			v.Deliveries = append(v.Deliveries, deliveryView(m, d))
		}
		return v
	}
	d, _ := m.DeliveryTo(viewer)
	v.Delivery, v.Acknowledged, v.Previewed = d.State, acknowledged(d), d.PreviewedAt != 0
	v.State = sealpost.Sent // whatever it is for others (R16)
	switch {
	case d.State == sealpost.DeliveryRecalled:
		v.State, v.RecalledAt = sealpost.Recalled, d.DecidedAt
	case m.State == sealpost.Removed:
		v.State = sealpost.Removed
	}
	return v
}

// deliveryView is what the sender may know of a recipient. An opening without
// receipt reads as sealed, until a recall in part has named who had opened (R15).
func deliveryView(m sealpost.Message, d sealpost.Delivery) DeliveryView {
	v := DeliveryView{UserID: d.UserID, State: d.State, Acknowledged: acknowledged(d)}
	switch {
	case d.State == sealpost.DeliveryRemoved: // it was sealed; nor do openings without receipt read otherwise
		v.State = sealpost.DeliverySealed
	case m.Imported: // when they read it there nobody knows
	case d.State == sealpost.DeliveryOpened && d.Receipt:
		v.OpenedAt = d.DecidedAt
	case d.State == sealpost.DeliveryOpened && m.RecalledAt == 0:
		v.State = sealpost.DeliverySealed
	}
	return v
}

// view is the message with its content, if the viewer has it (R2).
func (s *Service) view(ctx context.Context, m sealpost.Message, viewer sealpost.UserID) (MessageView, error) {
	visible, err := s.targets(ctx, []sealpost.Message{m}, viewer)
	if err != nil {
		return MessageView{}, err
	}
	return s.viewWith(m, viewer, visible)
}

// viewWith is view, once it is known which messages the viewer may know of.
func (s *Service) viewWith(m sealpost.Message, viewer sealpost.UserID, visible map[sealpost.MessageID]bool) (MessageView, error) {
	v := envelope(m, viewer)
	if !m.ReadableBy(viewer) {
		return v, nil
	}
	text, err := s.body(messageLabel(m), m.Content)
	if err != nil {
		return v, err
	}
	v.Content = &ContentView{Body: text}
	if visible[m.InReplyTo] { // R34: otherwise no trace of it
		v.Content.InReplyTo = m.InReplyTo
	}
	return v, nil
}

func (s *Service) views(ctx context.Context, messages []sealpost.Message, viewer sealpost.UserID) ([]MessageView, error) {
	visible, err := s.targets(ctx, messages, viewer)
	if err != nil {
		return nil, err
	}
	out := make([]MessageView, 0, len(messages))
	for _, m := range messages {
		v, err := s.viewWith(m, viewer, visible)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}
