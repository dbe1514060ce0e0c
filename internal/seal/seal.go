// Package seal turns content into ciphertext and back, and wraps the keys that
// do it. It is pure: randomness comes in as an io.Reader, time as a number, and
// nothing is read from or written to the outside.
//
// The promise it carries: whoever destroys a key has destroyed what was sealed
// under it (R18). So nothing here leaves a trace of content that outlives its
// key: lengths are hidden in size classes (R1) and hashes are MACs under a key
// derived from the message key.
//
// docs/decisions/sealing.md describes the formats byte by byte.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
)

// MaxBody is the largest plaintext that Content seals, in bytes.
const MaxBody = 1 << 20

// WrappedSize is the length of every wrapped key, in bytes.
const WrappedSize = overhead + len(Key{})

// Overhead is what Content adds to the padded size of a plaintext, in bytes.
const Overhead = overhead

const (
	// formatVersion is the first byte of everything sealed. A new format takes
	// the next value, and the old one stays readable.
	formatVersion = 1

	nonceSize    = 12
	tagSize      = 16
	headerSize   = 1 + nonceSize
	overhead     = headerSize + tagSize
	lengthPrefix = 4
	minClass     = 256
	maxClass     = 2 * MaxBody
)

// Purposes are the first bytes of the additional data, so that what was sealed
// for one purpose never opens as another, even under the same key.
const (
	purposeContent = "sealpost/content/1\x00"
	purposeWrap    = "sealpost/wrap/1\x00"
	purposeToken   = "sealpost/token/1\x00"
)

var (
	// ErrSealed means that sealed bytes do not open under this key and label.
	// It does not say why: a wrong key, another label and damage look the same.
	ErrSealed = errors.New("seal: cannot be opened")
	// ErrTooLarge means that a plaintext is longer than its limit.
	ErrTooLarge = errors.New("seal: too large")
	// ErrToken means that a token was not made by this installation for this
	// context, or is damaged.
	ErrToken = errors.New("seal: invalid token")
	// ErrZeroKey means that a key was used that was never made or was zeroed.
	// Sealing under it would be no sealing at all.
	ErrZeroKey = errors.New("seal: zero key")
	// ErrNoKey means that a wrapping key does not exist, or not any more. Key stores
	// answer with it.
	ErrNoKey = errors.New("seal: no such key")
	// ErrNoRef means that a key was to be wrapped under the reference that
	// stands for "deleted".
	ErrNoRef = errors.New("seal: no wrapping key named")
)

// Kind says what a label names. The values are part of the sealed format.
type Kind = byte

const (
	// KindMessage is a version of a message; its scope is the conversation.
	KindMessage Kind = 1
	// KindDraft is a version of a draft; its scope is the owner.
	KindDraft Kind = 2
	// KindEvidence is what a report of a message froze (R23); its scope is the
	// conversation, its object the report.
	KindEvidence Kind = 3
)

// Label is what a sealed thing is bound to: sealed bytes and wrapped keys open
// only under the label they were made with, so that nobody who can write to the
// database can show one message in the place of another.
type Label struct {
	Kind    Kind
	Scope   [16]byte // the conversation of a message, the owner of a draft
	Object  [16]byte // the message or draft
	Version int32    // counts the edits of the object
}

const labelSize = 1 + 16 + 16 + 4

func (l Label) append(b []byte) []byte {
	b = append(b, l.Kind)
	b = append(b, l.Scope[:]...)
	b = append(b, l.Object[:]...)
	return binary.BigEndian.AppendUint32(b, uint32(l.Version))
}

// PaddedSize returns the size class that hides the length of a plaintext of n
// bytes: 256, 512, 1024 and so on, doubling, the length prefix of four bytes
// included (R1). It returns 0 if n is negative or above MaxBody.
func PaddedSize(n int) int {
	switch {
	case n < 0 || n > MaxBody:
		return 0
	case n+lengthPrefix <= minClass:
		return minClass
	}
	return 1 << bits.Len(uint(n+lengthPrefix-1))
}

// Content seals a plaintext of at most MaxBody bytes under the key of one object
// version. The result is Overhead bytes longer than PaddedSize(len(plaintext)),
// whatever the plaintext says. A key is meant for one plaintext.
func Content(rand io.Reader, key Key, l Label, plaintext []byte) ([]byte, error) {
	size := PaddedSize(len(plaintext))
	if size == 0 {
		return nil, ErrTooLarge
	}
	// The plaintext is laid out where its ciphertext will stand, so that no
	// second copy of it is left behind in memory.
	out := make([]byte, headerSize+size, headerSize+size+tagSize)
	binary.BigEndian.PutUint32(out[headerSize:], uint32(len(plaintext)))
	copy(out[headerSize+lengthPrefix:], plaintext)
	sealed, err := sealInPlace(rand, key, out, contentData(l))
	if err != nil {
		clear(out)
	}
	return sealed, err
}

// OpenContent returns the plaintext that Content sealed, or ErrSealed. It is
// total: any bytes may be given to it.
func OpenContent(key Key, l Label, sealed []byte) ([]byte, error) {
	size := len(sealed) - overhead
	if size < minClass || size > maxClass || bits.OnesCount(uint(size)) != 1 {
		return nil, ErrSealed
	}
	padded, err := open(key, sealed, contentData(l))
	if err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(padded)
	if n > MaxBody || PaddedSize(int(n)) != size {
		clear(padded)
		return nil, ErrSealed
	}
	end := lengthPrefix + int(n)
	return padded[lengthPrefix:end:end], nil
}

func contentData(l Label) []byte {
	return l.append(append(make([]byte, 0, len(purposeContent)+labelSize), purposeContent...))
}

// Wrap seals a message key under the wrapping key that ref names. Reference and
// label are bound in, so that a wrap cannot be moved to another message or
// passed off as a wrap of another epoch. The result has WrappedSize bytes.
//
// Nonces are random: one wrapping key must stay below 2^32 wraps.
func Wrap(rand io.Reader, wrapping Key, ref KeyRef, l Label, key Key) ([]byte, error) {
	if ref == 0 {
		return nil, ErrNoRef
	}
	if key.IsZero() {
		return nil, ErrZeroKey
	}
	out := make([]byte, headerSize+len(key), WrappedSize)
	copy(out[headerSize:], key[:])
	wrapped, err := sealInPlace(rand, wrapping, out, wrapData(ref, l))
	if err != nil {
		clear(out)
	}
	return wrapped, err
}

// Unwrap returns the key that Wrap sealed, or ErrSealed. It is total.
func Unwrap(wrapping Key, ref KeyRef, l Label, wrapped []byte) (Key, error) {
	if ref == 0 || len(wrapped) != WrappedSize {
		return Key{}, ErrSealed
	}
	plain, err := open(wrapping, wrapped, wrapData(ref, l))
	if err != nil {
		return Key{}, err
	}
	key := Key(plain)
	clear(plain)
	return key, nil
}

func wrapData(ref KeyRef, l Label) []byte {
	b := make([]byte, 0, len(purposeWrap)+8+labelSize)
	b = append(b, purposeWrap...)
	b = binary.BigEndian.AppendUint64(b, uint64(ref))
	return l.append(b)
}

// sealInPlace completes out, which holds room for the header followed by the
// plaintext and has spare capacity for the tag.
func sealInPlace(rand io.Reader, key Key, out, additional []byte) ([]byte, error) {
	if key.IsZero() {
		return nil, ErrZeroKey
	}
	out[0] = formatVersion
	nonce := out[1:headerSize]
	if _, err := io.ReadFull(rand, nonce); err != nil {
		return nil, fmt.Errorf("seal: reading randomness: %w", err)
	}
	aead, err := newGCM(key)
	if err != nil {
		return nil, err
	}
	return aead.Seal(out[:headerSize], nonce, out[headerSize:], additional), nil
}

func open(key Key, sealed, additional []byte) ([]byte, error) {
	if len(sealed) < overhead || sealed[0] != formatVersion || key.IsZero() {
		return nil, ErrSealed
	}
	aead, err := newGCM(key)
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, sealed[1:headerSize], sealed[headerSize:], additional)
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

func newGCM(key Key) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, fmt.Errorf("seal: cipher: %w", err)
	}
	return cipher.NewGCM(block)
}
