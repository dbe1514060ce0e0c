package service

import (
	"context"
	"encoding/binary"
	"slices"

	"github.com/sealpost/sealpost/internal/sealpost"
)

// HistoryPage is a page of a conversation as the viewer has it.
type HistoryPage struct {
	Items  []MessageView // oldest first; on the newest page own pending ones at the end
	Cursor string        // for Changes: everything on the page is from before it
	More   bool          // there is older
}

// History gives a page of messages before a message, or the newest. It opens
// nothing (R4). before must be a message that the viewer can see.
func (s *Service) History(ctx context.Context, p Principal, id sealpost.ConversationID, before sealpost.MessageID, limit int) (HistoryPage, error) {
	viewer := p.User.ID
	limit, err := pageSize(limit)
	if err != nil {
		return HistoryPage{}, err
	}
	thread, err := s.store.Thread(ctx, id, viewer)
	if err != nil {
		return HistoryPage{}, err
	}
	q := HistoryQuery{Conversation: id, Viewer: viewer, Limit: limit + 1}
	if !before.IsZero() {
		at, err := s.store.Message(ctx, before, viewer)
		if err != nil {
			return HistoryPage{}, err
		}
		if at.ConversationID != id || at.SentAt == 0 {
			return HistoryPage{}, sealpost.NotFound()
		}
		q.Before = at.SentAt
	}
	messages, err := s.store.History(ctx, q)
	if err != nil {
		return HistoryPage{}, err
	}
	page := HistoryPage{More: len(messages) > limit}
	if page.More {
		messages = messages[:limit]
	}
	slices.Reverse(messages)
	if before.IsZero() {
		pending, err := s.store.Pending(ctx, id, viewer)
		if err != nil {
			return HistoryPage{}, err
		}
		messages = append(messages, pending...)
	}
	if page.Items, err = s.views(ctx, messages, viewer); err != nil {
		return HistoryPage{}, err
	}
	page.Cursor, err = s.changesCursor(viewer, id, thread.Conversation.DecidedAt)
	return page, err
}

// ChangesPage is what changed for the viewer since a cursor. Vanished names only
// ids that the viewer may have been served (R34).
type ChangesPage struct {
	Messages []MessageView
	Vanished []sealpost.MessageID
	Cursor   string
	More     bool
}

// Changes gives what is new or different for the viewer since a cursor; without
// one, from the beginning (R34).
func (s *Service) Changes(ctx context.Context, p Principal, id sealpost.ConversationID, since string, limit int) (ChangesPage, error) {
	viewer := p.User.ID
	limit, err := pageSize(limit)
	if err != nil {
		return ChangesPage{}, err
	}
	thread, err := s.store.Thread(ctx, id, viewer)
	if err != nil {
		return ChangesPage{}, err
	}
	q := ChangesQuery{Conversation: id, Viewer: viewer, Limit: limit}
	if since != "" {
		if q.Since, err = s.openChangesCursor(viewer, id, since); err != nil {
			return ChangesPage{}, err
		}
		if q.Since > thread.Conversation.DecidedAt { // from before a restore
			return ChangesPage{}, sealpost.Refuse(sealpost.CodeResync, "Read the conversation anew from the beginning.")
		}
	}
	set, err := s.store.Changes(ctx, q)
	if err != nil {
		return ChangesPage{}, err
	}
	page := ChangesPage{Vanished: set.Vanished, More: set.More}
	if page.Messages, err = s.views(ctx, set.Messages, viewer); err != nil {
		return ChangesPage{}, err
	}
	page.Cursor, err = s.changesCursor(viewer, id, set.Upto)
	return page, err
}

// Message gives one message as the viewer has it; NotFound if it is not theirs to
// know of.
func (s *Service) Message(ctx context.Context, p Principal, id sealpost.MessageID) (MessageView, error) {
	m, err := s.store.Message(ctx, id, p.User.ID)
	if err != nil {
		return MessageView{}, err
	}
	if !m.ShownTo(p.User.ID) {
		return MessageView{}, sealpost.NotFound()
	}
	return s.view(ctx, m, p.User.ID)
}

// A changes cursor holds the time of the last decision that it covers.
func (s *Service) changesCursor(viewer sealpost.UserID, id sealpost.ConversationID, upto sealpost.Instant) (string, error) {
	return s.sealCursor("changes", viewer, id, binary.BigEndian.AppendUint64(nil, uint64(upto)))
}

func (s *Service) openChangesCursor(viewer sealpost.UserID, id sealpost.ConversationID, cursor string) (sealpost.Instant, error) {
	payload, err := s.openCursor("changes", viewer, id, cursor)
	if err != nil {
		return 0, err
	}
	if len(payload) != 8 {
		return 0, badCursor()
	}
	return sealpost.Instant(binary.BigEndian.Uint64(payload)), nil
}
