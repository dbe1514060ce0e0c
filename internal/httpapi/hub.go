package httpapi

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

const (
	// shards is how many goroutines write to live connections. One client that does
	// not read delays only its shard, once, for writeLimit at most.
	shards = 8
	// writeLimit is how long a write to a live connection may take. Frames are small
	// and go to a buffer of the kernel: only a client that has not read for long makes
	// one wait.
	writeLimit = 100 * time.Millisecond
	// queueLimit is how many conversations wait for one connection. With more it is
	// closed; the client resumes and asks what it missed.
	queueLimit = 64
	// perUser is how many live connections one person has at most.
	perUser = 50
	// maxStreams is how many there are at most, unless configured.
	maxStreams = 50_000

	// heartbeat is how often an idle connection gets a comment. It is also how soon a
	// connection whose node lost its lease is closed (R24).
	heartbeat = 15
	// recheckBeats is after how many heartbeats the token of a connection is looked at
	// again. A sign-out on this node, or one that a hint tells of, is looked at at once;
	// one by a local command of the operator is noticed so, within half a minute.
	recheckBeats   = 2
	recheckQueue   = 1024
	recheckTimeout = 5 * time.Second
)

type hubConfig struct {
	clock   func() time.Time
	recheck func(token string) bool // reports whether the token is still good
	limit   int
	tick    time.Duration // 0: a second; heartbeat ticks make a turn of the wheel
}

// hub knows every live connection of this process and tells it that something
// changed. It holds no content.
type hub struct {
	hubConfig
	shards [shards]*shard
	count  atomic.Int64
	checks chan *stream

	mu     sync.Mutex
	closed bool           // no connection begins any more; guarded by mu
	owners sync.WaitGroup // one for each connection until it is forgotten
	done   chan struct{}
	work   sync.WaitGroup // writers and the checker
	stop   func()         // ends the subscription
}

func newHub(c hubConfig) *hub {
	if c.limit == 0 {
		c.limit = maxStreams
	}
	if c.tick == 0 {
		c.tick = time.Second
	}
	h := &hub{hubConfig: c, checks: make(chan *stream, recheckQueue), done: make(chan struct{}), stop: func() {}}
	for i := range h.shards {
		h.shards[i] = &shard{hub: h, users: map[sealpost.UserID]*stream{}, wake: make(chan struct{}, 1)}
	}
	return h
}

// start begins to listen for hints.
func (h *hub) start(subscribe func(func(sealpost.Hint)) func()) {
	for _, s := range h.shards {
		h.work.Go(s.run)
	}
	h.work.Go(h.checker)
	h.stop = subscribe(h.hint)
}

// hint passes a hint on. It never blocks. A hint that names nothing at all stands
// for hints that were lost: every connection is closed, and its client resumes
// from its last event.
func (h *hub) hint(hint sealpost.Hint) {
	if hint.Access {
		for _, user := range hint.Users {
			h.recheckUser(user)
		}
		return
	}
	if hint.Topic != sealpost.TopicConversation {
		for _, user := range hint.Users {
			h.shard(user).offerTopic(user, hint.Topic)
		}
		return
	}
	if hint.Conversation.IsZero() {
		for _, s := range h.shards {
			s.each(func(st *stream) { st.end() })
		}
		return
	}
	for _, user := range hint.Users {
		h.shard(user).offer(user, hint.Conversation)
	}
}

func (h *hub) shard(user sealpost.UserID) *shard { return h.shards[user[15]%shards] }

// add makes room for a connection and queues hints for it from now on.
func (h *hub) add(st *stream) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return sealpost.Refuse(sealpost.CodeUnavailable, "The server is stopping. Try again.")
	}
	if h.count.Load() >= int64(h.limit) {
		return sealpost.Refuse(sealpost.CodeUnavailable, "There are too many live connections. Try again later.")
	}
	if !h.shard(st.user).add(st) {
		return sealpost.Refuse(sealpost.CodeRateLimited, "You have too many live connections. Close one.")
	}
	h.count.Add(1)
	h.owners.Add(1)
	return nil
}

// forget is what the owner of a connection calls at its end, once.
func (h *hub) forget(st *stream) {
	h.shard(st.user).remove(st)
	if st.watch != nil {
		st.watch.Close() // R24: presence ends when nothing can be shown any more
	}
	h.count.Add(-1)
	h.owners.Done()
}

// recheckUser looks at the tokens of a person's connections soon: one of them was
// taken back.
func (h *hub) recheckUser(user sealpost.UserID) {
	s := h.shard(user)
	s.mu.Lock()
	defer s.mu.Unlock()
	for st := s.users[user]; st != nil; st = st.next {
		h.check(st)
	}
}

// check queues a look at a token; when the queue is full the next turn does.
func (h *hub) check(st *stream) {
	select {
	case h.checks <- st:
	default:
	}
}

func (h *hub) checker() {
	for {
		select {
		case <-h.done:
			return
		case st := <-h.checks:
			if !h.recheck(st.token) {
				h.end(st)
			}
		}
	}
}

// end ends a stream of which it is not known whether its writer has it yet.
func (h *hub) end(st *stream) {
	s := h.shard(st.user)
	s.mu.Lock()
	defer s.mu.Unlock()
	st.end()
}

func (h *hub) close(ctx context.Context) error {
	h.mu.Lock()
	first := !h.closed
	h.closed = true
	h.mu.Unlock()
	if first {
		h.stop()
		close(h.done)
	}
	for _, s := range h.shards {
		s.each(func(st *stream) { st.end() })
	}
	gone := make(chan struct{})
	go func() {
		h.owners.Wait()
		h.work.Wait()
		close(gone)
	}()
	select {
	case <-gone:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// shard is a share of the people, by id, and the goroutine that writes to their
// connections. Its wheel spreads the heartbeats: each tick is the turn of one
// slot.
type shard struct {
	hub  *hub
	wake chan struct{} // one token: something is ready

	mu    sync.Mutex
	users map[sealpost.UserID]*stream // the connections of each person, linked
	wheel [heartbeat][]*stream
	turn  int
	ready []*stream // with something to write
}

func (s *shard) add(st *stream) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for other := s.users[st.user]; other != nil; other = other.next {
		n++
	}
	if n >= perUser {
		return false
	}
	st.next = s.users[st.user]
	s.users[st.user] = st
	slot := 0
	for i := range s.wheel {
		if len(s.wheel[i]) < len(s.wheel[slot]) {
			slot = i
		}
	}
	st.slot, st.place = uint8(slot), int32(len(s.wheel[slot]))
	s.wheel[slot] = append(s.wheel[slot], st)
	return true
}

func (s *shard) remove(st *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st.queue, st.topics = nil, 0
	if s.users[st.user] == st {
		if st.next == nil {
			delete(s.users, st.user)
		} else {
			s.users[st.user] = st.next
		}
	} else {
		for other := s.users[st.user]; other != nil; other = other.next {
			if other.next == st {
				other.next = st.next
				break
			}
		}
	}
	slot := s.wheel[st.slot]
	last := slot[len(slot)-1]
	slot[st.place], last.place = last, st.place
	slot[len(slot)-1] = nil
	s.wheel[st.slot] = slot[:len(slot)-1]
}

func (s *shard) each(f func(*stream)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, slot := range s.wheel {
		for _, st := range slot {
			f(st)
		}
	}
}

// offer queues a conversation for the connections of a person.
func (s *shard) offer(user sealpost.UserID, id sealpost.ConversationID) {
	s.mu.Lock()
	for st := s.users[user]; st != nil; st = st.next {
		if st.enqueue(id) && st.live {
			s.ready = append(s.ready, st)
		}
	}
	waiting := len(s.ready) > 0
	s.mu.Unlock()
	if waiting {
		s.signal()
	}
}

// offerTopic is offer for what is no conversation.
func (s *shard) offerTopic(user sealpost.UserID, topic sealpost.Topic) {
	s.mu.Lock()
	for st := s.users[user]; st != nil; st = st.next {
		if st.note(topic) && st.live {
			s.ready = append(s.ready, st)
		}
	}
	waiting := len(s.ready) > 0
	s.mu.Unlock()
	if waiting {
		s.signal()
	}
}

func (s *shard) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// activate lets the writer have a connection whose owner has written its beginning.
func (s *shard) activate(st *stream) {
	s.mu.Lock()
	st.live = true
	if st.waits() {
		s.ready = append(s.ready, st)
	}
	s.mu.Unlock()
	s.signal()
}

func (s *shard) run() {
	ticker := time.NewTicker(s.hub.tick)
	defer ticker.Stop()
	var batch []*stream
	var frames []byte
	for {
		select {
		case <-s.hub.done:
			return
		case <-ticker.C:
			batch = s.due(batch[:0])
			for _, st := range batch {
				st.beat(s.hub)
			}
		case <-s.wake:
			s.mu.Lock()
			batch, s.ready = s.ready, batch[:0]
			s.mu.Unlock()
			for _, st := range batch {
				frames = s.flush(st, frames[:0])
			}
		}
		clear(batch)
	}
}

// due takes the next slot of the wheel.
func (s *shard) due(batch []*stream) []*stream {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn = (s.turn + 1) % heartbeat
	for _, st := range s.wheel[s.turn] {
		if st.live {
			batch = append(batch, st)
		}
	}
	return batch
}

// flush writes what waits for a connection.
func (s *shard) flush(st *stream, frames []byte) []byte {
	s.mu.Lock()
	queue, topics := st.queue, st.topics
	st.queue, st.topics = nil, 0
	s.mu.Unlock()
	if len(queue) == 0 && topics == 0 {
		return frames
	}
	if len(queue) > queueLimit {
		st.end()
		return frames
	}
	resume, err := st.watch.Resume()
	if err != nil {
		st.end()
		return frames
	}
	for _, id := range queue {
		frames = appendEvent(frames, resume, id)
	}
	frames = appendTopics(frames, resume, topics)
	st.send(s.hub.clock(), frames)
	return frames
}

// watcher is what the hub needs of service.Watch.
type watcher interface {
	Valid() bool
	Resume() (string, error)
	Close()
}

var _ watcher = (*service.Watch)(nil)
