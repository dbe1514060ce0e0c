package sqlstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
)

// Config says where the data is.
type Config struct {
	// Database is a PostgreSQL address (postgres://…), or the path of an SQLite file.
	Database string
	// CacheKiB is the page cache of each SQLite connection; zero: 64 MiB.
	CacheKiB int
	Log      *slog.Logger
}

// Store implements the service's ports on one database.
type Store struct {
	engine   engine
	dialect  dialect
	log      *slog.Logger
	gather   []*gatherer
	offset   clockOffset
	policies sync.Map // version → policy.Policy; versions never change
	stop     context.CancelFunc
	stopped  <-chan struct{} // closed by stop
	done     sync.WaitGroup
}

// Open opens the database, brings its schema up to date and starts the gatherers.
// It refuses a database that may lose what it acknowledges.
func Open(ctx context.Context, c Config) (*Store, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	var e engine
	var err error
	if strings.HasPrefix(c.Database, "postgres://") || strings.HasPrefix(c.Database, "postgresql://") {
		e, err = openPostgres(ctx, c.Database)
	} else {
		e, err = openSQLite(c.Database, cmp.Or(c.CacheKiB, defaultCacheKiB))
	}
	if err != nil {
		return nil, err
	}
	if err := e.check(ctx); err != nil {
		return nil, errors.Join(err, e.close())
	}
	if err := migrate(ctx, e); err != nil {
		return nil, errors.Join(fmt.Errorf("migrating the schema: %w", err), e.close())
	}
	running, stop := context.WithCancel(context.Background())
	s := &Store{engine: e, dialect: e.dialect(), log: c.Log, stop: stop, stopped: running.Done()}
	if err := errors.Join(s.firstPolicy(ctx), s.fillFindKeys(ctx)); err != nil {
		return nil, errors.Join(err, e.close())
	}
	for range e.gatherers() {
		g := &gatherer{store: s, queue: make(chan *work, queueLimit)}
		s.gather = append(s.gather, g)
		s.done.Go(func() { g.loop(running) })
	}
	return s, nil
}

// Close waits for the transactions under way and closes the database.
func (s *Store) Close() error {
	s.stop()
	s.done.Wait()
	return s.engine.close()
}

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	_, err := s.Now(ctx)
	return err
}

// Engine names the database engine, for doctor and bench.
func (s *Store) Engine() string { return s.dialect.name }

var queryClock = registerOnly(enginePostgres, "clock",
	"SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")

// clockStatement reads the database's clock when it runs: after the locks that
// come before it in the same transaction (R12). In the locking statement itself
// the clock would be as old as the wait.
func (s *Store) clockStatement(now *sealpost.Instant) []statement {
	if !s.dialect.readClock {
		return nil
	}
	return []statement{ask(queryClock, func(r row) error {
		var micros int64
		if err := r.Scan(&micros); err != nil {
			return err
		}
		*now = sealpost.Instant(micros).Add(s.offset.get())
		return nil
	})}
}

// processClock is the clock of an embedded database: it runs in this process.
func (s *Store) processClock() sealpost.Instant {
	return sealpost.InstantOf(time.Now()).Add(s.offset.get())
}

// Now is the database's clock. It decides nothing.
func (s *Store) Now(ctx context.Context) (sealpost.Instant, error) {
	if !s.dialect.readClock {
		now := s.processClock()
		return now, s.engine.read(ctx, run(queryPing))
	}
	var now sealpost.Instant
	err := s.engine.read(ctx, s.clockStatement(&now)...)
	return now, err
}

var queryPing = register("ping", "SELECT 1")

// policyVersion gives a version from memory, or from the database the first time.
func (s *Store) policyVersion(version int64) (policy.Policy, bool) {
	p, ok := s.policies.Load(version)
	if !ok {
		return policy.Policy{}, false
	}
	return p.(policy.Policy), true
}
