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
	if err := validKey(key); err != nil {
		return err
	}
	t, err := s.store.Thread(ctx, id, p.User.ID)
	if err != nil {
		return err
	}
	if key == "" && t.Self.Active() && t.Muted == on {
		return nil
	}
	request := s.request("conversation.mute", id.String(), strconv.FormatBool(on))
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
		return Change{
			Audit: Audit{Action: "conversation.mute", Detail: detail(struct {
				On bool `json:"on"`
			}{on})},
			Mute:   &on,
			Replay: &Replay{Request: request},
		}, nil
	})
	if err != nil || replayed {
		return err
	}
	s.publish(id, []sealpost.UserID{p.User.ID}) // their other devices
	return nil
}
