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
	"time"
)

// server is this program, run once more as `serve`.
type server struct {
	data, database string
	address, ops   string
	ready          time.Duration // from the start of the process until it answered
	*guarded
}

// startServer starts a server and waits until it answers. dir takes its log.
func startServer(ctx context.Context, dir, data, database string) (*server, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &server{data: data, database: database}
	if s.ops, err = freeAddress(ctx); err != nil {
		return nil, err
	}
	listenFile := filepath.Join(dir, "address")
	if err := os.Remove(listenFile); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	environment := ownSettings(os.Environ())
	if database != "" { // it may hold a password: not where everybody sees it
		environment = append(environment, "SEALPOST_DATABASE="+database)
	}
	began := time.Now()
	s.guarded, err = startGuarded("", filepath.Join(dir, "serve.log"), "TERM", environment, nil, program,
		"serve", "--data", data, "--listen", "127.0.0.1:0", "--ops", s.ops, "--listen-file", listenFile, "--log-level", "warn")
	if err != nil {
		return nil, err
	}
	err = s.await(ctx, time.Millisecond, func() bool {
		text, err := os.ReadFile(listenFile)
		s.address = string(text)
		return err == nil && s.address != ""
	})
	s.ready = time.Since(began)
	if err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
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
