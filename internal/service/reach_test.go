package service_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// relate changes how people stand to each other, as their own use cases do.
func (h *house) relate(change func(service.Amendment) error) {
	h.t.Helper()
	_, err := h.store.Amend(h.t.Context(), service.Stamp{}, func(a service.Amendment) ([]byte, error) { return nil, change(a) })
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) block(who, other service.Principal) {
	h.t.Helper()
	h.relate(func(a service.Amendment) error { return a.AddBlock(who.User.ID, other.User.ID) })
}

func (h *house) connect(a, b service.Principal) {
	h.t.Helper()
	h.relate(func(x service.Amendment) error { return x.AddConnection(a.User.ID, b.User.ID) })
}

// edit changes an account.
func (h *house) edit(p service.Principal, change func(*sealpost.User)) {
	h.t.Helper()
	h.relate(func(a service.Amendment) error {
		u, err := a.User(p.User.ID)
		if err != nil {
			return err
		}
		change(&u)
		return a.PutUser(u)
	})
}

func (h *house) reach(p service.Principal, r sealpost.Reach) {
	h.t.Helper()
	h.edit(p, func(u *sealpost.User) { u.Reach = r })
}

// filtered are the conversations that somebody's list has under a filter.
func (h *house) filtered(p service.Principal, f service.Filter) []service.InboxEntry {
	h.t.Helper()
	list, _, err := h.Inbox(h.t.Context(), p, f, "", 200)
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}

// R31: every refusal to deliver is the same, whatever its reason, and changes nothing;
// what is held or scheduled is refused at once too.
func TestCannotDeliverReadsTheSame(t *testing.T) {
	t.Parallel()
	reasons := map[string]func(h *house, ada, ben service.Principal){
		"the other blocks":   func(h *house, ada, ben service.Principal) { h.block(ben, ada) },
		"the sender blocks":  func(h *house, ada, ben service.Principal) { h.block(ada, ben) },
		"nobody new":         func(h *house, _, ben service.Principal) { h.reach(ben, sealpost.ReachNobodyNew) },
		"nobody new, a tie":  func(h *house, ada, ben service.Principal) { h.connect(ada, ben); h.reach(ben, sealpost.ReachNobodyNew) },
		"a disabled account": func(h *house, _, ben service.Principal) { h.edit(ben, func(u *sealpost.User) { u.DisabledAt = 1 }) },
	}
	for name, arrange := range reasons {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			ada, ben := h.person("Ada"), h.person("Ben")
			in := h.pair(ada, ben)
			before := h.view(ada, in)
			arrange(h, ada, ben)
			h.bus.told()
			minute := time.Minute
			for _, s := range []service.Sending{{}, {Undo: &minute}, {SendAt: time.UnixMicro(h.now.Load()).Add(time.Hour)}} {
				s.Conversation, s.Body, s.Kind = in, "hello", sealpost.KindMessage
				_, err := h.Send(t.Context(), ada, "key", s)
				if !reflect.DeepEqual(err, error(sealpost.CannotDeliver())) {
					t.Errorf("%+v: %v", s, err)
				}
			}
			if after := h.view(ada, in); after != before || h.view(ben, in) != "not found" || len(h.bus.told()) != 0 {
				t.Errorf("a refusal changed something: %s", after)
			}
		})
	}
}

// R31: whose message comes as a request, and whose does not.
func TestWhoComesAsARequest(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reach   sealpost.Reach
		arrange func(h *house, ada, ben, cyd service.Principal)
		request bool
	}{
		"a stranger":                   {sealpost.ReachConnections, nil, true},
		"a connection":                 {sealpost.ReachConnections, func(h *house, ada, ben, _ service.Principal) { h.connect(ada, ben) }, false},
		"sharing a connection":         {sealpost.ReachConnections, shareConnection, true},
		"sharing one, which is enough": {sealpost.ReachSecond, shareConnection, false},
		"sharing none":                 {sealpost.ReachSecond, nil, true},
		"anyone":                       {sealpost.ReachAnyone, nil, false},
		"who was asked for":            {sealpost.ReachNobodyNew, func(h *house, ada, ben, _ service.Principal) { h.pair(ben, ada) }, false},
		"who was written to":           {sealpost.ReachConnections, func(h *house, ada, ben, _ service.Principal) { h.send(ben, h.pair(ben, ada)) }, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			ada, ben, cyd := h.person("Ada"), h.person("Ben"), h.person("Cyd")
			h.reach(ben, c.reach)
			if c.arrange != nil {
				c.arrange(h, ada, ben, cyd)
			}
			h.send(ada, h.pair(ada, ben))
			list := h.filtered(ben, service.FilterAll)
			if len(list) != 1 || (list[0].Request == sealpost.RequestPending) != c.request || list[0].Unread != 1 {
				t.Errorf("Ben's list: %+v", list)
			}
			if n := len(h.filtered(ben, service.FilterRequests)); (n == 1) != c.request {
				t.Errorf("%d requests", n)
			}
			if mine := h.filtered(ada, service.FilterAll); len(mine) != 1 || mine[0].Request != sealpost.RequestNone {
				t.Errorf("Ada's list: %+v", mine) // one's own conversation is never a request
			}
		})
	}
}

func shareConnection(h *house, ada, ben, cyd service.Principal) {
	h.connect(ada, cyd)
	h.connect(cyd, ben)
}

// R31: in a shared group whom the sender blocks is left out, and who blocks the sender
// has nothing of the message, which the sender cannot notice.
func TestBlocksInAGroup(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.policy(func(p *policy.Policy) { p.Trace = sealpost.TraceAlways })
	ada, ben, cyd := h.person("Ada"), h.person("Ben"), h.person("Cyd")
	group := h.group(ada, ben, cyd)
	h.open(ben, group, h.send(ada, group))
	h.block(ben, ada)
	before := h.view(ben, group)
	h.bus.told()
	id := h.send(ada, group)
	if told := h.bus.told(); slices.Contains(told, ben.User.ID) || !slices.Contains(told, cyd.User.ID) {
		t.Errorf("told: %v", told)
	}
	if after := h.view(ben, group); after != before {
		t.Errorf("Ben's view changed:\n%s\n%s", before, after)
	}
	_, err := h.Open(t.Context(), ben, "", group, id)
	wantCode(t, "opening what is closed", err, sealpost.CodeNotFound)
	_, err = h.Message(t.Context(), ben, id)
	wantCode(t, "reading what is closed", err, sealpost.CodeNotFound)

	m, err := h.Message(t.Context(), ada, id)
	if err != nil || len(m.Deliveries) != 2 || m.Deliveries[0].State != m.Deliveries[1].State {
		t.Errorf("the sender's view: %+v, %v", m, err)
	}
	f, err := h.Forecast(t.Context(), ada, id)
	if err != nil || len(f.For) != 2 || !reflect.DeepEqual(f.Exposure[0].Level, f.Exposure[1].Level) {
		t.Errorf("forecast: %+v, %v", f, err)
	}
	r := h.mustRecall(ada, id)
	if r.Trace != "marker" || len(r.Recipients) != 2 || r.Recipients[0].Level != r.Recipients[1].Level || r.Recipients[0].Outcome != r.Recipients[1].Outcome {
		t.Errorf("report: %+v", r)
	}
	if after := h.view(ben, group); after != before {
		t.Errorf("the recall shows to whom the message was closed:\n%s\n%s", before, after)
	}

	own := h.send(ben, group)
	m, err = h.Message(t.Context(), ben, own)
	if err != nil || len(m.Deliveries) != 1 || m.Deliveries[0].UserID != cyd.User.ID {
		t.Errorf("who blocks sends to: %+v, %v", m.Deliveries, err)
	}
	_, err = h.Message(t.Context(), ada, own)
	wantCode(t, "what was never for Ada", err, sealpost.CodeNotFound)
	h.block(ben, cyd)
	_, err = h.Send(t.Context(), ben, "", service.Sending{Conversation: group, Body: "hello", Kind: sealpost.KindMessage})
	wantCode(t, "a message that would reach nobody", err, sealpost.CodeCannotDeliver)
}

// R31: blocks affect neither open nor recall of what was delivered.
func TestBlocksLeaveWhatWasDelivered(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, ben := h.person("Ada"), h.person("Ben")
	in := h.pair(ada, ben)
	first, second := h.send(ada, in), h.send(ada, in)
	h.block(ben, ada)
	h.block(ada, ben)
	if o := h.open(ben, in, first); len(o.Messages) != 1 || o.Messages[0].Content == nil {
		t.Errorf("opened: %+v", o)
	}
	if r := h.mustRecall(ada, second); r.Outcome != service.OutcomeRecalled {
		t.Errorf("report: %+v", r)
	}
}

// R28, R31: at the release it is judged anew. The relay gives a refused message back
// as a draft with the reason; who sends now is told, and keeps it.
func TestReleaseIsJudgedAnew(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, ben := h.person("Ada"), h.person("Ben")
	in := h.pair(ada, ben)
	held, later := h.hold(ada, in, time.Minute), h.schedule(ada, in, time.Hour)
	h.block(ben, ada)
	h.bus.told()
	_, err := h.SendNow(t.Context(), ada, "", later)
	if !reflect.DeepEqual(err, error(sealpost.CannotDeliver())) {
		t.Errorf("sending now: %v", err)
	}
	if m, err := h.Message(t.Context(), ada, later); err != nil || m.State != sealpost.Scheduled {
		t.Errorf("after that: %+v, %v", m, err)
	}
	h.advance(2 * time.Minute)
	if _, err := h.ReleaseDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	drafts, _, err := h.Drafts(t.Context(), ada, "", 10)
	if err != nil || len(drafts) != 1 || drafts[0].Draft.Reason != sealpost.CodeCannotDeliver || drafts[0].Draft.FromMessage != held {
		t.Errorf("drafts: %+v, %v", drafts, err)
	}
	if told := h.bus.told(); !slices.Equal(told, idsOf(ada)) || h.view(ben, in) != "not found" {
		t.Errorf("told: %v", told)
	}
	h.relate(func(a service.Amendment) error { return a.DropBlock(ben.User.ID, ada.User.ID) })
	h.advance(2 * time.Hour)
	if _, err := h.ReleaseDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := h.filtered(ben, service.FilterRequests); len(got) != 1 || got[0].Unread != 1 {
		t.Errorf("released as a request: %+v", got)
	}
}

// R31, R33: who comes into a group is judged by how they stand to who adds them; one
// who cannot be reached refuses it for all.
func TestAdmissionToAGroup(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, ben, cyd, dan := h.person("Ada"), h.person("Ben"), h.person("Cyd"), h.person("Dan")
	h.connect(ada, ben)
	h.reach(dan, sealpost.ReachNobodyNew)
	lists := len(h.filtered(ada, service.FilterAll))
	_, _, err := h.CreateConversation(t.Context(), ada, "key", idsOf(ben, dan), "Plans")
	if !reflect.DeepEqual(err, error(sealpost.CannotDeliver())) || len(h.filtered(ada, service.FilterAll)) != lists {
		t.Errorf("a group with somebody out of reach: %v", err)
	}
	group := h.group(ada, ben, cyd)
	if got := h.filtered(ben, service.FilterAll); len(got) != 1 || got[0].Request != sealpost.RequestNone {
		t.Errorf("a connection's list: %+v", got)
	}
	if got := h.filtered(cyd, service.FilterRequests); len(got) != 1 || got[0].Request != sealpost.RequestPending {
		t.Errorf("a stranger's list: %+v", got)
	}
	_, err = h.AddParticipant(t.Context(), ada, "", group, dan.User.ID)
	if !reflect.DeepEqual(err, error(sealpost.CannotDeliver())) {
		t.Errorf("adding somebody out of reach: %v", err)
	}
	h.reach(dan, sealpost.ReachAnyone)
	if _, err := h.AddParticipant(t.Context(), ada, "", group, dan.User.ID); err != nil {
		t.Fatal(err)
	}
	h.send(ada, group)
	if got := h.filtered(dan, service.FilterAll); len(got) != 1 || got[0].Request != sealpost.RequestNone || got[0].Unread != 1 {
		t.Errorf("anyone may add Dan: %+v", got)
	}
	// Cyd declines, is still listed, and gets nothing more, also when asked again.
	if err := h.DeclineRequest(t.Context(), cyd, "", group); err != nil {
		t.Fatal(err)
	}
	for _, again := range []bool{false, true} {
		if again {
			if err := h.RemoveParticipant(t.Context(), ada, "", group, cyd.User.ID); err != nil {
				t.Fatal(err)
			}
			if _, err := h.AddParticipant(t.Context(), ada, "", group, cyd.User.ID); err != nil {
				t.Fatal(err)
			}
		}
		id := h.send(ada, group)
		m, err := h.Message(t.Context(), ada, id)
		if err != nil || len(m.Deliveries) != 3 || h.view(cyd, group) != "not found" || len(h.filtered(cyd, service.FilterAll)) != 0 {
			t.Errorf("again %v: %+v, %v; Cyd sees %s", again, m.Deliveries, err, h.view(cyd, group))
		}
	}
}

// R15, R16, R31, R33, R34: what every kind of member of a group has before and after a
// recall in part, with and without receipts.
func TestPartlyRecalledForEverybody(t *testing.T) {
	t.Parallel()
	type has struct{ before, after string }
	members := map[string]has{
		"opener":               {"opened", "opened"},
		"left after opening":   {"opened", "opened"},
		"seen and sealed":      {"sealed", "marker"},
		"sealed, never there":  {"sealed", "nothing"},
		"left before opening":  {"nothing", "nothing"},
		"joined after it":      {"nothing", "nothing"},
		"declined before it":   {"nothing", "nothing"},
		"declined when it was": {"nothing", "nothing"},
		"blocks the sender":    {"nothing", "nothing"},
		"whom the sender shut": {"nothing", "nothing"},
	}
	for _, receipts := range []bool{true, false} {
		t.Run(fmt.Sprintf("receipts %v", receipts), func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			ada := h.person("Ada")
			people := map[string]service.Principal{}
			var first []service.Principal
			for name := range members {
				p := h.receipts(h.person(strings.ReplaceAll(strings.ReplaceAll(name, " ", "-"), ",", "")), receipts)
				people[name] = p
				if name != "joined after it" {
					first = append(first, p)
				}
			}
			group := h.group(ada, first...)
			ok := func(err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
			}
			ok(h.DeclineRequest(t.Context(), people["declined before it"], "", group))
			h.block(people["blocks the sender"], ada)
			h.block(ada, people["whom the sender shut"])
			h.advance(time.Hour)
			id := h.send(ada, group)
			ok(h.DeclineRequest(t.Context(), people["declined when it was"], "", group))
			h.open(people["opener"], group, id)
			h.open(people["left after opening"], group, id)
			h.arrive(people["seen and sealed"])
			for _, leaver := range []string{"left after opening", "left before opening"} {
				ok(h.RemoveParticipant(t.Context(), people[leaver], "", group, people[leaver].User.ID))
			}
			_, err := h.AddParticipant(t.Context(), ada, "", group, people["joined after it"].User.ID)
			ok(err)
			for name, want := range members {
				if got := h.state(people[name], group, id); got != want.before {
					t.Errorf("%s has %s before, want %s", name, got, want.before)
				}
			}
			r := h.mustRecall(ada, id)
			if r.Outcome != service.OutcomePartlyRecalled || len(r.Recipients) != 8 {
				t.Errorf("report: %+v", r)
			}
			for name, want := range members {
				if got := h.state(people[name], group, id); got != want.after {
					t.Errorf("%s has %s after, want %s", name, got, want.after)
				}
			}
		})
	}
}

// state is what somebody has of a message, in a word, the same wherever they look.
func (h *house) state(p service.Principal, in sealpost.ConversationID, id sealpost.MessageID) string {
	h.t.Helper()
	word := func(v service.MessageView) string {
		switch {
		case v.State == sealpost.Recalled:
			return "marker"
		case v.Content != nil:
			return "opened"
		}
		return "sealed"
	}
	of := func(list []service.MessageView) string {
		i := slices.IndexFunc(list, func(v service.MessageView) bool { return v.ID == id })
		if i < 0 {
			return "nothing"
		}
		return word(list[i])
	}
	direct := "nothing"
	if v, err := h.Message(h.t.Context(), p, id); err == nil {
		direct = word(v)
	}
	page, err := h.History(h.t.Context(), p, in, sealpost.MessageID{}, 200)
	changes, changesErr := h.Changes(h.t.Context(), p, in, "", 200)
	if err != nil || changesErr != nil {
		page.Items, changes.Messages = nil, nil // not known to them at all
	}
	if a, b := of(page.Items), of(changes.Messages); a != direct || b != direct {
		h.t.Errorf("%s has %s by its id, %s in the history, %s in the changes", p.User.Name, direct, a, b)
	}
	last := "nothing"
	for _, e := range h.filtered(p, service.FilterAll) {
		if e.Last != nil && e.Last.ID == id {
			last = word(*e.Last)
		}
	}
	if last != direct && last != "nothing" {
		h.t.Errorf("%s has %s, and %s in the list", p.User.Name, direct, last)
	}
	return direct
}

// R5, R34: a reply can be read only by whom its target was opened by or who wrote the
// target, and neither is ever taken back. So no recall changes a reply, and changes
// need not say so: what they add up to is a fresh look.
func TestARecallChangesNoReply(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, ben, cyd := h.person("Ada"), h.person("Ben"), h.person("Cyd")
	group := h.group(ada, ben, cyd)
	target := h.send(ada, group)
	h.open(ben, group, target)
	reply, err := h.Send(t.Context(), ben, "", service.Sending{Conversation: group, Body: "reply", Kind: sealpost.KindMessage, InReplyTo: target})
	if err != nil {
		t.Fatal(err)
	}
	cursor, err := h.Changes(t.Context(), cyd, group, "", 200)
	if err != nil {
		t.Fatal(err)
	}
	h.mustRecall(ada, target) // from Cyd only, who can read neither
	if v, err := h.Message(t.Context(), cyd, reply.ID); err != nil || v.Content != nil {
		t.Errorf("before Cyd opens: %+v, %v", v, err)
	}
	o := h.open(cyd, group, reply.ID)
	if got := o.Messages[len(o.Messages)-1]; got.ID != reply.ID || !got.Content.InReplyTo.IsZero() {
		t.Errorf("a trace of what was recalled: %+v", got.Content)
	}
	changes, err := h.Changes(t.Context(), cyd, group, cursor.Cursor, 200)
	if err != nil {
		t.Fatal(err)
	}
	page, err := h.History(t.Context(), cyd, group, sealpost.MessageID{}, 200)
	if err != nil || !reflect.DeepEqual(page.Items[len(page.Items)-1], changes.Messages[len(changes.Messages)-1]) {
		t.Errorf("changes %+v, a fresh look %+v, %v", changes.Messages, page.Items, err)
	}
	for _, who := range []service.Principal{ada, ben} {
		if who.User.ID == ada.User.ID {
			h.open(ada, group, reply.ID)
		}
		if v, err := h.Message(t.Context(), who, reply.ID); err != nil || v.Content.InReplyTo != target {
			t.Errorf("%s: %+v, %v", who.User.Name, v.Content, err)
		}
	}
}
