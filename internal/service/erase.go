package service

import (
	"context"
	"errors"
	"time"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
)

const (
	// erasureGrace is how long after an erasure somebody may still be believed to be
	// signed in by a process (see sessionCache), with a margin. What they begin then is
	// found by a later pass.
	erasureGrace = 10 * time.Second
	// erasureBatch is how many erasures, and how many conversations at a time, a pass
	// takes up.
	erasureBatch = 100
)

// EraseMe erases the principal's own account: see EraseUser. A wrong password is
// CodeInvalid, field password, and is limited as a sign-in is.
func (s *Service) EraseMe(ctx context.Context, p Principal, key, password string) error {
	if err := validKey(key); err != nil {
		return err
	}
	right, hash, err := s.knowsPassword(ctx, p, password)
	if err != nil {
		return err
	}
	stamp := s.stamp(p.User.ID, "user.erase", key, s.request("user.erase", password))
	stamp.Audit.Subject = p.User.ID
	return s.erase(ctx, stamp, func(a Amendment) error { return stillRight(a, p.User.ID, "password", right, hash) })
}

// EraseUser erases somebody's account, for an administrator, for good: at once
// nobody can sign in to it, its name is sealpost.FormerMember, and what is kept for
// this person alone is deleted. Then the relay cancels what was not delivered yet and
// leaves their groups. What was delivered stays with those who have it, sealed or
// opened. The last administrator cannot be erased: CodeLastAdmin.
func (s *Service) EraseUser(ctx context.Context, p Principal, key string, id sealpost.UserID, reason string) error {
	if err := administersOne(p); err != nil {
		return err
	}
	if err := validKey(key); err != nil {
		return err
	}
	reason, err := line("reason", reason, 1, policy.MaxReason)
	if err != nil {
		return err
	}
	stamp := s.stamp(p.User.ID, "user.erase", key, s.request("user.erase", id.String(), reason))
	stamp.Audit.Subject = id
	stamp.Audit.Detail = detail(struct {
		Reason string `json:"reason"`
	}{reason})
	return s.erase(ctx, stamp, nil)
}

// EraseUserOf is EraseUser for the operator: the audit log names the server.
func (s *Service) EraseUserOf(ctx context.Context, email string) error {
	user, _, err := s.store.UserByEmail(ctx, email)
	if err != nil {
		return err
	}
	stamp := s.stamp(sealpost.UserID{}, "user.erase", "", [32]byte{})
	stamp.Audit.Subject = user.ID
	return s.erase(ctx, stamp, nil)
}

// erase is the amendment of an erasure. If the process dies after it, the relay of
// any node does the rest: the store remembers that there is something left.
func (s *Service) erase(ctx context.Context, stamp Stamp, permitted func(Amendment) error) error {
	id := stamp.Audit.Subject
	defer s.accessEnded(id)
	_, err := s.store.Amend(ctx, stamp, func(a Amendment) ([]byte, error) {
		admins, err := a.Admins(id)
		if err != nil {
			return nil, err
		}
		if permitted != nil {
			if err := permitted(a); err != nil {
				return nil, err
			}
		}
		u, _, err := a.Account(id)
		if err != nil {
			return nil, err
		}
		if u.ErasedAt != 0 {
			return nil, sealpost.NotFound()
		}
		closed := u
		closed.DisabledAt = a.Now()
		if err := keepsAnAdmin(admins, u, closed); err != nil {
			return nil, err
		}
		if err := a.UnindexUser(id); err != nil {
			return nil, err
		}
		return nil, a.Erase(id)
	})
	return err
}

// FinishErasures cancels what erased people have not delivered yet and leaves their
// groups (R33), one decision each, until nothing is left. It may be stopped anywhere
// and run on any number of nodes at once: what is done is found done.
func (s *Service) FinishErasures(ctx context.Context) error {
	erased, err := s.store.Erasures(ctx, erasureBatch)
	if err != nil {
		return err
	}
	var failed error
	for _, user := range erased {
		failed = errors.Join(failed, s.finishErasure(ctx, user)) // one that fails delays no other
	}
	return failed
}

func (s *Service) finishErasure(ctx context.Context, user sealpost.UserID) error {
	u, err := s.store.User(ctx, user)
	if err != nil {
		return err
	}
	now, err := s.store.Now(ctx)
	if err != nil {
		return err
	}
	for after := (sealpost.ConversationID{}); ; {
		batch, err := s.store.ConversationsOf(ctx, user, after, erasureBatch)
		if err != nil {
			return err
		}
		for _, id := range batch {
			if err := s.cancelPending(ctx, id, user); err != nil {
				return err
			}
			if err := s.leaveErased(ctx, id, user); err != nil {
				return err
			}
		}
		if len(batch) < erasureBatch {
			break
		}
		after = batch[len(batch)-1]
	}
	if now < u.ErasedAt.Add(erasureGrace) {
		return nil // a later pass ends it
	}
	stamp := s.stamp(sealpost.UserID{}, "user.erased", "", [32]byte{})
	stamp.Audit.Subject = user
	_, err = s.store.Amend(ctx, stamp, func(a Amendment) ([]byte, error) {
		if err := a.UnindexUser(user); err != nil { // what came due meanwhile
			return nil, err
		}
		return nil, a.EndErasure(user)
	})
	return err
}

// cancelPending undoes what was held or scheduled, without a draft: there is nobody
// to have it.
func (s *Service) cancelPending(ctx context.Context, id sealpost.ConversationID, user sealpost.UserID) error {
	for {
		pending, err := s.store.Pending(ctx, id, user)
		if err != nil || len(pending) == 0 {
			return err
		}
		for _, m := range pending {
			e := &pendingDecision{service: s, id: m.ID}
			e.change = e.cancel
			if err := e.run(ctx, ""); err != nil {
				return err
			}
		}
	}
}

// cancel undoes a message without giving its text back.
func (e *pendingDecision) cancel(s Snapshot, m sealpost.Message) (sealpost.Message, Change, error) {
	if !m.State.Pending() {
		return m, Change{}, nil // delivered in between, or cancelled by another node
	}
	m, err := sealpost.Undo(m, s.Now)
	return m, Change{
		Audit: Audit{Action: "message.cancel", Subject: m.SenderID}, Update: []Update{{Message: m}}, Changed: []sealpost.UserID{m.SenderID},
	}, err
}

// leaveErased takes somebody out of a group that they are still in.
func (s *Service) leaveErased(ctx context.Context, id sealpost.ConversationID, user sealpost.UserID) error {
	var shot Snapshot
	look := Ask{Decision: newID[sealpost.DecisionID](s), Conversation: id}
	err := s.store.Decide(ctx, look, func(now Snapshot) (Change, error) {
		shot = now
		return Change{}, nil
	})
	self, in := sealpost.FindParticipant(shot.Participants, user)
	if err != nil || !in || !self.Active() || shot.Conversation.Kind == sealpost.Direct {
		return err
	}
	knows := map[sealpost.UserID]bool{}
	for _, p := range shot.Participants {
		_, err := s.store.Thread(ctx, id, p.UserID)
		if err != nil && sealpost.CodeOf(err) != sealpost.CodeNotFound {
			return err
		}
		knows[p.UserID] = err == nil
	}
	d := &participation{
		service: s, action: "participant.remove", actor: user, user: user, knows: knows,
		ask: Ask{Decision: newID[sealpost.DecisionID](s), Conversation: id, Subject: user},
	}
	return d.run(ctx, d.remove)
}
