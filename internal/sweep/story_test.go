//go:build sealtest

package sweep_test

import (
	"slices"
	"testing"
	"time"
)

// tell brings messages into every state that there is. look is called after every
// chapter, to search what the server wrote.
func (w *world) tell(t *testing.T, look func(chapter string)) {
	t.Helper()
	w.connect(t)
	for _, chapter := range []struct {
		name string
		tell func(*testing.T)
	}{
		{"opened", w.tellOpened},
		{"recalled", w.tellRecalled},
		{"previews", w.tellPreviews},
		{"drafts", w.tellDrafts},
		{"pending", w.tellPending},
		{"refused", w.tellRefused},
		{"reported", w.tellReported},
	} {
		chapter.tell(t)
		w.collect(t)
		look("after " + chapter.name)
	}
	for name, l := range w.live {
		w.judgeLive(t, l, name)
		w.events = append(w.events, lastID(l.bytes()))
	}
}

// tellOpened: opened by some, sealed for others, closed to one who left, and a
// reply.
func (w *world) tellOpened(t *testing.T) {
	early := w.sent(t, "opened by all", "sender", "group", nil)
	for _, who := range []string{"reader", "other", "leaver"} {
		w.open(t, who, early, early)
	}
	closed := w.sent(t, "sealed when somebody left", "sender", "group", nil)
	leaver := w.people["leaver"].user.ID.String()
	expect(t, w.try(t, w.visitors["leaver"], "DELETE", base+"/conversations/"+w.in["group"]+"/participants/"+leaver, nil), 204)
	w.open(t, "other", closed, closed)
	asked := w.sent(t, "a question", "sender", "direct", nil)
	w.open(t, "reader", asked, asked)
	w.sent(t, "a reply", "reader", "direct", map[string]any{"in_reply_to": asked.id})
}

// tellRecalled: with a marker, in part, without a trace though it may have been
// noticed, and without anybody there.
func (w *world) tellRecalled(t *testing.T) {
	marker := w.sent(t, "recalled with a marker", "sender", "group", nil)
	w.recall(t, marker, false)
	partly := w.sent(t, "recalled in part", "sender", "group", nil)
	w.open(t, "other", partly, partly)
	w.recall(t, partly, false, "sender", "other")

	w.policy(t, "trace", "never")
	vanished := w.sent(t, "vanished", "sender", "group", nil)
	w.recall(t, vanished, false)
	w.policy(t, "trace", "auto")

	none := w.sent(t, "recalled before anybody was there", "sender", "first contact", nil)
	if a := w.recall(t, none, false); a.field("trace") != "none" {
		t.Fatalf("the recipient was not absent: %s", a.body)
	}
	for _, l := range []string{"reader's phone", "sender"} {
		w.live[l].await(t, w.in["group"])
	}
}

// policy changes one setting of the recall policy.
func (w *world) policy(t *testing.T, name string, value any) {
	t.Helper()
	admin := w.visitors["admin"]
	now := decode(t, expect(t, w.try(t, admin, "GET", base+"/admin/policy", nil), 200))
	for _, field := range []string{"version", "changed_by", "changed_at", "$schema"} {
		delete(now, field)
	}
	now[name], now["reason"] = value, "test"
	expect(t, w.try(t, admin, "PUT", base+"/admin/policy", now), 200)
}

// tellPreviews: one who wants preview text at once gets none while the organisation
// allows it after the window only, or the sender hides it (R26).
func (w *world) tellPreviews(t *testing.T) {
	reader := w.visitors["reader"]
	want := func(what string) {
		expect(t, w.try(t, reader, "PATCH", base+"/me/settings", map[string]any{"preview_text": what}), 200)
	}
	want("immediate")
	w.sent(t, "sealed for one who wants previews", "sender", "direct", nil)
	w.collect(t)
	w.sent(t, "hidden from one who wants previews", "sender", "direct", map[string]any{"hide_preview": true})
	w.policy(t, "previews", "immediate") // counts for what is delivered from now on
	w.collect(t)
	want("off")
	w.policy(t, "previews", "after_window")
}

// tellDrafts: texts that went back to their author, kept and forgotten.
func (w *world) tellDrafts(t *testing.T) {
	kept := w.sent(t, "recalled to a draft", "sender", "direct", nil)
	w.recall(t, kept, true)
	forgotten := w.sent(t, "recalled to a draft, deleted", "sender", "direct", nil)
	w.recall(t, forgotten, true)
	w.deleteDraft(t, forgotten)

	sender := w.visitors["sender"]
	write := func(name string) *planted {
		p := &planted{canary: w.newCanary(t, name, 300), in: w.in["direct"], sender: "sender", draft: "to be"}
		w.planted = append(w.planted, p)
		p.draft = expect(t, w.try(t, sender, "POST", base+"/drafts", map[string]any{"body": p.canary.Body, "conversation_id": p.in}), 201).field("id")
		return p
	}
	changed := write("written, then changed")
	now := &planted{canary: w.newCanary(t, "a changed draft", 0), in: changed.in, sender: "sender", draft: changed.draft}
	w.planted = append(w.planted, now)
	expect(t, w.try(t, sender, "PUT", base+"/drafts/"+changed.draft, map[string]any{"body": now.canary.Body}, "If-Match", `"1"`), 200)
	expect(t, w.try(t, sender, "PUT", base+"/drafts/"+changed.draft, map[string]any{"body": w.probe.Body}, "If-Match", `"1"`), 412)
	changed.draft = ""
	sent := write("written and sent")
	sent.holders = []string{"sender"}
	a := expect(t, w.try(t, sender, "POST", base+"/conversations/"+sent.in+"/messages",
		map[string]any{"body": sent.canary.Body, "draft_id": sent.draft}), 201)
	expect(t, w.try(t, sender, "GET", base+"/drafts/"+sent.draft, nil), 404)
	sent.id, sent.draft = a.field("id"), ""
	w.recall(t, sent, false)
	w.deleteDraft(t, write("written and deleted"))
}

// tellPending: held, undone, scheduled, edited, sent at once, a required notice.
func (w *world) tellPending(t *testing.T) {
	hold := map[string]any{"undo": "2m"}
	w.sent(t, "held", "sender", "direct", hold)
	undone := w.sent(t, "undone", "sender", "direct", hold)
	w.undo(t, undone)
	gone := w.sent(t, "undone, draft deleted", "sender", "direct", hold)
	w.undo(t, gone)
	w.deleteDraft(t, gone)

	later := map[string]any{"send_at": time.Now().Add(time.Hour).UTC().Format(time.RFC3339), "time_zone": "Europe/Zurich"}
	w.sent(t, "scheduled", "sender", "direct", later)
	before := w.sent(t, "scheduled, edited away", "sender", "direct", later)
	after := &planted{canary: w.newCanary(t, "edited to", 600), id: before.id, in: before.in, sender: "sender", holders: []string{"sender"}}
	w.planted = append(w.planted, after)
	before.holders = nil
	expect(t, w.try(t, w.visitors["sender"], "PATCH", base+"/messages/"+before.id, map[string]any{"body": after.canary.Body}), 200)

	now := w.sent(t, "held, sent at once", "sender", "direct", hold)
	expect(t, w.try(t, w.visitors["sender"], "POST", base+"/messages/"+now.id+"/send_now", nil), 200)
	w.sent(t, "required notice", "sender", "direct", map[string]any{"kind": "required_notice"})
	w.sent(t, "sealed", "sender", "group", nil)
	w.sent(t, "sealed in the first contact", "sender", "first contact", nil)
}

// tellReported: frozen and then recalled, removed after review, asked to disregard,
// hidden (R22, R23, R30).
func (w *world) tellReported(t *testing.T) {
	report := func(p *planted, who string) {
		t.Helper()
		a := expect(t, w.try(t, w.visitors[who], "POST", base+"/messages/"+p.id+"/flag",
			map[string]any{"reason": "confidential", "note": "please look"}), 201)
		w.flags, p.frozen = append(w.flags, a.field("id")), true
	}
	frozen := w.sent(t, "reported, then recalled", "sender", "direct", nil)
	report(frozen, "reader")
	w.recall(t, frozen, false)

	removed := w.sent(t, "removed after review", "sender", "group", nil)
	w.open(t, "reader", w.named("sealed"), w.toOpen("reader", "group")...)
	w.open(t, "reader", removed, removed)
	report(removed, "sender")
	v := w.visitors["moderator"]
	shown := expect(t, w.try(t, v, "GET", base+"/admin/flags/"+w.flags[1], nil), 200)
	if e, ok := decode(t, shown)["evidence"].(map[string]any); !ok || e["body"] != removed.canary.Body {
		t.Fatal("the evidence is not what was reported")
	}
	removed.holders = nil
	expect(t, w.try(t, v, "POST", base+"/admin/flags/"+w.flags[1]+"/resolve", map[string]any{"action": "remove", "answer": "removed"}), 200)

	late := w.sent(t, "to be disregarded", "sender", "direct", nil)
	expect(t, w.try(t, w.visitors["sender"], "POST", base+"/messages/"+late.id+"/disregard", nil), 201)
	hidden := w.sent(t, "hidden by its reader", "sender", "direct", nil)
	expect(t, w.try(t, w.visitors["reader"], "POST", base+"/messages/"+hidden.id+"/hide", nil), 204)
}

// toOpen is what an opening of somebody gives them in a conversation now.
func (w *world) toOpen(who, in string) []*planted {
	var out []*planted
	for _, p := range w.planted {
		if p.in == w.in[in] && p.sender != who && w.sealedFor(p, who) && !slices.Contains(p.holders, who) {
			out = append(out, p)
		}
	}
	return out
}

// tellRefused: texts that the server never took.
func (w *world) tellRefused(t *testing.T) {
	refused := func(p *planted) {
		t.Helper()
		if p.id != "" {
			t.Fatalf("%s was accepted", p.canary.Name)
		}
	}
	refused(w.send(t, "from an outsider", "outsider", "group", nil))
	refused(w.send(t, "from one who left", "leaver", "group", nil))
	refused(w.send(t, "under a taken id", "sender", "direct", map[string]any{"id": w.planted[0].id}))
	refused(w.send(t, "with a bad field", "sender", "direct", map[string]any{"undo": "9h"}))
	refused(w.send(t, "with a field that is not there", "sender", "direct", map[string]any{"ttl": 1}))
	refused(w.send(t, "reply to a sealed message", "reader", "group", map[string]any{"in_reply_to": w.named("sealed").id}))
	refused(w.send(t, "reply to what vanished", "reader", "group", map[string]any{"in_reply_to": w.named("vanished").id}))

	id := must(newV7())(t)
	expect(t, w.try(t, w.visitors["sender"], "POST", base+"/messages/"+id+"/recall", map[string]any{"conversation_id": w.in["direct"]}), 200)
	refused(w.send(t, "recalled before it arrived", "sender", "direct", map[string]any{"id": id}))

	first := w.newCanary(t, "under a key", 0)
	p := &planted{canary: first, in: w.in["direct"], sender: "sender", holders: []string{"sender"}}
	w.planted = append(w.planted, p)
	path := base + "/conversations/" + p.in + "/messages"
	p.id = expect(t, w.try(t, w.visitors["sender"], "POST", path, map[string]any{"body": first.Body}, "Idempotency-Key", "key-1"), 201).field("id")
	second := w.newCanary(t, "another text under the key", 0)
	expect(t, w.try(t, w.visitors["sender"], "POST", path, map[string]any{"body": second.Body}, "Idempotency-Key", "key-1"), 422)
	w.recall(t, p, false)
	// The replay is rebuilt from the present state: nothing is left to give.
	w.try(t, w.visitors["sender"], "POST", path, map[string]any{"body": first.Body}, "Idempotency-Key", "key-1")
}

func (w *world) named(name string) *planted {
	for _, p := range w.planted {
		if p.canary.Name == name {
			return p
		}
	}
	return nil
}
