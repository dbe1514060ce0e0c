package service

import (
	"context"

	"github.com/sealpost/sealpost/internal/failpoint"
	"github.com/sealpost/sealpost/internal/sealpost"
)

// releaseBatch is how many due messages are released before the next are asked for.
const releaseBatch = 200

// ReleaseDue delivers the held and scheduled messages whose time has come, each by
// a decision of its own (R27, R28). Any number of nodes may do so at once: the
// decision delivers once. It gives the time when the next one is due, zero if none
// is waiting. One that fails is passed over until the next pass, so that it keeps no
// other waiting.
func (s *Service) ReleaseDue(ctx context.Context) (sealpost.Instant, error) {
	for after := (Due{}); ; {
		due, next, err := s.store.Due(ctx, after, releaseBatch)
		if err != nil {
			return 0, err
		}
		for _, d := range due {
			failpoint.Hit(failpoint.ReleaseClaimed)
			e := &pendingDecision{service: s, id: d.Message, draft: newID[sealpost.DraftID](s)}
			e.change = e.release
			if err := e.run(ctx, ""); err != nil {
				if ctx.Err() != nil {
					return 0, ctx.Err()
				}
				s.log.WarnContext(ctx, "a due message was not released; it will be tried again", "error", err)
			}
		}
		if len(due) < releaseBatch {
			return next, nil
		}
		after = due[len(due)-1]
	}
}

// Sweep deletes what has expired: idempotency records, drafts, sessions, counters
// and the leases of nodes that are gone.
func (s *Service) Sweep(ctx context.Context) error { return s.store.Sweep(ctx) }
