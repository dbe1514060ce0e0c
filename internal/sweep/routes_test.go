//go:build sealtest

package sweep_test

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
)

func newV7() (string, error) {
	id, err := uuid.NewV7()
	return id.String(), err
}

func decode(t *testing.T, a answer) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(a.body, &v); err != nil {
		t.Fatalf("%v: %s", err, a.body)
	}
	return v
}

// driver takes one route as one visitor: with every id and cursor that the world
// has, and so that nothing is opened or changed that the story needs.
type driver func(t *testing.T, w *world, v visitor, r route)

// route is one method of one path, as the mux has it.
type route struct{ method, pattern string }

// drivers is the table of all routes. A route that is not in it fails the sweep.
var drivers = map[string]driver{
	"GET /api/v1/openapi.json":          get(""),
	"GET /api/v1/docs":                  get(""),
	"GET /api/v1/events":                resumeEvents,
	"GET /api/v1/me":                    get(""),
	"GET /api/v1/me/export":             get(""),
	"GET /api/v1/admin/users":           get("", "?q=reader", "?q=%25", "?limit=1", "?cursor={page}"),
	"GET /api/v1/admin/invites":         get("", "?limit=1", "?cursor={page}"),
	"GET /api/v1/me/settings":           get(""),
	"GET /api/v1/users":                 get("", "?q=Person", "?q=sender@example.org", "?q=%25", "?q=_", "?limit=1"),
	"GET /api/v1/users/{id}":            get("user"),
	"GET /api/v1/sessions":              get(""),
	"GET /api/v1/tokens":                get(""),
	"GET /api/v1/admin/policy":          get(""),
	"GET /api/v1/admin/policy/versions": get("", "?limit=1", "?cursor={page}"),
	"GET /api/v1/admin/audit":           get("", "?limit=1", "?limit=200", "?cursor={page}"),
	"GET /api/v1/drafts":                get("", "?limit=1", "?cursor={page}"),
	"GET /api/v1/drafts/{id}":           get("draft"),
	"GET /api/v1/search":                get("", "?q=Person", "?q=meets", "?q=https", "?q=e*", "?q=meets&limit=1", "?q=meets&cursor={page}", "?q=from:sender", "?q=after:2000-01-01"),
	"GET /api/v1/messages/{id}":         get("message"),

	"GET /api/v1/messages/{id}/recall": get("message"),
	"GET /api/v1/messages/{id}/report": get("message"),
	"GET /api/v1/flags":                get("", "?limit=1", "?limit=200", "?cursor={page}"),
	"GET /api/v1/admin/flags":          get("", "?limit=1", "?state=resolved", "?cursor={page}"),
	"GET /api/v1/admin/flags/{id}":     get("flag"),

	"GET /api/v1/conversations": get("",
		"?filter=all", "?filter=unread", "?filter=scheduled", "?filter=recalled", "?filter=requests", "?limit=1", "?cursor={page}"),
	"GET /api/v1/conversations/{id}":          get("conversation"),
	"GET /api/v1/conversations/{id}/messages": get("conversation", "?limit=1", "?limit=200", "?before={message}", "?before={message}&limit=1"),
	"GET /api/v1/conversations/{id}/changes":  get("conversation", "?limit=1", "?limit=200", "?since={cursor}", "?since={cursor}&limit=1"),

	"POST /api/v1/sessions":               one("POST", map[string]any{"email": "reader@example.org", "password": "not this one"}),
	"DELETE /api/v1/sessions/current":     signOut,
	"DELETE /api/v1/sessions":             one("DELETE", map[string]any{"all": true}), // it takes no body
	"PUT /api/v1/me/password":             one("PUT", map[string]any{"old": "not this one", "new": "nor this one"}),
	"POST /api/v1/me/erase":               one("POST", map[string]any{"password": "not this one"}),
	"POST /api/v1/accounts":               one("POST", map[string]any{"token": "spi_none", "name": "Nobody", "password": "a long password"}),
	"POST /api/v1/admin/invites":          one("POST", map[string]any{"name": "swept"}),
	"DELETE /api/v1/admin/invites/{id}":   each("DELETE", "message", nil),
	"POST /api/v1/admin/users":            one("POST", map[string]any{"email": "sender@example.org", "name": "Taken"}),
	"PATCH /api/v1/admin/users/{id}":      each("PATCH", "message", map[string]any{"disabled": true, "reason": "swept"}),
	"POST /api/v1/admin/users/{id}/erase": each("POST", "message", map[string]any{"reason": "swept"}),
	"DELETE /api/v1/sessions/{id}":        each("DELETE", "message", nil), // an id that is none of a session
	"POST /api/v1/tokens":                 one("POST", map[string]any{"name": "sweep"}),
	"DELETE /api/v1/tokens/{id}":          each("DELETE", "message", nil),
	"PATCH /api/v1/me":                    one("PATCH", map[string]any{"headline": "swept"}),
	"PATCH /api/v1/me/settings":           one("PATCH", map[string]any{"undo": "0s"}),
	"PUT /api/v1/admin/policy":            one("PUT", map[string]any{"reason": "not all of it"}),
	"POST /api/v1/drafts":                 one("POST", map[string]any{"body": "", "conversation_id": "00000000-0000-7000-8000-000000000000"}),
	"PUT /api/v1/drafts/{id}":             unlessSender(each("PUT", "draft", map[string]any{"body": "not mine"})),
	"DELETE /api/v1/drafts/{id}":          unlessSender(each("DELETE", "draft", nil)),

	// Everybody invites and blocks the outsider, who is in no conversation of the story.
	"POST /api/v1/invitations":               one("POST", map[string]any{"user_id": "{user}", "note": "swept"}),
	"GET /api/v1/invitations":                get("", "?box=received", "?box=sent", "?box=sent&limit=1", "?limit=1", "?cursor={page}"),
	"POST /api/v1/invitations/{id}/accept":   each("POST", "message", nil), // ids that are none of an invitation
	"POST /api/v1/invitations/{id}/ignore":   each("POST", "message", nil),
	"POST /api/v1/invitations/{id}/withdraw": each("POST", "message", nil),
	"GET /api/v1/connections":                get("", "?sort=name", "?sort=recent", "?limit=1", "?cursor={page}"),
	"DELETE /api/v1/connections/{user_id}":   each("DELETE", "user", nil),
	"POST /api/v1/blocks":                    one("POST", map[string]any{"user_id": "{user}"}),
	"GET /api/v1/blocks":                     get("", "?limit=1", "?cursor={page}"),
	"DELETE /api/v1/blocks/{user_id}":        each("DELETE", "user", nil),

	"POST /api/v1/conversations":                               one("POST", map[string]any{"participant_ids": []string{"00000000-0000-7000-8000-000000000000"}}),
	"POST /api/v1/conversations/{id}/participants":             unlessSender(each("POST", "conversation", map[string]any{"user_id": "{user}"})),
	"DELETE /api/v1/conversations/{id}/participants/{user_id}": unlessSender(removeOthers),
	"PUT /api/v1/conversations/{id}/unread":                    each("PUT", "conversation", nil),
	"DELETE /api/v1/conversations/{id}/unread":                 each("DELETE", "conversation", nil),
	"PATCH /api/v1/conversations/{id}":                         unlessSender(each("PATCH", "conversation", map[string]any{"title": "swept"})),
	"PUT /api/v1/conversations/{id}/mute":                      each("PUT", "conversation", nil),
	"DELETE /api/v1/conversations/{id}/mute":                   each("DELETE", "conversation", nil),
	"POST /api/v1/conversations/{id}/accept":                   each("POST", "conversation", nil),
	"POST /api/v1/conversations/{id}/decline":                  declineOthers,
	"POST /api/v1/conversations/{id}/messages":                 refusedSends,
	"POST /api/v1/conversations/{id}/open":                     openWithoutRight,
	"POST /api/v1/forecast":                                    one("POST", map[string]any{"recipient_ids": []string{"{user}"}}),
	"POST /api/v1/previews":                                    one("POST", map[string]any{"body": "swept"}),
	"PATCH /api/v1/messages/{id}":                              unlessOwn("PATCH", "", map[string]any{"body": "another text"}),
	"POST /api/v1/messages/{id}/send_now":                      unlessOwn("POST", "/send_now", nil),
	"DELETE /api/v1/messages/{id}":                             unlessOwn("DELETE", "", nil),
	"POST /api/v1/messages/{id}/recall":                        recalls,
	"POST /api/v1/messages/{id}/disregard":                     unlessOwn("POST", "/disregard", nil),
	"POST /api/v1/messages/{id}/acknowledge":                   each("POST", "message", map[string]any{"deleted": false}),
	"POST /api/v1/messages/{id}/hide":                          hideWithoutRight,
	"POST /api/v1/messages/{id}/flag":                          each("POST", "message", map[string]any{"reason": "spam", "note": "swept"}),
	"POST /api/v1/admin/flags/{id}/resolve":                    resolveWithoutRight,
}

// oddQueries is a table of parameters that other systems had.
var oddQueries = []string{"include_deleted=true", "fields=*", "expand=content,deliveries", "raw=1", "download=1", "as=admin"}

// oddHeaders is a table of headers that caches and proxies send.
var oddHeaders = [][]string{
	{"If-None-Match", "*"},
	{"Range", "bytes=0-15"},
	{"Accept-Encoding", "gzip, br"},
	{"Accept", "text/html, application/xml"},
	{"X-HTTP-Method-Override", "DELETE", "X-Forwarded-For", "127.0.0.1"},
	{"X-Original-URL", "/api/v1/drafts"},
}

// get asks a route with every id of a kind and every query, and with what is odd.
func get(kind string, queries ...string) driver {
	return func(t *testing.T, w *world, v visitor, r route) {
		for n, path := range w.paths(r, kind) {
			w.try(t, v, "GET", path, nil)
			for _, q := range queries {
				if !long() && strings.Contains(q, "&") {
					continue
				}
				for _, filled := range w.fill(q, path) {
					w.try(t, v, "GET", path+filled, nil)
				}
			}
			if !long() && n%7 != 0 {
				continue
			}
			w.try(t, v, "HEAD", path, nil)
			for _, q := range oddQueries {
				w.try(t, v, "GET", path+"?"+q, nil)
			}
			for _, h := range oddHeaders {
				w.try(t, v, "GET", path, nil, h...)
			}
		}
	}
}

// each makes one request with every id of a kind.
func each(method, kind string, body any) driver {
	return func(t *testing.T, w *world, v visitor, r route) {
		for _, path := range w.paths(r, kind) {
			w.try(t, v, method, path, w.filledBody(body))
		}
	}
}

func one(method string, body any) driver { return each(method, "", body) }

func unlessSender(d driver) driver {
	return func(t *testing.T, w *world, v visitor, r route) {
		if v.person != "sender" {
			d(t, w, v, r)
		}
	}
}

// unlessOwn tries to change every message of somebody else.
func unlessOwn(method, suffix string, body any) driver {
	return func(t *testing.T, w *world, v visitor, _ route) {
		for _, p := range w.planted {
			if p.id == "" || p.sender == v.person {
				continue
			}
			a := w.try(t, v, method, base+"/messages/"+p.id+suffix, body)
			if a.status < 400 {
				t.Errorf("%s: %s of %s gave %d", v.name, method, p.canary.Name, a.status)
			}
		}
	}
}

// recalls recalls what one has not sent, also before it arrives, and asks for every
// report of one's own again.
func recalls(t *testing.T, w *world, v visitor, r route) {
	unlessOwn("POST", "/recall", nil)(t, w, v, r)
	for _, p := range w.planted {
		switch {
		case p.id == "":
		case p.sender != v.person:
			w.try(t, v, "POST", base+"/messages/"+p.id+"/recall", map[string]any{"conversation_id": p.in})
		case len(p.holders) == 0 && p.draft == "":
			w.try(t, v, "POST", base+"/messages/"+p.id+"/recall", nil) // R9: the first report
		}
	}
}

func removeOthers(t *testing.T, w *world, v visitor, _ route) {
	for _, name := range []string{"sender", "other", "absent"} {
		if name != v.person {
			w.try(t, v, "DELETE", base+"/conversations/"+w.in["group"]+"/participants/"+w.people[name].user.ID.String(), nil)
		}
	}
}

// declineOthers declines conversations that the visitor has no part in.
func declineOthers(t *testing.T, w *world, v visitor, r route) {
	for name, id := range w.in {
		if w.knows(v, name) {
			continue
		}
		a := w.try(t, v, "POST", strings.ReplaceAll(r.pattern, "{id}", id), nil)
		if a.status < 400 && v.person != "leaver" {
			t.Errorf("%s declined a conversation of others: %d", v.name, a.status)
		}
	}
}

// refusedSends sends what must be refused: from strangers, and replies to what one
// does not have.
func refusedSends(t *testing.T, w *world, v visitor, _ route) {
	body := w.probe.Body
	for _, id := range w.in {
		if v.person == "" || v.person == "outsider" || v.person == "auditor" || v.person == "admin" {
			w.try(t, v, "POST", base+"/conversations/"+id+"/messages", map[string]any{"body": body})
		}
		for _, p := range w.planted {
			if p.id != "" && !slices.Contains(p.holders, v.person) && p.sender != v.person {
				a := w.try(t, v, "POST", base+"/conversations/"+id+"/messages", map[string]any{"body": body, "in_reply_to": p.id})
				if a.status < 400 {
					t.Errorf("%s replied to %s without having it", v.name, p.canary.Name)
				}
			}
		}
	}
}

// openWithoutRight opens through every message that the visitor may not know of, in
// every conversation. Through a marker they may open: see openAll.
func openWithoutRight(t *testing.T, w *world, v visitor, _ route) {
	for name, id := range w.in {
		for _, p := range w.planted {
			if p.id == "" || p.in == id && w.knows(v, name) {
				continue
			}
			w.try(t, v, "POST", base+"/conversations/"+id+"/open", map[string]any{"through": p.id})
		}
	}
}

// hideWithoutRight hides what the visitor may not know of. What one has is hidden in
// the story: here it would take away what others look for.
func hideWithoutRight(t *testing.T, w *world, v visitor, _ route) {
	for _, p := range w.planted {
		if p.id == "" || slices.ContainsFunc(slices.Collect(maps.Keys(w.in)), func(name string) bool { return w.in[name] == p.in && (w.knows(v, name) || v.person == "leaver") }) {
			continue
		}
		if a := w.try(t, v, "POST", base+"/messages/"+p.id+"/hide", nil); a.status < 400 {
			t.Errorf("%s hid %s: %d", v.name, p.canary.Name, a.status)
		}
	}
}

// resolveWithoutRight closes reports as everybody but the moderator, who tries to do
// so without saying what.
func resolveWithoutRight(t *testing.T, w *world, v visitor, r route) {
	body := map[string]any{"action": "remove", "answer": "swept"}
	if v.person == "moderator" {
		body = map[string]any{"answer": "swept"}
	}
	for _, path := range w.paths(r, "flag") {
		if a := w.try(t, v, "POST", path, body); a.status < 400 {
			t.Errorf("%s resolved a report: %d", v.name, a.status)
		}
	}
}

// knows says whether a visitor is or was in a conversation.
func (w *world) knows(v visitor, name string) bool {
	in := map[string][]string{
		"group": {"sender", "reader", "other"}, "direct": {"sender", "reader"}, "first contact": {"sender", "absent"},
	}
	return slices.Contains(in[name], v.person)
}

func signOut(t *testing.T, w *world, v visitor, _ route) {
	if v.person == "" {
		w.try(t, v, "DELETE", base+"/sessions/current", nil)
		return
	}
	made := w.try(t, v, "POST", base+"/tokens", map[string]any{"name": "to be deleted"})
	expect(t, w.try(t, visitor{v.name, v.person, made.field("token")}, "DELETE", base+"/sessions/current", nil), 204)
}

// resumeEvents comes back with every Last-Event-ID that anybody ever had.
func resumeEvents(t *testing.T, w *world, v visitor, r route) {
	w.try(t, v, "HEAD", r.pattern, nil)
	if v.person == "" {
		w.try(t, v, "GET", r.pattern, nil)
		return
	}
	for _, id := range some(append([]string{"", "not an id"}, w.events...), 12) {
		l := watch(t, w.url, v, id)
		w.judgeLive(t, l, v.name)
		l.close()
	}
}

// paths fills the ids of a kind into a route.
func (w *world) paths(r route, kind string) []string {
	var ids []string
	switch kind {
	case "":
		return []string{r.pattern}
	case "message":
		ids = w.messageIDs()
	case "draft":
		for _, p := range w.planted {
			if p.draft != "" {
				ids = append(ids, p.draft)
			}
		}
		ids = append(ids, some(w.messageIDs(), 4)...)
	case "flag":
		ids = slices.Clone(w.flags)
	case "conversation":
		for _, name := range []string{"group", "direct", "first contact"} {
			ids = append(ids, w.in[name])
		}
	case "user":
		for _, name := range []string{"sender", "reader", "absent"} {
			ids = append(ids, w.people[name].user.ID.String())
		}
	}
	ids = append(ids, "01890000-0000-7000-8000-000000000000", "x")
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = strings.NewReplacer("{id}", id, "{user_id}", id).Replace(r.pattern)
	}
	return out
}

func (w *world) messageIDs() []string {
	var ids []string
	for _, p := range w.planted {
		if p.id != "" && !slices.Contains(ids, p.id) {
			ids = append(ids, p.id)
		}
	}
	return ids
}

// fill fills what stands in braces in a query with everything that there is.
func (w *world) fill(query, path string) []string {
	from, to := strings.Index(query, "{"), strings.Index(query, "}")
	if from < 0 {
		return []string{query}
	}
	var values []string
	switch query[from+1 : to] {
	case "message":
		values = w.messageIDs()
	case "page":
		values = some(w.pages, 6)
	case "cursor":
		for _, id := range w.in {
			if strings.Contains(path, id) {
				values = some(w.cursors[id], 24)
			} else {
				values = append(values, some(w.cursors[id], 2)...)
			}
		}
	}
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = query[:from] + v + query[to+1:]
	}
	return out
}

func (w *world) filledBody(body any) any {
	if body == nil {
		return nil
	}
	return []byte(strings.ReplaceAll(string(marshal(body)), "{user}", w.people["outsider"].user.ID.String()))
}

// some takes at most n values, spread evenly; all of them in a long run.
func some(values []string, n int) []string {
	if long() || len(values) <= n {
		return values
	}
	out := make([]string, 0, n)
	for i := range n {
		out = append(out, values[i*(len(values)-1)/(n-1)])
	}
	return out
}

func long() bool { return os.Getenv("SEALPOST_LONG") != "" }
