package service_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func ptr[T any](v T) *T { return &v }

func TestUpdateProfile(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.person("Ada")
	_, secret, err := h.CreateToken(t.Context(), ada, "", "robot", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Authenticate(t.Context(), secret); err != nil { // cached now
		t.Fatal(err)
	}
	given := " Ada L. "
	edit := service.ProfileEdit{Name: &given, Headline: ptr("Numbers"), TimeZone: ptr("Europe/Berlin"), Language: ptr("de")}
	u, err := h.UpdateProfile(t.Context(), ada, "key", edit)
	if err != nil {
		t.Fatal(err)
	}
	if u.Name != "Ada L." || u.Headline != "Numbers" || u.TimeZone != "Europe/Berlin" || u.Language != "de" || u.Email != ada.User.Email {
		t.Errorf("updated to %+v", u)
	}
	if given != " Ada L. " {
		t.Error("the caller's text was changed")
	}
	// R13: for the daily limit the old zone goes on counting.
	if got := u.LimitZone(sealpost.Instant(h.now.Load())); got != "UTC" {
		t.Errorf("the limit counts in %s", got)
	}
	if p, err := h.Authenticate(t.Context(), secret); err != nil || p.User.Name != "Ada L." {
		t.Errorf("this process still has %q, %v", p.User.Name, err)
	}
	entry := h.lastAudit("profile.update")
	if entry.Actor != ada.User.ID || entry.Detail != `{"changed":["name","headline","language","time_zone"]}` {
		t.Errorf("audited as %+v", entry)
	}
	if u, err = h.UpdateProfile(t.Context(), ada, "", service.ProfileEdit{Headline: ptr("")}); err != nil || u.Headline != "" || u.Name != "Ada L." {
		t.Errorf("cleared to %+v, %v", u, err)
	}
	// The replay is rebuilt from the present state and writes nothing.
	if u, err = h.UpdateProfile(t.Context(), ada, "key", edit); err != nil || u.Headline != "" {
		t.Errorf("replayed to %+v, %v", u, err)
	}
	_, err = h.UpdateProfile(t.Context(), ada, "key", service.ProfileEdit{})
	wantCode(t, "another request under the key", err, sealpost.CodeIdempotencyConflict)
}

func TestUpdateProfileRefuses(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.person("Ada")
	for name, c := range map[string]struct {
		field string
		edit  service.ProfileEdit
	}{
		"empty name":        {"name", service.ProfileEdit{Name: ptr(" ")}},
		"invisible name":    {"name", service.ProfileEdit{Name: ptr("\u200b\u3164")}},
		"long name":         {"name", service.ProfileEdit{Name: ptr(strings.Repeat("ä", 101))}},
		"long headline":     {"headline", service.ProfileEdit{Headline: ptr(strings.Repeat("ä", 201))}},
		"NUL":               {"headline", service.ProfileEdit{Headline: ptr("a\x00")}},
		"invalid UTF-8":     {"headline", service.ProfileEdit{Headline: ptr("\xc3(")}},
		"no zone":           {"time_zone", service.ProfileEdit{TimeZone: ptr("")}},
		"the server's zone": {"time_zone", service.ProfileEdit{TimeZone: ptr("Local")}},
		"no such zone":      {"time_zone", service.ProfileEdit{TimeZone: ptr("Mars/Olympus")}},
		"no language":       {"language", service.ProfileEdit{Language: ptr("de_DE")}},
	} {
		edit := c.edit
		if edit.Name == nil {
			edit.Name = ptr("Changed")
		}
		_, err := h.UpdateProfile(t.Context(), ada, "", edit)
		wantField(t, name, err, c.field)
	}
	if u, err := h.User(t.Context(), ada, ada.User.ID); err != nil || u.Name != "Ada" {
		t.Errorf("a refused edit changed the name to %q, %v", u.Name, err)
	}
}

// R27: whole seconds up to two minutes.
func TestUpdateSettings(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.person("Ada")
	for _, bad := range []time.Duration{-time.Second, 121 * time.Second, 1500 * time.Millisecond} {
		_, err := h.UpdateSettings(t.Context(), ada, "", service.SettingsEdit{Undo: &bad})
		wantField(t, bad.String(), err, "undo")
	}
	u, err := h.UpdateSettings(t.Context(), ada, "", service.SettingsEdit{Receipts: ptr(false), Undo: ptr(2 * time.Minute)})
	if err != nil || u.Receipts || u.Undo != 2*time.Minute {
		t.Errorf("updated to %+v, %v", u, err)
	}
	if u, err = h.UpdateSettings(t.Context(), ada, "", service.SettingsEdit{Undo: ptr(time.Duration(0))}); err != nil || u.Receipts || u.Undo != 0 {
		t.Errorf("updated to %+v, %v", u, err)
	}
	if entry := h.lastAudit("settings.update"); entry.Detail != `{"changed":["undo"]}` {
		t.Errorf("audited as %+v", entry)
	}
}

// A request that was let in before the account was closed changes nothing of it
// afterwards: what an erasure blanked stays blank, and no token is left over.
func TestNothingOfAClosedAccountChanges(t *testing.T) {
	t.Parallel()
	for name, shut := range map[string]func(h *house, admin, ada service.Principal) error{
		"erased": func(h *house, admin, ada service.Principal) error {
			return h.EraseUser(h.t.Context(), admin, "", ada.User.ID, "because")
		},
		"disabled": func(h *house, admin, ada service.Principal) error { return h.disable(admin, ada.User.ID, true) },
	} {
		h := newHouse(t)
		admin := h.person("Root", sealpost.RoleAdmin)
		h.person("Ada")
		ada, _ := h.signIn("ada@example.org", "password of Ada") // let in
		if err := shut(h, admin, ada); err != nil {
			t.Fatal(err)
		}
		before, err := h.store.User(t.Context(), ada.User.ID)
		if err != nil || name == "erased" && before.Name != sealpost.FormerMember {
			t.Fatalf("%s: %+v, %v", name, before, err)
		}
		for _, key := range []string{"", "key"} {
			_, err = h.UpdateProfile(t.Context(), ada, key, service.ProfileEdit{Name: ptr("Ada again"), Headline: ptr("Here")})
			wantCode(t, name+": profile", err, sealpost.CodeUnauthenticated)
			_, err = h.UpdateSettings(t.Context(), ada, key, service.SettingsEdit{Receipts: ptr(!before.Receipts), Undo: ptr(time.Minute)})
			wantCode(t, name+": settings", err, sealpost.CodeUnauthenticated)
			_, _, err = h.CreateToken(t.Context(), ada, key, "robot", time.Time{})
			wantCode(t, name+": token", err, sealpost.CodeForbidden)
		}
		if after, err := h.store.User(t.Context(), ada.User.ID); err != nil || !reflect.DeepEqual(after, before) {
			t.Errorf("%s: changed from %+v to %+v, %v", name, before, after, err)
		}
		if tokens, err := h.Tokens(t.Context(), ada); err != nil || len(tokens) != 0 {
			t.Errorf("%s: %d tokens, %v", name, len(tokens), err)
		}
	}
}

func TestUserShowsOthersLess(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, ben, root := h.person("Ada", sealpost.RoleNotices), h.person("Ben"), h.person("Root", sealpost.RoleAdmin)
	for viewer, all := range map[*service.Principal]bool{&ada: true, &ben: false, &root: true} {
		u, err := h.User(t.Context(), *viewer, ada.User.ID)
		if err != nil || u.ID != ada.User.ID || u.Name != "Ada" {
			t.Errorf("%s sees %+v, %v", viewer.User.Name, u, err)
		}
		if private := u.Email != "" || u.TimeZone != "" || u.Roles != nil || u.Receipts || u.CreatedAt != 0; private != all {
			t.Errorf("%s sees %+v", viewer.User.Name, u)
		}
	}
	_, err := h.User(t.Context(), ada, sealpost.UserID{9})
	wantCode(t, "nobody", err, sealpost.CodeNotFound)
}

func TestFindUsers(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, ben := h.person("Ada"), h.person("Ben")
	for _, name := range []string{"Adam", "Àdele", "Madame"} {
		h.person(name)
	}
	var names []string
	cursor := ""
	for pages := 0; pages == 0 || cursor != ""; pages++ {
		users, next, err := h.FindUsers(t.Context(), ada, "AD", cursor, 2)
		if err != nil || len(users) > 2 || pages > 2 {
			t.Fatalf("page %d of %d, %v", pages, len(users), err)
		}
		for _, u := range users {
			names = append(names, u.Name)
			if u.ID != ada.User.ID && u.Email != "" {
				t.Errorf("%s's address is shown", u.Name)
			}
		}
		if pages == 0 {
			_, _, err = h.FindUsers(t.Context(), ben, "AD", next, 2)
			wantField(t, "another's cursor", err, "cursor")
			_, _, err = h.FindUsers(t.Context(), ada, "A", next, 2)
			wantField(t, "another question's cursor", err, "cursor")
		}
		cursor = next
	}
	if got := strings.Join(names, " "); got != "Ada Adam Àdele" {
		t.Errorf("found %s", got)
	}
	if users, _, err := h.FindUsers(t.Context(), ada, "BEN@example.org", "", 0); err != nil || len(users) != 1 || users[0].ID != ben.User.ID {
		t.Errorf("by address: %d, %v", len(users), err)
	}
	for field, c := range map[string]struct {
		q     string
		limit int
	}{"limit": {"", 201}, "q": {strings.Repeat("a", 101), 0}} {
		_, _, err := h.FindUsers(t.Context(), ada, c.q, "", c.limit)
		wantField(t, "out of the limits", err, field)
	}
}
