package httpapi

import (
	"context"
	"net/http"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func (s *Server) registerRequests() {
	const tag = "conversations"
	add(s, operation{
		id: "acceptRequest", method: http.MethodPost, path: "/conversations/{id}/accept", tag: tag,
		summary: "Accept a message request", description: "Opens nothing. The conversation is an ordinary one from then on. What is no request is left as it is.",
		codes: []sealpost.Code{sealpost.CodeForbidden},
	}, s.acceptRequest)
	add(s, operation{
		id: "declineRequest", method: http.MethodPost, path: "/conversations/{id}/decline", tag: tag,
		summary:     "Decline a message request",
		description: "Opens nothing. What is sealed in it and what comes later is closed to you, and it leaves your lists. Nobody else can notice. Only a request can be declined: 403.",
		codes:       []sealpost.Code{sealpost.CodeForbidden},
	}, s.declineRequest)
}

func (s *Server) acceptRequest(ctx context.Context, p service.Principal, in *keyedByID) (*empty, error) {
	id, err := sealpost.ParseConversation(in.ID)
	if err != nil {
		return nil, sealpost.NotFound()
	}
	return &empty{}, s.service.AcceptRequest(ctx, p, in.Key, id)
}

func (s *Server) declineRequest(ctx context.Context, p service.Principal, in *keyedByID) (*empty, error) {
	id, err := sealpost.ParseConversation(in.ID)
	if err != nil {
		return nil, sealpost.NotFound()
	}
	return &empty{}, s.service.DeclineRequest(ctx, p, in.Key, id)
}
