package service

import (
	"context"

	"github.com/sealpost/sealpost/internal/failpoint"
	"github.com/sealpost/sealpost/internal/sealpost"
)

// AcceptRequest makes a message request an ordinary conversation of the principal's
// (R31). It opens nothing. What is no request is left as it is, and so is what was
// closed by declining before.
func (s *Service) AcceptRequest(ctx context.Context, p Principal, key string, id sealpost.ConversationID) error {
	return s.answer(ctx, p, key, "request.accept", id, sealpost.ConsentAccepted)
}

// DeclineRequest closes a message request (R31): what is sealed in it, and what comes
// later, is closed to the principal, and the conversation leaves their lists. No
// sender notices. Only a request can be declined: CodeForbidden.
func (s *Service) DeclineRequest(ctx context.Context, p Principal, key string, id sealpost.ConversationID) error {
	return s.answer(ctx, p, key, "request.decline", id, sealpost.ConsentDeclined)
}

// answer decides about a request. Both answers may be repeated; the declined one is
// known to its decliner only, and to them it is no secret that they declined it.
func (s *Service) answer(ctx context.Context, p Principal, key, action string, id sealpost.ConversationID, consent sealpost.Consent) error {
	if err := validKey(key); err != nil {
		return err
	}
	request := s.request(action, id.String())
	ask := Ask{Decision: newID[sealpost.DecisionID](s), Conversation: id, Actor: p.User.ID, Key: key, Own: true}
	var answered, other bool // whether it changed anything; whether it is no request
	err := s.decide(ctx, ask, func(shot Snapshot) (Change, error) {
		answered, other = false, false
		if shot.Replay != nil {
			failpoint.Hit(failpoint.IdempotencyReplay)
			return Change{}, checkReplay(shot.Replay, request)
		}
		self, ok := sealpost.FindParticipant(shot.Participants, p.User.ID)
		switch {
		case !ok:
			return Change{}, sealpost.NotFound()
		case self.Consent == consent && (shot.Own.Known || consent == sealpost.ConsentDeclined):
			return Change{}, nil
		case !shot.Own.Known:
			return Change{}, sealpost.NotFound()
		case !self.Active():
			return Change{}, sealpost.Refuse(sealpost.CodeForbidden, "You left this conversation.")
		case shot.Own.Request == sealpost.RequestNone:
			other = true
			return Change{}, nil
		}
		answered = true
		return Change{
			Audit:    Audit{Action: action},
			Consents: []Consenting{{p.User.ID, consent}},
			Recount:  []sealpost.UserID{p.User.ID},
			Touched:  []sealpost.UserID{p.User.ID},
			Replay:   &Replay{Request: request},
		}, nil
	})
	switch {
	case err != nil:
		return err
	case answered:
		s.publish(id, []sealpost.UserID{p.User.ID}) // their other devices, and nobody else
	case other && consent == sealpost.ConsentDeclined:
		return sealpost.Refuse(sealpost.CodeForbidden, "This conversation is not a message request.")
	}
	return nil
}
