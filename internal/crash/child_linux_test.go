//go:build sealtest

package crash_test

import (
	"os/exec"
	"syscall"
)

// dieWithTest makes the kernel end the child when the test process ends, however
// that happens.
func dieWithTest(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
