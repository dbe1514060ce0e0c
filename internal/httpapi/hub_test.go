package httpapi

import (
	"bytes"
	"errors"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/sealpost"
)

// fakeWatch is a registration without a service.
type fakeWatch struct {
	mu      sync.Mutex
	invalid bool
	closed  int
}

func (w *fakeWatch) Valid() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.invalid
}

func (*fakeWatch) Resume() (string, error) { return "token", nil }

func (w *fakeWatch) Close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed++
}

// fakeSink is a connection that can be slow or broken.
type fakeSink struct {
	mu     sync.Mutex
	got    bytes.Buffer
	fail   error
	closed chan struct{}
	once   sync.Once
	wrote  chan struct{} // one token a write
	hold   chan struct{} // if not nil, writes wait for it
}

func newSink() *fakeSink {
	return &fakeSink{closed: make(chan struct{}), wrote: make(chan struct{}, 1000)}
}

func (s *fakeSink) Write(b []byte) (int, error) {
	if s.hold != nil {
		<-s.hold
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return 0, s.fail
	}
	s.got.Write(b)
	s.wrote <- struct{}{}
	return len(b), nil
}

func (s *fakeSink) SetWriteDeadline(time.Time) error { return nil }

func (s *fakeSink) Close() error {
	s.once.Do(func() { close(s.closed) })
	return nil
}

func (s *fakeSink) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got.String()
}

// startHub gives a hub whose wheel turns as fast as tick says.
func startHub(t *testing.T, c hubConfig) (h *hub, publish func(sealpost.Hint)) {
	t.Helper()
	c.clock = time.Now
	if c.recheck == nil {
		c.recheck = func(string) bool { return true }
	}
	h = newHub(c)
	h.start(func(f func(sealpost.Hint)) func() {
		publish = f
		return func() {}
	})
	t.Cleanup(func() {
		if err := h.close(t.Context()); err != nil && !errors.Is(err, t.Context().Err()) {
			t.Error(err)
		}
	})
	return h, publish
}

// join adds a stream and makes it forget itself when it is closed, as owners do.
func join(t *testing.T, h *hub, user byte, to *fakeSink, live bool) (*stream, *fakeWatch) {
	t.Helper()
	w := &fakeWatch{}
	st := &stream{sink: &notYet{}, user: sealpost.UserID{15: user}, watch: w}
	if err := h.add(st); err != nil {
		t.Fatal(err)
	}
	if live && !h.handOver(st, to) {
		t.Fatal("ended before it began")
	}
	go func() {
		<-to.closed
		h.forget(st)
	}()
	t.Cleanup(func() { _ = to.Close() })
	return st, w
}

func hintFor(n byte, users ...byte) sealpost.Hint {
	h := sealpost.Hint{Conversation: sealpost.ConversationID{15: n}}
	for _, u := range users {
		h.Users = append(h.Users, sealpost.UserID{15: u})
	}
	return h
}

// An idle connection gets a comment once a turn of the wheel.
func TestHeartbeats(t *testing.T) {
	t.Parallel()
	h, _ := startHub(t, hubConfig{tick: time.Millisecond})
	sink := newSink()
	join(t, h, 1, sink, true)
	for range 3 {
		<-sink.wrote
	}
	if got := sink.text(); !strings.HasPrefix(got, ": \n\n: \n\n: \n\n") {
		t.Errorf("%q", got)
	}
}

// A token is looked at again now and then, and a bad one ends the connection.
func TestTokensAreLookedAtAgain(t *testing.T) {
	t.Parallel()
	h, _ := startHub(t, hubConfig{tick: time.Millisecond, recheck: func(string) bool { return false }})
	sink := newSink()
	join(t, h, 1, sink, true)
	<-sink.closed
	if n := strings.Count(sink.text(), ":"); n < recheckBeats {
		t.Errorf("after %d heartbeats, want %d", n, recheckBeats)
	}
}

// R24: without a lease nothing is shown, and the connection ends.
func TestNothingIsWrittenWithoutALease(t *testing.T) {
	t.Parallel()
	h, publish := startHub(t, hubConfig{})
	sink := newSink()
	_, w := join(t, h, 1, sink, true)
	w.mu.Lock()
	w.invalid = true
	w.mu.Unlock()
	publish(hintFor(1, 1))
	<-sink.closed
	if sink.text() != "" {
		t.Errorf("%q", sink.text())
	}
}

// Hints that come before the beginning is written wait; the same conversation is
// named once.
func TestHintsWaitForTheBeginning(t *testing.T) {
	t.Parallel()
	h, publish := startHub(t, hubConfig{})
	sink := newSink()
	st, _ := join(t, h, 1, sink, false)
	publish(hintFor(1, 1))
	publish(hintFor(1, 1, 2))
	publish(hintFor(2, 1))
	if !h.handOver(st, sink) {
		t.Fatal("ended")
	}
	<-sink.wrote
	if n := strings.Count(sink.text(), "event: conversation"); n != 2 {
		t.Errorf("%d events, want 2: %q", n, sink.text())
	}
}

// A connection that falls behind is closed, and so is one that cannot be written
// to; others in the same shard go on.
func TestSlowAndBrokenConnectionsAreClosed(t *testing.T) {
	t.Parallel()
	h, publish := startHub(t, hubConfig{})
	slow, broken, fine := newSink(), newSink(), newSink()
	slow.hold = make(chan struct{})
	broken.fail = os.ErrDeadlineExceeded
	join(t, h, 1, slow, true)
	join(t, h, 1+shards, broken, true)
	_, w := join(t, h, 1+2*shards, fine, true)
	publish(hintFor(1, 1)) // the writer hangs in slow
	for n := range queueLimit + 2 {
		publish(hintFor(byte(n+2), 1))
	}
	publish(hintFor(1, 1+shards, 1+2*shards))
	close(slow.hold)
	<-slow.closed
	<-broken.closed
	<-fine.wrote
	if w.closed != 0 {
		t.Error("the connection that keeps up was closed")
	}
}

// A hint that stands for lost ones sends everybody to resume.
func TestLostHintsCloseEverything(t *testing.T) {
	t.Parallel()
	h, publish := startHub(t, hubConfig{})
	one, two := newSink(), newSink()
	join(t, h, 1, one, true)
	join(t, h, 2, two, true)
	begins, _ := join(t, h, 3, newSink(), false)
	publish(sealpost.Hint{})
	<-one.closed
	<-two.closed
	if h.handOver(begins, newSink()) {
		t.Error("a stream that was beginning goes on without what was lost")
	}
}

// Whatever comes and goes, the lists hold exactly what is there.
func TestStreamsComeAndGo(t *testing.T) {
	t.Parallel()
	h := newHub(hubConfig{clock: time.Now})
	var all []*stream
	for n := range 300 {
		st := &stream{sink: &notYet{}, user: sealpost.UserID{15: byte(n % 20)}, watch: &fakeWatch{}}
		if err := h.add(st); err != nil {
			t.Fatal(err)
		}
		all = append(all, st)
		if n%3 == 0 { // from the middle
			h.forget(all[len(all)/2])
			all = append(all[:len(all)/2], all[len(all)/2+1:]...)
		}
	}
	found := map[*stream]bool{}
	for _, s := range h.shards {
		for user, st := range s.users {
			for ; st != nil; st = st.next {
				if st.user != user {
					t.Error("listed under another person")
				}
				found[st] = true
			}
		}
		for i, slot := range s.wheel {
			for j, st := range slot {
				if int(st.slot) != i || int(st.place) != j || !found[st] {
					t.Error("not where it says")
				}
			}
		}
	}
	if len(found) != len(all) || h.count.Load() != int64(len(all)) {
		t.Errorf("%d listed, %d counted, %d there", len(found), h.count.Load(), len(all))
	}
	for _, st := range all {
		h.forget(st)
	}
	for _, s := range h.shards {
		if len(s.users) != 0 {
			t.Error("somebody is left")
		}
	}
}

// After its handler has left, nothing touches its answer.
func TestHandlerSinkAfterLeaving(t *testing.T) {
	t.Parallel()
	s := &handlerSink{done: make(chan struct{})}
	s.leave()
	if _, err := s.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	if err := s.SetWriteDeadline(time.Time{}); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}
