package sealpost

// What an archive of another network holds, read and put in order, before anybody
// has decided what of it is taken.

// ArchivePerson is somebody in an archive.
type ArchivePerson struct {
	// Key tells people apart: the address of their profile there; without one, what
	// their name is and where in the archive it stands.
	Key string
	// Known says that Key is an address, the same in the archives of others.
	Known    bool
	Name     string
	Headline string // what they do, empty if nobody says
}

// ArchiveThread is a conversation in an archive. Its members are indexes of people;
// the owner of the archive is in it and is not named.
type ArchiveThread struct {
	Key     string // what the archive calls it; the other person alone tells conversations of two apart
	Title   string
	Others  []int
	IsGroup bool
}

// ArchiveMessage is a message in an archive.
type ArchiveMessage struct {
	Sender int     // a person; the owner is person 0
	At     Instant // whole seconds
	// Ordinal counts the messages of one sender in one second of one conversation, and
	// Place those of everybody, from 0, in order.
	Ordinal, Place int
	Body           string // not empty, within MaxBody
	Line           int    // where it stands in the archive
}

// ArchiveConnection is somebody whom the owner is connected with there.
type ArchiveConnection struct {
	Person int
	Since  Instant // zero: unknown
}

// ImportPlaces is how many messages one second of one conversation has room for:
// positions are microseconds, and no two messages share one.
const ImportPlaces = 1_000_000

// ImportTime gives the position at a place in the second of an archive's date: its
// seconds have no parts, so that the order in the archive goes into the microseconds.
func ImportTime(at Instant, place int) Instant { return at + Instant(place) }

// Imported is what a message from an archive is like when it comes in: delivered,
// opened and settled long ago, and never recallable.
type Imported struct {
	Now           Instant // of the decision
	At            Instant // the position, from the archive's date
	Seq           int64
	PolicyVersion int64
	Recipients    []ImportRecipient
	// SenderHidden: the sender has an account of their own and did not bring this in,
	// so that it is not shown to them.
	SenderHidden bool
}

// ImportRecipient is a person to whom an imported message went.
type ImportRecipient struct {
	UserID UserID
	Hidden bool // as Imported.SenderHidden, for a recipient
}

// Import turns a new message into an imported one. Nobody decides about it ever
// again: its window is committed as over (R12), and everybody has opened it (I4).
// Whoever it is hidden from has never seen anything of it: their change time is zero.
func Import(m Message, in Imported) Message {
	m.State, m.Kind, m.Imported, m.WindowOver = Sent, KindMessage, true, true
	m.CreatedAt, m.SentAt, m.RecallableUntil = in.Now, in.At, in.At
	m.Seq, m.PolicyVersion, m.ChangedAt = in.Seq, in.PolicyVersion, in.Now
	if m.SenderHidden = in.SenderHidden; !m.SenderHidden {
		m.SenderChangedAt = in.Now
	}
	m.Deliveries = make([]Delivery, 0, len(in.Recipients))
	for _, to := range in.Recipients {
		d := Delivery{UserID: to.UserID, State: DeliveryOpened, DecidedAt: in.Now, Receipt: true, Level: LevelOpened, Visible: true, Hidden: to.Hidden}
		if !to.Hidden {
			d.ChangedAt = in.Now
		}
		m.Deliveries = append(m.Deliveries, d)
	}
	return m
}

// Unseen reports whether an import hid the message from a viewer who has an account and
// did not bring it in: they have never seen it, as opposed to what they hid themselves.
func (m Message) Unseen(viewer UserID) bool {
	if !m.Imported || m.State != Sent {
		return false
	}
	if m.SenderID == viewer {
		return m.SenderHidden && m.SenderChangedAt == 0
	}
	d, ok := m.DeliveryTo(viewer)
	return ok && d.Hidden && d.ChangedAt == 0
}

// Reveal shows a viewer what was unseen: now they brought it in themselves.
func Reveal(m Message, viewer UserID, now Instant) (Message, bool) {
	if !m.Unseen(viewer) {
		return m, false
	}
	return m.hide(viewer, false, now), true
}
