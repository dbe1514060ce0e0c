package client

import (
	"bytes"
	"context"
	cryptorand "crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/sealpost/sealpost/api"
)

const (
	// maxAnswer is above the largest page: 200 messages of 10,000 characters, each
	// escaped.
	maxAnswer  = 32 << 20
	maxProblem = 64 << 10
	// keptBuffer is the largest buffer that is kept for the next answer.
	keptBuffer = 64 << 10
	keyHeader  = "Idempotency-Key"
)

// CallOption changes one call.
type CallOption func(*call)

// WithKey gives a change its Idempotency-Key, 1 to 200 printable ASCII characters:
// for a caller who must be able to repeat it after a restart. Without it the key is
// random.
func WithKey(key string) CallOption { return func(c *call) { c.key = key } }

// ifMatch lets a change happen only to a version that was seen.
func ifMatch(version int32) CallOption {
	return func(c *call) { c.ifMatch = strconv.Quote(strconv.Itoa(int(version))) }
}

// NewKey makes a random Idempotency-Key.
func NewKey() string { return cryptorand.Text() }

// Page asks for a part of a list. The zero Page is the first part in the server's
// own size.
type Page struct {
	Limit  int    // at most 200; 0: the server's default
	Cursor string // next_cursor of the part before; empty: from the start
}

func (p Page) values(v url.Values) url.Values {
	if v == nil {
		v = url.Values{}
	}
	limit(v, p.Limit)
	if p.Cursor != "" {
		v.Set("cursor", p.Cursor)
	}
	return v
}

func limit(v url.Values, n int) url.Values {
	if n != 0 {
		v.Set("limit", strconv.Itoa(n))
	}
	return v
}

// call is one request with everything that its repetitions share.
type call struct {
	method, path string
	query        url.Values
	key          string // empty: a question, which changes nothing
	body         []byte
	once         bool   // never repeated
	ifMatch      string // entity tag; empty: no precondition
}

// at makes a path. Ids are checked rather than escaped: an empty one would make it
// the path of something else.
func at(parts ...string) (string, error) {
	for _, p := range parts {
		if !segment(p) {
			return "", &Error{Code: CodeInvalid, Detail: "An id is empty or not an id."}
		}
	}
	return "/" + strings.Join(parts, "/"), nil
}

func segment(s string) bool {
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' {
			return false
		}
	}
	return s != "" && len(s) <= 200
}

// get asks a question.
func (c *Client) get(ctx context.Context, out any, query url.Values, parts ...string) error {
	path, err := at(parts...)
	if err != nil {
		return err
	}
	return c.run(ctx, &call{method: http.MethodGet, path: path, query: query}, out)
}

// change asks for a change. in is nil for a request without a body.
func (c *Client) change(ctx context.Context, method string, in, out any, options []CallOption, parts ...string) error {
	path, err := at(parts...)
	if err != nil {
		return err
	}
	k := &call{method: method, path: path}
	for _, o := range options {
		o(k)
	}
	if k.key == "" {
		k.key = NewKey()
	}
	if in != nil {
		if k.body, err = json.Marshal(in); err != nil {
			return &Error{Code: CodeInvalid, Detail: "The request cannot be written as JSON."}
		}
	}
	return c.run(ctx, k, out)
}

// run makes attempts under one key until there is an answer or no more patience.
// Once an attempt may have reached the decision, only an answer that the decision
// itself gives makes the outcome known again (R11).
func (c *Client) run(ctx context.Context, k *call, out any) error {
	unknown := false
	for attempt := 1; ; attempt++ {
		wait, err := c.attempt(ctx, k, out)
		if err == nil {
			return nil
		}
		unknown = unknown && !settles(err) || doubtful(err)
		if k.key != "" {
			err.Key, err.Unknown = k.key, unknown
		}
		if k.once || attempt >= c.retry.Attempts || !repeatable(err) || wait > c.retry.Max {
			return err
		}
		if !sleep(ctx, max(wait, backoff(c.retry, attempt))) {
			return err
		}
	}
}

// doubtful says that the attempt itself may have changed something although it
// failed.
func doubtful(e *Error) bool {
	if e.Status == 0 {
		var op *net.OpError
		return !errors.As(e.cause, &op) || op.Op != "dial"
	}
	return e.Status >= 500 || e.Status < 400
}

// settles says that an answer is the decision's own, not that of a gate in front of
// it.
func settles(e *Error) bool {
	switch {
	case e.Status < 400 || e.Status >= 500, e.Status == http.StatusUnauthorized, e.Code == "rate_limited", e.Code == CodeBadAnswer:
		return false
	}
	return true
}

func repeatable(e *Error) bool {
	if e.Status == 0 {
		return !errors.Is(e.cause, context.Canceled)
	}
	return overloaded(e.Status)
}

// overloaded are the statuses of a server, or a proxy in front of one, that may do
// better soon.
func overloaded(status int) bool {
	return status == http.StatusBadGateway || status == http.StatusServiceUnavailable || status == http.StatusGatewayTimeout
}

// backoff doubles from First to Max, with up to half of it by chance, so that many
// clients do not come back together.
func backoff(r Retry, attempt int) time.Duration {
	d := r.First
	for range attempt - 1 {
		if d = 2 * d; d >= r.Max {
			break
		}
	}
	if d = min(d, r.Max); d < 2 {
		return max(d, 0)
	}
	return d/2 + rand.N(d/2)
}

// sleep waits, and reports false if the context ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// attempt makes one request. wait is how long the server asks to stay away.
func (c *Client) attempt(ctx context.Context, k *call, out any) (wait time.Duration, _ *Error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	answer, err := c.http.Do(c.request(ctx, k))
	if err != nil {
		return 0, lost(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return retryAfter(answer.Header), readProblem(answer)
	}
	return 0, c.read(answer.Body, out)
}

// request is made by hand: parsing an address anew for each costs more than the
// rest.
func (c *Client) request(ctx context.Context, k *call) *http.Request {
	u := c.base
	u.Path += k.path
	u.RawQuery = k.query.Encode()
	r := &http.Request{
		Method: k.method, URL: &u, Host: u.Host, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"User-Agent": c.agent},
	}
	if c.authorization != nil {
		r.Header["Authorization"] = c.authorization
	}
	if k.key != "" {
		r.Header[keyHeader] = []string{k.key}
	}
	if k.ifMatch != "" {
		r.Header.Set("If-Match", k.ifMatch)
	}
	if k.method != http.MethodGet {
		r.Header["Content-Type"] = []string{"application/json"}
	}
	if k.body != nil {
		r.ContentLength = int64(len(k.body))
		r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(k.body)), nil }
		r.Body, _ = r.GetBody()
	}
	return r.WithContext(ctx)
}

// retryAfter reads seconds; the other form of the header needs a clock that agrees
// with the server's.
func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(min(seconds, 1<<30)) * time.Second
}

func readProblem(answer *http.Response) *Error {
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxProblem))
	var p api.Problem
	if err != nil || json.Unmarshal(body, &p) != nil || p.Code == "" {
		return plainError(answer.StatusCode)
	}
	return problemError(answer.StatusCode, p)
}

// read decodes an answer. One that breaks off is as good as none: the repetition
// gives the whole (R6).
func (c *Client) read(body io.Reader, out any) *Error {
	b, _ := c.buffers.Get().(*bytes.Buffer)
	defer func() {
		if b.Cap() <= keptBuffer {
			clear(b.Bytes()) // content does not stay in memory that waits for reuse
			b.Reset()
			c.buffers.Put(b)
		}
	}()
	n, err := b.ReadFrom(io.LimitReader(body, maxAnswer+1))
	switch {
	case err != nil:
		return lost(err)
	case out == nil:
		return nil
	case n > maxAnswer:
		return &Error{Status: http.StatusOK, Code: CodeBadAnswer, Detail: "The answer is too large."}
	case json.Unmarshal(b.Bytes(), out) != nil:
		// Without the decoder's words: they can quote the answer.
		return &Error{Status: http.StatusOK, Code: CodeBadAnswer, Detail: "The answer is not what this API gives."}
	}
	return nil
}
