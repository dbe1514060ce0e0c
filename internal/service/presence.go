package service

import (
	"context"
	"encoding/binary"
	"slices"
	"sync"
	"time"

	"github.com/sealpost/sealpost/internal/sealpost"
)

// Presence (R24): a recall must know who may have noticed that a message came.
// Requests write ahead, at most once a minute and person; a live connection writes
// when it begins and ends; while it lasts the node's lease speaks for it.

const (
	// LeaseLength is how long a node may serve live connections without renewing.
	LeaseLength = 30 * time.Second
	// resumeOverlap is how far a resumed live stream reaches back behind its token:
	// signals are idempotent, so twice is better than never.
	resumeOverlap = 10 * time.Second
	// missedLimit is how many conversations a resumed stream names; with more it names
	// none, says so, and the client reads its inbox.
	missedLimit = 1000
)

// presenceCache remembers until when a person's presence is written already.
type presenceCache struct {
	mu      sync.Mutex
	written map[sealpost.UserID]time.Time // by the process's monotonic clock
	pruned  time.Time
}

const presenceCacheLimit = 10_000

// fresh reports whether the presence of a user is written for this moment.
func (c *presenceCache) fresh(user sealpost.UserID, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return now.Before(c.written[user])
}

func (c *presenceCache) note(user sealpost.UserID, until, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.written == nil {
		c.written = map[sealpost.UserID]time.Time{}
	}
	if len(c.written) > presenceCacheLimit && now.Sub(c.pruned) > time.Minute {
		for u, t := range c.written {
			if !now.Before(t) {
				delete(c.written, u)
			}
		}
		c.pruned = now
	}
	c.written[user] = until
}

// Arrive notes that somebody is there, before their request is served: what they
// then see is covered (R24). It writes at most once a minute and person.
func (s *Service) Arrive(ctx context.Context, p Principal) error {
	asked := s.clock()
	if s.presence.fresh(p.User.ID, asked) {
		return nil
	}
	until, now, err := s.store.Seen(ctx, p.User.ID)
	if err != nil {
		return err
	}
	// Counted from before the write, so that it never lasts longer than what was
	// written, whatever this process's clock says.
	s.presence.note(p.User.ID, asked.Add(until.Sub(now)), asked)
	return nil
}

// liveNode is this process as the holder of live connections.
type liveNode struct {
	mu     sync.Mutex
	id     [16]byte
	valid  time.Time // monotonic: the lease lasts at least until then
	counts map[sealpost.UserID]int
	// busy serialises the first and last connection of one person.
	busy [64]sync.Mutex
}

// KeepLease makes or renews the node's lease; the relay calls it several times per
// LeaseLength. If the lease has lapsed, the live connections of this process no
// longer count: the node begins anew under another id, and Live is false until it
// has, so that the streams are closed and come back (R24).
func (s *Service) KeepLease(ctx context.Context) error {
	asked := s.clock()
	s.node.mu.Lock()
	if s.node.id == ([16]byte{}) || (!s.node.valid.IsZero() && !asked.Before(s.node.valid)) {
		s.node.id = newID[[16]byte](s)
		s.node.counts = map[sealpost.UserID]int{}
		s.node.valid = time.Time{}
	}
	id := s.node.id
	s.node.mu.Unlock()

	err := s.store.Lease(ctx, id, LeaseLength)
	s.node.mu.Lock()
	defer s.node.mu.Unlock()
	if err != nil {
		if s.node.id == id {
			// Lapsed, or not known to be renewed: serve nobody under it, begin anew.
			s.node.valid = asked
		}
		return err
	}
	if s.node.id == id {
		s.node.valid = asked.Add(LeaseLength)
	}
	return nil
}

// Live gives the id under which live connections may be served now; ok is false
// while there is no valid lease. A stream that was registered under another id must
// be closed.
func (s *Service) Live() (node [16]byte, ok bool) {
	now := s.clock()
	s.node.mu.Lock()
	defer s.node.mu.Unlock()
	return s.node.id, now.Before(s.node.valid)
}

// Watch is a live connection's registration.
type Watch struct {
	service *Service
	user    sealpost.UserID
	node    [16]byte
	since   sealpost.Instant // changes after this may have been missed; zero: none asked for
	start   sealpost.Instant // the database's clock when the watch began
	began   time.Time
	once    sync.Once
}

// Watch registers a live connection before it is served (R24). lastEventID is the
// token of an earlier connection, or empty. Register the stream for hints after
// Watch and before Missed, so that nothing falls between.
func (s *Service) Watch(ctx context.Context, p Principal, lastEventID string) (*Watch, error) {
	w := &Watch{service: s, user: p.User.ID}
	if lastEventID != "" {
		payload, err := s.openCursor("events", p.User.ID, [16]byte{}, lastEventID)
		if err != nil || len(payload) != 8 {
			return nil, sealpost.Invalid("Last-Event-ID", "This event id is not one that this server gave you.")
		}
		w.since = sealpost.Instant(binary.BigEndian.Uint64(payload))
	}
	var ok bool
	if w.node, ok = s.Live(); !ok {
		return nil, sealpost.Refuse(sealpost.CodeUnavailable, "Live events are not available right now. Try again.")
	}
	w.began = s.clock()
	if err := w.connect(ctx); err != nil {
		return nil, err
	}
	var err error
	if w.start, err = s.store.Now(ctx); err != nil {
		w.Close()
		return nil, err
	}
	return w, nil
}

// Position is where a stream of live events that begins later has to begin, so that
// nothing between is missed: what is read after it and shown is not older. It is the
// Last-Event-ID of that stream, and no presence by itself.
func (s *Service) Position(ctx context.Context, p Principal) (string, error) {
	now, err := s.store.Now(ctx)
	if err != nil {
		return "", err
	}
	return s.sealCursor("events", p.User.ID, [16]byte{}, binary.BigEndian.AppendUint64(nil, uint64(now.Add(-resumeOverlap))))
}

func (w *Watch) lane() *sync.Mutex { return &w.service.node.busy[w.user[15]%64] }

func (w *Watch) connect(ctx context.Context) error {
	w.lane().Lock()
	defer w.lane().Unlock()
	if w.count(1) > 1 {
		return nil
	}
	if err := w.service.store.Connect(ctx, w.node, w.user); err != nil {
		w.count(-1)
		return err
	}
	return nil
}

// count changes the number of connections of the person under the watch's node.
// A node that has begun anew has no count of it.
func (w *Watch) count(by int) int {
	n := &w.service.node
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.id != w.node {
		return -1
	}
	n.counts[w.user] += by
	left := n.counts[w.user]
	if left == 0 {
		delete(n.counts, w.user)
	}
	return left
}

// Valid reports whether the stream may still be served: its node's lease lasts.
func (w *Watch) Valid() bool {
	node, ok := w.service.Live()
	return ok && node == w.node
}

// Resumed reports whether the watch goes on from an earlier one.
func (w *Watch) Resumed() bool { return w.since != 0 }

// Missed names the conversations that changed for the viewer since the token that
// the watch was resumed with, in no order that means anything; more says that there
// are too many to name, and then none is named.
func (w *Watch) Missed(ctx context.Context) (ids []sealpost.ConversationID, more bool, err error) {
	if w.since == 0 {
		return nil, false, nil
	}
	ids, err = w.service.store.ChangedThreads(ctx, w.user, w.since, missedLimit+1)
	if err != nil || len(ids) > missedLimit {
		return nil, err == nil, err
	}
	// By id: the order of changes would count those that the viewer may not know of,
	// and so would which of too many are named (R34).
	slices.SortFunc(ids, sealpost.ConversationID.Compare)
	return ids, false, nil
}

// Resume is a token from which a later watch goes on (R34: sealed, of this viewer).
func (w *Watch) Resume() (string, error) {
	at := w.start.Add(w.service.clock().Sub(w.began) - resumeOverlap)
	return w.service.sealCursor("events", w.user, [16]byte{}, binary.BigEndian.AppendUint64(nil, uint64(at)))
}

// Close ends the registration. It may be called more than once.
func (w *Watch) Close() {
	w.once.Do(func() {
		w.lane().Lock()
		defer w.lane().Unlock()
		if w.count(-1) != 0 {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), LeaseLength)
		defer cancel()
		if err := w.service.store.Disconnect(ctx, w.node, w.user); err != nil {
			// The row stays and the lease speaks for it: that errs to the safe side.
			w.service.log.Warn("the end of a live connection was not recorded", "error", err)
		}
	})
}

// Subscribe gives every hint of the bus to f; see Bus.
func (s *Service) Subscribe(f func(sealpost.Hint)) (stop func()) {
	return s.bus.Subscribe(func(h sealpost.Hint) {
		if h.Access { // first: whoever looks again must not find what was remembered
			for _, u := range h.Users {
				s.sessions.forget(u)
			}
		}
		f(h)
	})
}

// accessEnded forgets what this process remembers of somebody's sign-ins and tells
// the others to. A process that no hint reaches notices within two seconds.
func (s *Service) accessEnded(user sealpost.UserID) {
	s.sessions.forget(user)
	s.bus.Publish(sealpost.Hint{Users: []sealpost.UserID{user}, Access: true})
}
