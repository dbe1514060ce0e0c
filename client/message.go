package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/sealpost/sealpost/api"
)

// Send sends a message: now, after the undo time, or at a time.
func (c *Client) Send(ctx context.Context, conversation string, in api.SendMessage, options ...CallOption) (out api.Message, err error) {
	err = c.change(ctx, http.MethodPost, in, &out, options, "conversations", conversation, "messages")
	return out, err
}

// History gives the messages before a message, or the newest if before is empty. It
// opens nothing (R4). limit is at most 200; 0 is the server's default.
func (c *Client) History(ctx context.Context, conversation, before string, n int) (out api.History, err error) {
	v := limit(url.Values{}, n)
	if before != "" {
		v.Set("before", before)
	}
	err = c.get(ctx, &out, v, "conversations", conversation, "messages")
	return out, err
}

// Changes gives what is new or different since a cursor, from the beginning if it is
// empty. The code resync says to read anew (R34); View does all that.
func (c *Client) Changes(ctx context.Context, conversation, since string, n int) (out api.Changes, err error) {
	v := limit(url.Values{}, n)
	if since != "" {
		v.Set("since", since)
	}
	err = c.get(ctx, &out, v, "conversations", conversation, "changes")
	return out, err
}

// Open opens every sealed message up to and including one and gives their content
// (R5). From then on they cannot be recalled.
func (c *Client) Open(ctx context.Context, conversation, through string, options ...CallOption) (out api.Opened, err error) {
	err = c.change(ctx, http.MethodPost, api.Open{Through: through}, &out, options, "conversations", conversation, "open")
	return out, err
}

// Message gives one message as its viewer has it.
func (c *Client) Message(ctx context.Context, id string) (out api.Message, err error) {
	err = c.get(ctx, &out, nil, "messages", id)
	return out, err
}

// EditPending changes a message that is held or scheduled (R28).
func (c *Client) EditPending(ctx context.Context, id string, in api.EditMessage, options ...CallOption) (out api.Message, err error) {
	err = c.change(ctx, http.MethodPatch, in, &out, options, "messages", id)
	return out, err
}

// SendNow delivers a held or scheduled message at once.
func (c *Client) SendNow(ctx context.Context, id string, options ...CallOption) (out api.Message, err error) {
	err = c.change(ctx, http.MethodPost, nil, &out, options, "messages", id, "send_now")
	return out, err
}

// Undo takes back a message that is not delivered yet (R27). The code
// already_delivered says that it lost the race.
func (c *Client) Undo(ctx context.Context, id string, options ...CallOption) (out api.Undone, err error) {
	err = c.change(ctx, http.MethodDelete, nil, &out, options, "messages", id)
	return out, err
}
