package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/sealpost/sealpost/internal/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// engines opens a fresh store on each engine.
func engines(t *testing.T) map[string]*Store {
	t.Helper()
	out := map[string]*Store{}
	for name, address := range map[string]string{
		engineSQLite:   filepath.Join(t.TempDir(), "sealpost.db"),
		enginePostgres: pgtest.Start(t).NewDatabase(t),
	} {
		s, err := Open(t.Context(), Config{Database: address})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		t.Cleanup(func() { _ = s.Close() })
		out[name] = s
	}
	return out
}

// Every query that the store can run is understood by every engine that has it.
func TestQueriesPrepare(t *testing.T) {
	t.Parallel()
	for name, s := range engines(t) {
		for _, q := range registered {
			if q.only != "" && q.only != name {
				continue
			}
			if name == engineSQLite {
				// The store keeps it, as it does for itself.
				_, err := s.engine.(*sqliteEngine).prepare(t.Context(), q) //nolint:sqlclosecheck // closed with the store
				if err != nil {
					t.Errorf("%s: %s: %v", name, q.name, err)
				}
				continue
			}
			conn, err := s.engine.(*postgresEngine).pool.Acquire(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := conn.Conn().Prepare(t.Context(), q.name, s.dialect.text(q)); err != nil {
				t.Errorf("%s: %s: %v", name, q.name, err)
			}
			conn.Release()
		}
	}
}

// Two queries under one name would hide one from the tests.
func TestQueryNamesAreUnique(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, q := range registered {
		if seen[q.name] {
			t.Errorf("the name %s is registered twice", q.name)
		}
		seen[q.name] = true
	}
}

// The two schemas are the same: tables, columns, types, keys and indexes.
func TestSchemasAreEqual(t *testing.T) {
	t.Parallel()
	described := map[string]string{}
	for name, s := range engines(t) {
		described[name] = strings.Join(describe(t, s), "\n")
	}
	if described[engineSQLite] != described[enginePostgres] {
		t.Errorf("the schemas differ:\n--- sqlite\n%s\n--- postgres\n%s", described[engineSQLite], described[enginePostgres])
	}
}

func describe(t *testing.T, s *Store) []string {
	t.Helper()
	if s.dialect.name == engineSQLite {
		return describeSQLite(t.Context(), t, s)
	}
	return describePostgres(t.Context(), t, s)
}

func describeSQLite(ctx context.Context, t *testing.T, s *Store) []string {
	t.Helper()
	types := map[string]string{"BLOB": "bytea", "INTEGER": "bigint", "TEXT": "text"}
	return describeWith(ctx, t, s, `
SELECT m.name || ' ' || c.name || ' ' || c.type || CASE WHEN c."notnull" = 1 THEN ' not null' ELSE '' END
FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'goose%' AND m.name NOT LIKE 'sqlite%'`,
		func(line string) string {
			for from, to := range types {
				line = strings.Replace(line, " "+from, " "+to, 1)
			}
			return line
		}, `
SELECT l.name || CASE WHEN l."unique" = 1 THEN ' unique' ELSE '' END || CASE WHEN l.partial = 1 THEN ' partial' ELSE '' END
 || ' ' || m.name || '(' || (SELECT group_concat(i.name, ',') FROM pragma_index_info(l.name) i) || ')'
FROM sqlite_master m JOIN pragma_index_list(m.name) l WHERE m.type = 'table' AND m.name NOT LIKE 'goose%' AND l.origin = 'c'`)
}

func describePostgres(ctx context.Context, t *testing.T, s *Store) []string {
	t.Helper()
	return describeWith(ctx, t, s, `
SELECT table_name || ' ' || column_name || ' ' || data_type || CASE WHEN is_nullable = 'NO' THEN ' not null' ELSE '' END
FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE 'goose%'`,
		func(line string) string { return line }, `
SELECT i.relname || CASE WHEN x.indisunique THEN ' unique' ELSE '' END || CASE WHEN x.indpred IS NOT NULL THEN ' partial' ELSE '' END
 || ' ' || c.relname || '(' || (SELECT string_agg(a.attname, ',' ORDER BY k.n)
  FROM unnest(x.indkey) WITH ORDINALITY k(att, n) JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.att) || ')'
FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND NOT x.indisprimary AND c.relname NOT LIKE 'goose%'`)
}

func describeWith(ctx context.Context, t *testing.T, s *Store, columns string, fix func(string) string, indexes string) []string {
	t.Helper()
	var out []string
	for i, text := range []string{columns, indexes} {
		db := s.engine.sqlDB()
		if e, ok := s.engine.(*sqliteEngine); ok {
			db = e.readers // the writer's one connection is pinned
		}
		for _, line := range lines(ctx, t, db, text) {
			if strings.HasPrefix(line, "search_") { // the one table that is an engine's own: docs/decisions/search.md
				continue
			}
			out = append(out, fmt.Sprint(i, " ", fix(line)))
		}
	}
	sort.Strings(out)
	return out
}

// lines is a result of one text column.
func lines(ctx context.Context, t *testing.T, db *sql.DB, text string) []string {
	t.Helper()
	rows, err := db.QueryContext(ctx, text)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var out []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		out = append(out, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}
