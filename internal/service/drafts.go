package service

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/sealpost/sealpost/internal/failpoint"
	"github.com/sealpost/sealpost/internal/seal"
	"github.com/sealpost/sealpost/internal/sealpost"
)

// maxDrafts is how many drafts one person keeps.
const maxDrafts = 1000

// Drafting changes drafts, inside an amendment.
type Drafting interface {
	// Epochs gives the open epochs, oldest first, and keeps them open until the end of
	// the transaction.
	Epochs() ([]int64, error)
	// Draft gives a draft under a lock; NotFound if there is none, or it has expired.
	Draft(user sealpost.UserID, id sealpost.DraftID) (sealpost.Draft, error)
	CountDrafts(user sealpost.UserID) (int, error)
	PutDraft(d sealpost.Draft) error                             // inserts or replaces
	DeleteDraft(user sealpost.UserID, id sealpost.DraftID) error // NotFound
}

// Writing is what somebody is writing. All of it but the conversation is sealed.
type Writing struct {
	Conversation sealpost.ConversationID `json:"-"` // zero: not meant for one yet
	Body         string                  `json:"body"`
	Recipients   []sealpost.UserID       `json:"recipients,omitempty"`
	Title        string                  `json:"title,omitempty"` // of the group that several recipients make
	Kind         sealpost.MessageKind    `json:"kind,omitempty"`  // zero: an ordinary message
	InReplyTo    string                  `json:"in_reply_to,omitempty"`
	SendAt       string                  `json:"send_at,omitempty"` // as ParseSendTime reads it
	TimeZone     string                  `json:"time_zone,omitempty"`
	HidePreview  bool                    `json:"hide_preview,omitempty"`
}

// DraftView is a draft with what it holds, for its author.
type DraftView struct {
	Draft sealpost.Draft
	Writing
}

// AddDraft keeps what somebody is writing until they delete or send it. The text may
// be empty. The conversation must be one that they know.
func (s *Service) AddDraft(ctx context.Context, p Principal, key string, in Writing) (DraftView, error) {
	d := sealpost.Draft{ID: newID[sealpost.DraftID](s), UserID: p.User.ID}
	w := &draftWrite{service: s, principal: p, key: key, in: in, id: d.ID, action: "draft.add"}
	return w.run(ctx, func(a Amendment) (sealpost.Draft, error) {
		n, err := a.CountDrafts(p.User.ID)
		if err == nil && n >= maxDrafts {
			err = sealpost.Refuse(sealpost.CodeForbidden, "You have 1000 drafts. Delete some first.")
		}
		d.CreatedAt = a.Now()
		return d, err
	})
}

// PutDraft replaces what a draft holds, if it is still at the version that the
// author saw; otherwise CodePreconditionFailed, and nothing changes. A draft that
// came back from a recall or an undo keeps its end of life (R20).
func (s *Service) PutDraft(ctx context.Context, p Principal, key string, id sealpost.DraftID, version int32, in Writing) (DraftView, error) {
	w := &draftWrite{service: s, principal: p, key: key, in: in, id: id, version: version, action: "draft.put"}
	return w.run(ctx, func(a Amendment) (sealpost.Draft, error) {
		d, err := a.Draft(p.User.ID, id)
		if err == nil && version != AnyVersion && d.Content.Version != version {
			err = sealpost.Refuse(sealpost.CodePreconditionFailed, "This draft was changed on another device.")
		}
		return d, err
	})
}

// AnyVersion is the precondition that the draft exists.
const AnyVersion int32 = -1

// draftWrite is one AddDraft or PutDraft on its way.
type draftWrite struct {
	service   *Service
	principal Principal
	key       string
	in        Writing
	id        sealpost.DraftID
	version   int32
	action    string
}

func (w *draftWrite) run(ctx context.Context, draft func(Amendment) (sealpost.Draft, error)) (DraftView, error) {
	s, user := w.service, w.principal.User.ID
	if err := validKey(w.key); err != nil {
		return DraftView{}, err
	}
	if err := w.valid(ctx); err != nil {
		return DraftView{}, err
	}
	content, err := json.Marshal(w.in)
	if err != nil {
		return DraftView{}, err
	}
	request := s.request(w.action, w.in.Conversation.String(), strconv.Itoa(int(w.version)))
	if w.action == "draft.put" {
		request = s.request(w.action, w.id.String(), w.in.Conversation.String(), strconv.Itoa(int(w.version)))
	}
	stamp := s.stamp(user, w.action, w.key, request)
	stamp.Audit.Conversation = w.in.Conversation
	var d sealpost.Draft
	replay, err := s.amendSealing(ctx, stamp, func(a Amendment) ([]byte, error) {
		if d, err = draft(a); err != nil {
			return nil, err
		}
		d.ConversationID, d.UpdatedAt = w.in.Conversation, a.Now()
		d.Content.Version++
		fingerprint, err := s.sealDraft(a, &d, content)
		if err != nil {
			return nil, err
		}
		return append(slices.Clone(d.ID[:]), fingerprint[:]...), a.PutDraft(d)
	})
	switch {
	case err != nil:
		return DraftView{}, err
	case replay != nil:
		return s.replayDraft(ctx, w.principal, content, replay)
	}
	s.publish(w.in.Conversation, []sealpost.UserID{user}) // their other devices
	return DraftView{d, w.in}, nil
}

func (w *draftWrite) valid(ctx context.Context) error {
	in := w.in
	switch {
	case !utf8.ValidString(in.Body) || slices.Contains([]byte(in.Body), 0):
		return sealpost.Invalid("body", "The text must be UTF-8 without NUL.")
	case len(in.Body) > sealpost.MaxBodyBytes || utf8.RuneCountInString(in.Body) > sealpost.MaxBody:
		return sealpost.Invalid("body", "The text may have at most 10000 characters.")
	case len(in.Recipients) >= sealpost.MaxParticipants:
		return sealpost.Invalid("recipient_ids", "A conversation has at most 50 people.")
	}
	if _, err := line("title", in.Title, 0, sealpost.MaxTitle); err != nil {
		return err
	}
	if in.SendAt != "" {
		_, err := ParseSendTime(in.SendAt, in.TimeZone, w.principal.User.TimeZone)
		if err != nil && sealpost.CodeOf(err) != sealpost.CodeAmbiguousTime { // asked when it is sent
			return err
		}
	} else if in.TimeZone != "" {
		return sealpost.Invalid("time_zone", "A time zone goes with send_at.")
	}
	if in.Conversation.IsZero() {
		return nil
	}
	_, err := w.service.store.Thread(ctx, in.Conversation, w.principal.User.ID)
	if sealpost.CodeOf(err) == sealpost.CodeNotFound {
		return sealpost.Invalid("conversation_id", "There is no such conversation.")
	}
	return err
}

// sealDraft seals what a draft holds under a new key. A draft without end of life
// lies under the epoch of this hour and moves on as epochs close, so that what is
// sent or deleted is soon unreadable everywhere.
func (s *Service) sealDraft(a Amendment, d *sealpost.Draft, content []byte) ([32]byte, error) {
	epochs, err := a.Epochs()
	if err != nil {
		return [32]byte{}, err
	}
	version := d.Content.Version
	key, sealed, err := s.sealBody(draftLabel(*d), string(content))
	if err != nil {
		return [32]byte{}, err
	}
	defer key.Zero()
	d.Content = sealed
	d.Content.Version = version
	err = s.wrapUntil(epochs, pendingUntil(a.Now(), d.ExpiresAt), draftLabel(*d), key, &d.Content)
	return seal.Fingerprint(key, content), err
}

// amendSealing runs an amendment that seals; if it needs an epoch that is not open
// yet, it opens the epoch and amends anew.
func (s *Service) amendSealing(ctx context.Context, stamp Stamp, f func(Amendment) ([]byte, error)) (*Replay, error) {
	for range 3 {
		r, err := s.store.Amend(ctx, stamp, f)
		var need errNeedEpoch
		if !errors.As(err, &need) {
			return r, err
		}
		if err := s.openEpoch(ctx, need.hour); err != nil {
			return nil, err
		}
	}
	return nil, sealpost.Refuse(sealpost.CodeUnavailable, "No key epoch could be opened.")
}

// replayDraft answers a repeated write from the present state, unless it was made
// with another text; that can be told while the text of then is there.
func (s *Service) replayDraft(ctx context.Context, p Principal, content []byte, r *Replay) (DraftView, error) {
	failpoint.Hit(failpoint.IdempotencyReplay)
	if len(r.Result) != 48 {
		return DraftView{}, errStoredResult
	}
	d, err := s.store.Draft(ctx, p.User.ID, sealpost.DraftID(r.Result[:16]))
	if err != nil {
		return DraftView{}, err
	}
	now, err := s.body(draftLabel(d), d.Content)
	if err != nil {
		return DraftView{}, err
	}
	key, err := s.unwrap(draftLabel(d), d.Content)
	if err != nil {
		return DraftView{}, err
	}
	defer key.Zero()
	if seal.Fingerprint(key, []byte(now)) == [32]byte(r.Result[16:]) && now != string(content) {
		return DraftView{}, sealpost.KeyUsed()
	}
	return s.draftView(d)
}

func (s *Service) draftView(d sealpost.Draft) (DraftView, error) {
	v := DraftView{Draft: d}
	content, err := s.body(draftLabel(d), d.Content)
	if err != nil {
		return v, err
	}
	if err := json.Unmarshal([]byte(content), &v.Writing); err != nil {
		return v, errors.New("service: a draft holds something else") // the cause would quote it
	}
	v.Conversation = d.ConversationID
	return v, nil
}

// Drafts lists the principal's drafts, newest first.
func (s *Service) Drafts(ctx context.Context, p Principal, cursor string, limit int) ([]DraftView, string, error) {
	limit, err := pageSize(limit)
	if err != nil {
		return nil, "", err
	}
	var after sealpost.DraftID
	if cursor != "" {
		payload, err := s.openCursor("drafts", p.User.ID, [16]byte{}, cursor)
		if err != nil {
			return nil, "", err
		}
		copy(after[:], payload)
	}
	drafts, err := s.store.Drafts(ctx, p.User.ID, after, limit+1)
	if err != nil {
		return nil, "", err
	}
	next := ""
	if len(drafts) > limit {
		drafts = drafts[:limit]
		last := drafts[limit-1].ID
		if next, err = s.sealCursor("drafts", p.User.ID, [16]byte{}, last[:]); err != nil {
			return nil, "", err
		}
	}
	out := make([]DraftView, 0, len(drafts))
	for _, d := range drafts {
		v, err := s.draftView(d)
		if err != nil {
			return nil, "", err
		}
		out = append(out, v)
	}
	return out, next, nil
}

// Draft gives one of the principal's drafts.
func (s *Service) Draft(ctx context.Context, p Principal, id sealpost.DraftID) (DraftView, error) {
	d, err := s.store.Draft(ctx, p.User.ID, id)
	if err != nil {
		return DraftView{}, err
	}
	return s.draftView(d)
}

// DeleteDraft forgets a draft and its key, if it is still at this version.
func (s *Service) DeleteDraft(ctx context.Context, p Principal, key string, id sealpost.DraftID, version int32) error {
	if err := validKey(key); err != nil {
		return err
	}
	stamp := s.stamp(p.User.ID, "draft.delete", key, s.request("draft.delete", id.String(), strconv.Itoa(int(version))))
	var in sealpost.ConversationID
	replay, err := s.store.Amend(ctx, stamp, func(a Amendment) ([]byte, error) {
		d, err := a.Draft(p.User.ID, id)
		in = d.ConversationID
		switch {
		case err != nil:
			return nil, err
		case version != AnyVersion && d.Content.Version != version:
			return nil, sealpost.Refuse(sealpost.CodePreconditionFailed, "This draft was changed on another device.")
		}
		return nil, a.DeleteDraft(p.User.ID, id)
	})
	if err == nil && replay == nil {
		s.publish(in, []sealpost.UserID{p.User.ID}) // their other devices
	}
	return err
}
