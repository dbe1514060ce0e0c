//go:build sealtest

package crash_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/sealpost/sealpost/api"
)

// world is the clients of one round: what they asked for, what they were told, and
// which server they may ask now. A client that got no answer asks again with the
// same key, as often as it takes: every unknown outcome has to be resolved (R11).
type world struct {
	t      *testing.T
	people []person
	client *http.Client
	shift  time.Duration // of the decision clock in the last life, for what is due by then

	mu      sync.Mutex
	changed *sync.Cond // of what follows, all guarded by mu
	url     string     // empty while there is no server to ask
	life    int        // rises with every server
	flying  int        // requests under way
	ended   bool       // the round has failed or is over: everybody goes home
	acts    []*act
	facts   []*fact
	groups  map[string][]string // person's id → conversations that they began
	notes   []note
	pairs   [][2]person    // connected
	flags   map[string]int // person's id → reports that they made
}

// act is one change that a client asks for, with all its repetitions.
type act struct {
	what    string   // for reports
	message string   // that it is about; empty: no message
	actions []string // the audit actions of which exactly one is written if it happens
	quiet   bool     // it may be right that nothing is written

	answered bool  // 2xx or a refusal
	unknown  int   // repetitions that were not answered
	happened *bool // as the audit log said after the crash, before the repetition
}

func newWorld(t *testing.T, people []person) *world {
	w := &world{
		t: t, people: people, groups: map[string][]string{}, flags: map[string]int{},
		client: &http.Client{Timeout: patience / 2, Transport: &http.Transport{MaxIdleConnsPerHost: 64}},
	}
	w.changed = sync.NewCond(&w.mu)
	t.Cleanup(w.client.CloseIdleConnections)
	return w
}

// serve sends the clients to a server.
func (w *world) serve(url string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.url = url
	w.life++
	w.changed.Broadcast()
}

// interrupt keeps clients waiting and returns when no request is under way. The
// server must be gone, or requests would go on.
func (w *world) interrupt() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.url = ""
	for w.flying > 0 && !w.ended {
		w.changed.Wait()
	}
}

// end sends everybody home.
func (w *world) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
	w.changed.Broadcast()
}

// enter waits for a server other than the one that did not answer.
func (w *world) enter(after int) (url string, life int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for (w.url == "" || w.life <= after) && !w.ended {
		w.changed.Wait()
	}
	if w.ended {
		runtime.Goexit()
	}
	w.flying++
	return w.url, w.life
}

func (w *world) leave() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.flying--
	w.changed.Broadcast()
}

// note changes an act under the lock, because the round reads acts while clients
// still run.
func (w *world) note(change func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change()
}

// fail reports and ends the client that calls it.
func (w *world) fail(format string, args ...any) {
	w.t.Helper()
	w.t.Errorf(format, args...)
	w.end()
	runtime.Goexit()
}

// request is one request, the same in every repetition.
type request struct {
	as           person
	method, path string
	key          string // empty: a question
	ifMatch      string // empty: no precondition
	body         any    // nil: none
}

// answer is what came back: a body, or a problem.
type answer struct {
	status  int
	body    []byte
	problem *api.Problem
}

// once sends a request to one server. An error, or 503, is an outcome that the
// client does not know.
func (w *world) once(url string, r request) (answer, error) {
	var body io.Reader
	if r.body != nil {
		encoded, err := json.Marshal(r.body)
		if err != nil {
			return answer{}, err
		}
		body = bytes.NewReader(encoded)
	}
	q, err := http.NewRequestWithContext(w.t.Context(), r.method, url+"/api/v1"+r.path, body)
	if err != nil {
		return answer{}, err
	}
	q.GetBody = nil // the transport must not repeat anything behind our back
	q.Header.Set("Authorization", "Bearer "+r.as.token)
	if r.method != http.MethodGet {
		q.Header.Set("Content-Type", "application/json")
	}
	if r.ifMatch != "" {
		q.Header.Set("If-Match", r.ifMatch)
	}
	if r.key != "" {
		q.Header.Set("Idempotency-Key", r.key)
	}
	resp, err := w.client.Do(q)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	out := answer{status: resp.StatusCode}
	if out.body, err = io.ReadAll(resp.Body); err != nil {
		return answer{}, err
	}
	if out.status >= 400 {
		out.problem = &api.Problem{}
		if err := json.Unmarshal(out.body, out.problem); err != nil {
			return answer{}, fmt.Errorf("status %d with a body that is no problem", out.status)
		}
	}
	return out, nil
}

// again is how long a client waits after `unavailable`.
const again = 20 * time.Millisecond

// ask repeats a request until it is answered. It ends the client on an answer that
// is neither a success, nor a refusal, nor `unavailable`: nothing else may come of
// a crash.
func (w *world) ask(a *act, r request) answer {
	life := 0
	for began := time.Now(); ; {
		url, current := w.enter(life)
		out, err := w.once(url, r)
		known := err == nil && out.status != http.StatusServiceUnavailable
		w.note(func() {
			switch {
			case a == nil:
			case known:
				a.answered = true
			default:
				a.unknown++
			}
		})
		w.leave()
		switch {
		case known && (out.status == http.StatusInternalServerError || out.status == http.StatusUnauthorized):
			w.fail("%s %s as %s: %d %s", r.method, r.path, r.as, out.status, out.body)
		case known:
			return out
		case err != nil:
			life = current // that server is gone
		default:
			time.Sleep(again)
		}
		if time.Since(began) > patience {
			w.fail("%s %s as %s: no answer within %s", r.method, r.path, r.as, patience)
		}
	}
}

// get asks a question and wants an answer.
func (w *world) get(as person, path string, out any) {
	w.t.Helper()
	got := w.ask(nil, request{as: as, method: http.MethodGet, path: path})
	if got.problem != nil {
		w.fail("GET %s as %s: %d %s", path, as, got.status, got.problem.Code)
	}
	w.decode(got, out)
}

func (w *world) decode(a answer, out any) {
	w.t.Helper()
	if err := json.Unmarshal(a.body, out); err != nil {
		w.fail("an answer cannot be read: %v", err)
	}
}
