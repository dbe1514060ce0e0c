package api_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/sealpost/sealpost/api"
)

func TestTimeHasOneForm(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("east", 3600)
	for want, in := range map[string]time.Time{
		`"2026-11-23T20:00:00.000000Z"`: time.Date(2026, 11, 23, 20, 0, 0, 0, time.UTC),
		`"2026-11-23T19:00:00.000001Z"`: time.Date(2026, 11, 23, 20, 0, 0, 1999, zone),
		`"0001-01-01T00:00:00.000000Z"`: {},
	} {
		got, err := json.Marshal(api.At(in))
		if err != nil || string(got) != want {
			t.Errorf("%s, %v; want %s", got, err, want)
		}
		var back api.Time
		if err := json.Unmarshal(got, &back); err != nil || !back.Equal(in.Truncate(time.Microsecond)) {
			t.Errorf("%s reads as %v, %v", got, back, err)
		}
	}
	pointer := struct{ At *api.Time }{}
	if got, err := json.Marshal(pointer); err != nil || string(got) != `{"At":null}` {
		t.Errorf("%s, %v", got, err)
	}
	for _, bad := range []string{`"tomorrow"`, `"2026-11-23"`, `"2026-11-23T20:00:00"`, `1`, `""`, `"2026-13-23T20:00:00Z"`} {
		var at api.Time
		if err := json.Unmarshal([]byte(bad), &at); err == nil {
			t.Errorf("%s reads as %v", bad, at)
		}
	}
}

func TestDurations(t *testing.T) {
	t.Parallel()
	for text, d := range map[string]time.Duration{
		"0s": 0, "1s": time.Second, "90s": 90 * time.Second, "1m": time.Minute, "2m": 2 * time.Minute, "5m": 5 * time.Minute,
		"2m30s": 150 * time.Second, "1h30m": 90 * time.Minute, "24h": 24 * time.Hour, "1h1s": time.Hour + time.Second,
	} {
		got, err := json.Marshal(api.Duration(d))
		if err != nil || string(got) != `"`+text+`"` {
			t.Errorf("%v is %s, %v; want %s", d, got, err, text)
		}
		var back api.Duration
		if err := json.Unmarshal(got, &back); err != nil || time.Duration(back) != d {
			t.Errorf("%s reads as %v, %v", got, back, err)
		}
	}
	for _, also := range []string{"60s", "120s", "00m5s", "1h0m"} {
		var d api.Duration
		if err := d.UnmarshalText([]byte(also)); err != nil {
			t.Errorf("%s: %v", also, err)
		}
	}
	for _, bad := range []string{"", "5", "s", "-5s", "+5s", "1.5s", "5s1m", "1m1m", "5ms", " 5s", "5s ", "1d", "PT5M", "999999999h", "10001h", "99999999h99999999m"} {
		var d api.Duration
		if err := d.UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q reads as %v", bad, d)
		}
	}
}

func FuzzDuration(f *testing.F) {
	for _, seed := range []string{"90s", "1h30m", "0s", "9999h59m59s"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var d, back api.Duration
		if d.UnmarshalText([]byte(text)) != nil {
			return
		}
		if d < 0 || time.Duration(d) > api.MaxDuration {
			t.Errorf("%q is %v", text, d)
		}
		if err := back.UnmarshalText([]byte(d.String())); err != nil || back != d {
			t.Errorf("%q: %v becomes %v, %v", text, d, back, err)
		}
	})
}

func TestProblemIsAnError(t *testing.T) {
	t.Parallel()
	p := &api.Problem{Code: "invalid", Field: "undo", Detail: "No.", Reference: "r1"}
	if got := p.Error(); got != "invalid (undo): No. [r1]" {
		t.Error(got)
	}
}
