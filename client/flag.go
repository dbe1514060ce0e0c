package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/sealpost/sealpost/api"
)

// Flag reports a message to the moderators (R23). Nobody else can tell.
func (c *Client) Flag(ctx context.Context, message string, in api.FlagMessage, options ...CallOption) (out api.Flag, err error) {
	err = c.change(ctx, http.MethodPost, in, &out, options, "messages", message, "flag")
	return out, err
}

// Flags lists one's own reports, newest first.
func (c *Client) Flags(ctx context.Context, page Page) (out api.Flags, err error) {
	err = c.get(ctx, &out, page.values(nil), "flags")
	return out, err
}

// Cases lists the moderators' queue: reports that are "open" (or ""), or "resolved".
func (c *Client) Cases(ctx context.Context, state string, page Page) (out api.Cases, err error) {
	v := url.Values{}
	if state != "" {
		v.Set("state", state)
	}
	err = c.get(ctx, &out, page.values(v), "admin", "flags")
	return out, err
}

// Case gives a moderator a report with its evidence. Reading it is a decision (R32).
func (c *Client) Case(ctx context.Context, id string) (out api.CaseEvidence, err error) {
	err = c.get(ctx, &out, nil, "admin", "flags", id)
	return out, err
}

// ResolveFlag closes a report. To remove a message is for everybody and for ever (R30).
func (c *Client) ResolveFlag(ctx context.Context, id string, in api.ResolveFlag, options ...CallOption) (out api.Case, err error) {
	err = c.change(ctx, http.MethodPost, in, &out, options, "admin", "flags", id, "resolve")
	return out, err
}
