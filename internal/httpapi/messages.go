package httpapi

import (
	"context"
	"errors"
	"net/http"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// Keyed is a mutation. Like ByID and Paging it is exported because huma does not
// look into embedded structs that are not.
type Keyed struct {
	Key string `header:"Idempotency-Key" doc:"1 to 200 printable ASCII characters, kept 24 hours for each user. The same key and request give the same outcome; another request under the key is 422 idempotency_conflict." example:"0b6f0a9c"`
}

// ByID names a thing by the id in its path. Whatever is no id names nothing.
type ByID struct {
	ID string `path:"id" doc:"a UUID in lower case"`
}

// reply is an answer with a body.
type reply[T any] struct{ Body T }

// statusReply is an answer with one of two statuses.
type statusReply[T any] struct {
	Status int
	Body   T
}

// empty is an answer without a body: 204.
type empty struct{}

type sendInput struct {
	Keyed
	ByID
	Body api.SendMessage
}

func (s *Server) registerMessages() {
	const tag = "messages"
	add(s, operation{
		id: "sendMessage", method: http.MethodPost, path: "/conversations/{id}/messages", tag: tag, status: http.StatusCreated,
		summary: "Send a message", content: true, example: api.SendMessage{Body: "See you at ten."},
		description: "Delivers at once, holds it for the undo time, or schedules it. The recipients have the envelope only until they open it. The answer comes when the message is durable.",
		codes:       []sealpost.Code{sealpost.CodeForbidden, sealpost.CodeRecalled, sealpost.CodeOpenRequired, sealpost.CodeCannotDeliver, sealpost.CodeIDInUse, sealpost.CodeVersionConflict, sealpost.CodeAmbiguousTime},
	}, s.sendMessage)
	add(s, operation{
		id: "getMessage", method: http.MethodGet, path: "/messages/{id}", tag: tag, content: true,
		summary: "Read one message", description: "Opens nothing. The content is there only for a viewer who has it.",
	}, s.getMessage)
	add(s, operation{
		id: "listMessages", method: http.MethodGet, path: "/conversations/{id}/messages", tag: tag, content: true,
		summary: "Read the history", description: "A page before a message, or the newest, oldest first. Opens nothing: sealed messages are envelopes.",
	}, s.listMessages)
	add(s, operation{
		id: "listChanges", method: http.MethodGet, path: "/conversations/{id}/changes", tag: tag, content: true,
		summary: "Read what changed", description: "New and changed messages, and ids that vanished, since a cursor; without one, from the beginning. 409 resync: begin anew, without the cursor.",
		codes: []sealpost.Code{sealpost.CodeResync},
	}, s.listChanges)
}

func (s *Server) sendMessage(ctx context.Context, p service.Principal, in *sendInput) (*reply[api.Message], error) {
	conversation, err := sealpost.ParseConversation(in.ID)
	if err != nil {
		return nil, sealpost.NotFound()
	}
	sending := service.Sending{
		Conversation: conversation, Body: in.Body.Body, Kind: messageKind(in.Body.Kind),
		TimeZone: in.Body.TimeZone, Undo: duration(in.Body.Undo), HidePreview: in.Body.HidePreview,
	}
	switch {
	case len(in.Body.AttachmentIDs) > 0:
		return nil, sealpost.Invalid("attachment_ids", "Files are not available on this server.")
	case len(in.Body.SMSTo) > 0:
		return nil, noGateway()
	}
	moved := false
	if in.Body.SendAt != "" {
		at, err := service.ParseSendTime(string(in.Body.SendAt), in.Body.TimeZone, p.User.TimeZone)
		if err != nil {
			return nil, err
		}
		sending.SendAt, sending.TimeZone, moved = at.At, at.Zone, at.Moved
	}
	if in.Body.DraftID != "" {
		if sending.Draft, err = sealpost.ParseDraft(in.Body.DraftID); err != nil {
			return nil, sealpost.Invalid("draft_id", "This is not an id: expected a UUID in lower case.")
		}
		if sending.DraftVersion = in.Body.DraftVersion; sending.DraftVersion == 0 {
			sending.DraftVersion = service.AnyVersion
		}
	}
	if sending.ID, err = messageField("id", in.Body.ID); err != nil {
		return nil, err
	}
	if sending.InReplyTo, err = messageField("in_reply_to", in.Body.InReplyTo); err != nil {
		return nil, err
	}
	v, err := s.service.Send(ctx, p, in.Key, sending)
	out := message(v)
	out.SendAtMoved = moved
	return &reply[api.Message]{out}, err
}

func noGateway() error {
	return sealpost.Invalid("sms_to", "No SMS gateway is configured on this server.")
}

// messageField reads an id of a body that may have been left out.
func messageField(name, text string) (sealpost.MessageID, error) {
	if text == "" {
		return sealpost.MessageID{}, nil
	}
	id, err := sealpost.ParseMessage(text)
	if err != nil {
		return id, sealpost.Invalid(name, "This is not an id: expected a UUID in lower case.")
	}
	return id, nil
}

func (s *Server) getMessage(ctx context.Context, p service.Principal, in *ByID) (*reply[api.Message], error) {
	id, err := sealpost.ParseMessage(in.ID)
	if err != nil {
		return nil, sealpost.NotFound()
	}
	v, err := s.service.Message(ctx, p, id)
	return &reply[api.Message]{message(v)}, err
}

type historyInput struct {
	ByID
	Before string `query:"before" format:"uuid" doc:"id of a message: only what is older"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

func (s *Server) listMessages(ctx context.Context, p service.Principal, in *historyInput) (*reply[api.History], error) {
	id, err := sealpost.ParseConversation(in.ID)
	if err != nil {
		return nil, sealpost.NotFound()
	}
	before, err := messageField("before", in.Before)
	if err != nil {
		return nil, err
	}
	page, err := s.service.History(ctx, p, id, before, in.Limit)
	if err != nil {
		return nil, err
	}
	return &reply[api.History]{api.History{Items: messages(page.Items), Cursor: page.Cursor, More: page.More}}, nil
}

type changesInput struct {
	ByID
	Since string `query:"since" maxLength:"512" doc:"a cursor of this conversation"`
	Limit int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

func (s *Server) listChanges(ctx context.Context, p service.Principal, in *changesInput) (*reply[api.Changes], error) {
	id, err := sealpost.ParseConversation(in.ID)
	if err != nil {
		return nil, sealpost.NotFound()
	}
	page, err := s.service.Changes(ctx, p, id, in.Since, in.Limit)
	var bad *sealpost.Error
	if errors.As(err, &bad) && bad.Field == "cursor" {
		return nil, sealpost.Invalid("since", bad.Detail) // the name that it has here
	}
	if err != nil {
		return nil, err
	}
	return &reply[api.Changes]{api.Changes{
		Messages: messages(page.Messages), Vanished: idStrings(page.Vanished), Cursor: page.Cursor, More: page.More,
	}}, nil
}
