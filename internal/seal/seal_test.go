package seal_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"github.com/sealpost/sealpost/internal/seal"
)

func newKey(t testing.TB) seal.Key {
	t.Helper()
	key, err := seal.NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func drawKey(t *rapid.T, name string) seal.Key {
	b := rapid.SliceOfN(rapid.Byte(), 32, 32).Filter(func(b []byte) bool { return !bytes.Equal(b, make([]byte, 32)) })
	return seal.Key(b.Draw(t, name))
}

func drawLabel(t *rapid.T, name string) seal.Label {
	id := rapid.SliceOfN(rapid.Byte(), 16, 16)
	return seal.Label{
		Kind:    rapid.SampledFrom([]seal.Kind{seal.KindMessage, seal.KindDraft, seal.KindEvidence}).Draw(t, name+" kind"),
		Scope:   [16]byte(id.Draw(t, name+" scope")),
		Object:  [16]byte(id.Draw(t, name+" object")),
		Version: rapid.Int32().Draw(t, name+" version"),
	}
}

// neighbours are labels that differ from l in one respect each.
func neighbours(l seal.Label) []seal.Label {
	kind, scope, object, version, swapped := l, l, l, l, l
	kind.Kind ^= 1
	scope.Scope[15] ^= 1
	object.Object[0] ^= 0x80
	version.Version++
	swapped.Scope, swapped.Object = l.Object, l.Scope
	list := []seal.Label{kind, scope, object, version}
	if swapped != l {
		list = append(list, swapped)
	}
	return list
}

func flip(t *rapid.T, b []byte) []byte {
	bit := rapid.IntRange(0, len(b)*8-1).Draw(t, "bit")
	c := bytes.Clone(b)
	c[bit/8] ^= 1 << (bit % 8)
	return c
}

// Content comes back under its own key and label and under nothing else (R18).
func TestContentOpensOnlyAsSealed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		key, other := drawKey(t, "key"), drawKey(t, "other")
		l := drawLabel(t, "label")
		body := rapid.SliceOfN(rapid.Byte(), 0, 3000).Draw(t, "body")
		sealed, err := seal.Content(rand.Reader, key, l, body)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := seal.OpenContent(key, l, sealed); err != nil || !bytes.Equal(got, body) {
			t.Fatalf("opened %d bytes of %d: %v", len(got), len(body), err)
		}
		if len(sealed) != seal.PaddedSize(len(body))+seal.Overhead {
			t.Fatalf("sealed %d bytes into %d", len(body), len(sealed))
		}
		refused := func(what string, key seal.Key, l seal.Label, sealed []byte) {
			if _, err := seal.OpenContent(key, l, sealed); !errors.Is(err, seal.ErrSealed) {
				t.Fatalf("%s: %v", what, err)
			}
		}
		refused("flipped bit", key, l, flip(t, sealed))
		refused("short", key, l, sealed[:rapid.IntRange(0, len(sealed)-1).Draw(t, "cut")])
		refused("long", key, l, append(bytes.Clone(sealed), 0))
		if other != key {
			refused("other key", other, l, sealed)
		}
		for _, n := range neighbours(l) {
			refused("other label", key, n, sealed)
		}
	})
}

// A wrap cannot be moved to another message or to another wrapping key (R18).
func TestWrapOpensOnlyAsSealed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		wrapping, key := drawKey(t, "wrapping"), drawKey(t, "key")
		l := drawLabel(t, "label")
		ref := seal.KeyRef(rapid.Int64().Filter(func(n int64) bool { return n != 0 }).Draw(t, "ref"))
		wrapped, err := seal.Wrap(rand.Reader, wrapping, ref, l, key)
		if err != nil {
			t.Fatal(err)
		}
		if len(wrapped) != seal.WrappedSize {
			t.Fatalf("%d bytes", len(wrapped))
		}
		if got, err := seal.Unwrap(wrapping, ref, l, wrapped); err != nil || got != key {
			t.Fatalf("unwrap: %v", err)
		}
		refused := func(what string, wrapping seal.Key, ref seal.KeyRef, l seal.Label, wrapped []byte) {
			got, err := seal.Unwrap(wrapping, ref, l, wrapped)
			if !errors.Is(err, seal.ErrSealed) || !got.IsZero() {
				t.Fatalf("%s: %v", what, err)
			}
		}
		refused("flipped bit", wrapping, ref, l, flip(t, wrapped))
		refused("short", wrapping, ref, l, wrapped[:len(wrapped)-1])
		refused("long", wrapping, ref, l, append(bytes.Clone(wrapped), 0))
		refused("deleted", wrapping, 0, l, wrapped)
		refused("other ref", wrapping, ref+1, l, wrapped)
		refused("opposite ref", wrapping, ^ref, l, wrapped)
		if wrapping != key {
			refused("other key", key, ref, l, wrapped)
		}
		for _, n := range neighbours(l) {
			refused("other label", wrapping, ref, n, wrapped)
		}
	})
}

// R1: nothing about the content can be told from its sealed size but the class.
func TestPaddedSize(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ n, want int }{
		{-1, 0},
		{0, 256},
		{252, 256},
		{253, 512},
		{508, 512},
		{509, 1024},
		{1<<20 - 4, 1 << 20},
		{1<<20 - 3, 1 << 21},
		{seal.MaxBody, 1 << 21},
		{seal.MaxBody + 1, 0},
	} {
		if got := seal.PaddedSize(c.n); got != c.want {
			t.Errorf("PaddedSize(%d) = %d, want %d", c.n, got, c.want)
		}
	}
}

func TestContentLimits(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	sealed, err := seal.Content(rand.Reader, key, seal.Label{}, make([]byte, seal.MaxBody))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := seal.OpenContent(key, seal.Label{}, sealed); err != nil || len(got) != seal.MaxBody {
		t.Errorf("largest body: %d bytes, %v", len(got), err)
	}
	if _, err := seal.Content(rand.Reader, key, seal.Label{}, make([]byte, seal.MaxBody+1)); !errors.Is(err, seal.ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
}

// What authenticates but breaks the format is refused too: a length beyond the
// padding must not reach the slice expression.
func TestContentWithWrongLength(t *testing.T) {
	t.Parallel()
	key, l := newKey(t), seal.Label{Kind: seal.KindMessage, Version: 3}
	for _, length := range []uint32{253, 256, 257, 1 << 20, 1<<20 + 1, 1 << 31, 1<<32 - 1} {
		padded := make([]byte, 256)
		binary.BigEndian.PutUint32(padded, length)
		if _, err := seal.OpenContent(key, l, sealByHand(t, key, l, padded)); !errors.Is(err, seal.ErrSealed) {
			t.Errorf("length %d: %v", length, err)
		}
	}
	// A body in a larger class than its own would let its size say something.
	if _, err := seal.OpenContent(key, l, sealByHand(t, key, l, make([]byte, 512))); !errors.Is(err, seal.ErrSealed) {
		t.Error("oversized class accepted")
	}
}

// sealByHand follows docs/decisions/sealing.md with the standard library alone.
func sealByHand(t *testing.T, key seal.Key, l seal.Label, padded []byte) []byte {
	t.Helper()
	block, err := aes.NewCipher(key[:])
	if err != nil {
		t.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	data := []byte("sealpost/content/1\x00")
	data = append(data, l.Kind)
	data = append(data, l.Scope[:]...)
	data = append(data, l.Object[:]...)
	data = binary.BigEndian.AppendUint32(data, uint32(l.Version))
	nonce := bytes.Repeat([]byte{7}, 12)
	return append(append([]byte{1}, nonce...), aead.Seal(nil, nonce, padded, data)...)
}

func TestContentOpensAsDocumented(t *testing.T) {
	t.Parallel()
	key, l := newKey(t), seal.Label{Kind: seal.KindDraft, Scope: [16]byte{1}, Object: [16]byte{2}, Version: -1}
	padded := append([]byte{0, 0, 0, 5}, "hello"...)
	padded = append(padded, make([]byte, 256-len(padded))...)
	if got, err := seal.OpenContent(key, l, sealByHand(t, key, l, padded)); err != nil || string(got) != "hello" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestRefusesZeroKeysAndBrokenRandomness(t *testing.T) {
	t.Parallel()
	key, broken := newKey(t), iotest.ErrReader(errors.New("no entropy"))
	_, content := seal.Content(rand.Reader, seal.Key{}, seal.Label{}, nil)
	_, wrap := seal.Wrap(rand.Reader, seal.Key{}, 1, seal.Label{}, key)
	_, wrapped := seal.Wrap(rand.Reader, key, 1, seal.Label{}, seal.Key{})
	_, token := seal.SealToken(rand.Reader, seal.Key{}, nil, nil)
	for i, err := range []error{content, wrap, wrapped, token} {
		if !errors.Is(err, seal.ErrZeroKey) {
			t.Errorf("zero key %d: %v", i, err)
		}
	}
	if _, err := seal.Wrap(rand.Reader, key, 0, seal.Label{}, key); !errors.Is(err, seal.ErrNoRef) {
		t.Errorf("no reference: %v", err)
	}
	if _, err := seal.NewKey(broken); err == nil {
		t.Error("key without randomness")
	}
	if _, err := seal.NewKey(bytes.NewReader(make([]byte, 32))); err == nil {
		t.Error("key of zeros")
	}
	if out, err := seal.Content(broken, key, seal.Label{}, nil); err == nil || out != nil {
		t.Error("content without randomness")
	}
	if out, err := seal.Wrap(broken, key, 1, seal.Label{}, key); err == nil || out != nil {
		t.Error("wrap without randomness")
	}
	if out, err := seal.SealToken(broken, key, nil, nil); err == nil || out != "" {
		t.Error("token without randomness")
	}
}

var update = flag.Bool("update", false, "write the golden file anew; only for a new format version")

// Sealed bytes outlive the program that wrote them, so a format never changes
// under its version.
func TestGolden(t *testing.T) {
	t.Parallel()
	const file = "testdata/golden.txt"
	got := golden(t)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the format changed:\n%s\nwant:\n%s", got, want)
	}
	openGolden(t, string(want))
}

func goldenLabel() seal.Label {
	return seal.Label{Kind: seal.KindMessage, Scope: [16]byte{0xC0, 1}, Object: [16]byte{0x0B, 2}, Version: 1}
}

func goldenKeys() (key, wrapping seal.Key) {
	return seal.Key(bytes.Repeat([]byte{0x11}, 32)), seal.Key(bytes.Repeat([]byte{0x22}, 32))
}

func golden(t *testing.T) string {
	t.Helper()
	fixed := mathrand.NewChaCha8([32]byte{9})
	key, wrapping := goldenKeys()
	var out strings.Builder
	line := func(name string, b []byte, err error) {
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&out, "%s %s\n", name, hex.EncodeToString(b))
	}
	content, err := seal.Content(fixed, key, goldenLabel(), []byte("See you at nine."))
	line("content", content, err)
	epoch, err := seal.Wrap(fixed, wrapping, seal.EpochRef(498_000), goldenLabel(), key)
	line("wrap-epoch", epoch, err)
	long, err := seal.Wrap(fixed, wrapping, seal.LongTermRef(1), goldenLabel(), key)
	line("wrap-longterm", long, err)
	mac := seal.Fingerprint(key, []byte("a"), []byte("bc"))
	line("fingerprint", mac[:], nil)
	derived := seal.Derive(key, "cursor", []byte("a"), []byte("bc"))
	line("derive", derived[:], nil)
	token, err := seal.SealToken(fixed, key, []byte("viewer"), []byte("position"))
	line("token", []byte(token), err)
	return out.String()
}

// openGolden proves that what is on file can be read, not only written alike.
func openGolden(t *testing.T, text string) {
	t.Helper()
	vectors := make(map[string][]byte)
	for line := range strings.Lines(text) {
		name, digits, _ := strings.Cut(strings.TrimSpace(line), " ")
		b, err := hex.DecodeString(digits)
		if err != nil {
			t.Fatal(err)
		}
		vectors[name] = b
	}
	key, wrapping := goldenKeys()
	if got, err := seal.OpenContent(key, goldenLabel(), vectors["content"]); err != nil || string(got) != "See you at nine." {
		t.Errorf("content: %q, %v", got, err)
	}
	if got, err := seal.Unwrap(wrapping, seal.EpochRef(498_000), goldenLabel(), vectors["wrap-epoch"]); err != nil || got != key {
		t.Errorf("epoch wrap: %v", err)
	}
	if got, err := seal.Unwrap(wrapping, seal.LongTermRef(1), goldenLabel(), vectors["wrap-longterm"]); err != nil || got != key {
		t.Errorf("long-term wrap: %v", err)
	}
	if got, err := seal.OpenToken(key, []byte("viewer"), string(vectors["token"])); err != nil || string(got) != "position" {
		t.Errorf("token: %q, %v", got, err)
	}
}
