package service

import (
	"context"

	"github.com/sealpost/sealpost/internal/sealpost"
)

// Unsents finds what somebody has written in conversations and nobody else can have.
type Unsents interface {
	// Unsent gives what the viewer has under way in these conversations, at most 200;
	// those where there is nothing are left out.
	Unsent(ctx context.Context, viewer sealpost.UserID, in []sealpost.ConversationID) (map[sealpost.ConversationID]Unsent, error)
}

// Unsent is what somebody has under way in a conversation.
type Unsent struct {
	// Draft is the one of theirs that changed last; nil: none. A draft that came back
	// from a message counts once it was changed: until then nobody writes it.
	Draft *sealpost.Draft
	// Pending is the held or scheduled message of theirs that is delivered next; nil: none.
	Pending *sealpost.Message
}

// ShowUnsent adds to a list of the inbox what the principal has under way in each.
func (s *Service) ShowUnsent(ctx context.Context, p Principal, list []InboxEntry) error {
	ids := make([]sealpost.ConversationID, 0, len(list))
	for _, e := range list {
		ids = append(ids, e.Conversation.ID)
	}
	found, err := s.unsent(ctx, p, ids)
	if err != nil || len(found) == 0 {
		return err
	}
	var pending []sealpost.Message
	for _, id := range ids {
		if m := found[id].Pending; m != nil {
			pending = append(pending, *m)
		}
	}
	views, err := s.views(ctx, pending, p.User.ID)
	if err != nil {
		return err
	}
	for i := range list {
		u := found[list[i].Conversation.ID]
		if u.Pending != nil {
			list[i].Pending, views = &views[0], views[1:]
		}
		if u.Draft != nil {
			d, err := s.draftView(*u.Draft)
			if err != nil {
				return err
			}
			list[i].Draft = &d
		}
	}
	return nil
}

// DraftIn gives the draft that the principal is writing in a conversation; NotFound if
// there is none.
func (s *Service) DraftIn(ctx context.Context, p Principal, id sealpost.ConversationID) (DraftView, error) {
	found, err := s.unsent(ctx, p, []sealpost.ConversationID{id})
	switch {
	case err != nil:
		return DraftView{}, err
	case found[id].Draft == nil:
		return DraftView{}, sealpost.NotFound()
	}
	return s.draftView(*found[id].Draft)
}

func (s *Service) unsent(ctx context.Context, p Principal, in []sealpost.ConversationID) (map[sealpost.ConversationID]Unsent, error) {
	if len(in) == 0 {
		return nil, nil
	}
	return s.store.Unsent(ctx, p.User.ID, in)
}
