package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func (s *Server) registerInvites() {
	const tag = "administration"
	week := api.Duration(sealpost.DefaultInvite)
	forbidden := []sealpost.Code{sealpost.CodeForbidden}
	add(s, operation{
		id: "createInvite", method: http.MethodPost, path: "/admin/invites", tag: tag, status: http.StatusCreated, summary: "Make an invitation link",
		description: "For administrators. Whoever has its secret makes one account, or with user_id sets the password of that account. The secret is shown once, and again to a repetition with the same Idempotency-Key while the link can be used. A link is worth nothing once who made it is no administrator any more.",
		example:     api.CreateInvite{Email: "ada@example.org", Name: "Ada Lovelace", ExpiresIn: &week},
	}, s.createInvite)
	add(s, operation{
		id: "listInvites", method: http.MethodGet, path: "/admin/invites", tag: tag, codes: forbidden, summary: "List invitation links",
		description: "For administrators: those that can still be used, newest first, without their secrets.",
	}, s.listInvites)
	add(s, operation{
		id: "withdrawInvite", method: http.MethodDelete, path: "/admin/invites/{id}", tag: tag, summary: "Withdraw an invitation link",
		description: "For administrators.",
	}, s.withdrawInvite)
}

func (s *Server) registerJoin() {
	add(s, operation{
		id: "join", method: http.MethodPost, path: "/accounts", tag: "sign-in", status: http.StatusCreated, public: true, content: true,
		summary:     "Use an invitation link",
		description: "Makes the account of the link, or sets the password of the account that the link is for and ends its other sign-ins, and signs in. A link works once. One that is unknown, used, expired or withdrawn is 404, all alike.",
		example:     api.Join{Token: "spi_…", Name: "Ada Lovelace", Password: "correct horse battery staple", TimeZone: "Europe/London"},
		codes:       []sealpost.Code{sealpost.CodeNotFound, sealpost.CodeRateLimited},
	}, s.join)
}

type createInviteInput struct {
	Keyed
	Body api.CreateInvite
}

func (s *Server) createInvite(ctx context.Context, p service.Principal, in *createInviteInput) (*reply[api.NewInvite], error) {
	b := in.Body
	ask := service.NewInvite{Email: b.Email, Name: b.Name, Roles: roles(b.Roles), Life: sealpost.DefaultInvite}
	if b.ExpiresIn != nil {
		ask.Life = time.Duration(*b.ExpiresIn)
	}
	if ask.Life == 0 { // the default of the service, and no length that somebody asks for
		return nil, sealpost.Invalid("expires_in", "The time must be from 1h to 720h, which is 30 days.")
	}
	if b.UserID != "" {
		var err error
		if ask.Account, err = sealpost.ParseUser(b.UserID); err != nil {
			return nil, sealpost.Invalid("user_id", "This is not an id.")
		}
	}
	v, secret, err := s.service.CreateInvite(ctx, p, in.Key, ask)
	return &reply[api.NewInvite]{api.NewInvite{ID: v.ID.String(), Token: secret, ExpiresAt: always(v.ExpiresAt)}}, err
}

func (s *Server) listInvites(ctx context.Context, p service.Principal, in *Paging) (*reply[api.Invites], error) {
	all, next, err := s.service.Invites(ctx, p, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	out := api.Invites{Items: make([]api.Invite, 0, len(all)), NextCursor: textOrNull(next)}
	for _, v := range all {
		out.Items = append(out.Items, api.Invite{
			ID: v.ID.String(), Email: v.Email, Name: v.Name, Roles: roleNames(sealpost.User{Roles: v.Roles}), UserID: idOrNull(v.AccountID),
			CreatedBy: idOrNull(v.CreatedBy), CreatedAt: always(v.CreatedAt), ExpiresAt: always(v.ExpiresAt),
		})
	}
	return &reply[api.Invites]{out}, nil
}

func (s *Server) withdrawInvite(ctx context.Context, p service.Principal, in *keyedByID) (*empty, error) {
	id, err := sealpost.ParseInvite(in.ID)
	if err != nil {
		return nil, sealpost.NotFound()
	}
	return &empty{}, s.service.WithdrawInvite(ctx, p, in.Key, id)
}

type joinInput struct {
	Keyed
	Agent string `header:"User-Agent" hidden:"true"`
	Body  api.Join
}

func (s *Server) join(ctx context.Context, _ service.Principal, in *joinInput) (*reply[api.SignedIn], error) {
	b := in.Body
	signed, err := s.service.Join(ctx, in.Key, service.Joining{
		Token: b.Token, Email: b.Email, Name: b.Name, Password: b.Password, TimeZone: b.TimeZone, Agent: in.Agent,
	})
	if err != nil {
		return nil, err
	}
	return &reply[api.SignedIn]{api.SignedIn{
		Token: signed.Token, ExpiresAt: instant(signed.Session.ExpiresAt), User: me(signed.User),
	}}, nil
}
