package storetest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func registryCases() map[string]func(*testing.T, *world) {
	return map[string]func(*testing.T, *world){
		"Attempts":          attempts,
		"AttemptsAtOnce":    attemptsAtOnce,
		"Scopes":            scopes,
		"Invites":           invites,
		"EndInvites":        endInvites,
		"OneTakesTheInvite": oneTakesTheInvite,
		"ListUsers":         listUsers,
		"Addresses":         addresses,
		"EndSessions":       endSessions,
		"LastAdminAtOnce":   lastAdminAtOnce,
		"Erase":             erase,
		"ConversationsOf":   conversationsOf,
	}
}

func limitOf(name string, most int, window time.Duration) service.Limit {
	return service.Limit{Key: sha256.Sum256([]byte(name)), Max: most, Window: window}
}

func (w *world) attempt(limits ...service.Limit) (id [16]byte, retry sealpost.Instant) {
	w.t.Helper()
	id = newID[[16]byte](w)
	retry, err := w.Store.Attempt(ctx(), id, limits)
	w.ok(err)
	return id, retry
}

func attempts(_ *testing.T, w *world) {
	narrow, wide := limitOf("narrow", 3, 10*time.Minute), limitOf("wide", 5, time.Hour)
	other := limitOf("other", 3, 10*time.Minute)
	first, err := w.Store.Now(ctx())
	w.ok(err)
	var ids [][16]byte
	for range 3 {
		id, retry := w.attempt(narrow, wide)
		equal(w, "retry", retry, 0)
		ids = append(ids, id)
		w.Clock(time.Second)
	}
	_, retry := w.attempt(narrow, wide)
	if after := first.Add(10 * time.Minute); retry < after || retry > after.Add(time.Minute) {
		w.t.Errorf("may be tried again at %d, the first attempt was at %d", retry, first)
	}
	_, retry = w.attempt(other, wide) // what was refused was not counted under the wide one
	equal(w, "another key", retry, 0)
	w.ok(w.Store.Forgive(ctx(), ids[1], []service.Limit{narrow, wide}))
	_, retry = w.attempt(narrow, wide)
	equal(w, "after one was taken back", retry, 0)
	_, retry = w.attempt(narrow)
	equal(w, "limited again", retry != 0, true)

	w.Clock(10 * time.Minute) // the narrow window slides away, the wide one counts four
	_, retry = w.attempt(narrow, wide)
	equal(w, "after the window", retry, 0)
	_, retry = w.attempt(narrow, wide)
	if after := first.Add(time.Hour); retry < after || retry > after.Add(time.Minute) {
		w.t.Errorf("the wide limit: again at %d, the first attempt was at %d", retry, first)
	}
	w.Clock(service.MaxLimitWindow)
	w.ok(w.Store.Sweep(ctx()))
	for range 3 {
		_, retry = w.attempt(narrow, wide)
		equal(w, "after a day", retry, 0)
	}
	if w.Reopen != nil { // a restart forgets nothing
		w.Store = w.Reopen()
		_, retry = w.attempt(narrow)
		equal(w, "after a restart", retry != 0, true)
	}
}

// However many try at once, no more than the limit are counted.
func attemptsAtOnce(_ *testing.T, w *world) {
	l := []service.Limit{limitOf("a", 10, time.Hour), limitOf("b", 25, time.Hour)}
	var all sync.WaitGroup
	var allowed atomic.Int64
	for i := range 40 {
		id := newID[[16]byte](w)
		limits := []service.Limit{l[0], l[1]}
		if i%2 == 1 {
			limits = []service.Limit{l[1], l[0]} // in another order: nobody waits for ever
		}
		all.Go(func() {
			retry, err := w.Store.Attempt(ctx(), id, limits)
			if err != nil {
				w.t.Error(err)
			}
			if retry == 0 {
				allowed.Add(1)
			}
		})
	}
	all.Wait()
	equal(w, "allowed", allowed.Load(), 10)
}

func scopes(_ *testing.T, w *world) {
	u := w.people(1)
	for i, of := range [][]sealpost.Scope{nil, {}, {sealpost.ScopeRead}, {sealpost.ScopeOpen, sealpost.ScopeAdmin}} {
		v := service.Session{ID: newID[sealpost.SessionID](w), UserID: u[0], Kind: service.APIToken, Hash: sha256.Sum256([]byte{byte(i)}), Scopes: of}
		w.amend(func(a service.Amendment) error { return a.AddSession(v) })
		got, _, err := w.Store.SessionByHash(ctx(), v.Hash)
		w.ok(err)
		equal(w, "has limits", got.Scopes != nil, of != nil)
		equal(w, "scopes", fmt.Sprint(got.Scopes), fmt.Sprint(of))
		equal(w, "may read", service.Principal{Scopes: got.Scopes}.May(sealpost.ScopeRead), i == 0 || i == 2)
	}
}

func (w *world) roles(id sealpost.UserID, roles ...sealpost.Role) {
	w.t.Helper()
	w.amend(func(a service.Amendment) error {
		u, err := a.User(id)
		if err != nil {
			return err
		}
		u.Roles = roles
		return a.PutUser(u)
	})
}

func listUsers(_ *testing.T, w *world) {
	u := w.people(5)
	w.amend(func(a service.Amendment) error {
		if err := a.SetEmail(u[1], "Odd%One@example.net"); err != nil {
			return err
		}
		return a.SetPassword(u[2], "")
	})
	find := func(q string) []sealpost.UserID {
		w.t.Helper()
		var out []sealpost.UserID
		for after := (sealpost.UserID{}); ; {
			page, err := w.Store.ListUsers(ctx(), q, after, 2)
			w.ok(err)
			if len(page) == 0 {
				return out
			}
			for _, row := range page {
				out = append(out, row.ID)
				equal(w, "has a password", row.HasPassword, row.ID != u[2])
			}
			after = out[len(out)-1]
		}
	}
	sameOrder(w, "everybody", find(""), u)
	sameOrder(w, "by name", find("SON 3"), u[3:4])
	sameOrder(w, "by address", find("example.NET"), u[1:2])
	sameOrder(w, "by a letter of LIKE", find("%"), u[1:2])
	sameOrder(w, "by another", find("_"), nil)
}

func addresses(_ *testing.T, w *world) {
	u := w.people(2)
	set := func(id sealpost.UserID, email string) error {
		_, err := w.Store.Amend(ctx(), service.Stamp{}, func(a service.Amendment) ([]byte, error) { return nil, a.SetEmail(id, email) })
		return err
	}
	w.ok(set(u[0], "One@example.org"))
	w.refused(set(u[1], "oNE@example.org"), sealpost.CodeInvalid)
	w.ok(set(u[0], "ONE@example.org")) // one's own, written otherwise
	got, hash, err := w.Store.UserByEmail(ctx(), "one@example.org")
	w.ok(err)
	equal(w, "address", got.Email, "ONE@example.org")
	equal(w, "hash", hash, "hash")
	w.refused(set(newID[sealpost.UserID](w), "two@example.org"), sealpost.CodeNotFound)
	w.amend(func(a service.Amendment) error { // nobody's address is no address
		for _, name := range []string{"Nobody", "Nobody else"} {
			v := w.user(name)
			v.Email = ""
			if err := a.AddUser(v, ""); err != nil {
				return err
			}
		}
		return nil
	})
	_, _, err = w.Store.UserByEmail(ctx(), "")
	w.refused(err, sealpost.CodeNotFound)
}

func endSessions(_ *testing.T, w *world) {
	u := w.people(2)
	begin := func(user sealpost.UserID, kind service.SessionKind) sealpost.SessionID {
		v := service.Session{ID: newID[sealpost.SessionID](w), UserID: user, Kind: kind}
		v.Hash = sha256.Sum256(v.ID[:])
		w.amend(func(a service.Amendment) error { return a.AddSession(v) })
		return v.ID
	}
	left := func(user sealpost.UserID) []sealpost.SessionID {
		w.t.Helper()
		var out []sealpost.SessionID
		for _, kind := range []service.SessionKind{service.SignIn, service.APIToken} {
			all, err := w.Store.Sessions(ctx(), user, kind)
			w.ok(err)
			for _, v := range all {
				out = append(out, v.ID)
			}
		}
		return out
	}
	first, second, token := begin(u[0], service.SignIn), begin(u[0], service.SignIn), begin(u[0], service.APIToken)
	other := begin(u[1], service.SignIn)
	w.amend(func(a service.Amendment) error { return a.EndSessions(u[0], service.SignIn, first) })
	sameOrder(w, "all sign-ins but one ended", left(u[0]), []sealpost.SessionID{first, token})
	_ = second
	w.amend(func(a service.Amendment) error { return a.EndSessions(u[0], service.SignIn, sealpost.SessionID{}) })
	sameOrder(w, "all sign-ins ended", left(u[0]), []sealpost.SessionID{token})
	w.amend(func(a service.Amendment) error { return a.EndSessions(u[0], 0, sealpost.SessionID{}) })
	sameOrder(w, "everything ended", left(u[0]), nil)
	sameOrder(w, "of the other", left(u[1]), []sealpost.SessionID{other})
}

// Two administrators who remove each other at once: one of them stays.
func lastAdminAtOnce(_ *testing.T, w *world) {
	for round := range 20 {
		var u [2]sealpost.UserID
		w.amend(func(a service.Amendment) error {
			for i := range u {
				v := w.user("Admin")
				v.Roles = []sealpost.Role{sealpost.RoleCompliance, sealpost.RoleAdmin}
				if u[i] = v.ID; a.AddUser(v, "") != nil {
					return errPure
				}
			}
			return nil
		})
		var all sync.WaitGroup
		var removed atomic.Int64
		for i := range u {
			all.Go(func() {
				_, err := w.Store.Amend(ctx(), service.Stamp{}, func(a service.Amendment) ([]byte, error) {
					admins, err := a.Admins(u[1-i])
					if err != nil || len(admins) < 2 {
						return nil, errors.Join(err, errPure)
					}
					v, _, err := a.Account(u[1-i])
					if err != nil {
						return nil, err
					}
					if round%2 == 0 {
						v.DisabledAt = a.Now()
					} else {
						v.Roles = nil
					}
					return nil, a.PutUser(v)
				})
				if err == nil {
					removed.Add(1)
				} else if !errors.Is(err, errPure) {
					w.t.Error(err)
				}
			})
		}
		all.Wait()
		equal(w, "removed", removed.Load(), 1)
		w.amend(func(a service.Amendment) error { // the next round begins without any
			admins, err := a.Admins(sealpost.UserID{})
			for _, id := range admins {
				if v, _, e := a.Account(id); e == nil {
					v.Roles = nil
					err = errors.Join(err, a.PutUser(v))
				}
			}
			return err
		})
	}
}

func erase(_ *testing.T, w *world) {
	u := w.people(3)
	c := w.group(u...)
	draft := newID[sealpost.DraftID](w)
	id := newID[sealpost.MessageID](w)
	w.must(send(c, u[0], id, sending{hold: time.Minute}), "pending")
	w.must(undo(c, u[0], id, draft), "undone")
	v := service.Session{ID: newID[sealpost.SessionID](w), UserID: u[0], Kind: service.APIToken, Hash: sha256.Sum256([]byte("token"))}
	link := w.invite("link", time.Hour, u[0], sealpost.UserID{})
	asked := sealpost.Invitation{
		ID: newID[sealpost.InvitationID](w), Owner: u[0], Other: u[2], Sent: true, Note: "a note", State: sealpost.InvitationOpen, CreatedAt: 1,
	}
	w.amend(func(a service.Amendment) error {
		return errors.Join(a.AddSession(v), a.AddConnection(u[0], u[1]), a.AddConnection(u[1], u[2]), a.AddBlock(u[1], u[0]), a.AddBlock(u[0], u[2]),
			a.PutInvitation(asked), a.PutInvitation(asked.Received()))
	})
	before := w.mustUser(u[0])
	email := before.Email
	w.amend(func(a service.Amendment) error { return a.Erase(u[0]) })

	got := w.mustUser(u[0])
	equal(w, "name", got.Name, sealpost.FormerMember)
	equal(w, "what is left of the profile", got.Email+got.Headline+got.Language+got.PreviousZone+fmt.Sprint(got.Roles), "[]")
	equal(w, "is closed", got.DisabledAt != 0 && got.ErasedAt == got.DisabledAt && got.Reach == sealpost.ReachNobodyNew, true)
	equal(w, "made", got.CreatedAt, before.CreatedAt)
	_, _, err := w.Store.UserByEmail(ctx(), email)
	w.refused(err, sealpost.CodeNotFound)
	_, _, err = w.Store.SessionByHash(ctx(), v.Hash)
	w.refused(err, sealpost.CodeNotFound)
	_, err = w.Store.InviteByHash(ctx(), link.Hash)
	w.refused(err, sealpost.CodeNotFound)
	_, err = w.Store.Draft(ctx(), u[0], draft)
	w.refused(err, sealpost.CodeNotFound)
	n, _, err := w.Store.Wrapped(ctx(), epoch, 10)
	w.ok(err)
	equal(w, "keys of drafts", n, 0)
	for _, list := range []string{"former", ""} {
		rows, err := w.Store.ListUsers(ctx(), list, sealpost.UserID{}, 10)
		w.ok(err)
		found, err := w.Store.FindPeople(ctx(), service.PeopleQuery{Words: strings.Fields(list), Limit: 10})
		w.ok(err)
		for _, row := range rows {
			found = append(found, service.Person{User: row.User})
		}
		for _, f := range found {
			equal(w, "is listed", f.ID == u[0], false)
		}
	}
	gone := func(drop func(a service.Amendment) error) {
		w.t.Helper()
		_, err := w.Store.Amend(ctx(), service.Stamp{}, func(a service.Amendment) ([]byte, error) { return nil, drop(a) })
		w.refused(err, sealpost.CodeNotFound)
	}
	for _, owner := range []sealpost.UserID{u[0], u[2]} {
		_, err := w.Store.Invitation(ctx(), owner, asked.ID)
		w.refused(err, sealpost.CodeNotFound)
	}
	gone(func(a service.Amendment) error { return a.DropConnection(u[1], u[0]) })
	gone(func(a service.Amendment) error { return a.DropBlock(u[1], u[0]) })
	gone(func(a service.Amendment) error { return a.DropBlock(u[0], u[2]) })
	w.amend(func(a service.Amendment) error { return a.DropConnection(u[2], u[1]) }) // of others

	left, err := w.Store.Erasures(ctx(), 10)
	w.ok(err)
	sameOrder(w, "erasures", left, u[:1])
	w.amend(func(a service.Amendment) error { return a.EndErasure(u[0]) })
	left, err = w.Store.Erasures(ctx(), 10)
	w.ok(err)
	sameOrder(w, "erasures after the end", left, nil)
	w.amend(func(a service.Amendment) error { // the address is free
		v := w.user("Another")
		v.Email = email
		return a.AddUser(v, "")
	})
}

func conversationsOf(_ *testing.T, w *world) {
	u := w.people(3)
	var want []sealpost.ConversationID
	for i := range 5 {
		c := w.group(u[0], u[1])
		if i%2 == 0 {
			w.say(c, u[0])
		}
		want = append(want, c)
	}
	w.group(u[1], u[2])
	var got []sealpost.ConversationID
	for after := (sealpost.ConversationID{}); ; {
		page, err := w.Store.ConversationsOf(ctx(), u[0], after, 2)
		w.ok(err)
		if len(page) == 0 {
			break
		}
		after = page[len(page)-1]
		got = append(got, page...)
	}
	sameOrder(w, "conversations, by pages", got, want)
}
