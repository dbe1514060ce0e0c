package sqlstore

import (
	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// recentlyActive are the conversations in which the sender $1 may have written within
// the throttle's period: where something is new, and where they hid something of
// their own, which goes on counting (R14).
const recentlyActive = `
 SELECT a.conversation_id FROM inbox a WHERE a.user_id = $1
  AND a.last_activity_at > $3 - (SELECT throttle_period_us FROM policy WHERE version = $4)
 UNION SELECT h.conversation_id FROM inbox h WHERE h.user_id = $1 AND h.hid_at > 0
  AND h.hid_at > $3 - (SELECT throttle_period_us FROM policy WHERE version = $4)`

// The facts of R8 that are counted: the daily limit and the throttle under the
// limits of the policy that the message was sent under, and who was there.

var (
	// The recall that uses up the last place of today: when it expires there is one
	// again (R13).
	queryQuota = register("recall.quota", `
SELECT r.next_possible FROM recall_count r
WHERE r.conversation_id = $1 AND r.user_id = $2 AND r.next_possible > $3
ORDER BY r.next_possible DESC LIMIT 1 OFFSET (SELECT per_day - 1 FROM policy WHERE version = $4)`)
	// The newest message that is one too many (R14). The sender's own inbox says
	// where anything happened lately, so no index by sender is needed.
	queryMessagesOver = register("recall.messages-over", `
SELECT m.sent_at FROM (`+recentlyActive+`) i
JOIN message m ON m.conversation_id = i.conversation_id AND m.sent_at > $3 - (SELECT throttle_period_us FROM policy WHERE version = $4)
WHERE i.conversation_id <> $2
 AND m.sender_id = $1 AND m.kind <> 2 AND m.imported = 0
ORDER BY m.sent_at DESC LIMIT 1 OFFSET (SELECT throttle_messages FROM policy WHERE version = $4)`)
	queryRecipientsOver = register("recall.recipients-over", `
SELECT t.at FROM (
 SELECT d.user_id, MAX(m.sent_at) AS at FROM (`+recentlyActive+`) i
 JOIN message m ON m.conversation_id = i.conversation_id AND m.sent_at > $3 - (SELECT throttle_period_us FROM policy WHERE version = $4)
 JOIN delivery d ON d.conversation_id = m.conversation_id AND d.message_id = m.id
 WHERE i.conversation_id <> $2
  AND m.sender_id = $1 AND m.kind <> 2 AND m.imported = 0
 GROUP BY d.user_id) t
ORDER BY t.at DESC LIMIT 1 OFFSET (SELECT throttle_recipients FROM policy WHERE version = $4)`)
	queryRefusalsOver = register("recall.refusals-over", `
SELECT f.at FROM refusal f WHERE f.user_id = $1 AND f.at > $2 - (SELECT throttle_period_us FROM policy WHERE version = $3)
ORDER BY f.at DESC LIMIT 1 OFFSET (SELECT throttle_refusals FROM policy WHERE version = $3)`)
	// Until when each recipient was there, or may have been (R24): requests, and the
	// leases of the nodes that hold or held a live connection of theirs.
	querySeen = register("recall.seen", `
SELECT d.user_id, COALESCE(p.seen_until, 0), COALESCE((SELECT MAX(n.lease_until) FROM live l
 JOIN node n ON n.id = l.node_id WHERE l.user_id = d.user_id), 0)
FROM delivery d LEFT JOIN presence p ON p.user_id = d.user_id
WHERE d.conversation_id = $1 AND d.message_id = $2`)
)

// recallFacts reads the facts of one message. It needs the policy's limits, which
// the queries take from the version that the message names.
//
// What has no limit (policy.MaxCount) is not counted: it could mean reading a
// million rows to find that all is well.
func (s *Store) recallFacts(m *sealpost.Message, now sealpost.Instant, f *service.RecallFacts) []statement {
	p, known := s.policyVersion(m.PolicyVersion)
	limited := func(limit int) bool { return !known || limit < policy.MaxCount }
	f.Seen = map[sealpost.UserID]sealpost.Instant{}
	conversation, sender := bytesOf(m.ConversationID), bytesOf(m.SenderID)
	at := func(to *sealpost.Instant) func(row) error {
		return func(r row) error { return r.Scan((*int64)(to)) }
	}
	out := []statement{
		ask(queryUser, func(r row) error { return scanUser(r, &f.Sender) }, sender),
		ask(querySeen, func(r row) error {
			var user sealpost.UserID
			var seen, lease int64
			err := r.Scan(into(&user), &seen, &lease)
			f.Seen[user] = sealpost.Instant(max(seen, lease))
			return err
		}, conversation, bytesOf(m.ID)),
	}
	if limited(p.PerConversationDay) {
		out = append(out, ask(queryQuota, at(&f.QuotaUntil), conversation, sender, int64(now), m.PolicyVersion))
	}
	if limited(p.Throttle.Messages) {
		out = append(out, ask(queryMessagesOver, at(&f.MessagesOver), sender, conversation, int64(now), m.PolicyVersion))
	}
	if limited(p.Throttle.Recipients) {
		out = append(out, ask(queryRecipientsOver, at(&f.RecipientsOver), sender, conversation, int64(now), m.PolicyVersion))
	}
	if limited(p.Throttle.Refusals) {
		out = append(out, ask(queryRefusalsOver, at(&f.RefusalsOver), sender, int64(now), m.PolicyVersion))
	}
	return out
}
