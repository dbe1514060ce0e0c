package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// sqliteEngine is the embedded database: one writer, several readers, WAL, and
// synchronous=FULL, so that a commit is on disk when it returns.
type sqliteEngine struct {
	writer, readers *sql.DB
	prepared        sync.Map // *query → *sql.Stmt, on readers
}

const (
	sqliteReaders   = 4
	defaultCacheKiB = 64 << 10
)

func openSQLite(path string, cacheKiB int) (*sqliteEngine, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	writer, err := openSQLiteDB(path, 1, cacheKiB, false)
	if err != nil {
		return nil, err
	}
	readers, err := openSQLiteDB(path, sqliteReaders, cacheKiB, true)
	if err != nil {
		return nil, errors.Join(err, writer.Close())
	}
	return &sqliteEngine{writer: writer, readers: readers}, nil
}

func openSQLiteDB(path string, conns, cacheKiB int, readOnly bool) (*sql.DB, error) {
	pragmas := []string{
		"busy_timeout(10000)", // local commands write while the server runs
		"journal_mode(WAL)",
		"synchronous(FULL)",
		fmt.Sprintf("cache_size(-%d)", cacheKiB),
		"wal_autocheckpoint(16000)", // 64 MiB: hot pages are copied back less often
		"temp_store(MEMORY)",        // no temporary file ever holds a row
	}
	if readOnly {
		pragmas = append(pragmas, "query_only(1)")
	}
	v := url.Values{"_pragma": pragmas}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: v.Encode()}).String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db, nil
}

func (e *sqliteEngine) dialect() dialect { return dialect{name: engineSQLite} }

func (e *sqliteEngine) gatherers() int { return 1 }

func (e *sqliteEngine) sqlDB() *sql.DB { return e.writer }

func (e *sqliteEngine) close() error { return errors.Join(e.readers.Close(), e.writer.Close()) }

func (e *sqliteEngine) check(ctx context.Context) error {
	var synchronous int
	var journal string
	if err := e.writer.QueryRowContext(ctx, "PRAGMA synchronous").Scan(&synchronous); err != nil {
		return err
	}
	if err := e.writer.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&journal); err != nil {
		return err
	}
	if synchronous < 2 || journal != "wal" {
		return fmt.Errorf("SQLite would lose acknowledged writes: synchronous=%d journal_mode=%s", synchronous, journal)
	}
	return nil
}

func (e *sqliteEngine) rolledBack(_ error, committing bool) bool {
	// An error before COMMIT is reported leaves the transaction open; the rollback
	// that follows is certain. An error of COMMIT itself is looked up.
	return !committing
}

// gaveWay is never so: there is one writer.
func (e *sqliteEngine) gaveWay(error) bool { return false }

func (e *sqliteEngine) conflict(err error) (string, bool) {
	var fault *sqlite.Error
	if !errors.As(err, &fault) {
		return "", false
	}
	switch fault.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		// "UNIQUE constraint failed: message.id": table and columns, no values.
		text := fault.Error()
		if i := strings.LastIndex(text, "failed: "); i >= 0 {
			return strings.Fields(strings.ReplaceAll(text[i+len("failed: "):], ".", "_"))[0], true
		}
		return "", true
	}
	return "", false
}

func (e *sqliteEngine) read(ctx context.Context, statements ...statement) error {
	for _, s := range statements {
		stmt, err := e.prepare(ctx, s.query)
		if err != nil {
			return fmt.Errorf("%s: %w", s.query.name, err)
		}
		if err := runPrepared(ctx, stmt, s); err != nil {
			return err
		}
	}
	return nil
}

func (e *sqliteEngine) prepare(ctx context.Context, q *query) (*sql.Stmt, error) {
	if stmt, ok := e.prepared.Load(q); ok {
		return stmt.(*sql.Stmt), nil
	}
	stmt, err := e.readers.PrepareContext(ctx, e.dialect().text(q))
	if err != nil {
		return nil, err
	}
	other, loaded := e.prepared.LoadOrStore(q, stmt)
	if loaded {
		err = stmt.Close() //nolint:sqlclosecheck // the other one is used; this one is not needed
	}
	return other.(*sql.Stmt), err
}

func (e *sqliteEngine) session(ctx context.Context) (session, error) {
	conn, err := e.writer.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &sqliteSession{conn: conn, prepared: map[*query]*sql.Stmt{}, dialect: e.dialect()}, nil
}

// sqliteSession is the writing connection with its statements prepared once.
type sqliteSession struct {
	conn     *sql.Conn
	prepared map[*query]*sql.Stmt
	dialect  dialect
}

func (s *sqliteSession) run(ctx context.Context, statements ...statement) error {
	for _, st := range statements {
		stmt, ok := s.prepared[st.query]
		if !ok {
			var err error
			if stmt, err = s.conn.PrepareContext(ctx, s.dialect.text(st.query)); err != nil {
				return fmt.Errorf("%s: %w", st.query.name, err)
			}
			s.prepared[st.query] = stmt
		}
		if err := runPrepared(ctx, stmt, st); err != nil {
			return err
		}
	}
	return nil
}

func (s *sqliteSession) release(bool) {
	for _, stmt := range s.prepared {
		_ = stmt.Close()
	}
	_ = s.conn.Close()
}

func runPrepared(ctx context.Context, stmt *sql.Stmt, s statement) error {
	if s.scan == nil {
		result, err := stmt.ExecContext(ctx, s.args...)
		if err != nil {
			return fmt.Errorf("%s: %w", s.query.name, err)
		}
		if s.affected != nil {
			*s.affected, err = result.RowsAffected()
		}
		return err
	}
	rows, err := stmt.QueryContext(ctx, s.args...)
	if err != nil {
		return fmt.Errorf("%s: %w", s.query.name, err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := s.scan(rows); err != nil {
			return fmt.Errorf("%s: %w", s.query.name, err)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("%s: %w", s.query.name, err)
	}
	return nil
}
