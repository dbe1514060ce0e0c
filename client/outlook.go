package client

import (
	"context"
	"net/http"

	"github.com/sealpost/sealpost/api"
)

// Foresee says what will hold for a message before it is sent.
func (c *Client) Foresee(ctx context.Context, in api.Foresee) (out api.Outlook, err error) {
	err = c.change(ctx, http.MethodPost, in, &out, nil, "forecast")
	return out, err
}

// Preview shows a message as its recipient will have it. Nothing is sent.
func (c *Client) Preview(ctx context.Context, in api.PreviewMessage) (out api.Preview, err error) {
	err = c.change(ctx, http.MethodPost, in, &out, nil, "previews")
	return out, err
}
