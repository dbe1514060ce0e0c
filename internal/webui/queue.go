package webui

import (
	"context"
	"net/url"

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
		return T(ctx, "An own message")
	}
	return T(ctx, "Report")
}

// caseView is one report. The text is there only after somebody asked for it, which
// is logged.
type caseView struct {
	id       sealpost.FlagID
	flag     *sealpost.Flag // nil: not found among those that are open
	names    map[sealpost.UserID]string
	evidence *service.EvidenceView
	answer   string
	key      string
	trouble  *failure
}

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
	var err error
	if v.id, err = sealpost.ParseFlag(q.r.PathValue("flag")); err != nil {
		return v, sealpost.NotFound()
	}
	for _, state := range []sealpost.FlagState{sealpost.FlagOpen, sealpost.FlagResolved} {
		for cursor, first := "", true; first || cursor != ""; first = false {
			var page []sealpost.Flag
			if page, cursor, err = q.server.service.FlagQueue(q.ctx, q.principal, state, cursor, 200); err != nil {
				return v, err
			}
			for _, f := range page {
				if f.ID == v.id {
					v.flag = &f
					v.names, err = q.namesOf(f)
					return v, err
				}
			}
		}
	}
	return v, sealpost.NotFound()
}

func (q *request) showCase(v caseView) error {
	return q.adminPage(T(q.ctx, "Report"), adminFlags, caseBody(v))
}

// readCase shows the text. It is asked for by a form and not by a link: reading is a
// decision with an entry of its own (R32).
func (s *Server) readCase(q *request) error {
	v, err := q.findCase()
	if err != nil {
		return err
	}
	evidence, err := s.service.Evidence(q.ctx, q.principal, v.id)
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
	remove := q.field("act") == "remove"
	_, err = s.service.ResolveFlag(q.ctx, q.principal, v.key, v.id, service.Resolving{Remove: remove, Answer: v.answer})
	switch code := sealpost.CodeOf(err); code {
	case "":
		return q.done("/admin/flags", map[bool]string{true: "removed", false: "kept"}[remove])
	case sealpost.CodeVersionConflict:
		f := q.failure(err)
		f.detail = T(q.ctx, "Someone else has taken this case.")
		v.trouble, q.status = &f, s.status(code)
		return q.showCase(v)
	case sealpost.CodeInvalid:
		f := q.failure(err)
		v.trouble, q.status = &f, s.status(code)
		return q.showCase(v)
	}
	return err
}
