package service

import (
	"context"
	"encoding/binary"
	"slices"
	"time"

	"github.com/sealpost/sealpost/internal/failpoint"
	"github.com/sealpost/sealpost/internal/seal"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/words"
)

// Search keeps an index of what viewers have, an entry for each viewer and message,
// and finds in it. Nothing of a message is in it before it settled for the viewer
// (R3), and nothing of one viewer's part tells anything of another's.
type Search interface {
	// Search gives the viewer's own readable messages that fulfil every condition,
	// newest first by (sent_at, id), from what is indexed.
	Search(ctx context.Context, q SearchQuery) (SearchResult, error)
	// SearchNames lists who and what the viewer's conversations are called: those with
	// the newest activity first, at most limit conversations. Somebody who left does
	// not learn of those who came later (R33).
	SearchNames(ctx context.Context, viewer sealpost.UserID, limit int) ([]SearchName, error)
	// Index works off jobs that are due by the database's clock, at most limit, in one
	// transaction: it takes the jobs, reads each message anew with every delivery and
	// writes what read gives. Jobs that are taken elsewhere are passed over. It reports
	// how many it took. Nothing is written for somebody who was erased. Whoever makes a
	// message unreadable for a viewer drops job and entry in the same transaction
	// (Change.Unindex), so that a job which was read before never outlives that.
	Index(ctx context.Context, limit int, read func(m sealpost.Message, viewer sealpost.UserID, now sealpost.Instant) Indexing) (taken int, err error)
	// IndexBacklog counts the jobs that are due, up to limit.
	IndexBacklog(ctx context.Context, limit int) (int, error)
	// Reindex drops every entry and makes a job for everything that is settled, in one
	// transaction.
	Reindex(ctx context.Context) error
}

// Unindexer drops what is indexed, inside an amendment.
type Unindexer interface {
	// UnindexUser drops every entry and job of a viewer.
	UnindexUser(user sealpost.UserID) error
}

// IndexJob asks to index a message for a viewer, not before a time.
type IndexJob struct {
	User    sealpost.UserID
	Message sealpost.MessageID
	Due     sealpost.Instant
}

// IndexRef names what is indexed of a message: for one viewer, or for everybody if
// there is no user.
type IndexRef struct {
	User    sealpost.UserID
	Message sealpost.MessageID
}

// Indexing is what is to be written for a job: Words if Ready; nothing, and the job
// is to be asked again at Later; or nothing at all.
type Indexing struct {
	Ready bool
	Words []string // see words.Indexed
	Later sealpost.Instant
}

// SearchCondition holds for a message that has the term's words, or is from one of
// these people, or in one of these conversations.
type SearchCondition struct {
	Term words.Term // without words: only people and conversations count
	From []sealpost.UserID
	In   []sealpost.ConversationID
}

// Empty reports whether no message can fulfil the condition.
func (c SearchCondition) Empty() bool { return len(c.Term.Words)+len(c.From)+len(c.In) == 0 }

// SearchQuery asks for a page of hits. BeforeAt and BeforeID are the position of the
// last hit of the page before; zero for the first.
type SearchQuery struct {
	Viewer      sealpost.UserID
	Conditions  []SearchCondition
	From, Until sealpost.Instant // delivered at or after, and before; zero: no limit
	BeforeAt    sealpost.Instant
	BeforeID    sealpost.MessageID
	Limit       int
	Count       int // hits of all pages are counted up to this
}

// SearchResult is a page of hits, and how many there are on all pages.
type SearchResult struct {
	Hits  []SearchHit
	Total int
}

// SearchHit is a message that was found, with the title of its conversation.
type SearchHit struct {
	Message sealpost.Message
	Title   string
}

// SearchName is somebody in a conversation of the viewer.
type SearchName struct {
	Conversation sealpost.ConversationID
	Title        string
	User         sealpost.UserID
	Name         string
}

// The limits of a search.
const (
	MaxSearchTotal = 1000 // more hits are not counted
	maxMatches     = 100  // places that one message shows
	searchNames    = 1000 // conversations in which names are looked up
	searchPeople   = 100  // people and conversations that one term can stand for
	indexBatch     = 200
)

// Searchable says whether a message may be in the index of a viewer, and from when
// on (R3). A recipient's is settled when they opened it. A sender's is when anybody
// opened it whose receipts tell so. Other openings must not show in a search of the
// sender's (R8, R34), so that the message comes in when it would have come in
// without them: when its epoch is over, by when its window is committed as over.
func Searchable(m sealpost.Message, viewer sealpost.UserID) (from sealpost.Instant, ok bool) {
	if _, underEpoch := seal.KeyRef(m.Content.Ref).Epoch(); underEpoch || m.State.Pending() || !m.ReadableBy(viewer) || !m.ShownTo(viewer) {
		return 0, false // R3
	}
	told := func(d sealpost.Delivery) bool { return d.State == sealpost.DeliveryOpened && d.Receipt }
	if m.SenderID != viewer || slices.ContainsFunc(m.Deliveries, told) {
		return 0, true
	}
	return settledAt(m), true
}

// settledAt is when a message of which nothing else is known is settled: the end of
// the epoch that its window ends in, and the time that closing takes.
func settledAt(m sealpost.Message) sealpost.Instant {
	return epochEnd(int64(seal.EpochRef(seal.EpochOf(int64(m.RecallableUntil)))))
}

// indexOpened asks to index an opened message for whoever opened it and, as far as
// they may know, for its sender.
func indexOpened(m sealpost.Message, d sealpost.Delivery, now sealpost.Instant) []IndexJob {
	sender := IndexJob{m.SenderID, m.ID, settledAt(m)}
	if d.Receipt {
		sender.Due = now
	}
	return []IndexJob{{d.UserID, m.ID, now}, sender}
}

// IndexDue indexes what is due. Any number of nodes may do so at once. If we die on
// the way, the jobs of the last batch are still there.
func (s *Service) IndexDue(ctx context.Context) error {
	for {
		taken, err := s.store.Index(ctx, indexBatch, s.indexing)
		if err != nil || taken < indexBatch {
			return err
		}
	}
}

// IndexWake is signalled when something was settled that can be indexed at once. A
// lost signal costs a second, never an entry.
func (s *Service) IndexWake() <-chan struct{} { return s.indexWake }

func (s *Service) wakeIndexer() {
	select {
	case s.indexWake <- struct{}{}:
	default: // it is awake
	}
}

// indexRetry is when a text that could not be read is tried again.
const indexRetry = 10 * time.Minute

// indexing unseals a settled message for the index. The message was read under the
// lock of its job: what is not the viewer's any more is left out.
func (s *Service) indexing(m sealpost.Message, viewer sealpost.UserID, now sealpost.Instant) Indexing {
	from, ok := Searchable(m, viewer)
	if !ok {
		return Indexing{}
	}
	if from > now {
		return Indexing{Later: from}
	}
	text, err := s.body(messageLabel(m), m.Content)
	if err != nil {
		s.log.Error("a settled text could not be read for the index; it will be tried again", "error", err)
		return Indexing{Later: now.Add(indexRetry)}
	}
	failpoint.Hit(failpoint.IndexRead)
	return Indexing{Ready: true, Words: words.Indexed(text)}
}

// Reindex makes the whole index anew. Until the relay has worked off the jobs,
// searches find less.
func (s *Service) Reindex(ctx context.Context) error { return s.store.Reindex(ctx) }

// Found is a message that was found, with the places of what was looked for.
type Found struct {
	MessageView
	Title   string   // of the conversation; empty for one of two
	Matches [][2]int // code points of the body, from and up to
}

// FoundPage is a page of hits. Total counts those of all pages, up to
// MaxSearchTotal.
type FoundPage struct {
	Items []Found
	Next  string
	Total int
}

// Search finds messages that the principal has opened, and own ones that are
// settled, newest first (R2, R3). A word is also found in the names of who wrote a
// message, of the others in its conversation, and in its title.
func (s *Service) Search(ctx context.Context, p Principal, text, cursor string, limit int) (FoundPage, error) {
	viewer := p.User.ID
	limit, err := pageSize(limit)
	if err != nil {
		return FoundPage{}, err
	}
	zone, err := time.LoadLocation(p.User.TimeZone)
	if err != nil {
		zone = time.UTC
	}
	parsed, err := words.Parse(text, zone)
	if err != nil {
		return FoundPage{}, sealpost.Invalid("q", err.Error())
	}
	q := SearchQuery{Viewer: viewer, Limit: limit + 1, Count: MaxSearchTotal}
	if !parsed.From.IsZero() {
		q.From = sealpost.InstantOf(parsed.From)
	}
	if !parsed.Until.IsZero() {
		q.Until = max(1, sealpost.InstantOf(parsed.Until))
	}
	// The question is part of what the cursor is bound to.
	mac := s.request("messages.search", text)
	scope := [16]byte(mac[:16])
	if cursor != "" {
		payload, err := s.openCursor("search", viewer, scope, cursor)
		if err != nil || len(payload) != 24 {
			return FoundPage{}, badCursor()
		}
		q.BeforeAt = sealpost.Instant(binary.BigEndian.Uint64(payload))
		q.BeforeID = sealpost.MessageID(payload[8:])
	}
	if q.Conditions, err = s.conditions(ctx, viewer, parsed.Terms); err != nil {
		return FoundPage{}, err
	}
	result, err := s.store.Search(ctx, q)
	if err != nil {
		return FoundPage{}, err
	}
	page := FoundPage{Total: result.Total}
	if len(result.Hits) > limit {
		result.Hits = result.Hits[:limit]
		last := result.Hits[limit-1].Message
		payload := append(binary.BigEndian.AppendUint64(nil, uint64(last.SentAt)), last.ID[:]...)
		if page.Next, err = s.sealCursor("search", viewer, scope, payload); err != nil {
			return FoundPage{}, err
		}
	}
	for _, h := range result.Hits {
		v, err := s.view(ctx, h.Message, viewer)
		if err != nil {
			return FoundPage{}, err
		}
		if v.Content == nil {
			continue // R2: whatever the index says
		}
		page.Items = append(page.Items, Found{v, h.Title, parsed.Matches(v.Content.Body, maxMatches)})
	}
	return page, nil
}

// conditions looks up whom and what the terms name, among the people and
// conversations of the viewer only.
func (s *Service) conditions(ctx context.Context, viewer sealpost.UserID, terms []words.Term) ([]SearchCondition, error) {
	if len(terms) == 0 {
		return nil, nil
	}
	names, err := s.store.SearchNames(ctx, viewer, searchNames)
	if err != nil {
		return nil, err
	}
	out := make([]SearchCondition, len(terms))
	for i, t := range terms {
		out[i].Term = t
		if t.Field == words.Sender && slices.Equal(t.Words, []string{"me"}) {
			out[i].From = []sealpost.UserID{viewer}
		}
		if t.Field != words.Anything {
			out[i].Term.Words = nil
		}
	}
	split := map[string][]string{} // a name is in many conversations
	has := func(t words.Term, name string) bool {
		w, ok := split[name]
		if !ok {
			w = words.Indexed(name)
			split[name] = w
		}
		return t.Has(w)
	}
	for _, n := range names {
		for i, t := range terms {
			c := &out[i]
			person := has(t, n.Name)
			if person && t.Field != words.Place && len(c.From) < searchPeople && !slices.Contains(c.From, n.User) {
				c.From = append(c.From, n.User)
			}
			// Everybody is in all of their own conversations: the own name says nothing.
			if t.Field != words.Sender && (person && n.User != viewer || has(t, n.Title)) &&
				len(c.In) < searchPeople && !slices.Contains(c.In, n.Conversation) {
				c.In = append(c.In, n.Conversation)
			}
		}
	}
	return out, nil
}
