package webui_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// formTo gives the fields of the form that goes to an address.
func (s sheet) formTo(action string) url.Values {
	s.t.Helper()
	_, inside, ok := strings.Cut(s.html, `action="`+action+`"`)
	if !ok {
		s.t.Fatalf("no form to %s at %s (%d):\n%s", action, s.at, s.status, s.html)
	}
	s.html = `<form id="compose"` + inside
	return s.form()
}

// before holds that one text stands before another.
func (s sheet) before(first, second string) {
	s.t.Helper()
	if a, b := strings.Index(s.html, first), strings.Index(s.html, second); a < 0 || b < 0 || a > b {
		s.t.Fatalf("%s: %q (%d) is not before %q (%d)", s.at, first, a, second, b)
	}
}

// logged counts the entries of an action in the audit log.
func (o *office) logged(reader *writer, action string) int {
	o.t.Helper()
	entries, _, err := o.AuditLog(o.t.Context(), reader.Principal, service.AuditFilter{}, "", 200)
	if err != nil {
		o.t.Fatal(err)
	}
	n := 0
	for _, e := range entries {
		if e.Action == action {
			n++
		}
	}
	return n
}

// message sends a text to people, in a conversation of its own.
func (w *writer) message(text string, to ...*writer) service.MessageView {
	w.office.t.Helper()
	ids := make([]sealpost.UserID, 0, len(to))
	for _, other := range to {
		ids = append(ids, other.User.ID)
	}
	ctx := w.office.t.Context()
	thread, _, err := w.office.CreateConversation(ctx, w.Principal, "", ids, "")
	if err != nil {
		w.office.t.Fatal(err)
	}
	m, err := w.office.Send(ctx, w.Principal, "", service.Sending{Conversation: thread.Conversation.ID, Body: text, Kind: sealpost.KindMessage})
	if err != nil {
		w.office.t.Fatal(err)
	}
	return m
}

// report flags a message.
func (w *writer) report(m service.MessageView, remove bool) sealpost.FlagID {
	w.office.t.Helper()
	v, err := w.office.Flag(w.office.t.Context(), w.Principal, "", m.ID, service.Flagging{
		Reason: sealpost.FlagHarassment, Note: "note-of-" + strings.ToLower(w.name), RequestRemoval: remove,
	})
	if err != nil {
		w.office.t.Fatal(err)
	}
	return v.Flag.ID
}

func TestAdminAccess(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	people := map[string]*writer{
		"member": o.writer("Mia"), "notices": o.writer("Nils", sealpost.RoleNotices), "moderator": o.writer("Otto", sealpost.RoleModerator),
		"compliance": o.writer("Cleo", sealpost.RoleCompliance), "admin": o.writer("Ada", sealpost.RoleAdmin),
	}
	other := people["member"].id()
	for path, allowed := range map[string]string{
		"/admin": "moderator compliance admin", "/admin/policy": "compliance admin", "/admin/flags": "moderator",
		"/admin/audit": "compliance admin", "/admin/users": "admin", "/admin/users/" + other: "admin",
	} {
		for role, w := range people {
			if page := w.get(path); strings.Contains(allowed, role) {
				page.want(http.StatusOK)
			} else {
				page.want(http.StatusForbidden, "You don&#39;t have access to this").lacks(`class="admin-nav"`)
			}
		}
	}
	for role, links := range map[string][]string{
		"moderator": {"flags"}, "compliance": {"policy", "audit"}, "admin": {"policy", "audit", "users"},
	} {
		page := people[role].get("/admin")
		for _, part := range []string{"policy", "flags", "audit", "users"} {
			has := strings.Contains(page.html, `href="/admin/`+part+`"`)
			if want := strings.Contains(" "+strings.Join(links, " ")+" ", " "+part+" "); has != want {
				t.Errorf("%s: a link to %s: %t, want %t", role, part, has, want)
			}
		}
		if shown := strings.Contains(people["member"].get("/messages").html, `href="/admin"`); shown {
			t.Error("a member has a link to the administration")
		}
	}
	for path, refused := range map[string]int{
		"/admin/policy": http.StatusForbidden, "/admin/users": http.StatusForbidden, "/admin/invites": http.StatusForbidden,
		"/admin/users/" + other: http.StatusForbidden, "/admin/users/" + other + "/erase": http.StatusForbidden,
	} {
		for _, role := range []string{"member", "notices", "moderator", "compliance"} {
			people[role].post(path, url.Values{"step": {"review"}, "window": {"1h"}, "confirm": {"Mia"}, "erase-reason": {"no"}}).want(refused)
		}
	}
	people["compliance"].get("/admin/policy").want(http.StatusOK, "Only administrators can change it.").lacks("Review the change")
	if people["admin"].get("/admin/users/" + other).want(http.StatusOK); o.logged(people["admin"], "user.erase")+o.logged(people["admin"], "policy.change") != 0 {
		t.Error("somebody without the role changed something")
	}
}

func TestAdminHomeCounts(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	otto, maya, jonas := o.writer("Otto", sealpost.RoleModerator), o.writer("Maya"), o.writer("Jonas")
	maya.befriend(jonas)
	otto.get("/admin").want(http.StatusOK, "Nothing waits.")
	m := maya.message("first", jonas)
	jonas.report(m, false)
	maya.report(m, true)
	otto.get("/admin").want(http.StatusOK, "Requests for removal: 1. Reports: 1.")
}

func TestQueueAndCase(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	otto, cleo := o.writer("Otto", sealpost.RoleModerator), o.writer("Cleo", sealpost.RoleCompliance)
	maya, jonas, otti := o.writer("Maya"), o.writer("Jonas"), o.writer("Otti", sealpost.RoleModerator)
	maya.befriend(jonas, otti)
	m := maya.message("secret-of-maya", jonas)
	early := "/admin/flags/" + jonas.report(m, false).String()
	own := "/admin/flags/" + maya.report(m, true).String()
	late := "/admin/flags/" + otti.report(maya.message("other-secret", otti), false).String()

	queue := otto.get("/admin/flags").want(http.StatusOK, "Removal of an own message", "waiting 0 min")
	queue.before(own, early) // R30: although it came later
	queue.before(early, late)
	queue.lacks("secret-of-maya", "note-of-")
	otto.get(early).want(http.StatusOK, "Case 2 of 3", `data-case="k" href="`+own+`"`, `data-case="j" href="`+late+`"`, "Your view is recorded.").
		lacks("secret-of-maya", "note-of-")
	if n := o.logged(cleo, "evidence.read"); n != 0 {
		t.Fatalf("%d readings before anybody read", n)
	}
	otto.post(early+"/read", url.Values{}).want(http.StatusOK, "secret-of-maya", "note-of-jonas")
	if n := o.logged(cleo, "evidence.read"); n != 1 {
		t.Errorf("one view left %d entries", n)
	}
	otto.post(early+"/read", url.Values{}).want(http.StatusOK, "secret-of-maya")
	if n := o.logged(cleo, "evidence.read"); n != 2 {
		t.Errorf("two views left %d entries", n)
	}

	// Who has to do with the message reviews nothing of it, and reads nothing.
	otti.get(late).want(http.StatusOK, "somebody else has to review it").lacks("Show message", "Remove for everyone</button>")
	otti.post(late+"/read", url.Values{}).want(http.StatusForbidden).lacks("other-secret")
	if n := o.logged(cleo, "evidence.read"); n != 2 {
		t.Errorf("a refused view left an entry: %d", n)
	}
	jonas.get(early).want(http.StatusNotFound)
	jonas.post(early+"/read", url.Values{}).want(http.StatusNotFound).lacks("secret-of-maya")
}

func TestDecisions(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	otto, vera := o.writer("Otto", sealpost.RoleModerator), o.writer("Vera", sealpost.RoleModerator)
	maya, jonas := o.writer("Maya"), o.writer("Jonas")
	maya.befriend(jonas)
	m := maya.message("secret-of-maya", jonas)
	at := "/admin/flags/" + jonas.report(m, false).String()
	mine := otto.get(at).formTo(at + "/resolve")
	theirs := vera.get(at).formTo(at + "/resolve")

	otto.post(at+"/resolve", with(mine, "answer", "hello")).want(http.StatusUnprocessableEntity, "removed or kept", "hello")
	otto.post(at+"/resolve", with(mine, "act", "keep", "answer", strings.Repeat("a", 1001))).want(http.StatusUnprocessableEntity, "aaaa")
	kept := otto.post(at+"/resolve", with(mine, "act", "keep", "answer", "It may stay.")).want(http.StatusOK, "Kept. The reporter sees the outcome.", "Nothing to review.")
	kept.lacks(at)
	otto.post(at+"/resolve", mine).want(http.StatusOK, "Kept.") // the retry of a lost answer
	vera.post(at+"/resolve", with(theirs, "act", "remove", "answer", "Gone.")).
		want(http.StatusConflict, "Someone else has taken this case.", "Kept by <bdi>Otto</bdi>").lacks("Remove for everyone</button>")
	otto.get("/admin/flags?state=resolved").want(http.StatusOK, at, "kept")
	otto.get(at).want(http.StatusOK, "Kept by").lacks("Case 1 of")

	again := "/admin/flags/" + maya.report(m, true).String()
	unread := otto.get(again).formTo(again + "/resolve")
	otto.post(again+"/resolve", with(unread, "act", "remove", "answer", "Gone.")).
		want(http.StatusUnprocessableEntity, "Show the message first, or choose to remove it without looking at it.", "Gone.", `href="#known"`)
	read := otto.post(again+"/read", url.Values{}).want(http.StatusOK, "secret-of-maya").formTo(again + "/resolve")
	otto.post(again+"/resolve", with(read, "act", "remove")).want(http.StatusOK, "Removed for everyone.")
	otto.get(again).want(http.StatusOK, "Removed for everyone by")
	blind := "/admin/flags/" + maya.report(maya.message("unread-of-maya", jonas), true).String()
	otto.post(blind+"/resolve", with(otto.get(blind).formTo(blind+"/resolve"), "act", "remove", "known", "on")).want(http.StatusOK, "Removed for everyone.")
	maya.get("/messages/"+m.ConversationID.String()).want(http.StatusOK, "removed after review").lacks("secret-of-maya")
}

func TestAuditPage(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	cleo, maya, jonas := o.writer("Cleo", sealpost.RoleCompliance), o.writer("Maya"), o.writer("Jonas")
	maya.befriend(jonas)
	m := maya.message("secret-of-maya", jonas)
	if _, err := o.Open(t.Context(), jonas.Principal, "", m.ConversationID, m.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := o.Recall(t.Context(), maya.Principal, "", m.ID, service.Recalling{}); sealpost.CodeOf(err) != sealpost.CodeOpened {
		t.Fatalf("recalling what was opened: %v", err)
	}
	page := cleo.get("/admin/audit").want(http.StatusOK, "Sent a message", "Opened messages", "Was refused a recall", "<code>opened</code>",
		"<bdi>Maya</bdi>", "Signed in", `<bdi class="tag">Jonas</bdi>`)
	page.lacks("secret-of-maya", "correct horse", "maya@example.org")
	if !regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC</span>[^/]*<time [^>]*>[^<]*\((CET|CEST)\)`).MatchString(page.html) {
		t.Errorf("an entry lacks the time in UTC and then where the reader is:\n%s", page.html)
	}
	cleo.get("/admin/audit").want(http.StatusOK, "Read the audit log") // the first look
	for range 60 {
		if _, _, err := o.AuditLog(t.Context(), cleo.Principal, service.AuditFilter{}, "", 1); err != nil {
			t.Fatal(err)
		}
	}
	next := regexp.MustCompile(`href="(/admin/audit\?cursor=[^"]+)"`).FindStringSubmatch(cleo.get("/admin/audit").html)
	if next == nil {
		t.Fatal("no link to older entries")
	}
	cleo.get(entities.Replace(next[1])).want(http.StatusOK, "Sent a message")

	cleo.get("/admin/audit?action=recall").want(http.StatusOK, "Was refused a recall", `<option value="recall" selected>`).lacks("Opened messages")
	cleo.get("/admin/audit?action=message&person="+jonas.User.ID.String()).want(http.StatusOK, "Opened messages", "Only what <bdi>Jonas</bdi> did").lacks("Sent a message")
	cleo.get("/admin/audit?until=2001-01-01").want(http.StatusOK, "No entry is like that.")
	cleo.get("/admin/audit?from=yesterday").want(http.StatusUnprocessableEntity, "This is not a day", `id="from" name="from" type="date" value="yesterday" aria-invalid="true"`)
}

// The log says why the policy was changed, and shows ids and lists so that they can be
// read.
func TestAuditFacts(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ada := o.writer("Ada", sealpost.RoleAdmin)
	ada.post(policyPath, with(ada.reviewed("preset", "1h"), "reason", "People <asked> for it.")).want(http.StatusOK)
	ada.post(policyPath, with(ada.reviewed("preset", "1m"), "reason", "They did not.")).want(http.StatusOK)
	log := ada.get("/admin/audit?action=policy.change").want(http.StatusOK)
	log.before("They did not.", "People &lt;asked&gt; for it.")

	invite, _, err := o.CreateInvite(t.Context(), ada.Principal, "", service.NewInvite{})
	if err != nil {
		t.Fatal(err)
	}
	id := invite.ID.String()
	ada.get("/admin/audit?action=invite").want(http.StatusOK, `title="`+id+`">…`+id[len(id)-8:]+"</code>").lacks(">" + id + "<")
	o.writer("Nobody special")
	ada.get("/admin/audit?action=user.add").want(http.StatusOK, `<span class="quiet">roles</span> <bdi>none</bdi>`).lacks("null")
}
