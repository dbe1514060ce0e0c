package service

import (
	"context"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sealpost/sealpost/internal/failpoint"
	"github.com/sealpost/sealpost/internal/seal"
	"github.com/sealpost/sealpost/internal/sealpost"
)

// Sending is a message to be sent: now, after the undo time, or later.
type Sending struct {
	Conversation sealpost.ConversationID
	ID           sealpost.MessageID // the client's, a UUIDv7; zero: ours
	Body         string             // 1 to MaxBody code points
	Kind         sealpost.MessageKind
	InReplyTo    sealpost.MessageID // zero: no reply
	SendAt       time.Time          // zero: now
	TimeZone     string             // in which SendAt is meant, an IANA name
	Undo         *time.Duration     // nil: the sender's setting (R27)
	HidePreview  bool               // nobody sees text of it before they open it (R26)
	// Draft is what the text was written in: it goes with the send, in the same
	// transaction. If it is gone, or is at another version than DraftVersion, another
	// device was faster, and nothing is sent. Zero: none.
	Draft        sealpost.DraftID
	DraftVersion int32
}

// MaxWaiting is how many held and scheduled messages somebody may have in one
// conversation. Views give them all.
const MaxWaiting = 200

// Send seals a message and delivers, holds or schedules it (R1, R27, R28). The
// message is durable when Send returns.
func (s *Service) Send(ctx context.Context, p Principal, key string, in Sending) (MessageView, error) {
	if err := validateSending(p, key, in); err != nil {
		return MessageView{}, err
	}
	c := &sending{service: s, sender: p.User, in: in, id: in.ID}
	if c.id.IsZero() {
		c.id = newID[sealpost.MessageID](s)
	}
	label := seal.Label{Kind: seal.KindMessage, Scope: in.Conversation, Object: c.id, Version: 1}
	var err error
	if c.contentKey, c.content, err = s.sealBody(label, in.Body); err != nil {
		return MessageView{}, err
	}
	defer c.contentKey.Zero()
	c.request = s.request("message.send", in.Conversation.String(), in.ID.String(), strconv.Itoa(int(in.Kind)),
		in.InReplyTo.String(), strconv.FormatInt(in.SendAt.UnixMicro(), 10), in.TimeZone, undoField(in.Undo),
		in.Draft.String(), strconv.Itoa(int(in.DraftVersion)), strconv.FormatBool(in.HidePreview))

	ask := Ask{
		Decision: newID[sealpost.DecisionID](s), Conversation: in.Conversation, Actor: p.User.ID, Key: key,
		Message: in.ID, Reply: in.InReplyTo, Draft: in.Draft, Reach: true, Waiting: !in.SendAt.IsZero() || holds(p.User, in) > 0,
	}
	if err := s.decide(ctx, ask, c.decide); err != nil {
		return MessageView{}, err
	}
	if c.replay != nil {
		return s.replaySend(ctx, p, in.Body, c.replay)
	}
	failpoint.Hit(failpoint.SendAnswer)
	s.publish(in.Conversation, c.affected)
	v := envelope(c.message, p.User.ID)
	v.Content = &ContentView{Body: in.Body, InReplyTo: in.InReplyTo}
	return v, nil
}

func undoField(d *time.Duration) string {
	if d == nil {
		return ""
	}
	return d.String()
}

func validateSending(p Principal, key string, in Sending) error {
	if err := validKey(key); err != nil {
		return err
	}
	if err := validBody(in.Body); err != nil {
		return err
	}
	switch {
	case !in.ID.IsZero() && !in.ID.IsV7():
		return sealpost.Invalid("id", "The id must be a UUID of version 7.")
	case !maySend(p.User, in.Kind):
		return noNotices()
	case in.Undo != nil && (*in.Undo < 0 || *in.Undo > sealpost.MaxUndo):
		return sealpost.Invalid("undo", "The undo time must be from 0s to 2m.")
	case in.TimeZone != "" && in.SendAt.IsZero():
		return sealpost.Invalid("time_zone", "A time zone goes with send_at.")
	}
	return validZone(in.TimeZone)
}

// maySend answers for who may send a message of a kind (R22).
func maySend(u sealpost.User, k sealpost.MessageKind) bool {
	return k != sealpost.KindRequiredNotice || u.Has(sealpost.RoleNotices)
}

func noNotices() error {
	return sealpost.Refuse(sealpost.CodeForbidden, "Only people with the role notices may send required notices.")
}

func validBody(body string) error {
	switch {
	case strings.TrimSpace(body) == "":
		return sealpost.Invalid("body", "A message needs text.")
	case !utf8.ValidString(body) || strings.ContainsRune(body, 0):
		return sealpost.Invalid("body", "The text must be UTF-8 without NUL.")
	case len(body) > sealpost.MaxBodyBytes || utf8.RuneCountInString(body) > sealpost.MaxBody:
		return sealpost.Invalid("body", "The text may have at most 10000 characters.")
	}
	return nil
}

// validZone checks an IANA zone name; empty is allowed.
func validZone(name string) error {
	if name == "" {
		return nil
	}
	if _, err := time.LoadLocation(name); err != nil || name == "Local" {
		return sealpost.Invalid("time_zone", "This is not the name of a time zone.")
	}
	return nil
}

// sending is one Send on its way through its decision.
type sending struct {
	service    *Service
	sender     sealpost.User
	in         Sending
	id         sealpost.MessageID
	contentKey seal.Key
	content    sealpost.Sealed
	request    [32]byte

	// Overwritten by every run of decide.
	message  sealpost.Message
	affected []sealpost.UserID
	replay   *Replay
}

func (c *sending) decide(s Snapshot) (Change, error) {
	c.replay, c.affected = nil, nil
	if s.Replay != nil {
		c.replay = s.Replay
		return Change{}, checkReplay(s.Replay, c.request)
	}
	if err := c.permitted(s); err != nil {
		return Change{}, err
	}
	m := sealpost.Message{
		ID: c.id, ConversationID: c.in.Conversation, SenderID: c.sender.ID, Kind: c.in.Kind, InReplyTo: c.in.InReplyTo,
		CreatedAt: s.Now, Content: c.content, ChangedAt: s.Now, SenderChangedAt: s.Now, Previews: wish(c.sender, c.in),
	}
	// What is held or scheduled is refused now if it could not be delivered now, and
	// judged anew when it is released (R31).
	recipients, err := sealpost.Address(s.Conversation.Kind, s.Participants, m.SenderID)
	if err == nil && m.Kind == sealpost.KindDisregard {
		recipients, err = sealpost.Asked(*s.Reply, recipients)
	}
	if err != nil {
		return Change{}, err
	}
	release, err := deliveryTime(s.Now, c.sender, c.in)
	if err != nil {
		return Change{}, err
	}
	change := Change{Audit: Audit{Action: "message.send", Message: m.ID}, DropDraft: c.in.Draft}
	if s.Draft != nil { // an old copy of the database may hold the text as a draft
		m.ErasedAt = epochEnd(s.Draft.Content.Ref)
	}
	switch {
	case !c.in.SendAt.IsZero():
		m.State, m.ReleaseAt, m.TimeZone = sealpost.Scheduled, release, c.in.TimeZone
		change.Audit.Action = "message.schedule"
	case release > s.Now:
		m.State, m.ReleaseAt = sealpost.Held, release
		change.Audit.Action = "message.hold"
	}
	if m.State.Pending() && s.Waiting >= MaxWaiting {
		return Change{}, sealpost.Refuse(sealpost.CodeForbidden, "200 of your messages wait here for their time. Let one go first.")
	}
	if m.State.Pending() {
		err = c.wrapPending(s, &m, &change)
	} else {
		m, err = c.service.deliver(s, m, recipients, c.contentKey, &change)
		change.Insert = []sealpost.Message{m}
	}
	if err != nil {
		return Change{}, err
	}
	change.Replay = &Replay{Request: c.request, Content: seal.Fingerprint(c.contentKey, []byte(c.in.Body)), Result: m.ID[:]}
	c.message, c.affected = m, affected(m)
	failpoint.Hit(failpoint.SendDecided)
	return change, nil
}

// deliveryTime is when a message is delivered that is sent now: at once, after the
// undo time (R27), or when its sender wants (R28).
func deliveryTime(now sealpost.Instant, sender sealpost.User, in Sending) (sealpost.Instant, error) {
	if !in.SendAt.IsZero() {
		at := sealpost.InstantOf(in.SendAt)
		if at <= now || at > now.Add(sealpost.MaxSchedule) {
			return 0, sealpost.Invalid("send_at", "The time must be in the future, at most a year ahead.")
		}
		return at, nil
	}
	return now.Add(holds(sender, in)), nil
}

// holds is how long a message that is not scheduled is held (R27).
func holds(sender sealpost.User, in Sending) time.Duration {
	if in.Undo != nil {
		return *in.Undo
	}
	return sender.Undo
}

// permitted answers who may send what here.
func (c *sending) permitted(s Snapshot) error {
	self, ok := sealpost.FindParticipant(s.Participants, c.sender.ID)
	switch {
	case !ok:
		return sealpost.NotFound()
	case !self.Active():
		return sealpost.Refuse(sealpost.CodeForbidden, "You left this conversation.")
	case s.Tombstone:
		return sealpost.Refuse(sealpost.CodeRecalled, "This message was recalled before it was sent.")
	case s.Message != nil:
		return &sealpost.Error{Code: sealpost.CodeIDInUse, Field: "id", Detail: "This message id is in use. Choose another."}
	case !c.in.Draft.IsZero() && (s.Draft == nil || c.in.DraftVersion != AnyVersion && s.Draft.Content.Version != c.in.DraftVersion):
		return &sealpost.Error{Code: sealpost.CodeVersionConflict, Field: "draft_id", Detail: "The draft was sent, changed or deleted on another device."}
	case c.in.InReplyTo.IsZero():
		return nil
	case s.Reply == nil || !s.Reply.VisibleTo(c.sender.ID) || s.Reply.SentAt == 0:
		return sealpost.Invalid("in_reply_to", "There is no such message in this conversation.")
	case s.Reply.SenderID == c.sender.ID:
		return nil
	case s.Reply.State == sealpost.Removed: // R30
		return sealpost.Invalid("in_reply_to", "The message was removed after review.")
	}
	switch d, _ := s.Reply.DeliveryTo(c.sender.ID); d.State {
	case sealpost.DeliverySealed:
		return &sealpost.Error{Code: sealpost.CodeOpenRequired, Field: "in_reply_to", Detail: "Open the message before you reply to it."}
	case sealpost.DeliveryRecalled:
		return sealpost.Invalid("in_reply_to", "The message was recalled.")
	}
	return nil
}

func (c *sending) wrapPending(s Snapshot, m *sealpost.Message, change *Change) error {
	err := c.service.wrapUntil(s.Epochs, pendingUntil(s.Now, m.ReleaseAt), messageLabel(*m), c.contentKey, &m.Content)
	m.ErasedAt = max(m.ErasedAt, lastEpochEnd(m.ReleaseAt))
	change.Insert = []sealpost.Message{*m}
	change.Changed = []sealpost.UserID{m.SenderID}
	return err
}

// deliver fixes position, window, policy and recipients (R12, R28, R33), wraps the
// content's key under the epoch of the window's end, and notes what arrives where.
func (s *Service) deliver(shot Snapshot, m sealpost.Message, to []sealpost.Recipient, key seal.Key, change *Change) (sealpost.Message, error) {
	until := shot.Now.Add(shot.Policy.Window)
	m, err := sealpost.Deliver(m, sealpost.Delivering{
		Now: shot.Now, Until: until, PolicyVersion: shot.Policy.Version, Previews: shot.Policy.Previews, Seq: shot.Conversation.Seq + 1, Recipients: to,
	})
	if err != nil {
		return m, err
	}
	change.Deliver(m, shot.Participants)
	if err := s.wrapUntil(shot.Epochs, until, messageLabel(m), key, &m.Content); err != nil {
		return m, err
	}
	// An old copy of the database may hold the wrap that it had while it was pending.
	pending := min(m.ErasedAt, lastEpochEnd(shot.Now+pendingEpoch))
	m.ErasedAt = max(epochEnd(m.Content.Ref), pending)
	return m, nil
}

// affected are the people whose view the delivery of a message changes: nobody but
// the sender while it is held or scheduled (R34).
func affected(m sealpost.Message) []sealpost.UserID {
	out := []sealpost.UserID{m.SenderID}
	for _, d := range m.Deliveries {
		if d.Visible { // R31: nothing happens to whom it is closed
			out = append(out, d.UserID)
		}
	}
	return out
}

// publish hints after the commit. It names only people whose view changed (R34).
func (s *Service) publish(id sealpost.ConversationID, users []sealpost.UserID) {
	if len(users) == 0 {
		return
	}
	failpoint.Hit(failpoint.FanoutPublish)
	s.bus.Publish(sealpost.Hint{Conversation: id, Users: users})
}

// replaySend answers a repeated send from the present state. Another text under
// the same key is another request; that can be told as long as the text's key
// lives.
func (s *Service) replaySend(ctx context.Context, p Principal, body string, r *Replay) (MessageView, error) {
	failpoint.Hit(failpoint.IdempotencyReplay)
	id, err := oneID[sealpost.MessageID](r.Result)
	if err != nil {
		return MessageView{}, err
	}
	m, err := s.store.Message(ctx, id, p.User.ID)
	if err != nil {
		return MessageView{}, err
	}
	if err := s.sameContent(m, body, r); err != nil {
		return MessageView{}, err
	}
	return s.view(ctx, m, p.User.ID)
}

// sameContent compares a text with the one that was first sent under a key.
func (s *Service) sameContent(m sealpost.Message, body string, r *Replay) error {
	if m.Content.Erased() || m.Content.Version != 1 {
		return nil
	}
	key, err := s.unwrap(messageLabel(m), m.Content)
	if err != nil {
		return err
	}
	defer key.Zero()
	if seal.Fingerprint(key, []byte(body)) != r.Content {
		return sealpost.KeyUsed()
	}
	return nil
}
