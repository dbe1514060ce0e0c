package webui

import (
	"cmp"
	"context"
	"slices"

	"github.com/a-h/templ"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// fact is one line of what happened.
type fact struct {
	at      sealpost.Instant
	icon    string
	said    templ.Component
	address string
	anchor  string
}

const activityPage = 50 // facts of each kind

// activity lists facts about what is the viewer's own. What others recalled is never
// a new item here.
func (s *Server) activity(q *request) error {
	var facts []fact
	for _, find := range []func() ([]fact, error){q.invitationFacts, q.flagFacts, q.draftFacts, q.recallFacts} {
		some, err := find()
		if err != nil {
			return err
		}
		facts = append(facts, some...)
	}
	slices.SortStableFunc(facts, func(a, b fact) int { return cmp.Compare(b.at, a.at) })
	return q.page(page{title: T(q.ctx, "Activity"), body: activityBody(byDay(q.ctx, facts)), at: atActivity})
}

// factDay is the facts of a day.
type factDay struct {
	name  string
	facts []fact
}

// byDay groups facts, newest first, by the viewer's days.
func byDay(ctx context.Context, facts []fact) []factDay {
	var out []factDay
	for _, f := range facts {
		day := dayName(ctx, f.at)
		if len(out) == 0 || out[len(out)-1].name != day {
			out = append(out, factDay{name: day})
		}
		last := &out[len(out)-1]
		last.facts = append(last.facts, f)
	}
	return out
}

func (q *request) invitationFacts() ([]fact, error) {
	var out []fact
	for _, box := range []service.Box{service.BoxReceived, service.BoxSent} {
		items, _, err := q.server.service.Invitations(q.ctx, q.principal, box, "", activityPage)
		if err != nil {
			return nil, err
		}
		for _, i := range items {
			switch {
			case box == service.BoxReceived:
				out = append(out, fact{i.CreatedAt, "user-plus", say("%[1]s invites you to connect.", name(i.Person.Name)), "/network/invitations", ""})
			case i.State == sealpost.InvitationAccepted:
				out = append(out, fact{i.DecidedAt, "check", say("%[1]s is now a connection.", name(i.Person.Name)), profile(i.Other), ""})
			}
		}
	}
	return out, nil
}

func (q *request) flagFacts() ([]fact, error) {
	flags, _, err := q.server.service.OwnFlags(q.ctx, q.principal, "", activityPage)
	if err != nil {
		return nil, err
	}
	var out []fact
	for _, f := range flags {
		one := fact{at: f.Flag.CreatedAt, icon: "flag", anchor: "f-" + f.Flag.ID.String()}
		switch {
		case f.Flag.State == sealpost.FlagOpen:
			one.said = say("You reported a message. Moderators have not answered yet. Reference %[1]s", referenceOf(f.Flag.ID))
		case f.Flag.Resolution == sealpost.ResolvedRemove:
			one.at, one.said = f.Flag.ResolvedAt, say("The message that you reported was removed. %[1]s", name(f.Answer))
		default:
			one.at, one.said = f.Flag.ResolvedAt, say("The message that you reported was kept. %[1]s", name(f.Answer))
		}
		out = append(out, one)
	}
	return out, nil
}

// referenceOf is by what people call a report: the end of its id, because the beginning
// is when it was made.
func referenceOf(id sealpost.FlagID) string {
	s := id.String()
	return s[len(s)-8:]
}

func (q *request) draftFacts() ([]fact, error) {
	drafts, _, err := q.server.service.Drafts(q.ctx, q.principal, "", activityPage)
	if err != nil {
		return nil, err
	}
	var out []fact
	for _, d := range drafts {
		if d.Draft.Reason != "" {
			out = append(out, fact{d.Draft.CreatedAt, "circle-alert", notSent(d.Draft.Reason), "/compose?draft=" + d.Draft.ID.String(), ""})
		}
	}
	return out, nil
}

// notSent says why a message is back among the drafts (R28). Every refusal to deliver
// reads the same (R31).
func notSent(reason sealpost.Code) templ.Component {
	if reason == sealpost.CodeCannotDeliver {
		return say("A scheduled message was not sent, because it can't be delivered to everyone it was for. Its text is in your drafts.")
	}
	return say("A scheduled message was not sent. Its text is in your drafts.")
}

// recallFacts are the newest own recalls that the list of conversations shows.
func (q *request) recallFacts() ([]fact, error) {
	entries, _, err := q.server.service.Inbox(q.ctx, q.principal, service.FilterRecalled, "", activityPage)
	if err != nil {
		return nil, err
	}
	var out []fact
	for _, e := range entries {
		if m := e.Last; m != nil && m.Own && m.RecalledAt != 0 {
			out = append(out, fact{m.RecalledAt, "undo-2", say("You recalled a message to %[1]s.", name(titleOf(q.ctx, e.Thread))), string(messagePath(*m, "recall")), ""})
		}
	}
	return out, nil
}
