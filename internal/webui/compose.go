package webui

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func (s *Server) registerCompose() {
	s.get("/compose", Member, s.composePage)
	s.post("/compose", Member, s.compose)
	s.post("/compose/edit", Member, s.editComposing)
	s.get("/compose/people", Member, s.peopleOptions)
	s.registerDrafts()
	s.registerSchedule()
}

// composing is the form of Compose: as it came, and as it is shown.
type composing struct {
	// key makes the idempotency keys of sending and saving, and changes once an answer
	// is known; group makes the one of a new group, which a second try finds again.
	key, group string

	draft   sealpost.DraftID // zero: not kept yet
	version int32
	origin  *draftOrigin // where the draft came from; nil: it was begun here
	saved   sealpost.Instant

	body         string
	reply        sealpost.MessageID
	conversation sealpost.ConversationID // zero: recipients are chosen here
	to           []sealpost.UserID
	title        string
	notice       bool
	hide         bool // text of it is shown to nobody before they open it (R26)
	when         whenForm
	query        string // in search of people
	searched     bool
	said         string // what a change did, to be read aloud
	// quick is the form below its conversation, which chooses neither people nor a time.
	quick bool
	back  backTo // what the text was for before somebody else was to get it
	focus string // the id of the field in which writing goes on; empty: where the page says

	// What is looked up to be shown.
	thread *service.Thread
	quoted *service.MessageView
	later  sealpost.DraftID // of the quick form: a draft here that has a time
	before []string         // names of those whom back leads to
	people []service.Person // of to
	found  []service.Person
	more   bool // more were found than are shown
	terms  service.Terms

	trouble  *failure
	conflict *draftConflict
}

// composed reads the form. Every id in it was put there by a page.
func (q *request) composed() (*composing, error) {
	c := &composing{
		key: q.key(), group: q.field("group"), body: q.text("body"), title: q.field("title"), notice: q.field("kind") == "required_notice",
		hide: q.field("hide") == "on", quick: q.field("in") == "thread",
		when: q.whenForm(), query: q.field("q"),
	}
	if c.group == "" {
		c.group = formKey()
	}
	var err error
	if err = readID(q.field("draft"), &c.draft); err != nil {
		return nil, err
	}
	if err = readID(q.field("conversation"), &c.conversation); err != nil {
		return nil, err
	}
	if err = readID(q.field("reply"), &c.reply); err != nil {
		return nil, err
	}
	if err = c.back.read(q.field("back")); err != nil {
		return nil, err
	}
	if version, err := strconv.ParseInt(q.field("version"), 10, 32); err == nil {
		c.version = int32(version)
	}
	for _, text := range q.r.PostForm["recipient"] {
		u, err := sealpost.ParseUser(text)
		if err != nil {
			return nil, sealpost.NotFound()
		}
		c.add(u)
	}
	return c, nil
}

// readID reads an id that may be missing.
func readID(text string, into interface{ UnmarshalText([]byte) error }) error {
	if text == "" {
		return nil
	}
	if into.UnmarshalText([]byte(text)) != nil {
		return sealpost.NotFound()
	}
	return nil
}

// secret makes an idempotency key from the form's own secret and everything that is
// asked: the same content tried again is the same request (R11), other content is
// another one. Without the form nobody can tell from the key what was asked.
func secret(key string, asked ...string) string {
	mac := hmac.New(sha256.New, []byte(key))
	for _, a := range asked {
		mac.Write([]byte(strconv.Itoa(len(a)) + ":" + a))
	}
	return hex.EncodeToString(mac.Sum(nil)[:20])
}

// asked is everything that the form says.
func (c *composing) asked(what string, at service.SendTime) []string {
	out := []string{
		what, c.draft.String(), strconv.Itoa(int(c.version)), c.body, c.reply.String(), c.conversation.String(), c.title,
		strconv.FormatBool(c.notice), strconv.FormatBool(c.hide), at.At.String(), at.Zone,
	}
	for _, u := range c.to {
		out = append(out, u.String())
	}
	return out
}

// composePage begins a message, or goes on with a draft. It changes nothing (R4).
func (s *Server) composePage(q *request) error {
	c, err := s.begun(q)
	if err != nil {
		return err
	}
	return s.showComposing(q, c)
}

// begun is what the address asks to write.
func (s *Server) begun(q *request) (*composing, error) {
	c := &composing{key: formKey(), group: formKey(), when: whenForm{later: q.query("later") != "", zone: q.principal.User.TimeZone}}
	if text := q.query("draft"); text != "" {
		id, err := sealpost.ParseDraft(text)
		if err != nil {
			return nil, sealpost.NotFound()
		}
		later := c.when.later
		err = s.resume(q, c, id)
		c.when.later = c.when.later || later
		return c, err
	}
	if err := readID(q.query("conversation"), &c.conversation); err != nil {
		return nil, err
	}
	if text := q.query("to"); text != "" {
		u, err := sealpost.ParseUser(text)
		if err != nil {
			return nil, sealpost.NotFound()
		}
		if _, err := s.service.Person(q.ctx, q.principal, u); err != nil {
			return nil, err
		}
		c.add(u)
	}
	for _, name := range []string{"reply", "follow"} {
		if text := q.query(name); text != "" {
			return c, s.answer(q, c, text, name == "follow")
		}
	}
	return c, nil
}

// answer begins a message that answers another one, or corrects one's own.
func (s *Server) answer(q *request, c *composing, text string, correction bool) error {
	id, err := sealpost.ParseMessage(text)
	if err != nil {
		return sealpost.NotFound()
	}
	m, err := s.service.Message(q.ctx, q.principal, id)
	if err != nil {
		return err
	}
	c.conversation, c.to = m.ConversationID, nil
	if m.Delivery == sealpost.DeliverySealed && !m.Own {
		return &sealpost.Error{Code: sealpost.CodeOpenRequired, Detail: "Open the message before you reply to it."}
	}
	if m.SentAt != 0 && answerable(m) {
		c.reply = id
	}
	if correction && m.SentAt != 0 {
		c.body = T(q.ctx, "Correction to my message of %s:", clockText(q.ctx, m.SentAt)) + " "
	}
	return nil
}

// answerable reports whether a message can be answered by name.
func answerable(m service.MessageView) bool {
	return m.Own || m.Delivery == sealpost.DeliveryOpened && m.State != sealpost.Removed
}

// editComposing shows the form again, with people found, chosen or taken away or with
// another time. It keeps and sends nothing.
func (s *Server) editComposing(q *request) error {
	c, err := q.composed()
	if err != nil {
		return err
	}
	if q.field("do") == "later" {
		return s.sendLater(q, c)
	}
	if err := s.press(q, c); err != nil {
		q.refuseComposing(c, err)
	}
	return s.showComposing(q, c)
}

// sendLater goes on in Compose, where a time is chosen, with what stands below a
// conversation: as a draft, because an address holds no text.
func (s *Server) sendLater(q *request, c *composing) error {
	c.when.later = true
	d, err := service.DraftView{}, error(nil)
	if !c.draft.IsZero() || strings.TrimSpace(c.body) != "" {
		if d, err = s.keep(q, c); err != nil {
			c.quick = false
			return s.notKept(q, c, err)
		}
	}
	to := "/compose?later=1"
	if !d.Draft.ID.IsZero() {
		return q.redirect(to + "&draft=" + d.Draft.ID.String())
	}
	if !c.reply.IsZero() {
		return q.redirect(to + "&reply=" + c.reply.String())
	}
	return q.redirect(to + "&conversation=" + c.conversation.String())
}

// press does what a button of the form asks for.
func (s *Server) press(q *request, c *composing) error {
	what, of, _ := strings.Cut(q.field("do"), ":")
	switch what {
	case "add", "remove":
		u, err := sealpost.ParseUser(of)
		if err != nil {
			return sealpost.NotFound()
		}
		p, err := s.service.Person(q.ctx, q.principal, u)
		if err != nil {
			return err
		}
		if what == "remove" {
			c.remove(u)
			c.said = T(q.ctx, "%s is no recipient any more.", p.Name)
			return nil
		}
		c.query = ""
		c.add(u)
		c.said = T(q.ctx, "%s is a recipient now.", p.Name)
	case "choose":
		c.query = ""
	case "another":
		c.back, c.focus = backTo{c.conversation, c.reply}, "people"
		c.conversation, c.reply = sealpost.ConversationID{}, sealpost.MessageID{}
	case "back":
		c.conversation, c.reply, c.to, c.back = c.back.conversation, c.back.reply, nil, backTo{}
	case "at":
		c.when.preset(q, of)
	case "find":
		return s.find(q, c)
	}
	return nil
}

// compose sends what the form says, or schedules it.
func (s *Server) compose(q *request) error {
	c, err := q.composed()
	if err != nil {
		return err
	}
	v, moved, err := s.sendComposed(q, c)
	if err != nil {
		q.refuseComposing(c, err)
		if err := s.keepRefused(q, c, err); err != nil {
			return err
		}
		return s.showComposing(q, c)
	}
	done := "sent"
	switch {
	case moved:
		done = "moved"
	case v.State == sealpost.Scheduled:
		done = "scheduled"
	case v.State == sealpost.Held:
		done = "held"
	}
	return q.done(threadPath(v.ConversationID), done)
}

// sendComposed makes the conversation if there is none yet, and sends. The draft goes in the
// same decision.
func (s *Server) sendComposed(q *request, c *composing) (v service.MessageView, moved bool, err error) {
	var at service.SendTime
	switch {
	case strings.TrimSpace(c.body) == "":
		return v, false, sealpost.Invalid("body", "A message needs text.")
	case c.conversation.IsZero() && len(c.to) == 0:
		return v, false, sealpost.Invalid("recipient_ids", "Add at least one recipient.")
	case c.when.later:
		if at, err = c.when.resolve(q.principal.User.TimeZone); err != nil {
			return v, false, err
		}
	}
	asked := c.asked("send", at)
	conversation := c.conversation
	if conversation.IsZero() {
		asGroup := []string{"group", c.groupTitle()}
		for _, u := range c.to {
			asGroup = append(asGroup, u.String())
		}
		t, _, err := s.service.CreateConversation(q.ctx, q.principal, secret(c.group, asGroup...), c.to, c.groupTitle())
		if err != nil {
			return v, false, err
		}
		conversation = t.Conversation.ID
	}
	v, err = s.service.Send(q.ctx, q.principal, secret(c.key, asked...), c.sending(conversation, at))
	return v, at.Moved, err
}

// sending is the form as a message.
func (c *composing) sending(to sealpost.ConversationID, at service.SendTime) service.Sending {
	out := service.Sending{
		Conversation: to, Body: c.body, Kind: sealpost.KindMessage, InReplyTo: c.reply, SendAt: at.At, TimeZone: at.Zone,
		Draft: c.draft, DraftVersion: c.version, HidePreview: c.hide,
	}
	if c.notice {
		out.Kind = sealpost.KindRequiredNotice
	}
	return out
}

// groupTitle is the title if there is a group for it: of two people no conversation
// has one.
func (c *composing) groupTitle() string {
	if len(c.to) < 2 {
		return ""
	}
	return c.title
}

// refuseComposing has the form say what went wrong. Once an answer is known, the next
// try is a new request; while it is not, the same content stays the same request.
func (q *request) refuseComposing(c *composing, err error) {
	f := q.failure(err)
	f.field = composeField(f.field)
	if f.code == sealpost.CodeAmbiguousTime {
		f.detail, f.field = T(q.ctx, "Clocks are put back and show this time twice. Which one do you mean?"), "choice-0"
		c.when.choose(err)
	}
	if f.code != sealpost.CodeUnavailable && f.code != sealpost.CodeInternal {
		c.key = formKey()
		if c.conversation.IsZero() && f.code == sealpost.CodeCannotDeliver {
			c.group = formKey()
		}
	}
	c.trouble = &f
	q.status = q.server.status(f.code)
}

// composeField is the id on the page of a field that the service names.
func composeField(name string) string {
	field, _, _ := strings.Cut(name, "[")
	switch field {
	case "recipient_ids", "participant_ids", "q":
		return "people"
	case "body", "send_at", "time_zone", "title":
		return field
	}
	return ""
}

// showComposing looks up what the form shows, and shows it.
func (s *Server) showComposing(q *request, c *composing) error {
	if err := s.lookUp(q, c); err != nil {
		return err
	}
	title := T(q.ctx, "Compose")
	if c.trouble != nil {
		title = T(q.ctx, "Error: Compose")
	}
	return q.page(page{title: title, body: composeBody(c), at: atCompose})
}

func (s *Server) lookUp(q *request, c *composing) error {
	var err error
	if c.terms, err = s.service.Terms(q.ctx); err != nil {
		return err
	}
	if !c.conversation.IsZero() {
		t, err := s.service.Conversation(q.ctx, q.principal, c.conversation)
		switch {
		case sealpost.CodeOf(err) == sealpost.CodeNotFound && !c.draft.IsZero():
			c.conversation, c.reply = sealpost.ConversationID{}, sealpost.MessageID{} // the text is still theirs
		case err != nil:
			return err
		default:
			c.thread = &t
		}
	}
	if err := s.lookUpQuoted(q, c); err != nil {
		return err
	}
	if err := s.lookUpBack(q, c); err != nil {
		return err
	}
	if c.origin == nil && !c.draft.IsZero() {
		if err := s.findOrigin(q, c); err != nil {
			return err
		}
	}
	return s.lookUpPeople(q, c)
}

// lookUpQuoted finds the message that is answered.
func (s *Server) lookUpQuoted(q *request, c *composing) error {
	if c.reply.IsZero() {
		return nil
	}
	m, err := s.service.Message(q.ctx, q.principal, c.reply)
	switch {
	case sealpost.CodeOf(err) == sealpost.CodeNotFound:
		c.reply = sealpost.MessageID{} // it was recalled meanwhile: there is nothing to answer
	case err != nil:
		return err
	default:
		c.quoted = &m
	}
	return nil
}

func composeTitle(ctx context.Context, c *composing) string {
	switch {
	case c.quoted != nil && c.quoted.Own:
		return T(ctx, "Follow up")
	case c.quoted != nil:
		return T(ctx, "Reply")
	}
	return T(ctx, "New message")
}

// senderName is who wrote what is answered.
func senderName(c *composing) string {
	if c.thread != nil {
		for _, m := range c.thread.Members {
			if m.UserID == c.quoted.SenderID {
				return m.Name
			}
		}
	}
	return ""
}

// atFault marks a field that a failure names.
func atFault(f *failure, field string) templ.Attributes {
	if f != nil && f.field == field {
		return templ.Attributes{"aria-invalid": "true"}
	}
	return nil
}
