package sealpost

import "time"

// Instant is a point in time in microseconds since 1970 UTC. Zero means "not".
// Every instant that decides anything comes from the database's clock (R12).
type Instant int64

// InstantOf truncates a time to microseconds.
func InstantOf(t time.Time) Instant { return Instant(t.UnixMicro()) }

// Time is the instant as a time in UTC.
func (i Instant) Time() time.Time { return time.UnixMicro(int64(i)).UTC() }

// Add moves the instant; fractions of a microsecond are dropped.
func (i Instant) Add(d time.Duration) Instant { return i + Instant(d/time.Microsecond) }

// Sub is the time from j to i.
func (i Instant) Sub(j Instant) time.Duration { return time.Duration(i-j) * time.Microsecond }

// NextDay is the first instant of the calendar day after now in a zone. It is
// found by search, because a day may begin at one o'clock or last 23, 25 or even
// 0 hours where clocks change (R13).
func NextDay(now Instant, zone *time.Location) Instant {
	today := dayNumber(now, zone)
	low, high := now, now.Add(72*time.Hour)
	for high-low > 1 {
		mid := low + (high-low)/2
		if dayNumber(mid, zone) > today {
			high = mid
		} else {
			low = mid
		}
	}
	return high
}

func dayNumber(i Instant, zone *time.Location) int {
	y, m, d := i.Time().In(zone).Date()
	return y*10000 + int(m)*100 + d
}
