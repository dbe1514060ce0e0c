package webui

import (
	"context"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// invitationsView is a box of invitations.
type invitationsView struct {
	box    service.Box
	cursor string
	items  []service.InvitationItem
	next   string

	answered  bool                  // the page comes after an answer
	connected string                // who is a connection by that answer
	focus     sealpost.InvitationID // whose first button has the focus then; zero: the heading
}

func (s *Server) invitations(q *request) error {
	v := invitationsView{box: service.Box(q.query("box")), cursor: q.query("cursor"), answered: q.query("done") != "" || q.query("connected") != ""}
	if v.box == "" {
		v.box = service.BoxReceived
	}
	var err error
	if v.items, v.next, err = s.service.Invitations(q.ctx, q.principal, v.box, v.cursor, peoplePage); err != nil {
		return err
	}
	if v.answered {
		v.focus = v.after(q.query("next"))
	}
	if v.connected, err = q.newConnection(); err != nil {
		return err
	}
	return q.page(page{title: T(q.ctx, "Invitations"), body: invitationsBody(v), at: atInvitations})
}

// newConnection is the name of whom the address says that they are a connection now,
// if they are one.
func (q *request) newConnection() (string, error) {
	id, err := sealpost.ParseUser(q.query("connected"))
	if err != nil {
		return "", nil //nolint:nilerr // an address from elsewhere says nothing
	}
	p, err := q.server.service.Person(q.ctx, q.principal, id)
	if err != nil || p.Tie != sealpost.TieConnected {
		return "", err
	}
	return p.Name, nil
}

// after is the invitation that follows one that was answered: the named one, or the
// first where that is gone too.
func (v invitationsView) after(named string) sealpost.InvitationID {
	id, err := sealpost.ParseInvitation(named)
	for _, i := range v.items {
		if err == nil && i.ID == id {
			return id
		}
	}
	if len(v.items) > 0 {
		return v.items[0].ID
	}
	return sealpost.InvitationID{}
}

// following is the invitation in the row after this one; in the last row, the one before.
func (v invitationsView) following(at int) string {
	switch {
	case at+1 < len(v.items):
		return v.items[at+1].ID.String()
	case at > 0:
		return v.items[at-1].ID.String()
	}
	return ""
}

func (v invitationsView) address() string {
	return pageAddress("/network/invitations", "box", string(v.box), "cursor", v.cursor)
}

func (v invitationsView) more() string {
	return pageAddress("/network/invitations", "box", string(v.box), "cursor", v.next)
}

func (s *Server) answerInvitation(q *request) error {
	id, err := sealpost.ParseInvitation(q.r.PathValue("invitation"))
	if err != nil {
		return sealpost.NotFound()
	}
	answers := map[string]func(context.Context, service.Principal, string, sealpost.InvitationID) (service.InvitationItem, error){
		"accept": s.service.AcceptInvitation, "ignore": s.service.IgnoreInvitation, "withdraw": s.service.WithdrawInvitation,
	}
	answer := q.r.PathValue("answer")
	act, ok := answers[answer]
	if !ok {
		return sealpost.NotFound()
	}
	item, err := act(q.ctx, q.principal, q.key(), id)
	if err != nil {
		return err
	}
	const path = "/network/invitations"
	next := q.field("next")
	switch answer {
	case "accept":
		return q.redirect(pageAddress(path, "connected", item.Other.String(), "next", next))
	case "withdraw":
		return q.done(pageAddress(path, "box", string(service.BoxSent), "next", next), "withdrawn")
	}
	return q.done(pageAddress(path, "next", next), "ignored")
}
