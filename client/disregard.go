package client

import (
	"context"
	"net/http"

	"github.com/sealpost/sealpost/api"
)

// Disregard asks to disregard a message of one's own, in the system's words (S17).
// Asking again gives the first request.
func (c *Client) Disregard(ctx context.Context, message string, options ...CallOption) (out api.Message, err error) {
	err = c.change(ctx, http.MethodPost, nil, &out, options, "messages", message, "disregard")
	return out, err
}

// Acknowledge answers a request to disregard, by its id or by that of the message it
// is about, and gives the request.
func (c *Client) Acknowledge(ctx context.Context, message string, in api.Acknowledge, options ...CallOption) (out api.Message, err error) {
	err = c.change(ctx, http.MethodPost, in, &out, options, "messages", message, "acknowledge")
	return out, err
}

// Hide takes a message out of one's own views, for ever. It opens nothing.
func (c *Client) Hide(ctx context.Context, message string, options ...CallOption) error {
	return c.change(ctx, http.MethodPost, nil, nil, options, "messages", message, "hide")
}
