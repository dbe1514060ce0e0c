package sqlstore

import (
	"github.com/sealpost/sealpost/internal/service"
)

// One row per user and conversation keeps what a list shows. Sends and opens
// change it by what they know; a recall recomputes it from the messages, under the
// lock, so that it goes back to exactly what it was (R16).

var (
	queryAddInbox = register("inbox.add", `
INSERT INTO inbox (user_id, conversation_id, listed_at, touched_at, changed_at, last_activity_at, unread, marked_unread)
VALUES ($1, $2, $3, $3, $3, $3, 0, 0) ON CONFLICT (user_id, conversation_id) DO NOTHING`)
	queryInboxList = register("inbox.list", `
UPDATE inbox SET listed_at = $3, touched_at = $3, changed_at = $3,
 last_activity_at = CASE WHEN last_activity_at > $3 THEN last_activity_at ELSE $3 END
WHERE user_id = $1 AND conversation_id = $2 AND listed_at = 0`)
	// What comes as a request comes to somebody who has decided nothing and has nothing
	// ordinary of it; anything else makes it ordinary (R31).
	queryInboxArrived = register("inbox.arrived", `
UPDATE inbox SET last_activity_at = $3, changed_at = $3, unread = unread + $4, request = $5
WHERE user_id = $1 AND conversation_id = $2`)
	queryInboxOpened = register("inbox.opened", `
UPDATE inbox SET unread = unread - $4, marked_unread = 0, changed_at = $3 WHERE user_id = $1 AND conversation_id = $2`)
	queryInboxTouched = register("inbox.touched", `
UPDATE inbox SET touched_at = $3, changed_at = $3 WHERE user_id = $1 AND conversation_id = $2`)
	queryInboxChanged = register("inbox.changed", `
UPDATE inbox SET changed_at = $3 WHERE user_id = $1 AND conversation_id = $2`)
	queryInboxMark = register("inbox.mark", `
UPDATE inbox SET marked_unread = $4, touched_at = $3, changed_at = $3 WHERE user_id = $1 AND conversation_id = $2`)
	queryInboxUnmark  = register("inbox.unmark", "UPDATE inbox SET marked_unread = 0 WHERE user_id = $1 AND conversation_id = $2")
	queryInboxRecount = register("inbox.recount", `
UPDATE inbox SET changed_at = $3,
 unread = (SELECT COUNT(*) FROM delivery d
  WHERE d.conversation_id = $2 AND d.user_id = $1 AND d.state = 1 AND d.visible = 1 AND d.hidden = 0),
 last_activity_at = COALESCE((SELECT m.sent_at FROM message m
  `+deliveredTo+`$1
  WHERE m.conversation_id = $2 AND m.sent_at > 0 AND ((m.sender_id = $1 AND m.sender_hidden = 0) OR (d.visible = 1 AND d.hidden = 0 AND d.state <> 3))
  ORDER BY m.sent_at DESC LIMIT 1), 0),
 request = `+requestNow+`
WHERE user_id = $1 AND conversation_id = $2`)
	queryInboxFloor = register("inbox.floor", `
UPDATE inbox SET last_activity_at = listed_at WHERE user_id = $1 AND conversation_id = $2 AND last_activity_at < listed_at`)
)

func inboxWrites(a service.Ask, s service.Snapshot, c service.Change) []statement {
	conversation, now := bytesOf(a.Conversation), int64(s.Now)
	unread, request := setOf(c.Unread), setOf(c.Requests)
	var out []statement
	for _, u := range c.Arrived {
		out = append(out, run(queryInboxArrived, bytesOf(u), conversation, now, number(unread[u]), number(request[u])))
	}
	if !c.Opened.IsZero() {
		out = append(out, run(queryInboxOpened, bytesOf(c.Opened), conversation, now, int64(c.OpenedCount)))
	}
	for _, u := range c.Recount {
		out = append(out,
			run(queryInboxRecount, bytesOf(u), conversation, now),
			run(queryInboxFloor, bytesOf(u), conversation))
	}
	for _, u := range c.Touched {
		out = append(out, run(queryInboxTouched, bytesOf(u), conversation, now))
	}
	for _, u := range c.Changed {
		out = append(out, run(queryInboxChanged, bytesOf(u), conversation, now))
	}
	if c.MarkUnread != nil {
		out = append(out, run(queryInboxMark, bytesOf(a.Actor), conversation, now, number(*c.MarkUnread)))
	}
	if c.Mute != nil {
		out = append(out, run(queryInboxMute, bytesOf(a.Actor), conversation, now, number(*c.Mute)))
	}
	if !c.List.IsZero() {
		out = append(out, run(queryInboxList, bytesOf(c.List), conversation, now))
	}
	return out
}
