package webui

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/a-h/templ"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// reportView is what a recall did.
type reportView struct {
	aboutMessage
	report service.Report
	draft  *service.DraftView // the text, while it is kept
}

func (q *request) showReport(a aboutMessage) error {
	v := reportView{aboutMessage: a}
	var err error
	if v.report, err = q.server.service.Report(q.ctx, q.principal, a.message.ID); err != nil {
		return err
	}
	if !v.report.DraftID.IsZero() {
		d, err := q.server.service.Draft(q.ctx, q.principal, v.report.DraftID)
		switch sealpost.CodeOf(err) {
		case "":
			v.draft = &d
		case sealpost.CodeNotFound:
		default:
			return err
		}
	}
	return q.page(page{title: T(q.ctx, "Recall report"), body: reportBody(v), at: atMessages})
}

// summary is the report in a sentence.
func (v reportView) summary(ctx context.Context) string {
	recalled := 0
	for _, r := range v.report.Recipients {
		if r.Outcome == service.OutcomeRecalled {
			recalled++
		}
	}
	if recalled == len(v.report.Recipients) {
		return T(ctx, "Recalled for everyone. Nobody had opened it.")
	}
	return T(ctx, "Recalled for %[1]d of %[2]d people.", recalled, len(v.report.Recipients))
}

// remains says what is left in the conversation of those whom it was recalled from. Who
// of several sees a line is not told: it may be nobody who is still there (R31).
func (v reportView) remains(ctx context.Context) templ.Component {
	marked, one := v.report.Trace == "marker", len(v.report.Recipients) == 1
	switch {
	case marked && one:
		return say("A line. %[1]s sees that you recalled a message.", name(nameIn(ctx, v.thread, v.report.Recipients[0].UserID)))
	case marked:
		return say("A line. At least one of them sees that you recalled a message.")
	case one:
		return say("Nothing. %[1]s sees no sign that there was a message.", name(nameIn(ctx, v.thread, v.report.Recipients[0].UserID)))
	case v.partly():
		return say("Nothing, for those it was recalled from. They see no sign that there was a message.")
	}
	return say("Nothing. Nobody sees a sign that there was a message.")
}

// outcomeWord is what happened for one recipient.
func outcomeWord(ctx context.Context, r service.RecipientReport) string {
	if r.Outcome == service.OutcomeRecalled {
		return T(ctx, "Recalled")
	}
	return T(ctx, "Not recalled")
}

// levelWord is what somebody may have seen, in words, with a shape that says the
// same.
func levelWord(ctx context.Context, l sealpost.Level) string {
	switch l {
	case sealpost.LevelNone:
		return T(ctx, "○ None")
	case sealpost.LevelNotified:
		return T(ctx, "◔ May know that it came")
	case sealpost.LevelPreview:
		return T(ctx, "◑ Preview text shown")
	case sealpost.LevelFull:
		return T(ctx, "● Text sent by SMS")
	}
	return T(ctx, "● Opened")
}

// detailLine is what else is known of one recipient.
func detailLine(r service.RecipientReport) templ.Component {
	switch {
	case r.OpenedAt != 0:
		return say("Opened %[1]s.", exactly(r.OpenedAt))
	case r.Outcome == service.OutcomeOpened:
		return say("Opened.")
	case len(r.Channels) > 0:
		return say("Your first words were in their message list at %[1]s. Nobody can tell whether they looked.", exactly(r.Channels[0].At))
	case r.Level == sealpost.LevelNone:
		return say("Was not there, and no notification was sent.")
	}
	return say("Was there after it was delivered. No text was shown.")
}

// text is the report in plain words, to be copied.
func (v reportView) text(ctx context.Context) string {
	lines := []string{
		T(ctx, "Recall report"), v.summary(ctx), T(ctx, "Sent %[1]s", exactText(ctx, v.message.SentAt)),
		T(ctx, "Recalled %[1]s", exactText(ctx, v.report.RecalledAt)), "",
	}
	for _, r := range v.report.Recipients {
		who, did, seen := nameIn(ctx, v.thread, r.UserID), outcomeWord(ctx, r), levelWord(ctx, r.Level)
		switch {
		case r.OpenedAt != 0:
			lines = append(lines, T(ctx, "%[1]s: %[2]s. %[3]s, %[4]s", who, did, seen, exactText(ctx, r.OpenedAt)))
		case len(r.Channels) > 0:
			lines = append(lines, T(ctx, "%[1]s: %[2]s. %[3]s, %[4]s", who, did, seen, exactText(ctx, r.Channels[0].At)))
		default:
			lines = append(lines, T(ctx, "%[1]s: %[2]s. %[3]s", who, did, seen))
		}
	}
	return strings.Join(append(lines, "", limitsOfReport(ctx)), "\n")
}

// limitsOfReport says what no report can know.
func limitsOfReport(ctx context.Context) string {
	return T(ctx, "This report shows what our server sent and received. It can't show screenshots, or what someone saw on a screen.")
}

// partly reports whether somebody keeps the message.
func (v reportView) partly() bool { return v.report.Outcome == service.OutcomePartlyRecalled }

// savedReport is the report for other programs: what the API answers, with names.
type savedReport struct {
	api.Report
	SentAt     *api.Time        `json:"sent_at"`
	Recipients []savedRecipient `json:"recipients"`
}

type savedRecipient struct {
	Name string `json:"name"`
	api.RecipientReport
}

func saved(ctx context.Context, a aboutMessage, r service.Report) savedReport {
	out := savedReport{SentAt: exact(a.message.SentAt), Recipients: []savedRecipient{}, Report: api.Report{
		MessageID: r.MessageID.String(), Outcome: r.Outcome, RecalledAt: exact(r.RecalledAt), Trace: r.Trace, ErasedAt: exact(r.ErasedAt),
	}}
	if !r.DraftID.IsZero() {
		id := r.DraftID.String()
		out.DraftID = &id
	}
	for _, p := range r.Recipients {
		line := savedRecipient{Name: nameIn(ctx, a.thread, p.UserID), RecipientReport: api.RecipientReport{
			UserID: p.UserID.String(), Outcome: p.Outcome, Level: p.Level.String(), OpenedAt: exact(p.OpenedAt), Channels: []api.Channel{},
		}}
		for _, c := range p.Channels {
			line.Channels = append(line.Channels, api.Channel{Channel: c.Channel, At: exact(c.At), Text: c.Text, State: c.State})
		}
		out.Recipients = append(out.Recipients, line)
	}
	return out
}

// recallFile is the report as a file.
func (s *Server) recallFile(q *request) error {
	a, err := q.about()
	if err != nil {
		return err
	}
	r, err := s.service.Report(q.ctx, q.principal, a.message.ID)
	if err != nil {
		return err
	}
	b, err := json.MarshalIndent(saved(q.ctx, a, r), "", "  ")
	if err != nil {
		return err
	}
	h := q.w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Security-Policy", contentPolicy(q.nonce))
	h.Set("Content-Disposition", `attachment; filename="recall-`+r.MessageID.String()+`.json"`)
	_, _ = q.w.Write(append(b, '\n')) // the client may be gone
	return nil
}

// exact is an instant for programs; nil for none.
func exact(i sealpost.Instant) *api.Time {
	if i == 0 {
		return nil
	}
	at := api.At(i.Time())
	return &at
}
