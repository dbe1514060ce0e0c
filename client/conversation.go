package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/sealpost/sealpost/api"
)

// Conversations lists the inbox, newest activity first. filter is all, unread,
// requests, scheduled, recalled or empty.
func (c *Client) Conversations(ctx context.Context, filter string, page Page) (out api.Inbox, err error) {
	v := url.Values{}
	if filter != "" {
		v.Set("filter", filter)
	}
	err = c.get(ctx, &out, page.values(v), "conversations")
	return out, err
}

// CreateConversation gives the conversation with one other person, or makes a group.
// It is in nobody else's list before its first delivery.
func (c *Client) CreateConversation(ctx context.Context, in api.StartConversation, options ...CallOption) (out api.Conversation, err error) {
	err = c.change(ctx, http.MethodPost, in, &out, options, "conversations")
	return out, err
}

// Conversation gives one conversation.
func (c *Client) Conversation(ctx context.Context, id string) (out api.Conversation, err error) {
	err = c.get(ctx, &out, nil, "conversations", id)
	return out, err
}

// AddParticipant adds somebody to a group of one's own (R33).
func (c *Client) AddParticipant(ctx context.Context, id, user string, options ...CallOption) (out api.Conversation, err error) {
	err = c.change(ctx, http.MethodPost, api.AddParticipant{UserID: user}, &out, options, "conversations", id, "participants")
	return out, err
}

// RemoveParticipant removes somebody from a group of one's own, or oneself (R33).
func (c *Client) RemoveParticipant(ctx context.Context, id, user string, options ...CallOption) error {
	return c.change(ctx, http.MethodDelete, nil, nil, options, "conversations", id, "participants", user)
}

// SetUnread sets or clears one's own mark; it undoes no opening (R5).
func (c *Client) SetUnread(ctx context.Context, id string, unread bool, options ...CallOption) error {
	method := http.MethodDelete
	if unread {
		method = http.MethodPut
	}
	return c.change(ctx, method, nil, nil, options, "conversations", id, "unread")
}
