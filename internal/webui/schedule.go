package webui

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func (s *Server) registerSchedule() {
	const message = "/messages/{conversation}/{message}"
	s.get(message+"/edit", Member, s.editPage)
	s.post(message+"/edit", Member, s.editScheduled)
}

// whenForm is when a message is to be sent, as somebody filled it in.
type whenForm struct {
	later       bool
	date, clock string // 2026-11-24 and 09:00, or what was typed instead
	zone        string // the name of a zone
	choice      string // of two instants that clocks show as this time; RFC 3339
	choices     []sealpost.Instant
}

func (q *request) whenForm() whenForm {
	w := whenForm{
		later: q.field("when") == "later", date: q.field("date"), clock: q.field("time"), zone: q.field("time_zone"), choice: q.field("choice"),
	}
	if w.zone == "" {
		w.zone = q.principal.User.TimeZone
	}
	return w
}

// whenOf is the form for a time as it was written.
func whenOf(text, zone, fallback string) whenForm {
	w := whenForm{zone: zone, later: text != ""}
	if zone == "" {
		w.zone = fallback
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		in := zoneOf(w.zone)
		w.date, w.clock, w.choice = at.In(in).Format(time.DateOnly), at.In(in).Format("15:04"), at.In(in).Format(time.RFC3339)
		return w
	}
	w.date, w.clock, _ = strings.Cut(text, "T")
	return w
}

// zoneOf is a zone by its name; what is no name is UTC.
func zoneOf(named string) *time.Location {
	l, err := time.LoadLocation(named)
	if err != nil || named == "Local" {
		return time.UTC
	}
	return l
}

// text is the time as ParseSendTime reads it; empty: it is not whole yet. Whoever
// was asked which of two instants is meant has answered with one of them, as long as
// it still is the time that stands in the form.
func (w whenForm) text() string {
	if _, err := time.Parse(time.DateOnly+"T15:04", w.date+"T"+w.clock); err != nil {
		return ""
	}
	if at, err := time.Parse(time.RFC3339, w.choice); err == nil && at.In(zoneOf(w.zone)).Format(time.DateOnly+"T15:04") == w.date+"T"+w.clock {
		return w.choice
	}
	return w.date + "T" + w.clock
}

func (w whenForm) resolve(fallback string) (service.SendTime, error) {
	text := w.text()
	if text == "" {
		return service.SendTime{}, sealpost.Invalid("send_at", "Choose a date and a time.")
	}
	return service.ParseSendTime(text, w.zone, fallback)
}

// choose has the form ask which of two instants is meant.
func (w *whenForm) choose(err error) {
	if e := new(sealpost.Error); errors.As(err, &e) {
		w.choices = e.Choices
	}
}

// preset sets a time by its name. Which day it is where the viewer is decides only
// what stands in the form.
func (w *whenForm) preset(q *request, named string) {
	today := q.now.Time().In(q.place())
	day := today.AddDate(0, 0, 1)
	if named == "monday" {
		day = today.AddDate(0, 0, (7+int(time.Monday)-int(today.Weekday())-1)%7+1)
	}
	w.later, w.date, w.clock, w.zone, w.choice = true, day.Format(time.DateOnly), "09:00", q.principal.User.TimeZone, ""
}

// mondayIsTomorrow reports whether both presets are the same.
func mondayIsTomorrow(ctx context.Context) bool {
	return from(ctx).now.Time().In(from(ctx).place()).Weekday() == time.Sunday
}

// inZone is a date and time in a named zone, with what the zone is called then.
func inZone(i sealpost.Instant, zone string) templ.Component {
	in := zoneOf(zone)
	return moment(i, func(q *request, t time.Time) string {
		t = t.In(in)
		return shortDate(q, t) + ", " + t.Format("15:04 MST")
	})
}

// editing is the form of a message that is not delivered yet.
type editing struct {
	key     string
	message service.MessageView
	names   []string
	body    string
	when    whenForm
	trouble *failure
}

// ownPending gives the message in the path if it is the viewer's own. Of what is not, a
// page says that it is not there.
func (s *Server) ownPending(q *request) (service.MessageView, error) {
	conversation, err := q.conversation()
	if err != nil {
		return service.MessageView{}, err
	}
	id, err := q.message()
	if err != nil {
		return service.MessageView{}, err
	}
	m, err := s.service.Message(q.ctx, q.principal, id)
	if err == nil && (m.ConversationID != conversation || !m.Own) {
		err = sealpost.NotFound()
	}
	return m, err
}

func (s *Server) editPage(q *request) error {
	m, err := s.ownPending(q)
	if err != nil {
		return err
	}
	if !m.State.Pending() || m.Content == nil {
		return s.tooLate(q, m)
	}
	e := &editing{key: formKey(), message: m, body: m.Content.Body}
	zone := m.TimeZone
	if zone == "" {
		zone = q.principal.User.TimeZone
	}
	e.when = whenOf(m.ReleaseAt.Time().Format(time.RFC3339), zone, zone)
	e.when.later = m.State == sealpost.Scheduled
	return s.showEditing(q, e)
}

func (s *Server) showEditing(q *request, e *editing) error {
	t, err := s.service.Conversation(q.ctx, q.principal, e.message.ConversationID)
	if err != nil {
		return err
	}
	e.names = threadNames(q.ctx, t)
	title := T(q.ctx, "Change a message before it is sent")
	if e.trouble != nil {
		title = T(q.ctx, "Error: Change a message before it is sent")
	}
	return q.page(page{title: title, body: editBody(e), at: atMessages})
}

// tooLate says that a message was delivered or taken back in between.
func (s *Server) tooLate(q *request, m service.MessageView) error {
	q.status = q.server.status(sealpost.CodeAlreadyDelivered)
	return q.page(page{title: T(q.ctx, "It was already sent"), body: tooLateBody(m), at: atMessages})
}

// editScheduled changes text and time; if the message went out in between, the change
// has lost (R28).
func (s *Server) editScheduled(q *request) error {
	m, err := s.ownPending(q)
	if err != nil {
		return err
	}
	e := &editing{key: q.key(), message: m, body: q.text("body"), when: q.whenForm()}
	if q.field("do") != "" {
		_, preset, _ := strings.Cut(q.field("do"), ":")
		e.when.preset(q, preset)
		return s.showEditing(q, e)
	}
	moved, err := s.change(q, e)
	switch {
	case sealpost.CodeOf(err) == sealpost.CodeAlreadyDelivered:
		return s.tooLate(q, m)
	case err != nil:
		c := &composing{when: e.when, key: e.key, conversation: m.ConversationID}
		q.refuseComposing(c, err)
		e.trouble, e.when, e.key = c.trouble, c.when, c.key
		return s.showEditing(q, e)
	case moved:
		return q.done(threadPath(m.ConversationID), "moved")
	}
	return q.done(threadPath(m.ConversationID), "changed")
}

func (s *Server) change(q *request, e *editing) (moved bool, err error) {
	edit := service.PendingEdit{Body: &e.body}
	if e.when.later {
		at, err := e.when.resolve(q.principal.User.TimeZone)
		if err != nil {
			return false, err
		}
		edit.SendAt, edit.TimeZone, moved = &at.At, &at.Zone, at.Moved
	}
	key := secret(e.key, "edit", e.body, e.when.text(), e.when.zone)
	_, err = s.service.EditPending(q.ctx, q.principal, key, e.message.ID, edit)
	return moved, err
}

// scheduledRow is a scheduled message in a list.
type scheduledRow struct {
	message service.MessageView
	names   []string
}

// scheduled gives the viewer's own scheduled messages for scheduledRows, of one page
// of conversations that have some.
func (q *request) scheduled(cursor string) (rows []scheduledRow, next string, err error) {
	threads, next, err := q.server.service.Inbox(q.ctx, q.principal, service.FilterScheduled, cursor, 0)
	if err != nil {
		return nil, "", err
	}
	for _, t := range threads {
		// Own pending messages are on the newest page whatever its size.
		history, err := q.server.service.History(q.ctx, q.principal, t.Conversation.ID, sealpost.MessageID{}, 1)
		if err != nil {
			return nil, "", err
		}
		for _, m := range history.Items {
			if m.State == sealpost.Scheduled {
				rows = append(rows, scheduledRow{message: m, names: threadNames(q.ctx, t.Thread)})
			}
		}
	}
	return rows, next, nil
}

// editAction is where a button of the form on this page goes that only changes it.
func editAction(ctx context.Context) string {
	if p := from(ctx).r.URL.Path; strings.HasPrefix(p, "/messages/") {
		return p
	}
	return "/compose/edit"
}

// elsewhere reports whether a message is scheduled in a zone with other clocks than
// the viewer's.
func elsewhere(ctx context.Context, m service.MessageView) bool {
	at := m.ReleaseAt.Time()
	_, here := at.In(from(ctx).place()).Zone()
	_, there := at.In(zoneOf(m.TimeZone)).Zone()
	return m.TimeZone != "" && here != there
}

// commonZones is a table of zones that are offered by name; every other one can be
// typed, and a script offers all that the browser knows.
var commonZones = []string{
	"UTC", "Africa/Cairo", "Africa/Johannesburg", "Africa/Lagos", "Africa/Nairobi", "America/Anchorage", "America/Argentina/Buenos_Aires",
	"America/Bogota", "America/Chicago", "America/Denver", "America/Halifax", "America/Lima", "America/Los_Angeles", "America/Mexico_City",
	"America/New_York", "America/Santiago", "America/Sao_Paulo", "America/St_Johns", "America/Toronto", "Asia/Bangkok", "Asia/Dhaka",
	"Asia/Dubai", "Asia/Hong_Kong", "Asia/Jakarta", "Asia/Jerusalem", "Asia/Karachi", "Asia/Kathmandu", "Asia/Kolkata", "Asia/Manila",
	"Asia/Riyadh", "Asia/Seoul", "Asia/Shanghai", "Asia/Singapore", "Asia/Tehran", "Asia/Tokyo", "Atlantic/Reykjavik", "Australia/Adelaide",
	"Australia/Brisbane", "Australia/Perth", "Australia/Sydney", "Europe/Amsterdam", "Europe/Athens", "Europe/Berlin", "Europe/Helsinki",
	"Europe/Istanbul", "Europe/Kyiv", "Europe/Lisbon", "Europe/London", "Europe/Madrid", "Europe/Oslo", "Europe/Paris", "Europe/Rome",
	"Europe/Stockholm", "Europe/Vienna", "Europe/Warsaw", "Europe/Zurich", "Pacific/Auckland", "Pacific/Honolulu",
}
