package service_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

const inEve, inZed = "https://www.linkedin.com/in/eve", "https://www.linkedin.com/in/zed"

// claim makes the profile with an address an account.
func (h *house) claim(source, name string) service.Principal {
	h.t.Helper()
	_, secret, err := h.InviteProfile(h.t.Context(), source, service.NewInvite{})
	if err != nil {
		h.t.Fatal(err)
	}
	in, err := h.Join(h.t.Context(), "", service.Joining{Token: secret, Email: name + "@example.org", Password: "password of " + name})
	if err != nil {
		h.t.Fatal(err)
	}
	return service.Principal{User: in.User}
}

// received is how a message came to somebody, in a word.
func (h *house) received(p service.Principal, in sealpost.ConversationID) string {
	h.t.Helper()
	for _, e := range h.filtered(p, service.FilterUnread) {
		if e.Conversation.ID != in {
			continue
		}
		if e.Request == sealpost.RequestPending {
			return "request"
		}
		return "ordinary"
	}
	return "nothing"
}

// R31: an archive with a group in it is not how to reach somebody who cannot be reached,
// or would be asked. Whoever brings it in is not told.
func TestImportedGroupIsNoConsent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		reach     sealpost.Reach
		connected bool
		blocks    bool
		late      bool // the account was made after the import
		want      string
	}{
		{reach: sealpost.ReachNobodyNew, want: "nothing"},
		{reach: sealpost.ReachConnections, want: "request"},
		{reach: sealpost.ReachConnections, connected: true, want: "ordinary"},
		{reach: sealpost.ReachAnyone, want: "ordinary"},
		{reach: sealpost.ReachAnyone, blocks: true, want: "nothing"},
		{reach: sealpost.ReachConnections, late: true, want: "request"},
		{reach: sealpost.ReachAnyone, late: true, want: "request"},
	} {
		t.Run(fmt.Sprintf("%+v", c), func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			zed, eve := h.person("Zed"), h.person("Eve")
			h.imported(zed, inZed, "", archived("b", inBen, inZed, "2020-01-01 00:00:00", "hi"))
			bring := func() {
				h.imported(eve, inEve, "", archived("g", inEve, inBen+";"+inCat, "2021-01-01 00:00:00", "made up"))
			}
			if c.late {
				bring()
			}
			ben := h.claim(inBen, "ben")
			h.reach(ben, c.reach)
			if c.connected {
				h.connect(ben, eve)
			}
			if c.blocks {
				h.block(ben, eve)
			}
			if !c.late {
				bring()
			}
			group := h.only(eve).Conversation.ID
			m, err := h.Send(t.Context(), eve, "", service.Sending{Conversation: group, Body: "buy this", Kind: sealpost.KindMessage})
			if err != nil || len(m.Deliveries) != 1 || m.Deliveries[0].State != sealpost.DeliverySealed {
				t.Errorf("the sender sees %+v, %v", m.Deliveries, err)
			}
			if got := h.received(ben, group); got != c.want {
				t.Errorf("received: %s; want %s", got, c.want)
			}
			bring() // again: what was decided stays
			h.send(eve, group)
			if got := h.received(ben, group); got != c.want {
				t.Errorf("after another run: %s; want %s", got, c.want)
			}
		})
	}
}

// R31: what somebody's archive says of two people is no conversation that they have, for
// the other one; for the owner it is.
func TestImportedTalkIsNoneYet(t *testing.T) {
	t.Parallel()
	for _, late := range []bool{false, true} { // the account was made after the import
		for _, from := range []string{inEve, inBen} { // who is said to have written
			t.Run(fmt.Sprintf("late %v from %s", late, from), func(t *testing.T) {
				t.Parallel()
				h := newHouse(t)
				zed, eve := h.person("Zed"), h.person("Eve")
				h.imported(zed, inZed, "", archived("b", inBen, inZed, "2020-01-01 00:00:00", "hi"))
				bring := func() {
					to := map[string]string{inEve: inBen, inBen: inEve}[from]
					h.imported(eve, inEve, "", archived("d", from, to, "2021-01-01 00:00:00", "made up"))
				}
				if late {
					bring()
				}
				ben := h.claim(inBen, "ben")
				if !late {
					bring()
				}
				in := h.only(eve).Conversation.ID
				send := func(p service.Principal) error {
					_, err := h.Send(t.Context(), p, "", service.Sending{Conversation: in, Body: "buy this", Kind: sealpost.KindMessage})
					return err
				}
				h.reach(ben, sealpost.ReachNobodyNew)
				wantCode(t, "to somebody who wants nobody new", send(eve), sealpost.CodeCannotDeliver)
				_, _, err := h.CreateConversation(t.Context(), eve, "", idsOf(ben, zed), "Group")
				wantCode(t, "a group with them", err, sealpost.CodeCannotDeliver)
				h.reach(ben, sealpost.ReachConnections)
				wantCode(t, "to somebody who wants to be asked", send(eve), "")
				if got := h.received(ben, in); got != "request" {
					t.Errorf("received: %s", got)
				}
				h.reach(eve, sealpost.ReachNobodyNew)
				wantCode(t, "to whose archive it is", send(ben), "")
				if got := h.received(eve, in); got != "ordinary" {
					t.Errorf("the owner received: %s", got)
				}
			})
		}
	}
}

// Of two people with accounts, each has what their own archive says, whoever brings it in
// first: in the list, in the changes and in the search.
func TestBothImport(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	zed := h.person("Zed")
	h.imported(zed, inZed, "", archived("a", inAnn, inZed, "2020-01-01 00:00:00", "hi"), archived("b", inBen, inZed, "2020-01-01 00:00:00", "hi"))
	ann, ben := h.claim(inAnn, "ann"), h.claim(inBen, "ben")
	rows := []string{
		archived("c", inAnn, inBen, "2021-01-01 00:00:00", "hello Ben"), archived("c", inBen, inAnn, "2021-01-01 00:01:00", "hello Ann"),
		archived("c", inBen, inAnn, "2021-01-01 00:02:00", "hello once more"),
	}
	forged := append(slices.Clone(rows[:2]), archived("c", inBen, inAnn, "2021-01-01 00:02:00", "never written"))
	h.imported(ann, inAnn, "", forged...)
	in := h.filtered(ann, service.FilterAll)[0].Conversation.ID
	if n := len(h.filtered(ben, service.FilterAll)); n != 1 {
		t.Fatalf("the other has %d conversations before", n)
	}
	h.advance(time.Hour)
	if tally := h.imported(ben, inBen, "", rows...); tally.Taken != 3 || tally.Present != 0 {
		t.Errorf("the other's import: %+v", tally)
	}
	if tally := h.imported(ben, inBen, "", rows...); tally.Taken != 0 || tally.Present != 3 {
		t.Errorf("the other's second run: %+v", tally)
	}
	if tally := h.imported(ann, inAnn, "", forged...); tally.Taken != 0 || tally.Present != 3 {
		t.Errorf("the first one's second run: %+v", tally)
	}
	if got := h.texts(ben, in); !slices.Equal(got, []string{"hello Ben", "hello Ann", "hello once more"}) {
		t.Errorf("the other has %q", got)
	}
	if got := h.texts(ann, in); !slices.Equal(got, []string{"hello Ben", "hello Ann", "never written"}) {
		t.Errorf("the first one has %q", got)
	}
	list := h.filtered(ben, service.FilterAll)
	if len(list) != 2 || list[0].Conversation.ID != in || list[0].Unread != 0 || list[0].Request != sealpost.RequestNone {
		t.Errorf("listed as %+v", list)
	}
	changes, err := h.Changes(t.Context(), ben, in, "", 0)
	if err != nil || len(changes.Messages) != 3 || len(changes.Vanished) != 0 {
		t.Errorf("changes %+v, %v", changes, err)
	}
	if err := h.IndexDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := h.find(ben, "hello", "", 10); got.Total != 3 {
		t.Errorf("found %d", got.Total)
	}
	first := changes.Messages[0].ID
	h.hide(ben, first)
	if tally := h.imported(ben, inBen, "", rows...); tally.Taken != 0 || len(h.texts(ben, in)) != 2 {
		t.Errorf("what they hid themselves came back: %+v", tally)
	}
}
