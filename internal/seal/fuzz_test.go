package seal_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"testing"

	"github.com/sealpost/sealpost/internal/seal"
)

func rawURL(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// Each target gives hostile bytes to a decoder twice: as they are, which must be
// refused, and as a change (xor) to something valid, which gets past the checks of
// size and version and must be refused unless nothing was changed.

func mutate(valid, change []byte) []byte {
	b := bytes.Clone(valid)
	for i, c := range change {
		b[i%len(b)] ^= c
	}
	return b
}

func FuzzOpenContent(f *testing.F) {
	key, label := seal.Key{1}, seal.Label{Kind: seal.KindMessage, Version: 1}
	valid, err := seal.Content(rand.Reader, key, label, []byte("hello"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte{})
	f.Add([]byte{1})
	f.Add(make([]byte, 256+seal.Overhead))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := seal.OpenContent(key, label, b); err == nil {
			t.Fatal("opened what nobody sealed")
		}
		changed := mutate(valid, b)
		got, err := seal.OpenContent(key, label, changed)
		if same := bytes.Equal(changed, valid); same != (err == nil) || same && string(got) != "hello" {
			t.Fatalf("changed: %t, opened %q, %v", !same, got, err)
		}
	})
}

func FuzzUnwrap(f *testing.F) {
	wrapping, key, label := seal.Key{1}, seal.Key{2}, seal.Label{Kind: seal.KindMessage, Version: 1}
	valid, err := seal.Wrap(rand.Reader, wrapping, 5, label, key)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte{}, int64(5), int32(1))
	f.Add([]byte{1}, int64(-5), int32(1))
	f.Add(make([]byte, seal.WrappedSize), int64(0), int32(-1))
	f.Fuzz(func(t *testing.T, b []byte, ref int64, version int32) {
		l := label
		l.Version = version
		if _, err := seal.Unwrap(wrapping, seal.KeyRef(ref), l, b); err == nil {
			t.Fatal("opened what nobody sealed")
		}
		changed := mutate(valid, b)
		got, err := seal.Unwrap(wrapping, seal.KeyRef(ref), l, changed)
		if same := bytes.Equal(changed, valid) && ref == 5 && version == 1; same != (err == nil) || same && got != key {
			t.Fatalf("changed: %t, %v", !same, err)
		}
	})
}

func FuzzOpenToken(f *testing.F) {
	key, context := seal.Key{1}, []byte("viewer")
	valid, err := seal.SealToken(rand.Reader, key, context, []byte("position"))
	if err != nil {
		f.Fatal(err)
	}
	sealed, err := base64.RawURLEncoding.DecodeString(valid)
	if err != nil {
		f.Fatal(err)
	}
	f.Add("")
	f.Add("AQ")
	f.Add("A\n=")
	f.Fuzz(func(t *testing.T, token string) {
		if _, err := seal.OpenToken(key, context, token); err == nil {
			t.Fatal("opened what nobody sealed")
		}
		changed := rawURL(mutate(sealed, []byte(token)))
		got, err := seal.OpenToken(key, context, changed)
		if same := changed == valid; same != (err == nil) || same && string(got) != "position" {
			t.Fatalf("changed: %t, opened %q, %v", !same, got, err)
		}
	})
}
