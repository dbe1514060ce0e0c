package client

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/sealpost/sealpost/api"
)

// SignIn makes a session; use its token with As. It is not repeated by itself: each
// success is a session of its own.
func (c *Client) SignIn(ctx context.Context, email, password string) (out api.SignedIn, err error) {
	err = c.change(ctx, http.MethodPost, api.SignIn{Email: email, Password: password}, &out,
		[]CallOption{func(k *call) { k.once = true }}, "sessions")
	return out, err
}

// SignOut ends the session, or deletes the token, of this client. One that has
// ended already is no error.
func (c *Client) SignOut(ctx context.Context) error {
	err := c.change(ctx, http.MethodDelete, nil, nil, nil, "sessions", "current")
	if errors.Is(err, &Error{Code: "unauthenticated"}) {
		return nil // also when an earlier attempt did it and its answer was lost
	}
	return err
}

// Sessions lists one's own sign-ins.
func (c *Client) Sessions(ctx context.Context) (out api.Sessions, err error) {
	err = c.get(ctx, &out, nil, "sessions")
	return out, err
}

// EndSession ends one of one's own sign-ins.
func (c *Client) EndSession(ctx context.Context, id string, options ...CallOption) error {
	return c.change(ctx, http.MethodDelete, nil, nil, options, "sessions", id)
}

// CreateToken makes an API token. Its secret is in the answer and nowhere else.
func (c *Client) CreateToken(ctx context.Context, in api.CreateToken, options ...CallOption) (out api.NewToken, err error) {
	err = c.change(ctx, http.MethodPost, in, &out, options, "tokens")
	return out, err
}

// Tokens lists one's own API tokens.
func (c *Client) Tokens(ctx context.Context) (out api.Tokens, err error) {
	err = c.get(ctx, &out, nil, "tokens")
	return out, err
}

// DeleteToken deletes one of one's own API tokens.
func (c *Client) DeleteToken(ctx context.Context, id string, options ...CallOption) error {
	return c.change(ctx, http.MethodDelete, nil, nil, options, "tokens", id)
}

// Me gives one's own account.
func (c *Client) Me(ctx context.Context) (out api.Me, err error) {
	err = c.get(ctx, &out, nil, "me")
	return out, err
}

// UpdateMe changes one's own profile.
func (c *Client) UpdateMe(ctx context.Context, in api.EditMe, options ...CallOption) (out api.Me, err error) {
	err = c.change(ctx, http.MethodPatch, in, &out, options, "me")
	return out, err
}

// Settings gives one's own settings.
func (c *Client) Settings(ctx context.Context) (out api.Settings, err error) {
	err = c.get(ctx, &out, nil, "me", "settings")
	return out, err
}

// UpdateSettings changes one's own settings.
func (c *Client) UpdateSettings(ctx context.Context, in api.EditSettings, options ...CallOption) (out api.Settings, err error) {
	err = c.change(ctx, http.MethodPatch, in, &out, options, "me", "settings")
	return out, err
}

// Users finds people by beginnings of words of their name and headline, or their
// whole address; an empty q lists everybody.
func (c *Client) Users(ctx context.Context, q string, page Page) (out api.Users, err error) {
	v := url.Values{}
	if q != "" {
		v.Set("q", q)
	}
	err = c.get(ctx, &out, page.values(v), "users")
	return out, err
}

// User gives one person.
func (c *Client) User(ctx context.Context, id string) (out api.Person, err error) {
	err = c.get(ctx, &out, nil, "users", id)
	return out, err
}

// EndSessions ends one's other sign-ins; with all the one of this client too.
func (c *Client) EndSessions(ctx context.Context, all bool, options ...CallOption) error {
	if all {
		options = append(options, func(k *call) { k.query = url.Values{"all": {"true"}} })
	}
	return c.change(ctx, http.MethodDelete, nil, nil, options, "sessions")
}

// ChangePassword changes one's own password and ends one's other sign-ins.
func (c *Client) ChangePassword(ctx context.Context, in api.ChangePassword, options ...CallOption) error {
	return c.change(ctx, http.MethodPut, in, nil, options, "me", "password")
}

// Erase erases one's own account for good. When the answer was lost, the repetition
// is refused as unauthenticated: the token is gone with the account.
func (c *Client) Erase(ctx context.Context, in api.Erase, options ...CallOption) error {
	return c.change(ctx, http.MethodPost, in, nil, options, "me", "erase")
}

// Join uses an invitation link; use the token of the answer with As.
func (c *Client) Join(ctx context.Context, in api.Join, options ...CallOption) (out api.SignedIn, err error) {
	err = c.change(ctx, http.MethodPost, in, &out, options, "accounts")
	return out, err
}
