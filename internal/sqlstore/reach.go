package sqlstore

import (
	"strings"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// How people stand to whoever writes to them (R31) is read with the participants, in
// the same query: each fact is one look into an index.

// The bits of a standing.
const (
	bitDisabled = 1 << iota
	bitBlocks
	bitBlocked
	bitConnected
	bitShared
	bitExisting
)

// standingOf is an expression for the facts about the user u towards a sender; those
// that are of a conversation of two only where direct holds. What somebody hid from
// themselves is there for this, or its sender could tell.
func standingOf(person, sender, direct, conversation string) string {
	return strings.NewReplacer("{person}", person, "{sender}", sender, "{direct}", direct, "{conversation}", conversation, "{one}", justOne).Replace(`
 CASE WHEN u.disabled_at > 0 OR u.profile = 1 THEN 1 ELSE 0 END
 + CASE WHEN EXISTS (SELECT 1 FROM block b WHERE b.user_id = {person} AND b.other_id = {sender}{one}) THEN 2 ELSE 0 END
 + CASE WHEN EXISTS (SELECT 1 FROM block b WHERE b.user_id = {sender} AND b.other_id = {person}{one}) THEN 4 ELSE 0 END
 + CASE WHEN {direct} THEN
  CASE WHEN EXISTS (SELECT 1 FROM connection k WHERE k.user_id = {person} AND k.other_id = {sender}{one}) THEN 8 ELSE 0 END
  + CASE WHEN u.reach = 'connections_of_connections' AND EXISTS (
   SELECT 1 FROM connection k JOIN connection l ON l.user_id = k.other_id AND l.other_id = {sender}
   JOIN users s ON s.id = k.other_id AND s.profile = 0 WHERE k.user_id = {person}{one}) THEN 16 ELSE 0 END
  + CASE WHEN EXISTS (SELECT 1 FROM inbox i WHERE i.user_id = {person} AND i.conversation_id = {conversation}
    AND i.last_activity_at > 0 AND i.request = 0 AND ` + native + `{one})
   OR EXISTS (SELECT 1 FROM delivery d JOIN message m ON ` + ofMessage + ` WHERE d.conversation_id = {conversation} AND d.user_id = {person}
    AND d.hidden = 1 AND d.visible = 1 AND d.state < 3 AND d.request = 0 AND m.imported = 0{one}) THEN 32 ELSE 0 END
 ELSE 0 END`)
}

// native holds for the inbox row i of a person who has more of a conversation than what
// somebody's archive says of it: anybody can make up an archive.
const native = `(i.listed_at > 0
 OR EXISTS (SELECT 1 FROM participant o WHERE o.conversation_id = {conversation} AND o.user_id = {person} AND o.consent = 2{one})
 OR EXISTS (SELECT 1 FROM message m ` + deliveredTo + `{person} WHERE m.conversation_id = {conversation}
  AND m.sent_at > 0 AND m.imported = 0 AND (m.sender_id = {person} OR (d.visible = 1 AND d.request = 0 AND d.state <> 3)){one}))`

func conversationReach(sender string) string {
	return `
SELECT c.id, c.kind, c.title, c.creator_id, c.created_at, c.titled_at, c.seq, c.rev, c.decided_at,
 p.user_id, p.joined_at, p.left_at, u.receipts, p.consent,
 CASE WHEN p.user_id = ` + sender + ` THEN '' ELSE u.reach END, CASE WHEN p.user_id = ` + sender + ` THEN 0 ELSE ` +
		standingOf("p.user_id", sender, "c.kind = 1", "c.id") + ` END
FROM conversation c JOIN participant p ON p.conversation_id = c.id JOIN users u ON u.id = p.user_id
WHERE c.id = $1 ORDER BY p.user_id`
}

var (
	queryConversationReach = register("conversation.reach", conversationReach("$2"))
	// The same when the server itself delivers: whoever wrote it is the sender.
	queryConversationReachOf = register("conversation.reach-of", conversationReach("(SELECT o.sender_id FROM message o WHERE o.id = $2)"))
	queryStanding            = register("person.standing", "SELECT u.reach,"+
		standingOf("u.id", "$2", "1 = 1", "$3")+" FROM users u WHERE u.id = $1")
	queryOwnView    = register("inbox.own", "SELECT i.request, i.muted, "+knows("$1")+" FROM inbox i WHERE i.user_id = $1 AND i.conversation_id = $2")
	querySetConsent = register("participant.consent",
		"UPDATE participant SET consent = $3 WHERE conversation_id = $1 AND user_id = $2")
	queryFirstConsent = register("participant.first-consent",
		"UPDATE participant SET consent = $3 WHERE conversation_id = $1 AND user_id = $2 AND consent = 0")
	// What is sealed for somebody who declines stays as it is for its sender (R31).
	queryDeclineSealed = register("delivery.decline", `
UPDATE delivery SET visible = 2, changed_at = $3
WHERE conversation_id = $1 AND user_id = $2 AND state = 1 AND visible = 1`)
	// Leaving is no secret: what was closed in secret is closed like the rest.
	queryUncover = register("delivery.uncover", `
UPDATE delivery SET visible = 0 WHERE conversation_id = $1 AND user_id = $2 AND state = 1 AND visible = 2`)
	queryInboxMute = register("inbox.mute", `
UPDATE inbox SET muted = $4, touched_at = $3, changed_at = $3 WHERE user_id = $1 AND conversation_id = $2`)
)

// requestNow recomputes whether the conversation $2 is a request for the user $1 (R16,
// R31). Between two people requests never follow an ordinary message that is still
// there, so the newest tells; in a group the consent does, and whether there is
// anything. What an archive brought is neither, and who left has nothing to decide.
const requestNow = `COALESCE((SELECT CASE p.consent WHEN 3 THEN 2 WHEN 2 THEN 0 ELSE
  COALESCE((SELECT CASE WHEN p.consent = 1 THEN 1 ELSE d.request END FROM message m ` + deliveredTo + `$1
   WHERE m.conversation_id = $2 AND m.sent_at > 0 AND m.imported = 0 AND p.left_at = 0
    AND COALESCE(d.visible, 0) = 1 AND COALESCE(d.hidden, 1) = 0 AND COALESCE(d.state, 3) <> 3
   ORDER BY m.sent_at DESC LIMIT 1), 0) END
  FROM participant p WHERE p.conversation_id = $2 AND p.user_id = $1), 0)`

// reach reads the conversation with its participants, and about people what the ask
// wants to know.
func (l *load) reach() []statement {
	a, s := l.ask, &l.snapshot
	conversation, actor := bytesOf(a.Conversation), bytesOf(a.Actor)
	first := ask(queryConversationFull, l.conversation, conversation)
	switch {
	case a.Reach && !a.Actor.IsZero():
		first = ask(queryConversationReach, l.conversation, conversation, actor)
	case a.Reach:
		first = ask(queryConversationReachOf, l.conversation, conversation, bytesOf(a.Message))
	}
	out := []statement{first}
	if a.Own {
		out = append(out, ask(queryOwnView, func(r row) error {
			var request, muted, known int64
			err := r.Scan(&request, &muted, &known)
			s.Own = service.Own{Known: known != 0, Request: sealpost.RequestState(request), Muted: muted != 0}
			return err
		}, actor, conversation))
	}
	if !a.Direct.IsZero() {
		out = append(out, standingTo(&s.Standing, nil, a.Subject, a.Actor, a.Direct))
	}
	return out
}

func standingTo(to *sealpost.Standing, found *bool, user, sender sealpost.UserID, direct sealpost.ConversationID) statement {
	return ask(queryStanding, func(r row) error {
		var bits int64
		err := r.Scan((*string)(&to.Reach), &bits)
		unpack(bits, to)
		if found != nil {
			*found = true
		}
		return err
	}, bytesOf(user), bytesOf(sender), bytesOf(direct))
}

func unpack(bits int64, s *sealpost.Standing) {
	s.Disabled, s.Blocks, s.Blocked = bits&bitDisabled != 0, bits&bitBlocks != 0, bits&bitBlocked != 0
	s.Connected, s.Shared, s.Existing = bits&bitConnected != 0, bits&bitShared != 0, bits&bitExisting != 0
}

// consentWrites are written before the inboxes, which are recomputed from them.
func consentWrites(a service.Ask, s service.Snapshot, c service.Change) []statement {
	conversation, now := bytesOf(a.Conversation), int64(s.Now)
	var out []statement
	for _, consenting := range c.Consents {
		user := bytesOf(consenting.UserID)
		out = append(out, run(querySetConsent, conversation, user, int64(consenting.Consent)))
		if consenting.Consent == sealpost.ConsentDeclined {
			out = append(out, run(queryTouchClosed, conversation, user, now), run(queryDeclineSealed, conversation, user, now))
		}
	}
	return out
}

func setOf(users []sealpost.UserID) map[sealpost.UserID]bool {
	out := make(map[sealpost.UserID]bool, len(users))
	for _, u := range users {
		out[u] = true
	}
	return out
}

// Standing implements service.Reaching.
func (a *amendment) Standing(user, sender sealpost.UserID, direct sealpost.ConversationID) (sealpost.Standing, error) {
	var s sealpost.Standing
	found := false
	err := a.run(standingTo(&s, &found, user, sender, direct))
	return s, orNotFound(err, found)
}

// SetConsent implements service.Reaching.
func (a *amendment) SetConsent(id sealpost.ConversationID, user sealpost.UserID, c sealpost.Consent) error {
	return a.run(run(queryFirstConsent, bytesOf(id), bytesOf(user), int64(c)))
}
