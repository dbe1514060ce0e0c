//go:build sealtest

package sweep_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sealpost/sealpost/internal/seal"
)

// class is what a column may hold.
type class string

const (
	number   class = "number"   // times, counts, states, references to keys
	id       class = "id"       // 16 bytes, or none
	mac      class = "mac"      // 32 bytes that only a key can make, or none
	sealed   class = "sealed"   // ciphertext in a size class, or nothing once its key is gone
	wrapped  class = "wrapped"  // a wrapped key, or nothing once it is deleted
	idList   class = "ids"      // ids in a row: outcomes by idempotency key
	personal class = "personal" // what people say of themselves: names, addresses, titles
	word     class = "word"     // from a closed set, of the program's own
	journal  class = "journal"  // JSON of ids, settings and the reason of a decision
	index    class = "index"    // folded words of what is settled for somebody (R3), and of nothing else
)

// registry is the table of every table and column. A column that is not in it
// fails the sweep: whoever adds one says here what it may hold (C12, C15).
var registry = map[string]map[string]class{
	"installation": {"id": id, "created_at": number},
	"users": {
		"id": id, "email": personal, "email_key": personal, "name": personal, "name_key": personal, "headline": personal,
		"language": personal, "time_zone": personal, "previous_zone": personal, "zone_changed_at": number, "roles": word,
		"receipts": number, "undo_us": number, "password": personal, "created_at": number, "reach": word, "disabled_at": number,
		"erased_at": number, "sort_key": personal, "find_key": personal, "profile": number, "source": personal, "open_on_arrival": number,
		"previews": number, "hide_mine": number,
	},
	"session": {"user_id": id, "id": id, "kind": number, "hash": mac, "label": personal, "created_at": number, "expires_at": number, "scopes": word},
	"attempt": {"key_mac": mac, "at": number, "id": id},
	"invite": {
		"id": id, "hash": mac, "email": personal, "name": personal, "roles": word, "account_id": id, "created_by": id,
		"created_at": number, "expires_at": number,
	},
	"erasure": {"user_id": id, "at": number},
	"policy": {
		"version": number, "recall": number, "window_us": number, "per_day": number, "throttle_messages": number,
		"throttle_recipients": number, "throttle_refusals": number, "throttle_period_us": number, "group_mode": word, "trace": word,
		"previews": word, "notification_us": number, "undo_default_us": number, "reason": personal, "changed_by": id, "changed_at": number,
	},
	"conversation": {
		"id": id, "kind": number, "title": personal, "creator_id": id, "created_at": number, "seq": number, "rev": number, "decided_at": number,
		"titled_at": number,
	},
	"participant": {"conversation_id": id, "user_id": id, "joined_at": number, "left_at": number, "consent": number, "first_at": number, "stayed_until": number},
	"connection":  {"user_id": id, "other_id": id, "since": number},
	"invitation": {
		"user_id": id, "id": id, "other_id": id, "sent": number, "note": personal, "state": number, "created_at": number, "decided_at": number,
	},
	"block": {"user_id": id, "other_id": id, "created_at": number},
	"inbox": {
		"user_id": id, "conversation_id": id, "listed_at": number, "touched_at": number, "changed_at": number,
		"last_activity_at": number, "unread": number, "marked_unread": number, "request": number, "muted": number, "hid_at": number,
	},
	"message": {
		"conversation_id": id, "id": id, "sender_id": id, "kind": number, "state": number, "in_reply_to": id, "created_at": number,
		"release_at": number, "time_zone": personal, "seq": number, "sent_at": number, "recallable_until": number, "policy_version": number,
		"version": number, "body": sealed, "ref": number, "wrapped": wrapped, "window_over": number, "recalled_at": number, "draft_id": id,
		"erased_at": number, "changed_at": number, "sender_changed_at": number, "sender_hidden": number, "imported": number,
		"previews": number,
	},
	"delivery": {
		"conversation_id": id, "message_id": id, "user_id": id, "sent_at": number, "state": number, "decided_at": number,
		"receipt": number, "level": number, "visible": number, "changed_at": number, "request": number,
		"hidden": number, "acknowledged_at": number, "deleted": number, "previewed_at": number,
	},
	"flag": {
		"conversation_id": id, "id": id, "message_id": id, "sender_id": id, "reporter_id": id, "reason": word, "request_removal": number,
		"created_at": number, "turn": number, "state": number, "resolution": number, "resolved_by": id, "resolved_at": number,
		"version": number, "body": sealed, "ref": number, "wrapped": wrapped,
	},
	"recall_count": {"conversation_id": id, "user_id": id, "message_id": id, "next_possible": number},
	"refusal":      {"user_id": id, "at": number, "decision_id": id},
	"tombstone":    {"user_id": id, "message_id": id, "created_at": number},
	"draft": {
		"user_id": id, "id": id, "conversation_id": id, "from_message": id, "reason": word, "created_at": number, "updated_at": number,
		"expires_at": number, "version": number, "body": sealed, "ref": number, "wrapped": wrapped,
	},
	"replay": {"user_id": id, "idem_key": personal, "request": mac, "content": mac, "result": idList, "created_at": number},
	"audit": {
		"id": id, "at": number, "actor_id": id, "action": word, "conversation_id": id, "message_id": id, "subject_id": id,
		"code": word, "rev": number, "detail": journal,
	},
	"index_job":    {"user_id": id, "message_id": id, "conversation_id": id, "due": number},
	"search_entry": {"user_id": id, "message_id": id, "conversation_id": id, "place": number, "words": index},
	// FTS5 and what it keeps its lists in.
	"search_words":         {"words": index, "search_words": word, "rank": word}, // without values of their own
	"search_words_data":    {"id": number, "block": index},
	"search_words_idx":     {"segid": number, "term": index, "pgno": number},
	"search_words_docsize": {"id": number, "sz": index, "origin": number},
	"search_words_config":  {"k": word, "v": number},

	"epoch":    {"hour": number, "state": number, "created_at": number, "destroyed_at": number},
	"presence": {"user_id": id, "seen_until": number},
	"live":     {"user_id": id, "node_id": id},
	"node":     {"id": id, "lease_until": number},
}

// classOf gives what a column may hold; false if it is not registered.
func classOf(c column) (class, bool) {
	if strings.HasPrefix(c.table, migrationTables) || strings.HasPrefix(c.table, "sqlite_") {
		return word, true
	}
	k, ok := registry[c.table][c.name]
	return k, ok
}

// fits says whether a value can be in a column of this class.
func (k class) fits(v []byte) bool {
	n := len(v)
	switch k {
	case number:
		return strings.Trim(string(v), "-0123456789") == ""
	case id:
		return n == 0 || n == 16
	case mac:
		return n == 0 || n == 32
	case wrapped:
		return n == 0 || n == seal.WrappedSize
	case idList:
		return n%16 == 0 || v[0] == '{' // or the code of a refusal
	case sealed:
		return n == 0 || slices.ContainsFunc([]int{0, 256, 1 << 10, 4 << 10, 16 << 10, 1 << 20}, func(above int) bool {
			class := max(256, n-seal.Overhead)
			return class >= above && n == seal.Overhead+seal.PaddedSize(class-4)
		})
	}
	return true
}

// columnFaults dumps every column of every table that the schema has.
func (w *world) columnFaults(t *testing.T) []string {
	t.Helper()
	db := raw(t, w.address)
	defer func() { _ = db.Close() }()
	var faults []string
	all := columns(t, w.address, db)
	for _, c := range all {
		k, known := classOf(c)
		if !known {
			faults = append(faults, fmt.Sprintf("the column %s is not registered with the sweep", c))
		}
		for _, v := range values(t, db, c) {
			for _, f := range w.scanner.Scan(v) {
				if k == index && w.indexed(f) {
					continue
				}
				faults = append(faults, fmt.Sprintf("the column %s has %s", c, f))
			}
			if known && !k.fits(v) {
				faults = append(faults, fmt.Sprintf("the column %s has a value of %d bytes that is no %s", c, len(v), k))
			}
		}
	}
	if len(all) < 100 {
		t.Fatalf("the schema has only %d columns: the sweep would pass by seeing nothing", len(all))
	}
	// R18: of a message that was taken back from everybody, not even the ciphertext is
	// left in its row.
	var left int
	err := db.QueryRowContext(t.Context(),
		`SELECT COUNT(*) FROM message WHERE state IN (4, 5, 6) AND (length(body) > 0 OR length(wrapped) > 0 OR ref <> 0)`).Scan(&left)
	if err != nil {
		t.Fatal(err)
	}
	if left != 0 {
		faults = append(faults, fmt.Sprintf("%d messages that were taken back still have content or a key", left))
	}
	return faults
}
