package webui

import (
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// disregardView is a request to disregard a message: what it will say, or what became
// of it (S17).
type disregardView struct {
	aboutMessage
	words string
	asked *service.MessageView // nil: not yet
}

// disregardPage shows what the request will say before it is sent: it is a message in
// the system's words, and cannot be taken back either.
func (s *Server) disregardPage(q *request) error {
	a, err := q.about()
	if err != nil {
		return err
	}
	if a.message.Kind == sealpost.KindDisregard { // it has an answer of its own
		return sealpost.NotFound()
	}
	v := disregardView{aboutMessage: a, words: service.DisregardText(a.message.SentAt, q.principal.User.TimeZone)}
	asked, there, err := s.service.DisregardRequest(q.ctx, q.principal, a.message.ID)
	if err != nil {
		return err
	}
	if there {
		v.asked = &asked
	}
	return q.page(page{title: T(q.ctx, "Ask to disregard it"), body: disregardBody(v), at: atMessages})
}

// disregard asks everybody in the conversation to disregard a message.
func (s *Server) disregard(q *request) error {
	a, err := q.about()
	if err != nil {
		return err
	}
	if _, err := s.service.Disregard(q.ctx, q.principal, q.key(), a.message.ID); err != nil {
		return err
	}
	return q.done(threadPath(a.message.ConversationID), "disregard")
}
