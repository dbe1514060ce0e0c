package httpapi

import (
	"context"
	"net/http"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// registerOpen has the one way to open (R4): a POST with a JSON body.
func (s *Server) registerOpen() {
	add(s, operation{
		id: "openMessages", method: http.MethodPost, path: "/conversations/{id}/open", tag: "messages", content: true,
		summary: "Open sealed messages", example: api.Open{Through: "018f3c1e-7b8a-7c00-8000-000000000001"},
		description: "Opens every sealed message up to and including one, oldest first, at most 200 a call, and gives their content. An open cannot be undone; from then on these messages cannot be recalled from this reader. Repeated with the same Idempotency-Key it gives the same content again.",
	}, s.openMessages)
}

type openInput struct {
	Keyed
	ByID
	Body api.Open
}

func (s *Server) openMessages(ctx context.Context, p service.Principal, in *openInput) (*reply[api.Opened], error) {
	id, err := sealpost.ParseConversation(in.ID)
	if err != nil {
		return nil, sealpost.NotFound()
	}
	through, err := messageField("through", in.Body.Through)
	if err != nil {
		return nil, err
	}
	o, err := s.service.Open(ctx, p, in.Key, id, through)
	if err != nil {
		return nil, err
	}
	return &reply[api.Opened]{api.Opened{Messages: messages(o.Messages), More: o.More}}, nil
}
