package webui

import (
	"context"
	"io"
	"time"

	"github.com/a-h/templ"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// clock is a time as people say it, in the viewer's zone: 10:47 today, with the date
// on another day. Deadlines are clock times, not numbers that tick.
func clock(i sealpost.Instant) templ.Component {
	return moment(i, clockWords)
}

// clockText is clock as a text, for names of things that are read aloud.
func clockText(ctx context.Context, i sealpost.Instant) string {
	q := from(ctx)
	return clockWords(q, i.Time().In(q.place()))
}

func clockWords(q *request, t time.Time) string {
	if sameDay(t, q.now.Time().In(q.place())) {
		return t.Format("15:04")
	}
	return shortDate(q, t) + ", " + t.Format("15:04")
}

// dayAndHour is a time with its day, also of today.
func dayAndHour(ctx context.Context, i sealpost.Instant) string {
	q := from(ctx)
	t := i.Time().In(q.place())
	return shortDate(q, t) + ", " + t.Format("15:04")
}

// clockZone is clock with the zone, for times that somebody has to plan with.
func clockZone(i sealpost.Instant) templ.Component {
	return moment(i, func(q *request, t time.Time) string {
		return shortDate(q, t) + ", " + t.Format("15:04") + " (" + t.Format("MST") + ")"
	})
}

// second is a clock time to the second, for reports.
func second(i sealpost.Instant) templ.Component {
	return moment(i, func(_ *request, t time.Time) string { return t.Format("15:04:05") })
}

// until is the end of a message's window.
func until(m service.MessageView) templ.Component { return moment(m.RecallableUntil, untilWords(m)) }

// untilText is until as a text.
func untilText(ctx context.Context, m service.MessageView) string {
	q := from(ctx)
	return untilWords(m)(q, m.RecallableUntil.Time().In(q.place()))
}

// untilWords have seconds for a short window: the minute alone would say that it is
// over when it begins.
func untilWords(m service.MessageView) func(*request, time.Time) string {
	if m.RecallableUntil.Sub(m.SentAt) >= 2*time.Minute {
		return clockWords
	}
	return func(q *request, t time.Time) string {
		if sameDay(t, q.now.Time().In(q.place())) {
			return t.Format("15:04:05")
		}
		return clockWords(q, t)
	}
}

// hour is a clock time, where the day stands above it.
func hour(i sealpost.Instant) templ.Component {
	return moment(i, func(_ *request, t time.Time) string { return t.Format("15:04") })
}

// exactly is a time to the second with its day and zone, for reports: they are read
// on other days.
func exactly(i sealpost.Instant) templ.Component {
	return moment(i, exactWords)
}

// exactText is exactly as a text.
func exactText(ctx context.Context, i sealpost.Instant) string {
	q := from(ctx)
	return exactWords(q, i.Time().In(q.place()))
}

func exactWords(q *request, t time.Time) string {
	return shortDate(q, t) + ", " + t.Format("15:04:05 (MST)")
}

// brief is a time in a list: the clock time today, else the day.
func brief(i sealpost.Instant) templ.Component {
	return moment(i, func(q *request, t time.Time) string {
		if sameDay(t, q.now.Time().In(q.place())) {
			return t.Format("15:04")
		}
		return shortDate(q, t)
	})
}

// dayName heads the messages of a day: Today, Yesterday, or the day.
func dayName(ctx context.Context, i sealpost.Instant) string {
	q := from(ctx)
	t, today := i.Time().In(q.place()), q.now.Time().In(q.place())
	switch {
	case sameDay(t, today):
		return T(ctx, "Today")
	case sameDay(t, today.AddDate(0, 0, -1)):
		return T(ctx, "Yesterday")
	}
	return longDate(q, t)
}

// moment is a <time> whose text somebody chooses and whose value is exact; hovering
// shows the whole date.
func moment(i sealpost.Instant, text func(*request, time.Time) string) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		q := from(ctx)
		t := i.Time().In(q.place())
		whole := longDate(q, t) + ", " + t.Format("15:04:05 MST")
		_, err := io.WriteString(w, `<time datetime="`+i.Time().Format("2006-01-02T15:04:05.000000Z07:00")+`" title="`+
			templ.EscapeString(whole)+`">`+templ.EscapeString(text(q, t))+`</time>`)
		return err
	})
}

// place is the viewer's zone.
func (q *request) place() *time.Location {
	if q.zone == nil {
		return time.UTC
	}
	return q.zone
}

func sameDay(a, b time.Time) bool {
	return a.YearDay() == b.YearDay() && a.Year() == b.Year()
}

// shortDate is Tue 24 Nov, with the year if it is another one.
func shortDate(q *request, t time.Time) string {
	if t.Year() != q.now.Time().In(q.place()).Year() {
		return T(q.ctx, "%[1]d %[2]s %[3]s", t.Day(), monthName(q.ctx, t.Month()), t.Format("2006"))
	}
	return T(q.ctx, "%[1]s %[2]d %[3]s", weekdayName(q.ctx, t.Weekday()), t.Day(), monthName(q.ctx, t.Month()))
}

// longDate is Tuesday 24 November 2026, with the words of shortDate.
func longDate(q *request, t time.Time) string {
	return T(q.ctx, "%[1]s %[2]d %[3]s %[4]s", weekdayName(q.ctx, t.Weekday()), t.Day(), monthName(q.ctx, t.Month()), t.Format("2006"))
}

func weekdayName(ctx context.Context, d time.Weekday) string {
	return []string{
		T(ctx, "Sun"), T(ctx, "Mon"), T(ctx, "Tue"), T(ctx, "Wed"), T(ctx, "Thu"), T(ctx, "Fri"), T(ctx, "Sat"),
	}[d]
}

func monthName(ctx context.Context, m time.Month) string {
	return []string{
		T(ctx, "Jan"), T(ctx, "Feb"), T(ctx, "Mar"), T(ctx, "Apr"), T(ctx, "May"), T(ctx, "Jun"),
		T(ctx, "Jul"), T(ctx, "Aug"), T(ctx, "Sep"), T(ctx, "Oct"), T(ctx, "Nov"), T(ctx, "Dec"),
	}[m-1]
}
