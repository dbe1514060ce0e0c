package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func (s *Server) registerAdmin() {
	const tag = "administration"
	forbidden := []sealpost.Code{sealpost.CodeForbidden}
	standard := wirePolicy(policy.Default())
	add(s, operation{
		id: "getPolicy", method: http.MethodGet, path: "/admin/policy", tag: tag, codes: forbidden,
		summary: "Read the recall policy", description: "For administrators and compliance.",
	}, s.getPolicy)
	add(s, operation{
		id: "putPolicy", method: http.MethodPut, path: "/admin/policy", tag: tag,
		summary: "Replace the recall policy", description: "For administrators. It counts for messages delivered from then on.",
		codes: append([]sealpost.Code{sealpost.CodeVersionConflict}, forbidden...),
		example: api.PutPolicy{
			Recall: true, Window: standard.Window, PerConversationPerDay: standard.PerConversationPerDay, Throttle: standard.Throttle,
			Group: standard.Group, Trace: standard.Trace, Previews: standard.Previews, NotificationDelay: standard.NotificationDelay,
			UndoDefault: standard.UndoDefault, Reason: "A shorter window was asked for.",
		},
	}, s.putPolicy)
	add(s, operation{
		id: "listPolicies", method: http.MethodGet, path: "/admin/policy/versions", tag: tag, codes: forbidden,
		summary: "List the versions of the recall policy", description: "For administrators and compliance, newest first: what was changed, why, and by whom.",
	}, s.listPolicies)
	add(s, operation{
		id: "listAudit", method: http.MethodGet, path: "/admin/audit", tag: tag, codes: forbidden,
		summary: "Read the audit log", description: "For compliance and administrators, newest first. Reading it is an entry too.",
	}, s.listAudit)
}

func wirePolicy(p policy.Policy) api.Policy {
	return api.Policy{
		Version: p.Version, Recall: p.Recall, Window: api.Duration(p.Window), PerConversationPerDay: p.PerConversationDay,
		Throttle: api.Throttle{
			Messages: p.Throttle.Messages, Recipients: p.Throttle.Recipients, Refusals: p.Throttle.Refusals, Period: api.Duration(p.Throttle.Period),
		},
		Group: string(p.Group), Trace: string(p.Trace), Previews: p.Previews.String(),
		NotificationDelay: api.Duration(p.NotificationDelay), UndoDefault: api.Duration(p.UndoDefault),
		Reason: p.Reason, ChangedBy: idOrNull(p.ChangedBy), ChangedAt: instant(p.ChangedAt),
	}
}

func (s *Server) getPolicy(ctx context.Context, p service.Principal, _ *struct{}) (*reply[api.Policy], error) {
	now, err := s.service.Policy(ctx, p)
	return &reply[api.Policy]{wirePolicy(now)}, err
}

func (s *Server) listPolicies(ctx context.Context, p service.Principal, in *Paging) (*reply[api.Policies], error) {
	all, next, err := s.service.Policies(ctx, p, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	out := api.Policies{Items: make([]api.Policy, 0, len(all)), NextCursor: textOrNull(next)}
	for _, v := range all {
		out.Items = append(out.Items, wirePolicy(v))
	}
	return &reply[api.Policies]{out}, nil
}

type policyInput struct {
	Keyed
	Body api.PutPolicy
}

func (s *Server) putPolicy(ctx context.Context, p service.Principal, in *policyInput) (*reply[api.Policy], error) {
	b := in.Body
	next, err := s.service.PutPolicy(ctx, p, in.Key, policy.Policy{
		Version: b.Version, Recall: b.Recall, Window: time.Duration(b.Window), PerConversationDay: b.PerConversationPerDay,
		Throttle: policy.Throttle{
			Messages: b.Throttle.Messages, Recipients: b.Throttle.Recipients, Refusals: b.Throttle.Refusals, Period: time.Duration(b.Throttle.Period),
		},
		Group: policy.GroupMode(b.Group), Trace: sealpost.Trace(b.Trace), Previews: sealpost.ParsePreviews(b.Previews),
		NotificationDelay: time.Duration(b.NotificationDelay), UndoDefault: time.Duration(b.UndoDefault), Reason: b.Reason,
	})
	return &reply[api.Policy]{wirePolicy(next)}, err
}

type auditInput struct {
	Paging
	Action string `query:"action" maxLength:"60" doc:"such as message.open, or message for all that begin so" example:"recall"`
	Person string `query:"person" maxLength:"36" doc:"id of who did it, or of whom it was done to"`
	From   string `query:"from" maxLength:"40" doc:"at or after this time, RFC 3339" example:"2026-11-01T00:00:00Z"`
	Until  string `query:"until" maxLength:"40" doc:"before this time, RFC 3339" example:"2026-12-01T00:00:00Z"`
}

func (in auditInput) filter() (f service.AuditFilter, err error) {
	f.Action = in.Action
	if in.Person != "" {
		if f.Person, err = sealpost.ParseUser(in.Person); err != nil {
			return f, sealpost.Invalid("person", "This is not an id: expected a UUID in lower case.")
		}
	}
	for _, limit := range []struct {
		name, text string
		to         *sealpost.Instant
	}{{"from", in.From, &f.From}, {"until", in.Until, &f.Until}} {
		if limit.text == "" {
			continue
		}
		at, err := time.Parse(time.RFC3339, limit.text)
		if err != nil {
			return f, sealpost.Invalid(limit.name, "This is not a time: expected RFC 3339, such as 2026-11-01T00:00:00Z.")
		}
		*limit.to = sealpost.InstantOf(at)
	}
	return f, nil
}

func (s *Server) listAudit(ctx context.Context, p service.Principal, in *auditInput) (*reply[api.Audit], error) {
	f, err := in.filter()
	if err != nil {
		return nil, err
	}
	entries, next, err := s.service.AuditLog(ctx, p, f, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	out := api.Audit{Items: make([]api.AuditEntry, 0, len(entries)), NextCursor: textOrNull(next)}
	for _, e := range entries {
		out.Items = append(out.Items, api.AuditEntry{
			ID: e.Decision.String(), At: always(e.At), ActorID: idOrNull(e.Actor), Action: e.Action,
			ConversationID: idOrNone(e.Conversation), MessageID: idOrNone(e.Message), SubjectID: idOrNone(e.Subject),
			Code: string(e.Code), Detail: json.RawMessage(e.Detail),
		})
	}
	return &reply[api.Audit]{out}, nil
}
