package service

import (
	"context"

	"github.com/sealpost/sealpost/internal/sealpost"
)

// References answers what replies point to. A reply holds the id of what it answers
// and never a copy of it, and to whom that is not visible the reply shows no trace of
// it (R34).
type References interface {
	// VisibleAmong tells which of these messages the viewer may know of, in one
	// question for any number of them. What they hid they know of: hiding it changes
	// no reply.
	VisibleAmong(ctx context.Context, viewer sealpost.UserID, refs []Reference) (map[sealpost.MessageID]bool, error)
}

// Reference is a message and the conversation that it must be in.
type Reference struct {
	Conversation sealpost.ConversationID
	Message      sealpost.MessageID
}

// targets asks for what those of the messages answer that the viewer can read.
func (s *Service) targets(ctx context.Context, messages []sealpost.Message, viewer sealpost.UserID) (map[sealpost.MessageID]bool, error) {
	var refs []Reference
	for _, m := range messages {
		if !m.InReplyTo.IsZero() && m.ReadableBy(viewer) {
			refs = append(refs, Reference{m.ConversationID, m.InReplyTo})
		}
	}
	if len(refs) == 0 {
		return nil, nil
	}
	return s.store.VisibleAmong(ctx, viewer, refs)
}
