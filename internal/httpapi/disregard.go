package httpapi

import (
	"context"
	"net/http"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func (s *Server) registerDisregard() {
	const tag = "recall"
	late := []sealpost.Code{sealpost.CodeNotDelivered, sealpost.CodeRecalled, sealpost.CodeRemoved}
	add(s, operation{
		id: "disregardMessage", method: http.MethodPost, path: "/messages/{id}/disregard", tag: tag, status: http.StatusCreated, content: true,
		summary: "Ask to disregard a message", description: "For its sender, when it is too late to recall it: sends a message in the system's words that is linked to it. There is one for a message; asking again gives the first.",
		codes: append([]sealpost.Code{sealpost.CodeNotSender, sealpost.CodeForbidden, sealpost.CodeCannotDeliver}, late...),
	}, s.disregardMessage)
	add(s, operation{
		id: "acknowledgeMessage", method: http.MethodPost, path: "/messages/{id}/acknowledge", tag: tag, content: true,
		summary: "Answer a request to disregard", description: "For a recipient who has opened the request; by its id or by that of the message it is about. Only the sender of the request learns of it. Answers with the request. What was said is not taken back.",
		example: api.Acknowledge{Deleted: true},
		codes:   []sealpost.Code{sealpost.CodeForbidden, sealpost.CodeOpenRequired, sealpost.CodeRecalled, sealpost.CodeRemoved},
	}, s.acknowledgeMessage)
	add(s, operation{
		id: "hideMessage", method: http.MethodPost, path: "/messages/{id}/hide", tag: "messages",
		summary: "Hide a message for oneself", description: "For ever: it is gone from one's own history, inbox, unread count and changes. Nobody else can tell. A sealed one is not opened by that; the sender can still recall it.",
		codes: []sealpost.Code{sealpost.CodeNotDelivered},
	}, s.hideMessage)
}

func (s *Server) disregardMessage(ctx context.Context, p service.Principal, in *keyedByID) (*reply[api.Message], error) {
	id, err := sealpost.ParseMessage(in.ID)
	if err != nil {
		return nil, sealpost.NotFound()
	}
	v, err := s.service.Disregard(ctx, p, in.Key, id)
	return &reply[api.Message]{message(v)}, err
}

type acknowledgeInput struct {
	Keyed
	ByID
	Body *api.Acknowledge
}

func (s *Server) acknowledgeMessage(ctx context.Context, p service.Principal, in *acknowledgeInput) (*reply[api.Message], error) {
	id, err := sealpost.ParseMessage(in.ID)
	if err != nil {
		return nil, sealpost.NotFound()
	}
	v, err := s.service.Acknowledge(ctx, p, in.Key, id, in.Body != nil && in.Body.Deleted)
	return &reply[api.Message]{message(v)}, err
}

func (s *Server) hideMessage(ctx context.Context, p service.Principal, in *keyedByID) (*empty, error) {
	id, err := sealpost.ParseMessage(in.ID)
	if err != nil {
		return nil, sealpost.NotFound()
	}
	return &empty{}, s.service.Hide(ctx, p, in.Key, id)
}

func acknowledgement(a *service.Acknowledgement) *api.Acknowledgement {
	if a == nil {
		return nil
	}
	return &api.Acknowledgement{At: always(a.At), Deleted: a.Deleted}
}
