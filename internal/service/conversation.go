package service

import (
	"context"
	"encoding/binary"
	"slices"

	"github.com/sealpost/sealpost/internal/seal"
	"github.com/sealpost/sealpost/internal/sealpost"
)

// CreateConversation begins a conversation with others; the principal's own id among
// them is passed over. One other without a title is the conversation of these two,
// which is the same however often it is asked for and whoever asks: created is then
// always false, so that nobody learns whether it was there. Everything else is a new
// group. It appears in nobody else's list before its first delivery (R34).
func (s *Service) CreateConversation(ctx context.Context, p Principal, key string, with []sealpost.UserID, title string) (t Thread, created bool, err error) {
	if err := validKey(key); err != nil {
		return Thread{}, false, err
	}
	if title, err = line("title", title, 0, sealpost.MaxTitle); err != nil {
		return Thread{}, false, err
	}
	others, err := s.otherPeople(ctx, p.User.ID, with)
	if err != nil {
		return Thread{}, false, err
	}
	c := sealpost.Conversation{ID: newID[sealpost.ConversationID](s), Kind: sealpost.Group, Title: title, CreatorID: p.User.ID}
	fields := []string{title}
	for _, u := range others {
		fields = append(fields, u.String())
	}
	stamp := s.stamp(p.User.ID, "conversation.create", key, s.request("conversation.create", fields...))
	if len(others) == 1 && title == "" {
		c.Kind, c.ID = sealpost.Direct, s.directID(p.User.ID, others[0])
		stamp.Audit.Subject = others[0]
	}
	stamp.Audit.Conversation = c.ID
	stamp.Audit.Detail = detail(struct {
		Participants []sealpost.UserID `json:"participants"`
	}{others})
	replay, err := s.store.Amend(ctx, stamp, func(a Amendment) ([]byte, error) {
		c.CreatedAt = a.Now()
		return c.ID[:], s.begin(a, c, p.User.ID, others)
	})
	if err != nil {
		return Thread{}, false, err
	}
	id := c.ID
	if replay != nil {
		if id, err = oneID[sealpost.ConversationID](replay.Result); err != nil {
			return Thread{}, false, err
		}
	}
	t, err = s.Conversation(ctx, p, id)
	return t, c.Kind == sealpost.Group, err
}

// begin writes a new conversation. Two people can always have theirs: whether one
// can write to the other shows when they do. Into a group people are admitted (R31).
func (s *Service) begin(a Amendment, c sealpost.Conversation, by sealpost.UserID, others []sealpost.UserID) error {
	var consents []Consenting
	if c.Kind == sealpost.Group {
		var err error
		if consents, err = s.admit(a, by, others); err != nil {
			return err
		}
	}
	if err := a.AddConversation(c, append([]sealpost.UserID{by}, others...), by); err != nil {
		return err
	}
	for _, admitted := range consents {
		if err := a.SetConsent(c.ID, admitted.UserID, admitted.Consent); err != nil {
			return err
		}
	}
	return nil
}

// otherPeople gives the ids without repetition and without the principal's own,
// sorted. It answers the same whichever of them is nobody's.
func (s *Service) otherPeople(ctx context.Context, self sealpost.UserID, with []sealpost.UserID) ([]sealpost.UserID, error) {
	const field = "participant_ids"
	others := slices.DeleteFunc(slices.Clone(with), func(u sealpost.UserID) bool { return u == self })
	slices.SortFunc(others, sealpost.UserID.Compare)
	others = slices.Compact(others)
	switch {
	case len(others) == 0:
		return nil, sealpost.Invalid(field, "Name at least one other person.")
	case len(others) >= sealpost.MaxParticipants:
		return nil, sealpost.Invalid(field, "A conversation has at most 50 people.")
	}
	for _, u := range others {
		// Outside the transaction: who can be seen now can be named. Who cannot, such as a
		// closed account, is nobody here: the conversation would tell their name.
		_, err := s.store.Person(ctx, self, u)
		if sealpost.CodeOf(err) == sealpost.CodeNotFound {
			return nil, sealpost.Invalid(field, "Not all of these people are there.")
		}
		if err != nil {
			return nil, err
		}
	}
	return others, nil
}

// directID is the id of the conversation of two: a MAC of both, so that nobody
// without the key can tell who is in it. It is a UUID of version 8 (RFC 9562 §5.8).
func (s *Service) directID(a, b sealpost.UserID) sealpost.ConversationID {
	if a.Compare(b) > 0 {
		a, b = b, a
	}
	mac := seal.Derive(s.directKey, "direct", a[:], b[:])
	id := sealpost.ConversationID(mac[:16])
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	return id
}

// Conversation gives a conversation as the principal has it; NotFound if they may
// not know of it. Somebody who left has it as it was then (R33).
func (s *Service) Conversation(ctx context.Context, p Principal, id sealpost.ConversationID) (Thread, error) {
	t, err := s.store.Thread(ctx, id, p.User.ID)
	return asLeft(t), err
}

// asLeft takes out of somebody's view what changed about the others after they left
// (R33, R34).
func asLeft(t Thread) Thread {
	left := t.Self.LeftAt
	if left == 0 {
		return t
	}
	var members []Member
	for _, m := range t.Members {
		if m.FirstAt > left {
			continue
		}
		if m.JoinedAt > left { // they came back since
			m.JoinedAt, m.LeftAt = m.FirstAt, m.StayedUntil
		}
		if m.LeftAt > left {
			m.LeftAt = 0
		}
		m.Profile = false
		members = append(members, m)
	}
	slices.SortFunc(members, ByJoining)
	t.Members = members
	t.Conversation.Title = t.Conversation.TitleFor(t.Self)
	return t
}

// InboxEntry is a thread with the newest message that the viewer can see in it.
type InboxEntry struct {
	Thread
	Last *MessageView // nil: there is none
	// Preview is the beginning of the text of Last, which the viewer has not opened, on
	// one line, at most sealpost.MaxPreview code points. Empty unless every setting
	// allows it (R26), and before ShowPreviews.
	Preview string
	// What the viewer has under way here, as Unsent has it; nil before ShowUnsent.
	Draft   *DraftView
	Pending *MessageView
}

// Inbox lists the principal's conversations, newest activity first. The empty
// filter is FilterAll.
func (s *Service) Inbox(ctx context.Context, p Principal, filter Filter, cursor string, limit int) ([]InboxEntry, string, error) {
	limit, err := pageSize(limit)
	if err != nil {
		return nil, "", err
	}
	switch filter {
	case "":
		filter = FilterAll
	case FilterAll, FilterUnread, FilterRequests, FilterScheduled, FilterRecalled:
	default:
		return nil, "", sealpost.Invalid("filter", "The filter must be all, unread, requests, scheduled or recalled.")
	}
	purpose := "inbox." + string(filter)
	q := InboxQuery{Viewer: p.User.ID, Filter: filter, Limit: limit + 1}
	if cursor != "" {
		payload, err := s.openCursor(purpose, p.User.ID, [16]byte{}, cursor)
		if err != nil || len(payload) != 24 {
			return nil, "", badCursor()
		}
		q.BeforeAt = sealpost.Instant(binary.BigEndian.Uint64(payload))
		q.BeforeID = sealpost.ConversationID(payload[8:])
	}
	items, err := s.store.Inbox(ctx, q)
	if err != nil {
		return nil, "", err
	}
	next := ""
	if len(items) > limit {
		items = items[:limit]
		last := items[limit-1]
		payload := binary.BigEndian.AppendUint64(nil, uint64(last.LastActivityAt))
		payload = append(payload, last.Conversation.ID[:]...)
		if next, err = s.sealCursor(purpose, p.User.ID, [16]byte{}, payload); err != nil {
			return nil, "", err
		}
	}
	out, err := s.entries(ctx, items, p.User.ID)
	return out, next, err
}

// entries are the lines of a list as the viewer has them.
func (s *Service) entries(ctx context.Context, items []InboxItem, viewer sealpost.UserID) ([]InboxEntry, error) {
	var newest []sealpost.Message
	for _, item := range items {
		if item.Last != nil {
			newest = append(newest, *item.Last)
		}
	}
	views, err := s.views(ctx, newest, viewer)
	if err != nil {
		return nil, err
	}
	out := make([]InboxEntry, 0, len(items))
	for _, item := range items {
		entry := InboxEntry{Thread: asLeft(item.Thread)}
		if item.Last != nil {
			entry.Last, views = &views[0], views[1:]
		}
		out = append(out, entry)
	}
	return out, nil
}
