package memstore

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// Decide implements service.Decider. The mutex is the lock of every conversation.
func (s *Store) Decide(ctx context.Context, a service.Ask, decide func(service.Snapshot) (service.Change, error)) (err error) {
	f, err := s.enter(ctx, "Decide")
	if err != nil {
		return err
	}
	defer s.leave(f, &err)
	c := s.conversations[a.Conversation]
	if c == nil {
		return sealpost.NotFound()
	}
	shot := s.snapshot(a, c)
	change, err := decide(shot)
	if err != nil || change.Audit.Action == "" {
		return err
	}
	if err := s.possible(a, c, change); err != nil {
		return err
	}
	s.write(a, c, shot.Now, change)
	return nil
}

// decisionTime is the clock, but later than every earlier decision (R12).
func (s *Store) decisionTime(c *conversation) sealpost.Instant {
	return max(s.options.Clock(), c.DecidedAt+1)
}

func (s *Store) snapshot(a service.Ask, c *conversation) service.Snapshot {
	shot := service.Snapshot{
		Clock: s.options.Clock(), Now: s.decisionTime(c), Conversation: c.Conversation, Participants: s.people(c),
		Policy: s.inForce(), Epochs: s.openEpochs(),
	}
	for i := range shot.Participants {
		shot.Participants[i].FirstAt, shot.Participants[i].StayedUntil = 0, 0
	}
	if r, ok := s.replays[replayKey{a.Actor, a.Key}]; ok && a.Key != "" {
		r.Result = slices.Clone(r.Result)
		shot.Replay = &r.Replay
	}
	if home := s.conversations[s.home[a.Message]]; home != nil {
		m := copyOf(*home.find(a.Message))
		shot.Message = &m
	}
	_, shot.Tombstone = s.tombstones[tombstone{a.Actor, a.Message}]
	shot.Reply = withActor(c, a.Reply, a.Actor)
	if r := shot.Reply; r != nil && r.SenderID == a.Actor {
		r.Deliveries = copyOf(*c.find(a.Reply)).Deliveries
	}
	if a.Sender && shot.Message != nil {
		user := copyUser(s.users[shot.Message.SenderID].User)
		shot.Sender = &user
	}
	shot.Draft = s.draft(a.Actor, a.Draft, shot.Now)
	shot.Through = withActor(c, a.OpenThrough, a.Actor)
	if u, ok := s.users[a.Subject]; ok {
		user := copyUser(u.User)
		shot.Subject = &user
	}
	s.reach(a, c, &shot)
	for _, m := range inPosition(c.messages) {
		if shot.Through != nil && sealedThrough(m, a.Actor, shot.Through.SentAt) ||
			a.Expired != 0 && m.Content.Ref == a.Expired && !m.State.Pending() {
			shot.Sealed = append(shot.Sealed, with(m, a.Actor))
		}
	}
	if shot.More = len(shot.Sealed) > service.OpenLimit; shot.More {
		shot.Sealed = shot.Sealed[:service.OpenLimit]
	}
	for _, m := range c.messages {
		if a.Waiting && m.SenderID == a.Actor && m.State.Pending() {
			shot.Waiting++
		}
	}
	shot.Placed, shot.Unseen = c.placed(a.From, a.Until), c.unseen(a.From, a.Until, a.Subject)
	if a.Flags {
		shot.Flags = s.openFlags(a.Conversation, a.Message)
	}
	if a.Recall && shot.Message != nil && shot.Message.ConversationID == a.Conversation {
		shot.Recall = s.recallFacts(*shot.Message, shot.Now)
	}
	return shot
}

func withActor(c *conversation, id sealpost.MessageID, actor sealpost.UserID) *sealpost.Message {
	m := c.find(id)
	if m == nil {
		return nil
	}
	out := with(*m, actor)
	return &out
}

// sealedThrough reports whether an opening through a position opens the message for
// the user (R5).
func sealedThrough(m sealpost.Message, user sealpost.UserID, position sealpost.Instant) bool {
	_, opens := sealpost.Open(m, user, 1, false)
	return opens && m.SentAt <= position
}

// inPosition orders messages as viewers see them; those not delivered come first.
func inPosition(messages []sealpost.Message) []sealpost.Message {
	out := slices.Clone(messages)
	slices.SortStableFunc(out, func(a, b sealpost.Message) int { return int(a.SentAt - b.SentAt) })
	return out
}

// possible refuses a change before anything of it is written: identifiers are used
// once.
func (s *Store) possible(a service.Ask, c *conversation, change service.Change) error {
	if _, used := s.audit[a.Decision]; used {
		return &sealpost.Error{Code: sealpost.CodeUnavailable, Cause: errors.New("a decision id was used twice")}
	}
	if _, used := s.replays[replayKey{a.Actor, a.Key}]; used && a.Key != "" && change.Replay != nil {
		return &sealpost.Error{Code: sealpost.CodeUnavailable, Cause: errors.New("an idempotency key was used twice")}
	}
	for _, m := range change.Insert {
		if _, used := s.home[m.ID]; used {
			return &sealpost.Error{Code: sealpost.CodeIDInUse, Field: "id", Detail: "This message id is in use. Choose another."}
		}
	}
	for _, u := range change.Update {
		if c.find(u.Message.ID) == nil {
			return &sealpost.Error{Code: sealpost.CodeInternal, Cause: errors.New("an update of a message that is not there")}
		}
	}
	return nil
}

func (s *Store) write(a service.Ask, c *conversation, now sealpost.Instant, change service.Change) {
	for _, m := range change.Insert {
		c.messages = append(c.messages, copyOf(m))
		c.Seq, s.home[m.ID] = max(c.Seq, m.Seq), c.ID
	}
	for _, u := range change.Update {
		m := c.find(u.Message.ID)
		*m = updated(*m, u)
		c.Seq = max(c.Seq, m.Seq)
	}
	if !change.CloseSealed.IsZero() {
		for i, m := range c.messages {
			c.messages[i], _ = sealpost.CloseFor(m, change.CloseSealed, now)
		}
	}
	for _, p := range change.Participants {
		c.putParticipant(p)
	}
	c.consent(now, change)
	if change.Title != nil {
		c.Title, c.TitledAt = *change.Title, now
	}
	s.writeOwn(a, c, now, change)
	s.count(a, now, change)
	delete(s.drafts, change.DropDraft)
	if d := change.Draft; d != nil {
		draft := *d
		draft.Content = copySealed(d.Content)
		s.drafts[d.ID] = draft
	}
	s.putFlags(change.Flags)
	c.Rev, c.DecidedAt = c.Rev+1, now
	entry := change.Audit
	entry.Decision, entry.At, entry.Actor, entry.Conversation, entry.Rev = a.Decision, now, a.Actor, a.Conversation, c.Rev
	s.audit[a.Decision] = entry
}

// putParticipant replaces what there is of a participant, and keeps when they were here
// before. Who leaves marks nothing any more.
func (c *conversation) putParticipant(p sealpost.Participant) {
	p.FirstAt = p.JoinedAt
	if old, was := sealpost.FindParticipant(c.participants, p.UserID); was {
		p.FirstAt, p.StayedUntil = old.FirstAt, cmp.Or(old.LeftAt, old.StayedUntil)
	}
	c.participants = slices.DeleteFunc(c.participants, func(q sealpost.Participant) bool { return q.UserID == p.UserID })
	c.participants = append(c.participants, p)
	if own := c.own[p.UserID]; !p.Active() && own.marked {
		own.marked = false
		c.own[p.UserID] = own
	}
}

// updated is the stored message after an update: what is fixed at its creation
// stays, and of the deliveries only those named change.
func updated(stored sealpost.Message, u service.Update) sealpost.Message {
	m := stored
	if u.IfRef == 0 {
		m = copyOf(u.Message)
		m.SenderID, m.Kind, m.InReplyTo, m.CreatedAt, m.Imported = stored.SenderID, stored.Kind, stored.InReplyTo, stored.CreatedAt, stored.Imported
	} else if stored.Content.Ref == u.IfRef { // R18: a re-wrap never brings a key back
		m.Content.Ref, m.Content.Wrapped = u.Message.Content.Ref, slices.Clone(u.Message.Content.Wrapped)
		m.WindowOver = u.Message.WindowOver
	}
	m.Deliveries = slices.Clone(stored.Deliveries)
	for _, d := range u.Deliveries {
		m.Deliveries = slices.DeleteFunc(m.Deliveries, func(e sealpost.Delivery) bool { return e.UserID == d.UserID })
		m.Deliveries = append(m.Deliveries, d)
	}
	return m
}

// writeOwn writes what is no message's. Everything else that a change says of
// inboxes is derived when it is read.
func (s *Store) writeOwn(a service.Ask, c *conversation, now sealpost.Instant, change service.Change) {
	for _, u := range change.Touched {
		v := c.own[u]
		v.touchedAt = now
		c.own[u] = v
	}
	if !change.Opened.IsZero() {
		v := c.own[change.Opened]
		v.marked = false
		c.own[change.Opened] = v
	}
	if change.MarkUnread != nil {
		v := c.own[a.Actor]
		v.marked, v.touchedAt = *change.MarkUnread, now
		c.own[a.Actor] = v
	}
	if change.Mute != nil {
		v := c.own[a.Actor]
		v.muted, v.touchedAt = *change.Mute, now
		c.own[a.Actor] = v
	}
	if !change.List.IsZero() {
		c.list(change.List, now)
	}
}

// list makes the conversation appear in a user's inbox; once, whoever asks again.
func (c *conversation) list(user sealpost.UserID, now sealpost.Instant) {
	if v := c.own[user]; v.listedAt == 0 {
		v.listedAt, v.touchedAt = now, now
		c.own[user] = v
	}
}

// count writes what the limits of recall and repeated requests are judged by.
func (s *Store) count(a service.Ask, now sealpost.Instant, change service.Change) {
	if r := change.Recalled; r != nil {
		s.recalls = append(s.recalls, recalled{a.Conversation, a.Actor, r.NextPossible})
	}
	if change.Refused {
		s.refusals = append(s.refusals, refusal{a.Actor, now})
	}
	if t := (tombstone{a.Actor, change.Tombstone}); !change.Tombstone.IsZero() {
		if _, known := s.tombstones[t]; !known {
			s.tombstones[t] = now
		}
	}
	if r := change.Replay; r != nil && a.Key != "" {
		stored := replay{*r, now}
		stored.Result = slices.Clone(r.Result)
		s.replays[replayKey{a.Actor, a.Key}] = stored
	}
}
