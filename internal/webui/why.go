package webui

import (
	"context"
	"slices"

	"github.com/a-h/templ"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// whyView is why a message cannot be recalled, and what to do instead.
type whyView struct {
	aboutMessage
	forecast service.Forecast
	lost     bool // it was recallable when the page was made, and is not any more
	refused  bool // the recall was asked for
	away     bool // its recipient has no account: nothing more can be written to them
}

func (s *Server) why(q *request) error {
	a, err := q.about()
	if err != nil {
		return err
	}
	if !a.message.Own {
		return notSender()
	}
	v := whyView{aboutMessage: a}
	if v.forecast, err = s.service.Forecast(q.ctx, q.principal, a.message.ID); err != nil {
		return err
	}
	if rest := others(q.ctx, a.thread); a.message.Imported && a.thread.Conversation.Kind == sealpost.Direct && len(rest) == 1 {
		v.away = rest[0].Profile
	}
	return q.showWhy(v)
}

func (q *request) showWhy(v whyView) error {
	title := T(q.ctx, "Why can't I recall this?")
	if v.code() == "" || v.code() == sealpost.CodeRecalled {
		title = v.heading(q.ctx)
	}
	return q.page(page{title: title, body: whyBody(v), at: atMessages})
}

// heading is the reason in a few words.
func (v whyView) heading(ctx context.Context) string {
	return refusalWords(ctx, v.thread, v.message, v.code())
}

// refusalWords are what a recall is refused with, in a few words; empty: nothing.
func refusalWords(ctx context.Context, t service.Thread, m service.MessageView, code sealpost.Code) string {
	switch code {
	case sealpost.CodeWindowClosed:
		if m.Imported {
			return T(ctx, "It comes from an archive")
		}
		return T(ctx, "The recall window has closed")
	case sealpost.CodeOpened:
		if len(m.Deliveries) == 1 {
			return T(ctx, "%[1]s has opened it", nameIn(ctx, t, m.Deliveries[0].UserID))
		}
		return T(ctx, "Everyone has opened it")
	case sealpost.CodeDailyLimit:
		return T(ctx, "You already recalled a message here today")
	case sealpost.CodeThrottled:
		return T(ctx, "Recall is paused for your account")
	case sealpost.CodeRequiredNotice:
		return T(ctx, "This is a required notice")
	case sealpost.CodeOnHold:
		return T(ctx, "Recall is paused for this conversation")
	case sealpost.CodeTextMessage:
		return T(ctx, "This went out by SMS")
	case sealpost.CodeRecallOff:
		return T(ctx, "Your organisation has turned recall off")
	case sealpost.CodeRemoved:
		return T(ctx, "It was removed after review")
	case sealpost.CodeRecalled:
		return T(ctx, "Already recalled")
	case "":
		return T(ctx, "You can still recall this message")
	}
	return T(ctx, "Recall isn't working right now")
}

func (v whyView) code() sealpost.Code {
	if v.message.RecalledAt != 0 {
		return sealpost.CodeRecalled
	}
	return v.forecast.Code
}

// windowEndsFirst reports whether the message's own window is over before a limit is.
func (v whyView) windowEndsFirst() bool {
	return v.forecast.NextPossibleAt != 0 && v.forecast.NextPossibleAt > v.forecast.Until
}

// openedAt is when the last of the openings was that the sender may know of.
func (v whyView) openedAt() sealpost.Instant {
	var at sealpost.Instant
	for _, d := range v.message.Deliveries {
		at = max(at, d.OpenedAt)
	}
	return at
}

// alternatives are what can be done instead, the most fitting first: all five, but what
// can't be: nobody asks to disregard a request to disregard, or writes to nobody.
func (v whyView) alternatives() []string {
	all := v.forecast.Alternatives
	if len(all) == 0 {
		all = policy.Alternatives(v.code())
	}
	return slices.DeleteFunc(slices.Clone(all), func(what string) bool {
		return what == "disregard" && v.message.Kind == sealpost.KindDisregard || v.away && (what == "disregard" || what == "follow_up")
	})
}

// whyAgain says whether, and when, a recall becomes possible; nil: never.
func whyAgain(v whyView) templ.Component {
	switch v.code() {
	case sealpost.CodeDailyLimit:
		if v.windowEndsFirst() {
			return say("From %[1]s for other messages. The recall window of this message ends first, at %[2]s, so it can't be recalled.",
				clockZone(v.forecast.NextPossibleAt), until(v.message))
		}
		return say("From %[1]s.", clockZone(v.forecast.NextPossibleAt))
	case sealpost.CodeThrottled:
		if v.windowEndsFirst() {
			return say("At about %[1]s for other messages. The recall window of this message ends first, at %[2]s, so it can't be recalled.",
				clock(v.forecast.NextPossibleAt), until(v.message))
		}
		return say("At about %[1]s.", clock(v.forecast.NextPossibleAt))
	case sealpost.CodeOnHold, sealpost.CodeRecallOff:
		return say("Your administrator can tell.")
	}
	return nil
}

// lostWords say what happened while somebody looked, or when they tried; nil: nothing.
func (v whyView) lostWords(ctx context.Context) templ.Component {
	who, at := name(""), v.openedAt()
	if len(v.message.Deliveries) == 1 {
		who = name(nameIn(ctx, v.thread, v.message.Deliveries[0].UserID))
	}
	opened := v.code() == sealpost.CodeOpened && who != ""
	switch {
	case v.refused && opened && at != 0:
		return say("Not recalled. %[1]s opened it at %[2]s, before your recall.", who, second(at))
	case v.refused && opened:
		return say("Not recalled. %[1]s had opened it before your recall.", who)
	case v.refused:
		return say("Not recalled. Nothing has changed.")
	case v.lost && opened:
		return say("%[1]s just opened this message. It can no longer be recalled.", who)
	case v.lost && v.code() == sealpost.CodeWindowClosed:
		return say("The recall window has just closed. This message can no longer be recalled.")
	case v.lost:
		return say("Something has changed. This message can no longer be recalled.")
	}
	return nil
}

// live are the attributes by which the page follows what happens. What a recall was
// refused with stands: beforehand less may be told (R8).
func (v whyView) live(ctx context.Context) templ.Attributes {
	if v.refused {
		return nil
	}
	a := watched(ctx, v.path("why"))
	a["data-live"] = v.topic()
	return a
}

// remains reports whether there is something to do instead: somebody has, or may have,
// the message.
func (v whyView) remains() bool {
	return v.code() != "" && v.message.State == sealpost.Sent
}

// mostButtons is how many people of a group have a button of their own.
const mostButtons = 6

// there are the others who are in a conversation now.
func there(ctx context.Context, t service.Thread) []service.Member {
	return slices.DeleteFunc(others(ctx, t), func(m service.Member) bool { return !m.Active() })
}
