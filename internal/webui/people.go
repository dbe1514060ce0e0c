package webui

import (
	"context"
	"net/url"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

const peoplePage = 30 // people of a page

func (s *Server) registerPeople() {
	s.get("/network/people", Member, s.people)
	s.get("/network/invitations", Member, s.invitations)
	s.get("/network/connections", Member, s.connections)
	s.post("/network/invitations/{invitation}/{answer}", Member, s.answerInvitation)
	s.get("/people/{user}", Member, s.person)
	s.post("/people/{user}/invite", Member, s.invite)
	s.post("/people/{user}/disconnect", Member, s.disconnect)
	s.post("/people/{user}/block", Member, s.block)
	s.post("/people/{user}/unblock", Member, s.unblock)
}

// peopleView is who was found.
type peopleView struct {
	query string
	found []service.Person
	next  string
	wrong *failure
}

func (s *Server) people(q *request) error {
	v := peopleView{query: q.query("find")}
	var err error
	v.found, v.next, err = s.service.FindUsers(q.ctx, q.principal, v.query, q.query("cursor"), peoplePage)
	if sealpost.CodeOf(err) == sealpost.CodeInvalid {
		f := q.failure(err)
		f.field = "find"
		v.wrong, q.status, err = &f, s.status(f.code), nil
	}
	if err != nil {
		return err
	}
	return q.page(page{title: T(q.ctx, "People"), body: peopleBody(v), at: atPeople})
}

// more is the address of the next page.
func (v peopleView) more() string {
	return "/network/people?find=" + url.QueryEscape(v.query) + "&cursor=" + url.QueryEscape(v.next)
}

// tieWord is how somebody stands to the viewer.
func tieWord(ctx context.Context, p service.Person) string {
	switch {
	case p.Blocked:
		return T(ctx, "Blocked by you")
	case p.Tie == sealpost.TieConnected:
		return T(ctx, "Connected")
	case p.Tie == sealpost.TieInvited:
		return T(ctx, "Invited")
	case p.Tie == sealpost.TieInvitesYou:
		return T(ctx, "Invites you")
	case p.Tie == sealpost.TieSelf:
		return T(ctx, "You")
	}
	return ""
}

// personView is somebody's profile.
type personView struct {
	person  service.Person
	note    string
	trouble *failure
}

func (s *Server) person(q *request) error { return q.showPerson("", nil) }

func (q *request) showPerson(note string, trouble *failure) error {
	id, err := q.user()
	if err != nil {
		return err
	}
	v := personView{note: note, trouble: trouble}
	if v.person, err = q.server.service.Person(q.ctx, q.principal, id); err != nil {
		return err
	}
	return q.page(page{title: v.person.Name, body: personBody(v), at: atPeople})
}

func (s *Server) invite(q *request) error {
	id, err := q.user()
	if err != nil {
		return err
	}
	note := q.text("note")
	i, err := s.service.Invite(q.ctx, q.principal, q.key(), id, note)
	switch code := sealpost.CodeOf(err); code {
	case "":
	case sealpost.CodeInvalid, sealpost.CodeCannotDeliver, sealpost.CodeRateLimited:
		f := q.failure(err)
		q.status = s.status(code)
		return q.showPerson(note, &f)
	default:
		return err
	}
	if i.State == sealpost.InvitationAccepted {
		return q.done(q.backTo("/people/"+id.String()), "connected")
	}
	return q.done(q.backTo("/people/"+id.String()), "invited")
}

// backTo is the page that a form names, if it is one of ours, or another.
func (q *request) backTo(otherwise string) string {
	if to := q.field("back"); to != "" {
		return localPath(to)
	}
	return otherwise
}

// toPerson does something about somebody, and goes on.
func (q *request) toPerson(outcome string, act func(sealpost.UserID) error) error {
	id, err := q.user()
	if err != nil {
		return err
	}
	if err := act(id); err != nil {
		return err
	}
	return q.done(q.backTo("/people/"+id.String()), outcome)
}

func (s *Server) disconnect(q *request) error {
	return q.toPerson("disconnected", func(id sealpost.UserID) error {
		return s.service.Disconnect(q.ctx, q.principal, q.key(), id)
	})
}

func (s *Server) block(q *request) error {
	return q.toPerson("blocked", func(id sealpost.UserID) error {
		_, err := s.service.Block(q.ctx, q.principal, q.key(), id)
		return err
	})
}

func (s *Server) unblock(q *request) error {
	return q.toPerson("unblocked", func(id sealpost.UserID) error {
		return s.service.Unblock(q.ctx, q.principal, q.key(), id)
	})
}

// invitationsView is a box of invitations.
type invitationsView struct {
	box   service.Box
	items []service.InvitationItem
	next  string
}

func (s *Server) invitations(q *request) error {
	v := invitationsView{box: service.Box(q.query("box"))}
	if v.box == "" {
		v.box = service.BoxReceived
	}
	var err error
	if v.items, v.next, err = s.service.Invitations(q.ctx, q.principal, v.box, q.query("cursor"), peoplePage); err != nil {
		return err
	}
	return q.page(page{title: T(q.ctx, "Invitations"), body: invitationsBody(v), at: atInvitations})
}

func (v invitationsView) address() string { return "/network/invitations?box=" + string(v.box) }

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
	if _, err := act(q.ctx, q.principal, q.key(), id); err != nil {
		return err
	}
	to := "/network/invitations"
	if answer == "withdraw" {
		to += "?box=sent"
	}
	return q.done(q.backTo(to), map[string]string{"accept": "connected", "ignore": "ignored", "withdraw": "withdrawn"}[answer])
}

// connectionsView is the viewer's connections.
type connectionsView struct {
	order service.Order
	items []service.Contact
	next  string
}

func (s *Server) connections(q *request) error {
	v := connectionsView{order: service.Order(q.query("sort"))}
	if v.order == "" {
		v.order = service.OrderName
	}
	var err error
	if v.items, v.next, err = s.service.Connections(q.ctx, q.principal, v.order, q.query("cursor"), peoplePage); err != nil {
		return err
	}
	return q.page(page{title: T(q.ctx, "Connections"), body: connectionsBody(v), at: atConnections})
}
