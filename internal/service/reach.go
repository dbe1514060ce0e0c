package service

import (
	"github.com/sealpost/sealpost/internal/sealpost"
)

// Reaching is how people stand to each other, inside an amendment (R31).
type Reaching interface {
	// Standing tells how a person stands to somebody who writes to them; whether they
	// have a conversation of their own already is asked of the one named. NotFound if
	// there is no such person.
	Standing(user, sender sealpost.UserID, direct sealpost.ConversationID) (sealpost.Standing, error)
	// SetConsent writes the consent of a participant for whom nothing was decided yet; of
	// nobody else.
	SetConsent(id sealpost.ConversationID, user sealpost.UserID, c sealpost.Consent) error
}

// Consenting is the consent of a participant, as a change writes it.
type Consenting struct {
	UserID  sealpost.UserID
	Consent sealpost.Consent
}

// Own is what a snapshot says of the actor's own view of the conversation.
type Own struct {
	Known   bool // the actor may know of it; see Views.Thread
	Request sealpost.RequestState
	Muted   bool
}

// Deliver notes what the delivery of a message changes in the lists of those who are
// in it. Who writes has accepted the conversation by it (R31). Somebody to whom it is
// closed has nothing of it, not even a later time in their list.
func (c *Change) Deliver(m sealpost.Message, all []sealpost.Participant) {
	c.Arrived = append(c.Arrived, m.SenderID)
	if p, ok := sealpost.FindParticipant(all, m.SenderID); ok && p.Consent != sealpost.ConsentAccepted {
		c.Consents = append(c.Consents, Consenting{m.SenderID, sealpost.ConsentAccepted})
	}
	for _, d := range m.Deliveries {
		if d.Closed {
			continue
		}
		c.Arrived, c.Unread = append(c.Arrived, d.UserID), append(c.Unread, d.UserID)
		if d.Request {
			c.Requests = append(c.Requests, d.UserID)
		}
	}
}

// admit judges everybody who is to come into a new group by how they stand to the
// one who begins it; one who cannot be reached refuses it for all (R31).
func (s *Service) admit(a Amendment, by sealpost.UserID, others []sealpost.UserID) ([]Consenting, error) {
	out := []Consenting{{by, sealpost.ConsentAccepted}}
	for _, u := range others {
		consent, ok, err := s.admitted(a, by, u)
		switch {
		case err != nil:
			return nil, err
		case !ok:
			return nil, sealpost.CannotDeliver()
		}
		out = append(out, Consenting{u, consent})
	}
	return out, nil
}

// admitted asks with what consent somebody comes into a group that another begins; false:
// they cannot be reached (R31).
func (s *Service) admitted(a Amendment, by, user sealpost.UserID) (sealpost.Consent, bool, error) {
	standing, err := a.Standing(user, by, s.directID(by, user))
	if err != nil {
		return 0, false, err
	}
	consent, ok := sealpost.Admit(standing)
	return consent, ok, nil
}
