package memstore

import (
	"context"
	"errors"
	"slices"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// Amend implements service.Amender.
func (s *Store) Amend(ctx context.Context, stamp service.Stamp, change func(service.Amendment) ([]byte, error)) (r *service.Replay, err error) {
	f, err := s.enter(ctx, "Amend")
	if err != nil {
		return nil, err
	}
	defer s.leave(f, &err)
	key := replayKey{stamp.Audit.Actor, stamp.Key}
	if old, ok := s.replays[key]; ok && stamp.Key != "" {
		if old.Request != stamp.Request {
			return nil, sealpost.KeyUsed()
		}
		old.Result = slices.Clone(old.Result)
		return &old.Replay, nil
	}
	a := &amendment{store: s, now: s.options.Clock(), detail: stamp.Audit.Detail}
	result, err := change(a)
	if err == nil && stamp.Audit.Action != "" {
		if _, used := s.audit[stamp.Audit.Decision]; used {
			err = &sealpost.Error{Code: sealpost.CodeUnavailable, Cause: errors.New("a decision id was used twice")}
		}
	}
	if err != nil {
		a.rollBack()
		return nil, err
	}
	if stamp.Key != "" {
		s.replays[key] = replay{service.Replay{Request: stamp.Request, Result: slices.Clone(result)}, a.now}
	}
	if entry := stamp.Audit; entry.Action != "" {
		entry.At, entry.Detail = a.now, a.detail
		s.audit[entry.Decision] = entry
	}
	return nil, nil
}

// amendment is the open transaction: it writes at once and remembers how to undo it.
type amendment struct {
	store  *Store
	now    sealpost.Instant
	detail string
	undo   []func()
}

func (a *amendment) rollBack() {
	for _, undo := range slices.Backward(a.undo) {
		undo()
	}
}

// put sets or deletes an entry of a map, undoably.
func put[K comparable, V any](a *amendment, in map[K]V, key K, value *V) {
	old, was := in[key]
	a.undo = append(a.undo, func() {
		if was {
			in[key] = old
		} else {
			delete(in, key)
		}
	})
	if value == nil {
		delete(in, key)
	} else {
		in[key] = *value
	}
}

func (a *amendment) Now() sealpost.Instant { return a.now }

func (a *amendment) SetDetail(detail string) { a.detail = detail }

func (a *amendment) User(id sealpost.UserID) (sealpost.User, error) {
	u, ok := a.store.users[id]
	if !ok {
		return sealpost.User{}, sealpost.NotFound()
	}
	return copyUser(u.User), nil
}

func (a *amendment) AddUser(u sealpost.User, passwordHash string) error {
	if err := a.addressFree(u.Email); err != nil {
		return err
	}
	if _, used := a.store.users[u.ID]; used {
		return &sealpost.Error{Code: sealpost.CodeUnavailable, Cause: errors.New("a user id was used twice")}
	}
	put(a, a.store.users, u.ID, &account{copyUser(u), passwordHash})
	return nil
}

func (a *amendment) PutUser(u sealpost.User) error {
	if old, ok := a.store.users[u.ID]; ok {
		u.Email, u.CreatedAt, u.ErasedAt = old.Email, old.CreatedAt, old.ErasedAt
		u.Profile, u.Source = old.Profile, old.Source
		put(a, a.store.users, u.ID, &account{copyUser(u), old.password})
	}
	return nil
}

func (a *amendment) SetPassword(id sealpost.UserID, passwordHash string) error {
	if u, ok := a.store.users[id]; ok {
		u.password = passwordHash
		put(a, a.store.users, id, &u)
	}
	return nil
}

func (a *amendment) AddSession(v service.Session) error {
	put(a, a.store.sessions, v.ID, &v)
	return nil
}

func (a *amendment) EndSession(user sealpost.UserID, id sealpost.SessionID) error {
	if v, ok := a.store.sessions[id]; !ok || v.UserID != user {
		return sealpost.NotFound()
	}
	put(a, a.store.sessions, id, nil)
	return nil
}

func (a *amendment) Policy() (policy.Policy, error) { return a.store.inForce(), nil }

func (a *amendment) AddPolicy(p policy.Policy) error {
	if p.Version <= a.store.inForce().Version {
		return &sealpost.Error{Code: sealpost.CodeUnavailable, Cause: errors.New("a version of the policy was used twice")}
	}
	before := a.store.policies
	a.undo = append(a.undo, func() { a.store.policies = before })
	a.store.policies = append(slices.Clone(before), p)
	return nil
}

func (a *amendment) AddConversation(c sealpost.Conversation, participants []sealpost.UserID, lister sealpost.UserID) error {
	known := a.store.conversations[c.ID]
	if known == nil {
		known = &conversation{Conversation: c, own: map[sealpost.UserID]own{}}
		known.Seq, known.Rev, known.DecidedAt = 0, 0, a.now
		for _, u := range participants {
			known.participants = append(known.participants, sealpost.Participant{UserID: u, JoinedAt: a.now, FirstAt: a.now})
		}
		put(a, a.store.conversations, c.ID, &known)
	}
	if _, ok := sealpost.FindParticipant(known.participants, lister); ok {
		view := known.own[lister]
		put(a, known.own, lister, &view)
		known.list(lister, a.now)
	}
	return nil
}
