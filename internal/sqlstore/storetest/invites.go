package storetest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func (w *world) invite(secret string, life time.Duration, account, by sealpost.UserID) sealpost.Invite {
	w.t.Helper()
	v := sealpost.Invite{
		ID: newID[sealpost.InviteID](w), Hash: sha256.Sum256([]byte(secret)), Email: secret + "@example.org", Name: "Name of " + secret,
		Roles: []sealpost.Role{sealpost.RoleNotices}, AccountID: account, CreatedBy: by,
	}
	w.amend(func(a service.Amendment) error {
		v.CreatedAt, v.ExpiresAt = a.Now(), a.Now().Add(life)
		return a.AddInvite(v)
	})
	return v
}

func (w *world) take(id sealpost.InviteID) (sealpost.Invite, error) {
	var v sealpost.Invite
	_, err := w.Store.Amend(ctx(), service.Stamp{}, func(a service.Amendment) ([]byte, error) {
		var err error
		v, err = a.TakeInvite(id)
		return nil, err
	})
	return v, err
}

func invites(_ *testing.T, w *world) {
	u := w.people(2)
	w.roles(u[1], sealpost.RoleAdmin)
	hour, day := w.invite("hour", time.Hour, sealpost.UserID{}, sealpost.UserID{}), w.invite("day", 24*time.Hour, u[0], u[1])
	got, err := w.Store.InviteByHash(ctx(), hour.Hash)
	w.ok(err)
	same(w, "the link", got, hour)
	list := func() []sealpost.InviteID {
		w.t.Helper()
		var out []sealpost.InviteID
		for before := (sealpost.InviteID{}); ; {
			page, err := w.Store.Invites(ctx(), before, 1)
			w.ok(err)
			if len(page) == 0 {
				return out
			}
			before = page[0].ID
			out = append(out, before)
		}
	}
	sameOrder(w, "links, newest first", list(), []sealpost.InviteID{day.ID, hour.ID})
	w.roles(u[1], sealpost.RoleNotices)
	sameOrder(w, "links of who is no administrator any more", list(), []sealpost.InviteID{hour.ID})
	w.roles(u[1], sealpost.RoleAdmin)
	w.Clock(time.Hour)
	for range 2 {
		_, err = w.Store.InviteByHash(ctx(), hour.Hash)
		w.refused(err, sealpost.CodeNotFound)
		sameOrder(w, "links after an hour", list(), []sealpost.InviteID{day.ID})
		w.Clock(time.Second)
		w.ok(w.Store.Sweep(ctx()))
	}
	_, err = w.take(hour.ID)
	w.refused(err, sealpost.CodeNotFound)
	_, err = w.Store.Amend(ctx(), service.Stamp{}, func(a service.Amendment) ([]byte, error) {
		_, err := a.TakeInvite(day.ID)
		return nil, errors.Join(err, errPure)
	})
	if !errors.Is(err, errPure) {
		w.t.Errorf("got %v", err)
	}
	got, err = w.take(day.ID) // the error gave it back
	w.ok(err)
	same(w, "the link that was taken", got, day)
	_, err = w.take(day.ID)
	w.refused(err, sealpost.CodeNotFound)
	equal(w, "links in the end", len(list()), 0)
}

// The links of one account end together, and an error gives them back.
func endInvites(_ *testing.T, w *world) {
	u := w.people(2)
	w.roles(u[1], sealpost.RoleAdmin)
	theirs := []sealpost.Invite{w.invite("first", time.Hour, u[0], sealpost.UserID{}), w.invite("second", 24*time.Hour, u[0], u[1])}
	others := []sealpost.Invite{w.invite("of another", time.Hour, u[1], sealpost.UserID{}), w.invite("of nobody", time.Hour, sealpost.UserID{}, u[1])}
	left := func(links []sealpost.Invite, want int) {
		w.t.Helper()
		n := 0
		for _, v := range links {
			if _, err := w.Store.InviteByHash(ctx(), v.Hash); err == nil {
				n++
			} else {
				w.refused(err, sealpost.CodeNotFound)
			}
		}
		equal(w, "links", n, want)
	}
	_, err := w.Store.Amend(ctx(), service.Stamp{}, func(a service.Amendment) ([]byte, error) {
		return nil, errors.Join(a.EndInvites(u[0]), errPure)
	})
	if !errors.Is(err, errPure) {
		w.t.Errorf("got %v", err)
	}
	left(theirs, 2)
	for range 2 { // where there is none it is no error
		w.amend(func(a service.Amendment) error { return a.EndInvites(u[0]) })
		left(theirs, 0)
		left(others, 2)
	}
	_, err = w.take(theirs[0].ID)
	w.refused(err, sealpost.CodeNotFound)
}

// F2: a link works once, however many use it at once.
func oneTakesTheInvite(_ *testing.T, w *world) {
	for range 5 {
		v := w.invite(fmt.Sprint(w.ids.Load()), time.Hour, sealpost.UserID{}, sealpost.UserID{})
		var all sync.WaitGroup
		var won atomic.Int64
		for range 64 {
			all.Go(func() {
				switch _, err := w.take(v.ID); sealpost.CodeOf(err) {
				case "":
					won.Add(1)
				case sealpost.CodeNotFound:
				default:
					w.t.Error(err)
				}
			})
		}
		all.Wait()
		equal(w, "winners", won.Load(), 1)
	}
}
