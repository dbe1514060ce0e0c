package service

import (
	"context"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
)

// Decider makes decisions. It is the centre of the program.
type Decider interface {
	// Decide locks the conversation, reads what the ask names, calls decide with it
	// and writes the change that it returns, with its audit entry, in one
	// transaction that is durable when Decide returns nil (R7, R32, I6).
	//
	// decide may run more than once: it has no effects and keeps its results only
	// in variables that it overwrites. An error from it writes nothing and is
	// returned as it is. A zero Change writes nothing and is no error.
	//
	// Decisions of one conversation are serialised, on every node. Now is strictly
	// later than every earlier decision of the conversation (R12). A conversation
	// that does not exist is NotFound. If the outcome of the commit is unknown and
	// cannot be found out, the error is CodeUnavailable (R11); the change may then
	// have happened, once.
	Decide(ctx context.Context, ask Ask, decide func(Snapshot) (Change, error)) error
}

// Ask says what a decision is about, and so what its snapshot holds.
type Ask struct {
	Decision     sealpost.DecisionID // unique; stored with the audit entry
	Conversation sealpost.ConversationID
	Actor        sealpost.UserID // zero: the server itself
	Key          string          // idempotency key of the actor, empty: none

	// Message is to be in Snapshot.Message if it exists, in this conversation or
	// in another, and Snapshot.Tombstone tells whether the actor recalled that id
	// before it was sent.
	Message sealpost.MessageID
	Reply   sealpost.MessageID // to be in Snapshot.Reply, if it is in this conversation
	Sender  bool               // loads who wrote Message into Snapshot.Sender
	Draft   sealpost.DraftID   // a draft of the actor's, to be locked and in Snapshot.Draft
	Subject sealpost.UserID    // a user to be in Snapshot.Subject, if there is one

	// OpenThrough loads this message, and into Sealed what is sealed for the actor
	// up to its position, oldest first, at most OpenLimit.
	OpenThrough sealpost.MessageID
	// Recall loads the facts of R8 for Message, and locks the presence of its
	// recipients until the commit (R24).
	Recall bool
	// Flags loads the open reports of Message (R23).
	Flags bool
	// Expired loads into Sealed the delivered messages of this conversation whose
	// content is wrapped by this epoch, at most OpenLimit; zero: none.
	Expired int64
	// Reach loads into each participant how they stand to whoever writes: the actor, or
	// for the server itself the sender of Message (R31). Direct, the conversation of the
	// actor and Subject, loads the same of Subject into Snapshot.Standing.
	Reach  bool
	Direct sealpost.ConversationID
	Own    bool // loads Snapshot.Own
	// Waiting counts into Snapshot.Waiting what the actor has held and scheduled here.
	Waiting bool
	// From and Until load into Placed what was delivered with a position from From and
	// before Until, and into Unseen what of it imports hid from Subject; Until zero: nothing.
	From, Until sealpost.Instant
}

// OpenLimit is how many messages one call opens at most (4-api: 200).
const OpenLimit = 200

// Snapshot is what the decision sees, read under the lock.
type Snapshot struct {
	Now          sealpost.Instant // decision time (R12)
	Clock        sealpost.Instant // the database's clock, which may have been set back
	Conversation sealpost.Conversation
	Participants []sealpost.Participant // those who left too
	Policy       policy.Policy          // in force now
	Epochs       []int64                // open epochs, oldest first

	// Replay is the outcome stored under the ask's idempotency key, nil if the key
	// is new.
	Replay *Replay

	Message   *sealpost.Message // with every delivery; nil if it does not exist
	Tombstone bool
	Reply     *sealpost.Message // with every delivery if the actor is its sender, else with theirs
	Sender    *sealpost.User    // of Message; nil if not asked for
	Draft     *sealpost.Draft   // nil if the actor has no such draft
	Subject   *sealpost.User
	Through   *sealpost.Message  // OpenThrough, with the deliveries of the actor only
	Sealed    []sealpost.Message // with the delivery of the actor
	More      bool               // Sealed was cut at the limit

	Placed   []Placed           // in no order; see Ask.From
	Unseen   []sealpost.Message // in no order, with the delivery of Subject
	Standing sealpost.Standing  // of Subject; see Ask.Direct
	Own      Own
	Waiting  int

	Recall RecallFacts
	Flags  []sealpost.Flag // open, by id, with their evidence
}

// Placed is a message and its position.
type Placed struct {
	ID     sealpost.MessageID
	SentAt sealpost.Instant
}

// RecallFacts are what only a recall needs.
type RecallFacts struct {
	Sender sealpost.User
	Policy policy.Policy // the version that the message was sent under
	// QuotaUntil, MessagesOver, RecipientsOver and RefusalsOver are as in
	// policy.Facts, under the limits of that version.
	QuotaUntil                                 sealpost.Instant
	MessagesOver, RecipientsOver, RefusalsOver sealpost.Instant
	// Seen tells for each recipient until when they were, or may have been,
	// connected or asking (R24). At or after the delivery means notified.
	Seen map[sealpost.UserID]sealpost.Instant
}

// Replay is a stored idempotent outcome. It holds no content and no plain hash of
// content.
type Replay struct {
	Request [32]byte // MAC of method, route and the fields that are not content
	Content [32]byte // MAC of the content under the content's own key; zero if none
	Result  []byte   // ids, by which the answer is rebuilt
}

// Change is everything that a decision writes. All of it commits or none (I6).
type Change struct {
	// Audit is the entry of this decision (R32). A change without an action is no
	// change: nothing is written.
	Audit Audit

	Insert []sealpost.Message // new messages, with their deliveries
	Update []Update           // messages that changed

	// Arrived makes the inbox of these users list the conversation with Now as its
	// last activity; Unread besides counts one more unread message.
	// Requests are those of Arrived to whom it came as a request (R31).
	Arrived, Unread, Requests []sealpost.UserID
	// Opened lowers the unread count of this user by OpenedCount and clears the
	// "marked unread" flag.
	Opened      sealpost.UserID
	OpenedCount int
	// Recount recomputes unread, last activity and last change of these users'
	// inboxes from the messages (R16).
	Recount []sealpost.UserID
	// Touched notes Now as the last change of these users' view of the conversation
	// itself: its participants or title (R34).
	Touched []sealpost.UserID
	// Changed names users whose view of a message changed otherwise, such as a
	// sender who is told of an opening. The messages carry the time of it.
	Changed []sealpost.UserID
	// MarkUnread sets or clears the flag of the actor (R5); nil: leave it.
	MarkUnread *bool
	// Mute sets or clears the actor's flag that they are not to be disturbed by the
	// conversation; nil: leave it.
	Mute *bool
	// List makes the conversation appear in this user's inbox without a message.
	List sealpost.UserID

	Participants []sealpost.Participant // inserted or replaced
	CloseSealed  sealpost.UserID        // makes what is sealed for this user invisible to them (R33)
	// Consents are written of these participants. ConsentDeclined besides closes what
	// is sealed for the user, without their senders' noticing (R31). Whoever's consent
	// changes and who is not in Arrived goes into Recount too.
	Consents []Consenting
	Title    *string

	// HidOwn says that this user hid a message of their own, which goes on counting
	// for their throttle (R14).
	HidOwn sealpost.UserID
	Flags  []sealpost.Flag // inserted or replaced

	Recalled  *RecallRow         // a granted recall, for the daily limit (R13)
	Refused   bool               // a refused recall, for the throttle (R10, R14)
	Tombstone sealpost.MessageID // an id of the actor's that may never be sent
	Draft     *sealpost.Draft    // inserted
	DropDraft sealpost.DraftID   // of the actor's, with its key
	Replay    *Replay            // stored under the ask's key

	Index   []IndexJob // what settled and can be searched from then on (R3)
	Unindex []IndexRef // what is no longer readable, and so not searched
}

// Update is a message that changed, with the deliveries that changed.
type Update struct {
	Message    sealpost.Message // its mutable columns are written
	Deliveries []sealpost.Delivery
	Insert     bool // the deliveries are new: a held or scheduled message was delivered
	// IfRef, if not zero, makes the update of the content's wrap conditional on the
	// wrap being under this key still: a re-wrap never brings a key back (R18).
	IfRef int64
}

// RecallRow counts a granted recall (R13).
type RecallRow struct {
	Message      sealpost.MessageID
	NextPossible sealpost.Instant
}

// Audit is one entry of the audit log: who decided what about which thing, and
// how it went. It never holds content (R32).
type Audit struct {
	Decision     sealpost.DecisionID
	At           sealpost.Instant
	Actor        sealpost.UserID // zero: the server itself
	Action       string          // "message.send", "recall.granted", ...
	Conversation sealpost.ConversationID
	Message      sealpost.MessageID
	Subject      sealpost.UserID // the other person, if the action has one
	Code         sealpost.Code   // of a refusal
	Rev          int64           // of the conversation, without gaps (I5)
	Detail       string          // JSON, ids and settings only
}
