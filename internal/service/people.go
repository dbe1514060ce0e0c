package service

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/sealpost/sealpost/internal/sealpost"
)

const maxSearch = 100 // code points

// User gives a person: everything to themselves and to administrators, to others
// what they show (see shown).
func (s *Service) User(ctx context.Context, p Principal, id sealpost.UserID) (sealpost.User, error) {
	u, err := s.store.User(ctx, id)
	return shown(p, u), err
}

// FindUsers lists people whose name contains q, or whose address is exactly q, by
// name. An empty q lists everybody.
func (s *Service) FindUsers(ctx context.Context, p Principal, q, cursor string, limit int) ([]sealpost.User, string, error) {
	limit, err := pageSize(limit)
	if err != nil {
		return nil, "", err
	}
	if q = strings.TrimSpace(q); !plain(q) || utf8.RuneCountInString(q) > maxSearch {
		return nil, "", sealpost.Invalid("q", "The search must be one line of at most 100 characters.")
	}
	// The question is part of what the cursor is bound to.
	mac := s.request("users.find", q)
	scope := [16]byte(mac[:16])
	var after sealpost.User
	if cursor != "" {
		payload, err := s.openCursor("users", p.User.ID, scope, cursor)
		if err != nil {
			return nil, "", err
		}
		id, err := oneID[sealpost.UserID](payload)
		if err != nil {
			return nil, "", badCursor()
		}
		if after, err = s.store.User(ctx, id); err != nil {
			return nil, "", err
		}
	}
	users, err := s.store.FindUsers(ctx, q, after.Name, after.ID, limit+1)
	if err != nil {
		return nil, "", err
	}
	next := ""
	if len(users) > limit {
		users = users[:limit]
		last := users[limit-1].ID
		if next, err = s.sealCursor("users", p.User.ID, scope, last[:]); err != nil {
			return nil, "", err
		}
	}
	for i, u := range users {
		users[i] = shown(p, u)
	}
	return users, next, nil
}

// shown is what a principal may know of a person: of others the id, the name and
// the headline.
func shown(p Principal, u sealpost.User) sealpost.User {
	if u.ID == p.User.ID || p.User.Has(sealpost.RoleAdmin) {
		return u
	}
	return sealpost.User{ID: u.ID, Name: u.Name, Headline: u.Headline}
}
