package bench

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestAnswersAreRead(t *testing.T) {
	t.Parallel()
	ours, theirs := net.Pipe()
	defer func() { _ = ours.Close() }()
	go func() {
		defer func() { _ = theirs.Close() }()
		buffer := make([]byte, 4096)
		for _, answer := range []string{
			"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
			"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n",
			"HTTP/1.1 204 No Content\r\n\r\n",
			"HTTP/1.0 200 OK\r\n\r\n",
		} {
			if _, err := theirs.Read(buffer); err != nil {
				return
			}
			if _, err := theirs.Write([]byte(answer)); err != nil {
				return
			}
		}
	}()
	w := newWire(ours, "host")
	for _, want := range []struct {
		status int
		body   string
	}{{200, "hello"}, {201, "hello!"}, {204, ""}} {
		status, body, err := w.do("POST", "/x", "token", "key", []byte("{}"))
		if err != nil || status != want.status || string(body) != want.body {
			t.Fatalf("%d %q %v", status, body, err)
		}
	}
	if _, _, err := w.do("GET", "/x", "", "", nil); err == nil {
		t.Fatal("another protocol passed")
	}
}

func TestProcessorTimeIncludesChildren(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("processor time of other processes is read on Linux only")
	}
	// A parent that does nothing, a child that has worked and ended, and one that has
	// worked and lives until its input ends.
	const work = `i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done`
	command := exec.CommandContext(t.Context(), "sh", "-c", `sh -c "$1"; sh -c "$1; echo worked; read -r _"; true`, "sh", work)
	in, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 16)); err != nil {
		t.Fatal(err)
	}
	parent, err := processOf(command.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	all, err := treeCPU(command.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	if ended, alive := parent.children, all-parent.own-parent.children; ended < tick || alive < tick {
		t.Errorf("the child that ended took %v, the one that lives %v", ended, alive)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(); err != nil {
		t.Fatal(err)
	}
}

func TestQuantile(t *testing.T) {
	t.Parallel()
	var sorted []time.Duration
	for i := range 200 {
		sorted = append(sorted, time.Duration(i+1))
	}
	if a, b, c := quantile(sorted, 50), quantile(sorted, 99), quantile(sorted[:1], 99); a != 100 || b != 198 || c != 1 {
		t.Fatalf("%d %d %d", a, b, c)
	}
}

func TestServerSettingsAreItsOwn(t *testing.T) {
	t.Parallel()
	got := ownSettings([]string{"HOME=/x", "SEALPOST_DATABASE=postgres://elsewhere", "PATH=/bin"})
	if strings.Join(got, " ") != "HOME=/x PATH=/bin" {
		t.Fatalf("got %q", got)
	}
}

func TestGuardedProgramEnds(t *testing.T) {
	t.Parallel()
	log := filepath.Join(t.TempDir(), "log")
	const script = `trap 'echo told; exit 0' TERM; echo up; while :; do sleep 0.01; done`
	up := func() bool {
		text, err := os.ReadFile(log)
		return err == nil && strings.Contains(string(text), "up")
	}
	g, err := startGuarded("", log, "TERM", os.Environ(), nil, "sh", "-c", script)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.await(t.Context(), time.Millisecond, up); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := g.stop(); err != nil {
			t.Fatal(err)
		}
	}
	if text := tail(log); !strings.Contains(text, "told") {
		t.Fatalf("it was not asked to end: %s", text)
	}
	if _, err := processOf(g.pid); err == nil {
		t.Fatal("it still runs")
	}
}

func TestGuardedProgramThatFailsIsNotAwaited(t *testing.T) {
	t.Parallel()
	log := filepath.Join(t.TempDir(), "log")
	g, err := startGuarded("", log, "TERM", os.Environ(), nil, "sh", "-c", "echo the reason; exit 3")
	if err != nil {
		t.Fatal(err)
	}
	err = g.await(t.Context(), time.Millisecond, func() bool { return false })
	if err == nil || !strings.Contains(err.Error(), "the reason") || !strings.Contains(err.Error(), "exit status 3") {
		t.Fatalf("got %v", err)
	}
	if err := g.stop(); err == nil {
		t.Fatal("its status is forgotten")
	}
}
