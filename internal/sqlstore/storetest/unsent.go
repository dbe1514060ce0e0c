package storetest

import (
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// What somebody has under way is theirs alone: the draft that changed last, and what
// is delivered next. A text that came back is a draft once somebody writes on.
func unsentViews(_ *testing.T, w *world) {
	u := w.people(2)
	c, other, empty := w.group(u...), w.group(u...), w.group(u...)
	w.say(c, u[0])
	w.ok(w.Store.OpenEpoch(ctx(), epoch))
	keep := func(in sealpost.ConversationID, from sealpost.MessageID, version int32, at sealpost.Instant) sealpost.DraftID {
		w.t.Helper()
		d := sealpost.Draft{
			ID: newID[sealpost.DraftID](w), UserID: u[0], ConversationID: in, FromMessage: from, CreatedAt: 5, UpdatedAt: at, Content: fake(version, "written"),
		}
		w.ok(w.amended(func(a service.Amendment) error { return a.PutDraft(d) }))
		return d.ID
	}
	late, soon := newID[sealpost.MessageID](w), newID[sealpost.MessageID](w)
	w.must(send(c, u[0], late, sending{later: time.Hour}), "pending")
	w.must(send(c, u[0], soon, sending{hold: time.Minute}), "pending")
	newest := keep(c, sealpost.MessageID{}, 1, 9)
	keep(c, sealpost.MessageID{}, 3, 7)
	keep(c, newID[sealpost.MessageID](w), 1, 11)
	keep(sealpost.ConversationID{}, sealpost.MessageID{}, 1, 12)
	changed := keep(other, newID[sealpost.MessageID](w), 2, 6)

	in := []sealpost.ConversationID{c, other, empty}
	found, err := w.Store.Unsent(ctx(), u[0], in)
	w.ok(err)
	equal(w, "conversations with something", len(found), 2)
	equal(w, "draft", found[c].Draft.ID, newest)
	equal(w, "pending", found[c].Pending.ID, soon)
	equal(w, "draft of what came back", found[other].Draft.ID, changed)
	equal(w, "nothing pending there", found[other].Pending == nil, true)
	found, err = w.Store.Unsent(ctx(), u[0], in[1:])
	w.ok(err)
	equal(w, "conversations that were asked about", len(found), 1)
	found, err = w.Store.Unsent(ctx(), u[1], in)
	w.ok(err)
	equal(w, "what the other has", len(found), 0)
}
