package sqlstore

import (
	"context"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

const invitationColumns = "v.user_id, v.id, v.other_id, v.sent, v.note, v.state, v.created_at, v.decided_at"

var (
	queryInvitation = register("invitation.get", "SELECT "+invitationColumns+` FROM invitation v WHERE v.user_id = $1 AND v.id = $2`)
	// What is open or ignored between two people, of both.
	queryOpenInvitations = register("invitation.open", "SELECT "+invitationColumns+` FROM invitation v
WHERE ((v.user_id = $1 AND v.other_id = $2) OR (v.user_id = $2 AND v.other_id = $1)) AND v.state IN (1, 3) ORDER BY v.user_id, v.id`)
	queryPutInvitation = register("invitation.put", `
INSERT INTO invitation (user_id, id, other_id, sent, note, state, created_at, decided_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (user_id, id) DO UPDATE SET note = $5, state = $6, decided_at = $8`)
	queryNthInvitation = register("invitation.nth", `
SELECT v.created_at FROM invitation v WHERE v.user_id = $1 AND v.sent = 1 ORDER BY v.id DESC LIMIT 1 OFFSET $2`)
	queryInvitationItem = register("invitation.item", "SELECT "+invitationColumns+", "+userColumns+`
FROM invitation v JOIN users u ON u.id = v.other_id WHERE v.user_id = $1 AND v.id = $2`)
	queryReceived = register("invitation.received", "SELECT "+invitationColumns+", "+userColumns+`
FROM invitation v JOIN users u ON u.id = v.other_id
WHERE v.user_id = $1 AND v.sent = 0 AND v.state = 1 AND v.id < $2 ORDER BY v.id DESC LIMIT $3`)
	querySent = register("invitation.sent", "SELECT "+invitationColumns+", "+userColumns+`
FROM invitation v JOIN users u ON u.id = v.other_id
WHERE v.user_id = $1 AND v.sent = 1 AND v.state IN (1, 2) AND v.id < $2 ORDER BY v.id DESC LIMIT $3`)
)

// scanInvitation reads invitationColumns, then whatever follows them.
func scanInvitation(r row, v *sealpost.Invitation, more ...any) error {
	var sent, state int64
	err := r.Scan(append([]any{
		into(&v.Owner), into(&v.ID), into(&v.Other), &sent, &v.Note, &state, (*int64)(&v.CreatedAt), (*int64)(&v.DecidedAt),
	}, more...)...)
	v.Sent, v.State = sent != 0, sealpost.InvitationState(state)
	return err
}

func (a *amendment) Invitation(owner sealpost.UserID, id sealpost.InvitationID) (sealpost.Invitation, error) {
	var v sealpost.Invitation
	err := a.run(ask(queryInvitation, func(r row) error { return scanInvitation(r, &v) }, bytesOf(owner), bytesOf(id)))
	return v, orNotFound(err, !v.ID.IsZero())
}

func (a *amendment) OpenInvitations(one, other sealpost.UserID) ([]sealpost.Invitation, error) {
	var out []sealpost.Invitation
	err := a.run(ask(queryOpenInvitations, func(r row) error {
		var v sealpost.Invitation
		err := scanInvitation(r, &v)
		out = append(out, v)
		return err
	}, bytesOf(one), bytesOf(other)))
	return out, err
}

func (a *amendment) PutInvitation(v sealpost.Invitation) error {
	return a.run(run(queryPutInvitation, bytesOf(v.Owner), bytesOf(v.ID), bytesOf(v.Other), number(v.Sent), v.Note, int64(v.State),
		int64(v.CreatedAt), int64(v.DecidedAt)))
}

func (a *amendment) NthInvitation(owner sealpost.UserID, n int) (sealpost.Instant, error) {
	var at sealpost.Instant
	err := a.run(ask(queryNthInvitation, func(r row) error { return r.Scan((*int64)(&at)) }, bytesOf(owner), int64(n-1)))
	return at, err
}

func scanItem(r row, v *service.InvitationItem) error {
	d := userDest{user: &v.Person}
	err := scanInvitation(r, &v.Invitation, d.dest()...)
	d.done()
	return err
}

// Invitation implements service.Network.
func (s *Store) Invitation(ctx context.Context, owner sealpost.UserID, id sealpost.InvitationID) (service.InvitationItem, error) {
	var v service.InvitationItem
	err := s.engine.read(ctx, ask(queryInvitationItem, func(r row) error { return scanItem(r, &v) }, bytesOf(owner), bytesOf(id)))
	return v, orNotFound(err, !v.ID.IsZero())
}

// Invitations implements service.Network.
func (s *Store) Invitations(ctx context.Context, owner sealpost.UserID, sent bool, from sealpost.InvitationID, limit int) ([]service.InvitationItem, error) {
	q := queryReceived
	if sent {
		q = querySent
	}
	var out []service.InvitationItem
	err := s.engine.read(ctx, ask(q, func(r row) error {
		var v service.InvitationItem
		err := scanItem(r, &v)
		out = append(out, v)
		return err
	}, bytesOf(owner), before(from), int64(limit)))
	return out, err
}
