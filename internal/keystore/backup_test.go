package keystore

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
)

func newIdentity(t testing.TB) *age.X25519Identity {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	must(t, err)
	return id
}

func backup(t testing.TB, s *Store, id *age.X25519Identity) []byte {
	t.Helper()
	var out bytes.Buffer
	must(t, s.Backup(&out, id.Recipient()))
	return out.Bytes()
}

func encrypt(t testing.TB, id *age.X25519Identity, plain []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := age.Encrypt(&out, id.Recipient())
	must(t, err)
	_, err = w.Write(plain)
	must(t, errors.Join(err, w.Close()))
	return out.Bytes()
}

func decrypt(t testing.TB, id *age.X25519Identity, b []byte) []byte {
	t.Helper()
	r, err := age.Decrypt(bytes.NewReader(b), id)
	must(t, err)
	plain, err := io.ReadAll(r)
	must(t, err)
	return plain
}

func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	s, other := twoStores(t)
	create(t, s, 5)
	if _, err := other.RotateLongTerm(42); err != nil { // s has not met this key yet
		t.Fatal(err)
	}
	id := newIdentity(t)
	b := backup(t, s, id)
	dir := filepath.Join(t.TempDir(), "new", "keys")
	must(t, Restore(dir, bytes.NewReader(b), id))
	got := openStore(t, dir)
	if got.Root() != s.Root() || got.Installation() != s.Installation() {
		t.Error("another installation")
	}
	n, key := got.LongTerm()
	if want, wantKey := other.LongTerm(); n != want || n != 2 || key != wantKey {
		t.Errorf("long-term key %d", n)
	}
	_, first := s.LongTerm()
	if key, err := got.LongTermKey(1); err != nil || key != first {
		t.Errorf("first long-term key: %v", err)
	}
	wantNoEpoch(t, got, 5)
	create(t, got, 5)
	must(t, got.Check())
	if err := Restore(dir, bytes.NewReader(b), id); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("restored over keys: %v", err)
	}
}

// R18: a recalled message stays unreadable with every backup ever made.
func TestBackupHoldsNoEpochKey(t *testing.T) {
	t.Parallel()
	s := openStore(t, filepath.Join(t.TempDir(), "keys"))
	epoch := create(t, s, 5)
	id := newIdentity(t)
	b := backup(t, s, id)
	dir := t.TempDir()
	plain := decrypt(t, id, b)
	must(t, os.WriteFile(filepath.Join(dir, "plain"), plain, 0o600))
	var content backupFile
	must(t, json.Unmarshal(plain, &content))
	must(t, os.WriteFile(filepath.Join(dir, "root"), content.Root, 0o600))
	for _, long := range content.LongTerm {
		must(t, os.WriteFile(filepath.Join(dir, "long"), long.Key, 0o600))
	}
	wantLeaks(t, dir, epoch)
	_, long := s.LongTerm()
	wantLeaks(t, dir, long, "long", "plain")
	wantLeaks(t, dir, s.Root(), "plain", "root")

	must(t, os.WriteFile(filepath.Join(dir, "age"), b, 0o600))
	wantLeaks(t, dir, long, "long", "plain") // and nothing in the encrypted file
	if content.Format != backupFormat || content.Version != 1 {
		t.Errorf("format %q %d", content.Format, content.Version)
	}
}

func TestBackupNeedsARecipient(t *testing.T) {
	t.Parallel()
	s := openStore(t, filepath.Join(t.TempDir(), "keys"))
	var out bytes.Buffer
	if err := s.Backup(&out); err == nil || out.Len() > 0 {
		t.Errorf("%v, %d bytes", err, out.Len())
	}
}

// What is not a whole backup makes no directory, and errors quote nothing of it.
func TestRestoreRefuses(t *testing.T) {
	t.Parallel()
	id := newIdentity(t)
	s := openStore(t, filepath.Join(t.TempDir(), "keys"))
	good := backup(t, s, id)
	plain := string(decrypt(t, id, good))
	change := func(old, new string) []byte {
		if !strings.Contains(plain, old) {
			t.Fatalf("no %q in the backup", old)
		}
		return encrypt(t, id, []byte(strings.Replace(plain, old, new, 1)))
	}
	for name, b := range map[string][]byte{
		"empty":           nil,
		"cut":             good[:len(good)-1],
		"longer":          append(bytes.Clone(good), 0),
		"for another":     encrypt(t, newIdentity(t), []byte(plain)),
		"not JSON":        encrypt(t, id, []byte("secret-word")),
		"JSON null":       encrypt(t, id, []byte("null")),
		"another format":  change(backupFormat, "secret-word"),
		"a newer version": change(`"version": 1`, `"version": 2`),
		"no long-term":    change(`"long_term"`, `"secret-word"`),
		"number 0":        change(`"number": 1`, `"number": 0`),
		"number 257":      change(`"number": 1`, `"number": 257`),
		"no root":         change(`"root"`, `"secret-word"`),
		"wrong base64":    change(`"root": "`, `"root": "secret-word!`),
		"too large":       encrypt(t, id, []byte(plain+strings.Repeat(" ", maxBackup))),
	} {
		dir := filepath.Join(t.TempDir(), "keys")
		err := Restore(dir, bytes.NewReader(b), id)
		if err == nil {
			t.Errorf("%s: restored", name)
			continue
		}
		if strings.Contains(err.Error(), "secret-word") {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(dir); !os.IsNotExist(err) {
			t.Errorf("%s: a directory was made", name)
		}
	}
}

// A restore that died is refused and not completed with keys of its own.
func TestInterruptedRestore(t *testing.T) {
	t.Parallel()
	dir := complete(t)
	must(t, os.Remove(filepath.Join(dir, rootName)))
	if _, err := Open(dir, nil); !errors.Is(err, ErrIncomplete) {
		t.Error(err)
	}
	id := newIdentity(t)
	b := backup(t, openStore(t, complete(t)), id)
	if err := Restore(dir, bytes.NewReader(b), id); !errors.Is(err, ErrNotEmpty) {
		t.Error(err)
	}
}
