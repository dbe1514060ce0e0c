package httpapi

import (
	"context"
	"net/http"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func (s *Server) registerRecall() {
	const tag = "recall"
	keep := true
	add(s, operation{
		id: "forecastRecall", method: http.MethodGet, path: "/messages/{id}/recall", tag: tag,
		summary: "Ask whether a message can be recalled", description: "For its sender. It tells no more than a refusal would: openings of people without read receipts count as not opened.",
		codes: []sealpost.Code{sealpost.CodeNotSender, sealpost.CodeNotDelivered},
	}, s.forecastRecall)
	add(s, operation{
		id: "recallMessage", method: http.MethodPost, path: "/messages/{id}/recall", tag: tag,
		summary: "Recall a message", example: api.Recall{Reason: "sent to the wrong person", KeepDraft: &keep},
		description: "Takes a delivered message back from everybody who has not opened it. A second recall gives the first one's report. A refusal names in alternatives what can be done instead. 503 unavailable: whether it happened is not known; repeat it with the same Idempotency-Key.",
		codes: []sealpost.Code{
			sealpost.CodeNotSender, sealpost.CodeNotDelivered, sealpost.CodeRemoved, sealpost.CodeRecallOff, sealpost.CodeRequiredNotice, sealpost.CodeOnHold,
			sealpost.CodeTextMessage, sealpost.CodeWindowClosed, sealpost.CodeDailyLimit, sealpost.CodeThrottled, sealpost.CodeOpened,
		},
	}, s.recallMessage)
	add(s, operation{
		id: "getReport", method: http.MethodGet, path: "/messages/{id}/report", tag: tag,
		summary: "Read what a recall did", description: "For its sender. 404 while the message was not recalled.",
		codes: []sealpost.Code{sealpost.CodeNotSender},
	}, s.getReport)
}

func (s *Server) forecastRecall(ctx context.Context, p service.Principal, in *ByID) (*reply[api.Forecast], error) {
	id, err := sealpost.ParseMessage(in.ID)
	if err != nil {
		return nil, sealpost.NotFound()
	}
	f, err := s.service.Forecast(ctx, p, id)
	if err != nil {
		return nil, err
	}
	out := api.Forecast{
		Recallable: f.Recallable, Until: instant(f.Until), Code: textOrNull(string(f.Code)), Also: codeStrings(f.Also),
		NextPossibleAt: instant(f.NextPossibleAt), For: idStrings(f.For), Exposure: []api.Exposure{}, Alternatives: f.Alternatives,
	}
	for _, e := range f.Exposure {
		out.Exposure = append(out.Exposure, api.Exposure{UserID: e.UserID.String(), Level: e.Level.String(), Channels: channels(e.Channels)})
	}
	return &reply[api.Forecast]{out}, nil
}

type recallInput struct {
	Keyed
	ByID
	Body *api.Recall
}

func (s *Server) recallMessage(ctx context.Context, p service.Principal, in *recallInput) (*reply[api.Report], error) {
	id, err := sealpost.ParseMessage(in.ID)
	if err != nil {
		return nil, sealpost.NotFound()
	}
	ask := service.Recalling{KeepDraft: true}
	if b := in.Body; b != nil {
		ask.Reason = b.Reason
		ask.KeepDraft = b.KeepDraft == nil || *b.KeepDraft
		if b.ConversationID != "" {
			if ask.Conversation, err = sealpost.ParseConversation(b.ConversationID); err != nil {
				return nil, sealpost.Invalid("conversation_id", "This is not an id: expected a UUID in lower case.")
			}
		}
	}
	r, err := s.service.Recall(ctx, p, in.Key, id, ask)
	return &reply[api.Report]{report(r)}, err
}

func (s *Server) getReport(ctx context.Context, p service.Principal, in *ByID) (*reply[api.Report], error) {
	id, err := sealpost.ParseMessage(in.ID)
	if err != nil {
		return nil, sealpost.NotFound()
	}
	r, err := s.service.Report(ctx, p, id)
	return &reply[api.Report]{report(r)}, err
}

func report(r service.Report) api.Report {
	out := api.Report{
		MessageID: r.MessageID.String(), Outcome: r.Outcome, RecalledAt: instant(r.RecalledAt), Trace: r.Trace,
		DraftID: idOrNull(r.DraftID), ErasedAt: instant(r.ErasedAt), Recipients: []api.RecipientReport{},
	}
	for _, line := range r.Recipients {
		out.Recipients = append(out.Recipients, api.RecipientReport{
			UserID: line.UserID.String(), Outcome: line.Outcome, Level: line.Level.String(),
			OpenedAt: instant(line.OpenedAt), Channels: channels(line.Channels),
		})
	}
	return out
}
