package httpapi

import (
	"context"
	"net/http"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func (s *Server) registerPending() {
	const tag = "held and scheduled messages"
	codes := []sealpost.Code{sealpost.CodeNotSender, sealpost.CodeAlreadyDelivered, sealpost.CodeCannotDeliver, sealpost.CodeAmbiguousTime}
	text := "See you at eleven."
	add(s, operation{
		id: "editMessage", method: http.MethodPatch, path: "/messages/{id}", tag: tag, content: true, codes: codes,
		summary: "Change a message before its delivery", example: api.EditMessage{Body: &text},
		description: "While it is held or scheduled. If it is delivered in between: 409 already_delivered.",
	}, s.editMessage)
	add(s, operation{
		id: "sendNow", method: http.MethodPost, path: "/messages/{id}/send_now", tag: tag, content: true, codes: codes,
		summary: "Deliver a held or scheduled message at once",
	}, s.sendNow)
	add(s, operation{
		id: "undoMessage", method: http.MethodDelete, path: "/messages/{id}", tag: tag, codes: codes,
		summary: "Take a message back before its delivery", description: "Nobody can know that there was one. The text becomes a draft. A message that was delivered is recalled instead: 409 already_delivered.",
	}, s.undoMessage)
}

type editInput struct {
	Keyed
	ByID
	Body api.EditMessage
}

func (s *Server) editMessage(ctx context.Context, p service.Principal, in *editInput) (*reply[api.Message], error) {
	id, err := sealpost.ParseMessage(in.ID)
	if err != nil {
		return nil, sealpost.NotFound()
	}
	edit := service.PendingEdit{Body: in.Body.Body, TimeZone: in.Body.TimeZone}
	moved := false
	if in.Body.SendAt != nil {
		if moved, err = s.sendTime(ctx, p, id, in.Body, &edit); err != nil {
			return nil, err
		}
	}
	v, err := s.service.EditPending(ctx, p, in.Key, id, edit)
	out := message(v)
	out.SendAtMoved = moved
	return &reply[api.Message]{out}, err
}

// sendTime reads the new time of an edit. A local time without a zone is meant in the
// zone that the message was scheduled in.
func (s *Server) sendTime(ctx context.Context, p service.Principal, id sealpost.MessageID, in api.EditMessage, edit *service.PendingEdit) (moved bool, err error) {
	zone, fallback := "", p.User.TimeZone
	if in.TimeZone != nil {
		zone = *in.TimeZone
	} else if v, err := s.service.Message(ctx, p, id); err != nil {
		return false, err
	} else if v.TimeZone != "" {
		fallback = v.TimeZone
	}
	at, err := service.ParseSendTime(string(*in.SendAt), zone, fallback)
	if err != nil {
		return false, err
	}
	edit.SendAt = &at.At
	if at.Zone != "" {
		edit.TimeZone = &at.Zone
	}
	return at.Moved, nil
}

type keyedByID struct {
	Keyed
	ByID
}

func (s *Server) sendNow(ctx context.Context, p service.Principal, in *keyedByID) (*reply[api.Message], error) {
	id, err := sealpost.ParseMessage(in.ID)
	if err != nil {
		return nil, sealpost.NotFound()
	}
	v, err := s.service.SendNow(ctx, p, in.Key, id)
	return &reply[api.Message]{message(v)}, err
}

func (s *Server) undoMessage(ctx context.Context, p service.Principal, in *keyedByID) (*reply[api.Undone], error) {
	id, err := sealpost.ParseMessage(in.ID)
	if err != nil {
		return nil, sealpost.NotFound()
	}
	draft, err := s.service.Undo(ctx, p, in.Key, id)
	if err != nil || draft.IsZero() {
		return &reply[api.Undone]{}, err
	}
	return &reply[api.Undone]{api.Undone{DraftID: draft.String()}}, nil
}
