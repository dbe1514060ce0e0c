package storetest

import (
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// What is done when it is too late for a recall: hiding, reports, removal.

func reviewCases() map[string]func(*testing.T, *world) {
	return map[string]func(*testing.T, *world){
		"HidingIsTheViewersOwn":         hidingIsOwn,
		"HidingIsNoSecretTold":          hidingTellsNobody,
		"AHiddenRequestIsNone":          hiddenRequest,
		"HidingChangesNoReply":          hidingChangesNoReply,
		"WhatIsHiddenIsNotOpened":       hiddenStaysSealed,
		"HidingDoesNotUnthrottle":       hidingDoesNotUnthrottle,
		"AReportSurvivesARecall":        reportSurvives,
		"OneOpenReportIsLoaded":         openReports,
		"TheQueueAndItsOrder":           queueOrder,
		"OwnReportsByPages":             ownReports,
		"EvidenceIsKeptAndForgotten":    evidenceExpires,
		"ARemovalIsForEverybody":        removalForAll,
		"AcknowledgementsAreTheSenders": acknowledgements,
		"ReportAgainstRecall":           reportAgainstRecall,
		"RemovalAgainstOpen":            removalAgainstOpen,
	}
}

// hide takes a message out of one viewer's views.

// flag reports a message under an id.

func flag(in sealpost.ConversationID, by sealpost.UserID, of sealpost.MessageID, id sealpost.FlagID, removal bool) command {
	c := command{name: "flag", ask: service.Ask{Conversation: in, Actor: by, Message: of, Flags: true}}
	c.do = func(s service.Snapshot) (service.Change, string, error) {
		m := s.Message
		if m == nil || m.ConversationID != in || !m.VisibleTo(by) {
			return service.Change{}, "", sealpost.NotFound()
		}
		d, _ := m.DeliveryTo(by)
		if m.State != sealpost.Sent || d.State == sealpost.DeliveryRecalled {
			return service.Change{}, "too late", nil
		}
		for _, f := range s.Flags {
			if f.ReporterID == by { // said anew
				f.Reason, f.RequestRemoval, f.Evidence.Version = sealpost.FlagSpam, removal, f.Evidence.Version+1
				return service.Change{Audit: service.Audit{Action: "flag.change", Message: of}, Flags: []sealpost.Flag{f}}, "changed", nil
			}
		}
		f := sealpost.Flag{
			ID: id, ConversationID: in, MessageID: of, SenderID: m.SenderID, ReporterID: by, Reason: sealpost.FlagOther,
			RequestRemoval: removal, CreatedAt: s.Now, State: sealpost.FlagOpen,
			Evidence: sealpost.Sealed{Version: 1, Body: m.Content.Body, Ref: longTerm, Wrapped: []byte("evidence")},
		}
		return service.Change{Audit: service.Audit{Action: "flag.create", Message: of}, Flags: []sealpost.Flag{f}}, "flagged", nil
	}
	return c
}

// resolve closes a report; remove takes the message from everybody (R30), whether or

// not there is a report.

func resolve(in sealpost.ConversationID, by sealpost.UserID, of sealpost.MessageID, remove bool) command {
	c := command{name: "resolve", ask: service.Ask{Conversation: in, Actor: by, Message: of, Flags: true}}
	if remove {
		c.name = "remove"
	}
	c.do = func(s service.Snapshot) (service.Change, string, error) {
		if s.Message == nil || s.Message.ConversationID != in {
			return service.Change{}, "", sealpost.NotFound()
		}
		change := service.Change{Audit: service.Audit{Action: "flag.resolve", Message: of}}
		for _, f := range s.Flags {
			f.State, f.Resolution, f.ResolvedBy, f.ResolvedAt = sealpost.FlagResolved, sealpost.ResolvedKeep, by, s.Now
			f.Evidence.Version, f.Evidence.Body = 2, []byte("with an answer")
			change.Flags = append(change.Flags, f)
		}
		if !remove {
			return change, "resolved", nil
		}
		m, changed := sealpost.Remove(*s.Message, s.Now)
		if !changed {
			return service.Change{}, "nothing to remove", nil
		}
		u := service.Update{Message: m}
		for i, d := range m.Deliveries {
			if d != s.Message.Deliveries[i] {
				u.Deliveries, change.Recount = append(u.Deliveries, d), append(change.Recount, d.UserID)
			}
		}
		change.Update, change.Changed = []service.Update{u}, []sealpost.UserID{m.SenderID}
		return change, "removed", nil
	}
	return c
}

// acknowledge answers; any opened message will do for a store.

func acknowledge(in sealpost.ConversationID, by sealpost.UserID, id sealpost.MessageID, deleted bool) command {
	c := command{name: "acknowledge", ask: service.Ask{Conversation: in, Actor: by, Message: id}}
	c.do = func(s service.Snapshot) (service.Change, string, error) {
		if s.Message == nil || s.Message.ConversationID != in {
			return service.Change{}, "", sealpost.NotFound()
		}
		m, changed := sealpost.Acknowledge(*s.Message, by, deleted, s.Now)
		if !changed {
			return service.Change{}, "nothing new", nil
		}
		d, _ := m.DeliveryTo(by)
		return service.Change{
			Audit:   service.Audit{Action: "message.acknowledge", Message: id},
			Update:  []service.Update{{Message: m, Deliveries: []sealpost.Delivery{d}}},
			Changed: []sealpost.UserID{m.SenderID, by},
		}, "acknowledged", nil
	}
	return c
}

// R31, R34: a conversation exists for who hid everything in it, or the next message would

// tell its sender.

// R16, R31: a request whose only message its viewer hid is none any more, until the next.

// R34: what a viewer hid they know of, also when it was recalled from them or closed to

// them since; so nothing happens to what answers it.

// R5, R7: opening through a later message does not open what its reader has hidden.

// R14: what was sent counts, also when its sender does not want to see it any more.

// R18, R23: a recall deletes the key of the message and nothing of the report.

func reportSurvives(t *testing.T, w *world) {
	u := w.people(2)
	c := w.group(u...)
	m, id := w.say(c, u[0]), newID[sealpost.FlagID](w)
	w.must(flag(c, u[1], m, id, false), "flagged")
	before, err := w.Store.Flag(ctx(), id)
	w.ok(err)
	w.must(recallOf(c, u[0], m, sealpost.DraftID{}), "recalled")
	recalled, err := w.Store.Message(ctx(), m, u[0])
	w.ok(err)
	if !recalled.Content.Erased() || len(recalled.Content.Wrapped) > 0 {
		t.Error("the report kept the key of the message alive (R18)")
	}
	if w.Reopen != nil {
		w.Store = w.Reopen()
	}
	after, err := w.Store.Flag(ctx(), id)
	w.ok(err)
	same(w, "the report", after, before)
	equal(w, "evidence", string(after.Evidence.Body), "sealed text")
	_, err = w.Store.Flag(ctx(), newID[sealpost.FlagID](w))
	w.refused(err, sealpost.CodeNotFound)
}

func openReports(_ *testing.T, w *world) {
	u := w.people(3)
	c := w.group(u...)
	m, other := w.say(c, u[0]), w.say(c, u[0])
	for _, by := range u {
		w.must(flag(c, by, m, newID[sealpost.FlagID](w), false), "flagged")
	}
	w.must(flag(c, u[0], m, newID[sealpost.FlagID](w), true), "changed")
	first, err := w.Store.FlagQueue(ctx(), service.FlagQuery{State: sealpost.FlagOpen, Limit: 1})
	w.ok(err)
	same(w, "said anew, for removal, by the sender: first in the queue", []any{first[0].ReporterID, first[0].Reason, first[0].RequestRemoval},
		[]any{u[0], sealpost.FlagSpam, true})
	changed, err := w.Store.Flag(ctx(), first[0].ID)
	w.ok(err)
	equal(w, "version of the evidence", changed.Evidence.Version, 2)
	w.must(flag(c, u[1], other, newID[sealpost.FlagID](w), false), "flagged")
	equal(w, "open", len(w.inside(service.Ask{Conversation: c, Message: m, Flags: true}).Flags), 3)
	equal(w, "not asked for", len(w.inside(service.Ask{Conversation: c, Message: m}).Flags), 0)
	w.must(resolve(c, u[2], m, false), "resolved")
	equal(w, "open afterwards", len(w.inside(service.Ask{Conversation: c, Message: m, Flags: true}).Flags), 0)
	w.must(flag(c, u[1], m, newID[sealpost.FlagID](w), false), "flagged") // again, after the answer
}

// R30: who asks for the removal of their own message comes first, then the oldest.

func queueOrder(_ *testing.T, w *world) {
	u := w.people(4)
	c, other := w.group(u[:3]...), w.group(u[:3]...)
	var want []sealpost.FlagID
	report := func(in sealpost.ConversationID, by, sender sealpost.UserID, removal bool) {
		id := newID[sealpost.FlagID](w)
		w.must(flag(in, by, w.say(in, sender), id, removal), "flagged")
		want = append(want, id)
	}
	report(c, u[1], u[0], true)
	report(other, u[0], u[0], false)
	report(c, u[0], u[0], true)
	report(other, u[1], u[1], true)
	report(other, u[2], u[1], false)
	want = []sealpost.FlagID{want[2], want[3], want[0], want[1], want[4]}
	queue := func(viewer sealpost.UserID, state sealpost.FlagState, limit int) []sealpost.FlagID {
		got := []sealpost.FlagID{}
		q := service.FlagQuery{State: state, Viewer: viewer, Limit: limit}
		for {
			page, err := w.Store.FlagQueue(ctx(), q)
			w.ok(err)
			for _, f := range page {
				got = append(got, f.ID)
				q.AfterTurn, q.AfterAt, q.AfterID = f.Turn(), f.CreatedAt, f.ID
				equal(w, "evidence in the queue", len(f.Evidence.Body)+len(f.Evidence.Wrapped), 0)
			}
			if len(page) < limit {
				return got
			}
		}
	}
	for _, limit := range []int{1, 2, 3, 100} {
		sameOrder(w, "queue", queue(u[3], sealpost.FlagOpen, limit), want)
	}
	// R22: what others reported of one's own message is not there.
	sameOrder(w, "queue of a sender", queue(u[1], sealpost.FlagOpen, 100), []sealpost.FlagID{want[0], want[1], want[2], want[3]})
	equal(w, "resolved", len(queue(u[3], sealpost.FlagResolved, 100)), 0)
	f, err := w.Store.Flag(ctx(), want[0])
	w.ok(err)
	w.must(resolve(c, u[3], f.MessageID, false), "resolved")
	sameOrder(w, "resolved", queue(u[3], sealpost.FlagResolved, 100), want[:1])
	sameOrder(w, "open", queue(u[3], sealpost.FlagOpen, 100), want[1:])
}

func ownReports(_ *testing.T, w *world) {
	u := w.people(2)
	c := w.group(u...)
	var want []sealpost.FlagID
	for range 3 {
		id := newID[sealpost.FlagID](w)
		w.must(flag(c, u[1], w.say(c, u[0]), id, false), "flagged")
		want = append([]sealpost.FlagID{id}, want...)
	}
	got := []sealpost.FlagID{}
	var before sealpost.FlagID
	for range 3 {
		page, err := w.Store.FlagsBy(ctx(), u[1], before, 1)
		w.ok(err)
		equal(w, "page", len(page), 1)
		before = page[0].ID
		got = append(got, before)
	}
	sameOrder(w, "own reports", got, want)
	none, err := w.Store.FlagsBy(ctx(), u[0], sealpost.FlagID{}, 10)
	w.ok(err)
	equal(w, "of another", len(none), 0)
}

func evidenceExpires(_ *testing.T, w *world) {
	u := w.people(3)
	c := w.group(u...)
	m, id, open := w.say(c, u[0]), newID[sealpost.FlagID](w), newID[sealpost.FlagID](w)
	w.must(flag(c, u[1], m, id, false), "flagged")
	w.must(resolve(c, u[2], m, false), "resolved")
	w.must(flag(c, u[1], w.say(c, u[0]), open, false), "flagged")
	erased := func(id sealpost.FlagID) bool {
		f, err := w.Store.Flag(ctx(), id)
		w.ok(err)
		return f.Evidence.Erased() && len(f.Evidence.Body) == 0 && len(f.Evidence.Wrapped) == 0
	}
	w.Clock(sealpost.EvidenceLife - time.Hour)
	w.ok(w.Store.Sweep(ctx()))
	equal(w, "erased before its time", erased(id), false)
	w.Clock(2 * time.Hour)
	w.ok(w.Store.Sweep(ctx()))
	equal(w, "erased in time", erased(id), true)
	equal(w, "an open one is erased", erased(open), false)
}

// R30, I4: for everybody, and not unread any more.

func removalForAll(t *testing.T, w *world) {
	u := w.people(4)
	c := w.group(u...)
	w.say(c, u[0])
	m := w.say(c, u[0])
	w.must(openThrough(c, u[2], m), "opened")
	w.must(leave(c, u[3]), "left")
	since := w.now
	before := w.thread(c, u[1])
	w.must(resolve(c, u[1], m, true), "removed")
	w.must(resolve(c, u[1], m, true), "nothing to remove")
	after := w.thread(c, u[1])
	equal(w, "unread", after.Unread, before.Unread-1)
	equal(w, "last activity", after.LastActivityAt, before.LastActivityAt)
	for _, viewer := range u[:3] {
		set := w.changes(c, viewer, since)
		if len(set.Messages) != 1 || set.Messages[0].State != sealpost.Removed || set.Messages[0].ReadableBy(viewer) {
			t.Errorf("changes after the removal: %+v", set)
		}
	}
	set := w.changes(c, u[3], since)
	equal(w, "changes of who left", len(set.Messages)+len(set.Vanished), 0)
	equal(w, "sealed", len(w.inside(service.Ask{Conversation: c, Actor: u[1], OpenThrough: m}).Sealed), 1)
	w.must(openThrough(c, u[1], m), "opened") // the one before it
	w.must(openThrough(c, u[1], m), "nothing sealed")
}

func acknowledgements(_ *testing.T, w *world) {
	u := w.people(3)
	c := w.group(u...)
	m := w.say(c, u[0])
	w.must(acknowledge(c, u[1], m, true), "nothing new") // sealed
	w.must(openThrough(c, u[1], m), "opened")
	w.must(openThrough(c, u[2], m), "opened")
	since := w.now
	w.must(acknowledge(c, u[1], m, false), "acknowledged")
	first := w.now
	w.must(acknowledge(c, u[1], m, false), "nothing new")
	w.must(acknowledge(c, u[1], m, true), "acknowledged")
	w.must(acknowledge(c, u[1], m, false), "nothing new")
	got, err := w.Store.Message(ctx(), m, u[0])
	w.ok(err)
	d, _ := got.DeliveryTo(u[1])
	equal(w, "acknowledged", d.AcknowledgedAt, first)
	equal(w, "deleted", d.Deleted, true)
	equal(w, "changes for the sender", len(w.changes(c, u[0], since).Messages), 1)
	equal(w, "changes for another", len(w.changes(c, u[2], since).Messages), 0)
}

// R23: evidence exists if and only if the report was acknowledged, whatever the

// recall did.

func reportAgainstRecall(t *testing.T, w *world) {
	u := w.people(2)
	wins := map[string]int{}
	for round := range max(w.rounds()/4, 10) {
		c := w.group(u...)
		m, id := w.say(c, u[0]), newID[sealpost.FlagID](w)
		commands := []command{flag(c, u[1], m, id, false), recallOf(c, u[0], m, sealpost.DraftID{})}
		if round%2 == 1 {
			commands[0], commands[1] = commands[1], commands[0]
		}
		outcomes, errs := together(w, commands...)
		flagged := false
		for i, outcome := range outcomes {
			if errs[i] != nil && sealpost.CodeOf(errs[i]) != sealpost.CodeNotFound {
				t.Fatalf("round %d: %s: %v", round, commands[i].name, errs[i])
			}
			flagged = flagged || outcome == "flagged"
		}
		f, err := w.Store.Flag(ctx(), id)
		if flagged != (err == nil) || flagged && string(f.Evidence.Body) != "sealed text" {
			t.Fatalf("round %d: %q, and the report is %+v, %v", round, outcomes, f, err)
		}
		wins[outcomes[0]]++
	}
	t.Logf("%v", wins)
}

// R7, R30: of a removal and an opening either gives the text or refuses it.

func removalAgainstOpen(t *testing.T, w *world) {
	u := w.people(3)
	opened := 0
	for round := range max(w.rounds()/4, 10) {
		c := w.group(u...)
		m := w.say(c, u[0])
		commands := []command{openThrough(c, u[1], m), resolve(c, u[2], m, true)}
		if round%2 == 1 {
			commands[0], commands[1] = commands[1], commands[0]
		}
		outcomes, errs := together(w, commands...)
		for i, err := range errs {
			if err != nil {
				t.Fatalf("round %d: %s: %v", round, commands[i].name, err)
			}
		}
		open, remove := outcomes[round%2], outcomes[1-round%2]
		got, err := w.Store.Message(ctx(), m, u[1])
		w.ok(err)
		want := map[string]sealpost.DeliveryState{"opened": sealpost.DeliveryOpened, "nothing sealed": sealpost.DeliveryRemoved}[open]
		if remove != "removed" || got.State != sealpost.Removed || got.Deliveries[0].State != want || got.ReadableBy(u[1]) {
			t.Fatalf("round %d: %q, and the message is %+v", round, outcomes, got)
		}
		if open == "opened" {
			opened++
		}
	}
	t.Logf("the opening came first in %d", opened)
}
