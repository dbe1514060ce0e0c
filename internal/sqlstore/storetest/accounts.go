package storetest

import (
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func accountCases() map[string]func(*testing.T, *world) {
	return map[string]func(*testing.T, *world){
		"Users":            users,
		"AnErrorRollsBack": amendRollsBack,
		"AmendUnderKey":    amendUnderKey,
		"Sessions":         sessions,
		"Policies":         policies,
		"Drafts":           drafts,
		"WrittenDrafts":    writtenDrafts,
		"AuditPages":       auditPages,
	}
}

func users(_ *testing.T, w *world) {
	u := w.user("Ada Lovelace")
	u.Email, u.Headline, u.Language, u.Undo = "Ada@Example.org", "Analyst", "en-GB", 90*time.Second
	u.TimeZone, u.PreviousZone, u.ZoneChangedAt, u.Receipts = "Europe/London", "Asia/Tokyo", 12345, false
	u.Reach, u.DisabledAt, u.OpenOnArrival = sealpost.ReachNobodyNew, 77, true
	u.Previews, u.HideMine = sealpost.PreviewsImmediate, true
	u.Roles = []sealpost.Role{sealpost.RoleAdmin, sealpost.RoleCompliance}
	w.amend(func(a service.Amendment) error {
		if err := a.AddUser(u, "first hash"); err != nil {
			return err
		}
		inside, err := a.User(u.ID) // reads see earlier writes
		same(w, "the user, inside", inside, u)
		return err
	})
	got, err := w.Store.User(ctx(), u.ID)
	w.ok(err)
	same(w, "the user", got, u)
	got, hash, err := w.Store.UserByEmail(ctx(), "aDA@example.ORG")
	w.ok(err)
	same(w, "the user by address", got, u)
	equal(w, "hash", hash, "first hash")
	_, _, err = w.Store.UserByEmail(ctx(), "ada@example.or")
	w.refused(err, sealpost.CodeNotFound)
	_, err = w.Store.User(ctx(), newID[sealpost.UserID](w))
	w.refused(err, sealpost.CodeNotFound)

	taken := w.user("Other")
	taken.Email = "ADA@example.org"
	_, err = w.Store.Amend(ctx(), service.Stamp{}, func(a service.Amendment) ([]byte, error) { return nil, a.AddUser(taken, "x") })
	w.refused(err, sealpost.CodeInvalid)
	var e *sealpost.Error
	if !errors.As(err, &e) || e.Field != "email" {
		w.t.Errorf("the field at fault: %v", err)
	}

	edited := u
	edited.Email, edited.CreatedAt = "new@example.org", 99 // stay as they are
	edited.Name, edited.Headline, edited.Language, edited.Undo, edited.Receipts = "Ada King", "", "", 0, true
	edited.OpenOnArrival, edited.Previews, edited.HideMine = false, sealpost.PreviewsAfterWindow, false
	edited.TimeZone, edited.PreviousZone, edited.ZoneChangedAt, edited.Roles = "UTC", "", 0, nil
	w.amend(func(a service.Amendment) error {
		if err := a.PutUser(edited); err != nil {
			return err
		}
		return a.SetPassword(u.ID, "second hash")
	})
	edited.Email, edited.CreatedAt = u.Email, u.CreatedAt
	got, hash, err = w.Store.UserByEmail(ctx(), u.Email)
	w.ok(err)
	if len(got.Roles) == 0 {
		got.Roles = nil
	}
	same(w, "the edited user", got, edited)
	equal(w, "hash", hash, "second hash")
}

func amendRollsBack(_ *testing.T, w *world) {
	u := w.people(2)
	decision := newID[sealpost.DecisionID](w)
	stamp := service.Stamp{Audit: service.Audit{Decision: decision, Actor: u[0], Action: "test"}, Key: "key"}
	c, added := newID[sealpost.ConversationID](w), w.user("Never")
	session := service.Session{ID: newID[sealpost.SessionID](w), UserID: u[0], Kind: service.SignIn, Hash: sha256.Sum256([]byte("never"))}
	_, err := w.Store.Amend(ctx(), stamp, func(a service.Amendment) ([]byte, error) {
		p, err := a.Policy()
		p.Version++
		err = errors.Join(err, a.AddUser(added, ""), a.AddSession(session), a.AddPolicy(p), a.SetPassword(u[0], "changed"),
			a.PutUser(sealpost.User{ID: u[0], Name: "Changed"}), a.AddConversation(sealpost.Conversation{ID: c, Kind: sealpost.Group}, u, u[0]))
		if err != nil {
			w.t.Errorf("inside: %v", err)
		}
		return nil, errPure
	})
	if !errors.Is(err, errPure) {
		w.t.Errorf("got %v, want the error of the function itself", err)
	}
	_, err = w.Store.User(ctx(), added.ID)
	w.refused(err, sealpost.CodeNotFound)
	_, _, err = w.Store.SessionByHash(ctx(), session.Hash)
	w.refused(err, sealpost.CodeNotFound)
	p, err := w.Store.Policy(ctx())
	w.ok(err)
	equal(w, "version", p.Version, int64(1))
	user, hash, err := w.Store.UserByEmail(ctx(), w.mustUser(u[0]).Email)
	w.ok(err)
	equal(w, "name", user.Name, "Person 0")
	equal(w, "hash", hash, "hash")
	equal(w, "conversation", knows(w, c, u[0]), false)
	log, err := w.Store.AuditLog(ctx(), service.AuditQuery{Limit: 10})
	w.ok(err)
	equal(w, "entries", len(log), 0)
	// The key is free, and the second attempt is the first that counts.
	r, err := w.Store.Amend(ctx(), stamp, func(a service.Amendment) ([]byte, error) {
		a.SetDetail(`{"said":"inside"}`)
		return nil, nil
	})
	w.ok(err)
	equal(w, "replay", r == nil, true)
	log, err = w.Store.AuditLog(ctx(), service.AuditQuery{Limit: 10})
	w.ok(err)
	if len(log) != 1 || log[0].Decision != decision || log[0].Action != "test" || log[0].Detail != `{"said":"inside"}` || log[0].Actor != u[0] || log[0].At == 0 {
		w.t.Errorf("audit log: %+v", log)
	}
}

func (w *world) mustUser(id sealpost.UserID) sealpost.User {
	w.t.Helper()
	u, err := w.Store.User(ctx(), id)
	w.ok(err)
	return u
}

// Under one key there is one outcome. What was refused uses up none, and another request
// gets the same answer from every store.
func amendUnderKey(_ *testing.T, w *world) {
	u := w.people(2)
	under := func(user sealpost.UserID, request byte, result []byte, err error) (*service.Replay, error) {
		stamp := service.Stamp{Audit: service.Audit{Actor: user}, Key: "key", Request: [32]byte{request}}
		return w.Store.Amend(ctx(), stamp, func(service.Amendment) ([]byte, error) { return result, err })
	}
	for range 2 {
		_, err := under(u[0], 1, nil, sealpost.NotFound())
		same(w, "a refusal", err, error(sealpost.NotFound()))
	}
	r, err := under(u[0], 2, []byte("first"), nil)
	w.ok(err)
	equal(w, "replay", r == nil, true)
	for _, second := range []error{nil, sealpost.NotFound()} {
		r, err = under(u[0], 2, []byte("second"), second)
		w.ok(err)
		equal(w, "the outcome", string(r.Result), "first")
		_, err = under(u[0], 3, nil, second)
		same(w, "another request", err, error(sealpost.KeyUsed()))
	}
	r, err = under(u[1], 3, nil, nil)
	w.ok(err)
	equal(w, "replay of somebody else's", r == nil, true)
}

func sessions(_ *testing.T, w *world) {
	u := w.people(2)
	now, err := w.Store.Now(ctx())
	w.ok(err)
	add := func(user sealpost.UserID, kind service.SessionKind, secret string, expires sealpost.Instant) service.Session {
		v := service.Session{
			ID: newID[sealpost.SessionID](w), UserID: user, Kind: kind, Hash: sha256.Sum256([]byte(secret)),
			Label: "label of " + secret, CreatedAt: now, ExpiresAt: expires,
		}
		w.amend(func(a service.Amendment) error { return a.AddSession(v) })
		return v
	}
	hour := add(u[0], service.SignIn, "an hour", now.Add(time.Hour))
	forever := add(u[0], service.SignIn, "for ever", 0)
	token := add(u[0], service.APIToken, "token", 0)
	list := func(kind service.SessionKind) []sealpost.SessionID {
		w.t.Helper()
		all, err := w.Store.Sessions(ctx(), u[0], kind)
		w.ok(err)
		var out []sealpost.SessionID
		for _, v := range all {
			out = append(out, v.ID)
		}
		return out
	}
	v, user, err := w.Store.SessionByHash(ctx(), hour.Hash)
	w.ok(err)
	same(w, "the session", v, hour)
	equal(w, "its user", user.ID, u[0])
	equal(w, "its user's name", user.Name, "Person 0")
	sameOrder(w, "sign-ins, newest first", list(service.SignIn), []sealpost.SessionID{forever.ID, hour.ID})
	sameOrder(w, "tokens", list(service.APIToken), []sealpost.SessionID{token.ID})
	w.Clock(59 * time.Minute)
	_, _, err = w.Store.SessionByHash(ctx(), hour.Hash)
	w.ok(err)
	w.Clock(time.Minute)
	for range 2 {
		_, _, err = w.Store.SessionByHash(ctx(), hour.Hash)
		w.refused(err, sealpost.CodeNotFound)
		sameOrder(w, "sign-ins after an hour", list(service.SignIn), []sealpost.SessionID{forever.ID})
		w.Clock(time.Second)
		w.ok(w.Store.Sweep(ctx()))
	}
	end := func(user sealpost.UserID, id sealpost.SessionID) error {
		_, err := w.Store.Amend(ctx(), service.Stamp{}, func(a service.Amendment) ([]byte, error) { return nil, a.EndSession(user, id) })
		return err
	}
	w.refused(end(u[1], forever.ID), sealpost.CodeNotFound)
	w.ok(end(u[0], forever.ID))
	w.refused(end(u[0], forever.ID), sealpost.CodeNotFound)
	_, _, err = w.Store.SessionByHash(ctx(), forever.Hash)
	w.refused(err, sealpost.CodeNotFound)
	_, _, err = w.Store.SessionByHash(ctx(), token.Hash)
	w.ok(err)
}

func policies(_ *testing.T, w *world) {
	first, err := w.Store.Policy(ctx())
	w.ok(err)
	first.ChangedAt = 0
	same(w, "the first policy", first, policy.Default())
	u := w.people(1)
	set := w.setPolicy(func(p *policy.Policy) {
		*p = policy.Policy{
			Version: p.Version, Recall: false, Window: 11 * time.Second, PerConversationDay: policy.MaxCount,
			Throttle: policy.Throttle{Messages: 1, Recipients: 2, Refusals: 3, Period: 61 * time.Second},
			Group:    policy.GroupAllOrNothing, Trace: sealpost.TraceNever, Previews: sealpost.PreviewsOff, NotificationDelay: time.Millisecond,
			UndoDefault: 7 * time.Second, Reason: "Weil es so ist: «ja» 🙂", ChangedBy: u[0], ChangedAt: 42,
		}
	})
	got, err := w.Store.Policy(ctx())
	w.ok(err)
	same(w, "the second policy", got, set)
	for _, page := range []struct {
		before int64
		limit  int
		want   []int64
	}{{0, 10, []int64{2, 1}}, {0, 1, []int64{2}}, {2, 10, []int64{1}}, {1, 10, nil}} {
		versions, err := w.Store.Policies(ctx(), page.before, page.limit)
		w.ok(err)
		var numbers []int64
		for _, v := range versions {
			numbers = append(numbers, v.Version)
		}
		same(w, "versions", numbers, page.want)
	}
	all, err := w.Store.Policies(ctx(), 0, 1)
	w.ok(err)
	same(w, "the newest version", all[0], set)
}

func drafts(_ *testing.T, w *world) {
	u := w.people(2)
	c := w.group(u...)
	var want []sealpost.DraftID // newest first
	var made []sealpost.Draft
	for range 5 {
		id, draft := newID[sealpost.MessageID](w), newID[sealpost.DraftID](w)
		w.must(send(c, u[0], id, sending{hold: time.Minute}), "pending")
		w.must(undo(c, u[0], id, draft), "undone")
		want = append([]sealpost.DraftID{draft}, want...)
		d, err := w.Store.Draft(ctx(), u[0], draft)
		w.ok(err)
		equal(w, "from", d.FromMessage, id)
		equal(w, "conversation", d.ConversationID, c)
		equal(w, "expires", d.ExpiresAt, d.CreatedAt.Add(sealpost.DraftLife))
		equal(w, "body", string(d.Content.Body), "a draft")
		made = append(made, d)
	}
	var got []sealpost.DraftID
	for after := (sealpost.DraftID{}); ; {
		page, err := w.Store.Drafts(ctx(), u[0], after, 2)
		w.ok(err)
		for _, d := range page {
			got = append(got, d.ID)
		}
		if len(page) < 2 {
			break
		}
		after = page[1].ID
	}
	sameOrder(w, "drafts, by pages", got, want)
	_, err := w.Store.Draft(ctx(), u[1], made[0].ID)
	w.refused(err, sealpost.CodeNotFound)
	remove := func(user sealpost.UserID) error {
		_, err := w.Store.Amend(ctx(), service.Stamp{}, func(a service.Amendment) ([]byte, error) { return nil, a.DeleteDraft(user, made[0].ID) })
		return err
	}
	w.refused(remove(u[1]), sealpost.CodeNotFound)
	w.ok(remove(u[0]))
	w.refused(remove(u[0]), sealpost.CodeNotFound)
	w.Clock(sealpost.DraftLife + time.Minute) // R20
	left, err := w.Store.Drafts(ctx(), u[0], sealpost.DraftID{}, 10)
	w.ok(err)
	equal(w, "drafts after a day", len(left), 0)
	_, err = w.Store.Draft(ctx(), u[0], made[1].ID)
	w.refused(err, sealpost.CodeNotFound)
	w.ok(w.Store.Sweep(ctx()))
	n, _, err := w.Store.Wrapped(ctx(), epoch, 10)
	w.ok(err)
	equal(w, "wraps of drafts after a sweep", n, 0)
}

func auditPages(_ *testing.T, w *world) {
	u := w.people(2)
	c := w.group(u...)
	for range 9 {
		w.say(c, u[0])
	}
	var revs []int64
	for before := (sealpost.DecisionID{}); ; {
		page, err := w.Store.AuditLog(ctx(), service.AuditQuery{Before: before, Limit: 4})
		w.ok(err)
		for _, e := range page {
			revs = append(revs, e.Rev)
		}
		if len(page) < 4 {
			break
		}
		before = page[3].Decision
		w.say(c, u[0])
	}
	sameOrder(w, "revs, by pages", revs, []int64{9, 8, 7, 6, 5, 4, 3, 2, 1})
}
