package service

import (
	"context"

	"github.com/sealpost/sealpost/internal/failpoint"
	"github.com/sealpost/sealpost/internal/sealpost"
)

// SetTitle changes the title of a group, which its creator may (R33). Only those who
// are in it and may know of it are told (R34). An empty title is none.
func (s *Service) SetTitle(ctx context.Context, p Principal, key string, id sealpost.ConversationID, title string) (Thread, error) {
	if err := validKey(key); err != nil {
		return Thread{}, err
	}
	title, err := line("title", title, 0, sealpost.MaxTitle)
	if err != nil {
		return Thread{}, err
	}
	knows, err := s.whoKnows(ctx, p, id)
	if err != nil {
		return Thread{}, err
	}
	request := s.request("conversation.title", id.String(), title)
	ask := Ask{Decision: newID[sealpost.DecisionID](s), Conversation: id, Actor: p.User.ID, Key: key}
	var told []sealpost.UserID
	err = s.decide(ctx, ask, func(shot Snapshot) (Change, error) {
		told = nil
		if shot.Replay != nil {
			failpoint.Hit(failpoint.IdempotencyReplay)
			return Change{}, checkReplay(shot.Replay, request)
		}
		if err := mayTitle(shot, p.User.ID); err != nil || shot.Conversation.Title == title {
			return Change{}, err
		}
		for _, other := range shot.Participants {
			if knows[other.UserID] && other.Active() {
				told = append(told, other.UserID)
			}
		}
		return Change{
			// The title is what people wrote: it does not go into the log (R32).
			Audit: Audit{Action: "conversation.title"}, Title: &title, Touched: told, Replay: &Replay{Request: request},
		}, nil
	})
	if err != nil {
		return Thread{}, err
	}
	s.publish(id, told)
	return s.Conversation(ctx, p, id)
}

// mayTitle answers who may name a conversation.
func mayTitle(s Snapshot, actor sealpost.UserID) error {
	self, ok := sealpost.FindParticipant(s.Participants, actor)
	switch {
	case !ok:
		return sealpost.NotFound()
	case s.Conversation.Kind == sealpost.Direct:
		return sealpost.Refuse(sealpost.CodeForbidden, "A conversation of two has no title.")
	case !self.Active():
		return sealpost.Refuse(sealpost.CodeForbidden, "You left this conversation.")
	case s.Conversation.CreatorID != actor:
		return sealpost.Refuse(sealpost.CodeForbidden, "Only the person who began the group may name it.")
	}
	return nil
}
