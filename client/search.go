package client

import (
	"context"
	"net/url"

	"github.com/sealpost/sealpost/api"
)

// Search finds messages that one has, newest first. The documentation of the API
// says what a query may hold.
func (c *Client) Search(ctx context.Context, query string, page Page) (out api.Found, err error) {
	err = c.get(ctx, &out, page.values(url.Values{"q": {query}}), "search")
	return out, err
}
