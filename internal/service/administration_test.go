package service_test

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func (h *house) disable(admin service.Principal, id sealpost.UserID, closed bool) error {
	_, err := h.EditAccount(h.t.Context(), admin, "", id, service.AccountEdit{Disabled: &closed, Reason: "because"})
	return err
}

// A disabled account: nothing of it works at once, the refusal is that of a wrong
// password, and once it is open again it needs a new sign-in.
func TestDisable(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin, ada := h.person("Root", sealpost.RoleAdmin), h.person("Ada")
	_, session := h.signIn("ada@example.org", "password of Ada")
	robot, err := h.TokenFor(t.Context(), "ada@example.org", "robot")
	if err != nil {
		t.Fatal(err)
	}
	h.signedIn("before", robot, true)
	h.bus.told()
	if err := h.disable(admin, ada.User.ID, true); err != nil {
		t.Fatal(err)
	}
	if told := h.bus.told(); !slices.Equal(told, idsOf(ada)) {
		t.Errorf("told %v", told)
	}
	h.signedIn("the session", session, false)
	h.signedIn("the token", robot, false)
	before := h.passwords.checks.Load()
	_, right := h.SignIn(t.Context(), "ada@example.org", "password of Ada", "")
	wrong := h.wrong(t.Context(), "ada@example.org")
	if right == nil || right.Error() != wrong.Error() || h.passwords.checks.Load() != before+2 {
		t.Errorf("refused with %q and %q", right, wrong)
	}
	_, err = h.TokenFor(t.Context(), "ada@example.org", "robot")
	wantCode(t, "a token of the operator's", err, sealpost.CodeForbidden)
	if entry := h.lastAudit("user.change"); entry.Subject != ada.User.ID || entry.Actor != admin.User.ID ||
		entry.Detail != `{"changed":["disabled"],"disabled":true,"reason":"because"}` {
		t.Errorf("audited as %+v", entry)
	}
	if err := h.disable(admin, ada.User.ID, false); err != nil {
		t.Fatal(err)
	}
	h.signedIn("the old session", session, false)
	h.signIn("ada@example.org", "password of Ada")
}

// A session of before that another process still writes is worth nothing.
func TestDisabledAccountHasNoSessions(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin, ada := h.person("Root", sealpost.RoleAdmin), h.person("Ada")
	h.passwords.during = func() {
		h.passwords.during = nil
		if err := h.disable(admin, ada.User.ID, true); err != nil {
			t.Error(err)
		}
	}
	_, err := h.SignIn(t.Context(), "ada@example.org", "password of Ada", "")
	wantCode(t, "closed meanwhile", err, sealpost.CodeUnauthenticated)
}

// The last administrator stays one, whoever asks and however.
func TestLastAdmin(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	one, two := h.person("One", sealpost.RoleAdmin), h.person("Two", sealpost.RoleAdmin, sealpost.RoleModerator)
	var all sync.WaitGroup
	var done atomic.Int64
	for _, p := range [][2]service.Principal{{one, two}, {two, one}} {
		all.Go(func() {
			switch err := h.disable(p[0], p[1].User.ID, true); sealpost.CodeOf(err) {
			case "":
				done.Add(1)
			case sealpost.CodeLastAdmin:
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	if done.Load() != 1 {
		t.Fatalf("%d of two administrators disabled the other", done.Load())
	}
	left, gone := one, two
	if u, err := h.User(t.Context(), one, one.User.ID); err != nil || u.DisabledAt != 0 {
		left, gone = two, one
	}
	none := []sealpost.Role{sealpost.RoleMember, sealpost.RoleNotices}
	_, err := h.EditAccount(t.Context(), left, "", left.User.ID, service.AccountEdit{Roles: &none, Reason: "x"})
	wantCode(t, "without the role", err, sealpost.CodeLastAdmin)
	wantCode(t, "disabled", h.disable(left, left.User.ID, true), sealpost.CodeLastAdmin)
	wantCode(t, "erased", h.EraseUser(t.Context(), left, "", left.User.ID, "x"), sealpost.CodeLastAdmin)
	wantCode(t, "erased by the operator", h.EraseUserOf(t.Context(), left.User.Email), sealpost.CodeLastAdmin)
	wantCode(t, "erased by themselves", h.EraseMe(t.Context(), left, "", "password of "+left.User.Name), sealpost.CodeLastAdmin)
	if err := h.disable(left, gone.User.ID, false); err != nil {
		t.Fatal(err)
	}
	if _, err := h.EditAccount(t.Context(), left, "", left.User.ID, service.AccountEdit{Roles: &none, Reason: "x"}); err != nil {
		t.Errorf("with another administrator: %v", err)
	}
}

// To members there are no accounts to administer.
func TestOnlyAdministratorsAdminister(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, ben := h.person("Ada", sealpost.RoleCompliance, sealpost.RoleModerator), h.person("Ben")
	_, _, err := h.Accounts(t.Context(), ada, "", "", 0)
	wantCode(t, "list", err, sealpost.CodeForbidden)
	_, err = h.CreateUser(t.Context(), ada, "", service.NewUser{Email: "x@example.org", Name: "X"})
	wantCode(t, "create", err, sealpost.CodeForbidden)
	_, _, err = h.Invites(t.Context(), ada, "", 0)
	wantCode(t, "links", err, sealpost.CodeForbidden)
	wantCode(t, "disable", h.disable(ada, ben.User.ID, true), sealpost.CodeNotFound)
	wantCode(t, "erase", h.EraseUser(t.Context(), ada, "", ben.User.ID, "x"), sealpost.CodeNotFound)
	wantCode(t, "withdraw", h.WithdrawInvite(t.Context(), ada, "", sealpost.InviteID{1}), sealpost.CodeNotFound)
}

func TestEditAccount(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin, ada := h.person("Root", sealpost.RoleAdmin), h.person("Ada")
	name, email, taken, nobody := "Ada King", "king@example.org", "ROOT@example.org", "nobody"
	roles, odd := []sealpost.Role{sealpost.RoleModerator, sealpost.RoleNotices, sealpost.RoleMember}, []sealpost.Role{"root"}
	for field, in := range map[string]service.AccountEdit{
		"reason": {Name: &name}, "name": {Name: new(string), Reason: "x"}, "roles": {Roles: &odd, Reason: "x"}, "email": {Email: &nobody, Reason: "x"},
	} {
		_, err := h.EditAccount(t.Context(), admin, "", ada.User.ID, in)
		wantField(t, field, err, field)
	}
	_, err := h.EditAccount(t.Context(), admin, "", ada.User.ID, service.AccountEdit{Email: &taken, Reason: "x"})
	wantField(t, "taken", err, "email")
	_, err = h.EditAccount(t.Context(), admin, "", sealpost.UserID{9}, service.AccountEdit{Name: &name, Reason: "x"})
	wantCode(t, "nobody", err, sealpost.CodeNotFound)
	in := service.AccountEdit{Name: &name, Email: &email, Roles: &roles, Reason: "married"}
	for range 2 { // the second is a replay
		row, err := h.EditAccount(t.Context(), admin, "key", ada.User.ID, in)
		if err != nil || row.Name != name || row.Email != email || !row.HasPassword || len(row.Roles) != 2 {
			t.Errorf("changed to %+v, %v", row, err)
		}
	}
	if entry := h.lastAudit("user.change"); strings.Contains(entry.Detail, "King") || strings.Contains(entry.Detail, "king@") ||
		entry.Detail != `{"changed":["name","email","roles"],"roles":["notices","moderator"],"reason":"married"}` {
		t.Errorf("audited as %s", entry.Detail)
	}
	h.signIn("king@example.org", "password of Ada")
	list, next, err := h.Accounts(t.Context(), admin, "king", "", 1)
	if err != nil || len(list) != 1 || list[0].ID != ada.User.ID || next != "" {
		t.Errorf("found %+v, %q, %v", list, next, err)
	}
	first, next, err := h.Accounts(t.Context(), admin, "", "", 1)
	if err != nil || next == "" {
		t.Fatal(err)
	}
	second, last, err := h.Accounts(t.Context(), admin, "", next, 1)
	if err != nil || last != "" || first[0].ID != admin.User.ID || second[0].ID != ada.User.ID {
		t.Errorf("pages %v, %v, %v", first, second, err)
	}
	_, _, err = h.Accounts(t.Context(), admin, "king", next, 1)
	wantField(t, "the cursor of another question", err, "cursor")
}
