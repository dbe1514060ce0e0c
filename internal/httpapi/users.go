package httpapi

import (
	"context"
	"net/http"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func (s *Server) registerUsers() {
	const tag = "administration"
	closed, forbidden := true, []sealpost.Code{sealpost.CodeForbidden}
	add(s, operation{
		id: "listAccounts", method: http.MethodGet, path: "/admin/users", tag: tag, codes: forbidden, summary: "List accounts",
		description: "For administrators, in the order in which they were made; q is a part of the name or of the address.",
	}, s.listAccounts)
	add(s, operation{
		id: "createAccount", method: http.MethodPost, path: "/admin/users", tag: tag, status: http.StatusCreated, summary: "Make an account",
		description: "For administrators.", example: api.CreateUser{Email: "ada@example.org", Name: "Ada Lovelace", Roles: []string{"notices"}},
	}, s.createAccount)
	add(s, operation{
		id: "editAccount", method: http.MethodPatch, path: "/admin/users/{id}", tag: tag, summary: "Change an account",
		description: "For administrators. What is left out stays. Disabling ends every sign-in and token of the account: on this server at once, on others within two seconds; live events end with them. The last administrator can neither be disabled nor lose the role.",
		example:     api.EditUser{Disabled: &closed, Reason: "left the organisation"}, codes: []sealpost.Code{sealpost.CodeLastAdmin},
	}, s.editAccount)
	add(s, operation{
		id: "eraseAccount", method: http.MethodPost, path: "/admin/users/{id}/erase", tag: tag, status: http.StatusNoContent,
		summary: "Erase an account for good", description: "For administrators. " + erasureWords,
		example: api.EraseUser{Reason: "asked for by the person"}, codes: []sealpost.Code{sealpost.CodeLastAdmin},
	}, s.eraseAccount)
}

func roleNames(u sealpost.User) []string { return me(u).Roles }

func roles(names []string) []sealpost.Role {
	out := make([]sealpost.Role, 0, len(names))
	for _, name := range names {
		out = append(out, sealpost.Role(name))
	}
	return out
}

func account(row service.AccountRow) api.Account {
	return api.Account{
		ID: row.ID.String(), Email: row.Email, Name: row.Name, Roles: roleNames(row.User), HasPassword: row.HasPassword, Profile: row.Profile,
		CreatedAt: always(row.CreatedAt), DisabledAt: instant(row.DisabledAt),
	}
}

type accountsInput struct {
	Paging
	Q string `query:"q" maxLength:"100" doc:"a part of the name or of the address"`
}

func (s *Server) listAccounts(ctx context.Context, p service.Principal, in *accountsInput) (*reply[api.Accounts], error) {
	rows, next, err := s.service.Accounts(ctx, p, in.Q, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	out := api.Accounts{Items: make([]api.Account, 0, len(rows)), NextCursor: textOrNull(next)}
	for _, row := range rows {
		out.Items = append(out.Items, account(row))
	}
	return &reply[api.Accounts]{out}, nil
}

type createUserInput struct {
	Keyed
	Body api.CreateUser
}

func (s *Server) createAccount(ctx context.Context, p service.Principal, in *createUserInput) (*reply[api.Account], error) {
	b := in.Body
	row, err := s.service.CreateUser(ctx, p, in.Key, service.NewUser{
		Email: b.Email, Name: b.Name, Roles: roles(b.Roles), Password: b.Password, TimeZone: b.TimeZone,
	})
	return &reply[api.Account]{account(row)}, err
}

type editUserInput struct {
	Keyed
	ByID
	Body api.EditUser
}

func (s *Server) editAccount(ctx context.Context, p service.Principal, in *editUserInput) (*reply[api.Account], error) {
	id, err := sealpost.ParseUser(in.ID)
	if err != nil {
		return nil, sealpost.NotFound()
	}
	edit := service.AccountEdit{Disabled: in.Body.Disabled, Name: in.Body.Name, Email: in.Body.Email, Reason: in.Body.Reason}
	if in.Body.Roles != nil {
		to := roles(*in.Body.Roles)
		edit.Roles = &to
	}
	row, err := s.service.EditAccount(ctx, p, in.Key, id, edit)
	return &reply[api.Account]{account(row)}, err
}

type eraseUserInput struct {
	Keyed
	ByID
	Body api.EraseUser
}

func (s *Server) eraseAccount(ctx context.Context, p service.Principal, in *eraseUserInput) (*empty, error) {
	id, err := sealpost.ParseUser(in.ID)
	if err != nil {
		return nil, sealpost.NotFound()
	}
	return &empty{}, s.service.EraseUser(ctx, p, in.Key, id, in.Body.Reason)
}
