package httpapi

import (
	"context"
	"net/http"
	"strings"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/sealpost"
)

const (
	// SessionCookie holds the token of a browser's session.
	SessionCookie = api.SessionCookie
	// maxToken is the longest credential that is looked at, in bytes.
	maxToken = 512
)

func unauthenticated() error {
	return sealpost.Refuse(sealpost.CodeUnauthenticated, "Sign in, or send a valid token.")
}

// authenticate finds who asks and notes that they are there before they are served
// (R24).
func (s *Server) authenticate(q *request, r *http.Request) error {
	token, cookie, ok := credential(r)
	if !ok {
		return unauthenticated()
	}
	p, err := s.service.Authenticate(q.ctx, token)
	if err != nil {
		return err
	}
	if err := s.service.Arrive(q.ctx, p); err != nil {
		return err
	}
	q.principal, q.token, q.cookie = p, token, cookie
	q.ctx = context.WithValue(q.ctx, principalKey{}, p)
	return nil
}

// credential is the token of a request. A header that is there counts alone: a bad
// one does not fall back to the cookie.
func credential(r *http.Request) (token string, cookie, ok bool) {
	if headers := r.Header["Authorization"]; len(headers) > 0 {
		scheme, token, found := strings.Cut(headers[0], " ")
		return token, false, len(headers) == 1 && found && strings.EqualFold(scheme, "Bearer") && plausible(token)
	}
	c, err := r.Cookie(SessionCookie)
	if err != nil {
		return "", true, false
	}
	return c.Value, true, plausible(c.Value)
}

func plausible(token string) bool { return token != "" && len(token) <= maxToken }

// stillSignedIn reports whether a live connection's token is still good. When that
// cannot be found out it is: the next check will tell.
func (s *Server) stillSignedIn(token string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), recheckTimeout)
	defer cancel()
	_, err := s.service.Authenticate(ctx, token)
	return sealpost.CodeOf(err) != sealpost.CodeUnauthenticated
}
