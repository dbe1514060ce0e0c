package sealpost_test

import (
	"testing"
	"time"
	_ "time/tzdata" // the zones of this machine may be old or missing

	"pgregory.net/rapid"

	"github.com/sealpost/sealpost/internal/sealpost"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// R13: the next calendar day begins when it begins there.
func TestNextDay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ what, zone, now, next string }{
		{"an ordinary day", "Europe/Zurich", "2026-03-02T15:00:00+01:00", "2026-03-03T00:00:00+01:00"},
		{"its first instant", "Europe/Zurich", "2026-03-02T00:00:00+01:00", "2026-03-03T00:00:00+01:00"},
		{"its last second", "Europe/Zurich", "2026-03-02T23:59:59+01:00", "2026-03-03T00:00:00+01:00"},
		{"a day of 23 hours", "Europe/Zurich", "2026-03-29T00:30:00+01:00", "2026-03-30T00:00:00+02:00"},
		{"a day of 25 hours", "Europe/Zurich", "2026-10-25T00:30:00+02:00", "2026-10-26T00:00:00+01:00"},
		{"the hour that comes twice", "Europe/Zurich", "2026-10-25T02:30:00+02:00", "2026-10-26T00:00:00+01:00"},
		{"the second of the two", "America/New_York", "2026-11-01T01:30:00-05:00", "2026-11-02T00:00:00-05:00"},
		{"a day that begins at one", "Africa/Cairo", "2023-04-27T20:00:00+02:00", "2023-04-28T01:00:00+03:00"},
		{"from inside it", "Africa/Cairo", "2023-04-28T01:00:00+03:00", "2023-04-29T00:00:00+03:00"},
		{"14 hours ahead", "Pacific/Kiritimati", "2026-01-01T23:00:00+14:00", "2026-01-02T00:00:00+14:00"},
		{"11 hours behind", "Pacific/Pago_Pago", "2026-01-01T23:00:00-11:00", "2026-01-02T00:00:00-11:00"},
		{"and three quarters", "Asia/Kathmandu", "2026-01-01T12:00:00+05:45", "2026-01-02T00:00:00+05:45"},
		{"half an hour of summer", "Australia/Lord_Howe", "2026-10-04T00:00:00+10:30", "2026-10-05T00:00:00+11:00"},
		{"the day that never was", "Pacific/Apia", "2011-12-29T23:00:00-10:00", "2011-12-31T00:00:00+14:00"},
		{"a leap day", "UTC", "2028-02-28T12:00:00Z", "2028-02-29T00:00:00Z"},
		{"a new year", "UTC", "2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z"},
	} {
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		want, err := time.Parse(time.RFC3339, c.next)
		if err != nil {
			t.Fatal(err)
		}
		got := sealpost.NextDay(sealpost.InstantOf(now), zone(t, c.zone))
		if got != sealpost.InstantOf(want) {
			t.Errorf("%s: got %v, want %v", c.what, got.Time().In(zone(t, c.zone)), want)
		}
	}
}

// In any zone at any time: the next day is later, within 49 hours, another day, and
// the instant before it is still today.
func TestNextDayIsTheFirstInstantOfAnotherDay(t *testing.T) {
	t.Parallel()
	zones := []string{"UTC", "Europe/Zurich", "America/New_York", "Africa/Cairo", "Pacific/Apia", "Pacific/Kiritimati", "Asia/Kathmandu", "America/Sao_Paulo", "Asia/Tehran"}
	rapid.Check(t, func(rt *rapid.T) {
		name := rapid.SampledFrom(zones).Draw(rt, "zone")
		z := zone(t, name)
		now := sealpost.Instant(rapid.Int64Range(946_684_800_000_000, 2_208_988_800_000_000).Draw(rt, "now")) // 2000 to 2040
		next := sealpost.NextDay(now, z)
		day := func(i sealpost.Instant) string { return i.Time().In(z).Format(time.DateOnly) }
		if next <= now || next.Sub(now) > 49*time.Hour || day(next) == day(now) || day(next-1) != day(now) {
			rt.Fatalf("%s: after %v comes %v", name, now.Time().In(z), next.Time().In(z))
		}
		if again := sealpost.NextDay(next-1, z); again != next {
			rt.Fatalf("%s: from the instant before it is %v", name, again.Time().In(z))
		}
	})
}

// R13: a changed zone counts for the limit 48 hours later, so that changing zones
// brings no new day earlier: whatever is changed, and however often.
func TestChangingZonesBuysNoRecall(t *testing.T) {
	t.Parallel()
	zones := []string{"Pacific/Kiritimati", "UTC", "Pacific/Pago_Pago", "Asia/Kathmandu"}
	rapid.Check(t, func(rt *rapid.T) {
		home := rapid.SampledFrom(zones).Draw(rt, "home")
		u := sealpost.User{TimeZone: home}
		start := sealpost.Instant(rapid.Int64Range(1_767_225_600_000_000, 1_798_761_600_000_000).Draw(rt, "now"))
		now := start
		var since sealpost.Instant // of the zone that was chosen last
		for range rapid.IntRange(1, 6).Draw(rt, "changes") {
			to := rapid.SampledFrom(zones).Draw(rt, "to")
			before, changing := u.LimitZone(now), to != u.TimeZone
			u = u.ChangeZone(to, now)
			if u.LimitZone(now) != before {
				rt.Fatalf("changing to %s counts at once", to)
			}
			if changing {
				since = now
			}
			counted := before
			now = now.Add(time.Duration(rapid.IntRange(0, 60).Draw(rt, "hours")) * time.Hour)
			if waited := since == 0 || now.Sub(since) >= sealpost.ZoneDelay; waited {
				counted = u.TimeZone
			}
			if got := u.LimitZone(now); got != counted {
				rt.Fatalf("%v after the change %s counts, want %s", now.Sub(since), got, counted)
			}
		}
	})
	u := sealpost.User{TimeZone: "UTC"}.ChangeZone("Pacific/Kiritimati", now)
	end := now.Add(sealpost.ZoneDelay)
	if u.LimitZone(end-1) != "UTC" || u.LimitZone(end) != "Pacific/Kiritimati" {
		t.Error("the change counts exactly 48 hours later")
	}
}
