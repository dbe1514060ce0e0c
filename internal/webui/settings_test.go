package webui_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the zones of this machine may be old or missing

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// fresh is the person as the store has them.
func (w *writer) fresh() sealpost.User {
	w.office.t.Helper()
	u, err := w.office.User(w.office.t.Context(), w.Principal, w.User.ID)
	if err != nil {
		w.office.t.Fatal(err)
	}
	return u
}

// save posts a form of the settings with fields changed.
func (w *writer) save(page, action string, pairs ...string) sheet {
	w.office.t.Helper()
	return w.post(action, with(w.get(page).want(200).hidden(action), pairs...))
}

func TestSettings(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	maya := o.writer("Maya Okafor")
	saved := func(s sheet, section string) {
		t.Helper()
		s.want(200)
		s.only(`<section class="setting stack tight" id="`+section+`"`, "</section>").want(200, "Saved.")
		if n := strings.Count(s.html, "Saved."); n != 1 {
			t.Errorf("Saved. stands %d times on %s", n, s.at)
		}
	}
	saved(maya.save("/settings", "/settings/profile", "name", "Maya O.", "headline", "Pharmacist"), "profile")
	saved(maya.save("/settings", "/settings/zone", "zone", "Asia/Kathmandu"), "time-zone")
	saved(maya.save("/settings", "/settings/reach", "reach", "nobody_new"), "who-can-message")
	saved(maya.save("/settings", "/settings/receipts"), "receipts")
	saved(maya.save("/settings", "/settings/undo", "undo", "30"), "undo")
	u := maya.fresh()
	if u.Name != "Maya O." || u.Headline != "Pharmacist" || u.TimeZone != "Asia/Kathmandu" || u.Reach != sealpost.ReachNobodyNew || u.Receipts || u.Undo != 30*time.Second {
		t.Fatalf("saved %+v", u)
	}
	maya.get("/settings").want(200, `<option value="Asia/Kathmandu" selected>`, `<option value="30" selected>`, "can still learn that you opened it").lacks("Saved.")

	// What is wrong says why in its section, and the control is at its old value.
	for _, c := range []struct{ action, field, value, section, why, old string }{
		{"/settings/profile", "name", " ", "profile", `href="#name"`, `value="Maya O."`},
		{"/settings/zone", "zone", "Mars/Olympus", "time-zone", `href="#zone"`, `<option value="Asia/Kathmandu" selected>`},
		{"/settings/reach", "reach", "everybody", "who-can-message", `href="#who-can-message"`, `value="nobody_new" checked`},
		{"/settings/undo", "undo", "121", "undo", `href="#undo-time"`, `<option value="30" selected>`},
	} {
		s := maya.save("/settings", c.action, c.field, c.value).want(422)
		s.only(`<section class="setting stack tight" id="`+c.section+`"`, "</section>").want(422, `role="alert"`, c.why, c.old).lacks(c.value + `"`)
	}
	if u := maya.fresh(); u.TimeZone != "Asia/Kathmandu" || u.Undo != 30*time.Second {
		t.Errorf("after refusals %+v", u)
	}
}

// Who has a language without translation reads English pages, from the left, and can
// leave it again. The pseudo-language reads them from the right.
func TestLanguage(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	maya := o.writer("Maya Okafor")
	maya.get("/settings").want(200, `dir="ltr"`).lacks("/settings/language") // nothing to choose
	for _, language := range []string{"ar-XB", "ar"} {
		if _, err := o.UpdateProfile(t.Context(), maya.Principal, "", service.ProfileEdit{Language: &language}); err != nil {
			t.Fatal(err)
		}
		maya.get("/settings").want(200, map[string]string{"ar-XB": `<html lang="en" dir="rtl"`, "ar": `<html lang="en" dir="ltr"`}[language])
	}
	maya.get("/settings").want(200, `<option value="ar" lang="ar" selected>العربية</option>`)
	maya.save("/settings", "/settings/language", "language", "en").want(200, `dir="ltr"`)
	maya.post("/settings/language", url.Values{"key": {"k"}, "language": {"not a tag"}}).want(422)
}

// Every zone that the form offers is one.
func TestZones(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	s := o.writer("Maya Okafor").get("/settings").only(`<select id="zone"`, "</select>")
	zones := regexp.MustCompile(`<option value="([^"]+)"`).FindAllStringSubmatch(s.html, -1)
	if len(zones) < 400 {
		t.Fatalf("%d zones", len(zones))
	}
	for _, z := range zones {
		if _, err := time.LoadLocation(z[1]); err != nil {
			t.Error(err)
		}
	}
}

func TestSettingsOfABrowser(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	maya := o.writer("Maya Okafor")
	cookie := func(path string, form url.Values) string {
		t.Helper()
		client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, o.server.URL+path, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.AddCookie(&http.Cookie{Name: "__Host-sealpost", Value: maya.token})
		answer, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		return answer.Header.Get("Set-Cookie")
	}
	if c := cookie("/theme", url.Values{"theme": {"dark"}}); !strings.HasPrefix(c, "theme=dark;") {
		t.Errorf("theme: %s", c)
	}
	if c := cookie("/keys", url.Values{}); !strings.HasPrefix(c, "keys=off;") {
		t.Errorf("keys: %s", c)
	}
	if c := cookie("/keys", url.Values{"keys": {"on"}}); !strings.Contains(c, "Max-Age=0") {
		t.Errorf("keys on: %s", c)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, o.server.URL+"/settings", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.AddCookie(&http.Cookie{Name: "keys", Value: "off"})
	r.AddCookie(&http.Cookie{Name: "theme", Value: "dark"})
	maya.do(r).want(200, `data-keys="off"`, `data-theme="dark"`)
	maya.get("/settings").want(200).lacks(`data-keys="off"`)
}
