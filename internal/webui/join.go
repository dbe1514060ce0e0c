package webui

import (
	"github.com/a-h/templ"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// joinView is an invitation link that is being used.
type joinView struct {
	link             string          // what was pasted, or the secret once it is known to be good
	has              service.Invited // what the invitation has already
	email, who, zone string
	key              string
	trouble          *failure
}

// joinPage asks for the link. A script puts the secret in, which stands in the fragment
// of a link's address and so never reaches this server by itself.
func (s *Server) joinPage(q *request) error {
	if q.signedIn() {
		return q.redirect("/messages")
	}
	_, secret := service.InviteSecret(q.r.PathValue("secret"))
	return q.showJoin(joinAsk(joinView{link: secret}))
}

func (q *request) showJoin(body templ.Component) error {
	return q.page(page{title: T(q.ctx, "Join"), body: body, bare: true})
}

// join takes the link first, and then the form that asks for what the invitation lacks.
// Neither tells links that can't be used apart, and wrong ones are limited.
func (s *Server) join(q *request) error {
	_, secret := service.InviteSecret(q.field("link"))
	if q.field("step") == "make" {
		return q.makeAccount(joinView{link: secret, email: q.field("email"), who: q.field("name"), zone: q.field("zone"), key: q.key()})
	}
	v := joinView{link: secret, key: formKey()}
	var err error
	if v.has, err = s.service.Invited(q.ctx, secret); err != nil {
		v.link = q.field("link")
		return q.joinRefused(err, func(f *failure) templ.Component {
			v.trouble = f
			return joinAsk(v)
		})
	}
	return q.showJoin(joinBody(v))
}

func (q *request) makeAccount(v joinView) error {
	signed, err := q.server.service.Join(q.ctx, v.key, service.Joining{
		Token: v.link, Email: v.email, Name: v.who, Password: q.r.PostFormValue("password"), TimeZone: v.zone, Agent: q.r.UserAgent(),
	})
	if err == nil {
		q.begin(signed.Token, signed.Session.ExpiresAt.Time())
		return q.done("/settings", "welcome")
	}
	var has service.Invited
	if sealpost.CodeOf(err) == sealpost.CodeInvalid {
		var gone error
		if has, gone = q.server.service.Invited(q.ctx, v.link); gone != nil {
			err = gone // a wrong password says nothing about a wrong link
		}
	}
	return q.joinRefused(err, func(f *failure) templ.Component {
		if f.field == "time_zone" {
			f.field = "zone"
		}
		v.has, v.trouble = has, f
		return joinBody(v)
	})
}

// joinRefused says that a link can't be used, all alike, or shows a form again.
func (q *request) joinRefused(err error, form func(*failure) templ.Component) error {
	f := q.failure(err)
	switch q.status = q.server.status(f.code); f.code {
	case sealpost.CodeInternal:
		return err
	case sealpost.CodeNotFound:
		return q.page(page{title: T(q.ctx, "This link can't be used"), body: joinGone(), bare: true})
	}
	return q.showJoin(form(&f))
}
