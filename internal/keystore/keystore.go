// Package keystore keeps the keys that everything else depends on in a directory
// of its own, outside the database and its backups.
//
// Its point is to forget: an epoch key lives in a slot of a preallocated file,
// and destroying it overwrites that slot in place, so that no file of the
// directory holds it afterwards (R18). docs/decisions/keystore.md says what this
// can promise and what not.
//
// Several processes may share a directory. Every access to the files happens under
// a lock of the directory; what is cached is only what never changes: a key, until
// it is destroyed.
package keystore

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"

	"github.com/sealpost/sealpost/internal/seal"
)

var (
	// ErrNoKey means that no key of that hour or number exists (any more).
	ErrNoKey = seal.ErrNoKey
	// ErrFull means that every slot is taken; nothing was created.
	ErrFull = errors.New("keystore: no free slot")
	// ErrPermissions means that others than the owner could read the keys.
	ErrPermissions = errors.New("keystore: permissions too wide")
	// ErrIncomplete means that a file is missing which the others need. Such a
	// directory is refused, because going on would make content unreadable.
	ErrIncomplete = errors.New("keystore: directory is incomplete")
	// ErrDamaged means that a file is not what was written.
	ErrDamaged = errors.New("keystore: directory is damaged")
	// ErrBusy means that another process held the directory for ten seconds.
	ErrBusy = errors.New("keystore: directory is held by another process")
	// ErrClosed means that the store was used after Close.
	ErrClosed = errors.New("keystore: closed")
	// ErrBackup means that a backup was not made by this program, or is damaged.
	ErrBackup = errors.New("keystore: not a backup that can be read")
	// ErrNotEmpty means that there is something where a backup was to be restored.
	ErrNotEmpty = errors.New("keystore: directory is not empty")
)

// EpochInfo describes a live epoch key.
type EpochInfo struct {
	Hour          int64 // hours since 1970 UTC
	CreatedMicros int64 // microseconds since 1970 UTC
}

// Store is an open key directory. Its methods may be called concurrently.
type Store struct {
	dir          string
	lock         *os.File
	root         *os.File
	epochs       *slotFile
	longterm     *slotFile
	rootKey      seal.Key
	installation [16]byte

	// mu is held across a read of the files and the change of the cache that
	// follows, so that a key cannot enter the cache after it was destroyed.
	// It is taken before the lock of the directory.
	mu         sync.RWMutex
	rand       io.Reader           // mu, exclusively
	epochCache map[int64]*seal.Key // mu
	longCache  map[int64]*seal.Key // mu
	current    int64               // mu; number of the current long-term key
	closed     bool                // mu
}

// Format redacts: fmt would otherwise print the keys inside.
func (s *Store) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "keystore "+s.dir) }

// LogValue redacts.
func (s *Store) LogValue() slog.Value { return slog.StringValue("keystore " + s.dir) }

// Dir returns the directory as given to Open.
func (s *Store) Dir() string { return s.dir }

// Root returns the installation secret, from which other secrets are derived. It
// never changes.
func (s *Store) Root() seal.Key {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.rootKey
}

// Installation returns the id of this installation. It is not secret.
func (s *Store) Installation() [16]byte { return s.installation }

// CreateEpoch returns the key of an hour, making it if there is none; every process
// that asks gets the same key. When it returns without an error the key is on
// disk. nowMicros (UTC) is recorded for EpochInfo and decides nothing.
// ErrFull if 256 epochs are alive.
func (s *Store) CreateEpoch(hour, nowMicros int64) (seal.Key, error) {
	if hour < 1 {
		return seal.Key{}, fmt.Errorf("keystore: hour %d cannot have an epoch key", hour)
	}
	var made slot
	err := s.exclusive(func() error {
		t, err := s.epochs.read(s.installation)
		if err != nil {
			return err
		}
		defer t.zero()
		// The files decide and not the cache: another process may have
		// destroyed the key, and sealing under what is gone loses content.
		i, found := t.find(hour)
		if found != nil {
			made = *found
		} else {
			if i = t.free(); i < 0 {
				return ErrFull
			}
			key, err := seal.NewKey(s.rand)
			if err != nil {
				return err
			}
			made = slot{kind: kindEpoch, number: hour, created: nowMicros, key: key, installation: s.installation}
		}
		// A slot that is there already is written once more: whoever wrote it
		// may have died before it was durable.
		if err := s.epochs.put(i, &made); err != nil {
			return err
		}
		s.cacheEpoch(hour, made.key)
		return nil
	})
	defer made.key.Zero()
	if err != nil {
		return seal.Key{}, err
	}
	return made.key, nil
}

// Epoch returns the key of an hour, or ErrNoKey. It is answered from memory when
// this process has seen the key; a process that learns that another one destroyed
// a key calls Forget.
func (s *Store) Epoch(hour int64) (seal.Key, error) {
	if key, ok := s.cached(s.epochCache, hour); ok {
		return key, nil
	}
	var key seal.Key
	err := s.shared(func() error {
		t, err := s.epochs.read(s.installation)
		if err != nil {
			return err
		}
		defer t.zero()
		_, found := t.find(hour)
		if found == nil {
			return ErrNoKey
		}
		key = found.key
		s.cacheEpoch(hour, key)
		return nil
	})
	return key, err
}

// cached copies a key out of a cache; the maps themselves are never replaced.
func (s *Store) cached(cache map[int64]*seal.Key, number int64) (seal.Key, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	key := cache[number]
	if key == nil {
		return seal.Key{}, false
	}
	return *key, true
}

// DestroyEpoch overwrites the key of an hour with zeros, on disk and in this
// process (R18). When it returns without an error no file of the directory holds
// the key. It may be repeated; after an error it must be, for then nothing is known.
func (s *Store) DestroyEpoch(hour int64) error {
	return s.exclusive(func() error {
		s.dropEpoch(hour)
		t, err := s.epochs.read(s.installation)
		if err != nil {
			return err
		}
		defer t.zero()
		for i, found := range t.live {
			if found != nil && found.number == hour {
				found.key.Zero()
				t.live[i] = nil
			}
		}
		// Scrubbing all that is not alive also finishes an overwrite of this
		// very key that was torn before: its slot has no number any more.
		return s.epochs.scrub(t)
	})
}

// Forget drops the key of an hour from the memory of this process, after another
// process destroyed it.
func (s *Store) Forget(hour int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropEpoch(hour)
}

// Epochs lists the epoch keys that are on disk, in no particular order.
func (s *Store) Epochs() ([]EpochInfo, error) {
	var list []EpochInfo
	err := s.shared(func() error {
		t, err := s.epochs.read(s.installation)
		if err != nil {
			return err
		}
		defer t.zero()
		for _, found := range t.live {
			if found != nil {
				list = append(list, EpochInfo{Hour: found.number, CreatedMicros: found.created})
			}
		}
		return nil
	})
	return list, err
}

// LongTerm returns the number and key that new long-term wraps are made under. A
// process that did not rotate itself keeps the older key until it meets a newer
// one, which is as good: both live for ever.
func (s *Store) LongTerm() (int64, seal.Key) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return 0, seal.Key{}
	}
	return s.current, *s.longCache[s.current]
}

// LongTermKey returns long-term key n, or ErrNoKey.
func (s *Store) LongTermKey(n int64) (seal.Key, error) {
	if key, ok := s.cached(s.longCache, n); ok {
		return key, nil
	}
	var found seal.Key
	err := s.shared(func() error {
		if err := s.loadLongTerm(); err != nil {
			return err
		}
		if s.longCache[n] == nil {
			return ErrNoKey
		}
		found = *s.longCache[n]
		return nil
	})
	return found, err
}

// RotateLongTerm makes a new long-term key and returns its number. Older ones stay
// readable. It should be followed by a backup: until then the disk has the only
// copy. ErrFull after 256 keys.
func (s *Store) RotateLongTerm(nowMicros int64) (int64, error) {
	var number int64
	err := s.exclusive(func() error {
		t, err := s.longterm.read(s.installation)
		if err != nil {
			return err
		}
		defer t.zero()
		i := t.afterLast()
		if i < 0 {
			return ErrFull
		}
		key, err := seal.NewKey(s.rand)
		if err != nil {
			return err
		}
		defer key.Zero()
		made := slot{kind: kindLongTerm, number: int64(i) + 1, created: nowMicros, key: key, installation: s.installation}
		if err := s.longterm.put(i, &made); err != nil {
			// Nobody may take up a key that the disk refused: the page cache
			// would go on showing it until the machine stops.
			return errors.Join(err, writeAt(s.longterm.f, make([]byte, slotSize), int64(i)*slotSize))
		}
		number = made.number
		return s.loadLongTerm()
	})
	return number, err
}

// Close zeroes the keys in memory and closes the files. Closing twice is harmless.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	s.rootKey.Zero()
	for hour := range s.epochCache {
		s.dropEpoch(hour)
	}
	for n, key := range s.longCache {
		key.Zero()
		delete(s.longCache, n)
	}
	return s.closeFiles()
}

// exclusive runs fn as the only one in this process and in this directory.
func (s *Store) exclusive(fn func() error) error { return s.hold(true, fn) }

// shared runs fn beside readers in other processes, alone in this one.
func (s *Store) shared(fn func() error) error { return s.hold(false, fn) }

func (s *Store) hold(exclusive bool, fn func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	return withLock(s.lock, exclusive, fn)
}

// cacheEpoch and dropEpoch need mu.
func (s *Store) cacheEpoch(hour int64, key seal.Key) {
	s.dropEpoch(hour)
	s.epochCache[hour] = &key
}

func (s *Store) dropEpoch(hour int64) {
	if key := s.epochCache[hour]; key != nil {
		key.Zero()
		delete(s.epochCache, hour)
	}
}

// loadLongTerm reads all long-term keys into the cache. It needs mu and the lock
// of the directory.
func (s *Store) loadLongTerm() error {
	t, err := s.longterm.read(s.installation)
	if err != nil {
		return err
	}
	defer t.zero()
	current := s.current
	for i, found := range t.live {
		if found == nil {
			continue
		}
		if found.number != int64(i)+1 {
			return fmt.Errorf("%w: a long-term key is out of its place", ErrDamaged)
		}
		if s.longCache[found.number] == nil {
			key := found.key
			s.longCache[found.number] = &key
		}
		current = max(current, found.number)
	}
	if current == 0 {
		return fmt.Errorf("%w: no long-term key", ErrIncomplete)
	}
	if current > s.current {
		// Its maker may have died between writing it and making it durable.
		if err := s.longterm.sync(); err != nil {
			return err
		}
		s.current = current
	}
	return nil
}
