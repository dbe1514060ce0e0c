package httpapi

import (
	"bytes"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/sealpost/sealpost/internal/sealpost"
)

const (
	jsonType = "application/json"
	// maxBody is the largest request body in bytes: the longest message with every
	// character escaped, and room for the rest.
	maxBody = 256 << 10
	// maxDropped is how much of a refused body is read.
	maxDropped = 4 * maxBody
)

// readBody reads and checks the body of a request. release, if not nil, must be
// called when the body is no longer used: it clears the buffer, because a body is
// content (R2).
func (s *Server) readBody(rt *route, r *http.Request) (body []byte, release func(), err error) {
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return nil, nil, checkNoBody(rt, r)
	}
	if rt.mutates() {
		if err := checkContentType(r, true); err != nil {
			return nil, nil, err
		}
	}
	if r.ContentLength > maxBody {
		return nil, nil, tooLarge()
	}
	buffer, ok := s.buffers.Get().(*bytes.Buffer)
	if !ok {
		buffer = new(bytes.Buffer)
	}
	release = func() {
		clear(buffer.Bytes())
		buffer.Reset()
		s.buffers.Put(buffer)
	}
	defer func() {
		if err != nil {
			release()
			body, release = nil, nil
		}
	}()
	n, err := buffer.ReadFrom(io.LimitReader(r.Body, maxBody+1))
	switch {
	case err != nil:
		return nil, release, sealpost.Refuse(sealpost.CodeMalformed, "The body could not be read to its end.")
	case n > maxBody:
		return nil, release, tooLarge()
	case n == 0:
		return nil, release, checkNoBody(rt, r)
	case !rt.mutates():
		return nil, release, sealpost.Refuse(sealpost.CodeMalformed, "A request with this method has no body.")
	}
	want := rt.body
	if want == nil {
		want = &shape{kind: "object"} // takes {} as nothing
	}
	if f := checkJSON(buffer.Bytes(), want); f != nil {
		return nil, release, f.problem()
	}
	return buffer.Bytes(), release, nil
}

func tooLarge() error {
	return sealpost.Refuse(sealpost.CodeTooLarge, "The body may have at most 256 KiB.")
}

// checkNoBody answers for a request without a body. A mutation that needs none may
// leave the content type out; another one than JSON is refused even then.
func checkNoBody(rt *route, r *http.Request) error {
	if !rt.mutates() {
		return nil
	}
	if err := checkContentType(r, false); err != nil {
		return err
	}
	if rt.required {
		return sealpost.Refuse(sealpost.CodeMalformed, "This operation needs a body.")
	}
	return nil
}

// checkContentType wants application/json in UTF-8 and no encoding.
func checkContentType(r *http.Request, needed bool) error {
	wrong := sealpost.Refuse(sealpost.CodeUnsupportedMedia, "The content type must be application/json.")
	wrong.Field = "Content-Type"
	values := r.Header["Content-Type"]
	switch {
	case len(r.Header["Content-Encoding"]) > 0:
		wrong.Field, wrong.Detail = "Content-Encoding", "The body must not be encoded."
		return wrong
	case len(values) == 0 && !needed:
		return nil
	case len(values) != 1:
		return wrong
	case values[0] == jsonType:
		return nil
	}
	media, params, err := mime.ParseMediaType(values[0])
	if err != nil || media != jsonType {
		return wrong
	}
	for name, value := range params {
		if name != "charset" || !strings.EqualFold(value, "utf-8") {
			return wrong
		}
	}
	return nil
}

// parseQuery reads a query string.
func parseQuery(raw string) (url.Values, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, sealpost.Refuse(sealpost.CodeMalformed, "The query string cannot be read.")
	}
	return values, nil
}

// validText reports whether a text may be looked at: UTF-8 without NUL.
func validText(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }
