package storetest

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync/atomic"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// failer is what a world needs of a test: *testing.T or *rapid.T.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
	Error(args ...any)
	Errorf(format string, args ...any)
	Logf(format string, args ...any)
}

// world is a store with people and conversations in it, and the little of the use
// cases that is needed to drive it.
type world struct {
	Harness
	t   failer
	ids *atomic.Uint64
	now sealpost.Instant // of the last decision or amendment
	// shot is what the last decision saw, changed whether it wrote anything.
	shot    service.Snapshot
	changed bool
}

func newWorld(t failer, h Harness) *world { return &world{Harness: h, t: t, ids: &atomic.Uint64{}} }

// ctx is for calls: no case depends on a deadline.
func ctx() context.Context { return context.Background() }

// newID makes ids that sort in the order in which they were made: UUIDv7 with a
// count in the place of the time.
func newID[T ~[16]byte](w *world) T {
	var id [16]byte
	binary.BigEndian.PutUint64(id[:8], w.ids.Add(1)<<16)
	id[6], id[8] = 0x70, 0x80
	return T(id)
}

// amend runs an amendment that must succeed.
func (w *world) amend(change func(service.Amendment) error) {
	w.t.Helper()
	_, err := w.Store.Amend(ctx(), service.Stamp{}, func(a service.Amendment) ([]byte, error) {
		w.now = a.Now()
		return nil, change(a)
	})
	w.ok(err)
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatalf("unexpected error: %v", err)
	}
}

// refused expects an error with a code.
func (w *world) refused(err error, want sealpost.Code) {
	w.t.Helper()
	if got := sealpost.CodeOf(err); got != want {
		w.t.Fatalf("got error %v, want code %q", err, want)
	}
}

// equal fails unless got is want.
func equal[T comparable](w *world, what string, got, want T) {
	w.t.Helper()
	if got != want {
		w.t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// user is a person whom a test can name.
func (w *world) user(name string) sealpost.User {
	id := newID[sealpost.UserID](w)
	return sealpost.User{
		ID: id, Email: fmt.Sprintf("user-%x@example.org", id[:6]), Name: name, TimeZone: "UTC",
		Receipts: true, Reach: sealpost.ReachConnections, CreatedAt: 1, Roles: []sealpost.Role{sealpost.RoleNotices},
	}
}

// people adds users.
func (w *world) people(n int) []sealpost.UserID {
	w.t.Helper()
	var out []sealpost.UserID
	w.amend(func(a service.Amendment) error {
		for i := range n {
			u := w.user(fmt.Sprintf("Person %d", i))
			out = append(out, u.ID)
			if err := a.AddUser(u, "hash"); err != nil {
				return err
			}
		}
		return nil
	})
	return out
}

// group makes a conversation; the first of the members begins it.
func (w *world) group(members ...sealpost.UserID) sealpost.ConversationID {
	w.t.Helper()
	id := newID[sealpost.ConversationID](w)
	w.amend(func(a service.Amendment) error {
		c := sealpost.Conversation{ID: id, Kind: sealpost.Group, Title: "Group", CreatorID: members[0], CreatedAt: a.Now()}
		return a.AddConversation(c, members, members[0])
	})
	return id
}

// setPolicy makes the next version of the policy.
func (w *world) setPolicy(edit func(*policy.Policy)) policy.Policy {
	w.t.Helper()
	var p policy.Policy
	w.amend(func(a service.Amendment) error {
		var err error
		if p, err = a.Policy(); err != nil {
			return err
		}
		p.Version++
		edit(&p)
		return a.AddPolicy(p)
	})
	return p
}

// run makes a decision and gives its outcome in a word, "" if it failed.
func (w *world) run(c command) (string, error) {
	outcome := ""
	if c.ask.Decision.IsZero() {
		c.ask.Decision = newID[sealpost.DecisionID](w)
	}
	err := w.Store.Decide(ctx(), c.ask, func(s service.Snapshot) (service.Change, error) {
		var change service.Change
		var err error
		w.now, w.shot = s.Now, s
		change, outcome, err = c.decide(s)
		w.changed = err == nil && change.Audit.Action != ""
		return change, err
	})
	if err != nil {
		return "", err
	}
	return outcome, nil
}

// must makes a decision that must have this outcome.
func (w *world) must(c command, want string) {
	w.t.Helper()
	got, err := w.run(c)
	if err != nil || got != want {
		w.t.Fatalf("%s: got outcome %q, error %v, want %q", c.name, got, err, want)
	}
}

// say sends a message and gives its id.
func (w *world) say(in sealpost.ConversationID, from sealpost.UserID) sealpost.MessageID {
	w.t.Helper()
	id := newID[sealpost.MessageID](w)
	w.must(send(in, from, id, sending{}), "sent")
	return id
}

// inside is what a decision sees that changes nothing.
func (w *world) inside(a service.Ask) service.Snapshot {
	w.t.Helper()
	a.Decision = newID[sealpost.DecisionID](w)
	var shot service.Snapshot
	w.ok(w.Store.Decide(ctx(), a, func(s service.Snapshot) (service.Change, error) {
		shot = s
		return service.Change{}, nil
	}))
	return shot
}

func (w *world) thread(id sealpost.ConversationID, viewer sealpost.UserID) service.Thread {
	w.t.Helper()
	t, err := w.Store.Thread(ctx(), id, viewer)
	w.ok(err)
	return t
}

func (w *world) history(id sealpost.ConversationID, viewer sealpost.UserID) []sealpost.MessageID {
	w.t.Helper()
	messages, err := w.Store.History(ctx(), service.HistoryQuery{Conversation: id, Viewer: viewer, Limit: 1000})
	w.ok(err)
	return idsOf(messages)
}

func idsOf(messages []sealpost.Message) []sealpost.MessageID {
	out := []sealpost.MessageID{}
	for _, m := range messages {
		out = append(out, m.ID)
	}
	return out
}

func (w *world) inbox(viewer sealpost.UserID, f service.Filter) []sealpost.ConversationID {
	w.t.Helper()
	items, err := w.Store.Inbox(ctx(), service.InboxQuery{Viewer: viewer, Filter: f, Limit: 1000})
	w.ok(err)
	out := []sealpost.ConversationID{}
	for _, i := range items {
		out = append(out, i.Conversation.ID)
	}
	return out
}

func (w *world) changes(id sealpost.ConversationID, viewer sealpost.UserID, since sealpost.Instant) service.ChangeSet {
	w.t.Helper()
	set, err := w.Store.Changes(ctx(), service.ChangesQuery{Conversation: id, Viewer: viewer, Since: since, Limit: 1000})
	w.ok(err)
	return set
}
