package sqlstore

import (
	"context"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

var (
	// A person has at most 1000 drafts: they are read along their key, once for the
	// whole list.
	queryDraftsListed = register("listed.drafts", listed+"SELECT "+draftColumns+`
FROM draft f WHERE f.user_id = $2 AND f.conversation_id IN (SELECT l.conversation_id FROM listed l)
 AND (length(f.from_message) = 0 OR f.version > 1) AND (f.expires_at = 0 OR f.expires_at > $3) AND f.ref <> 0
ORDER BY f.updated_at, f.id`)
	queryPendingListed = register("listed.pending", listed+"SELECT "+messageColumns+`
FROM listed l CROSS JOIN message m WHERE m.conversation_id = l.conversation_id AND m.id = (
 SELECT s.id FROM message s WHERE s.conversation_id = l.conversation_id AND s.sender_id = $2 AND s.state < 3 ORDER BY s.release_at, s.id LIMIT 1)`)
)

// Unsent implements service.Unsents.
func (s *Store) Unsent(ctx context.Context, viewer sealpost.UserID, in []sealpost.ConversationID) (map[sealpost.ConversationID]service.Unsent, error) {
	now, err := s.Now(ctx)
	if err != nil {
		return nil, err
	}
	var list []byte
	for _, id := range in {
		list = append(list, pairOf(id, sealpost.MessageID{})...)
	}
	out := map[sealpost.ConversationID]service.Unsent{}
	err = s.engine.read(ctx,
		ask(queryDraftsListed, func(r row) error {
			d := &sealpost.Draft{}
			err := scanDraft(r, d)
			u := out[d.ConversationID]
			u.Draft = d
			out[d.ConversationID] = u
			return err
		}, list, bytesOf(viewer), int64(now)),
		ask(queryPendingListed, func(r row) error {
			m := &sealpost.Message{}
			err := scanMessage(r, m)
			u := out[m.ConversationID]
			u.Pending = m
			out[m.ConversationID] = u
			return err
		}, list, bytesOf(viewer)))
	return out, err
}
