package service_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/memstore"
	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// allowing sets what somebody allows of preview text, and gives their principal.
func (h *house) allowing(p service.Principal, previews sealpost.Previews) service.Principal {
	h.t.Helper()
	u, err := h.UpdateSettings(h.t.Context(), p, "", service.SettingsEdit{Previews: &previews})
	if err != nil {
		h.t.Fatal(err)
	}
	p.User = u
	return p
}

// glimpse is the preview that somebody's list shows of its first conversation.
func (h *house) glimpse(p service.Principal) string {
	h.t.Helper()
	list, _, err := h.Inbox(h.t.Context(), p, service.FilterAll, "", 50)
	if err != nil {
		h.t.Fatal(err)
	}
	if err := h.ShowPreviews(h.t.Context(), p, list); err != nil {
		h.t.Fatal(err)
	}
	if len(list) == 0 {
		return ""
	}
	if last := list[0].Last; last != nil && !last.Own && last.Content != nil {
		h.t.Errorf("the list has the content of what was not opened: %+v", last)
	}
	return list[0].Preview
}

// friends are two connected people with a conversation.
func (h *house) friends() (maya, jonas service.Principal, in sealpost.ConversationID) {
	h.t.Helper()
	maya, jonas = h.person("Maya"), h.person("Jonas")
	h.connect(maya, jonas)
	return maya, jonas, h.pair(maya, jonas)
}

// R26: of organisation, sender and recipient the strictest wins, and nothing but "at
// once" shows text while the message can be recalled.
func TestPreviewText(t *testing.T) {
	t.Parallel()
	all := []sealpost.Previews{sealpost.PreviewsOff, sealpost.PreviewsAfterWindow, sealpost.PreviewsImmediate}
	for _, organisation := range all {
		for _, recipient := range all {
			for _, sender := range []string{"", "always hides", "hides this one"} {
				t.Run(strings.Join([]string{organisation.String(), recipient.String(), sender}, "/"), func(t *testing.T) {
					t.Parallel()
					h := newHouse(t)
					maya, jonas, in := h.friends()
					h.policy(func(p *policy.Policy) { p.Previews = organisation })
					jonas = h.allowing(jonas, recipient)
					if sender == "always hides" {
						yes := true
						u, err := h.UpdateSettings(t.Context(), maya, "", service.SettingsEdit{HideMine: &yes})
						if err != nil {
							t.Fatal(err)
						}
						maya.User = u
					}
					_, err := h.Send(t.Context(), maya, "", service.Sending{
						Conversation: in, Body: "hello", Kind: sealpost.KindMessage, HidePreview: sender == "hides this one",
					})
					if err != nil {
						t.Fatal(err)
					}
					strictest := min(organisation, recipient)
					if sender != "" {
						strictest = sealpost.PreviewsOff
					}
					want := map[bool]string{true: "hello"}
					if got := h.glimpse(jonas); got != want[strictest == sealpost.PreviewsImmediate] {
						t.Errorf("at once: %q", got)
					}
					h.advance(5*time.Minute + time.Second)
					if got := h.glimpse(jonas); got != want[strictest != sealpost.PreviewsOff] {
						t.Errorf("after the window: %q", got)
					}
				})
			}
		}
	}
}

// R24, R25, R26: text that was shown is exposure, from the commit on: once, and every
// later report tells it. A recall after it leaves a marker.
func TestPreviewIsExposure(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas, in := h.friends()
	h.policy(func(p *policy.Policy) { p.Previews = sealpost.PreviewsImmediate })
	jonas = h.allowing(jonas, sealpost.PreviewsImmediate)
	id := h.send(maya, in)
	h.bus.told()
	shown := sealpost.Instant(h.now.Load())
	for range 3 {
		if got := h.glimpse(jonas); got != "hello" {
			t.Fatalf("shown: %q", got)
		}
		h.advance(time.Second)
	}
	if n := h.count("message.preview"); n != 1 {
		t.Errorf("%d decisions to show it, want 1", n)
	}
	told := h.bus.told()
	if len(told) != 1 || told[0] != maya.User.ID {
		t.Errorf("told: %+v", told)
	}
	f, err := h.Forecast(t.Context(), maya, id)
	if err != nil {
		t.Fatal(err)
	}
	r := h.mustRecall(maya, id)
	for what, got := range map[string]service.Exposure{
		"forecast": f.Exposure[0],
		"report":   {UserID: r.Recipients[0].UserID, Level: r.Recipients[0].Level, Channels: r.Recipients[0].Channels},
	} {
		if got.Level != sealpost.LevelPreview || len(got.Channels) != 1 || got.Channels[0].Channel != "list" || got.Channels[0].Text != "preview" {
			t.Fatalf("%s: %+v", what, got)
		}
		if at := got.Channels[0].At; at < shown || at > shown.Add(time.Second) {
			t.Errorf("%s: shown at %v, want %v", what, at, shown)
		}
	}
	if r.Trace != "marker" {
		t.Errorf("trace: %s", r.Trace)
	}
	if got := h.glimpse(jonas); got != "" {
		t.Errorf("after the recall: %q", got)
	}
	if m, err := h.Message(t.Context(), jonas, id); err != nil || !m.Previewed || m.Content != nil {
		t.Errorf("the marker: %+v, %v", m, err)
	}
}

// R12, R26: that text was shown because the window is over commits that it is over;
// no clock that is set back brings the recall back.
func TestPreviewClosesTheWindow(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas, in := h.friends()
	jonas = h.allowing(jonas, sealpost.PreviewsAfterWindow)
	id := h.send(maya, in)
	h.advance(6 * time.Minute)
	if got := h.glimpse(jonas); got != "hello" {
		t.Fatalf("after the window: %q", got)
	}
	h.advance(-4 * time.Minute)
	if _, err := h.recall(maya, id); sealpost.CodeOf(err) != sealpost.CodeWindowClosed {
		t.Errorf("recalled after its text was shown: %v", err)
	}
	if o := h.open(jonas, in, id); len(o.Messages) != 1 || o.Messages[0].Content.Body != "hello" {
		t.Errorf("opened: %+v", o)
	}
}

// R26, R31: what is a request, was hidden, or is closed shows nothing, whatever the
// settings; nor does anything to its sender.
func TestNoPreviewOfWhatWasNotAskedFor(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.policy(func(p *policy.Policy) { p.Previews = sealpost.PreviewsImmediate })
	maya, jonas := h.person("Maya"), h.allowing(h.person("Jonas"), sealpost.PreviewsImmediate)
	in := h.pair(maya, jonas)
	h.send(maya, in)
	if got := h.glimpse(jonas); got != "" {
		t.Errorf("a request: %q", got)
	}
	if err := h.AcceptRequest(t.Context(), jonas, "", in); err != nil {
		t.Fatal(err)
	}
	if got := h.glimpse(jonas); got != "hello" {
		t.Errorf("accepted: %q", got)
	}
	hidden := h.send(maya, in)
	h.hide(jonas, hidden)
	if n := h.count("message.preview"); n != 1 {
		t.Errorf("%d were shown", n)
	}
	if got := h.glimpse(h.allowing(maya, sealpost.PreviewsImmediate)); got != "" {
		t.Errorf("to its sender: %q", got)
	}
}

// R11: while it cannot be known whether showing was committed, nothing is shown.
func TestNoPreviewWithoutACommit(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.policy(func(p *policy.Policy) { p.Previews = sealpost.PreviewsImmediate })
	maya, jonas, in := h.friends()
	jonas = h.allowing(jonas, sealpost.PreviewsImmediate)
	h.send(maya, in)
	list, _, err := h.Inbox(t.Context(), jonas, service.FilterAll, "", 50)
	if err != nil {
		t.Fatal(err)
	}
	end := h.failing("Decide", memstore.FailBefore)
	err = h.ShowPreviews(t.Context(), jonas, list)
	end()
	if sealpost.CodeOf(err) != sealpost.CodeUnavailable || list[0].Preview != "" {
		t.Errorf("%q, %v", list[0].Preview, err)
	}
}

// The first 80 characters, on one line (5-interface, 2.3).
func TestBeginning(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                            "",
		" a\n\tb  c ":                 "a b c",
		strings.Repeat("ä", 80):       strings.Repeat("ä", 80),
		strings.Repeat("ä", 81):       strings.Repeat("ä", 79) + "…",
		strings.Repeat("word ", 1000): strings.TrimSpace(strings.Repeat("word ", 16))[:79] + "…",
	} {
		if got := sealpost.Beginning(text, sealpost.MaxPreview); got != want {
			t.Errorf("%.20q: %q, want %q", text, got, want)
		}
	}
}
