//go:build sealtest

package sweep_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/failpoint"
	"github.com/sealpost/sealpost/internal/pgtest"
)

// binaryDir is where the program is built; TestMain makes and removes it.
var binaryDir string

// binary builds the real program once for all tests of this process.
var binary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(binaryDir, "sealpost")
	cmd := exec.Command("go", "build", "-tags", "sealtest", "-o", path, "github.com/sealpost/sealpost/cmd/sealpost")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the server: %w\n%s", err, out)
	}
	return path, nil
})

// place is everything that a server writes to.
type place struct {
	dir     string // of the server: data, keys, temporary files
	address string // of the database
	cluster *pgtest.Cluster
}

func newPlace(t *testing.T, engine string) *place {
	t.Helper()
	p := &place{dir: t.TempDir()}
	p.address = filepath.Join(p.data(), "sealpost.db")
	if err := os.MkdirAll(p.temp(), 0o700); err != nil {
		t.Fatal(err)
	}
	if engine == onPostgres {
		// Its own, so that its files can be searched and hold nothing else.
		p.cluster = pgtest.StartPrivate(t)
		p.address = p.cluster.NewDatabase(t)
	}
	return p
}

func (p *place) data() string   { return filepath.Join(p.dir, "data") }
func (p *place) keys() string   { return filepath.Join(p.dir, "keys") }
func (p *place) temp() string   { return filepath.Join(p.dir, "tmp") }
func (p *place) output() string { return filepath.Join(p.dir, "output") }

// roots are the directories and files to search: data and write-ahead log, keys,
// temporary files, the server's own output, and PostgreSQL's data directory, its
// write-ahead log and its log of every statement.
func (p *place) roots() []string {
	roots := []string{p.dir}
	if p.cluster != nil {
		roots = append(roots, p.cluster.DataDir(), p.cluster.LogFile())
	}
	return roots
}

// server is the real program as a process.
type server struct {
	*place
	cmd   *exec.Cmd
	url   string
	ops   string
	gone  chan struct{}
	guard io.WriteCloser // its end, without a word before, ends the server
}

// guardScript outlives a test process that ends without its cleanups, as after a
// timeout: the end of its input without a line is the end of the test process.
const guardScript = `trap '' INT TERM HUP; read -r word || kill -KILL "$1"`

// start runs the server at debug level. armed names a failpoint, or nothing.
func (p *place) start(t *testing.T, armed string) *server {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	ready := filepath.Join(p.dir, "listening")
	_ = os.Remove(ready) // of an earlier start, if there was one
	ops := freeAddress(t)
	args := []string{
		"serve", "--data", p.data(), "--keys", p.keys(), "--listen", "127.0.0.1:0", "--ops", ops,
		"--listen-file", ready, "--log-level", "debug",
	}
	if p.cluster != nil {
		args = append(args, "--database", p.address)
	}
	output, err := os.OpenFile(p.output(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = output.Close() }()
	s := &server{place: p, cmd: exec.Command(path, args...), ops: "http://" + ops, gone: make(chan struct{})}
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = p.dir, output, output
	s.cmd.Env = append(os.Environ(), "TMPDIR="+p.temp(), "GOTRACEBACK=all", failpoint.Variable+"="+armed)
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	guard := exec.Command("/bin/sh", "-c", guardScript, "guard", strconv.Itoa(s.cmd.Process.Pid))
	if s.guard, err = guard.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := guard.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = s.cmd.Wait() // how it ended is seen in what it leaves
		_, _ = io.WriteString(s.guard, "over\n")
		_ = guard.Wait()
		close(s.gone)
	}()
	t.Cleanup(func() { s.kill() })
	s.url = "http://" + p.awaitAddress(t, s, ready)
	return s
}

// awaitAddress polls for the file that the server writes: a process has no other
// way to say that it is ready.
func (p *place) awaitAddress(t *testing.T, s *server, ready string) string {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if address, err := os.ReadFile(ready); err == nil && bytes.Contains(address, []byte(":")) {
			return strings.TrimSpace(string(address))
		}
		select {
		case <-s.gone:
			out, _ := os.ReadFile(p.output())
			t.Fatalf("the server ended at once:\n%s", out)
		default:
		}
	}
	t.Fatal("the server was not ready in time")
	return ""
}

// kill ends the process as kill -9 does, and waits until it is gone.
func (s *server) kill() {
	_ = s.cmd.Process.Kill() // it may be gone already
	<-s.gone
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}
