package sealpost

import "slices"

// Acknowledge notes that a recipient answered a request to disregard: when, and
// whether they say that they deleted the message. It reports whether that was new;
// what was said once is not taken back.
func Acknowledge(m Message, user UserID, deleted bool, now Instant) (Message, bool) {
	i := slices.IndexFunc(m.Deliveries, func(d Delivery) bool { return d.UserID == user })
	if i < 0 || m.State != Sent || m.Deliveries[i].State != DeliveryOpened {
		return m, false
	}
	d := m.Deliveries[i]
	if d.AcknowledgedAt != 0 && (d.Deleted || !deleted) {
		return m, false
	}
	if d.AcknowledgedAt == 0 {
		d.AcknowledgedAt = now
	}
	d.Deleted, d.ChangedAt = d.Deleted || deleted, now
	m.Deliveries = slices.Clone(m.Deliveries)
	m.Deliveries[i] = d
	m.ChangedAt, m.SenderChangedAt = now, now
	return m, true
}

// Asked narrows the recipients of a request to disregard a message to those who have
// it: not from whom it was recalled, nor who joined later. Who may not know of the
// message does not learn of the request either, which its sender does not notice (R17,
// R31, R33). It refuses with CodeCannotDeliver what would reach nobody.
func Asked(target Message, to []Recipient) ([]Recipient, error) {
	var out []Recipient
	for _, r := range to {
		d, ok := target.DeliveryTo(r.UserID)
		if !ok || d.State != DeliverySealed && d.State != DeliveryOpened {
			continue
		}
		r.Closed = r.Closed || !d.Visible
		out = append(out, r)
	}
	if len(out) == 0 {
		return nil, CannotDeliver()
	}
	return out, nil
}
