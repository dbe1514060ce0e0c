package client_test

import (
	"context"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/client"
)

// outlook asks about a message before it is sent.
func (h *house) outlook(ctx context.Context, a *client.Client, bob string) {
	h.t.Helper()
	o := must(a.Foresee(ctx, api.Foresee{RecipientIDs: []string{bob}}))(h.t)
	if !o.Recallable || len(o.Recipients) != 1 || o.Recipients[0].RecallableUntil == nil {
		h.t.Errorf("foreseen: %+v", o)
	}
	v := must(a.Preview(ctx, api.PreviewMessage{Body: "words"}))(h.t)
	if v.BeforeOpening.Content != nil || v.AfterOpening.Content == nil || v.AfterOpening.Content.Body != "words" {
		h.t.Errorf("previewed: %+v", v)
	}
}
