package policy

import (
	"github.com/sealpost/sealpost/internal/sealpost"
)

// Recipient is what the verdict needs to know of one recipient.
type Recipient struct {
	Opened  bool
	Receipt bool // the sender may know of the opening
}

// Facts are everything that a verdict depends on. The store reads them under the
// locks of the decision.
type Facts struct {
	Now             sealpost.Instant // decision time: the database's clock (R12)
	RecallableUntil sealpost.Instant
	WindowOver      bool // committed as over, whatever the clock says (R12)
	RequiredNotice  bool
	Recipients      []Recipient

	// QuotaUntil is when the daily limit of this conversation is free again; zero:
	// it is free now (R13).
	QuotaUntil sealpost.Instant

	// Each is the time of the newest event that puts the count one over its limit,
	// zero if the count is not over it (R14).
	MessagesOver, RecipientsOver, RefusalsOver sealpost.Instant
}

// Verdict is the answer to "may this be recalled".
type Verdict struct {
	Code    sealpost.Code    // empty: yes
	RetryAt sealpost.Instant // for daily_limit and throttled
	Also    []sealpost.Code  // the other refusals, openings only as receipts allow
}

// Granted reports whether the recall may be done.
func (v Verdict) Granted() bool { return v.Code == "" }

// Err is the refusal as an error, nil if granted.
func (v Verdict) Err() error {
	if v.Granted() {
		return nil
	}
	return &sealpost.Error{Code: v.Code, Detail: explain(v.Code), RetryAt: v.RetryAt, Also: v.Also, Alternatives: Alternatives(v.Code)}
}

// Evaluate applies R8: the first check that fails is the code. An opening that the
// sender may not know of can only be the code itself, and only when nothing else
// refuses; it is never in Also. So a refusal is no free read receipt.
func (p Policy) Evaluate(f Facts) Verdict {
	throttledUntil := p.ThrottledUntil(f)
	checks := []struct {
		code    sealpost.Code
		refused bool
		retry   sealpost.Instant
	}{
		{sealpost.CodeRecallOff, !p.Recall, 0},
		{sealpost.CodeRequiredNotice, f.RequiredNotice, 0},
		{sealpost.CodeWindowClosed, f.WindowOver || f.Now > f.RecallableUntil, 0},
		{sealpost.CodeDailyLimit, f.QuotaUntil > f.Now, f.QuotaUntil},
		{sealpost.CodeThrottled, throttledUntil > f.Now, throttledUntil},
		{sealpost.CodeOpened, p.opened(f.Recipients, true), 0},
	}
	var v Verdict
	for _, c := range checks {
		switch {
		case !c.refused:
		case v.Code == "":
			v.Code, v.RetryAt = c.code, c.retry
		case c.code == sealpost.CodeOpened && !p.opened(f.Recipients, false):
		default:
			v.Also = append(v.Also, c.code)
		}
	}
	return v
}

// opened reports whether openings refuse (R15). With secret openings counted it
// is the truth; without, it is what the sender may know.
func (p Policy) opened(recipients []Recipient, countSecret bool) bool {
	opened := 0
	for _, r := range recipients {
		if r.Opened && (r.Receipt || countSecret) {
			opened++
		}
	}
	if p.Group == GroupAllOrNothing {
		return opened > 0
	}
	return opened > 0 && opened == len(recipients)
}

// ThrottledUntil is when every count is back within its limit (R14), zero if none
// is over it now.
func (p Policy) ThrottledUntil(f Facts) sealpost.Instant {
	var until sealpost.Instant
	for _, over := range []sealpost.Instant{f.MessagesOver, f.RecipientsOver, f.RefusalsOver} {
		if over != 0 {
			until = max(until, over.Add(p.Throttle.Period))
		}
	}
	if until <= f.Now {
		return 0
	}
	return until
}

// explain is the sentence for a person.
func explain(code sealpost.Code) string {
	switch code {
	case sealpost.CodeRecallOff:
		return "Recall was switched off when this message was sent."
	case sealpost.CodeRequiredNotice:
		return "This is a required notice. It cannot be recalled."
	case sealpost.CodeWindowClosed:
		return "The recall window has closed."
	case sealpost.CodeDailyLimit:
		return "You already recalled a message in this conversation today."
	case sealpost.CodeThrottled:
		return "Recall is paused because you sent many messages in a short time."
	case sealpost.CodeOpened:
		return "The message has been opened."
	}
	return "The message cannot be recalled."
}
