package sqlstore

import (
	"fmt"

	"github.com/sealpost/sealpost/internal/sealpost"
)

// idDest scans an id: 16 bytes, or none for the zero id.
type idDest struct{ to []byte }

func into[T ~[16]byte](id *T) *idDest {
	return &idDest{to: (*id)[:]}
}

// Scan implements sql.Scanner.
func (d *idDest) Scan(src any) error {
	b, ok := src.([]byte)
	if !ok || (len(b) != 0 && len(b) != 16) {
		return fmt.Errorf("an id column holds %T", src)
	}
	clear(d.to)
	copy(d.to, b)
	return nil
}

// bytesOf is how an id is stored: 16 bytes, none for the zero id.
func bytesOf[T ~[16]byte](id T) []byte {
	a := [16]byte(id)
	if a == [16]byte{} {
		return []byte{}
	}
	return a[:]
}

func number(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// blob makes nil an empty value: the columns are NOT NULL.
func blob(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

const messageColumns = `m.conversation_id, m.id, m.sender_id, m.kind, m.state, m.in_reply_to,
 m.created_at, m.release_at, m.time_zone, m.seq, m.sent_at, m.recallable_until, m.policy_version,
 m.version, m.body, m.ref, m.wrapped, m.window_over, m.recalled_at, m.draft_id, m.erased_at,
 m.changed_at, m.sender_changed_at, m.sender_hidden, m.imported, m.previews`

// scanMessage reads messageColumns, then whatever follows them.
func scanMessage(r row, m *sealpost.Message, more ...any) error {
	var kind, state, over, version, hidden, imported, previews int64
	dest := append([]any{
		into(&m.ConversationID), into(&m.ID), into(&m.SenderID), &kind, &state, into(&m.InReplyTo),
		(*int64)(&m.CreatedAt), (*int64)(&m.ReleaseAt), &m.TimeZone, &m.Seq, (*int64)(&m.SentAt),
		(*int64)(&m.RecallableUntil), &m.PolicyVersion,
		&version, &m.Content.Body, &m.Content.Ref, &m.Content.Wrapped, &over, (*int64)(&m.RecalledAt),
		into(&m.DraftID), (*int64)(&m.ErasedAt), (*int64)(&m.ChangedAt), (*int64)(&m.SenderChangedAt), &hidden, &imported, &previews,
	}, more...)
	if err := r.Scan(dest...); err != nil {
		return err
	}
	m.Kind, m.State = sealpost.MessageKind(kind), sealpost.MessageState(state)
	m.WindowOver, m.Content.Version, m.SenderHidden = over != 0, int32(version), hidden != 0
	m.Imported, m.Previews = imported != 0, sealpost.Previews(previews)
	return nil
}

const deliveryColumns = `d.user_id, d.state, d.decided_at, d.receipt, d.level, d.visible, d.changed_at, d.request,
 d.hidden, d.acknowledged_at, d.deleted, d.previewed_at`

// deliveryRow holds a delivery while it is scanned; all of it is empty where an
// outer join found none.
type deliveryRow struct {
	user                           sealpost.UserID
	state, decided, receipt, level int64
	visible, changed, request      int64
	hidden, acknowledged, deleted  int64
	previewed                      int64
}

func (d *deliveryRow) dest() []any {
	return []any{
		into(&d.user), &d.state, &d.decided, &d.receipt, &d.level, &d.visible, &d.changed, &d.request,
		&d.hidden, &d.acknowledged, &d.deleted, &d.previewed,
	}
}

func (d *deliveryRow) value() sealpost.Delivery {
	return sealpost.Delivery{
		UserID: d.user, State: sealpost.DeliveryState(d.state), DecidedAt: sealpost.Instant(d.decided),
		Receipt: d.receipt != 0, Level: sealpost.Level(d.level), Visible: d.visible == 1,
		ChangedAt: sealpost.Instant(d.changed), Request: d.request != 0,
		Closed: d.visible >= visibleClosed, Marked: d.visible == visibleMarked,
		Hidden: d.hidden != 0, AcknowledgedAt: sealpost.Instant(d.acknowledged), Deleted: d.deleted != 0, PreviewedAt: sealpost.Instant(d.previewed),
	}
}

// What delivery.visible holds besides 0 and 1: a delivery that is closed without its
// sender's noticing, and one of these whose recall would have left a marker.
const (
	visibleClosed = 2
	visibleMarked = 3
)

// visible is how a delivery's visibility is stored.
func visible(d sealpost.Delivery) int64 {
	switch {
	case d.Closed && d.Marked:
		return visibleMarked
	case d.Closed:
		return visibleClosed
	}
	return number(d.Visible)
}

// justOne ends what is in EXISTS. It keeps PostgreSQL from reading all that fulfils a
// condition, of everybody, and putting it aside for the few rows that are asked about.
const justOne = " LIMIT 1 OFFSET 0"

// ofMessage is the condition for what was delivered of a message m. COALESCE, which
// changes nothing, hides from PostgreSQL that the conversation is the one which the query
// is about: it would read all of it for each message anew while it takes conversations
// for short.
const ofMessage = "d.conversation_id = COALESCE(m.conversation_id, m.id) AND d.message_id = m.id"

// deliveredTo joins to a message what was delivered of it to one user, who follows: one
// row at most, found by its whole key.
const deliveredTo = "LEFT JOIN delivery d ON " + ofMessage + " AND d.user_id = "

// ownDelivery is deliveryColumns of an outer join, with zeros where there is none; the
// sender stands in for the user then, and is not looked at.
const ownDelivery = `COALESCE(d.user_id, m.sender_id), COALESCE(d.state, 0), COALESCE(d.decided_at, 0),
 COALESCE(d.receipt, 0), COALESCE(d.level, 0), COALESCE(d.visible, 0), COALESCE(d.changed_at, 0), COALESCE(d.request, 0),
 COALESCE(d.hidden, 0), COALESCE(d.acknowledged_at, 0), COALESCE(d.deleted, 0), COALESCE(d.previewed_at, 0)`

// scanMessageWithOwn reads messageColumns and ownDelivery.
func scanMessageWithOwn(r row, m *sealpost.Message) error {
	var d deliveryRow
	if err := scanMessage(r, m, d.dest()...); err != nil {
		return err
	}
	if d.state != 0 {
		m.Deliveries = []sealpost.Delivery{d.value()}
	}
	return nil
}

const userColumns = `u.id, u.email, u.name, u.headline, u.language, u.time_zone, u.previous_zone,
 u.zone_changed_at, u.roles, u.receipts, u.undo_us, u.reach, u.created_at, u.disabled_at, u.erased_at,
 u.profile, u.source, u.open_on_arrival, u.previews, u.hide_mine`

func scanUser(r row, u *sealpost.User, more ...any) error {
	d := userDest{user: u}
	err := r.Scan(append(d.dest(), more...)...)
	d.done()
	return err
}
