package webui

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// auditView is a page of the log.
type auditView struct {
	action, from, until string // as the address has them
	filter              service.AuditFilter
	trouble             *failure
	entries             []auditEntry
	names               map[sealpost.UserID]string
	next                string
}

// auditEntry is an entry with its facts read.
type auditEntry struct {
	service.Audit
	facts []auditFact
}

// auditFact is a detail of an entry. An id of a person reads as their name, another
// one by its end.
type auditFact struct {
	label, text string
	people      []sealpost.UserID
	ids         []string
}

func (s *Server) auditPage(q *request) error {
	v := auditView{action: q.query("action"), from: q.query("from"), until: q.query("until"), names: map[sealpost.UserID]string{}}
	var entries []service.Audit
	err := v.read(q)
	if err == nil {
		entries, v.next, err = s.service.AuditLog(q.ctx, q.principal, v.filter, q.query("cursor"), 50)
	}
	if sealpost.CodeOf(err) == sealpost.CodeInvalid {
		f := q.failure(err)
		v.trouble, q.status = &f, q.server.status(f.code)
	} else if err != nil {
		return err
	}
	if err := q.nameOf(v.names, v.filter.Person); err != nil {
		return err
	}
	for _, e := range entries {
		if err := q.nameOf(v.names, e.Actor, e.Subject); err != nil {
			return err
		}
		facts := factsOf(q.ctx, e.Detail)
		if e.Action == "policy.change" {
			if facts, err = q.withReason(facts, e.Detail); err != nil {
				return err
			}
		}
		for _, f := range facts {
			if err := q.nameOf(v.names, f.people...); err != nil {
				return err
			}
		}
		v.entries = append(v.entries, auditEntry{e, facts})
	}
	return q.adminPage(T(q.ctx, "Audit log"), adminAudit, auditBody(v))
}

// withReason adds why the policy was changed: the reason stands with the version, and
// the entry names that.
func (q *request) withReason(facts []auditFact, detail string) ([]auditFact, error) {
	var of struct {
		Version int64 `json:"version"`
	}
	if json.Unmarshal([]byte(detail), &of) != nil {
		return facts, nil
	}
	p, err := q.server.service.PolicyVersion(q.ctx, q.principal, of.Version)
	switch {
	case sealpost.CodeOf(err) == sealpost.CodeNotFound:
		return facts, nil
	case err != nil:
		return nil, err
	}
	return append(facts, auditFact{label: factLabel(q.ctx, "reason"), text: p.Reason}), nil
}

// who is somebody in the log: the server, a name, or an id.
func (v auditView) who(ctx context.Context, id sealpost.UserID) string {
	switch {
	case id.IsZero():
		return T(ctx, "The server")
	case v.names[id] != "":
		return v.names[id]
	}
	return id.String()
}

// read reads the filter from the address. Days are those of the viewer's zone, the last
// one included.
func (v *auditView) read(q *request) error {
	v.filter.Action = v.action
	if err := readID(q.query("person"), &v.filter.Person); err != nil {
		return err
	}
	for _, day := range []struct {
		name, text string
		add        int
		to         *sealpost.Instant
	}{{"from", v.from, 0, &v.filter.From}, {"until", v.until, 1, &v.filter.Until}} {
		if day.text == "" {
			continue
		}
		at, err := time.ParseInLocation(time.DateOnly, day.text, q.place())
		if err != nil {
			return sealpost.Invalid(day.name, "This is not a day: expected one such as 2026-11-27.")
		}
		*day.to = sealpost.InstantOf(at.AddDate(0, 0, day.add))
	}
	return nil
}

// filtered reports whether the page shows less than everything.
func (v auditView) filtered() bool { return v.filter != service.AuditFilter{} || v.trouble != nil }

// address is the log with a filter; without a cursor, its first page.
func (v auditView) address(action string, person sealpost.UserID, cursor string) string {
	values := url.Values{}
	for name, value := range map[string]string{"action": action, "from": v.from, "until": v.until, "cursor": cursor} {
		if value != "" {
			values.Set(name, value)
		}
	}
	if !person.IsZero() {
		values.Set("person", person.String())
	}
	if len(values) == 0 {
		return "/admin/audit"
	}
	return "/admin/audit?" + values.Encode()
}

func (v auditView) more() string { return v.address(v.action, v.filter.Person, v.next) }

// auditKinds are the beginnings of actions that the form offers.
func auditKinds() []string {
	return []string{
		"message", "recall", "window", "conversation", "participant", "request", "draft", "invitation", "connection", "block",
		"session", "password", "profile", "settings", "token", "account", "user", "invite", "import", "flag", "evidence", "policy", "audit",
	}
}

// auditKindWord is what a beginning of actions is called.
func auditKindWord(ctx context.Context, kind string) string {
	switch kind {
	case "message":
		return T(ctx, "Messages")
	case "recall":
		return T(ctx, "Recalls")
	case "window":
		return T(ctx, "Ends of recall windows")
	case "conversation":
		return T(ctx, "Conversations")
	case "participant":
		return T(ctx, "Participants")
	case "request":
		return T(ctx, "Message requests")
	case "draft":
		return T(ctx, "Drafts")
	case "invitation":
		return T(ctx, "Invitations to connect")
	case "connection":
		return T(ctx, "Connections")
	case "block":
		return T(ctx, "Blocks")
	case "session":
		return T(ctx, "Sign-ins")
	case "password":
		return T(ctx, "Passwords")
	case "profile":
		return T(ctx, "Profiles")
	case "settings":
		return T(ctx, "Settings")
	}
	return auditOfficeKind(ctx, kind)
}

func auditOfficeKind(ctx context.Context, kind string) string {
	switch kind {
	case "token":
		return T(ctx, "API tokens")
	case "account":
		return T(ctx, "Exports")
	case "user":
		return T(ctx, "Accounts")
	case "invite":
		return T(ctx, "Invitation links")
	case "import":
		return T(ctx, "Imports")
	case "flag":
		return T(ctx, "Reports")
	case "evidence":
		return T(ctx, "Reading of reported messages")
	case "policy":
		return T(ctx, "Recall policy")
	case "audit":
		return T(ctx, "Reading of this log")
	}
	return kind
}

// factsOf reads the detail of an entry, in the order of its fields' names.
func factsOf(ctx context.Context, detail string) []auditFact {
	var fields map[string]any
	if json.Unmarshal([]byte(detail), &fields) != nil {
		return nil // none
	}
	names := make([]string, 0, len(fields))
	for field := range fields {
		names = append(names, field)
	}
	slices.Sort(names)
	var out []auditFact
	for _, field := range names {
		out = append(out, factOf(ctx, field, fields[field]))
	}
	return out
}

func factOf(ctx context.Context, field string, value any) auditFact {
	f := auditFact{label: factLabel(ctx, field)}
	all, many := value.([]any)
	if !many {
		all = []any{value}
	}
	if value == nil || len(all) == 0 {
		f.text = T(ctx, "none")
		return f
	}
	var texts []string
	for _, one := range all {
		text := factText(ctx, one)
		id, err := sealpost.ParseUser(text)
		switch {
		case err != nil:
			texts = append(texts, text)
		case field == "participants" || field == "user_id":
			f.people = append(f.people, id)
		default:
			f.ids = append(f.ids, text)
		}
	}
	f.text = strings.Join(texts, ", ")
	return f
}

// factText is one value of a detail.
func factText(ctx context.Context, value any) string {
	switch v := value.(type) {
	case string:
		return v
	case bool:
		if v {
			return T(ctx, "yes")
		}
		return T(ctx, "no")
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	text, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	return string(text)
}

// factLabel names a field of a detail; one that is new keeps its own name.
func factLabel(ctx context.Context, field string) string {
	switch field {
	case "version":
		return T(ctx, "policy version")
	case "changed":
		return T(ctx, "changed")
	case "reason":
		return T(ctx, "reason")
	case "participants":
		return T(ctx, "participants")
	case "opened":
		return T(ctx, "opened")
	case "recalled":
		return T(ctx, "recalled for")
	case "draft":
		return T(ctx, "draft kept")
	case "flag":
		return T(ctx, "report")
	case "request_removal":
		return T(ctx, "removal asked for")
	case "action":
		return T(ctx, "decision")
	case "user_id":
		return T(ctx, "person")
	case "roles":
		return T(ctx, "roles")
	case "disabled":
		return T(ctx, "deactivated")
	case "entries":
		return T(ctx, "entries shown")
	case "count", "messages":
		return T(ctx, "count")
	case "invitation":
		return T(ctx, "invitation")
	case "scopes":
		return T(ctx, "scopes")
	}
	return field
}

// actionWord says what was done; what is new keeps its own name.
func actionWord(ctx context.Context, action string) string {
	for _, words := range []func(context.Context, string) string{messageAction, networkAction, accountAction, oversightAction} {
		if said := words(ctx, action); said != "" {
			return said
		}
	}
	return action
}

func messageAction(ctx context.Context, action string) string {
	switch action {
	case "message.send":
		return T(ctx, "Sent a message")
	case "message.hold":
		return T(ctx, "Sent a message that can be undone")
	case "message.schedule":
		return T(ctx, "Scheduled a message")
	case "message.edit":
		return T(ctx, "Changed a message before delivery")
	case "message.undo":
		return T(ctx, "Undid a message before delivery")
	case "message.cancel":
		return T(ctx, "Cancelled a scheduled message")
	case "message.send_now":
		return T(ctx, "Sent a waiting message now")
	case "message.release":
		return T(ctx, "Delivered a waiting message")
	case "message.release_refused":
		return T(ctx, "A waiting message could not be delivered")
	case "message.open":
		return T(ctx, "Opened messages")
	case "message.preview":
		return T(ctx, "Was shown the first words in a list")
	case "message.hide":
		return T(ctx, "Hid a message for themselves")
	case "message.disregard":
		return T(ctx, "Asked to disregard a message")
	case "message.acknowledge":
		return T(ctx, "Answered a request to disregard")
	case "message.import":
		return T(ctx, "Messages were imported")
	case "recall.granted":
		return T(ctx, "Recalled a message")
	case "recall.refused":
		return T(ctx, "Was refused a recall")
	case "recall.tombstone":
		return T(ctx, "Recalled a message before it arrived")
	case "window.closed":
		return T(ctx, "Recall windows ended")
	}
	return ""
}

func networkAction(ctx context.Context, action string) string {
	switch action {
	case "conversation.create":
		return T(ctx, "Began a conversation")
	case "conversation.title":
		return T(ctx, "Renamed a conversation")
	case "conversation.mute":
		return T(ctx, "Muted or unmuted a conversation")
	case "conversation.unread":
		return T(ctx, "Marked a conversation read or unread")
	case "participant.add":
		return T(ctx, "Added a participant")
	case "participant.remove":
		return T(ctx, "Removed a participant, or left")
	case "request.accept":
		return T(ctx, "Accepted a message request")
	case "request.decline":
		return T(ctx, "Declined a message request")
	case "draft.add":
		return T(ctx, "Kept a draft")
	case "draft.put":
		return T(ctx, "Changed a draft")
	case "draft.delete":
		return T(ctx, "Deleted a draft")
	case "invitation.send":
		return T(ctx, "Invited somebody to connect")
	case "invitation.accept":
		return T(ctx, "Accepted an invitation")
	case "invitation.ignore":
		return T(ctx, "Ignored an invitation")
	case "invitation.withdraw":
		return T(ctx, "Withdrew an invitation")
	case "connection.remove":
		return T(ctx, "Removed a connection")
	case "block.add":
		return T(ctx, "Blocked somebody")
	case "block.remove":
		return T(ctx, "Unblocked somebody")
	}
	return ""
}

func accountAction(ctx context.Context, action string) string {
	switch action {
	case "session.begin":
		return T(ctx, "Signed in")
	case "session.end":
		return T(ctx, "Signed out")
	case "session.end_all", "session.end_others":
		return T(ctx, "Signed out on other devices")
	case "password.set", "password.change":
		return T(ctx, "Changed a password")
	case "profile.update":
		return T(ctx, "Changed their profile")
	case "settings.update":
		return T(ctx, "Changed their settings")
	case "token.create":
		return T(ctx, "Made an API token")
	case "token.delete":
		return T(ctx, "Deleted an API token")
	case "account.export":
		return T(ctx, "Exported their data")
	case "user.add":
		return T(ctx, "An account was made")
	case "user.change":
		return T(ctx, "Changed an account")
	case "user.erase":
		return T(ctx, "Erased an account")
	case "user.erased":
		return T(ctx, "An account's data was erased")
	case "invite.create":
		return T(ctx, "Made an invitation link")
	case "invite.use":
		return T(ctx, "An invitation link was used")
	case "invite.withdraw":
		return T(ctx, "Withdrew an invitation link")
	case "import.people":
		return T(ctx, "People were imported")
	case "import.connections":
		return T(ctx, "Connections were imported")
	case "import.conversation":
		return T(ctx, "A conversation was imported")
	}
	return ""
}

func oversightAction(ctx context.Context, action string) string {
	switch action {
	case "flag.create":
		return T(ctx, "Reported a message")
	case "flag.change":
		return T(ctx, "Changed a report")
	case "evidence.read":
		return T(ctx, "Read a reported message")
	case "flag.resolve":
		return T(ctx, "Answered a report")
	case "message.remove":
		return T(ctx, "Removed a message for everyone")
	case "policy.change":
		return T(ctx, "Changed the recall policy")
	case "audit.read":
		return T(ctx, "Read the audit log")
	}
	return ""
}

// shortID is the end of an id: the beginnings of those of one time are alike.
func shortID(id string) string { return "…" + id[max(0, len(id)-8):] }

// offUTC reports whether the viewer's clocks do not show UTC.
func offUTC(ctx context.Context, at sealpost.Instant) bool {
	_, offset := at.Time().In(from(ctx).place()).Zone()
	return offset != 0
}
