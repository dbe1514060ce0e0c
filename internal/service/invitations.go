package service

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sealpost/sealpost/internal/sealpost"
)

// Invitations changes the sides of invitations, inside an amendment. The rows of
// both people are locked (see lockPair).
type Invitations interface {
	// Invitation is one side; NotFound.
	Invitation(owner sealpost.UserID, id sealpost.InvitationID) (sealpost.Invitation, error)
	// OpenInvitations are the sides that two people have of invitations between them,
	// and that are open or ignored.
	OpenInvitations(a, b sealpost.UserID) ([]sealpost.Invitation, error)
	// PutInvitation inserts or replaces a side.
	PutInvitation(v sealpost.Invitation) error
	// NthInvitation is when the owner made the n-th newest of the invitations that they
	// sent, whatever became of it; zero: there are fewer.
	NthInvitation(owner sealpost.UserID, n int) (sealpost.Instant, error)
}

// InvitationItem is one side of an invitation, with the other person.
type InvitationItem struct {
	sealpost.Invitation
	Person sealpost.User
}

// Invite invites somebody to connect, with a note of at most sealpost.MaxInvitationNote code
// points on any number of lines. Between two people there is one open invitation in
// each direction at most: a second one gives the first again, with its own note. If
// the other's is open, inviting them accepts theirs.
//
// What the principal gets does not tell whether the other sees it: who ignored the
// principal before, or blocks them, gets nothing to see, and the invitation reads
// open like any other (R31).
//
// Refusals: CodeInvalid, field user_id, for oneself, for nobody, and for a
// connection; CodeCannotDeliver for somebody whom the principal blocks;
// CodeRateLimited after sealpost.MaxInvitations in sealpost.InvitationPeriod, and after
// invitationsFromAddress of all accounts from one address.
func (s *Service) Invite(ctx context.Context, p Principal, key string, to sealpost.UserID, note string) (InvitationItem, error) {
	if err := validKey(key); err != nil {
		return InvitationItem{}, err
	}
	note, err := validInvitationNote(note)
	if err != nil {
		return InvitationItem{}, err
	}
	if to == p.User.ID {
		return InvitationItem{}, sealpost.Invalid("user_id", "You cannot invite yourself.")
	}
	_, missing := s.store.Person(ctx, p.User.ID, to)
	forgive, err := s.attempt(ctx, s.addressLimit(ctx, invitationPurpose, invitationsFromAddress, sealpost.InvitationPeriod))
	if err != nil {
		return InvitationItem{}, err
	}
	made := sealpost.Invitation{
		ID: newID[sealpost.InvitationID](s), Owner: p.User.ID, Other: to, Sent: true, Note: note, State: sealpost.InvitationOpen,
	}
	stamp := s.stamp(p.User.ID, "invitation.send", key, s.request("invitation.send", to.String(), note))
	stamp.Audit.Subject = to
	v, err := s.amendInvitation(ctx, p, stamp, func(a Amendment) (sealpost.InvitationID, []sealpost.UserID, error) {
		if missing != nil {
			return made.ID, nil, noSuchPerson(missing)
		}
		return invite(a, made)
	})
	if v.ID != made.ID { // refused, given again, or the other's was accepted
		forgive()
	}
	return v, err
}

// invite gives the invitation that stands now, and whose network changed.
func invite(a Amendment, made sealpost.Invitation) (id sealpost.InvitationID, told []sealpost.UserID, err error) {
	from, to := made.Owner, made.Other
	if err := lockPair(a, from, to); err != nil {
		return id, nil, noSuchPerson(err)
	}
	relation, err := a.Relation(from, to)
	switch {
	case err != nil:
		return id, nil, err
	case relation.Blocks:
		return id, nil, blockedByOneself()
	case relation.Connected:
		return id, nil, sealpost.Invalid("user_id", "You are connected already.")
	}
	sides, err := a.OpenInvitations(from, to)
	if err != nil {
		return id, nil, err
	}
	if theirs, ok := side(sides, to, true); ok {
		return theirs.ID, []sealpost.UserID{from, to}, connect(a, sides, from, to)
	}
	mine, again := side(sides, from, true)
	if !again {
		if mine, err = newInvitation(a, made, sides); err != nil {
			return id, nil, err
		}
		told = append(told, from)
	}
	// A copy of an earlier one is open, and nothing is to do, or ignored, and stays so.
	if _, has := side(sides, to, false); !has && !relation.BlockedBy { // R31
		if err := a.PutInvitation(mine.Received()); err != nil {
			return id, nil, err
		}
		told = append(told, to)
	}
	return mine.ID, told, nil
}

// newInvitation makes the sender's side, if they may make one now.
func newInvitation(a Amendment, made sealpost.Invitation, sides []sealpost.Invitation) (sealpost.Invitation, error) {
	nth, err := a.NthInvitation(made.Owner, sealpost.MaxInvitations)
	if err != nil {
		return made, err
	}
	if again := nth.Add(sealpost.InvitationPeriod); nth != 0 && again > a.Now() {
		return made, &sealpost.Error{
			Code: sealpost.CodeRateLimited, RetryAt: again, Detail: "You have made as many invitations as one may in 24 hours.",
		}
	}
	if ignored, ok := side(sides, made.Owner, false); ok {
		// Whoever invites has changed their mind about ignoring.
		if err := a.PutInvitation(ignored.Become(sealpost.InvitationWithdrawn, a.Now())); err != nil {
			return made, err
		}
	}
	made.CreatedAt = a.Now()
	return made, a.PutInvitation(made)
}

// connect makes the connection that open invitations between two people asked for,
// and ends all of those.
func connect(a Amendment, sides []sealpost.Invitation, one, other sealpost.UserID) error {
	for _, v := range sides {
		if v.Sent {
			// The receiver has a side from now on, if not before.
			accepted := v.Become(sealpost.InvitationAccepted, a.Now())
			if err := a.PutInvitation(accepted); err != nil {
				return err
			}
			if err := a.PutInvitation(accepted.Received()); err != nil {
				return err
			}
			continue
		}
		sent := slices.ContainsFunc(sides, func(o sealpost.Invitation) bool { return o.Sent && o.ID == v.ID })
		if !sent { // an ignored one that its sender took back: forgiven
			if err := a.PutInvitation(v.Become(sealpost.InvitationWithdrawn, a.Now())); err != nil {
				return err
			}
		}
	}
	return a.AddConnection(one, other)
}

// side finds the side that somebody has, of those sent or of those received.
func side(sides []sealpost.Invitation, owner sealpost.UserID, sent bool) (sealpost.Invitation, bool) {
	i := slices.IndexFunc(sides, func(v sealpost.Invitation) bool { return v.Owner == owner && v.Sent == sent })
	if i < 0 {
		return sealpost.Invitation{}, false
	}
	return sides[i], true
}

// AcceptInvitation connects the principal with who invited them. An ignored
// invitation can still be accepted. Accepting twice changes nothing. NotFound if it
// is not the principal's to accept, or was withdrawn.
func (s *Service) AcceptInvitation(ctx context.Context, p Principal, key string, id sealpost.InvitationID) (InvitationItem, error) {
	return s.answerInvitation(ctx, p, key, "invitation.accept", id, false, func(a Amendment, mine sealpost.Invitation, sides []sealpost.Invitation) ([]sealpost.UserID, error) {
		theirs, ok := side(sides, mine.Other, true)
		relation, err := a.Relation(mine.Owner, mine.Other)
		switch {
		case err != nil:
			return nil, err
		case mine.State == sealpost.InvitationAccepted:
			return nil, nil
		case relation.Blocks:
			return nil, blockedByOneself()
		case !ok || theirs.ID != mine.ID:
			return nil, sealpost.NotFound() // ignored here, and taken back there
		}
		return []sealpost.UserID{mine.Owner, mine.Other}, connect(a, sides, mine.Owner, mine.Other)
	})
}

// IgnoreInvitation takes an invitation out of the principal's box. Its sender does
// not learn it (R31), and what they send later is not shown to the principal until
// the principal invites them. NotFound if it is not the principal's to ignore, or was
// withdrawn; CodeVersionConflict if it was accepted.
func (s *Service) IgnoreInvitation(ctx context.Context, p Principal, key string, id sealpost.InvitationID) (InvitationItem, error) {
	return s.answerInvitation(ctx, p, key, "invitation.ignore", id, false, func(a Amendment, mine sealpost.Invitation, _ []sealpost.Invitation) ([]sealpost.UserID, error) {
		switch mine.State {
		case sealpost.InvitationIgnored:
			return nil, nil
		case sealpost.InvitationAccepted:
			return nil, acceptedAlready()
		}
		// R31: the principal's side alone.
		return []sealpost.UserID{mine.Owner}, a.PutInvitation(mine.Become(sealpost.InvitationIgnored, a.Now()))
	})
}

// WithdrawInvitation takes back an invitation of the principal's: for the other it
// is as if it had never been there. It counts for the limit of a day all the same.
// Withdrawing twice changes nothing. NotFound if it is not the principal's;
// CodeVersionConflict if it was accepted.
func (s *Service) WithdrawInvitation(ctx context.Context, p Principal, key string, id sealpost.InvitationID) (InvitationItem, error) {
	return s.answerInvitation(ctx, p, key, "invitation.withdraw", id, true, func(a Amendment, mine sealpost.Invitation, sides []sealpost.Invitation) ([]sealpost.UserID, error) {
		switch mine.State {
		case sealpost.InvitationWithdrawn:
			return nil, nil
		case sealpost.InvitationAccepted:
			return nil, acceptedAlready()
		}
		told := []sealpost.UserID{mine.Owner}
		if theirs, ok := side(sides, mine.Other, false); ok && theirs.ID == mine.ID {
			if theirs.State == sealpost.InvitationOpen {
				theirs, told = theirs.Become(sealpost.InvitationWithdrawn, a.Now()), append(told, mine.Other)
			}
			theirs.Note = "" // an ignored one stays, as the memory of that, without what it said
			if err := a.PutInvitation(theirs); err != nil {
				return nil, err
			}
		}
		return told, a.PutInvitation(mine.Become(sealpost.InvitationWithdrawn, a.Now()))
	})
}

// answerInvitation changes an invitation of which the principal has a side. Whatever they may
// not know of is one NotFound.
func (s *Service) answerInvitation(ctx context.Context, p Principal, key, action string, id sealpost.InvitationID, sent bool,
	change func(a Amendment, mine sealpost.Invitation, sides []sealpost.Invitation) ([]sealpost.UserID, error),
) (InvitationItem, error) {
	if err := validKey(key); err != nil {
		return InvitationItem{}, err
	}
	stamp := s.stamp(p.User.ID, action, key, s.request(action, id.String()))
	return s.amendInvitation(ctx, p, stamp, func(a Amendment) (sealpost.InvitationID, []sealpost.UserID, error) {
		// Whose it is never changes; how far it has come is read under the locks.
		mine, err := a.Invitation(p.User.ID, id)
		if err != nil {
			return id, nil, err
		}
		if err := lockPair(a, mine.Owner, mine.Other); err != nil {
			return id, nil, err
		}
		if mine, err = a.Invitation(p.User.ID, id); err != nil {
			return id, nil, err
		}
		if mine.Sent != sent || !sent && mine.State == sealpost.InvitationWithdrawn {
			return id, nil, sealpost.NotFound()
		}
		sides, err := a.OpenInvitations(mine.Owner, mine.Other)
		if err != nil {
			return id, nil, err
		}
		told, err := change(a, mine, sides)
		return id, told, err
	})
}

// amendInvitation runs an amendment of invitations, hints, and gives the
// principal's side of the invitation that stands then. The audit entry has its id
// and never its note (R32).
func (s *Service) amendInvitation(ctx context.Context, p Principal, stamp Stamp,
	change func(Amendment) (sealpost.InvitationID, []sealpost.UserID, error),
) (InvitationItem, error) {
	var id sealpost.InvitationID
	var told []sealpost.UserID
	replay, err := s.store.Amend(ctx, stamp, func(a Amendment) ([]byte, error) {
		var err error
		if id, told, err = change(a); err != nil {
			return nil, err
		}
		a.SetDetail(detail(struct {
			Invitation sealpost.InvitationID `json:"invitation"`
		}{id}))
		return id[:], nil
	})
	if err != nil {
		return InvitationItem{}, err
	}
	if replay == nil {
		s.announce(sealpost.TopicNetwork, told)
	} else if id, err = oneID[sealpost.InvitationID](replay.Result); err != nil {
		return InvitationItem{}, err
	}
	v, err := s.store.Invitation(ctx, p.User.ID, id)
	v.Person = shown(p, v.Person)
	return v, err
}

// Box is one of the two lists of invitations.
type Box string

// The boxes.
const (
	BoxReceived Box = "received" // open ones; the default
	BoxSent     Box = "sent"     // those that read open, and accepted ones
)

// Invitations lists a box of the principal's, newest first.
func (s *Service) Invitations(ctx context.Context, p Principal, box Box, cursor string, limit int) ([]InvitationItem, string, error) {
	limit, err := pageSize(limit)
	if err != nil {
		return nil, "", err
	}
	switch box {
	case "":
		box = BoxReceived
	case BoxReceived, BoxSent:
	default:
		return nil, "", sealpost.Invalid("box", "The box must be received or sent.")
	}
	purpose := "invitations." + string(box)
	var before sealpost.InvitationID
	if cursor != "" {
		payload, err := s.openCursor(purpose, p.User.ID, [16]byte{}, cursor)
		if err != nil {
			return nil, "", err
		}
		if before, err = oneID[sealpost.InvitationID](payload); err != nil {
			return nil, "", badCursor()
		}
	}
	all, err := s.store.Invitations(ctx, p.User.ID, box == BoxSent, before, limit+1)
	if err != nil {
		return nil, "", err
	}
	next := ""
	if len(all) > limit {
		all = all[:limit]
		last := all[limit-1].ID
		if next, err = s.sealCursor(purpose, p.User.ID, [16]byte{}, last[:]); err != nil {
			return nil, "", err
		}
	}
	for i := range all {
		all[i].Person = shown(p, all[i].Person)
	}
	return all, next, nil
}

// validInvitationNote checks the note of an invitation: plain text, on as many lines as it
// likes.
func validInvitationNote(note string) (string, error) {
	for line := range strings.SplitSeq(note, "\n") {
		if !plain(line) {
			return "", sealpost.Invalid("note", "The note must be UTF-8 without control characters other than line feeds.")
		}
	}
	if note = strings.TrimSpace(note); utf8.RuneCountInString(note) > sealpost.MaxInvitationNote {
		return "", sealpost.Invalid("note", "The note may have at most 300 characters.")
	}
	return note, nil
}

// blockedByOneself may say why: the principal knows whom they block.
func blockedByOneself() error {
	return sealpost.Refuse(sealpost.CodeCannotDeliver, "This cannot be delivered.")
}

func acceptedAlready() error {
	return sealpost.Refuse(sealpost.CodeVersionConflict, "The invitation was accepted already.")
}
