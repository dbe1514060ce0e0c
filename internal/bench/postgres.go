package bench

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

var errNoPostgres = errors.New("PostgreSQL's programs are not installed; get them with: apt-get install postgresql")

// cluster is a PostgreSQL of our own: the machine's programs, their default
// settings, a Unix socket only, and a directory that goes away with it.
type cluster struct {
	base, bin string
	*guarded  // nil until it is started
}

// startCluster makes and starts a cluster below dir. PostgreSQL does not run as
// root: then it runs as the package's user.
func startCluster(ctx context.Context, dir string) (_ *cluster, err error) {
	c := &cluster{}
	if c.bin, err = postgresPrograms(); err != nil {
		return nil, err
	}
	if c.base, err = os.MkdirTemp(dir, "sealpost-bench-pg-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.stop())
		}
	}()
	if os.Getuid() == 0 {
		if err := c.run(ctx, "chown", "postgres:", c.base); err != nil {
			return nil, err
		}
	}
	initdb := append(owner(), c.program("initdb"), "-D", c.data(), "-U", "postgres", "-A", "trust", "--encoding=UTF8", "--locale=C.UTF-8")
	if err := c.run(ctx, initdb...); err != nil {
		return nil, err
	}
	c.guarded, err = startGuarded(c.base, filepath.Join(c.base, "log"), "INT", os.Environ(), owner(),
		c.program("postgres"), "-D", c.data(), "-k", c.base, "-c", "listen_addresses=")
	if err != nil {
		return nil, err
	}
	isReady := func() bool { return c.run(ctx, c.program("pg_isready"), "-q", "-h", c.base) == nil }
	if err := c.await(ctx, 20*time.Millisecond, isReady); err != nil {
		return nil, err
	}
	return c, c.run(ctx, c.program("createdb"), "-h", c.base, "-U", "postgres", "-T", "template0", "bench")
}

// postgresPrograms looks where Debian keeps them, which is not on PATH, newest
// first, and on PATH.
func postgresPrograms() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	version := func(file string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(file)))) // no number sorts last
		return n
	}
	slices.SortFunc(found, func(a, b string) int { return version(b) - version(a) })
	if path, err := exec.LookPath("initdb"); err == nil {
		found = append(found, path)
	}
	if len(found) == 0 {
		return "", errNoPostgres
	}
	return filepath.Dir(found[0]), nil
}

func (c *cluster) program(name string) string { return filepath.Join(c.bin, name) }
func (c *cluster) data() string               { return filepath.Join(c.base, "data") }

// owner is what comes before a command that root must not run itself.
func owner() []string {
	if os.Getuid() == 0 {
		return []string{"runuser", "-u", "postgres", "--"}
	}
	return nil
}

func (c *cluster) run(ctx context.Context, args ...string) error {
	command := exec.CommandContext(ctx, args[0], args[1:]...)
	command.Dir = c.base
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", filepath.Base(args[0]), err, out)
	}
	return nil
}

// address is what --database takes.
func (c *cluster) address() string {
	query := url.Values{"host": {c.base}, "user": {"postgres"}, "sslmode": {"disable"}}
	return "postgres:///bench?" + query.Encode()
}

// stop ends the server and removes its files.
func (c *cluster) stop() error {
	var err error
	if c.guarded != nil {
		err = c.guarded.stop()
	}
	return errors.Join(err, os.RemoveAll(c.base))
}

// databaseSettings asks PostgreSQL for the settings that durability depends on, and
// for its first process, by psql. What it does not get, it says.
func databaseSettings(ctx context.Context, c *cluster, address string) (settings []string, postmaster int) {
	psql := "psql"
	if c != nil {
		psql = c.program(psql)
	}
	environment := os.Environ()
	if u, err := url.Parse(address); err == nil && u.User != nil { // a password does not belong into arguments
		if password, ok := u.User.Password(); ok {
			environment = append(environment, "PGPASSWORD="+password)
			u.User = url.User(u.User.Username())
			address = u.String()
		}
	}
	ask := func(query string) []string {
		command := exec.CommandContext(ctx, psql, "-XAtq", "-w", "-d", address, "-c", query)
		command.Env = environment
		out, err := command.Output()
		if err != nil {
			return nil
		}
		return strings.Split(strings.TrimSpace(string(out)), "\n")
	}
	settings = ask(`SELECT name || '=' || current_setting(name) FROM pg_settings
		WHERE name IN ('server_version', 'fsync', 'synchronous_commit', 'full_page_writes', 'wal_sync_method', 'shared_buffers', 'max_wal_size', 'checkpoint_timeout')
		ORDER BY name`)
	if settings == nil {
		return []string{"psql could not ask for the settings of PostgreSQL"}, 0
	}
	for _, line := range ask(`SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'`) {
		pid, err := strconv.Atoi(line)
		if err != nil {
			continue
		}
		if p, err := processOf(pid); err == nil && nameOf(p.parent) == "postgres" {
			return settings, p.parent
		}
	}
	return append(settings, "its processes are not on this machine, or not ours to see"), 0
}

// nameOf is the program of a process.
func nameOf(pid int) string {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}
