package bench_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sealpost/sealpost/internal/bench"
)

// realFile finds the real messages, which are not part of the project.
func realFile(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("SEALPOST_DATA_DIR")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "data")
	}
	file := filepath.Join(dir, "messages.jsonl.gz")
	if _, err := os.Stat(file); err != nil {
		t.Skip("the real messages are not here: set SEALPOST_DATA_DIR to the folder of messages.jsonl.gz")
	}
	return file
}

// account replays a file and gives the account as it is printed.
func account(t *testing.T, o bench.Options) (bench.Account, error) {
	t.Helper()
	var out bytes.Buffer
	o.JSON = true
	err := bench.Run(t.Context(), o, &out)
	var a bench.Account
	if out.Len() > 0 {
		if err := json.Unmarshal(out.Bytes(), &a); err != nil {
			t.Fatal(err)
		}
	}
	return a, err
}

func TestRealMessagesAreAllAccountedFor(t *testing.T) {
	t.Parallel()
	file := realFile(t)
	o := serve(t, 100, nil)
	o.Input, o.Lines = file, 500
	a, err := account(t, o)
	if err != nil {
		t.Fatalf("%v\n%s", err, strings.Join(a.First, "\n"))
	}
	refused := 0
	for _, n := range a.Refused {
		refused += n
	}
	if a.Lines != 500 || a.Sent+refused != 500 || a.Sent != a.Opened+a.Recalled+a.Sealed || a.Unread != a.Sealed {
		t.Fatalf("%d lines, %d sent, %d refused, %d opened, %d recalled, %d sealed, %d unread",
			a.Lines, a.Sent, refused, a.Opened, a.Recalled, a.Sealed, a.Unread)
	}
	if min(a.Opened, a.Recalled, a.Sealed) < 20 || a.Drafts != a.Recalled || a.Own+a.Recalled != a.Sent {
		t.Fatalf("%d opened, %d recalled, %d drafts, %d sealed, %d own", a.Opened, a.Recalled, a.Drafts, a.Sealed, a.Own)
	}
	t.Logf("%d sent = %d opened + %d recalled + %d sealed", a.Sent, a.Opened, a.Recalled, a.Sealed)
}

// odd is a table of texts that people send and that a server may get wrong.
var odd = []string{
	"ok", "ok", "Ünïcödé ✓ 🦉", "line\nline\r\nline\ttab", `"quotes" \ and </script>`, "\u202eright to left\u202c",
	"a\u0301 is á", "control \u0007 \u001b[31m", strings.Repeat("long ", 1999), "NULL", "  spaces around  ", "\ufeffmark",
}

// madeFile writes conversations among a few people with odd texts and with some that
// the server refuses: empty, only spaces, NUL, too long.
func madeFile(t *testing.T, compressed bool, texts ...string) (file string, good, refused int) {
	t.Helper()
	var b bytes.Buffer
	line := func(from, to int, text string) {
		encoded, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, `{"at":"2026-01-02T03:04:05Z","from":%d,"to":%d,"text":%s}`+"\n", from, to, encoded)
	}
	for place := range 20 { // each place is a conversation; settle goes by it
		from, to := place%5, 5+place/5
		for i, text := range texts {
			if (i+place)%3 == 0 {
				from, to = to, from
			}
			line(from, to, text)
			good++
		}
		for _, text := range []string{"", " \n ", "nul \x00 nul", strings.Repeat("é", 10_001)} {
			line(from, to, text)
			refused++
		}
	}
	file = filepath.Join(t.TempDir(), "messages.jsonl")
	content := b.Bytes()
	if compressed {
		var z bytes.Buffer
		w := gzip.NewWriter(&z)
		if _, err := w.Write(content); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		content = z.Bytes()
	}
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return file, good, refused
}

func TestOddMessagesAreAllAccountedFor(t *testing.T) {
	t.Parallel()
	o := serve(t, 10, nil)
	file, good, bad := madeFile(t, true, odd...)
	o.Input = file
	a, err := account(t, o)
	if err != nil {
		t.Fatalf("%v\n%s", err, strings.Join(a.First, "\n"))
	}
	refused := 0
	for _, n := range a.Refused {
		refused += n
	}
	if a.Sent != good || refused != bad || len(a.Refused) < 2 {
		t.Fatalf("%d sent of %d; refused %v of %d", a.Sent, good, a.Refused, bad)
	}
	if a.Opened == 0 || a.Recalled == 0 || a.Sealed == 0 || a.Conversations != 20 {
		t.Fatalf("%+v", a)
	}
}

// Each lie is one that a wrong server would tell. An account that does not notice it
// proves nothing.
func TestTheAccountNoticesAWrongServer(t *testing.T) {
	t.Parallel()
	file, _, _ := madeFile(t, false, "ok", "NULL", "ok")
	get := func(path string) func(*http.Request) bool {
		pattern := regexp.MustCompile("^/api/v1" + path + "$")
		return func(r *http.Request) bool { return r.Method == http.MethodGet && pattern.MatchString(r.URL.Path) }
	}
	history, item := get("/conversations/[^/]+/messages"), get("/messages/[^/]+")
	replace := func(pattern, with string) func(int, string) (int, string) {
		p := regexp.MustCompile(pattern)
		return func(status int, body string) (int, string) { return status, p.ReplaceAllString(body, with) }
	}
	const sealed = `"delivery":"sealed",`
	leak := sealed + `"content":{"body":"ok","attachments":[]},`
	for name, wrap := range map[string]func(http.Handler) http.Handler{
		"sealed text in the history": lying(history, replace(sealed, leak)),
		"sealed text of one message": lying(item, replace(sealed, leak)),
		"recalled text":              lying(history, replace(`"delivery":"recalled",`, `"delivery":"recalled","content":{"body":"ok","attachments":[]},`)),
		"a changed text":             lying(history, replace(`"body":"NULL"`, `"body":""`)),
		"a lost message":             lying(history, replace(`"items":\[\{[^{}]*\},`, `"items":[`)),
		"a recall undone":            lying(history, replace(`"state":"recalled"`, `"state":"sent"`)),
		"an opening undone":          lying(history, replace(`"delivery":"opened"`, `"delivery":"sealed"`)),
		"unread counts":              lying(get("/conversations"), replace(`"unread":\d+`, `"unread":1`)),
		"a preview":                  lying(get("/conversations"), replace(`"preview":null`, `"preview":"ok"`)),
		"an empty inbox":             lying(get("/conversations"), replace(`^(?s).*$`, `{"items":[],"next_cursor":null}`)),
		"a draft":                    lying(get("/drafts/[^/]+"), replace(`"body":"(?:[^"\\]|\\.)*"`, `"body":"another"`)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := serve(t, 10, wrap)
			o.Input, o.Lines = file, 10*7 // ten conversations: one of each kind
			a, err := account(t, o)
			if err == nil || a.Differences == 0 || !strings.Contains(err.Error(), "the account is off") {
				t.Fatalf("not noticed: %v, %d differences", err, a.Differences)
			}
		})
	}
}

func TestInputThatIsNoMessages(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"empty": "", "other": `{"at":"2026-01-02T03:04:05Z","from":1,"to":2,"words":"secret"}`,
		"broken": `{"at":"2026-01-02T03:04:05Z","from":1,"to":2,"text":"secret`, "types": `{"at":"2026-01-02T03:04:05Z","from":"secret","to":2,"text":""}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "input")
			if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			o := bench.Options{Server: "http://127.0.0.1:1", TokenFile: file, InFlight: []int{1}, Duration: minDuration, People: 4, Conversations: 4, Asks: 1, Input: file}
			err := bench.Run(t.Context(), o, &bytes.Buffer{})
			if err == nil || strings.Contains(err.Error(), "secret") {
				t.Fatalf("got %v", err)
			}
		})
	}
}
