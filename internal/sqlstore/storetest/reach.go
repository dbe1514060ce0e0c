package storetest

import (
	"crypto/sha256"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// answer accepts or declines what is a request for somebody (R31).
func answer(in sealpost.ConversationID, who sealpost.UserID, consent sealpost.Consent) command {
	name := "accept"
	if consent == sealpost.ConsentDeclined {
		name = "decline"
	}
	c := command{name: name, ask: service.Ask{Conversation: in, Actor: who, Own: true}}
	c.do = func(s service.Snapshot) (service.Change, string, error) {
		self, ok := sealpost.FindParticipant(s.Participants, who)
		switch {
		case !ok:
			return service.Change{}, "", sealpost.NotFound()
		case self.Consent == consent:
			return service.Change{}, "again", nil
		case s.Own.Request == sealpost.RequestNone:
			return service.Change{}, "no request", nil
		}
		return service.Change{
			Audit: service.Audit{Action: "request." + name}, Consents: []service.Consenting{{UserID: who, Consent: consent}},
			Recount: []sealpost.UserID{who}, Touched: []sealpost.UserID{who},
		}, strings.TrimSuffix(name, "e") + "ed", nil
	}
	return c
}

func mute(in sealpost.ConversationID, who sealpost.UserID, on bool) command {
	c := command{name: "mute", ask: service.Ask{Conversation: in, Actor: who, Own: true}}
	c.do = func(s service.Snapshot) (service.Change, string, error) {
		if _, ok := sealpost.FindParticipant(s.Participants, who); !ok {
			return service.Change{}, "", sealpost.NotFound()
		}
		if s.Own.Muted == on {
			return service.Change{}, "as it was", nil
		}
		return service.Change{Audit: service.Audit{Action: "conversation.mute"}, Mute: &on}, "changed", nil
	}
	return c
}

func title(in sealpost.ConversationID, who sealpost.UserID, text string) command {
	c := command{name: "title", ask: service.Ask{Conversation: in, Actor: who}}
	c.do = func(s service.Snapshot) (service.Change, string, error) {
		return service.Change{Audit: service.Audit{Action: "conversation.title"}, Title: &text, Touched: active(s)}, "named", nil
	}
	return c
}

// relate changes how two people stand to each other; what is already so stays so.
func relate(kind string, user, other sealpost.UserID, reach sealpost.Reach) func(service.Amendment) error {
	return func(a service.Amendment) error {
		var err error
		switch kind {
		case "block":
			err = a.AddBlock(user, other)
		case "unblock":
			err = a.DropBlock(user, other)
		case "connect":
			err = a.AddConnection(user, other)
		case "disconnect":
			err = a.DropConnection(user, other)
		default:
			var u sealpost.User
			if u, err = a.User(user); err == nil {
				u.Reach = reach
				err = a.PutUser(u)
			}
		}
		if sealpost.CodeOf(err) == sealpost.CodeNotFound {
			return nil
		}
		return err
	}
}

// relate draws a change of how two people stand to each other.
func (m *machine) relate(kind string, who sealpost.UserID) {
	other := pick(m, "other", m.users)
	if other == who {
		return
	}
	reach := rapid.SampledFrom(sealpost.Reaches()).Draw(m.rt, "reach")
	m.tally[kind]++
	m.both(relate(kind, who, other, reach))
}

// answer answers a request of somebody's, if they have one; otherwise whatever was
// drawn.
func (m *machine) answer(in sealpost.ConversationID, who sealpost.UserID, consent sealpost.Consent) {
	items, err := m.a.Store.Inbox(ctx(), service.InboxQuery{Viewer: who, Filter: service.FilterRequests, Limit: 1})
	m.a.ok(err)
	if len(items) > 0 {
		in = items[0].Conversation.ID
	}
	m.do(answer(in, who, consent))
}

// deliveredAs counts how what was just sent came to people.
func (m *machine) deliveredAs(sender sealpost.UserID) {
	s := m.a.shot
	for _, p := range sealpost.Recipients(s.Participants, sender) {
		words := map[sealpost.Reception]string{
			sealpost.ReceiveRefused: "refused at release", sealpost.ReceiveNot: "not", sealpost.ReceiveClosed: "closed", sealpost.ReceiveAsRequest: "as a request", sealpost.ReceiveOrdinary: "ordinary",
		}
		m.tally["delivery → "+words[sealpost.Receive(s.Conversation.Kind, p.Consent, p.Standing)]]++
	}
}

// directOf is the id of the conversation of two people, whoever asks.
func directOf(a, b sealpost.UserID) sealpost.ConversationID {
	if a.Compare(b) > 0 {
		a, b = b, a
	}
	mixed := sha256.Sum256(append(a[:], b[:]...))
	return sealpost.ConversationID(mixed[:16])
}

// direct makes a conversation of two that nobody has in their list.
func (w *world) direct(a, b sealpost.UserID) sealpost.ConversationID {
	w.t.Helper()
	id := directOf(a, b)
	w.amend(func(am service.Amendment) error {
		c := sealpost.Conversation{ID: id, Kind: sealpost.Direct, CreatorID: a, CreatedAt: am.Now()}
		return am.AddConversation(c, []sealpost.UserID{a, b}, a)
	})
	return id
}

func (w *world) requestOf(in sealpost.ConversationID, who sealpost.UserID) sealpost.RequestState {
	w.t.Helper()
	return w.inside(service.Ask{Conversation: in, Actor: who, Own: true}).Own.Request
}

func (w *world) mustRun(c command) {
	w.t.Helper()
	_, err := w.run(c)
	w.ok(err)
}

// many lets a test recall more than once a day.
func many(p *policy.Policy) { p.PerConversationDay = 9 }

func reachCases() map[string]func(*testing.T, *world) {
	return map[string]func(*testing.T, *world){
		"Standings":                   standings,
		"StandingsOfARelease":         standingsOfARelease,
		"ARecalledRequestIsNone":      aRecalledRequestIsNone,
		"AcceptedStaysAccepted":       acceptedStaysAccepted,
		"WhoComesBackIsAskedAgain":    whoComesBackIsAskedAgain,
		"DeclinedIsClosed":            declinedIsClosed,
		"LeavingUncoversWhatIsClosed": leavingUncovers,
		"WhoLeftSeesNoNewTitle":       titleTimes,
		"WhoLeftHasNothingToDecide":   leftDecidesNothing,
		"StaysAreKept":                staysAreKept,
		"WhatADeclinerScheduled":      declinerScheduled,
	}
}

// R5, R33: leaving ends what only who is in it could change: a request, and the mark.
func leftDecidesNothing(_ *testing.T, w *world) {
	u := w.people(3)
	c := w.group(u[0], u[1])
	w.must(join(c, u[0], u[2]), "joined") // asked for: they are not connected
	w.must(openThrough(c, u[2], w.say(c, u[0])), "opened")
	w.must(markUnread(c, u[2], true), "marked")
	equal(w, "a request", w.thread(c, u[2]).Request, sealpost.RequestPending)
	w.must(leave(c, u[2]), "left")
	t := w.thread(c, u[2])
	equal(w, "a request of who left", t.Request, sealpost.RequestNone)
	equal(w, "marked by who left", t.MarkedUnread, false)
	for _, f := range []service.Filter{service.FilterRequests, service.FilterUnread} {
		equal(w, "listed: "+string(f), len(w.inbox(u[2], f)), 0)
	}
	count, err := w.Store.Waiting(ctx(), u[2])
	w.ok(err)
	equal(w, "waiting", count, service.Waiting{})
}

// R33: when somebody was here before they came back.
func staysAreKept(_ *testing.T, w *world) {
	u := w.people(2)
	c := w.group(u...)
	member := func() sealpost.Participant {
		for _, m := range w.thread(c, u[0]).Members {
			if m.UserID == u[1] {
				return m.Participant
			}
		}
		return sealpost.Participant{}
	}
	first := member()
	equal(w, "joined first", first.FirstAt, first.JoinedAt)
	w.must(leave(c, u[1]), "left")
	left := member()
	equal(w, "stayed until, gone", left.StayedUntil, 0)
	w.must(join(c, u[0], u[1]), "joined")
	again := member()
	equal(w, "joined first, back", again.FirstAt, first.JoinedAt)
	equal(w, "stayed until, back", again.StayedUntil, left.LeftAt)
	if again.JoinedAt <= left.LeftAt {
		w.t.Errorf("joined again at %d, left at %d", again.JoinedAt, left.LeftAt)
	}
}

// What somebody scheduled where they declined afterwards is listed as scheduled, and
// nowhere else.
func declinerScheduled(_ *testing.T, w *world) {
	u := w.people(2)
	c := w.direct(u[0], u[1])
	w.say(c, u[0])
	w.must(send(c, u[1], newID[sealpost.MessageID](w), sending{later: time.Hour}), "pending")
	w.must(answer(c, u[1], sealpost.ConsentDeclined), "declined")
	sameOrder(w, "scheduled", w.inbox(u[1], service.FilterScheduled), []sealpost.ConversationID{c})
	for _, f := range []service.Filter{service.FilterAll, service.FilterUnread, service.FilterRequests, service.FilterRecalled} {
		equal(w, "listed: "+string(f), len(w.inbox(u[1], f)), 0)
	}
	count, err := w.Store.Waiting(ctx(), u[1])
	w.ok(err)
	equal(w, "waiting", count, service.Waiting{Scheduled: 1})
}

// standings reads every fact by itself, of a conversation of two and of a group (R31).
func standings(_ *testing.T, w *world) {
	people := w.people(3)
	from, to, third := people[0], people[1], people[2]
	two, group := w.direct(from, to), w.group(from, to)
	look := func(in sealpost.ConversationID) sealpost.Standing {
		w.t.Helper()
		p, _ := sealpost.FindParticipant(w.inside(service.Ask{Conversation: in, Actor: from, Reach: true}).Participants, to)
		return p.Standing
	}
	want := sealpost.Standing{Reach: sealpost.ReachConnections}
	same(w, "strangers", look(two), want)
	w.amend(relate("connect", from, third, ""))
	w.amend(relate("connect", third, to, ""))
	same(w, "nobody asks for shared connections", look(two), want)
	w.amend(relate("reach", to, from, sealpost.ReachSecond))
	want.Reach, want.Shared = sealpost.ReachSecond, true
	same(w, "sharing a connection", look(two), want)
	w.amend(relate("connect", to, from, ""))
	want.Connected = true
	same(w, "connected", look(two), want)
	w.amend(relate("block", to, from, ""))
	want.Blocks = true
	same(w, "blocking the sender", look(two), want)
	w.amend(relate("block", from, to, ""))
	want.Blocked = true
	same(w, "blocked by the sender", look(two), want)
	same(w, "in a group", look(group), sealpost.Standing{Reach: sealpost.ReachSecond, Blocks: true, Blocked: true})
	w.amend(relate("unblock", to, from, ""))
	w.amend(relate("unblock", from, to, ""))
	w.mustRun(send(two, from, newID[sealpost.MessageID](w), sending{}))
	want.Blocks, want.Blocked, want.Existing = false, false, true
	same(w, "with a conversation", look(two), want)
	shot := w.inside(service.Ask{Conversation: group, Actor: from, Subject: to, Direct: two})
	same(w, "of a subject", shot.Standing, want)
	same(w, "unasked", shot.Participants[1].Standing, sealpost.Standing{})
	var inside sealpost.Standing
	var err, missing error
	w.amend(func(a service.Amendment) error {
		inside, err = a.Standing(to, from, two)
		_, missing = a.Standing(sealpost.UserID{1}, from, two)
		return nil
	})
	w.ok(err)
	same(w, "inside an amendment", inside, want)
	w.refused(missing, sealpost.CodeNotFound)
	w.amend(func(a service.Amendment) error {
		u, err := a.User(to)
		u.DisabledAt = 5
		if err != nil {
			return err
		}
		return a.PutUser(u)
	})
	want.Disabled = true
	same(w, "disabled", look(two), want)
}

// standingsOfARelease are towards the sender of the message, whoever releases it.
func standingsOfARelease(_ *testing.T, w *world) {
	people := w.people(2)
	in := w.direct(people[0], people[1])
	w.amend(relate("connect", people[0], people[1], ""))
	id := newID[sealpost.MessageID](w)
	w.mustRun(send(in, people[0], id, sending{hold: 1_000_000_000}))
	shot := w.inside(service.Ask{Conversation: in, Message: id, Reach: true})
	self, _ := sealpost.FindParticipant(shot.Participants, people[0])
	to, _ := sealpost.FindParticipant(shot.Participants, people[1])
	same(w, "the sender's own", self.Standing, sealpost.Standing{})
	same(w, "the recipient's", to.Standing, sealpost.Standing{Reach: sealpost.ReachConnections, Connected: true})
}

// aRecalledRequestIsNone (R16, R31): the list goes back to what it was.
func aRecalledRequestIsNone(_ *testing.T, w *world) {
	people := w.people(2)
	in, ids := w.direct(people[0], people[1]), []sealpost.MessageID{}
	w.setPolicy(many)
	for range 2 {
		ids = append(ids, newID[sealpost.MessageID](w))
		w.mustRun(send(in, people[0], ids[len(ids)-1], sending{}))
	}
	same(w, "after two", w.requestOf(in, people[1]), sealpost.RequestPending)
	w.mustRun(recallOf(in, people[0], ids[0], sealpost.DraftID{}))
	same(w, "after one recall", w.requestOf(in, people[1]), sealpost.RequestPending)
	w.mustRun(recallOf(in, people[0], ids[1], sealpost.DraftID{}))
	same(w, "after both", w.requestOf(in, people[1]), sealpost.RequestNone)
	same(w, "requests", len(w.inbox(people[1], service.FilterRequests)), 0)
}

// acceptedStaysAccepted also when everything is taken back in between, and writing is
// accepting (R31).
func acceptedStaysAccepted(_ *testing.T, w *world) {
	people := w.people(2)
	in, id := w.direct(people[0], people[1]), newID[sealpost.MessageID](w)
	w.mustRun(send(in, people[0], id, sending{}))
	same(w, "requests", len(w.inbox(people[1], service.FilterRequests)), 1)
	w.mustRun(answer(in, people[1], sealpost.ConsentAccepted))
	same(w, "accepted", w.requestOf(in, people[1]), sealpost.RequestNone)
	w.mustRun(recallOf(in, people[0], id, sealpost.DraftID{}))
	w.mustRun(send(in, people[0], newID[sealpost.MessageID](w), sending{}))
	same(w, "for ever", w.requestOf(in, people[1]), sealpost.RequestNone)
	same(w, "in the list", len(w.inbox(people[1], service.FilterAll)), 1)
}

// whoComesBackIsAskedAgain (R31): somebody added to a group again by a person who is
// no connection any more gets what comes then as a request, although their own
// messages are there already.
func whoComesBackIsAskedAgain(_ *testing.T, w *world) {
	people := w.people(3)
	in := w.group(people...)
	w.mustRun(send(in, people[1], newID[sealpost.MessageID](w), sending{}))
	w.mustRun(leave(in, people[1]))
	w.mustRun(join(in, people[0], people[1]))
	same(w, "before anything comes", w.requestOf(in, people[1]), sealpost.RequestNone)
	w.mustRun(send(in, people[0], newID[sealpost.MessageID](w), sending{}))
	same(w, "with something", w.requestOf(in, people[1]), sealpost.RequestPending)
	same(w, "requests", len(w.inbox(people[1], service.FilterRequests)), 1)
}

// declinedIsClosed (R31): the decliner has nothing of what was sealed and of what
// comes, and in no list; the sender's own view does not change.
func declinedIsClosed(_ *testing.T, w *world) {
	people := w.people(2)
	in, first, second := w.direct(people[0], people[1]), newID[sealpost.MessageID](w), newID[sealpost.MessageID](w)
	w.mustRun(send(in, people[0], first, sending{}))
	before, err := w.Store.Changes(ctx(), service.ChangesQuery{Conversation: in, Viewer: people[0], Limit: 10})
	w.ok(err)
	w.mustRun(answer(in, people[1], sealpost.ConsentDeclined))
	same(w, "declined", w.requestOf(in, people[1]), sealpost.RequestDeclined)
	after, err := w.Store.Changes(ctx(), service.ChangesQuery{Conversation: in, Viewer: people[0], Since: before.Upto, Limit: 10})
	w.ok(err)
	same(w, "what changed for the sender", len(after.Messages)+len(after.Vanished), 0)
	w.mustRun(send(in, people[0], second, sending{}))
	for _, id := range []sealpost.MessageID{first, second} {
		_, err := w.Store.Message(ctx(), id, people[1])
		w.refused(err, sealpost.CodeNotFound)
		_, err = w.run(openThrough(in, people[1], id))
		w.refused(err, sealpost.CodeNotFound)
		m, err := w.Store.Message(ctx(), id, people[0])
		w.ok(err)
		d, _ := m.DeliveryTo(people[1])
		same(w, "closed, and sealed to the sender", [2]bool{d.Closed, d.State == sealpost.DeliverySealed}, [2]bool{true, true})
	}
	for _, f := range []service.Filter{service.FilterAll, service.FilterUnread, service.FilterRequests, service.FilterRecalled, service.FilterScheduled} {
		same(w, "items of "+string(f), len(w.inbox(people[1], f)), 0)
	}
	gone, err := w.Store.Changes(ctx(), service.ChangesQuery{Conversation: in, Viewer: people[1], Limit: 10})
	w.ok(err)
	sameOrder(w, "vanished names only what was there", gone.Vanished, []sealpost.MessageID{first}) // R34
	w.setPolicy(func(p *policy.Policy) { many(p); p.Trace = sealpost.TraceAlways })
	third := newID[sealpost.MessageID](w)
	w.mustRun(send(in, people[0], third, sending{}))
	w.mustRun(recallOf(in, people[0], third, sealpost.DraftID{}))
	m, err := w.Store.Message(ctx(), third, people[0])
	w.ok(err)
	d, _ := m.DeliveryTo(people[1])
	same(w, "a marker for the report, none for them", [2]bool{d.Marked, d.Visible}, [2]bool{true, false})
	w.mustRun(send(in, people[1], newID[sealpost.MessageID](w), sending{}))
	same(w, "writing accepts", w.requestOf(in, people[1]), sealpost.RequestNone)
	_, err = w.Store.Message(ctx(), second, people[1])
	w.refused(err, sealpost.CodeNotFound) // what was closed stays closed
}

// leavingUncovers: that somebody left is no secret, and the report then says what it
// says of every leaver (R33).
func leavingUncovers(_ *testing.T, w *world) {
	people := w.people(3)
	in, id := w.group(people...), newID[sealpost.MessageID](w)
	w.amend(relate("block", people[1], people[0], ""))
	w.setPolicy(func(p *policy.Policy) { p.Trace = sealpost.TraceAlways })
	w.mustRun(send(in, people[0], id, sending{}))
	w.mustRun(leave(in, people[1]))
	w.mustRun(recallOf(in, people[0], id, sealpost.DraftID{}))
	m, err := w.Store.Message(ctx(), id, people[0])
	w.ok(err)
	d, _ := m.DeliveryTo(people[1])
	same(w, "closed, marked, visible", [3]bool{d.Closed, d.Marked, d.Visible}, [3]bool{})
	gone, err := w.Store.Changes(ctx(), service.ChangesQuery{Conversation: in, Viewer: people[1], Limit: 10})
	w.ok(err)
	same(w, "what they learn of it", len(gone.Messages)+len(gone.Vanished), 0) // R34
}

func titleTimes(_ *testing.T, w *world) {
	people := w.people(2)
	in := w.group(people...)
	t, err := w.Store.Thread(ctx(), in, people[0])
	w.ok(err)
	same(w, "before", t.Conversation.TitledAt, 0)
	w.mustRun(title(in, people[0], "Another name"))
	t, err = w.Store.Thread(ctx(), in, people[0])
	w.ok(err)
	same(w, "title", t.Conversation.Title, "Another name")
	same(w, "at", t.Conversation.TitledAt, w.now)
}
