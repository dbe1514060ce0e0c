package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	readyWithin = 30 * time.Second
	endsWithin  = 30 * time.Second
)

// guard runs a program, says its process id, and stops it when its own input ends.
// It ignores what a terminal sends to everybody: it is the one who cleans up.
const guard = `
trap '' INT TERM HUP
log=$1 signal=$2
shift 2
exec 3<&0
(trap - INT TERM HUP; exec "$@") </dev/null >>"$log" 2>&1 3<&- &
server=$!
echo "$server"
(read -r _ <&3; kill -s "$signal" "$server" 2>/dev/null) &
reader=$!
wait "$server"
status=$?
kill -s KILL "$reader" 2>/dev/null
exit "$status"
`

// guarded is a program that does not outlive this process, however this process
// ends: a small shell between the two reads an input whose other end is held here.
type guarded struct {
	name  string
	pid   int
	log   string
	hold  io.Closer
	ended chan error // holds the outcome from the end on
}

// startGuarded runs a program in a folder with the guard before it, both under the
// words of as, such as runuser's. signal is what stops it in its own time.
func startGuarded(dir, log, signal string, environment, as []string, program ...string) (*guarded, error) {
	args := append(append([]string{}, as...), "/bin/sh", "-c", guard, "guard", log, signal)
	args = append(args, program...)
	command := exec.Command(args[0], args[1:]...)
	command.Dir, command.Env, command.Stderr = dir, environment, os.Stderr
	hold, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	said, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	g := &guarded{name: filepath.Base(program[0]), log: log, hold: hold, ended: make(chan error, 1)}
	line, err := bufio.NewReader(said).ReadString('\n')
	if err == nil {
		g.pid, err = strconv.Atoi(strings.TrimSpace(line))
	}
	go func() { g.ended <- command.Wait() }()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s did not start", g.name), err, g.stop())
	}
	return g, nil
}

// await asks again and again until the program is ready, has ended, or takes too
// long. Programs have no better way to tell a stranger.
func (g *guarded) await(ctx context.Context, every time.Duration, ready func() bool) error {
	poll := time.NewTicker(every)
	defer poll.Stop()
	limit := time.NewTimer(readyWithin)
	defer limit.Stop()
	for !ready() {
		select {
		case <-poll.C:
		case err := <-g.ended:
			g.ended <- err
			return errors.Join(fmt.Errorf("%s ended before it was ready", g.name), err, errors.New(tail(g.log)))
		case <-limit.C:
			return fmt.Errorf("%s was not ready within %s; %s", g.name, readyWithin, tail(g.log))
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// stop ends the program in its own time, or kills it. It may be called twice.
func (g *guarded) stop() error {
	if err := g.hold.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return err
	}
	limit := time.NewTimer(endsWithin)
	defer limit.Stop()
	select {
	case err := <-g.ended:
		g.ended <- err
		return err
	case <-limit.C:
	}
	err := fmt.Errorf("%s did not end within %s and was killed", g.name, endsWithin)
	if p, missing := os.FindProcess(g.pid); missing == nil {
		err = errors.Join(err, p.Kill())
	}
	return err
}

func tail(file string) string {
	text, err := os.ReadFile(file)
	if err != nil || len(text) == 0 {
		return "its log is empty"
	}
	return "its log ends with:\n" + string(text[max(0, len(text)-2000):])
}
