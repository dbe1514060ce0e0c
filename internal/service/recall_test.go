package service_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/memstore"
	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// pair is a conversation of two that nobody knows of yet.
func (h *house) pair(a, b service.Principal) sealpost.ConversationID {
	h.t.Helper()
	t, _, err := h.CreateConversation(h.t.Context(), a, "", idsOf(b), "")
	if err != nil {
		h.t.Fatal(err)
	}
	return t.Conversation.ID
}

func (h *house) recall(p service.Principal, id sealpost.MessageID) (service.Report, error) {
	return h.Recall(h.t.Context(), p, "", id, service.Recalling{KeepDraft: true})
}

func (h *house) mustRecall(p service.Principal, id sealpost.MessageID) service.Report {
	h.t.Helper()
	r, err := h.recall(p, id)
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

func (h *house) open(p service.Principal, in sealpost.ConversationID, through sealpost.MessageID) service.Opening {
	h.t.Helper()
	o, err := h.Open(h.t.Context(), p, "", in, through)
	if err != nil {
		h.t.Fatal(err)
	}
	return o
}

// receipts sets somebody's read receipts and gives their principal as it is then.
func (h *house) receipts(p service.Principal, on bool) service.Principal {
	h.t.Helper()
	u, err := h.UpdateSettings(h.t.Context(), p, "", service.SettingsEdit{Receipts: &on})
	if err != nil {
		h.t.Fatal(err)
	}
	p.User = u
	return p
}

// arrive makes somebody present, as a request of theirs does.
func (h *house) arrive(p service.Principal) {
	h.t.Helper()
	if _, _, err := h.store.Seen(h.t.Context(), p.User.ID); err != nil {
		h.t.Fatal(err)
	}
}

// policy changes the policy as an administrator does.
func (h *house) policy(change func(*policy.Policy)) {
	h.t.Helper()
	admin := h.person("Admin"+fmt.Sprint(h.now.Add(1)), sealpost.RoleAdmin)
	p, err := h.Policy(h.t.Context(), admin)
	if err != nil {
		h.t.Fatal(err)
	}
	change(&p)
	p.Reason = "a test"
	if _, err := h.PutPolicy(h.t.Context(), admin, "", p); err != nil {
		h.t.Fatal(err)
	}
}

// view is everything that somebody can see of a conversation, as JSON without
// cursors; "not found" if they may not know of it.
func (h *house) view(p service.Principal, in sealpost.ConversationID) string {
	h.t.Helper()
	ctx := h.t.Context()
	page, err := h.History(ctx, p, in, sealpost.MessageID{}, 200)
	if sealpost.CodeOf(err) == sealpost.CodeNotFound {
		return "not found"
	}
	if err != nil {
		h.t.Fatal(err)
	}
	page.Cursor = ""
	changes, err := h.Changes(ctx, p, in, "", 200)
	if err != nil {
		h.t.Fatal(err)
	}
	changes.Cursor = ""
	inbox, _, err := h.Inbox(ctx, p, service.FilterAll, "", 200)
	if err != nil {
		h.t.Fatal(err)
	}
	for i := range inbox {
		inbox[i].Conversation.Seq, inbox[i].Conversation.Rev, inbox[i].Conversation.DecidedAt = 0, 0, 0 // internal
	}
	out, err := json.Marshal([]any{page, changes, inbox})
	if err != nil {
		h.t.Fatal(err)
	}
	return string(out)
}

// R2, R7, I1: a recalled message is never opened, an opened one never recalled, and
// the text is in the answer of the open only.
func TestOpenOrRecall(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas := h.person("Maya"), h.person("Jonas")
	in := h.pair(maya, jonas)

	recalled := h.send(maya, in)
	h.arrive(jonas)
	if v, err := h.Message(t.Context(), jonas, recalled); err != nil || v.Content != nil || v.Delivery != sealpost.DeliverySealed {
		t.Errorf("before opening: %+v, %v", v, err)
	}
	if r := h.mustRecall(maya, recalled); r.Outcome != service.OutcomeRecalled || r.RecalledAt == 0 {
		t.Errorf("report: %+v", r)
	}
	if o := h.open(jonas, in, recalled); len(o.Messages) != 0 {
		t.Errorf("opened after the recall: %+v", o)
	}
	opened := h.send(maya, in)
	if o := h.open(jonas, in, opened); len(o.Messages) != 1 || o.Messages[0].Content == nil || o.Messages[0].Content.Body != "hello" {
		t.Errorf("opened: %+v", o)
	}
	h.advance(24 * time.Hour) // a new day: nothing but the opening refuses... and the window
	h.policy(func(p *policy.Policy) { p.Window = 20 * time.Minute })
	fresh := h.send(maya, in)
	h.open(jonas, in, fresh)
	_, err := h.recall(maya, fresh)
	wantCode(t, "recall after the open", err, sealpost.CodeOpened)
}

// R8: who may ask, and what an answer tells.
func TestWhoMayRecall(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas, erik := h.person("Maya"), h.person("Jonas"), h.person("Erik")
	in := h.pair(maya, jonas)
	id := h.send(maya, in)

	_, err := h.recall(erik, id)
	wantCode(t, "a stranger", err, sealpost.CodeNotFound)
	_, never := h.recall(erik, sealpost.MessageID{6: 0x70, 8: 0x80, 15: 9})
	if err.Error() != never.Error() {
		t.Errorf("a stranger is answered %q, for what never was %q", err, never)
	}
	_, err = h.recall(jonas, id)
	wantCode(t, "the recipient", err, sealpost.CodeNotSender)
	_, err = h.Forecast(t.Context(), jonas, id)
	wantCode(t, "the recipient's forecast", err, sealpost.CodeNotSender)
	_, err = h.Report(t.Context(), maya, id)
	wantCode(t, "a report before a recall", err, sealpost.CodeNotFound)

	group := h.group(maya, jonas, erik)
	left := h.send(jonas, group)
	if err := h.RemoveParticipant(t.Context(), jonas, "", group, jonas.User.ID); err != nil {
		t.Fatal(err)
	}
	h.mustRecall(jonas, left) // also after leaving
}

// R8: the refusals in their order, each one's status kept by the one before it.
func TestRefusalsInOrder(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.policy(func(p *policy.Policy) { p.Window = time.Minute; p.Throttle.Refusals = 3 })
	maya, jonas := h.person("Maya", sealpost.RoleNotices), h.person("Jonas")
	in := h.pair(maya, jonas)

	notice, err := h.Send(t.Context(), maya, "", service.Sending{Conversation: in, Body: "notice", Kind: sealpost.KindRequiredNotice})
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.recall(maya, notice.ID)
	wantCode(t, "a required notice", err, sealpost.CodeRequiredNotice) // R22
	_, err = h.Send(t.Context(), jonas, "", service.Sending{Conversation: in, Body: "notice", Kind: sealpost.KindRequiredNotice})
	wantCode(t, "a notice without the role", err, sealpost.CodeForbidden)

	late := h.send(maya, in)
	h.advance(time.Minute)
	if f, err := h.Forecast(t.Context(), maya, late); err != nil || f.Recallable || f.Code != sealpost.CodeWindowClosed {
		// Exactly at the end it is still possible; one microsecond later it is not.
		if f.Until != 0 && !f.Recallable {
			t.Errorf("forecast at the end of the window: %+v, %v", f, err)
		}
	}
	h.now.Add(1)
	_, err = h.recall(maya, late)
	wantCode(t, "after the window", err, sealpost.CodeWindowClosed)

	h.mustRecall(maya, h.send(maya, in))
	second := h.send(maya, in)
	_, err = h.recall(maya, second)
	wantCode(t, "the second of the day", err, sealpost.CodeDailyLimit)
	var refusal *sealpost.Error
	if e, ok := err.(*sealpost.Error); ok { //nolint:errorlint // nothing wraps it here
		refusal = e
	}
	if refusal == nil || refusal.RetryAt != sealpost.InstantOf(time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("daily limit: %+v; want tomorrow at midnight", refusal)
	}
	_, err = h.recall(maya, second) // the fourth refusal: three are allowed
	wantCode(t, "still only the daily limit", err, sealpost.CodeDailyLimit)
	_, err = h.recall(maya, second)
	wantCode(t, "the daily limit comes first", err, sealpost.CodeDailyLimit)
	if e, ok := err.(*sealpost.Error); !ok || !slices.Contains(e.Also, sealpost.CodeThrottled) { //nolint:errorlint // as above
		t.Errorf("also: %+v; want throttled", err)
	}
	other := h.pair(maya, h.person("Erik"))
	_, err = h.recall(maya, h.send(maya, other))
	wantCode(t, "throttled everywhere", err, sealpost.CodeThrottled) // R10, R14
	h.advance(10 * time.Minute)
	h.mustRecall(maya, h.send(maya, other))
}

// R8: with recall switched off nothing else is looked at; a message keeps the policy
// it was sent under (R12).
func TestMessageKeepsItsPolicy(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas := h.person("Maya"), h.person("Jonas")
	in := h.pair(maya, jonas)
	before := h.send(maya, in)
	h.policy(func(p *policy.Policy) { p.Recall = false })
	after := h.send(maya, in)
	_, err := h.recall(maya, after)
	wantCode(t, "sent while recall is off", err, sealpost.CodeRecallOff)
	h.mustRecall(maya, before)
}

// R12, R13: a forecast tells the terms of the policy that the message was sent under,
// and the day after which its recall stops counting, in the sender's zone.
func TestForecastTellsTheTerms(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas := h.person("Maya"), h.person("Jonas")
	in := h.pair(maya, jonas)
	before := h.send(maya, in)
	h.policy(func(p *policy.Policy) { p.PerConversationDay, p.Trace, p.Window = 4, sealpost.TraceNever, time.Hour })
	after := h.send(maya, in)
	for id, want := range map[sealpost.MessageID]service.Terms{
		before: {Recall: true, Window: 5 * time.Minute, PerDay: 1, Trace: sealpost.TraceAuto, Previews: sealpost.PreviewsAfterWindow},
		after:  {Recall: true, Window: time.Hour, PerDay: 4, Trace: sealpost.TraceNever, Previews: sealpost.PreviewsAfterWindow},
	} {
		f, err := h.Forecast(t.Context(), maya, id)
		if err != nil || f.Terms != want {
			t.Errorf("terms %+v, %v; want %+v", f.Terms, err, want)
		}
		zone, err := time.LoadLocation(maya.User.TimeZone)
		if err != nil {
			t.Fatal(err)
		}
		if next := f.Next.Time().In(zone); next.Hour() != 0 || next.Minute() != 0 || f.Next <= f.Until || next.Sub(f.Until.Time()) > 25*time.Hour {
			t.Errorf("the next day begins %s", next)
		}
	}
}

// R8: an opening without a receipt shows in no forecast and in no `also`; it can be
// the answer only when nothing else refuses.
func TestSecretOpenings(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas := h.person("Maya"), h.person("Jonas")
	jonas = h.receipts(jonas, false)
	in := h.pair(maya, jonas)
	id := h.send(maya, in)
	sender := h.view(maya, in)
	h.bus.told()
	forecast := func() string {
		f, err := h.Forecast(t.Context(), maya, id)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%+v", f)
	}
	forecastBefore := forecast()
	cursor, err := h.Changes(t.Context(), maya, in, "", 200)
	if err != nil {
		t.Fatal(err)
	}
	h.open(jonas, in, id)
	if changes, err := h.Changes(t.Context(), maya, in, cursor.Cursor, 200); err != nil || len(changes.Messages) != 0 {
		t.Errorf("the sender's changes name what was opened in secret: %+v, %v", changes, err)
	}
	if told := h.bus.told(); !slices.Equal(told, idsOf(jonas)) {
		t.Errorf("told of a secret opening: %v", told) // R34
	}
	if got := h.view(maya, in); got != sender {
		t.Errorf("the sender's view changed:\n%s\n%s", sender, got)
	}
	if got := forecast(); got != forecastBefore {
		t.Errorf("the forecast changed:\n%s\n%s", forecastBefore, got)
	}
	_, err = h.recall(maya, id)
	wantCode(t, "nothing else refuses", err, sealpost.CodeOpened)
	h.advance(6 * time.Minute)
	_, err = h.recall(maya, id)
	if e, ok := err.(*sealpost.Error); !ok || e.Code != sealpost.CodeWindowClosed || len(e.Also) != 0 { //nolint:errorlint // nothing wraps it
		t.Errorf("after the window: %+v; want window_closed and nothing else", err)
	}
}

// R9: a second recall gives the first one's report, changes nothing, costs nothing.
func TestRecallTwice(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.policy(func(p *policy.Policy) { p.PerConversationDay = 2 })
	maya, jonas := h.person("Maya"), h.person("Jonas")
	in := h.pair(maya, jonas)
	id := h.send(maya, in)
	first := h.mustRecall(maya, id)
	h.advance(time.Hour)
	h.arrive(jonas)
	again := h.mustRecall(maya, id)
	if !again.Again || first.Again {
		t.Error("it is not told that it was done before")
	}
	again.Again = false
	if fmt.Sprint(again) != fmt.Sprint(first) {
		t.Errorf("the second report differs:\n%+v\n%+v", first, again)
	}
	if n := h.count("recall.granted"); n != 1 {
		t.Errorf("%d entries of one recall", n)
	}
	if f, err := h.Forecast(t.Context(), maya, id); err != nil || f.Recallable || f.Code != sealpost.CodeRecalled || f.NextPossibleAt != 0 {
		t.Errorf("the forecast of what was recalled: %+v, %v", f, err)
	}
	h.mustRecall(maya, h.send(maya, in)) // the second of two: the repetition cost none
	_, err := h.recall(maya, h.send(maya, in))
	wantCode(t, "the third", err, sealpost.CodeDailyLimit)
}

func (h *house) count(action string) int {
	h.t.Helper()
	all, err := h.store.AuditLog(h.t.Context(), service.AuditQuery{Limit: 10_000})
	if err != nil {
		h.t.Fatal(err)
	}
	n := 0
	for _, a := range all {
		if a.Action == action {
			n++
		}
	}
	return n
}

// R10: a refusal changes no message and costs no recall; it is audited.
func TestRefusalCostsNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas := h.person("Maya"), h.person("Jonas")
	in := h.pair(maya, jonas)
	opened := h.send(maya, in)
	h.open(jonas, in, opened)
	before := h.view(maya, in)
	_, err := h.recall(maya, opened)
	wantCode(t, "recall", err, sealpost.CodeOpened)
	if after := h.view(maya, in); after != before {
		t.Errorf("the refusal changed something:\n%s\n%s", before, after)
	}
	if a := h.lastAudit("recall.refused"); a.Code != sealpost.CodeOpened || a.Message != opened || a.Actor != maya.User.ID {
		t.Errorf("audit: %+v", a)
	}
	h.mustRecall(maya, h.send(maya, in))
}

// R11: when the outcome is unknown the answer is unavailable, never a success, and a
// retry with the same key gives the truth.
func TestUnknownOutcome(t *testing.T) {
	t.Parallel()
	for name, how := range map[string]memstore.Failure{"not written": memstore.FailBefore, "written, not told": memstore.FailAfter} {
		h := newHouse(t)
		maya, jonas := h.person("Maya"), h.person("Jonas")
		in := h.pair(maya, jonas)
		id := h.send(maya, in)
		end := h.failing("Decide", how)
		_, err := h.Recall(t.Context(), maya, "key-1", id, service.Recalling{KeepDraft: true})
		wantCode(t, name, err, sealpost.CodeUnavailable)
		end()
		r, err := h.Recall(t.Context(), maya, "key-1", id, service.Recalling{KeepDraft: true})
		if err != nil || r.Outcome != service.OutcomeRecalled || h.count("recall.granted") != 1 {
			t.Errorf("%s: the retry: %+v, %v, %d entries", name, r, err, h.count("recall.granted"))
		}
		_, err = h.Recall(t.Context(), maya, "key-1", id, service.Recalling{KeepDraft: false})
		wantCode(t, name+": another request under the key", err, sealpost.CodeIdempotencyConflict)
	}
}

// A stored refusal is given again, and audited once.
func TestRefusalReplays(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas := h.person("Maya"), h.person("Jonas")
	in := h.pair(maya, jonas)
	id := h.send(maya, in)
	h.open(jonas, in, id)
	for range 3 {
		_, err := h.Recall(t.Context(), maya, "key-1", id, service.Recalling{})
		wantCode(t, "refusal", err, sealpost.CodeOpened)
	}
	if n := h.count("recall.refused"); n != 1 {
		t.Errorf("%d entries of one refusal", n)
	}
}

// R15: in a group the recall works for those who have not opened it, or for nobody.
func TestGroupRecall(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas, erik := h.person("Maya"), h.person("Jonas"), h.person("Erik")
	group := h.group(maya, jonas, erik)
	id := h.send(maya, group)
	h.open(jonas, group, id)
	r := h.mustRecall(maya, id)
	if r.Outcome != service.OutcomePartlyRecalled || r.ErasedAt != 0 {
		t.Errorf("report: %+v", r)
	}
	for _, line := range r.Recipients {
		switch line.UserID {
		case jonas.User.ID:
			if line.Outcome != service.OutcomeOpened || line.Level != sealpost.LevelOpened || line.OpenedAt == 0 {
				t.Errorf("who opened it: %+v", line)
			}
		default:
			if line.Outcome != service.OutcomeRecalled {
				t.Errorf("who did not: %+v", line)
			}
		}
	}
	if v, err := h.Message(t.Context(), jonas, id); err != nil || v.Content == nil {
		t.Errorf("who opened it keeps it: %+v, %v", v, err)
	}
	if o := h.open(erik, group, h.send(maya, group)); len(o.Messages) != 2 { // the first of the group, and the newest
		t.Errorf("opened %d", len(o.Messages))
	}

	h.policy(func(p *policy.Policy) { p.Group = policy.GroupAllOrNothing })
	other := h.group(jonas, maya, erik)
	strict := h.send(jonas, other)
	h.open(erik, other, strict)
	_, err := h.recall(jonas, strict)
	wantCode(t, "all or nothing", err, sealpost.CodeOpened)
}
