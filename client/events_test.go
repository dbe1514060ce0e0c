package client_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/client"
)

// streams answers each request for events with the next body. A body whose channel
// is not closed stays open.
type streams struct {
	bodies []io.Reader
	seen   []string // Last-Event-ID of each request
	after  answer   // when there are no more bodies
}

func (s *streams) RoundTrip(r *http.Request) (*http.Response, error) {
	s.seen = append(s.seen, r.Header.Get("Last-Event-ID"))
	if len(s.bodies) == 0 {
		return (&script{answers: []answer{s.after}}).RoundTrip(r)
	}
	body := s.bodies[0]
	s.bodies = s.bodies[1:]
	if body == nil {
		return nil, errReset
	}
	return &http.Response{
		StatusCode: 200, Header: http.Header{"Content-Type": {"text/event-stream"}}, Request: r,
		Body: io.NopCloser(io.MultiReader(body, hangs(r.Context(), body))),
	}, nil
}

// hangs blocks until the context ends, if the body is one that stays open.
func hangs(ctx context.Context, body io.Reader) io.Reader {
	if _, open := body.(openBody); !open {
		return strings.NewReader("")
	}
	return readerFunc(func([]byte) (int, error) {
		<-ctx.Done()
		return 0, ctx.Err()
	})
}

type openBody struct{ io.Reader }

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

func (s *streams) client(t *testing.T) *client.Client {
	t.Helper()
	c, err := client.New("https://post.example.org", client.WithHTTPClient(&http.Client{Transport: s}))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// R21: the stream comes back by itself and resumes where it was.
func TestEventsResume(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &streams{
			bodies: []io.Reader{
				strings.NewReader("retry: 3000\nid: one\n\n: beat\n\nid: two\nevent: conversation\ndata: {\"conversation_id\":\"" + id + "\"}\n\nid: three\nevent: conv"),
				nil,
				openBody{strings.NewReader("event: settings\ndata: {}\n\n")},
			},
		}
		var got []client.Event
		begin := time.Now()
		for e, err := range s.client(t).Events(t.Context(), "zero") {
			if err != nil {
				t.Fatal(err)
			}
			if got = append(got, e); e.Kind == api.EventSettings {
				break
			}
		}
		want := []client.Event{
			{Kind: client.EventConnected, ID: "zero"},
			{Kind: api.EventConversation, ConversationID: id, ID: "two"},
			{Kind: client.EventLost, ID: "two"},
			{Kind: client.EventConnected, ID: "two"},
			{Kind: api.EventSettings, ID: "two"},
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %+v", got)
		}
		if !slices.Equal(s.seen, []string{"zero", "two", "two"}) {
			t.Errorf("resumed from %q", s.seen)
		}
		if took := time.Since(begin); took < 3*time.Second || took > 20*time.Second {
			t.Errorf("back after %v; the server asked for 3 seconds", took)
		}
	})
}

// A connection whose other end is gone says nothing, for ever.
func TestEventsNoticeSilence(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &streams{bodies: []io.Reader{
			openBody{strings.NewReader(": beat\n\n")},
			openBody{strings.NewReader("event: network\ndata: {}\n\n")},
		}}
		begin := time.Now()
		var kinds []string
		for e, err := range s.client(t).Events(t.Context(), "") {
			if err != nil {
				t.Fatal(err)
			}
			if kinds = append(kinds, e.Kind); e.Kind == api.EventNetwork {
				break
			}
		}
		if !slices.Equal(kinds, []string{"connected", "lost", "connected", "network"}) {
			t.Errorf("got %q", kinds)
		}
		if took := time.Since(begin); took < 45*time.Second || took > 2*time.Minute {
			t.Errorf("noticed after %v", took)
		}
	})
}

func TestEventsEndWhenRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &streams{bodies: []io.Reader{strings.NewReader("")}, after: problem(401, "unauthenticated")}
		var last error
		n := 0
		for _, err := range s.client(t).Events(t.Context(), "") {
			n++
			last = err
		}
		if client.CodeOf(last) != "unauthenticated" || n != 3 {
			t.Errorf("%d items, the last %v", n, last)
		}
	})
}

// A position that the server does not take is given up, and the caller told that
// anything may have been missed.
func TestEventsGiveUpAPosition(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &streams{after: problem(400, "invalid")}
		var kinds []string
		for e, err := range s.client(t).Events(t.Context(), "old") {
			if err != nil {
				break
			}
			kinds = append(kinds, e.Kind)
		}
		if !slices.Equal(kinds, []string{api.EventResync}) || !slices.Equal(s.seen, []string{"old", ""}) {
			t.Errorf("got %q, asked from %q", kinds, s.seen)
		}
	})
}

func TestEventsEndWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		s := &streams{bodies: []io.Reader{openBody{strings.NewReader("")}}}
		var last error
		for e, err := range s.client(t).Events(ctx, "") {
			if e.Kind == client.EventConnected {
				cancel()
			}
			last = err
		}
		if !errors.Is(last, context.Canceled) {
			t.Errorf("ended with %v", last)
		}
	})
}

// A signal that cannot be read still says that something changed.
func TestEventsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	s := &streams{bodies: []io.Reader{strings.NewReader("event: conversation\ndata: {\"conversation_id\":\"../me\"}\n\nevent: conversation\ndata: [\n\n")}}
	var got []client.Event
	for e, err := range s.client(t).Events(t.Context(), "") {
		if err != nil || e.Kind == client.EventLost {
			break
		}
		got = append(got, e)
	}
	want := []client.Event{{Kind: client.EventConnected}, {Kind: api.EventResync}, {Kind: api.EventResync}}
	if !slices.Equal(got, want) {
		t.Errorf("got %+v", got)
	}
}
