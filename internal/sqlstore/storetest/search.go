package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
	"github.com/sealpost/sealpost/internal/words"
)

func searchCases() map[string]func(*testing.T, *world) {
	return map[string]func(*testing.T, *world){
		"OnlyWhatSettled":    searchOnlySettled,
		"OwnWithoutReceipts": searchOwnWithoutReceipts,
		"OnlyOwnEntries":     searchOnlyOwnEntries,
		"NothingOfErased":    searchNothingOfErased,
		"TermsAreNoWords":    searchTermsAreNoWords,
		"Pages":              searchPages,
		"Unindex":            searchUnindex,
		"UnindexWhileRead":   searchUnindexWhileRead,
		"Reindex":            searchReindex,
		"ReindexWhileRead":   searchReindexWhileRead,
		"LongTexts":          searchLongTexts,
		"LongHistory":        searchLongHistory,
		"Names":              searchNames,
		"OfOneMoment":        searchOfOneMoment,
		"SameAsTheModel":     searchSameAsTheModel,
	}
}

// indexing is what the service does with a text, for content that is no secret here.
func indexing(m sealpost.Message, viewer sealpost.UserID, now sealpost.Instant) service.Indexing {
	from, ok := service.Searchable(m, viewer)
	switch {
	case !ok:
		return service.Indexing{}
	case from > now:
		return service.Indexing{Later: from}
	}
	return service.Indexing{Ready: true, Words: words.Indexed(string(m.Content.Body))}
}

// drain works off every job that is due.
func (w *world) drain() { w.t.Helper(); w.drainBy(7) }

func (w *world) drainBy(limit int) {
	w.t.Helper()
	for {
		taken, err := w.Store.Index(ctx(), limit, indexing)
		w.ok(err)
		if taken < limit {
			return
		}
	}
}

// query makes a question of a text, without looking names up.
func (w *world) query(viewer sealpost.UserID, text string) service.SearchQuery {
	w.t.Helper()
	parsed, err := words.Parse(text, time.UTC)
	w.ok(err)
	q := service.SearchQuery{Viewer: viewer, Limit: 200, Count: 1000}
	for _, t := range parsed.Terms {
		q.Conditions = append(q.Conditions, service.SearchCondition{Term: t})
	}
	return q
}

func (w *world) search(q service.SearchQuery) service.SearchResult {
	w.t.Helper()
	out, err := w.Store.Search(ctx(), q)
	w.ok(err)
	return out
}

func hitsOf(r service.SearchResult) []sealpost.MessageID {
	out := []sealpost.MessageID{}
	for _, h := range r.Hits {
		out = append(out, h.Message.ID)
	}
	return out
}

// finds fails unless a viewer finds exactly these, newest first.
func (w *world) finds(viewer sealpost.UserID, text string, want ...sealpost.MessageID) {
	w.t.Helper()
	got := w.search(w.query(viewer, text))
	sameOrder(w, "found: "+text, hitsOf(got), append([]sealpost.MessageID{}, want...))
	equal(w, "total: "+text, got.Total, len(want))
}

// write sends a text.
func (w *world) write(in sealpost.ConversationID, from sealpost.UserID, body string) sealpost.MessageID {
	w.t.Helper()
	id := newID[sealpost.MessageID](w)
	w.must(send(in, from, id, sending{body: body}), "sent")
	return id
}

// removeFor makes a message unreadable, as a removal after review does (R30).
func removeFor(in sealpost.ConversationID, id sealpost.MessageID) command {
	c := command{name: "remove", ask: service.Ask{Conversation: in, Message: id}}
	c.do = func(s service.Snapshot) (service.Change, string, error) {
		if s.Message == nil || s.Message.ConversationID != in || s.Message.State != sealpost.Sent {
			return service.Change{}, "nothing to remove", nil
		}
		m := *s.Message
		m.State = sealpost.Removed
		update := service.Update{Message: m}
		change := service.Change{Audit: service.Audit{Action: "message.remove", Message: id}, Unindex: []service.IndexRef{{Message: id}}}
		for _, d := range m.Deliveries {
			d.Visible = false
			update.Deliveries, change.Recount = append(update.Deliveries, d), append(change.Recount, d.UserID)
		}
		change.Update = []service.Update{update}
		return change, "removed", nil
	}
	return c
}

// searchLongHistory: what is frequent, less so, and rare in a long history, all of it
// and page by page. How an engine looks for it depends on that; what it finds does not.
func searchLongHistory(_ *testing.T, w *world) {
	u := w.people(2)
	c := w.group(u...)
	w.setPolicy(func(p *policy.Policy) { p.Throttle.Messages = policy.MaxCount })
	const long = 1100 // more than any sample of an engine
	said := map[string][]sealpost.MessageID{}
	var last sealpost.MessageID
	for i := range long {
		list := []string{"common"}
		if i%40 == 3 {
			list = append(list, "uncommon")
		}
		if i < 2 {
			list = append(list, "rare")
		}
		last = w.write(c, u[0], strings.Join(list, " "))
		for _, word := range list {
			said[word] = append([]sealpost.MessageID{last}, said[word]...)
		}
		if i%service.OpenLimit == service.OpenLimit-1 || i == long-1 {
			w.must(openThrough(c, u[1], last), "opened")
		}
	}
	for taken := 1; taken > 0; {
		var err error
		taken, err = w.Store.Index(ctx(), 500, indexing)
		w.ok(err)
	}
	for word, want := range said {
		for _, limit := range []int{7, 30, 200} {
			q := w.query(u[1], word)
			q.Limit = limit
			var got []sealpost.MessageID
			for {
				r := w.search(q)
				equal(w, "total of "+word, r.Total, min(len(want), q.Count))
				got = append(got, hitsOf(r)...)
				if len(r.Hits) < limit || len(got) > len(want) {
					break
				}
				at := r.Hits[limit-1].Message
				q.BeforeAt, q.BeforeID = at.SentAt, at.ID
			}
			sameOrder(w, fmt.Sprintf("all of %s, %d a page", word, limit), got, want)
		}
	}
	q := w.query(u[1], "uncommon")
	fourth, err := w.Store.Message(ctx(), said["uncommon"][3], u[1])
	w.ok(err)
	q.Until = fourth.SentAt
	sameOrder(w, "before a time", hitsOf(w.search(q)), said["uncommon"][4:])
	w.finds(u[1], "common -uncommon rare", said["rare"]...)
}

// R3: what is sealed, recalled, held or scheduled is in nobody's index; an opened
// message is in the opener's, and in the sender's; a message whose window is over in
// the sender's only.
func searchOnlySettled(_ *testing.T, w *world) {
	u := w.people(3)
	c := w.group(u...)
	sealed := w.write(c, u[0], "a walrus, sealed")
	w.must(send(c, u[0], newID[sealpost.MessageID](w), sending{body: "a walrus, held", hold: time.Hour}), "pending")
	w.must(send(c, u[0], newID[sealpost.MessageID](w), sending{body: "a walrus, scheduled", later: time.Hour}), "pending")
	recalled := w.write(c, u[0], "a walrus, recalled")
	w.must(recallOf(c, u[0], recalled, sealpost.DraftID{}), "recalled")
	w.drain()
	for _, viewer := range u {
		w.finds(viewer, "walrus")
		w.finds(viewer, "after:1999-01-01")
	}
	w.must(openThrough(c, u[1], sealed), "opened")
	w.drain()
	w.finds(u[1], "Wálrus", sealed)
	w.finds(u[0], "walrus sealed", sealed) // the receipt tells of it
	w.finds(u[2], "walrus")
	for _, h := range w.search(w.query(u[0], "walrus")).Hits {
		equal(w, "deliveries that the sender gets", len(h.Message.Deliveries), 2)
	}
	over := w.write(c, u[1], "a heron that nobody opened")
	w.Clock(3 * time.Hour)
	w.must(closeWindows(c), "closed")
	w.Clock(500_000 * time.Hour) // past the epoch that fake content is under
	w.drain()
	w.finds(u[1], "heron", over)
	w.finds(u[0], "heron")
	w.finds(u[2], "heron")
}

// R8, R34: that somebody without receipts opened a message does not show in a search
// of its sender: it comes in when it would have come in unopened.
func searchOwnWithoutReceipts(_ *testing.T, w *world) {
	u := w.people(2)
	w.amend(func(a service.Amendment) error {
		v, err := a.User(u[1])
		v.Receipts = false
		if err != nil {
			return err
		}
		return a.PutUser(v)
	})
	c := w.group(u...)
	id := w.write(c, u[0], "a walrus")
	w.must(openThrough(c, u[1], id), "opened")
	w.drain()
	w.finds(u[1], "walrus", id)
	w.finds(u[0], "walrus")
	w.Clock(4 * time.Hour)
	w.drain()
	w.finds(u[0], "walrus", id)
}

// What others have counts nowhere: not in the hits, not in the total, whatever ids a
// question names (D1).
func searchOnlyOwnEntries(_ *testing.T, w *world) {
	u := w.people(4)
	c, d := w.group(u[:2]...), w.group(u[2:]...)
	mine := w.write(c, u[0], "the walrus and the carpenter")
	for range 5 {
		w.must(openThrough(d, u[3], w.write(d, u[2], "walrus walrus walrus")), "opened")
	}
	w.must(openThrough(c, u[1], mine), "opened")
	w.drain()
	w.finds(u[1], "walrus", mine)
	w.finds(u[1], "wal*", mine)
	w.finds(u[1], "after:1999-01-01", mine)
	q := service.SearchQuery{Viewer: u[1], Limit: 10, Count: 10, Conditions: []service.SearchCondition{
		{Term: words.Term{Words: []string{"walrus"}}, From: []sealpost.UserID{u[2]}, In: []sealpost.ConversationID{d}},
	}}
	sameOrder(w, "found with others' ids", hitsOf(w.search(q)), []sealpost.MessageID{mine})
	q.Conditions[0].Term = words.Term{}
	equal(w, "total with others' ids only", w.search(q).Total, 0)
	q.Conditions[0] = service.SearchCondition{}
	equal(w, "total of a condition that nothing fulfils", w.search(q).Total, 0)
}

// A text cannot spell the terms by which viewers, senders and conversations are told.
func searchTermsAreNoWords(_ *testing.T, w *world) {
	u := w.people(3)
	c := w.group(u...)
	var b strings.Builder
	for _, id := range [][16]byte{u[0], u[1], u[2], c} {
		for _, what := range []string{"", "a", "f", "i"} {
			fmt.Fprintf(&b, "\ue000%x%s \ue000\ue000%s%x owner:%x from:%x ", id, what, what, id, id, id)
		}
	}
	id := w.write(c, u[0], b.String()+`' \ '' " * OR NOT NEAR(a b) AND walrus:* & | ! <-> words:x -- `)
	w.must(openThrough(c, u[1], id), "opened")
	w.drain()
	q := service.SearchQuery{Viewer: u[1], Limit: 10, Count: 10, Conditions: []service.SearchCondition{{From: []sealpost.UserID{u[2]}}}}
	equal(w, "found from somebody who wrote nothing", w.search(q).Total, 0)
	w.finds(u[1], `near "a b" and walrus not x`, id)
	w.finds(u[1], `"or not near"`, id)
	w.finds(u[2], "walrus")
}

// Pages go newest first without gap or repetition, also among equal times.
func searchPages(_ *testing.T, w *world) {
	u := w.people(2)
	var want []sealpost.MessageID
	for i := range 23 {
		c := w.group(u...)
		id := w.write(c, u[0], fmt.Sprintf("walrus %d", i%2))
		w.must(openThrough(c, u[1], id), "opened")
		want = append(want, id)
	}
	w.drain()
	for _, limit := range []int{1, 2, 7, 23, 100} {
		q := w.query(u[1], "walrus")
		q.Limit = limit
		got := map[sealpost.MessageID]bool{}
		var last sealpost.Message
		for {
			page := w.search(q)
			equal(w, "total", page.Total, len(want))
			for _, h := range page.Hits {
				m := h.Message
				if got[m.ID] || last.SentAt != 0 && (m.SentAt > last.SentAt || m.SentAt == last.SentAt && m.ID.Compare(last.ID) >= 0) {
					w.t.Errorf("pages of %d: not in order", limit)
				}
				got[m.ID], last = true, m
			}
			if len(page.Hits) < limit {
				break
			}
			q.BeforeAt, q.BeforeID = last.SentAt, last.ID
		}
		equal(w, fmt.Sprintf("found by pages of %d", limit), len(got), len(want))
	}
	q := w.query(u[1], "walrus")
	q.Count = 5
	equal(w, "the total where it is capped", w.search(q).Total, 5)
	all := w.search(w.query(u[1], "walrus")).Hits
	q = w.query(u[1], "walrus")
	q.From, q.Until = all[9].Message.SentAt, all[4].Message.SentAt
	for _, h := range w.search(q).Hits {
		if h.Message.SentAt < q.From || h.Message.SentAt >= q.Until {
			w.t.Errorf("found at %d, outside of what was asked for", h.Message.SentAt)
		}
	}
}

// The longest texts, of the longest words, of one word, and of characters that stand
// for many: both engines take them, and find the same in them.
func searchLongTexts(_ *testing.T, w *world) {
	u := w.people(2)
	c := w.group(u...)
	var long strings.Builder
	for i := range 150 {
		fmt.Fprintf(&long, "%s%03d ", strings.Repeat("x", 61), i)
	}
	texts := []string{
		strings.Repeat("\ufdfa", 10_000), strings.Repeat("東", 10_000), strings.Repeat("a ", 4_990) + "b c walrus", long.String(),
		strings.Repeat("𝒳", 10_000), "' \\ \x00 '' \"",
	}
	var ids []sealpost.MessageID
	for _, text := range texts {
		ids = append(ids, w.write(c, u[0], text))
	}
	w.must(openThrough(c, u[1], ids[len(ids)-1]), "opened")
	w.drain()
	w.finds(u[1], `"b c walrus"`, ids[2])
	w.finds(u[1], `"a b"`) // the last of too many
	w.finds(u[1], strings.Repeat("x", 61)+"149", ids[3])
	w.finds(u[1], strings.Repeat("x", 61)+"*", ids[4], ids[3])
	w.finds(u[1], "東東東", ids[1])
	equal(w, "found at all", w.search(w.query(u[1], "after:1999-01-01")).Total, len(ids))
}

// Names are those of the viewer's conversations, newest activity first, without
// those who came after the viewer left (R33).
func searchNames(_ *testing.T, w *world) {
	u := w.people(4)
	c, d := w.group(u[0], u[1]), w.group(u[0], u[1], u[2])
	found := w.write(d, u[0], "a text to be found")
	w.say(c, u[0])
	w.say(d, u[0])
	names := func(viewer sealpost.UserID, limit int) []service.SearchName {
		out, err := w.Store.SearchNames(ctx(), viewer, limit)
		w.ok(err)
		return out
	}
	got := names(u[1], 10)
	equal(w, "names", len(got), 5)
	equal(w, "the newest conversation first", got[0].Conversation, d)
	equal(w, "names of one conversation", len(names(u[1], 1)), 3)
	equal(w, "names of a stranger", len(names(u[3], 10)), 0)
	w.must(openThrough(d, u[1], w.say(d, u[0])), "opened")
	w.must(leave(d, u[1]), "left")
	w.must(join(d, u[0], u[3]), "joined")
	w.mustRun(title(d, u[0], "Another name"))
	w.Clock(500_000 * time.Hour) // past the epoch that fake content is under
	w.drain()
	titles := func(viewer sealpost.UserID) (out []string) {
		for _, h := range w.search(w.query(viewer, "found")).Hits {
			out = append(out, h.Title)
		}
		return out
	}
	w.finds(u[1], "found", found)
	sameOrder(w, "the title of a hit of somebody who left", titles(u[1]), []string{""})
	sameOrder(w, "and of the sender", titles(u[0]), []string{"Another name"})
	for _, n := range names(u[1], 10) {
		if n.User == u[3] || n.Title == "Another name" {
			w.t.Errorf("somebody who left learns what came later: %+v", n)
		}
	}
	equal(w, "names of somebody in it", len(names(u[2], 10)), 4)
}
