package sealpost

// Consent is what somebody decided about being written to in a conversation.
type Consent int8

// The states of consent. The values are stored.
const (
	ConsentNone      Consent = 0 // nothing decided
	ConsentRequested Consent = 1 // added to a group by somebody whose messages they have to ask for (R31)
	ConsentAccepted  Consent = 2 // accepted, or wrote something themselves: ordinary from then on
	ConsentDeclined  Consent = 3 // what comes is closed to them, and its sender does not notice (R31)
)

// RequestState says whether a conversation is a message request for a viewer (R31).
type RequestState int8

// The states of a request. The values are stored.
const (
	RequestNone     RequestState = 0 // an ordinary conversation
	RequestPending  RequestState = 1 // everything in it came as a request, and nothing was decided
	RequestDeclined RequestState = 2 // declined: in no list of this viewer
)

// Standing is how a person stands to somebody who writes to them. It is read under
// the lock of the decision that it is for.
type Standing struct {
	Reach    Reach // the person's setting; empty: ReachConnections
	Disabled bool  // the person's account is disabled
	Blocks   bool  // the person does not want to hear from the sender
	Blocked  bool  // the sender does not want to hear from the person

	// Of the conversation of these two only.
	Connected bool
	Shared    bool // they share a connection; looked up only where the setting asks
	Existing  bool // it is in the person's own list, and not as a request
}

// Reception is what becomes of a message on its way to one person.
type Reception int8

// The receptions.
const (
	ReceiveRefused   Reception = 1 // the sender is told CodeCannotDeliver
	ReceiveNot       Reception = 2 // left out of the recipients, which all may see
	ReceiveClosed    Reception = 3 // delivered and closed: only the sender's view has it, as if sealed
	ReceiveAsRequest Reception = 4
	ReceiveOrdinary  Reception = 5
)

// Receive decides what becomes of a message to somebody (R31). It is total: every
// combination has an answer, and whatever is not known errs to asking first.
//
// A refusal between two people tells the same whoever blocked whom. In a group only
// the one who blocks leaves the other out; the one who is blocked must not notice.
func Receive(kind ConversationKind, c Consent, s Standing) Reception {
	if kind == Group {
		switch {
		case s.Blocked || s.Disabled:
			return ReceiveNot
		case s.Blocks || c == ConsentDeclined:
			return ReceiveClosed
		case c == ConsentRequested:
			return ReceiveAsRequest
		}
		return ReceiveOrdinary
	}
	existing := s.Existing || c == ConsentAccepted
	switch {
	case s.Blocks || s.Blocked || s.Disabled:
		return ReceiveRefused
	case s.Reach == ReachNobodyNew && !existing:
		return ReceiveRefused // before the decline: declining must not change the answer
	case c == ConsentDeclined:
		return ReceiveClosed
	case existing || s.Connected || s.Reach == ReachAnyone || s.Reach == ReachSecond && s.Shared:
		return ReceiveOrdinary
	}
	return ReceiveAsRequest
}

// Admit decides with what consent somebody comes into a group, by how they stand to
// the person who adds them; false: they cannot be added (R31, R33).
func Admit(s Standing) (Consent, bool) {
	switch Receive(Direct, ConsentNone, s) {
	case ReceiveOrdinary:
		return ConsentAccepted, true
	case ReceiveAsRequest:
		return ConsentRequested, true
	}
	return ConsentNone, false
}

// Recipient is one person to whom a message is delivered.
type Recipient struct {
	UserID  UserID
	Request bool // it comes as a request
	Closed  bool // closed from the beginning; see Delivery
}

// Address decides who receives a message (R31, R33): the active participants other
// than the sender, as far as they can be written to. It refuses with
// CodeCannotDeliver, always in the same words, what would reach nobody.
func Address(kind ConversationKind, all []Participant, sender UserID) ([]Recipient, error) {
	var out []Recipient
	for _, p := range Recipients(all, sender) {
		switch r := Receive(kind, p.Consent, p.Standing); r {
		case ReceiveRefused:
			return nil, CannotDeliver()
		case ReceiveNot:
		default:
			out = append(out, Recipient{UserID: p.UserID, Request: r == ReceiveAsRequest, Closed: r == ReceiveClosed})
		}
	}
	if len(out) == 0 {
		return nil, CannotDeliver()
	}
	return out, nil
}

// CannotDeliver is every refusal to deliver, the same to the byte whatever its
// reason is (R31).
func CannotDeliver() *Error {
	return Refuse(CodeCannotDeliver, "This cannot be delivered.")
}

// Decline closes what is sealed for somebody who declined the request that it came
// with (R31). Its sender goes on seeing it sealed, and can recall it.
func Decline(m Message, user UserID, now Instant) (Message, bool) {
	i := m.sealedFor(user)
	if i < 0 {
		return m, false
	}
	m = m.apart()
	d := &m.Deliveries[i]
	d.Visible, d.Closed, d.ChangedAt = false, true, now
	m.ChangedAt = now
	return m, true
}
