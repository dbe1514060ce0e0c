package webui_test

import (
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/memstore"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// received gives the texts that somebody has in their conversations once everything
// is opened, newest conversation first.
func (w *writer) received() (texts []string) {
	t, s := w.office.t, w.office.Service
	t.Helper()
	threads, _, err := s.Inbox(t.Context(), w.Principal, "", "", 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, thread := range threads {
		history, err := s.History(t.Context(), w.Principal, thread.Conversation.ID, sealpost.MessageID{}, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range history.Items {
			if m.SenderID == w.User.ID {
				continue
			}
			if _, err := s.Open(t.Context(), w.Principal, "", thread.Conversation.ID, m.ID); err != nil {
				t.Fatal(err)
			}
			if m, err = s.Message(t.Context(), w.Principal, m.ID); err != nil {
				t.Fatal(err)
			}
			texts = append(texts, m.Content.Body)
		}
	}
	return texts
}

// S22: body, then recipients, then when, then Send; the focus begins in the body.
func TestComposeOrder(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	page := o.writer("Jonas Lindqvist").get("/compose").want(200)
	at := -1
	for _, mark := range []string{`id="body"`, `id="people"`, `id="when-now"`, `id="send"`} {
		next := strings.Index(page.html, mark)
		if next < at || next < 0 {
			t.Fatalf("%s comes too early or not at all", mark)
		}
		at = next
	}
	if n := strings.Count(page.html, "autofocus"); n != 1 || !strings.Contains(page.html[strings.Index(page.html, `id="body"`):][:200], "autofocus") {
		t.Errorf("the focus does not begin in the body (%d autofocus)", n)
	}
}

// Without script: write, find, tick, send.
func TestComposeWithoutScript(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	jonas, maya := o.writer("Jonas Lindqvist"), o.writer("Maya Okafor")
	jonas.befriend(maya)

	form := jonas.get("/compose").want(200).form()
	page := jonas.post("/compose", with(form, "body", "the figures & <notes>")).want(422, "Add at least one recipient.", "Error: Compose")
	form = page.form()
	if form.Get("body") != "the figures & <notes>" {
		t.Fatalf("the text did not stay: %q", form.Get("body"))
	}
	page = jonas.post("/compose/edit", with(form, "q", "may", "do", "find")).want(200, "Maya Okafor", "Connection")
	form = page.form()
	if form.Has("recipient") {
		t.Fatal("somebody is chosen who was not ticked")
	}
	form.Set("recipient", maya.id())
	page = jonas.post("/compose/edit", with(form, "do", "choose")).want(200, `id="chosen-`+maya.id(), "Remove Maya Okafor")
	form = page.form()
	without := jonas.post("/compose/edit", with(page.form(), "do", "remove:"+maya.id())).want(200).form()
	if without.Has("recipient") {
		t.Fatal("who was removed is still there")
	}
	sent := jonas.post("/compose", form)
	if !strings.HasPrefix(sent.at, "/messages/") || !strings.Contains(sent.at, "done=sent") {
		t.Fatalf("sending led to %s", sent.at)
	}
	jonas.post("/compose", form) // a double click
	if got := maya.received(); len(got) != 1 || got[0] != "the figures & <notes>" {
		t.Fatalf("received %q", got)
	}
}

// The address can name who gets it; more than one person is a group with a title.
func TestComposeGroup(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	jonas, maya, amal := o.writer("Jonas Lindqvist"), o.writer("Maya Okafor"), o.writer("Amal Rahmani")
	jonas.befriend(maya, amal)
	form := jonas.get("/compose?to="+maya.id()).want(200, "Remove Maya Okafor").lacks("Title of the group").form()
	page := jonas.post("/compose/edit", with(form, "do", "add:"+amal.id())).want(200, "Each person can open at a different time.", "Title of the group")
	form = with(page.form(), "body", "to both", "title", "Ward 4")
	jonas.post("/compose", form).lacks("Error: Compose")
	threads, _, err := o.Inbox(t.Context(), maya.Principal, "", "", 0)
	if err != nil || len(threads) != 1 || threads[0].Conversation.Title != "Ward 4" {
		t.Fatalf("the group is not there: %v %+v", err, threads)
	}
	o.writer("Erik Sand").get("/compose?conversation="+threads[0].Conversation.ID.String()).want(404, "This page doesn&#39;t exist")
	known := amal.get("/compose?conversation="+threads[0].Conversation.ID.String()).want(200, "Send to someone else").lacks(`id="people"`)
	amal.post("/compose/edit", with(known.form(), "do", "another")).want(200, `id="people"`)
	jonas.get("/compose?to=" + sealpost.UserID{1}.String()).want(404)
}

// Everything that refuses to deliver reads the same, and nothing that was typed is
// lost (R31). The same content tried again after an unknown outcome is sent once
// (R11).
func TestComposeFailures(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	jonas, maya, closed, blocking := o.writer("Jonas Lindqvist"), o.writer("Maya Okafor"), o.writer("Nora Holt"), o.writer("Ivo Brandt")
	jonas.befriend(maya, blocking)
	reach := sealpost.ReachNobodyNew
	if _, err := o.UpdateSettings(t.Context(), closed.Principal, "", service.SettingsEdit{Reach: &reach}); err != nil {
		t.Fatal(err)
	}
	if _, err := o.Block(t.Context(), blocking.Principal, "", jonas.User.ID); err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, to := range []*writer{closed, blocking} {
		form := with(jonas.get("/compose?to="+to.id()).want(200).form(), "body", "let me in")
		page := jonas.post("/compose", form).want(409, "This cannot be delivered.", "let me in")
		_, trouble, _ := strings.Cut(page.html, `class="trouble"`)
		trouble, _, _ = strings.Cut(trouble, "</div>")
		said = append(said, trouble)
		if next := page.form(); next.Get("key") == form.Get("key") || next.Get("recipient") != to.id() {
			t.Error("a refusal that is known keeps its key, or the recipient is lost")
		}
	}
	if said[0] != said[1] {
		t.Errorf("the refusals differ:\n%s\n%s", said[0], said[1])
	}

	form := with(jonas.get("/compose?to="+maya.id()).form(), "body", "only once")
	var armed once
	fault := func(op string) memstore.Failure {
		if op == "Decide" && armed.first() {
			return memstore.FailAfter
		}
		return memstore.NoFailure
	}
	o.fault.Store(&fault)
	page := jonas.post("/compose", form)
	if page.status == 503 {
		if page.form().Get("key") != form.Get("key") {
			t.Error("the outcome is unknown, and the next try would be another request")
		}
		jonas.post("/compose", page.form()).lacks("Error: Compose")
	}
	if got := maya.received(); len(got) != 1 || got[0] != "only once" {
		t.Fatalf("received %q", got)
	}
	if !armed.used() {
		t.Fatal("nothing failed")
	}
}

// once is true the first time that it is asked.
type once struct{ asked atomic.Int32 }

func (o *once) first() bool { return o.asked.Add(1) == 1 }
func (o *once) used() bool  { return o.asked.Load() > 0 }

// A follow-up is linked to the message and begins with when that was; what is sealed
// has to be opened before it can be answered.
func TestComposeFollowUp(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	jonas, maya := o.writer("Jonas Lindqvist"), o.writer("Maya Okafor")
	jonas.befriend(maya)
	jonas.post("/compose", with(jonas.get("/compose?to="+maya.id()).form(), "body", "a sealed plum"))
	threads, _, err := o.Inbox(t.Context(), jonas.Principal, "", "", 0)
	if err != nil {
		t.Fatal(err)
	}
	id := threads[0].Last.ID
	maya.get("/compose?reply="+id.String()).want(409, "Open the message before you reply to it.").lacks("plum")
	o.writer("Erik Sand").get("/compose?reply=" + id.String()).want(404).lacks("plum")

	page := jonas.get("/compose?follow="+id.String()).want(200, "Correction to my message of ", "a sealed plum", "To <bdi>Maya Okafor</bdi>")
	form := page.form()
	jonas.post("/compose", with(form, "body", form.Get("body")+"ten, not two")).lacks("Error: Compose")
	threads, _, err = o.Inbox(t.Context(), jonas.Principal, "", "", 0)
	if err != nil || threads[0].Last.Content.InReplyTo != id {
		t.Fatalf("the follow-up is not linked: %v", err)
	}
}

// Only who has the role is offered to send required notices, and the choice stays in
// the draft.
func TestComposeNotice(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	jonas, maya := o.writer("Jonas Lindqvist", sealpost.RoleNotices), o.writer("Maya Okafor")
	jonas.befriend(maya)
	maya.get("/compose").want(200).lacks("Required notice")
	form := with(jonas.get("/compose?to="+maya.id()).want(200, "Required notice").form(), "body", "fire drill", "kind", "required_notice")
	draft := jonas.post("/compose/draft", form).want(200, "Draft saved").form()
	if draft.Get("kind") != "required_notice" || draft.Get("recipient") != maya.id() {
		t.Fatalf("the draft lost something: %v", draft)
	}
	jonas.post("/compose", draft).lacks("Error: Compose")
	threads, _, err := o.Inbox(t.Context(), jonas.Principal, "", "", 0)
	if err != nil || threads[0].Last.Kind != sealpost.KindRequiredNotice {
		t.Fatalf("no notice: %v", err)
	}
	maya.post("/compose", with(maya.get("/compose?to="+jonas.id()).form(), "body", "me too", "kind", "required_notice")).want(403, "me too")
}

// later fills in a time that is to come.
func later(form url.Values, date, clock, zone string) url.Values {
	return with(form, "when", "later", "date", date, "time", clock, "time_zone", zone)
}

// A time that is skipped moves on and says so; one that is shown twice is asked
// about; the past and half a time are refused at their field (R28).
func TestComposeTimes(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	jonas, maya := o.writer("Jonas Lindqvist"), o.writer("Maya Okafor")
	jonas.befriend(maya)
	begin := func() url.Values { return with(jonas.get("/compose?to="+maya.id()).form(), "body", "wake up") }
	gap, twice := changes(t, "Europe/Stockholm")

	page := jonas.post("/compose", later(begin(), gap.Format(time.DateOnly), "02:30", "Europe/Stockholm"))
	page.want(200, "Clocks skip that time")
	page = jonas.post("/compose", later(begin(), twice.Format(time.DateOnly), "02:30", "Europe/Stockholm")).want(422, "Which one do you mean?", "CEST", "CET", "wake up")
	_, choices, _ := strings.Cut(page.html, `id="choice-1"`)
	_, value, _ := strings.Cut(choices, `value="`)
	value, _, _ = strings.Cut(value, `"`)
	jonas.post("/compose", with(page.form(), "choice", entities.Replace(value))).want(200, "Scheduled.")

	jonas.post("/compose", later(begin(), "2020-01-01", "09:00", "Europe/Stockholm")).want(422, `href="#send_at"`, "in the future")
	jonas.post("/compose", later(begin(), "", "09:00", "Europe/Stockholm")).want(422, `href="#send_at"`, "Choose a date and a time.")
	jonas.post("/compose", later(begin(), gap.Format(time.DateOnly), "09:00", "Mars/Olympus")).want(422, `href="#time_zone"`, "Mars/Olympus")

	form := jonas.post("/compose/edit", with(begin(), "do", "at:tomorrow")).want(200).form()
	if form.Get("when") != "later" || form.Get("time") != "09:00" || form.Get("date") == "" {
		t.Fatalf("the preset filled in %v", form)
	}
	rows := jonas.get("/messages?filter=scheduled").want(200, "wake up", "Sends ")
	if n := strings.Count(rows.html, "/edit"); n != 2 {
		t.Errorf("%d are scheduled, want 2", n)
	}
	if got := maya.received(); len(got) != 0 {
		t.Fatalf("what is scheduled arrived: %q", got)
	}
}

// changes finds the next days on which clocks of a zone skip an hour and show one
// twice.
func changes(t *testing.T, zone string) (gap, twice time.Time) {
	t.Helper()
	in, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	for day := 1; day < 366 && (gap.IsZero() || twice.IsZero()); day++ {
		at := time.Date(time.Now().Year(), time.Now().Month(), time.Now().Day()+day, 0, 0, 0, 0, in)
		switch length := at.AddDate(0, 0, 1).Sub(at); {
		case length < 24*time.Hour:
			gap = at
		case length > 24*time.Hour:
			twice = at
		}
	}
	if gap.IsZero() || twice.IsZero() {
		t.Fatal("no changes of clocks within a year")
	}
	return gap, twice
}
