// Package served is what the API and the pages both keep of an answer over HTTP: what
// logs and metrics tell of it, and what a panic was. None of it has content.
package served

import (
	"errors"
	"fmt"
	"net/http"
	"runtime"
)

// Answer remembers the status of an answer.
type Answer struct {
	http.ResponseWriter
	status int
	broken bool
}

// WriteHeader implements http.ResponseWriter.
func (a *Answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *Answer) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	return a.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (a *Answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// Status is the code that the client got, or gets when nothing else is said.
func (a *Answer) Status() int {
	if a.status == 0 {
		return http.StatusOK
	}
	return a.status
}

// BreakOff makes a client notice that an answer that was begun is not whole.
func BreakOff(w http.ResponseWriter) {
	if a, ok := w.(*Answer); ok {
		a.broken = true
	}
}

// Panicked gives back what a panic was that a handler recovered, nil for none. It does
// not keep the value unless it comes from the runtime: somebody may have put content
// into it. Where the handler breaks the connection off, it does not return.
func (a *Answer) Panicked(fault any) error {
	if aborted, ok := fault.(error); a.broken || ok && errors.Is(aborted, http.ErrAbortHandler) {
		a.abort()
	}
	switch fault := fault.(type) {
	case nil:
		return nil
	case runtime.Error:
		return fault
	default:
		return fmt.Errorf("panic with a %T", fault)
	}
}

// Unbegun does not return when the client may have some of the answer: that is broken
// off, so that nobody takes it for whole.
func (a *Answer) Unbegun() {
	if a.status != 0 {
		a.abort()
	}
}

// abort breaks the connection off in net/http's own way.
func (a *Answer) abort() { panic(http.ErrAbortHandler) }

// Route names a request in logs and metrics without anything of its own.
func Route(r *http.Request) string {
	if r.Pattern == "" || r.Pattern == "/" {
		return "unmatched"
	}
	return r.Pattern
}
