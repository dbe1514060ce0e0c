package service

import (
	"context"
	"fmt"
	"strings"

	"github.com/sealpost/sealpost/internal/sealpost"
)

// AuditFilter chooses entries of the audit log. A zero field chooses all.
type AuditFilter struct {
	Action      string           // "message.open", or "message" for all that begin so
	Person      sealpost.UserID  // who did it, or to whom it was done
	From, Until sealpost.Instant // at or after, and before
}

// AuditQuery asks for a page of the audit log.
type AuditQuery struct {
	AuditFilter
	Before sealpost.DecisionID // zero: from the newest
	Limit  int
}

// Chooses reports whether an entry is one of those that the filter asks for.
func (f AuditFilter) Chooses(a Audit) bool {
	return (f.Action == "" || a.Action == f.Action || strings.HasPrefix(a.Action, f.Action+".")) &&
		(f.Person.IsZero() || a.Actor == f.Person || a.Subject == f.Person) &&
		a.At >= f.From && (f.Until == 0 || a.At < f.Until)
}

func validAction(action string) bool {
	return len(action) <= 60 && strings.Trim(action, "abcdefghijklmnopqrstuvwxyz_.") == ""
}

// AuditLog lists the audit log, newest first, to compliance and administrators
// (R32). Each page that is read is an entry itself, committed before the page is
// given. A cursor goes with the filter that it was given for.
func (s *Service) AuditLog(ctx context.Context, p Principal, f AuditFilter, cursor string, limit int) ([]Audit, string, error) {
	if err := oversees(p); err != nil {
		return nil, "", err
	}
	limit, err := pageSize(limit)
	if err != nil {
		return nil, "", err
	}
	if !validAction(f.Action) {
		return nil, "", sealpost.Invalid("action", "An action is a word such as message, or two such as message.open.")
	}
	sum := s.request("audit", f.Action, f.Person.String(), fmt.Sprint(f.From), fmt.Sprint(f.Until))
	scope := [16]byte(sum[:16])
	q := AuditQuery{AuditFilter: f, Limit: limit + 1}
	if cursor != "" {
		payload, err := s.openCursor("audit", p.User.ID, scope, cursor)
		if err != nil {
			return nil, "", err
		}
		if q.Before, err = oneID[sealpost.DecisionID](payload); err != nil {
			return nil, "", badCursor()
		}
	}
	entries, err := s.store.AuditLog(ctx, q)
	if err != nil {
		return nil, "", err
	}
	next := ""
	if len(entries) > limit {
		entries = entries[:limit]
		last := entries[limit-1].Decision
		if next, err = s.sealCursor("audit", p.User.ID, scope, last[:]); err != nil {
			return nil, "", err
		}
	}
	stamp := s.stamp(p.User.ID, "audit.read", "", [32]byte{})
	stamp.Audit.Detail = detail(struct {
		Entries int `json:"entries"`
	}{len(entries)})
	if _, err := s.store.Amend(ctx, stamp, func(Amendment) ([]byte, error) { return nil, nil }); err != nil {
		return nil, "", err
	}
	return entries, next, nil
}
