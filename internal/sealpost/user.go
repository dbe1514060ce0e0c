package sealpost

import (
	"slices"
	"time"
)

// Role allows what members may not do. Roles do not include one another.
type Role string

// The roles.
const (
	RoleMember     Role = "member"     // everybody
	RoleNotices    Role = "notices"    // may send required notices (R22)
	RoleModerator  Role = "moderator"  // reads reports
	RoleCompliance Role = "compliance" // reads the audit log
	RoleAdmin      Role = "admin"      // changes policy, manages users
)

// Roles lists every role.
func Roles() []Role {
	return []Role{RoleMember, RoleNotices, RoleModerator, RoleCompliance, RoleAdmin}
}

// ZoneDelay is how long a changed time zone waits before it counts for the daily
// limit, so that changing zones buys no recall (R13).
const ZoneDelay = 48 * time.Hour

// MaxUndo is the longest undo time (R27).
const MaxUndo = 120 * time.Second

// User is a person with an account.
type User struct {
	ID       UserID
	Email    string
	Name     string
	Headline string
	Language string // BCP 47, empty: the organisation's

	TimeZone      string  // IANA name
	PreviousZone  string  // what counts for R13 until ZoneDelay after ZoneChangedAt
	ZoneChangedAt Instant // zero: never changed

	Roles    []Role
	Receipts bool // read receipts: others are told when this user opens
	// OpenOnArrival: what arrives while this user is in the conversation and active is
	// opened by their page, by a POST of its own (R4).
	OpenOnArrival bool
	Undo          time.Duration // R27: how long own messages are held before delivery
	// Previews is what this user allows of text of what they have not opened, HideMine
	// whether others never see any of this user's messages (R26).
	Previews  Previews
	HideMine  bool
	Reach     Reach // who may message this user (R31); empty: ReachConnections
	CreatedAt Instant
	// DisabledAt is when the account was closed to sign-in; zero: it is open.
	DisabledAt Instant
	// ErasedAt is when the account was erased; zero: it was not. An erased account is
	// disabled for good.
	ErasedAt Instant

	// Profile: somebody whom an imported archive names and who has no account yet. They
	// cannot sign in or be written to, and only those see them who are connected with
	// them or know a conversation with them. An invitation link makes it an account.
	Profile bool
	// Source is by what imports know the person again: the address of their profile
	// elsewhere, or a MAC where there is none. Empty: no import has named them.
	Source string
}

// FormerMember is the name of everybody whose account was erased.
const FormerMember = "Former member"

// Open reports whether the account can be used.
func (u User) Open() bool { return u.DisabledAt == 0 && u.ErasedAt == 0 && !u.Profile }

// Has reports whether the user has a role; everybody is a member.
func (u User) Has(r Role) bool { return r == RoleMember || slices.Contains(u.Roles, r) }

// Administers reports whether the user is an administrator now, and may be one.
func (u User) Administers() bool { return u.Open() && u.Has(RoleAdmin) }

// LimitZone is the zone whose calendar day counts for the daily limit (R13).
func (u User) LimitZone(now Instant) string {
	if u.ZoneChangedAt != 0 && now < u.ZoneChangedAt.Add(ZoneDelay) {
		return u.PreviousZone
	}
	return u.TimeZone
}

// ChangeZone sets the zone. What counted for the daily limit until now goes on
// counting for ZoneDelay from now (R13).
func (u User) ChangeZone(zone string, now Instant) User {
	if zone == u.TimeZone {
		return u
	}
	u.PreviousZone = u.LimitZone(now)
	u.TimeZone, u.ZoneChangedAt = zone, now
	return u
}
