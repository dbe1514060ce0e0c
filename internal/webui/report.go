package webui

import (
	"context"
	"encoding/json"
	"time"

	"github.com/a-h/templ"

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
		return say("Opened %[1]s.", second(r.OpenedAt))
	case r.Outcome == service.OutcomeOpened:
		return say("Opened.")
	case r.Level == sealpost.LevelNone:
		return say("Was not there, and no notification was sent.")
	}
	return say("Was there after it was delivered. No text was shown.")
}

// recallFile is the report for other programs, in the words of the API.
func (s *Server) recallFile(q *request) error {
	a, err := q.about()
	if err != nil {
		return err
	}
	r, err := s.service.Report(q.ctx, q.principal, a.message.ID)
	if err != nil {
		return err
	}
	type recipient struct {
		UserID   string  `json:"user_id"`
		Name     string  `json:"name"`
		Outcome  string  `json:"outcome"`
		Level    string  `json:"level"`
		OpenedAt *string `json:"opened_at,omitempty"`
	}
	out := struct {
		MessageID  string      `json:"message_id"`
		Outcome    string      `json:"outcome"`
		SentAt     string      `json:"sent_at"`
		RecalledAt string      `json:"recalled_at"`
		Trace      string      `json:"trace"`
		ErasedAt   *string     `json:"erased_at,omitempty"`
		Recipients []recipient `json:"recipients"`
	}{
		MessageID: r.MessageID.String(), Outcome: r.Outcome, SentAt: *exact(a.message.SentAt), RecalledAt: *exact(r.RecalledAt), Trace: r.Trace,
		ErasedAt: exact(r.ErasedAt),
	}
	levels := map[sealpost.Level]string{
		sealpost.LevelNone: "none", sealpost.LevelNotified: "notified", sealpost.LevelPreview: "preview", sealpost.LevelFull: "full",
		sealpost.LevelOpened: "opened",
	}
	for _, p := range r.Recipients {
		out.Recipients = append(out.Recipients, recipient{
			UserID: p.UserID.String(), Name: nameIn(q.ctx, a.thread, p.UserID), Outcome: p.Outcome, Level: levels[p.Level], OpenedAt: exact(p.OpenedAt),
		})
	}
	b, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return err
	}
	h := q.w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Disposition", `attachment; filename="recall-`+r.MessageID.String()+`.json"`)
	_, _ = q.w.Write(append(b, '\n')) // the client may be gone
	return nil
}

// exact is an instant for programs; nil for none.
func exact(i sealpost.Instant) *string {
	if i == 0 {
		return nil
	}
	text := i.Time().Format(time.RFC3339Nano)
	return &text
}
