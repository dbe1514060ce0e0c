package service_test

import (
	"slices"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/memstore"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func (h *house) finishErasures() {
	h.t.Helper()
	for range 3 { // whatever is done is found done
		if err := h.FinishErasures(h.t.Context()); err != nil {
			h.t.Fatal(err)
		}
		h.advance(5 * time.Second)
	}
}

// An erasure: at once nothing of the account works and its name is gone; then what
// was not delivered is cancelled without a trace and its groups are left (R33). What
// was delivered stays as it is, sealed or opened.
func TestErase(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, ben := h.person("Ada"), h.person("Ben")
	p, token := h.signIn("ada@example.org", "password of Ada")
	group := h.group(ada, ben)
	direct, _, err := h.CreateConversation(t.Context(), ada, "", idsOf(ben), "")
	if err != nil {
		t.Fatal(err)
	}
	sealed := h.send(ada, direct.Conversation.ID)
	undo := time.Minute
	held, err := h.Send(t.Context(), ada, "", service.Sending{Conversation: direct.Conversation.ID, Body: "never", Kind: sealpost.KindMessage, Undo: &undo})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.EraseMe(t.Context(), p, "", "password of Ada"); err != nil {
		t.Fatal(err)
	}
	h.signedIn("at once", token, false)
	wantCode(t, "signing in", h.signInError("ada@example.org", "password of Ada"), sealpost.CodeUnauthenticated)
	u, err := h.User(t.Context(), ben, ada.User.ID)
	if err != nil || u.Name != sealpost.FormerMember {
		t.Errorf("known as %q, %v", u.Name, err)
	}
	h.finishErasures()

	h.advance(time.Hour)
	if _, err := h.ReleaseDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	page, err := h.History(t.Context(), ben, direct.Conversation.ID, sealpost.MessageID{}, 10)
	if err != nil || len(page.Items) != 1 || page.Items[0].ID != sealed {
		t.Errorf("the other has %+v, %v", page.Items, err)
	}
	if _, err := h.Message(t.Context(), ada, held.ID); sealpost.CodeOf(err) != sealpost.CodeNotFound {
		t.Errorf("what was held: %v", err)
	}
	if drafts, _, err := h.Drafts(t.Context(), ada, "", 0); err != nil || len(drafts) != 0 {
		t.Errorf("%d drafts, %v", len(drafts), err)
	}
	opened, err := h.Open(t.Context(), ben, "", direct.Conversation.ID, sealed)
	if err != nil || len(opened.Messages) != 1 || opened.Messages[0].Content.Body != "hello" {
		t.Errorf("what was sealed opens as %+v, %v", opened, err)
	}
	thread, err := h.Conversation(t.Context(), ben, group)
	if err != nil || !slices.ContainsFunc(thread.Members, func(m service.Member) bool {
		return m.UserID == ada.User.ID && m.LeftAt != 0 && m.Name == sealpost.FormerMember
	}) {
		t.Errorf("the group has %+v, %v", thread.Members, err)
	}
	left, err := h.store.Erasures(t.Context(), 10)
	if err != nil || len(left) != 0 {
		t.Errorf("%d erasures are left, %v", len(left), err)
	}
	for _, action := range []string{"user.erase", "message.cancel", "participant.remove", "user.erased"} {
		if entry := h.lastAudit(action); entry.Subject != ada.User.ID || entry.Detail != "" {
			t.Errorf("%s is audited as %+v", action, entry)
		}
	}
	h.person("Ada") // the address is free
}

func (h *house) signInError(email, password string) error {
	_, err := h.SignIn(h.t.Context(), email, password, "")
	return err
}

// R11, R33: an erasure that stops after any of its steps is finished by the next
// pass, by whatever node, and nothing is done twice.
func TestEraseIsRestartable(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, ben := h.person("Ada"), h.person("Ben")
	groups := 3
	for range groups {
		h.group(ada, ben)
	}
	later := h.group(ben, ada) // of another's
	send := service.Sending{Conversation: later, Body: "never", Kind: sealpost.KindMessage, SendAt: sealpost.Instant(h.now.Load()).Add(time.Hour).Time()}
	if _, err := h.Send(t.Context(), ada, "", send); err != nil {
		t.Fatal(err)
	}
	if err := h.EraseUserOf(t.Context(), "ada@example.org"); err != nil {
		t.Fatal(err)
	}
	for after := range 12 { // each pass gets one decision further before it fails
		calls := 0
		f := func(op string) memstore.Failure {
			if op == "Decide" || op == "Amend" {
				if calls++; calls > after {
					return []memstore.Failure{memstore.FailBefore, memstore.FailAfter}[after%2]
				}
			}
			return memstore.NoFailure
		}
		h.fault.Store(&f)
		_ = h.another().FinishErasures(t.Context())
		h.fault.Store(nil)
	}
	h.finishErasures()
	h.finishErasures()
	counts := map[string]int{}
	all, err := h.store.AuditLog(t.Context(), service.AuditQuery{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range all {
		counts[entry.Action]++
	}
	if counts["participant.remove"] != groups+1 || counts["message.cancel"] != 1 || counts["user.erase"] != 1 || counts["user.erased"] != 1 {
		t.Errorf("decided %v", counts)
	}
}

// Somebody who erases themselves says so with their password; nobody erases twice.
func TestEraseRefuses(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin, ada := h.person("Root", sealpost.RoleAdmin), h.person("Ada")
	wantField(t, "a wrong password", h.EraseMe(t.Context(), ada, "", "x"), "password")
	wantField(t, "without a reason", h.EraseUser(t.Context(), admin, "", ada.User.ID, " "), "reason")
	wantCode(t, "nobody", h.EraseUser(t.Context(), admin, "", sealpost.UserID{7}, "x"), sealpost.CodeNotFound)
	for range 2 { // the second is a replay
		if err := h.EraseUser(t.Context(), admin, "key", ada.User.ID, "asked for"); err != nil {
			t.Error(err)
		}
	}
	wantCode(t, "a second time", h.EraseUser(t.Context(), admin, "", ada.User.ID, "asked for"), sealpost.CodeNotFound)
	opened := false
	_, err := h.EditAccount(t.Context(), admin, "", ada.User.ID, service.AccountEdit{Disabled: &opened, Reason: "x"})
	wantCode(t, "opened again", err, sealpost.CodeNotFound)
	_, _, err = h.CreateInvite(t.Context(), admin, "", service.NewInvite{Account: ada.User.ID})
	wantField(t, "a link for it", err, "user_id")
}

// What others do with an erased person's messages brings no word of theirs back into an
// index.
func TestErasedIsNotIndexed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, ben := h.person("Ada"), h.person("Ben")
	in := h.pair(ada, ben)
	id := h.write(ada, in, "quixotic words")
	if err := h.EraseUserOf(t.Context(), "ada@example.org"); err != nil {
		t.Fatal(err)
	}
	h.finishErasures()
	h.open(ben, in, id)
	h.walk(3)
	if err := h.IndexDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	if ada, ben := h.find(ada, "quixotic", "", 10), h.find(ben, "quixotic", "", 10); ada.Total != 0 || ben.Total != 1 {
		t.Errorf("found %d for the erased person, %d for the other", ada.Total, ben.Total)
	}
}
