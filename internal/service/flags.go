package service

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sealpost/sealpost/internal/failpoint"
	"github.com/sealpost/sealpost/internal/seal"
	"github.com/sealpost/sealpost/internal/sealpost"
)

// Flags reads reports. They are written by decisions (Change.Flags).
type Flags interface {
	// Flag is a report with its evidence; NotFound. The caller checks who may know.
	Flag(ctx context.Context, id sealpost.FlagID) (sealpost.Flag, error)
	// FlagsBy lists a person's own reports with their evidence, newest id first, before
	// a position; zero: the newest.
	FlagsBy(ctx context.Context, reporter sealpost.UserID, before sealpost.FlagID, limit int) ([]sealpost.Flag, error)
	// FlagQueue lists reports without their evidence: by turn, oldest first.
	FlagQueue(ctx context.Context, q FlagQuery) ([]sealpost.Flag, error)
}

// FlagQuery asks for a page of the moderators' queue. The last three are the position
// of the last item of the page before; zero for the first.
type FlagQuery struct {
	State sealpost.FlagState
	// Viewer does not see what others reported of their messages (R22).
	Viewer    sealpost.UserID
	AfterTurn int
	AfterAt   sealpost.Instant
	AfterID   sealpost.FlagID
	Limit     int
}

// Flagging is a report of a message.
type Flagging struct {
	Reason         sealpost.FlagReason
	Note           string // at most MaxNote code points
	RequestRemoval bool
}

// evidence is what a report froze, under a key of its own (R23).
type evidence struct {
	Text   string `json:"text"`
	Note   string `json:"note,omitempty"`
	Answer string `json:"answer,omitempty"`
}

func evidenceLabel(f sealpost.Flag) seal.Label {
	return seal.Label{Kind: seal.KindEvidence, Scope: f.ConversationID, Object: f.ID, Version: f.Evidence.Version}
}

// freeze seals evidence under a new key that the long-term key wraps: no recall, no
// removal and no end of an epoch reaches it (R23).
func (s *Service) freeze(f *sealpost.Flag, e evidence) error {
	text, err := json.Marshal(e)
	if err != nil {
		return err
	}
	f.Evidence.Version++
	label := evidenceLabel(*f)
	key, content, err := s.sealBody(label, string(text))
	if err != nil {
		return err
	}
	defer key.Zero()
	n, longTerm := s.keys.LongTerm()
	ref := seal.LongTermRef(n)
	content.Ref = int64(ref)
	content.Wrapped, err = seal.Wrap(s.rand, longTerm, ref, label, key)
	f.Evidence = content
	return err
}

// thaw reads evidence; false if its time is over.
func (s *Service) thaw(f sealpost.Flag) (e evidence, there bool, err error) {
	if f.Evidence.Erased() {
		return e, false, nil
	}
	text, err := s.body(evidenceLabel(f), f.Evidence)
	if err != nil {
		return e, false, err
	}
	return e, true, json.Unmarshal([]byte(text), &e)
}

// Flag reports a message to the moderators: a recipient's, also while it is sealed,
// or one's own (S18). The text is frozen for them in the deciding transaction (R23);
// nothing is opened by that, and nothing that the sender can see changes (R22). While
// a report of the principal's is open, another one says it anew: its reason and note, and
// whether removal is asked for, take the place of the first's. The evidence stays.
func (s *Service) Flag(ctx context.Context, p Principal, key string, id sealpost.MessageID, in Flagging) (FlagView, error) {
	if err := validKey(key); err != nil {
		return FlagView{}, err
	}
	if !slices.Contains(sealpost.FlagReasons(), in.Reason) {
		return FlagView{}, sealpost.Invalid("reason", "The reason must be spam, harassment, confidential, wrong_recipient or other.")
	}
	if err := validNote("note", in.Note); err != nil {
		return FlagView{}, err
	}
	at, err := s.locate(ctx, p.User.ID, key, id)
	if err != nil {
		return FlagView{}, err
	}
	f := &flagging{service: s, actor: p.User.ID, message: id, id: newID[sealpost.FlagID](s), in: in}
	// The note has no fingerprint: it may quote the text, and is compared as it is.
	f.request = s.request("message.flag", id.String(), string(in.Reason), strconv.FormatBool(in.RequestRemoval))
	ask := Ask{Decision: newID[sealpost.DecisionID](s), Conversation: at, Actor: p.User.ID, Key: key, Message: id, Flags: true}
	if err := s.decide(ctx, ask, f.decide); err != nil {
		return FlagView{}, err
	}
	if f.replay == nil {
		return s.ownFlag(f.flag)
	}
	first, err := oneID[sealpost.FlagID](f.replay.Result)
	if err != nil {
		return FlagView{}, err
	}
	if f.flag, err = s.store.Flag(ctx, first); err != nil {
		return FlagView{}, err
	}
	if e, there, err := s.thaw(f.flag); err != nil {
		return FlagView{}, err
	} else if there && e.Note != in.Note {
		return FlagView{}, sealpost.KeyUsed()
	}
	return s.ownFlag(f.flag)
}

// validNote checks a text of several lines that may be empty.
func validNote(field, text string) error {
	switch {
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		return sealpost.Invalid(field, "The text must be UTF-8 without NUL.")
	case utf8.RuneCountInString(text) > sealpost.MaxNote:
		return sealpost.Invalid(field, "The text may have at most 1000 characters.")
	}
	return nil
}

// flagging is one Flag on its way through its decision.
type flagging struct {
	service *Service
	actor   sealpost.UserID
	message sealpost.MessageID
	id      sealpost.FlagID
	in      Flagging
	request [32]byte

	flag   sealpost.Flag
	replay *Replay
}

func (f *flagging) decide(s Snapshot) (Change, error) {
	f.replay = s.Replay
	if s.Replay != nil {
		failpoint.Hit(failpoint.IdempotencyReplay)
		return Change{}, checkReplay(s.Replay, f.request)
	}
	m, err := inSight(s, f.actor)
	if err != nil {
		return Change{}, err
	}
	d, _ := m.DeliveryTo(f.actor)
	switch {
	case m.State.Pending():
		return Change{}, sealpost.Refuse(sealpost.CodeNotDelivered, "The message is not delivered yet. Undo it instead.")
	case m.State == sealpost.Recalled || d.State == sealpost.DeliveryRecalled:
		return Change{}, sealpost.Refuse(sealpost.CodeRecalled, "The message was recalled.")
	case m.State == sealpost.Removed:
		return Change{}, removed()
	}
	action, e := "flag.create", evidence{Note: f.in.Note}
	i := slices.IndexFunc(s.Flags, func(open sealpost.Flag) bool { return open.ReporterID == f.actor })
	if i < 0 {
		f.flag = sealpost.Flag{
			ID: f.id, ConversationID: m.ConversationID, MessageID: m.ID, SenderID: m.SenderID, ReporterID: f.actor,
			CreatedAt: s.Now, State: sealpost.FlagOpen,
		}
		if !m.Content.Erased() { // an older database may have come back without its key
			e.Text, err = f.service.body(messageLabel(m), m.Content)
		}
	} else {
		action, f.flag = "flag.change", s.Flags[i]
		var first evidence
		first, _, err = f.service.thaw(f.flag)
		if same := f.in == (Flagging{f.flag.Reason, first.Note, f.flag.RequestRemoval}); err == nil && same {
			return Change{}, nil
		}
		e.Text = first.Text
	}
	if err != nil {
		return Change{}, err
	}
	f.flag.Reason, f.flag.RequestRemoval = f.in.Reason, f.in.RequestRemoval
	if err := f.service.freeze(&f.flag, e); err != nil {
		return Change{}, err
	}
	return Change{
		Audit: Audit{Action: action, Message: m.ID, Detail: detail(struct {
			Flag   sealpost.FlagID     `json:"flag"`
			Reason sealpost.FlagReason `json:"reason"`
			Remove bool                `json:"request_removal"`
		}{f.flag.ID, f.in.Reason, f.in.RequestRemoval})},
		Flags:  []sealpost.Flag{f.flag},
		Replay: &Replay{Request: f.request, Result: f.flag.ID[:]},
	}, nil
}

// FlagView is a report as its reporter has it: never with the text of the message.
type FlagView struct {
	Flag   sealpost.Flag
	Note   string
	Answer string // of the moderators
	Kept   bool   // note and answer are still kept
}

func (s *Service) ownFlag(f sealpost.Flag) (FlagView, error) {
	e, kept, err := s.thaw(f)
	return FlagView{Flag: f, Note: e.Note, Answer: e.Answer, Kept: kept}, err
}

// OwnFlags lists the principal's own reports, newest first.
func (s *Service) OwnFlags(ctx context.Context, p Principal, cursor string, limit int) ([]FlagView, string, error) {
	limit, err := pageSize(limit)
	if err != nil {
		return nil, "", err
	}
	var before sealpost.FlagID
	if cursor != "" {
		payload, err := s.openCursor("flags", p.User.ID, [16]byte{}, cursor)
		if err != nil {
			return nil, "", err
		}
		copy(before[:], payload)
	}
	flags, err := s.store.FlagsBy(ctx, p.User.ID, before, limit+1)
	if err != nil {
		return nil, "", err
	}
	next := ""
	if len(flags) > limit {
		flags = flags[:limit]
		last := flags[limit-1].ID
		if next, err = s.sealCursor("flags", p.User.ID, [16]byte{}, last[:]); err != nil {
			return nil, "", err
		}
	}
	out := make([]FlagView, 0, len(flags))
	for _, f := range flags {
		v, err := s.ownFlag(f)
		if err != nil {
			return nil, "", err
		}
		out = append(out, v)
	}
	return out, next, nil
}

// FlagQueue lists reports for moderators, without any text: people who ask for the
// removal of their own message first, then the oldest (R30). What others reported of
// the moderator's own messages is not in it: no sender can tell (R22).
func (s *Service) FlagQueue(ctx context.Context, p Principal, state sealpost.FlagState, cursor string, limit int) ([]sealpost.Flag, string, error) {
	if err := moderates(p); err != nil {
		return nil, "", err
	}
	limit, err := pageSize(limit)
	if err != nil {
		return nil, "", err
	}
	scope := [16]byte{byte(state)}
	q := FlagQuery{State: state, Viewer: p.User.ID, Limit: limit + 1}
	if cursor != "" {
		payload, err := s.openCursor("queue", p.User.ID, scope, cursor)
		if err != nil || len(payload) != 32 {
			return nil, "", badCursor()
		}
		q.AfterTurn = int(binary.BigEndian.Uint64(payload))
		q.AfterAt = sealpost.Instant(binary.BigEndian.Uint64(payload[8:]))
		q.AfterID = sealpost.FlagID(payload[16:])
	}
	flags, err := s.store.FlagQueue(ctx, q)
	if err != nil || len(flags) <= limit {
		return flags, "", err
	}
	flags = flags[:limit]
	last := flags[limit-1]
	payload := binary.BigEndian.AppendUint64(nil, uint64(last.Turn()))
	payload = binary.BigEndian.AppendUint64(payload, uint64(last.CreatedAt))
	next, err := s.sealCursor("queue", p.User.ID, scope, append(payload, last.ID[:]...))
	return flags, next, err
}

func moderates(p Principal) error {
	if p.User.Has(sealpost.RoleModerator) {
		return nil
	}
	return sealpost.Refuse(sealpost.CodeForbidden, "Only moderators may see this.")
}
