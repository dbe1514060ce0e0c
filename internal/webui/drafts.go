package webui

import (
	"context"
	"strings"

	"github.com/a-h/templ"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func (s *Server) registerDrafts() {
	s.post("/compose/draft", Member, s.saveDraft)
	s.get("/drafts", Member, func(q *request) error { return q.redirect("/messages?filter=drafts") })
	s.get("/drafts/{draft}/delete", Member, s.deleteDraftPage)
	s.post("/drafts/{draft}/delete", Member, s.deleteDraft)
}

// draftOrigin is where a draft came from that was a message.
type draftOrigin struct {
	recalled bool             // else it was undone before its delivery
	reason   sealpost.Code    // why its release was refused; empty: it was not (R28)
	until    sealpost.Instant // zero: kept until it is deleted
}

// draftConflict is what another device made of the draft.
type draftConflict struct {
	gone  bool // sent or deleted
	other service.DraftView
}

// resume fills the form from a draft.
func (s *Server) resume(q *request, c *composing, id sealpost.DraftID) error {
	d, err := s.service.Draft(q.ctx, q.principal, id)
	if err != nil {
		return err
	}
	c.fill(q, d)
	return nil
}

func (c *composing) fill(q *request, d service.DraftView) {
	c.draft, c.version = d.Draft.ID, d.Draft.Content.Version
	c.body, c.conversation, c.to, c.title = d.Body, d.Conversation, d.Recipients, d.Title
	c.notice, c.hide = d.Kind == sealpost.KindRequiredNotice, d.HidePreview
	c.reply = sealpost.MessageID{}
	_ = readID(d.InReplyTo, &c.reply) // what is no id is no reply
	c.when = whenOf(d.SendAt, d.TimeZone, q.principal.User.TimeZone)
	c.saved = d.Draft.UpdatedAt
}

// findOrigin looks up where the draft came from.
func (s *Server) findOrigin(q *request, c *composing) error {
	d, err := s.service.Draft(q.ctx, q.principal, c.draft)
	if sealpost.CodeOf(err) == sealpost.CodeNotFound {
		return nil // sent or deleted elsewhere: saving will say so
	}
	if err != nil {
		return err
	}
	if c.saved == 0 && c.version == d.Draft.Content.Version {
		c.saved = d.Draft.UpdatedAt
	}
	if d.Draft.FromMessage.IsZero() {
		return nil
	}
	c.origin = &draftOrigin{reason: d.Draft.Reason, until: d.Draft.ExpiresAt}
	if m, err := s.service.Message(q.ctx, q.principal, d.Draft.FromMessage); err == nil {
		c.origin.recalled = m.RecalledAt != 0
	}
	return nil
}

// writing is the form as a draft holds it. A time that is not whole yet is not kept.
func (c *composing) writing() service.Writing {
	w := service.Writing{Conversation: c.conversation, Body: c.body, Title: c.title, HidePreview: c.hide}
	if c.conversation.IsZero() {
		w.Recipients = c.to
	}
	if c.notice {
		w.Kind = sealpost.KindRequiredNotice
	}
	if !c.reply.IsZero() {
		w.InReplyTo = c.reply.String()
	}
	if c.when.later {
		w.SendAt, w.TimeZone = c.when.text(), c.when.zone
		if w.SendAt == "" {
			w.TimeZone = ""
		}
	}
	return w
}

// saveDraft keeps what is being written. A script asks for it too, whenever somebody
// pauses, and gets the part of the page that tells of the draft.
func (s *Server) saveDraft(q *request) error {
	c, err := q.composed()
	if err != nil {
		return err
	}
	keep := q.field("keep")
	if keep == "this" {
		if err := s.seeOther(q, c); err != nil {
			return err
		}
	}
	if keep == "new" {
		c.draft, c.version = sealpost.DraftID{}, 0
	}
	d, err := s.keep(q, c)
	if err != nil {
		return s.notKept(q, c, err)
	}
	if q.swapped() {
		c.key, c.draft, c.version, c.saved = formKey(), d.Draft.ID, d.Draft.Content.Version, d.Draft.UpdatedAt
		if err := s.findOrigin(q, c); err != nil {
			return err
		}
		return q.render(draftState(c))
	}
	c.draft = d.Draft.ID
	return q.done(c.address(), "draft-saved")
}

// draftWords are what the script says of a text that is on this device only.
func draftWords(ctx context.Context) templ.Attributes {
	return templ.Attributes{
		"data-user":     from(ctx).me().String(),
		"data-local":    T(ctx, "Saved on this device. It is not sent automatically when you're back; you press Send."),
		"data-restored": T(ctx, "This text was on this device and not saved yet."),
		"data-ended":    T(ctx, "Your session has ended. This text is kept on this device; sign in to go on."),
	}
}

// address is where the draft is written on.
func (c *composing) address() string {
	if c.quick {
		return threadPath(c.conversation) + "?draft=" + c.draft.String()
	}
	return "/compose?draft=" + c.draft.String()
}

// dropped is where somebody goes who gives the text up.
func (c *composing) dropped() string {
	if c.quick {
		return threadPath(c.conversation)
	}
	return "/messages"
}

// seeOther takes the version of the other device as seen: its text was shown.
func (s *Server) seeOther(q *request, c *composing) error {
	if err := s.findConflict(q, c); err != nil {
		return err
	}
	if !c.conflict.gone && q.field("other") == versionText(c.conflict.other.Draft.Content.Version) {
		c.version = c.conflict.other.Draft.Content.Version
	}
	c.conflict = nil
	return nil
}

// keep makes the form a draft, or the next version of its own. Below a conversation an
// empty field is no draft any more.
func (s *Server) keep(q *request, c *composing) (service.DraftView, error) {
	key := secret(c.key, c.asked("draft", service.SendTime{Zone: c.when.zone + c.when.text()})...)
	empty := strings.TrimSpace(c.body) == ""
	switch {
	case c.draft.IsZero() && empty && len(c.to) == 0:
		return service.DraftView{}, sealpost.Invalid("body", "There is nothing to keep yet.")
	case c.draft.IsZero():
		return s.service.AddDraft(q.ctx, q.principal, key, c.writing())
	case c.quick && empty:
		return service.DraftView{}, s.service.DeleteDraft(q.ctx, q.principal, key, c.draft, c.version)
	}
	return s.service.PutDraft(q.ctx, q.principal, key, c.draft, c.version, c.writing())
}

// keepRefused keeps what was not sent: whoever leaves the page finds it again. Of what
// may have been sent nothing is kept, so that trying again stays the same request
// (R11).
func (s *Server) keepRefused(q *request, c *composing, refusal error) error {
	switch sealpost.CodeOf(refusal) {
	case sealpost.CodeVersionConflict:
		return s.findConflict(q, c)
	case sealpost.CodeUnavailable, sealpost.CodeInternal:
		return nil
	}
	d, err := s.keep(q, c)
	if sealpost.CodeOf(err) == sealpost.CodeInvalid { // the time is what was refused
		timeless := *c
		timeless.when = whenForm{}
		d, err = s.keep(q, &timeless)
	}
	if err == nil {
		c.draft, c.version, c.saved = d.Draft.ID, d.Draft.Content.Version, d.Draft.UpdatedAt
	}
	return nil // the refusal is what the page is about
}

// notKept shows why a draft was not kept: what was typed stays.
func (s *Server) notKept(q *request, c *composing, err error) error {
	code := sealpost.CodeOf(err)
	if code == sealpost.CodePreconditionFailed || code == sealpost.CodeNotFound && !c.draft.IsZero() {
		q.status = q.server.status(code)
		c.key = formKey()
		if err := s.findConflict(q, c); err != nil {
			return err
		}
	} else {
		q.refuseComposing(c, err)
	}
	switch {
	case q.swapped():
		return q.render(draftState(c))
	case c.quick:
		return q.showThread(c.conversation, c)
	}
	return s.showComposing(q, c)
}

// findConflict looks up what the other device made of the draft.
func (s *Server) findConflict(q *request, c *composing) error {
	d, err := s.service.Draft(q.ctx, q.principal, c.draft)
	if err != nil && sealpost.CodeOf(err) != sealpost.CodeNotFound {
		return err
	}
	c.conflict = &draftConflict{gone: err != nil, other: d}
	return nil
}

func (q *request) draft() (sealpost.DraftID, error) {
	id, err := sealpost.ParseDraft(q.r.PathValue("draft"))
	if err != nil {
		return id, sealpost.NotFound()
	}
	return id, nil
}

func (s *Server) deleteDraftPage(q *request) error {
	id, err := q.draft()
	if err != nil {
		return err
	}
	d, err := s.service.Draft(q.ctx, q.principal, id)
	if err != nil {
		return err
	}
	return q.page(page{title: T(q.ctx, "Delete this draft?"), body: deleteDraftBody(d), at: atCompose})
}

func (s *Server) deleteDraft(q *request) error {
	id, err := q.draft()
	if err != nil {
		return err
	}
	if err := s.service.DeleteDraft(q.ctx, q.principal, q.key(), id, service.AnyVersion); err != nil {
		return err
	}
	return q.done("/messages?filter=drafts", "draft-deleted")
}

// draftRow is a draft in a list.
type draftRow struct {
	view  service.DraftView
	names []string // of those whom it is meant for
}

// drafts gives a page of the viewer's drafts for draftRows, newest first.
func (q *request) drafts(cursor string) (rows []draftRow, next string, err error) {
	all, next, err := q.server.service.Drafts(q.ctx, q.principal, cursor, inboxPage)
	if err != nil {
		return nil, "", err
	}
	for _, d := range all {
		c := &composing{}
		c.fill(q, d)
		if !c.conversation.IsZero() {
			t, err := q.server.service.Conversation(q.ctx, q.principal, c.conversation)
			if err != nil && sealpost.CodeOf(err) != sealpost.CodeNotFound {
				return nil, "", err
			}
			c.thread = &t
		} else if err := q.server.lookUpPeople(q, c); err != nil {
			return nil, "", err
		}
		rows = append(rows, draftRow{view: d, names: c.names(q.ctx)})
	}
	return rows, next, nil
}
