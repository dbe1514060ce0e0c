//go:build sealtest

package sweep_test

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/sweep"
)

const base = "/api/v1"

// planted is one message of the world, and who may have its text now.
type planted struct {
	canary  *sweep.Canary
	id      string // empty: it was never accepted
	in      string // conversation
	sender  string
	holders []string // people who have the text
	draft   string   // id of the draft that the text is in
	settled bool     // somebody opened it: its words may be in the index
	frozen  bool     // in a report, for moderators
}

// world is a server with people, conversations and messages in every state.
type world struct {
	*server
	scanner  *sweep.Scanner
	people   map[string]person
	visitors map[string]visitor
	in       map[string]string // conversations by name
	planted  []*planted
	live     map[string]*live    // by visitor
	cursors  map[string][]string // of changes, by conversation
	pages    []string            // of lists
	events   []string            // Last-Event-IDs
	flags    []string            // ids of reports
	probe    *sweep.Canary       // a text that is never accepted
	asked    int
	held     int // answers that had content which the visitor has
}

// newWorld makes people and conversations in this process, before the server
// starts: the accounts are not what is swept.
func newWorld(t *testing.T, engine string) *world {
	t.Helper()
	p := newPlace(t, engine)
	w := &world{
		scanner: sweep.NewScanner(), people: map[string]person{}, visitors: map[string]visitor{}, in: map[string]string{},
		live: map[string]*live{}, cursors: map[string][]string{},
	}
	i := openInstall(t, p.address, p.keys(), nil)
	roles := map[string][]sealpost.Role{
		"sender": {sealpost.RoleNotices}, "admin": {sealpost.RoleAdmin}, "auditor": {sealpost.RoleCompliance}, "moderator": {sealpost.RoleModerator},
	}
	for _, name := range []string{"sender", "reader", "other", "leaver", "absent", "outsider", "auditor", "moderator", "admin"} {
		password := ""
		if name == "reader" {
			password = "a long password"
		}
		w.people[name] = i.person(t, name, password, roles[name]...)
		w.visitors[name] = visitor{name: name, person: name, token: w.people[name].token}
	}
	// The reader has two devices and an API token.
	for _, device := range []string{"reader's phone", "reader's browser"} {
		signed := must(i.service.SignIn(t.Context(), "reader@example.org", "a long password", device))(t)
		w.visitors[device] = visitor{name: device, person: "reader", token: signed.Token}
	}
	w.visitors["anonymous"] = visitor{name: "anonymous"}
	w.visitors["stranger with a bad token"] = visitor{name: "stranger with a bad token", token: w.people["reader"].token + "x"}

	s := w.people["sender"]
	i.unlimited(t, w.people["admin"])
	w.probe = w.newCanary(t, "a text that is refused", 0)
	w.in["group"] = i.conversation(t, s, "group", w.people["reader"], w.people["other"], w.people["leaver"]).String()
	w.in["direct"] = i.conversation(t, s, "", w.people["reader"]).String()
	w.in["first contact"] = i.conversation(t, s, "", w.people["absent"]).String()
	i.close()
	w.server = p.start(t, "")
	return w
}

// names are the visitors in a fixed order.
func (w *world) names() []string {
	var out []string
	for name := range w.visitors {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// newCanary makes a text that the sweep looks for from now on.
func (w *world) newCanary(t *testing.T, name string, size int) *sweep.Canary {
	t.Helper()
	c, err := sweep.NewCanary(rand.Reader, name, size)
	if err != nil {
		t.Fatal(err)
	}
	w.scanner.Add(c)
	return c
}

// try makes a request as a visitor and judges every byte of the answer.
func (w *world) try(t *testing.T, v visitor, method, path string, body any, headers ...string) answer {
	t.Helper()
	a := ask(t, w.url, v, method, path, body, headers...)
	w.judge(t, v, method+" "+path, a)
	return a
}

// judge is the rule: no part of a text in any header, in any refusal, or in an
// answer to anybody who does not have it.
func (w *world) judge(t *testing.T, v visitor, what string, a answer) {
	t.Helper()
	w.asked++
	faults, had := w.faults(v, what, a)
	for _, f := range faults {
		t.Error(f)
	}
	if had {
		w.held++
	}
}

// faults is what judge finds; had says that there was content which the visitor has.
func (w *world) faults(v visitor, what string, a answer) (faults []string, had bool) {
	for _, f := range w.scanner.Scan(a.header) {
		faults = append(faults, fmt.Sprintf("%s, %s: the header has %s", v.name, what, f))
	}
	for _, f := range w.scanner.Scan(a.body) {
		p := w.find(f.Canary)
		switch {
		case a.status >= 400 && strings.Contains(what, " "+base+"/"):
			faults = append(faults, fmt.Sprintf("%s, %s: the refusal (%d) has %s", v.name, what, a.status, f))
		case p == nil || !p.allowed(v, what):
			faults = append(faults, fmt.Sprintf("%s, %s: the answer has %s, which %s does not have", v.name, what, f, v.name))
		default:
			had = true
		}
	}
	return faults, had
}

func (w *world) find(c *sweep.Canary) *planted {
	i := slices.IndexFunc(w.planted, func(p *planted) bool { return p.canary == c })
	if i < 0 {
		return nil
	}
	return w.planted[i]
}

// allowed says who has a text: its holders, and its author where the drafts are.
func (p *planted) allowed(v visitor, what string) bool {
	if v.person == "" {
		return false
	}
	return slices.Contains(p.holders, v.person) ||
		p.draft != "" && v.person == p.sender &&
			(strings.Contains(what, " "+base+"/drafts") || strings.Contains(what, " "+base+"/me/export") ||
				strings.Contains(what, " /compose?draft=") || strings.Contains(what, " /drafts/") ||
				strings.Contains(what, "filter=drafts") || strings.Contains(what, "?draft=")) ||
		p.frozen && v.person == "moderator" && (strings.Contains(what, " "+base+"/admin/flags/") || strings.Contains(what, "POST /admin/flags/"))
}

// send plants a message. fields are added to the request.
func (w *world) send(t *testing.T, name, from, in string, fields map[string]any) *planted {
	t.Helper()
	sizes := []int{0, 300, 3000, 0, 9000} // one page of a database and several
	p := &planted{canary: w.newCanary(t, name, sizes[len(w.planted)%len(sizes)]), in: w.in[in], sender: from, holders: []string{from}}
	w.planted = append(w.planted, p)
	body := map[string]any{"body": p.canary.Body}
	for k, v := range fields {
		body[k] = v
	}
	a := w.try(t, w.visitors[from], "POST", base+"/conversations/"+p.in+"/messages", body)
	if a.status == 201 {
		p.id = a.field("id")
	} else {
		p.holders = nil
	}
	return p
}

// expect fails the test if an answer has another status.
func expect(t *testing.T, a answer, status int) answer {
	t.Helper()
	if a.status != status {
		t.Fatalf("status %d instead of %d: %s", a.status, status, a.body)
	}
	return a
}

func (w *world) sent(t *testing.T, name, from, in string, fields map[string]any) *planted {
	t.Helper()
	p := w.send(t, name, from, in, fields)
	if p.id == "" {
		t.Fatalf("%s was not accepted", name)
	}
	return p
}

// open opens up to a message. What it gives the opener has before it is given.
func (w *world) open(t *testing.T, who string, through *planted, gives ...*planted) {
	t.Helper()
	for _, p := range gives {
		p.holders, p.settled = append(p.holders, who), true
	}
	a := expect(t, w.try(t, w.visitors[who], "POST", base+"/conversations/"+through.in+"/open", map[string]any{"through": through.id}), 200)
	for _, p := range gives {
		if !slices.ContainsFunc(w.scanner.Scan(a.body), func(f sweep.Finding) bool { return f.Canary == p.canary }) {
			t.Fatalf("opening did not give %s: the scanner or the test is wrong", p.canary.Name)
		}
	}
}

// recall takes a message back. keep says whose have it afterwards.
func (w *world) recall(t *testing.T, p *planted, draft bool, keep ...string) answer {
	t.Helper()
	p.holders = keep
	a := expect(t, w.try(t, w.visitors[p.sender], "POST", base+"/messages/"+p.id+"/recall", map[string]any{"keep_draft": draft}), 200)
	p.draft = a.field("draft_id")
	return a
}

// undo takes a message back that nobody knows of.
func (w *world) undo(t *testing.T, p *planted) {
	t.Helper()
	p.holders = nil
	p.draft = expect(t, w.try(t, w.visitors[p.sender], "DELETE", base+"/messages/"+p.id, nil), 200).field("draft_id")
}

func (w *world) deleteDraft(t *testing.T, p *planted) {
	t.Helper()
	expect(t, w.try(t, w.visitors[p.sender], "DELETE", base+"/drafts/"+p.draft, nil), 204)
	p.draft = ""
}

// collect remembers every cursor that people would have now, so that the sweep can
// come back with all of them.
func (w *world) collect(t *testing.T) {
	t.Helper()
	for _, who := range []string{"sender", "reader", "other", "leaver", "outsider"} {
		v := w.visitors[who]
		for _, id := range w.in {
			for _, path := range []string{"/messages", "/changes"} {
				if c := w.try(t, v, "GET", base+"/conversations/"+id+path, nil).field("cursor"); c != "" {
					w.cursors[id] = append(w.cursors[id], c)
				}
			}
		}
		for _, path := range []string{"/conversations?limit=1", "/drafts?limit=1"} {
			if c := w.try(t, v, "GET", base+path, nil).field("next_cursor"); c != "" {
				w.pages = append(w.pages, c)
			}
		}
	}
}

// connect opens live connections of everybody but the absent.
func (w *world) connect(t *testing.T) {
	t.Helper()
	for _, name := range w.names() {
		if v := w.visitors[name]; v.person != "" && v.person != "absent" {
			w.live[name] = watch(t, w.url, v, "")
		}
	}
}

// judgeLive holds the rule of signals: no frame has any text, for anybody (A1, A3).
func (w *world) judgeLive(t *testing.T, l *live, name string) {
	t.Helper()
	raw := l.bytes()
	for _, f := range w.scanner.Scan(raw) {
		t.Errorf("%s: a live frame has %s", name, f)
	}
}

func (w *world) String() string {
	return fmt.Sprintf("%d messages, %d requests, %d with content that the visitor has", len(w.planted), w.asked, w.held)
}
