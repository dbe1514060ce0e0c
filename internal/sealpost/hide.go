package sealpost

import "slices"

// ShownTo reports whether a viewer's views have the message: what they may know of,
// without what they hid from themselves.
func (m Message) ShownTo(viewer UserID) bool {
	if !m.VisibleTo(viewer) {
		return false
	}
	if m.SenderID == viewer {
		return !m.SenderHidden
	}
	d, _ := m.DeliveryTo(viewer)
	return !d.Hidden
}

// Hide takes a message out of one viewer's own views, for ever. It reports whether
// that was new. Nothing that anybody else sees depends on it: a sealed message stays
// sealed, and its sender can recall it.
func Hide(m Message, viewer UserID, now Instant) (Message, bool) {
	if !m.ShownTo(viewer) || m.State.Pending() {
		return m, false
	}
	return m.hide(viewer, true, now), true
}

// hide hides the message from its sender or one who has a delivery, or shows it again.
func (m Message) hide(viewer UserID, hidden bool, now Instant) Message {
	m.ChangedAt = now
	if m.SenderID == viewer {
		m.SenderHidden, m.SenderChangedAt = hidden, now
		return m
	}
	m = m.apart()
	i := slices.IndexFunc(m.Deliveries, func(d Delivery) bool { return d.UserID == viewer })
	m.Deliveries[i].Hidden, m.Deliveries[i].ChangedAt = hidden, now
	return m
}
