package webui

import (
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/served"
)

// failure is an error as a page shows it.
type failure struct {
	code      sealpost.Code
	title     string
	detail    string
	field     string
	retryAt   sealpost.Instant
	reference string // of the log, for what is our fault
}

// failure turns an error into what can be shown. What is our fault is logged under a
// reference; its text never leaves (it might name what nobody may know).
func (q *request) failure(err error) failure {
	var e *sealpost.Error
	if !errors.As(err, &e) || e.Code == sealpost.CodeInternal {
		f := failure{
			code: sealpost.CodeInternal, reference: rand.Text()[:8],
			title:  T(q.ctx, "Something went wrong on our side"),
			detail: T(q.ctx, "Nothing was sent or changed. Trying again often helps."),
		}
		q.server.log.ErrorContext(q.ctx, "a page failed", "reference", f.reference, "route", served.Route(q.r), "error", err)
		return f
	}
	f := failure{code: e.Code, detail: known(q.ctx, e.Detail), field: e.Field, retryAt: e.RetryAt}
	switch e.Code {
	case sealpost.CodeNotFound:
		f.title, f.detail = T(q.ctx, "This page doesn't exist, or it was removed"), ""
	case sealpost.CodeForbidden:
		f.title = T(q.ctx, "You don't have access to this")
	case sealpost.CodeUnavailable:
		f.title = T(q.ctx, "The server can't answer right now")
	default:
		f.title = T(q.ctx, "That didn't work")
	}
	return f
}

// wayIn is what signing in has to know, so that somebody comes back to the page that
// they were on.
func (q *request) wayIn() url.Values {
	values := url.Values{}
	page, err := url.Parse(q.r.Referer())
	switch {
	case q.r.Method == http.MethodGet:
		if q.r.URL.Path != "/" {
			values.Set("to", q.r.URL.RequestURI())
		}
	case err == nil && page.Host == q.r.Host && page.Path != "/sign-in":
		if strings.HasPrefix(page.Path, "/compose/") { // the answer to a button of the form
			page.Path = "/compose"
		}
		values.Set("to", page.RequestURI())
		values.Set("done", "ended")
	}
	return values
}

// show is page where there is nobody to give an error to.
func (q *request) show(p page) {
	if err := q.page(p); err != nil {
		q.server.log.ErrorContext(q.ctx, "a failure could not be shown", "error", err)
		http.Error(q.w, "Something went wrong on our side.", http.StatusInternalServerError)
	}
}

// fail answers a request that failed with a page that says why. Who is not signed
// in is sent to do that, and comes back.
func (q *request) fail(err error) {
	code := sealpost.CodeOf(err)
	if code == sealpost.CodeUnauthenticated && !q.signedIn() {
		if q.swapped() { // a part of a page is no place to sign in: its script sees to that
			q.w.WriteHeader(q.server.status(code))
			return
		}
		way := q.wayIn()
		if q.r.Method == http.MethodPost && q.readForm() == nil && q.written() != nil {
			q.status = q.server.status(code)
			form := signInForm{to: localPath(way.Get("to")), written: q.written()}
			q.show(page{title: T(q.ctx, "Sign in"), body: signInBody(form), bare: true})
			return
		}
		to := "/sign-in"
		if len(way) > 0 {
			to += "?" + way.Encode()
		}
		_ = q.redirect(to) // never fails
		return
	}
	f := q.failure(err)
	q.status = q.server.status(f.code)
	q.show(page{title: f.title, body: failurePage(f), bare: !q.signedIn()})
}
