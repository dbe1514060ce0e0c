package storetest

import (
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// command is one decision: a pure function of what it sees, with its outcome in a
// word. It can be run on any number of stores.
type command struct {
	name string
	ask  service.Ask
	do   func(service.Snapshot) (service.Change, string, error)
}

// decide adds what every use case does about idempotency keys.
func (c command) decide(s service.Snapshot) (service.Change, string, error) {
	request := sha256.Sum256(fmt.Append(nil, c.name, c.ask.Conversation, c.ask.Message, c.ask.OpenThrough, c.ask.Subject))
	if r := s.Replay; r != nil {
		if r.Request != request {
			return service.Change{}, "", sealpost.Refuse(sealpost.CodeIdempotencyConflict, "another request")
		}
		return service.Change{}, "replayed " + string(r.Result), nil
	}
	change, outcome, err := c.do(s)
	if err == nil && c.ask.Key != "" && change.Audit.Action != "" {
		change.Replay = &service.Replay{Request: request, Result: []byte(outcome)}
	}
	return change, outcome, err
}

func (c command) with(key string) command {
	c.ask.Key = key
	return c
}

// The key references that fake content is wrapped by.
const (
	epoch    = 500_000 // an hour
	longTerm = -1
)

// fake is content as the store sees it.
func fake(version int32, body string) sealpost.Sealed {
	return sealpost.Sealed{Version: version, Body: []byte(body), Ref: epoch, Wrapped: []byte("under an epoch")}
}

func settled(c sealpost.Sealed) sealpost.Sealed {
	c.Ref, c.Wrapped = longTerm, []byte("under a long-term key")
	return c
}

type sending struct {
	body    string        // "": some
	notice  bool          // a required notice
	hold    time.Duration // in its undo time
	later   time.Duration // scheduled
	replyTo sealpost.MessageID
}

// send delivers, holds or schedules.
func send(in sealpost.ConversationID, from sealpost.UserID, id sealpost.MessageID, o sending) command {
	c := command{name: "send", ask: service.Ask{Conversation: in, Actor: from, Message: id, Reply: o.replyTo, Reach: true}}
	c.do = func(s service.Snapshot) (service.Change, string, error) {
		self, ok := sealpost.FindParticipant(s.Participants, from)
		switch {
		case !ok:
			return service.Change{}, "", sealpost.NotFound()
		case !self.Active():
			return service.Change{}, "", sealpost.Refuse(sealpost.CodeForbidden, "left")
		case s.Tombstone:
			return service.Change{}, "", sealpost.Refuse(sealpost.CodeRecalled, "tombstone")
		case s.Message != nil:
			return service.Change{}, "", sealpost.Refuse(sealpost.CodeIDInUse, "used")
		}
		if o.body == "" {
			o.body = "sealed text"
		}
		m := sealpost.Message{
			ID: id, ConversationID: in, SenderID: from, Kind: sealpost.KindMessage, InReplyTo: o.replyTo, CreatedAt: s.Now,
			Content: fake(1, o.body), ChangedAt: s.Now, SenderChangedAt: s.Now, Previews: sealpost.PreviewsImmediate,
		}
		if o.notice {
			m.Kind = sealpost.KindRequiredNotice
		}
		change := service.Change{Audit: service.Audit{Action: "message.send", Message: id}}
		switch {
		case o.later > 0:
			m.State, m.ReleaseAt, m.TimeZone = sealpost.Scheduled, s.Now.Add(o.later), "Europe/Zurich"
		case o.hold > 0:
			m.State, m.ReleaseAt = sealpost.Held, s.Now.Add(o.hold)
		}
		if m.State.Pending() {
			change.Insert, change.Changed = []sealpost.Message{m}, []sealpost.UserID{from}
			return change, "pending", nil
		}
		m, err := deliver(s, m, &change)
		change.Insert = []sealpost.Message{m}
		return change, "sent", err
	}
	return c
}

func deliver(s service.Snapshot, m sealpost.Message, change *service.Change) (sealpost.Message, error) {
	recipients, err := sealpost.Address(s.Conversation.Kind, s.Participants, m.SenderID)
	if err != nil {
		return m, err
	}
	m, err = sealpost.Deliver(m, sealpost.Delivering{
		Now: s.Now, Until: s.Now.Add(s.Policy.Window), PolicyVersion: s.Policy.Version, Seq: s.Conversation.Seq + 1,
		Previews: s.Policy.Previews, Recipients: recipients,
	})
	change.Deliver(m, s.Participants)
	return m, err
}

// pending is a decision about a message that is not delivered yet.
func pending(name string, in sealpost.ConversationID, by sealpost.UserID, id sealpost.MessageID,
	do func(service.Snapshot, sealpost.Message) (service.Change, string, error),
) command {
	c := command{name: name, ask: service.Ask{Conversation: in, Actor: by, Message: id, Reach: true}}
	c.do = func(s service.Snapshot) (service.Change, string, error) {
		if s.Message == nil || s.Message.ConversationID != in || s.Message.SenderID != by {
			return service.Change{}, "", sealpost.NotFound()
		}
		return do(s, *s.Message)
	}
	return c
}

func release(in sealpost.ConversationID, by sealpost.UserID, id sealpost.MessageID) command {
	return pending("release", in, by, id, func(s service.Snapshot, m sealpost.Message) (service.Change, string, error) {
		change := service.Change{Audit: service.Audit{Action: "message.release", Message: id}}
		m, err := deliver(s, m, &change)
		change.Update = []service.Update{{Message: m, Deliveries: m.Deliveries, Insert: true}}
		return change, "released", err
	})
}

func edit(in sealpost.ConversationID, by sealpost.UserID, id sealpost.MessageID, later time.Duration) command {
	return pending("edit", in, by, id, func(s service.Snapshot, m sealpost.Message) (service.Change, string, error) {
		content := fake(m.Content.Version+1, "edited text")
		m, err := sealpost.EditPending(m, sealpost.Edit{Now: s.Now, Content: &content, ReleaseAt: s.Now.Add(later), TimeZone: "Asia/Tokyo"})
		return service.Change{
			Audit: service.Audit{Action: "message.edit", Message: id}, Update: []service.Update{{Message: m}}, Changed: []sealpost.UserID{by},
		}, "edited", err
	})
}

func undo(in sealpost.ConversationID, by sealpost.UserID, id sealpost.MessageID, draft sealpost.DraftID) command {
	return pending("undo", in, by, id, func(s service.Snapshot, m sealpost.Message) (service.Change, string, error) {
		m, err := sealpost.Undo(m, s.Now)
		m.DraftID = draft
		return service.Change{
			Audit: service.Audit{Action: "message.undo", Message: id}, Update: []service.Update{{Message: m}},
			Changed: []sealpost.UserID{by}, Draft: draftOf(s, m, draft),
		}, "undone", err
	})
}

func draftOf(s service.Snapshot, m sealpost.Message, id sealpost.DraftID) *sealpost.Draft {
	return &sealpost.Draft{
		ID: id, UserID: m.SenderID, ConversationID: m.ConversationID, FromMessage: m.ID, CreatedAt: s.Now, UpdatedAt: s.Now,
		ExpiresAt: s.Now.Add(sealpost.DraftLife), Content: fake(1, "a draft"),
	}
}

// openThrough opens what is sealed up to a message (R5).
func openThrough(in sealpost.ConversationID, by sealpost.UserID, through sealpost.MessageID) command {
	c := command{name: "open", ask: service.Ask{Conversation: in, Actor: by, OpenThrough: through}}
	c.do = func(s service.Snapshot) (service.Change, string, error) {
		self, ok := sealpost.FindParticipant(s.Participants, by)
		if !ok || s.Through == nil || !s.Through.VisibleTo(by) {
			return service.Change{}, "", sealpost.NotFound()
		}
		change := service.Change{Audit: service.Audit{Action: "message.open", Message: through}, Opened: by}
		told := map[sealpost.UserID]bool{}
		for _, m := range s.Sealed {
			m, opened := sealpost.Open(m, by, s.Now, self.Receipts)
			if !opened {
				return service.Change{}, "", fmt.Errorf("the snapshot's Sealed holds what cannot be opened")
			}
			m.Content = settled(m.Content)
			d, _ := m.DeliveryTo(by)
			change.Update = append(change.Update, service.Update{Message: m, Deliveries: []sealpost.Delivery{d}})
			change.Index = append(change.Index, service.IndexJob{User: by, Message: m.ID, Due: s.Now}, service.IndexJob{User: m.SenderID, Message: m.ID, Due: s.Now})
			if self.Receipts && !told[m.SenderID] {
				told[m.SenderID] = true
				change.Changed = append(change.Changed, m.SenderID)
			}
		}
		if change.OpenedCount = len(change.Update); change.OpenedCount == 0 {
			return service.Change{}, "nothing sealed", nil
		}
		return change, "opened", nil
	}
	return c
}

// preview shows text of a message to somebody who has not opened it (R26).
func preview(in sealpost.ConversationID, to sealpost.UserID, id sealpost.MessageID, allowed sealpost.Previews) command {
	c := command{name: "preview", ask: service.Ask{Conversation: in, Actor: to, Message: id, Subject: to, Own: true}}
	c.do = func(s service.Snapshot) (service.Change, string, error) {
		if s.Message == nil || s.Message.ConversationID != in {
			return service.Change{}, "", sealpost.NotFound()
		}
		before, _ := s.Message.DeliveryTo(to)
		m, may := sealpost.ShowPreview(*s.Message, to, allowed, s.Now)
		d, _ := m.DeliveryTo(to)
		switch {
		case !may:
			return service.Change{}, "not shown", nil
		case d == before && m.WindowOver == s.Message.WindowOver:
			return service.Change{}, "again", nil
		}
		return service.Change{
			Audit:  service.Audit{Action: "message.preview", Message: id},
			Update: []service.Update{{Message: m, Deliveries: []sealpost.Delivery{d}}},
		}, "shown", nil
	}
	return c
}

// recallOf takes a message back; the outcome is "recalled", "again", or the refusal.
// A draft id that is zero keeps no draft.
func recallOf(in sealpost.ConversationID, by sealpost.UserID, id sealpost.MessageID, draft sealpost.DraftID) command {
	c := command{name: "recall", ask: service.Ask{Conversation: in, Actor: by, Message: id, Recall: true}}
	c.do = func(s service.Snapshot) (service.Change, string, error) {
		m := s.Message
		switch {
		case m == nil || m.ConversationID != in || m.SenderID != by:
			return service.Change{}, "", sealpost.NotFound()
		case m.State.Pending() || m.State == sealpost.Undone:
			return service.Change{}, "", sealpost.Refuse(sealpost.CodeNotDelivered, "pending")
		case m.RecalledAt != 0:
			return service.Change{}, "again", nil
		case m.State == sealpost.Removed: // R30
			return service.Change{}, "", sealpost.Refuse(sealpost.CodeRemoved, "removed")
		}
		if v := s.Recall.Policy.Evaluate(factsOf(s)); !v.Granted() {
			return service.Change{Audit: service.Audit{Action: "recall.refused", Message: id, Code: v.Code}, Refused: true}, string(v.Code), nil
		}
		change := service.Change{
			Audit:    service.Audit{Action: "recall.granted", Message: id},
			Recalled: &service.RecallRow{Message: id, NextPossible: sealpost.NextDay(s.Now, time.UTC)},
			Changed:  []sealpost.UserID{by},
		}
		after := sealpost.Recall(*m, sealpost.Recalling{Now: s.Now, Trace: s.Recall.Policy.Trace, Level: func(u sealpost.UserID) sealpost.Level {
			if s.Recall.Seen[u] >= m.SentAt {
				return sealpost.LevelNotified
			}
			return sealpost.LevelNone
		}})
		if !draft.IsZero() {
			after.DraftID, change.Draft = draft, draftOf(s, *m, draft)
		}
		update := service.Update{Message: after}
		for i, d := range after.Deliveries {
			if d.State != m.Deliveries[i].State {
				update.Deliveries, change.Recount = append(update.Deliveries, d), append(change.Recount, d.UserID)
			}
		}
		change.Update = []service.Update{update}
		return change, "recalled", nil
	}
	return c
}

func factsOf(s service.Snapshot) policy.Facts {
	m, r := s.Message, s.Recall
	f := policy.Facts{
		Now: s.Now, RecallableUntil: m.RecallableUntil, WindowOver: m.WindowOver, RequiredNotice: m.Kind == sealpost.KindRequiredNotice,
		QuotaUntil: r.QuotaUntil, MessagesOver: r.MessagesOver, RecipientsOver: r.RecipientsOver, RefusalsOver: r.RefusalsOver,
	}
	for _, d := range m.Deliveries {
		f.Recipients = append(f.Recipients, policy.Recipient{Opened: d.State == sealpost.DeliveryOpened, Receipt: d.Receipt})
	}
	return f
}

// bury makes a tombstone: an id of the actor's that may never be sent.
func bury(in sealpost.ConversationID, by sealpost.UserID, id sealpost.MessageID) command {
	c := command{name: "bury", ask: service.Ask{Conversation: in, Actor: by, Message: id, Recall: true}}
	c.do = func(service.Snapshot) (service.Change, string, error) {
		return service.Change{Audit: service.Audit{Action: "recall.tombstone", Message: id}, Tombstone: id}, "buried", nil
	}
	return c
}

// leave ends a participation and closes what is sealed for the leaver (R33).
func leave(in sealpost.ConversationID, who sealpost.UserID) command {
	c := command{name: "leave", ask: service.Ask{Conversation: in, Actor: who, Subject: who}}
	c.do = func(s service.Snapshot) (service.Change, string, error) {
		p, ok := sealpost.FindParticipant(s.Participants, who)
		if !ok || !p.Active() {
			return service.Change{}, "not there", nil
		}
		p.LeftAt = s.Now
		return service.Change{
			Audit: service.Audit{Action: "participant.remove", Subject: who}, Participants: []sealpost.Participant{p},
			CloseSealed: who, Recount: []sealpost.UserID{who}, Touched: active(s),
		}, "left", nil
	}
	return c
}

func join(in sealpost.ConversationID, by, who sealpost.UserID) command {
	c := command{name: "join", ask: service.Ask{Conversation: in, Actor: by, Subject: who, Direct: directOf(by, who)}}
	c.do = func(s service.Snapshot) (service.Change, string, error) {
		if s.Subject == nil {
			return service.Change{}, "", sealpost.NotFound()
		}
		if s.Conversation.Kind == sealpost.Direct { // two people, for ever
			return service.Change{}, "", sealpost.Refuse(sealpost.CodeForbidden, "Nobody joins a conversation of two.")
		}
		p, was := sealpost.FindParticipant(s.Participants, who)
		consent, ok := sealpost.Admit(s.Standing)
		switch {
		case was && p.Active():
			return service.Change{}, "there already", nil
		case !ok:
			return service.Change{}, "", sealpost.CannotDeliver()
		}
		change := service.Change{
			Audit:        service.Audit{Action: "participant.add", Subject: who},
			Participants: []sealpost.Participant{{UserID: who, JoinedAt: s.Now, Consent: consent}}, Touched: active(s),
		}
		if was {
			change.Recount = []sealpost.UserID{who}
		}
		return change, "joined", nil
	}
	return c
}

func active(s service.Snapshot) []sealpost.UserID {
	var out []sealpost.UserID
	for _, p := range sealpost.Recipients(s.Participants, sealpost.UserID{}) {
		out = append(out, p.UserID)
	}
	return out
}

func markUnread(in sealpost.ConversationID, by sealpost.UserID, on bool) command {
	c := command{name: "mark unread", ask: service.Ask{Conversation: in, Actor: by}}
	c.do = func(s service.Snapshot) (service.Change, string, error) {
		if _, ok := sealpost.FindParticipant(s.Participants, by); !ok {
			return service.Change{}, "", sealpost.NotFound() // they have no view that could be marked
		}
		return service.Change{Audit: service.Audit{Action: "conversation.unread"}, MarkUnread: &on}, "marked", nil
	}
	return c
}

// list makes the conversation appear in somebody's inbox without a message.
func list(in sealpost.ConversationID, who sealpost.UserID) command {
	c := command{name: "list", ask: service.Ask{Conversation: in, Actor: who}}
	c.do = func(service.Snapshot) (service.Change, string, error) {
		return service.Change{Audit: service.Audit{Action: "conversation.list"}, List: who}, "listed", nil
	}
	return c
}

// closeWindows commits that windows are over and moves the keys, if the wraps are
// still what they were (R12, R18).
func closeWindows(in sealpost.ConversationID) command {
	c := command{name: "close windows", ask: service.Ask{Conversation: in, Expired: epoch}}
	c.do = func(s service.Snapshot) (service.Change, string, error) {
		change := service.Change{Audit: service.Audit{Action: "window.closed"}}
		for _, m := range s.Sealed {
			if closed, isNew := sealpost.CloseWindow(m, s.Now); isNew {
				closed.Content = settled(closed.Content)
				change.Update = append(change.Update, service.Update{Message: closed, IfRef: epoch})
				change.Index = append(change.Index, service.IndexJob{User: m.SenderID, Message: m.ID, Due: s.Now})
			}
		}
		if len(change.Update) == 0 {
			return service.Change{}, "none over", nil
		}
		return change, "closed", nil
	}
	return c
}
