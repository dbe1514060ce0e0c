package sealpost

import "errors"

// Code is a closed set: clients decide by it, one table maps it to HTTP.
type Code string

// The refusals of R8, in the order in which they are evaluated.
const (
	CodeRecallOff      Code = "recall_off"
	CodeRequiredNotice Code = "required_notice"
	CodeOnHold         Code = "on_hold"
	CodeTextMessage    Code = "text_message"
	CodeWindowClosed   Code = "window_closed"
	CodeDailyLimit     Code = "daily_limit"
	CodeThrottled      Code = "throttled"
	CodeOpened         Code = "opened"
	// CodeUnavailable: the decision could not be made, or whether it was is not
	// known. Retry with the same idempotency key (R11).
	CodeUnavailable Code = "unavailable"
)

// Everything else that can be refused.
const (
	CodeMalformed           Code = "malformed"             // not JSON, not UTF-8, a NUL byte
	CodeInvalid             Code = "invalid"               // a field has a value that it cannot have
	CodeTooLarge            Code = "too_large"             // over a stated limit
	CodeUnsupportedMedia    Code = "unsupported_media"     // not application/json
	CodeUnauthenticated     Code = "unauthenticated"       // no valid token or session
	CodeForbidden           Code = "forbidden"             // known, but not allowed
	CodeNotSender           Code = "not_sender"            // only the sender may (R8)
	CodeNotFound            Code = "not_found"             // is not, or may not be known
	CodeMethodNotAllowed    Code = "method_not_allowed"    // the path exists, not with this method
	CodeNotDelivered        Code = "not_delivered"         // held or scheduled: undo it, do not recall it (R8)
	CodeAlreadyDelivered    Code = "already_delivered"     // the undo, edit or release lost (R28)
	CodeRecalled            Code = "recalled"              // recalled, perhaps before it was ever sent
	CodeRemoved             Code = "removed"               // removed after review (R30)
	CodeOpenRequired        Code = "open_required"         // a reply to a message that is still sealed
	CodeCannotDeliver       Code = "cannot_deliver"        // R31: one answer for every reason
	CodeIDInUse             Code = "id_in_use"             // the client's message id is taken
	CodeIdempotencyConflict Code = "idempotency_conflict"  // another request under a used key
	CodeResync              Code = "resync"                // a cursor that cannot be continued from
	CodeVersionConflict     Code = "version_conflict"      // changed by somebody else in between
	CodePreconditionFailed  Code = "precondition_failed"   // If-Match names another version
	CodeNeedsPrecondition   Code = "precondition_required" // If-Match is missing
	CodeAmbiguousTime       Code = "ambiguous_time"        // clocks show it twice; see Choices
	CodeRateLimited         Code = "rate_limited"          // too many attempts; see RetryAt
	CodeLastAdmin           Code = "last_admin"            // nobody would be left to administer
	CodeInternal            Code = "internal"              // a fault of ours; the reference finds it in the log
)

// Codes lists every code once, for tables that must be complete.
func Codes() []Code {
	return []Code{
		CodeRecallOff, CodeRequiredNotice, CodeOnHold, CodeTextMessage, CodeWindowClosed,
		CodeDailyLimit, CodeThrottled, CodeOpened, CodeUnavailable,
		CodeMalformed, CodeInvalid, CodeTooLarge, CodeUnsupportedMedia, CodeUnauthenticated,
		CodeForbidden, CodeNotSender, CodeNotFound, CodeMethodNotAllowed, CodeNotDelivered,
		CodeAlreadyDelivered, CodeRecalled, CodeOpenRequired, CodeCannotDeliver, CodeIDInUse,
		CodeRemoved, CodeIdempotencyConflict, CodeResync, CodeVersionConflict, CodePreconditionFailed, CodeNeedsPrecondition,
		CodeAmbiguousTime, CodeRateLimited, CodeLastAdmin, CodeInternal,
	}
}

// Error is the one error type. Its text never contains content, a rejected
// value or a key.
type Error struct {
	Code    Code
	Field   string  // the field at fault, if one is
	Detail  string  // a plain sentence for a person
	RetryAt Instant // when it may be tried again; zero where that does not apply
	Also    []Code  // R8: the other refusals that the caller may know of
	// Alternatives are what the sender can do instead of a recall that was refused,
	// most fitting first (S16 to S20).
	Alternatives []string
	Choices      []Instant // CodeAmbiguousTime: what can be meant
	Cause        error     // for the log
}

func (e *Error) Error() string {
	s := string(e.Code)
	if e.Field != "" {
		s += " (" + e.Field + ")"
	}
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Is makes errors.Is compare codes.
func (e *Error) Is(target error) bool {
	var t *Error
	return errors.As(target, &t) && t.Code == e.Code
}

// CodeOf is the code of an error: CodeInternal for an error of any other type,
// empty for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return CodeInternal
}

// Refuse is an error with a code and a sentence.
func Refuse(code Code, detail string) *Error { return &Error{Code: code, Detail: detail} }

// Invalid says which field is wrong and what it should be.
func Invalid(field, detail string) *Error {
	return &Error{Code: CodeInvalid, Field: field, Detail: detail}
}

// NotFound is the one answer for whatever is not there or may not be known to be
// there. It is the same for both, to the byte.
func NotFound() *Error { return &Error{Code: CodeNotFound, Detail: "There is nothing here for you."} }

// KeyUsed is the one answer to a request under an Idempotency-Key that its sender used
// for another one, whoever finds that out.
func KeyUsed() *Error {
	return &Error{
		Code: CodeIdempotencyConflict, Field: "Idempotency-Key",
		Detail: "This idempotency key was used for another request.",
	}
}
