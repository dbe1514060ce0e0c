//go:build sealtest

package sweep_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"net/url"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver that looks at the database beside the store
)

// The tables of the schema itself, and of the tool that migrates it.
const migrationTables = "goose"

// column is one column of a table, as the database itself names it.
type column struct{ table, name string }

func (c column) String() string { return c.table + "." + c.name }

// raw looks at a database from beside the store, as somebody who has taken it.
func raw(t *testing.T, address string) *sql.DB {
	t.Helper()
	driver, source := "pgx", address
	if !strings.HasPrefix(address, "postgres") {
		driver = "sqlite"
		source = (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: address}).EscapedPath(), RawQuery: "_pragma=busy_timeout(10000)"}).String()
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// columns asks the schema for every column of every table.
func columns(t *testing.T, address string, db *sql.DB) []column {
	t.Helper()
	query := `SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_xinfo(m.name) c WHERE m.type IN ('table', 'view') ORDER BY 1, 2`
	if strings.HasPrefix(address, "postgres") {
		query = `SELECT table_name, column_name FROM information_schema.columns
WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2`
	}
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var out []column
	for rows.Next() {
		var c column
		if err := rows.Scan(&c.table, &c.name); err != nil {
			t.Fatal(err)
		}
		out = append(out, c)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// values gives every value of a column as bytes.
func values(t *testing.T, db *sql.DB, c column) [][]byte {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), fmt.Sprintf(`SELECT "%s" FROM "%s"`, c.name, c.table))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var out [][]byte
	for rows.Next() {
		var v any
		if err := rows.Scan(&v); err != nil {
			t.Fatal(err)
		}
		switch v := v.(type) {
		case []byte:
			out = append(out, bytes.Clone(v))
		case string:
			out = append(out, []byte(v))
		default:
			out = append(out, fmt.Append(nil, v))
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}
