package sqlstore

import (
	"context"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

var (
	queryPutFlag = register("flag.put", `
INSERT INTO flag (conversation_id, id, message_id, sender_id, reporter_id, reason, request_removal, created_at, turn,
 state, resolution, resolved_by, resolved_at, version, body, ref, wrapped)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
ON CONFLICT (conversation_id, id) DO UPDATE SET reason = $6, request_removal = $7, turn = $9,
 state = $10, resolution = $11, resolved_by = $12, resolved_at = $13,
 version = $14, body = $15, ref = $16, wrapped = $17`)
	queryOpenFlags = register("flag.open", "SELECT "+flagColumns+`
FROM flag g WHERE g.conversation_id = $1 AND g.message_id = $2 AND g.state = 1 ORDER BY g.id`)
	queryFlag    = register("flag.get", "SELECT "+flagColumns+" FROM flag g WHERE g.id = $1")
	queryFlagsBy = register("flag.by", "SELECT "+flagColumns+`
FROM flag g WHERE g.reporter_id = $1 AND g.id < $2 ORDER BY g.id DESC LIMIT $3`)
	// Without the evidence. What others reported of a message of the viewer's is not
	// for them (R22).
	queryFlagQueue = register("flag.queue", `
SELECT g.conversation_id, g.id, g.message_id, g.sender_id, g.reporter_id, g.reason, g.request_removal, g.created_at,
 g.state, g.resolution, g.resolved_by, g.resolved_at
FROM flag g WHERE g.state = $1 AND (g.sender_id <> $2 OR g.reporter_id = $2)
 AND (g.turn, g.created_at, g.id) > ($3, $4, $5)
ORDER BY g.turn, g.created_at, g.id LIMIT $6`)
	queryExpireEvidence = register("flag.expire", `
UPDATE flag SET body = $2, ref = 0, wrapped = $2 WHERE state = 2 AND ref <> 0 AND resolved_at < $1`)
	queryInboxHid = register("inbox.hid", "UPDATE inbox SET hid_at = $3 WHERE user_id = $1 AND conversation_id = $2")
)

const flagColumns = `g.conversation_id, g.id, g.message_id, g.sender_id, g.reporter_id, g.reason, g.request_removal, g.created_at,
 g.state, g.resolution, g.resolved_by, g.resolved_at, g.version, g.body, g.ref, g.wrapped`

// scanFlag reads flagColumns up to resolved_at, then whatever follows.
func scanFlag(r row, f *sealpost.Flag, more ...any) error {
	var removal, state, resolution int64
	err := r.Scan(append([]any{
		into(&f.ConversationID), into(&f.ID), into(&f.MessageID), into(&f.SenderID), into(&f.ReporterID), (*string)(&f.Reason),
		&removal, (*int64)(&f.CreatedAt), &state, &resolution, into(&f.ResolvedBy), (*int64)(&f.ResolvedAt),
	}, more...)...)
	f.RequestRemoval, f.State, f.Resolution = removal != 0, sealpost.FlagState(state), sealpost.Resolution(resolution)
	return err
}

// flagsInto collects rows of flagColumns.
func flagsInto(to *[]sealpost.Flag) func(row) error {
	return func(r row) error {
		var f sealpost.Flag
		var version int64
		err := scanFlag(r, &f, &version, &f.Evidence.Body, &f.Evidence.Ref, &f.Evidence.Wrapped)
		f.Evidence.Version = int32(version)
		*to = append(*to, f)
		return err
	}
}

// flagWrites are the statements of what a change says of reports and of hiding.
func flagWrites(a service.Ask, s service.Snapshot, c service.Change) []statement {
	var out []statement
	for _, f := range c.Flags {
		out = append(out, run(queryPutFlag, bytesOf(f.ConversationID), bytesOf(f.ID), bytesOf(f.MessageID), bytesOf(f.SenderID),
			bytesOf(f.ReporterID), string(f.Reason), number(f.RequestRemoval), int64(f.CreatedAt), int64(f.Turn()), int64(f.State),
			int64(f.Resolution), bytesOf(f.ResolvedBy), int64(f.ResolvedAt), int64(f.Evidence.Version), blob(f.Evidence.Body),
			f.Evidence.Ref, blob(f.Evidence.Wrapped)))
	}
	if !c.HidOwn.IsZero() {
		out = append(out, run(queryInboxHid, bytesOf(c.HidOwn), bytesOf(a.Conversation), int64(s.Now)))
	}
	return out
}

// Flag implements service.Flags.
func (s *Store) Flag(ctx context.Context, id sealpost.FlagID) (sealpost.Flag, error) {
	var found []sealpost.Flag
	err := s.engine.read(ctx, ask(queryFlag, flagsInto(&found), bytesOf(id)))
	if err = orNotFound(err, len(found) > 0); err != nil {
		return sealpost.Flag{}, err
	}
	return found[0], nil
}

// FlagsBy implements service.Flags.
func (s *Store) FlagsBy(ctx context.Context, reporter sealpost.UserID, after sealpost.FlagID, limit int) ([]sealpost.Flag, error) {
	var out []sealpost.Flag
	err := s.engine.read(ctx, ask(queryFlagsBy, flagsInto(&out), bytesOf(reporter), before(after), int64(limit)))
	return out, err
}

// FlagQueue implements service.Flags.
func (s *Store) FlagQueue(ctx context.Context, q service.FlagQuery) ([]sealpost.Flag, error) {
	var out []sealpost.Flag
	err := s.engine.read(ctx, ask(queryFlagQueue, func(r row) error {
		var f sealpost.Flag
		err := scanFlag(r, &f)
		out = append(out, f)
		return err
	}, int64(q.State), bytesOf(q.Viewer), int64(q.AfterTurn), int64(q.AfterAt), bytesOf(q.AfterID), int64(q.Limit)))
	return out, err
}
