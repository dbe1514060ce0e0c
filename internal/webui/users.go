package webui

import (
	"context"
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
	open    string // which form is open: invite, account, or none
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
	return q.adminPage(T(q.ctx, "Accounts"), adminUsers, usersBody(v))
}

func (v usersView) more() string {
	return "/admin/users?find=" + url.QueryEscape(v.query) + "&cursor=" + url.QueryEscape(v.next)
}

// usersTrouble shows the page again with what is wrong in one of its forms.
func (q *request) usersTrouble(form string, err error) error {
	code := sealpost.CodeOf(err)
	if code != sealpost.CodeInvalid && code != sealpost.CodeRateLimited {
		return err
	}
	f := q.failure(err)
	if f.field != "" {
		f.field = form + "-" + f.field
	}
	q.status = q.server.status(code)
	return q.showUsers(usersView{open: form, trouble: &f})
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
	u, err := s.service.CreateUser(q.ctx, q.principal, q.key(), service.NewUser{
		Email: q.field("account-email"), Name: q.field("account-name"), Roles: q.roles(), TimeZone: q.principal.User.TimeZone,
	})
	if err != nil {
		return q.usersTrouble("account", err)
	}
	return q.done("/admin/users/"+u.ID.String(), "account-made")
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
		return q.usersTrouble("invite", err)
	}
	return q.showUsers(usersView{link: service.InviteLink(q.own(), secret)})
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

// userView is one account. What was typed stands in the form while something is wrong.
type userView struct {
	user     sealpost.User
	edited   sealpost.User
	disabled bool
	erasing  bool // the trouble is with erasing
	trouble  *failure
	key      string
}

func (s *Server) userPage(q *request) error {
	v, err := q.account()
	if err != nil {
		return err
	}
	return q.showUser(v)
}

// account is the account in the path, for administrators.
func (q *request) account() (userView, error) {
	if !q.has(sealpost.RoleAdmin) {
		return userView{}, sealpost.Refuse(sealpost.CodeForbidden, "Only administrators may see this.")
	}
	id, err := q.user()
	if err != nil {
		return userView{}, err
	}
	v := userView{key: formKey()}
	v.user, err = q.server.service.User(q.ctx, q.principal, id)
	v.edited, v.disabled = v.user, v.user.DisabledAt != 0
	return v, err
}

func (q *request) showUser(v userView) error {
	return q.adminPage(v.user.Name, adminUsers, userBody(v))
}

// userTrouble shows an account again with what is wrong.
func (q *request) userTrouble(v userView, err error) error {
	code := sealpost.CodeOf(err)
	if code != sealpost.CodeInvalid && code != sealpost.CodeLastAdmin {
		return err
	}
	f := q.failure(err)
	if v.erasing && f.field == "reason" {
		f.field = "erase-reason"
	}
	v.trouble, q.status = &f, q.server.status(code)
	return q.showUser(v)
}

func (s *Server) changeUser(q *request) error {
	v, err := q.account()
	if err != nil {
		return err
	}
	edit := service.AccountEdit{Reason: q.field("reason")}
	v.edited.Name, v.edited.Email, v.edited.Roles, v.disabled = q.field("name"), q.field("email"), q.roles(), q.field("disabled") == "on"
	// Only what differs is asked for: somebody who was imported has no address yet.
	if v.edited.Name != v.user.Name {
		edit.Name = &v.edited.Name
	}
	if v.edited.Email != v.user.Email {
		edit.Email = &v.edited.Email
	}
	if !sameRoles(v.edited.Roles, v.user.Roles) {
		edit.Roles = &v.edited.Roles
	}
	if v.disabled != (v.user.DisabledAt != 0) {
		edit.Disabled = &v.disabled
	}
	to := "/admin/users/" + v.user.ID.String()
	if edit.Name == nil && edit.Email == nil && edit.Roles == nil && edit.Disabled == nil {
		return q.done(to, "unchanged")
	}
	if _, err = s.service.EditAccount(q.ctx, q.principal, q.key(), v.user.ID, edit); err != nil {
		return q.userTrouble(v, err)
	}
	return q.done(to, "saved")
}

// sameRoles compares the roles that can be given.
func sameRoles(a, b []sealpost.Role) bool {
	return !slices.ContainsFunc(giveable(), func(r sealpost.Role) bool { return slices.Contains(a, r) != slices.Contains(b, r) })
}

// eraseUser erases an account for good. The name must be typed: nothing brings it
// back.
func (s *Server) eraseUser(q *request) error {
	v, err := q.account()
	if err != nil {
		return err
	}
	v.erasing = true
	if q.field("confirm") != v.user.Name {
		return q.userTrouble(v, sealpost.Invalid("confirm", "Type the name of the account as it is."))
	}
	if err := s.service.EraseUser(q.ctx, q.principal, q.key(), v.user.ID, q.field("erase-reason")); err != nil {
		return q.userTrouble(v, err)
	}
	return q.done("/admin/users", "erased-user")
}

// giveable are the roles that can be given: everybody is a member.
func giveable() []sealpost.Role {
	return slices.DeleteFunc(sealpost.Roles(), func(r sealpost.Role) bool { return r == sealpost.RoleMember })
}

// roleHelp says what a role is good for.
func roleHelp(ctx context.Context, r sealpost.Role) string {
	switch r {
	case sealpost.RoleNotices:
		return T(ctx, "May send required notices, which nobody can recall.")
	case sealpost.RoleModerator:
		return T(ctx, "Reads reported messages and may remove them for everyone.")
	case sealpost.RoleCompliance:
		return T(ctx, "Reads the policy and the audit log, and changes nothing.")
	case sealpost.RoleAdmin:
		return T(ctx, "Changes the policy and the accounts, and reads the audit log.")
	}
	return ""
}

// typedRoles are the roles of a form that is shown again.
func typedRoles(ctx context.Context, again bool) []sealpost.Role {
	if !again {
		return nil
	}
	return from(ctx).roles()
}

// typed is what stood in a field of the form that is shown again.
func (v usersView) typed(ctx context.Context, field string) string {
	if v.open == "" {
		return ""
	}
	return from(ctx).field(field)
}
