package policy_test

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
)

const now = sealpost.Instant(1_000_000_000_000)

// order is R8's table, as far as its reasons exist.
func order() []sealpost.Code {
	return []sealpost.Code{
		sealpost.CodeRecallOff, sealpost.CodeRequiredNotice, sealpost.CodeWindowClosed,
		sealpost.CodeDailyLimit, sealpost.CodeThrottled, sealpost.CodeOpened,
	}
}

// because gives a case in which exactly these reasons refuse.
func because(codes ...sealpost.Code) (policy.Policy, policy.Facts) {
	p := policy.Default()
	f := policy.Facts{Now: now, RecallableUntil: now, Recipients: []policy.Recipient{{Receipt: true}}}
	for _, code := range codes {
		switch code {
		case sealpost.CodeRecallOff:
			p.Recall = false
		case sealpost.CodeRequiredNotice:
			f.RequiredNotice = true
		case sealpost.CodeWindowClosed:
			f.RecallableUntil = now - 1
		case sealpost.CodeDailyLimit:
			f.QuotaUntil = now + 7
		case sealpost.CodeThrottled:
			f.RefusalsOver = now - 9
		case sealpost.CodeOpened:
			f.Recipients[0].Opened = true
		}
	}
	return p, f
}

// R8: whatever refuses together, the first of the table is the code and the rest
// are the also, in order; the time to try again is that of the code.
func TestTheOrderOfRefusals(t *testing.T) {
	t.Parallel()
	all := order()
	for set := range 1 << len(all) {
		var codes []sealpost.Code
		for i, code := range all {
			if set&(1<<i) != 0 {
				codes = append(codes, code)
			}
		}
		p, f := because(codes...)
		v := p.Evaluate(f)
		want := policy.Verdict{}
		if len(codes) > 0 {
			want.Code = codes[0]
			if len(codes) > 1 {
				want.Also = codes[1:]
			}
		}
		switch want.Code {
		case sealpost.CodeDailyLimit:
			want.RetryAt = now + 7
		case sealpost.CodeThrottled:
			want.RetryAt = (now - 9).Add(p.Throttle.Period)
		}
		if !reflect.DeepEqual(v, want) {
			t.Errorf("%v: got %+v", codes, v)
		}
		if v.Granted() != (v.Err() == nil) || v.Granted() != (len(codes) == 0) {
			t.Errorf("%v: granted %v, error %v", codes, v.Granted(), v.Err())
		}
		var e *sealpost.Error
		if errors.As(v.Err(), &e) && (e.Code != v.Code || e.RetryAt != v.RetryAt || !slices.Equal(e.Also, v.Also) || e.Detail == "") {
			t.Errorf("%v: the error says %+v", codes, e)
		}
	}
}

// Every limit at its edge: the last microsecond, and exactly the limit (R12 to R14).
func TestEdges(t *testing.T) {
	t.Parallel()
	period := policy.Default().Throttle.Period
	for _, c := range []struct {
		what string
		edit func(*policy.Facts)
		want sealpost.Code
	}{
		{"the last microsecond of the window", func(f *policy.Facts) { f.RecallableUntil = now }, ""},
		{"the first after it", func(f *policy.Facts) { f.RecallableUntil = now - 1 }, sealpost.CodeWindowClosed},
		{"committed as over, before its end", func(f *policy.Facts) { f.RecallableUntil, f.WindowOver = now+1, true }, sealpost.CodeWindowClosed},
		{"the instant at which the day begins", func(f *policy.Facts) { f.QuotaUntil = now }, ""},
		{"the one before it", func(f *policy.Facts) { f.QuotaUntil = now + 1 }, sealpost.CodeDailyLimit},
		{"a whole period after one too many", func(f *policy.Facts) { f.MessagesOver = now.Add(-period) }, ""},
		{"a microsecond less", func(f *policy.Facts) { f.MessagesOver = now.Add(-period) + 1 }, sealpost.CodeThrottled},
		{"too many recipients", func(f *policy.Facts) { f.RecipientsOver = now }, sealpost.CodeThrottled},
		{"too many refusals", func(f *policy.Facts) { f.RefusalsOver = now }, sealpost.CodeThrottled},
		{"nobody to take it from", func(f *policy.Facts) { f.Recipients = nil }, ""},
	} {
		p, f := because()
		c.edit(&f)
		if got := p.Evaluate(f).Code; got != c.want {
			t.Errorf("%s: got %q, want %q", c.what, got, c.want)
		}
	}
	p, f := because()
	f.MessagesOver, f.RecipientsOver, f.RefusalsOver = now-5, now-3, now-4
	if got, want := p.Evaluate(f).RetryAt, (now - 3).Add(period); got != want {
		t.Errorf("throttled until %v, want the last of the three, %v", got, want)
	}
}

// R15.
func TestGroups(t *testing.T) {
	t.Parallel()
	opened, sealed := policy.Recipient{Opened: true, Receipt: true}, policy.Recipient{Receipt: true}
	for _, c := range []struct {
		mode       policy.GroupMode
		recipients []policy.Recipient
		want       sealpost.Code
	}{
		{policy.GroupUnopened, []policy.Recipient{sealed, sealed}, ""},
		{policy.GroupUnopened, []policy.Recipient{opened, sealed}, ""},
		{policy.GroupUnopened, []policy.Recipient{opened, opened}, sealpost.CodeOpened},
		{policy.GroupAllOrNothing, []policy.Recipient{sealed, sealed}, ""},
		{policy.GroupAllOrNothing, []policy.Recipient{opened, sealed}, sealpost.CodeOpened},
		{policy.GroupAllOrNothing, []policy.Recipient{{Opened: true}, sealed}, sealpost.CodeOpened},
	} {
		p, f := because()
		p.Group, f.Recipients = c.mode, c.recipients
		if got := p.Evaluate(f).Code; got != c.want {
			t.Errorf("%s %+v: got %q, want %q", c.mode, c.recipients, got, c.want)
		}
	}
}

func drawCase(rt *rapid.T) (policy.Policy, policy.Facts) {
	instant := rapid.Custom(func(rt *rapid.T) sealpost.Instant {
		return sealpost.Instant(rapid.SampledFrom([]int64{0, 1, int64(now) - 600_000_001, int64(now) - 1, int64(now), int64(now) + 1, int64(now) + 1e9}).Draw(rt, "at"))
	})
	p := policy.Default()
	p.Recall = rapid.IntRange(0, 3).Draw(rt, "recall") > 0
	p.Group = rapid.SampledFrom([]policy.GroupMode{policy.GroupUnopened, policy.GroupAllOrNothing}).Draw(rt, "group")
	f := policy.Facts{
		Now: now, RecallableUntil: instant.Draw(rt, "until"), WindowOver: rapid.Bool().Draw(rt, "over"),
		RequiredNotice: rapid.Bool().Draw(rt, "notice"), QuotaUntil: instant.Draw(rt, "quota"),
		MessagesOver: instant.Draw(rt, "messages"), RecipientsOver: instant.Draw(rt, "recipients"), RefusalsOver: instant.Draw(rt, "refusals"),
		Recipients: rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) policy.Recipient {
			return policy.Recipient{Opened: rapid.Bool().Draw(rt, "opened"), Receipt: rapid.Bool().Draw(rt, "receipt")}
		}), 1, 3).Draw(rt, "people"),
	}
	if rapid.IntRange(0, 3).Draw(rt, "nothing else refuses") < 3 {
		_, calm := because()
		calm.Recipients = f.Recipients
		p.Recall, f = true, calm
	}
	return p, f
}

// masked is the case without the openings that the sender may not know of.
func masked(f policy.Facts) policy.Facts {
	f.Recipients = slices.Clone(f.Recipients)
	for i, r := range f.Recipients {
		f.Recipients[i].Opened = r.Opened && r.Receipt
	}
	return f
}

// R8: a refusal is no free read receipt. A secret opening can change the answer
// only from yes to opened; it never shows in the also, and never in a forecast.
func TestSecretOpeningsStaySecret(t *testing.T) {
	t.Parallel()
	counts := map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		p, f := drawCase(rt)
		truth, told := p.Evaluate(f), p.Evaluate(masked(f))
		switch {
		case reflect.DeepEqual(truth, told):
			counts["the same"]++
		case told.Granted() && truth.Code == sealpost.CodeOpened && len(truth.Also) == 0 && truth.RetryAt == 0:
			counts["granted without the secret"]++
		default:
			rt.Fatalf("the truth is %+v, without secrets %+v", truth, told)
		}
		if forecast := p.Forecast(f); !reflect.DeepEqual(forecast, told) || !reflect.DeepEqual(forecast, p.Forecast(masked(f))) {
			rt.Fatalf("the forecast %+v knows more than %+v", forecast, told)
		}
	})
	t.Logf("%v", counts)
	if counts["granted without the secret"] == 0 {
		t.Error("no case had a secret that decides")
	}
}

// Every case has exactly one verdict, the same each time, and nothing it was asked
// about changes.
func TestEvaluateIsTotalAndDeterministic(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		p, f := drawCase(rt)
		before := slices.Clone(f.Recipients)
		v := p.Evaluate(f)
		checkVerdict(rt, p, f, v)
		if !reflect.DeepEqual(v, p.Evaluate(f)) || !slices.Equal(before, f.Recipients) {
			rt.Fatalf("asked twice, or changed by asking: %+v", v)
		}
	})
}

type fataler interface {
	Fatalf(format string, args ...any)
}

// checkVerdict holds what is true of every verdict.
func checkVerdict(t fataler, p policy.Policy, f policy.Facts, v policy.Verdict) {
	last := slices.Index(order(), v.Code)
	if !v.Granted() && last < 0 {
		t.Fatalf("a code that no rule gives: %+v", v)
	}
	for _, code := range v.Also {
		at := slices.Index(order(), code)
		if at <= last {
			t.Fatalf("out of order: %+v", v)
		}
		last = at
	}
	if v.Granted() && (v.RetryAt != 0 || len(v.Also) > 0) {
		t.Fatalf("granted, with reasons: %+v", v)
	}
	timed := v.Code == sealpost.CodeDailyLimit || v.Code == sealpost.CodeThrottled
	if timed != (v.RetryAt != 0) || timed && v.RetryAt <= f.Now {
		t.Fatalf("the time to try again: %+v at %v", v, f.Now)
	}
	if v.Granted() && (!p.Recall || f.RequiredNotice || f.WindowOver || f.Now > f.RecallableUntil || f.QuotaUntil > f.Now) {
		t.Fatalf("granted against %+v", f)
	}
}

func FuzzEvaluate(f *testing.F) {
	f.Add(true, int64(300), true, int64(now), int64(now), false, false, int64(0), int64(0), int64(0), int64(0), []byte{0, 1, 2, 3})
	f.Add(false, int64(-1), false, int64(-1), int64(1<<62), true, true, int64(1<<62), int64(-1), int64(1), int64(1<<40), []byte{})
	f.Fuzz(func(t *testing.T, on bool, period int64, all bool, at, until int64, over, notice bool, quota, messages, recipients, refusals int64, people []byte) {
		p := policy.Default()
		p.Recall, p.Throttle.Period = on, time.Duration(period%86_400)*time.Second
		if all {
			p.Group = policy.GroupAllOrNothing
		}
		facts := policy.Facts{
			Now: sealpost.Instant(max(at, 0)), RecallableUntil: sealpost.Instant(until), WindowOver: over, RequiredNotice: notice,
			QuotaUntil: sealpost.Instant(quota), MessagesOver: sealpost.Instant(messages % (1 << 60)),
			RecipientsOver: sealpost.Instant(recipients % (1 << 60)), RefusalsOver: sealpost.Instant(refusals % (1 << 60)),
		}
		for _, b := range people {
			facts.Recipients = append(facts.Recipients, policy.Recipient{Opened: b&1 != 0, Receipt: b&2 != 0})
		}
		v := p.Evaluate(facts)
		checkVerdict(t, p, facts, v)
		if told := p.Evaluate(masked(facts)); !told.Granted() && !reflect.DeepEqual(told, v) {
			t.Fatalf("the truth is %+v, without secrets %+v", v, told)
		}
	})
}
