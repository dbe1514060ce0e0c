package service

import (
	"context"
	"encoding/json"

	"github.com/sealpost/sealpost/internal/failpoint"
	"github.com/sealpost/sealpost/internal/seal"
	"github.com/sealpost/sealpost/internal/sealpost"
)

// Opening is what one call opened, with content.
type Opening struct {
	Messages []MessageView
	More     bool // there is more sealed up to the same message
}

// Open opens, for the principal, every sealed message of the conversation up to a
// message (R4, R5), and gives their content once that is committed (R2). Nothing
// sealed left is an empty opening. The replay of a key gives what it opened (R6).
func (s *Service) Open(ctx context.Context, p Principal, key string, conversation sealpost.ConversationID, through sealpost.MessageID) (Opening, error) {
	if err := validKey(key); err != nil {
		return Opening{}, err
	}
	o := &opening{service: s, actor: p.User.ID, request: s.request("message.open", conversation.String(), through.String()), through: through}
	ask := Ask{Decision: newID[sealpost.DecisionID](s), Conversation: conversation, Actor: p.User.ID, Key: key, OpenThrough: through}
	if err := s.decide(ctx, ask, o.decide); err != nil {
		return Opening{}, err
	}
	if o.replay != nil {
		return s.replayOpen(ctx, p, o.replay)
	}
	failpoint.Hit(failpoint.OpenAnswer)
	s.wakeIndexer()
	s.publish(conversation, o.affected)
	views, err := s.views(ctx, o.opened, p.User.ID)
	return Opening{Messages: views, More: o.more}, err
}

// opening is one Open on its way through its decision.
type opening struct {
	service *Service
	actor   sealpost.UserID
	request [32]byte
	through sealpost.MessageID

	opened   []sealpost.Message
	affected []sealpost.UserID
	more     bool
	replay   *Replay
}

func (o *opening) decide(s Snapshot) (Change, error) {
	o.opened, o.affected, o.replay, o.more = nil, nil, nil, s.More
	if s.Replay != nil {
		o.replay = s.Replay
		return Change{}, checkReplay(s.Replay, o.request)
	}
	self, ok := sealpost.FindParticipant(s.Participants, o.actor)
	if !ok || s.Through == nil || !s.Through.VisibleTo(o.actor) {
		return Change{}, sealpost.NotFound()
	}
	change := Change{Audit: Audit{Action: "message.open", Message: o.through}}
	var ids []sealpost.MessageID
	told := map[sealpost.UserID]bool{}
	for _, m := range s.Sealed {
		m, changed := sealpost.Open(m, o.actor, s.Now, self.Receipts)
		if !changed {
			continue
		}
		if _, underEpoch := seal.KeyRef(m.Content.Ref).Epoch(); underEpoch {
			// Somebody has the text now: it settles (3-architecture, sealing).
			var err error
			if m.Content, err = o.service.settle(messageLabel(m), m.Content); err != nil {
				return Change{}, err
			}
		}
		d, _ := m.DeliveryTo(o.actor)
		change.Update = append(change.Update, Update{Message: m, Deliveries: []sealpost.Delivery{d}})
		change.Index = append(change.Index, indexOpened(m, d, s.Now)...)
		o.opened, ids = append(o.opened, m), append(ids, m.ID)
		if d.Receipt && !told[m.SenderID] { // R34: without receipts the sender's view stays
			told[m.SenderID] = true
			change.Changed = append(change.Changed, m.SenderID)
		}
	}
	if len(o.opened) == 0 {
		return Change{}, nil
	}
	change.Opened, change.OpenedCount = o.actor, len(o.opened)
	change.Replay = &Replay{Request: o.request, Result: idList(ids)}
	detail, err := json.Marshal(struct {
		Opened []sealpost.MessageID `json:"opened"`
	}{ids})
	if err != nil {
		return Change{}, err
	}
	change.Audit.Detail = string(detail)
	o.affected = append([]sealpost.UserID{o.actor}, change.Changed...)
	failpoint.Hit(failpoint.OpenDecided)
	return change, nil
}

// replayOpen gives the content that the key opened (R6).
func (s *Service) replayOpen(ctx context.Context, p Principal, r *Replay) (Opening, error) {
	failpoint.Hit(failpoint.IdempotencyReplay)
	ids, err := ids[sealpost.MessageID](r.Result)
	if err != nil {
		return Opening{}, err
	}
	var out Opening
	for _, id := range ids {
		m, err := s.store.Message(ctx, id, p.User.ID)
		if sealpost.CodeOf(err) == sealpost.CodeNotFound {
			continue
		}
		if err != nil {
			return Opening{}, err
		}
		v, err := s.view(ctx, m, p.User.ID)
		if err != nil {
			return Opening{}, err
		}
		out.Messages = append(out.Messages, v)
	}
	return out, nil
}
