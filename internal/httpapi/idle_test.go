package httpapi_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The memory of idle live connections, everything included. It needs another
// process for the clients and some ten thousand file descriptors, so it runs only
// when asked:
//
//	SEALPOST_IDLE=10000 go test -run TestIdleConnections -v ./internal/httpapi
func TestIdleConnections(t *testing.T) {
	if os.Getenv("SEALPOST_IDLE_DIAL") != "" {
		dialIdle(t)
		return
	}
	n, err := strconv.Atoi(os.Getenv("SEALPOST_IDLE"))
	if err != nil {
		t.Skip("set SEALPOST_IDLE to a number of connections")
	}
	h := newHouse(t)
	tokens := make([]string, 0, n/10)
	for i := range n / 10 {
		tokens = append(tokens, h.person("Person"+strconv.Itoa(i)).token)
	}
	before := resident(t)
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestIdleConnections$", "-test.v")
	child.Env = append(os.Environ(), "SEALPOST_IDLE_DIAL="+strings.TrimPrefix(h.server.URL, "http://"))
	child.Stdin = strings.NewReader(strings.Join(tokens, "\n"))
	var said bytes.Buffer
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	child.Stderr = &said
	began := time.Now()
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() && !strings.Contains(lines.Text(), "connected") {
		t.Log(lines.Text())
	}
	t.Logf("%d connections in %v", n, time.Since(began))
	t.Logf("%.2f KiB each as it is", float64(rss(t)-before)/float64(n))
	t.Logf("%.2f KiB each after collecting", float64(resident(t)-before)/float64(n))
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	t.Logf("%d goroutines, heap %d KiB, stacks %d KiB", runtime.NumGoroutine(), m.HeapInuse>>10, m.StackInuse>>10)
	if err := child.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = child.Wait()
}

// dialIdle is the other process: ten connections for each token.
func dialIdle(t *testing.T) {
	var open []net.Conn // a collected connection is a closed one
	tokens := bufio.NewScanner(os.Stdin)
	for tokens.Scan() {
		for range 10 {
			conn, err := net.Dial("tcp", os.Getenv("SEALPOST_IDLE_DIAL"))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := fmt.Fprintf(conn, "GET /api/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", tokens.Text()); err != nil {
				t.Fatal(err)
			}
			b := make([]byte, 12)
			if _, err := io.ReadFull(conn, b); err != nil || string(b) != "HTTP/1.1 200" {
				t.Fatalf("%q %v", b, err)
			}
			open = append(open, conn)
		}
	}
	fmt.Println("connected")
	time.Sleep(time.Hour) // until it is killed
	runtime.KeepAlive(open)
}

// resident is the memory in use after everything that can go is gone, in KiB.
func resident(t *testing.T) int {
	t.Helper()
	for range 3 {
		runtime.GC()
	}
	debug.FreeOSMemory()
	return rss(t)
}

func rss(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip(err)
	}
	_, after, _ := strings.Cut(string(status), "VmRSS:")
	kib, err := strconv.Atoi(strings.Fields(after)[0])
	if err != nil {
		t.Fatal(err)
	}
	return kib
}
