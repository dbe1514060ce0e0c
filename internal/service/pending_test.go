package service_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sealpost/sealpost/internal/memstore"
	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func (h *house) hold(p service.Principal, in sealpost.ConversationID, undo time.Duration) sealpost.MessageID {
	h.t.Helper()
	m, err := h.Send(h.t.Context(), p, "", service.Sending{Conversation: in, Body: "held", Kind: sealpost.KindMessage, Undo: &undo})
	if err != nil || m.State != sealpost.Held || m.SentAt != 0 {
		h.t.Fatalf("held: %+v, %v", m, err)
	}
	return m.ID
}

func (h *house) schedule(p service.Principal, in sealpost.ConversationID, after time.Duration) sealpost.MessageID {
	h.t.Helper()
	at := sealpost.Instant(h.now.Load()).Add(after).Time()
	m, err := h.Send(h.t.Context(), p, "", service.Sending{
		Conversation: in, Body: "scheduled", Kind: sealpost.KindMessage, SendAt: at, TimeZone: "Europe/Oslo",
	})
	if err != nil || m.State != sealpost.Scheduled || m.ReleaseAt != sealpost.InstantOf(at) {
		h.t.Fatalf("scheduled: %+v, %v", m, err)
	}
	return m.ID
}

// R27, R34: a message in its undo time exists for its sender only; undone, nobody
// can know that there was one, and the text is a draft again.
func TestUndo(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas := h.person("Maya"), h.person("Jonas")
	in := h.pair(maya, jonas)
	h.open(jonas, in, h.send(maya, in))
	before := h.view(jonas, in)
	h.bus.told()

	id := h.hold(maya, in, 10*time.Second)
	if got := h.view(jonas, in); got != before {
		t.Errorf("the recipient sees a held message:\n%s\n%s", before, got)
	}
	_, err := h.recall(maya, id)
	wantCode(t, "recalling what is held", err, sealpost.CodeNotDelivered)
	_, err = h.Undo(t.Context(), jonas, "", id)
	wantCode(t, "the recipient's undo", err, sealpost.CodeNotFound)
	draft, err := h.Undo(t.Context(), maya, "key-1", id)
	if err != nil {
		t.Fatal(err)
	}
	if d, err := h.Draft(t.Context(), maya, draft); err != nil || d.Body != "held" {
		t.Errorf("draft: %+v, %v", d, err)
	}
	if again, err := h.Undo(t.Context(), maya, "key-1", id); err != nil || again != draft {
		t.Errorf("the retry: %v, %v", again, err)
	}
	h.advance(time.Hour)
	if _, err := h.ReleaseDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := h.view(jonas, in); got != before {
		t.Errorf("after the undo:\n%s\n%s", before, got)
	}
	if told := h.bus.told(); !slices.Equal(told, idsOf(maya)) {
		t.Errorf("told: %v", told)
	}
	_, err = h.Message(t.Context(), maya, id)
	wantCode(t, "the undone message", err, sealpost.CodeNotFound)
	h.mustRecall(maya, h.send(maya, in)) // the undo used no recall
}

// R27, R28: the release delivers once, with the policy and recipients of that
// moment; the loser of a race with it is told.
func TestRelease(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas := h.person("Maya"), h.person("Jonas")
	in := h.pair(maya, jonas)
	id := h.schedule(maya, in, 30*time.Hour)
	h.policy(func(p *policy.Policy) { p.Window = time.Minute })
	if _, err := h.ReleaseDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	if v, err := h.Message(t.Context(), maya, id); err != nil || v.State != sealpost.Scheduled || v.Content == nil {
		t.Errorf("before its time: %+v, %v", v, err)
	}
	for range 31 { // the epoch it lies under closes on the way
		h.advance(time.Hour)
		if err := h.KeepEpochs(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if _, err := h.ReleaseDue(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	v, err := h.Message(t.Context(), maya, id)
	if err != nil || v.State != sealpost.Sent || v.RecallableUntil != v.SentAt.Add(time.Minute) || v.Content.Body != "scheduled" {
		t.Errorf("released: %+v, %v", v, err)
	}
	if n := h.count("message.release"); n != 1 {
		t.Errorf("released %d times", n)
	}
	_, err = h.Undo(t.Context(), maya, "", id)
	wantCode(t, "undo after the release", err, sealpost.CodeAlreadyDelivered)
	text := "other"
	_, err = h.EditPending(t.Context(), maya, "", id, service.PendingEdit{Body: &text})
	wantCode(t, "edit after the release", err, sealpost.CodeAlreadyDelivered)
	_, err = h.SendNow(t.Context(), maya, "", id)
	wantCode(t, "send now after the release", err, sealpost.CodeAlreadyDelivered)
	if o := h.open(jonas, in, id); len(o.Messages) != 1 || o.Messages[0].Content.Body != "scheduled" {
		t.Errorf("opened: %+v", o)
	}
}

// R28: edited, moved and sent now until it is released.
func TestEditPending(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas := h.person("Maya"), h.person("Jonas")
	in := h.pair(maya, jonas)
	id := h.schedule(maya, in, time.Hour)
	text, at := "better", sealpost.Instant(h.now.Load()).Add(2*time.Hour).Time()
	v, err := h.EditPending(t.Context(), maya, "key-1", id, service.PendingEdit{Body: &text, SendAt: &at})
	if err != nil || v.Content.Body != text || v.ReleaseAt != sealpost.InstantOf(at) || v.Version != 2 || v.TimeZone != "Europe/Oslo" {
		t.Errorf("edited: %+v, %v", v, err)
	}
	if _, err := h.EditPending(t.Context(), maya, "key-1", id, service.PendingEdit{Body: &text, SendAt: &at}); err != nil {
		t.Errorf("the retry: %v", err)
	}
	other := "other"
	_, err = h.EditPending(t.Context(), maya, "key-1", id, service.PendingEdit{Body: &other, SendAt: &at})
	wantCode(t, "another text under the key", err, sealpost.CodeIdempotencyConflict)
	_, err = h.EditPending(t.Context(), maya, "", id, service.PendingEdit{})
	wantField(t, "nothing to change", err, "body")
	past := sealpost.Instant(h.now.Load()).Add(-time.Second).Time()
	_, err = h.EditPending(t.Context(), maya, "", id, service.PendingEdit{SendAt: &past})
	wantField(t, "into the past", err, "send_at")
	h.advance(time.Hour) // the first time has come, the second not
	if _, err := h.ReleaseDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	if v, err := h.Message(t.Context(), maya, id); err != nil || v.State != sealpost.Scheduled {
		t.Errorf("released too early: %+v, %v", v, err)
	}
	if v, err := h.SendNow(t.Context(), maya, "", id); err != nil || v.State != sealpost.Sent {
		t.Errorf("sent now: %+v, %v", v, err)
	}
	if o := h.open(jonas, in, id); o.Messages[0].Content.Body != text {
		t.Errorf("opened: %+v", o)
	}
}

// R28: a release that is refused puts the text back into the drafts, with the reason.
func TestRefusedRelease(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas, erik := h.person("Maya"), h.person("Jonas"), h.person("Erik")
	group := h.group(maya, jonas, erik)
	id := h.schedule(jonas, group, time.Hour)
	if err := h.RemoveParticipant(t.Context(), maya, "", group, jonas.User.ID); err != nil {
		t.Fatal(err)
	}
	h.advance(time.Hour)
	if _, err := h.ReleaseDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	drafts, _, err := h.Drafts(t.Context(), jonas, "", 10)
	if err != nil || len(drafts) != 1 || drafts[0].Body != "scheduled" || drafts[0].Draft.Reason != sealpost.CodeCannotDeliver || drafts[0].Draft.FromMessage != id {
		t.Errorf("drafts: %+v, %v", drafts, err)
	}
}

// I8: acknowledged once, there once, however often it is repeated (F6, F7).
func TestSendReplays(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas := h.person("Maya"), h.person("Jonas")
	in := h.pair(maya, jonas)
	send := func(key, body string) (service.MessageView, error) {
		return h.Send(t.Context(), maya, key, service.Sending{Conversation: in, Body: body, Kind: sealpost.KindMessage})
	}
	end := h.failing("Decide", memstore.FailAfter)
	_, err := send("key-1", "text")
	wantCode(t, "the answer is lost", err, sealpost.CodeUnavailable)
	end()
	first, err := send("key-1", "text")
	if err != nil || first.Content.Body != "text" {
		t.Fatalf("%+v, %v", first, err)
	}
	again, err := send("key-1", "text")
	if err != nil || again.ID != first.ID || h.count("message.send") != 1 {
		t.Errorf("again: %+v, %v", again, err)
	}
	_, err = send("key-1", "another text")
	wantCode(t, "another text under the key", err, sealpost.CodeIdempotencyConflict)
	if _, err := h.Send(t.Context(), jonas, "key-1", service.Sending{Conversation: in, Body: "mine", Kind: sealpost.KindMessage}); err != nil {
		t.Errorf("the same key of somebody else: %v", err)
	}
	h.mustRecall(maya, first.ID)
	if v, err := send("key-1", "text"); err != nil || v.State != sealpost.Recalled || v.Content != nil {
		t.Errorf("after the recall: %+v, %v", v, err)
	}
}

// Bad input is refused with its field and changes nothing.
func TestSendRefusals(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas, erik := h.person("Maya"), h.person("Jonas"), h.person("Erik")
	in := h.pair(maya, jonas)
	good := service.Sending{Conversation: in, Body: "text", Kind: sealpost.KindMessage}
	sealed := h.send(jonas, in)
	foreign := h.send(jonas, h.pair(jonas, erik))
	long := 3 * time.Minute
	past := sealpost.Instant(h.now.Load()).Add(-time.Second).Time()
	for name, c := range map[string]struct {
		change func(*service.Sending)
		code   sealpost.Code
		field  string
	}{
		"empty":          {func(s *service.Sending) { s.Body = " \n" }, sealpost.CodeInvalid, "body"},
		"NUL":            {func(s *service.Sending) { s.Body = "a\x00b" }, sealpost.CodeInvalid, "body"},
		"not UTF-8":      {func(s *service.Sending) { s.Body = "a\xff" }, sealpost.CodeInvalid, "body"},
		"too long":       {func(s *service.Sending) { s.Body = string(make([]rune, 10_001)) }, sealpost.CodeInvalid, "body"},
		"id":             {func(s *service.Sending) { s.ID = sealpost.MessageID{1} }, sealpost.CodeInvalid, "id"},
		"id in use":      {func(s *service.Sending) { s.ID = sealed }, sealpost.CodeIDInUse, "id"},
		"undo":           {func(s *service.Sending) { s.Undo = &long }, sealpost.CodeInvalid, "undo"},
		"past":           {func(s *service.Sending) { s.SendAt = past }, sealpost.CodeInvalid, "send_at"},
		"zone":           {func(s *service.Sending) { s.SendAt = past; s.TimeZone = "Nowhere/Town" }, sealpost.CodeInvalid, "time_zone"},
		"zone alone":     {func(s *service.Sending) { s.TimeZone = "Europe/Oslo" }, sealpost.CodeInvalid, "time_zone"},
		"reply sealed":   {func(s *service.Sending) { s.InReplyTo = sealed }, sealpost.CodeOpenRequired, "in_reply_to"},
		"reply foreign":  {func(s *service.Sending) { s.InReplyTo = foreign }, sealpost.CodeInvalid, "in_reply_to"},
		"no participant": {func(s *service.Sending) { s.Conversation = h.pair(jonas, erik) }, sealpost.CodeNotFound, ""},
	} {
		s := good
		c.change(&s)
		_, err := h.Send(t.Context(), maya, "", s)
		wantCode(t, name, err, c.code)
		if e, ok := err.(*sealpost.Error); ok && e.Field != c.field { //nolint:errorlint // nothing wraps it here
			t.Errorf("%s: field %q", name, e.Field)
		}
	}
	if n := h.count("message.send"); n != 2 {
		t.Errorf("%d messages were sent", n)
	}
	h.open(maya, in, sealed)
	reply := good
	reply.InReplyTo = sealed
	if v, err := h.Send(t.Context(), maya, "", reply); err != nil || v.Content.InReplyTo != sealed {
		t.Errorf("a reply to what was opened: %+v, %v", v, err)
	}
}

// C1: a reply is a reference. Where its target is not visible there is no trace of it.
func TestReplyToWhatOneMayNotSee(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas, erik := h.person("Maya"), h.person("Jonas"), h.person("Erik")
	group := h.group(maya, jonas)
	target := h.send(maya, group)
	if _, err := h.AddParticipant(t.Context(), maya, "", group, erik.User.ID); err != nil {
		t.Fatal(err)
	}
	v, err := h.Send(t.Context(), maya, "", service.Sending{Conversation: group, Body: "reply", Kind: sealpost.KindMessage, InReplyTo: target})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		who  service.Principal
		want sealpost.MessageID
	}{{jonas, target}, {erik, sealpost.MessageID{}}} {
		o := h.open(c.who, group, v.ID)
		if got := o.Messages[len(o.Messages)-1].Content.InReplyTo; got != c.want {
			t.Errorf("%s sees a reply to %v; want %v", c.who.User.Name, got, c.want)
		}
	}
}

// R22, R28: what the account could not send now is not released either, and comes back.
func TestReleaseAsksForTheSender(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	root, maya, jonas := h.person("Root", sealpost.RoleAdmin), h.person("Maya", sealpost.RoleNotices), h.person("Jonas")
	in := h.pair(maya, jonas)
	h.open(jonas, in, h.send(maya, in))
	before := h.view(jonas, in)
	at := sealpost.Instant(h.now.Load()).Add(time.Hour).Time()
	notice, err := h.Send(t.Context(), maya, "", service.Sending{Conversation: in, Body: "notice", Kind: sealpost.KindRequiredNotice, SendAt: at})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.EditAccount(t.Context(), root, "", maya.User.ID, service.AccountEdit{Roles: new([]sealpost.Role), Reason: "a test"}); err != nil {
		t.Fatal(err)
	}
	_, err = h.SendNow(t.Context(), maya, "", notice.ID)
	wantCode(t, "sent now without the role", err, sealpost.CodeForbidden)
	reasons := func() (out []sealpost.Code) {
		h.advance(time.Hour)
		if _, err := h.ReleaseDue(t.Context()); err != nil {
			t.Fatal(err)
		}
		drafts, _, err := h.Drafts(t.Context(), maya, "", 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range drafts {
			if d.Draft.ExpiresAt != 0 {
				t.Errorf("kept until %v: nobody was asked", d.Draft.ExpiresAt)
			}
			out = append(out, d.Draft.Reason)
		}
		return out
	}
	if got := reasons(); !slices.Equal(got, []sealpost.Code{sealpost.CodeForbidden}) {
		t.Errorf("without the role: %v", got)
	}
	h.schedule(maya, in, time.Hour)
	h.hold(maya, in, time.Minute)
	if err := h.disable(root, maya.User.ID, true); err != nil {
		t.Fatal(err)
	}
	if got := reasons(); len(got) != 3 || !slices.Contains(got, sealpost.CodeCannotDeliver) {
		t.Errorf("of a closed account: %v", got)
	}
	if got := h.view(jonas, in); got != before {
		t.Errorf("something arrived:\n%s\n%s", before, got)
	}
}

// R28: whoever is not in the group any more cannot send what waits, and keeps it.
func TestSendNowAfterLeaving(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas, erik := h.person("Maya"), h.person("Jonas"), h.person("Erik")
	group := h.group(maya, jonas, erik)
	h.open(jonas, group, h.send(maya, group))
	ids := []sealpost.MessageID{h.schedule(jonas, group, time.Hour), h.schedule(jonas, group, time.Hour)}
	if err := h.RemoveParticipant(t.Context(), maya, "", group, jonas.User.ID); err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		_, err := h.SendNow(t.Context(), jonas, "", id)
		wantCode(t, "sent now", err, sealpost.CodeCannotDeliver)
		if v, err := h.Message(t.Context(), jonas, id); err != nil || v.State != sealpost.Scheduled {
			t.Errorf("afterwards: %+v, %v", v, err)
		}
	}
}

// What waits has a limit, so that every view can give it whole.
func TestWaitingHasALimit(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas := h.person("Maya"), h.person("Jonas")
	in := h.pair(maya, jonas)
	var last sealpost.MessageID
	for range service.MaxWaiting {
		last = h.schedule(maya, in, time.Hour)
	}
	undo := time.Minute
	for name, s := range map[string]service.Sending{
		"scheduled": {SendAt: sealpost.Instant(h.now.Load()).Add(time.Hour).Time()}, "held": {Undo: &undo},
	} {
		s.Conversation, s.Body, s.Kind = in, "one more", sealpost.KindMessage
		_, err := h.Send(t.Context(), maya, "", s)
		wantCode(t, name, err, sealpost.CodeForbidden)
	}
	h.send(maya, in) // at once it goes
	if page, err := h.History(t.Context(), maya, in, sealpost.MessageID{}, 10); err != nil || len(page.Items) != service.MaxWaiting+1 {
		t.Errorf("%d are listed, %v", len(page.Items), err)
	}
	if _, err := h.Undo(t.Context(), maya, "", last); err != nil {
		t.Fatal(err)
	}
	h.schedule(maya, in, time.Hour)
}

// R16: to who may not know of a group yet it is not there, whatever they ask for. Who was
// told its id can write in it, and knows of it from then on.
func TestUnknownGroup(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas, erik, noor := h.person("Maya"), h.person("Jonas"), h.person("Erik"), h.person("Noor")
	talk, _, err := h.CreateConversation(t.Context(), maya, "", idsOf(jonas, erik), "Group")
	if err != nil {
		t.Fatal(err)
	}
	in := talk.Conversation.ID
	id, err := uuid.NewV7()
	if err != nil {
		t.Fatal(err)
	}
	want := sealpost.NotFound().Error()
	for _, p := range []service.Principal{jonas, noor} {
		_, recalled := h.Recall(t.Context(), p, "", sealpost.MessageID(id), service.Recalling{Conversation: in})
		for what, err := range map[string]error{
			"recalled": recalled, "accepted": h.AcceptRequest(t.Context(), p, "", in), "declined": h.DeclineRequest(t.Context(), p, "", in),
			"muted": h.SetMuted(t.Context(), p, "", in, true), "unread": h.SetUnread(t.Context(), p, "", in, true),
		} {
			if err == nil || err.Error() != want {
				t.Errorf("%s, %s: %v", p.User.Name, what, err)
			}
		}
	}
	_, err = h.Send(t.Context(), noor, "", service.Sending{Conversation: in, Body: "text", Kind: sealpost.KindMessage})
	wantCode(t, "sent by somebody who is not in it", err, sealpost.CodeNotFound)
	h.send(jonas, in)
	if err := h.SetMuted(t.Context(), jonas, "", in, true); err != nil {
		t.Error(err)
	}
}
