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

// tearing writes of the first slot it is given only the first n bytes, or, if last
// is set, only the last n, and then fails for good.
func tearing(n int, last bool) func(*os.File, []byte, int64) error {
	torn := false
	return func(f *os.File, b []byte, offset int64) error {
		if torn {
			return errTorn
		}
		torn = true
		b = b[:slotSize]
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

// eachTear tries every byte at which a slot can be torn, and every eighth of them
// with the disk having begun at the other end. Most
// tears are read by the same two processes; a few go through a new Open, which is
// slow because it waits for the disk.
func eachTear(t *testing.T, a, b *Store, try func(n int, last bool, torn, next *Store)) {
	t.Helper()
	for n := range slotSize {
		for _, last := range []bool{false, true} {
			if last && n%8 != 0 {
				continue
			}
			next := a // the process that failed tries again
			switch {
			case n%64 == 9:
				next = openStore(t, a.Dir())
			case n%2 == 0:
				next = b
			}
			try(n, last, a, next)
			if t.Failed() {
				t.Fatalf("torn at %d, last %t", n, last)
			}
		}
	}
}

// A creation that was torn at any byte was not acknowledged and leaves a free slot.
func TestTornCreation(t *testing.T) {
	t.Parallel()
	a, b := twoStores(t)
	neighbour := create(t, a, 1)
	// A fixed key, so that no tear leaves a whole slot by luck: with a checksum
	// that ends in zeros, what was not written would already be there.
	fixed := seal.Key(bytes.Repeat([]byte{0x5A}, 32))
	eachTear(t, a, b, func(n int, last bool, torn, next *Store) {
		torn.rand, torn.epochs.write = bytes.NewReader(fixed[:]), tearing(n, last)
		if _, err := torn.CreateEpoch(5, 1<<55); !errors.Is(err, errTorn) {
			t.Fatalf("%d: %v", n, err)
		}
		torn.rand, torn.epochs.write = rand.Reader, writeAt
		wantNoEpoch(t, torn, 5)
		wantNoEpoch(t, next, 5)
		if create(t, next, 5) == fixed {
			t.Fatalf("%d: the torn key came back", n)
		}
		wantLeaks(t, a.Dir(), fixed)
		destroy(t, next, 5)
		torn.Forget(5)
	})
	wantEpoch(t, openStore(t, a.Dir()), 1, neighbour)
}

// A destruction that was torn at any byte may not have happened, or have happened;
// it never brings back another key, and repeating it erases what is left (R18).
func TestTornDestruction(t *testing.T) {
	t.Parallel()
	a, b := twoStores(t)
	neighbour := create(t, a, 1)
	destroyed := 0
	eachTear(t, a, b, func(n int, last bool, torn, next *Store) {
		key := create(t, torn, 5)
		torn.epochs.write = tearing(n, last)
		if err := torn.DestroyEpoch(5); !errors.Is(err, errTorn) {
			t.Fatalf("%d: %v", n, err)
		}
		torn.epochs.write = writeAt
		switch got, err := torn.Epoch(5); {
		case errors.Is(err, ErrNoKey):
			destroyed++
		case err != nil || got != key:
			t.Fatalf("%d: %v", n, err)
		}
		destroy(t, next, 5)
		torn.Forget(5)
		wantLeaks(t, a.Dir(), key)
		wantNoEpoch(t, torn, 5)
	})
	if destroyed < slotSize-1 { // the tear before the first byte does not
		t.Errorf("only %d of the tears reached the slot", destroyed)
	}
	wantEpoch(t, openStore(t, a.Dir()), 1, neighbour)
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
	create(t, s, 6)
	create(t, s, 7)
	destroy(t, s, 5)
	destroy(t, s, 7)
	written := make(map[int64]bool)
	s.epochs.write = func(f *os.File, b []byte, offset int64) error {
		if !bytes.Equal(b, make([]byte, len(b))) {
			t.Error("something else than zeros")
		}
		for end := offset + int64(len(b)); offset < end; offset += slotSize {
			written[offset/slotSize] = true
		}
		return writeAt(f, b, offset)
	}
	destroy(t, s, 5)
	if written[0] || !written[1] || written[2] || !written[3] || len(written) != slotCount-2 {
		t.Errorf("%d slots written: %v", len(written), written)
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
