package client

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"mime"
	"net/http"
	"time"

	"github.com/sealpost/sealpost/api"
)

// Kinds of Event besides the names of live events in package api.
const (
	// EventConnected: the stream stands, for the first time or again. Whatever changes
	// from now on is signalled: fetch after it, not before.
	EventConnected = "connected"
	// EventLost: the stream broke; it comes back by itself.
	EventLost = "lost"
)

// Event says that something changed for the viewer, never what.
type Event struct {
	Kind           string // api.EventConversation and so on, or one of the above
	ConversationID string // of a conversation event
	ID             string // continues after this event when given to Events; may be empty
}

// silence is how long a stream may say nothing before it counts as broken. The
// server comments every 15 seconds.
const silence = 50 * time.Second

// Events yields live events until the context ends, the loop is left, or the server
// refuses for good; then the last item is an error. It reconnects by itself, resuming
// where it was. lastID resumes an earlier stream; empty begins now. A signal can come
// late, twice or in another order than the changes.
func (c *Client) Events(ctx context.Context, lastID string) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		s := &stream{client: c, id: lastID, yield: func(e Event) bool { return yield(e, nil) }}
		if err := s.run(ctx); err != nil && !s.left {
			yield(Event{}, err)
		}
	}
}

// stream is the life of one Events loop over its connections.
type stream struct {
	client *Client
	id     string
	yield  func(Event) bool
	left   bool          // the caller left the loop
	wait   time.Duration // what the server asked for
	failed int           // connections in a row that never stood
}

// emit reports whether the caller wants more.
func (s *stream) emit(e Event) bool {
	if !s.left {
		s.left = !s.yield(e)
	}
	return !s.left
}

func (s *stream) run(ctx context.Context) error {
	for {
		err := s.connect(ctx)
		switch {
		case s.left:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		}
		if refused := s.refusal(err); refused != nil {
			return refused
		}
		if s.left {
			return nil
		}
		s.failed++
		patience := Retry{First: s.client.retry.First, Max: max(s.client.retry.Max, 5*time.Second)}
		var e *Error
		asked := s.wait
		if errors.As(err, &e) && e.wait > asked {
			asked = min(e.wait, maxRetryWait)
		}
		if !sleep(ctx, max(asked, backoff(patience, min(s.failed, 16)))) {
			return ctx.Err()
		}
	}
}

// refusal is the error if coming back would not help. A position that the server
// does not take any more is given up, and the caller told.
func (s *stream) refusal(err error) error {
	var e *Error
	if !errors.As(err, &e) || e.Status == 0 || e.Status >= 500 || e.Status == http.StatusTooManyRequests {
		return nil
	}
	if s.id != "" && (e.Status == http.StatusBadRequest || e.Status == http.StatusConflict || e.Status == http.StatusUnprocessableEntity) {
		s.id = ""
		s.emit(Event{Kind: api.EventResync})
		return nil
	}
	return err
}

// connect holds one connection until it breaks.
func (s *stream) connect(ctx context.Context) error {
	live, cancel := context.WithCancel(ctx)
	defer cancel()
	watchdog := time.AfterFunc(silence, cancel)
	defer watchdog.Stop()

	r := s.client.request(live, &call{method: http.MethodGet, path: "/events"})
	r.Header["Accept"] = []string{"text/event-stream"}
	r.Header["Cache-Control"] = []string{"no-store"}
	if s.id != "" {
		r.Header["Last-Event-Id"] = []string{s.id}
	}
	answer, err := s.client.http.Do(r)
	if err != nil {
		return lost(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		e := readProblem(answer)
		e.wait = retryAfter(answer.Header)
		return e
	}
	if media, _, err := mime.ParseMediaType(answer.Header.Get("Content-Type")); err != nil || media != "text/event-stream" {
		return &Error{Status: answer.StatusCode, Code: CodeBadAnswer, Detail: "This is not a live stream of this API."}
	}
	if !s.emit(Event{Kind: EventConnected, ID: s.id}) {
		return nil
	}
	s.failed = 0
	reader := newEventReader(answer.Body, func() { watchdog.Reset(silence) })
	reader.id = s.id
	err = s.read(reader)
	s.wait = reader.retry
	if !s.left && ctx.Err() == nil {
		s.emit(Event{Kind: EventLost, ID: s.id})
	}
	return err
}

func (s *stream) read(r *eventReader) error {
	for {
		name, data, err := r.next()
		s.id = r.id
		if err != nil {
			return lost(err)
		}
		e := Event{Kind: name, ID: r.id}
		if name == api.EventConversation {
			var changed api.ConversationChanged
			if json.Unmarshal(data, &changed) == nil && segment(changed.ConversationID) {
				e.ConversationID = changed.ConversationID
			} else {
				e.Kind = api.EventResync // a signal that cannot be read still says that something changed
			}
		}
		if !s.emit(e) {
			return nil
		}
	}
}
