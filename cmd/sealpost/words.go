package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sealpost/sealpost/api"
)

// The words of the interface: undo, recall, sealed, opened, may have seen. Nothing is
// said that the server does not know; no opening reported is not the same as not
// opened.

// wording puts the state of messages into words for one viewer.
type wording struct {
	me    string // id of the viewer
	clock clock
	names map[string]string // by user id, safe to print
}

func (r *remote) wording(c api.Conversation) wording {
	w := wording{me: r.me.ID, clock: r.clock(), names: map[string]string{}}
	for _, p := range c.Participants {
		w.names[p.UserID] = oneLine(p.Name)
	}
	return w
}

// title is how a conversation is called.
func (w wording) title(c api.Conversation) string {
	if c.Title != "" {
		return oneLine(c.Title)
	}
	var others []string
	for _, p := range c.Participants {
		if p.UserID != w.me && p.LeftAt == nil {
			others = append(others, oneLine(p.Name))
		}
	}
	if len(others) == 0 {
		return "Only you"
	}
	return strings.Join(others, ", ")
}

func (w wording) name(user string) string {
	switch name := w.names[user]; {
	case user == w.me:
		return "You"
	case name != "":
		return name
	}
	return "Somebody who left"
}

// state is the line under a message, or in its place.
func (w wording) state(m api.Message) string {
	switch {
	case m.State == "removed":
		return "A message was removed after review."
	case m.SenderID != w.me:
		return w.received(m)
	case m.State == "held":
		return "Not sent yet. Sends at " + w.clock.deadline(m.ReleaseAt) + "."
	case m.State == "scheduled":
		return "Scheduled. Sends " + zoned(m.ReleaseAt, w.scheduleZone(m)) + "."
	case m.State == "recalled":
		return fmt.Sprintf("You recalled this message. Sent %s, recalled %s.", w.clock.at(m.SentAt), w.clock.at(m.RecalledAt))
	case m.RecalledAt != nil:
		return w.partly(m)
	}
	return w.sent(m)
}

func (w wording) scheduleZone(m api.Message) *time.Location {
	if zone, err := time.LoadLocation(m.TimeZone); err == nil && m.TimeZone != "" {
		return zone
	}
	return w.clock.zone
}

func (w wording) received(m api.Message) string {
	name := w.name(m.SenderID)
	switch {
	case m.State == "recalled":
		return name + " recalled a message. You had not opened it."
	case m.Delivery != "sealed":
		return "Opened."
	case m.Kind == "required_notice" || w.clock.past(m.RecallableUntil):
		return "Sealed. Open it to read."
	}
	return fmt.Sprintf("Sealed. Open it to read. Until you open it, %s can recall it until %s.", name, w.clock.deadline(m.RecallableUntil))
}

// sent is about a message of one's own that was delivered.
func (w wording) sent(m api.Message) string {
	parts := []string{"Sent " + w.clock.at(m.SentAt) + "."}
	opened := w.openings(m)
	switch {
	case opened == "" && w.clock.past(m.RecallableUntil):
		parts = append(parts, "No opening reported.")
	case opened != "":
		parts = append(parts, opened)
	}
	everybody := len(m.Deliveries) > 0 && !slices.ContainsFunc(m.Deliveries, func(d api.Delivery) bool { return d.State == "sealed" })
	switch {
	case m.Kind == "required_notice":
		parts = append(parts, "Required notice. Can't be recalled.")
	case !everybody && !w.clock.past(m.RecallableUntil):
		parts = append(parts, "Recall until "+w.clock.deadline(m.RecallableUntil)+".")
	}
	return strings.Join(parts, " ")
}

// openings says who is known to have opened.
func (w wording) openings(m api.Message) string {
	var known []string
	for _, d := range m.Deliveries {
		if d.State != "opened" {
			continue
		}
		when := ""
		if d.OpenedAt != nil {
			when = " " + w.clock.at(d.OpenedAt)
		}
		if len(m.Deliveries) == 1 {
			return "Opened" + when + "."
		}
		known = append(known, w.name(d.UserID)+when)
	}
	if len(known) == 0 {
		return ""
	}
	return fmt.Sprintf("Opened by %d of %d: %s.", len(known), len(m.Deliveries), strings.Join(known, ", "))
}

// partly is about a message that some had opened when it was recalled (R15).
func (w wording) partly(m api.Message) string {
	var kept []string
	recalled := 0
	for _, d := range m.Deliveries {
		if d.State == "recalled" {
			recalled++
		} else {
			kept = append(kept, w.name(d.UserID))
		}
	}
	return fmt.Sprintf("Recalled for %d of %d people. %s had opened it.", recalled, len(m.Deliveries), strings.Join(kept, ", "))
}

// summary is the second line of a conversation in the inbox.
func (w wording) summary(item api.InboxItem) string {
	m := item.Last
	switch {
	case m == nil:
		return "No messages yet"
	case m.State == "removed":
		return "A message was removed after review"
	case m.State == "recalled":
		return w.name(m.SenderID) + " recalled a message"
	case m.State == "scheduled":
		return "Scheduled: " + zoned(m.ReleaseAt, w.scheduleZone(*m))
	case m.State == "held":
		return "Not sent yet. Sends at " + w.clock.deadline(m.ReleaseAt)
	case m.Delivery == "sealed" && item.Preview != nil:
		return "Preview: " + firstWords(*item.Preview)
	case m.Delivery == "sealed":
		return "Sealed message"
	case m.Content == nil:
		return w.name(m.SenderID) + ": no longer readable"
	}
	line := w.name(m.SenderID) + ": " + firstWords(m.Content.Body)
	if m.SenderID == w.me && m.RecalledAt != nil {
		line += " (recalled for some)"
	}
	return line
}

// people joins names: A, B and C.
func (w wording) people(ids []string) string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = w.name(id)
	}
	switch last := len(names) - 1; last {
	case -1:
		return "nobody"
	case 0:
		return names[0]
	default:
		return strings.Join(names[:last], ", ") + " and " + names[last]
	}
}
