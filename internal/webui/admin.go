package webui

import (
	"context"
	"slices"

	"github.com/a-h/templ"

	"github.com/sealpost/sealpost/internal/sealpost"
)

func (s *Server) registerAdmin() {
	s.get("/admin", Member, s.admin)
	s.get("/admin/policy", Member, s.policyPage)
	s.post("/admin/policy", Member, s.policySave)
	s.get("/admin/flags", Member, s.flags)
	s.get("/admin/flags/{flag}", Member, s.caseFile)
	s.post("/admin/flags/{flag}/read", Member, s.readCase)
	s.post("/admin/flags/{flag}/resolve", Member, s.resolveCase)
	s.get("/admin/audit", Member, s.auditPage)
	s.get("/admin/users", Member, s.users)
	s.post("/admin/users", Member, s.addUser)
	s.post("/admin/invites", Member, s.makeInvite)
	s.post("/admin/invites/{invite}/withdraw", Member, s.withdrawInvite)
	s.get("/admin/users/{user}", Member, s.userPage)
	s.post("/admin/users/{user}", Member, s.changeUser)
	s.post("/admin/users/{user}/erase", Member, s.eraseUser)
}

// adminPage is a page of the administration, with the ways to the others; for those who
// have this part, whatever was wrong with what they asked for.
func (q *request) adminPage(title string, at adminSection, body templ.Component) error {
	if at != adminHome && !slices.Contains(sections(q.ctx), at) {
		return notForYou()
	}
	return q.page(page{title: title, body: adminFrame(at, body), at: atAdmin})
}

// adminSection is a part of the administration.
type adminSection string

// The sections, and who has them.
const (
	adminHome   adminSection = ""
	adminPolicy adminSection = "policy"
	adminFlags  adminSection = "flags"
	adminAudit  adminSection = "audit"
	adminUsers  adminSection = "users"
)

// sections are the parts of the administration that the viewer has.
func sections(ctx context.Context) []adminSection {
	q := from(ctx)
	oversees := q.has(sealpost.RoleAdmin) || q.has(sealpost.RoleCompliance)
	var out []adminSection
	if oversees {
		out = append(out, adminPolicy)
	}
	if q.has(sealpost.RoleModerator) {
		out = append(out, adminFlags)
	}
	if oversees {
		out = append(out, adminAudit)
	}
	if q.has(sealpost.RoleAdmin) {
		out = append(out, adminUsers)
	}
	return out
}

func sectionName(ctx context.Context, s adminSection) string {
	switch s {
	case adminPolicy:
		return T(ctx, "Policy")
	case adminFlags:
		return T(ctx, "Moderation")
	case adminAudit:
		return T(ctx, "Audit log")
	case adminUsers:
		return T(ctx, "Accounts")
	}
	return T(ctx, "Administration")
}

func sectionIcon(s adminSection) string {
	return map[adminSection]string{adminPolicy: "undo-2", adminFlags: "flag", adminAudit: "file-text", adminUsers: "users"}[s]
}

func sectionHelp(ctx context.Context, s adminSection) string {
	switch s {
	case adminPolicy:
		return T(ctx, "How long messages can be recalled, how often, and what a recall leaves behind.")
	case adminFlags:
		return T(ctx, "Reported messages, and requests to remove one's own.")
	case adminAudit:
		return T(ctx, "Every decision, without content.")
	}
	return T(ctx, "Accounts, roles and invitation links.")
}

func notForYou() error {
	return sealpost.Refuse(sealpost.CodeForbidden, "These pages are for administrators, moderators and compliance.")
}

// waiting is what the moderators' queue holds, for who has it.
type waiting struct {
	removals, reports int
	more              bool
}

func (s *Server) admin(q *request) error {
	if !staff(q.ctx) {
		return notForYou()
	}
	var w waiting
	if q.has(sealpost.RoleModerator) {
		open, next, err := s.service.FlagQueue(q.ctx, q.principal, sealpost.FlagOpen, "", queued)
		if err != nil {
			return err
		}
		for _, f := range open {
			if f.Own() && f.RequestRemoval {
				w.removals++
			} else {
				w.reports++
			}
		}
		w.more = next != ""
	}
	return q.adminPage(T(q.ctx, "Administration"), adminHome, adminHomeBody(w))
}

// nameOf adds the names of people to those that are known.
func (q *request) nameOf(names map[sealpost.UserID]string, ids ...sealpost.UserID) error {
	for _, id := range ids {
		if _, known := names[id]; known || id.IsZero() {
			continue
		}
		u, err := q.server.service.User(q.ctx, q.principal, id)
		if err != nil && sealpost.CodeOf(err) != sealpost.CodeNotFound {
			return err
		}
		names[id] = u.Name
	}
	return nil
}
