package httpapi

import (
	"context"
	"net/http"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func (s *Server) registerOutlook() {
	const tag = "messages"
	codes := []sealpost.Code{sealpost.CodeForbidden, sealpost.CodeRateLimited}
	add(s, operation{
		id: "forecastSend", method: http.MethodPost, path: "/forecast", tag: tag,
		summary: "Ask what will hold for a message before it is sent", example: api.Foresee{RecipientIDs: []string{"018f3c1e-7b8a-7c00-8000-000000000001"}},
		description: "Until when it could be recalled, and from whom, under the policy in force. It changes nothing, tells nothing of anybody's settings, and does not say whether the message can be delivered. At most 60 a minute, together with previews.",
		codes:       append(codes, sealpost.CodeAmbiguousTime),
	}, s.forecastSend)
	add(s, operation{
		id: "previewMessage", method: http.MethodPost, path: "/previews", tag: tag, content: true,
		summary: "See a message as its recipient will", example: api.PreviewMessage{Body: "See you at ten."},
		description: "Before and after the opening. Nothing of it is kept. At most 60 a minute, together with forecasts.",
		codes:       codes,
	}, s.previewMessage)
}

type foreseeInput struct {
	Keyed
	Body api.Foresee
}

func (s *Server) forecastSend(ctx context.Context, p service.Principal, in *foreseeInput) (*reply[api.Outlook], error) {
	if len(in.Body.SMSTo) > 0 {
		return nil, noGateway()
	}
	recipients, err := userIDs("recipient_ids", in.Body.RecipientIDs)
	if err != nil {
		return nil, err
	}
	ask := service.Foreseeing{Recipients: recipients, Kind: messageKind(in.Body.Kind), Undo: duration(in.Body.Undo), Hide: in.Body.HidePreview}
	if in.Body.SendAt != "" {
		at, err := service.ParseSendTime(string(in.Body.SendAt), in.Body.TimeZone, p.User.TimeZone)
		if err != nil {
			return nil, err
		}
		ask.SendAt = at.At
	} else if in.Body.TimeZone != "" {
		return nil, sealpost.Invalid("time_zone", "A time zone goes with send_at.")
	}
	v, err := s.service.Outlook(ctx, p, in.Key, ask)
	out := api.Outlook{
		DeliveredAt: always(v.DeliveredAt), Window: api.Duration(v.Window), Recallable: v.Code == "", Code: textOrNull(string(v.Code)),
		Recipients: make([]api.RecipientOutlook, 0, len(v.Recipients)),
	}
	for _, r := range v.Recipients {
		line := api.RecipientOutlook{UserID: r.UserID.String(), RecallableUntil: instant(r.Until)}
		if r.Previews != nil {
			line.Preview = textOrNull(r.Previews.String())
		}
		out.Recipients = append(out.Recipients, line)
	}
	return &reply[api.Outlook]{out}, err
}

type previewInput struct {
	Keyed
	Body api.PreviewMessage
}

func (s *Server) previewMessage(ctx context.Context, p service.Principal, in *previewInput) (*reply[api.Preview], error) {
	v, err := s.service.Preview(ctx, p, in.Key, service.Sending{Body: in.Body.Body, Kind: messageKind(in.Body.Kind)})
	if err != nil {
		return nil, err
	}
	return &reply[api.Preview]{api.Preview{BeforeOpening: previewed(p.User, v.Before), AfterOpening: previewed(p.User, v.After)}}, nil
}

func previewed(sender sealpost.User, v service.MessageView) api.PreviewedMessage {
	m := message(v)
	return api.PreviewedMessage{
		Sender: user(sender), Kind: m.Kind, State: m.State, Delivery: m.Delivery,
		SentAt: m.SentAt, RecallableUntil: m.RecallableUntil, Content: m.Content,
	}
}
