package client

import (
	"context"
	"net/http"

	"github.com/sealpost/sealpost/api"
)

// AcceptRequest makes a message request an ordinary conversation; it opens nothing
// (R31).
func (c *Client) AcceptRequest(ctx context.Context, id string, options ...CallOption) error {
	return c.change(ctx, http.MethodPost, nil, nil, options, "conversations", id, "accept")
}

// DeclineRequest closes a message request to oneself, without anybody's noticing (R31).
func (c *Client) DeclineRequest(ctx context.Context, id string, options ...CallOption) error {
	return c.change(ctx, http.MethodPost, nil, nil, options, "conversations", id, "decline")
}

// SetMuted sets or clears one's own flag that a conversation is not to disturb.
func (c *Client) SetMuted(ctx context.Context, id string, muted bool, options ...CallOption) error {
	method := http.MethodDelete
	if muted {
		method = http.MethodPut
	}
	return c.change(ctx, method, nil, nil, options, "conversations", id, "mute")
}

// SetTitle names a group of one's own.
func (c *Client) SetTitle(ctx context.Context, id, title string, options ...CallOption) (out api.Conversation, err error) {
	err = c.change(ctx, http.MethodPatch, api.ChangeConversation{Title: title}, &out, options, "conversations", id)
	return out, err
}
