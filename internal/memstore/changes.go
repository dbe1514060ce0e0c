package memstore

import (
	"cmp"
	"context"
	"slices"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// changeFor is when what the viewer may know of a message last changed, and whether
// it vanished then. A message that is gone and was never served has not changed
// (R16, R34); ok is false for it and for whatever never was the viewer's to see.
func changeFor(m sealpost.Message, viewer sealpost.UserID) (at sealpost.Instant, vanished, ok bool) {
	if m.SenderID == viewer {
		return m.SenderChangedAt, !m.ShownTo(viewer), true
	}
	d, ok := m.DeliveryTo(viewer)
	served := d.Hidden || d.State == sealpost.DeliverySealed || d.State == sealpost.DeliveryRecalled && d.Level >= sealpost.LevelNotified
	return d.ChangedAt, !d.Visible || d.Hidden, ok && (d.Visible || served)
}

// lastChange is when the viewer's view of the conversation last changed.
func (c *conversation) lastChange(viewer sealpost.UserID) sealpost.Instant {
	last := c.own[viewer].touchedAt
	for _, m := range c.messages {
		if at, _, ok := changeFor(m, viewer); ok {
			last = max(last, at)
		}
	}
	return last
}

// Changes implements service.Views. One decision can change many messages: a page
// never ends between them, because the next one begins after a decision. So it can
// be longer than the limit.
func (s *Store) Changes(ctx context.Context, q service.ChangesQuery) (set service.ChangeSet, err error) {
	f, err := s.enter(ctx, "Changes")
	if err != nil {
		return set, err
	}
	defer s.leave(f, &err)
	c := s.conversations[q.Conversation]
	if c == nil {
		return set, nil
	}
	type change struct {
		at       sealpost.Instant
		vanished bool
		message  sealpost.Message
	}
	var changes []change
	for _, m := range c.messages {
		if at, vanished, ok := changeFor(m, q.Viewer); ok && at > q.Since {
			changes = append(changes, change{at, vanished, m})
		}
	}
	slices.SortFunc(changes, func(a, b change) int {
		return cmp.Or(cmp.Compare(a.at, b.at), a.message.ID.Compare(b.message.ID))
	})
	set.Upto = c.DecidedAt
	for i, change := range changes {
		if i >= q.Limit && changes[i-1].at < change.at {
			set.Upto, set.More = changes[i-1].at, true
			break
		}
		if change.vanished {
			set.Vanished = append(set.Vanished, change.message.ID)
		} else {
			set.Messages = append(set.Messages, seenBy(change.message, q.Viewer))
		}
	}
	return set, nil
}

// ChangedThreads implements service.Views.
func (s *Store) ChangedThreads(ctx context.Context, viewer sealpost.UserID, since sealpost.Instant, limit int) (out []sealpost.ConversationID, err error) {
	f, err := s.enter(ctx, "ChangedThreads")
	if err != nil {
		return nil, err
	}
	defer s.leave(f, &err)
	var changed []*conversation
	for _, c := range s.conversations {
		if _, ok := sealpost.FindParticipant(c.participants, viewer); ok && c.lastChange(viewer) > since {
			changed = append(changed, c)
		}
	}
	slices.SortFunc(changed, func(a, b *conversation) int { return a.ID.Compare(b.ID) })
	for _, c := range changed[:min(len(changed), limit)] {
		out = append(out, c.ID)
	}
	return out, nil
}
