package sealpost

import (
	"slices"
	"strings"
)

// Previews is when text of a message may be shown before its recipient opens it
// (R26). The organisation, the sender and the recipient each have their say, and the
// strictest wins: the smallest.
type Previews int8

// The preview settings, strictest first. The values are stored.
const (
	PreviewsOff         Previews = 0 // never
	PreviewsAfterWindow Previews = 1 // once the message can no longer be recalled
	PreviewsImmediate   Previews = 2 // at once; no recall takes back what was shown
)

// previewNames is the table of the names, by value; it never changes.
var previewNames = [...]string{"off", "after_window", "immediate"}

// Valid reports whether there is such a setting.
func (p Previews) Valid() bool { return p >= PreviewsOff && p <= PreviewsImmediate }

// String is the name of the setting, as the API and the policy have it.
func (p Previews) String() string {
	if !p.Valid() {
		return ""
	}
	return previewNames[p]
}

// ParsePreviews reads the name of a setting. What is no name is not Valid.
func ParsePreviews(name string) Previews { return Previews(slices.Index(previewNames[:], name)) }

// MaxPreview is how much of a text a preview shows, in code points.
const MaxPreview = 80

// ShowPreview decides that text of a message may be shown to a recipient who has not
// opened it, and records it as exposure (R2, R24, R26): the record commits before the
// text leaves. It commits besides that the window is over if that is the reason (R12).
// allowed is the recipient's own setting.
//
// It reports false, and changes nothing, when text may not be shown: also for what
// the recipient hid and what came as a request and was not accepted.
func ShowPreview(m Message, user UserID, allowed Previews, now Instant) (Message, bool) {
	i := m.sealedFor(user)
	if i < 0 || m.State != Sent || m.Content.Erased() || m.Deliveries[i].Hidden {
		return m, false
	}
	switch min(m.Previews, allowed) {
	case PreviewsImmediate:
	case PreviewsAfterWindow:
		if m, _ = CloseWindow(m, now); !m.WindowOver {
			return m, false
		}
	default:
		return m, false
	}
	if m.Deliveries[i].PreviewedAt == 0 {
		m = m.apart()
		m.Deliveries[i].PreviewedAt = now
	}
	return m, true
}

// Exposed is how much a recipient has been shown of what they have not opened, apart
// from what their presence tells (R24).
func (d Delivery) Exposed() Level {
	if d.PreviewedAt != 0 {
		return LevelPreview
	}
	return LevelNone
}

// Beginning is the first of a text on one line, at most so many code points.
func Beginning(text string, most int) string {
	r := []rune(strings.Join(strings.Fields(text), " "))
	if len(r) <= most {
		return string(r)
	}
	return strings.TrimRight(string(r[:most-1]), " ") + "…"
}
