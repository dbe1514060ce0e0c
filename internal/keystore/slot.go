package keystore

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"os"
	"slices"

	"github.com/sealpost/sealpost/internal/seal"
)

// A slot is one sector, the unit that a disk replaces as a whole. All numbers are
// big-endian:
//
//	  0  magic "SPKEYS", then two digits of the format version
//	  8  kind
//	 16  number: hour of an epoch key, n of a long-term key, else 1
//	 24  created, microseconds since 1970 UTC
//	 32  key
//	 64  installation id
//	 80  zeros
//	496  SHA-256 of bytes 0 to 495, the first 16 bytes
const (
	slotSize  = 512
	slotCount = 256

	atKind         = 8
	atNumber       = 16
	atCreated      = 24
	atKey          = 32
	atInstallation = 64
	atRest         = 80
	atChecksum     = 496
)

const magic = "SPKEYS01"

// The kind keeps a slot from being taken for another when files are mixed up.
const (
	kindEpoch    byte = 'E'
	kindLongTerm byte = 'L'
	kindRoot     byte = 'R'
	kindComplete byte = 'C' // the second slot of the root file: creation is over
)

type slot struct {
	kind         byte
	number       int64
	created      int64 // microseconds
	key          seal.Key
	installation [16]byte
}

func (s *slot) encode() []byte {
	b := make([]byte, slotSize)
	copy(b, magic)
	b[atKind] = s.kind
	binary.BigEndian.PutUint64(b[atNumber:], uint64(s.number))
	binary.BigEndian.PutUint64(b[atCreated:], uint64(s.created))
	copy(b[atKey:], s.key[:])
	copy(b[atInstallation:], s.installation[:])
	sum := sha256.Sum256(b[:atChecksum])
	copy(b[atChecksum:], sum[:])
	return b
}

// decodeSlot reads a slot. Whatever is not a whole slot of that kind is not one at
// all: a torn creation was never acknowledged, and a torn destruction must not
// bring its key back.
func decodeSlot(kind byte, b []byte) (slot, bool) {
	if string(b[:len(magic)]) != magic || b[atKind] != kind {
		return slot{}, false
	}
	sum := sha256.Sum256(b[:atChecksum])
	if !bytes.Equal(sum[:slotSize-atChecksum], b[atChecksum:]) {
		return slot{}, false
	}
	return slot{
		kind:         kind,
		number:       int64(binary.BigEndian.Uint64(b[atNumber:])),
		created:      int64(binary.BigEndian.Uint64(b[atCreated:])),
		key:          seal.Key(b[atKey:atInstallation]),
		installation: [16]byte(b[atInstallation:atRest]),
	}, true
}

// slotFile is a file of fixed slots. It is written once at its full size and from
// then on only overwritten in place: never grown, copied or renamed.
type slotFile struct {
	f     *os.File
	kind  byte
	slots int
	// write is writeAt, except in tests that tear a write.
	write func(f *os.File, b []byte, offset int64) error
}

// table is what a slot file held at one moment. A nil entry is not a live slot.
type table struct {
	live  []*slot
	dirty []bool // not live, and not all zeros either: a torn write
}

func (t *table) find(number int64) (int, *slot) {
	for i, s := range t.live {
		if s != nil && s.number == number {
			return i, s
		}
	}
	return -1, nil
}

func (t *table) empty() bool {
	return !slices.ContainsFunc(t.live, func(s *slot) bool { return s != nil })
}

// free returns the first slot that does not live, or -1. It may be a torn one: its
// remains are then overwritten at once.
func (t *table) free() int { return slices.Index(t.live, nil) }

// afterLast returns the slot behind the last one ever written, or -1. A torn slot
// is passed over and its number lost: it may also be a key that went bad on disk,
// and that number must not get a second key.
func (t *table) afterLast() int {
	for i := len(t.live) - 1; i >= 0; i-- {
		if t.live[i] != nil || t.dirty[i] {
			if i+1 == len(t.live) {
				return -1
			}
			return i + 1
		}
	}
	return 0
}

// zero overwrites the keys of a table that is done with.
func (t *table) zero() {
	for _, s := range t.live {
		if s != nil {
			s.key.Zero()
		}
	}
}

// read reads the whole file. Callers hold the directory lock, so that they never
// see another process in the middle of a write.
func (f *slotFile) read(installation [16]byte) (*table, error) {
	raw := make([]byte, f.slots*slotSize)
	defer clear(raw)
	info, err := f.f.Stat()
	if err != nil {
		return nil, fmt.Errorf("keystore: %w", err)
	}
	if info.Size() != int64(len(raw)) {
		return nil, fmt.Errorf("%w: %s has %d bytes instead of %d", ErrDamaged, info.Name(), info.Size(), len(raw))
	}
	if _, err := f.f.ReadAt(raw, 0); err != nil {
		return nil, fmt.Errorf("keystore: %w", err)
	}
	t := &table{live: make([]*slot, f.slots), dirty: make([]bool, f.slots)}
	zeros := make([]byte, slotSize)
	for i := range f.slots {
		b := raw[i*slotSize : (i+1)*slotSize]
		s, ok := decodeSlot(f.kind, b)
		if !ok {
			t.dirty[i] = !bytes.Equal(b, zeros)
			continue
		}
		if s.installation != installation {
			return nil, fmt.Errorf("%w: %s holds keys of another installation", ErrDamaged, info.Name())
		}
		t.live[i] = &s
	}
	return t, nil
}

// put overwrites slot i and makes it durable. If we die in it, the slot is whole,
// or torn and therefore no slot; nothing was acknowledged.
func (f *slotFile) put(i int, s *slot) error {
	b := s.encode()
	defer clear(b)
	if err := f.write(f.f, b, int64(i)*slotSize); err != nil {
		return err
	}
	return f.sync()
}

// scrub overwrites with zeros every slot that t does not list as live, and makes
// that durable. Free slots are written again as well: an earlier overwrite may have
// reached the page cache, failed in fsync, and be counted as clean by the kernel.
// If we die in it, what was not reached yet is reached by the next scrub.
func (f *slotFile) scrub(t *table) error {
	for i := 0; i < len(t.live); i++ {
		first := i
		for i < len(t.live) && t.live[i] == nil {
			i++
		}
		if i == first {
			continue
		}
		if err := f.write(f.f, make([]byte, (i-first)*slotSize), int64(first)*slotSize); err != nil {
			return err
		}
	}
	return f.sync()
}

func (f *slotFile) sync() error {
	if err := f.f.Sync(); err != nil {
		return fmt.Errorf("keystore: %w", err)
	}
	return nil
}

// writeAt is how slots reach the disk; tests put a tearing one in its place.
func writeAt(f *os.File, b []byte, offset int64) error {
	if _, err := f.WriteAt(b, offset); err != nil {
		return fmt.Errorf("keystore: %w", err)
	}
	return nil
}
