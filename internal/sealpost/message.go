package sealpost

import "time"

// MessageKind is what a message is for.
type MessageKind int8

// The kinds of message. The values are stored.
const (
	KindMessage        MessageKind = 1
	KindRequiredNotice MessageKind = 2 // cannot be recalled (R22)
	KindDisregard      MessageKind = 3 // asks to disregard the message that it answers, in the system's words
)

// MessageState is the state of a message as a whole. For each recipient there is
// a DeliveryState besides.
type MessageState int8

// The states of a message. The values are stored.
const (
	Scheduled MessageState = 1 // sealed, to be delivered at ReleaseAt (R28)
	Held      MessageState = 2 // sealed, in its undo time until ReleaseAt (R27)
	Sent      MessageState = 3 // delivered; also when recalled for some only
	Recalled  MessageState = 4 // recalled for everybody
	Removed   MessageState = 5 // removed after review (R30)
	Undone    MessageState = 6 // undone or cancelled before delivery; nobody can know (R27)
)

// Pending reports whether the message is not delivered yet.
func (s MessageState) Pending() bool { return s == Scheduled || s == Held }

// Limits of a message.
const (
	MaxBody      = 10_000               // code points
	MaxBodyBytes = 40_000               // bytes of UTF-8
	MaxSchedule  = 366 * 24 * time.Hour // how far ahead a message can be scheduled
)

// Sealed is content that only its key can read. The database sees nothing else.
type Sealed struct {
	Version int32  // of the content; an edit before delivery makes the next, under a new key
	Body    []byte // padded and encrypted
	Ref     int64  // which key wraps the content's key: an epoch, a long-term key, or 0: none left
	Wrapped []byte // the content's key, wrapped; nil when it was deleted (R18)
}

// Erased reports whether the key is gone: nobody can read the content any more.
func (s Sealed) Erased() bool { return s.Ref == 0 }

// Erase forgets the key (R18).
func (s Sealed) Erase() Sealed {
	s.Ref, s.Wrapped, s.Body = 0, nil, nil
	return s
}

// Message is one message of one sender in one conversation.
type Message struct {
	ID             MessageID
	ConversationID ConversationID
	SenderID       UserID
	Kind           MessageKind
	State          MessageState
	InReplyTo      MessageID // zero: not a reply

	CreatedAt Instant
	ReleaseAt Instant // when a held or scheduled message is due
	TimeZone  string  // in which ReleaseAt was meant (R28)

	// Fixed at delivery.
	Seq             int64   // internal position, without gaps (I5)
	SentAt          Instant // the position that viewers see; zero while pending
	RecallableUntil Instant // R12
	PolicyVersion   int64   // a message keeps the policy it was sent under (R12)
	// Previews is the strictest of what the sender wants and, from delivery on, of what
	// the organisation allowed then (R26).
	Previews Previews

	Content    Sealed
	WindowOver bool    // committed: recall refuses whatever the clock says (R12)
	RecalledAt Instant // of the recall that was granted, also in part
	DraftID    DraftID // where the text went back to (R20), zero if nowhere
	// ErasedAt is when the text becomes unreadable everywhere once its key is deleted,
	// unless the organisation is obliged to keep it: the end of the last epoch that
	// ever wrapped it, or the draft that it went back to.
	ErasedAt Instant

	// Imported: it comes from an archive of another network (see Import). SentAt is the
	// archive's date; who wrote it is what the archive says.
	Imported bool

	// SenderHidden: the sender does not want to see it any more; for nobody else does
	// that change anything.
	SenderHidden bool

	// ChangedAt is the last decision that changed what anybody sees of it,
	// SenderChangedAt the last that changed what the sender sees (R34).
	ChangedAt, SenderChangedAt Instant

	Deliveries []Delivery
}

// DeliveryState is the state of one message for one recipient. Exactly one of
// Opened and DeliveryRecalled is ever reached (R7, I1).
type DeliveryState int8

// The states of a delivery. The values are stored.
const (
	DeliverySealed   DeliveryState = 1
	DeliveryOpened   DeliveryState = 2
	DeliveryRecalled DeliveryState = 3
	DeliveryRemoved  DeliveryState = 4 // removed after review before it was opened (R30)
)

// Delivery is a message for one recipient.
type Delivery struct {
	UserID    UserID
	State     DeliveryState
	DecidedAt Instant // of the open or the recall
	// Receipt says whether the sender may know of the opening: the recipient's
	// setting when it was opened. Later changes of the setting do not reach back.
	Receipt bool
	Level   Level // exposure, fixed when the delivery was decided (R24)
	// PreviewedAt is when text of it was first shown to the recipient before they opened
	// it (R26), zero if never.
	PreviewedAt Instant
	// Visible says whether the recipient's view has the message: sealed or opened,
	// or as a marker (R17). A sealed message closed by leaving is not (R33).
	Visible bool
	// ChangedAt is the last decision that changed what this recipient sees; zero if
	// they never saw anything of it.
	ChangedAt Instant
	Request   bool // it came as a request (R31); fixed at delivery
	// Closed says that the recipient does not have the message, because they declined
	// the sender's request or blocked the sender, and that the sender may not notice:
	// to them it is sealed, and then recalled, like any other (R31). Visible is false.
	Closed bool
	// Marked goes with Closed, once it is recalled: what the marker rule would have
	// left for the recipient, for the sender's report.
	Marked bool

	// Hidden: the recipient does not want to see it any more. Nobody else can tell; a
	// sealed one stays sealed and recallable.
	Hidden bool
	// AcknowledgedAt is when the recipient answered a request to disregard, zero if
	// never; Deleted is what they said then, which nobody can check.
	AcknowledgedAt Instant
	Deleted        bool
}

// Level is how much a recipient may have seen (R24). It errs to the safe side.
type Level int8

// The levels of exposure, weakest first. The values are stored.
const (
	LevelNone     Level = 0
	LevelNotified Level = 1
	LevelPreview  Level = 2
	LevelFull     Level = 3
	LevelOpened   Level = 4
)

// String is the name of the level, as the API and saved reports have it.
func (l Level) String() string {
	switch l {
	case LevelNone:
		return "none"
	case LevelNotified:
		return "notified"
	case LevelPreview:
		return "preview"
	case LevelFull:
		return "full"
	}
	return "opened"
}

// Trace is whether a recalled message leaves a line at the recipient's (R17).
type Trace string

// The settings of the marker rule.
const (
	TraceAuto   Trace = "auto"   // only who may have known that a message came
	TraceAlways Trace = "always" // everybody
	TraceNever  Trace = "never"  // nobody
)

// Marker applies R17 to a recipient's exposure.
func (t Trace) Marker(l Level) bool {
	switch t {
	case TraceAlways:
		return true
	case TraceNever:
		return false
	default:
		return l >= LevelNotified
	}
}

// DeliveryTo gives the delivery to a recipient.
func (m Message) DeliveryTo(user UserID) (Delivery, bool) {
	for _, d := range m.Deliveries {
		if d.UserID == user {
			return d, true
		}
	}
	return Delivery{}, false
}

// VisibleTo reports whether a viewer may know of the message at all (R16, R34).
func (m Message) VisibleTo(viewer UserID) bool {
	if m.State == Undone {
		return false
	}
	if m.SenderID == viewer {
		return true
	}
	d, ok := m.DeliveryTo(viewer)
	return ok && d.Visible
}

// ReadableBy reports whether a viewer has the content (R2): the sender while any
// of it is left, a recipient from the committed open on.
func (m Message) ReadableBy(viewer UserID) bool {
	if m.Content.Erased() || m.State == Undone || m.State == Recalled || m.State == Removed {
		return false
	}
	if m.SenderID == viewer {
		return true
	}
	d, ok := m.DeliveryTo(viewer)
	return ok && d.Visible && d.State == DeliveryOpened
}
