package service_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// R16, R31: a request that was recalled was none.
func TestARecalledRequestWasNone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, ben := h.person("Ada"), h.person("Ben")
	in := h.pair(ada, ben)
	h.mustRecall(ada, h.send(ada, in))
	for _, f := range []service.Filter{service.FilterAll, service.FilterRequests, service.FilterUnread} {
		if got := h.filtered(ben, f); len(got) != 0 {
			t.Errorf("%s: %+v", f, got)
		}
	}
}

// R31: accepting opens nothing, tells one's own devices only, may be repeated, and is
// for ever.
func TestAcceptRequest(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, ben, eve := h.person("Ada"), h.person("Ben"), h.person("Eve")
	in := h.pair(ada, ben)
	wantCode(t, "before anything came", h.AcceptRequest(t.Context(), ben, "", in), sealpost.CodeNotFound)
	wantCode(t, "declining before anything came", h.DeclineRequest(t.Context(), ben, "", in), sealpost.CodeNotFound)
	id := h.send(ada, in)
	sender := h.view(ada, in)
	h.bus.told()
	for range 2 {
		if err := h.AcceptRequest(t.Context(), ben, "key", in); err != nil {
			t.Fatal(err)
		}
	}
	if told := h.bus.told(); !slices.Equal(told, idsOf(ben)) {
		t.Errorf("told: %v", told)
	}
	if got := h.filtered(ben, service.FilterAll); len(got) != 1 || got[0].Request != sealpost.RequestNone || got[0].Unread != 1 || got[0].Last.Content != nil {
		t.Errorf("accepted: %+v", got)
	}
	if after := h.view(ada, in); after != sender {
		t.Errorf("the sender's view changed:\n%s\n%s", sender, after)
	}
	wantCode(t, "declining what was accepted", h.DeclineRequest(t.Context(), ben, "", in), sealpost.CodeForbidden)
	wantCode(t, "accepting what is no request", h.AcceptRequest(t.Context(), ada, "", in), "")
	wantCode(t, "another request under the key", h.DeclineRequest(t.Context(), ben, "key", in), sealpost.CodeIdempotencyConflict)
	wantCode(t, "a stranger", h.AcceptRequest(t.Context(), eve, "", in), sealpost.CodeNotFound)
	if n := h.count("request.accept"); n != 1 {
		t.Errorf("%d entries in the log", n) // R32
	}
	h.mustRecall(ada, id)
	h.send(ada, in)
	if got := h.filtered(ben, service.FilterRequests); len(got) != 0 {
		t.Errorf("a request again: %+v", got)
	}
}

// R31: writing is accepting; opening is not.
func TestAnsweringAccepts(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, ben := h.person("Ada"), h.person("Ben")
	in := h.pair(ada, ben)
	h.open(ben, in, h.send(ada, in))
	if got := h.filtered(ben, service.FilterRequests); len(got) != 1 {
		t.Errorf("opened: %+v", got)
	}
	h.send(ben, in)
	if got := h.filtered(ben, service.FilterRequests); len(got) != 0 {
		t.Errorf("answered: %+v", got)
	}
}

// R31: declining is invisible to the sender. Everything that a sender can ask, and whom
// it is told to, is the same to the byte whether the recipient declined or did nothing.
func TestDecliningIsInvisible(t *testing.T) {
	t.Parallel()
	for _, trace := range []sealpost.Trace{sealpost.TraceAuto, sealpost.TraceAlways, sealpost.TraceNever} {
		for _, there := range []bool{false, true} {
			did, didNot := declineStory(t, trace, there, true), declineStory(t, trace, there, false)
			if did != didNot {
				t.Errorf("%s, there %v: the sender can tell:\n%s\n%s", trace, there, did, didNot)
			}
		}
	}
}

// declineStory is all that a sender sees, before and after somebody declines, or does
// not, with the ids by their order of appearance.
func declineStory(t *testing.T, trace sealpost.Trace, there, decline bool) string {
	t.Helper()
	h := newHouse(t)
	h.policy(func(p *policy.Policy) { p.Trace, p.PerConversationDay = trace, 9 })
	ada, ben := h.person("Ada"), h.person("Ben")
	in := h.pair(ada, ben)
	var seen []any
	add := func(v any, err error) {
		t.Helper()
		seen = append(seen, v)
		if err != nil {
			seen = append(seen, err.Error())
		}
	}
	first := h.send(ada, in)
	h.bus.told()
	if decline {
		if err := h.DeclineRequest(t.Context(), ben, "", in); err != nil {
			t.Fatal(err)
		}
		if err := h.DeclineRequest(t.Context(), ben, "", in); err != nil {
			t.Error("declining again:", err)
		}
		if told := h.bus.told(); !slices.Equal(told, idsOf(ben)) {
			t.Errorf("told: %v", told)
		}
	}
	// A decision of their own that nobody may notice also takes a moment.
	second := h.send(ada, in)
	if there {
		h.arrive(ben)
	}
	told := h.bus.told()
	add(slices.Contains(told, ada.User.ID), nil)
	if decline && slices.Contains(told, ben.User.ID) {
		t.Error("the decliner is told of what is closed to them")
	}
	for _, id := range []sealpost.MessageID{first, second} {
		v, err := h.Message(t.Context(), ada, id)
		add(v, err)
		f, err := h.Forecast(t.Context(), ada, id)
		add(f, err)
		_, err = h.Recall(t.Context(), ada, "", id, service.Recalling{})
		add(nil, err)
		r, err := h.Report(t.Context(), ada, id)
		add(r, err)
	}
	if decline && (h.view(ben, in) != "not found" || len(h.filtered(ben, service.FilterAll)) != 0) {
		t.Errorf("the decliner sees %s", h.view(ben, in))
	}
	add(h.view(ada, in), nil)
	text, err := json.Marshal(seen)
	if err != nil {
		t.Fatal(err)
	}
	return anonymous(string(text))
}

// anonymous numbers ids by their order of appearance.
func anonymous(text string) string {
	var out strings.Builder
	known := map[string]string{}
	for i := 0; i < len(text); {
		if i+36 <= len(text) && strings.Count(text[i:i+36], "-") == 4 && text[i+8] == '-' && text[i+13] == '-' && text[i+18] == '-' && text[i+23] == '-' {
			id := text[i : i+36]
			if known[id] == "" {
				known[id] = "id" + string(rune('a'+len(known)))
			}
			out.WriteString(known[id])
			i += 36
			continue
		}
		out.WriteByte(text[i])
		i++
	}
	return out.String()
}

// R31: what was closed by declining stays closed when the decliner writes later, and
// from then on it is a conversation like any other.
func TestWritingAfterDeclining(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, ben := h.person("Ada"), h.person("Ben")
	in := h.pair(ada, ben)
	first := h.send(ada, in)
	if err := h.DeclineRequest(t.Context(), ben, "", in); err != nil {
		t.Fatal(err)
	}
	second := h.send(ada, in)
	mine := h.send(ben, h.pair(ben, ada))
	third := h.send(ada, in)
	page, err := h.History(t.Context(), ben, in, sealpost.MessageID{}, 200)
	if err != nil {
		t.Fatal(err)
	}
	var got []sealpost.MessageID
	for _, v := range page.Items {
		got = append(got, v.ID)
	}
	if !reflect.DeepEqual(got, []sealpost.MessageID{mine, third}) {
		t.Errorf("Ben has %v of %v", got, []sealpost.MessageID{first, second, mine, third})
	}
	if list := h.filtered(ben, service.FilterAll); len(list) != 1 || list[0].Request != sealpost.RequestNone || list[0].Unread != 1 {
		t.Errorf("Ben's list: %+v", list)
	}
}

// A flag of one's own, which nobody else learns of.
func TestSetMuted(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, ben, eve := h.person("Ada"), h.person("Ben"), h.person("Eve")
	in := h.group(ada, ben)
	others := h.view(ada, in)
	h.bus.told()
	if err := h.SetMuted(t.Context(), ben, "key", in, true); err != nil {
		t.Fatal(err)
	}
	if got := h.filtered(ben, service.FilterAll); !got[0].Muted || got[0].Unread != 1 {
		t.Errorf("muted: %+v", got)
	}
	if told := h.bus.told(); !slices.Equal(told, idsOf(ben)) || h.view(ada, in) != others {
		t.Errorf("told: %v", told)
	}
	if err := h.SetMuted(t.Context(), ben, "", in, false); err != nil || h.filtered(ben, service.FilterAll)[0].Muted {
		t.Errorf("cleared: %v", err)
	}
	if err := h.SetMuted(t.Context(), ben, "key", in, true); err != nil || h.filtered(ben, service.FilterAll)[0].Muted {
		t.Errorf("the replay sets it again: %v", err)
	}
	wantCode(t, "another request under the key", h.SetMuted(t.Context(), ben, "key", in, false), sealpost.CodeIdempotencyConflict)
	wantCode(t, "an outsider", h.SetMuted(t.Context(), eve, "", in, true), sealpost.CodeNotFound)
}

// R33, R34: the creator names a group; who left does not see the new name, and who
// does not know of the group is not told.
func TestSetTitle(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, ben, cyd, eve := h.person("Ada"), h.person("Ben"), h.person("Cyd"), h.person("Eve")
	in := h.group(ada, ben, cyd)
	if err := h.RemoveParticipant(t.Context(), ben, "", in, ben.User.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := h.AddParticipant(t.Context(), ada, "", in, eve.User.ID); err != nil {
		t.Fatal(err)
	}
	h.open(cyd, in, h.send(ada, in))
	dan := h.person("Dan")
	if _, err := h.AddParticipant(t.Context(), ada, "", in, dan.User.ID); err != nil {
		t.Fatal(err)
	}
	h.bus.told()
	got, err := h.SetTitle(t.Context(), ada, "key", in, " Another name ")
	if err != nil || got.Conversation.Title != "Another name" {
		t.Fatalf("%+v, %v", got, err)
	}
	want := idsOf(ada, cyd, eve)
	slices.SortFunc(want, sealpost.UserID.Compare)
	if told := h.bus.told(); !slices.Equal(told, want) {
		t.Errorf("told: %v, want %v", told, want)
	}
	if left, err := h.Conversation(t.Context(), ben, in); sealpost.CodeOf(err) != sealpost.CodeNotFound {
		t.Errorf("who left before opening anything: %+v, %v", left, err)
	}
	if err := h.RemoveParticipant(t.Context(), cyd, "", in, cyd.User.ID); err != nil {
		t.Fatal(err)
	}
	if left, err := h.Conversation(t.Context(), cyd, in); err != nil || left.Conversation.Title != "Another name" {
		t.Errorf("as it was when Cyd left: %+v, %v", left, err)
	}
	h.advance(1)
	if _, err := h.SetTitle(t.Context(), ada, "", in, "A secret name"); err != nil {
		t.Fatal(err)
	}
	if left, err := h.Conversation(t.Context(), cyd, in); err != nil || left.Conversation.Title != "" {
		t.Errorf("after Cyd left: %+v, %v", left, err)
	}
	if entry := h.lastAudit("conversation.title"); strings.Contains(entry.Detail, "secret") {
		t.Errorf("the title is in the log: %+v", entry) // R32
	}
	_, err = h.SetTitle(t.Context(), eve, "", in, "Mine")
	wantCode(t, "somebody else", err, sealpost.CodeForbidden)
	_, err = h.SetTitle(t.Context(), dan, "", in, "Mine")
	wantCode(t, "who does not know of it", err, sealpost.CodeNotFound)
	_, err = h.SetTitle(t.Context(), ada, "", h.pair(ada, ben), "Ours")
	wantCode(t, "a conversation of two", err, sealpost.CodeForbidden)
	_, err = h.SetTitle(t.Context(), ada, "", in, strings.Repeat("x", 201))
	wantField(t, "too long", err, "title")
}
