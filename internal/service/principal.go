package service

import "github.com/sealpost/sealpost/internal/sealpost"

// Principal is who is asking, and through which session or token.
type Principal struct {
	User    sealpost.User
	Session sealpost.SessionID
	Kind    SessionKind
}
