package webui

import (
	"context"
	"hash/fnv"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sealpost/sealpost/internal/sealpost"
)

// count finds what the bars show.
func (q *request) count() error {
	w, err := q.server.service.Waiting(q.ctx, q.principal)
	q.counts = counts{unread: w.Unread, requests: w.Requests, invitations: w.Invitations, drafts: w.Drafts, scheduled: w.Scheduled}
	return err
}

// waiting answers with the counts of the bars, which fetch them when something changes.
func (s *Server) waiting(q *request) error {
	if err := q.count(); err != nil {
		return err
	}
	return q.render(liveCounts())
}

// badgeText is a count of at most two digits.
func badgeText(n int) string {
	if n > 99 {
		return "99+"
	}
	return strconv.Itoa(n)
}

// networkCount is the number at My Network in words.
func networkCount(ctx context.Context) string {
	unread, invited := from(ctx).counts.unread, from(ctx).counts.invitations
	switch {
	case unread == 0:
		return T(ctx, "%d invitations", invited)
	case invited == 0:
		return T(ctx, "%d unread", unread)
	}
	return T(ctx, "%[1]s, %[2]s", T(ctx, "%d unread", unread), T(ctx, "%d invitations", invited))
}

// bracketed is a count behind the name of a link, where it is read aloud.
func bracketed(n int) string { return "(" + badgeText(n) + ")" }

// staff reports whether the viewer has pages of the administration.
func staff(ctx context.Context) bool { return len(sections(ctx)) > 0 }

// initials are the first letters of the first and the last word of a name.
func initials(of string) string {
	words := strings.Fields(of)
	if len(words) == 0 {
		return "?"
	}
	first, _ := utf8.DecodeRuneInString(words[0])
	out := string(first)
	if len(words) > 1 {
		last, _ := utf8.DecodeRuneInString(words[len(words)-1])
		out += string(last)
	}
	return strings.ToUpper(out)
}

// avatarTint gives the same person the same one of the calm colours.
func avatarTint(of string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(of)) // it never fails
	return "tint-" + strconv.Itoa(int(h.Sum32()%6))
}

func roleName(ctx context.Context, r sealpost.Role) string {
	switch r {
	case sealpost.RoleNotices:
		return T(ctx, "Notices")
	case sealpost.RoleModerator:
		return T(ctx, "Moderator")
	case sealpost.RoleCompliance:
		return T(ctx, "Compliance")
	case sealpost.RoleAdmin:
		return T(ctx, "Administrator")
	}
	return T(ctx, "Member")
}
