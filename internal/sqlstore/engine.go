package sqlstore

import (
	"context"
	"database/sql"
)

// row is the current row of a result.
type row interface{ Scan(dest ...any) error }

// statement is a query with its arguments: int64, string and []byte only. scan is
// called for each row; affected receives the number of rows changed.
type statement struct {
	query    *query
	args     []any
	scan     func(row) error
	affected *int64
}

func run(q *query, args ...any) statement { return statement{query: q, args: args} }

func ask(q *query, scan func(row) error, args ...any) statement {
	return statement{query: q, args: args, scan: scan}
}

// session is one connection that one goroutine uses for transactions.
type session interface {
	// run executes the statements in order, in one round trip where the engine can.
	// It stops at the first error.
	run(ctx context.Context, statements ...statement) error
	// release gives the connection back; broken throws it away.
	release(broken bool)
}

// engine is a database with its connections.
type engine interface {
	dialect() dialect
	session(ctx context.Context) (session, error)
	// read executes the statements in order, each with a snapshot of its own.
	read(ctx context.Context, statements ...statement) error
	// rolledBack reports whether the error means that the transaction was certainly
	// not committed. committing: COMMIT may have reached the database.
	rolledBack(err error, committing bool) bool
	// conflict reports whether a unique key was violated, and which.
	conflict(err error) (index string, ok bool)
	// gaveWay reports whether the database rolled a transaction back for the sake of
	// another one that runs beside it: a deadlock, or an order that cannot be.
	gaveWay(err error) bool
	// check refuses settings that may lose what was acknowledged.
	check(ctx context.Context) error
	// sqlDB is for migrations.
	sqlDB() *sql.DB
	gatherers() int
	close() error
}

var (
	queryBegin    = register("tx.begin", "BEGIN")
	queryBeginNow = registerOnly(engineSQLite, "tx.begin-immediate", "BEGIN IMMEDIATE")
	queryCommit   = register("tx.commit", "COMMIT")
	queryRollback = register("tx.rollback", "ROLLBACK")
)

// begin is the statement that begins a writing transaction.
func (d dialect) beginStatement() statement {
	if d.name == engineSQLite {
		return run(queryBeginNow)
	}
	return run(queryBegin)
}
