package sqlstore

import (
	"context"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// The inbox, a page at a time. The filters differ in one condition each.

const inboxSelect = `
SELECT c.id, c.kind, c.title, c.creator_id, c.created_at, c.titled_at, c.decided_at, p.joined_at, p.left_at,
 i.unread, i.marked_unread, i.muted, i.request, i.last_activity_at, 1,
 COALESCE((SELECT m.id FROM message m
  ` + deliveredTo + `$1
  WHERE m.conversation_id = i.conversation_id AND m.sent_at > 0 AND ((m.sender_id = $1 AND m.sender_hidden = 0) OR (d.visible = 1 AND d.hidden = 0))
  ORDER BY m.sent_at DESC LIMIT 1), i.conversation_id)
FROM inbox i
JOIN conversation c ON c.id = i.conversation_id
JOIN participant p ON p.conversation_id = i.conversation_id AND p.user_id = $1
WHERE i.user_id = $1 AND (i.last_activity_at, i.conversation_id) < ($2, $3)`

const notDeclined = " AND i.request < 2"

const inboxOrder = ` ORDER BY i.last_activity_at DESC, i.conversation_id DESC LIMIT $4`

var (
	queryInboxAll    = register("inbox.all", inboxSelect+notDeclined+" AND i.last_activity_at > 0"+inboxOrder)
	queryInboxUnread = register("inbox.unread", inboxSelect+notDeclined+
		" AND i.last_activity_at > 0 AND (i.unread > 0 OR i.marked_unread = 1)"+inboxOrder)
	queryInboxRequests  = register("inbox.requests", inboxSelect+" AND i.request = 1"+inboxOrder)
	queryInboxScheduled = register("inbox.scheduled", inboxSelect+` AND EXISTS (
 SELECT 1 FROM message s WHERE s.conversation_id = i.conversation_id AND s.sender_id = $1 AND s.state < 3)`+inboxOrder)
	queryInboxRecalled = register("inbox.recalled", inboxSelect+notDeclined+` AND EXISTS (
 SELECT 1 FROM message m `+deliveredTo+`$1 WHERE m.conversation_id = i.conversation_id AND m.recalled_at > 0
  AND ((m.sender_id = $1 AND m.sender_hidden = 0) OR (d.state = 3 AND d.visible = 1 AND d.hidden = 0))`+justOne+")"+inboxOrder)
)

func inboxQuery(f service.Filter) *query {
	switch f {
	case service.FilterUnread:
		return queryInboxUnread
	case service.FilterRequests:
		return queryInboxRequests
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

// Whole lists are asked about in one statement, whatever their length: the ids travel
// as one value of pairs of a conversation and a message in it, which both engines take
// apart. COALESCE with a column tells them that it is bytes, and a CROSS JOIN tells
// SQLite to begin with the list; PostgreSQL finds that out by itself.
const listed = `
WITH RECURSIVE listed(conversation_id, message_id, rest) AS (
 SELECT substr(g.ids, 1, 16), substr(g.ids, 17, 16), substr(g.ids, 33)
 FROM (SELECT COALESCE($1, (SELECT s.id FROM installation s)) AS ids) g
 UNION ALL
 SELECT substr(rest, 1, 16), substr(rest, 17, 16), substr(rest, 33) FROM listed WHERE length(rest) > 0)
`

var (
	queryMembersListed = register("listed.members", listed+`
SELECT p.conversation_id, p.user_id, p.joined_at, p.left_at, p.first_at, p.stayed_until, u.name, u.profile FROM listed l
CROSS JOIN participant p JOIN users u ON u.id = p.user_id WHERE p.conversation_id = l.conversation_id
ORDER BY p.joined_at, p.user_id`)
	queryMessagesListed = register("listed.messages", listed+"SELECT "+messageColumns+", "+ownDelivery+`
FROM listed l CROSS JOIN message m `+deliveredTo+`$2 WHERE m.conversation_id = l.conversation_id AND m.id = l.message_id`)
	queryDeliveriesListed = register("listed.deliveries", listed+"SELECT d.message_id, "+deliveryColumns+`
FROM listed l CROSS JOIN message m JOIN delivery d ON `+ofMessage+`
WHERE m.conversation_id = l.conversation_id AND m.id = l.message_id AND m.sender_id = $2 ORDER BY d.user_id`)
	queryVisibleListed = register("listed.visible", listed+`
SELECT m.id FROM listed l CROSS JOIN message m `+deliveredTo+`$2 WHERE m.conversation_id = l.conversation_id AND m.id = l.message_id AND m.state <> 6
 AND (m.sender_id = $2 OR d.visible = 1 OR d.hidden = 1)`)
)

// pairOf is one element of a list.
func pairOf(conversation sealpost.ConversationID, message sealpost.MessageID) []byte {
	return append(conversation[:], message[:]...)
}

// fillInbox adds to each item its members and its newest message.
func (s *Store) fillInbox(ctx context.Context, viewer sealpost.UserID, items []service.InboxItem, last []sealpost.MessageID) error {
	at := map[sealpost.ConversationID]*service.InboxItem{}
	var list []byte
	for i := range items {
		id := items[i].Conversation.ID
		at[id] = &items[i]
		list = append(list, pairOf(id, last[i])...)
	}
	newest, own := map[sealpost.MessageID]*sealpost.Message{}, map[sealpost.MessageID][]sealpost.Delivery{}
	err := s.engine.read(ctx,
		ask(queryMembersListed, func(r row) error {
			return scanMember(r, func(of service.Thread) *service.Thread { return &at[of.Conversation.ID].Thread })
		}, list),
		ask(queryMessagesListed, func(r row) error {
			m := &sealpost.Message{}
			err := scanMessageWithOwn(r, m)
			newest[m.ID] = m
			return err
		}, list, bytesOf(viewer)),
		ask(queryDeliveriesListed, func(r row) error {
			var message sealpost.MessageID
			var d deliveryRow
			err := r.Scan(append([]any{into(&message)}, d.dest()...)...)
			own[message] = append(own[message], d.value())
			return err
		}, list, bytesOf(viewer)))
	for i := range items {
		t := &items[i]
		t.Self, _ = sealpost.FindParticipant(participants(t.Members), viewer)
		m := newest[last[i]]
		if m == nil || !m.ShownTo(viewer) { // taken back or hidden since the page was read (R16)
			continue
		}
		if t.Last = m; m.SenderID == viewer {
			m.Deliveries = own[m.ID]
		}
	}
	return err
}

// VisibleAmong implements service.References.
func (s *Store) VisibleAmong(ctx context.Context, viewer sealpost.UserID, refs []service.Reference) (map[sealpost.MessageID]bool, error) {
	visible := map[sealpost.MessageID]bool{}
	var list []byte
	for _, ref := range refs {
		list = append(list, pairOf(ref.Conversation, ref.Message)...)
	}
	if len(list) == 0 {
		return visible, nil
	}
	err := s.engine.read(ctx, ask(queryVisibleListed, func(r row) error {
		var id sealpost.MessageID
		err := r.Scan(into(&id))
		visible[id] = true
		return err
	}, list, bytesOf(viewer)))
	return visible, err
}
