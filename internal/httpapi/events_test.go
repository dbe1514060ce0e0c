package httpapi_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/memstore"
	"github.com/sealpost/sealpost/internal/sealpost"
)

// listener reads a live stream, raw.
type listener struct {
	t      testing.TB
	lines  *bufio.Scanner
	stop   func()
	header http.Header
	proto  int
	last   string // id of the last event
}

type event struct{ name, data string }

func (h *house) listen(who somebody, lastEventID string) *listener {
	h.t.Helper()
	return listenAt(h.t, &http.Client{Transport: &http.Transport{}}, h.server.URL, who, lastEventID)
}

func listenAt(t testing.TB, client *http.Client, url string, who somebody, lastEventID string) *listener {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	q, err := http.NewRequestWithContext(ctx, "GET", url+"/api/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer "+who.token)
	if lastEventID != "" {
		q.Header.Set("Last-Event-ID", lastEventID)
	}
	response, err := client.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != 200 || response.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("status %d, %s", response.StatusCode, response.Header.Get("Content-Type"))
	}
	l := &listener{t: t, lines: bufio.NewScanner(response.Body), header: response.Header, proto: response.ProtoMajor}
	l.stop = sync.OnceFunc(func() {
		cancel()
		response.Body.Close()
		client.CloseIdleConnections()
	})
	t.Cleanup(l.stop)
	if !l.begins() {
		t.Fatal("the stream ended before it began")
	}
	return l
}

// begins reads the first block: when to come back, and where to resume.
func (l *listener) begins() bool {
	retry := false
	for l.lines.Scan() {
		line := l.lines.Text()
		switch {
		case strings.HasPrefix(line, "retry: "):
			retry = true
		case strings.HasPrefix(line, "id: "):
			l.last = line[4:]
		case line == "":
			return retry && l.last != ""
		}
	}
	return false
}

// next waits for an event; ok is false when the stream has ended.
func (l *listener) next() (e event, ok bool) {
	for l.lines.Scan() {
		line := l.lines.Text()
		switch {
		case strings.HasPrefix(line, "id: "):
			l.last = line[4:]
		case strings.HasPrefix(line, "event: "):
			e.name = line[7:]
		case strings.HasPrefix(line, "data: "):
			e.data = line[6:]
		case line == "" && e.name != "":
			return e, true
		}
	}
	return e, false
}

func (l *listener) wantConversation(id string) {
	l.t.Helper()
	e, ok := l.next()
	var data api.ConversationChanged
	d := json.NewDecoder(strings.NewReader(e.data))
	d.DisallowUnknownFields() // A1: ids and nothing else
	if err := d.Decode(&data); !ok || err != nil || e.name != "conversation" || data.ConversationID != id {
		l.t.Fatalf("got %+v (%v, %v), want a change in %s", e, ok, err, id)
	}
}

func (l *listener) wantEnd() {
	l.t.Helper()
	for {
		if e, ok := l.next(); !ok {
			return
		} else if e.name != "conversation" {
			l.t.Errorf("before the end: %+v", e)
		}
	}
}

func TestEventsReachEveryDevice(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, bob, eve := h.person("Ada"), h.person("Bob"), h.person("Eve")
	conversation := h.direct(ada, bob)
	phone, desk, sender, other := h.listen(bob, ""), h.listen(bob, ""), h.listen(ada, ""), h.listen(eve, "")
	h.send(ada, conversation, "hello")
	for _, l := range []*listener{phone, desk, sender} {
		l.wantConversation(conversation)
	}
	theirs := h.direct(eve, bob)
	h.send(eve, theirs, "something else")
	other.wantConversation(theirs) // and nothing before it: R34
	phone.wantConversation(theirs)
	if phone.header.Get("Cache-Control") != "no-store" || phone.proto != 1 {
		t.Errorf("HTTP/%d %v", phone.proto, phone.header)
	}
}

// R21: what changed while a client was away is named when it comes back.
func TestEventsResume(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, bob, cy := h.person("Ada"), h.person("Bob"), h.person("Cy")
	one, two := h.direct(ada, bob), h.direct(cy, bob)
	l := h.listen(bob, "")
	h.send(ada, one, "seen")
	l.wantConversation(one)
	l.stop()
	h.ahead.Add(time.Minute.Microseconds()) // farther than the overlap of tokens
	fresh := h.listen(bob, "")
	fresh.stop()
	h.send(cy, two, "missed")
	back := h.listen(bob, l.last)
	named := map[string]bool{}
	for len(named) < 2 {
		e, ok := back.next()
		if !ok || e.name != "conversation" {
			t.Fatalf("got %+v, %v", e, ok)
		}
		named[e.data] = true
	}
}

// An id that is not from here, or somebody else's, does not lock a browser out: it
// begins anew and is told to ask for everything.
func TestEventsWithAnUnknownID(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, bob := h.person("Ada"), h.person("Bob")
	theirs := h.listen(ada, "")
	for _, id := range []string{"nonsense", theirs.last, strings.Repeat("A", 4000), "\x80\xff"} {
		l := h.listen(bob, id)
		if e, ok := l.next(); !ok || e.name != "resync" || e.data != "{}" {
			t.Errorf("got %+v, %v", e, ok)
		}
		l.stop()
	}
}

// What a person's token opened ends when the token is taken back.
func TestSigningOutEndsTheStream(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.person("Ada")
	signed := ask[api.SignedIn](h, somebody{}, "POST", "/sessions", `{"email":"ada@example.org","password":"password of Ada"}`, 201)
	session := somebody{token: signed.Token}
	ends, stays := h.listen(session, ""), h.listen(ada, "")
	ask[struct{}](h, session, "DELETE", "/sessions/current", "", 204)
	ends.wantEnd()
	conversation := h.direct(ada, h.person("Bob"))
	h.send(ada, conversation, "hello")
	stays.wantConversation(conversation)
}

// R24: presence begins before the stream and ends after it, once a person.
func TestStreamsArePresence(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.person("Ada")
	connected, gone := make(chan struct{}, 10), make(chan struct{}, 10)
	f := func(op string) memstore.Failure {
		switch op {
		case "Connect":
			connected <- struct{}{}
		case "Disconnect":
			gone <- struct{}{}
		}
		return memstore.NoFailure
	}
	h.fault.Store(&f)
	one, two := h.listen(ada, ""), h.listen(ada, "")
	if len(connected) != 1 {
		t.Errorf("two streams connected %d times", len(connected))
	}
	one.stop()
	two.stop()
	<-gone
	if len(gone) != 0 {
		t.Error("two streams disconnected twice")
	}
}

// Without presence there is no stream.
func TestNoStreamWithoutPresence(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.person("Ada")
	h.failing("Connect")
	if p := h.refused(ada, "GET", "/events", "", sealpost.CodeUnavailable); p.Status != 503 {
		t.Errorf("status %d", p.Status)
	}
	if a := h.do(request{method: "HEAD", path: "/api/v1/events", as: ada.token}); a.status != 200 {
		t.Errorf("HEAD: %d; it is no presence", a.status)
	}
}

func TestClosingEndsEveryStream(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.person("Ada")
	var streams []*listener
	for range 5 {
		streams = append(streams, h.listen(ada, ""))
	}
	if err := h.api.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, l := range streams {
		l.wantEnd()
	}
	h.refused(ada, "GET", "/events", "", sealpost.CodeUnavailable)
}

func TestTooManyStreamsOfOnePerson(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.person("Ada")
	var last *listener
	for range 50 {
		last = h.listen(ada, "")
	}
	if p := h.refused(ada, "GET", "/events", "", sealpost.CodeRateLimited); p.Status != 429 {
		t.Errorf("status %d", p.Status)
	}
	last.stop()
	h.listen(h.person("Bob"), "")
}

// HTTP/2 cannot be taken over: the handler stays, and everything is the same.
func TestEventsOverHTTP2(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, bob := h.person("Ada"), h.person("Bob")
	conversation := h.direct(ada, bob)
	server := httptest.NewUnstartedServer(h.api.Handler())
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	transport, ok := server.Client().Transport.(*http.Transport)
	if !ok {
		t.Fatal("no transport")
	}
	transport.TLSClientConfig.MinVersion = tls.VersionTLS13
	l := listenAt(t, server.Client(), server.URL, bob, "")
	if l.proto != 2 {
		t.Fatalf("HTTP/%d", l.proto)
	}
	h.send(ada, conversation, "hello")
	l.wantConversation(conversation)
	if err := h.api.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.wantEnd()
	l.stop()
}

// A client that sends something after its request has no business to.
func TestAStreamTakesNoMoreRequests(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.person("Ada")
	conn, err := net.Dial("tcp", strings.TrimPrefix(h.server.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	ask := "GET /api/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + ada.token + "\r\n\r\n"
	if _, err := io.WriteString(conn, ask); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(conn)
	if line, err := r.ReadString('\n'); err != nil || line != "HTTP/1.1 200 OK\r\n" {
		t.Fatal(line, err)
	}
	if _, err := io.WriteString(conn, ask); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, r) // ends, if the server closes
}
