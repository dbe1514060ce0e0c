package seal

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
)

const redacted = "[key]"

// Key is a symmetric key of 256 bits. It never prints: fmt, slog and the JSON
// and text encodings all give "[key]". Two ways of fmt cannot be stopped: it walks
// into unexported fields, so a struct that keeps a key there needs a Format of its
// own; and it handles %p without asking, which go vet refuses.
type Key [32]byte

// NewKey reads a key from rand.
func NewKey(rand io.Reader) (Key, error) {
	var k Key
	if _, err := io.ReadFull(rand, k[:]); err != nil {
		return Key{}, fmt.Errorf("seal: reading randomness: %w", err)
	}
	if k.IsZero() {
		return Key{}, errors.New("seal: the source of randomness gives zeros")
	}
	return k, nil
}

// Zero overwrites the key in memory. Copies made of it stay.
func (k *Key) Zero() { clear(k[:]) }

// IsZero reports whether the key was never set, or was zeroed.
func (k Key) IsZero() bool { return k.Equal(Key{}) }

// Equal compares in constant time.
func (k Key) Equal(other Key) bool { return subtle.ConstantTimeCompare(k[:], other[:]) == 1 }

// String redacts.
func (Key) String() string { return redacted }

// GoString redacts.
func (Key) GoString() string { return redacted }

// Format redacts under every verb that fmt leaves to it, %x and %d included.
func (Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue redacts.
func (Key) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON redacts.
func (Key) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalText redacts.
func (Key) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// KeyRef names a wrapping key: above zero the epoch key of that hour (hours
// since 1970 UTC), below zero the long-term key of that number, zero none, which
// is what a deleted wrap has.
type KeyRef int64

// EpochRef names the epoch key of an hour. Hours below 1 have none.
func EpochRef(hour int64) KeyRef { return KeyRef(max(hour, 0)) }

// LongTermRef names the long-term key n. Numbers below 1 have none.
func LongTermRef(n int64) KeyRef { return -KeyRef(max(n, 0)) }

// Epoch returns the hour, if the reference names an epoch key.
func (r KeyRef) Epoch() (int64, bool) {
	if r <= 0 {
		return 0, false
	}
	return int64(r), true
}

// LongTerm returns the number, if the reference names a long-term key.
func (r KeyRef) LongTerm() (int64, bool) {
	// The smallest int64 has no positive counterpart, so it names nothing.
	if r >= 0 || -r < 0 {
		return 0, false
	}
	return int64(-r), true
}

// String is for logs; it holds no secret.
func (r KeyRef) String() string {
	if hour, ok := r.Epoch(); ok {
		return "epoch " + strconv.FormatInt(hour, 10)
	}
	if n, ok := r.LongTerm(); ok {
		return "long-term " + strconv.FormatInt(n, 10)
	}
	return "none"
}

// MicrosPerEpoch is the length of an epoch, one hour, in microseconds.
const MicrosPerEpoch = 3_600_000_000

// EpochOf returns the hour that contains a time in microseconds since 1970 UTC.
// Times before 1970 fall into negative hours.
func EpochOf(micros int64) int64 {
	hour := micros / MicrosPerEpoch
	if micros%MicrosPerEpoch < 0 {
		hour--
	}
	return hour
}

// Derive returns a key for one purpose out of a root key: HKDF-SHA256 over the
// purpose and the parts (RFC 5869 §2.3). A root key is uniformly random, which is
// when §3.3 allows leaving the extraction out.
func Derive(root Key, purpose string, parts ...[]byte) Key {
	return expand(root, string(frame("sealpost/derive/1\x00", purpose, parts)))
}

// Fingerprint returns a MAC of the parts under a key derived from the message
// key. It says whether two contents are equal as long as the message key exists,
// and nothing at all afterwards (R18). Where one part ends and the next begins is
// part of what is hashed.
func Fingerprint(key Key, parts ...[]byte) [32]byte {
	macKey := expand(key, "sealpost/fingerprint/1")
	mac := hmac.New(sha256.New, macKey[:])
	macKey.Zero()
	var length [8]byte
	for _, part := range parts {
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		mac.Write(length[:])
		mac.Write(part)
	}
	return [32]byte(mac.Sum(nil))
}

// frame joins parts so that two different lists never give the same bytes.
func frame(domain, purpose string, parts [][]byte) []byte {
	b := append([]byte(nil), domain...)
	b = binary.BigEndian.AppendUint64(b, uint64(len(purpose)))
	b = append(b, purpose...)
	for _, part := range parts {
		b = binary.BigEndian.AppendUint64(b, uint64(len(part)))
		b = append(b, part...)
	}
	return b
}

func expand(key Key, info string) Key {
	out, err := hkdf.Expand(sha256.New, key[:], info, len(Key{}))
	if err != nil {
		// Only an output longer than 255 hashes or a forbidden hash can fail.
		panic("seal: HKDF-SHA256 refused 32 bytes: " + err.Error())
	}
	return Key(out)
}
