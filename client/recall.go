package client

import (
	"context"
	"net/http"

	"github.com/sealpost/sealpost/api"
)

// Forecast says what a recall would do now, as far as the sender may know (R8).
func (c *Client) Forecast(ctx context.Context, message string) (out api.Forecast, err error) {
	err = c.get(ctx, &out, nil, "messages", message, "recall")
	return out, err
}

// Recall takes a message back. Without an error it is recalled, for everybody whom
// the report names so (R11).
func (c *Client) Recall(ctx context.Context, message string, in api.Recall, options ...CallOption) (out api.Report, err error) {
	err = c.change(ctx, http.MethodPost, in, &out, options, "messages", message, "recall")
	return out, err
}

// Report gives what a recall did, to the sender (R25).
func (c *Client) Report(ctx context.Context, message string) (out api.Report, err error) {
	err = c.get(ctx, &out, nil, "messages", message, "report")
	return out, err
}
