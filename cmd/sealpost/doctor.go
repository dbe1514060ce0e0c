package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sealpost/sealpost/internal/service"
)

type doctorCommand struct{ storeFlags }

// Run says what lies where and how old the oldest living epoch is. It fails if
// something is not in order.
func (c *doctorCommand) Run(ctx context.Context, io streams) error {
	return c.local(ctx, io, func(a *app) error { return a.examine(ctx, io) })
}

func (a *app) examine(ctx context.Context, io streams) error {
	say := func(name, format string, args ...any) {
		fmt.Fprintf(io.out, "%-16s %s\n", name, fmt.Sprintf(format, args...))
	}
	counts, err := a.store.Counts(ctx)
	if err != nil {
		return err
	}
	now, err := a.store.Now(ctx)
	if err != nil {
		return err
	}
	installation := a.keys.Installation()
	say("installation", "%x", installation[:])
	say("data", "%s", a.config.Data)
	if a.config.Database == "" {
		say("database", "SQLite at %s (synchronous=FULL, journal_mode=WAL)", a.config.DatabaseAddress())
	} else {
		say("database", "PostgreSQL (fsync, synchronous_commit and full_page_writes on)")
	}
	say("", "%d users, %d conversations, %d messages, %d drafts, %d decisions", counts.Users, counts.Conversations, counts.Messages, counts.Drafts, counts.Decisions)
	say("keys", "%s", a.keys.Dir())
	number, _ := a.keys.LongTerm()
	say("", "long-term key %d is current; back it up with: sealpost keys backup", number)
	say("sealed", "%d messages are under an epoch key: recalled, they are gone with it", counts.UnderEpoch)
	waiting, err := a.store.IndexBacklog(ctx, maxBacklog)
	if err != nil {
		return err
	}
	say("search", "%s", backlog(waiting))
	return errors.Join(a.keys.Check(), a.examineEpochs(ctx, now.Time(), say))
}

// maxBacklog is how far waiting entries are counted.
const maxBacklog = 100_000

func backlog(waiting int) string {
	switch {
	case waiting == 0:
		return "the index is up to date"
	case waiting >= maxBacklog:
		return fmt.Sprintf("%d entries or more wait for the index; a running server makes them", waiting)
	}
	return fmt.Sprintf("%d entries wait for the index; a running server makes them", waiting)
}

// examineEpochs compares the key store with the database: a key without an epoch,
// an epoch without its key, and the age of the oldest that lives.
func (a *app) examineEpochs(ctx context.Context, now time.Time, say func(string, string, ...any)) error {
	epochs, err := a.store.Epochs(ctx)
	if err != nil {
		return err
	}
	held, err := a.keys.Epochs()
	if err != nil {
		return err
	}
	keys, known := map[int64]bool{}, map[int64]bool{}
	for _, k := range held {
		keys[k.Hour] = true
	}
	living, destroyed := 0, 0
	var oldest time.Time
	var faults []error
	for _, e := range epochs {
		known[e.Hour] = true
		begin := time.Unix(e.Hour*3600, 0).UTC()
		if e.State == service.EpochDestroyed {
			destroyed++
			if keys[e.Hour] {
				faults = append(faults, fmt.Errorf("the key of epoch %s should be destroyed and is not", begin.Format(time.RFC3339)))
			}
			continue
		}
		living++
		if oldest.IsZero() {
			oldest = begin
		}
		if !keys[e.Hour] {
			faults = append(faults, fmt.Errorf("the key of epoch %s is missing: what is wrapped under it cannot be read", begin.Format(time.RFC3339)))
		}
	}
	say("epochs", "%d living, %d destroyed; slots used: %d", living, destroyed, len(held))
	if !oldest.IsZero() {
		say("", "the oldest living epoch began at %s (%s ago)", oldest.Format(time.RFC3339), now.Sub(oldest).Round(time.Minute))
		if age := now.Sub(oldest); age > 2*time.Hour {
			faults = append(faults, fmt.Errorf("the oldest epoch is %s old; it should be gone within its hour and five minutes: is serve running?", age.Round(time.Minute)))
		}
	}
	for hour := range keys {
		if !known[hour] { // a crash between the key and its row; nothing is under it
			say("", "the key of %s belongs to no epoch; nothing is wrapped under it", time.Unix(hour*3600, 0).UTC().Format(time.RFC3339))
		}
	}
	if len(faults) == 0 {
		say("verdict", "in order")
	}
	return errors.Join(faults...)
}
