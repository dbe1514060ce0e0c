package sealpost_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/sealpost/sealpost/internal/sealpost"
)

// No transition changes its argument, whatever it is applied to.
func TestTransitionsLeaveTheirArgument(t *testing.T) {
	t.Parallel()
	for i := range starts() {
		for _, c := range steps() {
			before, after := starts()[i], starts()[i]
			if _, _, err := c.do(after.message); err != nil {
				continue
			}
			if !reflect.DeepEqual(before.message, after.message) {
				t.Errorf("%s: %s changed its argument", before.name, c.name)
			}
		}
	}
}

// I1, I2: whatever is done in whatever order, a delivery that was opened or recalled
// stays so, what was recalled is never readable, and a deleted key stays deleted (R18).
func TestRandomCommandsKeepTheInvariants(t *testing.T) {
	t.Parallel()
	done := map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		s := starts()[rapid.IntRange(0, len(starts())-1).Draw(rt, "start")]
		m := s.message
		final := map[sealpost.UserID]sealpost.DeliveryState{}
		for range rapid.SampledFrom([]int{4, 12, 24}).Draw(rt, "length") {
			c := steps()[rapid.IntRange(0, len(steps())-1).Draw(rt, "command")]
			after, changed, err := c.do(m)
			if err != nil || !changed {
				if err == nil && !reflect.DeepEqual(after, m) {
					rt.Fatalf("%s says that nothing changed, and something did", c.name)
				}
				continue
			}
			done[c.name]++
			if m.Content.Erased() && !after.Content.Erased() && c.name != "edit" {
				rt.Fatalf("%s brought a key back", c.name)
			}
			m = after
			for _, d := range m.Deliveries {
				if was := final[d.UserID]; was != 0 && was != d.State {
					rt.Fatalf("after %s a delivery that was %v is %v", c.name, was, d.State)
				}
				if d.State != sealpost.DeliverySealed {
					final[d.UserID] = d.State
				}
				if m.ReadableBy(d.UserID) != (d.State == sealpost.DeliveryOpened && d.Visible && !m.Content.Erased() && m.State == sealpost.Sent) {
					rt.Fatalf("after %s readable is %v: %+v", c.name, m.ReadableBy(d.UserID), m)
				}
			}
			if m.State == sealpost.Recalled && (m.Opened() > 0 || !m.Content.Erased()) {
				rt.Fatalf("recalled for everybody, with an opening or a key: %+v", m)
			}
		}
	})
	t.Logf("changes by command: %v", done)
	for _, name := range []string{"deliver", "open", "undo", "edit", "leave", "recall, never seen", "recall, may have been noticed", "window ends"} {
		if done[name] == 0 {
			t.Errorf("%s never changed anything", name)
		}
	}
}

// R34: an opening without receipt leaves the sender's time of change.
func TestASecretOpeningIsTheOpenersOnly(t *testing.T) {
	t.Parallel()
	m := starts()[3].message
	secret, _ := sealpost.Open(m, reader, now, false)
	told, _ := sealpost.Open(m, reader, now, true)
	if secret.SenderChangedAt != m.SenderChangedAt || told.SenderChangedAt != now {
		t.Errorf("sender's change: without receipt %v, with %v", secret.SenderChangedAt, told.SenderChangedAt)
	}
	if d, _ := secret.DeliveryTo(reader); d.ChangedAt != now || d.Level != sealpost.LevelOpened {
		t.Errorf("the opener's own: %+v", d)
	}
}

// R17: the marker by setting and level.
func TestMarker(t *testing.T) {
	t.Parallel()
	for level := sealpost.LevelNone; level <= sealpost.LevelOpened; level++ {
		for trace, want := range map[sealpost.Trace]bool{
			sealpost.TraceAuto: level >= sealpost.LevelNotified, sealpost.TraceAlways: true, sealpost.TraceNever: false,
		} {
			if got := trace.Marker(level); got != want {
				t.Errorf("%s at level %d: %v", trace, level, got)
			}
		}
	}
}

// R12: the last microsecond of the window is in it.
func TestWindowEndsAfterItsLastMicrosecond(t *testing.T) {
	t.Parallel()
	m := starts()[3].message
	if _, closed := sealpost.CloseWindow(m, until); closed {
		t.Error("the window is over while it is open")
	}
	if m, closed := sealpost.CloseWindow(m, until+1); !closed || !m.WindowOver {
		t.Error("the window is not over after its end")
	}
}

// R33: recipients are the active participants other than the sender.
func TestRecipients(t *testing.T) {
	t.Parallel()
	all := []sealpost.Participant{{UserID: sender}, {UserID: reader, LeftAt: 1}, {UserID: other}}
	got := sealpost.Recipients(all, sender)
	if len(got) != 1 || got[0].UserID != other {
		t.Errorf("recipients: %+v", got)
	}
	if _, ok := sealpost.FindParticipant(all, sealpost.UserID{77}); ok {
		t.Error("a stranger takes part")
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	seen := map[sealpost.Code]bool{}
	for _, code := range sealpost.Codes() {
		if seen[code] || code == "" {
			t.Errorf("code %q is listed twice, or empty", code)
		}
		seen[code] = true
		err := fmt.Errorf("wrapped: %w", &sealpost.Error{Code: code, Cause: errors.New("cause")})
		if sealpost.CodeOf(err) != code || !errors.Is(err, sealpost.Refuse(code, "")) {
			t.Errorf("%s is not found through a wrapper", code)
		}
	}
	if sealpost.CodeOf(nil) != "" || sealpost.CodeOf(errors.New("x")) != sealpost.CodeInternal {
		t.Error("no error has no code, and any other is internal")
	}
	if first := sealpost.NotFound(); first.Error() != sealpost.NotFound().Error() || !strings.Contains(sealpost.Invalid("name", "").Error(), "name") {
		t.Error("not found is one answer, and an invalid field is named")
	}
}
