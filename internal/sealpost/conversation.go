package sealpost

// ConversationKind tells a conversation of two from a group.
type ConversationKind int8

// The kinds of conversation. The values are stored.
const (
	Direct ConversationKind = 1 // two people, for ever; the id is derived from both
	Group  ConversationKind = 2 // up to MaxParticipants; people join and leave
)

// Limits of a conversation.
const (
	MaxParticipants = 50  // of a group, those who left not counted
	MaxTitle        = 200 // code points
)

// Conversation is a thread and the lock under which everything in it is decided
// (R7).
type Conversation struct {
	ID        ConversationID
	Kind      ConversationKind
	Title     string
	CreatorID UserID
	CreatedAt Instant
	TitledAt  Instant // when the title was last changed; zero: never

	// Internal, never shown (R34): Seq counts delivered messages, Rev decisions,
	// both without gaps (I5).
	Seq, Rev int64
	// DecidedAt is the time of the last decision. Decision times in one
	// conversation strictly increase, whatever the clock does (R12).
	DecidedAt Instant
}

// Participant is a person in a conversation. Somebody who left stays listed, so
// that the sender of a message can still recall it (R8) and what was opened stays
// with the reader (R33).
type Participant struct {
	UserID   UserID
	JoinedAt Instant // the last time, if more than once
	LeftAt   Instant // zero while active
	// FirstAt and StayedUntil are when they joined first, and when they left before they
	// came back; zero: they never did. Only the members of a thread have them.
	FirstAt, StayedUntil Instant
	Receipts             bool // the user's setting at the moment of the decision

	// Consent and Standing are what a delivery goes by (R31). Only decisions have them;
	// no view does, and Standing is there only if it was asked for.
	Consent  Consent
	Standing Standing
}

// Active reports whether the participant is in the conversation now.
func (p Participant) Active() bool { return p.LeftAt == 0 }

// TitleFor is the title for a participant: none for who left before it was changed. What
// it was then is not kept, and what it is now is not theirs (R33, R34).
func (c Conversation) TitleFor(p Participant) string {
	if !p.Active() && c.TitledAt > p.LeftAt {
		return ""
	}
	return c.Title
}

// FindParticipant gives the participant with this user id.
func FindParticipant(all []Participant, user UserID) (Participant, bool) {
	for _, p := range all {
		if p.UserID == user {
			return p, true
		}
	}
	return Participant{}, false
}

// Recipients are the active participants other than the sender, at delivery (R33).
func Recipients(all []Participant, sender UserID) []Participant {
	var out []Participant
	for _, p := range all {
		if p.Active() && p.UserID != sender {
			out = append(out, p)
		}
	}
	return out
}
