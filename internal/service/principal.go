package service

import (
	"slices"

	"github.com/sealpost/sealpost/internal/sealpost"
)

// Principal is who is asking, and through which session or token.
type Principal struct {
	User    sealpost.User
	Session sealpost.SessionID
	Kind    SessionKind
	// Scopes limit an API token; nil: it may whatever its owner may, as a sign-in may.
	Scopes []sealpost.Scope
}

// May reports whether the session or token is good for a scope. What the person
// may, their roles say.
func (p Principal) May(s sealpost.Scope) bool { return p.Scopes == nil || slices.Contains(p.Scopes, s) }
