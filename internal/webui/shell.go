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
func (q *request) count() error { return nil }

// networkName is the name of the button My Network, with what waits behind it.
func networkName(ctx context.Context) string {
	c := from(ctx).counts
	if c.unread == 0 && c.invitations == 0 {
		return T(ctx, "My Network")
	}
	return T(ctx, "My Network, %[1]d unread, %[2]d invitations", c.unread, c.invitations)
}

// badgeText is a count of at most two digits.
func badgeText(n int) string {
	if n > 99 {
		return "99+"
	}
	return strconv.Itoa(n)
}

// staff reports whether the viewer has pages of the administration.
func staff(ctx context.Context) bool {
	q := from(ctx)
	return q.has(sealpost.RoleAdmin) || q.has(sealpost.RoleModerator) || q.has(sealpost.RoleCompliance)
}

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
