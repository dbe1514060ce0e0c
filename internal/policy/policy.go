// Package policy is the recall policy: its fields, what values they may have, and
// the verdict that follows from the facts of one case (R8).
//
// It is pure and total: every combination of facts has exactly one verdict, and
// no clock is read.
package policy

import (
	"time"

	"github.com/sealpost/sealpost/internal/sealpost"
)

// GroupMode is what an opening by one recipient means for the others (R15).
type GroupMode string

// The group modes.
const (
	GroupUnopened     GroupMode = "unopened"       // recall from those who have not opened
	GroupAllOrNothing GroupMode = "all_or_nothing" // any opening refuses
)

// Throttle pauses recall for somebody who sends a lot (R14). Recall is paused
// while, within Period, any count exceeds its limit.
type Throttle struct {
	Messages   int // sent in other conversations
	Recipients int // distinct, of those messages
	Refusals   int // refused recalls
	Period     time.Duration
}

// Policy is one version of the rules that an administrator sets. A message keeps
// the version it was sent under (R12).
type Policy struct {
	Version            int64
	Recall             bool
	Window             time.Duration
	PerConversationDay int // successful recalls per sender, conversation and calendar day (R13)
	Throttle           Throttle
	Group              GroupMode
	Trace              sealpost.Trace
	Previews           sealpost.Previews // the most that the organisation allows of preview text (R26)
	NotificationDelay  time.Duration
	UndoDefault        time.Duration
	Reason             string // why it was changed
	ChangedBy          sealpost.UserID
	ChangedAt          sealpost.Instant
}

// Limits of a policy's fields.
const (
	MinWindow            = 10 * time.Second
	MaxWindow            = 24 * time.Hour
	MaxCount             = 1_000_000 // as the value of a limit: no limit
	MinThrottlePeriod    = time.Minute
	MaxThrottlePeriod    = 24 * time.Hour
	MaxNotificationDelay = time.Hour
	MaxReason            = 500 // code points
)

// Default is the policy of a new installation.
func Default() Policy {
	return Policy{
		Version: 1, Recall: true, Window: 5 * time.Minute, PerConversationDay: 1,
		Throttle: Throttle{Messages: 30, Recipients: 20, Refusals: 10, Period: 10 * time.Minute},
		Group:    GroupUnopened, Trace: sealpost.TraceAuto, Previews: sealpost.PreviewsAfterWindow,
		NotificationDelay: 30 * time.Second, Reason: "The policy of a new installation.",
	}
}

// Validate names the first field that is out of its limits.
func (p Policy) Validate() error {
	checks := []struct {
		ok     bool
		field  string
		detail string
	}{
		{p.Window >= MinWindow && p.Window <= MaxWindow, "window", "must be from 10s to 24h"},
		{inCount(p.PerConversationDay), "per_conversation_per_day", "must be from 1 to 1000000"},
		{inCount(p.Throttle.Messages), "throttle.messages", "must be from 1 to 1000000"},
		{inCount(p.Throttle.Recipients), "throttle.recipients", "must be from 1 to 1000000"},
		{inCount(p.Throttle.Refusals), "throttle.refusals", "must be from 1 to 1000000"},
		{p.Throttle.Period >= MinThrottlePeriod && p.Throttle.Period <= MaxThrottlePeriod, "throttle.period", "must be from 1m to 24h"},
		{p.Group == GroupUnopened || p.Group == GroupAllOrNothing, "group", "must be unopened or all_or_nothing"},
		{p.Trace == sealpost.TraceAuto || p.Trace == sealpost.TraceAlways || p.Trace == sealpost.TraceNever, "trace", "must be auto, always or never"},
		{p.Previews.Valid(), "previews", "must be off, after_window or immediate"},
		{p.NotificationDelay >= 0 && p.NotificationDelay <= MaxNotificationDelay, "notification_delay", "must be from 0s to 1h"},
		{p.UndoDefault >= 0 && p.UndoDefault <= sealpost.MaxUndo, "undo_default", "must be from 0s to 2m"},
		{len(p.Reason) > 0 && len([]rune(p.Reason)) <= MaxReason, "reason", "must be from 1 to 500 characters"},
	}
	for _, c := range checks {
		if !c.ok {
			return sealpost.Invalid(c.field, "The field "+c.field+" "+c.detail+".")
		}
	}
	return nil
}

func inCount(n int) bool { return n >= 1 && n <= MaxCount }
