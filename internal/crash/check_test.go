//go:build sealtest

package crash_test

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/sealpost/sealpost/api"
)

// draftLife is how long a draft of a recalled text is kept (R20).
const draftLife = 24 * time.Hour

// check compares what the server says with what the clients were told, by every
// viewer's own eyes. It ends by opening what is still sealed: nothing that was
// acknowledged may be unreadable (I8).
func (w *world) check() {
	w.awaitDue()
	w.checkInboxes()
	w.checkHistories(false)
	w.checkReports()
	w.checkDrafts()
	w.checkNetwork()
	w.openRest()
	w.checkHistories(true)
	w.checkSearch()
	w.checkAudit()
}

// checkSearch waits until every reader finds every text that they have opened: a
// crash of the indexer loses none and doubles none.
func (w *world) checkSearch() {
	for _, viewer := range w.people[1:] {
		want := map[string]bool{}
		for _, f := range w.facts {
			if has := f.has(viewer); has == "opened" || has == "sealed" { // all of which were opened
				want[f.id] = true
			}
		}
		var page api.Found
		got := map[string]bool{}
		for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
			clear(got)
			w.get(viewer, "/search?limit=200&q=after:2000-01-01", &page)
			for _, m := range page.Items {
				if m.Delivery != "opened" {
					continue // own ones come when they settle
				}
				if got[m.ID] || !want[m.ID] {
					w.fail("%s finds %s twice, or without having it", viewer, m.ID)
				}
				got[m.ID] = true
			}
			if len(got) == len(want) || page.NextCursor != nil {
				break
			}
		}
		if len(got) != len(want) && page.NextCursor == nil {
			w.fail("%s finds %d of %d opened messages", viewer, len(got), len(want))
		}
	}
}

// awaitDue waits until the relay has delivered what is due by the moved clock.
func (w *world) awaitDue() {
	for _, f := range w.facts {
		if !f.pending || f.due == 0 || f.due > w.shift {
			continue
		}
		s := story{world: w, name: "due"}
		s.awaitRelease(f)
	}
}

// has says what a viewer has of a message: absent, own, sealed, opened or recalled.
func (f *fact) has(viewer person) string {
	switch {
	case f.absent:
		return "absent"
	case viewer.id == f.sender.id:
		return "own"
	case f.pending || !slices.ContainsFunc(f.readers, func(p person) bool { return p.id == viewer.id }):
		return "absent"
	case slices.Contains(f.opened, viewer.id):
		return "opened"
	case f.recalled:
		return "recalled"
	}
	return "sealed"
}

// conversations groups the facts.
func (w *world) conversations() map[string][]*fact {
	out := map[string][]*fact{}
	for _, f := range w.facts {
		out[f.conversation] = append(out[f.conversation], f)
	}
	return out
}

func (w *world) checkHistories(opened bool) {
	for id, facts := range w.conversations() {
		for _, viewer := range w.people[1:] {
			w.checkHistory(id, facts, viewer, opened)
		}
	}
}

// checkHistory wants exactly the messages that the viewer may have, each once, in
// its state and with its text.
func (w *world) checkHistory(id string, facts []*fact, viewer person, opened bool) {
	got := w.ask(nil, request{as: viewer, method: http.MethodGet, path: "/conversations/" + id + "/messages?limit=200"})
	if got.status == http.StatusNotFound {
		for _, f := range facts {
			if has := f.has(viewer); has != "absent" && has != "recalled" {
				w.fail("%s does not have the conversation of %q any more", viewer, f.body)
			}
		}
		return
	}
	var page api.History
	w.decode(got, &page)
	found := map[string]api.Message{}
	for _, m := range page.Items {
		if _, twice := found[m.ID]; twice {
			w.fail("%s has message %s twice", viewer, m.ID)
		}
		found[m.ID] = m
	}
	for _, f := range facts {
		m, there := found[f.id]
		delete(found, f.id)
		want := f.has(viewer)
		if opened && want == "sealed" {
			want = "opened"
		}
		if fault := f.compare(m, there, want); fault != "" {
			w.fail("%s sees %q as %s (want %s): %s", viewer, f.body, m.Delivery, want, fault)
		}
	}
	if len(found) > 0 {
		w.fail("%s has %d messages that nobody sent", viewer, len(found))
	}
}

// compare says what is wrong with a message as somebody sees it; empty: nothing.
func (f *fact) compare(m api.Message, there bool, want string) string {
	text := ""
	if m.Content != nil {
		text = m.Content.Body
	}
	switch {
	case want == "absent" && there:
		return "it is there"
	case want == "absent":
		return ""
	case want == "recalled" && !there: // without a trace (R17)
		return ""
	case !there:
		return "it is not there"
	case m.Delivery != want:
		return "another state"
	case (want == "own" && !f.erased() || want == "opened") && text != f.body:
		return "another text, or none"
	case (want == "sealed" || want == "recalled") && m.Content != nil:
		return "it shows its content"
	case want == "own" && f.pending != (m.State == "held" || m.State == "scheduled"):
		return "it is " + m.State
	case want == "own" && f.recalled && (m.RecalledAt == nil || !m.RecalledAt.Equal(f.report.RecalledAt.Time)):
		return "it was recalled at another time"
	}
	return ""
}

// erased says whether nobody has the text any more, its sender included (R18).
func (f *fact) erased() bool { return f.recalled && len(f.opened) == 0 }

// checkInboxes wants every conversation once in its list, with as many unread
// messages as are sealed (I4 of the rules).
func (w *world) checkInboxes() {
	conversations := w.conversations()
	for _, viewer := range w.people[1:] {
		var page api.Inbox
		w.get(viewer, "/conversations?limit=200", &page)
		listed := map[string]int{}
		for _, item := range page.Items {
			listed[item.ID]++
			sealed := 0
			for _, f := range conversations[item.ID] {
				if f.has(viewer) == "sealed" {
					sealed++
				}
			}
			if item.Unread != sealed {
				w.fail("%s has %d unread in %s, and %d sealed", viewer, item.Unread, item.Title, sealed)
			}
		}
		began := 0
		for id, times := range listed {
			if times != 1 {
				w.fail("%s has a conversation %d times in the list", viewer, times)
			}
			if slices.Contains(w.groups[viewer.id], id) {
				began++
			} else if len(conversations[id]) == 0 {
				w.fail("%s has a conversation in the list that nobody was told of", viewer)
			}
		}
		if began != len(w.groups[viewer.id]) {
			w.fail("%s began %d conversations and has %d of them in the list", viewer, len(w.groups[viewer.id]), began)
		}
	}
}

// checkReports wants every recall to have the report that was given first.
func (w *world) checkReports() {
	for _, f := range w.facts {
		if !f.recalled {
			continue
		}
		var r api.Report
		w.get(f.sender, "/messages/"+f.id+"/report", &r)
		if fmt.Sprintf("%+v", flat(r)) != fmt.Sprintf("%+v", flat(f.report)) {
			w.fail("the report of %q is %+v now and was %+v", f.body, flat(r), flat(f.report))
		}
	}
}

// flat is a report without pointers, to compare and to print.
func flat(r api.Report) []any {
	out := []any{r.MessageID, r.Outcome, r.Trace}
	for _, t := range []*api.Time{r.RecalledAt, r.ErasedAt} {
		if t != nil {
			out = append(out, t.UnixMicro())
		}
	}
	if r.DraftID != nil {
		out = append(out, *r.DraftID)
	}
	for _, line := range r.Recipients {
		out = append(out, line.UserID, line.Outcome, line.Level)
	}
	return out
}

// checkDrafts wants the texts that were given back, each once.
func (w *world) checkDrafts() {
	for _, owner := range w.people[1:] {
		want := map[string]string{}
		for _, f := range w.facts {
			if f.sender.id == owner.id && w.shift < draftLife {
				for _, id := range f.drafts {
					want[id] = f.body
				}
			}
		}
		for _, n := range w.notes { // these are kept until they are deleted
			if n.owner == owner.id {
				want[n.id] = n.body
			}
		}
		for path := "/drafts?limit=200"; path != ""; {
			var page api.Drafts
			w.get(owner, path, &page)
			for _, d := range page.Items {
				if body, known := want[d.ID]; !known || body != d.Body {
					w.fail("%s has a draft that is not theirs, twice, or with another text", owner)
				}
				delete(want, d.ID)
			}
			path = ""
			if page.NextCursor != nil {
				path = "/drafts?limit=200&cursor=" + *page.NextCursor
			}
		}
		if len(want) > 0 {
			w.fail("%s lost %d drafts", owner, len(want))
		}
	}
}

// openRest opens everything that is sealed still.
func (w *world) openRest() {
	for id, facts := range w.conversations() {
		for _, viewer := range w.people[1:] {
			var newest *fact
			sealed := map[string]*fact{}
			for _, f := range facts {
				if f.has(viewer) == "sealed" {
					sealed[f.id] = f
				}
			}
			var page api.History
			if len(sealed) == 0 {
				continue
			}
			w.get(viewer, "/conversations/"+id+"/messages?limit=200", &page)
			for _, m := range page.Items {
				if f := sealed[m.ID]; f != nil {
					newest = f
				}
			}
			if newest == nil {
				w.fail("%s does not have what is sealed for them", viewer)
			}
			got := w.ask(nil, request{
				as: viewer, method: http.MethodPost, path: "/conversations/" + id + "/open",
				key: uuid.NewString(), body: api.Open{Through: newest.id},
			})
			var o api.Opened
			w.decode(got, &o)
			if got.status != http.StatusOK || len(o.Messages) != len(sealed) {
				w.fail("%s opened %d of %d sealed messages: %d", viewer, len(o.Messages), len(sealed), got.status)
			}
			for _, m := range o.Messages {
				if f := sealed[m.ID]; f == nil || m.Content == nil || m.Content.Body != f.body {
					w.fail("%s opened a message that reads otherwise than it was sent", viewer)
				}
			}
			newest.audit["message.open"]++
		}
	}
}

// log reads the whole audit log as the administrator, by message and action.
func (w *world) log(read func(path string, out any)) map[string]map[string][]api.AuditEntry {
	out := map[string]map[string][]api.AuditEntry{}
	for path := "/admin/audit?limit=200"; path != ""; {
		var page api.Audit
		read(path, &page)
		for _, e := range page.Items {
			if out[e.MessageID] == nil {
				out[e.MessageID] = map[string][]api.AuditEntry{}
			}
			out[e.MessageID][e.Action] = append(out[e.MessageID][e.Action], e)
		}
		path = ""
		if page.NextCursor != nil {
			path = "/admin/audit?limit=200&cursor=" + *page.NextCursor
		}
	}
	return out
}

// checkAudit wants one entry for each decision, and none besides (R32).
func (w *world) checkAudit() {
	log := w.log(func(path string, out any) { w.get(w.people[0], path, out) })
	for _, f := range w.facts {
		entries := log[f.id]
		for action, want := range f.audit {
			got := len(entries[action])
			if got != want && (want >= 0 || got == 0) {
				w.fail("the log has %d entries %s about %q, want %d", got, action, f.body, want)
			}
			delete(entries, action)
		}
		for action := range entries {
			w.fail("the log has %s about %q, which nobody did", action, f.body)
		}
		delete(log, f.id)
	}
	for id, entries := range log {
		if id != "" {
			w.fail("the log has %d actions about a message that nobody sent", len(entries))
		}
	}
	if got := len(log[""]["policy.change"]); got > 1 {
		w.fail("the policy was changed %d times, want once", got)
	}
	began := 0
	for _, ids := range w.groups {
		began += len(ids)
	}
	if got := len(log[""]["conversation.create"]); got != began {
		w.fail("the log has %d conversations begun, want %d", got, began)
	}
}

// classify asks a server that the clients do not know yet what became of each
// request without an answer.
func (w *world) classify(url string) (happened, not int) {
	log := w.log(func(path string, out any) {
		got, err := w.once(url, request{as: w.people[0], method: http.MethodGet, path: path})
		if err != nil || got.problem != nil {
			w.t.Fatalf("reading the audit log after a crash: %v %s", err, got.body)
		}
		w.decode(got, out)
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range w.acts {
		if a.answered || a.unknown == 0 || len(a.actions) == 0 {
			continue
		}
		did := slices.ContainsFunc(a.actions, func(action string) bool { return len(log[a.message][action]) > 0 })
		a.happened = &did
		if did {
			happened++
		} else {
			not++
		}
	}
	return happened, not
}

// told counts acts: those that were answered, and those that are without an answer
// now.
func (w *world) told() (answered, unknown int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range w.acts {
		switch {
		case a.answered:
			answered++
		case a.unknown > 0:
			unknown++
		}
	}
	return answered, unknown
}

// resolved counts acts that went unanswered once and are answered now; open ones
// are a failure.
func (w *world) resolved() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, a := range w.acts {
		switch {
		case !a.answered:
			w.t.Errorf("%s about %s was never answered", a.what, a.message)
		case a.unknown > 0:
			n++
		}
	}
	return n
}
