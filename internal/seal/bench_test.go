package seal_test

import (
	"crypto/rand"
	"testing"

	"github.com/sealpost/sealpost/internal/seal"
)

// One message as a send seals it: a new key, the content, and the wrap.
func BenchmarkSealMessage(b *testing.B) {
	epoch, label, body := newKey(b), seal.Label{Kind: seal.KindMessage}, make([]byte, 200)
	b.ReportAllocs()
	for b.Loop() {
		key, err := seal.NewKey(rand.Reader)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := seal.Content(rand.Reader, key, label, body); err != nil {
			b.Fatal(err)
		}
		if _, err := seal.Wrap(rand.Reader, epoch, 1, label, key); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkContent(b *testing.B) {
	for name, size := range map[string]int{"200B": 200, "64KiB": 64<<10 - 4} {
		b.Run(name, func(b *testing.B) {
			key, label, body := newKey(b), seal.Label{Kind: seal.KindMessage}, make([]byte, size)
			b.ReportAllocs()
			b.SetBytes(int64(size))
			for b.Loop() {
				if _, err := seal.Content(rand.Reader, key, label, body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkOpenContent(b *testing.B) {
	key, label := newKey(b), seal.Label{Kind: seal.KindMessage}
	sealed, err := seal.Content(rand.Reader, key, label, make([]byte, 200))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := seal.OpenContent(key, label, sealed); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWrap(b *testing.B) {
	wrapping, key, label := newKey(b), newKey(b), seal.Label{Kind: seal.KindMessage}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := seal.Wrap(rand.Reader, wrapping, 1, label, key); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkUnwrap(b *testing.B) {
	wrapping, label := newKey(b), seal.Label{Kind: seal.KindMessage}
	wrapped, err := seal.Wrap(rand.Reader, wrapping, 1, label, newKey(b))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := seal.Unwrap(wrapping, 1, label, wrapped); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFingerprint(b *testing.B) {
	key, body := newKey(b), make([]byte, 200)
	b.ReportAllocs()
	for b.Loop() {
		seal.Fingerprint(key, body)
	}
}

func BenchmarkToken(b *testing.B) {
	key, context, payload := newKey(b), make([]byte, 32), make([]byte, 40)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := seal.SealToken(rand.Reader, key, context, payload); err != nil {
			b.Fatal(err)
		}
	}
}
