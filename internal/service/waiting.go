package service

import (
	"context"

	"github.com/sealpost/sealpost/internal/sealpost"
)

// Waiting is what waits for somebody. Unread and Requests count conversations, not
// messages. What they declined counts nowhere.
type Waiting struct {
	Unread      int // conversations with unread messages, or marked unread
	Requests    int // message requests to accept or decline (R31)
	Invitations int // received and not answered
	Drafts      int // that Drafts lists
	Scheduled   int // the viewer's own messages that are sent later (R28)
}

// Counting counts for one viewer, in one look.
type Counting interface {
	Waiting(ctx context.Context, viewer sealpost.UserID) (Waiting, error)
}

// Waiting counts what waits for the principal (I4).
func (s *Service) Waiting(ctx context.Context, p Principal) (Waiting, error) {
	return s.store.Waiting(ctx, p.User.ID)
}
