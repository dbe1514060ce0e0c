package sqlstore

import (
	"context"
	"encoding/binary"
	"math"
	"slices"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// The index of words is FTS5 without the text. Its row number is the place of an
// entry, so that newest first, a range of time and the next page are all ranges of
// row numbers, and a page is read from the end until it is full.
//
// A microsecond has room for so many entries. Archives have whole seconds, so that one can
// fill up: then its last place is marked, for ever, and further entries go to the next that
// is not. What is marked and what follows it is one moment: its entries are in no order in
// the index, and are read together.

const (
	placeBits = 11 // entries of the same microsecond
	samePlace = 1<<placeBits - 1
	placeStep = samePlace + 1
	lastPlace = sealpost.Instant(math.MaxInt64 >> placeBits)
)

// placeOf is the first place of a time. It orders times until the year 2112; later
// ones share the last.
func placeOf(at sealpost.Instant) int64 { return int64(min(max(at, 0), lastPlace)) << placeBits }

var (
	queryAddEntrySQLite = registerOnly(engineSQLite, "search.add-entry", `
INSERT INTO search_entry (user_id, message_id, conversation_id, place)
SELECT $1, $2, $3, COALESCE((SELECT MAX(place) + 1 FROM search_entry WHERE place >= $4 AND place <= $4 + 2047), $4)
WHERE NOT EXISTS (SELECT 1 FROM search_entry WHERE place >= $4 + 2046 AND place <= $4 + 2047)
ON CONFLICT (user_id, message_id) DO NOTHING RETURNING place`)
	queryHasEntry = registerOnly(engineSQLite, "search.has-entry", "SELECT 1 FROM search_entry WHERE user_id = $1 AND message_id = $2")
	// The mark is an entry of nobody's.
	queryMarkFull = registerOnly(engineSQLite, "search.mark-full", `
INSERT INTO search_entry (user_id, message_id, conversation_id, place) VALUES ($1, $2, $1, $3) ON CONFLICT DO NOTHING`)
	queryMoment = registerOnly(engineSQLite, "search.moment", `
WITH RECURSIVE
 back(first) AS (SELECT $1 UNION ALL SELECT first - 2048 FROM back WHERE EXISTS (SELECT 1 FROM search_entry WHERE place = first - 1)),
 on_(first) AS (SELECT $1 UNION ALL SELECT first + 2048 FROM on_ WHERE EXISTS (SELECT 1 FROM search_entry WHERE place = first + 2047))
SELECT (SELECT MIN(first) FROM back), (SELECT MAX(first) + 2048 FROM on_)`)
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

// givePlaces writes the entries that are not there yet, each at the first place that is
// free from its time on.
func (a *amendment) givePlaces(entries []entry) error {
	type placing struct {
		*entry
		first int64
		there bool
	}
	left := make([]*placing, len(entries))
	for i := range entries {
		left[i] = &placing{entry: &entries[i], first: placeOf(entries[i].message.SentAt)}
	}
	for len(left) > 0 {
		var writes, looks, marks []statement
		for _, e := range left {
			writes = append(writes, ask(queryAddEntrySQLite, func(r row) error { return r.Scan(&e.place) },
				bytesOf(e.viewer), bytesOf(e.message.ID), bytesOf(e.message.ConversationID), e.first))
		}
		if err := a.run(writes...); err != nil {
			return err
		}
		left = slices.DeleteFunc(left, func(e *placing) bool { return e.place != 0 })
		for _, e := range left {
			looks = append(looks, ask(queryHasEntry, func(row) error { e.there = true; return nil }, bytesOf(e.viewer), bytesOf(e.message.ID)))
		}
		if err := a.run(looks...); err != nil {
			return err
		}
		left = slices.DeleteFunc(left, func(e *placing) bool { return e.there || e.first > math.MaxInt64-2*placeStep })
		for _, e := range left {
			marks = append(marks, run(queryMarkFull, []byte{}, binary.BigEndian.AppendUint64(nil, uint64(e.first)), e.first+samePlace))
			e.first += placeStep
		}
		if err := a.run(marks...); err != nil {
			return err
		}
	}
	return nil
}

// moment gives the places of the entries that cannot be told apart from one of a time.
func (s *Store) moment(ctx context.Context, at sealpost.Instant) (first, end int64, err error) {
	err = s.engine.read(ctx, ask(queryMoment, func(r row) error { return r.Scan(&first, &end) }, placeOf(at)))
	return first, end, err
}

// searchSQLite answers a search. Entries of the same moment are in the index in the
// order in which they came; a page takes all of those of its last moment and puts them
// in the order of the answer.
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
		from, to, err := s.moment(ctx, q.BeforeAt)
		if err != nil {
			return err
		}
		tied, err := page(from, to, to-from)
		if err != nil {
			return err
		}
		position := service.SearchHit{Message: sealpost.Message{SentAt: q.BeforeAt, ID: q.BeforeID}}
		hits = slices.DeleteFunc(tied, func(h service.SearchHit) bool { return newestFirst(h, position) <= 0 })
		end = min(end, from)
	}
	if missing := q.Limit - len(hits); missing > 0 {
		more, err := page(first, end, int64(missing))
		if err != nil {
			return err
		}
		if len(more) == missing {
			from, to, err := s.moment(ctx, more[missing-1].Message.SentAt)
			if err != nil {
				return err
			}
			tied, err := page(from, to, to-from)
			if err != nil {
				return err
			}
			more = append(slices.DeleteFunc(more, func(h service.SearchHit) bool { return placeOf(h.Message.SentAt) < to }), tied...)
		}
		hits = append(hits, more...)
	}
	slices.SortFunc(hits, newestFirst)
	out.Hits = hits[:min(len(hits), q.Limit)]
	return nil
}
