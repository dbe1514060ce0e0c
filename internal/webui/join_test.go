package webui_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// invitation makes a link and gives its secret.
func (w *writer) invitation(in service.NewInvite) string {
	w.office.t.Helper()
	_, secret, err := w.office.CreateInvite(w.office.t.Context(), w.Principal, "", in)
	if err != nil {
		w.office.t.Fatal(err)
	}
	return secret
}

// look gives a link to the page that asks for it.
func (w *writer) look(link string) sheet {
	w.office.t.Helper()
	form := w.get("/join").want(http.StatusOK, "Invitation link").lacks("password").formTo("/join/use")
	return w.post("/join/use", with(form, "link", link))
}

// A link makes an account once; used, expired and made up read the same, before
// anything is filled in and after.
func TestJoining(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	admin, visitor := o.writer("Aisha Bello", sealpost.RoleAdmin), &writer{office: o}
	secret := admin.invitation(service.NewInvite{Life: 2 * time.Hour})
	form := with(visitor.look("https://post.example.org/join#"+secret).want(http.StatusOK, "Your name", `data-zone`).lacks("readonly").formTo("/join/use"),
		"name", "Lin Wei", "email", "lin@example.org", "password", "short", "zone", "Asia/Shanghai")
	visitor.post("/join/use", form).want(http.StatusUnprocessableEntity, `href="#password"`, `value="Lin Wei"`, `<option value="Asia/Shanghai" selected>`).lacks(`value="short"`)
	visitor.post("/join/use", with(form, "password", "long enough", "key", "joining-two"))
	lin, err := o.SignIn(t.Context(), "lin@example.org", "long enough", "test")
	if err != nil || lin.User.TimeZone != "Asia/Shanghai" {
		t.Fatal(lin.User, err)
	}
	late := admin.invitation(service.NewInvite{Life: 2 * time.Hour})
	o.ahead.Add((3 * time.Hour).Microseconds())
	pages := map[string]bool{}
	for what, link := range map[string]string{"used": secret, "expired": late, "made up": "spi_nothing", "no link": "hello"} {
		pages[visitor.look(link).want(http.StatusNotFound, "It was used already").only("<main", "</main>").html] = true
		for _, password := range []string{"long enough", "short"} {
			again := with(form, "link", link, "key", "again-"+what[:4], "email", "other@example.org", "password", password)
			pages[visitor.post("/join/use", again).want(http.StatusNotFound).only("<main", "</main>").html] = true
		}
	}
	if len(pages) != 1 {
		t.Errorf("the pages tell which it is: %v", pages)
	}
}

// The form shows what the invitation has, and asks for the rest.
func TestJoiningKnows(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	admin, maya, visitor := o.writer("Aisha Bello", sealpost.RoleAdmin), o.writer("Maya Okafor"), &writer{office: o}
	named := admin.invitation(service.NewInvite{Name: "Grace Hopper", Email: "grace@example.org"})
	known := visitor.look(named).want(http.StatusOK, `value="Grace Hopper" readonly`, `value="grace@example.org" readonly`, "Time zone")
	refused := visitor.post("/join/use", with(known.formTo("/join/use"), "password", "short")).want(http.StatusUnprocessableEntity, `value="Grace Hopper" readonly`)
	visitor.post("/join/use", with(refused.formTo("/join/use"), "password", "long enough"))
	if _, err := o.SignIn(t.Context(), "grace@example.org", "long enough", "test"); err != nil {
		t.Error(err)
	}
	own := admin.invitation(service.NewInvite{Account: maya.User.ID})
	visitor.look(own).want(http.StatusOK, "This link sets a new password", `value="maya@example.org" readonly`, "Set the password").lacks("Time zone")
}

// Looking at the page tells nothing of a link, also not at the address that links of
// earlier versions have.
func TestJoinPageLooksNothingUp(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	admin, visitor := o.writer("Aisha Bello", sealpost.RoleAdmin), &writer{office: o}
	secret := admin.invitation(service.NewInvite{Name: "Grace Hopper"})
	good := visitor.get("/join/"+secret).want(http.StatusOK, `value="`+secret+`"`).lacks("Grace")
	visitor.get("/join/spi_nothing").want(http.StatusOK, `value="spi_nothing"`)
	visitor.get("/join/use").want(http.StatusOK, `name="link" value=""`)
	visitor.post("/join/use", good.formTo("/join/use")).want(http.StatusOK, "Grace Hopper")
	for range 100 {
		visitor.post("/join/use", url.Values{"step": {"look"}, "link": {"spi_nothing"}})
	}
	visitor.post("/join/use", good.formTo("/join/use")).want(http.StatusTooManyRequests, "too many attempts", `value="`+secret+`"`).lacks("Grace")
}
