package seal_test

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sealpost/sealpost/internal/seal"
)

type sealedIn struct{ Key seal.Key }

// No way of printing a key shows a byte of it.
func TestKeyNeverPrints(t *testing.T) {
	t.Parallel()
	key := seal.Key(bytes.Repeat([]byte{0xAB}, 32))
	holder := struct {
		Key   seal.Key
		Ptr   *seal.Key
		ByKey map[seal.Key]seal.Key
	}{key, &key, map[seal.Key]seal.Key{key: key}}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "% X", "%d", "%08b", "%c", "%U"} {
		fmt.Fprintf(&out, verb+"\n", key)
		fmt.Fprintf(&out, verb+"\n", holder)
	}
	fmt.Fprintln(&out, key.String(), key.GoString(), key, &key)
	// The time could contain what is looked for.
	noTime := &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}
	for _, handler := range []slog.Handler{slog.NewTextHandler(&out, noTime), slog.NewJSONHandler(&out, noTime)} {
		slog.New(handler).Info("x", "key", key, "ptr", &key, "holder", holder.Ptr)
	}
	for _, encode := range []func(any) ([]byte, error){json.Marshal, xml.Marshal} {
		b, err := encode(sealedIn{key})
		if err != nil {
			t.Fatal(err)
		}
		out.Write(b)
	}
	b, err := json.Marshal(holder)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(b)
	text := strings.ToLower(out.String())
	for _, sign := range []string{"ab", "171", "10101011", "q6ur", "\xab", "«"} {
		if strings.Contains(text, sign) {
			t.Errorf("output contains %q:\n%s", sign, out.String())
		}
	}
	if strings.Count(text, "[key]") < 30 {
		t.Errorf("the key was hardly printed at all:\n%s", out.String())
	}
}

func TestKeyZero(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	if key.IsZero() || !key.Equal(key) || key.Equal(newKey(t)) {
		t.Error("comparison of a fresh key")
	}
	key.Zero()
	if !key.IsZero() || key != (seal.Key{}) {
		t.Error("not zeroed")
	}
}

func TestKeyRef(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		ref            seal.KeyRef
		hour, longTerm int64
		text           string
	}{
		{seal.EpochRef(498_000), 498_000, 0, "epoch 498000"},
		{seal.LongTermRef(7), 0, 7, "long-term 7"},
		{seal.EpochRef(0), 0, 0, "none"},
		{seal.EpochRef(-5), 0, 0, "none"},
		{seal.LongTermRef(-5), 0, 0, "none"},
		{seal.LongTermRef(math.MinInt64), 0, 0, "none"},
		{seal.EpochRef(math.MaxInt64), math.MaxInt64, 0, "epoch 9223372036854775807"},
		{seal.LongTermRef(math.MaxInt64), 0, math.MaxInt64, "long-term 9223372036854775807"},
		{seal.KeyRef(math.MinInt64), 0, 0, "none"},
	} {
		hour, isEpoch := c.ref.Epoch()
		n, isLong := c.ref.LongTerm()
		if hour != c.hour || isEpoch != (c.hour != 0) || n != c.longTerm || isLong != (c.longTerm != 0) || c.ref.String() != c.text {
			t.Errorf("%d: epoch %d %t, long-term %d %t, %q", int64(c.ref), hour, isEpoch, n, isLong, c.ref)
		}
	}
}

func TestEpochOf(t *testing.T) {
	t.Parallel()
	for micros, want := range map[int64]int64{
		0: 0, 1: 0, -1: -1, seal.MicrosPerEpoch - 1: 0, seal.MicrosPerEpoch: 1,
		-seal.MicrosPerEpoch: -1, -seal.MicrosPerEpoch - 1: -2,
		math.MaxInt64: math.MaxInt64 / seal.MicrosPerEpoch, math.MinInt64: math.MinInt64/seal.MicrosPerEpoch - 1,
	} {
		if got := seal.EpochOf(micros); got != want {
			t.Errorf("EpochOf(%d) = %d, want %d", micros, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(-1e10, 1e10).Draw(t, "seconds"), rapid.Int64Range(0, 1e9-1).Draw(t, "nanos")).UTC()
		start := time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), 0, 0, 0, time.UTC)
		if got := seal.EpochOf(at.UnixMicro()); got*3600 != start.Unix() {
			t.Fatalf("%v is in hour %d, which does not begin at %v", at, got, start)
		}
	})
}

// Fingerprint and Derive depend on every part, on where parts end, and on the key;
// and neither gives what the other gives.
func TestFingerprintAndDeriveAreUnambiguous(t *testing.T) {
	t.Parallel()
	key, other := newKey(t), newKey(t)
	lists := [][][]byte{
		nil,
		{nil},
		{nil, nil},
		{[]byte("a")},
		{[]byte("a"), nil},
		{nil, []byte("a")},
		{[]byte("ab"), []byte("c")},
		{[]byte("a"), []byte("bc")},
		{[]byte("abc")},
		{make([]byte, 8)},
		{make([]byte, 16)},
		{nil, make([]byte, 8)},
	}
	seen := make(map[[32]byte]string)
	note := func(name string, sum [32]byte) {
		if before, ok := seen[sum]; ok {
			t.Errorf("%s equals %s", name, before)
		}
		seen[sum] = name
	}
	for i, list := range lists {
		note(fmt.Sprintf("fingerprint %d", i), seal.Fingerprint(key, list...))
		note(fmt.Sprintf("fingerprint %d under another key", i), seal.Fingerprint(other, list...))
		for _, purpose := range []string{"", "fingerprint", "sealpost/fingerprint/1"} {
			note(fmt.Sprintf("derive %q %d", purpose, i), seal.Derive(key, purpose, list...))
			note(fmt.Sprintf("derive %q %d under another key", purpose, i), seal.Derive(other, purpose, list...))
		}
		fingerprint, derived := seal.Fingerprint(key, list...), seal.Derive(key, "x", list...)
		if fingerprint != seal.Fingerprint(key, list...) || derived != seal.Derive(key, "x", list...) {
			t.Errorf("list %d is not deterministic", i)
		}
	}
}

// Derive relies on hkdf.Expand being RFC 5869; this is its first test vector (A.1).
func TestHKDFExpandIsRFC5869(t *testing.T) {
	t.Parallel()
	prk, _ := hex.DecodeString("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5")
	info, _ := hex.DecodeString("f0f1f2f3f4f5f6f7f8f9")
	okm, err := hkdf.Expand(sha256.New, prk, string(info), 42)
	const want = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
	if err != nil || hex.EncodeToString(okm) != want {
		t.Errorf("%x, %v", okm, err)
	}
}
