package service

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
)

func administers(p Principal) error {
	if p.User.Has(sealpost.RoleAdmin) {
		return nil
	}
	return sealpost.Refuse(sealpost.CodeForbidden, "Only administrators may do this.")
}

// administersOne is for what is named by an id: to everybody else there is no such
// thing.
func administersOne(p Principal) error {
	if administers(p) != nil {
		return sealpost.NotFound()
	}
	return nil
}

// Accounts lists the accounts whose name or address contains q, to administrators,
// in the order in which they were made.
func (s *Service) Accounts(ctx context.Context, p Principal, q, cursor string, limit int) ([]AccountRow, string, error) {
	if err := administers(p); err != nil {
		return nil, "", err
	}
	limit, err := pageSize(limit)
	if err != nil {
		return nil, "", err
	}
	if q = strings.TrimSpace(q); !plain(q) || utf8.RuneCountInString(q) > maxSearch {
		return nil, "", sealpost.Invalid("q", "The search must be one line of at most 100 characters.")
	}
	mac := s.request("accounts.list", q) // the question is part of what the cursor is bound to
	scope := [16]byte(mac[:16])
	var after sealpost.UserID
	if cursor != "" {
		payload, err := s.openCursor("accounts", p.User.ID, scope, cursor)
		if err != nil {
			return nil, "", err
		}
		if after, err = oneID[sealpost.UserID](payload); err != nil {
			return nil, "", badCursor()
		}
	}
	rows, err := s.store.ListUsers(ctx, q, after, limit+1)
	if err != nil {
		return nil, "", err
	}
	next := ""
	if len(rows) > limit {
		rows = rows[:limit]
		last := rows[limit-1].ID
		next, err = s.sealCursor("accounts", p.User.ID, scope, last[:])
	}
	return rows, next, err
}

// EveryAccount lists all accounts, a page after a position, for the operator.
func (s *Service) EveryAccount(ctx context.Context, q string, after sealpost.UserID) ([]AccountRow, error) {
	return s.store.ListUsers(ctx, q, after, maxPage)
}

// CreateUser makes an account, for an administrator.
func (s *Service) CreateUser(ctx context.Context, p Principal, key string, in NewUser) (AccountRow, error) {
	if err := administers(p); err != nil {
		return AccountRow{}, err
	}
	u, err := s.addUser(ctx, p.User.ID, key, in)
	return AccountRow{User: u, HasPassword: in.Password != ""}, err
}

// AccountEdit changes somebody's account; nil leaves a field as it is.
type AccountEdit struct {
	Roles    *[]sealpost.Role
	Disabled *bool // a disabled account has no sign-ins and no tokens
	Name     *string
	Email    *string
	Reason   string // why; kept in the audit log
}

// EditAccount changes an account, for an administrator. Disabling ends the
// account's sign-ins and tokens at once. The last open account with the role admin
// can neither lose it nor be disabled: CodeLastAdmin.
func (s *Service) EditAccount(ctx context.Context, p Principal, key string, id sealpost.UserID, in AccountEdit) (AccountRow, error) {
	if err := administersOne(p); err != nil {
		return AccountRow{}, err
	}
	return s.editAccount(ctx, p.User.ID, key, id, in)
}

// EditAccountOf is EditAccount for the operator: the audit log names the server.
func (s *Service) EditAccountOf(ctx context.Context, email string, in AccountEdit) (AccountRow, error) {
	user, _, err := s.store.UserByEmail(ctx, email)
	if err != nil {
		return AccountRow{}, err
	}
	return s.editAccount(ctx, sealpost.UserID{}, "", user.ID, in)
}

func (s *Service) editAccount(ctx context.Context, actor sealpost.UserID, key string, id sealpost.UserID, in AccountEdit) (AccountRow, error) {
	if err := validKey(key); err != nil {
		return AccountRow{}, err
	}
	in, err := validAccountEdit(in)
	if err != nil {
		return AccountRow{}, err
	}
	stamp := s.stamp(actor, "user.change", key, s.accountRequest(id, in))
	stamp.Audit.Subject = id
	defer s.accessEnded(id) // principals carry the user; also after an error
	var row AccountRow
	replay, err := s.store.Amend(ctx, stamp, func(a Amendment) ([]byte, error) {
		row, err = changeAccount(a, id, in)
		return nil, err
	})
	if err != nil || replay == nil {
		return row, err
	}
	return s.accountRow(ctx, id)
}

// accountRow is an account as it is now.
func (s *Service) accountRow(ctx context.Context, id sealpost.UserID) (AccountRow, error) {
	u, err := s.store.User(ctx, id)
	if err != nil || u.Email == "" {
		return AccountRow{User: u}, err
	}
	_, hash, err := s.store.UserByEmail(ctx, u.Email)
	return AccountRow{User: u, HasPassword: hash != ""}, err
}

func validAccountEdit(in AccountEdit) (AccountEdit, error) {
	var err error
	if in.Reason, err = line("reason", in.Reason, 1, policy.MaxReason); err != nil {
		return in, err
	}
	if in.Name != nil {
		name, err := validName(*in.Name)
		if err != nil {
			return in, err
		}
		in.Name = &name
	}
	if in.Email != nil {
		if err := validEmail(*in.Email); err != nil {
			return in, err
		}
	}
	if in.Roles != nil {
		roles, err := validRoles(*in.Roles)
		if err != nil {
			return in, err
		}
		in.Roles = &roles
	}
	if in.Roles == nil && in.Disabled == nil && in.Name == nil && in.Email == nil {
		return in, sealpost.Invalid("roles", "There is nothing to change: give roles, disabled, name or email.")
	}
	return in, nil
}

func (s *Service) accountRequest(id sealpost.UserID, in AccountEdit) [32]byte {
	fields := []string{id.String(), in.Reason, optional(in.Name), optional(in.Email), "", ""}
	if in.Disabled != nil {
		fields[4] = strconv.FormatBool(*in.Disabled)
	}
	if in.Roles != nil {
		fields[5] = "="
		for _, r := range *in.Roles {
			fields = append(fields, string(r))
		}
	}
	return s.request("user.change", fields...)
}

// changeAccount is the amendment of an edit.
func changeAccount(a Amendment, id sealpost.UserID, in AccountEdit) (AccountRow, error) {
	admins, err := a.Admins(id) // before the row itself: see AccountChanges
	if err != nil {
		return AccountRow{}, err
	}
	u, hash, err := a.Account(id)
	if err != nil {
		return AccountRow{}, err
	}
	if u.ErasedAt != 0 {
		return AccountRow{}, sealpost.NotFound()
	}
	before := u
	if in.Name != nil {
		u.Name = *in.Name
	}
	if in.Roles != nil {
		u.Roles = *in.Roles
	}
	if in.Disabled != nil && *in.Disabled != (u.DisabledAt != 0) {
		if u.DisabledAt = 0; *in.Disabled {
			u.DisabledAt = a.Now()
		}
	}
	if err := keepsAnAdmin(admins, before, u); err != nil {
		return AccountRow{}, err
	}
	if in.Email != nil && *in.Email != u.Email {
		if err := a.SetEmail(id, *in.Email); err != nil {
			return AccountRow{}, err
		}
		u.Email = *in.Email
	}
	a.SetDetail(accountDetail(before, u, in.Reason))
	if err := a.PutUser(u); err != nil {
		return AccountRow{}, err
	}
	if !u.Open() && before.Open() {
		err = a.EndSessions(id, 0, sealpost.SessionID{})
	}
	return AccountRow{User: u, HasPassword: hash != ""}, err
}

// keepsAnAdmin refuses what would leave nobody to administer.
func keepsAnAdmin(admins []sealpost.UserID, before, after sealpost.User) error {
	was := before.Administers()
	stays := after.Administers()
	if was && !stays && !slices.ContainsFunc(admins, func(id sealpost.UserID) bool { return id != before.ID }) {
		return sealpost.Refuse(sealpost.CodeLastAdmin, "This is the last administrator. Make somebody else one first.")
	}
	return nil
}

// accountDetail names what changed, with the settings but without what people call
// themselves (R32).
func accountDetail(before, after sealpost.User, reason string) string {
	d := struct {
		Changed  []string         `json:"changed"`
		Roles    *[]sealpost.Role `json:"roles,omitempty"`
		Disabled *bool            `json:"disabled,omitempty"`
		Reason   string           `json:"reason"`
	}{Changed: []string{}, Reason: reason}
	if before.Name != after.Name {
		d.Changed = append(d.Changed, "name")
	}
	if before.Email != after.Email {
		d.Changed = append(d.Changed, "email")
	}
	if !slices.Equal(before.Roles, after.Roles) {
		d.Changed, d.Roles = append(d.Changed, "roles"), &after.Roles
	}
	if before.DisabledAt != after.DisabledAt {
		closed := after.DisabledAt != 0
		d.Changed, d.Disabled = append(d.Changed, "disabled"), &closed
	}
	return detail(d)
}

// AccountOf gives the account of an address, for the operator.
func (s *Service) AccountOf(ctx context.Context, email string) (AccountRow, error) {
	u, hash, err := s.store.UserByEmail(ctx, email)
	return AccountRow{User: u, HasPassword: hash != ""}, err
}
