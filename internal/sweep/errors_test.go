//go:build sealtest

package sweep_test

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/failpoint"
	"github.com/sealpost/sealpost/internal/httpapi"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
	"github.com/sealpost/sealpost/internal/sweep"
)

// journalBuffer is a log that can be read while it is written.
type journalBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (j *journalBuffer) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.Write(p)
}

func (j *journalBuffer) bytes() []byte {
	j.mu.Lock()
	defer j.mu.Unlock()
	return bytes.Clone(j.b.Bytes())
}

// testAPI is the API in this process with a log at debug level.
type testAPI struct {
	*install
	url     string
	log     *journalBuffer
	scanner *sweep.Scanner
	people  map[string]person
	in      sealpost.ConversationID
	message sealpost.MessageID // sealed, from sender to reader
}

func newAPI(t *testing.T, engine string) *testAPI {
	t.Helper()
	first := newInstall(t, engine)
	first.close()
	a := &testAPI{log: &journalBuffer{}, scanner: sweep.NewScanner(), people: map[string]person{}}
	a.install = openInstall(t, first.address, first.keyDir, a.log)
	if err := a.service.KeepLease(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"sender", "reader", "other"} {
		a.people[name] = a.person(t, name, "a long password", sealpost.RoleAdmin, sealpost.RoleNotices)
	}
	a.unlimited(t, a.people["sender"])
	a.in = a.conversation(t, a.people["sender"], "", a.people["reader"])
	a.message = a.send(t, "sealed")
	server, err := httpapi.New(httpapi.Config{Service: a.service, Log: debugLog(a.log)})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(server.Handler())
	t.Cleanup(func() {
		_ = server.Close(context.WithoutCancel(t.Context()))
		s.Close()
	})
	a.url = s.URL
	return a
}

func (a *testAPI) send(t *testing.T, text string) sealpost.MessageID {
	t.Helper()
	in := service.Sending{Conversation: a.in, Body: text, Kind: sealpost.KindMessage}
	return must(a.service.Send(t.Context(), a.people["sender"].principal(), "", in))(t).ID
}

func (a *testAPI) newToken(t *testing.T) string {
	t.Helper()
	_, token, err := a.service.CreateToken(t.Context(), a.people["sender"].principal(), "", "one route", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// secretText is a text that nothing may repeat.
func (a *testAPI) secretText(t *testing.T, name string) *sweep.Canary {
	t.Helper()
	c := canary(t, name)
	a.scanner.Add(c)
	return c
}

// refused holds that a refusal repeats nothing.
func (a *testAPI) refused(t *testing.T, what string, got answer) {
	t.Helper()
	for _, f := range a.scanner.Scan(append(slices.Clone(got.header), got.body...)) {
		if got.status >= 400 {
			t.Errorf("%s: the refusal (%d) repeats %s", what, got.status, f)
		}
	}
}

func (a *testAPI) logIsClean(t *testing.T) {
	t.Helper()
	raw := a.log.bytes()
	for _, f := range a.scanner.Scan(raw) {
		line, _, _ := bytes.Cut(raw[f.Offset:], []byte("\n"))
		t.Errorf("the log has %s, %d bytes before the end of its line", f, len(line))
	}
	if len(raw) == 0 {
		t.Error("nothing was logged at debug level: the test would pass by seeing nothing")
	}
}

// operation is a route as the OpenAPI document describes it.
type operation struct {
	method, path string
	fields       []string
	example      map[string]any
}

// operations reads routes and fields from the document that the server gives out.
func (a *testAPI) operations(t *testing.T) []operation {
	t.Helper()
	document := decode(t, expect(t, ask(t, a.url, visitor{}, "GET", base+"/openapi.json", nil), 200))
	object := func(v any) map[string]any { m, _ := v.(map[string]any); return m }
	var out []operation
	paths := object(document["paths"])
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		methods := object(paths[path])
		for _, method := range slices.Sorted(maps.Keys(methods)) {
			o := operation{method: strings.ToUpper(method), path: path}
			content := object(object(object(object(methods[method])["requestBody"])["content"])["application/json"])
			o.example = object(content["example"])
			schema := object(content["schema"])
			for schema["$ref"] != nil {
				name := schema["$ref"].(string)
				schema = object(object(object(document["components"])["schemas"])[name[strings.LastIndex(name, "/")+1:]])
			}
			o.fields = slices.Sorted(maps.Keys(object(schema["properties"])))
			out = append(out, o)
		}
	}
	return out
}

// badValues are a text where it does not belong, in each kind of fault.
func badValues(text string) []any {
	return []any{
		text, text + "\x00", strings.Repeat(text, 300), strings.Repeat(text, 4000),
		map[string]any{"value": text},
		[]any{text, text},
		map[string]any{text: 1},
		12345, true, nil,
		json.RawMessage(`"` + strings.ReplaceAll(text[:20], `"`, "") + `\ud800"`), json.RawMessage("\"" + text[:20] + "\xff\""),
	}
}

// 4-api: a rejected value is never echoed, in any field, with any fault; and nothing
// that was sent is ever logged (I6).
func TestRefusalsAndLogsRepeatNothing(t *testing.T) {
	t.Parallel()
	a := newAPI(t, onSQLite)
	fields := 0
	for _, o := range a.operations(t) {
		if o.path == base+"/events" {
			continue
		}
		token := a.newToken(t)
		v := visitor{name: "sender", person: "sender", token: token}
		id := a.in.String()
		if strings.Contains(o.path, "/messages/{id}") {
			id = a.message.String()
		}
		path := strings.NewReplacer("{id}", id, "{user_id}", a.people["reader"].user.ID.String()).Replace(o.path)
		c := a.secretText(t, o.method+" "+o.path)
		for _, field := range o.fields {
			fields++
			for _, value := range badValues(c.Body) {
				body := maps.Clone(o.example)
				if body == nil {
					body = map[string]any{}
				}
				body[field] = value
				raw, err := json.Marshal(body)
				if err != nil { // what is no JSON is sent as it is
					raw = []byte(`{"` + field + `":` + string(value.(json.RawMessage)) + `}`)
				}
				a.refused(t, c.Name+" "+field, ask(t, a.url, v, o.method, path, raw))
			}
		}
		a.badRequests(t, v, o, path, c)
	}
	if fields < 25 {
		t.Fatalf("only %d fields were found in the document", fields)
	}
	a.badLogins(t)
	a.logIsClean(t)
}

// badRequests are faults of the whole request: JSON, types, paths, parameters,
// headers.
func (a *testAPI) badRequests(t *testing.T, v visitor, o operation, path string, c *sweep.Canary) {
	t.Helper()
	text := c.Body
	bodies := [][]byte{
		[]byte(text), []byte(`{"body":"` + c.Token()), marshal(text), marshal([]string{text}), []byte(`{"body":` + c.Token() + `}`),
		marshal(map[string]any{text: text}), marshal(map[string]any{"no such field": text, "body": text}),
		[]byte(`{"body":"a","body":` + string(marshal(text)) + `}`), append(marshal(map[string]any{"body": text}), marshal(text)...),
		[]byte(`{"Body":` + string(marshal(text)) + `}`), zipped(marshal(map[string]any{"body": text})), bytes.Repeat([]byte(text), 5000),
	}
	if o.method != "GET" {
		for _, body := range bodies {
			a.refused(t, c.Name+" as a whole", ask(t, a.url, v, o.method, path, body))
		}
		for _, kind := range []string{"text/plain; x=" + c.Token(), c.Token(), "multipart/form-data; boundary=" + c.Token(), "application/json; charset=" + c.Token()} {
			a.refused(t, c.Name+" by its type", ask(t, a.url, v, o.method, path, bodies[1], "Content-Type", kind))
		}
	}
	for _, to := range []string{
		path + "?" + c.Token() + "+x=1", path + "?limit=" + c.Token(), path + "?cursor=" + c.Token(), path + "?since=" + c.Token(),
		path + "?filter=" + c.Token(), path + "?before=" + c.Token(), path + "?q=%ff" + c.Token(), path + "?x=%zz" + c.Token(),
		strings.ReplaceAll(o.path, "{id}", c.Token()), path + "/" + c.Token(), "/" + c.Token(), path + "%2F" + c.Token(),
	} {
		a.refused(t, c.Name+" in the address", ask(t, a.url, v, o.method, to, nil))
	}
	for _, header := range [][]string{
		{"Idempotency-Key", c.Token() + " with a space"},
		{"Idempotency-Key", strings.Repeat(c.Token(), 20)},
		{"If-Match", c.Token()},
		{"Origin", "https://" + c.Token()},
		{"Sec-Fetch-Site", "cross-site", "Referer", "https://x/" + c.Token()},
		{"Accept", c.Token()},
		{"Authorization", "Bearer " + c.Token()},
		{"Authorization", c.Token()},
		{"Cookie", httpapi.SessionCookie + "=" + c.Token()},
		{"Authorization", "", "Cookie", httpapi.SessionCookie + "=" + c.Token()},
		{"X-Request-Id", c.Token(), "Traceparent", c.Token()},
		{"User-Agent", c.Token()},
		{"Last-Event-ID", c.Token()},
	} {
		a.refused(t, c.Name+" in a header", ask(t, a.url, v, o.method, strings.ReplaceAll(path, a.in.String(), "x"), []byte("{}"), header...))
	}
	a.refused(t, c.Name+" as a method", ask(t, a.url, v, "X"+c.Token(), path, nil))
}

func (a *testAPI) badLogins(t *testing.T) {
	t.Helper()
	c := a.secretText(t, "sign-in")
	for _, body := range []map[string]any{
		{"email": c.Token() + "@example.org", "password": c.Token()},
		{"email": "reader@example.org", "password": c.Token()},
		{"email": c.Body, "password": c.Body},
		{"email": "reader@example.org", "password": strings.Repeat(c.Token(), 100)},
	} {
		a.refused(t, "sign-in", ask(t, a.url, visitor{}, "POST", base+"/sessions", body))
	}
}

// I4, I6: what the database says when it refuses a row, PostgreSQL with all of its
// values, is neither passed on nor logged with content.
func TestDatabaseErrorsRepeatNothing(t *testing.T) {
	t.Parallel()
	forEachEngine(t, func(t *testing.T, engine string) {
		a := newAPI(t, engine)
		c := a.secretText(t, "a failing database")
		db := raw(t, a.address)
		breakIt := `CREATE TRIGGER no_messages BEFORE INSERT ON message BEGIN SELECT RAISE(ABORT, 'no messages'); END`
		if engine == onPostgres {
			breakIt = `ALTER TABLE message ADD CHECK (length(body) < 5) NOT VALID`
		}
		execute(t, db, breakIt)
		v := visitor{name: "sender", person: "sender", token: a.people["sender"].token}
		got := ask(t, a.url, v, "POST", base+"/conversations/"+a.in.String()+"/messages", map[string]any{"body": c.Body}, "Idempotency-Key", "k")
		if got.status < 500 {
			t.Errorf("without its database the server answers %d", got.status)
		}
		a.refused(t, c.Name, got)
		a.logIsClean(t)
	})
}

// I6: a panic in the middle of sending or opening shows no text, neither to the
// client nor in the log, even if the panic has it. Not parallel: failpoints hold for
// the whole process.
func TestPanicsRepeatNothing(t *testing.T) {
	if !failpoint.Enabled {
		t.Skip("needs -tags sealtest")
	}
	a := newAPI(t, onSQLite)
	sender := visitor{name: "sender", person: "sender", token: a.people["sender"].token}
	reader := visitor{name: "reader", person: "reader", token: a.people["reader"].token}
	at := base + "/conversations/" + a.in.String()
	for _, point := range []failpoint.Point{
		failpoint.SendDecided, failpoint.SendAnswer, failpoint.OpenDecided, failpoint.OpenAnswer, failpoint.RecallDecided, failpoint.RecallAnswer,
	} {
		c := a.secretText(t, string(point))
		recalled, opened := a.send(t, c.Body), a.send(t, c.Body)
		hits := 0
		restore := failpoint.Set(point, func() {
			hits++
			panic("the text was " + c.Body)
		})
		for _, try := range []struct {
			who  visitor
			path string
			body any
		}{
			{sender, at + "/messages", map[string]any{"body": c.Body}},
			{sender, base + "/messages/" + recalled.String() + "/recall", nil},
			{reader, at + "/open", map[string]any{"through": opened.String()}},
		} {
			a.refused(t, string(point), ask(t, a.url, try.who, "POST", try.path, try.body))
		}
		restore()
		if hits == 0 {
			t.Errorf("%s was not hit", point)
		}
	}
	a.logIsClean(t)
	if !bytes.Contains(a.log.bytes(), []byte("panicked")) {
		t.Error("no panic was logged")
	}
}
