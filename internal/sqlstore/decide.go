package sqlstore

import (
	"context"
	"fmt"
	"strings"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// Decide implements service.Decider.
func (s *Store) Decide(ctx context.Context, a service.Ask, decide func(service.Snapshot) (service.Change, error)) error {
	return s.submit(ctx, laneOf(a.Conversation), &work{decision: &decision{ask: a, decide: decide}})
}

// conflictOr turns a taken key into the refusal that it means; everything else
// that kept a transaction from committing is unavailable.
func (s *Store) conflictOr(err error) error {
	index, ok := s.engine.conflict(err)
	switch {
	case ok && strings.HasPrefix(index, "message"):
		return &sealpost.Error{Code: sealpost.CodeIDInUse, Field: "id", Detail: "This message id is in use. Choose another.", Cause: err}
	case ok && strings.HasPrefix(index, "users"):
		return &sealpost.Error{Code: sealpost.CodeInvalid, Field: "email", Detail: "There is already an account with this address.", Cause: err}
	}
	return &sealpost.Error{Code: sealpost.CodeUnavailable, Detail: "The decision could not be made. Nothing has changed.", Cause: fmt.Errorf("transaction: %w", err)}
}

var (
	queryAdvance = register("conversation.advance", `
UPDATE conversation SET seq = $2, rev = $3, decided_at = $4 WHERE id = $1`)
	queryTitle       = register("conversation.title", "UPDATE conversation SET title = $2, titled_at = $3 WHERE id = $1")
	queryInsertAudit = register("audit.insert", `
INSERT INTO audit (id, at, actor_id, action, conversation_id, message_id, subject_id, code, rev, detail)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`)
	queryInsertReplay = register("replay.insert", `
INSERT INTO replay (user_id, idem_key, request, content, result, created_at) VALUES ($1, $2, $3, $4, $5, $6)`)
	queryInsertMessage = register("message.insert", `
INSERT INTO message (conversation_id, id, sender_id, kind, state, in_reply_to, created_at, release_at, time_zone,
 seq, sent_at, recallable_until, policy_version, version, body, ref, wrapped, window_over, recalled_at, draft_id,
 erased_at, changed_at, sender_changed_at, sender_hidden, imported, previews)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26)`)
	queryUpdateMessage = register("message.update", `
UPDATE message SET state = $3, release_at = $4, time_zone = $5, seq = $6, sent_at = $7, recallable_until = $8,
 policy_version = $9, version = $10, body = $11, ref = $12, wrapped = $13, window_over = $14, recalled_at = $15,
 draft_id = $16, erased_at = $17, changed_at = $18, sender_changed_at = $19, sender_hidden = $20, previews = $21
WHERE conversation_id = $1 AND id = $2`)
	// A re-wrap is conditional on the old wrap: it never brings a key back (R18).
	queryRewrapMessage = register("message.rewrap", `
UPDATE message SET ref = $3, wrapped = $4, window_over = $5 WHERE conversation_id = $1 AND id = $2 AND ref = $6`)
	queryInsertDelivery = register("delivery.insert", `
INSERT INTO delivery (conversation_id, message_id, user_id, sent_at, state, decided_at, receipt, level, visible, changed_at, request, hidden)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`)
	queryUpdateDelivery = register("delivery.update", `
UPDATE delivery SET state = $4, decided_at = $5, receipt = $6, level = $7, visible = $8, changed_at = $9,
 hidden = $10, acknowledged_at = $11, deleted = $12, previewed_at = $13
WHERE conversation_id = $1 AND message_id = $2 AND user_id = $3`)
	queryCloseSealed = register("delivery.close", `
UPDATE delivery SET visible = 0, changed_at = $3
WHERE conversation_id = $1 AND user_id = $2 AND state = 1 AND visible = 1`)
	queryTouchClosed = register("message.touch-closed", `
UPDATE message SET changed_at = $3 WHERE id IN
 (SELECT message_id FROM delivery WHERE conversation_id = $1 AND user_id = $2 AND state = 1 AND visible = 1)`)
	queryPutParticipant = register("participant.put", `
INSERT INTO participant (conversation_id, user_id, joined_at, left_at, consent, first_at) VALUES ($1, $2, $3, $4, $5, $3)
ON CONFLICT (conversation_id, user_id) DO UPDATE SET joined_at = $3, left_at = $4, consent = $5,
 stayed_until = CASE WHEN participant.left_at > 0 THEN participant.left_at ELSE participant.stayed_until END`)
	queryInsertRecall = register("recall.insert", `
INSERT INTO recall_count (conversation_id, user_id, message_id, next_possible) VALUES ($1, $2, $3, $4)`)
	queryInsertRefusal   = register("refusal.insert", "INSERT INTO refusal (user_id, at, decision_id) VALUES ($1, $2, $3)")
	queryInsertTombstone = register("tombstone.insert", `
INSERT INTO tombstone (user_id, message_id, created_at) VALUES ($1, $2, $3)
ON CONFLICT (user_id, message_id) DO NOTHING`)
	queryInsertDraft = register("draft.insert", `
INSERT INTO draft (user_id, id, conversation_id, from_message, reason, created_at, updated_at, expires_at, version, body, ref, wrapped)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`)
)

// writes are the statements of a change. The snapshot is what it was decided on.
func writes(a service.Ask, s service.Snapshot, c service.Change) []statement {
	conversation := bytesOf(a.Conversation)
	rev, seq := s.Conversation.Rev+1, s.Conversation.Seq
	var out []statement
	for _, m := range c.Insert {
		seq = max(seq, m.Seq)
		out = append(out, insertMessage(m))
		out = appendDeliveries(out, m, m.Deliveries, true)
	}
	for _, u := range c.Update {
		seq = max(seq, u.Message.Seq)
		out = append(out, updateMessage(u))
		out = appendDeliveries(out, u.Message, u.Deliveries, u.Insert)
	}
	if !c.CloseSealed.IsZero() {
		user, now := bytesOf(c.CloseSealed), int64(s.Now)
		out = append(out, run(queryTouchClosed, conversation, user, now), run(queryCloseSealed, conversation, user, now))
		out = append(out, run(queryUncover, conversation, user))
	}
	for _, p := range c.Participants {
		out = append(out,
			run(queryPutParticipant, conversation, bytesOf(p.UserID), int64(p.JoinedAt), int64(p.LeftAt), int64(p.Consent)),
			run(queryAddInbox, bytesOf(p.UserID), conversation, int64(0)))
		if !p.Active() { // who leaves marks nothing any more
			out = append(out, run(queryInboxUnmark, bytesOf(p.UserID), conversation))
		}
	}
	out = append(out, consentWrites(a, s, c)...)
	if c.Title != nil {
		out = append(out, run(queryTitle, conversation, *c.Title, int64(s.Now)))
	}
	out = append(out, countWrites(a, s, c)...)
	out = append(out, inboxWrites(a, s, c)...)
	out = append(out, flagWrites(a, s, c)...)
	if d := c.Draft; d != nil {
		out = append(out, insertDraft(*d))
	}
	if !c.DropDraft.IsZero() {
		out = append(out, run(queryDropDraft, bytesOf(a.Actor), bytesOf(c.DropDraft)))
	}
	if a.Key != "" && c.Replay != nil {
		out = append(out, run(queryInsertReplay, bytesOf(a.Actor), a.Key, c.Replay.Request[:], c.Replay.Content[:], blob(c.Replay.Result), int64(s.Now)))
	}
	c.Audit.Decision, c.Audit.At, c.Audit.Actor, c.Audit.Conversation, c.Audit.Rev = a.Decision, s.Now, a.Actor, a.Conversation, rev
	return append(out, insertAudit(c.Audit), run(queryAdvance, conversation, seq, rev, int64(s.Now)))
}

// countWrites are the rows that the limits of recall are counted by.
func countWrites(a service.Ask, s service.Snapshot, c service.Change) []statement {
	var out []statement
	if r := c.Recalled; r != nil {
		out = append(out, run(queryInsertRecall, bytesOf(a.Conversation), bytesOf(a.Actor), bytesOf(r.Message), int64(r.NextPossible)))
	}
	if c.Refused {
		out = append(out, run(queryInsertRefusal, bytesOf(a.Actor), int64(s.Now), bytesOf(a.Decision)))
	}
	if !c.Tombstone.IsZero() {
		out = append(out, run(queryInsertTombstone, bytesOf(a.Actor), bytesOf(c.Tombstone), int64(s.Now)))
	}
	return out
}

func insertMessage(m sealpost.Message) statement {
	return run(queryInsertMessage, bytesOf(m.ConversationID), bytesOf(m.ID), bytesOf(m.SenderID), int64(m.Kind), int64(m.State),
		bytesOf(m.InReplyTo), int64(m.CreatedAt), int64(m.ReleaseAt), m.TimeZone, m.Seq, int64(m.SentAt), int64(m.RecallableUntil),
		m.PolicyVersion, int64(m.Content.Version), blob(m.Content.Body), m.Content.Ref, blob(m.Content.Wrapped), number(m.WindowOver),
		int64(m.RecalledAt), bytesOf(m.DraftID), int64(m.ErasedAt), int64(m.ChangedAt), int64(m.SenderChangedAt), number(m.SenderHidden), number(m.Imported), int64(m.Previews))
}

func updateMessage(u service.Update) statement {
	m := u.Message
	if u.IfRef != 0 {
		return run(queryRewrapMessage, bytesOf(m.ConversationID), bytesOf(m.ID), m.Content.Ref, blob(m.Content.Wrapped), number(m.WindowOver), u.IfRef)
	}
	return run(queryUpdateMessage, bytesOf(m.ConversationID), bytesOf(m.ID), int64(m.State), int64(m.ReleaseAt), m.TimeZone, m.Seq,
		int64(m.SentAt), int64(m.RecallableUntil), m.PolicyVersion, int64(m.Content.Version), blob(m.Content.Body), m.Content.Ref,
		blob(m.Content.Wrapped), number(m.WindowOver), int64(m.RecalledAt), bytesOf(m.DraftID), int64(m.ErasedAt),
		int64(m.ChangedAt), int64(m.SenderChangedAt), number(m.SenderHidden), int64(m.Previews))
}

func appendDeliveries(out []statement, m sealpost.Message, deliveries []sealpost.Delivery, insert bool) []statement {
	conversation, id := bytesOf(m.ConversationID), bytesOf(m.ID)
	for _, d := range deliveries {
		state := []any{int64(d.State), int64(d.DecidedAt), number(d.Receipt), int64(d.Level), visible(d), int64(d.ChangedAt)}
		if insert {
			out = append(out, run(queryInsertDelivery, append([]any{conversation, id, bytesOf(d.UserID), int64(m.SentAt)}, append(state, number(d.Request), number(d.Hidden))...)...))
		} else {
			state = append(state, number(d.Hidden), int64(d.AcknowledgedAt), number(d.Deleted), int64(d.PreviewedAt))
			out = append(out, run(queryUpdateDelivery, append([]any{conversation, id, bytesOf(d.UserID)}, state...)...))
		}
	}
	return out
}

func insertDraft(d sealpost.Draft) statement {
	return run(queryInsertDraft, bytesOf(d.UserID), bytesOf(d.ID), bytesOf(d.ConversationID), bytesOf(d.FromMessage), string(d.Reason),
		int64(d.CreatedAt), int64(d.UpdatedAt), int64(d.ExpiresAt), int64(d.Content.Version), blob(d.Content.Body), d.Content.Ref, blob(d.Content.Wrapped))
}

func insertAudit(a service.Audit) statement {
	return run(queryInsertAudit, bytesOf(a.Decision), int64(a.At), bytesOf(a.Actor), a.Action, bytesOf(a.Conversation),
		bytesOf(a.Message), bytesOf(a.Subject), string(a.Code), a.Rev, a.Detail)
}
