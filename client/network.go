package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/sealpost/sealpost/api"
)

// Invite invites somebody to connect. Inviting again gives the first invitation; if
// theirs is open, this accepts it.
func (c *Client) Invite(ctx context.Context, in api.InviteUser, options ...CallOption) (out api.Invitation, err error) {
	err = c.change(ctx, http.MethodPost, in, &out, options, "invitations")
	return out, err
}

// Invitations lists a box, newest first. box is received, sent or empty for received.
func (c *Client) Invitations(ctx context.Context, box string, page Page) (out api.Invitations, err error) {
	v := url.Values{}
	if box != "" {
		v.Set("box", box)
	}
	err = c.get(ctx, &out, page.values(v), "invitations")
	return out, err
}

// AcceptInvitation connects with who invited.
func (c *Client) AcceptInvitation(ctx context.Context, id string, options ...CallOption) (out api.Invitation, err error) {
	err = c.change(ctx, http.MethodPost, nil, &out, options, "invitations", id, "accept")
	return out, err
}

// IgnoreInvitation takes an invitation out of one's own box. Its sender does not
// learn it (R31).
func (c *Client) IgnoreInvitation(ctx context.Context, id string, options ...CallOption) (out api.Invitation, err error) {
	err = c.change(ctx, http.MethodPost, nil, &out, options, "invitations", id, "ignore")
	return out, err
}

// WithdrawInvitation takes back an invitation of one's own.
func (c *Client) WithdrawInvitation(ctx context.Context, id string, options ...CallOption) (out api.Invitation, err error) {
	err = c.change(ctx, http.MethodPost, nil, &out, options, "invitations", id, "withdraw")
	return out, err
}

// Connections lists one's own connections. sort is name, recent or empty for name.
func (c *Client) Connections(ctx context.Context, sort string, page Page) (out api.Connections, err error) {
	v := url.Values{}
	if sort != "" {
		v.Set("sort", sort)
	}
	err = c.get(ctx, &out, page.values(v), "connections")
	return out, err
}

// RemoveConnection ends a connection, from both sides.
func (c *Client) RemoveConnection(ctx context.Context, user string, options ...CallOption) error {
	return c.change(ctx, http.MethodDelete, nil, nil, options, "connections", user)
}

// Block blocks somebody, who is not told (R31).
func (c *Client) Block(ctx context.Context, user string, options ...CallOption) (out api.Person, err error) {
	err = c.change(ctx, http.MethodPost, api.BlockUser{UserID: user}, &out, options, "blocks")
	return out, err
}

// Blocks lists whom one blocks, newest first.
func (c *Client) Blocks(ctx context.Context, page Page) (out api.Blocks, err error) {
	err = c.get(ctx, &out, page.values(nil), "blocks")
	return out, err
}

// Unblock ends a block.
func (c *Client) Unblock(ctx context.Context, user string, options ...CallOption) error {
	return c.change(ctx, http.MethodDelete, nil, nil, options, "blocks", user)
}
