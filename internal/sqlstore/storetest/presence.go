package storetest

import (
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func presenceCases() map[string]func(*testing.T, *world) {
	return map[string]func(*testing.T, *world){
		"SeenUntilTheEndOfTheMinute":  seenMinute,
		"AConnectionCountsByItsLease": connectionLease,
		"ALapsedLeaseIsNotRenewed":    lapsedLease,
		"ADeadNodeStandsForItsOwn":    deadNode,
		"DisconnectIsSeen":            disconnectSeen,
	}
}

// seen is until when the user may have noticed a message of theirs to them.
func (w *world) seen(in sealpost.ConversationID, from, user sealpost.UserID, id sealpost.MessageID) sealpost.Instant {
	w.t.Helper()
	return w.recallFacts(in, from, id).Seen[user]
}

func seenMinute(_ *testing.T, w *world) {
	u := w.people(3)
	c := w.group(u...)
	id := w.say(c, u[0])
	facts := w.recallFacts(c, u[0], id)
	equal(w, "people looked at", len(facts.Seen), 2)
	equal(w, "never seen", facts.Seen[u[1]], sealpost.Instant(0))
	before, err := w.Store.Now(ctx())
	w.ok(err)
	until, now, err := w.Store.Seen(ctx(), u[1])
	w.ok(err)
	minute := sealpost.Instant(time.Minute / time.Microsecond)
	if now < before || until%minute != 0 || until <= now || until > now+minute {
		w.t.Errorf("seen at %v until %v, clock %v", now, until, before)
	}
	equal(w, "seen", w.seen(c, u[0], u[1], id), until.Add(service.PresenceSlack))
	equal(w, "somebody else", w.seen(c, u[0], u[2], id), sealpost.Instant(0))
	w.Clock(-time.Hour) // never less than it was
	_, _, err = w.Store.Seen(ctx(), u[1])
	w.ok(err)
	equal(w, "seen after the clock went back", w.seen(c, u[0], u[1], id), until.Add(service.PresenceSlack))
	w.Clock(3 * time.Hour)
	later, _, err := w.Store.Seen(ctx(), u[1])
	w.ok(err)
	equal(w, "seen later", w.seen(c, u[0], u[1], id), later.Add(service.PresenceSlack))
	w.ok(w.Store.Sweep(ctx()))
	equal(w, "seen after a sweep", w.seen(c, u[0], u[1], id), later.Add(service.PresenceSlack))
}

// between fails unless a time lies in a range: leases are timed inside the store.
func (w *world) between(what string, got, low, high sealpost.Instant) {
	w.t.Helper()
	if got < low || got > high {
		w.t.Errorf("%s: %v is not from %v to %v", what, got, low, high)
	}
}

func (w *world) clock() sealpost.Instant {
	w.t.Helper()
	now, err := w.Store.Now(ctx())
	w.ok(err)
	return now
}

func connectionLease(_ *testing.T, w *world) {
	u := w.people(2)
	c := w.group(u...)
	id := w.say(c, u[0])
	node, other := [16]byte{1}, [16]byte{2}
	before := w.clock()
	w.ok(w.Store.Lease(ctx(), node, 30*time.Second))
	after := w.clock()
	equal(w, "no connection", w.seen(c, u[0], u[1], id), sealpost.Instant(0))
	w.ok(w.Store.Connect(ctx(), node, u[1]))
	w.ok(w.Store.Connect(ctx(), node, u[1])) // idempotent
	first := w.seen(c, u[0], u[1], id)
	w.between("seen", first, before.Add(30*time.Second), after.Add(30*time.Second))
	w.Clock(20 * time.Second)
	w.ok(w.Store.Lease(ctx(), node, 30*time.Second)) // renewed
	w.between("seen after a renewal", w.seen(c, u[0], u[1], id), first.Add(20*time.Second), w.clock().Add(30*time.Second))
	w.ok(w.Store.Lease(ctx(), other, time.Hour))
	w.ok(w.Store.Connect(ctx(), other, u[1]))
	w.between("seen by two nodes", w.seen(c, u[0], u[1], id), w.clock().Add(59*time.Minute), w.clock().Add(time.Hour))
}

func lapsedLease(_ *testing.T, w *world) {
	node := [16]byte{3}
	w.ok(w.Store.Lease(ctx(), node, 30*time.Second))
	w.Clock(31 * time.Second)
	w.refused(w.Store.Lease(ctx(), node, 30*time.Second), sealpost.CodeUnavailable)
	w.refused(w.Store.Lease(ctx(), node, 30*time.Second), sealpost.CodeUnavailable)
	w.ok(w.Store.Lease(ctx(), [16]byte{4}, 30*time.Second)) // another id begins anew
	// Nor after the node was forgotten: a node that slept must not find itself alive.
	w.Clock(10 * time.Minute)
	w.ok(w.Store.Sweep(ctx()))
	w.refused(w.Store.Lease(ctx(), node, 30*time.Second), sealpost.CodeUnavailable)
}

func deadNode(_ *testing.T, w *world) {
	u := w.people(2)
	c := w.group(u...)
	id := w.say(c, u[0])
	node := [16]byte{5}
	w.ok(w.Store.Lease(ctx(), node, 30*time.Second))
	w.ok(w.Store.Connect(ctx(), node, u[1]))
	lease := w.seen(c, u[0], u[1], id)
	w.Clock(time.Hour)
	equal(w, "after the end of the lease", w.seen(c, u[0], u[1], id), lease)
	w.ok(w.Store.Sweep(ctx()))
	w.ok(w.Store.Sweep(ctx()))
	equal(w, "after the node was forgotten", w.seen(c, u[0], u[1], id), lease)
}

func disconnectSeen(_ *testing.T, w *world) {
	u := w.people(2)
	c := w.group(u...)
	id := w.say(c, u[0])
	node := [16]byte{6}
	w.ok(w.Store.Lease(ctx(), node, time.Hour))
	w.ok(w.Store.Connect(ctx(), node, u[1]))
	before := w.clock()
	w.ok(w.Store.Disconnect(ctx(), node, u[1]))
	w.between("seen until the end of the connection", w.seen(c, u[0], u[1], id), before.Add(service.HangUpSlack), w.clock().Add(service.HangUpSlack))
	w.ok(w.Store.Disconnect(ctx(), node, u[1])) // idempotent
	w.between("and not until the end of the lease", w.seen(c, u[0], u[1], id), before.Add(service.HangUpSlack), w.clock().Add(service.HangUpSlack))
	// R24: there before the delivery is not there.
	w.Clock(2 * time.Second)
	next := w.say(c, u[0])
	w.must(recallOf(c, u[0], next, sealpost.DraftID{}), "recalled")
	m, err := w.Store.Message(ctx(), next, u[0])
	w.ok(err)
	equal(w, "level", m.Deliveries[0].Level, sealpost.LevelNone)
}
