package webui

import (
	"context"
	"slices"
	"strconv"

	"github.com/a-h/templ"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// line is one line of a thread: a day, or a message, or neighbouring markers of one
// sender as one (R17).
type line struct {
	day      string // the heading of a day; then there is no message
	messages []service.MessageView
	fresh    bool // the first that was sealed when the page was made
	pending  bool // a day that is none: the heading of what is scheduled
}

// last is the message of a line, or the last of its markers.
func (l line) last() service.MessageView { return l.messages[len(l.messages)-1] }

// lines puts messages into lines, with the days between them.
func lines(ctx context.Context, messages []service.MessageView) []line {
	var out []line
	day, fresh, pending := "", false, false
	for _, m := range messages {
		if m.SentAt != 0 {
			if d := dayName(ctx, m.SentAt); d != day {
				day = d
				out = append(out, line{day: d})
			}
		}
		if m.State == sealpost.Scheduled && !pending {
			pending = true
			out = append(out, line{day: T(ctx, "Scheduled"), pending: true})
		}
		if n := len(out); n > 0 && m.State == sealpost.Recalled && len(out[n-1].messages) > 0 {
			before := out[n-1].last()
			if before.State == sealpost.Recalled && before.SenderID == m.SenderID {
				out[n-1].messages = append(out[n-1].messages, m)
				continue
			}
		}
		l := line{messages: []service.MessageView{m}}
		if !fresh && sealedFor(m) {
			fresh, l.fresh = true, true
		}
		out = append(out, l)
	}
	return out
}

// sealedFor reports whether the viewer could open a message.
func sealedFor(m service.MessageView) bool {
	return !m.Own && m.State == sealpost.Sent && m.Delivery == sealpost.DeliverySealed
}

// recallState says whether a menu offers a recall, and if not, in a few words why: the
// reason is the one that the panel gives. It holds for now; the server decides at the
// recall (R8).
func recallState(ctx context.Context, t service.Thread, m service.MessageView) (offered bool, why string) {
	if recallableNow(m) {
		return true, ""
	}
	code := refusedWith(m)
	switch {
	case m.Imported:
	case code == sealpost.CodeWindowClosed:
		return false, T(ctx, "The recall window closed at %[1]s", untilText(ctx, m))
	case code == sealpost.CodeOpened:
		at := sealpost.Instant(0)
		for _, d := range m.Deliveries {
			at = max(at, d.OpenedAt)
		}
		if at == 0 {
			return false, T(ctx, "Opened")
		}
		return false, T(ctx, "Opened at %[1]s", clockText(ctx, at))
	}
	return false, refusalWords(ctx, t, m, code)
}

// refusedWith is what a recall of an own message would be refused with.
func refusedWith(m service.MessageView) sealpost.Code {
	if m.Foreseen == nil { // it was taken away since it was read
		return sealpost.CodeUnavailable
	}
	return m.Foreseen.Code
}

// recallableNow reports whether the viewer can recall a message: nothing promises it
// where the server would refuse (R8).
func recallableNow(m service.MessageView) bool {
	return m.Foreseen != nil && m.Foreseen.Granted()
}

// waits is when a limit that refuses now is lifted, where a recall is possible after
// it; zero: none.
func waits(m service.MessageView) sealpost.Instant {
	if m.State == sealpost.Sent && m.Foreseen != nil && m.Foreseen.RetryAt <= m.RecallableUntil {
		return m.Foreseen.RetryAt
	}
	return 0
}

// footer is the line below an own message: what the server knows, and until when
// what is possible. That nobody opened it is not said: somebody whose receipts are
// off may have (R25).
func footer(ctx context.Context, t service.Thread, m service.MessageView) templ.Component {
	switch {
	case m.State == sealpost.Held:
		return say("Not sent yet. Sends at %[1]s.", second(m.ReleaseAt))
	case m.State == sealpost.Scheduled:
		return say("Sends %[1]s.", clockZone(m.ReleaseAt))
	case m.Imported:
		return say("Sent %[1]s, from an archive.", clock(m.SentAt))
	case m.Kind == sealpost.KindRequiredNotice:
		return say("Sent %[1]s. Required notice. Can't be recalled.", clock(m.SentAt))
	}
	open, all := 0, len(m.Deliveries)
	var at sealpost.Instant
	for _, d := range m.Deliveries {
		if d.State == sealpost.DeliveryOpened {
			open++
			at = max(at, d.OpenedAt)
		}
	}
	recallable := recallableNow(m)
	switch {
	case all == 1 && at != 0:
		return say("Sent %[1]s. Opened %[2]s.", clock(m.SentAt), clock(at))
	case open > 0 && recallable:
		return say("Sent %[1]s. Opened by %[2]d of %[3]d. Recall until %[4]s.", clock(m.SentAt), open, all, until(m))
	case open > 0:
		return say("Sent %[1]s. Opened by %[2]d of %[3]d.", clock(m.SentAt), open, all)
	case recallable:
		return say("Sent %[1]s. No receipt yet. Recall until %[2]s.", clock(m.SentAt), until(m))
	}
	return say("Sent %[1]s. No receipt yet.", clock(m.SentAt))
}

// messageName is the heading of a message where it is read aloud.
func messageName(ctx context.Context, t service.Thread, m service.MessageView) string {
	who := nameIn(ctx, t, m.SenderID)
	switch {
	case m.State == sealpost.Held || m.State == sealpost.Scheduled:
		return T(ctx, "You, not sent yet, %[1]s", clockText(ctx, m.ReleaseAt))
	case m.Own && recallableNow(m):
		return T(ctx, "You, %[1]s, can be recalled until %[2]s", clockText(ctx, m.SentAt), untilText(ctx, m))
	case m.Own:
		return T(ctx, "You, %[1]s", clockText(ctx, m.SentAt))
	case sealedFor(m):
		return T(ctx, "%[1]s, %[2]s, sealed", who, clockText(ctx, m.SentAt))
	}
	return T(ctx, "%[1]s, %[2]s", who, clockText(ctx, m.SentAt))
}

// marker is the line where a recalled message was: who and when, never what or why.
func marker(ctx context.Context, t service.Thread, l line) templ.Component {
	m := l.last()
	who, n := name(nameIn(ctx, t, m.SenderID)), len(l.messages)
	switch {
	case m.State == sealpost.Removed && m.Own:
		return say("Your message of %[1]s was removed after review.", clock(m.SentAt))
	case m.State == sealpost.Removed:
		return say("A message was removed after review.")
	case m.Own && n > 1:
		return say("You recalled %[1]d messages.", n)
	case n > 1 && slices.ContainsFunc(l.messages, func(m service.MessageView) bool { return m.Previewed }):
		return say("%[1]s recalled %[2]d messages. You may have seen first words.", who, n)
	case n > 1:
		return say("%[1]s recalled %[2]d messages. You had not opened them.", who, n)
	case m.Own && len(m.Deliveries) == 1:
		return say("You recalled this message before %[1]s opened it. Sent %[2]s, recalled %[3]s.",
			name(nameIn(ctx, t, m.Deliveries[0].UserID)), clock(m.SentAt), clock(m.RecalledAt))
	case m.Own:
		return say("You recalled this message before anybody opened it. Sent %[1]s, recalled %[2]s.", clock(m.SentAt), clock(m.RecalledAt))
	}
	if m.Previewed {
		return say("%[1]s recalled a message. You may have seen its first words.", who)
	}
	return say("%[1]s recalled a message. You had not opened it.", who)
}

// partly says whom a recall in part did not reach.
func partly(ctx context.Context, t service.Thread, m service.MessageView) templ.Component {
	recalled := 0
	var opened []string
	for _, d := range m.Deliveries {
		if d.State == sealpost.DeliveryRecalled {
			recalled++
		} else {
			opened = append(opened, nameIn(ctx, t, d.UserID))
		}
	}
	if len(opened) == 1 {
		return say("Recalled for %[1]d of %[2]d people. %[3]s had opened it.", recalled, len(m.Deliveries), name(opened[0]))
	}
	return say("Recalled for %[1]d of %[2]d people. The others had opened it.", recalled, len(m.Deliveries))
}

// openedBy says, for being read aloud once, that an own message was opened; empty:
// nothing that the sender may know (R25).
func openedBy(ctx context.Context, t service.Thread, m service.MessageView) string {
	if !m.Own {
		return ""
	}
	var last service.DeliveryView
	for _, d := range m.Deliveries {
		if d.OpenedAt > last.OpenedAt {
			last = d
		}
	}
	if last.OpenedAt == 0 {
		return ""
	}
	return T(ctx, "%[1]s opened your message of %[2]s.", nameIn(ctx, t, last.UserID), clockText(ctx, m.SentAt))
}

// firstOpened is the message below which the viewer is told, once in a conversation,
// that its sender can see the opening; zero: nowhere.
func firstOpened(ctx context.Context, v threadView) (first sealpost.MessageID) {
	if !from(ctx).principal.User.Receipts || v.history.More || v.older {
		return first
	}
	for _, m := range v.history.Items {
		switch {
		case m.Own || m.Imported || m.Delivery != sealpost.DeliveryOpened:
		case !first.IsZero(): // the second opening: it was told at the first
			return sealpost.MessageID{}
		default:
			first = m.ID
		}
	}
	return first
}

// canRecall says whether the sender of a message that is sealed for the viewer can still
// take it back, as far as its envelope tells.
func (v threadView) canRecall(ctx context.Context, m service.MessageView) bool {
	return v.terms.Recall && m.Kind != sealpost.KindRequiredNotice && m.RecallableUntil >= from(ctx).now
}

// followUp is where a message is written that corrects another.
func followUp(m service.MessageView) string {
	return "/compose?conversation=" + m.ConversationID.String() + "&follow=" + m.ID.String()
}

// quoted is the address of what a message answers.
func (v threadView) quoted(m service.MessageView) templ.SafeURL {
	for _, there := range v.history.Items {
		if there.ID == m.ID {
			return templ.SafeURL("#" + anchor(m.ID))
		}
	}
	return templ.SafeURL(v.address() + "?at=" + m.ID.String() + "#" + anchor(m.ID))
}

// held are the own messages of the page that wait for their undo time to be over (R27).
func (v threadView) held() (out []service.MessageView) {
	for _, m := range v.history.Items {
		if m.State == sealpost.Held {
			out = append(out, m)
		}
	}
	return out
}

// look is the class of a message: what it looks like follows from its state.
func look(m service.MessageView) string {
	switch {
	case m.State == sealpost.Held, m.State == sealpost.Scheduled:
		return "own pending"
	case m.Own && recallableNow(m):
		return "own recallable"
	case m.Own:
		return "own"
	}
	return "theirs"
}

// messagePath is the address of a message, with what is to be done there.
func messagePath(m service.MessageView, what string) templ.SafeURL {
	at := threadPath(m.ConversationID) + "/" + m.ID.String()
	if what != "" {
		at += "/" + what
	}
	return templ.SafeURL(at)
}

// anchor is the id of a message on its page.
func anchor(id sealpost.MessageID) string { return "m-" + id.String() }

func milliseconds(i sealpost.Instant) string { return strconv.FormatInt(int64(i)/1000, 10) }

// ringLeft is the part of a ring that is left, as a dash of a hundred.
func ringLeft(ctx context.Context, begin, end sealpost.Instant) string {
	if end <= begin {
		return "0 100"
	}
	left := 100 * (end - from(ctx).now) / (end - begin)
	return strconv.FormatInt(int64(min(max(left, 0), 100)), 10) + " 100"
}
