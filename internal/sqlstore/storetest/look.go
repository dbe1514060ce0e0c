package storetest

import (
	"slices"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// look compares everything that everybody can see on both stores, and holds the
// invariants against it.
func (m *machine) look() {
	*m.clock = m.a.clock()
	since := sealpost.Instant(0)
	if len(m.times) > 0 {
		since = pick(m, "since", m.times)
	}
	for _, viewer := range m.users {
		for _, c := range m.conversations {
			m.lookAt(c, viewer, since)
		}
		m.lookAtLists(viewer, since)
	}
	for _, s := range m.messages {
		m.lookAtMessage(s)
	}
	for _, b := range m.marks {
		m.fold(b)
	}
	decisions := 0
	for _, n := range m.rev {
		decisions += int(n)
	}
	if decisions > 0 { // I6: an entry for each change, and none for anything else
		a, err := m.a.Store.AuditLog(ctx(), service.AuditQuery{Limit: decisions})
		m.a.ok(err)
		b, err := m.b.Store.AuditLog(ctx(), service.AuditQuery{Limit: decisions + 1})
		m.b.ok(err)
		same(m.a, "audit log", a, b)
		for _, f := range []service.AuditFilter{{Action: "recall"}, {Action: "message.open"}, {Person: m.users[0]}, {Action: "message", Person: m.users[1], From: since, Until: *m.clock}} {
			chosen := slices.DeleteFunc(slices.Clone(a), func(e service.Audit) bool { return !f.Chooses(e) })
			got, err := m.a.Store.AuditLog(ctx(), service.AuditQuery{AuditFilter: f, Limit: decisions})
			m.a.ok(err)
			same(m.a, "filtered audit log", append([]service.Audit{}, got[:min(len(chosen), len(got))]...), append([]service.Audit{}, chosen...)) // earlier sequences follow
		}
	}
}

// pair compares what two stores answer, errors by code, and gives the answer.
func pair[T any](m *machine, what string, ask func(service.Store) (T, error)) (T, bool) {
	m.rt.Helper()
	a, err := ask(m.a.Store)
	b, errB := ask(m.b.Store)
	if sealpost.CodeOf(err) != sealpost.CodeOf(errB) {
		m.rt.Fatalf("%s: error %v, the model has %v", what, err, errB)
	}
	if err == nil {
		same(m.a, what, a, b)
	}
	return a, err == nil
}

func (m *machine) lookAt(c sealpost.ConversationID, viewer sealpost.UserID, since sealpost.Instant) {
	t, known := pair(m, "thread", func(s service.Store) (service.Thread, error) { return s.Thread(ctx(), c, viewer) })
	history, _ := pair(m, "history", func(s service.Store) ([]sealpost.Message, error) {
		return s.History(ctx(), service.HistoryQuery{Conversation: c, Viewer: viewer, Limit: 1000})
	})
	pair(m, "pending", func(s service.Store) ([]sealpost.Message, error) { return s.Pending(ctx(), c, viewer) })
	for _, from := range []sealpost.Instant{0, since} {
		q := service.ChangesQuery{Conversation: c, Viewer: viewer, Since: from, Limit: 1000}
		a, err := m.a.Store.Changes(ctx(), q)
		m.a.ok(err)
		b, err := m.b.Store.Changes(ctx(), q)
		m.b.ok(err)
		same(m.a, "changed messages", a.Messages, b.Messages)
		sameOrder(m.a, "vanished", a.Vanished, b.Vanished)
		same(m.a, "up to", a.Upto, b.Upto)
	}
	unread := 0
	for _, message := range history {
		d, _ := message.DeliveryTo(viewer)
		if d.State == sealpost.DeliverySealed {
			unread++
		}
		if message.SenderID != viewer && message.ReadableBy(viewer) && !m.opened[copyTo{message.ID, viewer}] {
			m.rt.Fatalf("content without a committed open (I3): %+v", message)
		}
	}
	if known && t.Unread != unread {
		m.rt.Fatalf("unread %d, and %d sealed messages are visible (I4)", t.Unread, unread)
	}
	if !known && len(history) > 0 {
		m.rt.Fatalf("%d messages of a conversation that is not known", len(history))
	}
}

func (m *machine) lookAtLists(viewer sealpost.UserID, since sealpost.Instant) {
	for _, f := range []service.Filter{service.FilterAll, service.FilterUnread, service.FilterRequests, service.FilterScheduled, service.FilterRecalled} {
		q := service.InboxQuery{Viewer: viewer, Filter: f, Limit: 10}
		a, err := m.a.Store.Inbox(ctx(), q)
		m.a.ok(err)
		b, err := m.b.Store.Inbox(ctx(), q)
		m.b.ok(err)
		if len(a) != len(b) {
			m.rt.Fatalf("inbox %s has %d items, the model's %d", f, len(a), len(b))
		}
		for i := range a {
			same(m.a, "item of the inbox "+string(f), a[i].Thread, b[i].Thread)
			if (a[i].Last == nil) != (b[i].Last == nil) {
				m.rt.Fatalf("last message %v, the model's %v", a[i].Last, b[i].Last)
			}
			if a[i].Last != nil {
				same(m.a, "last message", *a[i].Last, *b[i].Last)
			}
		}
	}
	a0, err := m.a.Store.Waiting(ctx(), viewer)
	m.a.ok(err)
	b0, err := m.b.Store.Waiting(ctx(), viewer)
	m.b.ok(err)
	same(m.a, "what waits", a0, b0)
	if unread := len(m.a.inbox(viewer, service.FilterUnread)); a0.Unread != unread {
		m.rt.Fatalf("%d conversations wait, and %d are unread (I4)", a0.Unread, unread)
	}
	scheduled := 0
	for _, id := range m.a.inbox(viewer, service.FilterScheduled) {
		pending, err := m.a.Store.Pending(ctx(), id, viewer)
		m.a.ok(err)
		for _, p := range pending {
			if p.State == sealpost.Scheduled {
				scheduled++
			}
		}
	}
	if a0.Scheduled != scheduled {
		m.rt.Fatalf("%d messages are counted as scheduled, and %d are", a0.Scheduled, scheduled)
	}
	// Which changed is the contract; in which order they come only a limit shows.
	a, err := m.a.Store.ChangedThreads(ctx(), viewer, since, 10)
	m.a.ok(err)
	b, err := m.b.Store.ChangedThreads(ctx(), viewer, since, 10)
	m.b.ok(err)
	slices.SortFunc(a, sealpost.ConversationID.Compare)
	slices.SortFunc(b, sealpost.ConversationID.Compare)
	sameOrder(m.a, "changed threads", a, b)
	drafts, err := m.a.Store.Drafts(ctx(), viewer, sealpost.DraftID{}, 100)
	m.a.ok(err)
	draftsB, err := m.b.Store.Drafts(ctx(), viewer, sealpost.DraftID{}, 100)
	m.b.ok(err)
	same(m.a, "drafts", len(drafts), len(draftsB))
	same(m.a, "drafts that are counted", a0.Drafts, len(drafts))
	for i := range drafts {
		same(m.a, "draft", drafts[i], draftsB[i])
	}
	unsent, err := m.a.Store.Unsent(ctx(), viewer, m.conversations)
	m.a.ok(err)
	unsentB, err := m.b.Store.Unsent(ctx(), viewer, m.conversations)
	m.b.ok(err)
	same(m.a, "conversations with something under way", len(unsent), len(unsentB))
	for id, u := range unsent {
		same(m.a, "a draft under way", u.Draft, unsentB[id].Draft)
		same(m.a, "something is to be delivered", u.Pending != nil, unsentB[id].Pending != nil)
		if u.Pending != nil {
			same(m.a, "what is delivered next", *u.Pending, *unsentB[id].Pending)
		}
	}
}

// lookAtMessage compares one message for everybody, and holds I1 and I2: once a
// delivery is opened or recalled, that is what it stays.
func (m *machine) lookAtMessage(s sent) {
	for _, viewer := range m.users {
		message, visible := pair(m, "message", func(store service.Store) (sealpost.Message, error) { return store.Message(ctx(), s.id, viewer) })
		if !visible || viewer != s.sender {
			continue
		}
		for _, d := range message.Deliveries {
			to := copyTo{s.id, d.UserID}
			if was := m.final[to]; was > sealpost.DeliverySealed && d.State != was {
				m.rt.Fatalf("a delivery that was %v is %v now (I1, I2)", was, d.State)
			}
			if m.opened[to] != (d.State == sealpost.DeliveryOpened) {
				m.rt.Fatalf("opened %v, and the delivery is %v (I1)", m.opened[to], d.State)
			}
			m.final[to] = d.State
		}
	}
}

// bookmark is what a viewer had at a cursor.
type bookmark struct {
	in     sealpost.ConversationID
	viewer sealpost.UserID
	cursor sealpost.Instant
	have   map[sealpost.MessageID]shown
}

// shown is what one viewer is shown of a message; what it leaves out, such as an
// opening without receipt, changes nobody's view.
type shown struct {
	state         sealpost.MessageState
	delivery      sealpost.DeliveryState
	sent, release sealpost.Instant
	until         sealpost.Instant
	recalled      sealpost.Instant
	version       int32
	content       string
	deliveries    [4]shownDelivery
}

type shownDelivery struct {
	to    sealpost.UserID
	state sealpost.DeliveryState
	at    sealpost.Instant
	ack   sealpost.Instant
	said  bool
}

func show(message sealpost.Message, viewer sealpost.UserID) shown {
	message = plain(message)
	v := shown{sent: message.SentAt, until: message.RecallableUntil}
	if message.ReadableBy(viewer) {
		v.content = string(message.Content.Body)
	}
	if message.SenderID != viewer {
		d, _ := message.DeliveryTo(viewer)
		v.delivery = d.State
		switch {
		case d.State == sealpost.DeliveryRecalled: // whatever comes later, also a removal (I2)
			v.recalled = d.DecidedAt
		case message.State == sealpost.Removed:
			v.state = message.State
		}
		return v
	}
	v.state, v.release, v.recalled = message.State, message.ReleaseAt, message.RecalledAt
	if message.State.Pending() {
		v.version = message.Content.Version
	}
	for i, d := range message.Deliveries {
		s := shownDelivery{to: d.UserID, state: d.State, ack: d.AcknowledgedAt, said: d.Deleted}
		switch {
		case d.State == sealpost.DeliveryOpened && d.Receipt:
			s.at = d.DecidedAt
		case d.State == sealpost.DeliveryOpened && message.RecalledAt == 0:
			s.state = sealpost.DeliverySealed
		}
		v.deliveries[i] = s
	}
	return v
}

// fresh is what a viewer is shown of a whole conversation.
func (m *machine) fresh(in sealpost.ConversationID, viewer sealpost.UserID) map[sealpost.MessageID]shown {
	have := map[sealpost.MessageID]shown{}
	history, err := m.a.Store.History(ctx(), service.HistoryQuery{Conversation: in, Viewer: viewer, Limit: 1000})
	m.a.ok(err)
	pending, err := m.a.Store.Pending(ctx(), in, viewer)
	m.a.ok(err)
	for _, message := range append(history, pending...) {
		have[message.ID] = show(message, viewer)
	}
	return have
}

// bookmark remembers what a viewer has now. Somebody who asks is seen first (R24).
// While the clock is behind the conversation's last decision, presence cannot say
// that they saw it.
func (m *machine) bookmark(in sealpost.ConversationID, viewer sealpost.UserID) {
	until := m.seen(viewer)
	shot := m.a.inside(service.Ask{Conversation: in})
	if until < shot.Conversation.DecidedAt {
		return
	}
	m.marks = append(m.marks, bookmark{in, viewer, shot.Conversation.DecidedAt, m.fresh(in, viewer)})
}

// fold applies all that changed since a bookmark, by pages: it gives what a fresh
// look gives.
func (m *machine) fold(b bookmark) {
	have := map[sealpost.MessageID]shown{}
	for id, s := range b.have {
		have[id] = s
	}
	q := service.ChangesQuery{Conversation: b.in, Viewer: b.viewer, Since: b.cursor, Limit: 1 + len(have)%3}
	for pages := 0; ; pages++ {
		set, err := m.a.Store.Changes(ctx(), q)
		m.a.ok(err)
		for _, message := range set.Messages {
			have[message.ID] = show(message, b.viewer)
		}
		for _, id := range set.Vanished {
			delete(have, id)
		}
		if q.Since = set.Upto; !set.More {
			break
		}
		if pages > 1000 {
			m.rt.Fatalf("changes have no end")
		}
	}
	same(m.a, "a bookmark with its changes folded in", have, m.fresh(b.in, b.viewer))
}
