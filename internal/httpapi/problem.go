package httpapi

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/sealpost"
)

// statuses is the one table from codes to HTTP. A test holds it complete.
var statuses = map[sealpost.Code]int{
	sealpost.CodeRecallOff:      http.StatusConflict,
	sealpost.CodeRequiredNotice: http.StatusConflict,
	sealpost.CodeOnHold:         http.StatusConflict,
	sealpost.CodeTextMessage:    http.StatusConflict,
	sealpost.CodeWindowClosed:   http.StatusConflict,
	sealpost.CodeDailyLimit:     http.StatusTooManyRequests,
	sealpost.CodeThrottled:      http.StatusTooManyRequests,
	sealpost.CodeOpened:         http.StatusConflict,
	sealpost.CodeUnavailable:    http.StatusServiceUnavailable,

	sealpost.CodeMalformed:           http.StatusBadRequest,
	sealpost.CodeInvalid:             http.StatusUnprocessableEntity,
	sealpost.CodeTooLarge:            http.StatusRequestEntityTooLarge,
	sealpost.CodeUnsupportedMedia:    http.StatusUnsupportedMediaType,
	sealpost.CodeUnauthenticated:     http.StatusUnauthorized,
	sealpost.CodeForbidden:           http.StatusForbidden,
	sealpost.CodeNotSender:           http.StatusForbidden,
	sealpost.CodeNotFound:            http.StatusNotFound,
	sealpost.CodeMethodNotAllowed:    http.StatusMethodNotAllowed,
	sealpost.CodeNotDelivered:        http.StatusConflict,
	sealpost.CodeAlreadyDelivered:    http.StatusConflict,
	sealpost.CodeRecalled:            http.StatusConflict,
	sealpost.CodeRemoved:             http.StatusConflict,
	sealpost.CodeOpenRequired:        http.StatusConflict,
	sealpost.CodeCannotDeliver:       http.StatusConflict,
	sealpost.CodeIDInUse:             http.StatusConflict,
	sealpost.CodeIdempotencyConflict: http.StatusUnprocessableEntity,
	sealpost.CodeResync:              http.StatusConflict,
	sealpost.CodeVersionConflict:     http.StatusConflict,
	sealpost.CodePreconditionFailed:  http.StatusPreconditionFailed,
	sealpost.CodeNeedsPrecondition:   http.StatusPreconditionRequired,
	sealpost.CodeAmbiguousTime:       http.StatusUnprocessableEntity,
	sealpost.CodeRateLimited:         http.StatusTooManyRequests,
	sealpost.CodeLastAdmin:           http.StatusConflict,
	sealpost.CodeInternal:            http.StatusInternalServerError,
}

// Status is the HTTP status of a code; what is unknown is our fault.
func Status(c sealpost.Code) int {
	if status, ok := statuses[c]; ok {
		return status
	}
	return http.StatusInternalServerError
}

// challenge is what every 401 names (RFC 9110 §11.6.1).
const challenge = `Bearer realm="sealpost"`

// problem is an error on its way to the wire. huma writes it as it is.
type problem struct {
	api.Problem
	header http.Header
}

// GetStatus, GetHeaders and ContentType are what huma asks of an error.
func (p *problem) GetStatus() int { return p.Status }

func (p *problem) GetHeaders() http.Header { return p.header }

func (p *problem) ContentType(string) string { return api.ProblemType }

// problem turns any error into what the client may know of it. What is not one of
// ours is internal: the log gets the cause under a random reference, the client
// gets the reference.
func (s *Server) problem(ctx context.Context, err error) *problem {
	var made *problem
	if errors.As(err, &made) {
		return made
	}
	var e *sealpost.Error
	switch {
	case errors.As(err, &e) && e.Code != sealpost.CodeInternal && statuses[e.Code] != 0:
		if e.Code == sealpost.CodeUnavailable {
			s.log.WarnContext(ctx, "a request could not be decided", "error", err)
		}
		return fromError(e)
	case ctx.Err() != nil:
		// The client is gone or the server stops; whether it happened is not known (R11).
		return fromError(sealpost.Refuse(sealpost.CodeUnavailable, "The request was interrupted. Try again."))
	}
	return s.internal(ctx, err)
}

func (s *Server) internal(ctx context.Context, cause error) *problem {
	p := fromError(sealpost.Refuse(sealpost.CodeInternal, "Something went wrong on the server. The reference finds it in its log."))
	p.Reference = strings.ToLower(rand.Text()[:16])
	s.log.ErrorContext(ctx, "a request failed", "reference", p.Reference, "error", cause)
	return p
}

func fromError(e *sealpost.Error) *problem {
	status := statuses[e.Code]
	p := &problem{Problem: api.Problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status,
		Detail: e.Detail, Code: string(e.Code), Field: e.Field,
	}}
	for _, code := range e.Also {
		p.Also = append(p.Also, string(code))
	}
	p.Alternatives = e.Alternatives
	for _, choice := range e.Choices {
		p.Choices = append(p.Choices, api.At(choice.Time()))
	}
	if e.RetryAt != 0 {
		at := api.At(e.RetryAt.Time())
		p.RetryAt = &at
		// As a date (RFC 9110 §10.2.3): seconds from now would need a clock. Rounded up,
		// because a date has no fractions.
		p.header = http.Header{"Retry-After": {at.Add(time.Second - 1).Truncate(time.Second).Format(http.TimeFormat)}}
	}
	if e.Code == sealpost.CodeUnauthenticated {
		p.header = http.Header{"Www-Authenticate": {challenge}}
	}
	return p
}

// write sends the problem where huma is not in charge.
func (p *problem) write(w http.ResponseWriter) {
	h := w.Header()
	for name, values := range p.header {
		h[name] = values
	}
	h.Set("Content-Type", api.ProblemType)
	w.WriteHeader(p.Status)
	// The client may be gone; there is nobody else to tell.
	_ = encodeJSON(w, p)
}

// replaceErrors is a transformer of huma: its own errors hold the rejected values.
// Of what they say only the place is kept, and the first message where it is one
// of the fixed ones for parameters.
func replaceErrors(_ huma.Context, _ string, v any) (any, error) {
	model, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	e := &sealpost.Error{Code: sealpost.CodeInternal, Detail: "Something went wrong on the server."}
	for code, status := range statuses {
		if status == model.Status && (code == sealpost.CodeInvalid || code == sealpost.CodeMalformed || code == sealpost.CodeTooLarge || code == sealpost.CodeUnsupportedMedia) {
			e.Code, e.Detail = code, "The request is not as this operation expects it."
		}
	}
	if len(model.Errors) > 0 {
		_, e.Field, _ = strings.Cut(model.Errors[0].Location, ".")
		if e.Code == sealpost.CodeInvalid {
			e.Detail = "The value of " + e.Field + " is not one that it can have."
		}
	}
	p := fromError(e)
	p.Status, p.Title = model.Status, http.StatusText(model.Status)
	return p, nil
}

// encodeJSON writes JSON with < and > as they are: it is never inside HTML, and
// content stays as it was written.
func encodeJSON(w interface{ Write([]byte) (int, error) }, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
