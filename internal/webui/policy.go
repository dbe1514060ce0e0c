package webui

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
)

// policyView is the policy in force, and what is to become of it.
type policyView struct {
	now      policy.Policy
	next     policy.Policy
	text     map[string]string // the fields of the form, as they were typed
	changes  []change          // of the review; nil: the form is shown
	conflict bool              // somebody else made a version since the form was shown
	saved    bool
	key      string
	trouble  *failure
	editor   bool

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
	return q.showPolicy(policyView{now: p, next: p, text: policyTexts(p), saved: q.query("done") == "policy"})
}

func (q *request) showPolicy(v policyView) error {
	v.editor, v.key, v.names = q.has(sealpost.RoleAdmin), formKey(), map[sealpost.UserID]string{}
	var err error
	if v.versions, v.more, err = q.server.service.Policies(q.ctx, q.principal, q.query("cursor"), 20); err != nil {
		return err
	}
	for _, p := range append(v.versions, v.now) {
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
	if !q.has(sealpost.RoleAdmin) {
		return sealpost.Refuse(sealpost.CodeForbidden, "Only administrators may change the policy.")
	}
	v := policyView{now: now, next: now}
	if err := q.policyForm(&v); err != nil {
		return q.policyTrouble(v, err)
	}
	v.next.Reason = q.field("reason")
	if q.field("step") == "save" {
		// Also when the version is an old one: the key knows whether this is a retry.
		_, err := s.service.PutPolicy(q.ctx, q.principal, q.key(), v.next)
		switch sealpost.CodeOf(err) {
		case "":
			return q.done("/admin/policy", "policy")
		case sealpost.CodeVersionConflict:
			if v.now, err = s.service.Policy(q.ctx, q.principal); err != nil {
				return err
			}
		default:
			if err := q.policyRefused(&v, err); err != nil {
				return err
			}
		}
	}
	if v.next.Version != v.now.Version {
		v.conflict, v.next.Version, q.status = true, v.now.Version, s.status(sealpost.CodeVersionConflict)
	}
	if v.changes = changes(q.ctx, v.now, v.next); len(v.changes) == 0 {
		return q.done("/admin/policy", "unchanged")
	}
	return q.showPolicy(v)
}

// policyTrouble shows the form again with what is wrong.
func (q *request) policyTrouble(v policyView, err error) error {
	if err := q.policyRefused(&v, err); err != nil {
		return err
	}
	v.trouble.detail = rangeWord(q.ctx, v.trouble.field)
	return q.showPolicy(v)
}

// policyRefused notes a refusal that the page can show; others it gives back.
func (q *request) policyRefused(v *policyView, err error) error {
	if sealpost.CodeOf(err) != sealpost.CodeInvalid {
		return err
	}
	f := q.failure(err)
	v.trouble, q.status = &f, q.server.status(f.code)
	return nil
}

// policyForm reads the form over the policy in force. The notification delay has no field
// while nothing sends notifications: it stays what it is. The version is the one that
// the form was made from: somebody else's change in between is noticed. The first
// field that is wrong, in the order of the page, is named.
func (q *request) policyForm(v *policyView) error {
	p := v.now
	v.text = map[string]string{"recall": q.field("recall"), "own": "yes"}
	for _, f := range policyFields(p) {
		v.text[f.value] = q.field(f.value)
	}
	if preset := q.field("preset"); slices.Contains(windows(), preset) {
		v.text["window"], v.text["own"] = preset, ""
	}
	p.Recall = v.text["recall"] == "on"
	p.Group, p.Trace, p.Previews = policy.GroupMode(v.text["group"]), sealpost.Trace(v.text["trace"]), sealpost.ParsePreviews(v.text["previews"])
	for _, f := range []struct {
		name string
		time *time.Duration
		n    *int
	}{
		{"window", &p.Window, nil},
		{"per_conversation_per_day", nil, &p.PerConversationDay},
		{"throttle.messages", nil, &p.Throttle.Messages},
		{"throttle.recipients", nil, &p.Throttle.Recipients},
		{"throttle.refusals", nil, &p.Throttle.Refusals},
		{"throttle.period", &p.Throttle.Period, nil},
		{"undo_default", &p.UndoDefault, nil},
	} {
		var err error
		if f.time != nil {
			*f.time, err = time.ParseDuration(strings.ReplaceAll(v.text[f.name], " ", ""))
		} else {
			*f.n, err = strconv.Atoi(v.text[f.name])
		}
		if err != nil {
			return sealpost.Invalid(f.name, "The value cannot be read.")
		}
	}
	version, err := q.number("version")
	if err != nil {
		return err
	}
	p.Version, p.Reason = version, "not given yet"
	if err := p.Validate(); err != nil { // before anybody is asked for a reason
		return err
	}
	v.next, v.text = p, policyTexts(p)
	return nil
}

// windows are the values of the presets, shortest first.
func windows() []string { return []string{"1m", "5m", "1h"} }

func windowWord(ctx context.Context, window string) string {
	return map[string]string{"1m": T(ctx, "Short: 60 seconds"), "5m": T(ctx, "Standard: 5 minutes"), "1h": T(ctx, "Long: 60 minutes")}[window]
}

// rangeWord says what a field may be.
func rangeWord(ctx context.Context, field string) string {
	switch field {
	case "window":
		return T(ctx, "The recall window must be a time from 10s to 24h, such as 90s, 5m or 1h30m.")
	case "per_conversation_per_day":
		return T(ctx, "The recalls per conversation and day must be a whole number from 1 to 1000000.")
	case "throttle.messages":
		return T(ctx, "The messages to others must be a whole number from 1 to 1000000.")
	case "throttle.recipients":
		return T(ctx, "The recipients must be a whole number from 1 to 1000000.")
	case "throttle.refusals":
		return T(ctx, "The refused recalls must be a whole number from 1 to 1000000.")
	case "throttle.period":
		return T(ctx, "The period must be a time from 1m to 24h, such as 10m or 1h.")
	case "undo_default":
		return T(ctx, "The undo time must be a time from 0s to 2m, such as 10s.")
	}
	return T(ctx, "Choose one of the values.")
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
	add(T(ctx, "Pause after messages to others"), strconv.Itoa(a.Throttle.Messages), strconv.Itoa(b.Throttle.Messages))
	add(T(ctx, "Pause after recipients"), strconv.Itoa(a.Throttle.Recipients), strconv.Itoa(b.Throttle.Recipients))
	add(T(ctx, "Pause after refused recalls"), strconv.Itoa(a.Throttle.Refusals), strconv.Itoa(b.Throttle.Refusals))
	add(T(ctx, "Period of the pause"), trimmed(a.Throttle.Period), trimmed(b.Throttle.Period))
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
		return T(ctx, "All or nothing")
	}
	return T(ctx, "Recalled for those who have not opened it")
}

func traceWord(ctx context.Context, t sealpost.Trace) string {
	switch t {
	case sealpost.TraceAlways:
		return T(ctx, "Always")
	case sealpost.TraceNever:
		return T(ctx, "Never")
	}
	return T(ctx, "Only for people who may have known that a message came")
}

func previewWord(ctx context.Context, p sealpost.Previews) string {
	switch p {
	case sealpost.PreviewsOff:
		return T(ctx, "Off")
	case sealpost.PreviewsImmediate:
		return T(ctx, "At once")
	}
	return T(ctx, "After the recall window")
}

// glimpse is what somebody will read, and where.
type glimpse struct{ where, text string }

// seen is what members will read under a policy, in the words of their own pages.
func seen(ctx context.Context, p policy.Policy) []glimpse {
	if !p.Recall {
		return []glimpse{
			{T(ctx, "Sender, asking to recall"), T(ctx, "“Your organisation has turned recall off.”")},
			{T(ctx, "Recipient, in the list"), listGlimpse(ctx, p)},
		}
	}
	q := from(ctx)
	until := clockText(ctx, q.now.Add(p.Window))
	out := []glimpse{{T(ctx, "Sender, below a message sent now"), T(ctx, "“Recall until %[1]s.”", until)}}
	switch {
	case p.PerConversationDay == 1:
		out = append(out, glimpse{T(ctx, "Sender, before recalling"), T(ctx, "“This is your one recall in this conversation today.”")})
	case p.PerConversationDay < policy.MaxCount:
		out = append(out, glimpse{T(ctx, "Sender, before recalling"), T(ctx, "No warning until the last of %[1]d recalls of the day.", p.PerConversationDay)})
	}
	group := T(ctx, "“Recalled for 3 of 4 people.”")
	if p.Group == policy.GroupAllOrNothing {
		group = T(ctx, "It can't be recalled any more, for nobody.")
	}
	return append(out,
		glimpse{T(ctx, "Sender, when 1 of 4 has opened it"), group},
		glimpse{T(ctx, "Recipient, in the list"), listGlimpse(ctx, p)},
		glimpse{T(ctx, "Recipient, after a recall"), traceGlimpse(ctx, p)},
	)
}

// listGlimpse is what most people's lists show, and what those of people who ask for
// more can (R26).
func listGlimpse(ctx context.Context, p policy.Policy) string {
	sealed := T(ctx, "“Sealed. Open to read.”")
	switch p.Previews {
	case sealpost.PreviewsOff:
		return sealed
	case sealpost.PreviewsImmediate:
		return T(ctx, "%[1]s Whoever has chosen it reads the first words at once.", sealed)
	}
	return T(ctx, "%[1]s Whoever has chosen it reads the first words once the recall window is over.", sealed)
}

func traceGlimpse(ctx context.Context, p policy.Policy) string {
	line := T(ctx, "“%[1]s recalled a message. You had not opened it.”", from(ctx).principal.User.Name)
	switch p.Trace {
	case sealpost.TraceAlways:
		return line
	case sealpost.TraceNever:
		return T(ctx, "Nothing at all, also after a notification.")
	}
	return T(ctx, "%[1]s For whoever cannot have known of the message: nothing at all.", line)
}

// policyFields are the fields of the form with their values, for the second step.
func policyFields(p policy.Policy) []option {
	return []option{
		{"window", trimmed(p.Window), ""},
		{"per_conversation_per_day", strconv.Itoa(p.PerConversationDay), ""},
		{"group", string(p.Group), ""},
		{"trace", string(p.Trace), ""},
		{"previews", p.Previews.String(), ""},
		{"throttle.messages", strconv.Itoa(p.Throttle.Messages), ""},
		{"throttle.recipients", strconv.Itoa(p.Throttle.Recipients), ""},
		{"throttle.refusals", strconv.Itoa(p.Throttle.Refusals), ""},
		{"throttle.period", trimmed(p.Throttle.Period), ""},
		{"undo_default", trimmed(p.UndoDefault), ""},
	}
}

// policyTexts are the fields as the form shows them.
func policyTexts(p policy.Policy) map[string]string {
	out := map[string]string{}
	for _, f := range policyFields(p) {
		out[f.value] = f.label
	}
	if p.Recall {
		out["recall"] = "on"
	}
	if !slices.Contains(windows(), out["window"]) {
		out["own"] = "yes"
	}
	return out
}

// since lists what a version changed, if the one before it is in the list too.
func (v policyView) since(ctx context.Context, i int) []change {
	if i+1 >= len(v.versions) {
		return nil
	}
	return changes(ctx, v.versions[i+1], v.versions[i])
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

// wrong reports whether a field is the one that was not accepted.
func (v policyView) wrong(field string) bool { return v.trouble != nil && v.trouble.field == field }
