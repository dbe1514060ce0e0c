package policy_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
)

func TestTheDefaultIsValid(t *testing.T) {
	t.Parallel()
	if err := policy.Default().Validate(); err != nil {
		t.Error(err)
	}
}

// Every field at both of its limits, and one step beyond.
func TestValidateNamesTheField(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		field string // empty: valid
		edit  func(*policy.Policy)
	}{
		{"", func(p *policy.Policy) { p.Window = 10 * time.Second }},
		{"window", func(p *policy.Policy) { p.Window = 10*time.Second - 1 }},
		{"", func(p *policy.Policy) { p.Window = 24 * time.Hour }},
		{"window", func(p *policy.Policy) { p.Window = 24*time.Hour + 1 }},
		{"", func(p *policy.Policy) { p.PerConversationDay = 1_000_000 }},
		{"per_conversation_per_day", func(p *policy.Policy) { p.PerConversationDay = 0 }},
		{"per_conversation_per_day", func(p *policy.Policy) { p.PerConversationDay = 1_000_001 }},
		{"throttle.messages", func(p *policy.Policy) { p.Throttle.Messages = 0 }},
		{"throttle.recipients", func(p *policy.Policy) { p.Throttle.Recipients = -1 }},
		{"throttle.refusals", func(p *policy.Policy) { p.Throttle.Refusals = 1_000_001 }},
		{"", func(p *policy.Policy) { p.Throttle.Period = time.Minute }},
		{"throttle.period", func(p *policy.Policy) { p.Throttle.Period = time.Minute - 1 }},
		{"throttle.period", func(p *policy.Policy) { p.Throttle.Period = 24*time.Hour + 1 }},
		{"", func(p *policy.Policy) { p.Group = policy.GroupAllOrNothing }},
		{"group", func(p *policy.Policy) { p.Group = "everybody" }},
		{"", func(p *policy.Policy) { p.Trace = sealpost.TraceNever }},
		{"trace", func(p *policy.Policy) { p.Trace = "" }},
		{"", func(p *policy.Policy) { p.Previews = sealpost.PreviewsImmediate }},
		{"previews", func(p *policy.Policy) { p.Previews = sealpost.ParsePreviews("on") }},
		{"", func(p *policy.Policy) { p.NotificationDelay = 0 }},
		{"notification_delay", func(p *policy.Policy) { p.NotificationDelay = time.Hour + 1 }},
		{"notification_delay", func(p *policy.Policy) { p.NotificationDelay = -1 }},
		{"", func(p *policy.Policy) { p.UndoDefault = 120 * time.Second }},
		{"undo_default", func(p *policy.Policy) { p.UndoDefault = 121 * time.Second }},
		{"", func(p *policy.Policy) { p.Reason = strings.Repeat("界", 500) }},
		{"reason", func(p *policy.Policy) { p.Reason = strings.Repeat("界", 501) }},
		{"reason", func(p *policy.Policy) { p.Reason = "" }},
	} {
		p := policy.Default()
		c.edit(&p)
		err := p.Validate()
		var e *sealpost.Error
		switch {
		case c.field == "" && err != nil:
			t.Errorf("valid, and refused: %v", err)
		case c.field != "" && (!errors.As(err, &e) || e.Field != c.field || e.Code != sealpost.CodeInvalid):
			t.Errorf("%s: got %v", c.field, err)
		}
	}
}

// What a sender can do instead is always all five.
func TestAlternatives(t *testing.T) {
	t.Parallel()
	want := []string{"block", "disregard", "follow_up", "report", "settings"}
	for _, code := range append(sealpost.Codes(), "") {
		got := policy.Alternatives(code)
		if got[0] != "follow_up" {
			t.Errorf("%s: first comes %s", code, got[0])
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%s: %v", code, got)
		}
	}
}
