package bench

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	readyWithin = 30 * time.Second
	endsWithin  = 30 * time.Second
)

// server is this program, run once more as `serve`.
type server struct {
	data, database string
	address, ops   string
	ready          time.Duration // from the start of the process until it answered
	command        *exec.Cmd
	ended          chan error
}

// startServer starts a server and waits until it answers. dir takes its log.
func startServer(ctx context.Context, dir, data, database string) (*server, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &server{data: data, database: database, ended: make(chan error, 1)}
	if s.ops, err = freeAddress(ctx); err != nil {
		return nil, err
	}
	listenFile := filepath.Join(dir, "address")
	if err := os.Remove(listenFile); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, "serve.log"))
	if err != nil {
		return nil, err
	}
	defer log.Close() // the process has its own
	args := []string{"serve", "--data", data, "--listen", "127.0.0.1:0", "--ops", s.ops, "--listen-file", listenFile, "--log-level", "warn"}
	s.command = exec.Command(program, args...)
	s.command.Env, s.command.Stdout, s.command.Stderr = ownSettings(os.Environ()), log, log
	if database != "" { // it may hold a password: not where everybody sees it
		s.command.Env = append(s.command.Env, "SEALPOST_DATABASE="+database)
	}
	began := time.Now()
	if err := s.command.Start(); err != nil {
		return nil, err
	}
	go func() { s.ended <- s.command.Wait() }()
	if s.address, err = s.awaitFile(ctx, listenFile); err != nil {
		return nil, errors.Join(err, s.stop(), errors.New(tail(log.Name())))
	}
	s.ready = time.Since(began)
	return s, nil
}

// awaitFile polls: the file is the server's only sign that scripts can see.
func (s *server) awaitFile(ctx context.Context, file string) (string, error) {
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	limit := time.NewTimer(readyWithin)
	defer limit.Stop()
	for {
		if text, err := os.ReadFile(file); err == nil && len(text) > 0 {
			return string(text), nil
		}
		select {
		case <-poll.C:
		case <-limit.C:
			return "", fmt.Errorf("the server was not ready within %s", readyWithin)
		case err := <-s.ended:
			s.ended <- err
			return "", fmt.Errorf("the server ended before it was ready: %w", err)
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

func (s *server) pid() int { return s.command.Process.Pid }

// stop ends the server in its own time, or kills it.
func (s *server) stop() error {
	if err := s.command.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	limit := time.NewTimer(endsWithin)
	defer limit.Stop()
	select {
	case err := <-s.ended:
		s.ended <- err // for whoever stops it again
		return err
	case <-limit.C:
		return errors.Join(fmt.Errorf("the server did not end within %s and was killed", endsWithin), s.command.Process.Kill())
	}
}

// ownSettings leaves out the variables that would change the server's settings.
func ownSettings(environment []string) []string {
	var out []string
	for _, v := range environment {
		if !strings.HasPrefix(v, "SEALPOST_") {
			out = append(out, v)
		}
	}
	return out
}

// freeAddress finds a port that is free now.
func freeAddress(ctx context.Context) (string, error) {
	var c net.ListenConfig
	l, err := c.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

func tail(file string) string {
	text, err := os.ReadFile(file)
	if err != nil || len(text) == 0 {
		return "its log is empty"
	}
	return "its log ends with:\n" + string(text[max(0, len(text)-2000):])
}

// doctorSettings asks the program itself what its embedded database promises.
func doctorSettings(ctx context.Context, data string) ([]string, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := exec.CommandContext(ctx, program, "doctor", "--data", data)
	c.Env = ownSettings(os.Environ())
	text, err := c.Output()
	if err != nil {
		return nil, fmt.Errorf("sealpost doctor: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if _, said, ok := strings.Cut(line, "database"); ok && strings.HasPrefix(line, "database") {
			return []string{strings.TrimSpace(strings.ReplaceAll(said, data, "the data directory"))}, nil
		}
	}
	return nil, errors.New("sealpost doctor does not say what the database is")
}
