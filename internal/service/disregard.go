package service

import (
	"context"
	"strconv"
	"time"

	"github.com/sealpost/sealpost/internal/failpoint"
	"github.com/sealpost/sealpost/internal/seal"
	"github.com/sealpost/sealpost/internal/sealpost"
)

// Acknowledgement is what a recipient answered to a request to disregard. Deleted is
// what they say; nobody can check it.
type Acknowledgement struct {
	At      sealpost.Instant
	Deleted bool
}

func acknowledged(d sealpost.Delivery) *Acknowledgement {
	if d.AcknowledgedAt == 0 {
		return nil
	}
	return &Acknowledgement{At: d.AcknowledgedAt, Deleted: d.Deleted}
}

// disregardID is the id of the message that asks to disregard another: derived from
// it, so that there is at most one however often and from wherever it is asked for.
// It is a UUID of version 8 (RFC 9562 §5.8), which no client can choose.
func (s *Service) disregardID(target sealpost.MessageID) sealpost.MessageID {
	mac := seal.Derive(s.directKey, "disregard", target[:])
	id := sealpost.MessageID(mac[:16])
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	return id
}

// Disregard asks those who have a message of the principal's own, in the system's words
// and by a message like any other, to disregard it (S17). There is one request for a
// message: asking again gives the first.
func (s *Service) Disregard(ctx context.Context, p Principal, key string, target sealpost.MessageID) (MessageView, error) {
	if err := validKey(key); err != nil {
		return MessageView{}, err
	}
	m, err := s.store.Message(ctx, target, p.User.ID)
	if err != nil {
		return MessageView{}, err
	}
	if err := canDisregard(&m, p.User.ID); err != nil {
		return MessageView{}, err
	}
	atOnce := time.Duration(0) // never held: it is late already
	c := &sending{
		service: s, sender: p.User, id: s.disregardID(target), request: s.request("message.disregard", target.String()),
		in: Sending{
			Conversation: m.ConversationID, Kind: sealpost.KindDisregard, InReplyTo: target, Undo: &atOnce,
			Body: DisregardText(m.SentAt, p.User.TimeZone),
		},
	}
	label := seal.Label{Kind: seal.KindMessage, Scope: m.ConversationID, Object: c.id, Version: 1}
	if c.contentKey, c.content, err = s.sealBody(label, c.in.Body); err != nil {
		return MessageView{}, err
	}
	defer c.contentKey.Zero()
	ask := Ask{
		Decision: newID[sealpost.DecisionID](s), Conversation: m.ConversationID, Actor: p.User.ID, Key: key,
		Message: c.id, Reply: target, Reach: true,
	}
	err = s.decide(ctx, ask, func(shot Snapshot) (Change, error) {
		if shot.Replay == nil && shot.Message != nil { // the first one stands
			c.affected = nil
			return Change{}, nil
		}
		if shot.Replay == nil {
			if err := canDisregard(shot.Reply, p.User.ID); err != nil {
				return Change{}, err
			}
		}
		return c.decide(shot)
	})
	if err != nil {
		return MessageView{}, err
	}
	failpoint.Hit(failpoint.SendAnswer)
	s.publish(m.ConversationID, c.affected)
	first, err := s.store.Message(ctx, c.id, p.User.ID)
	if err != nil {
		return MessageView{}, err
	}
	return s.view(ctx, first, p.User.ID)
}

// canDisregard answers for which messages one may ask: own ones that somebody has.
func canDisregard(m *sealpost.Message, sender sealpost.UserID) error {
	switch {
	case m == nil || !m.VisibleTo(sender):
		return sealpost.NotFound()
	case m.SenderID != sender:
		return sealpost.Refuse(sealpost.CodeNotSender, "Only the sender can ask to disregard a message.")
	case m.Kind == sealpost.KindDisregard:
		return sealpost.Refuse(sealpost.CodeForbidden, "This is a request to disregard itself.")
	case m.State.Pending():
		return sealpost.Refuse(sealpost.CodeNotDelivered, "The message is not delivered yet. Undo it instead.")
	case m.State == sealpost.Recalled:
		return sealpost.Refuse(sealpost.CodeRecalled, "The message was recalled for everybody.")
	case m.State == sealpost.Removed:
		return removed()
	}
	return nil
}

// DisregardRequest gives the request to disregard a message of the principal's own
// that was made already, with what was answered; false: none was. Why there can be
// none is the error of Disregard.
func (s *Service) DisregardRequest(ctx context.Context, p Principal, target sealpost.MessageID) (MessageView, bool, error) {
	m, err := s.store.Message(ctx, target, p.User.ID)
	if err != nil {
		return MessageView{}, false, err
	}
	if err := canDisregard(&m, p.User.ID); err != nil {
		return MessageView{}, false, err
	}
	first, err := s.store.Message(ctx, s.disregardID(target), p.User.ID)
	if sealpost.CodeOf(err) == sealpost.CodeNotFound {
		return MessageView{}, false, nil
	}
	if err != nil {
		return MessageView{}, false, err
	}
	v, err := s.view(ctx, first, p.User.ID)
	return v, err == nil, err
}

// DisregardText is the request in the system's words, with the time in the sender's
// zone, which it names: the reader may live in another.
func DisregardText(sent sealpost.Instant, zone string) string {
	in, err := time.LoadLocation(zone)
	if err != nil {
		in = time.UTC
	}
	return "Please disregard my message of " + sent.Time().In(in).Format("15:04 MST (Mon 2 Jan 2006)") +
		". I sent it by mistake. Could you delete it? Thank you."
}

// Acknowledge answers a request to disregard, by its id or by that of the message it
// is about. Only its sender learns of the answer. Who says that they deleted the
// message does not see it any more; what was said is not taken back.
func (s *Service) Acknowledge(ctx context.Context, p Principal, key string, id sealpost.MessageID, deleted bool) (MessageView, error) {
	if err := validKey(key); err != nil {
		return MessageView{}, err
	}
	m, err := s.store.Message(ctx, id, p.User.ID)
	if err != nil {
		return MessageView{}, err
	}
	a := &acknowledging{actor: p.User.ID, deleted: deleted, request: s.request("message.acknowledge", id.String(), strconv.FormatBool(deleted))}
	asked, target := m.ID, m.InReplyTo
	if m.Kind != sealpost.KindDisregard {
		asked, target = s.disregardID(id), id
	}
	ask := Ask{
		Decision: newID[sealpost.DecisionID](s), Conversation: m.ConversationID, Actor: p.User.ID, Key: key,
		Message: asked, Reply: target,
	}
	if err := s.decide(ctx, ask, a.decide); err != nil {
		return MessageView{}, err
	}
	s.publish(m.ConversationID, a.affected)
	if m, err = s.store.Message(ctx, asked, p.User.ID); err != nil {
		return MessageView{}, err
	}
	return s.view(ctx, m, p.User.ID)
}

// acknowledging is one Acknowledge on its way through its decision.
type acknowledging struct {
	actor    sealpost.UserID
	deleted  bool
	request  [32]byte
	affected []sealpost.UserID
}

func (a *acknowledging) decide(shot Snapshot) (Change, error) {
	a.affected = nil
	if shot.Replay != nil {
		failpoint.Hit(failpoint.IdempotencyReplay)
		return Change{}, checkReplay(shot.Replay, a.request)
	}
	m, err := inSight(shot, a.actor)
	if err != nil {
		return Change{}, err
	}
	if m.SenderID == a.actor {
		return Change{}, sealpost.Refuse(sealpost.CodeForbidden, "A request of one's own is answered by the others.")
	}
	switch d, _ := m.DeliveryTo(a.actor); d.State {
	case sealpost.DeliverySealed:
		return Change{}, sealpost.Refuse(sealpost.CodeOpenRequired, "Open the request before you answer it.")
	case sealpost.DeliveryRecalled:
		return Change{}, sealpost.Refuse(sealpost.CodeRecalled, "The request was recalled.")
	case sealpost.DeliveryRemoved:
		return Change{}, removed()
	}
	if m.State == sealpost.Removed {
		return Change{}, removed()
	}
	answered, changed := sealpost.Acknowledge(m, a.actor, a.deleted, shot.Now)
	if !changed {
		return Change{}, nil
	}
	change := Change{
		Audit: Audit{Action: "message.acknowledge", Message: m.ID, Detail: detail(struct {
			Deleted bool `json:"deleted"`
		}{a.deleted})},
		Update:  []Update{hiding(answered, a.actor)},
		Changed: []sealpost.UserID{m.SenderID, a.actor},
		Replay:  &Replay{Request: a.request},
	}
	if a.deleted && shot.Reply != nil {
		if gone, hidden := sealpost.Hide(*shot.Reply, a.actor, shot.Now); hidden {
			change.Update = append(change.Update, hiding(gone, a.actor))
			change.Recount = []sealpost.UserID{a.actor}
			change.Unindex = []IndexRef{{User: a.actor, Message: gone.ID}}
		}
	}
	a.affected = change.Changed
	return change, nil
}
