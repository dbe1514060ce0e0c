package service

import (
	"context"

	"github.com/sealpost/sealpost/internal/failpoint"
	"github.com/sealpost/sealpost/internal/sealpost"
)

// Hide takes a message out of the principal's own views, for ever: history, inbox,
// unread count, changes. Nobody else can tell. A sealed one is not opened by that,
// and stays recallable. Again changes nothing.
func (s *Service) Hide(ctx context.Context, p Principal, key string, id sealpost.MessageID) error {
	if err := validKey(key); err != nil {
		return err
	}
	at, err := s.locate(ctx, p.User.ID, key, id)
	if err != nil {
		return err
	}
	viewer, request := p.User.ID, s.request("message.hide", id.String())
	var affected []sealpost.UserID
	ask := Ask{Decision: newID[sealpost.DecisionID](s), Conversation: at, Actor: viewer, Key: key, Message: id}
	err = s.decide(ctx, ask, func(shot Snapshot) (Change, error) {
		affected = nil
		if shot.Replay != nil {
			failpoint.Hit(failpoint.IdempotencyReplay)
			return Change{}, checkReplay(shot.Replay, request)
		}
		m, err := inSight(shot, viewer)
		if err != nil {
			return Change{}, err
		}
		if m.State.Pending() {
			return Change{}, sealpost.Refuse(sealpost.CodeNotDelivered, "The message is not delivered yet. Undo it instead.")
		}
		hidden, changed := sealpost.Hide(m, viewer, shot.Now)
		if !changed {
			return Change{}, nil
		}
		change := Change{
			Audit:   Audit{Action: "message.hide", Message: id},
			Update:  []Update{hiding(hidden, viewer)},
			Recount: []sealpost.UserID{viewer},
			Unindex: []IndexRef{{User: viewer, Message: id}},
			Replay:  &Replay{Request: request},
		}
		if hidden.SenderID == viewer {
			change.HidOwn = viewer
		}
		affected = change.Recount // their own other devices, nobody else
		return change, nil
	})
	if err != nil {
		return err
	}
	s.publish(at, affected)
	return nil
}

// inSight is the message of a decision, NotFound unless the actor may know of it.
func inSight(shot Snapshot, actor sealpost.UserID) (sealpost.Message, error) {
	m := shot.Message
	if m == nil || m.ConversationID != shot.Conversation.ID || !m.VisibleTo(actor) {
		return sealpost.Message{}, sealpost.NotFound()
	}
	return *m, nil
}

// hiding writes what Hide changed: a column of the message, or the viewer's delivery.
func hiding(m sealpost.Message, viewer sealpost.UserID) Update {
	u := Update{Message: m}
	if d, ok := m.DeliveryTo(viewer); ok {
		u.Deliveries = []sealpost.Delivery{d}
	}
	return u
}

func removed() error {
	return sealpost.Refuse(sealpost.CodeRemoved, "The message was removed after review.")
}
