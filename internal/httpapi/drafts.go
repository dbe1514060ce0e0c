package httpapi

import (
	"context"
	"net/http"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func (s *Server) registerDrafts() {
	const tag = "drafts"
	add(s, operation{
		id: "listDrafts", method: http.MethodGet, path: "/drafts", tag: tag, content: true, summary: "List own drafts", description: "Newest first.",
	}, s.listDrafts)
	add(s, operation{id: "getDraft", method: http.MethodGet, path: "/drafts/{id}", tag: tag, content: true, summary: "Read a draft"}, s.getDraft)
	add(s, operation{
		id: "deleteDraft", method: http.MethodDelete, path: "/drafts/{id}", tag: tag, summary: "Forget a draft", description: "Its key goes with it.",
	}, s.deleteDraft)
}

func draft(v service.DraftView) api.Draft {
	d := v.Draft
	return api.Draft{
		ID: d.ID.String(), ConversationID: idOrNull(d.ConversationID), FromMessageID: idOrNull(d.FromMessage), Body: v.Body,
		Reason: textOrNull(string(d.Reason)), CreatedAt: always(d.CreatedAt), UpdatedAt: always(d.UpdatedAt), ExpiresAt: instant(d.ExpiresAt),
	}
}

func (s *Server) listDrafts(ctx context.Context, p service.Principal, in *Paging) (*reply[api.Drafts], error) {
	all, next, err := s.service.Drafts(ctx, p, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	out := api.Drafts{Items: make([]api.Draft, 0, len(all)), NextCursor: textOrNull(next)}
	for _, v := range all {
		out.Items = append(out.Items, draft(v))
	}
	return &reply[api.Drafts]{out}, nil
}

func (s *Server) getDraft(ctx context.Context, p service.Principal, in *ByID) (*reply[api.Draft], error) {
	id, err := sealpost.ParseDraft(in.ID)
	if err != nil {
		return nil, sealpost.NotFound()
	}
	v, err := s.service.Draft(ctx, p, id)
	return &reply[api.Draft]{draft(v)}, err
}

func (s *Server) deleteDraft(ctx context.Context, p service.Principal, in *keyedByID) (*empty, error) {
	id, err := sealpost.ParseDraft(in.ID)
	if err != nil {
		return nil, sealpost.NotFound()
	}
	return &empty{}, s.service.DeleteDraft(ctx, p, in.Key, id)
}
