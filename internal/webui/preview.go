package webui

import (
	"context"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// previewsPossible reports whether anybody could be shown text of what the viewer
// sends, before they open it (R26).
func previewsPossible(ctx context.Context, t service.Terms) bool {
	return t.Previews != sealpost.PreviewsOff && !from(ctx).principal.User.HideMine
}

// shownAtOnce reports whether that could be while it can be recalled, of which a
// sender is told before they send.
func shownAtOnce(ctx context.Context, t service.Terms) bool {
	return t.Previews == sealpost.PreviewsImmediate && previewsPossible(ctx, t)
}

func shownWord(ctx context.Context) string {
	return T(ctx, "Recipients who allow previews see the first words at once, and a recall can't take those back")
}

// previewChoices are the settings of preview text, strictest first.
func previewChoices() []sealpost.Previews {
	return []sealpost.Previews{sealpost.PreviewsOff, sealpost.PreviewsAfterWindow, sealpost.PreviewsImmediate}
}

func previewHelp(ctx context.Context, p sealpost.Previews) string {
	switch p {
	case sealpost.PreviewsAfterWindow:
		return T(ctx, "Your list shows the first words once the sender can't recall the message any more.")
	case sealpost.PreviewsImmediate:
		return T(ctx, "Only where your organisation allows it. Senders are told before they send, and their reports say what you were shown.")
	}
	return T(ctx, "Your list shows who wrote, and nothing of what.")
}

func (s *Server) savePreviews(q *request) error {
	previews := sealpost.ParsePreviews(q.field("previews"))
	_, err := s.service.UpdateSettings(q.ctx, q.principal, q.key(), service.SettingsEdit{Previews: &previews})
	return q.saved("preview-text", err)
}

func (s *Server) saveHideMine(q *request) error {
	hide := q.field("hide") == "on"
	_, err := s.service.UpdateSettings(q.ctx, q.principal, q.key(), service.SettingsEdit{HideMine: &hide})
	return q.saved("preview-of-mine", err)
}
