package webui_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// only is the part of a page between two marks.
func (s sheet) only(from, to string) sheet {
	s.t.Helper()
	_, after, ok := strings.Cut(s.html, from)
	if !ok {
		s.t.Fatalf("%s has no %q:\n%s", s.at, from, s.html)
	}
	s.html, _, _ = strings.Cut(after, to)
	return s
}

// hidden gives the hidden fields of the form with an action, as a browser sends them.
func (s sheet) hidden(action string) url.Values {
	s.t.Helper()
	inside := s.only(`action="`+action+`"`, "</form>").html
	out := url.Values{}
	for _, m := range regexp.MustCompile(`<input type="hidden" name="([\w-]+)" value="([^"]*)"`).FindAllStringSubmatch(inside, -1) {
		out.Set(m[1], entities.Replace(m[2]))
	}
	if out.Get("key") == "" {
		s.t.Fatalf("the form of %s has no key", action)
	}
	return out
}

func (w *writer) invites(other *writer, note string) string {
	w.office.t.Helper()
	i, err := w.office.Invite(w.office.t.Context(), w.Principal, "", other.User.ID, note)
	if err != nil {
		w.office.t.Fatal(err)
	}
	return i.ID.String()
}

func TestFindingPeople(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	maya := o.writer("Maya Okafor")
	maya.get("/network/people").want(200, "No one else is here yet").lacks("1 person")
	jonas, erik := o.writer("Jonas Lindqvist"), o.writer("Erik Sand")
	maya.get("/network/people").want(200, "2 people", "Jonas Lindqvist", "Erik Sand").lacks(`id="p-` + maya.id())
	maya.get("/network/people?find=jon").want(200, "1 person", "Jonas Lindqvist").lacks("Erik Sand</bdi>")
	maya.get("/network/people?find=nobody+like+that").want(200, "Nobody matches")
	maya.get("/network/people?find="+strings.Repeat("x", 101)).want(422, "at most 100 characters", `href="#find"`)

	// The question of an invitation, with its note; then the card says so.
	ask := maya.get("/people/"+jonas.id()+"/invite?back="+url.QueryEscape("/network/people?find=jon")).want(200, "Send the invitation", "is not sealed")
	form := ask.hidden("/people/" + jonas.id() + "/invite")
	maya.post("/people/"+jonas.id()+"/invite", with(form, "note", strings.Repeat("n", 301))).want(422, "Send the invitation", strings.Repeat("n", 301))
	maya.post("/people/"+jonas.id()+"/invite", with(form, "note", "From the fair")).want(200, "Invited.", `<span class="tag">Invited</span>`)
	jonas.get("/network/people").only(`id="p-`+maya.id(), "</li>").want(200, "Invites you", "Accept")
	jonas.post("/people/"+maya.id()+"/invite", jonas.get("/network/people").hidden("/people/"+maya.id()+"/invite")).want(200, "You are connected.")
	maya.get("/network/connections").want(200, "Jonas Lindqvist").lacks("Erik Sand")
	// Who is connected already is not asked again.
	if at := maya.get("/people/" + jonas.id() + "/invite").want(200).at; at != "/people/"+jonas.id() {
		t.Errorf("asked at %s", at)
	}
	maya.get("/people/"+erik.id()).want(200, "Note with the invitation").lacks("Remove the connection")
}

// An answer leads on to the next invitation: with a script and without, the focus is
// on its Accept.
func TestAnsweringInvitations(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	maya := o.writer("Maya Okafor")
	ids := map[string]string{}
	for _, name := range []string{"Erik Sand", "Jonas Lindqvist", "Priya Nair"} {
		ids[name] = o.writer(name).invites(maya, "A note of "+name)
	}
	focus := func(s sheet) string {
		t.Helper()
		for name, id := range ids {
			if i := strings.Index(s.html, `id="i-`+id); i >= 0 && strings.Contains(strings.SplitN(s.html[i:], "</li>", 2)[0], "data-focus") {
				return name
			}
		}
		return ""
	}
	box := maya.get("/network/invitations").want(200, "A note of Erik Sand")
	if got := focus(box); got != "" {
		t.Fatalf("before any answer the focus is on %s", got)
	}
	answer := func(name, what string) sheet {
		t.Helper()
		action := "/network/invitations/" + ids[name] + "/" + what
		return maya.post(action, maya.get("/network/invitations").hidden(action))
	}
	// Newest first: Priya, Jonas, Erik.
	s := answer("Jonas Lindqvist", "accept").want(200, "<bdi>Jonas Lindqvist</bdi> is now a connection.")
	if got := focus(s); got != "Erik Sand" {
		t.Errorf("after Jonas the focus is on %q, want Erik Sand, who is next", got)
	}
	s = answer("Erik Sand", "accept")
	if got := focus(s); got != "Priya Nair" {
		t.Errorf("after the last row the focus is on %q, want the one before", got)
	}
	s = answer("Priya Nair", "ignore").want(200, "Ignored.", "No invitations.")
	if !strings.Contains(s.only(`<h1`, "</h1>").html, "data-focus") {
		t.Error("after the last answer the focus is not on the heading")
	}
	// An address from elsewhere puts no words on the page.
	stranger := o.writer("Lin Wei")
	maya.get("/network/invitations?connected=" + stranger.id()).want(200).lacks("is now a connection")
	maya.get("/network/invitations?connected=00000000-0000-7000-8000-000000000000").want(404)
	maya.get("/network/invitations?box=stolen").want(422)
}

func TestWithdrawing(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	maya, erik := o.writer("Maya Okafor"), o.writer("Erik Sand")
	id := maya.invites(erik, "")
	action := "/network/invitations/" + id + "/withdraw"
	sent := maya.get("/network/invitations?box=sent").want(200, "<bdi>Erik Sand</bdi> may have seen your invitation")
	maya.post(action, sent.hidden(action)).want(200, "Withdrawn.", "No invitations.")
	erik.get("/network/invitations").want(200, "No invitations.")
	// Whose invitation it is not cannot tell it from none.
	other := o.writer("Lin Wei")
	mine := erik.invites(maya, "")
	for _, what := range []string{"accept", "ignore", "withdraw"} {
		one := other.post("/network/invitations/"+mine+"/"+what, url.Values{"key": {"k" + what}})
		none := other.post("/network/invitations/00000000-0000-7000-8000-000000000000/"+what, url.Values{"key": {"n" + what}})
		if one.status != 404 || none.status != 404 || title(one) != title(none) {
			t.Errorf("%s: %d and %d", what, one.status, none.status)
		}
	}
}

func title(s sheet) string { return s.only("<h1>", "</h1>").html }

func TestBlocking(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	maya, jonas := o.writer("Maya Okafor"), o.writer("Jonas Lindqvist")
	maya.befriend(jonas)
	path := "/people/" + jonas.id()
	maya.get("/network/connections").want(200, path+"/block?back=", path+"/disconnect?back=")
	ask := maya.get(path+"/block?back=%2Fnetwork%2Fconnections").want(200,
		"Blocking stops new messages between you. <bdi>Jonas Lindqvist</bdi> keeps what was already received", "Your connection ends too")
	maya.post(path+"/block", ask.hidden(path+"/block")).want(200, "Blocked.", "You have no connections yet")
	maya.get(path).want(200, "Blocked by you").lacks(path+"/write", path+"/invite")
	jonas.get("/people/" + maya.id()).want(200).lacks("locked by") // R31
	settings := maya.get("/settings").want(200, path+"/unblock")
	maya.post(path+"/unblock", settings.hidden(path+"/unblock")).want(200, "No longer blocked.", "You block nobody.")
	maya.get(path).want(200).lacks("Blocked by you")

	// A way back that leads elsewhere leads to a page of ours.
	form := maya.get(path + "/block?back=https%3A%2F%2Fevil.example%2F").want(200).hidden(path + "/block")
	if form.Get("back") != "/messages" {
		t.Errorf("back to %q", form.Get("back"))
	}
}

func TestDisconnecting(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	maya, jonas := o.writer("Maya Okafor"), o.writer("Jonas Lindqvist")
	maya.befriend(jonas)
	path := "/people/" + jonas.id() + "/disconnect"
	ask := maya.get(path).want(200, "Remove <bdi>Jonas Lindqvist</bdi> from your connections?")
	jonas.get("/network/connections").want(200, "Maya Okafor") // a question changes nothing
	maya.post(path, ask.hidden(path)).want(200, "No longer connected.")
	jonas.get("/network/connections").want(200, "You have no connections yet")
}

// Who may not be known is nobody, for every page and every form.
func TestNobody(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	maya, admin, gone := o.writer("Maya Okafor"), o.writer("Aisha Bello", "admin"), o.writer("Former Colleague")
	if err := o.EraseUser(t.Context(), admin.Principal, "", gone.User.ID, "left"); err != nil {
		t.Fatal(err)
	}
	want := ""
	for _, id := range []string{"00000000-0000-7000-8000-000000000000", "no-id", gone.id()} {
		for _, path := range []string{"", "/invite", "/block", "/disconnect"} {
			s := maya.get("/people/" + id + path).want(http.StatusNotFound)
			if want == "" {
				want = title(s)
			}
			if title(s) != want {
				t.Errorf("%s%s reads %q, not %q", id, path, title(s), want)
			}
		}
	}
}
