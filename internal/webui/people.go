package webui

import (
	"context"
	"net/url"
	"slices"

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
	s.registerPerson()
}

// peopleView is who was found.
type peopleView struct {
	query, cursor string
	found         []service.Person // without the viewer
	next          string
	wrong         *failure
}

func (s *Server) people(q *request) error {
	v := peopleView{query: q.query("find"), cursor: q.query("cursor")}
	found, next, err := s.service.FindUsers(q.ctx, q.principal, v.query, v.cursor, peoplePage)
	v.next = next
	v.found = slices.DeleteFunc(found, func(p service.Person) bool { return p.Tie == sealpost.TieSelf })
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

// address is where this page is, and more where the next one is.
func (v peopleView) address() string { return v.page(v.cursor) }

func (v peopleView) more() string { return v.page(v.next) }

func (v peopleView) page(cursor string) string {
	return pageAddress("/network/people", "find", v.query, "cursor", cursor)
}

// pageAddress is a path with those of the parameters that have a value.
func pageAddress(path string, pairs ...string) string {
	values := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			values.Set(pairs[i], pairs[i+1])
		}
	}
	if len(values) == 0 {
		return path
	}
	return path + "?" + values.Encode()
}

// tieWord is how somebody stands to the viewer.
func tieWord(ctx context.Context, p service.Person) string {
	switch {
	case p.Blocked:
		return T(ctx, "Blocked by you")
	case p.Profile:
		return T(ctx, "Not here yet")
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
		if back := q.field("back"); back != "" {
			return q.inviteAgain(id, localPath(back), note, &f)
		}
		return q.showPerson(note, &f)
	default:
		return err
	}
	if i.State == sealpost.InvitationAccepted {
		return q.done(q.backTo(profile(id)), "connected")
	}
	return q.done(q.backTo(profile(id)), "invited")
}

// inviteAgain shows the form of an invitation again, with what is wrong.
func (q *request) inviteAgain(id sealpost.UserID, back, note string, trouble *failure) error {
	p, err := q.server.service.Person(q.ctx, q.principal, id)
	if err != nil {
		return err
	}
	return q.page(page{title: T(q.ctx, "Invite"), body: inviteQuestion(personQuestion{p, back, note, trouble}), at: atPeople})
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
	return q.done(q.backTo(profile(id)), outcome)
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
