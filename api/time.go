package api

import (
	"errors"
	"time"
)

// timeLayout has microseconds always, so that every instant has one form and
// instants sort as text.
const timeLayout = "2006-01-02T15:04:05.000000Z"

// errTime names no value: what was rejected is never repeated.
var errTime = errors.New("expected a time as in RFC 3339")

// Time is an instant. On the wire it is RFC 3339 in UTC with microseconds:
// 2026-11-23T20:00:00.000000Z. Any RFC 3339 time is read; fractions beyond
// microseconds are dropped.
type Time struct{ time.Time }

// At gives a time for the wire.
func At(t time.Time) Time { return Time{t.UTC().Truncate(time.Microsecond)} }

// MarshalText writes the one form.
func (t Time) MarshalText() ([]byte, error) {
	return t.UTC().AppendFormat(make([]byte, 0, len(timeLayout)), timeLayout), nil
}

// MarshalJSON writes the one form in quotes.
func (t Time) MarshalJSON() ([]byte, error) {
	b := make([]byte, 0, len(timeLayout)+2)
	b = append(b, '"')
	b = t.UTC().AppendFormat(b, timeLayout)
	return append(b, '"'), nil
}

// UnmarshalText reads an RFC 3339 time.
func (t *Time) UnmarshalText(text []byte) error {
	parsed, err := time.Parse(time.RFC3339Nano, string(text))
	if err != nil {
		return errTime
	}
	*t = At(parsed)
	return nil
}

// UnmarshalJSON reads an RFC 3339 time in quotes.
func (t *Time) UnmarshalJSON(data []byte) error {
	if len(data) < 2 || data[0] != '"' || data[len(data)-1] != '"' {
		return errTime
	}
	return t.UnmarshalText(data[1 : len(data)-1])
}

// SendTime says when to deliver: an instant as in RFC 3339, or a local time such as
// 2026-11-24T09:00, as clocks in a named zone show it.
type SendTime string

// SendAt is an instant as a time to deliver at.
func SendAt(t time.Time) SendTime { return SendTime(t.UTC().Format(time.RFC3339Nano)) }
