package sealpost

// Scope is what an API token is good for. A scope allows nothing that its owner may
// not do; a sign-in has all of them.
type Scope string

// The scopes.
const (
	ScopeRead    Scope = "read"    // read what one has, live events and the own export
	ScopeOpen    Scope = "open"    // open messages (R4)
	ScopeWrite   Scope = "write"   // send, recall, change conversations and drafts
	ScopeNetwork Scope = "network" // connections, invitations and blocks
	ScopeAccount Scope = "account" // the own profile, settings, sign-ins and tokens
	ScopeAdmin   Scope = "admin"   // whatever the owner's roles allow below /admin
)

// Scopes lists every scope.
func Scopes() []Scope {
	return []Scope{ScopeRead, ScopeOpen, ScopeWrite, ScopeNetwork, ScopeAccount, ScopeAdmin}
}
