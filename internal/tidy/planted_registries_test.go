package tidy

import "strings"

// pieces puts words together that may not stand in a tracked file.
func pieces(text string) string { return strings.ReplaceAll(text, "~", "") }

var plantedRegistries = []planted{
	{check: "sql", name: "unregistered text", want: []string{":3: SQL text passed to ExecContext", ":4: SQL text passed to Query:", ":5: SQL text passed to Queue", ":6: SQL text passed to PrepareContext", ":7: SQL text passed to Prepare:", ":8: SQL text passed to queryRow", ":11: SQL text passed to Exec:", ":13: SQL text passed to Exec:"}, files: `
-- internal/sqlstore/a.go --
package sqlstore
func f() {
	tx.ExecContext(ctx, "DELETE FROM a")
	db.Query("SELECT " + column)
	batch.Queue(fmt.Sprintf("SELECT %s", column))
	db.PrepareContext(s.ctx(), "SELECT 1")
	conn.Prepare(context.Background(), name, "SELECT 1")
	s.queryRow(ctx, ("SELECT 1"))
	text := "SELECT 1"
	text2 := text + ""
	tx.Exec(ctx, text)
	const fixed = "SELECT 2"
	tx.Exec(fixed, 1)
	_ = text2
}
`},
	{check: "sql", name: "query outside the registry", want: []string{"a.go:2: a query made outside register", "a.go:3: a query"}, files: `
-- internal/sqlstore/a.go --
package sqlstore
var q = &query{sql: "SELECT 1"}
func registerOnly() { run(&query{name: "x"}) }
`},
	{check: "sql", name: "clean", files: `
-- internal/sqlstore/a.go --
package sqlstore
func register(name, sql string) *query { return &query{name: name, sql: sql} }
var q = register("delete a", "DELETE FROM a WHERE state = $1")
func f() {
	tx.ExecContext(ctx, q.sql, "open")
	batch.Queue(q.sql, "a" + "b")
	values.Get("SELECT 1")
}
-- internal/sqlstore/postgres.go --
package sqlstore
func g() { db.Exec("SET x = 1") }
-- internal/sqlstore/migrate_lock.go --
package sqlstore
func h() { db.Exec("SELECT pg_advisory_lock(1)") }
-- internal/sqlstore/a_test.go --
package sqlstore
func i() { db.Exec("SELECT 1") }
`},
	{check: "failpoints", name: "registry and code differ", want: []string{"points.go:4: failpoint Never is registered", "a.go:4: failpoint.Hit takes", "a.go:5: failpoint.Hit takes", "a.go:6: failpoint.Hit takes"}, files: `
-- internal/failpoint/points.go --
package failpoint
const (
	Used  Point = "used"
	Never Point = "never"
)
-- internal/service/a.go --
package service
import "MODULE/internal/failpoint"
func f() { failpoint.Hit(failpoint.Used)
	failpoint.Hit("used")
	failpoint.Hit(failpoint.Unknown)
	failpoint.Hit(local)
}
-- internal/service/a_test.go --
package service
import "MODULE/internal/failpoint"
func g() { failpoint.Hit(failpoint.Never) }
`},
	{check: "failpoints", name: "clean", files: `
-- internal/failpoint/points.go --
package failpoint
const Used Point = "used"
-- internal/service/a.go --
package service
import fp "MODULE/internal/failpoint"
func f() { fp.Hit(fp.Used) }
`},
	{check: "text", name: "places and hosts", want: []string{"a.md:1: a path", "a.md:2: a path", "a.md:3: the host of a module proxy", "a.md:4: the host of a package registry", "a.md:5: the host of a package mirror", "a.sh:1: words", "a.sh:2: words"}, files: pieces(`
-- docs/a.md --
see /w~ork/main/x
HOME=/ro~ot/go
https://proxy.gol~ang.org
https://regis~try.npm~js.org/htmx
http://deb.deb~ian.org/debian
-- a.sh --
# Co-Authored~-By: somebody
# written by a sub~agent
`)},
	{check: "text", name: "clean", files: pieces(`
-- docs/a.md --
frame~work/x, https://example.org/w~ork/, ./ro~ot/, the root/ of it, t.Helper(), sessions, user agents
`)},
	{check: "dependencies", name: "page and go.mod differ", want: []string{"go.mod:3: example.org/b/v2 has no sentence", "go.mod:5: example.org/d has no sentence", "dependencies.md:2: example.org/gone is no direct"}, files: `
-- go.mod --
require (
	example.org/a v1.0.0
	example.org/b/v2 v2.0.0
	example.org/c v1.0.0 // indirect
	example.org/d v0.0.0-2020
)
-- docs/decisions/dependencies.md --
| ` + "`example.org/a`" + ` | for a |
| ` + "`example.org/gone`" + ` | for nothing |
`},
	{check: "dependencies", name: "clean", files: `
-- go.mod --
module MODULE
go 1.26.0
require example.org/a v1.0.0
-- docs/decisions/dependencies.md --
| ` + "`example.org/a`" + ` | for a |
`},
}
