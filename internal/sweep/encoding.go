package sweep

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
)

// encodings is the table of ways in which a fragment of a token may appear. It is
// complete for what this program's parts can do to a text, and never varies.
var encodings = []struct {
	name   string
	encode func(fragment string) []string
}{
	{"raw", func(f string) []string { return []string{f} }},
	{"lower case", func(f string) []string { return []string{strings.ToLower(f)} }},
	{"upper case", func(f string) []string { return []string{strings.ToUpper(f)} }},
	{"base64", func(f string) []string { return inBase64(base64.RawStdEncoding, f) }},
	{"base64url", func(f string) []string { return inBase64(base64.RawURLEncoding, f) }},
	{"hex", func(f string) []string {
		lower := hex.EncodeToString([]byte(f))
		return []string{lower, strings.ToUpper(lower)}
	}},
	{"URL-escaped", func(f string) []string { return each(f, "%%%02x", "%%%02X") }},
	{"JSON-escaped", func(f string) []string { return each(f, `\u%04x`, `\u%04X`) }},
	{"HTML-escaped", func(f string) []string { return each(f, "&#%d;", "&#x%x;", "&#x%X;") }},
	{"UTF-16", func(f string) []string { return each(f, "%c\x00", "\x00%c") }},
	{"UTF-16 lower case", func(f string) []string { return each(strings.ToLower(f), "%c\x00", "\x00%c") }},
}

// each encodes character by character, in each of the formats.
func each(f string, formats ...string) []string {
	var out []string
	for _, format := range formats {
		var b strings.Builder
		for i := range len(f) {
			fmt.Fprintf(&b, format, f[i])
		}
		out = append(out, b.String())
	}
	return out
}

// inBase64 gives what a fragment looks like inside a longer encoded text: at each
// of the three alignments, the characters that the fragment alone determines.
func inBase64(e *base64.Encoding, f string) []string {
	var out []string
	for before := range 3 {
		encoded := e.EncodeToString([]byte(strings.Repeat("\x00", before) + f))
		first := (8*before + 5) / 6
		last := 8 * (before + len(f)) / 6
		out = append(out, encoded[first:last])
	}
	return out
}
