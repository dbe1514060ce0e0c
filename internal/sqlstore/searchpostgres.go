package sqlstore

import (
	"context"
	"math"

	"github.com/sealpost/sealpost/internal/service"
)

// The index of words is a tsvector with the viewer's terms, made without a parser.

var (
	queryAddEntryPostgres = registerOnly(enginePostgres, "search.add-vector", `
INSERT INTO search_entry (user_id, message_id, conversation_id, place, words) VALUES ($1, $2, $3, $4, $5::text::tsvector)
ON CONFLICT (user_id, message_id) DO NOTHING`)
	queryDropAllPostgres = registerOnly(enginePostgres, "search.truncate", "TRUNCATE search_entry")

	querySearchPostgres = registerOnly(enginePostgres, "search.page-of", "SELECT "+hitColumns+`
FROM (SELECT user_id, message_id, conversation_id, place FROM search_entry
 WHERE user_id = $1 AND words @@ $2::text::tsquery AND place >= $3 AND place < $4 AND (place < $5 OR (place = $5 AND message_id < $6))
 ORDER BY place DESC, message_id DESC LIMIT $7) AS e
JOIN message m ON m.conversation_id = e.conversation_id AND m.id = e.message_id
JOIN conversation c ON c.id = m.conversation_id
LEFT JOIN delivery d ON d.conversation_id = m.conversation_id AND d.message_id = m.id AND d.user_id = $1
ORDER BY e.place DESC, e.message_id DESC`)
	queryCountPostgres = registerOnly(enginePostgres, "search.count-of", `
SELECT COUNT(*) FROM (SELECT 1 FROM search_entry
 WHERE user_id = $1 AND words @@ $2::text::tsquery AND place >= $3 AND place < $4 LIMIT $5) AS found`)
)

func (s *Store) searchPostgres(ctx context.Context, q service.SearchQuery, out *service.SearchResult) error {
	question, possible := postgresGrammar().question(termsOf(q.Viewer), q.Conditions)
	if !possible {
		return nil
	}
	until, before := int64(q.Until), int64(q.BeforeAt)
	if until == 0 {
		until = math.MaxInt64
	}
	if before == 0 {
		before = math.MaxInt64
	}
	return s.engine.read(ctx,
		ask(queryCountPostgres, func(r row) error { return r.Scan(&out.Total) },
			bytesOf(q.Viewer), question, int64(q.From), until, int64(q.Count)),
		ask(querySearchPostgres, func(r row) error { return scanHit(r, q.Viewer, &out.Hits) },
			bytesOf(q.Viewer), question, int64(q.From), until, before, bytesOf(q.BeforeID), int64(q.Limit)))
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
