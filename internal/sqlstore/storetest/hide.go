package storetest

import (
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func hide(in sealpost.ConversationID, by sealpost.UserID, id sealpost.MessageID) command {
	c := command{name: "hide", ask: service.Ask{Conversation: in, Actor: by, Message: id}}
	c.do = func(s service.Snapshot) (service.Change, string, error) {
		if s.Message == nil || s.Message.ConversationID != in || !s.Message.VisibleTo(by) {
			return service.Change{}, "", sealpost.NotFound()
		}
		m, changed := sealpost.Hide(*s.Message, by, s.Now)
		if !changed {
			return service.Change{}, "not hidden", nil
		}
		u := service.Update{Message: m}
		if d, ok := m.DeliveryTo(by); ok {
			u.Deliveries = []sealpost.Delivery{d}
		}
		change := service.Change{
			Audit: service.Audit{Action: "message.hide", Message: id}, Update: []service.Update{u}, Recount: []sealpost.UserID{by},
		}
		if m.SenderID == by {
			change.HidOwn = by
		}
		return change, "hidden", nil
	}
	return c
}

func hidingIsOwn(t *testing.T, w *world) {
	u := w.people(3)
	c := w.group(u...)
	first, second := w.say(c, u[0]), w.say(c, u[0])
	before := w.thread(c, u[1])
	since := w.now
	w.must(hide(c, u[1], second), "hidden")
	w.must(hide(c, u[1], second), "not hidden")
	sameOrder(w, "history", w.history(c, u[1]), []sealpost.MessageID{first})
	sameOrder(w, "history of another", w.history(c, u[2]), []sealpost.MessageID{second, first})
	after := w.thread(c, u[1])
	equal(w, "unread", after.Unread, before.Unread-1) // I4
	if after.LastActivityAt >= before.LastActivityAt {
		t.Error("the order did not go back")
	}
	set := w.changes(c, u[1], since)
	sameOrder(w, "vanished", set.Vanished, []sealpost.MessageID{second})
	equal(w, "changed", len(set.Messages), 0)
	for _, other := range []sealpost.UserID{u[0], u[2]} {
		set := w.changes(c, other, since)
		equal(w, "changes for the others", len(set.Messages)+len(set.Vanished), 0)
	}

	// A recall of what is hidden is no news to the one who hid it, whatever the marker.
	since = w.now
	w.must(recallOf(c, u[0], second, sealpost.DraftID{}), "recalled")
	set = w.changes(c, u[1], since)
	equal(w, "changes by the recall", len(set.Messages)+len(set.Vanished), 0)
	sameOrder(w, "history after the recall", w.history(c, u[1]), []sealpost.MessageID{first})

	w.must(hide(c, u[1], first), "hidden")
	if _, err := w.Store.Thread(ctx(), c, u[1]); sealpost.CodeOf(err) != sealpost.CodeNotFound {
		t.Errorf("nothing is left to see: %v", err)
	}
	equal(w, "inbox", len(w.inbox(u[1], service.FilterAll)), 0)
	w.must(hide(c, u[0], first), "hidden") // an own one
	sameOrder(w, "history of the sender", w.history(c, u[0]), []sealpost.MessageID{second})
	sameOrder(w, "vanished for the sender", w.changes(c, u[0], since).Vanished, []sealpost.MessageID{first})
	w.must(recallOf(c, u[0], first, sealpost.DraftID{}), string(sealpost.CodeDailyLimit))
	if w.Reopen != nil {
		w.Store = w.Reopen()
		sameOrder(w, "history of the sender, reopened", w.history(c, u[0]), []sealpost.MessageID{second})
	}
}

func hidingTellsNobody(_ *testing.T, w *world) {
	u := w.people(2)
	c := w.direct(u[0], u[1])
	w.amend(relate("connect", u[1], u[0], ""))
	first, second := w.say(c, u[0]), w.say(c, u[0])
	w.must(openThrough(c, u[1], first), "opened")
	existing := func() bool {
		p, _ := sealpost.FindParticipant(w.inside(service.Ask{Conversation: c, Actor: u[0], Reach: true}).Participants, u[1])
		return p.Standing.Existing
	}
	w.must(hide(c, u[1], first), "hidden")
	w.must(hide(c, u[1], second), "hidden")
	equal(w, "existing, hidden", existing(), true)
	w.amend(relate("disconnect", u[1], u[0], ""))
	w.say(c, u[0])
	equal(w, "a request for who hid the rest", w.thread(c, u[1]).Request, sealpost.RequestNone)
	w.must(recallOf(c, u[0], second, sealpost.DraftID{}), "recalled")
	equal(w, "existing by what was opened", existing(), true)
}

func hiddenRequest(_ *testing.T, w *world) {
	u := w.people(2)
	c := w.direct(u[0], u[1])
	w.must(hide(c, u[1], w.say(c, u[0])), "hidden")
	equal(w, "requests", len(w.inbox(u[1], service.FilterRequests)), 0)
	count, err := w.Store.Waiting(ctx(), u[1])
	w.ok(err)
	equal(w, "requests that wait", count.Requests, 0)
	w.say(c, u[0])
	sameOrder(w, "requests by the next", w.inbox(u[1], service.FilterRequests), []sealpost.ConversationID{c})
}

func hidingChangesNoReply(_ *testing.T, w *world) {
	u := w.people(3)
	w.setPolicy(func(p *policy.Policy) { p.Trace = sealpost.TraceNever })
	c := w.group(u...)
	recalled, closed, unseen := w.say(c, u[0]), w.say(c, u[1]), w.say(c, u[1])
	seen := func() int {
		all, err := w.Store.VisibleAmong(ctx(), u[2], []service.Reference{{Conversation: c, Message: recalled}, {Conversation: c, Message: closed}})
		w.ok(err)
		n := 0
		for _, visible := range all {
			if visible {
				n++
			}
		}
		return n
	}
	for _, id := range []sealpost.MessageID{recalled, closed} {
		w.must(hide(c, u[2], id), "hidden")
	}
	equal(w, "known of", seen(), 2)
	w.must(recallOf(c, u[0], recalled, sealpost.DraftID{}), "recalled")
	w.must(leave(c, u[2]), "left")
	equal(w, "known of afterwards", seen(), 2)
	all, err := w.Store.VisibleAmong(ctx(), u[2], []service.Reference{{Conversation: c, Message: unseen}})
	w.ok(err)
	equal(w, "what was closed and not hidden", all[unseen], false)
}

func hiddenStaysSealed(_ *testing.T, w *world) {
	u := w.people(2)
	c := w.group(u...)
	first, second := w.say(c, u[0]), w.say(c, u[0])
	w.must(hide(c, u[1], first), "hidden")
	w.must(openThrough(c, u[1], second), "opened")
	m, err := w.Store.Message(ctx(), first, u[0])
	w.ok(err)
	equal(w, "state for the sender", m.Deliveries[0].State, sealpost.DeliverySealed)
	equal(w, "unread", w.thread(c, u[1]).Unread, 0)
	w.must(recallOf(c, u[0], first, sealpost.DraftID{}), "recalled")
}

func hidingDoesNotUnthrottle(_ *testing.T, w *world) {
	u := w.people(2)
	elsewhere := w.group(u...)
	var sent []sealpost.MessageID
	for range 31 {
		sent = append(sent, w.say(elsewhere, u[0]))
	}
	for _, id := range sent {
		w.must(hide(elsewhere, u[0], id), "hidden")
	}
	c := w.group(u...)
	w.must(recallOf(c, u[0], w.say(c, u[0]), sealpost.DraftID{}), string(sealpost.CodeThrottled))
	w.Clock(11 * time.Minute)
	w.must(recallOf(c, u[0], w.say(c, u[0]), sealpost.DraftID{}), "recalled")
}
