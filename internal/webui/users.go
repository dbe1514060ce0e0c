package webui

import (
	"net/url"
	"slices"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// usersView is the accounts, and the links for new ones.
type usersView struct {
	query   string
	rows    []service.AccountRow
	next    string
	invites []sealpost.Invite
	link    string // that was just made, shown this once
	trouble *failure
}

func (s *Server) users(q *request) error { return q.showUsers(usersView{}) }

func (q *request) showUsers(v usersView) error {
	v.query = q.query("find")
	var err error
	if v.rows, v.next, err = q.server.service.Accounts(q.ctx, q.principal, v.query, q.query("cursor"), 50); err != nil {
		return err
	}
	if v.invites, _, err = q.server.service.Invites(q.ctx, q.principal, "", 50); err != nil {
		return err
	}
	return q.adminPage(T(q.ctx, "People and links"), adminUsers, usersBody(v))
}

func (v usersView) more() string {
	return "/admin/users?find=" + url.QueryEscape(v.query) + "&cursor=" + url.QueryEscape(v.next)
}

// usersTrouble shows the page again with what is wrong.
func (q *request) usersTrouble(err error) error {
	code := sealpost.CodeOf(err)
	if code != sealpost.CodeInvalid && code != sealpost.CodeLastAdmin && code != sealpost.CodeRateLimited {
		return err
	}
	f := q.failure(err)
	q.status = q.server.status(code)
	return q.showUsers(usersView{trouble: &f})
}

// roles are the roles that a form names.
func (q *request) roles() []sealpost.Role {
	out := []sealpost.Role{}
	for _, text := range q.r.PostForm["role"] {
		out = append(out, sealpost.Role(text))
	}
	return out
}

func (s *Server) addUser(q *request) error {
	_, err := s.service.CreateUser(q.ctx, q.principal, q.key(), service.NewUser{
		Email: q.field("email"), Name: q.field("name"), Roles: q.roles(), TimeZone: q.principal.User.TimeZone,
	})
	if err != nil {
		return q.usersTrouble(err)
	}
	return q.done("/admin/users", "saved")
}

// makeInvite makes a link. It is on this answer and nowhere else, so it does not
// redirect.
func (s *Server) makeInvite(q *request) error {
	in := service.NewInvite{Email: q.field("invite-email"), Name: q.field("invite-name"), Roles: q.roles()}
	if text := q.field("account"); text != "" {
		id, err := sealpost.ParseUser(text)
		if err != nil {
			return sealpost.NotFound()
		}
		in = service.NewInvite{Account: id}
	}
	_, secret, err := s.service.CreateInvite(q.ctx, q.principal, q.key(), in)
	if err != nil {
		return q.usersTrouble(err)
	}
	return q.showUsers(usersView{link: q.own() + "/join/" + secret})
}

// own is the address of this server, as the browser reached it.
func (q *request) own() string {
	scheme := "https"
	if q.r.TLS == nil && q.r.Header.Get("X-Forwarded-Proto") != "https" {
		scheme = "http"
	}
	return scheme + "://" + q.r.Host
}

func (s *Server) withdrawInvite(q *request) error {
	id, err := sealpost.ParseInvite(q.r.PathValue("invite"))
	if err != nil {
		return sealpost.NotFound()
	}
	if err := s.service.WithdrawInvite(q.ctx, q.principal, q.key(), id); err != nil {
		return err
	}
	return q.done("/admin/users", "withdrawn")
}

// userView is one account.
type userView struct {
	user    sealpost.User
	trouble *failure
	key     string
}

func (s *Server) userPage(q *request) error { return q.showUser(nil) }

func (q *request) showUser(trouble *failure) error {
	if !q.has(sealpost.RoleAdmin) {
		return sealpost.Refuse(sealpost.CodeForbidden, "Only administrators may see this.")
	}
	id, err := q.user()
	if err != nil {
		return err
	}
	v := userView{trouble: trouble, key: formKey()}
	if v.user, err = q.server.service.User(q.ctx, q.principal, id); err != nil {
		return err
	}
	return q.adminPage(v.user.Name, adminUsers, userBody(v))
}

// userTrouble shows an account again with what is wrong.
func (q *request) userTrouble(err error) error {
	code := sealpost.CodeOf(err)
	if code != sealpost.CodeInvalid && code != sealpost.CodeLastAdmin {
		return err
	}
	f := q.failure(err)
	q.status = q.server.status(code)
	return q.showUser(&f)
}

func (s *Server) changeUser(q *request) error {
	id, err := q.user()
	if err != nil {
		return err
	}
	roles, disabled := q.roles(), q.field("disabled") == "on"
	who, email := q.field("name"), q.field("email")
	_, err = s.service.EditAccount(q.ctx, q.principal, q.key(), id, service.AccountEdit{
		Roles: &roles, Disabled: &disabled, Name: &who, Email: &email, Reason: q.field("reason"),
	})
	if err != nil {
		return q.userTrouble(err)
	}
	return q.done("/admin/users/"+id.String(), "saved")
}

// eraseUser erases an account for good. The name must be typed: nothing brings it
// back.
func (s *Server) eraseUser(q *request) error {
	id, err := q.user()
	if err != nil {
		return err
	}
	u, err := s.service.User(q.ctx, q.principal, id)
	if err != nil {
		return err
	}
	if q.field("confirm") != u.Name {
		return q.userTrouble(sealpost.Invalid("confirm", "Type the name of the account as it is."))
	}
	if err := s.service.EraseUser(q.ctx, q.principal, q.key(), id, q.field("erase-reason")); err != nil {
		return q.userTrouble(err)
	}
	return q.done("/admin/users", "erased-user")
}

// giveable are the roles that can be given: everybody is a member.
func giveable() []sealpost.Role {
	return slices.DeleteFunc(sealpost.Roles(), func(r sealpost.Role) bool { return r == sealpost.RoleMember })
}
