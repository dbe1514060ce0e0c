package client

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"
)

// maxEventLine and maxEventData bound what a stream can make a reader keep. Signals
// are below 200 bytes.
const (
	maxEventLine = 8 << 10
	maxEventData = 64 << 10
	maxRetryWait = time.Minute
)

var errEventSize = errors.New("client: an event of the live stream is too large")

// eventReader reads a stream of server-sent events (HTML Living Standard, section
// 9.2.6).
type eventReader struct {
	lines  *bufio.Reader
	begun  bool
	skipLF bool // the line before ended in CR: an LF that follows belongs to it
	line   []byte

	name string
	data []byte
	has  bool // there was a data line

	seen  string        // the id of the event that is being read
	id    string        // the last event id, sent when resuming: of a whole event only
	retry time.Duration // what the server asks to wait before coming back; 0: nothing said
	alive func()        // called at every line
}

func newEventReader(r io.Reader, alive func()) *eventReader {
	return &eventReader{lines: bufio.NewReaderSize(r, 1<<10), alive: alive}
}

// next gives the next event with data. The bytes are valid until the next call.
func (r *eventReader) next() (name string, data []byte, err error) {
	r.name, r.data, r.has, r.seen = "", r.data[:0], false, r.id
	for {
		line, err := r.readLine()
		if err != nil {
			return "", nil, err // what was not ended by an empty line is not an event
		}
		if r.alive != nil {
			r.alive()
		}
		if len(line) > 0 {
			if err := r.field(line); err != nil {
				return "", nil, err
			}
			continue
		}
		r.id = r.seen
		if r.has {
			if r.name == "" {
				r.name = "message"
			}
			return r.name, bytes.TrimSuffix(r.data, []byte("\n")), nil
		}
		r.name = ""
	}
}

// readLine gives a line without its end: CR, LF, or both.
func (r *eventReader) readLine() ([]byte, error) {
	r.line = r.line[:0]
	for {
		b, err := r.lines.ReadByte()
		if err != nil {
			return nil, err
		}
		if r.skipLF {
			r.skipLF = false
			if b == '\n' {
				continue
			}
		}
		switch b {
		case '\r':
			r.skipLF = true
			return r.whole(), nil
		case '\n':
			return r.whole(), nil
		}
		if len(r.line) == maxEventLine {
			return nil, errEventSize
		}
		r.line = append(r.line, b)
	}
}

// whole is the line, the first one without a byte order mark.
func (r *eventReader) whole() []byte {
	line := r.line
	if !r.begun {
		r.begun = true
		line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
	}
	return line
}

func (r *eventReader) field(line []byte) error {
	name, value, _ := bytes.Cut(line, []byte(":"))
	value = bytes.TrimPrefix(value, []byte(" "))
	switch string(name) {
	case "event":
		r.name = string(value)
	case "data":
		if len(r.data)+len(value) >= maxEventData {
			return errEventSize
		}
		r.has = true
		r.data = append(append(r.data, value...), '\n')
	case "id":
		if id := string(value); !strings.ContainsAny(id, "\x00") {
			r.seen = id
		}
	case "retry":
		if ms, err := strconv.ParseUint(string(value), 10, 31); err == nil {
			r.retry = min(time.Duration(ms)*time.Millisecond, maxRetryWait)
		}
	}
	return nil // a comment has an empty name; other fields are for later versions
}
