package service

import "github.com/sealpost/sealpost/internal/sealpost"

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
	Version         int32        // of the content, while held or scheduled
	Content         *ContentView // nil: the viewer does not have it
	Deliveries      []DeliveryView
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
}
