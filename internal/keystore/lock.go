//go:build unix

package keystore

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// lockPatience is how long a process waits for another one that holds the
// directory. Holders need milliseconds; one that takes longer hangs on its disk.
const lockPatience = 10 * time.Second

// withLock runs fn while this process holds the directory: exclusively, or shared
// with other readers. The lock belongs to the open file, so two stores in one
// process exclude each other too, and it ends with the process.
func withLock(f *os.File, exclusive bool, fn func() error) error {
	how := syscall.LOCK_SH
	if exclusive {
		how = syscall.LOCK_EX
	}
	deadline := time.Now().Add(lockPatience)
	for {
		err := syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB)
		if err == nil {
			break
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return fmt.Errorf("keystore: lock: %w", err)
		}
		if time.Now().After(deadline) {
			return ErrBusy
		}
		time.Sleep(time.Millisecond)
	}
	err := fn()
	if unlock := syscall.Flock(int(f.Fd()), syscall.LOCK_UN); err == nil && unlock != nil {
		return fmt.Errorf("keystore: unlock: %w", unlock)
	}
	return err
}
