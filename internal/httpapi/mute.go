package httpapi

import (
	"context"
	"net/http"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func (s *Server) registerMute() {
	const tag = "conversations"
	codes := []sealpost.Code{sealpost.CodeForbidden}
	add(s, operation{
		id: "muteConversation", method: http.MethodPut, path: "/conversations/{id}/mute", tag: tag, codes: codes,
		summary: "Mute a conversation", description: "A flag of one's own: it is not to disturb. Nobody else learns of it.",
	}, s.muteConversation)
	add(s, operation{
		id: "unmuteConversation", method: http.MethodDelete, path: "/conversations/{id}/mute", tag: tag, codes: codes,
		summary: "Unmute a conversation",
	}, s.unmuteConversation)
}

func (s *Server) muteConversation(ctx context.Context, p service.Principal, in *keyedByID) (*empty, error) {
	return s.setMuted(ctx, p, in, true)
}

func (s *Server) unmuteConversation(ctx context.Context, p service.Principal, in *keyedByID) (*empty, error) {
	return s.setMuted(ctx, p, in, false)
}

func (s *Server) setMuted(ctx context.Context, p service.Principal, in *keyedByID, on bool) (*empty, error) {
	id, err := sealpost.ParseConversation(in.ID)
	if err != nil {
		return nil, sealpost.NotFound()
	}
	return &empty{}, s.service.SetMuted(ctx, p, in.Key, id, on)
}
