package webui

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// threadView is a conversation with the list beside it.
type threadView struct {
	inbox   inboxView
	thread  service.Thread
	other   service.Person // in a conversation of two
	history service.HistoryPage
	targets map[sealpost.MessageID]*service.MessageView // of replies
	form    *composing
	terms   service.Terms
	next    policy.Verdict                          // on what is sent here now
	drafts  map[sealpost.MessageID]sealpost.DraftID // the texts of own recalls, while they are kept (R20)
	older   bool                                    // the page does not show the newest
}

func (s *Server) thread(q *request) error {
	id, err := q.conversation()
	if err != nil {
		return err
	}
	c, err := s.begunIn(q, id)
	if err != nil {
		return err
	}
	return q.showThread(id, c)
}

// begunIn is the form below a conversation: with the draft that the address names, or
// else the one that was being written here, on whatever device, and with the message
// that is answered.
func (s *Server) begunIn(q *request, id sealpost.ConversationID) (*composing, error) {
	c := &composing{key: formKey(), quick: true, conversation: id}
	if err := s.resumeIn(q, c); err != nil {
		return nil, err
	}
	c.conversation = id
	if !q.r.URL.Query().Has("reply") {
		return c, nil
	}
	c.reply = sealpost.MessageID{}
	if text := q.query("reply"); text != "" {
		reply, err := sealpost.ParseMessage(text)
		if err != nil {
			return nil, sealpost.NotFound()
		}
		m, err := s.service.Message(q.ctx, q.principal, reply)
		if err != nil || m.ConversationID != id {
			return nil, sealpost.NotFound()
		}
		c.reply, c.focus = reply, "body"
	}
	return c, nil
}

// resumeIn fills the form below a conversation from a draft. One that has a time is
// left to Compose, so that nothing meant for later is sent at once.
func (s *Server) resumeIn(q *request, c *composing) error {
	if text := q.query("draft"); text != "" {
		id, err := sealpost.ParseDraft(text)
		if err != nil {
			return sealpost.NotFound()
		}
		d, err := s.service.Draft(q.ctx, q.principal, id)
		if err == nil {
			c.fill(q, d)
			c.focus = "body"
		}
		if sealpost.CodeOf(err) != sealpost.CodeNotFound { // else it was sent or deleted since: an old address
			return err
		}
	}
	d, err := s.service.DraftIn(q.ctx, q.principal, c.conversation)
	switch {
	case sealpost.CodeOf(err) == sealpost.CodeNotFound:
		return nil
	case err != nil:
		return err
	case d.SendAt != "":
		c.later = d.Draft.ID
		return nil
	}
	c.fill(q, d)
	return nil
}

// showThread reads what the page shows, and shows it.
func (q *request) showThread(id sealpost.ConversationID, form *composing) error {
	s := q.server.service
	v := threadView{form: form}
	var err error
	if v.thread, err = s.Conversation(q.ctx, q.principal, id); err != nil {
		return err
	}
	var before sealpost.MessageID
	if text := q.query("before"); text != "" {
		if before, err = sealpost.ParseMessage(text); err != nil {
			return sealpost.NotFound()
		}
		v.older = true
	}
	if v.history, err = s.History(q.ctx, q.principal, id, before, threadPage); err != nil {
		return err
	}
	if text := q.query("at"); text != "" {
		if err := q.historyAt(&v, text); err != nil {
			return err
		}
	}
	if v.next, err = s.Foresee(q.ctx, v.history.Items); err != nil {
		return err
	}
	if v.inbox, err = q.inboxFor(id); err != nil {
		return err
	}
	if v.terms, err = s.Terms(q.ctx); err != nil {
		return err
	}
	if rest := others(q.ctx, v.thread); v.thread.Conversation.Kind == sealpost.Direct && len(rest) == 1 {
		v.other, err = s.Person(q.ctx, q.principal, rest[0].UserID)
		if err != nil && sealpost.CodeOf(err) != sealpost.CodeNotFound { // a closed account has no profile
			return err
		}
	}
	if err := q.findTargets(&v); err != nil {
		return err
	}
	if v.drafts, err = q.draftsOf(v.history.Items); err != nil {
		return err
	}
	if err := q.server.lookUpQuoted(q, form); err != nil {
		return err
	}
	if q.swapped() {
		if err := q.count(); err != nil {
			return err
		}
	}
	return q.page(page{title: titleOf(q.ctx, v.thread), body: threadBody(v), at: atMessages, class: inThread})
}

// historyAt shows a thread up to a message, unless the newest page has it anyway.
func (q *request) historyAt(v *threadView, text string) error {
	id, err := sealpost.ParseMessage(text)
	if err != nil {
		return sealpost.NotFound()
	}
	for _, m := range v.history.Items {
		if m.ID == id {
			return nil
		}
	}
	m, err := q.server.service.Message(q.ctx, q.principal, id)
	if err != nil {
		return err
	}
	if v.history, err = q.server.service.History(q.ctx, q.principal, v.thread.Conversation.ID, id, threadPage); err != nil {
		return err
	}
	v.history.Items, v.older = append(v.history.Items, m), true
	return nil
}

// findTargets reads what replies answer, where that is not on the page.
func (q *request) findTargets(v *threadView) error {
	v.targets = map[sealpost.MessageID]*service.MessageView{}
	for i := range v.history.Items {
		v.targets[v.history.Items[i].ID] = &v.history.Items[i]
	}
	for _, m := range v.history.Items {
		if m.Content == nil || m.Content.InReplyTo.IsZero() || v.targets[m.Content.InReplyTo] != nil {
			continue
		}
		target, err := q.server.service.Message(q.ctx, q.principal, m.Content.InReplyTo)
		if sealpost.CodeOf(err) == sealpost.CodeNotFound {
			continue
		}
		if err != nil {
			return err
		}
		v.targets[target.ID] = &target
	}
	return nil
}

// draftsOf finds the drafts that own recalls of a page left, if there can be any.
func (q *request) draftsOf(items []service.MessageView) (map[sealpost.MessageID]sealpost.DraftID, error) {
	out := map[sealpost.MessageID]sealpost.DraftID{}
	if !slices.ContainsFunc(items, func(m service.MessageView) bool {
		return m.Own && m.State == sealpost.Recalled && m.RecalledAt.Add(sealpost.DraftLife) > q.now
	}) {
		return out, nil
	}
	drafts, _, err := q.server.service.Drafts(q.ctx, q.principal, "", threadPage)
	for _, d := range drafts {
		out[d.Draft.FromMessage] = d.Draft.ID
	}
	return out, err
}

// target is what a message answers; nil: nothing that the viewer may know of.
func (v threadView) target(m service.MessageView) *service.MessageView {
	if m.Content == nil || m.Content.InReplyTo.IsZero() {
		return nil
	}
	return v.targets[m.Content.InReplyTo]
}

// threadPath is the address of a conversation.
func threadPath(id sealpost.ConversationID) string { return "/messages/" + id.String() }

// address is the thread, as the live parts ask for it again.
func (v threadView) address() string { return threadPath(v.thread.Conversation.ID) }

func (v threadView) isRequest() bool { return v.thread.Request == sealpost.RequestPending }

// alone reports whether nobody else of a group could get what is sent now.
func (v threadView) alone(ctx context.Context) bool {
	return v.thread.Conversation.Kind == sealpost.Group &&
		!slices.ContainsFunc(there(ctx, v.thread), func(m service.Member) bool { return !m.Profile })
}

func (v threadView) aloneWords(ctx context.Context) string {
	if len(there(ctx, v.thread)) == 0 {
		return T(ctx, "Nobody else is in this conversation any more.")
	}
	return T(ctx, "Nobody else of this conversation is here yet: an imported archive names them, and they have no account. An administrator can invite them.")
}

// sendLine says what can be done after sending: never more than the server would do.
func sendLine(ctx context.Context, v threadView) string {
	undo := int(from(ctx).principal.User.Undo.Seconds())
	if undo > 0 {
		return T(ctx, "Undo time %d s.", undo) + " " + recallLine(ctx, v)
	}
	return recallLine(ctx, v)
}

// recallLine says until when what is sent here now could be recalled, or why not.
func recallLine(ctx context.Context, v threadView) string {
	switch v.next.Code {
	case sealpost.CodeDailyLimit:
		return T(ctx, "You already recalled a message here today. Recall is possible again from %[1]s.", clockText(ctx, v.next.RetryAt))
	case sealpost.CodeThrottled:
		return T(ctx, "Recall is paused for your account until about %[1]s.", clockText(ctx, v.next.RetryAt))
	case sealpost.CodeRecallOff:
		return T(ctx, "Recall is switched off.")
	}
	return T(ctx, "Recall up to %[1]s after sending, until opened.", duration(ctx, v.terms.Window))
}

// duration is a length of time in words.
func duration(ctx context.Context, d time.Duration) string {
	switch {
	case d >= time.Hour && d%time.Hour == 0:
		return T(ctx, "%d h", int(d/time.Hour))
	case d >= time.Minute && d%time.Minute == 0:
		return T(ctx, "%d min", int(d/time.Minute))
	}
	return T(ctx, "%d s", int(d.Seconds()))
}

// write begins a conversation with somebody, or goes to the one that there is.
func (s *Server) write(q *request) error {
	id, err := q.user()
	if err != nil {
		return err
	}
	t, _, err := s.service.CreateConversation(q.ctx, q.principal, q.key(), []sealpost.UserID{id}, "")
	if sealpost.CodeOf(err) == sealpost.CodeInvalid { // nobody there, or oneself
		return sealpost.NotFound()
	}
	if err != nil {
		return err
	}
	return q.redirect(threadPath(t.Conversation.ID) + "#composer")
}

// send sends what the composer holds. What fails comes back with the reason and
// everything that was typed, under the same key: a repetition is the same request.
func (s *Server) send(q *request) error {
	id, err := q.conversation()
	if err != nil {
		return err
	}
	c, err := q.composed()
	if err != nil {
		return err
	}
	c.quick, c.conversation, c.focus = true, id, "body"
	if strings.TrimSpace(c.body) == "" {
		err = sealpost.Invalid("body", "Write a message first.")
	} else {
		_, err = s.service.Send(q.ctx, q.principal, c.key, c.sending(id, service.SendTime{}))
	}
	if err == nil {
		return q.redirect(threadPath(id) + atNewest)
	}
	code := sealpost.CodeOf(err)
	if code == sealpost.CodeNotFound {
		return err
	}
	f := q.failure(err)
	c.trouble, q.status = &f, s.status(code)
	if err := s.keepRefused(q, c, err); err != nil {
		return err
	}
	switch code {
	case sealpost.CodeRecalled, sealpost.CodeIDInUse:
		c.key = formKey()
	case sealpost.CodeIdempotencyConflict: // its answer was lost, and then the text was changed
		c.key = formKey()
		c.trouble.detail = T(q.ctx, "An earlier try of this message went through: look above. This text is not sent. Your draft is safe.")
	case sealpost.CodeInternal, sealpost.CodeUnavailable: // R11: nobody knows
		c.trouble.detail = T(q.ctx, "We don't know yet whether it was sent. Your draft is safe, and trying again sends it only once.")
	case sealpost.CodeInvalid: // the field says what is wrong with it
	default:
		c.trouble.detail = T(q.ctx, "Not sent. Your draft is safe. %[1]s", f.detail)
	}
	return q.showThread(id, c)
}

// open opens everything sealed up to a message, by the person's own act (R4, R5).
func (s *Server) open(q *request) error {
	id, err := q.conversation()
	if err != nil {
		return err
	}
	through, err := sealpost.ParseMessage(q.field("through"))
	if err != nil {
		return sealpost.NotFound()
	}
	for range maxOpenings {
		opened, err := s.service.Open(q.ctx, q.principal, "", id, through)
		if err != nil {
			return err
		}
		if !opened.More {
			break
		}
	}
	to := inboxView{open: id, filter: service.Filter(q.field("filter"))}
	if to.filter == "" {
		to.filter = service.FilterAll
	}
	if q.field("from") == "list" {
		return q.redirect(to.entry(id))
	}
	return q.redirect(to.address() + "#" + anchor(through))
}

// maxOpenings bounds how many steps of 200 messages one act opens.
const maxOpenings = 50

// undo takes back what is not delivered yet; the text is in the composer again.
func (s *Server) undo(q *request) error {
	return q.pending(func(id sealpost.ConversationID, m sealpost.MessageID) error {
		draft, err := s.service.Undo(q.ctx, q.principal, q.key(), m)
		if err != nil {
			return err
		}
		if draft.IsZero() {
			return q.done(threadPath(id), "undone-lost")
		}
		return q.done(threadPath(id)+"?draft="+draft.String(), "undone")
	})
}

func (s *Server) sendNow(q *request) error {
	return q.pending(func(id sealpost.ConversationID, m sealpost.MessageID) error {
		if _, err := s.service.SendNow(q.ctx, q.principal, q.key(), m); err != nil {
			return err
		}
		return q.redirect(threadPath(id) + atNewest)
	})
}

// pending acts on what is not delivered yet. Whoever comes too late is told so, on
// the thread as it is now.
func (q *request) pending(act func(sealpost.ConversationID, sealpost.MessageID) error) error {
	id, m, err := q.messageIn()
	if err != nil {
		return err
	}
	err = act(id, m)
	if sealpost.CodeOf(err) != sealpost.CodeAlreadyDelivered && sealpost.CodeOf(err) != sealpost.CodeCannotDeliver {
		return err
	}
	f := q.failure(err)
	q.status = http.StatusConflict
	c, err := q.server.begunIn(q, id)
	if err != nil {
		return err
	}
	c.trouble = &f
	return q.showThread(id, c)
}

func (s *Server) acknowledge(q *request) error {
	id, m, err := q.messageIn()
	if err != nil {
		return err
	}
	if _, err := s.service.Acknowledge(q.ctx, q.principal, q.key(), m, q.field("deleted") == "true"); err != nil {
		return err
	}
	return q.redirect(threadPath(id) + "#" + anchor(m))
}
