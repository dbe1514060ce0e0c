package authn

import (
	"strings"
	"testing"
)

const good = "$argon2id$v=19$m=65536,t=3,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"

func TestParse(t *testing.T) {
	t.Parallel()
	h, err := parse(good)
	if err != nil {
		t.Fatal(err)
	}
	if h.cost != DefaultCost() || string(h.salt) != "somesalt" || len(h.hash) != 32 || h.String() != good {
		t.Errorf("parsed as %+v", h)
	}
	change := func(from, to string) string { return strings.Replace(good, from, to, 1) }
	for name, bad := range map[string]string{
		"empty":             "",
		"another function":  change("argon2id", "argon2i"),
		"another version":   change("v=19", "v=16"),
		"no version":        change("$v=19", ""),
		"too much memory":   change("m=65536", "m=262145"),
		"too many passes":   change("t=3", "t=17"),
		"no pass":           change("t=3", "t=0"),
		"too many lanes":    change("p=1", "p=17"),
		"lanes that wrap":   change("p=1", "p=257"),
		"little memory":     change("m=65536,t=3,p=1", "m=15,t=3,p=2"),
		"number that wraps": change("m=65536", "m=4295032832"),
		"sign":              change("t=3", "t=+3"),
		"leading zero":      change("t=3", "t=03"),
		"other order":       change("m=65536,t=3", "t=3,m=65536"),
		"more costs":        change("p=1", "p=1,q=1"),
		"short salt":        change("c29tZXNhbHQ", "c29tZQ"),
		"short hash":        good[:len(good)-30],
		"padding":           good + "=",
		"line break":        change("c29t", "c29t\n"),
		"loose last bits":   good[:len(good)-1] + "d",
		"more parts":        good + "$",
		"before":            "x" + good,
		"long":              good + strings.Repeat("A", 256),
	} {
		if _, err := parse(bad); err != errHash { //nolint:errorlint // exactly this one, wrapping nothing
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whatever is read has one spelling and stays within the limits.
func FuzzParse(f *testing.F) {
	f.Add(good)
	f.Add("$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA")
	f.Add("$argon2id$v=19$m=4294967295,t=4294967295,p=255$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA")
	f.Add("$$$$$")
	f.Fuzz(func(t *testing.T, s string) {
		h, err := parse(s)
		if err != nil {
			return
		}
		if h.String() != s {
			t.Errorf("%q reads as %q", s, h.String())
		}
		if !h.cost.valid() || len(h.salt) < minSalt || len(h.salt) > maxSalt || len(h.hash) < minHash || len(h.hash) > maxHash {
			t.Errorf("%q is out of the limits", s)
		}
	})
}
