package client_test

import (
	"context"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/client"
)

// network invites in every way, and blocks in the end.
func (h *house) network(ctx context.Context, a, b *client.Client, bob string) {
	h.t.Helper()
	ada := must(a.Me(ctx))(h.t).ID
	first := must(a.Invite(ctx, api.InviteUser{UserID: bob, Note: "one\ntwo"}))(h.t)
	if first.State != "open" || first.To.ID != bob || first.From.ID != ada || first.Note != "one\ntwo" {
		h.t.Errorf("invited: %+v", first)
	}
	if v := must(a.WithdrawInvitation(ctx, first.ID))(h.t); v.State != "withdrawn" || v.Note != "" {
		h.t.Errorf("withdrawn: %+v", v)
	}
	second := must(a.Invite(ctx, api.InviteUser{UserID: bob}))(h.t)
	if v := must(b.IgnoreInvitation(ctx, second.ID))(h.t); v.State != "ignored" {
		h.t.Errorf("ignored: %+v", v)
	}
	if sent := must(a.Invitations(ctx, "sent", client.Page{Limit: 1}))(h.t); len(sent.Items) != 1 || sent.Items[0].State != "open" {
		h.t.Errorf("sent: %+v", sent)
	}
	if v := must(b.AcceptInvitation(ctx, second.ID))(h.t); v.State != "accepted" {
		h.t.Errorf("accepted: %+v", v)
	}
	if u := must(b.User(ctx, ada))(h.t); u.Connection != "connected" {
		h.t.Errorf("Ada: %+v", u)
	}
	if list := must(a.Connections(ctx, "recent", client.Page{}))(h.t); len(list.Items) != 1 || list.Items[0].User.ID != bob {
		h.t.Errorf("connections: %+v", list)
	}
	h.ok(a.RemoveConnection(ctx, bob))
	if u := must(a.Block(ctx, bob))(h.t); !u.Blocked || u.Connection != "none" {
		h.t.Errorf("blocked: %+v", u)
	}
	if list := must(a.Blocks(ctx, client.Page{}))(h.t); len(list.Items) != 1 || list.Items[0].User.ID != bob {
		h.t.Errorf("blocks: %+v", list)
	}
	h.ok(a.Unblock(ctx, bob))
}
