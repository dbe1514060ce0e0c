package webui

import (
	"context"
	"net/url"
	"strings"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

const (
	inboxPage  = 50 // conversations of a page of the list
	threadPage = 50 // messages of a page of a thread
	// mostDeadlines is in how many rows of the list a deadline can stand: each costs a
	// reading of the limits of its conversation, and what was sent last is first.
	mostDeadlines = 5
	// filterDrafts is a filter of the page and not of the inbox: drafts are no
	// conversations.
	filterDrafts service.Filter = "drafts"
)

func (s *Server) registerMessages() {
	s.get("/messages", Member, s.inbox)
	s.get("/messages/{conversation}", Member, s.thread)
	s.post("/people/{user}/write", Member, s.write)
	s.post("/messages/{conversation}/send", Member, s.send)
	s.post("/messages/{conversation}/open", Member, s.open)
	s.post("/messages/{conversation}/accept", Member, s.acceptRequest)
	s.post("/messages/{conversation}/decline", Member, s.declineRequest)
	s.post("/messages/{conversation}/mute", Member, s.mute)
	s.post("/messages/{conversation}/unread", Member, s.markUnread)
	s.get("/messages/{conversation}/people", Member, s.group)
	s.post("/messages/{conversation}/title", Member, s.retitle)
	s.post("/messages/{conversation}/add", Member, s.addPerson)
	s.post("/messages/{conversation}/remove", Member, s.removePerson)
	s.post("/messages/{conversation}/{message}/undo", Member, s.undo)
	s.post("/messages/{conversation}/{message}/send-now", Member, s.sendNow)
	s.post("/messages/{conversation}/{message}/acknowledge", Member, s.acknowledge)
}

// inboxView is the list of conversations.
type inboxView struct {
	filter service.Filter
	items  []service.InboxEntry
	drafts []draftRow
	later  []scheduledRow // only of the list of what is scheduled
	cursor string         // of this page
	next   string         // cursor of the next page
	open   sealpost.ConversationID
}

// inboxFor reads the list as the address of the page asks for it.
func (q *request) inboxFor(open sealpost.ConversationID) (v inboxView, err error) {
	v.filter, v.cursor, v.open = service.Filter(q.query("filter")), q.query("cursor"), open
	if v.filter == filterDrafts {
		v.drafts, v.next, err = q.drafts(v.cursor)
		return v, err
	}
	if v.filter == service.FilterScheduled {
		v.later, v.next, err = q.scheduled(v.cursor)
		return v, err
	}
	if v.items, v.next, err = q.server.service.Inbox(q.ctx, q.principal, v.filter, v.cursor, inboxPage); err == nil {
		err = q.server.service.ShowPreviews(q.ctx, q.principal, v.items)
	}
	if err == nil {
		err = q.server.service.ForeseeNewest(q.ctx, v.items, mostDeadlines)
	}
	if err == nil {
		err = q.server.service.ShowUnsent(q.ctx, q.principal, v.items)
	}
	if v.filter == "" {
		v.filter = service.FilterAll
	}
	return v, err
}

func (s *Server) inbox(q *request) error {
	v, err := q.inboxFor(sealpost.ConversationID{})
	if err != nil {
		return err
	}
	if q.swapped() { // the chips have numbers of their own
		if err := q.count(); err != nil {
			return err
		}
	}
	return q.page(page{title: T(q.ctx, "Messages"), body: inboxBody(v), at: atMessages, class: "panes alone"})
}

// address is the list as it is shown, for refetching it.
func (v inboxView) address() string { return v.page(v.cursor) }

// page is the address of a page of the list, with the conversation that is open.
func (v inboxView) page(cursor string) string {
	values := url.Values{}
	if v.filter != service.FilterAll {
		values.Set("filter", string(v.filter))
	}
	if cursor != "" {
		values.Set("cursor", cursor)
	}
	at := "/messages"
	if !v.open.IsZero() {
		at += "/" + v.open.String()
	}
	if len(values) > 0 {
		at += "?" + values.Encode()
	}
	return at
}

// entry is the address of a conversation, beside the list as it is. Without script too
// it is entered at its end.
func (v inboxView) entry(id sealpost.ConversationID) string {
	v.open = id
	return v.address() + atNewest
}

// atNewest is the end of a thread. It takes no focus, as a message would.
const atNewest = "#newest"

// titleOf is how a conversation is called: its title, or who is in it besides the
// viewer.
func titleOf(ctx context.Context, t service.Thread) string {
	if t.Conversation.Title != "" {
		return t.Conversation.Title
	}
	var names []string
	for _, m := range t.Members {
		if m.UserID != from(ctx).me() && (m.Active() || t.Conversation.Kind == sealpost.Direct) {
			names = append(names, m.Name)
		}
	}
	switch len(names) {
	case 0:
		return T(ctx, "Only you")
	case 1, 2, 3:
		return strings.Join(names, ", ")
	}
	return T(ctx, "%[1]s and %[2]d others", strings.Join(names[:2], ", "), len(names)-2)
}

// nameIn is what somebody is called in a conversation.
func nameIn(ctx context.Context, t service.Thread, id sealpost.UserID) string {
	for _, m := range t.Members {
		if m.UserID == id {
			return m.Name
		}
	}
	return T(ctx, "Somebody who left")
}

// others are the people of a conversation besides the viewer.
func others(ctx context.Context, t service.Thread) []service.Member {
	var out []service.Member
	for _, m := range t.Members {
		if m.UserID != from(ctx).me() {
			out = append(out, m)
		}
	}
	return out
}

// sealedNewest is the message through which entering opens a conversation: the
// newest that the list shows, if it is sealed for the viewer.
func sealedNewest(e service.InboxEntry) string {
	if e.Unread > 0 && e.Last != nil && e.Request != sealpost.RequestPending {
		return e.Last.ID.String()
	}
	return ""
}

// snippet is the second line of a conversation: never more than its viewer has.
func snippet(ctx context.Context, e service.InboxEntry) string {
	m := e.Last
	if words := unsentSnippet(ctx, e); words != "" && e.Unread == 0 {
		return words
	}
	switch {
	case m == nil:
		return T(ctx, "No messages yet")
	case m.State == sealpost.Removed:
		return T(ctx, "A message was removed after review")
	case m.State == sealpost.Recalled && m.Own:
		return T(ctx, "You recalled a message")
	case m.State == sealpost.Recalled:
		return T(ctx, "%[1]s recalled a message", nameIn(ctx, e.Thread, m.SenderID))
	case e.Preview != "":
		return T(ctx, "Preview: %[1]s", e.Preview)
	case m.Content == nil:
		return T(ctx, "Sealed. Open to read")
	case m.Own:
		return T(ctx, "You: %[1]s", sealpost.Beginning(m.Content.Body, 80))
	case e.Conversation.Kind == sealpost.Group:
		return T(ctx, "%[1]s: %[2]s", nameIn(ctx, e.Thread, m.SenderID), sealpost.Beginning(m.Content.Body, 80))
	}
	return sealpost.Beginning(m.Content.Body, 80)
}

// unsentSnippet is what the viewer has under way in a conversation, which nobody else
// has; empty: nothing that says more than the newest message.
func unsentSnippet(ctx context.Context, e service.InboxEntry) string {
	p := e.Pending
	switch {
	case p != nil && p.State == sealpost.Held && p.Content != nil:
		return T(ctx, "Not sent yet: %[1]s", sealpost.Beginning(p.Content.Body, 80))
	case e.Draft != nil && strings.TrimSpace(e.Draft.Body) != "":
		return T(ctx, "Draft: %[1]s", sealpost.Beginning(e.Draft.Body, 80))
	case p != nil && e.Last == nil:
		return T(ctx, "Scheduled: %[1]s", dayAndHour(ctx, p.ReleaseAt))
	}
	return ""
}

// sealedRow reports whether the newest message is one that the viewer could open.
func sealedRow(e service.InboxEntry) bool {
	return e.Last != nil && sealedFor(*e.Last)
}

// filterName is what a filter is called.
func filterName(ctx context.Context, f service.Filter) string {
	switch f {
	case service.FilterUnread:
		return T(ctx, "Unread")
	case service.FilterRequests:
		return T(ctx, "Requests")
	case filterDrafts:
		return T(ctx, "Drafts")
	case service.FilterScheduled:
		return T(ctx, "Scheduled")
	case service.FilterRecalled:
		return T(ctx, "Recalled")
	}
	return T(ctx, "All")
}

func filters() []service.Filter {
	return []service.Filter{
		service.FilterAll, service.FilterUnread, service.FilterRequests, filterDrafts, service.FilterScheduled, service.FilterRecalled,
	}
}

// filterCount is the number on a filter.
func filterCount(ctx context.Context, f service.Filter) int {
	c := from(ctx).counts
	switch f {
	case service.FilterUnread:
		return c.unread
	case service.FilterRequests:
		return c.requests
	case filterDrafts:
		return c.drafts
	case service.FilterScheduled:
		return c.scheduled
	}
	return 0
}

func filterAddress(f service.Filter) string {
	if f == service.FilterAll {
		return "/messages"
	}
	return "/messages?filter=" + string(f)
}

// emptyList is what an empty list says.
func emptyList(ctx context.Context, f service.Filter) string {
	switch f {
	case service.FilterUnread:
		return T(ctx, "No unread messages.")
	case service.FilterRequests:
		return T(ctx, "No requests.")
	case filterDrafts:
		return T(ctx, "No drafts.")
	case service.FilterScheduled:
		return T(ctx, "Nothing scheduled.")
	case service.FilterRecalled:
		return T(ctx, "Nothing was recalled.")
	}
	return T(ctx, "No conversations yet. Write a message, then choose who gets it.")
}
