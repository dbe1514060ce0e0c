package memstore

import (
	"cmp"
	"context"
	"slices"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// Locate implements service.Views.
func (s *Store) Locate(ctx context.Context, id sealpost.MessageID) (at sealpost.ConversationID, err error) {
	f, err := s.enter(ctx, "Locate")
	if err != nil {
		return at, err
	}
	defer s.leave(f, &err)
	at, ok := s.home[id]
	if !ok {
		return at, sealpost.NotFound()
	}
	return at, nil
}

// Thread implements service.Views.
func (s *Store) Thread(ctx context.Context, id sealpost.ConversationID, viewer sealpost.UserID) (t service.Thread, err error) {
	f, err := s.enter(ctx, "Thread")
	if err != nil {
		return t, err
	}
	defer s.leave(f, &err)
	c := s.conversations[id]
	if c == nil || !c.knownTo(viewer) {
		return t, sealpost.NotFound()
	}
	return s.thread(c, viewer), nil
}

// knownTo reports whether the viewer may know of the conversation: they asked for
// it, can see something in it, or wrote something into it.
func (c *conversation) knownTo(viewer sealpost.UserID) bool {
	if _, ok := sealpost.FindParticipant(c.participants, viewer); !ok {
		return false
	}
	return c.own[viewer].listedAt != 0 || slices.ContainsFunc(c.messages, func(m sealpost.Message) bool {
		return m.SenderID == viewer && !m.Imported || m.ShownTo(viewer)
	})
}

func (s *Store) thread(c *conversation, viewer sealpost.UserID) service.Thread {
	t := service.Thread{Conversation: c.Conversation, MarkedUnread: c.own[viewer].marked, LastActivityAt: c.lastActivity(viewer)}
	t.Muted, t.Request = c.own[viewer].muted, c.request(viewer)
	t.Conversation.Seq, t.Conversation.Rev = 0, 0 // R34
	for _, m := range c.messages {
		if d, ok := m.DeliveryTo(viewer); ok && d.State == sealpost.DeliverySealed && d.Visible && !d.Hidden {
			t.Unread++ // I4
		}
	}
	for _, p := range c.participants {
		p.Consent = sealpost.ConsentNone // only decisions have it
		u := s.users[p.UserID]
		t.Members = append(t.Members, service.Member{Participant: p, Name: u.Name, Profile: u.Profile})
	}
	slices.SortFunc(t.Members, service.ByJoining)
	t.Self, _ = sealpost.FindParticipant(c.participants, viewer)
	t.Self.Consent = sealpost.ConsentNone
	return t
}

// lastActivity is where the viewer's inbox lists the conversation; zero: nowhere.
// An own message counts also when it was recalled, because its sender always has
// the marker (R17); for a recipient it is then as if it had never been sent (R16).
func (c *conversation) lastActivity(viewer sealpost.UserID) sealpost.Instant {
	last := c.own[viewer].listedAt
	for _, m := range c.messages {
		d, _ := m.DeliveryTo(viewer)
		if m.ShownTo(viewer) && d.State != sealpost.DeliveryRecalled {
			last = max(last, m.SentAt)
		}
	}
	return last
}

// Inbox implements service.Views.
func (s *Store) Inbox(ctx context.Context, q service.InboxQuery) (items []service.InboxItem, err error) {
	f, err := s.enter(ctx, "Inbox")
	if err != nil {
		return nil, err
	}
	defer s.leave(f, &err)
	for _, c := range s.conversations {
		if _, ok := sealpost.FindParticipant(c.participants, q.Viewer); !ok || !c.chosen(q.Viewer, q.Filter) {
			continue
		}
		t := s.thread(c, q.Viewer)
		if q.BeforeID.IsZero() || newestFirst(t.LastActivityAt, c.ID, q.BeforeAt, q.BeforeID) > 0 {
			items = append(items, service.InboxItem{Thread: t, Last: c.newest(q.Viewer)})
		}
	}
	slices.SortFunc(items, func(a, b service.InboxItem) int {
		return newestFirst(a.LastActivityAt, a.Conversation.ID, b.LastActivityAt, b.Conversation.ID)
	})
	return items[:min(len(items), q.Limit)], nil
}

func newestFirst(at sealpost.Instant, id sealpost.ConversationID, at2 sealpost.Instant, id2 sealpost.ConversationID) int {
	return cmp.Or(cmp.Compare(at2, at), id2.Compare(id))
}

// chosen applies a filter of the inbox.
func (c *conversation) chosen(viewer sealpost.UserID, f service.Filter) bool {
	request := c.request(viewer)
	if request == sealpost.RequestDeclined && f != service.FilterScheduled {
		return false
	}
	switch f {
	case service.FilterRequests:
		return request == sealpost.RequestPending
	case service.FilterScheduled:
		return slices.ContainsFunc(c.messages, func(m sealpost.Message) bool { return m.SenderID == viewer && m.State.Pending() })
	case service.FilterRecalled:
		return slices.ContainsFunc(c.messages, func(m sealpost.Message) bool {
			d, _ := m.DeliveryTo(viewer)
			return m.ShownTo(viewer) && (m.SenderID == viewer && m.RecalledAt != 0 || d.State == sealpost.DeliveryRecalled)
		})
	case service.FilterUnread:
		return c.lastActivity(viewer) != 0 && (c.own[viewer].marked || slices.ContainsFunc(c.messages, func(m sealpost.Message) bool {
			d, _ := m.DeliveryTo(viewer)
			return d.State == sealpost.DeliverySealed && d.Visible && !d.Hidden
		}))
	default:
		return c.lastActivity(viewer) != 0
	}
}

// newest is the delivered message with the last position that the viewer can see.
func (c *conversation) newest(viewer sealpost.UserID) *sealpost.Message {
	if all := c.history(viewer, 0); len(all) > 0 {
		return &all[0]
	}
	return nil
}

// seenBy is the message as the viewer has it: with every delivery for its sender,
// with their own for everybody else.
func seenBy(m sealpost.Message, viewer sealpost.UserID) sealpost.Message {
	if m.SenderID == viewer {
		return copyOf(m)
	}
	return with(m, viewer)
}

// history is what was delivered before a position and is visible, newest first.
func (c *conversation) history(viewer sealpost.UserID, before sealpost.Instant) []sealpost.Message {
	var out []sealpost.Message
	for _, m := range inPosition(c.messages) {
		if m.SentAt != 0 && m.ShownTo(viewer) && (before == 0 || m.SentAt < before) {
			out = append(out, seenBy(m, viewer))
		}
	}
	slices.Reverse(out)
	return out
}

// History implements service.Views.
func (s *Store) History(ctx context.Context, q service.HistoryQuery) (out []sealpost.Message, err error) {
	f, err := s.enter(ctx, "History")
	if err != nil {
		return nil, err
	}
	defer s.leave(f, &err)
	if c := s.conversations[q.Conversation]; c != nil {
		out = c.history(q.Viewer, q.Before)
	}
	return out[:min(len(out), q.Limit)], nil
}

// Pending implements service.Views.
func (s *Store) Pending(ctx context.Context, id sealpost.ConversationID, viewer sealpost.UserID) (out []sealpost.Message, err error) {
	f, err := s.enter(ctx, "Pending")
	if err != nil {
		return nil, err
	}
	defer s.leave(f, &err)
	if c := s.conversations[id]; c != nil {
		for _, m := range c.messages {
			if m.State.Pending() && m.SenderID == viewer {
				out = append(out, copyOf(m))
			}
		}
	}
	slices.SortFunc(out, byRelease)
	return out[:min(len(out), service.MaxWaiting)], nil
}

func byRelease(a, b sealpost.Message) int {
	return cmp.Or(cmp.Compare(a.ReleaseAt, b.ReleaseAt), a.ID.Compare(b.ID))
}

// Message implements service.Views.
func (s *Store) Message(ctx context.Context, id sealpost.MessageID, viewer sealpost.UserID) (out sealpost.Message, err error) {
	f, err := s.enter(ctx, "Message")
	if err != nil {
		return out, err
	}
	defer s.leave(f, &err)
	c := s.conversations[s.home[id]]
	if c == nil || !c.find(id).VisibleTo(viewer) {
		return out, sealpost.NotFound()
	}
	return seenBy(*c.find(id), viewer), nil
}

// RecallFacts implements service.Views.
func (s *Store) RecallFacts(ctx context.Context, id sealpost.MessageID) (shot service.Snapshot, err error) {
	f, err := s.enter(ctx, "RecallFacts")
	if err != nil {
		return shot, err
	}
	defer s.leave(f, &err)
	c := s.conversations[s.home[id]]
	if c == nil {
		return shot, sealpost.NotFound()
	}
	return s.snapshot(service.Ask{Conversation: c.ID, Message: id, Recall: true}, c), nil
}

// Now implements service.Views.
func (s *Store) Now(ctx context.Context) (now sealpost.Instant, err error) {
	f, err := s.enter(ctx, "Now")
	if err != nil {
		return 0, err
	}
	defer s.leave(f, &err)
	return s.options.Clock(), nil
}
