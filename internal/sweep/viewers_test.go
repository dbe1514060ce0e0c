//go:build sealtest

package sweep_test

import (
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// secret is something that happens in one of two worlds, and who must not be able
// to tell in which they are.
type secret struct {
	name    string
	in      string // the conversation of the hidden message
	viewers []string
	// connected have live connections all the time.
	connected []string
	hidden    func(t *testing.T, w *twin)
	// then happens in both worlds afterwards.
	then func(t *testing.T, w *twin)
	skip []string // routes that may tell, with the reason at the scenario
}

func (w *twin) sendHidden(t *testing.T, in string, change func(*service.Sending)) {
	t.Helper()
	s := w.sending(in, "the hidden message")
	s.ID = w.hidden
	if change != nil {
		change(&s)
	}
	must(w.service.Send(t.Context(), w.people["sender"].principal(), "", s))(t)
}

func (w *twin) recallHidden(t *testing.T) {
	t.Helper()
	r := must(w.service.Recall(t.Context(), w.people["sender"].principal(), "", w.hidden, service.Recalling{KeepDraft: true}))(t)
	if r.Trace != "none" {
		t.Fatalf("the recall left a trace: somebody was there")
	}
}

func hold(s *service.Sending) {
	undo := time.Minute
	s.Undo = &undo
}

func schedule(s *service.Sending) { s.SendAt = time.Now().Add(30 * time.Hour) }

// secrets is the table of what nobody but the sender may know of (R16, R27, R28, R34).
var secrets = []secret{
	{name: "recalled before anybody was there", in: "direct", viewers: []string{"reader", "other"}, hidden: func(t *testing.T, w *twin) {
		w.sendHidden(t, "direct", nil)
		w.recallHidden(t)
	}},
	{name: "recalled in a group", in: "group", viewers: []string{"reader", "other"}, hidden: func(t *testing.T, w *twin) {
		w.sendHidden(t, "group", nil)
		w.recallHidden(t)
	}},
	{name: "the first message of a conversation, recalled", in: "new", viewers: []string{"reader", "other"}, hidden: func(t *testing.T, w *twin) {
		w.sendHidden(t, "new", nil)
		w.recallHidden(t)
	}},
	{name: "held", in: "group", viewers: []string{"reader", "other"}, connected: []string{"reader", "other"}, hidden: func(t *testing.T, w *twin) {
		w.sendHidden(t, "group", hold)
	}},
	{name: "undone", in: "direct", viewers: []string{"reader", "other"}, connected: []string{"reader"}, hidden: func(t *testing.T, w *twin) {
		w.sendHidden(t, "direct", hold)
		must(w.service.Undo(t.Context(), w.people["sender"].principal(), "", w.hidden))(t)
	}},
	{name: "scheduled in a new conversation", in: "new", viewers: []string{"reader", "other"}, connected: []string{"other"}, hidden: func(t *testing.T, w *twin) {
		w.sendHidden(t, "new", schedule)
	}},
	{name: "scheduled, edited and cancelled", in: "group", viewers: []string{"reader", "other"}, connected: []string{"reader", "other"}, hidden: func(t *testing.T, w *twin) {
		w.sendHidden(t, "group", schedule)
		text, p := "another text", w.people["sender"].principal()
		must(w.service.EditPending(t.Context(), p, "", w.hidden, service.PendingEdit{Body: &text}))(t)
		must(w.service.Undo(t.Context(), p, "", w.hidden))(t)
	}},
	{name: "reported while sealed, then recalled", in: "direct", viewers: []string{"sender", "other"}, connected: []string{"sender"}, hidden: func(t *testing.T, w *twin) {
		w.report(t)
	}, then: func(t *testing.T, w *twin) {
		r := must(w.service.Recall(t.Context(), w.people["sender"].principal(), "", w.message, service.Recalling{}))(t)
		if r.Outcome != service.OutcomeRecalled || r.ErasedAt == 0 {
			t.Fatalf("not recalled: %+v", r)
		}
	}},
	{name: "reported while sealed", in: "direct", viewers: []string{"sender", "other"}, connected: []string{"sender"}, hidden: func(t *testing.T, w *twin) {
		w.report(t)
	}},
	{name: "hidden by its recipient", in: "direct", viewers: []string{"sender", "other"}, connected: []string{"sender"}, hidden: func(t *testing.T, w *twin) {
		if err := w.service.Hide(t.Context(), w.people["reader"].principal(), "", w.message); err != nil {
			t.Fatal(err)
		}
	}, then: func(t *testing.T, w *twin) {
		must(w.service.Recall(t.Context(), w.people["sender"].principal(), "", w.message, service.Recalling{}))(t)
	}},
}

// report reports a message that its reader has not opened (R22, R23).
func (w *twin) report(t *testing.T) {
	t.Helper()
	in := service.Flagging{Reason: sealpost.FlagHarassment, Note: "a note"}
	must(w.service.Flag(t.Context(), w.people["reader"].principal(), "", w.message, in))(t)
}

// R8, R16, R27, R28, R34: whoever should not know of a message gets, on every route
// and over live events, to the byte what a world gives in which there never was one.
func TestViewersCannotTell(t *testing.T) {
	t.Parallel()
	forEachEngine(t, func(t *testing.T, engine string) {
		g := newGround(t, engine, true, 1000)
		for i, s := range secrets {
			if engine == onPostgres && i%3 != 1 && !long() {
				continue // the rules are the service's; the queries are met by a part of them
			}
			t.Run(s.name, func(t *testing.T) { g.tellApart(t, s) })
		}
	})
}

func (g *ground) tellApart(t *testing.T, s secret) {
	t.Helper()
	ids := newIDs(t, 3)
	seen := map[string][2][]string{}
	for i, w := range g.split(t) {
		w.connect(t, s.connected...)
		w.say(t, ids[0], "sender", "group", "seen by all")
		w.say(t, ids[1], "sender", "direct", "seen by the reader")
		w.say(t, ids[2], "other", "others", "seen by the reader")
		w.hide(t, func() { s.hidden(t, w) })
		if s.then != nil {
			s.then(t, w)
			w.anchor(t)
		}
		w.passLive(t, s.connected)
		for _, who := range s.viewers {
			out := w.views(t, who, s.skip...)
			out = append(out, w.attempts(t, who, s.in)...)
			if long() { // nor can they tell after they have tried
				out = append(out, w.views(t, who, s.skip...)...)
			}
			pair := seen[who]
			pair[i] = out
			seen[who] = pair
		}
		if w.withIt && s.name == secrets[0].name {
			w.senderKnows(t)
		}
	}
	for who, pair := range seen {
		if len(pair[0]) < 50 {
			t.Fatalf("%s saw only %d answers", who, len(pair[0]))
		}
		for _, d := range compare(pair[0], pair[1]) {
			t.Errorf("%s can tell:\n%s", who, d)
		}
	}
}

// passLive lets something pass over every live connection, so that whatever came
// before it has come. Marking a conversation is seen by one's own connections only.
func (w *twin) passLive(t *testing.T, connected []string) {
	t.Helper()
	came := w.marks()
	for _, who := range connected {
		own := map[string]string{"sender": "group", "reader": "others", "other": "others"}[who]
		if err := w.service.SetUnread(t.Context(), w.people[who].principal(), "", w.in[own], true); err != nil {
			t.Fatal(err)
		}
		w.awaitLive(t, who, own, came)
	}
	w.anchor(t)
}

// senderKnows shows that the hidden thing did happen.
func (w *twin) senderKnows(t *testing.T) {
	t.Helper()
	never := w.fork(t, false)
	if len(compare(never.views(t, "sender", "/events"), w.views(t, "sender", "/events"))) == 0 {
		t.Error("the sender sees nothing of what was hidden from the others: the worlds are the same")
	}
}

// The comparison must be able to fail: a marker, a delivery, an opening with a
// receipt are seen.
func TestViewersCanTellWhatTheyMayKnow(t *testing.T) {
	t.Parallel()
	g := newGround(t, onSQLite, true, 1000)
	for name, s := range map[string]secret{
		"delivered": {viewers: []string{"reader"}, hidden: func(t *testing.T, w *twin) { w.sendHidden(t, "direct", nil) }},
		"recalled with a marker": {viewers: []string{"reader"}, connected: []string{"reader"}, hidden: func(t *testing.T, w *twin) {
			w.sendHidden(t, "direct", nil)
			must(w.service.Recall(t.Context(), w.people["sender"].principal(), "", w.hidden, service.Recalling{}))(t)
		}},
		"opened with a receipt": {viewers: []string{"sender"}, hidden: func(t *testing.T, w *twin) {
			must(w.service.Open(t.Context(), w.people["reader"].principal(), "", w.in["direct"], w.message))(t)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			var seen [2][]string
			for i, w := range g.split(t) {
				w.connect(t, s.connected...)
				w.hide(t, func() { s.hidden(t, w) })
				seen[i] = w.views(t, s.viewers[0])
			}
			if len(compare(seen[0], seen[1])) == 0 {
				t.Error("no difference was seen")
			}
		})
	}
}

// R8, R25, R34: somebody whose receipts are off opens, and the sender cannot tell,
// neither from any view nor from live events nor from a refused recall, as long as
// something else refuses.
func TestOpeningWithoutReceiptIsInvisible(t *testing.T) {
	t.Parallel()
	forEachEngine(t, func(t *testing.T, engine string) {
		g := newGround(t, engine, false, 1)
		for name, refuse := range map[string]func(*testing.T, *twin, string){
			"window closed": windowOver, "daily limit": limitReached, "not tried": nil,
		} {
			t.Run(name, func(t *testing.T) {
				var seen [2][]string
				ids := newIDs(t, 1)
				for i, w := range g.split(t) {
					seen[i] = w.openUnseen(t, ids, refuse)
				}
				for _, d := range compare(seen[0], seen[1]) {
					t.Errorf("the sender can tell:\n%s", d)
				}
			})
		}
	})
}

func (w *twin) openUnseen(t *testing.T, ids []string, refuse func(*testing.T, *twin, string)) []string {
	t.Helper()
	w.connect(t, "sender")
	reader := w.people["reader"].principal()
	w.hide(t, func() {
		must(w.service.Open(t.Context(), reader, "", w.in["direct"], w.message))(t)
		page := must(w.service.History(t.Context(), reader, w.in["group"], sealpost.MessageID{}, 1))(t)
		must(w.service.Open(t.Context(), reader, "", w.in["group"], page.Items[0].ID))(t)
	})
	w.passLive(t, []string{"sender"})
	seen := w.views(t, "sender")
	if refuse == nil {
		return seen
	}
	refuse(t, w, ids[0])
	v := visitor{name: "sender", token: w.people["sender"].token}
	for range 2 {
		a := ask(t, w.url, v, "POST", base+"/messages/"+w.message.String()+"/recall", nil)
		if a.status < 400 || a.field("code") == "opened" {
			t.Fatalf("nothing else refused: %s", a.body)
		}
		w.anchor(t)
		seen = append(seen, w.normal(a.String()))
	}
	return append(seen, w.views(t, "sender")...)
}

// windowOver lets the window of every message pass.
func windowOver(t *testing.T, w *twin, _ string) { w.walk(t, policy.Default().Window+time.Minute) }

// limitReached uses up the recalls of the day.
func limitReached(t *testing.T, w *twin, id string) {
	t.Helper()
	w.say(t, id, "sender", "direct", "to be recalled")
	message := must(sealpost.ParseMessage(id))(t)
	must(w.service.Recall(t.Context(), w.people["sender"].principal(), "", message, service.Recalling{}))(t)
	w.anchor(t)
}
