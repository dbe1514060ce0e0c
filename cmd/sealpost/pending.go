package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sealpost/sealpost/client"
)

// keyLife is how long a server keeps an Idempotency-Key, with a margin.
const keyLife = 23 * time.Hour

// pendingKey is the Idempotency-Key of a command whose outcome is not known yet. It
// lies beside the session, so that the same command later asks under the same key
// (R11). The file holds the key and nothing of the message.
type pendingKey struct{ value, path string }

// pendingKey finds or makes the key of a command. It is written before the command
// asks: whoever dies in between finds it again.
func (r *remote) pendingKey(command string, request ...string) (pendingKey, error) {
	k := pendingKey{path: r.pendingPath(command, request...)}
	if k.path == "" {
		k.value = client.NewKey() // nowhere to remember it; within this run it holds
		return k, nil
	}
	if info, err := os.Stat(k.path); err == nil && time.Since(info.ModTime()) < keyLife {
		b, err := os.ReadFile(k.path)
		if err != nil {
			return k, err
		}
		if k.value = string(b); plausible(k.value) {
			return k, nil
		}
	}
	k.value = client.NewKey()
	if err := os.MkdirAll(filepath.Dir(k.path), 0o700); err != nil {
		return k, err
	}
	if err := os.WriteFile(k.path, []byte(k.value), 0o600); err != nil {
		return k, fmt.Errorf("the key of this attempt cannot be remembered: %w", err)
	}
	return k, nil
}

// pendingPath is where the key of a command lies, empty where there is no place.
func (r *remote) pendingPath(command string, request ...string) string {
	session, err := r.flags.path()
	if err != nil {
		return ""
	}
	sum := sha256.Sum256([]byte(command + "\x00" + strings.Join(request, "\x00")))
	return filepath.Join(filepath.Dir(session), "pending-"+hex.EncodeToString(sum[:12]))
}

// plausible keeps a damaged file from being sent.
func plausible(key string) bool {
	return len(key) >= 16 && len(key) <= 64 && strings.Trim(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ""
}

// forget is for when the outcome is known. A file that stays is harmless: it is the
// key of exactly this request, and ages.
func (k pendingKey) forget() {
	if k.path != "" {
		_ = os.Remove(k.path)
	}
}
