package service_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// R28: named zones and their changes of clock.
func TestParseSendTime(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, zone, fallback string
		want                 string // empty: refused
		moved                bool
	}{
		{"2026-11-24T09:00:00+01:00", "", "UTC", "2026-11-24T08:00:00Z", false},
		{"2026-11-24T09:00:00Z", "Europe/Zurich", "UTC", "2026-11-24T09:00:00Z", false},
		{"2026-11-24T09:00", "Europe/Zurich", "UTC", "2026-11-24T08:00:00Z", false},
		{"2026-11-24T09:00:30", "", "Asia/Kathmandu", "2026-11-24T03:15:30Z", false},
		{"2027-03-28T02:30", "Europe/Zurich", "UTC", "2027-03-28T01:00:00Z", true}, // clocks skip it
		{"2027-03-28T01:59:59", "Europe/Zurich", "UTC", "2027-03-28T00:59:59Z", false},
		{"2027-03-28T03:00", "Europe/Zurich", "UTC", "2027-03-28T01:00:00Z", false},
		{"2027-10-31T03:00", "Europe/Zurich", "UTC", "2027-10-31T02:00:00Z", false},
		{"2027-10-03T02:15", "Australia/Lord_Howe", "UTC", "2027-10-02T15:30:00Z", true}, // by half an hour
		{"2011-12-30T12:00", "Pacific/Apia", "UTC", "2011-12-30T10:00:00Z", true},        // a day that was not
		{"2026-11-24", "Europe/Zurich", "UTC", "", false},
		{"2026-11-24 09:00", "Europe/Zurich", "UTC", "", false},
		{"2026-02-30T09:00", "Europe/Zurich", "UTC", "", false},
		{"2026-11-24T09:00", "Europe/Nowhere", "UTC", "", false},
		{"2026-11-24T09:00", "Local", "UTC", "", false},
		{"tomorrow", "", "UTC", "", false},
		{"", "", "UTC", "", false},
	} {
		got, err := service.ParseSendTime(c.text, c.zone, c.fallback)
		if c.want == "" {
			wantCode(t, c.text, err, sealpost.CodeInvalid)
			continue
		}
		if err != nil || got.At.UTC().Format(time.RFC3339) != c.want || got.Moved != c.moved {
			t.Errorf("%s in %q: %+v, %v; want %s", c.text, c.zone, got, err, c.want)
		}
	}
}

// A time that clocks show twice asks, and each of the choices is an answer.
func TestDoubledHourAsks(t *testing.T) {
	t.Parallel()
	_, err := service.ParseSendTime("2027-10-31T02:30", "Europe/Zurich", "")
	wantCode(t, "a doubled hour", err, sealpost.CodeAmbiguousTime)
	var e *sealpost.Error
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	choices := e.Choices
	want := []sealpost.Instant{
		sealpost.InstantOf(time.Date(2027, 10, 31, 0, 30, 0, 0, time.UTC)), sealpost.InstantOf(time.Date(2027, 10, 31, 1, 30, 0, 0, time.UTC)),
	}
	if !slices.Equal(choices, want) {
		t.Fatalf("choices %v, want %v", choices, want)
	}
	for _, c := range choices {
		got, err := service.ParseSendTime(c.Time().UTC().Format(time.RFC3339), "Europe/Zurich", "")
		if err != nil || sealpost.InstantOf(got.At) != c || got.Moved {
			t.Errorf("%+v, %v", got, err)
		}
	}
}

func FuzzParseSendTime(f *testing.F) {
	f.Add("2027-03-28T02:30", "Europe/Zurich")
	f.Add("2027-10-31T02:30:00", "Europe/Zurich")
	f.Add("2026-11-24T09:00:00.000001Z", "")
	f.Fuzz(func(t *testing.T, text, zone string) {
		got, err := service.ParseSendTime(text, zone, "Europe/Zurich")
		if err != nil {
			if c := sealpost.CodeOf(err); c != sealpost.CodeInvalid && c != sealpost.CodeAmbiguousTime {
				t.Fatalf("%v", err)
			}
			return
		}
		again, err := service.ParseSendTime(got.At.Format(time.RFC3339Nano), got.Zone, "")
		if err != nil || !again.At.Equal(got.At) {
			t.Fatalf("%v is not read back: %v, %v", got.At, again.At, err)
		}
	})
}
