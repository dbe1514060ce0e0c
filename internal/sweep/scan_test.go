package sweep_test

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/sealpost/sealpost/internal/sweep"
)

func canary(t testing.TB, name string) *sweep.Canary {
	t.Helper()
	c, err := sweep.NewCanary(rand.Reader, name, 0)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func zipped(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(data) // into memory
	_ = w.Close()
	return b.Bytes()
}

func utf16Bytes(text string, first, second int) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(text)) {
		pair := [2]byte{byte(u), byte(u >> 8)}
		out = append(out, pair[first], pair[second])
	}
	return out
}

func marshal(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // a string
	}
	return b
}

// A leak of each class is found: otherwise the sweep proves nothing.
func TestScannerFindsEveryEncoding(t *testing.T) {
	t.Parallel()
	everyByte := func(format string) func(string) []byte {
		return func(s string) []byte {
			var b strings.Builder
			for i := range len(s) {
				fmt.Fprintf(&b, format, s[i])
			}
			return []byte(b.String())
		}
	}
	cases := map[string]func(body string) []byte{
		"raw":                   func(s string) []byte { return []byte(s) },
		"lower case":            func(s string) []byte { return []byte(strings.ToLower(s)) },
		"upper case":            func(s string) []byte { return []byte(strings.ToUpper(s)) },
		"base64":                func(s string) []byte { return []byte(base64.StdEncoding.EncodeToString([]byte(s))) },
		"base64, moved by one":  func(s string) []byte { return []byte(base64.StdEncoding.EncodeToString([]byte("x" + s))) },
		"base64, moved by two":  func(s string) []byte { return []byte(base64.StdEncoding.EncodeToString([]byte("xy" + s))) },
		"base64url":             func(s string) []byte { return []byte(base64.RawURLEncoding.EncodeToString([]byte(s))) },
		"hex":                   func(s string) []byte { return []byte(hex.EncodeToString([]byte(s))) },
		"hex, upper case":       func(s string) []byte { return []byte(strings.ToUpper(hex.EncodeToString([]byte(s)))) },
		"URL, where needed":     func(s string) []byte { return []byte(url.QueryEscape(s)) },
		"URL, path":             func(s string) []byte { return []byte(url.PathEscape(s)) },
		"URL, every byte":       everyByte("%%%02X"),
		"URL, every byte lower": everyByte("%%%02x"),
		"JSON, where needed":    func(s string) []byte { return marshal(s) },
		"JSON, every byte":      everyByte(`\u%04x`),
		"JSON in JSON":          func(s string) []byte { return marshal(string(marshal(s))) },
		"HTML, where needed":    func(s string) []byte { return []byte(html.EscapeString(s)) },
		"HTML, decimal":         everyByte("&#%d;"),
		"HTML, hexadecimal":     everyByte("&#x%x;"),
		"UTF-16 LE":             func(s string) []byte { return utf16Bytes(s, 0, 1) },
		"UTF-16 BE":             func(s string) []byte { return utf16Bytes(s, 1, 0) },
		"gzip":                  func(s string) []byte { return zipped([]byte(s)) },
		"gzip in gzip":          func(s string) []byte { return zipped(zipped([]byte(s))) },
		"gzip of base64":        func(s string) []byte { return zipped([]byte(base64.StdEncoding.EncodeToString([]byte(s)))) },
		"gzip, cut off":         func(s string) []byte { z := zipped([]byte(s + strings.Repeat(s, 3))); return z[:len(z)-9] },
		"first eight":           func(s string) []byte { return []byte(s[:8]) },
		"last eight":            func(s string) []byte { return []byte(s[len(s)-8:]) },
		"first eight in base64": func(s string) []byte { return []byte(base64.StdEncoding.EncodeToString([]byte(s[:8] + "…"))) },
		"eight of the link":     func(s string) []byte { at := strings.Index(s, "https://"); return []byte(s[at+12 : at+20]) },
		"as printed by Go":      func(s string) []byte { return fmt.Appendf(nil, "%q %v", s, []byte(s)) },
		"a struct as Go prints": func(s string) []byte { return fmt.Appendf(nil, "%+v", struct{ Body string }{s}) },
	}
	noise := make([]byte, 4096)
	if _, err := rand.Read(noise); err != nil {
		t.Fatal(err)
	}
	for name, encode := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			planted, other := canary(t, "planted"), canary(t, "other")
			s := sweep.NewScanner(other, planted)
			hay := append(bytes.Clone(noise), encode(planted.Body)...)
			hay = append(hay, noise...)
			found := s.Scan(hay)
			if len(found) == 0 {
				t.Fatal("the planted leak was not found")
			}
			for _, f := range found {
				if f.Canary != planted {
					t.Errorf("found %s, which was not planted", f)
				}
			}
		})
	}
}

// Every token of a body is found on its own: the beginning, the end, the link.
func TestScannerFindsEveryToken(t *testing.T) {
	t.Parallel()
	c := canary(t, "planted")
	places := map[string]bool{}
	for _, f := range sweep.NewScanner(c).Scan([]byte(c.Body)) {
		places[f.Place] = true
	}
	for _, place := range []string{"head", "host", "path", "escaped", "tail"} {
		if !places[place] {
			t.Errorf("the token %s was not found", place)
		}
	}
	if len(c.Body) != len(strings.TrimSpace(c.Body)) {
		t.Error("the body must begin and end with a token")
	}
}

// What is no leak is not found: random bytes and other canaries.
func TestScannerFindsNothingElse(t *testing.T) {
	t.Parallel()
	var wanted []*sweep.Canary
	for range 40 {
		wanted = append(wanted, canary(t, "not there"))
	}
	s := sweep.NewScanner(wanted...)
	noise := make([]byte, 4<<20)
	if _, err := rand.Read(noise); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"noise": noise, "hex": []byte(hex.EncodeToString(noise)), "base64": []byte(base64.StdEncoding.EncodeToString(noise)),
		"another canary": []byte(canary(t, "another").Body), "seven characters": []byte(wanted[0].Body[:7]), "nothing": nil, "gzip's magic": {0x1f, 0x8b, 8},
	} {
		if found := s.Scan(data); len(found) != 0 {
			t.Errorf("%s: found %v", name, found)
		}
	}
}

func TestScanFilesLooksIntoNamesAndContents(t *testing.T) {
	t.Parallel()
	inName, inFile, deep := canary(t, "in the name"), canary(t, "in the file"), canary(t, "deep down")
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "a", "b"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"n-" + inName.Token() + ".txt": "", "f": inFile.Body, "a/b/-wal": strings.Repeat("\x00", 5000) + deep.Body,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	found, size, err := sweep.NewScanner(inName, inFile, deep).ScanFiles(nil, dir)
	if err != nil || size < 5000 {
		t.Fatalf("read %d bytes: %v", size, err)
	}
	all := strings.Join(found, "\n")
	for _, c := range []*sweep.Canary{inName, inFile, deep} {
		if !strings.Contains(all, c.Name) {
			t.Errorf("what is %s was not found", c.Name)
		}
	}
	if _, _, err := sweep.NewScanner(inName).ScanFiles(nil, filepath.Join(dir, "missing")); err == nil {
		t.Error("a directory that is not there was scanned")
	}
}

func BenchmarkScan(b *testing.B) {
	var wanted []*sweep.Canary
	for range 40 {
		wanted = append(wanted, canary(b, "not there"))
	}
	s := sweep.NewScanner(wanted...)
	data := make([]byte, 16<<20)
	if _, err := rand.Read(data); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		s.Scan(data)
	}
}
