//go:build sealtest

package sweep_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/sealpost/sealpost/internal/failpoint"
	"github.com/sealpost/sealpost/internal/httpapi"
	"github.com/sealpost/sealpost/internal/sweep"
)

// The sweep: the real server process at debug level, messages in every state, every
// visitor, every route, and everything that was written anywhere (6-leaks; R2, R16,
// R18, C15, D5, I4, I6).
func TestSweep(t *testing.T) {
	t.Parallel()
	forEachEngine(t, func(t *testing.T, engine string) {
		w := newWorld(t, engine)
		w.tell(t, func(chapter string) {
			// PostgreSQL keeps everything in its log and write-ahead log until the end, so
			// searching those tens of megabytes once finds what was there at any time.
			if engine == onSQLite || long() {
				w.search(t, chapter)
			}
		})

		// kill -9 of the server, then of one that dies between a commit and its answer.
		w.kill()
		w.search(t, "after kill -9")
		w.dieBeforeAnswer(t)
		w.search(t, "after a crash before the answer")
		w.server = w.start(t, "")

		w.sweepRoutes(t, w.everybody(engine)...)
		if engine == onSQLite || long() { // the pages know nothing of engines
			w.sweepPages(t, w.afterwards()...)
			w.sweepPages(t, "sender", "moderator", "outsider")
		}
		w.sweepOps(t)
		w.openAll(t)
		w.sweepRoutes(t, w.afterwards()...)
		w.searchEverything(t, engine)
		w.search(t, "at the end")
		if w.held == 0 || w.asked < 1000 {
			t.Errorf("%s: the sweep saw next to nothing", w)
		}
		t.Log(w)
	})
}

// search looks through every file and every column.
func (w *world) search(t *testing.T, when string) {
	t.Helper()
	for _, f := range append(w.fileFaults(t), w.columnFaults(t)...) {
		t.Errorf("%s: %s", when, f)
	}
}

// fileFaults reads every file that the server, its database and its keys are in.
func (w *world) fileFaults(t *testing.T) []string {
	t.Helper()
	var found []string
	var size int64
	for _, root := range w.roots() {
		faults, n, err := w.scanner.ScanFiles(w.mayHold(root), root)
		if err != nil {
			t.Fatal(err)
		}
		found, size = append(found, faults...), size+n
	}
	if size < 100<<10 {
		t.Fatalf("only %d bytes were there to search", size)
	}
	return found
}

// mayHold says what may be in a file below a root: in the files of the database the
// folded words of what is settled; anywhere else nothing.
func (w *world) mayHold(root string) func(path string, f sweep.Finding) bool {
	return func(path string, f sweep.Finding) bool {
		database := strings.HasPrefix(path, w.address)
		if w.cluster != nil {
			database = root == w.cluster.DataDir() || root == w.cluster.LogFile()
		}
		return database && w.indexed(f)
	}
}

// indexed says whether a finding is what an index of words holds of a settled message.
func (w *world) indexed(f sweep.Finding) bool {
	p := w.find(f.Canary)
	return f.Folded && p != nil && p.settled
}

// dieBeforeAnswer sends a message to a server that is killed between its commit and
// its answer.
func (w *world) dieBeforeAnswer(t *testing.T) {
	t.Helper()
	armed := w.start(t, string(failpoint.SendAnswer))
	p := &planted{canary: w.newCanary(t, "sent and never answered", 0), in: w.in["direct"], sender: "sender", holders: []string{"sender"}}
	w.planted = append(w.planted, p)
	request, err := http.NewRequestWithContext(t.Context(), "POST", armed.url+base+"/conversations/"+p.in+"/messages",
		strings.NewReader(string(marshal(map[string]any{"body": p.canary.Body}))))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+w.visitors["sender"].token)
	request.Header.Set("Content-Type", "application/json")
	if response, err := client.Do(request); err == nil {
		_ = response.Body.Close()
		t.Fatalf("the server answered %d instead of dying", response.StatusCode)
	}
	<-armed.gone
}

// everybody is who comes. The rules are the same on both engines, so on the slower
// one some who have no more than others stay away, unless there is time.
func (w *world) everybody(engine string) []string {
	if engine == onSQLite || long() {
		return w.names()
	}
	return []string{"reader's phone", "other", "leaver", "outsider", "auditor", "anonymous", "absent"}
}

// afterwards are those who come again when everything that can be opened is.
func (w *world) afterwards() []string {
	if long() {
		return w.names()
	}
	return []string{"reader's phone", "other", "leaver", "absent", "anonymous"}
}

// sweepRoutes takes every route of the mux as each visitor.
func (w *world) sweepRoutes(t *testing.T, visitors ...string) {
	t.Helper()
	for _, r := range routes(t) {
		drive, known := drivers[r.method+" "+r.pattern]
		if !known {
			t.Errorf("%s %s is not registered with the sweep", r.method, r.pattern)
			continue
		}
		for _, name := range visitors {
			drive(t, w, w.visitors[name], r)
		}
	}
}

// routes asks the mux for every route.
func routes(t *testing.T) []route {
	t.Helper()
	server, err := httpapi.New(httpapi.Config{Service: newInstall(t, onSQLite).service})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Close(context.WithoutCancel(t.Context())) }()
	var out []route
	for _, r := range server.Routes() {
		out = append(out, route{r.Method, r.Pattern})
	}
	if len(out) < 30 {
		t.Fatalf("the mux has only %d routes: the sweep would pass by seeing nothing", len(out))
	}
	return out
}

// A route that is gone must go from the table too, or the table says what is not.
func TestEveryDriverHasItsRoute(t *testing.T) {
	t.Parallel()
	there := map[string]bool{}
	for _, r := range routes(t) {
		there[r.method+" "+r.pattern] = true
	}
	for name := range drivers {
		if !there[name] {
			t.Errorf("%s has a driver and no route", name)
		}
	}
}

// searchEverything looks for every text as everybody: whoever has one finds it, by its
// first word, and to everybody else it is as if nobody had ever written it (D1).
// PostgreSQL's log would have what was asked for, so that there only what is settled
// is asked for.
func (w *world) searchEverything(t *testing.T, engine string) {
	t.Helper()
	found := 0
	for _, name := range w.names() {
		v := w.visitors[name]
		if v.person == "" {
			continue
		}
		nothing := w.try(t, v, "GET", base+"/search?q=nobodyeverwrotethis", nil)
		for _, p := range w.planted {
			if engine != onSQLite && !p.settled {
				continue
			}
			a := w.try(t, v, "GET", base+"/search?q="+p.canary.Token(), nil)
			switch has := slices.Contains(p.holders, v.person); {
			case !has && !bytes.Equal(a.body, nothing.body):
				t.Errorf("%s searches for %s, which is not theirs: %s", name, p.canary.Name, a.body)
			case has && p.settled && decode(t, a)["total"] == float64(1):
				found++
			}
		}
	}
	if found < 10 {
		t.Errorf("only %d searches found what the searcher has: nothing is indexed", found)
	}
}

// sweepOps looks at what operators see: health and metrics.
func (w *world) sweepOps(t *testing.T) {
	t.Helper()
	for _, path := range []string{"/healthz", "/readyz", "/metrics", "/debug/pprof/heap", "/debug/vars", "/"} {
		response, err := client.Get(w.ops + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		for _, f := range w.scanner.Scan(body) {
			t.Errorf("%s has %s", path, f)
		}
	}
}

// openAll lets everybody open what is left for them. What was recalled is not in it.
func (w *world) openAll(t *testing.T) {
	t.Helper()
	for _, o := range []struct{ who, in, through string }{
		{"reader", "group", "sealed"},
		{"reader", "direct", "required notice"},
		{"other", "group", "sealed"},
		{"absent", "first contact", "sealed in the first contact"},
		{"sender", "direct", "a reply"},
	} {
		w.open(t, o.who, w.named(o.through), w.toOpen(o.who, o.in)...)
	}
}

// sealedFor says whether a message waits for somebody: what is pending, recalled or
// was opened by them does not.
func (w *world) sealedFor(p *planted, who string) bool {
	switch p.canary.Name {
	case "sealed when somebody left":
		return who == "reader"
	case "a reply":
		return who == "sender"
	case "sealed for one who wants previews", "hidden from one who wants previews":
		return true
	case "held, sent at once", "required notice", "sealed", "sealed in the first contact":
		return true
	}
	return false
}
