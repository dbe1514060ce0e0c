package service

import (
	"context"
	"slices"
	"strconv"

	"github.com/sealpost/sealpost/internal/failpoint"
	"github.com/sealpost/sealpost/internal/sealpost"
)

// EvidenceView is a report as moderators have it, with what it froze.
type EvidenceView struct {
	Flag   sealpost.Flag
	Text   string // of the message, as it was when it was reported
	Note   string
	Answer string
	Kept   bool // what it froze is still kept
}

// Evidence gives a moderator a report with the text (R23). Reading it is a decision
// of its own, with its entry, and committed before the text is given (R32). Whoever
// sent, received or reported the message reads no evidence of it: that would be a way
// around opening it (R2).
func (s *Service) Evidence(ctx context.Context, p Principal, id sealpost.FlagID) (EvidenceView, error) {
	f, err := s.flagFor(ctx, p, id)
	if err != nil {
		return EvidenceView{}, err
	}
	ask := Ask{Decision: newID[sealpost.DecisionID](s), Conversation: f.ConversationID, Actor: p.User.ID, Message: f.MessageID}
	err = s.decide(ctx, ask, func(shot Snapshot) (Change, error) {
		if err := impartial(shot, f, p.User.ID); err != nil {
			return Change{}, err
		}
		return Change{Audit: Audit{Action: "evidence.read", Message: f.MessageID, Detail: flagDetail(f.ID, "")}}, nil
	})
	if err != nil {
		return EvidenceView{}, err
	}
	e, kept, err := s.thaw(f)
	return EvidenceView{Flag: f, Text: e.Text, Note: e.Note, Answer: e.Answer, Kept: kept}, err
}

// FlagCase gives a moderator a report without what it froze, as the queue has it. No
// text is read by that. NotFound as with Evidence.
func (s *Service) FlagCase(ctx context.Context, p Principal, id sealpost.FlagID) (sealpost.Flag, error) {
	f, err := s.flagFor(ctx, p, id)
	f.Evidence = sealpost.Sealed{}
	return f, err
}

// flagFor is a report for a moderator; for everybody else there is none. What somebody else reported of the moderator's
// own message is not to be found (R22).
func (s *Service) flagFor(ctx context.Context, p Principal, id sealpost.FlagID) (sealpost.Flag, error) {
	if moderates(p) != nil {
		return sealpost.Flag{}, sealpost.NotFound() // nobody else may know that there is one
	}
	f, err := s.store.Flag(ctx, id)
	if err == nil && f.SenderID == p.User.ID && !f.Own() {
		return sealpost.Flag{}, sealpost.NotFound()
	}
	return f, err
}

// impartial refuses moderators who have to do with the message themselves.
func impartial(shot Snapshot, f sealpost.Flag, moderator sealpost.UserID) error {
	if shot.Message == nil {
		return sealpost.NotFound()
	}
	_, received := shot.Message.DeliveryTo(moderator)
	if received || f.SenderID == moderator || f.ReporterID == moderator {
		return sealpost.Refuse(sealpost.CodeForbidden, "Somebody else has to review this: you sent, received or reported the message.")
	}
	return nil
}

func flagDetail(id sealpost.FlagID, action string) string {
	return detail(struct {
		Flag   sealpost.FlagID `json:"flag"`
		Action string          `json:"action,omitempty"`
	}{id, action})
}

// Resolving is what a moderator decides about a report.
type Resolving struct {
	Remove bool   // for everybody; otherwise the message is kept
	Answer string // to the reporter, at most MaxNote code points
}

// ResolveFlag closes a report: the message is kept, or removed for everybody (R30).
// A removal forgets the message's key, is never undone, gives no draft back (R20), and
// resolves every other open report of the message with the same answer. A report that
// somebody has resolved is CodeVersionConflict.
func (s *Service) ResolveFlag(ctx context.Context, p Principal, key string, id sealpost.FlagID, in Resolving) (sealpost.Flag, error) {
	if err := validKey(key); err != nil {
		return sealpost.Flag{}, err
	}
	if err := validNote("answer", in.Answer); err != nil {
		return sealpost.Flag{}, err
	}
	f, err := s.flagFor(ctx, p, id)
	if err != nil {
		return sealpost.Flag{}, err
	}
	r := &resolving{service: s, moderator: p.User.ID, flag: f, in: in, request: s.request("flag.resolve", id.String(), strconv.FormatBool(in.Remove))}
	ask := Ask{
		Decision: newID[sealpost.DecisionID](s), Conversation: f.ConversationID, Actor: p.User.ID, Key: key,
		Message: f.MessageID, Flags: true,
	}
	if err := s.decide(ctx, ask, r.decide); err != nil {
		return sealpost.Flag{}, err
	}
	if r.replayed {
		return s.replayResolve(ctx, id, in)
	}
	s.publish(f.ConversationID, r.affected)
	return r.flag, nil
}

// replayResolve gives the first outcome; another answer under the key is another
// request.
func (s *Service) replayResolve(ctx context.Context, id sealpost.FlagID, in Resolving) (sealpost.Flag, error) {
	f, err := s.store.Flag(ctx, id)
	if err != nil {
		return f, err
	}
	e, kept, err := s.thaw(f)
	if err == nil && kept && e.Answer != in.Answer {
		err = sealpost.KeyUsed()
	}
	return f, err
}

// resolving is one ResolveFlag on its way through its decision.
type resolving struct {
	service   *Service
	moderator sealpost.UserID
	in        Resolving
	request   [32]byte

	flag     sealpost.Flag
	affected []sealpost.UserID
	replayed bool
}

func (r *resolving) decide(s Snapshot) (Change, error) {
	r.affected, r.replayed = nil, s.Replay != nil
	if s.Replay != nil {
		failpoint.Hit(failpoint.IdempotencyReplay)
		return Change{}, checkReplay(s.Replay, r.request)
	}
	if err := impartial(s, r.flag, r.moderator); err != nil {
		return Change{}, err
	}
	if !slices.ContainsFunc(s.Flags, func(f sealpost.Flag) bool { return f.ID == r.flag.ID }) {
		return Change{}, sealpost.Refuse(sealpost.CodeVersionConflict, "Somebody else has resolved this report.")
	}
	action := "keep"
	if r.in.Remove {
		action = "remove"
	}
	change := Change{
		Audit:  Audit{Action: "flag.resolve", Message: r.flag.MessageID, Subject: r.flag.ReporterID, Detail: flagDetail(r.flag.ID, action)},
		Replay: &Replay{Request: r.request},
	}
	for _, f := range s.Flags {
		if f.ID != r.flag.ID && !r.in.Remove {
			continue // kept for this reason; another report may have another
		}
		if err := r.resolve(&f, s.Now); err != nil {
			return Change{}, err
		}
		if change.Flags = append(change.Flags, f); f.ID == r.flag.ID {
			r.flag = f
		}
	}
	if r.in.Remove {
		r.remove(s, &change)
	}
	return change, nil
}

// resolve closes one report and adds the answer to what it froze.
func (r *resolving) resolve(f *sealpost.Flag, now sealpost.Instant) error {
	e, _, err := r.service.thaw(*f)
	if err != nil {
		return err
	}
	e.Answer = r.in.Answer
	f.State, f.Resolution, f.ResolvedBy, f.ResolvedAt = sealpost.FlagResolved, sealpost.ResolvedKeep, r.moderator, now
	if r.in.Remove {
		f.Resolution = sealpost.ResolvedRemove
	}
	return r.service.freeze(f, e)
}

// remove takes the message from everybody (R30). What was recalled meanwhile is gone
// already.
func (r *resolving) remove(s Snapshot, change *Change) {
	before := s.Message.Deliveries
	m, changed := sealpost.Remove(*s.Message, s.Now)
	if !changed {
		return
	}
	update := Update{Message: m}
	change.Unindex = []IndexRef{{Message: m.ID}}
	r.affected = []sealpost.UserID{m.SenderID}
	for i, d := range m.Deliveries {
		if d == before[i] {
			continue
		}
		update.Deliveries = append(update.Deliveries, d)
		change.Recount = append(change.Recount, d.UserID) // I4: it is not unread any more
		if !d.Hidden {
			r.affected = append(r.affected, d.UserID)
		}
	}
	change.Update = []Update{update}
	change.Changed = []sealpost.UserID{m.SenderID}
	change.Audit.Action = "message.remove"
}
