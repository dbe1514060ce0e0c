package memstore

import "github.com/sealpost/sealpost/internal/sealpost"

func (a *amendment) Epochs() ([]int64, error) { return a.store.openEpochs(), nil }

func (a *amendment) Draft(user sealpost.UserID, id sealpost.DraftID) (sealpost.Draft, error) {
	if d := a.store.draft(user, id, a.now); d != nil {
		return *d, nil
	}
	return sealpost.Draft{}, sealpost.NotFound()
}

func (a *amendment) CountDrafts(user sealpost.UserID) (int, error) {
	n := 0
	for _, d := range a.store.drafts {
		if d.UserID == user && (d.ExpiresAt == 0 || d.ExpiresAt > a.now) {
			n++
		}
	}
	return n, nil
}

func (a *amendment) PutDraft(d sealpost.Draft) error {
	d.Content = copySealed(d.Content)
	put(a, a.store.drafts, d.ID, &d)
	return nil
}

func (a *amendment) DeleteDraft(user sealpost.UserID, id sealpost.DraftID) error {
	if d, ok := a.store.drafts[id]; !ok || d.UserID != user {
		return sealpost.NotFound()
	}
	put(a, a.store.drafts, id, nil)
	return nil
}

// draft is a user's draft that can be read, nil if there is none.
func (s *Store) draft(user sealpost.UserID, id sealpost.DraftID, now sealpost.Instant) *sealpost.Draft {
	d, ok := s.drafts[id]
	if !ok || d.UserID != user || d.Content.Erased() || d.ExpiresAt != 0 && d.ExpiresAt <= now {
		return nil
	}
	d.Content = copySealed(d.Content)
	return &d
}
