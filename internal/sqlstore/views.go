package sqlstore

import (
	"context"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

var (
	queryLocate = register("message.locate", "SELECT conversation_id FROM message WHERE id = $1")
	// What a viewer's own row and their part in it say. known tells whether the viewer
	// may know of the conversation at all.
	queryThread = register("thread.get", `
SELECT c.id, c.kind, c.title, c.creator_id, c.created_at, c.titled_at, c.decided_at, p.joined_at, p.left_at,
 i.unread, i.marked_unread, i.muted, i.request, i.last_activity_at,
 `+knows("$2")+`
FROM conversation c
JOIN participant p ON p.conversation_id = c.id AND p.user_id = $2
JOIN inbox i ON i.user_id = $2 AND i.conversation_id = c.id
WHERE c.id = $1`)
	queryMembers = register("thread.members", `
SELECT p.conversation_id, p.user_id, p.joined_at, p.left_at, p.first_at, p.stayed_until, u.name, u.profile FROM participant p JOIN users u ON u.id = p.user_id
WHERE p.conversation_id = $1 ORDER BY p.joined_at, p.user_id`)
	queryHistory = register("message.history", "SELECT "+messageColumns+", "+ownDelivery+`
FROM message m `+deliveredTo+`$2
WHERE m.conversation_id = $1 AND m.sent_at < $3 AND m.sent_at > 0
 AND ((m.sender_id = $2 AND m.sender_hidden = 0) OR (d.visible = 1 AND d.hidden = 0))
ORDER BY m.sent_at DESC LIMIT $4`)
	queryPending = register("message.pending", "SELECT "+messageColumns+`
FROM message m WHERE m.conversation_id = $1 AND m.sender_id = $2 AND m.state < 3 ORDER BY m.release_at, m.id LIMIT $3`)
	// What changed for a viewer. The second condition finds candidates by an index;
	// the third is the viewer's own view (R34).
	queryChanges = register("message.changes", "SELECT "+messageColumns+", "+ownDelivery+`,
 CASE WHEN m.sender_id = $2 THEN m.sender_changed_at ELSE d.changed_at END AS at
FROM message m `+deliveredTo+`$2
WHERE m.conversation_id = $1 AND m.changed_at > $3 AND `+changedForViewer+`
 AND CASE WHEN m.sender_id = $2 THEN m.sender_changed_at ELSE d.changed_at END <= $4
ORDER BY at, m.id`)
	// The time of the change that is $4 places behind the first; none if there are
	// fewer.
	queryChangeAt = register("message.change-at", `
SELECT CASE WHEN m.sender_id = $2 THEN m.sender_changed_at ELSE d.changed_at END AS at
FROM message m `+deliveredTo+`$2
WHERE m.conversation_id = $1 AND m.changed_at > $3 AND `+changedForViewer+`
ORDER BY at LIMIT 1 OFFSET $4`)
	queryOwnDeliveries = register("delivery.own-range", "SELECT d.message_id, "+deliveryColumns+`
FROM message m JOIN delivery d ON `+ofMessage+`
WHERE m.conversation_id = $1 AND m.sender_id = $2 AND m.sent_at >= $3 AND m.sent_at <= $4 ORDER BY d.user_id`)
	queryDecidedAt = register("conversation.decided-at", "SELECT decided_at FROM conversation WHERE id = $1")
	// The threads whose row may have changed, then whether anything that this viewer
	// may know of did.
	queryChangedThreads = register("thread.changed", `
SELECT i.conversation_id FROM inbox i WHERE i.user_id = $2 AND i.changed_at > $3 AND (i.touched_at > $3 OR EXISTS (
 SELECT 1 FROM message m `+deliveredTo+`$2
 WHERE m.conversation_id = i.conversation_id AND m.changed_at > $3 AND `+changedForViewer+`))
ORDER BY i.conversation_id LIMIT $1`)
)

// knows tells whether a viewer may know of the conversation of their inbox row i: they
// asked for it, something in it is visible to them, or they wrote in it.
func knows(viewer string) string {
	return `CASE WHEN i.listed_at > 0 OR i.last_activity_at > 0 OR EXISTS (
 SELECT 1 FROM message m ` + deliveredTo + viewer + `
 WHERE m.conversation_id = i.conversation_id AND ((m.sender_id = ` + viewer + ` AND (m.imported = 0 OR m.sender_hidden = 0)) OR (d.visible = 1 AND d.hidden = 0))) THEN 1 ELSE 0 END`
}

// changedForViewer holds for messages whose change after $3 the viewer $2 may know
// of: own ones, visible ones, and those that were served and are no more (R34).
const changedForViewer = `((m.sender_id = $2 AND m.sender_changed_at > $3)
 OR (m.sender_id <> $2 AND d.changed_at > $3 AND (d.visible = 1 OR d.hidden = 1 OR d.state = 1 OR (d.state = 3 AND d.level >= 1))))`

// Locate implements service.Views.
func (s *Store) Locate(ctx context.Context, id sealpost.MessageID) (sealpost.ConversationID, error) {
	var at sealpost.ConversationID
	err := s.engine.read(ctx, ask(queryLocate, func(r row) error { return r.Scan(into(&at)) }, bytesOf(id)))
	return at, orNotFound(err, !at.IsZero())
}

func orNotFound(err error, found bool) error {
	if err == nil && !found {
		return sealpost.NotFound()
	}
	return err
}

// Thread implements service.Views.
func (s *Store) Thread(ctx context.Context, id sealpost.ConversationID, viewer sealpost.UserID) (service.Thread, error) {
	var t service.Thread
	known := false
	err := s.engine.read(ctx,
		ask(queryThread, func(r row) error { return scanThread(r, &t, &known) }, bytesOf(id), bytesOf(viewer)),
		ask(queryMembers, func(r row) error { return scanMember(r, func(service.Thread) *service.Thread { return &t }) }, bytesOf(id)))
	if err = orNotFound(err, known); err != nil {
		return service.Thread{}, err
	}
	t.Self, _ = sealpost.FindParticipant(participants(t.Members), viewer)
	return t, nil
}

func participants(members []service.Member) []sealpost.Participant {
	out := make([]sealpost.Participant, len(members))
	for i, m := range members {
		out[i] = m.Participant
	}
	return out
}

func scanThread(r row, t *service.Thread, known *bool, more ...any) error {
	c := &t.Conversation
	var kind, marked, muted, request, unread, knows int64
	var joined, left int64
	dest := append([]any{
		into(&c.ID), &kind, &c.Title, into(&c.CreatorID), (*int64)(&c.CreatedAt), (*int64)(&c.TitledAt), (*int64)(&c.DecidedAt), &joined, &left,
		&unread, &marked, &muted, &request, (*int64)(&t.LastActivityAt), &knows,
	}, more...)
	if err := r.Scan(dest...); err != nil {
		return err
	}
	c.Kind, t.Unread, t.MarkedUnread, t.Muted = sealpost.ConversationKind(kind), int(unread), marked != 0, muted != 0
	t.Request, *known = sealpost.RequestState(request), knows != 0
	return nil
}

// scanMember adds a member to the thread that find gives for its conversation.
func scanMember(r row, find func(service.Thread) *service.Thread) error {
	var of service.Thread
	var m service.Member
	var profile int64
	err := r.Scan(into(&of.Conversation.ID), into(&m.UserID), (*int64)(&m.JoinedAt), (*int64)(&m.LeftAt), (*int64)(&m.FirstAt), (*int64)(&m.StayedUntil),
		&m.Name, &profile)
	if err != nil {
		return err
	}
	m.Profile = profile != 0
	if t := find(of); t != nil {
		t.Members = append(t.Members, m)
	}
	return nil
}

// History implements service.Views.
func (s *Store) History(ctx context.Context, q service.HistoryQuery) ([]sealpost.Message, error) {
	before := q.Before
	if before == 0 {
		before = 1 << 62
	}
	var out []sealpost.Message
	err := s.engine.read(ctx, ask(queryHistory, func(r row) error {
		var m sealpost.Message
		err := scanMessageWithOwn(r, &m)
		out = append(out, m)
		return err
	}, bytesOf(q.Conversation), bytesOf(q.Viewer), int64(before), int64(q.Limit)))
	if err != nil {
		return nil, err
	}
	return out, s.addOwnDeliveries(ctx, q.Conversation, q.Viewer, out)
}

// addOwnDeliveries gives the viewer's own messages all their deliveries.
func (s *Store) addOwnDeliveries(ctx context.Context, id sealpost.ConversationID, viewer sealpost.UserID, messages []sealpost.Message) error {
	own := map[sealpost.MessageID]*sealpost.Message{}
	var from, to sealpost.Instant
	for i := range messages {
		m := &messages[i]
		if m.SenderID != viewer || m.SentAt == 0 {
			continue
		}
		own[m.ID], m.Deliveries = m, nil
		to = max(to, m.SentAt)
		if from == 0 || m.SentAt < from {
			from = m.SentAt
		}
	}
	if len(own) == 0 {
		return nil
	}
	return s.engine.read(ctx, ask(queryOwnDeliveries, func(r row) error {
		var message sealpost.MessageID
		var d deliveryRow
		if err := r.Scan(append([]any{into(&message)}, d.dest()...)...); err != nil {
			return err
		}
		if m := own[message]; m != nil {
			m.Deliveries = append(m.Deliveries, d.value())
		}
		return nil
	}, bytesOf(id), bytesOf(viewer), int64(from), int64(to)))
}

// Pending implements service.Views.
func (s *Store) Pending(ctx context.Context, id sealpost.ConversationID, viewer sealpost.UserID) ([]sealpost.Message, error) {
	var out []sealpost.Message
	err := s.engine.read(ctx, ask(queryPending, func(r row) error {
		var m sealpost.Message
		err := scanMessage(r, &m)
		out = append(out, m)
		return err
	}, bytesOf(id), bytesOf(viewer), int64(service.MaxWaiting)))
	return out, err
}

// changeAt is the time of a viewer's change that lies some places behind the first
// after a time, zero if there is none.
func (s *Store) changeAt(ctx context.Context, q service.ChangesQuery, after sealpost.Instant, places int) (sealpost.Instant, error) {
	var at sealpost.Instant
	err := s.engine.read(ctx, ask(queryChangeAt, func(r row) error { return r.Scan((*int64)(&at)) },
		bytesOf(q.Conversation), bytesOf(q.Viewer), int64(after), int64(places)))
	return at, err
}

// Changes implements service.Views. A page never splits what one decision changed:
// it is as long as the limit, and then as long as that decision.
func (s *Store) Changes(ctx context.Context, q service.ChangesQuery) (service.ChangeSet, error) {
	last, err := s.changeAt(ctx, q, q.Since, q.Limit-1)
	if err != nil {
		return service.ChangeSet{}, err
	}
	if last == 0 {
		last = 1 << 62
	}
	var set service.ChangeSet
	err = s.engine.read(ctx,
		ask(queryDecidedAt, func(r row) error { return r.Scan((*int64)(&set.Upto)) }, bytesOf(q.Conversation)),
		ask(queryChanges, func(r row) error {
			var m sealpost.Message
			var d deliveryRow
			var at int64
			if err := scanMessage(r, &m, append(d.dest(), &at)...); err != nil {
				return err
			}
			if d.state != 0 {
				m.Deliveries = []sealpost.Delivery{d.value()}
			}
			if m.ShownTo(q.Viewer) {
				set.Messages = append(set.Messages, m)
			} else {
				set.Vanished = append(set.Vanished, m.ID)
			}
			return nil
		}, bytesOf(q.Conversation), bytesOf(q.Viewer), int64(q.Since), int64(last)))
	if err != nil {
		return service.ChangeSet{}, err
	}
	if last < set.Upto {
		next, err := s.changeAt(ctx, q, last, 0)
		if err != nil {
			return service.ChangeSet{}, err
		}
		if set.More = next != 0; set.More {
			set.Upto = last
		}
	}
	return set, s.addOwnDeliveries(ctx, q.Conversation, q.Viewer, set.Messages)
}

// Message implements service.Views.
func (s *Store) Message(ctx context.Context, id sealpost.MessageID, viewer sealpost.UserID) (sealpost.Message, error) {
	at, err := s.Locate(ctx, id)
	if err != nil {
		return sealpost.Message{}, err
	}
	var m sealpost.Message
	var deliveries []sealpost.Delivery
	err = s.engine.read(ctx,
		ask(queryMessageFor, func(r row) error { return scanMessageWithOwn(r, &m) }, bytesOf(at), bytesOf(id), bytesOf(viewer)),
		ask(queryDeliveries, func(r row) error {
			var d deliveryRow
			err := r.Scan(d.dest()...)
			deliveries = append(deliveries, d.value())
			return err
		}, bytesOf(at), bytesOf(id)))
	if err != nil {
		return sealpost.Message{}, err
	}
	if m.SenderID == viewer {
		m.Deliveries = deliveries
	}
	if !m.VisibleTo(viewer) {
		return sealpost.Message{}, sealpost.NotFound()
	}
	return m, nil
}

// ChangedThreads implements service.Views.
func (s *Store) ChangedThreads(ctx context.Context, viewer sealpost.UserID, since sealpost.Instant, limit int) ([]sealpost.ConversationID, error) {
	var out []sealpost.ConversationID
	err := s.engine.read(ctx, ask(queryChangedThreads, func(r row) error {
		var id sealpost.ConversationID
		err := r.Scan(into(&id))
		out = append(out, id)
		return err
	}, int64(limit), bytesOf(viewer), int64(since)))
	return out, err
}

// RecallFacts implements service.Views. It takes no lock, so what it says may be
// over when it is read.
func (s *Store) RecallFacts(ctx context.Context, id sealpost.MessageID) (service.Snapshot, error) {
	now, err := s.Now(ctx)
	if err != nil {
		return service.Snapshot{}, err
	}
	var shot service.Snapshot
	err = s.engine.read(ctx, ask(queryMessage, func(r row) error {
		shot.Message = &sealpost.Message{}
		return scanMessage(r, shot.Message)
	}, bytesOf(id)))
	if err = orNotFound(err, shot.Message != nil); err != nil {
		return service.Snapshot{}, err
	}
	m := shot.Message
	l := load{snapshot: shot}
	statements := []statement{ask(queryConversationFull, l.conversation, bytesOf(m.ConversationID)), deliveriesOf(m)}
	if m.PolicyVersion != 0 { // it was delivered
		statements = append(statements, s.recallFacts(m, now, &l.snapshot.Recall)...)
		if l.snapshot.Recall.Policy, err = s.readPolicy(ctx, m.PolicyVersion); err != nil {
			return service.Snapshot{}, err
		}
	}
	err = s.engine.read(ctx, statements...)
	l.snapshot.Now = max(now, l.snapshot.Conversation.DecidedAt+1)
	return l.snapshot, err
}
