package storetest

import (
	"testing"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func importCases() map[string]func(*testing.T, *world) {
	return map[string]func(*testing.T, *world){
		"ProfilesAreFoundByTheirSource": profilesBySource,
		"ProfilesAreSeenByWhoKnowsThem": profilesInSight,
		"ConnectionsHaveTheirTime":      connectedSince,
		"ImportedMessages":              importedMessages,
		"ImportedCountForNoThrottle":    importedThrottle,
		"HiddenFromAnAccount":           importedHidden,
		"ImportedIsNoConsent":           importedIsNoConsent,
		"RevealedToWhoBringsItInToo":    importedRevealed,
	}
}

// profile adds somebody without account.
func (w *world) profile(name, source string) sealpost.UserID {
	w.t.Helper()
	u := w.user(name)
	u.Email, u.Roles = "", nil
	w.amend(func(a service.Amendment) error {
		if err := a.AddUser(u, ""); err != nil {
			return err
		}
		return a.SetProfile(u.ID, source, true)
	})
	return u.ID
}

func profilesBySource(_ *testing.T, w *world) {
	ben, cat := w.profile("Ben", "https://e.org/ben"), w.profile("Cat", "https://e.org/cat")
	w.amend(func(a service.Amendment) error {
		u, err := a.UserBySource("https://e.org/ben")
		w.ok(err)
		equal(w, "who it is", u.ID, ben)
		equal(w, "without account", u.Profile && !u.Open(), true)
		equal(w, "source", u.Source, "https://e.org/ben")
		for _, none := range []string{"", "https://e.org/Ben", "https://e.org/be_"} {
			_, err = a.UserBySource(none)
			w.refused(err, sealpost.CodeNotFound)
		}
		u.Name = "Benjamin"
		w.ok(a.PutUser(u)) // changes neither
		return a.SetProfile(ben, u.Source, false)
	})
	u, err := w.Store.User(ctx(), ben)
	w.ok(err)
	equal(w, "claimed", u.Open() && !u.Profile && u.Source == "https://e.org/ben" && u.Name == "Benjamin", true)
	w.amend(func(a service.Amendment) error { return a.Erase(cat) })
	w.amend(func(a service.Amendment) error {
		_, err := a.UserBySource("https://e.org/cat")
		w.refused(err, sealpost.CodeNotFound)
		admins, err := a.Admins(ben)
		equal(w, "admins", len(admins), 0)
		return err
	})
}

func profilesInSight(_ *testing.T, w *world) {
	u := w.people(3)
	ben, cat := w.profile("Ben", "b"), w.profile("Cat", "c")
	w.amend(func(a service.Amendment) error { return a.ConnectSince(u[0], ben, 7) })
	c := w.group(u[1], cat)
	w.must(w.importing(c, u[1], 1000, false), "imported")
	inbox, err := w.Store.Inbox(ctx(), service.InboxQuery{Viewer: u[1], Limit: 10})
	w.ok(err)
	for _, t := range []service.Thread{w.thread(c, u[1]), inbox[0].Thread} {
		for _, m := range t.Members {
			equal(w, "a member without account", m.Profile, m.UserID == cat)
		}
	}
	find := func(viewer sealpost.UserID) int {
		all, err := w.Store.FindPeople(ctx(), service.PeopleQuery{Viewer: viewer, Limit: 10})
		w.ok(err)
		return len(all)
	}
	equal(w, "a connection finds", find(u[0]), 4)
	equal(w, "one of a conversation finds", find(u[1]), 4)
	equal(w, "a stranger finds", find(u[2]), 3)
	for viewer, knows := range map[sealpost.UserID]sealpost.UserID{u[0]: ben, u[1]: cat} {
		_, err := w.Store.Person(ctx(), viewer, knows)
		w.ok(err)
		_, err = w.Store.Person(ctx(), u[2], knows)
		w.refused(err, sealpost.CodeNotFound)
	}
	w.amend(func(a service.Amendment) error {
		s, err := a.Standing(ben, u[0], newID[sealpost.ConversationID](w))
		equal(w, "to be written to", s.Disabled, true)
		if err != nil {
			return err
		}
		// R31: to know the same profile is no connection in common.
		v, err := a.User(u[2])
		v.Reach = sealpost.ReachSecond
		w.ok(err)
		w.ok(a.PutUser(v))
		w.ok(a.ConnectSince(u[2], ben, 8))
		s, err = a.Standing(u[2], u[0], newID[sealpost.ConversationID](w))
		equal(w, "shared through a profile", s.Shared, false)
		w.ok(a.SetProfile(ben, "b", false))
		w.ok(err)
		s, err = a.Standing(u[2], u[0], newID[sealpost.ConversationID](w))
		equal(w, "shared through an account", s.Shared, true)
		return err
	})
}

func connectedSince(_ *testing.T, w *world) {
	u := w.people(2)
	w.amend(func(a service.Amendment) error { return a.ConnectSince(u[0], u[1], 77) })
	w.amend(func(a service.Amendment) error { return a.ConnectSince(u[1], u[0], 99) }) // the first stays
	for i, owner := range u {
		all, err := w.Store.Connections(ctx(), service.ContactQuery{Owner: owner, Limit: 10})
		w.ok(err)
		if len(all) != 1 || all[0].Since != 77 || all[0].User.ID != u[1-i] {
			w.t.Errorf("connections %+v", all)
		}
	}
}

// importing is a decision that brings two messages of a sender in, a microsecond apart.
func (w *world) importing(in sealpost.ConversationID, from sealpost.UserID, at sealpost.Instant, hidden bool) command {
	ids := []sealpost.MessageID{newID[sealpost.MessageID](w), newID[sealpost.MessageID](w)}
	return command{name: "import", ask: service.Ask{Conversation: in, From: at, Until: at + 10}, do: func(s service.Snapshot) (service.Change, string, error) {
		c := service.Change{Audit: service.Audit{Action: "message.import"}}
		for i, id := range ids {
			how := sealpost.Imported{Now: s.Now, At: at + sealpost.Instant(i), Seq: s.Conversation.Seq + int64(i) + 1, PolicyVersion: s.Policy.Version, SenderHidden: hidden}
			for _, p := range s.Participants {
				c.Recount = append(c.Recount, p.UserID)
				if p.UserID != from {
					how.Recipients = append(how.Recipients, sealpost.ImportRecipient{UserID: p.UserID, Hidden: hidden})
				}
			}
			m := sealpost.Message{ID: id, ConversationID: in, SenderID: from, Content: sealpost.Sealed{Version: 1, Body: []byte{1}, Ref: -1, Wrapped: []byte{2}}}
			c.Insert = append(c.Insert, sealpost.Import(m, how))
		}
		return c, "imported", nil
	}}
}

func importedMessages(_ *testing.T, w *world) {
	u := w.people(2)
	c := w.group(u...)
	native := w.say(c, u[0])
	before := w.now
	w.must(w.importing(c, u[1], 5000, false), "imported")
	placed := w.inside(service.Ask{Conversation: c, From: 5000, Until: 5001}).Placed
	if len(placed) != 1 || placed[0].SentAt != 5000 {
		w.t.Errorf("placed %+v", placed)
	}
	equal(w, "of all times", len(w.inside(service.Ask{Conversation: c, From: 1, Until: 1 << 62}).Placed), 3)
	equal(w, "unasked", len(w.inside(service.Ask{Conversation: c}).Placed), 0)
	for _, viewer := range u {
		messages, err := w.Store.History(ctx(), service.HistoryQuery{Conversation: c, Viewer: viewer, Limit: 10})
		w.ok(err)
		if len(messages) != 3 || messages[0].ID != native || messages[0].Imported || !messages[1].Imported || !messages[2].WindowOver ||
			messages[1].SentAt != 5001 || messages[2].SentAt != 5000 {
			w.t.Errorf("history %+v", messages)
		}
		equal(w, "changed", len(w.changes(c, viewer, before).Messages), 2)
	}
	t := w.thread(c, u[1])
	equal(w, "unread", t.Unread, 1) // the native one
	equal(w, "activity", t.LastActivityAt, before)
	equal(w, "positions have no gaps (I5)", w.inside(service.Ask{Conversation: c}).Conversation.Seq, 3)
}

func importedThrottle(_ *testing.T, w *world) {
	w.setPolicy(func(p *policy.Policy) { p.Throttle.Messages, p.Throttle.Recipients = 1, 1 })
	u := w.people(3)
	c, other := w.group(u[0], u[1]), w.group(u...)
	m := w.say(c, u[0])
	w.must(w.importing(other, u[0], w.now-100, false), "imported")
	w.say(other, u[0])
	facts := w.inside(service.Ask{Conversation: c, Actor: u[0], Message: m, Recall: true}).Recall
	equal(w, "messages too many", facts.MessagesOver, 0)
}

// What is brought in by another and hidden from an account has never been there for it.
func importedHidden(_ *testing.T, w *world) {
	u := w.people(2)
	c := w.group(u...)
	w.must(w.importing(c, u[1], 5000, true), "imported")
	equal(w, "the sender knows of the conversation", knows(w, c, u[1]), false)
	for _, viewer := range u {
		sameOrder(w, "history", w.history(c, viewer), []sealpost.MessageID{})
		if set := w.changes(c, viewer, 0); len(set.Messages)+len(set.Vanished) != 0 {
			w.t.Errorf("changes %+v", set)
		}
	}
	sameOrder(w, "inbox", w.inbox(u[1], service.FilterAll), []sealpost.ConversationID{})
}

// What an archive says of two people makes nothing exist between them, and no request
// ordinary, whoever is said to have written it; what they do themselves does (R31).
func importedIsNoConsent(_ *testing.T, w *world) {
	for sender := range 2 {
		u := w.people(2)
		in := w.direct(u[0], u[1])
		w.must(w.importing(in, u[sender], 5000, false), "imported")
		existing := func(what string, want bool) {
			w.t.Helper()
			w.amend(func(a service.Amendment) error {
				s, err := a.Standing(u[1], u[0], in)
				equal(w, what+": existing", s.Existing, want)
				return err
			})
			all, _ := sealpost.FindParticipant(w.inside(service.Ask{Conversation: in, Actor: u[0], Reach: true}).Participants, u[1])
			equal(w, what+": existing in a decision", all.Standing.Existing, want)
		}
		existing("imported", false)
		equal(w, "a request, imported", w.requestOf(in, u[1]), sealpost.RequestNone)
		w.setPolicy(many)
		id := w.say(in, u[0])
		existing("a request", false)
		equal(w, "a request", w.requestOf(in, u[1]), sealpost.RequestPending)
		w.must(recallOf(in, u[0], id, sealpost.DraftID{}), "recalled")
		equal(w, "a request, recalled", w.requestOf(in, u[1]), sealpost.RequestNone)
		w.say(in, u[0])
		w.mustRun(answer(in, u[1], sealpost.ConsentAccepted))
		existing("accepted", true)
		w.amend(func(a service.Amendment) error { return a.SetConsent(in, u[1], sealpost.ConsentDeclined) }) // too late
		existing("accepted before", true)
	}
}

// Who brings in what was hidden from them has it, as a change; nobody else notices.
func importedRevealed(_ *testing.T, w *world) {
	u := w.people(2)
	in := w.direct(u[0], u[1])
	w.must(w.importing(in, u[1], 5000, true), "imported")
	w.must(w.importing(in, u[0], 6000, true), "imported")
	for i, viewer := range u {
		look := service.Ask{Conversation: in, From: 5000, Until: 6001, Subject: viewer}
		equal(w, "unseen", len(w.inside(look).Unseen), 3)
		before := w.now
		w.must(command{name: "reveal", ask: look, do: func(s service.Snapshot) (service.Change, string, error) {
			c := service.Change{Audit: service.Audit{Action: "message.import"}, Recount: []sealpost.UserID{viewer}}
			for _, m := range s.Unseen {
				shown, changed := sealpost.Reveal(m, viewer, s.Now)
				equal(w, "revealed", changed, true)
				update := service.Update{Message: shown}
				if d, ok := shown.DeliveryTo(viewer); ok {
					update.Deliveries = []sealpost.Delivery{d}
				}
				c.Update = append(c.Update, update)
			}
			return c, "revealed", nil
		}}, "revealed")
		equal(w, "unseen after it", len(w.inside(look).Unseen), 0)
		equal(w, "history", len(w.history(in, viewer)), 3)
		equal(w, "changes", len(w.changes(in, viewer, before).Messages), 3)
		equal(w, "changes of the other", len(w.changes(in, u[1-i], before).Messages), 0)
		sameOrder(w, "inbox", w.inbox(viewer, service.FilterAll), []sealpost.ConversationID{in})
	}
}
