package keystore

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/sealpost/sealpost/internal/seal"
)

// leaks names the files below dir that contain the key: raw, as text, or any run
// of eight of its bytes, which is what a half-done overwrite would leave.
func leaks(t testing.TB, dir string, key seal.Key) []string {
	t.Helper()
	needles := [][]byte{
		[]byte(hex.EncodeToString(key[:])),
		[]byte(base64.StdEncoding.EncodeToString(key[:])[:40]),
		[]byte(base64.URLEncoding.EncodeToString(key[:])[:40]),
	}
	for i := 0; i+8 <= len(key); i++ {
		needles = append(needles, bytes.Clone(key[i:i+8]))
	}
	var found []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		content = dropZeros(content)
		if slices.ContainsFunc(needles, func(n []byte) bool { return bytes.Contains(content, n) }) {
			found = append(found, entry.Name())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// dropZeros leaves out sectors without content, of which slot files mostly consist.
func dropZeros(content []byte) []byte {
	zeros := make([]byte, slotSize)
	var rest []byte
	for sector := range slices.Chunk(content, slotSize) {
		if !bytes.Equal(sector, zeros[:len(sector)]) {
			rest = append(rest, sector...)
		}
	}
	return rest
}

func wantLeaks(t testing.TB, dir string, key seal.Key, want ...string) {
	t.Helper()
	if got := leaks(t, dir, key); !slices.Equal(got, want) {
		t.Errorf("the key is in %q, want %q", got, want)
	}
}

// R18: after its destruction a key is in no file, through many fillings of the slots.
func TestDestroyedKeysAreNowhere(t *testing.T) {
	t.Parallel()
	s := openStore(t, filepath.Join(t.TempDir(), "keys"))
	sizes := fileSizes(t, s.Dir())
	for cycle := range int64(2) {
		keys := make(map[int64]seal.Key)
		for i := range int64(slotCount) {
			hour := cycle*1000 + i + 1
			keys[hour] = create(t, s, hour)
		}
		if _, err := s.CreateEpoch(9999, 0); err == nil {
			t.Error("more keys than slots")
		}
		for hour, key := range keys {
			// Every key of a cycle is destroyed, every other one looked for
			// before as well, so that the scan is seen to find something.
			if hour%2 == 0 {
				wantLeaks(t, s.Dir(), key, epochsName)
			}
			destroy(t, s, hour)
			wantLeaks(t, s.Dir(), key)
		}
		for _, key := range keys {
			wantLeaks(t, s.Dir(), key)
		}
	}
	if after := fileSizes(t, s.Dir()); !maps.Equal(sizes, after) {
		t.Errorf("files changed from %v to %v", sizes, after)
	}
}

// The scanner finds what a careless implementation would leave behind.
func TestScanFindsPlantedLeaks(t *testing.T) {
	t.Parallel()
	for name, leak := range map[string]func(key seal.Key) []byte{
		"copy":     func(key seal.Key) []byte { return append(make([]byte, 1000), key[:]...) },
		"hex":      func(key seal.Key) []byte { return []byte("key=" + hex.EncodeToString(key[:])) },
		"base64":   func(key seal.Key) []byte { return []byte(base64.StdEncoding.EncodeToString(key[:])) },
		"fragment": func(key seal.Key) []byte { return key[13:21] },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openStore(t, filepath.Join(t.TempDir(), "keys"))
			key := create(t, s, 7)
			planted := filepath.Join(s.Dir(), "epochs.tmp")
			if err := os.WriteFile(planted, leak(key), 0o600); err != nil {
				t.Fatal(err)
			}
			wantLeaks(t, s.Dir(), key, epochsName, "epochs.tmp")
			destroy(t, s, 7)
			wantLeaks(t, s.Dir(), key, "epochs.tmp")
		})
	}
}

func fileSizes(t testing.TB, dir string) map[string]int64 {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	sizes := make(map[string]int64)
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			t.Fatal(err)
		}
		sizes[entry.Name()] = info.Size()
	}
	return sizes
}
