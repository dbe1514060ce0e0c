package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/sealpost/sealpost/api"
)

// Policy gives the recall policy in force, to administrators and compliance.
func (c *Client) Policy(ctx context.Context) (out api.Policy, err error) {
	err = c.get(ctx, &out, nil, "admin", "policy")
	return out, err
}

// Policies lists the versions of the recall policy, newest first.
func (c *Client) Policies(ctx context.Context, page Page) (out api.Policies, err error) {
	err = c.get(ctx, &out, page.values(nil), "admin", "policy", "versions")
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

// Accounts lists accounts, to administrators, by a part of the name or address.
func (c *Client) Accounts(ctx context.Context, q string, page Page) (out api.Accounts, err error) {
	v := url.Values{}
	if q != "" {
		v.Set("q", q)
	}
	err = c.get(ctx, &out, page.values(v), "admin", "users")
	return out, err
}

// CreateUser makes an account.
func (c *Client) CreateUser(ctx context.Context, in api.CreateUser, options ...CallOption) (out api.Account, err error) {
	err = c.change(ctx, http.MethodPost, in, &out, options, "admin", "users")
	return out, err
}

// EditUser changes somebody's account.
func (c *Client) EditUser(ctx context.Context, id string, in api.EditUser, options ...CallOption) (out api.Account, err error) {
	err = c.change(ctx, http.MethodPatch, in, &out, options, "admin", "users", id)
	return out, err
}

// EraseUser erases somebody's account for good.
func (c *Client) EraseUser(ctx context.Context, id string, in api.EraseUser, options ...CallOption) error {
	return c.change(ctx, http.MethodPost, in, nil, options, "admin", "users", id, "erase")
}

// CreateInvite makes an invitation link. Its secret is in the answer and nowhere
// else.
func (c *Client) CreateInvite(ctx context.Context, in api.CreateInvite, options ...CallOption) (out api.NewInvite, err error) {
	err = c.change(ctx, http.MethodPost, in, &out, options, "admin", "invites")
	return out, err
}

// Invites lists the invitation links that can still be used, newest first.
func (c *Client) Invites(ctx context.Context, page Page) (out api.Invites, err error) {
	err = c.get(ctx, &out, page.values(nil), "admin", "invites")
	return out, err
}

// WithdrawInvite makes an invitation link useless.
func (c *Client) WithdrawInvite(ctx context.Context, id string, options ...CallOption) error {
	return c.change(ctx, http.MethodDelete, nil, nil, options, "admin", "invites", id)
}
