package service

import (
	"cmp"
	"context"
	"time"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/seal"
	"github.com/sealpost/sealpost/internal/sealpost"
)

// Views reads what one viewer may see. Every method filters: what comes back is
// in the viewer's own projection and nothing else (R16, R34). All reads go to the
// primary database. Messages carry every delivery if the viewer is the sender,
// and the viewer's own delivery otherwise.
type Views interface {
	// Locate finds the conversation of a message, whoever asks; NotFound if there is
	// no such message. The caller checks what the viewer may know.
	Locate(ctx context.Context, message sealpost.MessageID) (sealpost.ConversationID, error)
	// Thread is the conversation as the viewer has it. NotFound for somebody who is
	// no participant, and for a participant who may not know of it: nothing in it is
	// visible to them, they wrote nothing in it and did not ask for it themselves.
	Thread(ctx context.Context, id sealpost.ConversationID, viewer sealpost.UserID) (Thread, error)
	// Inbox lists threads, newest activity first.
	Inbox(ctx context.Context, q InboxQuery) ([]InboxItem, error)
	// History is delivered messages in order of position, newest first.
	History(ctx context.Context, q HistoryQuery) ([]sealpost.Message, error)
	// Pending is the viewer's own held and scheduled messages of a conversation, in
	// order of release, at most 200.
	Pending(ctx context.Context, id sealpost.ConversationID, viewer sealpost.UserID) ([]sealpost.Message, error)
	// Changes is what changed for the viewer since a decision time.
	Changes(ctx context.Context, q ChangesQuery) (ChangeSet, error)
	// Message is one message as the viewer has it; NotFound if it is not visible.
	Message(ctx context.Context, id sealpost.MessageID, viewer sealpost.UserID) (sealpost.Message, error)
	// RecallFacts reads, without locks, what a forecast needs (R8).
	RecallFacts(ctx context.Context, id sealpost.MessageID) (Snapshot, error)
	// ChangedThreads names the conversations whose view changed for the viewer after
	// a time, at most limit, in an order that tells nothing (R34).
	ChangedThreads(ctx context.Context, viewer sealpost.UserID, since sealpost.Instant, limit int) ([]sealpost.ConversationID, error)
	// Now is the database's clock. It decides nothing.
	Now(ctx context.Context) (sealpost.Instant, error)
}

// Thread is a conversation as one viewer has it.
type Thread struct {
	Conversation   sealpost.Conversation
	Members        []Member
	Self           sealpost.Participant
	Unread         int
	MarkedUnread   bool
	Muted          bool
	Request        sealpost.RequestState
	LastActivityAt sealpost.Instant // zero: not in the list
}

// Member is a participant with their name.
type Member struct {
	sealpost.Participant
	Name    string
	Profile bool // without account: an imported archive names them
}

// ByJoining is the order of the members of a thread.
func ByJoining(a, b Member) int {
	return cmp.Or(cmp.Compare(a.JoinedAt, b.JoinedAt), a.UserID.Compare(b.UserID))
}

// InboxItem is a thread and the newest message that the viewer can see in it.
type InboxItem struct {
	Thread
	Last *sealpost.Message
}

// Filter chooses threads.
type Filter string

// The filters of the inbox. What the viewer declined is in none, except that what they
// scheduled in it themselves is among what is scheduled.
const (
	FilterAll       Filter = "all"
	FilterUnread    Filter = "unread"    // with unread messages, or marked unread
	FilterRequests  Filter = "requests"  // message requests to accept or decline (R31)
	FilterScheduled Filter = "scheduled" // with own held or scheduled messages
	FilterRecalled  Filter = "recalled"  // with own recalled messages or markers
)

// InboxQuery asks for a page of the inbox. BeforeAt and BeforeID are the position
// of the last item of the page before; zero for the first.
type InboxQuery struct {
	Viewer   sealpost.UserID
	Filter   Filter
	BeforeAt sealpost.Instant
	BeforeID sealpost.ConversationID
	Limit    int
}

// HistoryQuery asks for a page of history before a position; zero: the newest.
type HistoryQuery struct {
	Conversation sealpost.ConversationID
	Viewer       sealpost.UserID
	Before       sealpost.Instant
	Limit        int
}

// ChangesQuery asks what changed after a decision time; zero: from the beginning.
type ChangesQuery struct {
	Conversation sealpost.ConversationID
	Viewer       sealpost.UserID
	Since        sealpost.Instant
	Limit        int
}

// ChangeSet is what changed for a viewer. Vanished names only ids that this viewer
// may have been served (R34). Upto is where the next question begins; what is
// decided while the set is read may come twice, never not at all.
type ChangeSet struct {
	Messages []sealpost.Message // in order of change
	Vanished []sealpost.MessageID
	Upto     sealpost.Instant
	More     bool
}

// Amender changes what is not inside a conversation: users, sessions, policy,
// drafts, and the beginning of a conversation. Like a decision, an amendment is one
// transaction with its audit entry and its idempotency record.
type Amender interface {
	// Amend runs change once, or again after a definite rollback. An error from it
	// rolls everything back. If the stamp's key was used before, change does not run
	// and the stored outcome is returned; under another request that is
	// CodeIdempotencyConflict. change returns the result to store under the key.
	Amend(ctx context.Context, stamp Stamp, change func(Amendment) (result []byte, err error)) (*Replay, error)
}

// Stamp goes with an amendment. Without an action in Audit nothing is logged.
type Stamp struct {
	Audit   Audit
	Key     string // idempotency key of Audit.Actor, empty: none
	Request [32]byte
}

// Amendment is the open transaction. Reads see earlier writes of it.
type Amendment interface {
	Now() sealpost.Instant
	// SetDetail replaces Audit.Detail, for what is known only inside.
	SetDetail(detail string)
	User(id sealpost.UserID) (sealpost.User, error) // NotFound
	// AddUser inserts a user with a presence row. CodeInvalid, field email, if the
	// address is taken; addresses compare without case.
	AddUser(u sealpost.User, passwordHash string) error
	PutUser(u sealpost.User) error // everything but the address
	SetPassword(id sealpost.UserID, passwordHash string) error
	AddSession(s Session) error
	EndSession(user sealpost.UserID, id sealpost.SessionID) error // NotFound
	Policy() (policy.Policy, error)
	AddPolicy(p policy.Policy) error // the next version
	// AddConversation inserts a conversation with its participants, unless the id
	// exists, and lists it in the inbox of the lister (R34: of nobody else).
	AddConversation(c sealpost.Conversation, participants []sealpost.UserID, lister sealpost.UserID) error
	Drafting
	Relations
	Invitations
	Unindexer
	Reaching
	AccountChanges
	Importing
}

// Accounts reads users, sessions, policies, drafts and the audit log.
type Accounts interface {
	User(ctx context.Context, id sealpost.UserID) (sealpost.User, error)
	// UserByEmail gives the password hash too; empty if the user has no password.
	UserByEmail(ctx context.Context, email string) (sealpost.User, string, error)
	// SessionByHash gives the session whose token has this hash and its user.
	// NotFound if there is none or it has expired.
	SessionByHash(ctx context.Context, hash [32]byte) (Session, sealpost.User, error)
	Sessions(ctx context.Context, user sealpost.UserID, kind SessionKind) ([]Session, error)
	Policy(ctx context.Context) (policy.Policy, error)
	// Policies lists every version before one, newest first; zero: from the one in force.
	Policies(ctx context.Context, before int64, limit int) ([]policy.Policy, error)
	Drafts(ctx context.Context, user sealpost.UserID, after sealpost.DraftID, limit int) ([]sealpost.Draft, error)
	Draft(ctx context.Context, user sealpost.UserID, id sealpost.DraftID) (sealpost.Draft, error)
	AuditLog(ctx context.Context, q AuditQuery) ([]Audit, error) // newest first
}

// SessionKind tells sign-ins from API tokens.
type SessionKind int8

// The kinds of session. The values are stored.
const (
	SignIn   SessionKind = 1
	APIToken SessionKind = 2
)

// Session is a sign-in or an API token. Only the hash of its secret is stored.
type Session struct {
	ID        sealpost.SessionID
	UserID    sealpost.UserID
	Kind      SessionKind
	Hash      [32]byte // SHA-256 of the secret
	Label     string   // user agent, or the name of the token
	CreatedAt sealpost.Instant
	ExpiresAt sealpost.Instant // zero: does not expire
	// Scopes are what a token is good for; nil: for everything that its owner may.
	Scopes []sealpost.Scope
}

const (
	// PresenceSlack is how much longer than the minute that Seen writes somebody counts
	// as there: a request that began in it may be served after it (R24).
	PresenceSlack = time.Minute
	// HangUpSlack is the same for the end of a live connection: decision times run a
	// little ahead of a clock that stands still (R12).
	HangUpSlack = time.Second
)

// Presence records that somebody was connected or asked, so that a recall knows
// who may have noticed a message (R24). Every write takes the locks that a recall
// takes.
type Presence interface {
	// Seen notes, before a request of the user is served, that they are there until
	// the end of this minute of the database's clock, and PresenceSlack longer. It
	// returns the end of the minute and the clock, so that the caller need not write
	// again before.
	Seen(ctx context.Context, user sealpost.UserID) (until, now sealpost.Instant, err error)
	// Connect notes that a live connection of the user begins on a node, Disconnect
	// that the node's last one has ended, with HangUpSlack. Both are idempotent.
	Connect(ctx context.Context, node [16]byte, user sealpost.UserID) error
	Disconnect(ctx context.Context, node [16]byte, user sealpost.UserID) error
	// Lease makes or renews the lease of a node for the given time. A lease that has
	// lapsed is not renewed: CodeUnavailable, and the node begins anew under another
	// id. Without a lease a node's connections count until the lease's end.
	Lease(ctx context.Context, node [16]byte, length time.Duration) error
}

// Work is what the relay asks for.
type Work interface {
	// Due lists held and scheduled messages whose time has come by the database's
	// clock, earliest first, after a position, and when the next one is due; zero: none.
	Due(ctx context.Context, after Due, limit int) (due []Due, next sealpost.Instant, err error)
	// Sweep deletes expired idempotency records, drafts, sessions and counters.
	Sweep(ctx context.Context) error

	Epochs(ctx context.Context) ([]Epoch, error) // all, oldest first
	OpenEpoch(ctx context.Context, hour int64) error
	// CloseEpoch commits that nothing is wrapped under the epoch any more. It waits
	// for the transactions that may be wrapping under it.
	CloseEpoch(ctx context.Context, hour int64) error
	// Wrapped counts what is still wrapped under the epoch and names conversations
	// that have delivered messages under it, at most limit.
	Wrapped(ctx context.Context, hour int64, limit int) (left int, in []sealpost.ConversationID, err error)
	// Rewrap moves pending messages and drafts from this epoch to a later one or to
	// a long-term key: for each, move gives the new wrap, or ok false to drop the
	// key. It is conditional on the old wrap (R18). It reports how many it handled.
	Rewrap(ctx context.Context, hour int64, limit int, move func(Held) (ref int64, wrapped []byte, ok bool)) (int, error)
	// CheckEmpty reports, under the exclusive lock, whether the epoch is closing and
	// nothing is wrapped under it; EndEpoch records that its key was destroyed.
	CheckEmpty(ctx context.Context, hour int64) (bool, error)
	EndEpoch(ctx context.Context, hour int64) error
}

// Due is a message whose release has come. Its position is ReleaseAt and Message.
type Due struct {
	Conversation sealpost.ConversationID
	Message      sealpost.MessageID
	ReleaseAt    sealpost.Instant
}

// Held is sealed content that is not a delivered message: a pending message or a
// draft.
type Held struct {
	Label     seal.Label
	Content   sealpost.Sealed // without the body
	ExpiresAt sealpost.Instant
}

// EpochState is how far an epoch has come.
type EpochState int8

// The states of an epoch, in their order. The values are stored.
const (
	EpochOpen      EpochState = 1
	EpochClosing   EpochState = 2
	EpochDestroyed EpochState = 3
)

// Epoch is an hour for which there is, or was, a key.
type Epoch struct {
	Hour        int64
	State       EpochState
	CreatedAt   sealpost.Instant
	DestroyedAt sealpost.Instant
}

// Keys is the key store. Keys never enter the database.
type Keys interface {
	Root() seal.Key
	CreateEpoch(hour, nowMicros int64) (seal.Key, error)
	Epoch(hour int64) (seal.Key, error)
	DestroyEpoch(hour int64) error
	LongTerm() (int64, seal.Key)
	LongTermKey(n int64) (seal.Key, error)
	Check() error // nil if keys can be read and destroyed
}

// Bus carries hints to live connections. A lost hint costs latency, never data.
type Bus interface {
	// Publish hints, after the commit, that the views of these users changed.
	Publish(hint sealpost.Hint)
	// Subscribe gives every hint to f until stop is called. f must not block.
	Subscribe(f func(sealpost.Hint)) (stop func())
}

// Passwords hashes and checks passwords (argon2id); both wait for a free place.
type Passwords interface {
	Hash(ctx context.Context, password string) (string, error)
	// Verify reports whether the password has this hash. With an empty hash it works
	// as long and says no, so that timing does not tell who has an account.
	Verify(ctx context.Context, hash, password string) (bool, error)
}
