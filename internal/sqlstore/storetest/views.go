package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func viewCases() map[string]func(*testing.T, *world) {
	return map[string]func(*testing.T, *world){
		"NobodyElseKnowsOfAnEmptyConversation": emptyConversation,
		"ListingIsOnce":                        listingOnce,
		"PendingIsTheSendersOnly":              pendingViews,
		"UnsentIsTheAuthorsOnly":               unsentViews,
		"RecallLeavesNoTrace":                  recallNoTrace,
		"RecallLeavesAMarker":                  recallMarker,
		"RecallInPart":                         recallInPart,
		"SecretOpening":                        secretOpening,
		"LeavingAndJoining":                    leavingJoining,
		"MarkUnread":                           markUnreadViews,
		"InboxPages":                           inboxPages,
		"HistoryPages":                         historyPages,
		"ChangesPages":                         changesPages,
		"ChangedThreads":                       changedThreads,
		"GroupOfFifty":                         groupOfFifty,
		"UndoVanishes":                         undoVanishes,
		"AnAuthorGoesOnKnowing":                authorKnows,
	}
}

func knows(w *world, id sealpost.ConversationID, viewer sealpost.UserID) bool {
	w.t.Helper()
	_, err := w.Store.Thread(ctx(), id, viewer)
	if sealpost.CodeOf(err) == sealpost.CodeNotFound {
		return false
	}
	w.ok(err)
	return true
}

// R34: a conversation is in nobody else's list before its first delivery.
func emptyConversation(_ *testing.T, w *world) {
	u := w.people(3)
	c := w.group(u[:2]...)
	created := w.now
	equal(w, "its creator knows", knows(w, c, u[0]), true)
	equal(w, "the other knows", knows(w, c, u[1]), false)
	equal(w, "a stranger knows", knows(w, c, u[2]), false)
	equal(w, "anybody of nothing", knows(w, newID[sealpost.ConversationID](w), u[0]), false)
	sameOrder(w, "inbox of the creator", w.inbox(u[0], service.FilterAll), []sealpost.ConversationID{c})
	sameOrder(w, "inbox of the other", w.inbox(u[1], service.FilterAll), []sealpost.ConversationID{})
	t := w.thread(c, u[0])
	equal(w, "activity", t.LastActivityAt, created)
	equal(w, "unread", t.Unread, 0)
	equal(w, "self", t.Self.UserID, u[0])
	equal(w, "members", len(t.Members), 2)
	equal(w, "a member's name", t.Members[0].Name, "Person 0")
	items, err := w.Store.Inbox(ctx(), service.InboxQuery{Viewer: u[0], Filter: service.FilterAll, Limit: 10})
	w.ok(err)
	equal(w, "nothing to see in it", items[0].Last == nil, true)

	m := w.say(c, u[0])
	equal(w, "the other knows now", knows(w, c, u[1]), true)
	equal(w, "unread", w.thread(c, u[1]).Unread, 1)
	equal(w, "activity", w.thread(c, u[1]).LastActivityAt, w.now)
	sameOrder(w, "history", w.history(c, u[1]), []sealpost.MessageID{m})
	sameOrder(w, "history of a stranger", w.history(c, u[2]), []sealpost.MessageID{})
	_, err = w.Store.Message(ctx(), m, u[2])
	w.refused(err, sealpost.CodeNotFound)
	if set := w.changes(c, u[2], 0); len(set.Messages)+len(set.Vanished) != 0 {
		w.t.Errorf("a stranger sees changes: %+v", set)
	}
}

func listingOnce(_ *testing.T, w *world) {
	u := w.people(3)
	c := w.group(u[:2]...)
	created := w.now
	w.Clock(time.Minute)
	w.amend(func(a service.Amendment) error { // asked for again, with a stranger
		return a.AddConversation(sealpost.Conversation{ID: c, Kind: sealpost.Group, Title: "Other"}, u, u[0])
	})
	t := w.thread(c, u[0])
	equal(w, "activity", t.LastActivityAt, created)
	equal(w, "title", t.Conversation.Title, "Group")
	equal(w, "members", len(t.Members), 2)
	equal(w, "the stranger knows", knows(w, c, u[2]), false)
	w.must(list(c, u[1]), "listed")
	at := w.now
	equal(w, "the other asked too", w.thread(c, u[1]).LastActivityAt, at)
	w.must(list(c, u[1]), "listed")
	equal(w, "asking again changes nothing", w.thread(c, u[1]).LastActivityAt, at)
}

// R27, R28, R34: held and scheduled messages exist for their sender only.
func pendingViews(_ *testing.T, w *world) {
	u := w.people(2)
	c := w.group(u...)
	first := w.say(c, u[0])
	at := w.now
	late, soon := newID[sealpost.MessageID](w), newID[sealpost.MessageID](w)
	w.must(send(c, u[1], late, sending{later: time.Hour}), "pending")
	w.must(send(c, u[1], soon, sending{hold: time.Minute}), "pending")

	own, err := w.Store.Pending(ctx(), c, u[1])
	w.ok(err)
	sameOrder(w, "pending", idsOf(own), []sealpost.MessageID{soon, late})
	others, err := w.Store.Pending(ctx(), c, u[0])
	w.ok(err)
	equal(w, "pending of the other", len(others), 0)
	for _, viewer := range u {
		sameOrder(w, "history", w.history(c, viewer), []sealpost.MessageID{first})
		equal(w, "activity", w.thread(c, viewer).LastActivityAt, at)
	}
	_, err = w.Store.Message(ctx(), soon, u[0])
	w.refused(err, sealpost.CodeNotFound)
	equal(w, "changes of the other", len(w.changes(c, u[0], at).Messages), 0)
	equal(w, "own changes", len(w.changes(c, u[1], at).Messages), 2)
	threads, err := w.Store.ChangedThreads(ctx(), u[0], at, 10)
	w.ok(err)
	equal(w, "threads that changed for the other", len(threads), 0)
	sameOrder(w, "scheduled", w.inbox(u[1], service.FilterScheduled), []sealpost.ConversationID{c})
	sameOrder(w, "scheduled by the other", w.inbox(u[0], service.FilterScheduled), []sealpost.ConversationID{})
}

// view is everything that a viewer is told of a conversation.
type view struct {
	known                   bool
	unread                  int
	activity                sealpost.Instant
	inbox, unreadBox        []sealpost.ConversationID
	recalledBox             []sealpost.ConversationID
	history, changes, since []sealpost.MessageID
	vanished                []sealpost.MessageID
	threads                 []sealpost.ConversationID
}

func viewOf(w *world, c sealpost.ConversationID, viewer sealpost.UserID, since sealpost.Instant) view {
	w.t.Helper()
	v := view{known: knows(w, c, viewer)}
	if v.known {
		t := w.thread(c, viewer)
		v.unread, v.activity = t.Unread, t.LastActivityAt
	}
	v.inbox, v.unreadBox = w.inbox(viewer, service.FilterAll), w.inbox(viewer, service.FilterUnread)
	v.recalledBox = w.inbox(viewer, service.FilterRecalled)
	v.history, v.changes = w.history(c, viewer), idsOf(w.changes(c, viewer, 0).Messages)
	set := w.changes(c, viewer, since)
	v.since, v.vanished = idsOf(set.Messages), append([]sealpost.MessageID{}, set.Vanished...)
	var err error
	v.threads, err = w.Store.ChangedThreads(ctx(), viewer, since, 10)
	w.ok(err)
	return v
}

// R16, R17: without exposure it is as if the message had never been sent: unread,
// order, activity, and the change itself.
func recallNoTrace(_ *testing.T, w *world) {
	u := w.people(2)
	older, c := w.group(u...), w.group(u...)
	w.say(older, u[0])
	since := w.now
	before := viewOf(w, c, u[1], since)
	equal(w, "known before", before.known, false)
	id := w.say(c, u[0])
	during := viewOf(w, c, u[1], since)
	equal(w, "unread", during.unread, 1)
	sameOrder(w, "order", during.inbox, []sealpost.ConversationID{c, older})
	sent, err := w.Store.Message(ctx(), id, u[0])
	w.ok(err)
	w.must(recallOf(c, u[0], id, sealpost.DraftID{}), "recalled")
	same(w, "the view of the recipient", viewOf(w, c, u[1], since), before)
	_, err = w.Store.Message(ctx(), id, u[1])
	w.refused(err, sealpost.CodeNotFound)
	// The sender has the marker, and the conversation where it was.
	equal(w, "activity of the sender", w.thread(c, u[0]).LastActivityAt, sent.SentAt)
	sameOrder(w, "history of the sender", w.history(c, u[0]), []sealpost.MessageID{id})
	sameOrder(w, "recalled", w.inbox(u[0], service.FilterRecalled), []sealpost.ConversationID{c})
	m, err := w.Store.Message(ctx(), id, u[0])
	w.ok(err)
	equal(w, "state", m.State, sealpost.Recalled)
	equal(w, "key forgotten", m.Content.Erased() && len(m.Content.Wrapped) == 0, true) // R18

	// In a conversation that goes on, everything falls back to what it was.
	first := w.say(c, u[0])
	since = w.now
	before = viewOf(w, c, u[1], since)
	w.Clock(25 * time.Hour) // a new day's recall
	id = w.say(c, u[0])
	w.must(recallOf(c, u[0], id, sealpost.DraftID{}), "recalled")
	after := viewOf(w, c, u[1], since)
	same(w, "the view of the recipient", after, before)
	sameOrder(w, "history", after.history, []sealpost.MessageID{first})
}

// R17: who may have known keeps a line; for everything else it is as if the message
// had never been sent.
func recallMarker(_ *testing.T, w *world) {
	u := w.people(2)
	c := w.group(u...)
	id := w.say(c, u[0])
	since := w.now
	_, _, err := w.Store.Seen(ctx(), u[1])
	w.ok(err)
	w.must(recallOf(c, u[0], id, sealpost.DraftID{}), "recalled")
	v := viewOf(w, c, u[1], since)
	equal(w, "known", v.known, true)
	equal(w, "unread", v.unread, 0)
	equal(w, "activity", v.activity, sealpost.Instant(0))
	sameOrder(w, "inbox", v.inbox, []sealpost.ConversationID{})
	sameOrder(w, "recalled", v.recalledBox, []sealpost.ConversationID{c})
	sameOrder(w, "history", v.history, []sealpost.MessageID{id})
	sameOrder(w, "changes", v.since, []sealpost.MessageID{id})
	sameOrder(w, "threads", v.threads, []sealpost.ConversationID{c})
	m, err := w.Store.Message(ctx(), id, u[1])
	w.ok(err)
	d, _ := m.DeliveryTo(u[1])
	equal(w, "level", d.Level, sealpost.LevelNotified)
	equal(w, "readable", m.ReadableBy(u[1]), false)
	// Without a line for anybody, what was served is named as gone.
	w.setPolicy(func(p *policy.Policy) { p.Trace = sealpost.TraceNever; p.PerConversationDay = 9 })
	id = w.say(c, u[0])
	since = w.now
	_, _, err = w.Store.Seen(ctx(), u[1])
	w.ok(err)
	w.must(recallOf(c, u[0], id, sealpost.DraftID{}), "recalled")
	v = viewOf(w, c, u[1], since)
	sameOrder(w, "vanished", v.vanished, []sealpost.MessageID{id})
	sameOrder(w, "changes", v.since, []sealpost.MessageID{})
	sameOrder(w, "threads", v.threads, []sealpost.ConversationID{c})
}

// R15: those who opened keep it, and keep its key.
func recallInPart(_ *testing.T, w *world) {
	u := w.people(3)
	c := w.group(u...)
	id := w.say(c, u[0])
	w.must(openThrough(c, u[1], id), "opened")
	w.must(recallOf(c, u[0], id, newID[sealpost.DraftID](w)), "recalled")
	m, err := w.Store.Message(ctx(), id, u[1])
	w.ok(err)
	equal(w, "readable", m.ReadableBy(u[1]), true)
	equal(w, "deliveries told to a recipient", len(m.Deliveries), 1)
	equal(w, "state", m.State, sealpost.Sent)
	equal(w, "known to who had not opened", knows(w, c, u[2]), false)
	sameOrder(w, "recalled", w.inbox(u[0], service.FilterRecalled), []sealpost.ConversationID{c})
	sameOrder(w, "recalled, at the reader's", w.inbox(u[1], service.FilterRecalled), []sealpost.ConversationID{})
	w.must(openThrough(c, u[1], id), "nothing sealed")
	drafts, err := w.Store.Drafts(ctx(), u[0], sealpost.DraftID{}, 10) // R20
	w.ok(err)
	equal(w, "drafts", len(drafts), 1)
	equal(w, "draft of", drafts[0].FromMessage, id)
}

// R34: an opening without receipt changes the view of the opener only.
func secretOpening(_ *testing.T, w *world) {
	u := w.people(2)
	w.amend(func(a service.Amendment) error {
		reader, err := a.User(u[1])
		reader.Receipts = false
		if err == nil {
			err = a.PutUser(reader)
		}
		return err
	})
	c := w.group(u...)
	id := w.say(c, u[0])
	since := w.now
	w.must(openThrough(c, u[1], id), "opened")
	for viewer, want := range map[sealpost.UserID]int{u[0]: 0, u[1]: 1} {
		equal(w, "changes", len(w.changes(c, viewer, since).Messages), want)
		threads, err := w.Store.ChangedThreads(ctx(), viewer, since, 10)
		w.ok(err)
		equal(w, "threads", len(threads), want)
	}
	equal(w, "unread", w.thread(c, u[1]).Unread, 0)
}

// R33.
func leavingJoining(_ *testing.T, w *world) {
	u := w.people(4)
	c := w.group(u[:3]...)
	opened, sealed := w.say(c, u[0]), w.say(c, u[0])
	w.must(openThrough(c, u[1], opened), "opened")
	since := w.now
	w.must(leave(c, u[1]), "left")
	w.must(leave(c, u[2]), "left")
	v := viewOf(w, c, u[1], since)
	equal(w, "unread", v.unread, 0)
	sameOrder(w, "what was opened stays", v.history, []sealpost.MessageID{opened})
	sameOrder(w, "what was sealed is gone", v.vanished, []sealpost.MessageID{sealed})
	equal(w, "known to who had opened nothing", knows(w, c, u[2]), false)
	equal(w, "self left", w.thread(c, u[1]).Self.Active(), false)
	equal(w, "members, those who left too", len(w.thread(c, u[0]).Members), 3)

	w.must(join(c, u[0], u[3]), "joined")
	equal(w, "a joiner knows before a delivery", knows(w, c, u[3]), false)
	later := w.say(c, u[0])
	sameOrder(w, "a joiner sees what comes after", w.history(c, u[3]), []sealpost.MessageID{later})
	sameOrder(w, "a leaver does not", w.history(c, u[1]), []sealpost.MessageID{opened})
	w.must(join(c, u[0], u[1]), "joined")
	back := w.say(c, u[0])
	sameOrder(w, "who came back", w.history(c, u[1]), []sealpost.MessageID{back, opened})
	equal(w, "unread", w.thread(c, u[1]).Unread, 1)
	m, err := w.Store.Message(ctx(), sealed, u[0])
	w.ok(err)
	equal(w, "closed, not lost", len(m.Deliveries), 2)
	w.must(recallOf(c, u[0], sealed, sealpost.DraftID{}), "recalled") // R8: still recallable
}

func markUnreadViews(_ *testing.T, w *world) {
	u := w.people(2)
	c := w.group(u...)
	id := w.say(c, u[0])
	w.must(openThrough(c, u[1], id), "opened")
	sameOrder(w, "unread", w.inbox(u[1], service.FilterUnread), []sealpost.ConversationID{})
	since := w.now
	w.must(markUnread(c, u[1], true), "marked")
	equal(w, "marked", w.thread(c, u[1]).MarkedUnread, true)
	equal(w, "unread", w.thread(c, u[1]).Unread, 0) // I4: the flag is apart
	equal(w, "the other's flag", w.thread(c, u[0]).MarkedUnread, false)
	sameOrder(w, "unread", w.inbox(u[1], service.FilterUnread), []sealpost.ConversationID{c})
	for viewer, want := range map[sealpost.UserID]int{u[0]: 0, u[1]: 1} {
		threads, err := w.Store.ChangedThreads(ctx(), viewer, since, 10)
		w.ok(err)
		equal(w, "threads", len(threads), want)
	}
	w.must(markUnread(c, u[1], false), "marked")
	equal(w, "cleared", w.thread(c, u[1]).MarkedUnread, false)
	w.must(markUnread(c, u[1], true), "marked")
	w.must(openThrough(c, u[1], w.say(c, u[0])), "opened")
	equal(w, "cleared by an opening", w.thread(c, u[1]).MarkedUnread, false)
}

// An own undone message is named as gone, to its author only (R27).
func undoVanishes(_ *testing.T, w *world) {
	u := w.people(2)
	c := w.group(u...)
	w.say(c, u[0])
	since := w.now
	id := newID[sealpost.MessageID](w)
	w.must(send(c, u[0], id, sending{hold: time.Minute}), "pending")
	w.must(undo(c, u[0], id, newID[sealpost.DraftID](w)), "undone")
	sameOrder(w, "vanished", w.changes(c, u[0], since).Vanished, []sealpost.MessageID{id})
	set := w.changes(c, u[1], since)
	equal(w, "told to the other", len(set.Vanished)+len(set.Messages), 0)
	if pending, err := w.Store.Pending(ctx(), c, u[0]); err != nil || len(pending) != 0 {
		w.t.Errorf("pending after an undo: %v, %v", pending, err)
	}
}

// Whoever wrote into a conversation knows of it, also when nothing is left of what
// they wrote: they are to be told that it vanished.
func authorKnows(_ *testing.T, w *world) {
	u := w.people(2)
	c := w.group(u...)
	id := newID[sealpost.MessageID](w)
	w.must(send(c, u[1], id, sending{hold: time.Minute}), "pending")
	equal(w, "known while it is held", knows(w, c, u[1]), true)
	w.must(undo(c, u[1], id, newID[sealpost.DraftID](w)), "undone")
	equal(w, "known after the undo", knows(w, c, u[1]), true)
	sameOrder(w, "vanished", w.changes(c, u[1], 0).Vanished, []sealpost.MessageID{id})
	sameOrder(w, "inbox", w.inbox(u[1], service.FilterAll), []sealpost.ConversationID{})
}

func groupOfFifty(_ *testing.T, w *world) {
	u := w.people(sealpost.MaxParticipants)
	c := w.group(u...)
	id := w.say(c, u[0])
	for _, reader := range u[1:25] {
		w.must(openThrough(c, reader, id), "opened")
	}
	m, err := w.Store.Message(ctx(), id, u[0])
	w.ok(err)
	equal(w, "deliveries", len(m.Deliveries), 49)
	equal(w, "opened", m.Opened(), 24)
	w.must(recallOf(c, u[0], id, sealpost.DraftID{}), "recalled")
	for i, viewer := range u[1:] {
		equal(w, "known", knows(w, c, viewer), i < 24)
	}
	equal(w, "members", len(w.thread(c, u[0]).Members), 50)
	slices.Reverse(u)
	for _, viewer := range u[:25] {
		equal(w, "inbox", len(w.inbox(viewer, service.FilterAll)), 0)
	}
}
