package webui

import (
	"context"
	"net/url"
	"time"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// queueView is the moderators' queue.
type queueView struct {
	state sealpost.FlagState
	flags []sealpost.Flag
	names map[sealpost.UserID]string
	next  string
}

func (s *Server) flags(q *request) error {
	v := queueView{state: sealpost.FlagOpen}
	if q.query("state") == "resolved" {
		v.state = sealpost.FlagResolved
	}
	var err error
	if v.flags, v.next, err = s.service.FlagQueue(q.ctx, q.principal, v.state, q.query("cursor"), 50); err != nil {
		return err
	}
	if v.names, err = q.namesOf(v.flags...); err != nil {
		return err
	}
	return q.adminPage(T(q.ctx, "Moderation"), adminFlags, queueBody(v))
}

// namesOf are the names of who has to do with reports.
func (q *request) namesOf(flags ...sealpost.Flag) (map[sealpost.UserID]string, error) {
	out := map[sealpost.UserID]string{}
	for _, f := range flags {
		if err := q.nameOf(out, f.SenderID, f.ReporterID, f.ResolvedBy); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (v queueView) more() string {
	state := ""
	if v.state == sealpost.FlagResolved {
		state = "resolved"
	}
	return "/admin/flags?state=" + state + "&cursor=" + url.QueryEscape(v.next)
}

// kindWord is what is asked for.
func kindWord(ctx context.Context, f sealpost.Flag) string {
	switch {
	case f.Own() && f.RequestRemoval:
		return T(ctx, "Removal of an own message")
	case f.Own():
		return T(ctx, "Report of an own message")
	case f.RequestRemoval:
		return T(ctx, "Report with a request to remove")
	}
	return T(ctx, "Report")
}

// age is how long a report has waited.
func age(ctx context.Context, since sealpost.Instant) string {
	d := from(ctx).now.Time().Sub(since.Time())
	switch {
	case d < time.Hour:
		return T(ctx, "waiting %d min", max(int(d/time.Minute), 0))
	case d < 48*time.Hour:
		return T(ctx, "waiting %d h", int(d/time.Hour))
	}
	return T(ctx, "waiting %d days", int(d/(24*time.Hour)))
}

// caseView is one report. The text is there only after somebody asked for it, which
// is logged.
type caseView struct {
	flag     sealpost.Flag
	names    map[sealpost.UserID]string
	turn     turn
	evidence *service.EvidenceView
	answer   string
	key      string
	trouble  *failure
}

// turn is where an open report stands in the queue.
type turn struct {
	at, of       int // from 1; zero: not among the first
	more         bool
	before, next string // the addresses of its neighbours; empty: none
}

// queued is how many reports are counted; what waits behind them is "more".
const queued = 200

func (s *Server) caseFile(q *request) error {
	v, err := q.findCase()
	if err != nil {
		return err
	}
	return q.showCase(v)
}

// findCase looks a report up without reading its evidence: what the queue shows.
func (q *request) findCase() (caseView, error) {
	v := caseView{key: formKey()}
	id, err := sealpost.ParseFlag(q.r.PathValue("flag"))
	if err != nil {
		return v, sealpost.NotFound()
	}
	if v.flag, err = q.server.service.FlagCase(q.ctx, q.principal, id); err != nil {
		return v, err
	}
	if v.names, err = q.namesOf(v.flag); err != nil || v.flag.State != sealpost.FlagOpen {
		return v, err
	}
	v.turn, err = q.turnOf(id)
	return v, err
}

// turnOf finds where a report stands.
func (q *request) turnOf(id sealpost.FlagID) (turn, error) {
	all, more, err := q.server.service.FlagQueue(q.ctx, q.principal, sealpost.FlagOpen, "", queued)
	t := turn{of: len(all), more: more != ""}
	for i, f := range all {
		if f.ID != id {
			continue
		}
		if t.at = i + 1; i > 0 {
			t.before = casePath(all[i-1].ID)
		}
		if i+1 < len(all) {
			t.next = casePath(all[i+1].ID)
		}
	}
	return t, err
}

func casePath(id sealpost.FlagID) string { return "/admin/flags/" + id.String() }

// involved reports whether the viewer has to do with the message, as far as the report
// tells: then somebody else reviews it.
func (v caseView) involved(ctx context.Context) bool {
	me := from(ctx).me()
	return v.flag.SenderID == me || v.flag.ReporterID == me
}

func (q *request) showCase(v caseView) error {
	return q.adminPage(kindWord(q.ctx, v.flag), adminFlags, caseBody(v))
}

// caseTrouble shows a report again with why something was refused.
func (q *request) caseTrouble(v caseView, err error) error {
	f := q.failure(err)
	v.trouble, q.status = &f, q.server.status(f.code)
	return q.showCase(v)
}

// readCase shows the text. It is asked for by a form and not by a link: reading is a
// decision with an entry of its own (R32).
func (s *Server) readCase(q *request) error {
	v, err := q.findCase()
	if err != nil {
		return err
	}
	evidence, err := s.service.Evidence(q.ctx, q.principal, v.flag.ID)
	if sealpost.CodeOf(err) == sealpost.CodeForbidden { // who received it can't know before
		return q.caseTrouble(v, err)
	}
	if err != nil {
		return err
	}
	v.evidence = &evidence
	return q.showCase(v)
}

func (s *Server) resolveCase(q *request) error {
	v, err := q.findCase()
	if err != nil {
		return err
	}
	v.answer, v.key = q.text("answer"), q.key()
	act := q.field("act")
	if act != "remove" && act != "keep" {
		return q.caseTrouble(v, sealpost.Invalid("answer", "Choose whether the message is removed or kept."))
	}
	if act == "remove" && q.field("known") != "on" && v.flag.State == sealpost.FlagOpen { // it is final
		return q.caseTrouble(v, sealpost.Invalid("known", "Show the message first, or choose to remove it without looking at it."))
	}
	_, err = s.service.ResolveFlag(q.ctx, q.principal, v.key, v.flag.ID, service.Resolving{Remove: act == "remove", Answer: v.answer})
	switch sealpost.CodeOf(err) {
	case "":
		return q.done("/admin/flags", map[string]string{"remove": "removed", "keep": "kept"}[act])
	case sealpost.CodeVersionConflict:
		now, again := q.findCase() // who was first, and what they decided
		if again != nil {
			return again
		}
		f := q.failure(err)
		f.detail = T(q.ctx, "Someone else has taken this case. Your answer was not sent.")
		now.trouble, q.status = &f, s.status(f.code)
		return q.showCase(now)
	case sealpost.CodeInvalid, sealpost.CodeForbidden:
		return q.caseTrouble(v, err)
	}
	return err
}
