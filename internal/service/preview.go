package service

import (
	"context"

	"github.com/sealpost/sealpost/internal/failpoint"
	"github.com/sealpost/sealpost/internal/sealpost"
)

// wish is what the sender allows of preview text of a message (R26).
func wish(sender sealpost.User, in Sending) sealpost.Previews {
	if sender.HideMine || in.HidePreview {
		return sealpost.PreviewsOff
	}
	return sealpost.PreviewsImmediate
}

// ShowPreviews adds to a list of the inbox, which is about to be shown, the beginnings
// of texts that its viewer may read before opening (R26). Each is a decision, once a
// message: that the text was shown is committed before it is read (R2), and that the
// window is over if that is why (R12). Requests show none: nobody reads a stranger's
// words in passing (R31).
func (s *Service) ShowPreviews(ctx context.Context, p Principal, list []InboxEntry) error {
	if p.User.Previews == sealpost.PreviewsOff {
		return nil
	}
	for i, e := range list {
		if e.Last == nil || e.Last.Delivery != sealpost.DeliverySealed || e.Request != sealpost.RequestNone {
			continue
		}
		m, err := s.store.Message(ctx, e.Last.ID, p.User.ID)
		if sealpost.CodeOf(err) == sealpost.CodeNotFound {
			continue // it was taken back since the list was read
		}
		if err == nil {
			list[i].Preview, err = s.previewOf(ctx, p.User, m)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// previewOf gives the beginning of the text of a sealed message, once it is committed
// that the viewer is shown it; empty if they may not be. What was committed when the
// message was read needs no decision; nor does what may not be shown.
func (s *Service) previewOf(ctx context.Context, viewer sealpost.User, m sealpost.Message) (string, error) {
	now, err := s.store.Now(ctx)
	if err != nil {
		return "", err
	}
	shown, may := sealpost.ShowPreview(m, viewer.ID, viewer.Previews, now)
	if !may {
		return "", nil
	}
	if isNew(m, shown, viewer.ID) {
		if shown, may, err = s.showPreview(ctx, viewer.ID, m); err != nil || !may {
			return "", err
		}
	}
	text, err := s.body(messageLabel(shown), shown.Content)
	if err != nil {
		return "", err
	}
	return sealpost.Beginning(text, sealpost.MaxPreview), nil
}

// isNew reports whether showing text of a message changes anything about it.
func isNew(before, after sealpost.Message, viewer sealpost.UserID) bool {
	was, _ := before.DeliveryTo(viewer)
	is, _ := after.DeliveryTo(viewer)
	return was != is || before.WindowOver != after.WindowOver
}

// showPreview decides that text of a message is shown to the viewer, by their own
// setting as it is then; false if it may not be.
func (s *Service) showPreview(ctx context.Context, viewer sealpost.UserID, m sealpost.Message) (shown sealpost.Message, may bool, err error) {
	var told []sealpost.UserID
	ask := Ask{Decision: newID[sealpost.DecisionID](s), Conversation: m.ConversationID, Actor: viewer, Message: m.ID, Subject: viewer, Own: true}
	err = s.decide(ctx, ask, func(shot Snapshot) (Change, error) {
		may, told = false, nil
		if shot.Message == nil || shot.Subject == nil || shot.Own.Request != sealpost.RequestNone {
			return Change{}, nil
		}
		before := *shot.Message
		if shown, may = sealpost.ShowPreview(before, viewer, shot.Subject.Previews, shot.Now); !may || !isNew(before, shown, viewer) {
			return Change{}, nil
		}
		if !shown.WindowOver { // what a recall would leave behind is more than it was
			told = []sealpost.UserID{shown.SenderID}
		}
		d, _ := shown.DeliveryTo(viewer)
		failpoint.Hit(failpoint.PreviewDecided)
		return Change{
			Audit:  Audit{Action: "message.preview", Message: m.ID},
			Update: []Update{{Message: shown, Deliveries: []sealpost.Delivery{d}}},
		}, nil
	})
	if err == nil && may {
		failpoint.Hit(failpoint.PreviewAnswer)
		s.publish(m.ConversationID, told)
	}
	return shown, may, err
}
