package service

import (
	"context"
	"encoding/json"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/sealpost/sealpost/internal/failpoint"
	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
)

// Recalling asks for a recall.
type Recalling struct {
	// Conversation is where the message is, or would have been: an id that was never
	// sent there can then never be sent by this sender. Zero: not given.
	Conversation sealpost.ConversationID
	Reason       string // kept in the log only, at most policy.MaxReason code points
	KeepDraft    bool   // the text comes back as a draft (R20)
}

// Recall takes a message back from everybody who has not opened it, or says why
// not (R8). It never reports a success that is not committed (R11). A second
// recall gives the first one's report (R9).
func (s *Service) Recall(ctx context.Context, p Principal, key string, id sealpost.MessageID, in Recalling) (Report, error) {
	if err := validKey(key); err != nil {
		return Report{}, err
	}
	if utf8.RuneCountInString(in.Reason) > policy.MaxReason {
		return Report{}, sealpost.Invalid("reason", "The reason may have at most 500 characters.")
	}
	at := in.Conversation // wherever the id is; see subject
	if at.IsZero() {
		var err error
		if at, err = s.locate(ctx, p.User.ID, key, id); err != nil {
			return Report{}, err
		}
	}
	r := &recalling{
		service: s, id: id, in: in, actor: p.User.ID, draft: newID[sealpost.DraftID](s),
		request: s.request("message.recall", id.String(), in.Conversation.String(), in.Reason, strconv.FormatBool(in.KeepDraft)),
	}
	ask := Ask{Decision: newID[sealpost.DecisionID](s), Conversation: at, Actor: p.User.ID, Key: key, Message: id, Recall: true, Own: !in.Conversation.IsZero()}
	if err := s.decide(ctx, ask, r.decide); err != nil {
		return Report{}, err
	}
	failpoint.Hit(failpoint.RecallAnswer)
	if r.refusal != nil {
		return Report{}, r.refusal
	}
	s.publish(at, r.affected)
	return r.report, nil
}

// recalling is one Recall on its way through its decision.
type recalling struct {
	service *Service
	id      sealpost.MessageID
	in      Recalling
	actor   sealpost.UserID
	draft   sealpost.DraftID
	request [32]byte

	report   Report
	refusal  error
	affected []sealpost.UserID
}

func (r *recalling) decide(s Snapshot) (Change, error) {
	r.refusal, r.affected = nil, nil
	if s.Replay != nil {
		return Change{}, r.replay(s)
	}
	m, err := r.subject(s)
	if err != nil {
		return Change{}, err
	}
	if m == nil {
		return r.tombstone(s), nil
	}
	if m.RecalledAt != 0 { // R9
		r.report = reportOf(*m)
		r.report.Again = true
		return Change{}, nil
	}
	if m.State == sealpost.Removed { // R30: there is nothing left to take back
		return Change{}, removed()
	}
	p := s.Recall.Policy
	if verdict := p.Evaluate(facts(s, *m)); !verdict.Granted() {
		return r.refuse(verdict, m.ID), nil
	}
	return r.grant(s, *m)
}

// subject finds the message that the actor may ask to recall. Nil without an error
// is an id that was never sent.
func (r *recalling) subject(s Snapshot) (*sealpost.Message, error) {
	m := s.Message
	if _, ok := sealpost.FindParticipant(s.Participants, r.actor); !ok {
		return nil, sealpost.NotFound() // R8: no participant, no answer
	}
	switch {
	case !r.in.Conversation.IsZero() && !s.Own.Known:
		return nil, sealpost.NotFound()
	case m == nil && !r.in.Conversation.IsZero():
		return nil, nil
	case m != nil && !r.in.Conversation.IsZero() && m.SenderID != r.actor && (m.ConversationID != s.Conversation.ID || !m.VisibleTo(r.actor)):
		// Somebody else's id in another conversation, or of a message that the actor may
		// not know of, is as unknown as one that never was: the answer must not tell
		// them apart (R16, R34).
		return nil, nil
	case m == nil || m.ConversationID != s.Conversation.ID || !m.VisibleTo(r.actor):
		return nil, sealpost.NotFound()
	case m.SenderID != r.actor:
		return nil, sealpost.Refuse(sealpost.CodeNotSender, "Only the sender can recall a message.")
	case m.State.Pending():
		return nil, sealpost.Refuse(sealpost.CodeNotDelivered, "The message is not delivered yet. Undo it instead.")
	}
	return m, nil
}

// tombstone keeps an id that was never sent from being sent (6-leaks A10).
func (r *recalling) tombstone(s Snapshot) Change {
	r.report = Report{MessageID: r.id, Outcome: OutcomeRecalled, RecalledAt: s.Now, Trace: "none"}
	if s.Tombstone {
		return Change{}
	}
	return Change{
		Audit:     Audit{Action: "recall.tombstone", Message: r.id},
		Tombstone: r.id,
		Replay:    &Replay{Request: r.request, Result: refusalResult(nil)},
	}
}

// refuse writes the refusal: it is audited and counts towards the throttle (R10).
// Refusals that time lifts are not stored under the key.
func (r *recalling) refuse(v policy.Verdict, id sealpost.MessageID) Change {
	r.refusal = v.Err()
	c := Change{Audit: Audit{Action: "recall.refused", Message: id, Code: v.Code}, Refused: true}
	if v.RetryAt == 0 {
		c.Replay = &Replay{Request: r.request, Result: refusalResult(&v)}
	}
	failpoint.Hit(failpoint.RecallDecided)
	return c
}

func (r *recalling) grant(s Snapshot, m sealpost.Message) (Change, error) {
	before := m
	change := Change{Replay: &Replay{Request: r.request, Result: refusalResult(nil)}}
	if r.in.KeepDraft {
		if err := r.keepDraft(s, m, &change); err != nil {
			return Change{}, err
		}
	}
	m = sealpost.Recall(m, sealpost.Recalling{Now: s.Now, Trace: s.Recall.Policy.Trace, Level: levels(s, m.SentAt)})
	if change.Draft != nil {
		m.DraftID = change.Draft.ID
		m.ErasedAt = max(m.ErasedAt, epochEnd(change.Draft.Content.Ref))
	}
	update := Update{Message: m}
	r.affected = []sealpost.UserID{m.SenderID}
	for i, d := range m.Deliveries {
		if d.State == before.Deliveries[i].State {
			continue
		}
		update.Deliveries = append(update.Deliveries, d)
		if !d.Closed {
			change.Recount = append(change.Recount, d.UserID)
		}
		if before.Deliveries[i].Visible && !d.Hidden && (d.Visible || d.Level >= sealpost.LevelNotified) { // R34
			r.affected = append(r.affected, d.UserID)
		}
	}
	change.Update = []Update{update}
	change.Changed = []sealpost.UserID{m.SenderID}
	change.Recalled = &RecallRow{Message: m.ID, NextPossible: nextPossible(s)}
	r.report = reportOf(m)
	detail, err := json.Marshal(struct {
		Recalled int    `json:"recalled"`
		Opened   int    `json:"opened"`
		Reason   string `json:"reason,omitempty"`
		Draft    bool   `json:"draft"`
	}{len(update.Deliveries), m.Opened(), r.in.Reason, r.in.KeepDraft})
	if err != nil {
		return Change{}, err
	}
	change.Audit = Audit{Action: "recall.granted", Message: m.ID, Detail: string(detail)}
	failpoint.Hit(failpoint.RecallDecided)
	return change, nil
}

// keepDraft seals the text anew, under a new key, as a draft of the sender's (R20).
func (r *recalling) keepDraft(s Snapshot, m sealpost.Message, change *Change) error {
	if m.Content.Erased() {
		return nil
	}
	text, err := r.service.body(messageLabel(m), m.Content)
	if err != nil {
		return err
	}
	change.Draft, err = r.service.newDraft(s, r.draft, m, text, s.Now.Add(sealpost.DraftLife))
	return err
}

// newDraft gives a text back to the sender of a message, until a time; zero: until they
// do something with it (R20, R27, R28).
func (s *Service) newDraft(shot Snapshot, id sealpost.DraftID, m sealpost.Message, text string, until sealpost.Instant) (*sealpost.Draft, error) {
	d := &sealpost.Draft{
		ID: id, UserID: m.SenderID, ConversationID: m.ConversationID, FromMessage: m.ID,
		CreatedAt: shot.Now, UpdatedAt: shot.Now, ExpiresAt: until,
	}
	d.Content.Version = 1
	writing := Writing{Body: text, HidePreview: m.Previews == sealpost.PreviewsOff}
	if m.Kind == sealpost.KindRequiredNotice {
		writing.Kind = m.Kind
	}
	if !m.InReplyTo.IsZero() {
		writing.InReplyTo = m.InReplyTo.String()
	}
	if m.State == sealpost.Scheduled {
		writing.SendAt, writing.TimeZone = m.ReleaseAt.Time().UTC().Format(time.RFC3339), m.TimeZone
	}
	held, err := json.Marshal(writing)
	if err != nil {
		return nil, err
	}
	key, content, err := s.sealBody(draftLabel(*d), string(held))
	if err != nil {
		return nil, err
	}
	defer key.Zero()
	d.Content = content
	return d, s.wrapUntil(shot.Epochs, pendingUntil(shot.Now, d.ExpiresAt), draftLabel(*d), key, &d.Content)
}

// levels is the exposure of each recipient by presence: there at or after the
// delivery means that they may know (R24). While the clock is behind the delivery,
// because it was set back, presence rules nobody out.
func levels(s Snapshot, sent sealpost.Instant) func(sealpost.UserID) sealpost.Level {
	setBack := s.Clock.Add(HangUpSlack) < sent
	return func(u sealpost.UserID) sealpost.Level {
		if setBack || s.Recall.Seen[u] >= sent {
			return sealpost.LevelNotified
		}
		return sealpost.LevelNone
	}
}

// nextPossible is when a recall made now stops counting (R13).
func nextPossible(s Snapshot) sealpost.Instant {
	zone, err := time.LoadLocation(s.Recall.Sender.LimitZone(s.Now))
	if err != nil {
		zone = time.UTC
	}
	return sealpost.NextDay(s.Now, zone)
}

// facts are what the verdict depends on (R8).
func facts(s Snapshot, m sealpost.Message) policy.Facts {
	f := policy.Facts{
		Now: s.Now, RecallableUntil: m.RecallableUntil, WindowOver: m.WindowOver,
		RequiredNotice: m.Kind == sealpost.KindRequiredNotice,
		QuotaUntil:     s.Recall.QuotaUntil,
		MessagesOver:   s.Recall.MessagesOver, RecipientsOver: s.Recall.RecipientsOver, RefusalsOver: s.Recall.RefusalsOver,
	}
	if m.Imported { // it is settled by the import: nobody has opened it
		return f
	}
	for _, d := range m.Deliveries {
		f.Recipients = append(f.Recipients, policy.Recipient{Opened: d.State == sealpost.DeliveryOpened, Receipt: d.Receipt})
	}
	return f
}

// storedVerdict is what is kept under an idempotency key: a refusal, or nothing
// for a recall that was granted, whose report is rebuilt.
type storedVerdict struct {
	Code sealpost.Code   `json:"code"`
	Also []sealpost.Code `json:"also"`
}

func refusalResult(v *policy.Verdict) []byte {
	if v == nil {
		return nil
	}
	b, err := json.Marshal(storedVerdict{v.Code, v.Also})
	if err != nil {
		return nil // two strings always marshal
	}
	return b
}

// replay gives the same outcome again, without another decision (R11).
func (r *recalling) replay(s Snapshot) error {
	if err := checkReplay(s.Replay, r.request); err != nil {
		return err
	}
	failpoint.Hit(failpoint.IdempotencyReplay)
	if len(s.Replay.Result) > 0 {
		var v storedVerdict
		if err := json.Unmarshal(s.Replay.Result, &v); err != nil {
			return err
		}
		return policy.Verdict{Code: v.Code, Also: v.Also}.Err()
	}
	m, err := r.subject(s)
	if err != nil {
		return err
	}
	if m == nil {
		r.tombstone(s)
		return nil
	}
	r.report = reportOf(*m)
	return nil
}

// Forecast is what a recall would do now (R8). It tells nothing that a refusal
// would not: openings without receipt count as not opened, and presence as "may
// know" for everyone.
type Forecast struct {
	Recallable     bool
	Until          sealpost.Instant
	Code           sealpost.Code
	Also           []sealpost.Code
	NextPossibleAt sealpost.Instant
	For            []sealpost.UserID
	Exposure       []Exposure
	Alternatives   []string
	Terms          Terms            // those that the message was sent under (R12)
	Next           sealpost.Instant // when a recall made now stops counting (R13)
}

// Exposure is what one recipient may have seen (R24, R25).
type Exposure struct {
	UserID   sealpost.UserID
	Level    sealpost.Level
	Channels []Channel
}

// gone says why there is nothing left of a message to take back; empty if there is. A
// second recall answers with the first one's report (R9).
func gone(s sealpost.MessageState, recalledAt sealpost.Instant) sealpost.Code {
	switch {
	case s == sealpost.Removed:
		return sealpost.CodeRemoved
	case recalledAt != 0:
		return sealpost.CodeRecalled
	}
	return ""
}

// Forecast says whether the message can be recalled now. It decides nothing.
func (s *Service) Forecast(ctx context.Context, p Principal, id sealpost.MessageID) (Forecast, error) {
	m, err := s.store.Message(ctx, id, p.User.ID)
	if err != nil {
		return Forecast{}, err
	}
	switch {
	case m.SenderID != p.User.ID:
		return Forecast{}, sealpost.Refuse(sealpost.CodeNotSender, "Only the sender can recall a message.")
	case m.State.Pending():
		return Forecast{}, sealpost.Refuse(sealpost.CodeNotDelivered, "The message is not delivered yet. Undo it instead.")
	}
	shot, err := s.store.RecallFacts(ctx, id)
	if err != nil {
		return Forecast{}, err
	}
	v := shot.Recall.Policy.Forecast(facts(shot, *shot.Message))
	if gone := gone(m.State, m.RecalledAt); gone != "" {
		v = policy.Verdict{Code: gone}
	}
	f := Forecast{
		Until: m.RecallableUntil, Code: v.Code, Also: v.Also, NextPossibleAt: v.RetryAt,
		Terms: termsOf(shot.Recall.Policy), Next: nextPossible(shot),
	}
	f.Recallable = v.Granted()
	for _, d := range m.Deliveries {
		e := Exposure{UserID: d.UserID, Level: max(sealpost.LevelNotified, d.Exposed()), Channels: channelsOf(d)}
		switch {
		case d.State == sealpost.DeliveryRecalled:
			e.Level = d.Level
		case d.State == sealpost.DeliveryOpened && d.Receipt:
			e.Level = sealpost.LevelOpened
		case f.Recallable:
			f.For = append(f.For, d.UserID)
		}
		f.Exposure = append(f.Exposure, e)
	}
	f.Alternatives = []string{}
	if m.State != sealpost.Removed {
		f.Alternatives = policy.Alternatives(v.Code)
	}
	return f, nil
}
