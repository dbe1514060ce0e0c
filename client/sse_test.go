package client

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

type readEvent struct{ name, data, id string }

func readEvents(r io.Reader) (out []readEvent, reader *eventReader, err error) {
	reader = newEventReader(r, nil)
	for {
		name, data, err := reader.next()
		if err != nil {
			return out, reader, err
		}
		out = append(out, readEvent{name, string(data), reader.id})
	}
}

// The cases are from the HTML Living Standard, section 9.2.
func TestEventReader(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		stream string
		want   []readEvent
		id     string
	}{
		"plain":                {"event: conversation\ndata: {}\n\n", []readEvent{{"conversation", "{}", ""}}, ""},
		"comments":             {": hello\n\n:\n\ndata: a\n: in between\n\n", []readEvent{{"message", "a", ""}}, ""},
		"ids":                  {"id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n", []readEvent{{"message", "a", "1"}, {"message", "b", "1"}, {"message", "c", ""}}, ""},
		"id without data":      {"id: 7\n\n", nil, "7"},
		"id of half an event":  {"id: 7\n\nid: 8\ndata: a\n", nil, "7"},
		"id with NUL":          {"id: 7\n\nid: 8\x00\ndata: a\n\n", []readEvent{{"message", "a", "7"}}, "7"},
		"several lines":        {"data: a\ndata: b\ndata\n\n", []readEvent{{"message", "a\nb\n", ""}}, ""},
		"no space, two spaces": {"data:a\n\ndata:  b\n\n", []readEvent{{"message", "a", ""}, {"message", " b", ""}}, ""},
		"CR and CRLF":          {"data: a\r\rdata: b\r\n\r\n", []readEvent{{"message", "a", ""}, {"message", "b", ""}}, ""},
		"byte order mark":      {"\xef\xbb\xbfdata: a\n\n", []readEvent{{"message", "a", ""}}, ""},
		"name without data":    {"event: x\n\ndata: a\n\n", []readEvent{{"message", "a", ""}}, ""},
		"unknown fields":       {"colour: red\ndata: a\n\n", []readEvent{{"message", "a", ""}}, ""},
		"without an end":       {"data: a\n\ndata: b", []readEvent{{"message", "a", ""}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, r := range []io.Reader{strings.NewReader(c.stream), iotest.OneByteReader(strings.NewReader(c.stream))} {
				got, reader, err := readEvents(r)
				if !slices.Equal(got, c.want) || reader.id != c.id || !errors.Is(err, io.EOF) {
					t.Errorf("got %q, id %q, %v", got, reader.id, err)
				}
			}
		})
	}
}

func TestEventReaderIsBounded(t *testing.T) {
	t.Parallel()
	for _, stream := range []string{
		"data: " + strings.Repeat("x", maxEventLine),
		strings.Repeat("data: "+strings.Repeat("x", 1000)+"\n", 100),
	} {
		if _, _, err := readEvents(strings.NewReader(stream)); !errors.Is(err, errEventSize) {
			t.Errorf("got %v", err)
		}
	}
	_, reader, _ := readEvents(strings.NewReader("retry: 2000000000\n\n"))
	if reader.retry != time.Minute {
		t.Errorf("waits %v", reader.retry)
	}
}

// FuzzEventReader: whatever comes, the reader ends, keeps to its bounds, and reads
// the same in pieces.
func FuzzEventReader(f *testing.F) {
	f.Add("id: 1\nevent: conversation\ndata: {\"conversation_id\":\"a\"}\n\n: beat\r\n\r\nretry: 10\n\n")
	f.Add("\xef\xbb\xbfdata\rdata:\r\n\n")
	f.Fuzz(func(t *testing.T, stream string) {
		whole, a, err := readEvents(strings.NewReader(stream))
		pieces, b, _ := readEvents(iotest.OneByteReader(strings.NewReader(stream)))
		if !slices.Equal(whole, pieces) || a.id != b.id || a.retry != b.retry {
			t.Errorf("read differently in pieces")
		}
		if err == nil || a.retry > maxRetryWait || len(a.data) > maxEventData {
			t.Errorf("%v, retry %v, %d bytes", err, a.retry, len(a.data))
		}
	})
}
