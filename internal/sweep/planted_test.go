//go:build sealtest

package sweep_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sealpost/sealpost/internal/sweep"
)

// leaky is a world without a server, to plant leaks in.
func leaky(t *testing.T, engine string) *world {
	t.Helper()
	p := newPlace(t, engine)
	openInstall(t, p.address, p.keys(), nil).close()
	return &world{server: &server{place: p}, scanner: sweep.NewScanner(), live: map[string]*live{}}
}

func (w *world) plant(t *testing.T, name string) *planted {
	t.Helper()
	p := &planted{canary: w.newCanary(t, name, 0), id: "m", sender: "sender", holders: []string{"sender"}}
	w.planted = append(w.planted, p)
	return p
}

// The rule for answers finds a leak in each place of an answer, and lets through
// what somebody has.
func TestPlantedLeaksInAnswersAreFound(t *testing.T) {
	t.Parallel()
	w := &world{scanner: sweep.NewScanner()}
	p := w.plant(t, "a message")
	drafted := w.plant(t, "a draft")
	drafted.holders, drafted.draft = nil, "d"
	reader, sender, nobody := visitor{name: "reader", person: "reader"}, visitor{name: "sender", person: "sender"}, visitor{name: "nobody"}
	body := marshal(map[string]any{"items": []any{map[string]any{"preview": p.canary.Body[:9]}}})
	for name, c := range map[string]struct {
		who   visitor
		path  string
		a     answer
		found bool
	}{
		"body of a recipient":         {reader, "/conversations", answer{status: 200, body: body}, true},
		"body of nobody":              {nobody, "/conversations", answer{status: 200, body: body}, true},
		"body of the sender":          {sender, "/conversations", answer{status: 200, body: body}, false},
		"refusal to the sender":       {sender, "/conversations", answer{status: 422, body: marshal("bad value " + p.canary.Body)}, true},
		"header of the sender":        {sender, "/x", answer{status: 200, header: []byte("Link: <https://" + p.canary.Body[len(p.canary.Body)-20:] + ">\r\n")}, true},
		"redirect":                    {reader, "/x", answer{status: 302, header: []byte("Location: /?q=" + p.canary.Token() + "\r\n")}, true},
		"draft among the drafts":      {sender, "/drafts", answer{status: 200, body: []byte(drafted.canary.Body)}, false},
		"draft in the old place":      {sender, "/messages/m", answer{status: 200, body: []byte(drafted.canary.Body)}, true},
		"draft among another's":       {reader, "/drafts", answer{status: 200, body: []byte(drafted.canary.Body)}, true},
		"compressed body":             {reader, "/x", answer{status: 200, body: zipped(body)}, true},
		"nothing":                     {reader, "/x", answer{status: 200, body: []byte("{}")}, false},
		"a text nobody ever accepted": {sender, "/x", answer{status: 200, body: []byte(w.newCanary(t, "refused", 0).Body)}, true},
	} {
		faults, _ := w.faults(c.who, "GET "+base+c.path, c.a)
		if (len(faults) > 0) != c.found {
			t.Errorf("%s: found %v", name, faults)
		}
	}
}

// A server that leaks over live frames is caught on the raw bytes.
func TestPlantedLeakInALiveFrameIsFound(t *testing.T) {
	t.Parallel()
	c := canary(t, "planted")
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprintf(w, "retry: 1\nid: a\n\nid: b\nevent: message.deleted\ndata: {\"was\":%s}\n\n", marshal(c.Body))
	}))
	t.Cleanup(s.Close)
	l := watch(t, s.URL, visitor{name: "reader"}, "")
	if found := sweep.NewScanner(c).Scan(l.await(t, "message.deleted")); len(found) == 0 {
		if found = sweep.NewScanner(c).Scan(l.await(t, "}\n\n")); len(found) == 0 {
			t.Error("the planted leak was not found")
		}
	}
}

// A leak is found in each place that a server writes to: its log, its data and key
// directories, temporary files, and names of files.
func TestPlantedLeaksInFilesAreFound(t *testing.T) {
	t.Parallel()
	w := leaky(t, onSQLite)
	for _, path := range []string{
		w.output(), filepath.Join(w.data(), "upload"), filepath.Join(w.keys(), "longterm"), filepath.Join(w.temp(), "a"),
	} {
		p := w.plant(t, "in "+filepath.Base(path))
		file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(file, "level=DEBUG msg=request body=%q\n", p.canary.Body)
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
	}
	name := w.plant(t, "in a name")
	if err := os.WriteFile(filepath.Join(w.temp(), name.canary.Token()), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	w.allFound(t, strings.Join(w.fileFaults(t), "\n"))
}

func (w *world) allFound(t *testing.T, faults string) {
	t.Helper()
	for _, p := range w.planted {
		if !strings.Contains(faults, p.canary.Name) {
			t.Errorf("the leak %s was not found", p.canary.Name)
		}
	}
}

// A leak is found in every column that can hold text or bytes, and a column or table
// that nobody registered is a fault of its own (C12, C15).
func TestPlantedLeaksInColumnsAreFound(t *testing.T) {
	t.Parallel()
	w := leaky(t, onSQLite)
	db := raw(t, w.address)
	for _, c := range columns(t, w.address, db) {
		// What FTS5 keeps its lists in is written by FTS5: see search_words.words.
		if k, _ := classOf(c); strings.HasPrefix(c.table, migrationTables) || strings.HasPrefix(c.table, "search_words") && k != index || strings.HasPrefix(c.table, "search_words_") || k == number {
			continue
		}
		w.plantIn(t, db, c)
	}
	execute(t, db, `CREATE TABLE derived (message_id BLOB, words TEXT)`)
	execute(t, db, `ALTER TABLE message ADD COLUMN preview TEXT`)
	faults := strings.Join(w.columnFaults(t), "\n")
	w.allFound(t, faults)
	for _, name := range []string{"derived.message_id", "derived.words", "message.preview"} {
		if !strings.Contains(faults, name+" is not registered") {
			t.Errorf("%s was not noticed", name)
		}
	}
	if len(w.planted) < 40 {
		t.Errorf("only %d columns were tried", len(w.planted))
	}
}

// plantIn puts a text into one column of a new row.
func (w *world) plantIn(t *testing.T, db *sql.DB, c column) {
	t.Helper()
	p := w.plant(t, "in "+c.String())
	var names, values []string
	var args []any
	for _, other := range columns(t, w.address, db) {
		if other.table != c.table {
			continue
		}
		if c.table == "search_words" && other != c { // its others are none that take a value
			continue
		}
		names = append(names, other.name)
		switch k, _ := classOf(other); {
		case other == c && (k == personal || k == word || k == journal || k == index):
			args = append(args, p.canary.Body)
		case other == c:
			args = append(args, []byte(p.canary.Body))
		case k == number:
			args = append(args, len(w.planted)) // unique where it must be
		case k == personal || k == word || k == journal:
			args = append(args, fmt.Sprint("x", len(w.planted)))
		default:
			args = append(args, fmt.Append(nil, "x", len(w.planted)))
		}
		values = append(values, "?")
	}
	execute(t, db, fmt.Sprintf(`INSERT INTO %s (%s) VALUES (%s)`, c.table, strings.Join(names, ", "), strings.Join(values, ", ")), args...)
}

func execute(t *testing.T, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// What was deleted is still found where a database keeps it: in the write-ahead log
// and the free pages, in PostgreSQL's heap and in its log of statements and errors.
func TestPlantedLeaksInDatabaseFilesAreFound(t *testing.T) {
	t.Parallel()
	forEachEngine(t, func(t *testing.T, engine string) {
		w := leaky(t, engine)
		db := raw(t, w.address)
		execute(t, db, `CREATE TABLE derived (words TEXT)`)
		p := w.plant(t, "in a row that was deleted")
		execute(t, db, `INSERT INTO derived (words) VALUES ($1)`, p.canary.Body)
		execute(t, db, `DELETE FROM derived`)
		where := []string{"-wal"}
		if engine == onPostgres {
			// The log has parameters in its own way; the statement is found in it as it is.
			if _, err := db.ExecContext(t.Context(), `SELECT * FROM missing WHERE words = '`+p.canary.Token()+`'`); err == nil {
				t.Fatal("a table that is not there was read")
			}
			execute(t, db, `CHECKPOINT`)
			where = []string{"pg_wal", "base", w.cluster.LogFile()}
		}
		faults := strings.Join(w.fileFaults(t), "\n")
		for _, place := range where {
			if !strings.Contains(faults, place) {
				t.Errorf("the leak in %s was not found:\n%s", place, faults)
			}
		}
	})
}
