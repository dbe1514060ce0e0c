package sealpost

import "time"

// WallTime is a time as the clocks of a zone show it, on its way to an instant
// (R28).
type WallTime struct {
	// At is the instant. Where the clocks are put forward over the time it is the
	// moment of the change, and Moved is true. Zero if there are two.
	At    time.Time
	Moved bool
	// Twice holds both instants, earlier first, where the clocks are put back and
	// show the time twice: which is meant cannot be known.
	Twice []time.Time
}

// ResolveWall finds the instant at which clocks in a zone show the date and time of
// wall, whose own zone does not count.
func ResolveWall(wall time.Time, zone *time.Location) WallTime {
	wall = time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), wall.Nanosecond(), time.UTC)
	var found []time.Time
	var before time.Time
	for i, near := range []time.Duration{-36 * time.Hour, 36 * time.Hour} {
		_, offset := wall.Add(near).In(zone).Zone()
		t := wall.Add(-time.Duration(offset) * time.Second).In(zone)
		if i == 0 {
			before = t
		}
		if t.Format(time.DateTime) == wall.Format(time.DateTime) && (len(found) == 0 || !found[0].Equal(t)) {
			found = append(found, t)
		}
	}
	switch len(found) {
	case 1:
		return WallTime{At: found[0]}
	case 2:
		return WallTime{Twice: found}
	}
	change, _ := before.ZoneBounds() // the offset from before the change is ahead of it
	if change.IsZero() {
		change = before
	}
	return WallTime{At: change.In(zone), Moved: true}
}
