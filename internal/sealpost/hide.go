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
	m.ChangedAt = now
	if m.SenderID == viewer {
		m.SenderHidden, m.SenderChangedAt = true, now
		return m, true
	}
	i := slices.IndexFunc(m.Deliveries, func(d Delivery) bool { return d.UserID == viewer })
	m.Deliveries = slices.Clone(m.Deliveries)
	m.Deliveries[i].Hidden, m.Deliveries[i].ChangedAt = true, now
	return m, true
}
