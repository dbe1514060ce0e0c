package httpapi_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/sealpost"
)

func TestSendOpenRecall(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, bob := h.person("Ada"), h.person("Bob")
	conversation := h.direct(ada, bob)
	first := h.send(ada, conversation, "first words")
	if first.Delivery != "own" || first.State != "sent" || first.Content == nil || first.SentAt == nil || first.RecallableUntil == nil {
		t.Errorf("the sender's view: %+v", first)
	}
	second := h.send(ada, conversation, "second words")

	// R1, R2: the recipient has envelopes and no content.
	page := ask[api.History](h, bob, "GET", "/conversations/"+conversation+"/messages", "", 200)
	if len(page.Items) != 2 || page.Items[0].ID != first.ID || page.Items[0].Content != nil || page.Items[0].Delivery != "sealed" || page.Items[0].Deliveries != nil {
		t.Errorf("the recipient's history: %+v", page.Items)
	}
	inbox := ask[api.Inbox](h, bob, "GET", "/conversations", "", 200)
	if len(inbox.Items) != 1 || inbox.Items[0].Unread != 2 || inbox.Items[0].Last == nil || inbox.Items[0].Last.Content != nil || inbox.Items[0].Preview != nil {
		t.Errorf("the recipient's inbox: %+v", inbox.Items)
	}
	forecast := ask[api.Forecast](h, ada, "GET", "/messages/"+second.ID+"/recall", "", 200)
	if !forecast.Recallable || forecast.Code != nil || len(forecast.For) != 1 || forecast.For[0] != bob.id || len(forecast.Alternatives) != 5 {
		t.Errorf("forecast: %+v", forecast)
	}

	opened := ask[api.Opened](h, bob, "POST", "/conversations/"+conversation+"/open", `{"through":"`+first.ID+`"}`, 200)
	if len(opened.Messages) != 1 || opened.Messages[0].Content.Body != "first words" || opened.More {
		t.Errorf("opened: %+v", opened)
	}
	if again := ask[api.Opened](h, bob, "POST", "/conversations/"+conversation+"/open", `{"through":"`+first.ID+`"}`, 200); len(again.Messages) != 0 {
		t.Errorf("nothing sealed left, yet opened: %+v", again)
	}
	p := h.refused(ada, "POST", "/messages/"+first.ID+"/recall", "", sealpost.CodeOpened) // R8
	if p.Status != 409 {
		t.Errorf("status %d of a refused recall, want 409", p.Status)
	}
	report := ask[api.Report](h, ada, "POST", "/messages/"+second.ID+"/recall", `{"reason":"wrong person"}`, 200)
	if report.Outcome != "recalled" || report.DraftID == nil || report.RecalledAt == nil || report.ErasedAt == nil || len(report.Recipients) != 1 || report.Receipt != nil {
		t.Errorf("report: %+v", report)
	}
	again := ask[api.Report](h, ada, "POST", "/messages/"+second.ID+"/recall", "", 200) // R9
	if *again.RecalledAt != *report.RecalledAt {
		t.Error("a second recall changed the report")
	}
	if got := ask[api.Report](h, ada, "GET", "/messages/"+second.ID+"/report", "", 200); got.Outcome != report.Outcome {
		t.Errorf("report read later: %+v", got)
	}
	draft := ask[api.Draft](h, ada, "GET", "/drafts/"+*report.DraftID, "", 200) // R20
	if draft.Body != "second words" || draft.ExpiresAt == nil || *draft.FromMessageID != second.ID {
		t.Errorf("draft: %+v", draft)
	}
	marker := ask[api.Message](h, bob, "GET", "/messages/"+second.ID, "", 200) // R17: Bob was there
	if marker.State != "recalled" || marker.Delivery != "recalled" || marker.Content != nil {
		t.Errorf("marker: %+v", marker)
	}
	ask[struct{}](h, ada, "DELETE", "/drafts/"+*report.DraftID, "", 204)
	h.refused(ada, "GET", "/drafts/"+*report.DraftID, "", sealpost.CodeNotFound)
}

func TestHeldAndScheduled(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, bob := h.person("Ada"), h.person("Bob")
	messages := "/conversations/" + h.direct(ada, bob) + "/messages"

	held := ask[api.Message](h, ada, "POST", messages, `{"body":"wait","undo":"2m"}`, 201)
	if held.State != "held" || held.SentAt != nil || held.RecallableUntil != nil || held.ReleaseAt == nil || held.Version != 1 {
		t.Errorf("held: %+v", held)
	}
	h.refused(ada, "POST", "/messages/"+held.ID+"/recall", "", sealpost.CodeNotDelivered)
	edited := ask[api.Message](h, ada, "PATCH", "/messages/"+held.ID, `{"body":"wait a little"}`, 200)
	if edited.Content.Body != "wait a little" || edited.Version != 2 {
		t.Errorf("edited: %+v", edited)
	}
	undone := ask[api.Undone](h, ada, "DELETE", "/messages/"+held.ID, "", 200)
	if d := ask[api.Draft](h, ada, "GET", "/drafts/"+undone.DraftID, "", 200); d.Body != "wait a little" {
		t.Errorf("draft: %+v", d)
	}

	at := time.Now().Add(24 * time.Hour).UTC().Truncate(time.Microsecond)
	later := ask[api.Message](h, ada, "POST", messages, `{"body":"tomorrow","send_at":"`+at.Format(time.RFC3339Nano)+`","time_zone":"Europe/Zurich"}`, 201)
	if later.State != "scheduled" || !later.ReleaseAt.Equal(at) || later.TimeZone != "Europe/Zurich" {
		t.Errorf("scheduled: %+v", later)
	}
	if inbox := ask[api.Inbox](h, bob, "GET", "/conversations", "", 200); len(inbox.Items) != 0 {
		t.Errorf("a scheduled message shows at the recipient's: %+v", inbox) // R28
	}
	if sent := ask[api.Message](h, ada, "POST", "/messages/"+later.ID+"/send_now", "", 200); sent.State != "sent" || sent.SentAt == nil {
		t.Errorf("sent now: %+v", sent)
	}
	h.refused(ada, "DELETE", "/messages/"+later.ID, "", sealpost.CodeAlreadyDelivered)
}

func TestChanges(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, bob := h.person("Ada"), h.person("Bob")
	conversation := h.direct(ada, bob)
	m := h.send(ada, conversation, "one")
	changes := "/conversations/" + conversation + "/changes"
	first := ask[api.Changes](h, bob, "GET", changes, "", 200)
	if len(first.Messages) != 1 || first.Messages[0].ID != m.ID || first.Vanished == nil {
		t.Errorf("from the beginning: %+v", first)
	}
	if none := ask[api.Changes](h, bob, "GET", changes+"?since="+first.Cursor, "", 200); none.Cursor == "" {
		t.Errorf("since the cursor: %+v", none)
	}
	if p := h.refused(ada, "GET", changes+"?since="+first.Cursor, "", sealpost.CodeInvalid); p.Field != "since" { // R34: Bob's cursor
		t.Errorf("field %q", p.Field)
	}
	if history := ask[api.History](h, bob, "GET", "/conversations/"+conversation+"/messages?before="+m.ID, "", 200); len(history.Items) != 0 || history.More {
		t.Errorf("before the first message: %+v", history)
	}
}

func TestGroupAndUnread(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, bob, cy := h.person("Ada"), h.person("Bob"), h.person("Cy")
	group := ask[api.Conversation](h, ada, "POST", "/conversations", `{"participant_ids":["`+bob.id+`"],"title":"Plans"}`, 201)
	if group.Kind != "group" || group.Title != "Plans" || group.CreatorID == nil || *group.CreatorID != ada.id {
		t.Errorf("group: %+v", group)
	}
	h.send(ada, group.ID, "hello")
	joined := ask[api.Conversation](h, ada, "POST", "/conversations/"+group.ID+"/participants", `{"user_id":"`+cy.id+`"}`, 200)
	if len(joined.Participants) != 3 {
		t.Errorf("after adding: %+v", joined.Participants)
	}
	h.refused(bob, "POST", "/conversations/"+group.ID+"/participants", `{"user_id":"`+cy.id+`"}`, sealpost.CodeForbidden)
	ask[struct{}](h, bob, "DELETE", "/conversations/"+group.ID+"/participants/"+bob.id, "", 204)
	ask[struct{}](h, ada, "PUT", "/conversations/"+group.ID+"/unread", "", 204)
	if c := ask[api.Conversation](h, ada, "GET", "/conversations/"+group.ID, "", 200); !c.MarkedUnread || c.Unread != 0 {
		t.Errorf("marked: %+v", c)
	}
	ask[struct{}](h, ada, "DELETE", "/conversations/"+group.ID+"/unread", "", 204)
	if c := ask[api.Conversation](h, ada, "GET", "/conversations/"+group.ID, "", 200); c.MarkedUnread {
		t.Errorf("the mark is still there: %+v", c)
	}
}

// What somebody is answered about a conversation of two must not tell whether the
// other began it before (R34).
func TestAConversationOfTwoTellsNothingOfItsBeginning(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, bob, cy := h.person("Ada"), h.person("Bob"), h.person("Cy")
	h.direct(bob, ada)
	begun := h.do(request{method: "POST", path: "/api/v1/conversations", as: ada.token, body: `{"participant_ids":["` + bob.id + `"]}`})
	fresh := h.do(request{method: "POST", path: "/api/v1/conversations", as: ada.token, body: `{"participant_ids":["` + cy.id + `"]}`})
	same := strings.NewReplacer(bob.id, "X", cy.id, "X", "Bob", "N", "Cy", "N", h.direct(ada, bob), "C", h.direct(ada, cy), "C")
	instants := regexp.MustCompile(`"2[0-9]{3}-[^"]*Z"`) // when Ada asked
	plain := func(a answer) string { return instants.ReplaceAllString(same.Replace(string(a.body)), `"T"`) }
	if begun.status != fresh.status || plain(begun) != plain(fresh) {
		t.Errorf("begun before:\n%s\nnew:\n%s", begun.body, fresh.body)
	}
}

func TestAccountRoutes(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, bob := h.person("Ada"), h.person("Bob")
	nobody := somebody{}
	signed := ask[api.SignedIn](h, nobody, "POST", "/sessions", `{"email":"ada@example.org","password":"password of Ada"}`, 201, "User-Agent", "test/1")
	if signed.User.ID != ada.id || signed.ExpiresAt == nil || signed.User.Roles[0] != "member" {
		t.Errorf("signed in: %+v", signed)
	}
	wrong := h.refused(nobody, "POST", "/sessions", `{"email":"ada@example.org","password":"wrong"}`, sealpost.CodeUnauthenticated)
	unknown := h.refused(nobody, "POST", "/sessions", `{"email":"nobody@example.org","password":"wrong"}`, sealpost.CodeUnauthenticated)
	if wrong.Detail != unknown.Detail {
		t.Errorf("an unknown account is told from a wrong password: %q, %q", wrong.Detail, unknown.Detail)
	}
	session := somebody{token: signed.Token}
	list := ask[api.Sessions](h, session, "GET", "/sessions", "", 200)
	if len(list.Items) != 1 || !list.Items[0].Current || list.Items[0].Agent != "test/1" || list.NextCursor != nil {
		t.Errorf("sessions: %+v", list)
	}
	ask[struct{}](h, session, "DELETE", "/sessions/current", "", 204)
	h.refused(session, "GET", "/me", "", sealpost.CodeUnauthenticated)

	token := ask[api.NewToken](h, ada, "POST", "/tokens", `{"name":"night job"}`, 201)
	if all := ask[api.Tokens](h, ada, "GET", "/tokens", "", 200); len(all.Items) != 2 {
		t.Errorf("tokens: %+v", all)
	}
	ask[api.Me](h, somebody{token: token.Token}, "GET", "/me", "", 200)
	ask[struct{}](h, ada, "DELETE", "/tokens/"+token.ID, "", 204)
	h.refused(somebody{token: token.Token}, "GET", "/me", "", sealpost.CodeUnauthenticated)

	if me := ask[api.Me](h, ada, "PATCH", "/me", `{"headline":"Computes","time_zone":"Europe/Zurich"}`, 200); me.Headline != "Computes" || me.TimeZone != "Europe/Zurich" || me.Name != "Ada" {
		t.Errorf("me: %+v", me)
	}
	if set := ask[api.Settings](h, ada, "PATCH", "/me/settings", `{"undo":"90s","read_receipts":false}`, 200); set.Undo.String() != "90s" || set.ReadReceipts {
		t.Errorf("settings: %+v", set)
	}
	if set := ask[api.Settings](h, ada, "GET", "/me/settings", "", 200); set.Undo.String() != "90s" {
		t.Errorf("settings read: %+v", set)
	}
	if found := ask[api.Users](h, bob, "GET", "/users?q=ad", "", 200); len(found.Items) != 1 || found.Items[0].ID != ada.id {
		t.Errorf("found: %+v", found)
	}
	if u := ask[api.Person](h, bob, "GET", "/users/"+ada.id, "", 200); u.Headline != "Computes" {
		t.Errorf("user: %+v", u)
	}
}

func TestAdministration(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	root, ada := h.person("Root", sealpost.RoleAdmin), h.person("Ada")
	h.refused(ada, "GET", "/admin/policy", "", sealpost.CodeForbidden)
	p := ask[api.Policy](h, root, "GET", "/admin/policy", "", 200)
	if p.Window.String() != "5m" || p.Throttle.Period.String() != "10m" || p.Version != 1 {
		t.Errorf("policy: %+v", p)
	}
	put := `{"version":1,"recall":true,"window":"1h30m","per_conversation_per_day":2,"throttle":{"messages":30,"recipients":20,"refusals":10,"period":"10m"},` +
		`"group":"unopened","trace":"auto","previews":"off","notification_delay":"30s","undo_default":"0s","reason":"longer"}`
	if next := ask[api.Policy](h, root, "PUT", "/admin/policy", put, 200); next.Window.String() != "1h30m" || next.Version != 2 || *next.ChangedBy != root.id {
		t.Errorf("next: %+v", next)
	}
	h.refused(root, "PUT", "/admin/policy", put, sealpost.CodeVersionConflict)
	h.refused(ada, "PUT", "/admin/policy", put, sealpost.CodeForbidden)
	if bad := h.refused(root, "PUT", "/admin/policy", strings.Replace(put, `"messages":30`, `"messages":0`, 1), sealpost.CodeInvalid); bad.Field != "throttle.messages" {
		t.Errorf("field %q", bad.Field)
	}
	audit := ask[api.Audit](h, root, "GET", "/admin/audit?limit=1", "", 200)
	if len(audit.Items) != 1 || audit.NextCursor == nil || audit.Items[0].Action == "" {
		t.Errorf("audit: %+v", audit)
	}
	ask[api.Audit](h, root, "GET", "/admin/audit?cursor="+*audit.NextCursor, "", 200)
	only := ask[api.Audit](h, root, "GET", "/admin/audit?action=policy&from=2020-01-01T00:00:00Z&person="+root.id, "", 200)
	if len(only.Items) != 1 || only.Items[0].Action != "policy.change" {
		t.Errorf("filtered: %+v", only)
	}
	for field, query := range map[string]string{"action": "action=a%25b", "person": "person=root", "from": "from=yesterday", "until": "until=2026-11-27"} {
		if bad := h.refused(root, "GET", "/admin/audit?"+query, "", sealpost.CodeInvalid); bad.Field != field {
			t.Errorf("%s: field %q", query, bad.Field)
		}
	}
}

// The same key and request give the same outcome, another request 422.
func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, bob := h.person("Ada"), h.person("Bob")
	conversation := h.direct(ada, bob)
	path := "/conversations/" + conversation + "/messages"
	one := ask[api.Message](h, ada, "POST", path, `{"body":"once"}`, 201, "Idempotency-Key", "k1")
	two := ask[api.Message](h, ada, "POST", path, `{"body":"once"}`, 201, "Idempotency-Key", "k1")
	if one.ID != two.ID {
		t.Error("the same key sent twice")
	}
	p := h.refused(ada, "POST", path, `{"body":"other"}`, sealpost.CodeIdempotencyConflict, "Idempotency-Key", "k1")
	if p.Status != 422 || p.Field != "Idempotency-Key" {
		t.Errorf("conflict: %+v", p)
	}
	h.refused(ada, "POST", path, `{"body":"x"}`, sealpost.CodeInvalid, "Idempotency-Key", strings.Repeat("k", 201))
	h.refused(ada, "POST", path, `{"body":"x"}`, sealpost.CodeInvalid, "Idempotency-Key", "two words")

	open := `{"through":"` + one.ID + `"}`
	first := h.do(request{method: "POST", path: "/api/v1/conversations/" + conversation + "/open", as: bob.token, body: open, headers: []string{"Idempotency-Key", "o"}})
	second := h.do(request{method: "POST", path: "/api/v1/conversations/" + conversation + "/open", as: bob.token, body: open, headers: []string{"Idempotency-Key", "o"}})
	if first.status != 200 || !bytes.Equal(first.body, second.body) { // R6
		t.Errorf("the replay of an open differs:\n%s\n%s", first.body, second.body)
	}
}

func TestWhatIsNotConfiguredIsNamed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, bob := h.person("Ada"), h.person("Bob")
	path := "/conversations/" + h.direct(ada, bob) + "/messages"
	for field, body := range map[string]string{
		"attachment_ids": `{"body":"x","attachment_ids":["` + bob.id + `"]}`,
		"sms_to":         `{"body":"x","sms_to":["` + bob.id + `"]}`,
	} {
		if p := h.refused(ada, "POST", path, body, sealpost.CodeInvalid); p.Field != field {
			t.Errorf("field %q, want %q", p.Field, field)
		}
	}
	ask[api.Message](h, ada, "POST", path, `{"body":"x","attachment_ids":[],"sms_to":[]}`, 201)
}
