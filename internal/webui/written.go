package webui

import (
	"net/url"
	"strings"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// writtenFields is a table of the fields of a form in which somebody writes.
var writtenFields = []string{
	"author", "in", "conversation", "reply", "draft", "version", "body", "recipient", "title", "kind", "hide", "when", "date", "time", "time_zone",
}

// written is what somebody sent whose session had ended: it goes with them through
// signing in. Nil: nothing.
func (q *request) written() url.Values {
	if q.r.PostFormValue("author") == "" || strings.TrimSpace(q.r.PostFormValue("body")) == "" {
		return nil
	}
	out := url.Values{}
	for _, name := range writtenFields {
		if all, ok := q.r.PostForm[name]; ok {
			out[name] = all
		}
	}
	return out
}

// writeOn makes what somebody had written their draft, and leads them to it. Of
// somebody else who signs in here it is no draft.
func (s *Server) writeOn(q *request, p service.Principal, to string) error {
	if q.field("author") != p.User.ID.String() {
		return q.redirect(to)
	}
	if err := s.service.Arrive(q.ctx, p); err != nil {
		return err
	}
	q.become(p)
	c, err := q.composed()
	if err != nil {
		return q.redirect(to) // no page of ours sent that
	}
	c.key = formKey()
	d, err := s.keep(q, c)
	if code := sealpost.CodeOf(err); code == sealpost.CodePreconditionFailed || code == sealpost.CodeNotFound {
		c.draft, c.version = sealpost.DraftID{}, 0 // another device was faster: both stay
		d, err = s.keep(q, c)
	}
	if err != nil {
		c.quick = false
		return s.notKept(q, c, err)
	}
	c.draft = d.Draft.ID
	return q.done(c.address(), "draft-saved")
}
