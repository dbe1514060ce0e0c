package api

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// MaxDuration bounds what is read, far above every limit of the contract.
const MaxDuration = 10_000 * time.Hour

var errDuration = errors.New("expected a duration such as 90s, 5m or 1h30m")

// Duration is a length of time in whole seconds. On the wire it is text such as
// 90s, 5m or 1h30m: hours, minutes and seconds in this order, each at most once.
type Duration time.Duration

// String writes the short form: units that are zero are left out, and what is
// shorter than two minutes and no whole minute is in seconds.
func (d Duration) String() string {
	t := time.Duration(d)
	if t%time.Second != 0 || t < 0 {
		return t.String() // never from the contract; still exact
	}
	if t == 0 || t < 2*time.Minute && t%time.Minute != 0 {
		return strconv.FormatInt(int64(t/time.Second), 10) + "s"
	}
	var b strings.Builder
	for _, unit := range []struct {
		name string
		size time.Duration
	}{{"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}} {
		if n := t / unit.size; n > 0 {
			b.WriteString(strconv.FormatInt(int64(n), 10) + unit.name)
			t %= unit.size
		}
	}
	return b.String()
}

// MarshalText writes the short form.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads hours, minutes and seconds up to MaxDuration. Fractions,
// signs and other units are errors.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, ok := parseDuration(string(text))
	if !ok {
		return errDuration
	}
	*d = Duration(parsed)
	return nil
}

func parseDuration(s string) (time.Duration, bool) {
	var total time.Duration
	rest, units := s, "hms"
	for rest != "" {
		end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
		if end < 1 || end > 8 {
			return 0, false
		}
		at := strings.IndexByte(units, rest[end])
		if at < 0 {
			return 0, false
		}
		n, err := strconv.Atoi(rest[:end])
		size := map[byte]time.Duration{'h': time.Hour, 'm': time.Minute, 's': time.Second}[units[at]]
		if err != nil || time.Duration(n) > (MaxDuration-total)/size {
			return 0, false
		}
		total += time.Duration(n) * size
		rest, units = rest[end+1:], units[at+1:]
	}
	return total, s != ""
}
