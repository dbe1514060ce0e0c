package memstore

import (
	"context"
	"slices"
	"sync"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// Failure is what goes wrong with one call.
type Failure int8

// The failures. Both answer CodeUnavailable; for a call that only reads they are
// the same.
const (
	NoFailure  Failure = iota
	FailBefore         // nothing is written
	FailAfter          // everything is written, and the caller does not learn it (R11)
)

// Options make a store.
type Options struct {
	// Clock is the database's clock. It may stand still and it may go back.
	Clock func() sealpost.Instant
	// Fault is asked once at the beginning of every call what goes wrong with it; op
	// is the name of the port's method. Nil: nothing ever. It is called from any
	// goroutine, outside the store's lock.
	Fault func(op string) Failure
}

// Store implements every port of the service. It is safe for use by any number of
// goroutines.
type Store struct {
	options Options

	mu            sync.Mutex // guards what follows
	users         map[sealpost.UserID]account
	sessions      map[sealpost.SessionID]service.Session
	policies      []policy.Policy // by version, oldest first
	drafts        map[sealpost.DraftID]sealpost.Draft
	conversations map[sealpost.ConversationID]*conversation
	home          map[sealpost.MessageID]sealpost.ConversationID // where each message is
	audit         map[sealpost.DecisionID]service.Audit
	replays       map[replayKey]replay
	recalls       []recalled
	refusals      []refusal
	tombstones    map[tombstone]sealpost.Instant
	connections   map[pair]sealpost.Instant // both ways
	blocks        map[pair]sealpost.Instant // by the one who blocks
	invitations   map[invitationKey]sealpost.Invitation
	attempts      map[attempt]bool
	invites       map[sealpost.InviteID]sealpost.Invite
	erasures      map[sealpost.UserID]sealpost.Instant // what is left to do of them
	flags         map[sealpost.FlagID]sealpost.Flag
	epochs        map[int64]service.Epoch
	seen          map[sealpost.UserID]sealpost.Instant // until when
	live          map[connection]bool
	leases        map[[16]byte]sealpost.Instant // of a node, until when
	read          reader                        // nil before the first Index
}

type (
	account struct {
		sealpost.User
		password string
	}
	replayKey struct {
		user sealpost.UserID
		key  string
	}
	replay struct {
		service.Replay
		at sealpost.Instant
	}
	recalled struct {
		conversation sealpost.ConversationID
		user         sealpost.UserID
		next         sealpost.Instant
	}
	refusal struct {
		user sealpost.UserID
		at   sealpost.Instant
	}
	tombstone struct {
		user    sealpost.UserID
		message sealpost.MessageID
	}
	// pair is two people, seen from the first.
	pair struct{ user, other sealpost.UserID }

	connection struct {
		user sealpost.UserID
		node [16]byte
	}
)

// conversation is a thread with everything in it.
type conversation struct {
	sealpost.Conversation
	participants []sealpost.Participant // Receipts is filled in when they are read
	messages     []sealpost.Message     // in the order of their creation
	own          map[sealpost.UserID]own
}

// own is what cannot be derived from the messages: what a user did to their own
// view of a conversation.
type own struct {
	listedAt  sealpost.Instant // they began it, or asked for it
	touchedAt sealpost.Instant // last change of the view that is no message's
	marked    bool             // marked unread by hand (R5)
	muted     bool
}

// New gives an empty store with the policy of a new installation.
func New(o Options) *Store {
	s := &Store{
		options:       o,
		users:         map[sealpost.UserID]account{},
		sessions:      map[sealpost.SessionID]service.Session{},
		drafts:        map[sealpost.DraftID]sealpost.Draft{},
		conversations: map[sealpost.ConversationID]*conversation{},
		home:          map[sealpost.MessageID]sealpost.ConversationID{},
		audit:         map[sealpost.DecisionID]service.Audit{},
		replays:       map[replayKey]replay{},
		tombstones:    map[tombstone]sealpost.Instant{},
		connections:   map[pair]sealpost.Instant{},
		blocks:        map[pair]sealpost.Instant{},
		invitations:   map[invitationKey]sealpost.Invitation{},
		attempts:      map[attempt]bool{},
		invites:       map[sealpost.InviteID]sealpost.Invite{},
		erasures:      map[sealpost.UserID]sealpost.Instant{},
		flags:         map[sealpost.FlagID]sealpost.Flag{},
		epochs:        map[int64]service.Epoch{},
		seen:          map[sealpost.UserID]sealpost.Instant{},
		live:          map[connection]bool{},
		leases:        map[[16]byte]sealpost.Instant{},
	}
	first := policy.Default()
	first.ChangedAt = o.Clock()
	s.policies = []policy.Policy{first}
	return s
}

// enter begins a call: it asks for the fault, and takes the lock. If err is nil the
// caller calls leave.
func (s *Store) enter(ctx context.Context, op string) (Failure, error) {
	if err := ctx.Err(); err != nil {
		return NoFailure, err
	}
	f := NoFailure
	if s.options.Fault != nil {
		f = s.options.Fault(op)
	}
	if f == FailBefore {
		return f, unavailable()
	}
	s.mu.Lock()
	return f, nil
}

// leave ends a call with its answer, or without one.
func (s *Store) leave(f Failure, err *error) {
	s.mu.Unlock()
	if f == FailAfter {
		*err = unavailable()
	}
}

func unavailable() error {
	return sealpost.Refuse(sealpost.CodeUnavailable, "The outcome is not known. Try again with the same key.")
}

// inForce is the policy of the newest version.
func (s *Store) inForce() policy.Policy { return s.policies[len(s.policies)-1] }

// policyAt is a version of the policy, the zero policy if there is none.
func (s *Store) policyAt(version int64) policy.Policy {
	for _, p := range s.policies {
		if p.Version == version {
			return p
		}
	}
	return policy.Policy{}
}

// find gives the stored message, to be changed in place.
func (c *conversation) find(id sealpost.MessageID) *sealpost.Message {
	i := slices.IndexFunc(c.messages, func(m sealpost.Message) bool { return m.ID == id })
	if i < 0 {
		return nil
	}
	return &c.messages[i]
}

// people are the participants with what their accounts say of them.
func (s *Store) people(c *conversation) []sealpost.Participant {
	out := slices.Clone(c.participants)
	for i := range out {
		out[i].Receipts = s.users[out[i].UserID].Receipts
		out[i].Standing = sealpost.Standing{}
	}
	slices.SortFunc(out, func(a, b sealpost.Participant) int { return a.UserID.Compare(b.UserID) })
	return out
}

// copyOf shares no memory with the message, and orders its deliveries by user.
func copyOf(m sealpost.Message) sealpost.Message {
	m.Content = copySealed(m.Content)
	m.Deliveries = slices.Clone(m.Deliveries)
	slices.SortFunc(m.Deliveries, func(a, b sealpost.Delivery) int { return a.UserID.Compare(b.UserID) })
	return m
}

func copySealed(c sealpost.Sealed) sealpost.Sealed {
	c.Body, c.Wrapped = slices.Clone(c.Body), slices.Clone(c.Wrapped)
	return c
}

// with is a copy with the delivery of one user only.
func with(m sealpost.Message, user sealpost.UserID) sealpost.Message {
	m = copyOf(m)
	m.Deliveries = slices.DeleteFunc(m.Deliveries, func(d sealpost.Delivery) bool { return d.UserID != user })
	return m
}

// Every port is implemented.
var (
	_ service.Decider  = (*Store)(nil)
	_ service.Views    = (*Store)(nil)
	_ service.Amender  = (*Store)(nil)
	_ service.Accounts = (*Store)(nil)
	_ service.People   = (*Store)(nil)
	_ service.Network  = (*Store)(nil)
	_ service.Presence = (*Store)(nil)
	_ service.Work     = (*Store)(nil)
	_ service.Search   = (*Store)(nil)
	_ service.Flags    = (*Store)(nil)
)
