package service

import (
	"context"

	"github.com/sealpost/sealpost/internal/failpoint"
	"github.com/sealpost/sealpost/internal/sealpost"
)

// AddParticipant adds somebody to a group, which its creator may (R33). A joiner
// sees what is delivered from then on, and does not learn of the group before.
// Adding somebody who is in it changes nothing.
func (s *Service) AddParticipant(ctx context.Context, p Principal, key string, id sealpost.ConversationID, user sealpost.UserID) (Thread, error) {
	d, err := s.participation(ctx, p, key, "participant.add", id, user)
	if err != nil {
		return Thread{}, err
	}
	if err := d.run(ctx, d.add); err != nil {
		return Thread{}, err
	}
	return s.Conversation(ctx, p, id)
}

// RemoveParticipant takes somebody out of a group: its creator may take out others,
// and anyone may leave (R33). What is sealed for them stays closed to them. Somebody
// who has left already is no error; somebody who never was in it is NotFound.
func (s *Service) RemoveParticipant(ctx context.Context, p Principal, key string, id sealpost.ConversationID, user sealpost.UserID) error {
	d, err := s.participation(ctx, p, key, "participant.remove", id, user)
	if err != nil {
		return err
	}
	return d.run(ctx, d.remove)
}

// participation is a decision about who is in a group.
type participation struct {
	service *Service
	ask     Ask
	action  string
	actor   sealpost.UserID
	user    sealpost.UserID
	request [32]byte
	// knows are the people who may know of the conversation. Nobody else may learn of
	// it by a change of its participants (R34).
	knows map[sealpost.UserID]bool

	affected []sealpost.UserID
}

func (s *Service) participation(ctx context.Context, p Principal, key, action string, id sealpost.ConversationID, user sealpost.UserID) (*participation, error) {
	if err := validKey(key); err != nil {
		return nil, err
	}
	knows, err := s.whoKnows(ctx, p, id)
	if err != nil {
		return nil, err
	}
	return &participation{
		service: s, action: action, actor: p.User.ID, user: user, knows: knows,
		request: s.request(action, id.String(), user.String()),
		ask:     Ask{Decision: newID[sealpost.DecisionID](s), Conversation: id, Actor: p.User.ID, Key: key, Subject: user, Direct: s.directID(p.User.ID, user)},
	}, nil
}

// whoKnows gives the participants who may know of a conversation; NotFound if the
// principal is none of them. It is read before the decision: whoever comes to know
// of the conversation in between is told by what they come to know it from.
func (s *Service) whoKnows(ctx context.Context, p Principal, id sealpost.ConversationID) (map[sealpost.UserID]bool, error) {
	t, err := s.store.Thread(ctx, id, p.User.ID)
	if err != nil {
		return nil, err
	}
	knows := map[sealpost.UserID]bool{p.User.ID: true}
	if t.Conversation.Kind == sealpost.Direct {
		return knows, nil // its participants are fixed; see permitted
	}
	for _, m := range t.Members {
		_, err := s.store.Thread(ctx, id, m.UserID)
		if err != nil && sealpost.CodeOf(err) != sealpost.CodeNotFound {
			return nil, err
		}
		knows[m.UserID] = err == nil
	}
	return knows, nil
}

func (d *participation) run(ctx context.Context, change func(Snapshot) (Change, error)) error {
	err := d.service.decide(ctx, d.ask, func(s Snapshot) (Change, error) {
		d.affected = nil
		if s.Replay != nil {
			failpoint.Hit(failpoint.IdempotencyReplay)
			return Change{}, checkReplay(s.Replay, d.request)
		}
		if err := d.permitted(s); err != nil {
			return Change{}, err
		}
		return change(s)
	})
	if err != nil {
		return err
	}
	d.service.publish(d.ask.Conversation, d.affected)
	return nil
}

// permitted answers who may change who is in here.
func (d *participation) permitted(s Snapshot) error {
	self, ok := sealpost.FindParticipant(s.Participants, d.actor)
	leaving := d.action == "participant.remove" && d.user == d.actor
	switch {
	case !ok:
		return sealpost.NotFound()
	case s.Conversation.Kind == sealpost.Direct:
		return sealpost.Refuse(sealpost.CodeForbidden, "A conversation of two stays with these two. Begin a group instead.")
	case leaving:
		return nil
	case !self.Active():
		return sealpost.Refuse(sealpost.CodeForbidden, "You left this conversation.")
	case s.Conversation.CreatorID != d.actor:
		return sealpost.Refuse(sealpost.CodeForbidden, "Only the person who began the group may add and remove others.")
	}
	return nil
}

func (d *participation) add(s Snapshot) (Change, error) {
	before, was := sealpost.FindParticipant(s.Participants, d.user)
	active := 0
	for _, p := range s.Participants {
		if p.Active() {
			active++
		}
	}
	switch {
	case s.Subject == nil:
		return Change{}, sealpost.Invalid("user_id", "There is no such person.")
	case was && before.Active():
		return Change{}, nil
	case active >= sealpost.MaxParticipants:
		return Change{}, sealpost.Invalid("user_id", "A group has at most 50 people.")
	}
	consent, ok := sealpost.Admit(s.Standing)
	switch {
	case !ok:
		return Change{}, sealpost.CannotDeliver() // R31
	case was && before.Consent == sealpost.ConsentDeclined:
		consent = before.Consent // they said no, and nobody learns it from asking again
	}
	joined := sealpost.Participant{UserID: d.user, JoinedAt: s.Now, Receipts: s.Subject.Receipts, Consent: consent}
	change := d.change(s, joined)
	if was {
		change.Recount = []sealpost.UserID{d.user}
	}
	return change, nil
}

func (d *participation) remove(s Snapshot) (Change, error) {
	leaver, was := sealpost.FindParticipant(s.Participants, d.user)
	switch {
	case !was:
		return Change{}, sealpost.NotFound()
	case !leaver.Active():
		return Change{}, nil
	}
	leaver.LeftAt = s.Now
	change := d.change(s, leaver)
	change.CloseSealed = d.user
	change.Recount = []sealpost.UserID{d.user}
	return change, nil
}

// change writes one participant, and tells those who are in it now and this one.
func (d *participation) change(s Snapshot, p sealpost.Participant) Change {
	for _, other := range s.Participants {
		if d.knows[other.UserID] && (other.Active() || other.UserID == p.UserID) {
			d.affected = append(d.affected, other.UserID)
		}
	}
	return Change{
		Audit:        Audit{Action: d.action, Subject: d.user},
		Participants: []sealpost.Participant{p},
		Touched:      d.affected,
		Replay:       &Replay{Request: d.request},
	}
}

// SetUnread sets or clears the principal's own flag "unread" (R5). It opens nothing
// and undoes no opening.
func (s *Service) SetUnread(ctx context.Context, p Principal, key string, id sealpost.ConversationID, on bool) error {
	return s.turn(ctx, p, key, id, on, ownSwitch{
		action: "conversation.unread", is: func(t Thread) bool { return t.MarkedUnread }, set: func(c *Change) { c.MarkUnread = &on },
	})
}
