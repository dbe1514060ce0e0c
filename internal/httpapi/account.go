package httpapi

import (
	"context"
	"net/http"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func (s *Server) registerAccount() {
	const tag = "sign-in"
	limited := []sealpost.Code{sealpost.CodeRateLimited, sealpost.CodeVersionConflict}
	add(s, operation{
		id: "endSessions", method: http.MethodDelete, path: "/sessions", tag: tag, summary: "Sign out everywhere else",
		description: "Ends every other sign-in; with `all=true` this one too. API tokens stay.",
	}, s.endSessions)
	add(s, operation{
		id: "changePassword", method: http.MethodPut, path: "/me/password", tag: tag, summary: "Change the own password",
		description: "Ends every other sign-in. API tokens stay. A wrong old password counts as a failed sign-in.",
		example:     api.ChangePassword{Old: "correct horse battery staple", New: "staple battery horse correct"}, codes: limited,
	}, s.changePassword)
	add(s, operation{
		id: "eraseMe", method: http.MethodPost, path: "/me/erase", tag: tag, status: http.StatusNoContent, summary: "Erase the own account for good",
		description: erasureWords + " A wrong password counts as a failed sign-in.",
		example:     api.Erase{Password: "correct horse battery staple"},
		codes:       append([]sealpost.Code{sealpost.CodeLastAdmin}, limited...),
	}, s.eraseMe)
}

// erasureWords say what an erasure does, in the document.
const erasureWords = "At once nobody can sign in to the account any more, its name is \"Former member\", and its address, password, settings, sessions, tokens, drafts, connections and blocks are deleted. Within seconds what was held or scheduled is cancelled and its groups are left. Messages that were delivered stay with those who have them, the sealed ones too: recall them before. It cannot be undone."

type endSessionsInput struct {
	Keyed
	All bool `query:"all" doc:"this session too"`
}

func (s *Server) endSessions(ctx context.Context, p service.Principal, in *endSessionsInput) (*empty, error) {
	return &empty{}, s.service.EndSessions(ctx, p, in.Key, in.All)
}

type passwordInput struct {
	Keyed
	Body api.ChangePassword
}

func (s *Server) changePassword(ctx context.Context, p service.Principal, in *passwordInput) (*empty, error) {
	return &empty{}, s.service.ChangePassword(ctx, p, in.Key, in.Body.Old, in.Body.New)
}

type eraseInput struct {
	Keyed
	Body api.Erase
}

func (s *Server) eraseMe(ctx context.Context, p service.Principal, in *eraseInput) (*empty, error) {
	return &empty{}, s.service.EraseMe(ctx, p, in.Key, in.Body.Password)
}
