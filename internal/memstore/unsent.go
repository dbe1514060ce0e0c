package memstore

import (
	"cmp"
	"context"
	"slices"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// Unsent implements service.Unsents.
func (s *Store) Unsent(ctx context.Context, viewer sealpost.UserID, in []sealpost.ConversationID) (out map[sealpost.ConversationID]service.Unsent, err error) {
	f, err := s.enter(ctx, "Unsent")
	if err != nil {
		return nil, err
	}
	defer s.leave(f, &err)
	out = map[sealpost.ConversationID]service.Unsent{}
	for _, id := range in {
		if u := (service.Unsent{Draft: s.writing(viewer, id), Pending: s.conversations[id].next(viewer)}); u != (service.Unsent{}) {
			out[id] = u
		}
	}
	return out, nil
}

// writing is the draft that somebody is writing in a conversation.
func (s *Store) writing(viewer sealpost.UserID, in sealpost.ConversationID) (newest *sealpost.Draft) {
	for _, d := range s.drafts {
		if d.UserID != viewer || d.ConversationID != in || !s.readable(d) || !d.FromMessage.IsZero() && d.Content.Version <= 1 {
			continue
		}
		if newest == nil || cmp.Or(cmp.Compare(d.UpdatedAt, newest.UpdatedAt), d.ID.Compare(newest.ID)) > 0 {
			d.Content = copySealed(d.Content)
			newest = &d
		}
	}
	return newest
}

// next is the own message of a conversation that is released next.
func (c *conversation) next(viewer sealpost.UserID) *sealpost.Message {
	if c == nil {
		return nil
	}
	var own []sealpost.Message
	for _, m := range c.messages {
		if m.State.Pending() && m.SenderID == viewer {
			own = append(own, copyOf(m))
		}
	}
	if len(own) == 0 {
		return nil
	}
	m := slices.MinFunc(own, byRelease)
	return &m
}
