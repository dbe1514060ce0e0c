package sqlstore

import "github.com/sealpost/sealpost/internal/sealpost"

var (
	queryLockDraft   = register("draft.lock", queryDraft.sql+" {lock}")
	queryCountDrafts = register("draft.count", "SELECT COUNT(*) FROM draft WHERE user_id = $1 AND (expires_at = 0 OR expires_at > $2)")
	queryDropDraft   = register("draft.drop", "DELETE FROM draft WHERE user_id = $1 AND id = $2")
	queryUpdateDraft = register("draft.update", `
UPDATE draft SET conversation_id = $3, updated_at = $4, version = $5, body = $6, ref = $7, wrapped = $8 WHERE user_id = $1 AND id = $2`)
)

func (a *amendment) Epochs() ([]int64, error) {
	var open []int64
	err := a.run(append(a.shareEpochs(), ask(queryOpenEpochs, func(r row) error {
		var hour int64
		err := r.Scan(&hour)
		open = append(open, hour)
		return err
	}))...)
	return open, err
}

func (a *amendment) Draft(user sealpost.UserID, id sealpost.DraftID) (sealpost.Draft, error) {
	var d sealpost.Draft
	err := a.run(ask(queryLockDraft, func(r row) error { return scanDraft(r, &d) }, bytesOf(user), bytesOf(id), int64(a.now)))
	return d, orNotFound(err, !d.ID.IsZero())
}

func (a *amendment) CountDrafts(user sealpost.UserID) (n int, err error) {
	err = a.run(ask(queryCountDrafts, func(r row) error { return r.Scan(&n) }, bytesOf(user), int64(a.now)))
	return n, err
}

func (a *amendment) PutDraft(d sealpost.Draft) error {
	var changed int64
	c := d.Content
	err := a.run(statement{query: queryUpdateDraft, affected: &changed, args: []any{
		bytesOf(d.UserID), bytesOf(d.ID), bytesOf(d.ConversationID), int64(d.UpdatedAt), int64(c.Version), blob(c.Body), c.Ref, blob(c.Wrapped),
	}})
	if err != nil || changed > 0 {
		return err
	}
	return a.run(insertDraft(d))
}

func (a *amendment) DeleteDraft(user sealpost.UserID, id sealpost.DraftID) error {
	return a.deleted(queryDropDraft, bytesOf(user), bytesOf(id))
}
