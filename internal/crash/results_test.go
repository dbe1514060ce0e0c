//go:build sealtest

package crash_test

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// update writes the results to docs/crash.md:
//
//	SEALPOST_LONG=1 go test -tags sealtest -count=1 -timeout 30m ./internal/crash -update
var update = flag.Bool("update", false, "write the results to docs/crash.md")

// longRun says whether there is time for many rounds (make test-long, make crash).
func longRun() bool { return os.Getenv("SEALPOST_LONG") != "" }

// results is what the rounds of this process found.
var results struct {
	mu   sync.Mutex
	rows []result // guarded by mu
}

func record(t *testing.T, r result) {
	t.Helper()
	t.Log(r)
	results.mu.Lock()
	defer results.mu.Unlock()
	results.rows = append(results.rows, r)
}

func (r result) String() string {
	return fmt.Sprintf("%s on %s, hit %d, %d kills: %d answered before, %d unknown (%d had happened, %d had not), %d resolved, %d answered in all",
		r.what, r.engine, r.hit, r.kills, r.answered, r.unknown, r.happened, r.notDone, r.resolved, r.afterward)
}

// group is the rounds of one point, or of one kind of kill, on one engine.
type group struct {
	result
	hits []string
}

// groups adds up the rounds, in the order in which the tests name them.
func groups(rows []result) []group {
	var out []group
	for _, r := range rows {
		at := slices.IndexFunc(out, func(g group) bool { return g.what == r.what && g.engine == r.engine })
		if at < 0 {
			at = len(out)
			out = append(out, group{result: result{what: r.what, engine: r.engine}})
		}
		g := &out[at]
		if r.hit > 0 {
			g.hits = append(g.hits, fmt.Sprint(r.hit))
		}
		g.kills += r.kills
		g.answered += r.answered
		g.unknown += r.unknown
		g.happened += r.happened
		g.notDone += r.notDone
		g.resolved += r.resolved
		g.afterward += r.afterward
	}
	return out
}

// table is the results as a table of Markdown: the points in the order of their
// registry, then everything else.
func table(rows []result) string {
	order := map[string]int{}
	for i, name := range pointNames() {
		order[name] = i - len(pointNames())
	}
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b result) int {
		return cmp.Or(cmp.Compare(order[a.what], order[b.what]), cmp.Compare(a.what, b.what),
			-cmp.Compare(a.engine, b.engine), cmp.Compare(a.hit, b.hit))
	})
	var b strings.Builder
	b.WriteString("| killed at | engine | at hit | kills | answered before | unknown | had happened | had not | resolved | answered in all |\n")
	b.WriteString("|---|---|---|---|---|---|---|---|---|---|\n")
	for _, g := range groups(rows) {
		fmt.Fprintf(&b, "| %s | %s | %s | %d | %d | %d | %d | %d | %d | %d |\n", g.what, g.engine, strings.Join(g.hits, ", "),
			g.kills, g.answered, g.unknown, g.happened, g.notDone, g.resolved, g.afterward)
	}
	return b.String()
}

// report prints the results behind all tests, and writes them if it was asked to.
func report(code int) int {
	results.mu.Lock()
	defer results.mu.Unlock()
	if len(results.rows) == 0 {
		return code
	}
	text := table(results.rows)
	if testing.Verbose() {
		fmt.Print(text)
	}
	if !*update || code != 0 {
		return code
	}
	path := filepath.Join("..", "..", "docs", "crash.md")
	page, err := os.ReadFile(path)
	if err == nil {
		head, _, found := strings.Cut(string(page), marker)
		if !found {
			err = fmt.Errorf("%s has no line %q", path, marker)
		} else {
			err = os.WriteFile(path, []byte(head+marker+"\n"+text), 0o644)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// marker is the line of docs/crash.md behind which the results stand.
const marker = "<!-- results: written by the crash tests with -update -->\n"
