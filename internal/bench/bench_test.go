package bench_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/bench"
)

const minDuration = 250 * time.Millisecond

// testDuration is long enough for a request to be finished within a measurement on a
// machine that races, and has other things to do.
const testDuration = 3 * time.Second

func small(t *testing.T, wrap func(http.Handler) http.Handler) bench.Options {
	t.Helper()
	o := serve(t, 12, wrap)
	o.InFlight, o.Conversations, o.Fill, o.History, o.Recalls, o.Streams, o.Settle = []int{1, 4}, 8, 30, 60, 3, 8, time.Millisecond
	o.Asks = 5
	o.ServerPID = os.Getpid()
	return o
}

func TestEverythingIsMeasured(t *testing.T) {
	t.Parallel()
	o := small(t, nil)
	var out bytes.Buffer
	o.JSON = true
	if err := bench.Run(t.Context(), o, &out); err != nil {
		t.Fatal(err)
	}
	var r bench.Result
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	operations := map[string]int{}
	for _, x := range append(r.Rates, *r.NoOp) {
		operations[x.Operation]++
		if x.Count <= 0 || x.Elapsed <= 0 || x.P50 <= 0 || x.P99 < x.P50 || x.P99 > time.Minute {
			t.Errorf("%+v", x)
		}
	}
	if operations["send"] != 2 || operations["open"] != 2 || operations["recall"] != 2 || operations["no-op"] != 1 {
		t.Errorf("measured %v", operations)
	}
	if r.Vanishing.Recalls != 3 || r.Lists.Inbox <= 0 || r.Lists.Conversations != 11 || r.Lists.Newest <= 0 || r.Lists.Oldest <= 0 {
		t.Errorf("%+v %+v", r.Vanishing, r.Lists)
	}
	if runtime.GOOS == "linux" && (r.Idle.Streams != 8 || r.Idle.Memory < 1<<20 || r.Machine.Cores < 1 || r.Machine.FileSystem == "unknown") {
		t.Errorf("%+v %+v", r.Idle, r.Machine)
	}
}

// A figure must never come from answers that are not what was asked for.
func TestWrongAnswersAreNoFigures(t *testing.T) {
	t.Parallel()
	post := func(end string) func(*http.Request) bool {
		return func(r *http.Request) bool { return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, end) }
	}
	get := func(end string) func(*http.Request) bool {
		return func(r *http.Request) bool { return r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, end) }
	}
	empty := func(status int, _ string) (int, string) { return status, `{"messages":[],"more":false}` }
	for name, c := range map[string]struct {
		wrap func(http.Handler) http.Handler
		says string
	}{
		"sends":   {lying(post("/messages"), func(int, string) (int, string) { return 503, `{"code":"unavailable","detail":"x"}` }), "503, unavailable"},
		"opens":   {lying(post("/open"), empty), "an open was answered"},
		"recalls": {lying(post("/recall"), func(int, string) (int, string) { return 409, `{"code":"opened"}` }), "409, opened"},
		"inbox":   {lying(get("/conversations"), func(int, string) (int, string) { return 200, `{"items":[],"next_cursor":null}` }), "inbox"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := small(t, c.wrap)
			o.Fill, o.Recalls = 0, 0
			var out bytes.Buffer
			err := bench.Run(t.Context(), o, &out)
			if err == nil || !strings.Contains(err.Error(), c.says) || out.Len() > 0 {
				t.Fatalf("got %v", err)
			}
		})
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	good := bench.Options{InFlight: []int{1}, Duration: time.Second, People: 10, Conversations: 10, Asks: 1}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*bench.Options){
		"two databases":    func(o *bench.Options) { o.Database, o.Postgres = "postgres://x", true },
		"foreign database": func(o *bench.Options) { o.Server, o.TokenFile, o.Postgres = "http://x", "f", true },
		"no tokens":        func(o *bench.Options) { o.Server = "http://x" },
		"nobody":           func(o *bench.Options) { o.People = 1 },
		"too wide":         func(o *bench.Options) { o.InFlight = []int{11} },
		"none in flight":   func(o *bench.Options) { o.InFlight = nil },
		"too short":        func(o *bench.Options) { o.Duration = time.Millisecond },
		"negative":         func(o *bench.Options) { o.Streams = -1 },
		"half a page":      func(o *bench.Options) { o.History = 50 },
		"too many streams": func(o *bench.Options) { o.Streams = 50_000 },
	} {
		o := good
		if change(&o); o.Validate() == nil {
			t.Errorf("%s is not refused", name)
		}
	}
}
