package service

import (
	"context"

	"github.com/sealpost/sealpost/internal/sealpost"
)

// Registry reads what administration, export and erasure need.
type Registry interface {
	// ListUsers lists accounts whose name or address contains q, without case, by id
	// after a position. Erased accounts are not among them.
	ListUsers(ctx context.Context, q string, after sealpost.UserID, limit int) ([]AccountRow, error)
	// Invites lists invitation links that can still be used, newest first, before a
	// position; zero: the newest.
	Invites(ctx context.Context, before sealpost.InviteID, limit int) ([]sealpost.Invite, error)
	// InviteByHash gives the link whose secret has this hash; NotFound if there is
	// none or it has expired.
	InviteByHash(ctx context.Context, hash [32]byte) (sealpost.Invite, error)
	// ConversationsOf names every conversation that somebody is or was in, by id after
	// a position. It does not say whether they may know of it.
	ConversationsOf(ctx context.Context, user sealpost.UserID, after sealpost.ConversationID, limit int) ([]sealpost.ConversationID, error)
	// Erasures names erased accounts whose erasure is not finished, at most limit.
	Erasures(ctx context.Context, limit int) ([]sealpost.UserID, error)
}

// AccountRow is an account as administrators see it.
type AccountRow struct {
	sealpost.User
	HasPassword bool
}

// AccountChanges changes accounts as a whole, inside an amendment.
type AccountChanges interface {
	// Account gives a user with the hash of their password, empty if they have none,
	// and locks the row; NotFound.
	Account(id sealpost.UserID) (sealpost.User, string, error)
	// Admins locks the open accounts with the role admin, and besides this account, in
	// the order of their ids as everybody locks people (see lockPair), and names the
	// admins. Whoever may take one away asks this before Account: then two who remove
	// each other wait here, and the second sees what the first left.
	Admins(besides sealpost.UserID) ([]sealpost.UserID, error)
	// SetEmail changes the address. CodeInvalid, field email, if it is taken.
	SetEmail(id sealpost.UserID, email string) error
	// EndSessions ends the sign-ins or tokens of a user, of every kind if kind is
	// zero, except one.
	EndSessions(user sealpost.UserID, kind SessionKind, except sealpost.SessionID) error
	AddInvite(v sealpost.Invite) error
	// EndInvites deletes the links that are for this account.
	EndInvites(user sealpost.UserID) error
	// TakeInvite deletes an invitation link and gives it; NotFound. Of any number that
	// take it at once one gets it. It may have expired.
	TakeInvite(id sealpost.InviteID) (sealpost.Invite, error)
	Erasing
}

// Erasing is the part of an erasure that is one amendment.
type Erasing interface {
	// Erase takes from an account what is the person's own: address, name, password,
	// settings, sign-ins, tokens, links, drafts with their keys, connections, blocks.
	// It closes the account for good and notes that its conversations are to be left.
	Erase(user sealpost.UserID) error
	// EndErasure deletes once more what may have come to the account since, and
	// forgets that there was something left to do.
	EndErasure(user sealpost.UserID) error
}
