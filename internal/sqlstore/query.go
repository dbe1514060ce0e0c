package sqlstore

import "strings"

// query is a registered statement. Every statement that this package runs is
// registered, so that a test can prepare all of them on both engines.
type query struct {
	name string
	sql  string
	only string // the engine that has it; empty: both
}

// registered holds every query; it is complete once the package is initialised.
var registered []*query

// register adds a query. In its text {lock} stands for locking the rows against
// other transactions, which only an engine with several writers needs.
func register(name, sql string) *query {
	q := &query{name: name, sql: strings.TrimSpace(sql)}
	registered = append(registered, q)
	return q
}

// registerOnly adds a query that one engine has.
func registerOnly(engine, name, sql string) *query {
	q := register(name, sql)
	q.only = engine
	return q
}

// dialect is how the engines differ. Everything else is one set of SQL.
type dialect struct {
	name string
	lock string // for {lock}
	// readClock tells whether the database has a clock of its own that is to be
	// read in a statement after the locks. An embedded database has the process's.
	readClock bool
	// locks tells whether rows must be locked: false for an engine with one writer.
	locks bool
}

const (
	engineSQLite   = "sqlite"
	enginePostgres = "postgres"
)

func (d dialect) text(q *query) string { return strings.ReplaceAll(q.sql, "{lock}", d.lock) }
