package service

import (
	"crypto/rand"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealpost/sealpost/internal/seal"
	"github.com/sealpost/sealpost/internal/sealpost"
)

func bare() *Service {
	root := seal.Key{1}
	return &Service{
		rand:      sharedRandom(nil),
		cursorKey: seal.Derive(root, "cursor"), requestKey: seal.Derive(root, "request"),
	}
}

func TestIDs(t *testing.T) {
	t.Parallel()
	s := bare()
	var last sealpost.MessageID
	for range 10_000 {
		id := newID[sealpost.MessageID](s)
		if !id.IsV7() {
			t.Fatalf("%v is not of version 7", id)
		}
		if id.Compare(last) <= 0 {
			t.Fatalf("%v was made after %v", id, last)
		}
		last = id
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("broken") }

// A broken source must not give ids or keys of zeros, whoever reads at once.
func TestRandomNeverFails(t *testing.T) {
	t.Parallel()
	for name, source := range map[string]io.Reader{"broken": brokenReader{}, "short": strings.NewReader("abc"), "good": rand.Reader} {
		r := sharedRandom(source)
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				var b [32]byte
				if n, err := r.Read(b[:]); n != 32 || err != nil || [8]byte(b[24:]) == ([8]byte{}) {
					t.Errorf("%s: read %d bytes, %v", name, n, err)
				}
			})
		}
		all.Wait()
	}
}

// R34: a cursor is good for one viewer, one list and one conversation, and for
// nothing when a byte of it differs.
func TestCursors(t *testing.T) {
	t.Parallel()
	s := bare()
	viewer, scope := sealpost.UserID{1}, [16]byte{2}
	c, err := s.sealCursor("inbox", viewer, scope, []byte("position"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.openCursor("inbox", viewer, scope, c); err != nil || string(got) != "position" {
		t.Errorf("opened as %q, %v", got, err)
	}
	again, err := s.sealCursor("inbox", viewer, scope, []byte("position"))
	if err != nil || again == c || len(again) != len(c) {
		t.Errorf("two cursors of one position can be compared: %v", err)
	}
	for name, open := range map[string]func() ([]byte, error){
		"another list":         func() ([]byte, error) { return s.openCursor("inbo", viewer, scope, c) },
		"another viewer":       func() ([]byte, error) { return s.openCursor("inbox", sealpost.UserID{3}, scope, c) },
		"another conversation": func() ([]byte, error) { return s.openCursor("inbox", viewer, [16]byte{}, c) },
		"another byte":         func() ([]byte, error) { return s.openCursor("inbox", viewer, scope, "B"+c[1:]) },
		"nothing":              func() ([]byte, error) { return s.openCursor("inbox", viewer, scope, "") },
	} {
		if _, err := open(); sealpost.CodeOf(err) != sealpost.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzOpenCursor(f *testing.F) {
	s := bare()
	s.rand = strings.NewReader("the same nonce in every process") // that fuzzes
	c, err := s.sealCursor("inbox", sealpost.UserID{1}, [16]byte{}, []byte("position"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(c)
	f.Add("")
	f.Fuzz(func(t *testing.T, cursor string) {
		if got, err := s.openCursor("inbox", sealpost.UserID{1}, [16]byte{}, cursor); err == nil && (cursor != c || string(got) != "position") {
			t.Errorf("%q opens", cursor)
		}
	})
}

func TestValidKey(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"", "a", "0197-!~", strings.Repeat("k", 200)} {
		if err := validKey(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"a b", "a\n", "ä", "a\x00", "\x7f", strings.Repeat("k", 201)} {
		if e := new(sealpost.Error); !errors.As(validKey(bad), &e) || e.Code != sealpost.CodeInvalid || e.Field != "Idempotency-Key" {
			t.Errorf("%q is accepted", bad)
		}
	}
}

// Where one field ends and the next begins is part of the fingerprint.
func TestRequestFraming(t *testing.T) {
	t.Parallel()
	s := bare()
	seen := map[[32]byte]int{}
	requests := [][32]byte{
		s.request("a"), s.request("a", ""), s.request("a", "", ""), s.request("a", "bc"), s.request("a", "b", "c"),
		s.request("ab", "c"), s.request("", "a"), s.request("a", "c", "b"),
	}
	for i, r := range requests {
		if j, twice := seen[r]; twice {
			t.Errorf("requests %d and %d have one fingerprint", i, j)
		}
		seen[r] = i
	}
	if err := checkReplay(&Replay{Request: requests[0]}, requests[0]); err != nil {
		t.Error(err)
	}
	if err := checkReplay(&Replay{Request: requests[0]}, requests[1]); sealpost.CodeOf(err) != sealpost.CodeIdempotencyConflict {
		t.Error(err)
	}
}

func TestStoredIDs(t *testing.T) {
	t.Parallel()
	list := []sealpost.MessageID{{1}, {2}, {3, 15: 9}}
	got, err := ids[sealpost.MessageID](idList(list))
	if err != nil || len(got) != 3 || got[0] != list[0] || got[2] != list[2] {
		t.Errorf("read as %v, %v", got, err)
	}
	if _, err := ids[sealpost.MessageID](make([]byte, 17)); err == nil {
		t.Error("17 bytes are read as ids")
	}
	for _, n := range []int{0, 15, 32} {
		if _, err := oneID[sealpost.MessageID](make([]byte, n)); err == nil {
			t.Errorf("%d bytes are read as one id", n)
		}
	}
}

// What another process revokes is noticed here within two seconds, even when the
// session is used all the time; and an idle cache empties itself.
func TestSessionCacheForgetsInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var c sessionCache
		hash, p := [32]byte{7}, Principal{User: sealpost.User{ID: sealpost.UserID{1}}}
		for _, offset := range []time.Duration{0, 300 * time.Millisecond, 899 * time.Millisecond} {
			time.Sleep(offset)
			_, epoch, ok := c.find(hash)
			if ok {
				t.Fatal("found before it was kept")
			}
			c.keep(hash, p, epoch)
			kept := time.Now()
			for {
				if _, _, ok := c.find(hash); !ok {
					break
				}
				time.Sleep(10 * time.Millisecond)
			}
			if lived := time.Since(kept); lived < sessionTurn || lived > 2*time.Second {
				t.Errorf("an entry lived %v", lived)
			}
		}
		if s := c.shard(hash); s.turning || s.young != nil || s.old != nil {
			t.Error("an idle cache goes on turning")
		}
	})
}

// An answer that was on its way from the database while the session was ended must
// not come back to life.
func TestSessionCacheForgetsWhatIsBeingRead(t *testing.T) {
	t.Parallel()
	var c sessionCache
	hash, other := [32]byte{7}, [32]byte{7 + sessionShards}
	p := Principal{User: sealpost.User{ID: sealpost.UserID{1}}}
	_, epoch, _ := c.find(hash)
	c.keep(other, Principal{User: sealpost.User{ID: sealpost.UserID{2}}}, epoch)
	c.forget(p.User.ID)
	c.keep(hash, p, epoch)
	if _, _, ok := c.find(hash); ok {
		t.Error("kept although it was forgotten in between")
	}
	if _, _, ok := c.find(other); !ok {
		t.Error("another user's session was forgotten too")
	}
	_, epoch, _ = c.find(hash)
	c.keep(hash, p, epoch)
	if got, _, ok := c.find(hash); !ok || got.User.ID != p.User.ID {
		t.Error("not kept")
	}
	c.forget(p.User.ID)
	if _, _, ok := c.find(hash); ok {
		t.Error("found although it was forgotten")
	}
}

func TestSessionCacheIsBounded(t *testing.T) {
	t.Parallel()
	var c sessionCache
	for i := range 2 * sessionEntries {
		hash := [32]byte{byte(i), byte(i >> 8), byte(i >> 16)}
		_, epoch, _ := c.find(hash)
		c.keep(hash, Principal{}, epoch)
	}
	n := 0
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		n += len(s.young) + len(s.old)
		s.mu.Unlock()
	}
	if n > sessionEntries || n == 0 {
		t.Errorf("%d entries are kept", n)
	}
}

func BenchmarkSessionCache(b *testing.B) {
	var c sessionCache
	hash := [32]byte{7}
	c.keep(hash, Principal{}, 0)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			c.find(hash)
		}
	})
}

func TestValidLanguage(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"", "de", "pt-BR", "zh-Hans-CN", "sl-rozaj-biske-1994", "en-x-a"} {
		if !validLanguage(good) {
			t.Errorf("%q is refused", good)
		}
	}
	for _, bad := range []string{"d", "-", "de-", "-de", "d3", "de_DE", "de-ÄÖ", "abcdefghi", "de-abcdefghi", "de " + strings.Repeat("-aa", 12), "de-DE\x00"} {
		if validLanguage(bad) {
			t.Errorf("%q is accepted", bad)
		}
	}
}
