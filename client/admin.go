package client

import (
	"context"
	"net/http"

	"github.com/sealpost/sealpost/api"
)

// Policy gives the recall policy in force, to administrators and compliance.
func (c *Client) Policy(ctx context.Context) (out api.Policy, err error) {
	err = c.get(ctx, &out, nil, "admin", "policy")
	return out, err
}

// PutPolicy replaces the recall policy for messages delivered from now on (R12).
func (c *Client) PutPolicy(ctx context.Context, in api.PutPolicy, options ...CallOption) (out api.Policy, err error) {
	err = c.change(ctx, http.MethodPut, in, &out, options, "admin", "policy")
	return out, err
}

// Audit lists decisions, newest first (R32). Reading it is a decision too.
func (c *Client) Audit(ctx context.Context, page Page) (out api.Audit, err error) {
	err = c.get(ctx, &out, page.values(nil), "admin", "audit")
	return out, err
}
