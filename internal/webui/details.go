package webui

import (
	"context"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func (s *Server) details(q *request) error {
	a, err := q.about()
	if err != nil {
		return err
	}
	one := []service.MessageView{a.message}
	if _, err := s.service.Foresee(q.ctx, one); err != nil {
		return err
	}
	a.message = one[0]
	return q.page(page{title: T(q.ctx, "Details"), body: detailsBody(a), at: atMessages})
}

// stateWord is where a delivery stands, as the sender may know it.
func stateWord(ctx context.Context, d service.DeliveryView) string {
	switch d.State {
	case sealpost.DeliveryOpened:
		return T(ctx, "Opened")
	case sealpost.DeliveryRecalled:
		return T(ctx, "Recalled before opening")
	}
	return T(ctx, "No receipt yet")
}

// hidePage asks before a message is hidden: it does not come back.
func (s *Server) hidePage(q *request) error {
	a, err := q.about()
	if err != nil {
		return err
	}
	return q.page(page{title: T(q.ctx, "Hide for me only?"), body: hideBody(a), at: atMessages})
}

func (s *Server) hide(q *request) error {
	a, err := q.about()
	if err != nil {
		return err
	}
	if err := s.service.Hide(q.ctx, q.principal, q.key(), a.message.ID); err != nil {
		return err
	}
	to := threadPath(a.message.ConversationID)
	if _, err := s.service.Conversation(q.ctx, q.principal, a.message.ConversationID); err != nil {
		to = "/messages" // it was the last one
	}
	return q.done(to, "hidden")
}

// flagView is a report to the moderators that is being written.
type flagView struct {
	aboutMessage
	reason, note string
	remove       bool
	key          string
	trouble      *failure
}

func (s *Server) flagPage(q *request) error {
	a, err := q.about()
	if err != nil {
		return err
	}
	return q.page(page{title: T(q.ctx, "Report"), body: flagBody(flagView{aboutMessage: a, key: formKey(), remove: a.message.Own}), at: atMessages})
}

func (s *Server) flag(q *request) error {
	a, err := q.about()
	if err != nil {
		return err
	}
	v := flagView{aboutMessage: a, reason: q.field("reason"), note: q.text("note"), remove: q.field("remove") == "on", key: q.key()}
	f, err := s.service.Flag(q.ctx, q.principal, v.key, a.message.ID, service.Flagging{
		Reason: sealpost.FlagReason(v.reason), Note: v.note, RequestRemoval: v.remove,
	})
	switch code := sealpost.CodeOf(err); code {
	case "":
		return q.done("/activity#f-"+f.Flag.ID.String(), "reported")
	case sealpost.CodeNotFound:
		return err
	default:
		trouble := q.failure(err)
		v.trouble, q.status = &trouble, s.status(code)
		return q.page(page{title: T(q.ctx, "Report"), body: flagBody(v), at: atMessages})
	}
}

// reasonWord is why something is reported.
func reasonWord(ctx context.Context, r sealpost.FlagReason) string {
	switch r {
	case sealpost.FlagSpam:
		return T(ctx, "Spam")
	case sealpost.FlagHarassment:
		return T(ctx, "Harassment or threats")
	case sealpost.FlagConfidential:
		return T(ctx, "Personal or confidential data")
	case sealpost.FlagWrongRecipient:
		return T(ctx, "It reached the wrong person")
	}
	return T(ctx, "Something else")
}
