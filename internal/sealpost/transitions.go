package sealpost

import "slices"

// The transitions. Each takes a message and gives the message as it is
// afterwards; none changes its argument. docs/recall.md shows them as a table
// and a diagram that are generated from this code.

// Delivering is what is fixed when a message is delivered (R12, R28, R33).
type Delivering struct {
	Now           Instant
	Until         Instant // recallable until
	PolicyVersion int64
	Previews      Previews // what the organisation allows (R26)
	Seq           int64
	Recipients    []Recipient // from Address
}

// Deliver turns a new, held or scheduled message into a sent one, sealed for each
// recipient. It refuses with CodeAlreadyDelivered when that has happened before,
// and with CodeNotFound when the message was undone.
func Deliver(m Message, d Delivering) (Message, error) {
	switch m.State {
	case Scheduled, Held, 0:
	case Undone:
		return m, NotFound()
	default:
		return m, alreadyDelivered()
	}
	m.State = Sent
	m.SentAt, m.RecallableUntil = d.Now, d.Until
	m.PolicyVersion, m.Seq = d.PolicyVersion, d.Seq
	m.Previews = min(m.Previews, d.Previews)
	m.ChangedAt, m.SenderChangedAt = d.Now, d.Now
	m.Deliveries = make([]Delivery, 0, len(d.Recipients))
	for _, to := range d.Recipients {
		delivery := Delivery{UserID: to.UserID, State: DeliverySealed, Visible: true, ChangedAt: d.Now, Request: to.Request}
		if to.Closed { // R31: they never see anything of it
			delivery.Visible, delivery.Closed, delivery.ChangedAt = false, true, 0
		}
		m.Deliveries = append(m.Deliveries, delivery)
	}
	return m, nil
}

// Open opens a message for one recipient (R4, R5). It reports whether anything
// changed: an opened message stays opened, and what was recalled, closed by
// leaving or never delivered to the user cannot be opened (R7).
func Open(m Message, user UserID, now Instant, receipt bool) (Message, bool) {
	i := slices.IndexFunc(m.Deliveries, func(d Delivery) bool { return d.UserID == user })
	if i < 0 || m.State != Sent {
		return m, false
	}
	d := m.Deliveries[i]
	if d.State != DeliverySealed || !d.Visible {
		return m, false
	}
	if d.Hidden { // nobody opens what they will not see
		return m, false
	}
	d.State, d.DecidedAt, d.ChangedAt = DeliveryOpened, now, now
	d.Level, d.Receipt = LevelOpened, receipt
	m.Deliveries = slices.Clone(m.Deliveries)
	m.Deliveries[i] = d
	m.ChangedAt = now
	if receipt { // R34: without receipts the opening changes the opener's view only
		m.SenderChangedAt = now
	}
	return m, true
}

// Opened counts the recipients who have opened the message.
func (m Message) Opened() int {
	n := 0
	for _, d := range m.Deliveries {
		if d.State == DeliveryOpened {
			n++
		}
	}
	return n
}

// Recalling is a recall that was granted.
type Recalling struct {
	Now   Instant
	Trace Trace
	// Level is the exposure of each recipient who has not opened, from presence
	// read under the locks that presence writes take (R24).
	Level func(UserID) Level
}

// Recall takes a message back from every recipient who has not opened it (R15).
// Whether it may be done is decided before, by the policy (R8). Without any
// opening the message is recalled as a whole and its key forgotten (R18);
// otherwise it stays sent, recalled in part.
func Recall(m Message, r Recalling) Message {
	opened := m.Opened()
	m.Deliveries = slices.Clone(m.Deliveries)
	for i, d := range m.Deliveries {
		if d.State != DeliverySealed {
			continue
		}
		d.State, d.DecidedAt = DeliveryRecalled, r.Now
		d.Level = max(r.Level(d.UserID), d.Exposed())
		if d.Visible && !d.Hidden { // what leaving closed, or they hid, has left that view already (R33, R34)
			d.ChangedAt = r.Now
		}
		d.Marked = d.Closed && r.Trace.Marker(d.Level)   // R31: the report shows no difference
		d.Visible = d.Visible && r.Trace.Marker(d.Level) // R17; R33: closed stays closed
		m.Deliveries[i] = d
	}
	m.RecalledAt, m.ChangedAt, m.SenderChangedAt = r.Now, r.Now, r.Now
	if opened == 0 {
		m.State = Recalled
		m.Content = m.Content.Erase()
	}
	return m
}

// Undo takes back a held or scheduled message (R27). Nobody can know that there
// was one; the key goes with it.
func Undo(m Message, now Instant) (Message, error) {
	switch {
	case m.State.Pending():
	case m.State == Undone:
		return m, NotFound()
	default:
		return m, alreadyDelivered()
	}
	m.State = Undone
	m.Content = m.Content.Erase()
	m.ChangedAt, m.SenderChangedAt = now, now
	return m, nil
}

// Edit changes a held or scheduled message (R28): its content, its time, or both.
type Edit struct {
	Now       Instant
	Content   *Sealed // nil: unchanged
	ReleaseAt Instant // zero: unchanged
	TimeZone  string
}

// EditPending applies an edit; a message that was delivered in between refuses
// with CodeAlreadyDelivered.
func EditPending(m Message, e Edit) (Message, error) {
	switch {
	case m.State.Pending():
	case m.State == Undone:
		return m, NotFound()
	default:
		return m, alreadyDelivered()
	}
	if e.Content != nil {
		m.Content = *e.Content
	}
	if e.ReleaseAt != 0 {
		m.ReleaseAt, m.TimeZone = e.ReleaseAt, e.TimeZone
	}
	m.ChangedAt, m.SenderChangedAt = e.Now, e.Now
	return m, nil
}

// CloseWindow commits that the window is over (R12). It reports whether that was
// new. Viewers see no difference, so no view changes.
func CloseWindow(m Message, now Instant) (Message, bool) {
	if m.State != Sent || m.WindowOver || now <= m.RecallableUntil {
		return m, false
	}
	m.WindowOver = true
	return m, true
}

// CloseFor closes what is sealed for somebody who leaves (R33). It stays
// recallable by its sender. What was closed without the sender's noticing is closed
// like everything else from then on: that they left is no secret.
func CloseFor(m Message, user UserID, now Instant) (Message, bool) {
	if i := m.sealedFor(user); i >= 0 {
		m = m.apart()
		m.Deliveries[i].Visible, m.Deliveries[i].ChangedAt = false, now
		m.ChangedAt = now
		return m, true
	}
	i := slices.IndexFunc(m.Deliveries, func(d Delivery) bool { return d.UserID == user && d.State == DeliverySealed && d.Closed })
	if i < 0 {
		return m, false
	}
	m = m.apart()
	m.Deliveries[i].Closed = false
	return m, true
}

// sealedFor finds the delivery of a user for whom the message is sealed and visible.
func (m Message) sealedFor(user UserID) int {
	return slices.IndexFunc(m.Deliveries, func(d Delivery) bool {
		return d.UserID == user && d.State == DeliverySealed && d.Visible
	})
}

// apart is the message with deliveries of its own, which may be changed.
func (m Message) apart() Message {
	m.Deliveries = slices.Clone(m.Deliveries)
	return m
}

func alreadyDelivered() *Error {
	return Refuse(CodeAlreadyDelivered, "The message was delivered before this could happen.")
}
