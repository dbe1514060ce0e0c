package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func (s *Server) registerSessions() {
	const tag = "sign-in"
	add(s, operation{
		id: "signIn", method: http.MethodPost, path: "/sessions", tag: tag, status: http.StatusCreated, public: true, content: true,
		summary: "Sign in", example: api.SignIn{Email: "ada@example.org", Password: "correct horse battery staple"},
		description: "An unknown address and a wrong password give the same 401. 10 failures of an account from one address, 50 of an account and 100 from an address in 15 minutes give 429 until some of them are older than that. Every call makes a session of its own, whatever its Idempotency-Key.",
		codes:       []sealpost.Code{sealpost.CodeUnauthenticated, sealpost.CodeRateLimited},
	}, s.signIn)
	add(s, operation{
		id: "signOut", method: http.MethodDelete, path: "/sessions/current", tag: tag,
		summary: "Sign out", description: "Ends the session, or deletes the token, of this request.",
	}, s.signOut)
	add(s, operation{
		id: "listSessions", method: http.MethodGet, path: "/sessions", tag: tag,
		summary: "List own sign-ins", description: "Newest first, all on one page.",
	}, s.listSessions)
	add(s, operation{
		id: "endSession", method: http.MethodDelete, path: "/sessions/{id}", tag: tag, summary: "End one of the own sign-ins",
	}, s.endSession)
	add(s, operation{
		id: "createToken", method: http.MethodPost, path: "/tokens", tag: tag, status: http.StatusCreated, content: true,
		summary: "Create an API token", example: api.CreateToken{Name: "night job"},
		description: "The secret is shown once, and again to a repetition with the same Idempotency-Key. A token never makes one with scopes that it lacks.",
		codes:       []sealpost.Code{sealpost.CodeForbidden},
	}, s.createToken)
	add(s, operation{
		id: "listTokens", method: http.MethodGet, path: "/tokens", tag: tag,
		summary: "List own API tokens", description: "Newest first, all on one page, without their secrets.",
	}, s.listTokens)
	add(s, operation{
		id: "deleteToken", method: http.MethodDelete, path: "/tokens/{id}", tag: tag, summary: "Delete one of the own API tokens",
	}, s.deleteToken)
}

type signInInput struct {
	Keyed
	Agent string `header:"User-Agent" hidden:"true"`
	Body  api.SignIn
}

func (s *Server) signIn(ctx context.Context, _ service.Principal, in *signInInput) (*reply[api.SignedIn], error) {
	signed, err := s.service.SignIn(ctx, in.Body.Email, in.Body.Password, in.Agent)
	if err != nil {
		return nil, err
	}
	return &reply[api.SignedIn]{api.SignedIn{
		Token: signed.Token, ExpiresAt: instant(signed.Session.ExpiresAt), User: me(signed.User),
	}}, nil
}

// signedOut makes a browser forget its cookie.
type signedOut struct {
	SetCookie string `header:"Set-Cookie" hidden:"true"`
}

func (s *Server) signOut(ctx context.Context, p service.Principal, _ *Keyed) (*signedOut, error) {
	if err := s.service.SignOut(ctx, p); err != nil {
		return nil, err
	}
	s.live.recheckUser(p.User.ID)
	gone := http.Cookie{Name: SessionCookie, Path: "/", MaxAge: -1, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode}
	return &signedOut{SetCookie: gone.String()}, nil
}

func (s *Server) listSessions(ctx context.Context, p service.Principal, _ *struct{}) (*reply[api.Sessions], error) {
	all, err := s.service.Sessions(ctx, p)
	if err != nil {
		return nil, err
	}
	out := api.Sessions{Items: make([]api.Session, 0, len(all))}
	for _, v := range all {
		out.Items = append(out.Items, wireSession(v, p))
	}
	return &reply[api.Sessions]{out}, nil
}

func wireSession(v service.Session, p service.Principal) api.Session {
	return api.Session{
		ID: v.ID.String(), Agent: v.Label, CreatedAt: always(v.CreatedAt), ExpiresAt: instant(v.ExpiresAt), Current: v.ID == p.Session,
	}
}

func (s *Server) endSession(ctx context.Context, p service.Principal, in *keyedByID) (*empty, error) {
	id, err := sealpost.ParseSession(in.ID)
	if err != nil {
		return nil, sealpost.NotFound()
	}
	if err := s.service.EndSession(ctx, p, in.Key, id); err != nil {
		return nil, err
	}
	s.live.recheckUser(p.User.ID)
	return &empty{}, nil
}

type tokenInput struct {
	Keyed
	Body api.CreateToken
}

func (s *Server) createToken(ctx context.Context, p service.Principal, in *tokenInput) (*reply[api.NewToken], error) {
	var expires time.Time
	if in.Body.ExpiresAt != nil {
		expires = in.Body.ExpiresAt.Time
	}
	scopes := make([]sealpost.Scope, 0, len(in.Body.Scopes))
	for _, scope := range in.Body.Scopes {
		scopes = append(scopes, sealpost.Scope(scope))
	}
	v, secret, err := s.service.CreateToken(ctx, p, in.Key, in.Body.Name, expires, scopes...)
	if err != nil {
		return nil, err
	}
	return &reply[api.NewToken]{api.NewToken{
		ID: v.ID.String(), Name: v.Label, CreatedAt: always(v.CreatedAt), ExpiresAt: instant(v.ExpiresAt), Token: secret,
		Scopes: scopeNames(v.Scopes),
	}}, nil
}

func (s *Server) listTokens(ctx context.Context, p service.Principal, _ *struct{}) (*reply[api.Tokens], error) {
	all, err := s.service.Tokens(ctx, p)
	if err != nil {
		return nil, err
	}
	out := api.Tokens{Items: make([]api.Token, 0, len(all))}
	for _, v := range all {
		out.Items = append(out.Items, wireToken(v))
	}
	return &reply[api.Tokens]{out}, nil
}

func wireToken(v service.Session) api.Token {
	return api.Token{
		ID: v.ID.String(), Name: v.Label, CreatedAt: always(v.CreatedAt), ExpiresAt: instant(v.ExpiresAt), Scopes: scopeNames(v.Scopes),
	}
}

// scopeNames names what a token is good for; one without limits has all.
func scopeNames(scopes []sealpost.Scope) []string {
	if scopes == nil {
		scopes = sealpost.Scopes()
	}
	out := make([]string, 0, len(scopes))
	for _, scope := range scopes {
		out = append(out, string(scope))
	}
	return out
}

func (s *Server) deleteToken(ctx context.Context, p service.Principal, in *keyedByID) (*empty, error) {
	id, err := sealpost.ParseSession(in.ID)
	if err != nil {
		return nil, sealpost.NotFound()
	}
	if err := s.service.DeleteToken(ctx, p, in.Key, id); err != nil {
		return nil, err
	}
	s.live.recheckUser(p.User.ID)
	return &empty{}, nil
}
