package storetest

import (
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func limitCases() map[string]func(*testing.T, *world) {
	return map[string]func(*testing.T, *world){
		"DailyLimit":                  dailyLimit,
		"ThrottleMessages":            throttleMessages,
		"ThrottleRecipients":          throttleRecipients,
		"ThrottleRefusals":            throttleRefusals,
		"AMessageKeepsItsPolicy":      keepsPolicy,
		"TheWindowEndsWhenItSays":     windowEnds,
		"AForecastSeesTheSame":        forecastSame,
		"ManyRecipientsOfOneDoNotAdd": oneToMany,
	}
}

// recallFacts are what a recall of the message would be judged by now.
func (w *world) recallFacts(in sealpost.ConversationID, by sealpost.UserID, id sealpost.MessageID) service.RecallFacts {
	w.t.Helper()
	return w.inside(service.Ask{Conversation: in, Actor: by, Message: id, Recall: true}).Recall
}

// R13: the limit-th largest of the unexpired times, in this conversation, of this
// sender.
func dailyLimit(t *testing.T, w *world) {
	w.setPolicy(func(p *policy.Policy) { p.PerConversationDay = 2; p.Window = time.Hour })
	u := w.people(2)
	c, other := w.group(u...), w.group(u...)
	probe := w.say(c, u[0])
	free := func(at sealpost.Instant) {
		w.t.Helper()
		equal(w, "free again", w.recallFacts(c, u[0], probe).QuotaUntil, at)
	}
	free(0)
	base := w.now
	// Three recalls of days that end at different times.
	granted := func(in sealpost.ConversationID, by sealpost.UserID, next sealpost.Instant) {
		w.t.Helper()
		cmd := recallOf(in, by, w.say(in, by), sealpost.DraftID{})
		decide := cmd.do
		cmd.do = func(s service.Snapshot) (service.Change, string, error) {
			s.Recall.QuotaUntil = 0
			change, outcome, err := decide(s)
			change.Recalled.NextPossible = next
			return change, outcome, err
		}
		w.must(cmd, "recalled")
	}
	hour := func(n int) sealpost.Instant { return base.Add(time.Duration(n) * time.Hour) }
	granted(c, u[0], hour(5))
	free(0) // exactly one below the limit
	granted(c, u[0], hour(3))
	free(hour(3)) // the second largest
	granted(c, u[0], hour(9))
	free(hour(5))
	granted(c, u[1], hour(50)) // somebody else's
	granted(other, u[0], hour(50))
	free(hour(5))
	w.Clock(4 * time.Hour)
	free(hour(5))
	w.Clock(2 * time.Hour) // one is left, of two
	free(0)
	w.ok(w.Store.Sweep(ctx()))
	free(0)
	late := w.say(c, u[0])
	w.must(recallOf(c, u[0], late, sealpost.DraftID{}), "recalled")
	late = w.say(c, u[0])
	w.must(recallOf(c, u[0], late, sealpost.DraftID{}), string(sealpost.CodeDailyLimit))
}

// R14: over the limit, not at it; in other conversations, without notices.
func throttleMessages(_ *testing.T, w *world) {
	w.setPolicy(func(p *policy.Policy) {
		p.Throttle.Messages = 3
		p.Throttle.Period = 10 * time.Minute
		p.Window = time.Hour
	})
	u := w.people(2)
	c, other, third := w.group(u...), w.group(u...), w.group(u...)
	probe := w.say(c, u[0])
	over := func(at sealpost.Instant) {
		w.t.Helper()
		equal(w, "messages over", w.recallFacts(c, u[0], probe).MessagesOver, at)
	}
	var sent []sealpost.Instant
	say := func(in sealpost.ConversationID, o sending) {
		w.t.Helper()
		w.must(send(in, u[0], newID[sealpost.MessageID](w), o), "sent")
		sent = append(sent, w.now)
		w.Clock(time.Minute)
	}
	say(other, sending{})
	say(other, sending{})
	say(third, sending{})
	over(0)
	for range 4 {
		w.say(c, u[0])     // this conversation does not count
		w.say(other, u[1]) // nor do others' messages
	}
	w.must(send(other, u[0], newID[sealpost.MessageID](w), sending{notice: true}), "sent") // nor notices
	w.must(send(other, u[0], newID[sealpost.MessageID](w), sending{hold: time.Hour}), "pending")
	over(0)
	say(third, sending{})
	over(sent[0])
	say(third, sending{})
	over(sent[1])
	w.must(recallOf(c, u[0], probe, sealpost.DraftID{}), string(sealpost.CodeThrottled))
	// It ends a period after the message that is one too many. A recalled message
	// was sent nevertheless.
	now, err := w.Store.Now(ctx())
	w.ok(err)
	w.Clock(sent[1].Add(10 * time.Minute).Sub(now))
	over(0)
	w.must(recallOf(c, u[0], probe, sealpost.DraftID{}), "recalled")
}

func throttleRecipients(_ *testing.T, w *world) {
	w.setPolicy(func(p *policy.Policy) {
		p.Throttle.Recipients = 2
		p.Throttle.Period = 10 * time.Minute
		p.Window = time.Hour
	})
	u := w.people(6)
	c := w.group(u[0], u[1])
	probe := w.say(c, u[0])
	over := func(at sealpost.Instant) {
		w.t.Helper()
		equal(w, "recipients over", w.recallFacts(c, u[0], probe).RecipientsOver, at)
	}
	contact := func(who ...sealpost.UserID) (sealpost.ConversationID, sealpost.Instant) {
		w.t.Helper()
		in := w.group(append([]sealpost.UserID{u[0]}, who...)...)
		w.say(in, u[0])
		at := w.now
		w.Clock(time.Minute)
		return in, at
	}
	_, first := contact(u[2])
	over(0)
	again, second := contact(u[3])
	over(0) // exactly two
	contact(u[3])
	over(0) // distinct
	_, both := contact(u[2], u[3])
	over(0)
	notice := w.group(u[0], u[5])
	w.must(send(notice, u[0], newID[sealpost.MessageID](w), sending{notice: true}), "sent")
	over(0)
	_, third := contact(u[4])
	over(both) // three: the third most recent was reached last by the message to both
	w.say(again, u[0])
	over(both) // u[2], since u[3] is the most recent now
	w.say(c, u[0])
	over(both) // the conversation of the message itself does not count
	if first >= second || third <= both {
		w.t.Error("times are not in order")
	}
	w.Clock(9 * time.Minute)
	over(0)
}

func throttleRefusals(_ *testing.T, w *world) {
	w.setPolicy(func(p *policy.Policy) {
		p.Throttle.Refusals = 2
		p.Throttle.Period = 10 * time.Minute
		p.Window = time.Hour
	})
	u := w.people(2)
	c, other := w.group(u...), w.group(u...)
	probe := w.say(c, u[0])
	notice := newID[sealpost.MessageID](w)
	w.must(send(other, u[0], notice, sending{notice: true}), "sent")
	over := func(at sealpost.Instant) {
		w.t.Helper()
		equal(w, "refusals over", w.recallFacts(c, u[0], probe).RefusalsOver, at)
	}
	var at []sealpost.Instant
	for i := range 4 {
		if i < 3 {
			over(0)
		} else {
			over(at[0])
		}
		w.must(recallOf(other, u[0], notice, sealpost.DraftID{}), string(sealpost.CodeRequiredNotice))
		at = append(at, w.now)
		w.Clock(time.Minute)
	}
	over(at[1])
	w.must(recallOf(c, u[0], probe, sealpost.DraftID{}), string(sealpost.CodeThrottled)) // counts too (R10)
	over(at[2])
	theirs := w.say(c, u[1])
	equal(w, "somebody else's", w.recallFacts(c, u[1], theirs).RefusalsOver, sealpost.Instant(0))
	w.Clock(11 * time.Minute)
	over(0)
}

// R14: one message sent to too many people can always be recalled.
func oneToMany(_ *testing.T, w *world) {
	w.setPolicy(func(p *policy.Policy) { p.Throttle.Recipients = 1; p.Throttle.Messages = 1 })
	u := w.people(20)
	c := w.group(u...)
	w.must(recallOf(c, u[0], w.say(c, u[0]), sealpost.DraftID{}), "recalled")
}

// R12: a message keeps the policy it was sent under.
func keepsPolicy(_ *testing.T, w *world) {
	u := w.people(2)
	c := w.group(u...)
	id := w.say(c, u[0])
	off := w.setPolicy(func(p *policy.Policy) { p.Recall = false; p.Window = time.Minute; p.Trace = sealpost.TraceAlways })
	s := w.inside(service.Ask{Conversation: c, Actor: u[0], Message: id, Recall: true})
	same(w, "in force", s.Policy, off)
	equal(w, "of the message", s.Recall.Policy.Version, int64(1))
	equal(w, "its window", s.Recall.Policy.Window, 5*time.Minute)
	next := w.say(c, u[0])
	equal(w, "of the next message", w.recallFacts(c, u[0], next).Policy.Version, off.Version)
	w.must(recallOf(c, u[0], next, sealpost.DraftID{}), string(sealpost.CodeRecallOff))
	w.must(recallOf(c, u[0], id, sealpost.DraftID{}), "recalled")
	p, err := w.Store.Policy(ctx())
	w.ok(err)
	same(w, "the policy", p, off)
}

func windowEnds(_ *testing.T, w *world) {
	w.setPolicy(func(p *policy.Policy) { p.PerConversationDay = 9 })
	u := w.people(2)
	c := w.group(u...)
	id := w.say(c, u[0])
	m, err := w.Store.Message(ctx(), id, u[0])
	w.ok(err)
	equal(w, "recallable until", m.RecallableUntil, m.SentAt.Add(5*time.Minute))
	w.Clock(5*time.Minute - 10*time.Second)
	w.must(recallOf(c, u[0], id, sealpost.DraftID{}), "recalled")
	id = w.say(c, u[0])
	w.must(closeWindows(c), "none over")
	w.Clock(5*time.Minute + time.Second)
	w.must(recallOf(c, u[0], id, sealpost.DraftID{}), string(sealpost.CodeWindowClosed))
	w.must(closeWindows(c), "closed")
	w.must(closeWindows(c), "none over")
	w.Clock(-10 * time.Minute) // committed as over: whatever the clock says
	w.must(recallOf(c, u[0], id, sealpost.DraftID{}), string(sealpost.CodeWindowClosed))
}

func forecastSame(_ *testing.T, w *world) {
	w.setPolicy(func(p *policy.Policy) { p.Throttle.Messages = 1; p.Throttle.Refusals = 1; p.Throttle.Recipients = 1 })
	u := w.people(3)
	c, other := w.group(u...), w.group(u...)
	id := w.say(c, u[0])
	w.must(recallOf(c, u[0], w.say(c, u[0]), sealpost.DraftID{}), "recalled")
	w.must(recallOf(c, u[0], id, sealpost.DraftID{}), string(sealpost.CodeDailyLimit))
	w.must(recallOf(c, u[0], id, sealpost.DraftID{}), string(sealpost.CodeDailyLimit))
	w.say(other, u[0])
	w.say(other, u[0])
	_, _, err := w.Store.Seen(ctx(), u[1])
	w.ok(err)
	locked := w.inside(service.Ask{Conversation: c, Actor: u[0], Message: id, Recall: true})
	free, err := w.Store.RecallFacts(ctx(), id)
	w.ok(err)
	same(w, "facts without locks", free.Recall, locked.Recall)
	same(w, "the message", *free.Message, *locked.Message)
	equal(w, "participants", len(free.Participants), 3)
	if free.Now <= free.Conversation.DecidedAt {
		w.t.Error("a forecast is for later than the last decision")
	}
	for what, at := range map[string]sealpost.Instant{
		"quota": free.Recall.QuotaUntil, "messages": free.Recall.MessagesOver, "recipients": free.Recall.RecipientsOver, "refusals": free.Recall.RefusalsOver,
	} {
		if at == 0 {
			w.t.Errorf("%s: not over its limit", what)
		}
	}
	_, err = w.Store.RecallFacts(ctx(), newID[sealpost.MessageID](w))
	w.refused(err, sealpost.CodeNotFound)
}
