//go:build sealtest

package crash_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sealpost/sealpost/internal/pgtest"
)

const (
	sqlite   = "SQLite"
	postgres = "PostgreSQL"
)

// engines is the table of the engines, in the order of the results.
var engines = []string{sqlite, postgres}

// shared is what the tests of this process use together: the binary, and one
// prepared installation for each engine, of which every round gets a copy.
var shared struct {
	dir       string // set by TestMain
	build     sync.Once
	binary    string
	buildErr  error
	templates [2]struct {
		once sync.Once
		in   *installation
	}
	copies atomic.Int64
}

func TestMain(m *testing.M) { os.Exit(runTests(m)) }

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "sealpost-crash-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	shared.dir = dir
	return report(pgtest.Main(m))
}

// program builds the server with working failpoints, once for each test process.
// It is built without the race detector whatever the tests have: what dies here is
// the program as it is used.
func program(t *testing.T) string {
	t.Helper()
	shared.build.Do(func() {
		shared.binary = filepath.Join(shared.dir, "sealpost")
		cmd := exec.Command("go", "build", "-trimpath", "-tags", "sealtest", "-o", shared.binary, "github.com/sealpost/sealpost/cmd/sealpost")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			shared.buildErr = fmt.Errorf("building the server: %w\n%s", err, out)
		}
	})
	if shared.buildErr != nil {
		t.Fatal(shared.buildErr)
	}
	return shared.binary
}

// person is one account of the workload.
type person struct{ name, id, token string }

func (p person) String() string { return p.name }

// names is the table of the accounts: the first one administers.
var names = []string{"root", "ada", "ben", "cyd"}

// installation is a data directory with its database.
type installation struct {
	binary, engine, data, database string
	people                         []person
}

func (in *installation) flags() []string {
	flags := []string{"--data", in.data}
	if in.database != "" {
		flags = append(flags, "--database", in.database)
	}
	return flags
}

// command runs a local command and returns what it printed.
func (in *installation) command(t *testing.T, l life, args ...string) (string, error) {
	t.Helper()
	cmd := exec.Command(in.binary, append(args, in.flags()...)...)
	cmd.Env = l.environment()
	dieWithTest(cmd)
	var out, fault bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &fault
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("sealpost %s: %w: %s", args[0], err, fault.String())
	}
	return strings.TrimSpace(out.String()), nil
}

// populate makes the accounts and their tokens. No server runs yet, so no epoch
// exists: the first start of every round makes them.
func (in *installation) populate(t *testing.T) {
	t.Helper()
	for i, name := range names {
		email, role := name+"@example.org", "member"
		if i == 0 {
			role = "admin"
		}
		id, err := in.command(t, life{}, "user", "add", email, "--name", name, "--role", role)
		if err != nil {
			t.Fatal(err)
		}
		token, err := in.command(t, life{}, "token", "create", email)
		if err != nil {
			t.Fatal(err)
		}
		in.people = append(in.people, person{name, id, token})
	}
}

// install gives a test an installation of its own.
func install(t *testing.T, engine string) *installation {
	t.Helper()
	slot := 0
	if engine == postgres {
		slot = 1
		pgtest.Start(t) // skips here, and not inside the Once, where there is none
	}
	template := &shared.templates[slot]
	template.once.Do(func() {
		in := &installation{binary: program(t), engine: engine, data: filepath.Join(shared.dir, "template-"+engine)}
		if engine == postgres {
			in.database = pgtest.Start(t).NewDatabase(t)
		}
		in.populate(t)
		template.in = in
	})
	if template.in == nil {
		t.Fatal("the prepared installation could not be made")
	}
	in := *template.in
	in.data = filepath.Join(t.TempDir(), "data")
	if err := copyTree(in.data, template.in.data); err != nil {
		t.Fatal(err)
	}
	if engine == postgres {
		in.database = copyDatabase(t, template.in.database)
	}
	return &in
}

// copyTree copies files with their permissions, which the key store checks.
func copyTree(to, from string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		target := filepath.Join(to, relative)
		if entry.IsDir() {
			return os.MkdirAll(target, info.Mode().Perm())
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, content, info.Mode().Perm())
	})
}

// copyDatabase makes a new database from one that nobody is connected to.
func copyDatabase(t *testing.T, dsn string) string {
	t.Helper()
	from, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	admin, to := *from, *from
	admin.Path = "/postgres"
	name := fmt.Sprintf("copy%d", shared.copies.Add(1))
	to.Path = "/" + name
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, admin.String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	template := strings.TrimPrefix(from.Path, "/")
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+name+" TEMPLATE "+template); err != nil {
		t.Fatal(err)
	}
	if longRun() {
		t.Cleanup(func() { dropDatabase(t, admin.String(), name) })
	}
	return to.String()
}

// dropDatabase keeps a long run from filling the disk. A short one leaves its few
// databases to the end of the cluster, because dropping costs a checkpoint, and so
// that their files are searched too.
func dropDatabase(t *testing.T, admin, name string) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, admin)
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
		t.Error(err)
	}
}
