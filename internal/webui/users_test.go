package webui_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/sealpost/sealpost/internal/sealpost"
)

var linkIn = regexp.MustCompile(`<code id="fresh-link">[^<]*(/join#spi_[^<]+)</code>`)

func TestAccountsPage(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ada := o.writer("Ada", sealpost.RoleAdmin)
	o.writer("Maya Okafor")
	ada.get("/admin/users?find=okaf").want(http.StatusOK, "maya@example.org").lacks("ada@example.org")
	ada.get("/admin/users?find=%3Cnobody%3E").want(http.StatusOK, "No account matches", "&lt;nobody&gt;").lacks("<nobody>")

	form := ada.get("/admin/users").formTo("/admin/users")
	wrong := ada.post("/admin/users", with(form, "account-name", "Erik Sand", "account-email", "nowhere", "role", "moderator"))
	wrong.want(http.StatusUnprocessableEntity, `href="#account-email"`, `value="Erik Sand"`, `aria-invalid="true"`)
	if again := wrong.formTo("/admin/users"); again.Get("role") != "moderator" || again.Get("account-email") != "nowhere" {
		t.Errorf("what was typed is lost: %v", again)
	}
	ada.post("/admin/users", with(form, "account-email", "maya@example.org")).want(http.StatusUnprocessableEntity)
	made := ada.post("/admin/users", with(form, "account-email", "erik@example.org")).want(http.StatusOK, "The account is made.", "Erik Sand", "erik@example.org")
	if !regexp.MustCompile(`value="moderator"[^>]* checked`).MatchString(made.html) {
		t.Error("the account lacks its role")
	}
	ada.get("/admin/users").want(http.StatusOK, "Erik Sand", "No password yet", "Link to set a password")
	linked := ada.post("/admin/invites", made.formTo("/admin/invites")).want(http.StatusOK, "shown this once", "To set the password of an account")
	if linkIn.FindStringSubmatch(linked.html) == nil {
		t.Error("no link to set the password")
	}
}

func TestInvitationLinks(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ada := o.writer("Ada", sealpost.RoleAdmin)
	form := with(ada.get("/admin/users").formTo("/admin/invites"), "invite-name", "Grace Hopper")
	page := ada.post("/admin/invites", form).want(http.StatusOK, "shown this once", "Grace Hopper").lacks(`value="Grace Hopper"`)
	link := linkIn.FindStringSubmatch(page.html)
	if link == nil {
		t.Fatalf("no link:\n%s", page.html)
	}
	if again := linkIn.FindStringSubmatch(ada.post("/admin/invites", form).html); again == nil || again[1] != link[1] {
		t.Error("a double click made another link") // R11: the retry of a lost answer
	}
	secret := strings.TrimPrefix(link[1], "/join#")
	list := ada.get("/admin/users").want(http.StatusOK, "Links that can still be used", "Grace Hopper").lacks(secret)
	ada.post("/admin/invites", with(url.Values{}, "key", "k", "invite-email", "nowhere")).want(http.StatusUnprocessableEntity, `href="#invite-email"`)

	withdraw := regexp.MustCompile(`/admin/invites/[^"]+/withdraw`).FindString(list.html)
	ada.post(withdraw, list.formTo(withdraw)).want(http.StatusOK, "Withdrawn.").lacks("Grace Hopper")
	ada.post(withdraw, url.Values{"key": {"another"}}).want(http.StatusNotFound)
}

func TestChangeAccount(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ada, maya := o.writer("Ada", sealpost.RoleAdmin), o.writer("Maya Okafor")
	at, own := "/admin/users/"+maya.id(), "/admin/users/"+ada.id()

	mine := ada.get(own).want(http.StatusOK, "This is your own account.").formTo(own)
	mine.Del("role")
	ada.post(own, with(mine, "reason", "enough")).want(http.StatusConflict, "This is the last administrator. Make somebody else one first.", `value="enough"`)
	ada.post(own, with(ada.get(own).formTo(own), "disabled", "on", "reason", "enough")).want(http.StatusConflict, "last administrator")
	ada.post(own+"/erase", with(ada.get(own).formTo(own+"/erase"), "confirm", "Ada", "erase-reason", "enough")).want(http.StatusConflict, "last administrator")

	form := ada.get(at).lacks("This is your own account.").formTo(at)
	ada.post(at, with(form, "reason", "only looked")).want(http.StatusOK, "Nothing was changed.")
	if n := o.logged(ada, "user.change"); n != 0 {
		t.Errorf("nothing was changed, and the log has %d entries", n)
	}
	ada.post(at, with(form, "role", "compliance", "reason", " ")).want(http.StatusUnprocessableEntity, `href="#reason"`)
	ada.post(at, with(form, "email", "x", "reason", "why")).want(http.StatusUnprocessableEntity, `href="#email"`, `value="x"`, `value="why"`)
	ada.post(at, with(ada.get(at).formTo(at), "role", "compliance", "disabled", "on", "reason", "left")).want(http.StatusOK, "Saved.", "Deactivated <time")
	maya.get("/messages").want(http.StatusOK, "Sign in")
	ada.get("/admin/users").want(http.StatusOK, `<span class="tag closed">Deactivated</span>`, "Compliance")
	back := ada.get(at).formTo(at)
	back.Del("disabled")
	ada.post(at, with(back, "reason", "came back")).want(http.StatusOK, "Saved.").lacks("Deactivated <time")
}

func TestEraseAccount(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ada, maya := o.writer("Ada", sealpost.RoleAdmin), o.writer("Maya Okafor")
	at := "/admin/users/" + maya.id()
	form := ada.get(at).formTo(at + "/erase")
	wrong := ada.post(at+"/erase", with(form, "confirm", "maya", "erase-reason", "asked")).want(http.StatusUnprocessableEntity, `href="#confirm"`, "<details open", `value="asked"`)
	wrong.formTo(at) // saving from this page still goes to the account
	ada.post(at+"/erase", with(form, "confirm", "Maya Okafor", "erase-reason", " ")).want(http.StatusUnprocessableEntity, `href="#erase-reason"`)
	ada.get(at).want(http.StatusOK, "maya@example.org")
	ada.post(at+"/erase", with(form, "erase-reason", "asked for it")).want(http.StatusOK, "The account is erased.").lacks("maya@example.org")
	ada.get(at).want(http.StatusOK, "Nothing brings it back.").lacks("Erase for good")
}
