//go:build sealtest

package failpoint

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

const childVariable = "SEALPOST_FAILPOINT_CHILD"

// TestMain is also the child of the crash tests: it hits one point five times
// and says so after each, with a deferred function that a real kill never runs.
func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		child()
		return
	}
	os.Exit(m.Run())
}

func child() {
	defer fmt.Println("deferred")
	for range 5 {
		Hit(SendDecided)
		fmt.Println("passed")
		Hit(SendAnswer)
	}
}

func runChild(t *testing.T, armed string) (string, error) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"=1", Variable+"="+armed)
	out, err := cmd.Output()
	return string(out), err
}

func TestHitKillsAtTheNthHit(t *testing.T) {
	t.Parallel()
	for armed, passed := range map[string]int{"send.decided": 0, "send.decided:1": 0, "send.decided:3": 2, "send.answer:2": 2} {
		out, err := runChild(t, armed)
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			t.Fatalf("%s: the child ended with %v, want a kill", armed, err)
		}
		status, ok := exit.Sys().(syscall.WaitStatus)
		if !ok || !status.Signaled() || status.Signal() != syscall.SIGKILL {
			t.Errorf("%s: the child ended with %v, want SIGKILL", armed, err)
		}
		if got := strings.Count(out, "passed"); got != passed {
			t.Errorf("%s: %d hits passed, want %d", armed, got, passed)
		}
		if strings.Contains(out, "deferred") {
			t.Errorf("%s: a deferred function ran", armed)
		}
	}
}

func TestHitWithoutItsTurnPasses(t *testing.T) {
	t.Parallel()
	for _, armed := range []string{"", "open.decided", "send.decided:6"} {
		out, err := runChild(t, armed)
		if err != nil {
			t.Fatalf("%q: %v", armed, err)
		}
		if got := strings.Count(out, "passed"); got != 5 {
			t.Errorf("%q: %d hits passed, want 5", armed, got)
		}
	}
}

func TestMisspeltPointEndsTheProcess(t *testing.T) {
	t.Parallel()
	for _, armed := range []string{"send.decide", "send.decided:0", "send.decided:x", "send.decided:"} {
		_, err := runChild(t, armed)
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 2 {
			t.Errorf("%q: the child ended with %v, want status 2", armed, err)
		}
	}
}

func TestSetRunsItsFunctionUntilRestored(t *testing.T) {
	t.Parallel()
	hits := 0
	restore := Set(UndoAnswer, func() { hits++ })
	Hit(UndoAnswer)
	Hit(RecallAnswer)
	if hits != 1 {
		t.Errorf("f ran %d times, want once", hits)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("setting a point twice did not panic")
			}
		}()
		Set(UndoAnswer, func() {})
	}()
	restore()
	Hit(UndoAnswer)
	if hits != 1 {
		t.Errorf("f ran after restore")
	}
}
