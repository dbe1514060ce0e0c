package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sealpost/sealpost/internal/sealpost"
)

// parseWhen reads a time as people write it: RFC 3339, "2026-11-24 09:00", or
// "09:00", which is today or, if that is over, tomorrow; all but the first in the
// zone. A note says what was not taken literally.
func parseWhen(text string, zone *time.Location, now time.Time) (at time.Time, note string, err error) {
	text = strings.TrimSpace(text)
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, "", nil
	}
	for _, layout := range []string{"2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02T15:04:05"} {
		if wall, err := time.Parse(layout, text); err == nil {
			return wallTime(wall, zone)
		}
	}
	wall, err := time.Parse("15:04", text)
	if err != nil {
		return at, "", errors.New(`the time must look like "2026-11-24 09:00", "09:00" or 2026-11-24T09:00:00+01:00`)
	}
	today := now.In(zone)
	for day := range 2 {
		at, note, err = wallTime(time.Date(today.Year(), today.Month(), today.Day()+day, wall.Hour(), wall.Minute(), 0, 0, time.UTC), zone)
		if err != nil || at.After(now) {
			return at, note, err
		}
	}
	return at, note, err
}

// wallTime is the moment at which clocks in a zone show a time, with a note where
// they skip it; a time that they show twice is refused.
func wallTime(wall time.Time, zone *time.Location) (time.Time, string, error) {
	w := sealpost.ResolveWall(wall, zone)
	switch {
	case w.Twice != nil:
		return time.Time{}, "", fmt.Errorf("clocks show %s twice that day; say which: %s or %s",
			wall.Format("15:04"), w.Twice[0].Format(time.RFC3339), w.Twice[1].Format(time.RFC3339))
	case w.Moved:
		return w.At, fmt.Sprintf("Clocks skip %s that day. It is sent at %s.", wall.Format("15:04"), w.At.Format("15:04 MST")), nil
	}
	return w.At, "", nil
}
