package pgtest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// childVariable makes this binary the test process that the reaping test kills.
const childVariable = "SEALPOST_PGTEST_CHILD"

func TestMain(m *testing.M) { os.Exit(Main(m)) }

func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func TestClusterKeepsDurableDefaults(t *testing.T) {
	t.Parallel()
	conn := connect(t, Start(t).NewDatabase(t))
	for setting, want := range map[string]string{
		"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on",
		"listen_addresses": "", "max_connections": "200", "log_statement": "all",
		"server_encoding": "UTF8", "lc_collate": "C.UTF-8",
	} {
		var got string
		if err := conn.QueryRow(context.Background(), "SELECT current_setting($1)", setting).Scan(&got); err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("%s is %q, want %q", setting, got, want)
		}
	}
}

func TestDatabasesAreFreshAndShareOneCluster(t *testing.T) {
	t.Parallel()
	var wait sync.WaitGroup
	var mu sync.Mutex
	names := map[string]bool{}
	for range 4 {
		wait.Go(func() {
			c := Start(t)
			conn, err := pgx.Connect(context.Background(), c.NewDatabase(t))
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close(context.Background())
			if _, err := conn.Exec(context.Background(), "CREATE TABLE once (n int)"); err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			names[conn.Config().Database] = true
			if c != shared.cluster {
				t.Error("Start returned another cluster")
			}
		})
	}
	wait.Wait()
	if len(names) != 4 {
		t.Errorf("%d databases, want 4", len(names))
	}
}

func TestLogAndDataHoldWhatWasWritten(t *testing.T) {
	t.Parallel()
	c := Start(t)
	conn := connect(t, c.NewDatabase(t))
	if _, err := conn.Exec(context.Background(), "SELECT 'canary-in-log'"); err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(c.LogFile())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(log), "canary-in-log") {
		t.Error("the server's log lacks a statement")
	}
	if _, err := os.Stat(filepath.Join(c.DataDir(), "pg_wal")); err != nil {
		t.Error(err)
	}
}

func TestPrivateClusterSurvivesKill(t *testing.T) {
	t.Parallel()
	c := StartPrivate(t)
	dsn := c.NewDatabase(t)
	ctx := context.Background()
	before := connect(t, dsn)
	if _, err := before.Exec(ctx, "CREATE TABLE kept (n int)"); err != nil {
		t.Fatal(err)
	}
	for round := 1; round <= 2; round++ {
		conn := connect(t, dsn)
		if _, err := conn.Exec(ctx, "INSERT INTO kept VALUES (1)"); err != nil {
			t.Fatal(err)
		}
		c.Kill(t)
		if _, err := conn.Exec(ctx, "SELECT 1"); err == nil {
			t.Fatal("a killed server answered")
		}
		c.Restart(t)
		var rows int
		if err := connect(t, dsn).QueryRow(ctx, "SELECT count(*) FROM kept").Scan(&rows); err != nil {
			t.Fatal(err)
		}
		if rows != round {
			t.Errorf("round %d: %d rows after the restart", round, rows)
		}
	}
	log, err := os.ReadFile(c.LogFile())
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(string(log), "was not properly shut down"); got != 2 {
		t.Errorf("the log tells of %d crashes, want 2", got)
	}
}

// TestChildHoldsCluster is the process that the next test kills; by itself it
// does nothing.
func TestChildHoldsCluster(t *testing.T) {
	if os.Getenv(childVariable) == "" {
		return
	}
	c := StartPrivate(t)
	fmt.Println("base", c.base)
	select {}
}

func TestClusterDiesWithItsTestProcess(t *testing.T) {
	t.Parallel()
	find(t)
	cmd := exec.Command(os.Args[0], "-test.run=^TestChildHoldsCluster$")
	cmd.Env = append(os.Environ(), childVariable+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var base string
	for lines := bufio.NewScanner(out); base == "" && lines.Scan(); {
		base, _ = strings.CutPrefix(lines.Text(), "base ")
		if base == lines.Text() {
			base = ""
		}
	}
	if base == "" {
		t.Fatal("the child started no cluster")
	}
	lock := filepath.Join(base, "data", lockFile)
	content, err := os.ReadFile(lock)
	if err != nil {
		t.Fatal(err)
	}
	pid, _, _ := strings.Cut(string(content), "\n")
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the child was not killed")
	}
	awaitFile := func(path string) {
		for deadline := time.Now().Add(endsWithin); time.Now().Before(deadline); time.Sleep(pollEvery) {
			if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
				return
			}
		}
		t.Errorf("%s is still there after the test process was killed", path)
	}
	awaitFile(base)
	awaitFile("/proc/" + pid)
}

func TestIncompleteProgramsAreNoInstallation(t *testing.T) {
	t.Parallel()
	half := t.TempDir()
	script := []byte("#!/bin/sh\necho 'postgres (PostgreSQL) 99.0'\n")
	if err := os.WriteFile(filepath.Join(half, "postgres"), script, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := firstComplete([]string{t.TempDir(), half}); err == nil {
		t.Fatal("a directory without initdb passed as an installation")
	}
	if err := os.WriteFile(filepath.Join(half, "initdb"), script, 0o700); err != nil {
		t.Fatal(err)
	}
	found, err := firstComplete([]string{t.TempDir(), half})
	if err != nil || found.bin != half {
		t.Errorf("found %q, %v; want the complete directory", found.bin, err)
	}
}

func TestNewestVersionFirst(t *testing.T) {
	t.Parallel()
	got := newestFirst([]string{"/p/9/bin", "/p/15/bin", "/p/other/bin", "/p/17/bin"})
	want := []string{"/p/17/bin", "/p/15/bin", "/p/9/bin", "/p/other/bin"}
	if !slices.Equal(got, want) {
		t.Errorf("order %v, want %v", got, want)
	}
}
