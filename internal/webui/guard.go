package webui

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"path"
	"runtime/debug"
	"strings"

	"github.com/andybalholm/brotli"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/served"
	"github.com/sealpost/sealpost/internal/service"
)

const (
	// maxForm is the largest form that is read, in bytes: a message of the longest
	// kind, each byte written as %XX, and its fields.
	maxForm = 160 << 10
	// maxURL is the longest path with query that is looked at, in bytes.
	maxURL = 4096
)

// serve is the way in: what is the same for every page.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	began := s.clock()
	a := &served.Answer{ResponseWriter: w}
	defer func() {
		if err := a.Panicked(recover()); err != nil {
			s.recovered(a, r, err)
		}
		s.observe(served.Route(r), a.Status(), s.clock().Sub(began))
		s.log.DebugContext(r.Context(), "page", "route", served.Route(r), "status", a.Status())
	}()
	h := a.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Vary", "Cookie, HX-Request")
	switch {
	case len(r.RequestURI) > maxURL, r.URL.Path != "/" && path.Clean(r.URL.Path) != r.URL.Path:
		s.refuse(a, r, sealpost.NotFound())
	case s.origin.Check(r) != nil:
		s.refuse(a, r, sealpost.Refuse(sealpost.CodeForbidden, "This request comes from another site."))
	default:
		s.mux.ServeHTTP(a, r)
	}
}

// serveRoute is what comes before every handler: who asks, that they are there
// (R24), and that the form is one.
func (s *Server) serveRoute(w http.ResponseWriter, r *http.Request, access Access, serve func(*request) error) {
	q := s.request(w, r)
	err := q.identify(access)
	if err == nil {
		err = q.readForm()
	}
	if err == nil && q.signedIn() && !q.swapped() && r.Method == http.MethodGet {
		q.since, err = s.service.Position(q.ctx, q.principal) // before anything is read that the page shows
	}
	if err == nil {
		err = serve(q)
	}
	if err != nil {
		q.fail(err)
	}
}

// refuse answers a request that reaches no route.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) { s.request(w, r).fail(err) }

// request begins a request, with nobody signed in.
func (s *Server) request(w http.ResponseWriter, r *http.Request) *request {
	q := &request{server: s, w: w, r: r, nonce: newNonce(), now: sealpost.InstantOf(s.clock())}
	q.words, q.direction, q.language = s.words.choose("", r.Header.Get("Accept-Language"))
	q.ctx = context.WithValue(service.FromAddress(r.Context(), s.address(r)), requestKey{}, q)
	q.theme = themeOf(r)
	return q
}

func newNonce() string {
	var b [18]byte
	_, _ = rand.Read(b[:]) // it never fails
	return base64.StdEncoding.EncodeToString(b[:])
}

// contentPolicy is the Content-Security-Policy of an answer. Scripts and the elements that
// htmx acts for carry its nonce; nothing else runs, and no string becomes markup
// but through htmx and the one function of ours.
func contentPolicy(nonce string) string {
	return "default-src 'none'; script-src 'self' 'nonce-" + nonce + "'; style-src 'self'; connect-src 'self'; img-src 'self'; " +
		"font-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; " +
		"require-trusted-types-for 'script'; trusted-types htmx sealpost"
}

// readForm reads the form of a request that has one. A text that is no UTF-8 or has
// a NUL byte, and a field that is there twice, are refused as the API refuses them.
func (q *request) readForm() error {
	if !clean(q.r.URL.RawQuery) {
		return sealpost.Refuse(sealpost.CodeMalformed, "The address is not well-formed.")
	}
	if q.r.Method != http.MethodPost {
		return nil
	}
	if media, _, _ := strings.Cut(q.r.Header.Get("Content-Type"), ";"); !strings.EqualFold(strings.TrimSpace(media), "application/x-www-form-urlencoded") {
		return sealpost.Refuse(sealpost.CodeUnsupportedMedia, "Send a form.")
	}
	q.r.Body = http.MaxBytesReader(q.w, q.r.Body, maxForm)
	if err := q.r.ParseForm(); err != nil {
		if large := new(http.MaxBytesError); errors.As(err, &large) {
			return sealpost.Refuse(sealpost.CodeTooLarge, "The form is too large.")
		}
		return sealpost.Refuse(sealpost.CodeMalformed, "The form is not well-formed.")
	}
	if !clean(q.r.PostForm.Encode()) {
		return sealpost.Refuse(sealpost.CodeMalformed, "The form is not well-formed.")
	}
	return nil
}

// clean reports whether every name and value of a query is text.
func clean(query string) bool {
	values, err := url.ParseQuery(query)
	if err != nil {
		return false
	}
	for name, all := range values {
		for _, text := range append(all, name) {
			if !strings.ContainsRune(text, 0) && text == strings.ToValidUTF8(text, "") {
				continue
			}
			return false
		}
	}
	return true
}

// recovered answers for a panic, unless the answer was begun.
func (s *Server) recovered(a *served.Answer, r *http.Request, err error) {
	s.log.ErrorContext(r.Context(), "a page panicked", "route", served.Route(r), "stack", string(debug.Stack()))
	a.Unbegun()
	s.refuse(a, r, err)
}

// compressed writes an answer in the best encoding that the client takes.
func compressed(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	out := brotli.HTTPCompressor(w, r)
	w.WriteHeader(status)
	_, _ = out.Write(body) // the client may be gone
	_ = out.Close()
}
