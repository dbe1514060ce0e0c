package service_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/memstore"
	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

const secretText = "a text that must not be in any column"

// say sends a text of its own.
func (h *house) say(p service.Principal, in sealpost.ConversationID, text string) sealpost.MessageID {
	h.t.Helper()
	h.advance(time.Second)
	v, err := h.Send(h.t.Context(), p, "", service.Sending{Conversation: in, Body: text, Kind: sealpost.KindMessage})
	if err != nil {
		h.t.Fatal(err)
	}
	return v.ID
}

func (h *house) flag(p service.Principal, id sealpost.MessageID, in service.Flagging) service.FlagView {
	h.t.Helper()
	if in.Reason == "" {
		in.Reason = sealpost.FlagOther
	}
	f, err := h.Flag(h.t.Context(), p, "", id, in)
	if err != nil {
		h.t.Fatal(err)
	}
	return f
}

func (h *house) resolve(p service.Principal, id sealpost.FlagID, remove bool, answer string) sealpost.Flag {
	h.t.Helper()
	f, err := h.ResolveFlag(h.t.Context(), p, "", id, service.Resolving{Remove: remove, Answer: answer})
	if err != nil {
		h.t.Fatal(err)
	}
	return f
}

// R18, R22, R23: a report freezes the text, also of a sealed message and whatever the
// sender does a moment later; and the sender sees exactly what they see without it.
func TestFlagAndRecall(t *testing.T) {
	t.Parallel()
	var seen [2]string
	for i := range seen {
		h := newHouse(t)
		maya, jonas, mod := h.person("Maya"), h.person("Jonas"), h.person("Mod", sealpost.RoleModerator)
		in := h.pair(maya, jonas)
		id := h.say(maya, in, secretText)
		h.arrive(jonas)
		h.bus.told()
		var f service.FlagView
		if i == 1 {
			f = h.flag(jonas, id, service.Flagging{Reason: sealpost.FlagHarassment, Note: "he wrote: " + secretText})
			audited := h.count("flag.change")
			if again := h.flag(jonas, id, service.Flagging{Reason: f.Flag.Reason, Note: f.Note}); again.Flag.ID != f.Flag.ID || h.count("flag.change") != audited {
				t.Errorf("the same report again: %+v", again)
			}
			again := h.flag(jonas, id, service.Flagging{Reason: sealpost.FlagSpam, Note: "on second thoughts", RequestRemoval: true})
			if again.Flag.ID != f.Flag.ID || again.Flag.Reason != sealpost.FlagSpam || !again.Flag.RequestRemoval || again.Note != "on second thoughts" {
				t.Errorf("another report: %+v", again)
			}
			f = h.flag(jonas, id, service.Flagging{Reason: sealpost.FlagHarassment, Note: "he wrote: " + secretText})
			if v, err := h.Message(t.Context(), jonas, id); err != nil || v.Content != nil || v.Delivery != sealpost.DeliverySealed {
				t.Errorf("the report opened it: %+v, %v", v, err)
			}
		}
		if told := h.bus.told(); len(told) > 0 {
			t.Errorf("told: %v", told)
		}
		h.advance(time.Second)
		forecast, err := h.Forecast(t.Context(), maya, id)
		if err != nil {
			t.Fatal(err)
		}
		r := h.mustRecall(maya, id)
		r.MessageID, r.DraftID, r.Recipients[0].UserID = sealpost.MessageID{}, sealpost.DraftID{}, sealpost.UserID{}
		forecast.For, forecast.Exposure[0].UserID = nil, sealpost.UserID{}
		out, err := json.Marshal([]any{forecast, r})
		if err != nil {
			t.Fatal(err)
		}
		seen[i] = string(out)
		m, err := h.store.Message(t.Context(), id, maya.User.ID)
		if err != nil || !m.Content.Erased() {
			t.Errorf("the key of the message lives (R18): %v", err)
		}
		if i == 0 {
			continue
		}
		v, err := h.Evidence(t.Context(), mod, f.Flag.ID)
		if err != nil || v.Text != secretText || v.Note != "he wrote: "+secretText {
			t.Errorf("the evidence: %+v, %v", v, err)
		}
		if stored, err := h.store.Flag(t.Context(), f.Flag.ID); err != nil || strings.Contains(string(stored.Evidence.Body), secretText) {
			t.Errorf("the evidence is not sealed: %v", err)
		}
		if a := h.lastAudit("flag.create"); strings.Contains(a.Detail, secretText) || a.Message != id {
			t.Errorf("the entry: %+v", a)
		}
		_, err = h.Flag(t.Context(), jonas, "", id, service.Flagging{Reason: sealpost.FlagSpam})
		wantCode(t, "after the recall", err, sealpost.CodeRecalled)
	}
	if seen[0] != seen[1] {
		t.Errorf("the sender can tell:\n%s\n%s", seen[0], seen[1])
	}
}

func TestFlagRefuses(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas, erik := h.person("Maya"), h.person("Jonas"), h.person("Erik")
	in := h.pair(maya, jonas)
	id := h.send(maya, in)
	flag := func(p service.Principal, id sealpost.MessageID, in service.Flagging) error {
		_, err := h.Flag(t.Context(), p, "", id, in)
		return err
	}
	ok := service.Flagging{Reason: sealpost.FlagOther}
	wantCode(t, "a stranger", flag(erik, id, ok), sealpost.CodeNotFound)
	wantCode(t, "what never was", flag(maya, sealpost.MessageID{1}, ok), sealpost.CodeNotFound)
	wantCode(t, "a held one", flag(maya, h.hold(maya, in, time.Minute), ok), sealpost.CodeNotDelivered)
	wantField(t, "a reason of one's own", flag(jonas, id, service.Flagging{Reason: "boring"}), "reason")
	wantField(t, "a long note", flag(jonas, id, service.Flagging{Reason: "spam", Note: strings.Repeat("ä", 1001)}), "note")

	first, err := h.Flag(t.Context(), jonas, "a-key", id, service.Flagging{Reason: "spam", Note: "one"})
	if err != nil {
		t.Fatal(err)
	}
	if again, err := h.Flag(t.Context(), jonas, "a-key", id, service.Flagging{Reason: "spam", Note: "one"}); err != nil || again.Flag.ID != first.Flag.ID {
		t.Errorf("replayed: %+v, %v", again, err)
	}
	_, err = h.Flag(t.Context(), jonas, "a-key", id, service.Flagging{Reason: "spam", Note: "two"})
	wantCode(t, "another note under the key", err, sealpost.CodeIdempotencyConflict)
	h.mustRecall(maya, id)
	wantCode(t, "one's own that was recalled", flag(maya, id, ok), sealpost.CodeRecalled)
}

// S18, R20, R30: removed for everybody, for ever, without a draft; every open report of
// it is answered.
func TestRemoval(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas, erik, mod := h.person("Maya"), h.person("Jonas"), h.person("Erik"), h.person("Mod", sealpost.RoleModerator)
	in := h.group(maya, jonas, erik)
	id := h.say(maya, in, secretText)
	h.open(jonas, in, id)
	own := h.flag(maya, id, service.Flagging{Reason: sealpost.FlagConfidential, RequestRemoval: true})
	other := h.flag(erik, id, service.Flagging{Reason: sealpost.FlagSpam})
	queue, _, err := h.FlagQueue(t.Context(), mod, sealpost.FlagOpen, "", 0)
	if err != nil || len(queue) != 2 || queue[0].ID != own.Flag.ID || !queue[0].Own() {
		t.Fatalf("queue: %+v, %v", queue, err)
	}
	h.bus.told()
	f := h.resolve(mod, own.Flag.ID, true, "We removed it.")
	if f.State != sealpost.FlagResolved || f.Resolution != sealpost.ResolvedRemove || f.ResolvedBy != mod.User.ID {
		t.Errorf("resolved: %+v", f)
	}
	if told := h.bus.told(); len(told) != 3 {
		t.Errorf("told: %v", told)
	}
	for _, p := range []service.Principal{maya, jonas, erik} {
		v, err := h.Message(t.Context(), p, id)
		if err != nil || v.State != sealpost.Removed || v.Content != nil {
			t.Errorf("afterwards: %+v, %v", v, err)
		}
	}
	if o := h.open(erik, in, id); slices.ContainsFunc(o.Messages, func(m service.MessageView) bool { return m.ID == id }) {
		t.Error("a removed message was opened")
	}
	inbox, _, err := h.Inbox(t.Context(), erik, service.FilterAll, "", 0)
	if err != nil || inbox[0].Unread != 0 || inbox[0].Last.State != sealpost.Removed {
		t.Errorf("inbox: %+v, %v", inbox, err)
	}
	_, err = h.recall(maya, id)
	wantCode(t, "recall of it", err, sealpost.CodeRemoved)
	if fc, err := h.Forecast(t.Context(), maya, id); err != nil || fc.Recallable || fc.Code != sealpost.CodeRemoved {
		t.Errorf("forecast: %+v, %v", fc, err)
	}
	_, err = h.Disregard(t.Context(), maya, "", id)
	wantCode(t, "disregarding it", err, sealpost.CodeRemoved)
	_, err = h.Flag(t.Context(), jonas, "", id, service.Flagging{Reason: sealpost.FlagSpam})
	wantCode(t, "reporting it", err, sealpost.CodeRemoved)
	if drafts, _, err := h.Drafts(t.Context(), maya, "", 0); err != nil || len(drafts) != 0 { // R20
		t.Errorf("drafts: %+v, %v", drafts, err)
	}
	for p, flag := range map[*service.Principal]sealpost.FlagID{&maya: own.Flag.ID, &erik: other.Flag.ID} {
		mine, _, err := h.OwnFlags(t.Context(), *p, "", 0)
		if err != nil || len(mine) != 1 || mine[0].Flag.ID != flag || mine[0].Flag.State != sealpost.FlagResolved || mine[0].Answer != "We removed it." {
			t.Errorf("own reports: %+v, %v", mine, err)
		}
	}
	_, err = h.ResolveFlag(t.Context(), mod, "", other.Flag.ID, service.Resolving{})
	wantCode(t, "resolved already", err, sealpost.CodeVersionConflict)
	if a := h.lastAudit("message.remove"); a.Message != id || a.Actor != mod.User.ID {
		t.Errorf("the entry: %+v", a)
	}
}

// R30: with the removal the key is gone, of what was opened too.
func TestKeysOfARemovedMessage(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas, mod := h.person("Maya"), h.person("Jonas"), h.person("Mod", sealpost.RoleModerator)
	in := h.pair(maya, jonas)
	id := h.say(maya, in, secretText)
	h.open(jonas, in, id)
	h.resolve(mod, h.flag(maya, id, service.Flagging{}).Flag.ID, true, "")
	m, err := h.store.Message(t.Context(), id, jonas.User.ID)
	if err != nil || !m.Content.Erased() || len(m.Content.Wrapped) > 0 || len(m.Content.Body) > 0 {
		t.Errorf("what is left: %+v, %v", m.Content, err)
	}
}

// R25: what the sender sees of a removed message tells no opening without receipt.
func TestRemovalTellsNoOpening(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas, erik, mod := h.person("Maya"), h.person("Jonas"), h.person("Erik"), h.person("Mod", sealpost.RoleModerator)
	jonas = h.receipts(jonas, false)
	in := h.group(maya, jonas, erik)
	id := h.send(maya, in)
	h.open(jonas, in, id)
	h.resolve(mod, h.flag(maya, id, service.Flagging{}).Flag.ID, true, "")
	v, err := h.Message(t.Context(), maya, id)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range v.Deliveries {
		if d.State != sealpost.DeliverySealed || d.OpenedAt != 0 {
			t.Errorf("the sender sees %+v", d)
		}
	}
}

func TestKeepingAndAnswers(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas, mod := h.person("Maya"), h.person("Jonas"), h.person("Mod", sealpost.RoleModerator)
	in := h.pair(maya, jonas)
	id := h.send(maya, in)
	f := h.flag(jonas, id, service.Flagging{Note: "please look"})
	resolve := func(answer string) (sealpost.Flag, error) {
		return h.ResolveFlag(t.Context(), mod, "one-key", f.Flag.ID, service.Resolving{Answer: answer})
	}
	kept, err := resolve("It stays.")
	if err != nil || kept.Resolution != sealpost.ResolvedKeep {
		t.Fatalf("kept: %+v, %v", kept, err)
	}
	if again, err := resolve("It stays."); err != nil || again.ResolvedAt != kept.ResolvedAt {
		t.Errorf("replayed: %+v, %v", again, err)
	}
	_, err = resolve("It goes.")
	wantCode(t, "another answer under the key", err, sealpost.CodeIdempotencyConflict)
	if o := h.open(jonas, in, id); len(o.Messages) != 1 {
		t.Errorf("a kept message: %+v", o)
	}
	v, err := h.Evidence(t.Context(), mod, f.Flag.ID)
	if err != nil || v.Text != "hello" || v.Note != "please look" || v.Answer != "It stays." {
		t.Errorf("evidence: %+v, %v", v, err)
	}
	h.flag(jonas, id, service.Flagging{}) // again, after the answer

	h.advance(sealpost.EvidenceLife + time.Hour)
	if err := h.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if v, err = h.Evidence(t.Context(), mod, f.Flag.ID); err != nil || v.Kept || v.Text != "" {
		t.Errorf("after its time: %+v, %v", v, err)
	}
	mine, _, err := h.OwnFlags(t.Context(), jonas, "", 0)
	if err != nil || len(mine) != 2 || mine[1].Answer != "" || mine[1].Kept || !mine[0].Kept {
		t.Errorf("own reports after its time: %+v, %v", mine, err)
	}
}

// R2, R22, R32: only moderators, only of what they have no part in, and never without
// an entry.
func TestEvidenceIsForTheImpartial(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.policy(func(p *policy.Policy) { p.PerConversationDay = 9 })
	role := sealpost.RoleModerator
	maya, jonas, erik, mod := h.person("Maya", role), h.person("Jonas"), h.person("Erik", role), h.person("Mod", role)
	admin := h.person("Adi", sealpost.RoleAdmin, sealpost.RoleCompliance)
	in := h.group(maya, jonas, erik)
	id := h.say(maya, in, secretText)
	f := h.flag(jonas, id, service.Flagging{}).Flag.ID
	for what, c := range map[string]struct {
		p    service.Principal
		want sealpost.Code
	}{
		"the reporter": {jonas, sealpost.CodeNotFound}, "an administrator": {admin, sealpost.CodeNotFound},
		"the sender": {maya, sealpost.CodeNotFound}, "a recipient": {erik, sealpost.CodeForbidden},
	} {
		v, err := h.Evidence(t.Context(), c.p, f)
		wantCode(t, what+" reads", err, c.want)
		if v.Text != "" {
			t.Errorf("%s has the text", what)
		}
		_, err = h.ResolveFlag(t.Context(), c.p, "", f, service.Resolving{Remove: true})
		wantCode(t, what+" resolves", err, c.want)
	}
	_, _, err := h.FlagQueue(t.Context(), jonas, sealpost.FlagOpen, "", 0)
	wantCode(t, "the queue of a member", err, sealpost.CodeForbidden)
	if queue, _, err := h.FlagQueue(t.Context(), maya, sealpost.FlagOpen, "", 0); err != nil || len(queue) != 0 {
		t.Errorf("the sender's queue: %+v, %v", queue, err)
	}
	own := h.flag(maya, h.send(maya, in), service.Flagging{}).Flag.ID
	_, err = h.Evidence(t.Context(), maya, own)
	wantCode(t, "one's own report", err, sealpost.CodeForbidden)

	end := h.failing("Decide", memstore.FailBefore)
	if v, err := h.Evidence(t.Context(), mod, f); err == nil || v.Text != "" {
		t.Errorf("evidence without an entry: %+v, %v", v, err)
	}
	end()
	if v, err := h.Evidence(t.Context(), mod, f); err != nil || v.Text != secretText {
		t.Errorf("evidence: %+v, %v", v, err)
	}
	if a := h.lastAudit("evidence.read"); a.Actor != mod.User.ID || a.Message != id || !strings.Contains(a.Detail, f.String()) {
		t.Errorf("the entry: %+v", a)
	}
}

// The queue by pages.
func TestFlagPages(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas, mod := h.person("Maya"), h.person("Jonas"), h.person("Mod", sealpost.RoleModerator)
	in := h.pair(maya, jonas)
	var want []sealpost.FlagID
	for range 5 {
		want = append(want, h.flag(jonas, h.send(maya, in), service.Flagging{}).Flag.ID)
	}
	var got []sealpost.FlagID
	cursor := ""
	for {
		page, next, err := h.FlagQueue(t.Context(), mod, sealpost.FlagOpen, cursor, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range page {
			got = append(got, f.ID)
		}
		if cursor = next; cursor == "" {
			break
		}
		if _, _, err := h.FlagQueue(t.Context(), mod, sealpost.FlagResolved, cursor, 2); sealpost.CodeOf(err) != sealpost.CodeInvalid {
			t.Errorf("the cursor of another list: %v", err)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	var own []sealpost.FlagID
	for cursor = ""; ; {
		page, next, err := h.OwnFlags(t.Context(), jonas, cursor, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range page {
			own = append(own, f.Flag.ID)
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	if slices.Reverse(own); !slices.Equal(own, want) {
		t.Errorf("own: %v, want %v", own, want)
	}
}

// A moderator looks a report up by its id without reading it: nothing is logged, and
// nothing that it froze comes along.
func TestFlagCase(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas, mod := h.person("Maya"), h.person("Jonas"), h.person("Mod", sealpost.RoleModerator)
	own := h.person("Own", sealpost.RoleModerator)
	in := h.group(maya, jonas, own)
	f := h.flag(jonas, h.send(maya, in), service.Flagging{}).Flag
	got, err := h.FlagCase(t.Context(), mod, f.ID)
	if err != nil || got.ID != f.ID || got.ReporterID != jonas.User.ID || got.State != sealpost.FlagOpen {
		t.Fatalf("%+v, %v", got, err)
	}
	if !got.Evidence.Erased() {
		t.Error("what the report froze came along")
	}
	ofMod := h.flag(jonas, h.send(own, in), service.Flagging{}).Flag
	for who, c := range map[string]struct {
		p  service.Principal
		id sealpost.FlagID
	}{
		"the reporter": {jonas, f.ID}, "the sender": {maya, f.ID}, "a moderator, of their own message": {own, ofMod.ID},
	} {
		if got, err := h.FlagCase(t.Context(), c.p, c.id); sealpost.CodeOf(err) != sealpost.CodeNotFound || !got.ID.IsZero() {
			t.Errorf("%s: %+v, %v", who, got, err)
		}
	}
}
