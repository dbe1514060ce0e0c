package bench

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httputil"
	"strconv"
	"time"
)

const (
	answerWithin = 30 * time.Second
	maxAnswer    = 32 << 20
)

var errAnswer = errors.New("bench: the server's answer is not HTTP/1.1")

// wire is one HTTP/1.1 connection that stays open, as a client's does. net/http
// costs the client four times of this, and on a small machine the load generator
// takes its processor time from the server that it measures. One goroutine uses it.
type wire struct {
	conn net.Conn
	in   *bufio.Reader
	host string
	out  []byte // the request, written at once
	body []byte // of the last answer
}

// dial connects. from is the local address, nil for any.
func dial(ctx context.Context, address string, from net.Addr) (*wire, error) {
	d := net.Dialer{Timeout: 10 * time.Second, LocalAddr: from}
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return newWire(conn, address), nil
}

func newWire(conn net.Conn, host string) *wire {
	return &wire{conn: conn, in: bufio.NewReader(conn), host: host}
}

func (w *wire) close() { _ = w.conn.Close() } // nothing is under way

// do makes a request. key is the Idempotency-Key, empty for a question. The answer
// is valid until the next call.
func (w *wire) do(method, path, token, key string, body []byte) (status int, answer []byte, err error) {
	if err := w.conn.SetDeadline(time.Now().Add(answerWithin)); err != nil {
		return 0, nil, err
	}
	w.head(method, path, token)
	if key != "" {
		w.out = append(append(append(w.out, "Idempotency-Key: "...), key...), "\r\n"...)
	}
	if body != nil {
		w.out = append(w.out, "Content-Type: application/json\r\nContent-Length: "...)
		w.out = append(strconv.AppendInt(w.out, int64(len(body)), 10), "\r\n"...)
	}
	w.out = append(append(w.out, "\r\n"...), body...)
	if _, err := w.conn.Write(w.out); err != nil {
		return 0, nil, err
	}
	return w.answer()
}

// head begins a request.
func (w *wire) head(method, path, token string) {
	w.out = append(append(append(append(w.out[:0], method...), ' '), path...), " HTTP/1.1\r\nHost: "...)
	w.out = append(append(w.out, w.host...), "\r\n"...)
	if token != "" {
		w.out = append(append(append(w.out, "Authorization: Bearer "...), token...), "\r\n"...)
	}
}

func (w *wire) answer() (int, []byte, error) {
	status, length, err := w.answerHead()
	if err != nil {
		return 0, nil, err
	}
	w.body = w.body[:0]
	switch {
	case length > maxAnswer:
		return 0, nil, errAnswer
	case length >= 0:
		w.body = append(w.body, make([]byte, length)...)
		_, err = io.ReadFull(w.in, w.body)
	default:
		err = w.chunks()
	}
	return status, w.body, err
}

// answerHead reads the status and the headers. length is -1 for a chunked body.
func (w *wire) answerHead() (status, length int, err error) {
	line, err := w.line()
	if err != nil {
		return 0, 0, err
	}
	if len(line) < 12 || string(line[:9]) != "HTTP/1.1 " {
		return 0, 0, errAnswer
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, 0, errAnswer
	}
	for {
		line, err := w.line()
		if err != nil || len(line) == 0 {
			return status, length, err
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimSpace(value)
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(value)); err != nil || length < 0 {
				return 0, 0, errAnswer
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			length = -1
		}
	}
}

// line gives a line without its end, valid until the next read.
func (w *wire) line() ([]byte, error) {
	line, err := w.in.ReadSlice('\n')
	if err != nil {
		return nil, err
	}
	return bytes.TrimRight(line, "\r\n"), nil
}

func (w *wire) chunks() error {
	b := bytes.NewBuffer(w.body)
	if _, err := b.ReadFrom(io.LimitReader(httputil.NewChunkedReader(w.in), maxAnswer)); err != nil {
		return err
	}
	w.body = b.Bytes()
	for { // the reader stops before the trailer
		line, err := w.line()
		if err != nil || len(line) == 0 {
			return err
		}
	}
}

// refused is the error of an answer that was not hoped for. Of the body it repeats
// the problem's code only.
func refused(what string, status int, answer []byte) error {
	code := "no code"
	if _, rest, ok := bytes.Cut(answer, []byte(`"code":"`)); ok {
		if name, _, ok := bytes.Cut(rest, []byte(`"`)); ok && len(name) < 64 {
			code = string(name)
		}
	}
	return fmt.Errorf("bench: %s was answered with %d, %s", what, status, code)
}
