//go:build sealtest

package crash_test

import (
	"bytes"
	"context"
	"database/sql"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver pgx
	_ "modernc.org/sqlite"             // the driver sqlite
)

// invariants is the table of what no row may show, whatever happened. Each query
// counts breaches; all of them run on both engines.
var invariants = []struct{ rule, query string }{
	{"revisions of a conversation have no gap and no double (I5)", `
SELECT COUNT(*) FROM (SELECT conversation_id FROM audit WHERE rev > 0 GROUP BY conversation_id
 HAVING COUNT(*) <> MAX(rev) OR COUNT(DISTINCT rev) <> MAX(rev)) AS gaps`},
	{"a conversation is at its last logged revision (I6)", `
SELECT COUNT(*) FROM conversation c WHERE c.rev <>
 (SELECT COALESCE(MAX(a.rev), 0) FROM audit a WHERE a.conversation_id = c.id)`},
	{"positions of messages have no gap and no double (I5)", `
SELECT COUNT(*) FROM (SELECT conversation_id FROM message WHERE seq > 0 GROUP BY conversation_id
 HAVING COUNT(*) <> MAX(seq) OR COUNT(DISTINCT seq) <> MAX(seq)) AS gaps`},
	{"a conversation is at its last position (I6)", `
SELECT COUNT(*) FROM conversation c WHERE c.seq <>
 (SELECT COALESCE(MAX(m.seq), 0) FROM message m WHERE m.conversation_id = c.id)`},
	{"no message is there twice (I8)", `
SELECT COUNT(*) FROM (SELECT id FROM message GROUP BY id HAVING COUNT(*) > 1) AS doubles`},
	{"every recall is charged once (R13)", `
SELECT COUNT(*) FROM message m WHERE m.recalled_at > 0 AND 1 <>
 (SELECT COUNT(*) FROM recall_count r WHERE r.message_id = m.id)`},
	{"nothing is charged that was not recalled (R10)", `
SELECT COUNT(*) FROM recall_count r WHERE NOT EXISTS
 (SELECT 1 FROM message m WHERE m.id = r.message_id AND m.recalled_at > 0)`},
	{"a recall that nobody had opened deleted the wrapped key (R18)", `
SELECT COUNT(*) FROM message m WHERE m.recalled_at > 0 AND m.ref <> 0 AND NOT EXISTS
 (SELECT 1 FROM delivery d WHERE d.conversation_id = m.conversation_id AND d.message_id = m.id AND d.state = 2)`},
	{"nothing living is wrapped under a destroyed epoch (I8)", `
SELECT (SELECT COUNT(*) FROM message m JOIN epoch e ON e.hour = m.ref WHERE e.state = 3) +
 (SELECT COUNT(*) FROM draft f JOIN epoch e ON e.hour = f.ref WHERE e.state = 3)`},
}

// checkRows runs the invariants on a database that nobody writes to.
func checkRows(t *testing.T, in *installation) {
	t.Helper()
	driver, address := "pgx", in.database
	if in.engine == sqlite {
		driver, address = "sqlite", filepath.Join(in.data, "sealpost.db")
	}
	db, err := sql.Open(driver, address)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, rule := range invariants {
		var breaches int
		if err := db.QueryRowContext(ctx, rule.query).Scan(&breaches); err != nil {
			t.Fatalf("%s: %v", rule.rule, err)
		}
		if breaches > 0 {
			t.Errorf("%s: %d breaches", rule.rule, breaches)
		}
	}
}

// checkFiles wants no text of the workload in any file below a directory, at any
// time: neither database nor log ever has it in the clear.
func checkFiles(t *testing.T, dir string) {
	t.Helper()
	searched := 0
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return nil // a running database removes files
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return nil
		}
		searched += len(content)
		if bytes.Contains(content, []byte(token)) {
			t.Errorf("%s holds the text of a message", filepath.Base(path))
		}
		return nil
	})
	if err != nil || searched == 0 {
		t.Errorf("searched %d bytes of %s: %v", searched, filepath.Base(dir), err)
	}
}
