package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestOneLine(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Maya Okafor":          "Maya Okafor",
		"Zoë 你好 👋":             "Zoë 你好 👋",
		"\x1b[2Jgone":          "<U+001B>[2Jgone",
		"\u009b31m":            "<U+009B>31m",
		"\u202egnp.exe":        "<U+202E>gnp.exe",
		"a\nYou: b":            "a<U+000A>You: b",
		"\xff\xfe":             "<FF><FE>",
		"\ufffd":               "\ufffd",
		"a\u2066b\u2069":       "a<U+2066>b<U+2069>",
		"a\U000e0041":          "a<U+E0041>",
		"bell\a, delete\x7f, ": "bell<U+0007>, delete<U+007F>, ",
	} {
		if got := oneLine(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// Nothing that anybody writes reaches the terminal as more than text of its own
// lines.
func TestNothingHazardousIsPrinted(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) })).Draw(t, "text")
		for _, shown := range []string{oneLine(text), firstWords(text)} {
			if strings.ContainsFunc(shown, hazardous) || !utf8.ValidString(shown) {
				t.Fatalf("%q is printed as %q", text, shown)
			}
		}
		for line := range strings.SplitSeq(strings.TrimSuffix(paragraph(text), "\n"), "\n") {
			if !strings.HasPrefix(line, "  | ") || strings.ContainsFunc(line, hazardous) {
				t.Fatalf("%q has the line %q", text, line)
			}
		}
	})
}

// Escaped JSON means the same.
func TestJSONForTerminals(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text") + "\u202e\u009b\U000e0041\x7f"
		var b bytes.Buffer
		if err := writeJSON(&b, map[string]string{"body": text}); err != nil {
			t.Fatal(err)
		}
		if strings.ContainsFunc(strings.ReplaceAll(b.String(), "\n", ""), hazardous) {
			t.Fatalf("%q is printed as %q", text, b.String())
		}
		var back map[string]string
		if err := json.Unmarshal(b.Bytes(), &back); err != nil || back["body"] != text {
			t.Fatalf("%q comes back as %q, %v", text, back["body"], err)
		}
	})
}
