package webui

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
)

// policyView is the policy in force, and what is to become of it.
type policyView struct {
	now     policy.Policy
	next    policy.Policy
	changes []change // of the review; nil: the form is shown
	key     string
	trouble *failure
	editor  bool

	versions []policy.Policy // newest first
	names    map[sealpost.UserID]string
	more     string
}

// change is one line of a review: what a field was, and what it becomes.
type change struct{ field, was, becomes string }

func (s *Server) policyPage(q *request) error {
	p, err := s.service.Policy(q.ctx, q.principal)
	if err != nil {
		return err
	}
	return q.showPolicy(policyView{now: p, next: p})
}

func (q *request) showPolicy(v policyView) error {
	v.editor, v.key, v.names = q.has(sealpost.RoleAdmin), formKey(), map[sealpost.UserID]string{}
	var err error
	if v.versions, v.more, err = q.server.service.Policies(q.ctx, q.principal, q.query("cursor"), 20); err != nil {
		return err
	}
	for _, p := range v.versions {
		if err := q.nameOf(v.names, p.ChangedBy); err != nil {
			return err
		}
	}
	return q.adminPage(T(q.ctx, "Recall policy"), adminPolicy, policyBody(v))
}

// policySave takes the form in two steps: first a review of what changes, then the
// change with its reason.
func (s *Server) policySave(q *request) error {
	now, err := s.service.Policy(q.ctx, q.principal)
	if err != nil {
		return err
	}
	v := policyView{now: now}
	if v.next, err = q.policyForm(now); err == nil {
		v.next.Reason = q.field("reason")
		if q.field("step") == "review" {
			err = reviewed(v.next)
		} else {
			_, err = s.service.PutPolicy(q.ctx, q.principal, q.key(), v.next)
			if err == nil {
				return q.done("/admin/policy", "policy")
			}
		}
	}
	if err != nil {
		code := sealpost.CodeOf(err)
		if code == sealpost.CodeInternal || code == sealpost.CodeForbidden {
			return err
		}
		f := q.failure(err)
		v.trouble, q.status = &f, s.status(code)
		if f.field != "reason" {
			return q.showPolicy(v)
		}
	}
	if v.changes = changes(q.ctx, now, v.next); len(v.changes) == 0 {
		return q.done("/admin/policy", "unchanged")
	}
	return q.showPolicy(v)
}

// reviewed checks the fields before anybody is asked for a reason.
func reviewed(p policy.Policy) error {
	p.Reason = "not given yet"
	return p.Validate()
}

// policyForm reads the form over the policy in force. The version is the one that
// the form was made from: somebody else's change in between is noticed.
func (q *request) policyForm(now policy.Policy) (policy.Policy, error) {
	p := now
	p.Recall = q.field("recall") == "on"
	p.Group, p.Trace, p.Previews = policy.GroupMode(q.field("group")), sealpost.Trace(q.field("trace")), policy.Previews(q.field("previews"))
	version, err := q.number("version")
	if err != nil {
		return p, err
	}
	p.Version = version
	for field, at := range map[string]*time.Duration{
		"window": &p.Window, "throttle.period": &p.Throttle.Period, "notification_delay": &p.NotificationDelay, "undo_default": &p.UndoDefault,
	} {
		d, err := time.ParseDuration(q.field(field))
		if err != nil {
			return p, sealpost.Invalid(field, "Write a time such as 90s, 5m or 1h30m.")
		}
		*at = d
	}
	for field, at := range map[string]*int{
		"per_conversation_per_day": &p.PerConversationDay, "throttle.messages": &p.Throttle.Messages,
		"throttle.recipients": &p.Throttle.Recipients, "throttle.refusals": &p.Throttle.Refusals,
	} {
		n, err := q.number(field)
		if err != nil {
			return p, err
		}
		*at = int(n)
	}
	return p, nil
}

// changes lists what differs.
func changes(ctx context.Context, a, b policy.Policy) []change {
	var out []change
	add := func(field, was, becomes string) {
		if was != becomes {
			out = append(out, change{field, was, becomes})
		}
	}
	add(T(ctx, "Recall"), onOff(ctx, a.Recall), onOff(ctx, b.Recall))
	add(T(ctx, "Recall window"), trimmed(a.Window), trimmed(b.Window))
	add(T(ctx, "Recalls per conversation and day"), strconv.Itoa(a.PerConversationDay), strconv.Itoa(b.PerConversationDay))
	add(T(ctx, "Group messages"), groupWord(ctx, a.Group), groupWord(ctx, b.Group))
	add(T(ctx, "Line left after a recall"), traceWord(ctx, a.Trace), traceWord(ctx, b.Trace))
	add(T(ctx, "Preview text allowed"), previewWord(ctx, a.Previews), previewWord(ctx, b.Previews))
	add(T(ctx, "Pause after messages in other conversations"), strconv.Itoa(a.Throttle.Messages), strconv.Itoa(b.Throttle.Messages))
	add(T(ctx, "Pause after distinct recipients"), strconv.Itoa(a.Throttle.Recipients), strconv.Itoa(b.Throttle.Recipients))
	add(T(ctx, "Pause after refused recalls"), strconv.Itoa(a.Throttle.Refusals), strconv.Itoa(b.Throttle.Refusals))
	add(T(ctx, "Within"), trimmed(a.Throttle.Period), trimmed(b.Throttle.Period))
	add(T(ctx, "Notification delay"), trimmed(a.NotificationDelay), trimmed(b.NotificationDelay))
	add(T(ctx, "Undo time of new accounts"), trimmed(a.UndoDefault), trimmed(b.UndoDefault))
	return out
}

func onOff(ctx context.Context, on bool) string {
	if on {
		return T(ctx, "On")
	}
	return T(ctx, "Off")
}

func groupWord(ctx context.Context, g policy.GroupMode) string {
	if g == policy.GroupAllOrNothing {
		return T(ctx, "All or nothing: any opening refuses the recall")
	}
	return T(ctx, "Recalled for those who have not opened it")
}

func traceWord(ctx context.Context, t sealpost.Trace) string {
	switch t {
	case sealpost.TraceAlways:
		return T(ctx, "Always: every recipient sees a line")
	case sealpost.TraceNever:
		return T(ctx, "Never")
	}
	return T(ctx, "Only for people who may have known that a message came")
}

func previewWord(ctx context.Context, p policy.Previews) string {
	switch p {
	case policy.PreviewsOff:
		return T(ctx, "Off")
	case policy.PreviewsImmediate:
		return T(ctx, "At once: recorded as exposure, and told to the sender before sending")
	}
	return T(ctx, "After the recall window")
}

// seen is what members will read about the policy, in their own words.
func seen(ctx context.Context, p policy.Policy) []string {
	if !p.Recall {
		return []string{T(ctx, "“Your organisation has turned recall off.”")}
	}
	out := []string{T(ctx, "“Recall up to %[1]s after sending, until opened.”", duration(ctx, p.Window))}
	if p.PerConversationDay == 1 {
		out = append(out, T(ctx, "“This is your one recall in this conversation today.”"))
	} else if p.PerConversationDay < policy.MaxCount {
		out = append(out, T(ctx, "“You can recall %[1]d messages in this conversation a day.”", p.PerConversationDay))
	}
	switch p.Trace {
	case sealpost.TraceAlways:
		out = append(out, T(ctx, "“A line stays that says you recalled a message, never what it said.”"))
	case sealpost.TraceNever:
		out = append(out, T(ctx, "“No line stays: nothing shows that there was a message.”"))
	}
	return out
}

// hiddenPolicy are the fields of the form, for the second step.
func hiddenPolicy(p policy.Policy) []option {
	return []option{
		{"window", trimmed(p.Window)},
		{"per_conversation_per_day", strconv.Itoa(p.PerConversationDay)},
		{"group", string(p.Group)},
		{"trace", string(p.Trace)},
		{"previews", string(p.Previews)},
		{"throttle.messages", strconv.Itoa(p.Throttle.Messages)},
		{"throttle.recipients", strconv.Itoa(p.Throttle.Recipients)},
		{"throttle.refusals", strconv.Itoa(p.Throttle.Refusals)},
		{"throttle.period", trimmed(p.Throttle.Period)},
		{"notification_delay", trimmed(p.NotificationDelay)},
		{"undo_default", trimmed(p.UndoDefault)},
	}
}

// trimmed is a duration as people write it: 5m and not 5m0s.
func trimmed(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}
