package sealpost_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/sealpost/sealpost/internal/sealpost"
)

func TestIDsHaveOneSpelling(t *testing.T) {
	t.Parallel()
	const good = "0190b3c0-7a1e-7c3d-8b21-0123456789ab"
	id, err := sealpost.ParseMessage(good)
	if err != nil || id.String() != good || !id.IsV7() || id.IsZero() {
		t.Fatalf("%v, %v", id, err)
	}
	for _, bad := range []string{
		"", good[:35], good + "0", " " + good[1:], strings.ToUpper(good), strings.ReplaceAll(good, "-", ""), "{" + good + "}", "urn:uuid:" + good,
		good[:26] + "-" + good[27:29] + "-" + good[30:], "00000000-0000-0000-0000-0000000000-0",
		strings.Replace(good, "-", "_", 1), strings.Replace(good, "a", "g", 1), good[:35] + "\x00", "0190b3c07-a1e-7c3d-8b21-0123456789ab",
	} {
		if _, err := sealpost.ParseMessage(bad); sealpost.CodeOf(err) != sealpost.CodeInvalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
	for _, parse := range []func(string) error{
		func(s string) error { _, err := sealpost.ParseUser(s); return err },
		func(s string) error { _, err := sealpost.ParseConversation(s); return err },
		func(s string) error { _, err := sealpost.ParseDraft(s); return err },
		func(s string) error { _, err := sealpost.ParseSession(s); return err },
	} {
		if parse(good) != nil || parse("x") == nil {
			t.Error("an id of another kind parses differently")
		}
	}
}

func TestIDsComeBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		raw := rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(rt, "id")
		id := sealpost.UserID(raw)
		text, err := id.MarshalText()
		back, parseErr := sealpost.ParseUser(string(text))
		if err != nil || parseErr != nil || back != id {
			rt.Fatalf("%x became %s, %v, %v", raw, text, err, parseErr)
		}
		next := id
		next[15]++
		if (next[15] != 0) != (id.Compare(next) < 0) || id.Compare(id) != 0 {
			rt.Fatalf("the order of %s and %s", id, next)
		}
	})
}

// Whatever parses is the one spelling of what it parsed to.
func FuzzParseID(f *testing.F) {
	f.Add("0190b3c0-7a1e-7c3d-8b21-0123456789ab")
	f.Add("00000000-0000-0000-0000-000000000000")
	f.Add("0190B3C0-7A1E-7C3D-8B21-0123456789AB")
	f.Add("0190b3c0-7a1e-7c3d-8b21-0123456789a\x00")
	f.Add("00000000-0000-0000-0000-0000000000-0") // hyphens too many
	f.Fuzz(func(t *testing.T, s string) {
		id, err := sealpost.ParseMessage(s)
		switch {
		case err == nil && id.String() != s:
			t.Errorf("%q parsed to %s", s, id)
		case err != nil && (!id.IsZero() || len(s) > 0 && strings.Contains(err.Error(), s) && len(s) > 8):
			t.Errorf("a refusal that says what it refused, or an id with it: %v", err)
		}
	})
}
