package httpapi

import (
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

const (
	eventStream = "text/event-stream"
	// beginLimit is how long the beginning of a stream may take to write: it may name
	// many conversations.
	beginLimit = 5 * time.Second
)

// events serves live events. On HTTP/1.1 it takes the connection over, so that an
// idle one costs a goroutine with nothing on its stack; otherwise the handler
// stays.
func (s *Server) events(w http.ResponseWriter, r *http.Request, q *request) {
	if r.Method == http.MethodHead { // begins no stream and is no presence
		w.Header().Set("Content-Type", eventStream)
		return
	}
	st := &stream{sink: &notYet{}, user: q.principal.User.ID, token: strings.Clone(q.token)}
	begin, err := s.beginStream(r, q, st)
	if err != nil {
		s.problem(q.ctx, err).write(w)
		return
	}
	control := http.NewResponseController(w)
	if r.ProtoMajor == 1 {
		if conn, buffered, err := control.Hijack(); err == nil {
			waiting := buffered.Reader.Buffered() > 0
			s.takeOver(st, conn, begin, waiting)
			return
		}
	}
	s.stay(st, w, r, control, begin)
}

// beginStream registers a connection: first for hints, then as presence, then it
// asks what was missed, so that nothing falls between (R21, R24). On an error
// nothing is left of it.
func (s *Server) beginStream(r *http.Request, q *request, st *stream) (begin []byte, err error) {
	if err := s.live.add(st); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.live.forget(st)
		}
	}()
	last := r.Header.Get("Last-Event-ID")
	watch, err := s.service.Watch(q.ctx, q.principal, last)
	unknown := last != "" && sealpost.CodeOf(err) == sealpost.CodeInvalid
	if unknown {
		// A browser would never come back after an error: begin anew, and say so.
		watch, err = s.service.Watch(q.ctx, q.principal, "")
	}
	if err != nil {
		return nil, err
	}
	st.watch = watch
	return s.beginning(q, watch, unknown)
}

// beginning is what a stream begins with: how soon to come back, where to resume,
// and what changed meanwhile.
func (s *Server) beginning(q *request, watch *service.Watch, unknown bool) ([]byte, error) {
	missed, more, err := watch.Missed(q.ctx)
	if err != nil {
		return nil, err
	}
	resume, err := watch.Resume()
	if err != nil {
		return nil, err
	}
	// Spread out, so that clients that are sent away together do not return together.
	b := append([]byte("retry: "), strconv.Itoa(1000+rand.IntN(2000))...)
	b = append(b, "\nid: "+resume+"\n\n"...)
	if more || unknown {
		b = append(b, "event: "+api.EventResync+"\ndata: {}\n\n"...)
	}
	for _, id := range missed {
		b = appendEvent(b, resume, id)
	}
	if watch.Resumed() {
		// Nothing records when these changed, so a client that comes back asks once.
		b = appendTopics(b, resume, allTopics)
	}
	return b, nil
}

// takeOver serves a stream on its bare connection. The goroutine that stays only
// reads: the end of the connection, or anything that the client sends, which it
// has no business to, ends the stream.
func (s *Server) takeOver(st *stream, conn net.Conn, begin []byte, waiting bool) {
	var head strings.Builder
	head.WriteString("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: " + eventStream + "\r\nX-Accel-Buffering: no\r\n")
	// Writing to a strings.Builder does not fail.
	_ = s.headers.Write(&head)
	head.WriteString("\r\n")

	now := s.clock()
	_ = conn.SetDeadline(time.Time{}) // what the server set is over; a fault shows at the write
	err := conn.SetWriteDeadline(now.Add(beginLimit))
	if err == nil {
		_, err = conn.Write(append([]byte(head.String()), begin...))
	}
	if err != nil || waiting || !s.live.handOver(st, conn) {
		_ = conn.Close()
		s.live.forget(st)
		return
	}
	go s.live.own(st, conn)
}

// own waits for the end of a connection.
func (h *hub) own(st *stream, conn net.Conn) {
	var one [1]byte
	_, _ = conn.Read(one[:]) // whatever comes of it, the stream ends
	_ = conn.Close()
	h.forget(st)
}

// handOver gives a stream to its writer. It reports false if the stream was ended
// before.
func (h *hub) handOver(st *stream, to sink) bool {
	s := h.shard(st.user)
	s.mu.Lock()
	begun, _ := st.sink.(*notYet)
	ended := begun != nil && begun.ended
	if !ended {
		st.sink = to
	}
	s.mu.Unlock()
	if ended {
		return false
	}
	s.activate(st)
	return true
}

// stay serves a stream from its handler: on HTTP/2, and behind anything that does
// not give the connection away.
func (s *Server) stay(st *stream, w http.ResponseWriter, r *http.Request, control *http.ResponseController, begin []byte) {
	defer s.live.forget(st)
	w.Header().Set("Content-Type", eventStream)
	w.Header().Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	to := &handlerSink{w: w, control: control, done: make(chan struct{})}
	_ = to.SetWriteDeadline(s.clock().Add(beginLimit)) // not every connection has one
	if _, err := to.Write(begin); err != nil || !s.live.handOver(st, to) {
		return
	}
	select {
	case <-to.done:
	case <-r.Context().Done():
	}
	to.leave()
}

// notYet is the sink of a stream that has not begun. It remembers that it was to
// end. It is guarded by the shard's lock.
type notYet struct{ ended bool }

func (*notYet) Write(b []byte) (int, error)      { return len(b), nil }
func (*notYet) SetWriteDeadline(time.Time) error { return nil }

// Close is called under the shard's lock: nothing else ends a stream that its
// writer does not have yet.
func (n *notYet) Close() error {
	n.ended = true
	return nil
}

// handlerSink writes to the answer of a handler that stays.
type handlerSink struct {
	control *http.ResponseController
	once    sync.Once
	done    chan struct{}

	mu   sync.Mutex
	w    http.ResponseWriter // nil once the handler has left; guarded by mu
	left bool
}

// Write writes and flushes. After the handler has left it fails.
func (h *handlerSink) Write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.left {
		return 0, net.ErrClosed
	}
	n, err := h.w.Write(b)
	if err != nil {
		return n, err
	}
	return n, h.control.Flush()
}

// SetWriteDeadline limits the next write where the connection can.
func (h *handlerSink) SetWriteDeadline(t time.Time) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.left {
		return net.ErrClosed
	}
	_ = h.control.SetWriteDeadline(t) // without it a slow client delays its shard
	return nil
}

// Close wakes the handler.
func (h *handlerSink) Close() error {
	h.once.Do(func() { close(h.done) })
	return nil
}

// leave says that the handler returns: its writer must not be touched after that.
func (h *handlerSink) leave() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.left = true
}
