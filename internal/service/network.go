package service

import (
	"context"
	"encoding/binary"

	"github.com/sealpost/sealpost/internal/sealpost"
)

// Relations changes how two people stand to each other, inside an amendment.
type Relations interface {
	// Relation is how they stand, as the first may not wholly know.
	Relation(user, other sealpost.UserID) (Relation, error)
	// AddConnection connects two people, from both sides, now; once is enough.
	AddConnection(a, b sealpost.UserID) error
	DropConnection(a, b sealpost.UserID) error // NotFound
	// AddBlock notes that user does not want to hear from other; once is enough.
	AddBlock(user, other sealpost.UserID) error
	DropBlock(user, other sealpost.UserID) error // NotFound
}

// Relation is how somebody stands to somebody else.
type Relation struct {
	Connected bool
	Blocks    bool // the first blocks the second
	BlockedBy bool // the second blocks the first, who must not learn it (R31)
}

// Contact is somebody on a list of one's own, and since when.
type Contact struct {
	User  sealpost.User
	Since sealpost.Instant
}

// ContactQuery asks for a page of a list of contacts. After is the position of the
// last one of the page before; AfterID is zero for the first page.
type ContactQuery struct {
	Owner    sealpost.UserID
	ByName   bool   // by SortKey and id; otherwise the newest first, then by id downwards
	AfterKey string // for ByName
	AfterAt  sealpost.Instant
	AfterID  sealpost.UserID
	Limit    int
}

// Network reads what somebody has of their own network.
type Network interface {
	Connections(ctx context.Context, q ContactQuery) ([]Contact, error)
	// Blocks lists whom the owner blocks, the newest first always.
	Blocks(ctx context.Context, q ContactQuery) ([]Contact, error)
	// Invitation is the owner's side of one; NotFound.
	Invitation(ctx context.Context, owner sealpost.UserID, id sealpost.InvitationID) (InvitationItem, error)
	// Invitations lists the owner's sides, newest first, before an id (zero: the
	// newest): of those sent the open and the accepted ones, of those received the open
	// ones.
	Invitations(ctx context.Context, owner sealpost.UserID, sent bool, before sealpost.InvitationID, limit int) ([]InvitationItem, error)
}

// Order is how connections are listed.
type Order string

// The orders.
const (
	OrderName   Order = "name" // the default
	OrderRecent Order = "recent"
)

// Connections lists the principal's connections.
func (s *Service) Connections(ctx context.Context, p Principal, order Order, cursor string, limit int) ([]Contact, string, error) {
	switch order {
	case "":
		order = OrderName
	case OrderName, OrderRecent:
	default:
		return nil, "", sealpost.Invalid("sort", "The order must be name or recent.")
	}
	return s.contacts(ctx, p, "connections."+string(order), order == OrderName, cursor, limit, s.store.Connections)
}

// Blocks lists whom the principal blocks, the newest first.
func (s *Service) Blocks(ctx context.Context, p Principal, cursor string, limit int) ([]Contact, string, error) {
	return s.contacts(ctx, p, "blocks", false, cursor, limit, s.store.Blocks)
}

func (s *Service) contacts(ctx context.Context, p Principal, purpose string, byName bool, cursor string, limit int,
	list func(context.Context, ContactQuery) ([]Contact, error),
) ([]Contact, string, error) {
	limit, err := pageSize(limit)
	if err != nil {
		return nil, "", err
	}
	q := ContactQuery{Owner: p.User.ID, ByName: byName, Limit: limit + 1}
	if cursor != "" {
		payload, err := s.openCursor(purpose, p.User.ID, [16]byte{}, cursor)
		if err != nil || len(payload) != 24 {
			return nil, "", badCursor()
		}
		q.AfterAt, q.AfterID = sealpost.Instant(binary.BigEndian.Uint64(payload)), sealpost.UserID(payload[8:])
		if byName {
			after, err := s.store.User(ctx, q.AfterID)
			if err != nil {
				return nil, "", err
			}
			q.AfterKey = SortKey(after.Name)
		}
	}
	all, err := list(ctx, q)
	if err != nil || len(all) <= limit {
		return all, "", err
	}
	last := all[limit-1]
	payload := binary.BigEndian.AppendUint64(nil, uint64(last.Since))
	next, err := s.sealCursor(purpose, p.User.ID, [16]byte{}, append(payload, last.User.ID[:]...))
	return all[:limit], next, err
}

// Disconnect ends a connection of the principal's, from both sides. NotFound if
// there is none.
func (s *Service) Disconnect(ctx context.Context, p Principal, key string, other sealpost.UserID) error {
	return s.amendPair(ctx, p, key, "connection.remove", other, func(a Amendment) ([]sealpost.UserID, error) {
		return []sealpost.UserID{p.User.ID, other}, a.DropConnection(p.User.ID, other)
	})
}

// Block ends what there is between the principal and somebody else, and keeps new
// things from coming (R31): the connection goes, the principal's own open
// invitation is withdrawn, and theirs leaves the principal's box. Theirs goes on
// reading open for them: nothing tells them of the block. Blocking again changes
// nothing. It gives the person as the principal has them then. Refusals:
// CodeInvalid, field user_id, for oneself and for nobody.
func (s *Service) Block(ctx context.Context, p Principal, key string, other sealpost.UserID) (Person, error) {
	if other == p.User.ID {
		return Person{}, sealpost.Invalid("user_id", "You cannot block yourself.")
	}
	before, missing := s.store.Person(ctx, p.User.ID, other)
	err := s.amendPair(ctx, p, key, "block.add", other, func(a Amendment) ([]sealpost.UserID, error) {
		if missing != nil {
			return nil, noSuchPerson(missing)
		}
		return block(a, p.User.ID, other)
	})
	if err != nil {
		return Person{}, noSuchPerson(err)
	}
	v, err := s.Person(ctx, p, other)
	if sealpost.CodeOf(err) == sealpost.CodeNotFound && missing == nil {
		// A disabled account that only the connection kept in sight.
		return Person{User: shown(p, before.User), Tie: sealpost.TieNone, Blocked: true}, nil
	}
	return v, err
}

// block gives whose network it changed: the other's only if something is gone that
// they knew of.
func block(a Amendment, user, other sealpost.UserID) ([]sealpost.UserID, error) {
	relation, err := a.Relation(user, other)
	if err != nil || relation.Blocks {
		return nil, err
	}
	told := []sealpost.UserID{user}
	sides, err := a.OpenInvitations(user, other)
	if err != nil {
		return nil, err
	}
	for _, v := range sides {
		mine, theirCopy := v.Owner == user, v.Owner == other && !v.Sent
		switch {
		case theirCopy && v.State == sealpost.InvitationOpen:
			told = append(told, other)
		case theirCopy, mine && v.State == sealpost.InvitationIgnored:
			continue // stays what it was: ignored
		case !mine:
			continue // R31: the one who is blocked goes on seeing their own invitation
		}
		if err := a.PutInvitation(v.Become(sealpost.InvitationWithdrawn, a.Now())); err != nil {
			return nil, err
		}
	}
	if relation.Connected {
		told = append(told, other)
		if err := a.DropConnection(user, other); err != nil {
			return nil, err
		}
	}
	return told, a.AddBlock(user, other)
}

// Unblock ends a block of the principal's. It brings nothing back. NotFound if there
// is none.
func (s *Service) Unblock(ctx context.Context, p Principal, key string, other sealpost.UserID) error {
	return s.amendPair(ctx, p, key, "block.remove", other, func(a Amendment) ([]sealpost.UserID, error) {
		return []sealpost.UserID{p.User.ID}, a.DropBlock(p.User.ID, other)
	})
}

// amendPair changes how the principal and another stand to each other, with the
// rows of both locked. change gives whose own network changed.
func (s *Service) amendPair(ctx context.Context, p Principal, key, action string, other sealpost.UserID, change func(Amendment) ([]sealpost.UserID, error)) error {
	if err := validKey(key); err != nil {
		return err
	}
	stamp := s.stamp(p.User.ID, action, key, s.request(action, other.String()))
	stamp.Audit.Subject = other
	var told []sealpost.UserID
	replay, err := s.store.Amend(ctx, stamp, func(a Amendment) ([]byte, error) {
		if err := lockPair(a, p.User.ID, other); err != nil {
			return nil, err
		}
		var err error
		told, err = change(a)
		return nil, err
	})
	if err == nil && replay == nil {
		s.announce(sealpost.TopicNetwork, told)
	}
	return err
}

// lockPair locks two people in the order of their ids, so that whatever changes
// between two people is decided one after the other. NotFound if one is nobody, or
// was erased.
func lockPair(a Amendment, one, other sealpost.UserID) error {
	if one.Compare(other) > 0 {
		one, other = other, one
	}
	for _, id := range []sealpost.UserID{one, other} {
		u, err := a.User(id)
		if err != nil {
			return err
		}
		if u.ErasedAt != 0 {
			return sealpost.NotFound()
		}
	}
	return nil
}

// announce hints, after the commit, that something of a topic changed for these
// people. It tells nothing of what.
func (s *Service) announce(topic sealpost.Topic, users []sealpost.UserID) {
	if len(users) > 0 {
		s.bus.Publish(sealpost.Hint{Topic: topic, Users: users})
	}
}

// noSuchPerson is the answer for a person in a body whom the principal may not know
// of.
func noSuchPerson(err error) error {
	if sealpost.CodeOf(err) == sealpost.CodeNotFound {
		return sealpost.Invalid("user_id", "There is no such person.")
	}
	return err
}
