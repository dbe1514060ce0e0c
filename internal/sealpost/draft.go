package sealpost

import "time"

// DraftLife is how long a text that came back from a recall or an undo is kept
// (R20).
const DraftLife = 24 * time.Hour

// Draft is text of its author's own, sealed like a message. Only its author ever
// reads it.
type Draft struct {
	ID             DraftID
	UserID         UserID
	ConversationID ConversationID // zero: not meant for one yet
	FromMessage    MessageID      // the message that it was, if any
	Reason         Code           // why a release was refused (R28); empty otherwise
	CreatedAt      Instant
	UpdatedAt      Instant
	ExpiresAt      Instant // zero: kept until deleted
	Content        Sealed
}
