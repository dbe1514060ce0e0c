package service

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
)

// Policy gives the policy in force, to administrators and compliance.
func (s *Service) Policy(ctx context.Context, p Principal) (policy.Policy, error) {
	if err := oversees(p); err != nil {
		return policy.Policy{}, err
	}
	return s.store.Policy(ctx)
}

// Terms is what everybody may know of a policy, the one in force or the one that a
// message of their own was sent under: what a recall costs and leaves behind, told
// before it is asked for.
type Terms struct {
	Recall bool
	Window time.Duration
	PerDay int // recalls of one sender in one conversation (R13)
	Trace  sealpost.Trace
	// Previews is the most that recipients may be shown before they open (R26).
	Previews sealpost.Previews
}

// Terms gives what holds for what is sent now.
func (s *Service) Terms(ctx context.Context) (Terms, error) {
	p, err := s.store.Policy(ctx)
	return termsOf(p), err
}

func termsOf(p policy.Policy) Terms {
	return Terms{Recall: p.Recall, Window: p.Window, PerDay: p.PerConversationDay, Trace: p.Trace, Previews: p.Previews}
}

// Policies lists the versions of the policy, newest first, to administrators and
// compliance: what was changed, why, and by whom.
func (s *Service) Policies(ctx context.Context, p Principal, cursor string, limit int) ([]policy.Policy, string, error) {
	if err := oversees(p); err != nil {
		return nil, "", err
	}
	limit, err := pageSize(limit)
	if err != nil {
		return nil, "", err
	}
	var before int64
	if cursor != "" {
		payload, err := s.openCursor("policies", p.User.ID, [16]byte{}, cursor)
		if err != nil || len(payload) != 8 {
			return nil, "", badCursor()
		}
		before = int64(binary.BigEndian.Uint64(payload))
	}
	all, err := s.store.Policies(ctx, before, limit+1)
	if err != nil || len(all) <= limit {
		return all, "", err
	}
	all = all[:limit]
	next, err := s.sealCursor("policies", p.User.ID, [16]byte{}, binary.BigEndian.AppendUint64(nil, uint64(all[limit-1].Version)))
	return all, next, err
}

// PolicyVersion gives one version of the policy, to administrators and compliance;
// NotFound if there was none.
func (s *Service) PolicyVersion(ctx context.Context, p Principal, version int64) (policy.Policy, error) {
	if err := oversees(p); err != nil {
		return policy.Policy{}, err
	}
	found, err := s.store.Policies(ctx, version+1, 1)
	if err == nil && (len(found) == 0 || found[0].Version != version) {
		err = sealpost.NotFound()
	}
	if err != nil {
		return policy.Policy{}, err
	}
	return found[0], nil
}

func oversees(p Principal) error {
	if p.User.Has(sealpost.RoleAdmin) || p.User.Has(sealpost.RoleCompliance) {
		return nil
	}
	return sealpost.Refuse(sealpost.CodeForbidden, "Only administrators and compliance may see this.")
}

// PutPolicy makes the next version of the policy, for messages delivered from now
// on (R12). A version in it that is not zero must be the one in force:
// CodeVersionConflict.
func (s *Service) PutPolicy(ctx context.Context, p Principal, key string, next policy.Policy) (policy.Policy, error) {
	if err := validKey(key); err != nil {
		return policy.Policy{}, err
	}
	if !p.User.Has(sealpost.RoleAdmin) {
		return policy.Policy{}, sealpost.Refuse(sealpost.CodeForbidden, "Only administrators may change the policy.")
	}
	var err error
	if next.Reason, err = line("reason", next.Reason, 1, policy.MaxReason); err != nil {
		return policy.Policy{}, err
	}
	if err := next.Validate(); err != nil {
		return policy.Policy{}, err
	}
	based := next.Version
	replay, err := s.store.Amend(ctx, s.stamp(p.User.ID, "policy.change", key, s.policyRequest(next)), func(a Amendment) ([]byte, error) {
		current, err := a.Policy()
		if err != nil {
			return nil, err
		}
		if based != 0 && based != current.Version {
			return nil, sealpost.Refuse(sealpost.CodeVersionConflict, "The policy was changed in between.")
		}
		next.Version, next.ChangedBy, next.ChangedAt = current.Version+1, p.User.ID, a.Now()
		a.SetDetail(detail(struct {
			Version int64    `json:"version"`
			Changed []string `json:"changed"`
		}{next.Version, changedFields(current, next)}))
		return nil, a.AddPolicy(next)
	})
	if err != nil || replay == nil {
		return next, err
	}
	return s.store.Policy(ctx)
}

type policyField struct{ name, value string }

func policyFields(p policy.Policy) []policyField {
	field := func(name string, v any) policyField { return policyField{name, fmt.Sprint(v)} }
	return []policyField{
		field("recall", p.Recall),
		field("window", p.Window),
		field("per_conversation_per_day", p.PerConversationDay),
		field("throttle.messages", p.Throttle.Messages),
		field("throttle.recipients", p.Throttle.Recipients),
		field("throttle.refusals", p.Throttle.Refusals),
		field("throttle.period", p.Throttle.Period),
		field("group", p.Group),
		field("trace", p.Trace),
		field("previews", p.Previews),
		field("notification_delay", p.NotificationDelay),
		field("undo_default", p.UndoDefault),
	}
}

// changedFields names what differs, for the audit log. The values are in the
// policy's own rows.
func changedFields(before, after policy.Policy) []string {
	out := []string{}
	old := policyFields(before)
	for i, f := range policyFields(after) {
		if f != old[i] {
			out = append(out, f.name)
		}
	}
	return out
}

func (s *Service) policyRequest(p policy.Policy) [32]byte {
	fields := []string{p.Reason, fmt.Sprint(p.Version)}
	for _, f := range policyFields(p) {
		fields = append(fields, f.value)
	}
	return s.request("policy.change", fields...)
}
