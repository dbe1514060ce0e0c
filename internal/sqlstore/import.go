package sqlstore

import (
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

var (
	queryUserBySource = register("user.by-source", "SELECT "+userColumns+" FROM users u WHERE u.source = $1 AND u.source <> '' {lock}")
	querySetProfile   = register("user.set-profile", "UPDATE users SET profile = $2, source = $3 WHERE id = $1")
	queryConnectSince = register("connection.add-since", `
INSERT INTO connection (user_id, other_id, since) VALUES ($1, $2, $3), ($2, $1, $3) ON CONFLICT (user_id, other_id) DO NOTHING`)
	// What was delivered with a position within a time.
	queryPlaced = register("message.placed", `
SELECT m.id, m.sent_at FROM message m WHERE m.conversation_id = $1 AND m.sent_at >= $2 AND m.sent_at < $3`)
	// As sealpost.Message.Unseen.
	queryUnseen = register("message.unseen", "SELECT "+messageColumns+", "+ownDelivery+`
FROM message m `+deliveredTo+`$4
WHERE m.conversation_id = $1 AND m.sent_at >= $2 AND m.sent_at < $3 AND m.imported = 1 AND m.state = 3
 AND ((m.sender_id = $4 AND m.sender_hidden = 1 AND m.sender_changed_at = 0) OR (d.hidden = 1 AND d.changed_at = 0))`)
	queryIndexReceived = register("index.all-received", `
INSERT INTO index_job (user_id, message_id, conversation_id, due)
SELECT d.user_id, d.message_id, d.conversation_id, $2 FROM inbox i
JOIN delivery d ON d.conversation_id = i.conversation_id AND d.user_id = i.user_id
WHERE i.user_id = $1 AND d.state = 2 AND d.visible = 1 AND d.hidden = 0
ON CONFLICT (user_id, message_id) DO NOTHING`)
	queryIndexWritten = register("index.all-written", `
INSERT INTO index_job (user_id, message_id, conversation_id, due)
SELECT m.sender_id, m.id, m.conversation_id, $2 FROM inbox i
JOIN message m ON m.conversation_id = i.conversation_id AND m.sender_id = i.user_id
WHERE i.user_id = $1 AND m.ref < 0 AND m.state = 3 AND m.sender_hidden = 0
ON CONFLICT (user_id, message_id) DO NOTHING`)
)

// placed reads what is at the times that an ask names.
func (l *load) placed() []statement {
	a, s := l.ask, &l.snapshot
	if a.Until == 0 {
		return nil
	}
	out := []statement{ask(queryPlaced, func(r row) error {
		var p service.Placed
		err := r.Scan(into(&p.ID), (*int64)(&p.SentAt))
		s.Placed = append(s.Placed, p)
		return err
	}, bytesOf(a.Conversation), int64(a.From), int64(a.Until))}
	if a.Subject.IsZero() {
		return out
	}
	return append(out, ask(queryUnseen, func(r row) error {
		var m sealpost.Message
		err := scanMessageWithOwn(r, &m)
		s.Unseen = append(s.Unseen, m)
		return err
	}, bytesOf(a.Conversation), int64(a.From), int64(a.Until), bytesOf(a.Subject)))
}

// UserBySource implements service.Importing.
func (a *amendment) UserBySource(source string) (sealpost.User, error) {
	var u sealpost.User
	err := a.run(ask(queryUserBySource, func(r row) error { return scanUser(r, &u) }, source))
	return u, orNotFound(err, !u.ID.IsZero())
}

// SetProfile implements service.Importing.
func (a *amendment) SetProfile(id sealpost.UserID, source string, unclaimed bool) error {
	return a.run(run(querySetProfile, bytesOf(id), number(unclaimed), source))
}

// ConnectSince implements service.Importing.
func (a *amendment) ConnectSince(one, other sealpost.UserID, since sealpost.Instant) error {
	return a.run(run(queryConnectSince, bytesOf(one), bytesOf(other), int64(since)))
}

// IndexAll implements service.Importing.
func (a *amendment) IndexAll(user sealpost.UserID) error {
	return a.run(run(queryIndexReceived, bytesOf(user), int64(a.now)), run(queryIndexWritten, bytesOf(user), int64(a.now)))
}
