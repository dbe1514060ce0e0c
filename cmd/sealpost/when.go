package main

import (
	"errors"
	"fmt"
	"strings"
	"time"
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

// wallTime is the moment at which clocks in a zone show a time. Where they are put
// forward over it, it is the moment of the change; where they are put back and show
// it twice, which one is meant cannot be known.
func wallTime(wall time.Time, zone *time.Location) (time.Time, string, error) {
	var found []time.Time
	var before time.Time
	for i, near := range []time.Duration{-36 * time.Hour, 36 * time.Hour} {
		_, offset := wall.Add(near).In(zone).Zone()
		t := wall.Add(-time.Duration(offset) * time.Second).In(zone)
		if i == 0 {
			before = t
		}
		if shows(t, wall) && (len(found) == 0 || !found[0].Equal(t)) {
			found = append(found, t)
		}
	}
	switch len(found) {
	case 1:
		return found[0], "", nil
	case 2:
		return time.Time{}, "", fmt.Errorf("clocks show %s twice that day; say which: %s or %s",
			wall.Format("15:04"), found[0].Format(time.RFC3339), found[1].Format(time.RFC3339))
	}
	change, _ := before.ZoneBounds() // the offset from before the change is ahead of it
	if change.IsZero() {
		change = before
	}
	return change, fmt.Sprintf("Clocks skip %s that day. It is sent at %s.", wall.Format("15:04"), change.In(zone).Format("15:04 MST")), nil
}

// shows says whether a clock in the zone of t shows the time wall.
func shows(t, wall time.Time) bool { return t.Format(time.DateTime) == wall.Format(time.DateTime) }
