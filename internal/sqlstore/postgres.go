package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/sealpost/sealpost/internal/sealpost"
)

// postgresEngine is PostgreSQL through pgx: statements of one step of a
// transaction travel in one round trip.
type postgresEngine struct {
	pool *pgxpool.Pool
	db   *sql.DB
}

// postgresGatherers is how many transactions a node commits side by side. More
// would gather less in each.
const postgresGatherers = 3

func openPostgres(ctx context.Context, dsn string) (*postgresEngine, error) {
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, errors.New("the database address is not one that PostgreSQL understands") // it may hold a password
	}
	config.MaxConns = max(config.MaxConns, 16)
	config.ConnConfig.RuntimeParams["application_name"] = "sealpost"
	config.ConnConfig.RuntimeParams["default_transaction_isolation"] = "read committed"
	// Every query goes along indexes, a few rows at a time, and is planned once for all
	// conversations, the short and the long. See docs/decisions/plans.md.
	for _, way := range []string{"enable_seqscan", "enable_hashjoin", "enable_mergejoin", "enable_material", "jit"} {
		config.ConnConfig.RuntimeParams[way] = "off"
	}
	config.ConnConfig.RuntimeParams["plan_cache_mode"] = "force_generic_plan"
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	return &postgresEngine{pool: pool, db: stdlib.OpenDBFromPool(pool)}, nil
}

func (e *postgresEngine) dialect() dialect {
	return dialect{name: enginePostgres, lock: "FOR UPDATE", readClock: true, locks: true}
}

func (e *postgresEngine) gatherers() int { return postgresGatherers }

func (e *postgresEngine) sqlDB() *sql.DB { return e.db }

func (e *postgresEngine) close() error {
	err := e.db.Close()
	e.pool.Close()
	return err
}

func (e *postgresEngine) check(ctx context.Context) error {
	for _, name := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
		var value string
		if err := e.pool.QueryRow(ctx, "SELECT current_setting($1)", name).Scan(&value); err != nil {
			return err
		}
		if value == "off" || value == "local" {
			return fmt.Errorf("PostgreSQL would lose acknowledged writes: %s=%s", name, value)
		}
	}
	var replica bool
	if err := e.pool.QueryRow(ctx, "SELECT pg_is_in_recovery()").Scan(&replica); err != nil {
		return err
	}
	if replica {
		return errors.New("this PostgreSQL server is a replica; decisions and reads need the primary")
	}
	return nil
}

func (e *postgresEngine) rolledBack(err error, _ bool) bool {
	var fault *pgconn.PgError
	if !errors.As(err, &fault) {
		return false
	}
	// The server answered with an error, so the transaction is aborted; unless it
	// says itself that it does not know (class 08) or is going down (57P).
	return fault.Code[:2] != "08" && fault.Code[:3] != "57P"
}

func (e *postgresEngine) conflict(err error) (string, bool) {
	var fault *pgconn.PgError
	if errors.As(err, &fault) && fault.Code == "23505" {
		return fault.ConstraintName, true
	}
	return "", false
}

func (e *postgresEngine) gaveWay(err error) bool {
	var fault *pgconn.PgError
	return errors.As(err, &fault) && (fault.Code == "40P01" || fault.Code == "40001")
}

func (e *postgresEngine) read(ctx context.Context, statements ...statement) error {
	conn, err := e.pool.Acquire(ctx)
	if err != nil {
		return unreachable(err)
	}
	defer conn.Release()
	err = runBatch(ctx, conn.Conn(), e.dialect(), statements)
	if err != nil && conn.Conn().IsClosed() {
		return unreachable(err)
	}
	return err
}

// unreachable tells a database that is away from a fault of ours: a reading that
// failed for it can be tried again, also one that comes after a commit (R11).
func unreachable(err error) error {
	return &sealpost.Error{Code: sealpost.CodeUnavailable, Detail: "The database cannot be reached. Try again.", Cause: err}
}

func (e *postgresEngine) session(ctx context.Context) (session, error) {
	conn, err := e.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	return &postgresSession{conn: conn, dialect: e.dialect()}, nil
}

type postgresSession struct {
	conn    *pgxpool.Conn
	dialect dialect
}

func (s *postgresSession) run(ctx context.Context, statements ...statement) error {
	return runBatch(ctx, s.conn.Conn(), s.dialect, statements)
}

func (s *postgresSession) release(broken bool) {
	if broken {
		_ = s.conn.Conn().Close(context.WithoutCancel(context.Background()))
	}
	s.conn.Release()
}

func runBatch(ctx context.Context, conn *pgx.Conn, d dialect, statements []statement) error {
	var batch pgx.Batch
	for _, s := range statements {
		batch.Queue(d.text(s.query), s.args...)
	}
	results := conn.SendBatch(ctx, &batch)
	for _, s := range statements {
		if err := readResult(results, s); err != nil {
			_ = results.Close() // the first error is the one that counts
			return fmt.Errorf("%s: %w", s.query.name, redact(err))
		}
	}
	return results.Close()
}

func readResult(results pgx.BatchResults, s statement) error {
	if s.scan == nil {
		tag, err := results.Exec()
		if s.affected != nil {
			*s.affected = tag.RowsAffected()
		}
		return err
	}
	rows, err := results.Query()
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := s.scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// redact drops the parts of a server's error that can repeat values of a row.
func redact(err error) error {
	var fault *pgconn.PgError
	if errors.As(err, &fault) {
		return &pgconn.PgError{Severity: fault.Severity, Code: fault.Code, Message: fault.Message, ConstraintName: fault.ConstraintName}
	}
	return err
}
