package seal_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/sealpost/sealpost/internal/seal"
)

// R34: a token is opaque, bound to its context, and of a length that says nothing.
func TestTokenOpensOnlyAsSealed(t *testing.T) {
	t.Parallel()
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	rapid.Check(t, func(t *rapid.T) {
		key := drawKey(t, "key")
		context := rapid.SliceOfN(rapid.Byte(), 0, 64).Draw(t, "context")
		payload := rapid.SliceOfN(rapid.Byte(), 0, seal.MaxTokenPayload).Draw(t, "payload")
		token, err := seal.SealToken(rand.Reader, key, context, payload)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := seal.OpenToken(key, context, token); err != nil || !bytes.Equal(got, payload) {
			t.Fatalf("%x, %v", got, err)
		}
		if len(token) != (len(payload)+seal.Overhead)*8/6+min(1, (len(payload)+seal.Overhead)%3) {
			t.Fatalf("payload of %d gives a token of %d", len(payload), len(token))
		}
		if strings.Trim(token, alphabet) != "" {
			t.Fatalf("token %q is not fit for a URL", token)
		}
		again, err := seal.SealToken(rand.Reader, key, context, payload)
		if err != nil || again == token {
			t.Fatal("two tokens can be compared")
		}
		refused := func(what string, context []byte, token string) {
			if _, err := seal.OpenToken(key, context, token); !errors.Is(err, seal.ErrToken) {
				t.Fatalf("%s: %v", what, err)
			}
		}
		i := rapid.IntRange(0, len(token)-1).Draw(t, "place")
		c := rapid.SampledFrom([]byte(alphabet)).Filter(func(c byte) bool { return c != token[i] }).Draw(t, "letter")
		refused("other letter", context, token[:i]+string(c)+token[i+1:])
		// The last letter may have bits to spare, which must not be ignored.
		for _, c := range alphabet {
			if last := token[:len(token)-1] + string(c); last != token {
				refused("other last letter", context, last)
			}
		}
		for _, c := range []string{"\n", "\r", "=", " ", "A", "+", "\x00"} {
			refused("inserted", context, token[:i]+c+token[i:])
			refused("appended", context, token+c)
		}
		refused("cut", context, token[:i])
		refused("other context", append(bytes.Clone(context), 0), token)
	})
}

func TestTokenLimits(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	if _, err := seal.SealToken(rand.Reader, key, nil, make([]byte, seal.MaxTokenPayload+1)); !errors.Is(err, seal.ErrTooLarge) {
		t.Errorf("payload too large: %v", err)
	}
	for _, token := range []string{"", "A", "AQ", strings.Repeat("A", 723), strings.Repeat("A", 1<<20)} {
		if _, err := seal.OpenToken(key, nil, token); !errors.Is(err, seal.ErrToken) {
			t.Errorf("%d letters: %v", len(token), err)
		}
	}
}

// What is sealed for one purpose is nothing for another, under the same key.
func TestPurposesDoNotMix(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	label := seal.Label{Kind: seal.KindMessage}
	wrapped, err := seal.Wrap(rand.Reader, key, 1, label, newKey(t))
	if err != nil {
		t.Fatal(err)
	}
	content, err := seal.Content(rand.Reader, key, label, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, context := range [][]byte{nil, make([]byte, 37)} {
		for _, b := range [][]byte{wrapped, content} {
			if _, err := seal.OpenToken(key, context, rawURL(b)); !errors.Is(err, seal.ErrToken) {
				t.Errorf("opened as a token: %v", err)
			}
		}
	}
}
