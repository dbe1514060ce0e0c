package sealpost

import "time"

const (
	// MaxInvitationNote is how long the note of an invitation may be, in code points.
	MaxInvitationNote = 300
	// MaxInvitations is how many invitations an account may make in InvitationPeriod,
	// those that were withdrawn included.
	MaxInvitations = 100
	// InvitationPeriod is how far back invitations count for MaxInvitations.
	InvitationPeriod = 24 * time.Hour
	// MaxShared is where the count of connections in common ends.
	MaxShared = 50
)

type invitationKind struct{}

// InvitationID names an invitation; both sides of it have the same id.
type InvitationID = id[invitationKind]

// ParseInvitation reads an invitation id; see ParseUser.
func ParseInvitation(s string) (InvitationID, error) { return parse[invitationKind](s) }

// InvitationState is how far one side of an invitation has come.
type InvitationState int8

// The states. The values are stored.
const (
	InvitationOpen     InvitationState = 1
	InvitationAccepted InvitationState = 2
	// InvitationIgnored is only ever on the receiver's side; the sender's stays open.
	InvitationIgnored InvitationState = 3
	// InvitationWithdrawn was taken back by its sender, or ended with a block. On the
	// receiver's side it is as if it had never been there.
	InvitationWithdrawn InvitationState = 4
)

// Invitation is one side of an invitation: what the sender has of it, or what the
// receiver has of it. They are two values, so that nothing that the receiver does
// short of accepting can show at the sender's (R31). A receiver who was not to see
// the invitation has no side of it.
type Invitation struct {
	ID        InvitationID
	Owner     UserID // whose side this is
	Other     UserID
	Sent      bool   // Owner invited Other
	Note      string // personal text; empty once withdrawn
	State     InvitationState
	CreatedAt Instant // when it was made, the same on both sides
	DecidedAt Instant // the last change of State; zero: none
}

// From is who invited.
func (v Invitation) From() UserID {
	if v.Sent {
		return v.Owner
	}
	return v.Other
}

// To is who was invited.
func (v Invitation) To() UserID {
	if v.Sent {
		return v.Other
	}
	return v.Owner
}

// Received is the side that the invited person gets of a sent invitation.
func (v Invitation) Received() Invitation {
	v.Owner, v.Other, v.Sent = v.Other, v.Owner, false
	return v
}

// Become is the side with another state. A note does not outlive the withdrawal.
func (v Invitation) Become(state InvitationState, now Instant) Invitation {
	v.State, v.DecidedAt = state, now
	if state == InvitationWithdrawn {
		v.Note = ""
	}
	return v
}

// Tie is how somebody else stands to a viewer.
type Tie string

// The ties, from the viewer's side.
const (
	TieNone       Tie = "none"
	TieInvited    Tie = "invited"     // the viewer invited them, and it reads open
	TieInvitesYou Tie = "invites_you" // their invitation waits for the viewer
	TieConnected  Tie = "connected"
	TieSelf       Tie = "self"
)
