package webui

import (
	"github.com/a-h/templ"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func (s *Server) registerPerson() {
	s.get("/people/{user}/invite", Member, s.askInvite)
	s.get("/people/{user}/disconnect", Member, s.askDisconnect)
	s.get("/people/{user}/block", Member, s.askBlock)
}

// personQuestion is what is asked before something is done about somebody.
type personQuestion struct {
	person  service.Person
	back    string // where to go on, or empty: to the profile
	note    string
	trouble *failure
}

func (s *Server) askInvite(q *request) error {
	return q.ask(T(q.ctx, "Invite"), sealpost.TieNone, inviteQuestion)
}

func (s *Server) askDisconnect(q *request) error {
	return q.ask(T(q.ctx, "Remove the connection"), sealpost.TieConnected, disconnectQuestion)
}

func (s *Server) askBlock(q *request) error { return q.ask(T(q.ctx, "Block"), "", blockQuestion) }

// ask shows a question about the person in the path. Where there is nothing to ask,
// because they stand otherwise (tie; empty: any) or are blocked, their profile says so.
func (q *request) ask(title string, tie sealpost.Tie, body func(personQuestion) templ.Component) error {
	id, err := q.user()
	if err != nil {
		return err
	}
	v := personQuestion{}
	if back := q.query("back"); back != "" {
		v.back = localPath(back)
	}
	if v.person, err = q.server.service.Person(q.ctx, q.principal, id); err != nil {
		return err
	}
	if v.person.Blocked || v.person.Tie == sealpost.TieSelf || tie != "" && v.person.Tie != tie {
		return q.redirect(profile(id))
	}
	return q.page(page{title: title, body: body(v), at: atPeople})
}

// profile is the address of somebody's profile.
func profile(id sealpost.UserID) string { return "/people/" + id.String() }
