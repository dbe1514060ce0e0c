package sqlstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

var (
	// Attempts under one key wait for one another. Nothing is there to be locked
	// before the first.
	queryLockAttempts = registerOnly(enginePostgres, "attempt.lock", "SELECT pg_advisory_xact_lock($1)")
	// The attempt that has to leave the window before another may be made.
	queryAttemptAt = register("attempt.at", `
SELECT at FROM attempt WHERE key_mac = $1 AND at > $2 ORDER BY at DESC, id DESC LIMIT 1 OFFSET $3`)
	queryAddAttempt     = register("attempt.add", "INSERT INTO attempt (key_mac, at, id) VALUES ($1, $2, $3)")
	queryForgive        = register("attempt.forgive", "DELETE FROM attempt WHERE key_mac = $1 AND id = $2")
	queryExpireAttempts = register("attempt.expire", "DELETE FROM attempt WHERE at < $1")
)

const attemptLife = service.MaxLimitWindow

// Attempt implements service.Attempts.
func (s *Store) Attempt(ctx context.Context, id [16]byte, limits []service.Limit) (sealpost.Instant, error) {
	var retry sealpost.Instant
	err := s.alone(ctx, func(ctx context.Context, session session) error {
		retry = 0
		a := &amendment{ctx: ctx, store: s, session: session}
		if s.dialect.locks {
			if err := a.run(attemptLocks(limits)...); err != nil {
				return err
			}
		}
		if err := a.readClock(); err != nil { // after the locks
			return err
		}
		return a.attempt(id, limits, &retry)
	})
	return retry, err
}

func (a *amendment) attempt(id [16]byte, limits []service.Limit, retry *sealpost.Instant) error {
	var questions, counts []statement
	for _, l := range limits {
		questions = append(questions, ask(queryAttemptAt, func(r row) error {
			var at int64
			err := r.Scan(&at)
			*retry = max(*retry, sealpost.Instant(at).Add(l.Window))
			return err
		}, l.Key[:], int64(a.now.Add(-l.Window)), int64(l.Max-1)))
		counts = append(counts, run(queryAddAttempt, l.Key[:], int64(a.now), id[:]))
	}
	if err := a.run(questions...); err != nil || *retry != 0 {
		return err
	}
	return a.run(counts...)
}

// attemptLocks lock the keys in one order, whatever order they are asked in.
func attemptLocks(limits []service.Limit) []statement {
	sorted := slices.Clone(limits)
	slices.SortFunc(sorted, func(a, b service.Limit) int { return bytes.Compare(a.Key[:8], b.Key[:8]) })
	var out []statement
	for _, l := range sorted {
		out = append(out, ask(queryLockAttempts, ignore, int64(binary.BigEndian.Uint64(l.Key[:8]))))
	}
	return out
}

// Forgive implements service.Attempts.
func (s *Store) Forgive(ctx context.Context, id [16]byte, limits []service.Limit) error {
	return s.inAlone(ctx, func(a *amendment) error {
		var out []statement
		for _, l := range limits {
			out = append(out, run(queryForgive, l.Key[:], id[:]))
		}
		return a.run(out...)
	})
}
