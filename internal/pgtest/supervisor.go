package pgtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	port        = "5432" // names the socket file only; TCP is off
	lockFile    = "postmaster.pid"
	readyWithin = time.Minute
	endsWithin  = 2 * time.Minute // removing the files of hundreds of databases from a busy disk is slow
	pollEvery   = 10 * time.Millisecond
)

// script runs the server and reads its own standard input, whose only writer
// is the test process. The end of input therefore means that the test process
// is gone, however it ended: stop the server at once and remove its files.
// A line of input means that the files must stay. INT and TERM are ignored
// because a terminal or a test runner sends them to every process it sees.
const script = `
trap '' INT TERM HUP
base=$1 log=$2
shift 2
(trap - INT TERM HUP; exec "$@") </dev/null >>"$log" 2>&1 &
server=$!
if read -r keep; then
	kill -KILL "$server" 2>/dev/null
	wait "$server"
	exit 0
fi
kill -QUIT "$server" 2>/dev/null
wait "$server"
rm -rf "$base"
`

// supervisor is the small shell between the test process and the server.
type supervisor struct {
	cmd    *exec.Cmd
	base   string   // everything the server keeps on disk
	hold   *os.File // the server lives while this is open
	lock   string   // the server's lock file
	killed bool
}

func supervise(install installation, base string, server []string, log, lock string) (*supervisor, error) {
	if err := os.Remove(lock); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	args := append([]string{"-c", script, "pgtest", base, log}, server...)
	cmd := install.prepare(base, "/bin/sh", args...)
	// A session of its own: signals to the test's process group, such as the
	// kill after a test timeout, must not reach the one who cleans up.
	cmd.SysProcAttr.Setsid = true
	input, hold, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer input.Close()
	cmd.Stdin = input
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, hold.Close())
	}
	return &supervisor{cmd: cmd, base: base, hold: hold, lock: lock}, nil
}

// awaitReady polls the lock file: the server has no way to signal a process
// that is not its parent.
func (s *supervisor) awaitReady(within time.Duration) error {
	deadline := time.Now().Add(within)
	for time.Now().Before(deadline) {
		if lines := s.lockLines(); len(lines) >= 8 && strings.TrimSpace(lines[7]) == "ready" {
			return nil
		}
		time.Sleep(pollEvery)
	}
	return errors.Join(fmt.Errorf("the server was not ready within %s", within), s.stop())
}

func (s *supervisor) lockLines() []string {
	content, err := os.ReadFile(s.lock)
	if err != nil {
		return nil
	}
	return strings.Split(string(content), "\n")
}

// stop ends the server and removes its files.
func (s *supervisor) stop() error {
	if s.killed {
		return os.RemoveAll(s.base)
	}
	return errors.Join(s.hold.Close(), s.wait())
}

// kill ends every process of the server without warning and keeps its files.
func (s *supervisor) kill() error {
	lines := s.lockLines()
	if len(lines) == 0 {
		return errors.New("the server is not running")
	}
	postmaster, err := strconv.Atoi(lines[0])
	if err != nil {
		return fmt.Errorf("the server's lock file has no process id: %w", err)
	}
	children := childrenOf(postmaster)
	s.killed = true
	if _, err := s.hold.WriteString("keep\n"); err != nil {
		return err
	}
	for _, pid := range children {
		// A child that noticed its parent's end by itself is as good.
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			return err
		}
	}
	if err := s.wait(); err != nil {
		return err
	}
	for _, pid := range children {
		if err := awaitGone(pid); err != nil {
			return err
		}
	}
	return s.hold.Close()
}

func (s *supervisor) wait() error {
	ended := make(chan error, 1)
	go func() { ended <- s.cmd.Wait() }()
	select {
	case err := <-ended:
		return err
	case <-time.After(endsWithin):
		return fmt.Errorf("the server did not end within %s", endsWithin)
	}
}
