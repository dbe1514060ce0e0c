package service

import (
	"context"
	"strconv"

	"github.com/sealpost/sealpost/internal/failpoint"
	"github.com/sealpost/sealpost/internal/sealpost"
)

// SetMuted sets or clears the principal's own flag that a conversation is not to
// disturb them. Nobody else learns of it.
func (s *Service) SetMuted(ctx context.Context, p Principal, key string, id sealpost.ConversationID, on bool) error {
	return s.turn(ctx, p, key, id, on, ownSwitch{
		action: "conversation.mute", is: func(t Thread) bool { return t.Muted }, set: func(c *Change) { c.Mute = &on },
	})
}

// ownSwitch is a flag of a participant's own view of a conversation.
type ownSwitch struct {
	action string
	is     func(Thread) bool
	set    func(*Change)
}

// turn sets or clears such a flag. Without a key, what is so already is no decision.
func (s *Service) turn(ctx context.Context, p Principal, key string, id sealpost.ConversationID, on bool, w ownSwitch) error {
	if err := validKey(key); err != nil {
		return err
	}
	t, err := s.store.Thread(ctx, id, p.User.ID)
	if err != nil {
		return err
	}
	if key == "" && t.Self.Active() && w.is(t) == on {
		return nil
	}
	request := s.request(w.action, id.String(), strconv.FormatBool(on))
	ask := Ask{Decision: newID[sealpost.DecisionID](s), Conversation: id, Actor: p.User.ID, Key: key}
	replayed := false
	err = s.decide(ctx, ask, func(shot Snapshot) (Change, error) {
		if replayed = shot.Replay != nil; replayed {
			failpoint.Hit(failpoint.IdempotencyReplay)
			return Change{}, checkReplay(shot.Replay, request)
		}
		self, ok := sealpost.FindParticipant(shot.Participants, p.User.ID)
		switch {
		case !ok:
			return Change{}, sealpost.NotFound()
		case !self.Active():
			return Change{}, sealpost.Refuse(sealpost.CodeForbidden, "You left this conversation.")
		}
		c := Change{
			Audit: Audit{Action: w.action, Detail: detail(struct {
				On bool `json:"on"`
			}{on})},
			Replay: &Replay{Request: request},
		}
		w.set(&c)
		return c, nil
	})
	if err != nil || replayed {
		return err
	}
	s.publish(id, []sealpost.UserID{p.User.ID}) // their other devices
	return nil
}
