package memstore

import (
	"cmp"
	"context"
	"slices"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
	"github.com/sealpost/sealpost/internal/words"
)

// reader is how Index was last asked to read a message.
type reader func(m sealpost.Message, viewer sealpost.UserID, now sealpost.Instant) service.Indexing

// Index implements service.Search. There is no index: a search reads the messages,
// in the way that it is told here, as if every job that is due had been worked off.
func (s *Store) Index(ctx context.Context, _ int, read func(sealpost.Message, sealpost.UserID, sealpost.Instant) service.Indexing) (taken int, err error) {
	f, err := s.enter(ctx, "Index")
	if err != nil {
		return 0, err
	}
	defer s.leave(f, &err)
	s.read = read
	return 0, nil
}

// IndexBacklog implements service.Search.
func (s *Store) IndexBacklog(ctx context.Context, _ int) (n int, err error) {
	f, err := s.enter(ctx, "IndexBacklog")
	if err != nil {
		return 0, err
	}
	defer s.leave(f, &err)
	return 0, nil
}

// Reindex implements service.Search.
func (s *Store) Reindex(ctx context.Context) (err error) {
	f, err := s.enter(ctx, "Reindex")
	if err != nil {
		return err
	}
	defer s.leave(f, &err)
	return nil
}

// UnindexUser implements service.Unindexer.
func (a *amendment) UnindexUser(sealpost.UserID) error { return nil }

// Search implements service.Search.
func (s *Store) Search(ctx context.Context, q service.SearchQuery) (out service.SearchResult, err error) {
	f, err := s.enter(ctx, "Search")
	if err != nil {
		return out, err
	}
	defer s.leave(f, &err)
	for _, c := range s.conversations {
		for _, m := range c.messages {
			if s.found(q, m) {
				out.Hits = append(out.Hits, service.SearchHit{Message: seenBy(m, q.Viewer), Title: c.titleFor(q.Viewer)})
			}
		}
	}
	out.Total = min(len(out.Hits), q.Count)
	out.Hits = slices.DeleteFunc(out.Hits, func(h service.SearchHit) bool {
		return q.BeforeAt != 0 && before(h.Message, q.BeforeAt, q.BeforeID) <= 0
	})
	slices.SortFunc(out.Hits, func(a, b service.SearchHit) int { return before(a.Message, b.Message.SentAt, b.Message.ID) })
	out.Hits = out.Hits[:min(len(out.Hits), q.Limit)]
	return out, nil
}

// before orders newest first.
func before(m sealpost.Message, at sealpost.Instant, id sealpost.MessageID) int {
	return cmp.Or(cmp.Compare(at, m.SentAt), id.Compare(m.ID))
}

func (s *Store) found(q service.SearchQuery, m sealpost.Message) bool {
	if s.read == nil || s.users[q.Viewer].ErasedAt != 0 || m.SentAt < q.From || q.Until != 0 && m.SentAt >= q.Until {
		return false
	}
	read := s.read(copyOf(m), q.Viewer, s.options.Clock())
	if !read.Ready {
		return false
	}
	for _, c := range q.Conditions {
		t := words.Term{Words: c.Term.Words, Prefix: c.Term.Prefix}
		has := slices.Contains(c.From, m.SenderID) || slices.Contains(c.In, m.ConversationID) ||
			len(t.Words) > 0 && t.Has(read.Words)
		if has == c.Term.Not {
			return false
		}
	}
	return true
}

func (c *conversation) titleFor(viewer sealpost.UserID) string {
	self, _ := sealpost.FindParticipant(c.participants, viewer)
	return c.TitleFor(self)
}

// SearchNames implements service.Search.
func (s *Store) SearchNames(ctx context.Context, viewer sealpost.UserID, limit int) (out []service.SearchName, err error) {
	f, err := s.enter(ctx, "SearchNames")
	if err != nil {
		return nil, err
	}
	defer s.leave(f, &err)
	var listed []*conversation
	for _, c := range s.conversations {
		if _, in := sealpost.FindParticipant(c.participants, viewer); in && c.lastActivity(viewer) > 0 {
			listed = append(listed, c)
		}
	}
	slices.SortFunc(listed, func(a, b *conversation) int {
		return cmp.Or(cmp.Compare(b.lastActivity(viewer), a.lastActivity(viewer)), b.ID.Compare(a.ID))
	})
	for _, c := range listed[:min(len(listed), limit)] {
		self, _ := sealpost.FindParticipant(c.participants, viewer)
		for _, p := range s.people(c) {
			if self.LeftAt == 0 || p.FirstAt <= self.LeftAt { // R33
				out = append(out, service.SearchName{Conversation: c.ID, Title: c.titleFor(viewer), User: p.UserID, Name: s.users[p.UserID].Name})
			}
		}
	}
	return out, nil
}
