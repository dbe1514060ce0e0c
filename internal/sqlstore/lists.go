package sqlstore

import (
	"context"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// The inbox, a page at a time. The filters differ in one condition each.

const inboxSelect = `
SELECT c.id, c.kind, c.title, c.creator_id, c.created_at, c.decided_at, p.joined_at, p.left_at,
 i.unread, i.marked_unread, i.last_activity_at, 1,
 COALESCE((SELECT m.id FROM message m
  LEFT JOIN delivery d ON d.conversation_id = m.conversation_id AND d.message_id = m.id AND d.user_id = $1
  WHERE m.conversation_id = i.conversation_id AND m.sent_at > 0 AND ((m.sender_id = $1 AND m.sender_hidden = 0) OR (d.visible = 1 AND d.hidden = 0))
  ORDER BY m.sent_at DESC LIMIT 1), i.conversation_id)
FROM inbox i
JOIN conversation c ON c.id = i.conversation_id
JOIN participant p ON p.conversation_id = i.conversation_id AND p.user_id = $1
WHERE i.user_id = $1 AND (i.last_activity_at < $2 OR (i.last_activity_at = $2 AND i.conversation_id < $3))`

const inboxOrder = ` ORDER BY i.last_activity_at DESC, i.conversation_id DESC LIMIT $4`

var (
	queryInboxAll    = register("inbox.all", inboxSelect+" AND i.last_activity_at > 0"+inboxOrder)
	queryInboxUnread = register("inbox.unread", inboxSelect+
		" AND i.last_activity_at > 0 AND (i.unread > 0 OR i.marked_unread = 1)"+inboxOrder)
	queryInboxScheduled = register("inbox.scheduled", inboxSelect+` AND EXISTS (
 SELECT 1 FROM message s WHERE s.conversation_id = i.conversation_id AND s.sender_id = $1 AND s.state < 3)`+inboxOrder)
	queryInboxRecalled = register("inbox.recalled", inboxSelect+` AND EXISTS (
 SELECT 1 FROM message s LEFT JOIN delivery e ON e.conversation_id = s.conversation_id AND e.message_id = s.id AND e.user_id = $1
 WHERE s.conversation_id = i.conversation_id AND s.recalled_at > 0
  AND ((s.sender_id = $1 AND s.sender_hidden = 0) OR (e.state = 3 AND e.visible = 1 AND e.hidden = 0)))`+inboxOrder)
)

func inboxQuery(f service.Filter) *query {
	switch f {
	case service.FilterUnread:
		return queryInboxUnread
	case service.FilterScheduled:
		return queryInboxScheduled
	case service.FilterRecalled:
		return queryInboxRecalled
	default:
		return queryInboxAll
	}
}

// Inbox implements service.Views.
func (s *Store) Inbox(ctx context.Context, q service.InboxQuery) ([]service.InboxItem, error) {
	at, id := q.BeforeAt, bytesOf(q.BeforeID)
	if q.BeforeID.IsZero() {
		at = 1 << 62
	}
	var items []service.InboxItem
	var last []sealpost.MessageID
	err := s.engine.read(ctx, ask(inboxQuery(q.Filter), func(r row) error {
		var t service.Thread
		var known bool
		var newest sealpost.MessageID
		err := scanThread(r, &t, &known, into(&newest))
		if [16]byte(newest) == [16]byte(t.Conversation.ID) {
			newest = sealpost.MessageID{} // nothing to see in it yet
		}
		items, last = append(items, service.InboxItem{Thread: t}), append(last, newest)
		return err
	}, bytesOf(q.Viewer), int64(at), id, int64(q.Limit)))
	if err != nil || len(items) == 0 {
		return nil, err
	}
	return items, s.fillInbox(ctx, q.Viewer, items, last)
}

// fillInbox adds to each item its members and its newest message.
func (s *Store) fillInbox(ctx context.Context, viewer sealpost.UserID, items []service.InboxItem, last []sealpost.MessageID) error {
	byID := map[sealpost.ConversationID]*service.Thread{}
	var statements []statement
	for i := range items {
		t := &items[i].Thread
		byID[t.Conversation.ID] = t
		statements = append(statements, ask(queryMembers, func(r row) error {
			return scanMember(r, func(of service.Thread) *service.Thread { return byID[of.Conversation.ID] })
		}, bytesOf(t.Conversation.ID)))
		if last[i].IsZero() {
			continue
		}
		item := &items[i]
		statements = append(statements, ask(queryMessageFor, func(r row) error {
			item.Last = &sealpost.Message{}
			return scanMessageWithOwn(r, item.Last)
		}, bytesOf(t.Conversation.ID), bytesOf(last[i]), bytesOf(viewer)))
	}
	if err := s.engine.read(ctx, statements...); err != nil {
		return err
	}
	var own []statement
	for i := range items {
		t := &items[i].Thread
		t.Self, _ = sealpost.FindParticipant(participants(t.Members), viewer)
		if m := items[i].Last; m != nil && m.SenderID == viewer {
			m.Deliveries = nil
			own = append(own, deliveriesOf(m))
		}
	}
	if len(own) == 0 {
		return nil
	}
	return s.engine.read(ctx, own...)
}
