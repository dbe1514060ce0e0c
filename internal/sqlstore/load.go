package sqlstore

import (
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// load reads the snapshot of one decision: first what the ask names, then what
// follows from that.
type load struct {
	tx       *transaction
	ask      service.Ask
	snapshot service.Snapshot
	found    bool
}

var (
	queryConversationFull = register("conversation.full", `
SELECT c.id, c.kind, c.title, c.creator_id, c.created_at, c.titled_at, c.seq, c.rev, c.decided_at,
 p.user_id, p.joined_at, p.left_at, u.receipts, p.consent, '', 0
FROM conversation c JOIN participant p ON p.conversation_id = c.id JOIN users u ON u.id = p.user_id
WHERE c.id = $1 ORDER BY p.user_id`)
	queryReplay    = register("replay.get", "SELECT request, content, result FROM replay WHERE user_id = $1 AND idem_key = $2")
	queryTombstone = register("tombstone.get", "SELECT 1 FROM tombstone WHERE user_id = $1 AND message_id = $2")
	queryMessage   = register("message.get", "SELECT "+messageColumns+" FROM message m WHERE m.id = $1")
	// A message of this conversation with the delivery of one user.
	queryMessageFor = register("message.get-for", "SELECT "+messageColumns+", "+ownDelivery+`
FROM message m `+deliveredTo+`$3
WHERE m.conversation_id = $1 AND m.id = $2`)
	queryDeliveries = register("delivery.of-message", "SELECT "+deliveryColumns+`
FROM delivery d WHERE d.conversation_id = $1 AND d.message_id = $2 ORDER BY d.user_id`)
	// What is sealed for a user up to the position of a message.
	querySealedThrough = register("message.sealed-through", "SELECT "+messageColumns+", "+deliveryColumns+`
FROM delivery d JOIN message m ON m.conversation_id = COALESCE(d.conversation_id, d.message_id) AND m.id = d.message_id
WHERE d.conversation_id = $1 AND d.user_id = $2 AND d.state = 1 AND d.visible = 1 AND d.hidden = 0
 AND d.sent_at <= (SELECT t.sent_at FROM message t WHERE t.conversation_id = $1 AND t.id = $3)
ORDER BY d.sent_at LIMIT $4`)
	queryWrappedIn = register("message.wrapped-in", "SELECT "+messageColumns+`
FROM message m WHERE m.ref = $2 AND m.ref > 0 AND m.conversation_id = $1 AND m.state >= 3 ORDER BY m.sent_at LIMIT $3`)
	queryUser        = register("user.get", "SELECT "+userColumns+" FROM users u WHERE u.id = $1")
	queryWaitingHere = register("message.waiting", "SELECT COUNT(*) FROM message m WHERE m.conversation_id = $1 AND m.sender_id = $2 AND m.state < 3")
	querySender      = register("message.sender", "SELECT "+userColumns+" FROM users u WHERE u.id = (SELECT m.sender_id FROM message m WHERE m.id = $1)")
)

func (l *load) first() []statement {
	a := l.ask
	s := &l.snapshot
	out := l.reach()
	if a.Key != "" {
		out = append(out, ask(queryReplay, l.replay, bytesOf(a.Actor), a.Key))
	}
	if !a.Message.IsZero() {
		out = append(out,
			ask(queryMessage, func(r row) error {
				s.Message = &sealpost.Message{}
				return scanMessage(r, s.Message)
			}, bytesOf(a.Message)),
			ask(queryTombstone, func(r row) error {
				var one int64
				s.Tombstone = true
				return r.Scan(&one)
			}, bytesOf(a.Actor), bytesOf(a.Message)))
	}
	if !a.Reply.IsZero() {
		out = append(out, l.messageFor(&s.Reply, a.Reply))
	}
	if !a.Draft.IsZero() {
		out = append(out, ask(queryLockDraft, func(r row) error {
			s.Draft = &sealpost.Draft{}
			return scanDraft(r, s.Draft)
		}, bytesOf(a.Actor), bytesOf(a.Draft), int64(0))) // the clock is read later: see second
	}
	if !a.Subject.IsZero() {
		out = append(out, userInto(&s.Subject, queryUser, bytesOf(a.Subject)))
	}
	if a.Sender {
		out = append(out, userInto(&s.Sender, querySender, bytesOf(a.Message)))
	}
	if !a.OpenThrough.IsZero() {
		out = append(out, l.messageFor(&s.Through, a.OpenThrough),
			ask(querySealedThrough, l.sealed, bytesOf(a.Conversation), bytesOf(a.Actor), bytesOf(a.OpenThrough), int64(service.OpenLimit+1)))
	}
	if a.Waiting {
		out = append(out, ask(queryWaitingHere, func(r row) error { return r.Scan(&s.Waiting) }, bytesOf(a.Conversation), bytesOf(a.Actor)))
	}
	if a.Flags {
		out = append(out, ask(queryOpenFlags, flagsInto(&s.Flags), bytesOf(a.Conversation), bytesOf(a.Message)))
	}
	out = append(out, l.placed()...)
	if a.Expired != 0 {
		out = append(out, ask(queryWrappedIn, func(r row) error {
			var m sealpost.Message
			err := scanMessage(r, &m)
			l.add(m)
			return err
		}, bytesOf(a.Conversation), a.Expired, int64(service.OpenLimit+1)))
	}
	return out
}

func userInto(to **sealpost.User, by *query, id []byte) statement {
	return ask(by, func(r row) error {
		*to = &sealpost.User{}
		return scanUser(r, *to)
	}, id)
}

func (l *load) messageFor(to **sealpost.Message, id sealpost.MessageID) statement {
	return ask(queryMessageFor, func(r row) error {
		*to = &sealpost.Message{}
		return scanMessageWithOwn(r, *to)
	}, bytesOf(l.ask.Conversation), bytesOf(id), bytesOf(l.ask.Actor))
}

func (l *load) conversation(r row) error {
	c := &l.snapshot.Conversation
	var kind, receipts, consent, standing int64
	var p sealpost.Participant
	err := r.Scan(into(&c.ID), &kind, &c.Title, into(&c.CreatorID), (*int64)(&c.CreatedAt), (*int64)(&c.TitledAt), &c.Seq, &c.Rev, (*int64)(&c.DecidedAt),
		into(&p.UserID), (*int64)(&p.JoinedAt), (*int64)(&p.LeftAt), &receipts,
		&consent, (*string)(&p.Standing.Reach), &standing)
	unpack(standing, &p.Standing)
	c.Kind, p.Receipts, p.Consent = sealpost.ConversationKind(kind), receipts != 0, sealpost.Consent(consent)
	l.snapshot.Participants = append(l.snapshot.Participants, p)
	l.found = true
	return err
}

func (l *load) replay(r row) error {
	var request, content []byte
	l.snapshot.Replay = &service.Replay{}
	err := r.Scan(&request, &content, &l.snapshot.Replay.Result)
	copy(l.snapshot.Replay.Request[:], request)
	copy(l.snapshot.Replay.Content[:], content)
	return err
}

func (l *load) sealed(r row) error {
	var m sealpost.Message
	var d deliveryRow
	err := scanMessage(r, &m, d.dest()...)
	m.Deliveries = []sealpost.Delivery{d.value()}
	l.add(m)
	return err
}

func (l *load) add(m sealpost.Message) {
	if len(l.snapshot.Sealed) == service.OpenLimit {
		l.snapshot.More = true
		return
	}
	l.snapshot.Sealed = append(l.snapshot.Sealed, m)
}

// second reads what depends on what was found: the deliveries of the message, and
// for a recall its facts (R8). It also fixes the decision time (R12).
func (l *load) second() []statement {
	s := &l.snapshot
	s.Clock, s.Now = l.tx.now, max(l.tx.now, s.Conversation.DecidedAt+1)
	s.Epochs = l.tx.epochs
	if d := s.Draft; d != nil && d.ExpiresAt != 0 && d.ExpiresAt <= s.Now {
		s.Draft = nil
	}
	var out []statement
	if s.Reply != nil && s.Reply.SenderID == l.ask.Actor {
		out = append(out, deliveriesOf(s.Reply))
	}
	if s.Message == nil || s.Message.ConversationID != l.ask.Conversation {
		return out
	}
	if !s.Message.State.Pending() {
		out = append(out, deliveriesOf(s.Message))
	}
	if l.ask.Recall && s.Message.PolicyVersion != 0 { // it was delivered
		out = append(out, l.tx.store.recallFacts(s.Message, s.Now, &s.Recall)...)
	}
	return out
}

func deliveriesOf(m *sealpost.Message) statement {
	return ask(queryDeliveries, func(r row) error {
		var d deliveryRow
		err := r.Scan(d.dest()...)
		m.Deliveries = append(m.Deliveries, d.value())
		return err
	}, bytesOf(m.ConversationID), bytesOf(m.ID))
}
