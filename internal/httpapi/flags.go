package httpapi

import (
	"context"
	"net/http"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func (s *Server) registerFlags() {
	const tag = "reports"
	forbidden := []sealpost.Code{sealpost.CodeForbidden}
	add(s, operation{
		id: "flagMessage", method: http.MethodPost, path: "/messages/{id}/flag", tag: tag, status: http.StatusCreated,
		summary: "Report a message", example: api.FlagMessage{Reason: "confidential", Note: "Sent to the wrong person.", RequestRemoval: true},
		description: "To the moderators, by a recipient or by its sender. The text is frozen for them at once, also while it is sealed; nothing is opened or shown by that, and nobody else can tell. While a report of one's own is open, another one takes its place: reason, note and whether removal is asked for; the frozen text stays.",
		codes:       []sealpost.Code{sealpost.CodeNotDelivered, sealpost.CodeRecalled, sealpost.CodeRemoved},
	}, s.flagMessage)
	add(s, operation{
		id: "listFlags", method: http.MethodGet, path: "/flags", tag: tag, content: true,
		summary: "List own reports", description: "Newest first, with what became of them.",
	}, s.listFlags)
	add(s, operation{
		id: "listCases", method: http.MethodGet, path: "/admin/flags", tag: tag, codes: forbidden,
		summary: "Read the moderators' queue", description: "For moderators, without any text: people who ask for the removal of their own message first, then the oldest. What others reported of one's own messages is not in it.",
	}, s.listCases)
	add(s, operation{
		id: "getCase", method: http.MethodGet, path: "/admin/flags/{id}", tag: tag, content: true, codes: forbidden,
		summary: "Read a report with its evidence", description: "For moderators who did not send, receive or report the message. That it was read is in the audit log before the text is given.",
	}, s.getCase)
	add(s, operation{
		id: "resolveFlag", method: http.MethodPost, path: "/admin/flags/{id}/resolve", tag: tag,
		summary: "Resolve a report", example: api.ResolveFlag{Action: "remove", Answer: "We removed it for everybody."},
		description: "For moderators who did not send, receive or report the message. remove takes the message from everybody, for ever, and resolves every other open report of it with the same answer. 409 version_conflict: somebody has resolved it.",
		codes:       append([]sealpost.Code{sealpost.CodeVersionConflict}, forbidden...),
	}, s.resolveFlag)
}

type flagInput struct {
	Keyed
	ByID
	Body api.FlagMessage
}

func (s *Server) flagMessage(ctx context.Context, p service.Principal, in *flagInput) (*reply[api.Flag], error) {
	id, err := sealpost.ParseMessage(in.ID)
	if err != nil {
		return nil, sealpost.NotFound()
	}
	v, err := s.service.Flag(ctx, p, in.Key, id, service.Flagging{
		Reason: sealpost.FlagReason(in.Body.Reason), Note: in.Body.Note, RequestRemoval: in.Body.RequestRemoval,
	})
	return &reply[api.Flag]{flag(v)}, err
}

func (s *Server) listFlags(ctx context.Context, p service.Principal, in *Paging) (*reply[api.Flags], error) {
	all, next, err := s.service.OwnFlags(ctx, p, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	out := api.Flags{Items: make([]api.Flag, 0, len(all)), NextCursor: textOrNull(next)}
	for _, v := range all {
		out.Items = append(out.Items, flag(v))
	}
	return &reply[api.Flags]{out}, nil
}

func flag(v service.FlagView) api.Flag {
	f := v.Flag
	return api.Flag{
		ID: f.ID.String(), MessageID: f.MessageID.String(), ConversationID: f.ConversationID.String(), Own: f.Own(),
		Reason: string(f.Reason), RequestRemoval: f.RequestRemoval, CreatedAt: always(f.CreatedAt), State: flagState(f.State),
		Resolution: textOrNull(resolution(f.Resolution)), ResolvedAt: instant(f.ResolvedAt),
		Note: textOrNull(v.Note), Answer: textOrNull(v.Answer),
	}
}

func flagState(s sealpost.FlagState) string {
	if s == sealpost.FlagResolved {
		return "resolved"
	}
	return "open"
}

func resolution(r sealpost.Resolution) string {
	switch r {
	case sealpost.ResolvedKeep:
		return "keep"
	case sealpost.ResolvedRemove:
		return "remove"
	}
	return ""
}

type casesInput struct {
	Paging
	State string `query:"state" enum:"open,resolved" default:"open"`
}

func (s *Server) listCases(ctx context.Context, p service.Principal, in *casesInput) (*reply[api.Cases], error) {
	state := sealpost.FlagOpen
	if in.State == "resolved" {
		state = sealpost.FlagResolved
	}
	all, next, err := s.service.FlagQueue(ctx, p, state, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	out := api.Cases{Items: make([]api.Case, 0, len(all)), NextCursor: textOrNull(next)}
	for _, f := range all {
		out.Items = append(out.Items, wireCase(f))
	}
	return &reply[api.Cases]{out}, nil
}

func wireCase(f sealpost.Flag) api.Case {
	return api.Case{
		ID: f.ID.String(), MessageID: f.MessageID.String(), ConversationID: f.ConversationID.String(),
		SenderID: f.SenderID.String(), ReporterID: f.ReporterID.String(), Own: f.Own(), Reason: string(f.Reason),
		RequestRemoval: f.RequestRemoval, CreatedAt: always(f.CreatedAt), State: flagState(f.State),
		Resolution: textOrNull(resolution(f.Resolution)), ResolvedBy: idOrNull(f.ResolvedBy), ResolvedAt: instant(f.ResolvedAt),
	}
}

func (s *Server) getCase(ctx context.Context, p service.Principal, in *ByID) (*reply[api.CaseEvidence], error) {
	id, err := sealpost.ParseFlag(in.ID)
	if err != nil {
		return nil, sealpost.NotFound()
	}
	v, err := s.service.Evidence(ctx, p, id)
	if err != nil {
		return nil, err
	}
	out := api.CaseEvidence{Case: wireCase(v.Flag)}
	if v.Kept {
		out.Evidence = &api.Evidence{Body: v.Text, Note: v.Note, Answer: v.Answer}
	}
	return &reply[api.CaseEvidence]{out}, nil
}

type resolveInput struct {
	Keyed
	ByID
	Body api.ResolveFlag
}

func (s *Server) resolveFlag(ctx context.Context, p service.Principal, in *resolveInput) (*reply[api.Case], error) {
	id, err := sealpost.ParseFlag(in.ID)
	if err != nil {
		return nil, sealpost.NotFound()
	}
	f, err := s.service.ResolveFlag(ctx, p, in.Key, id, service.Resolving{Remove: in.Body.Action == "remove", Answer: in.Body.Answer})
	return &reply[api.Case]{wireCase(f)}, err
}
