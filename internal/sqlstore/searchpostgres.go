package sqlstore

import (
	"context"
	"math"
	"strconv"

	"github.com/sealpost/sealpost/internal/service"
)

// The index of words is a tsvector with the viewer's terms, made without a parser.
//
// How often a word comes PostgreSQL cannot know: each viewer's words are terms of their
// own, more than its statistics hold. So a sample of the newest entries decides, and
// each query here has one index that it can use: what is frequent is found by going
// back in time, what is rare by the index of words.

const (
	sampled  = 1000 // entries of the sample, also the most that a page is looked for in by time
	frequent = 50   // of those, from which on entries are counted by time
)

const (
	entryRange  = "user_id = $1 AND place >= $3 AND place < $4"
	entryBefore = " AND (place, message_id) < ($5, $6)"
	entryOrder  = " ORDER BY place DESC, message_id DESC LIMIT "
	hitsOf      = `
JOIN message m ON m.conversation_id = e.conversation_id AND m.id = e.message_id
JOIN conversation c ON c.id = m.conversation_id
JOIN participant s ON s.conversation_id = m.conversation_id AND s.user_id = $1
` + deliveredTo + `$1
ORDER BY e.place DESC, e.message_id DESC`
	// Nothing but the words is asked of the index of words; they are the viewer's own.
	foundByWords = `
WITH found AS MATERIALIZED (SELECT user_id, message_id, conversation_id, place FROM search_entry WHERE words @@ $2::text::tsquery)
`
)

var (
	queryAddEntryPostgres = registerOnly(enginePostgres, "search.add-vector", `
INSERT INTO search_entry (user_id, message_id, conversation_id, place, words) VALUES ($1, $2, $3, $4, $5::text::tsvector)
ON CONFLICT (user_id, message_id) DO NOTHING`)
	// Indexers share this lock; making the index anew takes it alone. Both drop jobs and
	// write entries, and would wait for each other's.
	queryShareIndex = registerOnly(enginePostgres, "index.share", "SELECT pg_advisory_xact_lock_shared(5306218)")
	queryLockIndex  = registerOnly(enginePostgres, "index.lock", "SELECT pg_advisory_xact_lock(5306218)")

	queryDropAllPostgres = registerOnly(enginePostgres, "search.truncate", "TRUNCATE search_entry")

	// For this batch: an index that has the order is better than sorting what one person
	// has, however little PostgreSQL takes that for.
	queryInOrder = registerOnly(enginePostgres, "search.in-order", "SELECT set_config('enable_sort', 'off', true)")

	queryNewest = registerOnly(enginePostgres, "search.newest", "SELECT "+hitColumns+`
FROM (SELECT * FROM (SELECT * FROM search_entry WHERE `+entryRange+entryBefore+entryOrder+strconv.Itoa(sampled)+`) AS newest
 WHERE words @@ $2::text::tsquery`+entryOrder+"$7) AS e"+hitsOf)
	queryLeft = registerOnly(enginePostgres, "search.left", `
SELECT COUNT(*) FROM (SELECT 1 FROM search_entry WHERE user_id = $1 AND place >= $2 AND place < $3
 AND (place, message_id) < ($4, $5) LIMIT $6) AS entries`)
	queryByWords = registerOnly(enginePostgres, "search.by-words", foundByWords+"SELECT "+hitColumns+`
FROM (SELECT * FROM found WHERE `+entryRange+entryBefore+entryOrder+"$7) AS e"+hitsOf)

	querySample = registerOnly(enginePostgres, "search.sample", `
SELECT COUNT(*), COUNT(*) FILTER (WHERE words @@ $2::text::tsquery)
FROM (SELECT words FROM search_entry WHERE `+entryRange+" ORDER BY place DESC LIMIT $5) AS newest")
	// OFFSET keeps the words out of the choice of the index.
	queryCountByTime = registerOnly(enginePostgres, "search.count-by-time", `
SELECT COUNT(*) FROM (SELECT 1 FROM (SELECT words FROM search_entry WHERE `+entryRange+` ORDER BY place DESC OFFSET 0) AS newest
 WHERE words @@ $2::text::tsquery LIMIT $5) AS entries`)
	queryCountByWords = registerOnly(enginePostgres, "search.count-by-words", foundByWords+`
SELECT COUNT(*) FROM (SELECT 1 FROM found WHERE `+entryRange+" LIMIT $5) AS entries")
)

func (s *Store) searchPostgres(ctx context.Context, q service.SearchQuery, out *service.SearchResult) error {
	question, possible := postgresGrammar().question(termsOf(q.Viewer), q.Conditions)
	if !possible {
		return nil
	}
	from, until, before := int64(q.From), int64(q.Until), int64(q.BeforeAt)
	if until == 0 {
		until = math.MaxInt64
	}
	if before == 0 {
		before = math.MaxInt64
	}
	viewer, last := bytesOf(q.Viewer), bytesOf(q.BeforeID)
	page := func(by *query) statement {
		out.Hits = nil
		return ask(by, func(r row) error { return scanHit(r, q.Viewer, &out.Hits) }, viewer, question, from, until, before, last, int64(q.Limit))
	}
	var left, entries, matching int
	err := s.engine.read(ctx, run(queryInOrder), page(queryNewest),
		ask(queryLeft, func(r row) error { return r.Scan(&left) }, viewer, from, until, before, last, int64(sampled)),
		ask(querySample, func(r row) error { return r.Scan(&entries, &matching) }, viewer, question, from, until, int64(sampled)))
	if err != nil {
		return err
	}
	more := []statement{run(queryInOrder)}
	if len(out.Hits) < q.Limit && left == sampled {
		more = append(more, page(queryByWords))
	}
	if out.Total = min(matching, q.Count); entries == sampled {
		by := queryCountByWords
		if matching >= frequent {
			by = queryCountByTime
		}
		more = append(more, ask(by, func(r row) error { return r.Scan(&out.Total) }, viewer, question, from, until, int64(q.Count)))
	}
	if len(more) == 1 {
		return nil
	}
	return s.engine.read(ctx, more...)
}

// Search implements service.Search.
func (s *Store) Search(ctx context.Context, q service.SearchQuery) (service.SearchResult, error) {
	var out service.SearchResult
	answer := s.searchSQLite
	if s.dialect.name == enginePostgres {
		answer = s.searchPostgres
	}
	if err := answer(ctx, q, &out); err != nil {
		return service.SearchResult{}, err
	}
	return out, s.addDeliveries(ctx, q.Viewer, out.Hits)
}
