package webui

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func (s *Server) registerCompose() {
	s.get("/compose", Member, s.compose)
	s.post("/compose", Member, s.composed)
	s.get("/compose/people", Member, s.composePeople)
	s.post("/drafts/{draft}/delete", Member, s.deleteDraft)
	s.get("/messages/{conversation}/{message}/edit", Member, s.editPage)
	s.post("/messages/{conversation}/{message}/edit", Member, s.edit)
}

// composeForm is a message that is being written: body first, recipients last (S22).
type composeForm struct {
	body         string
	conversation sealpost.ConversationID // known already; zero: recipients are chosen
	thread       service.Thread          // of the conversation
	reply        sealpost.MessageID
	people       []service.Person // chosen
	find         string
	found        []service.Person
	title        string
	notice       bool
	when         whenForm
	draft        service.DraftView // what it is written in, if it is kept already
	savedAt      sealpost.Instant
	conflict     *service.DraftView // what another device wrote
	key          string
	trouble      *failure
	terms        service.Terms
}

// whenForm is when a message is to go.
type whenForm struct {
	later            bool
	date, time, zone string
	choices          []sealpost.Instant // clocks show the time twice
	choice           string
}

// compose begins a message: empty, to somebody, in a conversation, following another
// message, or with a draft.
func (s *Server) compose(q *request) error {
	f := composeForm{key: formKey(), when: whenForm{zone: q.principal.User.TimeZone, later: q.query("later") != ""}}
	f.when.tomorrow(q)
	for _, fill := range []func(*composeForm) error{q.fillDraft, q.fillConversation, q.fillTo} {
		if err := fill(&f); err != nil {
			return err
		}
	}
	return q.showCompose(f)
}

// tomorrow is what a form for later begins with: nine o'clock of the next day.
func (w *whenForm) tomorrow(q *request) {
	if w.date == "" {
		w.date, w.time = q.now.Time().In(q.place()).AddDate(0, 0, 1).Format(time.DateOnly), "09:00"
	}
}

func (q *request) fillDraft(f *composeForm) error {
	text := q.query("draft")
	if text == "" {
		return nil
	}
	id, err := sealpost.ParseDraft(text)
	if err != nil {
		return sealpost.NotFound()
	}
	if f.draft, err = q.server.service.Draft(q.ctx, q.principal, id); err != nil {
		return err
	}
	f.body, f.conversation = f.draft.Body, f.draft.Conversation
	if f.reply, err = sealpost.ParseMessage(f.draft.InReplyTo); err != nil {
		f.reply = sealpost.MessageID{}
	}
	if f.draft.SendAt != "" {
		f.when.fill(f.draft.Writing)
	}
	return q.fillPeople(f, f.draft.Recipients)
}

// fill is the time of a draft in the fields of the form.
func (w *whenForm) fill(d service.Writing) {
	w.later = true
	if d.TimeZone != "" {
		w.zone = d.TimeZone
	}
	zone, err := time.LoadLocation(w.zone)
	if err != nil {
		zone = time.UTC
	}
	if at, err := time.Parse(time.RFC3339, d.SendAt); err == nil {
		w.date, w.time = at.In(zone).Format(time.DateOnly), at.In(zone).Format("15:04")
	} else if date, clock, ok := strings.Cut(d.SendAt, "T"); ok {
		w.date, w.time = date, clock[:min(len(clock), 5)]
	}
}

func (q *request) fillConversation(f *composeForm) (err error) {
	if text := q.query("conversation"); text != "" {
		if f.conversation, err = sealpost.ParseConversation(text); err != nil {
			return sealpost.NotFound()
		}
	}
	if text := q.query("follow"); text != "" {
		if f.reply, err = sealpost.ParseMessage(text); err != nil {
			return sealpost.NotFound()
		}
		m, err := q.server.service.Message(q.ctx, q.principal, f.reply)
		if err != nil {
			return err
		}
		f.body = T(q.ctx, "Correction to my message of %[1]s:", clockText(q.ctx, m.SentAt)) + " "
	}
	return q.fillThread(f)
}

func (q *request) fillThread(f *composeForm) (err error) {
	if !f.conversation.IsZero() {
		f.thread, err = q.server.service.Conversation(q.ctx, q.principal, f.conversation)
	}
	return err
}

func (q *request) fillTo(f *composeForm) error {
	if text := q.query("to"); text != "" {
		id, err := sealpost.ParseUser(text)
		if err != nil {
			return sealpost.NotFound()
		}
		return q.fillPeople(f, []sealpost.UserID{id})
	}
	return nil
}

// fillPeople reads the profiles of who is chosen. Who is not there any more is left
// out: the form shows who is left.
func (q *request) fillPeople(f *composeForm, ids []sealpost.UserID) error {
	for _, id := range ids {
		p, err := q.server.service.Person(q.ctx, q.principal, id)
		switch sealpost.CodeOf(err) {
		case "":
			f.people = append(f.people, p)
		case sealpost.CodeNotFound:
		default:
			return err
		}
	}
	return nil
}

func (q *request) showCompose(f composeForm) error {
	var err error
	if f.terms, err = q.server.service.Terms(q.ctx); err != nil {
		return err
	}
	return q.page(page{title: T(q.ctx, "Compose"), body: composeBody(f), at: atCompose})
}

// composed is the form, whichever of its buttons sent it.
func (s *Server) composed(q *request) error {
	f, err := q.composeForm()
	if err != nil {
		return err
	}
	switch q.field("act") {
	case "find":
		f.find = q.field("find")
		if f.found, _, err = s.service.FindUsers(q.ctx, q.principal, f.find, "", 20); err != nil {
			return q.composeTrouble(f, err)
		}
		return q.showCompose(f)
	case "save", "overwrite":
		return q.saveDraft(f)
	}
	return q.sendComposed(f)
}

// composeForm reads the form as it was sent.
func (q *request) composeForm() (composeForm, error) {
	f := composeForm{
		body: q.text("body"), title: q.field("title"), notice: q.field("notice") == "on", key: q.key(),
		when: whenForm{
			later: q.field("when") == "later", date: q.field("date"), time: q.field("time"), zone: q.field("zone"), choice: q.field("choice"),
		},
	}
	var err error
	if text := q.field("conversation"); text != "" {
		if f.conversation, err = sealpost.ParseConversation(text); err != nil {
			return f, sealpost.NotFound()
		}
	}
	if text := q.field("reply"); text != "" {
		if f.reply, err = sealpost.ParseMessage(text); err != nil {
			return f, sealpost.NotFound()
		}
	}
	if text := q.field("draft"); text != "" {
		if f.draft.Draft.ID, err = sealpost.ParseDraft(text); err != nil {
			return f, sealpost.NotFound()
		}
		version, err := q.number("version")
		if err != nil {
			return f, err
		}
		f.draft.Draft.Content.Version = int32(version)
	}
	var ids []sealpost.UserID
	for _, text := range q.r.PostForm["to"] {
		id, err := sealpost.ParseUser(text)
		if err != nil {
			return f, sealpost.NotFound()
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	if err := q.fillPeople(&f, ids); err != nil {
		return f, err
	}
	return f, q.fillThread(&f)
}

// composeTrouble shows the form again with what is wrong and everything that was
// typed, under the same key.
func (q *request) composeTrouble(f composeForm, err error) error {
	failed := q.failure(err)
	if failed.code == sealpost.CodeNotFound && !f.draft.Draft.ID.IsZero() {
		failed.title, failed.detail = "", T(q.ctx, "This draft was sent or deleted on another device. Your text is still here.")
		f.draft, f.key = service.DraftView{}, formKey()
	}
	names := map[string]string{"send_at": "date", "time_zone": "zone", "participant_ids": "find"}
	if to, ok := names[failed.field]; ok {
		failed.field = to
	}
	f.trouble, q.status = &failed, q.server.status(failed.code)
	return q.showCompose(f)
}

// recipients are the ids of who is chosen.
func (f composeForm) recipients() []sealpost.UserID {
	out := make([]sealpost.UserID, 0, len(f.people))
	for _, p := range f.people {
		out = append(out, p.ID)
	}
	return out
}

// sendComposed sends, or schedules, what was written.
func (q *request) sendComposed(f composeForm) error {
	s := q.server.service
	switch {
	case strings.TrimSpace(f.body) == "":
		return q.composeTrouble(f, sealpost.Invalid("body", "Write a message first."))
	case f.conversation.IsZero() && len(f.people) == 0:
		return q.composeTrouble(f, sealpost.Invalid("find", "Add at least one recipient."))
	}
	in := service.Sending{
		Body: f.body, Kind: sealpost.KindMessage, InReplyTo: f.reply,
		Draft: f.draft.Draft.ID, DraftVersion: f.draft.Draft.Content.Version,
	}
	if f.notice {
		in.Kind = sealpost.KindRequiredNotice
	}
	moved, err := f.when.apply(&in, q.principal.User.TimeZone)
	if err != nil {
		if e := (*sealpost.Error)(nil); asError(err, &e) {
			f.when.choices = e.Choices
		}
		return q.composeTrouble(f, err)
	}
	in.Conversation = f.conversation
	if in.Conversation.IsZero() {
		t, _, err := s.CreateConversation(q.ctx, q.principal, "to-"+f.key, f.recipients(), f.title)
		if err != nil {
			return q.composeTrouble(f, err)
		}
		in.Conversation = t.Conversation.ID
	}
	m, err := s.Send(q.ctx, q.principal, f.key, in)
	if err != nil {
		return q.composeTrouble(f, err)
	}
	to := "/messages/" + in.Conversation.String()
	switch {
	case moved:
		return q.done(to, "moved")
	case m.State == sealpost.Scheduled:
		return q.done(to, "scheduled")
	}
	return q.redirect(to)
}

// apply puts the time of the form into what is sent, and reports whether clocks skip
// it, so that it moved on (R28).
func (w whenForm) apply(in *service.Sending, zone string) (moved bool, err error) {
	if !w.later {
		return false, nil
	}
	at, err := w.at(zone)
	if err != nil {
		return false, err
	}
	in.SendAt, in.TimeZone = at.At, at.Zone
	return at.Moved, nil
}

func (w whenForm) at(zone string) (service.SendTime, error) {
	if w.choice != "" {
		return service.ParseSendTime(w.choice, w.zone, zone)
	}
	return service.ParseSendTime(w.date+"T"+w.time, w.zone, zone)
}

// writing is the form as a draft keeps it.
func (f composeForm) writing() service.Writing {
	w := service.Writing{Conversation: f.conversation, Body: f.body, Recipients: f.recipients()}
	if !f.reply.IsZero() {
		w.InReplyTo = f.reply.String()
	}
	if f.when.later {
		w.SendAt, w.TimeZone = f.when.date+"T"+f.when.time, f.when.zone
	}
	return w
}

// saveDraft keeps what is written. If another device was faster, nothing is lost:
// both are shown (4-api.md, If-Match).
func (q *request) saveDraft(f composeForm) error {
	s := q.server.service
	var err error
	before := f.draft.Draft
	switch {
	case before.ID.IsZero():
		f.draft, err = s.AddDraft(q.ctx, q.principal, "draft-"+f.key, f.writing())
	case q.field("act") == "overwrite":
		f.draft, err = s.PutDraft(q.ctx, q.principal, "", before.ID, service.AnyVersion, f.writing())
	default:
		f.draft, err = s.PutDraft(q.ctx, q.principal, "", before.ID, before.Content.Version, f.writing())
	}
	switch {
	case sealpost.CodeOf(err) == sealpost.CodePreconditionFailed:
		theirs, err := s.Draft(q.ctx, q.principal, before.ID)
		if err != nil {
			return q.composeTrouble(f, err)
		}
		f.draft.Draft, f.conflict, q.status = before, &theirs, http.StatusPreconditionFailed
		return q.showCompose(f)
	case err != nil:
		f.draft.Draft = before
		return q.composeTrouble(f, err)
	case q.swapped():
		f.savedAt = f.draft.Draft.UpdatedAt
		return q.showCompose(f)
	}
	return q.done("/compose?draft="+f.draft.Draft.ID.String(), "draft-saved")
}

// composePeople finds people for the field of recipients, for the script.
func (s *Server) composePeople(q *request) error {
	found, _, err := s.service.FindUsers(q.ctx, q.principal, q.query("q"), "", 8)
	if err != nil && sealpost.CodeOf(err) != sealpost.CodeInvalid {
		return err
	}
	type person struct {
		ID       string `json:"id"`
		Name     string `json:"name"`
		Headline string `json:"headline"`
		Initials string `json:"initials"`
	}
	out := []person{}
	for _, p := range found {
		if p.ID != q.me() {
			out = append(out, person{p.ID.String(), p.Name, p.Headline, initials(p.Name)})
		}
	}
	q.w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(q.w).Encode(out)
}

func (s *Server) deleteDraft(q *request) error {
	id, err := sealpost.ParseDraft(q.r.PathValue("draft"))
	if err != nil {
		return sealpost.NotFound()
	}
	if err := s.service.DeleteDraft(q.ctx, q.principal, q.key(), id, service.AnyVersion); err != nil {
		return err
	}
	return q.done("/messages?filter=drafts", "draft-deleted")
}

// draftStory says where a draft came from, and until when it is kept.
func draftStory(ctx context.Context, f composeForm) string {
	d := f.draft.Draft
	switch {
	case d.ID.IsZero() || d.FromMessage.IsZero() && d.Reason == "":
		return ""
	case d.Reason == sealpost.CodeCannotDeliver:
		return T(ctx, "This was not sent at its time: it could not be delivered. It is kept until %[1]s.", clockText(ctx, d.ExpiresAt))
	case d.Reason != "":
		return T(ctx, "This was not sent at its time. It is kept until %[1]s.", clockText(ctx, d.ExpiresAt))
	}
	return T(ctx, "This is the text of a message that you took back. It is kept until %[1]s, for you only.", clockText(ctx, d.ExpiresAt))
}
