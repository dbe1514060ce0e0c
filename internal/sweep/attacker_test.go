//go:build sealtest

package sweep_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/seal"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// loot is what an attacker takes out of a copy of the database: every sealed thing
// with everything that stands beside it.
type loot []sealedRow

type sealedRow struct {
	label   seal.Label
	ref     seal.KeyRef
	wrapped []byte
	body    []byte
}

func take(t *testing.T, address string) loot {
	t.Helper()
	db := raw(t, address)
	var out loot
	for kind, query := range map[seal.Kind]string{
		seal.KindMessage: "SELECT conversation_id, id, version, ref, wrapped, body FROM message",
		seal.KindDraft:   "SELECT user_id, id, version, ref, wrapped, body FROM draft",
		// Reports are kept on purpose (R23): nothing here is reported.
		seal.KindEvidence: "SELECT conversation_id, id, version, ref, wrapped, body FROM flag",
	} {
		out = append(out, sealedRows(t, db, kind, query)...)
	}
	return out
}

func sealedRows(t *testing.T, db *sql.DB, kind seal.Kind, query string) (out loot) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var scope, object []byte
		r := sealedRow{label: seal.Label{Kind: kind}}
		if err := rows.Scan(&scope, &object, &r.label.Version, (*int64)(&r.ref), &r.wrapped, &r.body); err != nil {
			t.Fatal(err)
		}
		copy(r.label.Scope[:], scope)
		copy(r.label.Object[:], object)
		out = append(out, r)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// copyDatabase takes a copy of an SQLite database as a backup of the files would:
// the file and its write-ahead log. Of PostgreSQL the rows are the copy.
func copyDatabase(t *testing.T, engine, address string) loot {
	t.Helper()
	if engine == onPostgres {
		return take(t, address)
	}
	to := filepath.Join(t.TempDir(), "copy.db")
	for _, suffix := range []string{"", "-wal"} {
		data, err := os.ReadFile(address + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to+suffix, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return take(t, to)
}

// candidates are all the keys that could be in a key directory: every 32 bytes in a
// row at any place of any file, whatever the format says is alive.
func candidates(t *testing.T, dir string) []seal.Key {
	t.Helper()
	seen := map[seal.Key]bool{}
	var out []seal.Key
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		zeros := 0
		for i, b := range data {
			if zeros++; b != 0 {
				zeros = 0
			}
			// A key with eight zeros in a row is not one that will be met.
			if i+1 < len(seal.Key{}) || zeros >= 8 {
				continue
			}
			if k := seal.Key(data[i+1-len(seal.Key{}) : i+1]); !seen[k] {
				seen[k] = true
				out = append(out, k)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// read tries every key on every wrap and every body, and gives the texts it gets.
func (l loot) read(keys []seal.Key) map[string]bool {
	texts := map[string]bool{}
	for _, r := range l {
		for _, k := range keys {
			inner := k
			if unwrapped, err := seal.Unwrap(k, r.ref, r.label, r.wrapped); err == nil {
				inner = unwrapped
			}
			if text, err := seal.OpenContent(inner, r.label, r.body); err == nil {
				texts[string(text)] = true
			}
		}
	}
	return texts
}

// attackWorld is messages in every state that ends, with their texts.
type attackWorld struct {
	*install
	sender, reader, second person
	group                  sealpost.ConversationID
	reports                map[string]service.Report
}

func (w *attackWorld) send(t *testing.T, text string, in service.Sending) sealpost.MessageID {
	t.Helper()
	in.Body, in.Kind = text, sealpost.KindMessage
	if in.Conversation.IsZero() {
		in.Conversation = w.group
	}
	return must(w.service.Send(t.Context(), w.sender.principal(), "", in))(t).ID
}

func (w *attackWorld) recall(t *testing.T, text string, id sealpost.MessageID, keep bool) {
	t.Helper()
	w.reports[text] = must(w.service.Recall(t.Context(), w.sender.principal(), "", id, service.Recalling{KeepDraft: keep}))(t)
}

// R18, I4, I7: from the end of its epoch on, no copy of the database gives back a
// text that was recalled, undone or edited away, with all that the key directory
// then holds. Before, somebody who has both could read: that is the documented
// bound, and shows that the attacker knows how.
func TestOldCopiesAreUnreadableAfterTheEpoch(t *testing.T) {
	t.Parallel()
	forEachEngine(t, testOldCopies)
}

func testOldCopies(t *testing.T, engine string) {
	w := &attackWorld{install: newInstall(t, engine), reports: map[string]service.Report{}}
	w.sender, w.reader, w.second = w.person(t, "sender", ""), w.person(t, "reader", ""), w.person(t, "second", "")
	w.unlimited(t, w.person(t, "boss", "", sealpost.RoleAdmin))
	w.group = w.conversation(t, w.sender, "group", w.reader, w.second)
	direct := w.conversation(t, w.sender, "", w.reader)
	ctx, undo := t.Context(), 2*time.Minute

	opened := w.send(t, "opened", service.Sending{})
	must(w.service.Open(ctx, w.reader.principal(), "", w.group, opened))(t)
	w.send(t, "never opened", service.Sending{})
	partly := w.send(t, "partly recalled", service.Sending{Conversation: direct})
	must(w.service.Open(ctx, w.reader.principal(), "", direct, partly))(t)
	recalled := w.send(t, "recalled", service.Sending{})
	drafted := w.send(t, "recalled to a draft", service.Sending{})
	deleted := w.send(t, "recalled to a draft that is deleted", service.Sending{})
	undone := w.send(t, "undone", service.Sending{Undo: &undo})
	tomorrow := service.Sending{SendAt: time.Now().Add(40 * time.Hour)}
	cancelled := w.send(t, "scheduled, cancelled", tomorrow)
	edited := w.send(t, "edited away", tomorrow)

	stolenKeys := candidates(t, w.keyDir)
	copies := copyDatabase(t, engine, w.address)

	w.recall(t, "recalled", recalled, false)
	w.recall(t, "recalled to a draft", drafted, true)
	w.recall(t, "recalled to a draft that is deleted", deleted, true)
	must(w.service.Undo(ctx, w.sender.principal(), "", undone))(t)
	must(w.service.Undo(ctx, w.sender.principal(), "", cancelled))(t)
	after := "edited to this"
	must(w.service.EditPending(ctx, w.sender.principal(), "", edited, service.PendingEdit{Body: &after}))(t)
	copies = append(copies, copyDatabase(t, engine, w.address)...)
	stolenKeys = append(stolenKeys, candidates(t, w.keyDir)...)
	gone := w.reports["recalled to a draft that is deleted"].DraftID
	if err := w.service.DeleteDraft(ctx, w.sender.principal(), "", gone, service.AnyVersion); err != nil {
		t.Fatal(err)
	}

	forgotten := []string{
		"recalled", "recalled to a draft", "recalled to a draft that is deleted", "undone", "scheduled, cancelled", "edited away",
	}
	both := copies.read(stolenKeys)
	for _, text := range append([]string{"opened", "never opened", "partly recalled"}, forgotten...) {
		if !both[text] {
			t.Errorf("with copies of both the attacker should read %q: the test cannot tell", text)
		}
	}
	w.atErasure(t, engine, copies)

	// Past every epoch: drafts live for a day, and the epoch of their end an hour more.
	w.walkTo(t, 27*time.Hour)
	copies = append(copies, copyDatabase(t, engine, w.address)...)
	texts := copies.read(candidates(t, w.keyDir))
	for _, text := range forgotten {
		if texts[text] {
			t.Errorf("%q can be read from an old copy after its epoch", text)
		}
	}
	for _, text := range []string{"opened", "never opened", "partly recalled", after} {
		if !texts[text] {
			t.Errorf("%q was not recalled and cannot be read any more", text)
		}
	}
}

// atErasure goes to the time that each report promises, and looks whether it holds.
func (w *attackWorld) atErasure(t *testing.T, engine string, copies loot) {
	t.Helper()
	for _, text := range []string{"recalled", "recalled to a draft that is deleted", "recalled to a draft"} {
		r := w.reports[text]
		if r.ErasedAt == 0 {
			t.Fatalf("the report of %q promises nothing", text)
		}
		now := must(w.store.Now(t.Context()))(t)
		if r.ErasedAt > now {
			w.walk(t, r.ErasedAt.Sub(now))
		}
		texts := append(copyDatabase(t, engine, w.address), copies...).read(candidates(t, w.keyDir))
		if texts[text] {
			t.Errorf("%q can be read at the time when its report calls it erased", text)
		}
	}
}

// walkTo moves the decision clock to a time after now, as a server that runs would
// see it pass: the relay keeps the epochs.
func (w *attackWorld) walkTo(t *testing.T, ahead time.Duration) {
	t.Helper()
	now := must(w.store.Now(t.Context()))(t)
	w.walk(t, sealpost.InstantOf(time.Now()).Add(ahead).Sub(now))
}

func (w *attackWorld) walk(t *testing.T, by time.Duration) {
	t.Helper()
	now := must(w.store.Now(t.Context()))(t)
	w.store.SetClockOffset(now.Add(by).Sub(sealpost.InstantOf(time.Now())))
	if err := w.service.KeepEpochs(t.Context()); err != nil {
		t.Fatal(err)
	}
}
