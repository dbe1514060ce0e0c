package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"sync/atomic"
	"time"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/client"
)

// Lists is how long pages take, one request at a time.
type Lists struct {
	Conversations int           `json:"conversations"`
	Inbox         time.Duration `json:"inbox_p50_ns"` // its newest 50
	// Unread is the newest 50 of it that are unread, which all are.
	Unread   time.Duration `json:"unread_p50_ns"`
	Messages int           `json:"messages"` // of the long conversation
	Newest   time.Duration `json:"newest_page_p50_ns"`
	Oldest   time.Duration `json:"oldest_page_p50_ns"`
	// The newest 50 hits among what the reader of the long conversation has: for a word
	// that every message has, for one that a single message has, for a name, and for two
	// words in a row. Indexed is how long the index took to have everything.
	Indexed  time.Duration `json:"indexed_ns"`
	Frequent time.Duration `json:"search_frequent_p50_ns"`
	Rare     time.Duration `json:"search_rare_p50_ns"`
	From     time.Duration `json:"search_from_p50_ns"`
	Phrase   time.Duration `json:"search_phrase_p50_ns"`
	// What the reader of the long conversation has under these filters, which is little or
	// nothing: everything has to be looked at that might be there.
	Recalled  time.Duration `json:"recalled_p50_ns"`
	Scheduled time.Duration `json:"scheduled_p50_ns"`
}

const (
	pageSize = 50
	// warmAsks is how often a page is asked for before that counts.
	warmAsks = 20
)

// lists makes an inbox of as many conversations as there are other people, and one
// long conversation, and times their pages.
func (s *site) lists(ctx context.Context) (Lists, error) {
	reader := s.people[0]
	l := Lists{Conversations: len(s.people) - 1, Messages: s.options.History}
	s.options.say("inbox of %d conversations", l.Conversations)
	err := inParallel(ctx, setUpWorkers, l.Conversations, func(ctx context.Context, i int) error {
		writer := s.people[i+1]
		p, err := s.newPair(ctx, writer, reader)
		if err != nil {
			return err
		}
		_, err = s.client.As(writer.token).Send(ctx, p.id, api.SendMessage{Body: text})
		return err
	})
	if err != nil {
		return l, err
	}
	var inbox api.Inbox
	l.Inbox, err = s.timePage(ctx, reader, fmt.Sprintf("/api/v1/conversations?limit=%d", pageSize), &inbox)
	if err == nil && len(inbox.Items) != min(pageSize, l.Conversations) {
		err = errors.New("bench: the inbox is not full")
	}
	if err == nil {
		l.Unread, err = s.timePage(ctx, reader, fmt.Sprintf("/api/v1/conversations?filter=unread&limit=%d", pageSize), &inbox)
	}
	if err == nil && len(inbox.Items) != min(pageSize, l.Conversations) {
		err = errors.New("bench: not everything is unread")
	}
	if err != nil || l.Messages == 0 {
		return l, err
	}
	return l, s.longConversation(ctx, &l)
}

// longConversation times both ends of a conversation whose reader has opened all of
// it, so that every message of a page comes with its content.
func (s *site) longConversation(ctx context.Context, l *Lists) error {
	s.options.say("conversation of %d messages", l.Messages)
	p, err := s.newPair(ctx, s.people[1], s.people[1+len(s.people[1:])/2])
	if err != nil {
		return err
	}
	if err := s.openAll(ctx, []*pair{p}); err != nil {
		return err
	}
	var begun atomic.Int64
	run := client.NewKey()
	copies := make([]*pair, min(fillInFlight, l.Messages)) // each worker has its own
	for i := range copies {
		copies[i] = &pair{id: p.id, people: p.people}
	}
	_, err = s.load(ctx, load{operation: opSend, inFlight: len(copies), limit: forever, drain: true, step: func(w *worker) (bool, error) {
		if begun.Add(1) > int64(l.Messages) {
			return false, nil
		}
		return true, w.send(run, w.pairs[0], 0)
	}}, copies)
	if err != nil {
		return err
	}
	reader := p.people[1]
	oldest, err := s.openLong(ctx, p.id, reader)
	if err != nil {
		return err
	}
	path := fmt.Sprintf("/api/v1/conversations/%s/messages?limit=%d", p.id, pageSize)
	for _, page := range []struct {
		into *time.Duration
		path string
	}{{&l.Newest, path}, {&l.Oldest, path + "&before=" + oldest}} {
		var history api.History
		if *page.into, err = s.timePage(ctx, reader, page.path, &history); err != nil {
			return err
		}
		full := min(pageSize, l.Messages)
		read := slices.DeleteFunc(history.Items, func(m api.Message) bool { return m.Content == nil })
		if len(read) != full {
			return fmt.Errorf("bench: a page of %d has %d messages with content", full, len(read))
		}
	}
	for filter, into := range map[string]*time.Duration{"recalled": &l.Recalled, "scheduled": &l.Scheduled} {
		var inbox api.Inbox
		if *into, err = s.timePage(ctx, reader, "/api/v1/conversations?filter="+filter, &inbox); err != nil {
			return err
		}
	}
	return s.searches(ctx, l, p)
}

// rareWord is in the last message of the long conversation and in no other.
const rareWord = "xylophonist"

// searches times what the reader of the long conversation finds in it, once the index
// has everything: jobs are worked off in their order, so it has when it has the last.
func (s *site) searches(ctx context.Context, l *Lists, p *pair) error {
	reader := p.people[1]
	s.options.say("index of %d messages", l.Messages)
	last, err := s.client.As(p.people[0].token).Send(ctx, p.id, api.SendMessage{Body: text + " " + rareWord})
	if err == nil {
		_, err = s.client.As(reader.token).Open(ctx, p.id, last.ID)
	}
	if err != nil {
		return err
	}
	for began := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		found, err := s.client.As(reader.token).Search(ctx, rareWord, client.Page{Limit: 1})
		if err != nil {
			return err
		}
		if found.Total == 1 {
			l.Indexed = time.Since(began)
			break
		}
	}
	for _, ask := range []struct {
		into  *time.Duration
		query string
		full  bool
	}{
		{&l.Frequent, "tomorrow", true}, {&l.Rare, rareWord, false}, {&l.From, "from:person", true}, {&l.Phrase, `"plan for tomorrow"`, true},
	} {
		var found api.Found
		path := fmt.Sprintf("/api/v1/search?limit=%d&q=%s", pageSize, url.QueryEscape(ask.query))
		if *ask.into, err = s.timePage(ctx, reader, path, &found); err != nil {
			return err
		}
		if want := min(pageSize, l.Messages); ask.full && len(found.Items) != want || !ask.full && len(found.Items) != 1 {
			return fmt.Errorf("bench: a search for %q found %d of %d", ask.query, len(found.Items), want)
		}
	}
	return nil
}

// openLong opens a whole conversation and gives the message before which its oldest
// page ends.
func (s *site) openLong(ctx context.Context, conversation string, reader person) (string, error) {
	c := s.client.As(reader.token)
	newest, err := c.History(ctx, conversation, "", 1)
	if err != nil || len(newest.Items) != 1 {
		return "", errors.Join(errors.New("bench: the long conversation cannot be read"), err)
	}
	through, after := newest.Items[0].ID, ""
	for n := 0; ; {
		opened, err := c.Open(ctx, conversation, through)
		if err != nil {
			return "", err
		}
		if at := pageSize - n; at >= 0 && at < len(opened.Messages) {
			after = opened.Messages[at].ID
		}
		if n += len(opened.Messages); opened.More {
			continue
		}
		if after == "" {
			return "", errors.New("bench: the long conversation was not opened whole")
		}
		return after, nil
	}
}

// timePage gives the median time of a page, and the page itself.
func (s *site) timePage(ctx context.Context, reader person, path string, into any) (time.Duration, error) {
	w, err := dial(ctx, s.address, nil)
	if err != nil {
		return 0, err
	}
	defer w.close()
	took := make([]time.Duration, 0, s.options.Asks)
	for i := range s.options.Asks + warmAsks {
		began := time.Now()
		status, answer, err := w.do("GET", path, reader.token, "", nil)
		if err != nil {
			return 0, err
		}
		if status != 200 {
			return 0, refused("a page", status, answer)
		}
		if i == 0 {
			if err := json.Unmarshal(answer, into); err != nil {
				return 0, err
			}
		}
		if i >= warmAsks {
			took = append(took, time.Since(began))
		}
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
	}
	slices.Sort(took)
	return quantile(took, 50), nil
}
