package main

import (
	"testing"
	"time"
)

func TestParseWhen(t *testing.T) {
	t.Parallel()
	zurich, err := time.LoadLocation("Europe/Zurich")
	if err != nil {
		t.Fatal(err)
	}
	lordHowe, err := time.LoadLocation("Australia/Lord_Howe") // clocks change by half an hour
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 23, 20, 0, 0, 0, zurich)
	for _, c := range []struct {
		text string
		zone *time.Location
		want string // empty: refused
		note bool
	}{
		{"2026-11-24 09:00", zurich, "2026-11-24T09:00:00+01:00", false},
		{"2026-11-24T09:00:30", zurich, "2026-11-24T09:00:30+01:00", false},
		{"2026-11-24T09:00:00+05:30", zurich, "2026-11-24T09:00:00+05:30", false},
		{" 21:15 ", zurich, "2026-11-23T21:15:00+01:00", false},
		{"09:00", zurich, "2026-11-24T09:00:00+01:00", false},
		{"2027-03-28 02:30", zurich, "2027-03-28T03:00:00+02:00", true},
		{"2027-03-28 02:00", zurich, "2027-03-28T03:00:00+02:00", true},
		{"2027-03-28 01:59", zurich, "2027-03-28T01:59:00+01:00", false},
		{"2027-03-28 03:00", zurich, "2027-03-28T03:00:00+02:00", false},
		{"2027-10-31 02:30", zurich, "", false},
		{"2027-10-31 03:00", zurich, "2027-10-31T03:00:00+01:00", false},
		{"2027-10-31 01:59", zurich, "2027-10-31T01:59:00+02:00", false},
		{"2027-10-03 02:15", lordHowe, "2027-10-03T02:30:00+11:00", true},
		{"2027-04-04 01:45", lordHowe, "", false},
		{"tomorrow", zurich, "", false},
		{"25:00", zurich, "", false},
		{"2026-02-30 10:00", zurich, "", false},
		{"", zurich, "", false},
	} {
		at, note, err := parseWhen(c.text, c.zone, now)
		got := at.Format(time.RFC3339)
		if err != nil {
			got = ""
		}
		if got != c.want || (note != "") != c.note {
			t.Errorf("%q in %s: %s, %q, %v; want %s", c.text, c.zone, got, note, err, c.want)
		}
	}
}
