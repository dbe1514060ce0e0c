package sealpost

import (
	"slices"
	"time"
)

// Reports of messages to the moderators, and removal after review (R22, R23, R30).

// Limits of a report.
const (
	MaxNote = 1000 // code points, of a note and of an answer
	// EvidenceLife is how long what a report froze is kept after it was resolved.
	EvidenceLife = 180 * 24 * time.Hour
)

// FlagID names a report.
type FlagID = id[flagKind]

type flagKind struct{}

// ParseFlag reads the id of a report; see ParseUser.
func ParseFlag(s string) (FlagID, error) { return parse[flagKind](s) }

// FlagReason is why a message is reported.
type FlagReason string

// The reasons of a report.
const (
	FlagSpam           FlagReason = "spam"
	FlagHarassment     FlagReason = "harassment"
	FlagConfidential   FlagReason = "confidential"
	FlagWrongRecipient FlagReason = "wrong_recipient"
	FlagOther          FlagReason = "other"
)

// FlagReasons lists every reason.
func FlagReasons() []FlagReason {
	return []FlagReason{FlagSpam, FlagHarassment, FlagConfidential, FlagWrongRecipient, FlagOther}
}

// FlagState is how far a report has come.
type FlagState int8

// The states of a report. The values are stored.
const (
	FlagOpen     FlagState = 1
	FlagResolved FlagState = 2
)

// Resolution is what moderators did about a report.
type Resolution int8

// The resolutions. The values are stored; zero: none yet.
const (
	ResolvedKeep   Resolution = 1
	ResolvedRemove Resolution = 2 // removed for everybody (R30)
)

// Flag is a report of a message to the moderators. Evidence is the text as it was
// then, with the note and the answer, under a key of its own: a recall a second
// later changes nothing about it (R23). It is erased EvidenceLife after ResolvedAt.
type Flag struct {
	ID             FlagID
	ConversationID ConversationID
	MessageID      MessageID
	SenderID       UserID // of the message
	ReporterID     UserID
	Reason         FlagReason
	RequestRemoval bool
	CreatedAt      Instant
	State          FlagState
	Resolution     Resolution
	ResolvedBy     UserID
	ResolvedAt     Instant // zero while open
	Evidence       Sealed
}

// Own reports whether the sender reported their own message (S18).
func (f Flag) Own() bool { return f.SenderID == f.ReporterID }

// Turn is the place of a report in the queue: people who ask for the removal of
// their own message come first (R30).
func (f Flag) Turn() int {
	if f.Own() && f.RequestRemoval {
		return 0
	}
	return 1
}

// Remove takes a message from everybody after a review (R30): its key is forgotten,
// and what was sealed can no longer be opened. It reports whether that was new; what
// was recalled stays recalled (I2). What a recipient's view does not have, or has as
// a marker, stays as it is.
func Remove(m Message, now Instant) (Message, bool) {
	if m.State != Sent {
		return m, false
	}
	m.State, m.Content = Removed, m.Content.Erase()
	m.ChangedAt, m.SenderChangedAt = now, now
	m.Deliveries = slices.Clone(m.Deliveries)
	for i, d := range m.Deliveries {
		if !d.Visible || d.State == DeliveryRecalled {
			continue
		}
		if d.State == DeliverySealed {
			d.State, d.DecidedAt = DeliveryRemoved, now
		}
		if !d.Hidden {
			d.ChangedAt = now
		}
		m.Deliveries[i] = d
	}
	return m, true
}
