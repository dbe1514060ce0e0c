package sqlstore

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// readWhole are the queries that read a whole table, and why they may.
var readWhole = map[string]string{
	"index.requeue-opened":  "builds the index of words anew",
	"index.requeue-sent":    "builds the index of words anew",
	"doctor.counts":         "counts everything, for an operator",
	"user.lock-admins":      "somebody's roles change",
	"user.without-find-key": "once, at the start",
	"index.drop-user-jobs":  "somebody is erased, and few jobs wait",
	"epoch.list":            "at the start, and what destroys them",
	"erasure.list":          "at the start",
	"draft.expire":          "once an hour",
	"session.expire":        "once an hour",
	"tombstone.expire":      "once an hour",
}

// What PostgreSQL makes of every query, with the settings of our connections, before there is
// anything and once there are many short conversations: it goes along indexes, and finds a message or what was
// delivered of it by the whole key. Where it takes a conversation for short and reads
// all of it for each of its messages, one long conversation costs minutes. See
// docs/decisions/plans.md.
func TestPlans(t *testing.T) {
	t.Parallel()
	conn, err := engines(t)[enginePostgres].engine.(*postgresEngine).pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	for _, state := range []string{"empty", "grown", "analyzed"} { // a plan is kept until a table was counted
		switch state {
		case "grown":
			grow(t, conn.Conn())
		case "analyzed":
			if _, err := conn.Exec(t.Context(), "ANALYZE"); err != nil {
				t.Fatal(err)
			}
		}
		for _, q := range registered {
			verb, _, _ := strings.Cut(q.sql, " ")
			if q.only == engineSQLite || !slices.Contains([]string{"SELECT", "WITH", "UPDATE", "INSERT", "DELETE"}, verb) {
				continue
			}
			plan := planOf(t.Context(), t, conn.Conn(), strings.ReplaceAll(q.sql, "{lock}", "FOR UPDATE"))
			if plan.Aside {
				t.Errorf("%s, %s: puts a subquery aside whole", q.name, state)
			}
			plan.each(func(n node) {
				if state != "empty" && (strings.Contains(n.JoinFilter, "message_id = ") || strings.Contains(n.JoinFilter, "= m.id")) {
					t.Errorf("%s, %s: compares each with each: %s", q.name, state, n.JoinFilter)
				}
				if state == "analyzed" && n.readsWhole() && readWhole[q.name] == "" {
					t.Errorf("%s: reads a table whole: %s%s", q.name, n.Relation, n.Index)
				}
			})
		}
	}
}

// node is a step of a plan.
type node struct {
	Type       string `json:"Node Type"`
	Relation   string `json:"Relation Name"`
	Index      string `json:"Index Name"`
	IndexCond  string `json:"Index Cond"`
	JoinFilter string `json:"Join Filter"`
	Plans      []node `json:"Plans"`
	Aside      bool   `json:"-"` // a subquery is put aside whole, for all rows; of the whole plan
}

func (n node) each(do func(node)) {
	do(n)
	for _, p := range n.Plans {
		p.each(do)
	}
}

// readsWhole tells whether a step reads all rows of a table that can be large. A partial
// index has few.
func (n node) readsWhole() bool {
	if n.Type == "Seq Scan" {
		return true
	}
	small := slices.Contains([]string{"installation_pkey", "node_pkey", "policy_pkey"}, n.Index)
	return n.IndexCond == "" && strings.HasSuffix(n.Index, "_pkey") && !small
}

// grow fills the large tables: 2,000 conversations of two with six messages each.
func grow(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	id := func(of string) string { return "decode(lpad(to_hex(" + of + "), 32, '0'), 'hex')" }
	const people, conversations = "generate_series(1, 1000) u", "generate_series(1, 2000) c"
	const members, messages = conversations + ", generate_series(0, 1) u", conversations + ", generate_series(1, 6) m"
	conversation, message := id("c"), id("c * 12 + m")
	for _, table := range []struct {
		name, from string
		columns    map[string]string
	}{
		{"users", people, map[string]string{"id": id("u"), "email_key": "u", "sort_key": "u", "find_key": "u"}},
		{"presence", people, map[string]string{"user_id": id("u")}},
		{"live", people, map[string]string{"user_id": id("u"), "node_id": id("1")}},
		{"connection", people + ", generate_series(1, 10) o", map[string]string{"user_id": id("u"), "other_id": id("(u + o) % 1000 + 1"), "since": "u"}},
		{"block", people, map[string]string{"user_id": id("u"), "other_id": id("(u + 1) % 1000 + 1")}},
		{"invitation", people, map[string]string{"user_id": id("u"), "id": id("u"), "other_id": id("(u + 1) % 1000 + 1")}},
		{"session", people, map[string]string{"user_id": id("u"), "id": id("u"), "hash": id("u")}},
		{"draft", people, map[string]string{"user_id": id("u"), "id": id("u")}},
		{"tombstone", people, map[string]string{"user_id": id("u"), "message_id": id("u")}},
		{"replay", people + ", generate_series(1, 10) o", map[string]string{"user_id": id("u"), "idem_key": "o", "created_at": "u"}},
		{"audit", "generate_series(1, 20000) n", map[string]string{"id": id("n"), "at": "n"}},
		{"index_job", people, map[string]string{"user_id": id("u"), "message_id": id("u"), "due": "u"}},
		{"conversation", conversations, map[string]string{"id": conversation}},
		{"participant", members, map[string]string{"conversation_id": conversation, "user_id": id("c % 1000 + u")}},
		{"inbox", members, map[string]string{"conversation_id": conversation, "user_id": id("c % 1000 + u"), "last_activity_at": "c"}},
		{"message", messages, map[string]string{"conversation_id": conversation, "id": message, "sender_id": id("c % 1000"), "state": "3", "sent_at": "c * 12 + m", "changed_at": "c * 12 + m"}},
		{"delivery", messages, map[string]string{"conversation_id": conversation, "message_id": message, "user_id": id("c % 1000 + 1"), "state": "2", "sent_at": "c * 12 + m"}},
		{"search_entry", messages, map[string]string{"conversation_id": conversation, "message_id": message, "user_id": id("c % 1000"), "place": "c * 12 + m"}},
	} {
		var columns, values []string
		for name, value := range defaults(t, conn, table.name) {
			if given, ok := table.columns[name]; ok {
				value = given
			}
			columns, values = append(columns, name), append(values, value)
		}
		text := "INSERT INTO " + table.name + " (" + strings.Join(columns, ", ") + ") SELECT " + strings.Join(values, ", ") + " FROM " + table.from
		if _, err := conn.Exec(t.Context(), text); err != nil {
			t.Fatalf("%s: %v", table.name, err)
		}
	}
}

// defaults gives each column of a table an empty value of its type.
func defaults(t *testing.T, conn *pgx.Conn, table string) map[string]string {
	t.Helper()
	rows, err := conn.Query(t.Context(), "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = $1", table)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	var name, kind string
	if _, err := pgx.ForEachRow(rows, []any{&name, &kind}, func() error {
		out[name] = map[string]string{"bigint": "0"}[kind]
		if out[name] == "" {
			out[name] = "''"
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// planOf is the plan that PostgreSQL keeps for a query, whatever its arguments.
func planOf(ctx context.Context, t *testing.T, conn *pgx.Conn, text string) node {
	t.Helper()
	prepared, err := conn.Prepare(ctx, "planned", text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	defer func() { _ = conn.Deallocate(ctx, "planned") }()
	call := "EXPLAIN (FORMAT JSON, VERBOSE) EXECUTE planned"
	if n := len(prepared.ParamOIDs); n > 0 {
		call += "(NULL" + strings.Repeat(", NULL", n-1) + ")"
	}
	var plans []struct{ Plan node }
	var answer []byte
	if err := conn.QueryRow(ctx, call, pgx.QueryExecModeSimpleProtocol).Scan(&answer); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	if err := json.Unmarshal(answer, &plans); err != nil {
		t.Fatal(err)
	}
	plans[0].Plan.Aside = bytes.Contains(answer, []byte("hashed SubPlan"))
	return plans[0].Plan
}
