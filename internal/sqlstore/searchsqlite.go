package sqlstore

import (
	"context"
	"math"
	"slices"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// The index of words is FTS5 without the text. Its row number is the place of an
// entry, so that newest first, a range of time and the next page are all ranges of
// row numbers, and a page is read from the end until it is full.

const (
	placeBits = 11 // entries of the same microsecond
	samePlace = 1<<placeBits - 1
	lastPlace = sealpost.Instant(math.MaxInt64 >> placeBits)
)

// placeOf is the first place of a time. It orders times until the year 2112; later
// ones share the last.
func placeOf(at sealpost.Instant) int64 { return int64(min(max(at, 0), lastPlace)) << placeBits }

var (
	queryAddEntrySQLite = registerOnly(engineSQLite, "search.add-entry", `
INSERT INTO search_entry (user_id, message_id, conversation_id, place)
SELECT $1, $2, $3, COALESCE((SELECT MAX(place) + 1 FROM search_entry WHERE place >= $4 AND place <= $4 + 2047), $4)
WHERE NOT EXISTS (SELECT 1 FROM search_entry WHERE place = $4 + 2047)
ON CONFLICT (user_id, message_id) DO NOTHING RETURNING place`)
	queryAddWords  = registerOnly(engineSQLite, "search.add-words", "INSERT INTO search_words (rowid, words) VALUES ($1, $2)")
	queryDropWords = registerOnly(engineSQLite, "search.drop-words", `
DELETE FROM search_words WHERE rowid IN (SELECT place FROM search_entry WHERE user_id = $1 AND message_id = $2)`)
	queryDropWordsOf = registerOnly(engineSQLite, "search.drop-words-of", `
DELETE FROM search_words WHERE rowid IN (SELECT place FROM search_entry WHERE message_id = $1)`)
	queryDropUserWords = registerOnly(engineSQLite, "search.drop-user-words", `
DELETE FROM search_words WHERE rowid IN (SELECT place FROM search_entry WHERE user_id = $1)`)
	queryDropAllWords  = registerOnly(engineSQLite, "search.drop-all-words", "INSERT INTO search_words (search_words) VALUES ('delete-all')")
	queryDropAllSQLite = registerOnly(engineSQLite, "search.drop-all", "DELETE FROM search_entry")

	queryDropEntry       = register("search.drop-entry", "DELETE FROM search_entry WHERE user_id = $1 AND message_id = $2")
	queryDropEntries     = register("search.drop-entries", "DELETE FROM search_entry WHERE message_id = $1")
	queryDropUserEntries = register("search.drop-user-entries", "DELETE FROM search_entry WHERE user_id = $1")

	// CROSS JOIN keeps SQLite from beginning with another table than the words.
	querySearchSQLite = registerOnly(engineSQLite, "search.page", "SELECT "+hitColumns+`
FROM search_words f CROSS JOIN search_entry e ON e.place = f.rowid
CROSS JOIN message m ON m.conversation_id = e.conversation_id AND m.id = e.message_id
CROSS JOIN conversation c ON c.id = m.conversation_id
CROSS JOIN participant s ON s.conversation_id = m.conversation_id AND s.user_id = $1
`+deliveredTo+`$1
WHERE f.search_words MATCH $2 AND e.user_id = $1 AND f.rowid >= $3 AND f.rowid < $4 ORDER BY f.rowid DESC LIMIT $5`)
	queryCountSQLite = registerOnly(engineSQLite, "search.count", `
SELECT COUNT(*) FROM (SELECT 1 FROM search_words WHERE search_words MATCH $1 AND rowid >= $2 AND rowid < $3 LIMIT $4)`)
)

// searchSQLite answers a search. Entries of the same microsecond are in the index in
// the order in which they came; a page takes all of those of its last microsecond and
// puts them in the order of the answer.
func (s *Store) searchSQLite(ctx context.Context, q service.SearchQuery, out *service.SearchResult) error {
	question, possible := sqliteGrammar().question(termsOf(q.Viewer), q.Conditions)
	if !possible {
		return nil
	}
	first, end := placeOf(q.From), int64(math.MaxInt64)
	if q.Until != 0 {
		end = placeOf(q.Until)
	}
	if err := s.engine.read(ctx, ask(queryCountSQLite, func(r row) error { return r.Scan(&out.Total) },
		question, first, end, int64(q.Count))); err != nil {
		return err
	}
	page := func(from, to, limit int64) ([]service.SearchHit, error) {
		var hits []service.SearchHit
		err := s.engine.read(ctx, ask(querySearchSQLite, func(r row) error { return scanHit(r, q.Viewer, &hits) },
			bytesOf(q.Viewer), question, max(from, first), min(to, end), limit))
		return hits, err
	}
	var hits []service.SearchHit
	if q.BeforeAt != 0 {
		tied, err := page(placeOf(q.BeforeAt), placeOf(q.BeforeAt+1), samePlace+1)
		if err != nil {
			return err
		}
		position := service.SearchHit{Message: sealpost.Message{SentAt: q.BeforeAt, ID: q.BeforeID}}
		hits = slices.DeleteFunc(tied, func(h service.SearchHit) bool { return newestFirst(h, position) <= 0 })
		end = min(end, placeOf(q.BeforeAt))
	}
	if missing := q.Limit - len(hits); missing > 0 {
		more, err := page(first, end, int64(missing))
		if err != nil {
			return err
		}
		if len(more) == missing {
			at := more[missing-1].Message.SentAt
			tied, err := page(placeOf(at), placeOf(at+1), samePlace+1)
			if err != nil {
				return err
			}
			more = append(slices.DeleteFunc(more, func(h service.SearchHit) bool { return h.Message.SentAt == at }), tied...)
		}
		hits = append(hits, more...)
	}
	slices.SortFunc(hits, newestFirst)
	out.Hits = hits[:min(len(hits), q.Limit)]
	return nil
}
