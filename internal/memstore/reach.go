package memstore

import (
	"context"
	"slices"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// request derives whether the conversation is a request for a viewer (R31): they
// decided nothing, there is something for them in it, and all of it came as one. A
// recall takes that back to what it was (R16). What an archive brought counts nowhere.
func (c *conversation) request(viewer sealpost.UserID) sealpost.RequestState {
	p, _ := sealpost.FindParticipant(c.participants, viewer)
	switch p.Consent {
	case sealpost.ConsentDeclined:
		return sealpost.RequestDeclined
	case sealpost.ConsentAccepted:
		return sealpost.RequestNone
	}
	any, all := false, true
	for _, m := range c.messages {
		if m.Imported {
			continue
		}
		if d, ok := m.DeliveryTo(viewer); ok && p.Active() && d.Visible && !d.Hidden && d.State != sealpost.DeliveryRecalled {
			any, all = true, all && d.Request
		}
	}
	if any && (all || p.Consent == sealpost.ConsentRequested) {
		return sealpost.RequestPending
	}
	return sealpost.RequestNone
}

// reach adds to a snapshot what it asks for about people.
func (s *Store) reach(a service.Ask, c *conversation, shot *service.Snapshot) {
	if a.Own {
		shot.Own = service.Own{Known: c.knownTo(a.Actor), Request: c.request(a.Actor), Muted: c.own[a.Actor].muted}
	}
	if shot.Subject != nil && !a.Direct.IsZero() {
		shot.Standing = s.standing(a.Subject, a.Actor, a.Direct)
	}
	sender := a.Actor
	if sender.IsZero() && shot.Message != nil {
		sender = shot.Message.SenderID
	}
	for i := range shot.Participants {
		p := &shot.Participants[i]
		if !a.Reach || p.UserID == sender {
			continue
		}
		direct := sealpost.ConversationID{}
		if c.Kind == sealpost.Direct {
			direct = c.ID
		}
		p.Standing = s.standing(p.UserID, sender, direct)
	}
}

// standing tells how a user stands to a sender. Without a conversation of these two
// there is nothing to be asked about it.
func (s *Store) standing(user, sender sealpost.UserID, direct sealpost.ConversationID) sealpost.Standing {
	u := copyUser(s.users[user].User)
	has := func(in map[pair]sealpost.Instant, a, b sealpost.UserID) bool { _, ok := in[pair{a, b}]; return ok }
	out := sealpost.Standing{
		Reach: u.Reach, Disabled: u.DisabledAt != 0 || u.Profile,
		Blocks: has(s.blocks, user, sender), Blocked: has(s.blocks, sender, user),
	}
	if direct.IsZero() {
		return out
	}
	out.Connected = has(s.connections, user, sender)
	if u.Reach == sealpost.ReachSecond {
		for p := range s.connections {
			out.Shared = out.Shared || p.user == user && !s.users[p.other].Profile && has(s.connections, p.other, sender)
		}
	}
	if c := s.conversations[direct]; c != nil {
		out.Existing = c.lastActivity(user) > 0 && c.request(user) == sealpost.RequestNone && c.native(user) || slices.ContainsFunc(c.messages, func(m sealpost.Message) bool {
			d, _ := m.DeliveryTo(user)
			return d.Hidden && d.Visible && d.State < sealpost.DeliveryRecalled && !d.Request && !m.Imported
		})
	}
	return out
}

// native reports whether somebody has more of the conversation than what an archive says
// of it.
func (c *conversation) native(user sealpost.UserID) bool {
	p, _ := sealpost.FindParticipant(c.participants, user)
	return c.own[user].listedAt != 0 || p.Consent == sealpost.ConsentAccepted || slices.ContainsFunc(c.messages, func(m sealpost.Message) bool {
		d, _ := m.DeliveryTo(user)
		return !m.Imported && m.SentAt != 0 && (m.SenderID == user || d.Visible && !d.Request && d.State != sealpost.DeliveryRecalled)
	})
}

// consent writes what people agreed to. Declining closes what is sealed.
func (c *conversation) consent(now sealpost.Instant, change service.Change) {
	for _, consenting := range change.Consents {
		i := slices.IndexFunc(c.participants, func(p sealpost.Participant) bool { return p.UserID == consenting.UserID })
		if i < 0 {
			continue
		}
		c.participants[i].Consent = consenting.Consent
		if consenting.Consent != sealpost.ConsentDeclined {
			continue
		}
		for j, m := range c.messages {
			c.messages[j], _ = sealpost.Decline(m, consenting.UserID, now)
		}
	}
}

// VisibleAmong implements service.References.
func (s *Store) VisibleAmong(ctx context.Context, viewer sealpost.UserID, refs []service.Reference) (visible map[sealpost.MessageID]bool, err error) {
	f, err := s.enter(ctx, "VisibleAmong")
	if err != nil {
		return nil, err
	}
	defer s.leave(f, &err)
	visible = map[sealpost.MessageID]bool{}
	for _, ref := range refs {
		if c := s.conversations[ref.Conversation]; c != nil {
			if m := c.find(ref.Message); m != nil {
				d, _ := m.DeliveryTo(viewer)
				visible[m.ID] = m.VisibleTo(viewer) || d.Hidden && m.State != sealpost.Undone
			}
		}
	}
	return visible, nil
}

// Standing implements service.Reaching.
func (a *amendment) Standing(user, sender sealpost.UserID, direct sealpost.ConversationID) (sealpost.Standing, error) {
	if _, ok := a.store.users[user]; !ok {
		return sealpost.Standing{}, sealpost.NotFound()
	}
	return a.store.standing(user, sender, direct), nil
}

// SetConsent implements service.Reaching.
func (a *amendment) SetConsent(id sealpost.ConversationID, user sealpost.UserID, consent sealpost.Consent) error {
	c := a.store.conversations[id]
	if c == nil {
		return nil
	}
	before := c.participants
	a.undo = append(a.undo, func() { c.participants = before })
	c.participants = slices.Clone(before)
	for i := range c.participants {
		if c.participants[i].UserID == user && c.participants[i].Consent == sealpost.ConsentNone {
			c.participants[i].Consent = consent
		}
	}
	return nil
}
