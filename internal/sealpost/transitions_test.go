package sealpost_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sealpost/sealpost/internal/sealpost"
)

// update is a table entry of the command line: set once, by the flag package.
var update = flag.Bool("update", false, "rewrite golden files and docs/recall.md")

// The transition table is what docs/recall.md shows: every state × every command,
// from the code (R5, R7, R12, R15, R17, R18, R27, R28, R33).
func TestTransitionTable(t *testing.T) {
	t.Parallel()
	golden(t, filepath.Join("testdata", "transitions.golden"), transitionText())
}

// golden compares a file with what it should be; -update writes it.
func golden(t *testing.T, path, want string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is stale; look at the difference, then: go test ./internal/sealpost -update\n%s", path, firstDifference(string(got), want))
	}
}

func firstDifference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return "file: " + a[i] + "\ncode: " + b[i]
		}
	}
	return "one is the beginning of the other"
}

const (
	now   sealpost.Instant = 1_000_000
	until sealpost.Instant = 2_000_000
)

var sender, reader, other = sealpost.UserID{1}, sealpost.UserID{2}, sealpost.UserID{3} // a table of people, never set

func sealed(ref int64) sealpost.Sealed {
	return sealpost.Sealed{Version: 1, Body: []byte("sealed"), Ref: ref, Wrapped: []byte("key")}
}

// start is a state to begin from; it is named as the table names it.
type start struct {
	name    string
	message sealpost.Message
}

// starts are all the states that one message can be in for one recipient, the
// reader; the second recipient has opened it in the states that say so.
func starts() []start {
	base := sealpost.Message{
		ID: sealpost.MessageID{9}, SenderID: sender, Kind: sealpost.KindMessage, Content: sealed(1),
		CreatedAt: 1, ChangedAt: 1, SenderChangedAt: 1, ReleaseAt: 5,
	}
	with := func(state sealpost.MessageState, deliveries ...sealpost.Delivery) sealpost.Message {
		m := base
		m.State, m.Deliveries = state, deliveries
		if !state.Pending() && state != sealpost.Undone && state != 0 {
			m.SentAt, m.RecallableUntil = 10, until
		}
		return m
	}
	d := func(state sealpost.DeliveryState, visible bool) sealpost.Delivery {
		return sealpost.Delivery{UserID: reader, State: state, Visible: visible, ChangedAt: 10}
	}
	byOther := sealpost.Delivery{UserID: other, State: sealpost.DeliveryOpened, Visible: true, Receipt: true, Level: sealpost.LevelOpened, ChangedAt: 10}
	gone := func(m sealpost.Message) sealpost.Message {
		m.Content = m.Content.Erase()
		if m.State == sealpost.Recalled {
			m.RecalledAt = 20
		}
		return m
	}
	over := with(sealpost.Sent, d(sealpost.DeliverySealed, true))
	over.WindowOver = true
	partGone := with(sealpost.Sent, d(sealpost.DeliveryRecalled, false), byOther)
	partGone.RecalledAt = 20
	part := with(sealpost.Sent, d(sealpost.DeliveryRecalled, true), byOther)
	part.RecalledAt = 20
	return []start{
		{"new", with(0)},
		{"scheduled", with(sealpost.Scheduled)},
		{"held", with(sealpost.Held)},
		{"sealed", with(sealpost.Sent, d(sealpost.DeliverySealed, true))},
		{"sealed, opened by another", with(sealpost.Sent, d(sealpost.DeliverySealed, true), byOther)},
		{"sealed, window over", over},
		{"closed by leaving", with(sealpost.Sent, d(sealpost.DeliverySealed, false))},
		{"opened", with(sealpost.Sent, d(sealpost.DeliveryOpened, true))},
		{"recalled, marker", gone(with(sealpost.Recalled, d(sealpost.DeliveryRecalled, true)))},
		{"recalled, no trace", gone(with(sealpost.Recalled, d(sealpost.DeliveryRecalled, false)))},
		{"recalled in part, marker", part},
		{"recalled in part, no trace", partGone},
		{"removed before it was opened", gone(with(sealpost.Removed, d(sealpost.DeliveryRemoved, true)))},
		{"removed after it was opened", gone(with(sealpost.Removed, d(sealpost.DeliveryOpened, true)))},
		{"undone", gone(with(sealpost.Undone))},
	}
}

// step is a command of the table.
type step struct {
	name string
	do   func(sealpost.Message) (sealpost.Message, bool, error)
}

// refusal is what R8 says by itself of a state, whatever policy and clock say.
func refusal(m sealpost.Message) sealpost.Code {
	switch {
	case m.State == sealpost.Undone || m.State == 0:
		return sealpost.CodeNotFound
	case m.State.Pending():
		return sealpost.CodeNotDelivered
	case m.RecalledAt != 0 || m.State == sealpost.Recalled:
		return ""
	case m.State == sealpost.Removed:
		return sealpost.CodeRemoved
	case m.WindowOver:
		return sealpost.CodeWindowClosed
	case m.Opened() == len(m.Deliveries):
		return sealpost.CodeOpened
	}
	return ""
}

func refusalError(code sealpost.Code) error {
	if code == "" {
		return nil
	}
	return sealpost.Refuse(code, "")
}

func steps() []step {
	recall := func(level sealpost.Level) func(sealpost.Message) (sealpost.Message, bool, error) {
		return func(m sealpost.Message) (sealpost.Message, bool, error) {
			if code := refusal(m); code != "" || m.RecalledAt != 0 { // R9: again changes nothing
				return m, false, refusalError(code)
			}
			return sealpost.Recall(m, sealpost.Recalling{Now: now, Trace: sealpost.TraceAuto, Level: func(sealpost.UserID) sealpost.Level { return level }}), true, nil
		}
	}
	may := func(f func(sealpost.Message) (sealpost.Message, error)) func(sealpost.Message) (sealpost.Message, bool, error) {
		return func(m sealpost.Message) (sealpost.Message, bool, error) {
			out, err := f(m)
			return out, err == nil, err
		}
	}
	changed := func(f func(sealpost.Message) (sealpost.Message, bool)) func(sealpost.Message) (sealpost.Message, bool, error) {
		return func(m sealpost.Message) (sealpost.Message, bool, error) {
			out, ok := f(m)
			return out, ok, nil
		}
	}
	return []step{
		{"deliver", may(func(m sealpost.Message) (sealpost.Message, error) {
			return sealpost.Deliver(m, sealpost.Delivering{Now: now, Until: until, PolicyVersion: 1, Seq: 1, Recipients: []sealpost.Participant{{UserID: reader}}})
		})},
		{"edit", may(func(m sealpost.Message) (sealpost.Message, error) {
			return sealpost.EditPending(m, sealpost.Edit{Now: now, ReleaseAt: until})
		})},
		{"undo", may(func(m sealpost.Message) (sealpost.Message, error) { return sealpost.Undo(m, now) })},
		{"open", changed(func(m sealpost.Message) (sealpost.Message, bool) { return sealpost.Open(m, reader, now, true) })},
		{"recall, never seen", recall(sealpost.LevelNone)},
		{"recall, may have been noticed", recall(sealpost.LevelNotified)},
		{"leave", changed(func(m sealpost.Message) (sealpost.Message, bool) { return sealpost.CloseFor(m, reader, now) })},
		{"removal", changed(func(m sealpost.Message) (sealpost.Message, bool) { return sealpost.Remove(m, now) })},
		{"hide", changed(func(m sealpost.Message) (sealpost.Message, bool) { return sealpost.Hide(m, reader, now) })},
		{"window ends", changed(func(m sealpost.Message) (sealpost.Message, bool) { return sealpost.CloseWindow(m, until+1) })},
	}
}

// nameOf says what a message is for the reader, in the table's words.
func nameOf(m sealpost.Message) string {
	d, _ := m.DeliveryTo(reader)
	switch {
	case m.State == 0:
		return "new"
	case m.State == sealpost.Scheduled:
		return "scheduled"
	case m.State == sealpost.Held:
		return "held"
	case m.State == sealpost.Undone:
		return "undone"
	case d.Hidden:
		return "hidden"
	case d.State == sealpost.DeliveryRemoved:
		return "removed before it was opened"
	case m.State == sealpost.Removed && d.State == sealpost.DeliveryOpened:
		return "removed after it was opened"
	case d.State == sealpost.DeliveryOpened:
		return "opened"
	case d.State == sealpost.DeliveryRecalled && m.State == sealpost.Sent && d.Visible:
		return "recalled in part, marker"
	case d.State == sealpost.DeliveryRecalled && m.State == sealpost.Sent:
		return "recalled in part, no trace"
	case d.State == sealpost.DeliveryRecalled && d.Visible:
		return "recalled, marker"
	case d.State == sealpost.DeliveryRecalled:
		return "recalled, no trace"
	case !d.Visible:
		return "closed by leaving"
	case m.WindowOver:
		return "sealed, window over"
	case m.Opened() > 0:
		return "sealed, opened by another"
	}
	return "sealed"
}

// cell is what a command does to a state.
func cell(s start, c step) string {
	after, changed, err := c.do(s.message)
	switch {
	case err != nil:
		return string(sealpost.CodeOf(err))
	case !changed:
		return "–"
	}
	name := nameOf(after)
	if !s.message.Content.Erased() && after.Content.Erased() {
		name += ", key deleted"
	}
	if name == s.name {
		name = "changed"
	}
	return name
}

// transitionText is the table as Markdown.
func transitionText() string {
	var b strings.Builder
	b.WriteString("| state |")
	for _, c := range steps() {
		b.WriteString(" " + c.name + " |")
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(steps())) + "\n")
	for _, s := range starts() {
		b.WriteString("| **" + s.name + "** |")
		for _, c := range steps() {
			b.WriteString(" " + cell(s, c) + " |")
		}
		b.WriteString("\n")
	}
	return b.String()
}

// The states of the table are named by what they are, so that no row lies.
func TestStatesAreWhatTheyAreCalled(t *testing.T) {
	t.Parallel()
	for _, s := range starts() {
		if got := nameOf(s.message); got != s.name {
			t.Errorf("%s is %s", s.name, got)
		}
	}
}
