package sealpost

import "time"

type inviteKind struct{}

// InviteID names an invitation link for an account.
type InviteID = id[inviteKind]

// ParseInvite reads the id of an invitation link; see ParseUser.
func ParseInvite(s string) (InviteID, error) { return parse[inviteKind](s) }

// The limits of how long an invitation link can be used.
const (
	MinInvite     = time.Hour
	DefaultInvite = 7 * 24 * time.Hour
	MaxInvite     = 30 * 24 * time.Hour
)

// Invite is an invitation link: whoever has its secret makes an account, or sets
// the password of one that exists, once. Only the hash of the secret is stored.
type Invite struct {
	ID        InviteID
	Hash      [32]byte
	Email     string // empty: whoever uses it says it
	Name      string // empty: whoever uses it says it
	Roles     []Role // of a new account
	AccountID UserID // zero: it makes a new account
	CreatedBy UserID // zero: the server
	CreatedAt Instant
	ExpiresAt Instant
}
