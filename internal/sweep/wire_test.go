//go:build sealtest

package sweep_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// visitor is one way to come to the server: a person with one of their devices or
// tokens, or nobody.
type visitor struct {
	name   string // of the device
	person string // whose it is; empty for nobody
	token  string
}

// answer is a response as it came over the wire.
type answer struct {
	status int
	header []byte
	body   []byte
}

// String is all of it, for comparisons.
func (a answer) String() string { return fmt.Sprintf("%d\n%s\n%s", a.status, a.header, a.body) }

// field reads a field of a JSON answer, "" if it is not there.
func (a answer) field(names ...string) string {
	var v any
	_ = json.Unmarshal(a.body, &v) // what is no JSON has no fields
	for _, name := range names {
		object, _ := v.(map[string]any)
		v = object[name]
	}
	text, _ := v.(string)
	return text
}

// client keeps connections and follows nothing.
var client = &http.Client{
	Timeout: time.Minute,
	Transport: &http.Transport{
		DisableCompression: true, MaxIdleConnsPerHost: 4,
	},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// ask makes one request. body may be nil, bytes that are sent as they are, or
// anything that becomes JSON. headers are pairs of name and value.
func ask(t testing.TB, base string, v visitor, method, path string, body any, headers ...string) answer {
	t.Helper()
	var reader io.Reader
	switch body := body.(type) {
	case nil:
	case []byte:
		reader = bytes.NewReader(body)
	default:
		reader = bytes.NewReader(marshal(body))
	}
	r, err := http.NewRequestWithContext(t.Context(), method, base+path, reader)
	if err != nil {
		t.Fatal(err)
	}
	if v.token != "" {
		r.Header.Set("Authorization", "Bearer "+v.token)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := client.Do(r)
	if err != nil {
		t.Fatalf("%s %s %s: %v", v.name, method, path, err)
	}
	defer func() { _ = response.Body.Close() }()
	a := answer{status: response.StatusCode}
	if a.body, err = io.ReadAll(response.Body); err != nil {
		t.Fatalf("%s %s %s: %v", v.name, method, path, err)
	}
	var head bytes.Buffer
	if err := response.Header.WriteSubset(&head, map[string]bool{"Date": true}); err != nil {
		t.Fatal(err)
	}
	a.header = head.Bytes()
	return a
}

// live is a live connection that remembers every byte that came.
type live struct {
	conn net.Conn
	mu   sync.Mutex
	raw  []byte
	more chan struct{} // one token: something came, or the connection ended
	over bool
}

// watch opens a live connection and returns once it has begun.
func watch(t testing.TB, base string, v visitor, lastEventID string) *live {
	t.Helper()
	host := strings.TrimPrefix(base, "http://")
	conn, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	l := &live{conn: conn, more: make(chan struct{}, 1)}
	t.Cleanup(l.close)
	request := "GET /api/v1/events HTTP/1.1\r\nHost: " + host + "\r\nAuthorization: Bearer " + v.token + "\r\n"
	if lastEventID != "" {
		request += "Last-Event-ID: " + lastEventID + "\r\n"
	}
	if _, err := io.WriteString(conn, request+"\r\n"); err != nil {
		t.Fatal(err)
	}
	go l.read()
	l.await(t, "\nid: ")
	return l
}

func (l *live) read() {
	buffer := make([]byte, 4096)
	for {
		n, err := l.conn.Read(buffer)
		l.mu.Lock()
		l.raw = append(l.raw, buffer[:n]...)
		l.over = err != nil
		l.mu.Unlock()
		select {
		case l.more <- struct{}{}:
		default:
		}
		if err != nil {
			return
		}
	}
}

// bytes gives what came so far.
func (l *live) bytes() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Clone(l.raw)
}

// await waits until the text came, and gives everything.
func (l *live) await(t testing.TB, text string) []byte { return l.awaitAfter(t, 0, text) }

// awaitAfter waits until the text came behind a position.
func (l *live) awaitAfter(t testing.TB, from int, text string) []byte {
	t.Helper()
	timeout := time.After(20 * time.Second)
	for {
		raw := l.bytes()
		if len(raw) >= from && bytes.Contains(raw[from:], []byte(text)) {
			return raw
		}
		l.mu.Lock()
		over := l.over
		l.mu.Unlock()
		if over {
			t.Fatalf("the live connection ended before %q:\n%s", text, raw)
		}
		select {
		case <-l.more:
		case <-timeout:
			t.Fatalf("%q did not come; what came:\n%s", text, raw)
		}
	}
}

func (l *live) close() { _ = l.conn.Close() }

// lastID is the newest Last-Event-ID that a stream gave.
func lastID(raw []byte) string {
	id := ""
	for line := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(line, "id: "); ok {
			id = strings.TrimSpace(rest)
		}
	}
	return id
}
