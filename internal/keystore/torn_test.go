package keystore

import (
	"bytes"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/sealpost/sealpost/internal/seal"
)

var errTorn = errors.New("power failure")

// tearing writes only the first n bytes of the first slot it is given, or, if last
// is set, only the last n, and then fails for good.
func tearing(n int, last bool) func(*os.File, []byte, int64) error {
	torn := false
	return func(f *os.File, b []byte, offset int64) error {
		if torn {
			return errTorn
		}
		torn = true
		if last {
			b, offset = b[len(b)-n:], offset+int64(len(b)-n)
		} else {
			b = b[:n]
		}
		if _, err := f.WriteAt(b, offset); err != nil {
			return err
		}
		return errTorn
	}
}

// patient has no fsync to wait for: tearing hundreds of writes needs only what the
// next process would read.
func eachTear(t *testing.T, try func(t *testing.T, n int, last bool)) {
	t.Helper()
	for n := range slotSize {
		try(t, n, false)
		try(t, n, true)
	}
}

// A creation that was torn at any byte was not acknowledged and leaves a free slot.
func TestTornCreation(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "keys")
	neighbour := create(t, openStore(t, dir), 1)
	// No byte of the slot may be the zero that it overwrites, at its end above
	// all: a tear that loses nothing is no tear. The key is fixed for that.
	eachTear(t, func(t *testing.T, n int, last bool) {
		s := openStore(t, dir)
		s.rand = bytes.NewReader(bytes.Repeat([]byte{0x5A}, 32))
		s.epochs.write = tearing(n, last)
		if _, err := s.CreateEpoch(5, 1<<55); !errors.Is(err, errTorn) {
			t.Fatalf("%d: %v", n, err)
		}
		wantNoEpoch(t, s, 5)
		closeStore(t, s)

		s = openStore(t, dir)
		wantNoEpoch(t, s, 5)
		wantEpoch(t, s, 1, neighbour)
		key := create(t, s, 5)
		if key == (seal.Key(bytes.Repeat([]byte{0x5A}, 32))) {
			t.Fatalf("%d: the torn key came back", n)
		}
		wantLeaks(t, dir, seal.Key(bytes.Repeat([]byte{0x5A}, 32)))
		destroy(t, s, 5)
		closeStore(t, s)
	})
}

// A destruction that was torn at any byte may not have happened, or have happened;
// it never brings back another key, and repeating it erases what is left (R18).
func TestTornDestruction(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "keys")
	neighbour := create(t, openStore(t, dir), 1)
	destroyed := 0
	eachTear(t, func(t *testing.T, n int, last bool) {
		s := openStore(t, dir)
		key := create(t, s, 5)
		s.epochs.write = tearing(n, last)
		if err := s.DestroyEpoch(5); !errors.Is(err, errTorn) {
			t.Fatalf("%d: %v", n, err)
		}
		s.epochs.write = writeAt
		switch got, err := s.Epoch(5); {
		case errors.Is(err, ErrNoKey):
			destroyed++
		case err != nil || got != key:
			t.Fatalf("%d: %v", n, err)
		}
		if n%2 == 0 { // the same process tries again
			destroy(t, s, 5)
			closeStore(t, s)
		} else { // or another one does
			closeStore(t, s)
			s = openStore(t, dir)
			destroy(t, s, 5)
			closeStore(t, s)
		}
		wantLeaks(t, dir, key)
		s = openStore(t, dir)
		wantNoEpoch(t, s, 5)
		wantEpoch(t, s, 1, neighbour)
		closeStore(t, s)
	})
	if destroyed < slotSize {
		t.Errorf("only %d of the tears reached the slot", destroyed)
	}
}

// What a torn write left is overwritten when the directory is opened, even if
// nobody ever asks for that hour again.
func TestOpenScrubsRemains(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "keys")
	s := openStore(t, dir)
	key := create(t, s, 5)
	s.epochs.write = tearing(8, false)
	if err := s.DestroyEpoch(5); !errors.Is(err, errTorn) {
		t.Fatal(err)
	}
	wantLeaks(t, dir, key, epochsName)
	openStore(t, dir)
	wantLeaks(t, dir, key)
}

// The destruction of an hour that has no slot (any more) writes every free slot
// again: an overwrite whose fsync failed may exist in the page cache only.
func TestRepeatedDestructionWritesAgain(t *testing.T) {
	t.Parallel()
	s := openStore(t, filepath.Join(t.TempDir(), "keys"))
	create(t, s, 4)
	create(t, s, 5)
	destroy(t, s, 5)
	var written []int64
	s.epochs.write = func(f *os.File, b []byte, offset int64) error {
		written = append(written, offset/slotSize)
		return writeAt(f, b, offset)
	}
	destroy(t, s, 5)
	if len(written) != slotCount-1 || written[0] != 1 {
		t.Errorf("%d slots written, the first %v", len(written), written)
	}
}

// A rotation that was torn at any byte leaves the old key in force, and the number
// of the torn slot is not given to another key.
func TestTornRotation(t *testing.T) {
	t.Parallel()
	for n := range slotSize {
		if n%37 != 0 && n != slotSize-1 {
			continue
		}
		dir := filepath.Join(t.TempDir(), "keys")
		s := openStore(t, dir)
		_, first := s.LongTerm()
		// The write is torn and the process dies: it does not clean up.
		s.longterm.write = tearing(n, false)
		tearOnly(t, s)
		s = openStore(t, dir)
		if got, key := s.LongTerm(); got != 1 || key != first {
			t.Errorf("%d: key %d is current", n, got)
		}
		want := int64(3)
		if n == 0 {
			want = 2
		}
		if got, err := s.RotateLongTerm(0); got != want || err != nil {
			t.Errorf("%d: rotated to %d, %v", n, got, err)
		}
		if key, err := s.LongTermKey(1); err != nil || key != first {
			t.Errorf("%d: first key: %v", n, err)
		}
		closeStore(t, s)
	}
}

func tearOnly(t *testing.T, s *Store) {
	t.Helper()
	key, err := seal.NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	torn := slot{kind: kindLongTerm, number: 2, key: key, installation: s.installation}
	if err := s.longterm.put(1, &torn); !errors.Is(err, errTorn) {
		t.Fatal(err)
	}
	closeStore(t, s)
}

// A rotation that the disk refused is taken back, so that no process takes up a
// key that may vanish with the page cache.
func TestFailedRotationIsTakenBack(t *testing.T) {
	t.Parallel()
	a, b := twoStores(t)
	a.longterm.write = func(f *os.File, b []byte, offset int64) error {
		return errors.Join(writeAt(f, b, offset), errTorn)
	}
	if _, err := a.RotateLongTerm(0); !errors.Is(err, errTorn) {
		t.Fatal(err)
	}
	if key, err := b.LongTermKey(2); !errors.Is(err, ErrNoKey) {
		t.Errorf("key %v, %v", key, err)
	}
	if n, _ := a.LongTerm(); n != 1 {
		t.Errorf("key %d is current", n)
	}
}

func closeStore(t testing.TB, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
