// Package bus carries wake-up hints from decisions to live connections. A hint is
// no data: one that is lost costs latency and nothing else (3-architecture.md,
// signals).
package bus

import (
	"sync"

	"github.com/sealpost/sealpost/internal/sealpost"
)

// Queue is how many hints wait for a subscriber that is behind.
const Queue = 4096

// Bus is the bus inside one process. Publishing never blocks and never fails.
//
// A subscriber that falls more than Queue hints behind loses them all and gets
// one Resync hint instead, in their place: whatever it holds may be out of date.
type Bus struct {
	mu          sync.RWMutex
	subscribers map[*subscriber]struct{}
}

// Resync is the hint that stands for hints that were lost: anything may have
// changed for anybody. It names no conversation, no other topic and no user, and no
// other hint is like that.
func Resync() sealpost.Hint { return sealpost.Hint{} }

// New gives a bus without subscribers.
func New() *Bus { return &Bus{subscribers: map[*subscriber]struct{}{}} }

// Publish hints that the views of the hint's users changed, or that sign-ins of
// theirs ended.
func (b *Bus) Publish(hint sealpost.Hint) {
	aboutConversation := hint.Topic == sealpost.TopicConversation && !hint.Access
	if len(hint.Users) == 0 || aboutConversation && hint.Conversation.IsZero() {
		return // nobody's view changed; and only an overflow makes a Resync
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	for s := range b.subscribers {
		s.offer(hint)
	}
}

// Subscribe gives every hint to f, one at a time and in order of publishing, until
// stop is called. When stop has returned f runs no more; so f must not call stop.
func (b *Bus) Subscribe(f func(sealpost.Hint)) (stop func()) {
	s := &subscriber{wake: make(chan struct{}, 1), done: make(chan struct{}), ended: make(chan struct{})}
	b.mu.Lock()
	b.subscribers[s] = struct{}{}
	b.mu.Unlock()
	go s.run(f)
	return sync.OnceFunc(func() {
		b.mu.Lock()
		delete(b.subscribers, s)
		b.mu.Unlock()
		close(s.done)
		<-s.ended
	})
}

// subscriber hands the hints on in a goroutine of its own.
type subscriber struct {
	mu      sync.Mutex
	waiting []sealpost.Hint // at most Queue
	lost    bool            // waiting overflowed and was dropped

	wake  chan struct{} // one token: something waits
	done  chan struct{} // closed by stop
	ended chan struct{} // closed when f runs no more
}

func (s *subscriber) offer(hint sealpost.Hint) {
	s.mu.Lock()
	switch {
	case s.lost:
	case len(s.waiting) >= Queue:
		s.waiting, s.lost = nil, true
	default:
		s.waiting = append(s.waiting, hint)
	}
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *subscriber) run(f func(sealpost.Hint)) {
	defer close(s.ended)
	var batch []sealpost.Hint
	for {
		select {
		case <-s.done:
			return
		case <-s.wake:
		}
		s.mu.Lock()
		lost := s.lost
		batch, s.waiting, s.lost = s.waiting, batch[:0], false
		s.mu.Unlock()
		if lost {
			f(Resync())
		}
		for _, hint := range batch {
			select {
			case <-s.done:
				return
			default:
				f(hint)
			}
		}
		clear(batch)
	}
}
