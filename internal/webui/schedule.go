package webui

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// asError finds the one error type in an error.
func asError(err error, to **sealpost.Error) bool { return errors.As(err, to) }

// editView is a message that is not delivered yet, while it is changed (R28).
type editView struct {
	aboutMessage
	body    string
	when    whenForm
	key     string
	trouble *failure
}

func (s *Server) editPage(q *request) error {
	a, err := q.about()
	if err != nil {
		return err
	}
	if !a.message.Own || !a.message.State.Pending() || a.message.Content == nil {
		return q.redirect(a.back())
	}
	v := editView{aboutMessage: a, body: a.message.Content.Body, key: formKey(), when: whenForm{later: true, zone: a.message.TimeZone}}
	if v.when.zone == "" {
		v.when.zone = q.principal.User.TimeZone
	}
	zone, err := time.LoadLocation(v.when.zone)
	if err != nil {
		zone = time.UTC
	}
	at := a.message.ReleaseAt.Time().In(zone)
	v.when.date, v.when.time = at.Format(time.DateOnly), at.Format("15:04")
	return q.showEdit(v)
}

func (q *request) showEdit(v editView) error {
	return q.page(page{title: T(q.ctx, "Edit the scheduled message"), body: editBody(v), at: atMessages})
}

// edit changes text and time, until the message is delivered. Whoever comes too late
// is told so.
func (s *Server) edit(q *request) error {
	a, err := q.about()
	if err != nil {
		return err
	}
	v := editView{
		aboutMessage: a, body: q.text("body"), key: q.key(),
		when: whenForm{later: true, date: q.field("date"), time: q.field("time"), zone: q.field("zone"), choice: q.field("choice")},
	}
	change := service.PendingEdit{Body: &v.body}
	if a.message.State == sealpost.Scheduled {
		at, err := v.when.at(q.principal.User.TimeZone)
		if err != nil {
			if e := (*sealpost.Error)(nil); asError(err, &e) {
				v.when.choices = e.Choices
			}
			return q.editTrouble(v, err)
		}
		change.SendAt, change.TimeZone = &at.At, &at.Zone
	}
	if _, err := s.service.EditPending(q.ctx, q.principal, v.key, a.message.ID, change); err != nil {
		return q.editTrouble(v, err)
	}
	return q.done(a.back(), "saved")
}

func (q *request) editTrouble(v editView, err error) error {
	f := q.failure(err)
	if f.code == sealpost.CodeNotFound {
		return err
	}
	if f.field == "send_at" {
		f.field = "date"
	}
	v.trouble, q.status = &f, max(q.server.status(f.code), http.StatusBadRequest)
	return q.showEdit(v)
}

// zones are the names of the time zones that a form offers: the viewer's own first.
func zones(ctx context.Context, own string) []string {
	out := []string{own}
	if mine := from(ctx).principal.User.TimeZone; mine != own && mine != "" {
		out = append(out, mine)
	}
	for _, z := range commonZones {
		if z != own && z != from(ctx).principal.User.TimeZone {
			out = append(out, z)
		}
	}
	return out
}

// commonZones is a table of zones with people in them, from west to east; any other
// can be typed in the settings. It never changes.
var commonZones = []string{
	"Pacific/Honolulu", "America/Anchorage", "America/Los_Angeles", "America/Denver", "America/Phoenix", "America/Chicago",
	"America/Mexico_City", "America/New_York", "America/Toronto", "America/Bogota", "America/Lima", "America/Caracas", "America/Halifax",
	"America/Santiago", "America/Sao_Paulo", "America/Argentina/Buenos_Aires", "America/St_Johns", "Atlantic/Azores", "UTC",
	"Atlantic/Reykjavik", "Europe/London", "Europe/Dublin", "Europe/Lisbon", "Africa/Casablanca", "Africa/Lagos", "Europe/Madrid",
	"Europe/Paris", "Europe/Brussels", "Europe/Amsterdam", "Europe/Berlin", "Europe/Zurich", "Europe/Rome", "Europe/Vienna",
	"Europe/Prague", "Europe/Copenhagen", "Europe/Oslo", "Europe/Stockholm", "Europe/Warsaw", "Europe/Budapest", "Europe/Athens",
	"Europe/Bucharest", "Europe/Helsinki", "Europe/Kyiv", "Europe/Istanbul", "Africa/Cairo", "Africa/Johannesburg", "Africa/Nairobi",
	"Asia/Jerusalem", "Asia/Riyadh", "Europe/Moscow", "Asia/Tehran", "Asia/Dubai", "Asia/Baku", "Asia/Kabul", "Asia/Karachi",
	"Asia/Tashkent", "Asia/Kolkata", "Asia/Colombo", "Asia/Kathmandu", "Asia/Dhaka", "Asia/Yangon", "Asia/Bangkok", "Asia/Jakarta",
	"Asia/Ho_Chi_Minh", "Asia/Singapore", "Asia/Kuala_Lumpur", "Asia/Manila", "Asia/Hong_Kong", "Asia/Shanghai", "Asia/Taipei",
	"Australia/Perth", "Asia/Seoul", "Asia/Tokyo", "Australia/Darwin", "Australia/Adelaide", "Australia/Brisbane", "Australia/Sydney",
	"Pacific/Auckland", "Pacific/Chatham", "Pacific/Kiritimati",
}

// choiceText is one of the two moments that clocks show alike, with what tells them
// apart.
func choiceText(zone string, i sealpost.Instant) string {
	location, err := time.LoadLocation(zone)
	if err != nil {
		location = time.UTC
	}
	return i.Time().In(location).Format("15:04 MST (-07:00)")
}
