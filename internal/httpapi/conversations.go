package httpapi

import (
	"context"
	"net/http"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func (s *Server) registerConversations() {
	const tag = "conversations"
	add(s, operation{
		id: "startConversation", method: http.MethodPost, path: "/conversations", tag: tag, alsoStatus: http.StatusCreated,
		summary: "Start a conversation", example: api.StartConversation{ParticipantIDs: []string{"018f3c1e-7b8a-7c00-8000-000000000001"}},
		description: "With one other person and no title: the one conversation of these two, 200, whether it was there or not. Otherwise a new group, 201. It is in nobody else's list before its first delivery. If somebody cannot be added to a group, nobody is: 409 cannot_deliver.",
		codes:       []sealpost.Code{sealpost.CodeCannotDeliver},
	}, s.startConversation)
	add(s, operation{
		id: "listConversations", method: http.MethodGet, path: "/conversations", tag: tag, content: true,
		summary: "Read the inbox", description: "Newest activity first. Message requests are among all and unread, and by themselves under requests. What was declined is in none.",
	}, s.listConversations)
	add(s, operation{
		id: "getConversation", method: http.MethodGet, path: "/conversations/{id}", tag: tag, summary: "Read a conversation",
	}, s.getConversation)
	add(s, operation{
		id: "addParticipant", method: http.MethodPost, path: "/conversations/{id}/participants", tag: tag,
		summary: "Add somebody to a group", example: api.AddParticipant{UserID: "018f3c1e-7b8a-7c00-8000-000000000001"},
		description: "Its creator may. A joiner sees what is delivered from then on.",
		codes:       []sealpost.Code{sealpost.CodeForbidden, sealpost.CodeCannotDeliver},
	}, s.addParticipant)
	add(s, operation{
		id: "removeParticipant", method: http.MethodDelete, path: "/conversations/{id}/participants/{user_id}", tag: tag,
		summary: "Remove somebody from a group, or leave it", description: "Its creator removes others; anyone may leave. What is sealed for them stays closed.",
		codes: []sealpost.Code{sealpost.CodeForbidden},
	}, s.removeParticipant)
	add(s, operation{
		id: "markUnread", method: http.MethodPut, path: "/conversations/{id}/unread", tag: tag,
		summary: "Mark as unread", description: "A flag of one's own. It undoes no opening.",
	}, s.markUnread)
	add(s, operation{
		id: "clearUnread", method: http.MethodDelete, path: "/conversations/{id}/unread", tag: tag,
		summary: "Clear the mark", description: "Opens nothing.",
	}, s.clearUnread)
}

type startInput struct {
	Keyed
	Body api.StartConversation
}

func (s *Server) startConversation(ctx context.Context, p service.Principal, in *startInput) (*statusReply[api.Conversation], error) {
	ids, err := userIDs("participant_ids", in.Body.ParticipantIDs)
	if err != nil {
		return nil, err
	}
	t, created, err := s.service.CreateConversation(ctx, p, in.Key, ids, in.Body.Title)
	if err != nil {
		return nil, err
	}
	status := http.StatusOK
	if created {
		status = http.StatusCreated
	}
	return &statusReply[api.Conversation]{status, conversation(t)}, nil
}

// Paging asks for a page of a list.
type Paging struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Cursor string `query:"cursor" maxLength:"512" doc:"next_cursor of the page before"`
}

type inboxInput struct {
	Paging
	Filter string `query:"filter" enum:"all,unread,requests,scheduled,recalled" default:"all"`
}

func (s *Server) listConversations(ctx context.Context, p service.Principal, in *inboxInput) (*reply[api.Inbox], error) {
	entries, next, err := s.service.Inbox(ctx, p, service.Filter(in.Filter), in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	if err := s.service.ShowPreviews(ctx, p, entries); err != nil {
		return nil, err
	}
	out := api.Inbox{Items: make([]api.InboxItem, 0, len(entries)), NextCursor: textOrNull(next)}
	for _, e := range entries {
		item := api.InboxItem{Conversation: conversation(e.Thread), Preview: textOrNull(e.Preview)}
		if e.Last != nil {
			m := message(*e.Last)
			item.Last = &m
		}
		out.Items = append(out.Items, item)
	}
	return &reply[api.Inbox]{out}, nil
}

func (s *Server) getConversation(ctx context.Context, p service.Principal, in *ByID) (*reply[api.Conversation], error) {
	id, err := sealpost.ParseConversation(in.ID)
	if err != nil {
		return nil, sealpost.NotFound()
	}
	t, err := s.service.Conversation(ctx, p, id)
	return &reply[api.Conversation]{conversation(t)}, err
}

type addInput struct {
	Keyed
	ByID
	Body api.AddParticipant
}

func (s *Server) addParticipant(ctx context.Context, p service.Principal, in *addInput) (*reply[api.Conversation], error) {
	id, err := sealpost.ParseConversation(in.ID)
	if err != nil {
		return nil, sealpost.NotFound()
	}
	user, err := sealpost.ParseUser(in.Body.UserID)
	if err != nil {
		return nil, sealpost.Invalid("user_id", "This is not an id: expected a UUID in lower case.")
	}
	t, err := s.service.AddParticipant(ctx, p, in.Key, id, user)
	return &reply[api.Conversation]{conversation(t)}, err
}

type removeInput struct {
	Keyed
	ByID
	UserID string `path:"user_id" doc:"a UUID in lower case"`
}

func (s *Server) removeParticipant(ctx context.Context, p service.Principal, in *removeInput) (*empty, error) {
	id, err := sealpost.ParseConversation(in.ID)
	if err != nil {
		return nil, sealpost.NotFound()
	}
	user, err := sealpost.ParseUser(in.UserID)
	if err != nil {
		return nil, sealpost.NotFound()
	}
	return &empty{}, s.service.RemoveParticipant(ctx, p, in.Key, id, user)
}

func (s *Server) markUnread(ctx context.Context, p service.Principal, in *keyedByID) (*empty, error) {
	return s.setUnread(ctx, p, in, true)
}

func (s *Server) clearUnread(ctx context.Context, p service.Principal, in *keyedByID) (*empty, error) {
	return s.setUnread(ctx, p, in, false)
}

func (s *Server) setUnread(ctx context.Context, p service.Principal, in *keyedByID, on bool) (*empty, error) {
	id, err := sealpost.ParseConversation(in.ID)
	if err != nil {
		return nil, sealpost.NotFound()
	}
	return &empty{}, s.service.SetUnread(ctx, p, in.Key, id, on)
}
