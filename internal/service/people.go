package service

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sealpost/sealpost/internal/sealpost"
)

const (
	maxSearch = 100 // code points
	// MaxWords is how many words a search may have.
	MaxWords = 8
)

// Person is somebody as one viewer has them.
type Person struct {
	sealpost.User
	Tie     sealpost.Tie // never tells of a block against the viewer (R31)
	Shared  int          // connections in common, up to sealpost.MaxShared
	Blocked bool         // by the viewer
}

// PeopleQuery asks for a page of people, in order of SortKey and id.
type PeopleQuery struct {
	Viewer sealpost.UserID
	// Words must each begin a word of FindKey; at most MaxWords, as words makes them.
	// None: Email alone finds, or everybody where there is no Email either.
	Words []string
	Email string // an address in lower case that finds its owner, whatever the words
	// AfterKey and AfterID are the position of the last person of the page before; the
	// zero id for the first page.
	AfterKey string
	AfterID  sealpost.UserID
	Limit    int
}

// People reads people as a viewer has them.
type People interface {
	// Person is one of them. NotFound: nobody has the id; or the account is disabled,
	// and it is neither the viewer's own nor that of somebody whom they are connected
	// with or know from a conversation.
	Person(ctx context.Context, viewer, id sealpost.UserID) (Person, error)
	// FindPeople leaves disabled accounts out.
	FindPeople(ctx context.Context, q PeopleQuery) ([]Person, error)
}

// User gives an account: everything to its owner and to administrators, to others
// what they show (see shown).
func (s *Service) User(ctx context.Context, p Principal, id sealpost.UserID) (sealpost.User, error) {
	u, err := s.store.User(ctx, id)
	return shown(p, u), err
}

// Person gives somebody's profile and how they stand to the principal. Whoever is
// blocked by them sees what everybody sees (R31).
func (s *Service) Person(ctx context.Context, p Principal, id sealpost.UserID) (Person, error) {
	v, err := s.store.Person(ctx, p.User.ID, id)
	v.User = shown(p, v.User)
	return v, err
}

// FindUsers lists people of whose name and headline every word of q begins a word,
// in any order, without regard to case and accents, or whose address is exactly q,
// by name. An empty q lists everybody. Disabled accounts are not found.
func (s *Service) FindUsers(ctx context.Context, p Principal, q, cursor string, limit int) ([]Person, string, error) {
	limit, err := pageSize(limit)
	if err != nil {
		return nil, "", err
	}
	if q = strings.TrimSpace(q); !plain(q) || utf8.RuneCountInString(q) > maxSearch {
		return nil, "", sealpost.Invalid("q", "The search must be one line of at most 100 characters.")
	}
	query := PeopleQuery{Viewer: p.User.ID, Words: distinct(foldedWords(q)), Email: strings.ToLower(q), Limit: limit + 1}
	if len(query.Words) > MaxWords {
		return nil, "", sealpost.Invalid("q", "The search may have at most 8 words.")
	}
	// The question is part of what the cursor is bound to.
	mac := s.request("users.find", q)
	scope := [16]byte(mac[:16])
	if cursor != "" {
		payload, err := s.openCursor("users", p.User.ID, scope, cursor)
		if err != nil {
			return nil, "", err
		}
		if query.AfterID, err = oneID[sealpost.UserID](payload); err != nil {
			return nil, "", badCursor()
		}
		after, err := s.store.User(ctx, query.AfterID)
		if err != nil {
			return nil, "", err
		}
		query.AfterKey = SortKey(after.Name)
	}
	people, err := s.store.FindPeople(ctx, query)
	if err != nil {
		return nil, "", err
	}
	next := ""
	if len(people) > limit {
		people = people[:limit]
		last := people[limit-1].ID
		if next, err = s.sealCursor("users", p.User.ID, scope, last[:]); err != nil {
			return nil, "", err
		}
	}
	for i := range people {
		people[i].User = shown(p, people[i].User)
	}
	return people, next, nil
}

// distinct leaves out words that begin another one: what finds that finds them.
func distinct(all []string) []string {
	slices.SortFunc(all, func(a, b string) int { return strings.Compare(b, a) }) // the longer of two before its beginning
	var out []string
	for _, w := range all {
		if !slices.ContainsFunc(out, func(longer string) bool { return strings.HasPrefix(longer, w) }) {
			out = append(out, w)
		}
	}
	return out
}

// shown is what a principal may know of a person: of others the id, the name and
// the headline.
func shown(p Principal, u sealpost.User) sealpost.User {
	if u.ID == p.User.ID || p.User.Has(sealpost.RoleAdmin) {
		return u
	}
	return sealpost.User{ID: u.ID, Name: u.Name, Headline: u.Headline, Profile: u.Profile}
}
