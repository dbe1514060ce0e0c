package memstore

import (
	"context"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// Waiting implements service.Counting.
func (s *Store) Waiting(ctx context.Context, viewer sealpost.UserID) (out service.Waiting, err error) {
	f, err := s.enter(ctx, "Waiting")
	if err != nil {
		return out, err
	}
	defer s.leave(f, &err)
	for _, c := range s.conversations {
		if _, ok := sealpost.FindParticipant(c.participants, viewer); !ok {
			continue
		}
		if c.chosen(viewer, service.FilterUnread) {
			out.Unread++
		}
		if c.chosen(viewer, service.FilterRequests) {
			out.Requests++
		}
		if c.chosen(viewer, service.FilterScheduled) {
			for _, m := range c.messages {
				if m.SenderID == viewer && m.State == sealpost.Scheduled {
					out.Scheduled++
				}
			}
		}
	}
	for _, d := range s.drafts {
		if d.UserID == viewer && s.readable(d) {
			out.Drafts++
		}
	}
	out.Invitations = len(s.sides(viewer, func(v sealpost.Invitation) bool {
		return !v.Sent && v.State == sealpost.InvitationOpen
	}))
	return out, nil
}
