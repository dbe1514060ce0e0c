package service_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// The conversation of two is one, whoever asks and however often, and the answer
// does not tell whether it was there.
func TestDirectConversation(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, ben, eve := h.person("Ada"), h.person("Ben"), h.person("Eve")
	mine, created, err := h.CreateConversation(t.Context(), ada, "", idsOf(ben, ada, ben), "")
	if err != nil || created || mine.Conversation.Kind != sealpost.Direct || len(mine.Members) != 2 {
		t.Fatalf("created %v: %+v, %v", created, mine, err)
	}
	id := mine.Conversation.ID
	if id[6]>>4 != 8 || id[8]>>6 != 2 {
		t.Errorf("%v is no UUID of version 8", id)
	}
	// R34: Ben does not learn of it before a delivery.
	_, err = h.Conversation(t.Context(), ben, id)
	wantCode(t, "before he asks", err, sealpost.CodeNotFound)
	if inbox, _, err := h.Inbox(t.Context(), ben, "", "", 0); err != nil || len(inbox) != 0 {
		t.Errorf("Ben's inbox has %d, %v", len(inbox), err)
	}
	if told := h.bus.told(); len(told) != 0 {
		t.Errorf("%d people were told", len(told))
	}
	theirs, created, err := h.CreateConversation(t.Context(), ben, "", idsOf(ada), "")
	if err != nil || created || theirs.Conversation.ID != id || theirs.Conversation.CreatorID != ada.User.ID {
		t.Errorf("created %v: %+v, %v", created, theirs, err)
	}
	_, err = h.Conversation(t.Context(), eve, id)
	wantCode(t, "Eve", err, sealpost.CodeNotFound)
	if entry := h.lastAudit("conversation.create"); entry.Conversation != id || entry.Actor != ben.User.ID || entry.Subject != ada.User.ID {
		t.Errorf("audited as %+v", entry)
	}
}

func TestGroupConversation(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, ben, eve := h.person("Ada"), h.person("Ben"), h.person("Eve")
	g, created, err := h.CreateConversation(t.Context(), ada, "key", idsOf(ben, eve), " Plans ")
	if err != nil || !created || g.Conversation.Kind != sealpost.Group || g.Conversation.Title != "Plans" || len(g.Members) != 3 || !g.Conversation.ID.IsV7() {
		t.Fatalf("created %v: %+v, %v", created, g, err)
	}
	if entry := h.lastAudit("conversation.create"); strings.Contains(entry.Detail, "Plans") || !strings.Contains(entry.Detail, ben.User.ID.String()) {
		t.Errorf("audited as %+v", entry) // R32: a title is content
	}
	again, created, err := h.CreateConversation(t.Context(), ada, "key", idsOf(eve, ben, ben), "Plans")
	if err != nil || !created || again.Conversation.ID != g.Conversation.ID {
		t.Errorf("the replay gives %v, %v", again.Conversation.ID, err)
	}
	_, _, err = h.CreateConversation(t.Context(), ada, "key", idsOf(eve), "Plans")
	wantCode(t, "another request under the key", err, sealpost.CodeIdempotencyConflict)
	other, created, err := h.CreateConversation(t.Context(), ada, "", idsOf(ben, eve), "Plans")
	if err != nil || !created || other.Conversation.ID == g.Conversation.ID {
		t.Errorf("a second group: %v, %v", created, err)
	}
	titled, created, err := h.CreateConversation(t.Context(), ada, "", idsOf(ben), "Two")
	if err != nil || !created || titled.Conversation.Kind != sealpost.Group {
		t.Errorf("a titled conversation of two: %+v, %v", titled, err)
	}
}

func TestCreateConversationRefuses(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, ben := h.person("Ada"), h.person("Ben")
	var many []sealpost.UserID
	for i := range 50 {
		many = append(many, h.person(fmt.Sprint("P", i)).User.ID)
	}
	refused := func(ids []sealpost.UserID, title string) error {
		_, _, err := h.CreateConversation(t.Context(), ada, "", ids, title)
		return err
	}
	wantField(t, "nobody", refused(nil, "x"), "participant_ids")
	wantField(t, "only self", refused(idsOf(ada), ""), "participant_ids")
	wantField(t, "51 people", refused(many, ""), "participant_ids")
	wantField(t, "long title", refused(idsOf(ben), strings.Repeat("ä", 201)), "title")
	wantField(t, "title with a line break", refused(idsOf(ben), "a\nb"), "title")
	if err := refused(many[:49], strings.Repeat("ä", 200)); err != nil {
		t.Errorf("50 people and 200 code points: %v", err)
	}
	first := refused([]sealpost.UserID{{1}, ben.User.ID}, "")
	last := refused([]sealpost.UserID{ben.User.ID, {255}}, "")
	wantField(t, "unknown", first, "participant_ids")
	if first.Error() != last.Error() {
		t.Errorf("the refusals tell which is unknown: %q, %q", first, last)
	}
}

// Whom one cannot see, such as a closed account or what another's archive says of
// somebody, is nobody: the conversation would tell their name.
func TestUnseenPeopleAreNobody(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin, ada, ben, eve := h.person("Root", sealpost.RoleAdmin), h.person("Ada"), h.person("Ben"), h.person("Eve")
	with := func(p service.Principal, title string, ids ...sealpost.UserID) error {
		_, _, err := h.CreateConversation(t.Context(), p, "", ids, title)
		return err
	}
	if err := with(ada, "", ben.User.ID); err != nil { // whom she knows from then on
		t.Fatal(err)
	}
	h.imported(ada, inAnn, "", annAndBen...)
	var profile sealpost.UserID
	found, _, err := h.FindUsers(t.Context(), ada, "ben", "", 0)
	for _, u := range found {
		if u.ID != ben.User.ID {
			profile = u.ID
		}
	}
	if err != nil || profile.IsZero() {
		t.Fatalf("no profile among %+v, %v", found, err)
	}
	if err := h.disable(admin, ben.User.ID, true); err != nil {
		t.Fatal(err)
	}
	for _, title := range []string{"", "Group"} {
		never := with(eve, title, sealpost.UserID{1})
		wantField(t, "of nobody", never, "participant_ids")
		for what, id := range map[string]sealpost.UserID{"a closed account": ben.User.ID, "a profile": profile} {
			if err := with(eve, title, id); !reflect.DeepEqual(err, never) {
				t.Errorf("%s: %v; nobody: %v", what, err, never)
			}
			if err := with(eve, title, id, ada.User.ID); !reflect.DeepEqual(err, never) {
				t.Errorf("%s with somebody: %v; nobody: %v", what, err, never)
			}
		}
	}
	if err := with(ada, "", ben.User.ID); err != nil {
		t.Errorf("somebody known who is closed: %v", err)
	}
	if err := h.disable(admin, ben.User.ID, false); err != nil {
		t.Fatal(err)
	}
	if err := with(eve, "", ben.User.ID); err != nil {
		t.Errorf("open again: %v", err)
	}
}

func TestInbox(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, ben := h.person("Ada"), h.person("Ben")
	var groups []sealpost.ConversationID
	for range 5 {
		groups = append(groups, h.group(ada, ben))
	}
	read := func(p service.Principal, filter service.Filter, limit int) (ids []sealpost.ConversationID) {
		t.Helper()
		cursor := ""
		for page := 0; page == 0 || cursor != ""; page++ {
			items, next, err := h.Inbox(t.Context(), p, filter, cursor, limit)
			if err != nil || len(items) > limit || page > 5 {
				t.Fatalf("page %d of %d, %v", page, len(items), err)
			}
			for _, item := range items {
				ids = append(ids, item.Conversation.ID)
			}
			cursor = next
		}
		return ids
	}
	got := read(ben, "", 2)
	if len(got) != 5 || got[0] != groups[4] || got[4] != groups[0] {
		t.Errorf("Ben's inbox: %v", got)
	}
	// R1, R2: Ben sees the envelope, Ada her own text.
	for p, want := range map[*service.Principal]bool{&ada: true, &ben: false} {
		items, _, err := h.Inbox(t.Context(), *p, service.FilterAll, "", 1)
		if err != nil || len(items) != 1 || items[0].Last == nil || (items[0].Last.Content != nil) != want {
			t.Errorf("%s: %+v, %v", p.User.Name, items, err)
		}
	}
	_, next, err := h.Inbox(t.Context(), ada, service.FilterAll, "", 1)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = h.Inbox(t.Context(), ada, service.FilterUnread, next, 1)
	wantField(t, "another filter's cursor", err, "cursor")
	_, _, err = h.Inbox(t.Context(), ben, service.FilterAll, next, 1)
	wantField(t, "another's cursor", err, "cursor")
	if err := h.SetUnread(t.Context(), ada, "", groups[2], true); err != nil {
		t.Fatal(err)
	}
	if got := read(ada, service.FilterUnread, 2); len(got) != 1 || got[0] != groups[2] {
		t.Errorf("Ada's unread: %v", got)
	}
	_, _, err = h.Inbox(t.Context(), ada, "requests?", "", 0)
	wantField(t, "unknown filter", err, "filter")
}
