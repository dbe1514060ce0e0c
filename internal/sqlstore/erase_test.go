package sqlstore

import (
	"strings"
	"testing"
)

// keptOfUsers is the table of what an erasure leaves, with the reason. Whoever adds a
// table with a user in it deletes it in userSide or says here why not.
var keptOfUsers = map[string]string{
	"audit":        "ids and settings only; the log outlives the people in it (R32)",
	"conversation": "the id of who began it",
	"delivery":     "what others were sent and what became of it",
	"erasure":      "what is left to do of the erasure itself",
	"flag":         "ids of reports; their text is sealed and goes half a year after they are resolved (R23)",
	"inbox":        "ids and counts of conversations, by which they are left",
	"live":         "connections that end with the sign-ins",
	"message":      "what was delivered stays with those who have it",
	"participant":  "ids; groups are left by decisions (R33)",
	"policy":       "the id of who changed it",
	"presence":     "until when they may have seen something, which recalls of others need (R24)",
	"recall_count": "ids and times of recalls, for three days",
	"refusal":      "ids and times of refused recalls, for three days",
	"users":        "the row is emptied and keeps the id",
}

// Every table with a user in it is deleted by an erasure or left for a reason.
func TestErasureCoversTheSchema(t *testing.T) {
	t.Parallel()
	deleted := map[string]bool{}
	for _, q := range userSide {
		_, rest, _ := strings.Cut(q.sql, "DELETE FROM ")
		table, _, _ := strings.Cut(rest, " ")
		deleted[table] = true
	}
	s := engines(t)[engineSQLite]
	rows, err := s.engine.sqlDB().QueryContext(t.Context(), `
SELECT DISTINCT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c
WHERE m.type = 'table' AND (c.name IN ('user_id', 'other_id', 'account_id', 'sender_id', 'creator_id', 'actor_id', 'subject_id', 'changed_by') OR m.name = 'users')`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	seen := map[string]bool{}
	for rows.Next() {
		var table string
		if err := rows.Scan(&table); err != nil {
			t.Fatal(err)
		}
		seen[table] = true
		if kept := keptOfUsers[table] != ""; kept == deleted[table] {
			t.Errorf("%s: deleted by an erasure %v, left for a reason %v", table, deleted[table], kept)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for table := range deleted {
		if !seen[table] {
			t.Errorf("%s is deleted and has no user", table)
		}
	}
	if len(seen) < 18 {
		t.Errorf("only %d tables with a user were found", len(seen))
	}
}
