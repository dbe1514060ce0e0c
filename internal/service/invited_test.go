package service_test

import (
	"errors"
	"testing"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// Connections in common are counted; a disabled account is there for those who know
// it, and is not found.
func TestPeopleAsTheyStand(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	a, b, c, d := p.people["a"], p.people["b"], p.person("Cyd"), p.person("Dora")
	connect := func(one, other service.Principal) {
		t.Helper()
		for _, pair := range [][2]service.Principal{{one, other}, {other, one}} {
			if _, err := p.Invite(t.Context(), pair[0], "", pair[1].User.ID, ""); err != nil {
				t.Fatal(err)
			}
		}
	}
	connect(a, c)
	connect(b, c)
	connect(a, d)
	connect(b, d)
	for who, want := range map[string]int{"a": 2, "b": 2} {
		v, err := p.Person(t.Context(), p.people[who], p.people[p.other(who)].User.ID)
		if err != nil || v.Shared != want {
			t.Errorf("%s shares %d connections, %v", who, v.Shared, err)
		}
	}
	if v, err := p.Person(t.Context(), a, a.User.ID); err != nil || v.Tie != sealpost.TieSelf || v.Shared != 0 || v.Blocked {
		t.Errorf("oneself: %+v, %v", v, err)
	}
	p.group(d, b)
	_, err := p.store.Amend(t.Context(), service.Stamp{}, func(in service.Amendment) ([]byte, error) {
		u, err := in.User(d.User.ID)
		u.DisabledAt = in.Now()
		return nil, errors.Join(err, in.PutUser(u), in.DropConnection(b.User.ID, d.User.ID))
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, who := range map[string]service.Principal{"a connection": a, "somebody of a conversation": b} {
		if v, err := p.Person(t.Context(), who, d.User.ID); err != nil || v.Name != "Dora" {
			t.Errorf("%s reads %+v, %v", name, v, err)
		}
	}
	_, err = p.Person(t.Context(), c, d.User.ID)
	wantCode(t, "a disabled account", err, sealpost.CodeNotFound)
	_, err = p.Invite(t.Context(), c, "", d.User.ID, "")
	wantField(t, "inviting a disabled account", err, "user_id")
	for _, who := range []service.Principal{a, b, c} {
		if found, _, err := p.FindUsers(t.Context(), who, "dora", "", 0); err != nil || len(found) != 0 {
			t.Errorf("%s finds %v, %v", who.User.Name, found, err)
		}
	}
}

// R31: who may write is set by the name of a setting; one's own devices are hinted.
func TestWhoCanMessage(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.person("Ada")
	for _, reach := range sealpost.Reaches() {
		u, err := h.UpdateSettings(t.Context(), ada, "", service.SettingsEdit{Reach: &reach})
		if err != nil || u.Reach != reach || !u.Receipts {
			t.Errorf("set to %s: %+v, %v", reach, u, err)
		}
	}
	if got := h.lastAudit("settings.update").Detail; got != `{"changed":["who_can_message"]}` {
		t.Errorf("audited as %s", got)
	}
	if told := h.bus.told(); len(told) != 1 || told[0] != ada.User.ID {
		t.Errorf("told %v", told)
	}
	_, err := h.UpdateSettings(t.Context(), ada, "", service.SettingsEdit{Reach: ptr(sealpost.Reach("friends"))})
	wantField(t, "no such setting", err, "who_can_message")
	same := sealpost.ReachNobodyNew
	if _, err := h.UpdateSettings(t.Context(), ada, "", service.SettingsEdit{Reach: &same}); err != nil || len(h.bus.told()) != 0 {
		t.Errorf("what did not change was hinted, or %v", err)
	}
}
