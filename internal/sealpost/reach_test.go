package sealpost_test

import (
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/sealpost/sealpost/internal/sealpost"
)

// Every combination of what can be known of two people has one answer (R31). The
// golden file is the table; what differs in nothing stands on one line.
func TestReceptionTable(t *testing.T) {
	t.Parallel()
	golden(t, filepath.Join("testdata", "reach.golden"), receptionText(t))
}

func receptionText(t *testing.T) string {
	words := map[sealpost.Reception]string{
		sealpost.ReceiveRefused: "refused", sealpost.ReceiveNot: "left out", sealpost.ReceiveClosed: "closed",
		sealpost.ReceiveAsRequest: "request", sealpost.ReceiveOrdinary: "ordinary",
	}
	kinds := []struct {
		name string
		kind sealpost.ConversationKind
	}{{"two", sealpost.Direct}, {"group", sealpost.Group}}
	consents := []string{"nothing", "requested", "accepted", "declined"}
	var b strings.Builder
	b.WriteString("kind, consent, reach: outcome for each of no / existing / shared / existing+shared / connected / … (bits existing, shared, connected)\n")
	for _, k := range kinds {
		for consent, name := range consents {
			for _, reach := range append(sealpost.Reaches(), "", "of a later version") {
				for _, barred := range []string{"-", "blocks", "blocked", "disabled"} {
					fmt.Fprintf(&b, "%s, %s, %q, %s:", k.name, name, reach, barred)
					for bits := range 8 {
						s := sealpost.Standing{
							Reach: reach, Existing: bits&1 != 0, Shared: bits&2 != 0, Connected: bits&4 != 0,
							Blocks: barred == "blocks", Blocked: barred == "blocked", Disabled: barred == "disabled",
						}
						r := words[sealpost.Receive(k.kind, sealpost.Consent(consent), s)]
						if r == "" {
							t.Errorf("no answer for %+v", s)
						}
						b.WriteString(" " + strings.ReplaceAll(r, " ", "-"))
					}
					b.WriteString("\n")
				}
			}
		}
	}
	return b.String()
}

// Whoever declined is answered like before, as far as the sender can tell (R31): what
// was refused is refused, and what was not is not.
func TestDecliningShowsInNoAnswer(t *testing.T) {
	t.Parallel()
	for _, kind := range []sealpost.ConversationKind{sealpost.Direct, sealpost.Group} {
		for _, reach := range sealpost.Reaches() {
			for bits := range 32 {
				s := sealpost.Standing{
					Reach: reach, Shared: bits&1 != 0, Connected: bits&2 != 0, Blocks: bits&4 != 0, Blocked: bits&8 != 0, Disabled: bits&16 != 0,
				}
				before := sealpost.Receive(kind, sealpost.ConsentNone, s)
				after := sealpost.Receive(kind, sealpost.ConsentDeclined, s)
				told := func(r sealpost.Reception) bool { return r == sealpost.ReceiveRefused || r == sealpost.ReceiveNot }
				if told(before) != told(after) || told(before) && before != after {
					t.Errorf("kind %d, %+v: %d before, %d after the decline", kind, s, before, after)
				}
			}
		}
	}
}

// Every refusal to deliver reads the same (R31), and whom a message would not reach at
// all is one.
func TestAddressRefusesInOneWay(t *testing.T) {
	t.Parallel()
	person := func(id byte, c sealpost.Consent, s sealpost.Standing) sealpost.Participant {
		return sealpost.Participant{UserID: sealpost.UserID{id}, Consent: c, Standing: s}
	}
	me := person(1, 0, sealpost.Standing{})
	cases := map[string]struct {
		kind sealpost.ConversationKind
		to   []sealpost.Participant
	}{
		"blocks":             {sealpost.Direct, []sealpost.Participant{person(2, 0, sealpost.Standing{Blocks: true})}},
		"blocked":            {sealpost.Direct, []sealpost.Participant{person(2, 0, sealpost.Standing{Blocked: true, Connected: true})}},
		"disabled":           {sealpost.Direct, []sealpost.Participant{person(2, sealpost.ConsentAccepted, sealpost.Standing{Disabled: true})}},
		"nobody new":         {sealpost.Direct, []sealpost.Participant{person(2, 0, sealpost.Standing{Reach: sealpost.ReachNobodyNew})}},
		"nobody in a group":  {sealpost.Group, []sealpost.Participant{person(2, 0, sealpost.Standing{Blocked: true})}},
		"nobody but oneself": {sealpost.Group, nil},
	}
	for name, c := range cases {
		_, err := sealpost.Address(c.kind, append(c.to, me), me.UserID)
		if !reflect.DeepEqual(err, error(sealpost.CannotDeliver())) {
			t.Errorf("%s: %v", name, err)
		}
	}
	got, err := sealpost.Address(sealpost.Group, []sealpost.Participant{
		me, person(2, 0, sealpost.Standing{Blocks: true}), person(3, sealpost.ConsentRequested, sealpost.Standing{}),
		person(4, 0, sealpost.Standing{Disabled: true}), person(5, 0, sealpost.Standing{}),
	}, me.UserID)
	want := []sealpost.Recipient{
		{UserID: sealpost.UserID{2}, Closed: true}, {UserID: sealpost.UserID{3}, Request: true}, {UserID: sealpost.UserID{5}},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
}

// Who is closed has nothing of a message, whatever happens to it, and the sender's
// report goes by what the marker rule would have done (R17, R31).
func TestClosedDeliveries(t *testing.T) {
	t.Parallel()
	m, err := sealpost.Deliver(sealpost.Message{SenderID: sender, Content: sealed(1)}, sealpost.Delivering{
		Now: now, Until: until, Seq: 1, Recipients: []sealpost.Recipient{{UserID: reader, Closed: true}},
	})
	if err != nil || m.VisibleTo(reader) || m.ReadableBy(reader) || m.Deliveries[0].State != sealpost.DeliverySealed || m.Deliveries[0].ChangedAt != 0 {
		t.Fatalf("delivered closed: %+v, %v", m.Deliveries, err)
	}
	if _, opened := sealpost.Open(m, reader, now, true); opened {
		t.Error("a closed message opens")
	}
	for level, marked := range map[sealpost.Level]bool{sealpost.LevelNone: false, sealpost.LevelNotified: true} {
		r := sealpost.Recall(m, sealpost.Recalling{Now: now + 1, Trace: sealpost.TraceAuto, Level: func(sealpost.UserID) sealpost.Level { return level }})
		d := r.Deliveries[0]
		if d.Marked != marked || d.Visible || r.VisibleTo(reader) || d.ChangedAt != 0 || d.State != sealpost.DeliveryRecalled {
			t.Errorf("recalled at level %d: %+v", level, d)
		}
	}
}
