package client

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/sealpost/sealpost/api"
)

// Codes that the client itself gives; all others come from the server.
const (
	// CodeUnavailable: the server could not be reached, its answer was lost, or it
	// said so itself.
	CodeUnavailable = "unavailable"
	// CodeBadAnswer: what came back is not an answer of this API.
	CodeBadAnswer = "bad_answer"
	// CodeInvalid: the argument cannot be right; nothing was sent.
	CodeInvalid = "invalid"
)

// Error is every failed call: the server's problem (RFC 9457), or no answer. It
// never holds content.
type Error struct {
	Status  int       // of HTTP; 0: there was no answer
	Code    string    // what to decide by
	Detail  string    // a plain sentence for a person
	Field   string    // the field at fault, if one is
	RetryAt time.Time // when it may be tried again; zero where that does not apply
	Also    []string  // the other reasons to refuse (R8)
	// Alternatives are what can be done instead of a refused recall, most fitting first.
	Alternatives []string
	Choices      []time.Time // of ambiguous_time: what can be meant
	Reference    string      // finds an internal error in the server's log

	// Unknown says that the change may or may not have been made (R11). The same
	// call WithKey(Key) gives the true outcome.
	Unknown bool
	Key     string // the Idempotency-Key of a change

	cause error
	wait  time.Duration // what the server asks to stay away
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Code)
	if e.Field != "" {
		b.WriteString(" (" + e.Field + ")")
	}
	if e.Detail != "" {
		b.WriteString(": " + e.Detail)
	}
	if e.Reference != "" {
		b.WriteString(" [" + e.Reference + "]")
	}
	if e.cause != nil {
		b.WriteString(": " + e.cause.Error())
	}
	return b.String()
}

// Unwrap gives what went wrong on the way, if something did.
func (e *Error) Unwrap() error { return e.cause }

// Is makes errors.Is compare codes.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// CodeOf is the code of an error, empty for one that is not of a call.
func CodeOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// maxWords bounds every text of a problem: it is shown to people.
const maxWords = 2000

func problemError(status int, p api.Problem) *Error {
	e := &Error{
		Status: status, Code: cut(p.Code), Detail: cut(p.Detail), Field: cut(p.Field),
		Reference: cut(p.Reference), Also: p.Also, Alternatives: p.Alternatives, Choices: times(p.Choices),
	}
	if p.RetryAt != nil {
		e.RetryAt = p.RetryAt.Time
	}
	return e
}

func cut(s string) string {
	if len(s) > maxWords {
		return strings.ToValidUTF8(s[:maxWords], "")
	}
	return s
}

// plainError is an answer without a problem: a proxy's, or no Sealpost server.
func plainError(status int) *Error {
	e := &Error{Status: status, Code: CodeBadAnswer, Detail: "The server answered with status " + strconv.Itoa(status) + " and no reason."}
	if overloaded(status) {
		e.Code = CodeUnavailable
	}
	return e
}

func lost(cause error) *Error {
	return &Error{Code: CodeUnavailable, Detail: "No answer from the server", cause: cause}
}

func times(in []api.Time) []time.Time {
	var out []time.Time
	for _, t := range in {
		out = append(out, t.Time)
	}
	return out
}
