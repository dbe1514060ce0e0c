//go:build sealtest

package crash_test

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/failpoint"
)

// clockVariable moves the decision clock of a test build (cmd/sealpost).
const clockVariable = "SEALPOST_CLOCK_OFFSET"

// patience bounds every wait, so that a hanging server is a failure with a log.
const patience = 60 * time.Second

// life is how one process of the server is started.
type life struct {
	failpoint string        // as in failpoint.Variable; empty: none
	offset    time.Duration // of the decision clock
}

func (l life) environment() []string {
	var env []string
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "SEALPOST_") && !strings.HasPrefix(entry, "PG") {
			env = append(env, entry)
		}
	}
	if l.failpoint != "" {
		env = append(env, failpoint.Variable+"="+l.failpoint)
	}
	if l.offset != 0 {
		env = append(env, clockVariable+"="+l.offset.String())
	}
	return env
}

// server is one process of `sealpost serve`.
type server struct {
	cmd    *exec.Cmd
	url    string        // set before ready is closed
	ready  chan struct{} // closed when it says that it listens
	exited chan struct{} // closed when it is gone and its log is complete
	status error         // of the process, after exited

	mu  sync.Mutex
	log strings.Builder // guarded by mu
}

// start starts a server and does not wait until it is ready.
func start(t *testing.T, in *installation, l life) *server {
	t.Helper()
	args := append([]string{"serve", "--listen", "127.0.0.1:0", "--ops", "off"}, in.flags()...)
	s := &server{cmd: exec.Command(in.binary, args...), ready: make(chan struct{}), exited: make(chan struct{})}
	s.cmd.Env = l.environment()
	dieWithTest(s.cmd)
	stderr, err := s.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		lines := bufio.NewScanner(stderr)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			s.line(lines.Text())
		}
		s.status = s.cmd.Wait()
		close(s.exited)
	}()
	t.Cleanup(func() {
		s.kill()
		<-s.exited
		if strings.Contains(s.logText(), token) {
			t.Error("the log of the server holds the text of a message")
		}
		if t.Failed() {
			t.Logf("log of the server with %q, offset %s, ended with %v:\n%s", l.failpoint, l.offset, s.status, s.logText())
		}
	})
	return s
}

func (s *server) line(text string) {
	s.mu.Lock()
	s.log.WriteString(text + "\n")
	s.mu.Unlock()
	if url, ok := strings.CutPrefix(text, "listening on "); ok {
		s.url = url
		close(s.ready)
	}
}

func (s *server) logText() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.String()
}

// awaitReady reports false if the server ended before it was ready.
func (s *server) awaitReady(t *testing.T) bool {
	t.Helper()
	select {
	case <-s.ready:
		return true
	case <-s.exited:
		return false
	case <-time.After(patience):
		t.Fatalf("the server was not ready within %s", patience)
		return false
	}
}

// kill is kill -9. The process may be gone already.
func (s *server) kill() { _ = s.cmd.Process.Kill() }

// wasKilled reports whether the process ended by kill -9 and by nothing else.
func (s *server) wasKilled() bool {
	var ended *exec.ExitError
	if !errors.As(s.status, &ended) {
		return false
	}
	status, ok := ended.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// awaitExit waits for the end of the process.
func (s *server) awaitExit(t *testing.T) {
	t.Helper()
	select {
	case <-s.exited:
	case <-time.After(patience):
		t.Fatalf("the server did not end within %s", patience)
	}
}

// stop ends the server in an orderly way and wants exit status 0.
func (s *server) stop(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatalf("stopping the server: %v", err)
	}
	s.awaitExit(t)
	if s.status != nil {
		t.Errorf("the server stopped with %v", s.status)
	}
}
