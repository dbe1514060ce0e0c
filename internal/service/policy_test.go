package service_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/memstore"
	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func TestPolicyIsForOverseers(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for role, want := range map[sealpost.Role][2]sealpost.Code{
		sealpost.RoleMember:     {sealpost.CodeForbidden, sealpost.CodeForbidden},
		sealpost.RoleModerator:  {sealpost.CodeForbidden, sealpost.CodeForbidden},
		sealpost.RoleCompliance: {"", sealpost.CodeForbidden},
		sealpost.RoleAdmin:      {"", ""},
	} {
		p := h.person("The-"+string(role), role)
		_, err := h.Policy(t.Context(), p)
		wantCode(t, string(role)+" reads", err, want[0])
		_, _, err = h.AuditLog(t.Context(), p, service.AuditFilter{}, "", 0)
		wantCode(t, string(role)+" reads the log", err, want[0])
		_, err = h.PolicyVersion(t.Context(), p, 1)
		wantCode(t, string(role)+" reads a version", err, want[0])
		next := policy.Default()
		next.Version, next.Reason = 0, "test"
		_, err = h.PutPolicy(t.Context(), p, "", next)
		wantCode(t, string(role)+" changes", err, want[1])
	}
}

func TestPutPolicy(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.person("Ada", sealpost.RoleAdmin)
	next := policy.Default()
	next.Window, next.Throttle.Messages, next.Reason, next.Version = time.Hour, 5, "quieter days", 0
	put, err := h.PutPolicy(t.Context(), admin, "key", next)
	if err != nil || put.Version != 2 || put.ChangedBy != admin.User.ID || put.ChangedAt == 0 {
		t.Fatalf("put %+v, %v", put, err)
	}
	for version, want := range map[int64]sealpost.Code{0: sealpost.CodeNotFound, 1: "", 2: "", 3: sealpost.CodeNotFound} {
		got, err := h.PolicyVersion(t.Context(), admin, version)
		wantCode(t, "a version", err, want)
		if err == nil && (got.Version != version || version == 2 && got.Reason != "quieter days") {
			t.Errorf("version %d is %+v", version, got)
		}
	}
	entry := h.lastAudit("policy.change")
	if entry.Actor != admin.User.ID || entry.Detail != `{"version":2,"changed":["window","throttle.messages"]}` {
		t.Errorf("audited as %+v", entry)
	}
	if again, err := h.PutPolicy(t.Context(), admin, "key", next); err != nil || again != put {
		t.Errorf("the replay gives %+v, %v", again, err)
	}
	now, err := h.Policy(t.Context(), admin)
	if err != nil || now != put {
		t.Errorf("in force: %+v, %v", now, err)
	}
	next.Recall = false
	_, err = h.PutPolicy(t.Context(), admin, "key", next)
	wantCode(t, "another request under the key", err, sealpost.CodeIdempotencyConflict)
	next.Version = 1
	_, err = h.PutPolicy(t.Context(), admin, "", next)
	wantCode(t, "based on an old version", err, sealpost.CodeVersionConflict)
	next.Version = 2
	if put, err = h.PutPolicy(t.Context(), admin, "", next); err != nil || put.Version != 3 || put.Recall {
		t.Errorf("put %+v, %v", put, err)
	}
	for field, change := range map[string]func(*policy.Policy){
		"window": func(p *policy.Policy) { p.Window = time.Second },
		"reason": func(p *policy.Policy) { p.Reason = " " },
	} {
		bad := next
		bad.Version = 0
		change(&bad)
		_, err := h.PutPolicy(t.Context(), admin, "", bad)
		wantField(t, "out of its limits", err, field)
	}
}

// R32: reading the log is in the log, once a page.
func TestAuditLog(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	auditor, other := h.person("Ada", sealpost.RoleCompliance), h.person("Ben", sealpost.RoleCompliance)
	for _, name := range []string{"C", "D", "E"} {
		h.person(name)
	}
	page, next, err := h.AuditLog(t.Context(), auditor, service.AuditFilter{}, "", 3)
	if err != nil || len(page) != 3 || next == "" {
		t.Fatalf("page of %d, %v", len(page), err)
	}
	for _, entry := range page {
		if entry.Action != "user.add" {
			t.Errorf("entry %+v", entry)
		}
	}
	_, _, err = h.AuditLog(t.Context(), other, service.AuditFilter{}, next, 3)
	wantField(t, "another's cursor", err, "cursor")
	rest, next, err := h.AuditLog(t.Context(), auditor, service.AuditFilter{}, next, 3)
	if err != nil || len(rest) != 2 || next != "" {
		t.Fatalf("page of %d, %v", len(rest), err)
	}
	for _, entry := range rest {
		for _, before := range page {
			if entry.Decision == before.Decision || entry.At > before.At {
				t.Errorf("entry %+v comes again or is newer", entry)
			}
		}
	}
	all, _, err := h.AuditLog(t.Context(), auditor, service.AuditFilter{}, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	reads := 0
	for _, entry := range all {
		if entry.Action == "audit.read" && entry.Actor == auditor.User.ID && strings.Contains(entry.Detail, `"entries":`) {
			reads++
		}
	}
	if reads != 2 {
		t.Errorf("%d reads are in the log; want 2", reads)
	}
}

// What the filter of the audit log chooses, and that a cursor is good for that only.
func TestAuditFilter(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	auditor, maya, jonas := h.person("Ada", sealpost.RoleCompliance), h.person("Maya"), h.person("Jonas")
	in := h.pair(maya, jonas)
	h.open(jonas, in, h.send(maya, in))
	h.advance(time.Hour)
	later := sealpost.Instant(h.now.Load())
	h.mustRecall(maya, h.send(maya, in))
	for _, c := range []struct {
		f    service.AuditFilter
		want string // newest first
	}{
		{service.AuditFilter{Action: "message"}, "message.send message.open message.send"},
		{service.AuditFilter{Action: "message.open"}, "message.open"},
		{service.AuditFilter{Action: "mess"}, ""},
		{service.AuditFilter{Person: jonas.User.ID}, "message.open conversation.create user.add"},
		{service.AuditFilter{Person: maya.User.ID, From: later}, "recall.granted message.send"},
		{service.AuditFilter{Action: "message", Until: later}, "message.open message.send"},
	} {
		var got []string
		page, next, err := h.AuditLog(t.Context(), auditor, c.f, "", 1)
		for ; err == nil; page, next, err = h.AuditLog(t.Context(), auditor, c.f, next, 1) {
			for _, e := range page {
				got = append(got, e.Action)
			}
			if next == "" {
				break
			}
		}
		if err != nil || strings.Join(got, " ") != c.want {
			t.Errorf("%+v: %v, %v; want %s", c.f, got, err, c.want)
		}
	}
	_, next, err := h.AuditLog(t.Context(), auditor, service.AuditFilter{Action: "message"}, "", 1)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = h.AuditLog(t.Context(), auditor, service.AuditFilter{Action: "recall"}, next, 1)
	wantField(t, "the cursor of another filter", err, "cursor")
	_, _, err = h.AuditLog(t.Context(), auditor, service.AuditFilter{Action: "Message%"}, "", 1)
	wantField(t, "no action", err, "action")
}

// A read that cannot be recorded does not happen, also when only the answer was lost.
func TestAuditLogIsNotReadUnrecorded(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	auditor := h.person("Ada", sealpost.RoleCompliance)
	for _, how := range []memstore.Failure{memstore.FailBefore, memstore.FailAfter} {
		end := h.failing("Amend", how)
		entries, next, err := h.AuditLog(t.Context(), auditor, service.AuditFilter{}, "", 1)
		wantCode(t, "unrecorded", err, sealpost.CodeUnavailable)
		if len(entries) != 0 || next != "" {
			t.Errorf("%d entries were given", len(entries))
		}
		end()
	}
}
