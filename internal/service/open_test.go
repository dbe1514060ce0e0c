package service_test

import (
	"slices"
	"testing"

	"github.com/sealpost/sealpost/internal/memstore"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// R5: opening through a message opens everything sealed up to it, and nothing after.
func TestOpenThrough(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas := h.person("Maya"), h.person("Jonas")
	in := h.pair(maya, jonas)
	first, second, third := h.send(maya, in), h.send(maya, in), h.send(maya, in)
	o := h.open(jonas, in, second)
	if len(o.Messages) != 2 || o.Messages[0].ID != first || o.Messages[1].ID != second || o.More {
		t.Errorf("opened: %+v", o)
	}
	if v, err := h.Message(t.Context(), jonas, third); err != nil || v.Content != nil || v.Delivery != sealpost.DeliverySealed {
		t.Errorf("the one after: %+v, %v", v, err)
	}
	if o := h.open(jonas, in, second); len(o.Messages) != 0 {
		t.Errorf("nothing sealed is left, opened %+v", o)
	}
	if o := h.open(maya, in, third); len(o.Messages) != 0 { // the sender's look is no opening
		t.Errorf("the sender opened: %+v", o)
	}
	h.mustRecall(maya, third)
}

// R5, R34: at most OpenLimit at once, oldest first, and the answer says that there is
// more.
func TestOpenLimit(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas := h.person("Maya"), h.person("Jonas")
	in := h.pair(maya, jonas)
	var last sealpost.MessageID
	for range service.OpenLimit + 5 {
		last = h.send(maya, in)
	}
	if o := h.open(jonas, in, last); len(o.Messages) != service.OpenLimit || !o.More {
		t.Errorf("opened %d, more %v", len(o.Messages), o.More)
	}
	if o := h.open(jonas, in, last); len(o.Messages) != 5 || o.More {
		t.Errorf("then %d, more %v", len(o.Messages), o.More)
	}
}

// R6: the answer of a committed open is lost; it stays opened, and the retry gives
// the content. Later keys open what came later.
func TestOpenReplays(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas := h.person("Maya"), h.person("Jonas")
	in := h.pair(maya, jonas)
	id := h.send(maya, in)
	end := h.failing("Decide", memstore.FailAfter)
	_, err := h.Open(t.Context(), jonas, "key-1", in, id)
	wantCode(t, "the answer is lost", err, sealpost.CodeUnavailable)
	end()
	_, err = h.recall(maya, id)
	wantCode(t, "recall", err, sealpost.CodeOpened)
	for range 2 {
		o, err := h.Open(t.Context(), jonas, "key-1", in, id)
		if err != nil || len(o.Messages) != 1 || o.Messages[0].Content == nil || o.Messages[0].Content.Body != "hello" {
			t.Errorf("the retry: %+v, %v", o, err)
		}
	}
	if n := h.count("message.open"); n != 1 {
		t.Errorf("opened %d times", n)
	}
	other := h.send(maya, in)
	_, err = h.Open(t.Context(), jonas, "key-1", in, other)
	wantCode(t, "another request under the key", err, sealpost.CodeIdempotencyConflict)
}

// R4, R8: who may not open learns nothing.
func TestWhoMayOpen(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas, erik := h.person("Maya"), h.person("Jonas"), h.person("Erik")
	in := h.pair(maya, jonas)
	id := h.send(maya, in)
	_, err := h.Open(t.Context(), erik, "", in, id)
	wantCode(t, "a stranger", err, sealpost.CodeNotFound)
	_, err = h.Open(t.Context(), jonas, "", in, sealpost.MessageID{1})
	wantCode(t, "through nothing", err, sealpost.CodeNotFound)
	_, err = h.Open(t.Context(), jonas, "", h.pair(jonas, erik), id)
	wantCode(t, "in another conversation", err, sealpost.CodeNotFound)
}

// R33: a leaver keeps what was opened; what is sealed is closed to them, also when
// they come back, and stays recallable.
func TestLeavingClosesWhatIsSealed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas, erik := h.person("Maya"), h.person("Jonas"), h.person("Erik")
	group := h.group(maya, jonas, erik)
	opened := h.send(maya, group)
	h.open(erik, group, opened)
	sealed := h.send(maya, group)
	cursor, err := h.Changes(t.Context(), erik, group, "", 200)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.RemoveParticipant(t.Context(), erik, "", group, erik.User.ID); err != nil {
		t.Fatal(err)
	}
	_, err = h.Open(t.Context(), erik, "", group, sealed)
	wantCode(t, "opening after leaving", err, sealpost.CodeNotFound)
	later := h.send(maya, group)
	_, err = h.Message(t.Context(), erik, later)
	wantCode(t, "what comes after leaving", err, sealpost.CodeNotFound)
	if v, err := h.Message(t.Context(), erik, opened); err != nil || v.Content == nil {
		t.Errorf("what was opened: %+v, %v", v, err)
	}
	changes, err := h.Changes(t.Context(), erik, group, cursor.Cursor, 200)
	if err != nil || !slices.Equal(changes.Vanished, []sealpost.MessageID{sealed}) {
		t.Errorf("changes: %+v, %v", changes, err)
	}
	if _, err := h.AddParticipant(t.Context(), maya, "", group, erik.User.ID); err != nil {
		t.Fatal(err)
	}
	_, err = h.Open(t.Context(), erik, "", group, sealed)
	wantCode(t, "opening after coming back", err, sealpost.CodeNotFound)
	if r := h.mustRecall(maya, sealed); r.Outcome != service.OutcomeRecalled {
		t.Errorf("report: %+v", r)
	}
}

// R25: somebody with read receipts off appears in the report with the outcome, but
// without the time.
func TestReportWithoutReceipt(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas, erik := h.person("Maya"), h.person("Jonas"), h.person("Erik")
	jonas = h.receipts(jonas, false)
	group := h.group(maya, jonas, erik)
	id := h.send(maya, group)
	h.open(jonas, group, id)
	h.receipts(jonas, true) // turned on later: it reveals nothing that was not told
	r := h.mustRecall(maya, id)
	i := slices.IndexFunc(r.Recipients, func(l service.RecipientReport) bool { return l.UserID == jonas.User.ID })
	if l := r.Recipients[i]; l.Outcome != service.OutcomeOpened || l.OpenedAt != 0 {
		t.Errorf("without a receipt: %+v", l)
	}
}
