package service

import (
	"strings"
	"time"

	"github.com/sealpost/sealpost/internal/sealpost"
)

// SendTime is a moment that was read from what a client wrote.
type SendTime struct {
	At    time.Time
	Zone  string // in which it was meant
	Moved bool   // clocks skip the time that was written; At is when they do
}

// ParseSendTime reads when a message is to be delivered (R28): an instant as in RFC
// 3339, or a local time such as 2026-11-24T09:00, which is meant in zone or, if that
// is empty, in fallback. A local time that the zone's clocks skip moves on to the
// moment of the change; one that they show twice is CodeAmbiguousTime with both as
// Choices. Any other text is CodeInvalid, field send_at.
func ParseSendTime(text, zone, fallback string) (SendTime, error) {
	if err := validZone(zone); err != nil {
		return SendTime{}, err
	}
	if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return SendTime{At: at, Zone: zone}, nil
	}
	wall, ok := parseWall(text)
	if !ok {
		return SendTime{}, sealpost.Invalid("send_at", "Expected a time as in RFC 3339, or a local time such as 2026-11-24T09:00.")
	}
	if zone == "" {
		zone = fallback
	}
	location, err := time.LoadLocation(zone)
	if err != nil || zone == "" {
		return SendTime{}, sealpost.Invalid("time_zone", "A local time needs the name of its time zone.")
	}
	found := sealpost.ResolveWall(wall, location)
	if found.Twice == nil {
		return SendTime{At: found.At, Zone: zone, Moved: found.Moved}, nil
	}
	e := &sealpost.Error{
		Code: sealpost.CodeAmbiguousTime, Field: "send_at",
		Detail: "Clocks are put back and show this time twice. Send one of the choices instead.",
	}
	for _, t := range found.Twice {
		e.Choices = append(e.Choices, sealpost.InstantOf(t))
	}
	return SendTime{}, e
}

func parseWall(text string) (time.Time, bool) {
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if wall, err := time.Parse(layout, text); err == nil && !strings.Contains(text, ".") {
			return wall, true
		}
	}
	return time.Time{}, false
}
