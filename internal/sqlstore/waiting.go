package sqlstore

import (
	"context"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

var queryWaiting = register("waiting", `
SELECT
 (SELECT COUNT(*) FROM inbox i WHERE i.user_id = $1 AND i.request < 2 AND i.last_activity_at > 0 AND (i.unread > 0 OR i.marked_unread = 1)),
 (SELECT COUNT(*) FROM inbox i WHERE i.user_id = $1 AND i.request = 1),
 (SELECT COUNT(*) FROM invitation v WHERE v.user_id = $1 AND v.sent = 0 AND v.state = 1),
 (SELECT COUNT(*) FROM draft f WHERE f.user_id = $1 AND (f.expires_at = 0 OR f.expires_at > $2) AND f.ref <> 0),
 (SELECT COUNT(*) FROM message s WHERE s.sender_id = $1 AND s.state < 3 AND s.state = 1)`)

// Waiting implements service.Counting.
func (s *Store) Waiting(ctx context.Context, viewer sealpost.UserID) (out service.Waiting, err error) {
	now, err := s.Now(ctx)
	if err != nil {
		return out, err
	}
	err = s.engine.read(ctx, ask(queryWaiting, func(r row) error {
		return r.Scan(&out.Unread, &out.Requests, &out.Invitations, &out.Drafts, &out.Scheduled)
	}, bytesOf(viewer), int64(now)))
	return out, err
}
