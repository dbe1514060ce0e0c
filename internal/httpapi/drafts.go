package httpapi

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func (s *Server) registerDrafts() {
	const tag = "drafts"
	example := api.WriteDraft{Body: "See you at ten."}
	changed := []sealpost.Code{sealpost.CodePreconditionFailed}
	add(s, operation{
		id: "listDrafts", method: http.MethodGet, path: "/drafts", tag: tag, content: true, summary: "List own drafts", description: "Newest first.",
	}, s.listDrafts)
	add(s, operation{
		id: "addDraft", method: http.MethodPost, path: "/drafts", tag: tag, content: true, status: http.StatusCreated, example: example,
		summary: "Keep what is being written", description: "Sealed, until it is deleted or sent; on all of one's devices.",
		codes: []sealpost.Code{sealpost.CodeForbidden},
	}, s.addDraft)
	add(s, operation{id: "getDraft", method: http.MethodGet, path: "/drafts/{id}", tag: tag, content: true, summary: "Read a draft"}, s.getDraft)
	add(s, operation{
		id: "putDraft", method: http.MethodPut, path: "/drafts/{id}", tag: tag, content: true, example: example, summary: "Change a draft",
		description: "If-Match names the version that was seen. If another device has changed it since: 412 precondition_failed, and nothing changes. A draft that came back from a recall or an undo keeps its end of life.",
		codes:       append([]sealpost.Code{sealpost.CodeNeedsPrecondition}, changed...),
	}, s.putDraft)
	add(s, operation{
		id: "deleteDraft", method: http.MethodDelete, path: "/drafts/{id}", tag: tag, codes: changed,
		summary: "Forget a draft", description: "Its key goes with it. With If-Match only if it is still at that version.",
	}, s.deleteDraft)
}

// draftReply is a draft with its version as the entity tag (RFC 9110 §8.8.3).
type draftReply struct {
	ETag string `header:"ETag"`
	Body api.Draft
}

func oneDraft(v service.DraftView) *draftReply {
	return &draftReply{etag(v.Draft.Content.Version), draft(v)}
}

func etag(version int32) string { return strconv.Quote(strconv.Itoa(int(version))) }

func draft(v service.DraftView) api.Draft {
	d := v.Draft
	return api.Draft{
		ID: d.ID.String(), Version: d.Content.Version, ConversationID: idOrNull(d.ConversationID), FromMessageID: idOrNull(d.FromMessage),
		Body: v.Body, RecipientIDs: idStrings(v.Recipients), Title: v.Title, Kind: kindName(v.Kind), InReplyTo: v.InReplyTo, SendAt: v.SendAt, TimeZone: v.TimeZone, HidePreview: v.HidePreview,
		Reason: textOrNull(string(d.Reason)), CreatedAt: always(d.CreatedAt), UpdatedAt: always(d.UpdatedAt), ExpiresAt: instant(d.ExpiresAt),
	}
}

// IfMatch is a precondition (RFC 9110 §13.1.1).
type IfMatch struct {
	IfMatch string `header:"If-Match" doc:"the ETag of the version that was seen, or *" example:"\"3\""`
}

// version reads the precondition; present is false if there is none. What is no tag
// of ours matches no version.
func (m IfMatch) version() (version int32, present bool) {
	switch m.IfMatch {
	case "":
		return service.AnyVersion, false
	case "*":
		return service.AnyVersion, true
	}
	n, err := strconv.ParseInt(strings.Trim(m.IfMatch, `"`), 10, 32)
	if err != nil || etag(int32(n)) != m.IfMatch {
		return 0, true // versions begin at 1
	}
	return int32(n), true
}

type addDraftInput struct {
	Keyed
	Body api.WriteDraft
}

func (s *Server) addDraft(ctx context.Context, p service.Principal, in *addDraftInput) (*draftReply, error) {
	w, err := writing(in.Body)
	if err != nil {
		return nil, err
	}
	v, err := s.service.AddDraft(ctx, p, in.Key, w)
	return oneDraft(v), err
}

type putDraftInput struct {
	Keyed
	ByID
	IfMatch
	Body api.WriteDraft
}

func (s *Server) putDraft(ctx context.Context, p service.Principal, in *putDraftInput) (*draftReply, error) {
	id, err := sealpost.ParseDraft(in.ID)
	if err != nil {
		return nil, sealpost.NotFound()
	}
	version, present := in.version()
	if !present {
		if _, err := s.service.Draft(ctx, p, id); err != nil {
			return nil, err // whose it is comes first
		}
		return nil, &sealpost.Error{Code: sealpost.CodeNeedsPrecondition, Field: "If-Match", Detail: "Say with If-Match which version of the draft you saw."}
	}
	w, err := writing(in.Body)
	if err != nil {
		return nil, err
	}
	v, err := s.service.PutDraft(ctx, p, in.Key, id, version, w)
	return oneDraft(v), err
}

func writing(in api.WriteDraft) (service.Writing, error) {
	w := service.Writing{Body: in.Body, Title: in.Title, SendAt: string(in.SendAt), TimeZone: in.TimeZone, HidePreview: in.HidePreview}
	if in.Kind == "required_notice" {
		w.Kind = sealpost.KindRequiredNotice
	}
	if len(in.AttachmentIDs) > 0 {
		return w, sealpost.Invalid("attachment_ids", "Files are not available on this server.")
	}
	var err error
	if in.ConversationID != "" {
		if w.Conversation, err = sealpost.ParseConversation(in.ConversationID); err != nil {
			return w, sealpost.Invalid("conversation_id", "This is not an id: expected a UUID in lower case.")
		}
	}
	if in.InReplyTo != "" {
		id, err := messageField("in_reply_to", in.InReplyTo)
		if err != nil {
			return w, err
		}
		w.InReplyTo = id.String()
	}
	w.Recipients, err = userIDs("recipient_ids", in.RecipientIDs)
	return w, err
}

// userIDs reads a list of ids of a body.
func userIDs(field string, texts []string) ([]sealpost.UserID, error) {
	ids := make([]sealpost.UserID, 0, len(texts))
	for i, text := range texts {
		id, err := sealpost.ParseUser(text)
		if err != nil {
			return nil, sealpost.Invalid(field+"["+strconv.Itoa(i)+"]", "This is not an id: expected a UUID in lower case.")
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func (s *Server) listDrafts(ctx context.Context, p service.Principal, in *Paging) (*reply[api.Drafts], error) {
	all, next, err := s.service.Drafts(ctx, p, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	out := api.Drafts{Items: make([]api.Draft, 0, len(all)), NextCursor: textOrNull(next)}
	for _, v := range all {
		out.Items = append(out.Items, draft(v))
	}
	return &reply[api.Drafts]{out}, nil
}

func (s *Server) getDraft(ctx context.Context, p service.Principal, in *ByID) (*draftReply, error) {
	id, err := sealpost.ParseDraft(in.ID)
	if err != nil {
		return nil, sealpost.NotFound()
	}
	v, err := s.service.Draft(ctx, p, id)
	return oneDraft(v), err
}

type deleteDraftInput struct {
	Keyed
	ByID
	IfMatch
}

func (s *Server) deleteDraft(ctx context.Context, p service.Principal, in *deleteDraftInput) (*empty, error) {
	id, err := sealpost.ParseDraft(in.ID)
	if err != nil {
		return nil, sealpost.NotFound()
	}
	version, _ := in.version()
	return &empty{}, s.service.DeleteDraft(ctx, p, in.Key, id, version)
}
