package service_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/memstore"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func sorted(people ...service.Principal) []sealpost.UserID {
	out := idsOf(people...)
	slices.SortFunc(out, sealpost.UserID.Compare)
	return out
}

func activeIn(t service.Thread, p service.Principal) bool {
	return slices.ContainsFunc(t.Members, func(m service.Member) bool { return m.UserID == p.User.ID && m.Active() })
}

// R33: the creator adds; the joiner sees what comes afterwards, and learns of the
// group by it and not before.
func TestAddParticipant(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, ben, eve, kim := h.person("Ada"), h.person("Ben"), h.person("Eve"), h.person("Kim")
	id := h.group(ada, ben)
	h.bus.told()
	g, err := h.AddParticipant(t.Context(), ada, "key", id, eve.User.ID)
	if err != nil || len(g.Members) != 3 {
		t.Fatalf("%d members, %v", len(g.Members), err)
	}
	if told := h.bus.told(); !slices.Equal(told, sorted(ada, ben)) {
		t.Errorf("%d people were told; want Ada and Ben", len(told))
	}
	_, err = h.Conversation(t.Context(), eve, id)
	wantCode(t, "Eve before a delivery", err, sealpost.CodeNotFound)
	if entry := h.lastAudit("participant.add"); entry.Subject != eve.User.ID || entry.Actor != ada.User.ID || entry.Conversation != id {
		t.Errorf("audited as %+v", entry)
	}
	for _, key := range []string{"key", ""} { // a replay, and once more without a key
		if g, err = h.AddParticipant(t.Context(), ada, key, id, eve.User.ID); err != nil || len(g.Members) != 3 {
			t.Errorf("again: %d members, %v", len(g.Members), err)
		}
		if told := h.bus.told(); len(told) != 0 {
			t.Errorf("%d people were told of nothing", len(told))
		}
	}
	_, err = h.AddParticipant(t.Context(), ada, "key", id, ben.User.ID)
	wantCode(t, "another request under the key", err, sealpost.CodeIdempotencyConflict)
	// Nor does she learn of it by somebody else's coming; the others do.
	h.advance(time.Second)
	before := sealpost.Instant(h.now.Load())
	h.advance(time.Second)
	if _, err := h.AddParticipant(t.Context(), ada, "", id, kim.User.ID); err != nil {
		t.Fatal(err)
	}
	if told := h.bus.told(); !slices.Equal(told, sorted(ada, ben)) {
		t.Errorf("%d people were told; want Ada and Ben", len(told))
	}
	for p, want := range map[*service.Principal]int{&ada: 1, &ben: 1, &eve: 0, &kim: 0} {
		if missed, err := h.store.ChangedThreads(t.Context(), p.User.ID, before, 10); err != nil || len(missed) != want {
			t.Errorf("%d changes are noted for %s, %v; want %d", len(missed), p.User.Name, err, want)
		}
	}
	h.send(ada, id)
	page, err := h.History(t.Context(), eve, id, sealpost.MessageID{}, 10)
	if err != nil || len(page.Items) != 1 {
		t.Errorf("Eve sees %d messages, %v; want the one after she joined", len(page.Items), err)
	}
}

func TestAddParticipantRefuses(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, ben, eve := h.person("Ada"), h.person("Ben"), h.person("Eve")
	id := h.group(ada, ben)
	add := func(p service.Principal, id sealpost.ConversationID, user sealpost.UserID) error {
		_, err := h.AddParticipant(t.Context(), p, "", id, user)
		return err
	}
	wantCode(t, "not the creator", add(ben, id, eve.User.ID), sealpost.CodeForbidden)
	wantCode(t, "an outsider", add(eve, id, eve.User.ID), sealpost.CodeNotFound)
	wantCode(t, "no such conversation", add(ada, sealpost.ConversationID{9}, eve.User.ID), sealpost.CodeNotFound)
	wantField(t, "nobody", add(ada, id, sealpost.UserID{9}), "user_id")

	two, _, err := h.CreateConversation(t.Context(), ada, "", idsOf(ben), "")
	if err != nil {
		t.Fatal(err)
	}
	wantCode(t, "a conversation of two", add(ada, two.Conversation.ID, eve.User.ID), sealpost.CodeForbidden)
	wantCode(t, "of which Ben may not know", add(ben, two.Conversation.ID, eve.User.ID), sealpost.CodeNotFound)

	var many []service.Principal
	for i := range 48 {
		many = append(many, h.person(fmt.Sprint("P", i)))
	}
	full := h.group(ada, many...)
	if err := add(ada, full, ben.User.ID); err != nil {
		t.Errorf("the fiftieth: %v", err)
	}
	wantField(t, "the fifty-first", add(ada, full, eve.User.ID), "user_id")
	if err := h.RemoveParticipant(t.Context(), ada, "", full, ben.User.ID); err != nil {
		t.Fatal(err)
	}
	if err := add(ada, full, eve.User.ID); err != nil {
		t.Errorf("after somebody left: %v", err)
	}
}

// R33: what was opened stays with the leaver, what is sealed is closed to them, and
// they do not see what changes afterwards.
func TestRemoveParticipant(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, ben, eve, kim := h.person("Ada"), h.person("Ben"), h.person("Eve"), h.person("Kim")
	id := h.group(ada, ben, eve)
	opened := h.send(ada, id)
	if _, err := h.Open(t.Context(), ben, "", id, opened); err != nil {
		t.Fatal(err)
	}
	sealed := h.send(ada, id)
	h.bus.told()
	h.advance(time.Minute)
	if err := h.RemoveParticipant(t.Context(), ada, "key", id, ben.User.ID); err != nil {
		t.Fatal(err)
	}
	if told := h.bus.told(); !slices.Equal(told, sorted(ada, ben, eve)) {
		t.Errorf("%d people were told; want three", len(told))
	}
	g, err := h.Conversation(t.Context(), ben, id)
	if err != nil || g.Self.Active() || g.Unread != 0 {
		t.Errorf("Ben has %+v, %v", g, err)
	}
	if m, err := h.Message(t.Context(), ben, opened); err != nil || m.Content == nil {
		t.Errorf("what Ben opened: %v", err)
	}
	_, err = h.Message(t.Context(), ben, sealed)
	wantCode(t, "what was sealed", err, sealpost.CodeNotFound)
	if entry := h.lastAudit("participant.remove"); entry.Subject != ben.User.ID || entry.Actor != ada.User.ID {
		t.Errorf("audited as %+v", entry)
	}

	h.advance(time.Minute)
	if _, err := h.AddParticipant(t.Context(), ada, "", id, kim.User.ID); err != nil {
		t.Fatal(err)
	}
	if err := h.RemoveParticipant(t.Context(), eve, "", id, eve.User.ID); err != nil { // she leaves
		t.Fatal(err)
	}
	if told := h.bus.told(); slices.Contains(told, ben.User.ID) {
		t.Error("Ben was told of what happened after he left")
	}
	if g, err = h.Conversation(t.Context(), ben, id); err != nil || len(g.Members) != 3 || !activeIn(g, eve) {
		t.Errorf("Ben sees what happened after he left: %+v, %v", g.Members, err)
	}
	if inbox, _, err := h.Inbox(t.Context(), ben, "", "", 0); err != nil || len(inbox) != 1 || len(inbox[0].Members) != 3 || !activeIn(inbox[0].Thread, eve) {
		t.Errorf("Ben's inbox shows what happened after he left: %+v, %v", inbox, err)
	}
	if err := h.RemoveParticipant(t.Context(), ada, "key", id, ben.User.ID); err != nil {
		t.Errorf("the replay: %v", err)
	}
	if err := h.RemoveParticipant(t.Context(), ada, "", id, ben.User.ID); err != nil {
		t.Errorf("once more: %v", err)
	}
	if told := h.bus.told(); len(told) != 0 {
		t.Errorf("%d people were told of nothing", len(told))
	}

	// He comes back and has what is sent from then on.
	h.advance(time.Minute)
	if _, err := h.AddParticipant(t.Context(), ada, "", id, ben.User.ID); err != nil {
		t.Fatal(err)
	}
	if told := h.bus.told(); !slices.Contains(told, ben.User.ID) {
		t.Error("Ben, who knows of the group, was not told that he is back")
	}
	if now, err := h.Conversation(t.Context(), ben, id); err != nil || !now.Self.Active() || now.Self.JoinedAt <= g.Self.LeftAt {
		t.Errorf("Ben is back as %+v, %v", now.Self, err)
	}
	_, err = h.Message(t.Context(), ben, sealed)
	wantCode(t, "what was sealed, after he came back", err, sealpost.CodeNotFound)
}

func TestRemoveParticipantRefuses(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, ben, eve, kim := h.person("Ada"), h.person("Ben"), h.person("Eve"), h.person("Kim")
	id := h.group(ada, ben, eve)
	wantCode(t, "not the creator", h.RemoveParticipant(t.Context(), ben, "", id, eve.User.ID), sealpost.CodeForbidden)
	wantCode(t, "an outsider", h.RemoveParticipant(t.Context(), kim, "", id, eve.User.ID), sealpost.CodeNotFound)
	wantCode(t, "somebody who never was in it", h.RemoveParticipant(t.Context(), ada, "", id, kim.User.ID), sealpost.CodeNotFound)
	two, _, err := h.CreateConversation(t.Context(), ada, "", idsOf(ben), "")
	if err != nil {
		t.Fatal(err)
	}
	wantCode(t, "leaving a conversation of two", h.RemoveParticipant(t.Context(), ada, "", two.Conversation.ID, ada.User.ID), sealpost.CodeForbidden)
	if err := h.RemoveParticipant(t.Context(), ada, "", id, ada.User.ID); err != nil { // the creator leaves
		t.Fatal(err)
	}
	_, err = h.AddParticipant(t.Context(), ada, "", id, kim.User.ID)
	wantCode(t, "the creator after leaving", err, sealpost.CodeForbidden)
	wantCode(t, "marking after leaving", h.SetUnread(t.Context(), ada, "", id, true), sealpost.CodeForbidden)
}

// R5: the flag is the principal's own and opens nothing.
func TestSetUnread(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, ben, eve := h.person("Ada"), h.person("Ben"), h.person("Eve")
	id := h.group(ada, ben)
	h.bus.told()
	if err := h.SetUnread(t.Context(), ben, "key", id, true); err != nil {
		t.Fatal(err)
	}
	if told := h.bus.told(); !slices.Equal(told, idsOf(ben)) {
		t.Errorf("%d people were told; want Ben's devices", len(told))
	}
	marked := func(p service.Principal) bool {
		g, err := h.Conversation(t.Context(), p, id)
		if err != nil || (p.User.ID == ben.User.ID && g.Unread != 1) {
			t.Errorf("%s has %d unread, %v", p.User.Name, g.Unread, err)
		}
		return g.MarkedUnread
	}
	if !marked(ben) || marked(ada) {
		t.Error("the flag is not Ben's alone")
	}
	if err := h.SetUnread(t.Context(), ben, "", id, false); err != nil || marked(ben) {
		t.Errorf("cleared: %v", err)
	}
	h.bus.told()
	if err := h.SetUnread(t.Context(), ben, "key", id, true); err != nil || marked(ben) || len(h.bus.told()) != 0 {
		t.Errorf("the replay sets it again, or tells so: %v", err)
	}
	wantCode(t, "another request under the key", h.SetUnread(t.Context(), ben, "key", id, false), sealpost.CodeIdempotencyConflict)
	wantCode(t, "an outsider", h.SetUnread(t.Context(), eve, "", id, true), sealpost.CodeNotFound)
}

// R11: the retry of a change whose answer was lost gives the outcome and changes
// nothing again.
func TestParticipantsWithUnknownOutcome(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, ben, eve := h.person("Ada"), h.person("Ben"), h.person("Eve")
	id := h.group(ada, ben)
	end := h.failing("Decide", memstore.FailAfter)
	_, err := h.AddParticipant(t.Context(), ada, "add", id, eve.User.ID)
	wantCode(t, "the lost answer", err, sealpost.CodeUnavailable)
	end()
	before := h.lastAudit("participant.add")
	g, err := h.AddParticipant(t.Context(), ada, "add", id, eve.User.ID)
	if err != nil || !activeIn(g, eve) {
		t.Errorf("the retry: %v", err)
	}
	if after := h.lastAudit("participant.add"); after.Decision != before.Decision {
		t.Error("the retry decided again")
	}
}

// R33, R34: who left sees who was there, as it was, whoever leaves and comes back since.
func TestLeaversKeepTheirList(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, ben, cyd, dan := h.person("Ada"), h.person("Ben"), h.person("Cyd"), h.person("Dan")
	h.connect(ada, ben)
	h.connect(ada, dan)
	in := h.group(ada, ben, cyd, dan)
	step := func(change func() error) {
		t.Helper()
		h.advance(time.Second)
		if err := change(); err != nil {
			t.Fatal(err)
		}
	}
	leave := func(p service.Principal) func() error {
		return func() error { return h.RemoveParticipant(t.Context(), p, "", in, p.User.ID) }
	}
	back := func(p service.Principal) func() error {
		return func() error { _, err := h.AddParticipant(t.Context(), ada, "", in, p.User.ID); return err }
	}
	h.open(cyd, in, h.send(ada, in))
	step(leave(dan))
	step(leave(cyd))
	members := func() []service.Member {
		v, err := h.Conversation(t.Context(), cyd, in)
		if err != nil {
			t.Fatal(err)
		}
		for i := range v.Members { // what no answer shows
			v.Members[i].FirstAt, v.Members[i].StayedUntil, v.Members[i].Receipts = 0, 0, false
		}
		return v.Members
	}
	before := members()
	for i, change := range []func() error{leave(ben), back(ben), back(dan)} {
		step(change)
		if now := members(); !slices.Equal(before, now) {
			t.Errorf("after change %d:\n%+v\n%+v", i, before, now)
		}
	}
}

// R31: what was declined stays declined, also for somebody whom the two have got to
// know since.
func TestDecliningOutlastsConnecting(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, ben, cyd := h.person("Ada"), h.person("Ben"), h.person("Cyd")
	h.connect(ada, ben)
	in := h.group(ada, ben, cyd)
	if err := h.DeclineRequest(t.Context(), cyd, "", in); err != nil {
		t.Fatal(err)
	}
	h.connect(ada, cyd)
	if err := h.RemoveParticipant(t.Context(), ada, "", in, cyd.User.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := h.AddParticipant(t.Context(), ada, "", in, cyd.User.ID); err != nil {
		t.Fatal(err)
	}
	h.send(ada, in)
	if v := h.view(cyd, in); v != "not found" {
		t.Errorf("they have it: %s", v)
	}
}
