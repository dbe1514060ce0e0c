package keystore

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/sealpost/sealpost/internal/seal"
)

func openStore(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := Open(dir, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// twoStores are two processes on one directory, as far as the files can tell.
func twoStores(t testing.TB) (a, b *Store) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "deep", "keys")
	return openStore(t, dir), openStore(t, dir)
}

func create(t testing.TB, s *Store, hour int64) seal.Key {
	t.Helper()
	key, err := s.CreateEpoch(hour, hour*seal.MicrosPerEpoch)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func destroy(t testing.TB, s *Store, hour int64) {
	t.Helper()
	if err := s.DestroyEpoch(hour); err != nil {
		t.Fatal(err)
	}
}

func wantEpoch(t testing.TB, s *Store, hour int64, want seal.Key) {
	t.Helper()
	if got, err := s.Epoch(hour); err != nil || got != want {
		t.Errorf("epoch %d: %v", hour, err)
	}
}

func wantNoEpoch(t testing.TB, s *Store, hour int64) {
	t.Helper()
	if got, err := s.Epoch(hour); !errors.Is(err, ErrNoKey) || !got.IsZero() {
		t.Errorf("epoch %d: %v, want none", hour, err)
	}
}

func TestEpochLife(t *testing.T) {
	t.Parallel()
	a, b := twoStores(t)
	wantNoEpoch(t, a, 5)
	key := create(t, a, 5)
	wantEpoch(t, a, 5, key)
	wantEpoch(t, b, 5, key)
	if create(t, b, 5) != key {
		t.Error("a second key for the same hour")
	}
	if create(t, a, 6) == key {
		t.Error("two hours share a key")
	}
	list, err := b.Epochs()
	if err != nil || fmt.Sprint(list) != fmt.Sprint([]EpochInfo{{5, 5 * seal.MicrosPerEpoch}, {6, 6 * seal.MicrosPerEpoch}}) {
		t.Errorf("%v, %v", list, err)
	}
	destroy(t, a, 5)
	wantNoEpoch(t, a, 5)
	b.Forget(5)
	wantNoEpoch(t, b, 5)
	destroy(t, b, 5)
	wantNoEpoch(t, openStore(t, a.Dir()), 5)
	for _, hour := range []int64{0, -1} {
		if _, err := a.CreateEpoch(hour, 0); err == nil {
			t.Errorf("hour %d has a key", hour)
		}
	}
}

// A key that another process destroyed is never given out as a new one from
// memory: what is sealed under it would be lost at the next start (I8).
func TestCreateBelievesTheDisk(t *testing.T) {
	t.Parallel()
	a, b := twoStores(t)
	old := create(t, a, 5)
	destroy(t, b, 5)
	fresh := create(t, a, 5)
	if fresh == old {
		t.Error("a destroyed key came back")
	}
	wantEpoch(t, a, 5, fresh)
	wantEpoch(t, openStore(t, a.Dir()), 5, fresh)
}

// Whoever creates an epoch first, all get the same key, in any number of processes.
func TestConcurrentCreation(t *testing.T) {
	t.Parallel()
	a, b := twoStores(t)
	const hours, each = 8, 4
	keys := make([][hours]seal.Key, 2*each)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range keys {
		s := []*Store{a, b}[i%2]
		wg.Go(func() {
			<-start
			for hour := range int64(hours) {
				key, err := s.CreateEpoch(hour+1, 0)
				if err != nil {
					t.Error(err)
				}
				keys[i][hour] = key
			}
		})
	}
	close(start)
	wg.Wait()
	for i := range keys {
		if keys[i] != keys[0] {
			t.Errorf("caller %d has other keys", i)
		}
	}
	if list, err := a.Epochs(); err != nil || len(list) != hours {
		t.Errorf("%d epochs, %v", len(list), err)
	}
}

// Several processes may meet in an empty directory.
func TestConcurrentOpen(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "keys")
	stores := make([]*Store, 6)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range stores {
		wg.Go(func() {
			<-start
			s, err := Open(dir, rand.Reader)
			if err != nil {
				t.Error(err)
				return
			}
			stores[i] = s
		})
	}
	close(start)
	wg.Wait()
	for _, s := range stores {
		if s == nil {
			continue
		}
		_, key := s.LongTerm()
		_, first := stores[0].LongTerm()
		if s.Root() != stores[0].Root() || s.Installation() != stores[0].Installation() || key != first {
			t.Error("two installations in one directory")
		}
	}
	for _, s := range stores {
		if s != nil && s.Close() != nil {
			t.Error("close failed")
		}
	}
}

func TestLongTermKeys(t *testing.T) {
	t.Parallel()
	a, b := twoStores(t)
	n, first := a.LongTerm()
	if n != 1 || first.IsZero() || first == a.Root() || a.Root().IsZero() {
		t.Fatalf("number %d", n)
	}
	if n, err := a.RotateLongTerm(77); n != 2 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	n, second := a.LongTerm()
	if n != 2 || second == first {
		t.Fatalf("number %d", n)
	}
	if n, key := b.LongTerm(); n != 1 || key != first {
		t.Errorf("the other process is at %d", n)
	}
	// A wrap under the new key makes the other process meet it.
	if key, err := b.LongTermKey(2); err != nil || key != second {
		t.Errorf("%v", err)
	}
	if n, key := b.LongTerm(); n != 2 || key != second {
		t.Errorf("the other process is still at %d", n)
	}
	for _, n := range []int64{3, 0, -1, slotCount + 1} {
		if key, err := b.LongTermKey(n); !errors.Is(err, ErrNoKey) || !key.IsZero() {
			t.Errorf("key %d: %v", n, err)
		}
	}
	again := openStore(t, a.Dir())
	if n, key := again.LongTerm(); n != 2 || key != second {
		t.Errorf("after reopening: %d", n)
	}
	if key, err := again.LongTermKey(1); err != nil || key != first {
		t.Errorf("the first key: %v", err)
	}
	for range slotCount - 2 {
		if _, err := b.RotateLongTerm(0); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.RotateLongTerm(0); !errors.Is(err, ErrFull) {
		t.Errorf("full: %v", err)
	}
}

func TestFullLeavesTheRestAlone(t *testing.T) {
	t.Parallel()
	s := openStore(t, filepath.Join(t.TempDir(), "keys"))
	keys := make(map[int64]seal.Key)
	for i := range int64(slotCount) {
		keys[i+1] = create(t, s, i+1)
	}
	if _, err := s.CreateEpoch(1000, 0); !errors.Is(err, ErrFull) {
		t.Errorf("%v", err)
	}
	again := openStore(t, s.Dir())
	for hour, key := range keys {
		wantEpoch(t, again, hour, key)
	}
}

// A source of randomness that fails leaves nothing behind.
func TestNoRandomness(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "keys")
	broken := iotest.ErrReader(errors.New("no entropy"))
	if _, err := Open(dir, broken); err == nil {
		t.Fatal("opened")
	}
	s := openStore(t, dir) // the attempt above did not spoil the directory
	s.rand = broken
	if _, err := s.CreateEpoch(5, 0); err == nil {
		t.Error("created")
	}
	if _, err := s.RotateLongTerm(0); err == nil {
		t.Error("rotated")
	}
	wantNoEpoch(t, s, 5)
}

func TestClosed(t *testing.T) {
	t.Parallel()
	s := openStore(t, filepath.Join(t.TempDir(), "keys"))
	key := create(t, s, 5)
	cached, long := s.epochCache[5], s.longCache[1]
	if *cached != key {
		t.Fatal("not in the cache")
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if !cached.IsZero() || !long.IsZero() || !s.Root().IsZero() {
		t.Error("keys are left in memory")
	}
	_, create := s.CreateEpoch(6, 0)
	_, epoch := s.Epoch(5)
	_, rotate := s.RotateLongTerm(0)
	_, list := s.Epochs()
	for i, err := range []error{create, epoch, rotate, list, s.DestroyEpoch(5), s.Check(), s.Backup(nil, newIdentity(t).Recipient())} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("call %d: %v", i, err)
		}
	}
	if n, key := s.LongTerm(); n != 0 || !key.IsZero() {
		t.Error("a long-term key after Close")
	}
}

// Dropping a key zeroes the copy that was in memory.
func TestDestroyAndForgetZeroMemory(t *testing.T) {
	t.Parallel()
	s := openStore(t, filepath.Join(t.TempDir(), "keys"))
	create(t, s, 5)
	create(t, s, 6)
	five, six := s.epochCache[5], s.epochCache[6]
	destroy(t, s, 5)
	s.Forget(6)
	if !five.IsZero() || !six.IsZero() || len(s.epochCache) != 0 {
		t.Error("keys are left in memory")
	}
}

func TestStoreNeverPrintsKeys(t *testing.T) {
	t.Parallel()
	s := openStore(t, filepath.Join(t.TempDir(), "keys"))
	create(t, s, 5)
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		fmt.Fprintf(&out, verb+"\n", s)
	}
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "store", s)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "store", s)
	if got := bytes.Count(out.Bytes(), []byte("keystore "+s.Dir())); got != 8 {
		t.Errorf("unexpected output:\n%s", out.String())
	}
}

func BenchmarkEpochCached(b *testing.B) {
	s := openStore(b, filepath.Join(b.TempDir(), "keys"))
	create(b, s, 5)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Epoch(5); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCreateAndDestroyEpoch(b *testing.B) {
	s := openStore(b, filepath.Join(b.TempDir(), "keys"))
	for b.Loop() {
		create(b, s, 5)
		destroy(b, s, 5)
	}
}

func BenchmarkOpen(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "keys")
	openStore(b, dir)
	for b.Loop() {
		s, err := Open(dir, rand.Reader)
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
