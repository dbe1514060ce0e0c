package webui

import (
	"context"

	"github.com/sealpost/sealpost/internal/service"
)

// draftOrigin says where a draft came from.
func draftOrigin(ctx context.Context, d service.DraftView) string {
	switch {
	case d.Draft.Reason != "":
		return T(ctx, "Not sent")
	case !d.Draft.FromMessage.IsZero():
		return T(ctx, "Taken back")
	}
	return T(ctx, "Draft")
}

func moreAddress(v inboxView) string {
	sep := "?"
	at := v.address()
	for _, c := range at {
		if c == '?' {
			sep = "&"
		}
	}
	return at + sep + "cursor=" + v.next
}
