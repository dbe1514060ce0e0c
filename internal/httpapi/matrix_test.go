package httpapi_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/httpapi"
	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// The matrix of principal × verb × object (6-leaks J2): what every route answers to
// everybody about everything. The verdicts are in testdata/matrix.txt, which -update
// writes anew; a route or object that is not in it fails. What is written there is
// read by people. Besides, for strangers the test asks nothing of the file: their
// answer about a thing is, to the byte, the one about what never was, also under a key
// that they have used, and the thing is afterwards as it was before.

var updateMatrix = flag.Bool("update-matrix", false, "write testdata/matrix.txt anew")

const matrixFile = "testdata/matrix.txt"

// strangers are the four kinds of people who may not know of a message: nobody, a
// member from elsewhere, one who left before it and one who joined after it.
var (
	strangers = []string{"anonymous", "outsider", "leaver", "joiner"}                        // table
	insiders  = []string{"sender", "reader", "other", "moderator", "compliance", "admin"}    // table
	columns   = append(append([]string{}, strangers...), insiders...)                        // table
	streams   = map[string]string{"watchEvents": "a stream without end: see events_test.go"} // table
)

// object is something that a route's {id} can name.
type object struct {
	kind, name string
	make       func(*matrixHouse) string
	// known says which strangers may know of it all the same, and hidden which insiders
	// may not.
	known, hidden []string
}

// matrixHouse is a house with the people of the matrix.
type matrixHouse struct {
	*house
	people  map[string]somebody
	through string // a message of the conversation that was made
}

// objects is the table of everything that there is. The kind is the first part of a
// route's path.
func objects() []object {
	message := func(name string, make func(h *matrixHouse, in sealpost.ConversationID) sealpost.MessageID, hidden ...string) object {
		return object{kind: "messages", name: name, hidden: hidden, make: func(h *matrixHouse) string {
			in := h.groupOf()
			id := make(h, in)
			h.joins(in)
			h.through = id.String()
			return id.String()
		}}
	}
	plain := func(h *matrixHouse, in sealpost.ConversationID) sealpost.MessageID {
		return h.says(in, service.Sending{})
	}
	return append(otherObjects(plain), []object{
		message("sealed", plain),
		message("opened", func(h *matrixHouse, in sealpost.ConversationID) sealpost.MessageID {
			id := plain(h, in)
			h.opens("reader", in, id)
			return id
		}),
		message("partly recalled", func(h *matrixHouse, in sealpost.ConversationID) sealpost.MessageID {
			id := plain(h, in)
			h.opens("reader", in, id)
			h.recalls(id)
			return id
		}),
		message("recalled, no trace", func(h *matrixHouse, in sealpost.ConversationID) sealpost.MessageID {
			id := plain(h, in)
			h.recalls(id)
			return id
		}, "reader", "other"),
		message("recalled, marker", func(h *matrixHouse, in sealpost.ConversationID) sealpost.MessageID {
			id := plain(h, in)
			for _, name := range []string{"reader", "other"} {
				h.must(h.Arrive(h.t.Context(), h.people[name].Principal))
			}
			h.recalls(id)
			return id
		}),
		message("held", func(h *matrixHouse, in sealpost.ConversationID) sealpost.MessageID {
			undo := time.Minute
			return h.says(in, service.Sending{Undo: &undo})
		}, "reader", "other"),
		message("scheduled", func(h *matrixHouse, in sealpost.ConversationID) sealpost.MessageID {
			return h.says(in, service.Sending{SendAt: time.Now().Add(time.Hour)})
		}, "reader", "other"),
		message("undone", func(h *matrixHouse, in sealpost.ConversationID) sealpost.MessageID {
			undo := time.Minute
			id := h.says(in, service.Sending{Undo: &undo})
			_, err := h.Undo(h.t.Context(), h.people["sender"].Principal, "", id)
			h.must(err)
			return id
		}, "reader", "other"),
		message("required notice", func(h *matrixHouse, in sealpost.ConversationID) sealpost.MessageID {
			return h.says(in, service.Sending{Kind: sealpost.KindRequiredNotice})
		}),
		message("hidden by the reader", func(h *matrixHouse, in sealpost.ConversationID) sealpost.MessageID {
			id := plain(h, in)
			h.opens("reader", in, id)
			h.must(h.Hide(h.t.Context(), h.people["reader"].Principal, "", id))
			return id
		}),
		message("removed", func(h *matrixHouse, in sealpost.ConversationID) sealpost.MessageID {
			id := plain(h, in)
			h.opens("reader", in, id)
			f := h.flags(id)
			_, err := h.ResolveFlag(h.t.Context(), h.people["moderator"].Principal, "", f, service.Resolving{Remove: true, Answer: "done"})
			h.must(err)
			return id
		}),
	}...)
}

// otherObjects is everything that is no message.
func otherObjects(plain func(*matrixHouse, sealpost.ConversationID) sealpost.MessageID) []object {
	return []object{
		{kind: "admin/flags", name: "open", make: func(h *matrixHouse) string {
			in := h.groupOf()
			id := plain(h, in)
			h.joins(in)
			return h.flags(id).String()
		}},
		{kind: "admin/users", name: "the sender", make: func(h *matrixHouse) string { return h.people["sender"].id }},
		{kind: "admin/invites", name: "open", make: func(h *matrixHouse) string {
			v, _, err := h.CreateInvite(h.t.Context(), h.people["admin"].Principal, "", service.NewInvite{Email: "new@example.org"})
			h.must(err)
			return v.ID.String()
		}},
		{kind: "conversations", name: "group", known: []string{"leaver", "joiner"}, make: func(h *matrixHouse) string {
			in := h.groupOf()
			h.through = plain(h, in).String()
			h.joins(in)
			plain(h, in) // the joiner knows of the group
			return in.String()
		}},
		{kind: "conversations", name: "of two", make: func(h *matrixHouse) string {
			t, _, err := h.CreateConversation(h.t.Context(), h.people["sender"].Principal, "", []sealpost.UserID{h.people["reader"].User.ID}, "")
			h.must(err)
			h.through = plain(h, t.Conversation.ID).String()
			return t.Conversation.ID.String()
		}},
		{kind: "drafts", name: "the sender's", make: func(h *matrixHouse) string {
			d, err := h.AddDraft(h.t.Context(), h.people["sender"].Principal, "", service.Writing{Body: "half"})
			h.must(err)
			return d.Draft.ID.String()
		}},
		invitationObject("open", nil),
		invitationObject("ignored", func(h *matrixHouse, id sealpost.InvitationID) error {
			_, err := h.IgnoreInvitation(h.t.Context(), h.people["reader"].Principal, "", id)
			return err
		}),
		invitationObject("accepted", func(h *matrixHouse, id sealpost.InvitationID) error {
			_, err := h.AcceptInvitation(h.t.Context(), h.people["reader"].Principal, "", id)
			return err
		}),
		invitationObject("withdrawn", func(h *matrixHouse, id sealpost.InvitationID) error {
			_, err := h.WithdrawInvitation(h.t.Context(), h.people["sender"].Principal, "", id)
			return err
		}),
		{kind: "sessions", name: "the sender's", make: func(h *matrixHouse) string {
			in, err := h.SignIn(h.t.Context(), "sender@example.org", "password of sender", "")
			h.must(err)
			return in.Session.ID.String()
		}},
		{kind: "tokens", name: "the sender's", make: func(h *matrixHouse) string {
			all, err := h.Tokens(h.t.Context(), h.people["sender"].Principal)
			h.must(err)
			return all[0].ID.String()
		}},
		{kind: "users", name: "the sender", known: columns, make: func(h *matrixHouse) string { return h.people["sender"].id }},
	}
}

// invitationObject is an invitation from the sender to the reader, and what was done
// with it then.
func invitationObject(name string, then func(*matrixHouse, sealpost.InvitationID) error) object {
	return object{kind: "invitations", name: name, make: func(h *matrixHouse) string {
		v, err := h.Invite(h.t.Context(), h.people["sender"].Principal, "", h.people["reader"].User.ID, "words")
		h.must(err)
		if then != nil {
			h.must(then(h, v.ID))
		}
		return v.ID.String()
	}}
}

func newMatrixHouse(t *testing.T) *matrixHouse {
	t.Helper()
	h := &matrixHouse{house: newHouse(t), people: map[string]somebody{"anonymous": {}}}
	roles := map[string][]sealpost.Role{
		"sender": {sealpost.RoleNotices}, "moderator": {sealpost.RoleModerator}, "compliance": {sealpost.RoleCompliance}, "admin": {sealpost.RoleAdmin},
	}
	for _, name := range columns[1:] {
		h.people[name] = h.person(name, roles[name]...)
	}
	p, err := h.Policy(t.Context(), h.people["admin"].Principal)
	h.must(err)
	p.PerConversationDay, p.Reason = policy.MaxCount, "test"
	_, err = h.PutPolicy(t.Context(), h.people["admin"].Principal, "", p)
	h.must(err)
	return h
}

func (h *matrixHouse) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// groupOf begins a group of sender, reader, other and leaver, who then leaves.
func (h *matrixHouse) groupOf() sealpost.ConversationID {
	h.t.Helper()
	ids := []sealpost.UserID{h.people["reader"].User.ID, h.people["other"].User.ID, h.people["leaver"].User.ID}
	t, _, err := h.CreateConversation(h.t.Context(), h.people["sender"].Principal, "", ids, "Group")
	h.must(err)
	first := h.says(t.Conversation.ID, service.Sending{})
	for _, name := range []string{"reader", "other", "leaver"} {
		h.opens(name, t.Conversation.ID, first)
	}
	h.must(h.RemoveParticipant(h.t.Context(), h.people["leaver"].Principal, "", t.Conversation.ID, h.people["leaver"].User.ID))
	return t.Conversation.ID
}

func (h *matrixHouse) joins(in sealpost.ConversationID) {
	h.t.Helper()
	_, err := h.AddParticipant(h.t.Context(), h.people["sender"].Principal, "", in, h.people["joiner"].User.ID)
	h.must(err)
}

func (h *matrixHouse) says(in sealpost.ConversationID, s service.Sending) sealpost.MessageID {
	h.t.Helper()
	s.Conversation, s.Body = in, "words"
	if s.Kind == 0 {
		s.Kind = sealpost.KindMessage
	}
	m, err := h.Send(h.t.Context(), h.people["sender"].Principal, "", s)
	h.must(err)
	return m.ID
}

func (h *matrixHouse) opens(who string, in sealpost.ConversationID, through sealpost.MessageID) {
	h.t.Helper()
	_, err := h.Open(h.t.Context(), h.people[who].Principal, "", in, through)
	h.must(err)
}

func (h *matrixHouse) recalls(id sealpost.MessageID) {
	h.t.Helper()
	_, err := h.Recall(h.t.Context(), h.people["sender"].Principal, "", id, service.Recalling{})
	h.must(err)
}

// flags reports a message for the reader.
func (h *matrixHouse) flags(id sealpost.MessageID) sealpost.FlagID {
	h.t.Helper()
	f, err := h.Flag(h.t.Context(), h.people["reader"].Principal, "", id, service.Flagging{Reason: sealpost.FlagSpam})
	h.must(err)
	return f.Flag.ID
}

// tries asks a route about a thing.
func (h *matrixHouse) tries(doc document, r httpapi.Route, who, id string, headers ...string) answer {
	h.t.Helper()
	path := strings.NewReplacer("{id}", id, "{user_id}", h.people["other"].id).Replace(r.Pattern)
	body := ""
	if example := maps.Clone(doc.example(r)); len(example) > 0 {
		for field, value := range map[string]any{
			"through": h.through, "user_id": h.people["outsider"].id, "participant_ids": []string{h.people["outsider"].id},
			"recipient_ids": []string{h.people["outsider"].id},
		} {
			if _, has := example[field]; has {
				example[field] = mustJSON(h.t, value)
			}
		}
		body = string(mustJSON(h.t, example))
	}
	if r.Operation == "putDraft" {
		headers = append(headers, "If-Match", "*")
	}
	a := h.do(request{method: r.Method, path: path, as: h.people[who].token, body: body, headers: headers})
	delete(a.header, "Date")
	return a
}

func verdict(a answer) string {
	var p api.Problem
	if a.status >= 400 && json.Unmarshal(a.body, &p) == nil {
		return fmt.Sprintf("%d %s", a.status, p.Code)
	}
	return fmt.Sprint(a.status)
}

// TestMatrix tries everything.
func TestMatrix(t *testing.T) {
	t.Parallel()
	first := newMatrixHouse(t)
	doc := first.document()
	var mu sync.Mutex
	rows := map[string][]string{} // guarded by mu
	cells := 0
	t.Run("rows", func(t *testing.T) {
		for _, r := range first.api.Routes() {
			if streams[r.Operation] != "" {
				continue
			}
			kind := strings.Split(strings.TrimPrefix(r.Pattern, "/api/v1/"), "/")[0]
			if strings.HasPrefix(r.Pattern, "/api/v1/admin/") {
				kind = strings.Join(strings.Split(strings.TrimPrefix(r.Pattern, "/api/v1/"), "/")[:2], "/")
			}
			about := []object{{name: "-", known: columns, make: func(*matrixHouse) string { return "" }}}
			if strings.Contains(r.Pattern, "{id}") {
				about = slices.DeleteFunc(objects(), func(o object) bool { return o.kind != kind })
			}
			if len(about) == 0 {
				t.Errorf("no object of the kind %s for %s %s: make one in objects", kind, r.Method, r.Pattern)
			}
			for _, o := range about {
				t.Run(r.Operation+"/"+o.name, func(t *testing.T) {
					t.Parallel()
					row := matrixRow(t, doc, r, o)
					mu.Lock()
					defer mu.Unlock()
					rows[r.Operation+"\t"+o.name] = row
					cells += len(row)
				})
			}
		}
	})
	if cells < 1000 {
		t.Errorf("only %d cells were tried", cells)
	}
	t.Logf("%d cells", cells)
	compareMatrix(t, rows)
}

// matrixRow is what everybody gets about one thing. Strangers share a house: they
// change nothing. Everybody else has one of their own.
func matrixRow(t *testing.T, doc document, r httpapi.Route, o object) []string {
	t.Helper()
	h := newMatrixHouse(t)
	id := o.make(h)
	before := h.everything()
	var row []string
	for _, who := range append(slices.Clone(strangers), o.hidden...) {
		a := h.tries(doc, r, who, id)
		if slices.Contains(strangers, who) {
			row = append(row, verdict(a))
		}
		if slices.Contains(o.known, who) {
			continue
		}
		h.asNever(doc, r, who, o, a)
		if r.Mutates && who != "anonymous" {
			_, err := h.UpdateSettings(t.Context(), h.people[who].Principal, "used", service.SettingsEdit{})
			h.must(err)
			used := []string{"Idempotency-Key", "used"}
			h.asNever(doc, r, who, o, h.tries(doc, r, who, id, used...), used...)
		}
	}
	if o.known == nil && h.everything() != before {
		t.Errorf("%s, %s: a stranger changed something", r.Operation, o.name)
	}
	for _, who := range insiders {
		if r.Method != http.MethodGet {
			h = newMatrixHouse(t)
			id = o.make(h)
		}
		row = append(row, verdict(h.tries(doc, r, who, id)))
	}
	return row
}

// asNever holds what somebody got about a thing against what never was.
func (h *matrixHouse) asNever(doc document, r httpapi.Route, who string, o object, a answer, headers ...string) {
	h.t.Helper()
	never := h.tries(doc, r, who, "018f3c1e-7b8a-7c00-8000-00000000dead", headers...)
	if a.status < 400 || a.status != never.status || !bytes.Equal(a.body, never.body) || fmt.Sprint(a.header) != fmt.Sprint(never.header) {
		h.t.Errorf("%s, %s, %s %s: %d %s\n  what never was: %d %s", r.Operation, o.name, who, headers, a.status, a.body, never.status, never.body)
	}
}

// everything is what those who may know see.
func (h *matrixHouse) everything() string {
	h.t.Helper()
	var all strings.Builder
	for _, who := range []string{"sender", "reader", "other"} {
		inbox := ask[api.Inbox](h.house, h.people[who], "GET", "/conversations", "", 200)
		all.Write(mustJSON(h.t, inbox))
		for _, c := range inbox.Items {
			page := ask[api.History](h.house, h.people[who], "GET", "/conversations/"+c.ID+"/messages", "", 200)
			all.Write(mustJSON(h.t, page.Items))
		}
		all.Write(mustJSON(h.t, ask[api.Drafts](h.house, h.people[who], "GET", "/drafts", "", 200)))
		all.Write(mustJSON(h.t, ask[api.Sessions](h.house, h.people[who], "GET", "/sessions", "", 200)))
		all.Write(mustJSON(h.t, ask[api.Tokens](h.house, h.people[who], "GET", "/tokens", "", 200)))
	}
	return all.String()
}

// compareMatrix holds the rows against the file.
func compareMatrix(t *testing.T, rows map[string][]string) {
	t.Helper()
	var out strings.Builder
	fmt.Fprintf(&out, "# what every route answers to everybody about everything; go test ./internal/httpapi -run TestMatrix -update-matrix\n")
	fmt.Fprintf(&out, "operation\tobject\t%s\n", strings.Join(columns, "\t"))
	var names []string
	for name := range rows {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(&out, "%s\t%s\n", name, strings.Join(rows[name], "\t"))
	}
	if *updateMatrix {
		if err := os.WriteFile(matrixFile, []byte(out.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(matrixFile)
	if err != nil {
		t.Fatal(err)
	}
	have, expected := strings.Split(out.String(), "\n"), strings.Split(string(want), "\n")
	for _, line := range have {
		if !slices.Contains(expected, line) {
			t.Errorf("not in %s:\n%s", matrixFile, line)
		}
	}
	for _, line := range expected {
		if !slices.Contains(have, line) {
			t.Errorf("no longer so:\n%s", line)
		}
	}
}
