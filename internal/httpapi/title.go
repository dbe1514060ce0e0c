package httpapi

import (
	"context"
	"net/http"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func (s *Server) registerTitle() {
	add(s, operation{
		id: "changeConversation", method: http.MethodPatch, path: "/conversations/{id}", tag: "conversations",
		summary: "Name a group", description: "The person who began it may. An empty title is none.",
		example: api.ChangeConversation{Title: "Bridge, second draft"},
		codes:   []sealpost.Code{sealpost.CodeForbidden},
	}, s.changeConversation)
}

type titleInput struct {
	Keyed
	ByID
	Body api.ChangeConversation
}

func (s *Server) changeConversation(ctx context.Context, p service.Principal, in *titleInput) (*reply[api.Conversation], error) {
	id, err := sealpost.ParseConversation(in.ID)
	if err != nil {
		return nil, sealpost.NotFound()
	}
	t, err := s.service.SetTitle(ctx, p, in.Key, id, in.Body.Title)
	return &reply[api.Conversation]{conversation(t)}, err
}
