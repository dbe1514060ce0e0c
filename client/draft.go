package client

import (
	"context"
	"net/http"

	"github.com/sealpost/sealpost/api"
)

// Drafts lists one's own drafts, newest first.
func (c *Client) Drafts(ctx context.Context, page Page) (out api.Drafts, err error) {
	err = c.get(ctx, &out, page.values(nil), "drafts")
	return out, err
}

// Draft gives one of one's own drafts.
func (c *Client) Draft(ctx context.Context, id string) (out api.Draft, err error) {
	err = c.get(ctx, &out, nil, "drafts", id)
	return out, err
}

// AddDraft keeps what is being written.
func (c *Client) AddDraft(ctx context.Context, in api.WriteDraft, options ...CallOption) (out api.Draft, err error) {
	err = c.change(ctx, http.MethodPost, in, &out, options, "drafts")
	return out, err
}

// PutDraft changes a draft, if it is still at this version; otherwise the error has
// the code precondition_failed, and nothing changed.
func (c *Client) PutDraft(ctx context.Context, id string, version int32, in api.WriteDraft, options ...CallOption) (out api.Draft, err error) {
	err = c.change(ctx, http.MethodPut, in, &out, append(options, ifMatch(version)), "drafts", id)
	return out, err
}

// DeleteDraft forgets a draft.
func (c *Client) DeleteDraft(ctx context.Context, id string, options ...CallOption) error {
	return c.change(ctx, http.MethodDelete, nil, nil, options, "drafts", id)
}
