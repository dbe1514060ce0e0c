//go:build sealtest

package sweep_test

import (
	"context"
	"fmt"
	"maps"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/httpapi"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// ground is a world before it is split in two: the same accounts, messages, ids,
// times, tokens and cursors will be on both sides, to the byte.
type ground struct {
	engine    string
	at        *install
	people    map[string]person
	in        map[string]sealpost.ConversationID
	known     []string            // ids of messages that everybody may ask for
	cursors   map[string][]string // of changes, by person
	events    map[string]string   // Last-Event-IDs, by person
	message   sealpost.MessageID  // one that the sender sent and nobody opened
	hidden    sealpost.MessageID  // the id of the message that is there in one world only
	forkedAt  sealpost.Instant
	templates int
}

// newGround makes people who have talked: sender, reader and other, in a group, in
// conversations of two, and in one that only the sender knows of.
func newGround(t *testing.T, engine string, receipts bool, perDay int) *ground {
	t.Helper()
	g := &ground{
		engine: engine, at: newInstall(t, engine), people: map[string]person{}, in: map[string]sealpost.ConversationID{},
		cursors: map[string][]string{}, events: map[string]string{},
	}
	s := g.at.service
	for _, name := range []string{"sender", "reader", "other"} {
		g.people[name] = g.at.person(t, name, "", sealpost.RoleNotices)
	}
	g.at.limit(t, g.at.person(t, "boss", "", sealpost.RoleAdmin), perDay)
	if _, err := s.UpdateSettings(t.Context(), g.people["reader"].principal(), "", service.SettingsEdit{Receipts: &receipts}); err != nil {
		t.Fatal(err)
	}
	sender, reader, other := g.people["sender"], g.people["reader"], g.people["other"]
	g.in["group"] = g.at.conversation(t, sender, "group", reader, other)
	g.in["direct"] = g.at.conversation(t, sender, "", reader)
	g.in["others"] = g.at.conversation(t, other, "", reader)
	g.in["new"] = g.at.conversation(t, sender, "new", reader, other)
	for name, from := range map[string]person{"group": sender, "direct": sender, "others": other} {
		for _, text := range []string{"first", "second"} {
			m := must(s.Send(t.Context(), from.principal(), "", service.Sending{Conversation: g.in[name], Body: name + text, Kind: sealpost.KindMessage}))(t)
			g.known = append(g.known, m.ID.String())
			if text == "first" {
				must(s.Open(t.Context(), reader.principal(), "", g.in[name], m.ID))(t)
			} else if name == "direct" {
				g.message = m.ID
			}
		}
	}
	slices.Sort(g.known)
	g.collect(t)
	hidden := must(newV7())(t)
	g.hidden = must(sealpost.ParseMessage(hidden))(t)
	g.forkedAt = must(g.at.store.Now(t.Context()))(t)
	g.at.close()
	return g
}

// collect takes the cursors that people hold when the world is split.
func (g *ground) collect(t *testing.T) {
	t.Helper()
	if err := g.at.service.KeepLease(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, p := range g.people {
		for _, id := range g.in {
			page, err := g.at.service.History(t.Context(), p.principal(), id, sealpost.MessageID{}, 0)
			if err != nil {
				continue // not theirs
			}
			g.cursors[name] = append(g.cursors[name], page.Cursor)
		}
		slices.Sort(g.cursors[name])
		watch := must(g.at.service.Watch(t.Context(), p.principal(), ""))(t)
		g.events[name] = must(watch.Resume())(t)
		watch.Close()
	}
}

// twin is one of the two worlds.
type twin struct {
	*ground
	*install
	url     string
	withIt  bool // the hidden thing happens here
	offset  time.Duration
	anchors []sealpost.Instant
	streams map[string]*live
	visible []string // ids of messages that came after the split
}

// split opens the ground as two installations that do not know of each other.
func (g *ground) split(t *testing.T) [2]*twin {
	t.Helper()
	return [2]*twin{g.fork(t, false), g.fork(t, true)}
}

func (g *ground) fork(t *testing.T, withIt bool) *twin {
	t.Helper()
	dir := t.TempDir()
	address := filepath.Join(dir, "sealpost.db")
	if g.engine == onPostgres {
		address = g.forkPostgres(t)
	} else if err := os.CopyFS(dir, os.DirFS(filepath.Dir(g.at.address))); err != nil {
		t.Fatal(err)
	}
	keys := filepath.Join(dir, "keys")
	if err := os.CopyFS(keys, os.DirFS(g.at.keyDir)); err != nil {
		t.Fatal(err)
	}
	private(t, keys)
	w := &twin{ground: g, install: openInstall(t, address, keys, nil), withIt: withIt, streams: map[string]*live{}}
	// The minute in which everybody was last seen is over: nobody is there.
	w.walk(t, 2*time.Minute)
	if err := w.service.KeepLease(t.Context()); err != nil {
		t.Fatal(err)
	}
	api, err := httpapi.New(httpapi.Config{Service: w.service})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(api.Handler())
	t.Cleanup(func() {
		_ = api.Close(context.WithoutCancel(t.Context()))
		server.Close()
	})
	w.url = server.URL
	w.anchor(t)
	return w
}

// forkPostgres copies the database inside the cluster.
func (g *ground) forkPostgres(t *testing.T) string {
	t.Helper()
	u := must(url.Parse(g.at.address))(t)
	from := strings.TrimPrefix(u.Path, "/")
	g.templates++
	to := fmt.Sprintf("%s_fork%d", from, g.templates)
	u.Path = "/postgres"
	db := raw(t, u.String())
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(t.Context(), "CREATE DATABASE "+to+" TEMPLATE "+from); err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + to
	return u.String()
}

// private takes from others what copying gave them.
func private(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if err := os.Chmod(filepath.Join(dir, e.Name()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func (w *twin) walk(t *testing.T, by time.Duration) {
	t.Helper()
	w.offset += by
	w.store.SetClockOffset(w.offset)
}

// anchor notes the time between two steps, so that times are compared by the step
// that they belong to.
func (w *twin) anchor(t *testing.T) {
	t.Helper()
	w.anchors = append(w.anchors, must(w.store.Now(t.Context()))(t))
}

// hide runs what the viewers must not learn of, in the world that has it, and lets
// the step pass in the other.
func (w *twin) hide(t *testing.T, f func()) {
	t.Helper()
	if w.withIt {
		f()
	}
	w.anchor(t)
}

func (w *twin) sending(in, text string) service.Sending {
	return service.Sending{Conversation: w.in[in], Body: text, Kind: sealpost.KindMessage}
}

// say sends a message that everybody may see, under an id that is the same in both.
func (w *twin) say(t *testing.T, id, from, in, text string) {
	t.Helper()
	s := w.sending(in, text)
	s.ID = must(sealpost.ParseMessage(id))(t)
	came := w.marks()
	must(w.service.Send(t.Context(), w.people[from].principal(), "", s))(t)
	for _, who := range map[string][]string{"group": {"sender", "reader", "other"}, "direct": {"sender", "reader"}, "others": {"reader", "other"}}[in] {
		w.awaitLive(t, who, in, came)
	}
	w.visible = append(w.visible, id)
	w.anchor(t)
}

func (w *twin) connect(t *testing.T, who ...string) {
	t.Helper()
	for _, name := range who {
		w.streams[name] = watch(t, w.url, visitor{name: name, token: w.people[name].token}, "")
	}
	w.anchor(t)
}

// marks remembers how much came over each live connection.
func (w *twin) marks() map[string]int {
	out := map[string]int{}
	for who, l := range w.streams {
		out[who] = len(l.bytes())
	}
	return out
}

// awaitLive waits until a live connection, if there is one, has shown a change of a
// conversation behind a mark.
func (w *twin) awaitLive(t *testing.T, who, in string, came map[string]int) {
	t.Helper()
	if l := w.streams[who]; l != nil {
		l.awaitAfter(t, came[who], w.in[in].String()+"\"}\n\n")
	}
}

// views is everything that a person gets out of every route, as text.
func (w *twin) views(t *testing.T, who string, skip ...string) []string {
	t.Helper()
	v := visitor{name: who, person: who, token: w.people[who].token}
	var out []string
	see := func(method, path string, body any) answer {
		a := ask(t, w.url, v, method, base+path, body)
		out = append(out, method+" "+w.normal(path)+"\n"+w.normal(a.String()))
		return a
	}
	messages := append(slices.Clone(w.known), w.visible...)
	messages = append(messages, w.hidden.String(), "01890000-0000-7000-8000-000000000000")
	paths := []string{"/me", "/me/settings", "/users", "/drafts", "/sessions", "/tokens", "/admin/audit", "/admin/policy", "/flags", "/admin/flags"}
	for _, f := range []string{"all", "unread", "scheduled", "recalled"} {
		paths = append(paths, "/conversations?filter="+f)
	}
	for _, name := range slices.Sorted(maps.Keys(w.in)) {
		c := "/conversations/" + w.in[name].String()
		paths = append(paths, c, c+"/messages", c+"/messages?limit=1", c+"/changes", c+"/changes?limit=1")
		for _, id := range messages {
			paths = append(paths, c+"/messages?before="+id)
		}
		for _, cursor := range w.cursors[who] {
			paths = append(paths, c+"/changes?since="+cursor, c+"/changes?limit=1&since="+cursor)
		}
	}
	for _, id := range messages {
		paths = append(paths, "/messages/"+id, "/messages/"+id+"/recall", "/messages/"+id+"/report")
	}
	for _, path := range paths {
		if !slices.ContainsFunc(skip, func(s string) bool { return strings.Contains(path, s) }) {
			see("GET", path, nil)
		}
	}
	for cursor := "?limit=1"; cursor != ""; { // the inbox, line by line
		next := see("GET", "/conversations"+cursor, nil).field("next_cursor")
		if cursor = ""; next != "" {
			cursor = "?limit=1&cursor=" + next
		}
	}
	if !slices.Contains(skip, "/events") {
		out = append(out, w.resumed(t, v), w.streamed(t, who))
	}
	return out
}

// resumed is what a live connection begins with that comes back with the event id
// from before the split.
func (w *twin) resumed(t *testing.T, v visitor) string {
	t.Helper()
	l := watch(t, w.url, v, w.events[v.name])
	defer l.close()
	return "resumed\n" + w.normal(string(l.bytes()))
}

// heartbeat comes to everybody by the clock, every 15 seconds, and tells nothing;
// whether one falls into a run is chance.
const heartbeat = ": \n\n"

// streamed is what came over the connection that was open all the time.
func (w *twin) streamed(t *testing.T, who string) string {
	t.Helper()
	if l := w.streams[who]; l != nil {
		return "live\n" + w.normal(strings.ReplaceAll(string(l.bytes()), heartbeat, ""))
	}
	return ""
}

// attempts is what a person gets who tries to do things with the hidden id.
func (w *twin) attempts(t *testing.T, who, in string) []string {
	t.Helper()
	v := visitor{name: who, person: who, token: w.people[who].token}
	id, c := w.hidden.String(), w.in[in].String()
	var out []string
	for _, try := range []struct {
		method, path string
		body         any
	}{
		{"POST", "/messages/" + id + "/recall", nil},
		{"POST", "/messages/" + id + "/recall", map[string]any{"conversation_id": c}},
		{"POST", "/messages/" + id + "/recall", map[string]any{"conversation_id": w.in["others"].String()}},
		{"DELETE", "/messages/" + id, nil},
		{"PATCH", "/messages/" + id, map[string]any{"body": "another"}},
		{"POST", "/messages/" + id + "/send_now", nil},
		{"POST", "/conversations/" + c + "/open", map[string]any{"through": id}},
		{"POST", "/conversations/" + c + "/messages", map[string]any{"body": "a reply", "in_reply_to": id}},
		{"GET", "/conversations/" + c + "/messages?before=" + id, nil},
	} {
		out = append(out, try.method+" "+try.path+fmt.Sprint(try.body)+"\n"+w.normal(ask(t, w.url, v, try.method, base+try.path, try.body).String()))
	}
	return out
}

var (
	timePattern   = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)
	cursorPattern = regexp.MustCompile(`("(?:next_)?cursor": ?"|cursor=|since=|\nid: )([A-Za-z0-9_-]+)`)
	retryPattern  = regexp.MustCompile(`retry: \d+`)
)

// normal takes out what may differ: of a sealed cursor everything but its length,
// and of a time after the split everything but the step that it belongs to, which
// is the viewer's own. Everything else is compared to the byte.
func (w *twin) normal(text string) string {
	text = cursorPattern.ReplaceAllStringFunc(text, func(m string) string {
		parts := cursorPattern.FindStringSubmatch(m)
		return fmt.Sprintf("%s<%d>", parts[1], len(parts[2]))
	})
	text = retryPattern.ReplaceAllString(text, "retry: N")
	return timePattern.ReplaceAllStringFunc(text, func(m string) string {
		at, err := time.Parse(time.RFC3339Nano, m)
		if err != nil || sealpost.InstantOf(at) <= w.forkedAt {
			return m
		}
		step, _ := slices.BinarySearch(w.anchors, sealpost.InstantOf(at))
		return fmt.Sprintf("<%d:%d>", step, len(m))
	})
}

// compare tells how two worlds look different.
func compare(a, b []string) []string {
	var out []string
	for i := range max(len(a), len(b)) {
		var left, right string
		if i < len(a) {
			left = a[i]
		}
		if i < len(b) {
			right = b[i]
		}
		if left != right {
			out = append(out, difference(left, right))
		}
	}
	return out
}

// difference shows the first lines in which two answers differ, behind what was
// asked.
func difference(a, b string) string {
	left, right := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(left), len(right)) {
		if left[i] != right[i] {
			return left[0] + "\n  never:  " + left[i] + "\n  hidden: " + right[i]
		}
	}
	return left[0] + "\n  never:  " + a + "\n  hidden: " + b
}

// newIDs gives ids that are the same in both worlds.
func newIDs(t *testing.T, n int) []string {
	t.Helper()
	var out []string
	for range n {
		out = append(out, must(newV7())(t))
	}
	return out
}
