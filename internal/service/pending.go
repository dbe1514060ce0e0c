package service

import (
	"context"
	"strconv"
	"time"

	"github.com/sealpost/sealpost/internal/failpoint"
	"github.com/sealpost/sealpost/internal/seal"
	"github.com/sealpost/sealpost/internal/sealpost"
)

// PendingEdit changes a held or scheduled message; nil leaves a field as it is.
type PendingEdit struct {
	Body     *string
	SendAt   *time.Time
	TimeZone *string
}

// EditPending changes a message that is not delivered yet (R28). If it was
// delivered in between, the edit loses: CodeAlreadyDelivered.
func (s *Service) EditPending(ctx context.Context, p Principal, key string, id sealpost.MessageID, in PendingEdit) (MessageView, error) {
	if err := validEdit(in); err != nil {
		return MessageView{}, err
	}
	e := &pendingDecision{service: s, id: id, actor: p.User.ID}
	e.request = s.request("message.edit", id.String(), formatTime(in.SendAt), optional(in.TimeZone), strconv.FormatBool(in.Body != nil))
	e.change = func(shot Snapshot, m sealpost.Message) (sealpost.Message, Change, error) { return e.edit(shot, m, in) }
	if err := e.run(ctx, key); err != nil {
		return MessageView{}, err
	}
	if e.replay != nil && in.Body != nil {
		return s.replayEdit(ctx, p, id, *in.Body, e.replay)
	}
	return s.Message(ctx, p, id)
}

func validEdit(in PendingEdit) error {
	if in.Body != nil {
		if err := validBody(*in.Body); err != nil {
			return err
		}
	}
	if in.TimeZone != nil {
		if in.SendAt == nil {
			return sealpost.Invalid("time_zone", "A time zone goes with send_at.")
		}
		if err := validZone(*in.TimeZone); err != nil {
			return err
		}
	}
	if in.Body == nil && in.SendAt == nil {
		return sealpost.Invalid("body", "There is nothing to change: give body or send_at.")
	}
	return nil
}

func formatTime(t *time.Time) string {
	if t == nil {
		return ""
	}
	return strconv.FormatInt(t.UnixMicro(), 10)
}

func optional(s *string) string {
	if s == nil {
		return ""
	}
	return "=" + *s
}

// SendNow delivers a held or scheduled message at once (R28).
func (s *Service) SendNow(ctx context.Context, p Principal, key string, id sealpost.MessageID) (MessageView, error) {
	e := &pendingDecision{service: s, id: id, actor: p.User.ID, request: s.request("message.send_now", id.String())}
	e.change = e.release
	if err := e.run(ctx, key); err != nil {
		return MessageView{}, err
	}
	failpoint.Hit(failpoint.ReleaseAnswer)
	return s.Message(ctx, p, id)
}

// Undo takes back a message that is not delivered yet (R27): nobody can know that
// there was one, and the text comes back as a draft. The zero id: it was lost with its
// key, and there is none to come back.
func (s *Service) Undo(ctx context.Context, p Principal, key string, id sealpost.MessageID) (sealpost.DraftID, error) {
	e := &pendingDecision{service: s, id: id, actor: p.User.ID, request: s.request("message.undo", id.String()), draft: newID[sealpost.DraftID](s)}
	e.change = e.undo
	if err := e.run(ctx, key); err != nil {
		return sealpost.DraftID{}, err
	}
	failpoint.Hit(failpoint.UndoAnswer)
	if e.replay != nil {
		return oneID[sealpost.DraftID](e.replay.Result)
	}
	return e.back, nil
}

// pendingDecision is a decision about a held or scheduled message. The release and
// everything else that can happen to it are decisions; the loser of the race gets
// CodeAlreadyDelivered (R28).
type pendingDecision struct {
	service *Service
	id      sealpost.MessageID
	actor   sealpost.UserID // zero: the relay
	request [32]byte
	draft   sealpost.DraftID
	change  func(Snapshot, sealpost.Message) (sealpost.Message, Change, error)

	// Overwritten by every run of decide.
	affected []sealpost.UserID
	replay   *Replay
	back     sealpost.DraftID // what the text came back as
}

func (e *pendingDecision) run(ctx context.Context, key string) error {
	if err := validKey(key); err != nil {
		return err
	}
	at, err := e.service.locate(ctx, e.actor, key, e.id)
	if err != nil {
		return err
	}
	ask := Ask{Decision: newID[sealpost.DecisionID](e.service), Conversation: at, Actor: e.actor, Key: key, Message: e.id, Reach: true, Sender: true}
	if err := e.service.decide(ctx, ask, e.decide); err != nil {
		return err
	}
	e.service.publish(at, e.affected)
	return nil
}

func (e *pendingDecision) decide(s Snapshot) (Change, error) {
	e.affected, e.replay = nil, nil
	if s.Replay != nil {
		failpoint.Hit(failpoint.IdempotencyReplay)
		e.replay = s.Replay
		return Change{}, checkReplay(s.Replay, e.request)
	}
	m := s.Message
	switch {
	case m == nil || m.ConversationID != s.Conversation.ID:
		return Change{}, sealpost.NotFound()
	case e.actor.IsZero(): // the relay
	case !m.VisibleTo(e.actor):
		return Change{}, sealpost.NotFound()
	case m.SenderID != e.actor:
		return Change{}, sealpost.Refuse(sealpost.CodeNotSender, "Only the sender can change a message.")
	}
	changed, change, err := e.change(s, *m)
	if err != nil || change.Audit.Action == "" {
		return Change{}, err
	}
	change.Audit.Message = m.ID
	if change.Replay == nil {
		change.Replay = &Replay{Result: m.ID[:]}
	}
	change.Replay.Request = e.request
	e.affected = affected(changed)
	return change, nil
}

func (e *pendingDecision) edit(s Snapshot, m sealpost.Message, in PendingEdit) (sealpost.Message, Change, error) {
	change := Change{Audit: Audit{Action: "message.edit"}, Changed: []sealpost.UserID{m.SenderID}, Replay: &Replay{Result: m.ID[:]}}
	edit := sealpost.Edit{Now: s.Now}
	if in.SendAt != nil {
		edit.ReleaseAt = sealpost.InstantOf(*in.SendAt)
		edit.TimeZone = m.TimeZone
		if in.TimeZone != nil {
			edit.TimeZone = *in.TimeZone
		}
		if edit.ReleaseAt <= s.Now || edit.ReleaseAt > s.Now.Add(sealpost.MaxSchedule) {
			return m, Change{}, sealpost.Invalid("send_at", "The time must be in the future, at most a year ahead.")
		}
	}
	if in.Body != nil && m.State.Pending() {
		label := messageLabel(m)
		label.Version++
		key, content, err := e.service.sealBody(label, *in.Body)
		if err != nil {
			return m, Change{}, err
		}
		defer key.Zero()
		if err := e.service.wrapUntil(s.Epochs, pendingUntil(s.Now, max(m.ReleaseAt, edit.ReleaseAt)), label, key, &content); err != nil {
			return m, Change{}, err
		}
		change.Replay.Content = seal.Fingerprint(key, []byte(*in.Body))
		edit.Content = &content
	}
	m, err := sealpost.EditPending(m, edit)
	if edit.ReleaseAt != 0 {
		m.State = sealpost.Scheduled // a time was chosen: it is no longer the undo time
		m.ErasedAt = max(m.ErasedAt, lastEpochEnd(m.ReleaseAt))
	}
	change.Update = []Update{{Message: m}}
	return m, change, err
}

// release delivers: by the sender's wish, or by the relay when the time has come.
func (e *pendingDecision) release(s Snapshot, m sealpost.Message) (sealpost.Message, Change, error) {
	if !m.State.Pending() {
		if e.actor.IsZero() {
			return m, Change{}, nil // somebody else was first; nothing to do
		}
		_, err := sealpost.Deliver(m, sealpost.Delivering{})
		return m, Change{}, err
	}
	if e.actor.IsZero() && m.ReleaseAt > s.Now {
		return m, Change{}, nil // it was moved meanwhile
	}
	recipients, err := releasable(s, m)
	switch {
	case err == nil:
	case e.actor.IsZero():
		return e.sendBack(s, m, sealpost.CodeOf(err)) // R28
	default:
		return m, Change{}, err // the sender is there and is told; it stays what it is
	}
	if m.Content.Erased() {
		if e.actor.IsZero() {
			return e.cancelLost(s, m)
		}
		return m, Change{}, sealpost.CannotDeliver()
	}
	key, err := e.service.unwrap(messageLabel(m), m.Content)
	if err != nil {
		return m, Change{}, err
	}
	defer key.Zero()
	change := Change{Audit: Audit{Action: "message.release"}}
	m, err = e.service.deliver(s, m, recipients, key, &change)
	change.Update = []Update{{Message: m, Deliveries: m.Deliveries, Insert: true}}
	return m, change, err
}

// releasable is to whom a pending message can be delivered now, or why it cannot be: the
// account may have been closed since, or lost its role (R22, R28, R31).
func releasable(s Snapshot, m sealpost.Message) ([]sealpost.Recipient, error) {
	self, ok := sealpost.FindParticipant(s.Participants, m.SenderID)
	switch {
	case !ok || !self.Active() || s.Sender == nil || s.Sender.DisabledAt != 0:
		return nil, sealpost.CannotDeliver()
	case !maySend(*s.Sender, m.Kind):
		return nil, noNotices()
	}
	return sealpost.Address(s.Conversation.Kind, s.Participants, m.SenderID)
}

func (e *pendingDecision) undo(s Snapshot, m sealpost.Message) (sealpost.Message, Change, error) {
	undone, change, err := e.sendBack(s, m, "")
	if err != nil {
		return m, Change{}, err
	}
	e.back = undone.DraftID
	change.Audit.Action = "message.undo"
	change.Replay = &Replay{Result: undone.DraftID[:]}
	return m, change, nil
}

// sendBack makes a pending message a draft again, with the reason if its release
// was refused (R28).
func (e *pendingDecision) sendBack(s Snapshot, m sealpost.Message, reason sealpost.Code) (sealpost.Message, Change, error) {
	undone, err := sealpost.Undo(m, s.Now)
	if err != nil {
		return m, Change{}, err
	}
	if m.Content.Erased() {
		return e.cancelLost(s, m)
	}
	text, err := e.service.body(messageLabel(m), m.Content)
	if err != nil {
		return m, Change{}, err
	}
	until := s.Now.Add(sealpost.DraftLife)
	if reason != "" {
		until = 0 // nobody asked for it, and they may be away
	}
	draft, err := e.service.newDraft(s, e.draft, m, text, until)
	if err != nil {
		return m, Change{}, err
	}
	draft.Reason = reason
	undone.DraftID, undone.ErasedAt = draft.ID, max(m.ErasedAt, epochEnd(draft.Content.Ref))
	return undone, Change{
		Audit:   Audit{Action: "message.release_refused", Code: reason},
		Update:  []Update{{Message: undone}},
		Changed: []sealpost.UserID{m.SenderID}, Draft: draft,
	}, nil
}

// cancelLost undoes a message whose key is gone from the database: the sweep of its epoch
// found that an older key store had come back. A key that only cannot be read now is no
// reason to.
func (e *pendingDecision) cancelLost(s Snapshot, m sealpost.Message) (sealpost.Message, Change, error) {
	undone, change, err := e.cancel(s, m)
	change.Audit.Detail = detail(struct {
		Reason string `json:"reason"`
	}{"text_lost"})
	return undone, change, err
}

// replayEdit answers a repeated edit, unless it was made with another text.
func (s *Service) replayEdit(ctx context.Context, p Principal, id sealpost.MessageID, body string, r *Replay) (MessageView, error) {
	m, err := s.store.Message(ctx, id, p.User.ID)
	if err != nil {
		return MessageView{}, err
	}
	if !m.Content.Erased() {
		key, err := s.unwrap(messageLabel(m), m.Content)
		if err != nil {
			return MessageView{}, err
		}
		defer key.Zero()
		// A later edit has another key: then nothing can be told, and nothing is refused.
		if now, err := s.body(messageLabel(m), m.Content); err != nil {
			return MessageView{}, err
		} else if seal.Fingerprint(key, []byte(now)) == r.Content && now != body {
			return MessageView{}, sealpost.KeyUsed()
		}
	}
	return s.view(ctx, m, p.User.ID)
}
