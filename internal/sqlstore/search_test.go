package sqlstore

import (
	"testing"

	"github.com/sealpost/sealpost/internal/sealpost"
)

// What is indexed together is one piece of the index of words, whatever the order that
// it was opened in: each piece more is written, and merged with others, again.
func TestEntriesAreOnePiece(t *testing.T) {
	t.Parallel()
	s := engines(t)[engineSQLite]
	entries := make([]entry, 100)
	for i := range entries {
		entries[i] = entry{
			viewer: sealpost.UserID{1},
			message: sealpost.Message{
				ID: sealpost.MessageID{byte(i)}, ConversationID: sealpost.ConversationID{1}, SenderID: sealpost.UserID{2},
				SentAt: sealpost.Instant(1 + (i*37)%100),
			},
			words: []string{"the", "same", "words"},
		}
	}
	if err := s.inAlone(t.Context(), func(a *amendment) error { return a.addEntries(entries) }); err != nil {
		t.Fatal(err)
	}
	var rows, pieces int
	err := s.engine.(*sqliteEngine).readers.QueryRowContext(t.Context(),
		"SELECT (SELECT COUNT(*) FROM search_words_docsize), (SELECT COUNT(DISTINCT segid) FROM search_words_idx)").Scan(&rows, &pieces)
	if err != nil || rows != len(entries) || pieces != 1 {
		t.Errorf("%d entries in %d pieces (%v)", rows, pieces, err)
	}
}
