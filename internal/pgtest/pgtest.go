// Package pgtest runs a real PostgreSQL for tests, from the programs that the
// machine's own package installs. It is test support: no production package
// may import it.
//
// A test process has at most one shared cluster, started by the first Start.
// Its durable settings are PostgreSQL's defaults (fsync, synchronous_commit
// and full_page_writes on); it listens on a Unix socket only and logs every
// statement, because the leak sweep reads the server's log.
package pgtest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// HowToGet says what a machine without PostgreSQL lacks.
const HowToGet = "PostgreSQL's programs are not installed; get them with: apt-get install postgresql"

// superuser owns the cluster. Connections from the socket are trusted; the
// socket's directory is closed to other users.
const superuser = "postgres"

// Cluster is a running PostgreSQL with a data directory of its own. Its
// methods are safe for concurrent use, except Kill and Restart.
type Cluster struct {
	install installation
	base    string // holds data, socket and log; removed when the cluster stops
	process *supervisor
	named   atomic.Int64
	shared  bool
}

var shared struct { // the one cluster of this test process
	once    sync.Once
	cluster *Cluster
	err     error
}

// Start returns the cluster that all tests of this process share. Without
// PostgreSQL on the machine it skips the test and says how to get it; where
// the environment has CI set it fails instead, so that a pipeline cannot pass
// by skipping.
func Start(tb testing.TB) *Cluster {
	tb.Helper()
	install := find(tb)
	shared.once.Do(func() {
		shared.cluster, shared.err = newCluster(install)
		if shared.err == nil {
			shared.cluster.shared = true
		}
	})
	if shared.err != nil {
		tb.Fatalf("pgtest: %v", shared.err)
	}
	return shared.cluster
}

// StartPrivate returns a cluster of this test's own, for tests that kill it or
// search its files. It stops when the test ends.
func StartPrivate(tb testing.TB) *Cluster {
	tb.Helper()
	c, err := newCluster(find(tb))
	if err != nil {
		tb.Fatalf("pgtest: %v", err)
	}
	tb.Cleanup(func() {
		if err := c.process.stop(); err != nil {
			tb.Errorf("pgtest: stopping: %v", err)
		}
	})
	return c
}

// Main runs the tests and stops the shared cluster behind them:
//
//	func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }
//
// A process that ends without it, or by kill -9, leaves nothing behind either;
// Main only makes the end orderly and waits for it.
func Main(m *testing.M) int {
	code := m.Run()
	if shared.cluster == nil {
		return code
	}
	if err := shared.cluster.process.stop(); err != nil {
		fmt.Fprintf(os.Stderr, "pgtest: stopping: %v\n", err)
		return max(code, 1)
	}
	return code
}

// NewDatabase creates an empty database and returns its address, in the form
// postgres:///name?host=..., which pgx and this project's --database accept.
// It lives as long as its cluster: dropping would cost each test a checkpoint.
func (c *Cluster) NewDatabase(tb testing.TB) string {
	tb.Helper()
	name := fmt.Sprintf("t%d", c.named.Add(1))
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.dsn("postgres"))
	if err != nil {
		tb.Fatalf("pgtest: connecting: %v", err)
	}
	defer conn.Close(ctx)
	// template0, because nobody can be connected to it and stop the copy.
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
		tb.Fatalf("pgtest: creating a database: %v", err)
	}
	return c.dsn(name)
}

// dsn names everything that PG* variables of the caller could change.
func (c *Cluster) dsn(database string) string {
	query := url.Values{"host": {c.socketDir()}, "port": {port}, "user": {superuser}, "sslmode": {"disable"}}
	return "postgres:///" + database + "?" + query.Encode()
}

// DataDir is the cluster's data directory, heap and write-ahead log included.
func (c *Cluster) DataDir() string { return filepath.Join(c.base, "data") }

// LogFile is the server's log with every statement and error.
func (c *Cluster) LogFile() string { return filepath.Join(c.base, "log") }

func (c *Cluster) socketDir() string { return filepath.Join(c.base, "s") }

// Kill ends a private cluster as kill -9 of all its processes would; its files
// stay as they are.
func (c *Cluster) Kill(tb testing.TB) {
	tb.Helper()
	if c.shared {
		tb.Fatal("pgtest: only a private cluster can be killed; use StartPrivate")
	}
	if err := c.process.kill(); err != nil {
		tb.Fatalf("pgtest: killing: %v", err)
	}
}

// Restart starts a killed cluster again on its files. Addresses stay valid.
func (c *Cluster) Restart(tb testing.TB) {
	tb.Helper()
	if err := c.launch(); err != nil {
		tb.Fatalf("pgtest: restarting: %v", err)
	}
}

// find skips or fails the test where there is nothing to start.
func find(tb testing.TB) installation {
	tb.Helper()
	install, err := findInstallation()
	switch {
	case err == nil:
		return install
	case os.Getenv("CI") != "":
		tb.Fatalf("%s (%v; CI is set, so this is no reason to skip)", HowToGet, err)
	default:
		tb.Skip(HowToGet)
	}
	return installation{}
}

func newCluster(install installation) (*Cluster, error) {
	base, err := install.makeDir("sealpost-pg-")
	if err != nil {
		return nil, err
	}
	c := &Cluster{install: install, base: base}
	err = install.makeData(c.DataDir())
	if err == nil {
		err = install.command(base, "mkdir", "-m", "700", c.socketDir())
	}
	if err == nil {
		err = c.launch()
	}
	if err != nil {
		os.RemoveAll(base)
		return nil, err
	}
	return c, nil
}

// launch starts the server and waits until it takes connections, which its
// lock file says in its last line (as pg_ctl reads it).
func (c *Cluster) launch() error {
	process, err := supervise(c.install, c.base, []string{
		filepath.Join(c.install.bin, "postgres"), "-D", c.DataDir(),
		"-c", "listen_addresses=", "-c", "unix_socket_directories=" + c.socketDir(), "-p", port,
		"-c", "max_connections=200", "-c", "log_statement=all",
	}, c.LogFile(), filepath.Join(c.DataDir(), lockFile))
	if err != nil {
		return err
	}
	c.process = process
	if err := process.awaitReady(readyWithin); err != nil {
		log, _ := os.ReadFile(c.LogFile())
		tail := strings.Split(strings.TrimSpace(string(log)), "\n")
		tail = tail[max(0, len(tail)-5):]
		return fmt.Errorf("%w; its log ends with:\n%s", err, strings.Join(tail, "\n"))
	}
	return nil
}
