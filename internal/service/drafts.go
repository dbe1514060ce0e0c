package service

import (
	"context"

	"github.com/sealpost/sealpost/internal/sealpost"
)

// DraftView is a draft with its text, for its author.
type DraftView struct {
	Draft sealpost.Draft
	Body  string
}

// Drafts lists the principal's drafts, newest first.
func (s *Service) Drafts(ctx context.Context, p Principal, cursor string, limit int) ([]DraftView, string, error) {
	limit, err := pageSize(limit)
	if err != nil {
		return nil, "", err
	}
	var after sealpost.DraftID
	if cursor != "" {
		payload, err := s.openCursor("drafts", p.User.ID, [16]byte{}, cursor)
		if err != nil {
			return nil, "", err
		}
		copy(after[:], payload)
	}
	drafts, err := s.store.Drafts(ctx, p.User.ID, after, limit+1)
	if err != nil {
		return nil, "", err
	}
	next := ""
	if len(drafts) > limit {
		drafts = drafts[:limit]
		last := drafts[limit-1].ID
		if next, err = s.sealCursor("drafts", p.User.ID, [16]byte{}, last[:]); err != nil {
			return nil, "", err
		}
	}
	out := make([]DraftView, 0, len(drafts))
	for _, d := range drafts {
		text, err := s.body(draftLabel(d), d.Content)
		if err != nil {
			return nil, "", err
		}
		out = append(out, DraftView{Draft: d, Body: text})
	}
	return out, next, nil
}

// Draft gives one of the principal's drafts.
func (s *Service) Draft(ctx context.Context, p Principal, id sealpost.DraftID) (DraftView, error) {
	d, err := s.store.Draft(ctx, p.User.ID, id)
	if err != nil {
		return DraftView{}, err
	}
	text, err := s.body(draftLabel(d), d.Content)
	return DraftView{Draft: d, Body: text}, err
}

// DeleteDraft forgets a draft and its key.
func (s *Service) DeleteDraft(ctx context.Context, p Principal, key string, id sealpost.DraftID) error {
	if err := validKey(key); err != nil {
		return err
	}
	stamp := Stamp{
		Audit: Audit{Decision: newID[sealpost.DecisionID](s), Actor: p.User.ID, Action: "draft.delete"},
		Key:   key, Request: s.request("draft.delete", id.String()),
	}
	_, err := s.store.Amend(ctx, stamp, func(a Amendment) ([]byte, error) { return nil, a.DeleteDraft(p.User.ID, id) })
	return err
}
