//go:build sealtest

package crash_test

import (
	"net/http"
	"slices"

	"github.com/google/uuid"

	"github.com/sealpost/sealpost/api"
)

// The stories of what stands around the messages: drafts, groups, the network, and
// what is done when it is too late for a recall.

// note is a draft that somebody keeps.
type note struct{ owner, id, body string }

// drafted: a draft is begun, changed on one device, and sent; another is kept, a
// third thrown away. A draft is never doubled, and never sent twice (I8).
func drafted(s *story) {
	s.group(s.first)
	sent, kept, gone := s.newDraft("sent"), s.newDraft("kept"), s.newDraft("gone")
	r := request{
		as: s.sender, method: http.MethodPut, path: "/drafts/" + kept.id, key: uuid.NewString(), ifMatch: `"1"`,
		body: api.WriteDraft{Body: kept.body + " (changed)"},
	}
	for range 2 { // with another key the second would be refused
		var d api.Draft
		a := s.repeat(&act{what: "put draft"}, r)
		s.wants("put draft", a, http.StatusOK)
		if s.decode(a, &d); d.Version != 2 {
			s.fail("%s: a draft that was changed once is at version %d", s.name, d.Version)
		}
	}
	r.key = uuid.NewString()
	s.wants("a stale put", s.repeat(&act{what: "put draft"}, r), http.StatusPreconditionFailed)
	kept.body += " (changed)"

	f := s.newFact(s.first)
	s.send(f, api.SendMessage{DraftID: sent.id, DraftVersion: 1})
	for range 2 {
		s.wants("delete draft", s.repeat(&act{what: "delete draft"}, request{
			as: s.sender, method: http.MethodDelete, path: "/drafts/" + gone.id, key: gone.id,
		}), http.StatusNoContent)
	}
	s.note(func() { s.notes = append(s.notes, kept) })
}

// newDraft begins a draft; the repetition of the key must not begin another.
func (s *story) newDraft(what string) note {
	n := note{owner: s.sender.id, body: token + s.name + " " + what}
	r := request{as: s.sender, method: http.MethodPost, path: "/drafts", key: uuid.NewString(), body: api.WriteDraft{Body: n.body}}
	for range 2 {
		var d api.Draft
		a := s.repeat(&act{what: "draft"}, r)
		s.wants("draft", a, http.StatusCreated)
		if s.decode(a, &d); n.id != "" && n.id != d.ID {
			s.fail("%s: one key began two drafts", s.name)
		}
		n.id = d.ID
	}
	return n
}

// acquainted: an invitation with a note, accepted. There is one, and one connection.
func acquainted(s *story) {
	invite := request{
		as: s.sender, method: http.MethodPost, path: "/invitations", key: uuid.NewString(),
		body: api.InviteUser{UserID: s.first.id, Note: "We met."},
	}
	var v api.Invitation
	for range 2 {
		before := v.ID
		a := s.repeat(&act{what: "invite"}, invite)
		s.wants("invite", a, http.StatusCreated)
		if s.decode(a, &v); before != "" && before != v.ID {
			s.fail("%s: one key made two invitations", s.name)
		}
	}
	accept := request{as: s.first, method: http.MethodPost, path: "/invitations/" + v.ID + "/accept", key: uuid.NewString()}
	for range 2 {
		a := s.repeat(&act{what: "accept"}, accept)
		s.wants("accept", a, http.StatusOK)
		if s.decode(a, &v); v.State != "accepted" {
			s.fail("%s: an accepted invitation is %s", s.name, v.State)
		}
	}
	s.note(func() { s.pairs = append(s.pairs, [2]person{s.sender, s.first}) })
}

// regrouped: a group is named, muted, and loses somebody before the first message
// (R33).
func regrouped(s *story) {
	s.group(s.first, s.next)
	path := "/conversations/" + s.conversation
	for _, r := range []request{
		{as: s.sender, method: http.MethodPatch, path: path, body: api.ChangeConversation{Title: s.name + " anew"}},
		{as: s.sender, method: http.MethodPut, path: path + "/mute"},
		{as: s.sender, method: http.MethodDelete, path: path + "/participants/" + s.next.id},
	} {
		r.key = uuid.NewString()
		first := s.repeat(&act{what: r.method + " group"}, r)
		if second := s.repeat(&act{what: r.method + " group"}, r); first.problem != nil || second.status != first.status {
			s.fail("%s: %s %s: %d, and again %d", s.name, r.method, r.path, first.status, second.status)
		}
	}
	f := s.newFact(s.first)
	s.send(f, api.SendMessage{})
	s.open(s.first, f, f)
	var c api.Conversation
	s.get(s.sender, path, &c)
	left := slices.IndexFunc(c.Participants, func(p api.Participant) bool { return p.UserID == s.next.id && p.LeftAt != nil })
	if c.Title != s.name+" anew" || !c.Muted || left < 0 && len(c.Participants) != 2 {
		s.fail("%s: the group is %+v", s.name, c)
	}
}

// regretted: what was opened cannot be recalled. The sender asks to disregard it, the
// recipient acknowledges, and reports it, which freezes the text (R23).
func regretted(s *story) {
	s.group(s.first)
	f := s.newFact(s.first)
	s.send(f, api.SendMessage{})
	s.open(s.first, f, f)
	if p := s.recall(f, false); p == nil || p.Code != "opened" {
		s.fail("%s: a recall of what was opened: %+v", s.name, p)
	}
	asked := s.disregard(f)
	s.open(s.first, asked, f, asked)
	answer := request{
		as: s.first, method: http.MethodPost, path: "/messages/" + asked.id + "/acknowledge", key: uuid.NewString(), body: api.Acknowledge{},
	}
	for range 2 {
		a := s.repeat(&act{what: "acknowledge", message: asked.id, actions: []string{"message.acknowledge"}}, answer)
		s.wants("acknowledge", a, http.StatusOK)
	}
	asked.audit["message.acknowledge"] = 1
	flag := request{
		as: s.first, method: http.MethodPost, path: "/messages/" + f.id + "/flag", key: uuid.NewString(),
		body: api.FlagMessage{Reason: "confidential", Note: token + "a note"},
	}
	var v api.Flag
	for range 2 {
		before := v.ID
		a := s.repeat(&act{what: "flag", message: f.id, actions: []string{"flag.create"}}, flag)
		s.wants("flag", a, http.StatusCreated)
		if s.decode(a, &v); before != "" && before != v.ID {
			s.fail("%s: one key made two reports", s.name)
		}
	}
	f.audit["flag.create"] = 1
	s.note(func() { s.flags[s.first.id]++ })
}

// disregard asks to disregard a message, twice with one key and once with another:
// there is one such request.
func (s *story) disregard(f *fact) *fact {
	r := request{as: f.sender, method: http.MethodPost, path: "/messages/" + f.id + "/disregard", key: uuid.NewString()}
	var m api.Message
	for _, key := range []string{r.key, r.key, uuid.NewString()} {
		r.key = key
		before := m.ID
		a := s.repeat(&act{what: "disregard"}, r)
		s.wants("disregard", a, http.StatusCreated)
		if s.decode(a, &m); m.Content == nil || before != "" && before != m.ID {
			s.fail("%s: a repeated request to disregard is another one", s.name)
		}
	}
	asked := &fact{
		id: m.ID, conversation: f.conversation, sender: f.sender, readers: f.readers, body: m.Content.Body,
		audit: map[string]int{"message.send": 1},
	}
	s.note(func() { s.facts = append(s.facts, asked) })
	return asked
}

// checkNetwork wants every connection that was made once on both sides, and every
// report in its reporter's list.
func (w *world) checkNetwork() {
	for _, pair := range w.pairs {
		for i, p := range pair {
			var page api.Connections
			w.get(p, "/connections?limit=200", &page)
			n := 0
			for _, c := range page.Items {
				if c.User.ID == pair[1-i].id {
					n++
				}
			}
			if n != 1 {
				w.fail("%s is connected with %s %d times", p, pair[1-i], n)
			}
		}
	}
	for _, p := range w.people[1:] {
		var page api.Flags
		w.get(p, "/flags?limit=200", &page)
		if len(page.Items) != w.flags[p.id] {
			w.fail("%s has %d reports and made %d", p, len(page.Items), w.flags[p.id])
		}
	}
	log := w.log(func(path string, out any) { w.get(w.people[0], path, out) })[""]
	for action, want := range map[string]int{"invitation.send": len(w.pairs), "invitation.accept": len(w.pairs), "draft.put": len(w.notes), "draft.delete": len(w.notes), "draft.add": 3 * len(w.notes)} {
		if got := len(log[action]); got != want {
			w.fail("the log has %d entries %s, want %d", got, action, want)
		}
	}
}
