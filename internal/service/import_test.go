package service_test

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/sealpost/sealpost/internal/importer"
	"github.com/sealpost/sealpost/internal/memstore"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

const (
	archiveHead = "CONVERSATION ID,CONVERSATION TITLE,FROM,SENDER PROFILE URL,TO,RECIPIENT PROFILE URLS,DATE,SUBJECT,CONTENT,FOLDER\n"
	inAnn       = "https://www.linkedin.com/in/ann"
	inBen       = "https://www.linkedin.com/in/ben"
	inCat       = "https://www.linkedin.com/in/cat"
)

// line is a row of an archive. The names are the last parts of the addresses.
func archived(talk, from, to, date, text string) string {
	var names []string
	for url := range strings.SplitSeq(to, ";") {
		names = append(names, filepath.Base(url))
	}
	return fmt.Sprintf("%s,,%s,%s,\"%s\",%s,%s UTC,,\"%s\",INBOX\n", talk, filepath.Base(from), from, strings.Join(names, ";"), to, date, text)
}

func (h *house) readArchive(files fs.FS, owner string) *importer.Archive {
	h.t.Helper()
	a, err := importer.Open(files, sealpost.Instant(h.now.Load()))
	if err == nil {
		err = a.Scan(h.t.Context(), nil)
	}
	if err == nil {
		err = a.Choose(owner)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	return a
}

func (h *house) imported(p service.Principal, owner, connections string, rows ...string) service.ImportTally {
	h.t.Helper()
	files := fstest.MapFS{"messages.csv": {Data: []byte(archiveHead + strings.Join(rows, ""))}}
	if connections != "" {
		files["Connections.csv"] = &fstest.MapFile{Data: []byte("First Name,Last Name,URL,Email Address,Company,Position,Connected On\n" + connections)}
	}
	t, err := h.Import(h.t.Context(), p.User.ID, h.readArchive(files, owner), nil)
	if err != nil {
		h.t.Fatal(err)
	}
	return t
}

func (h *house) only(p service.Principal) service.InboxEntry {
	h.t.Helper()
	all, _, err := h.Inbox(h.t.Context(), p, "", "", 0)
	if err != nil || len(all) != 1 {
		h.t.Fatalf("%d conversations, %v", len(all), err)
	}
	return all[0]
}

func (h *house) texts(p service.Principal, id sealpost.ConversationID) []string {
	h.t.Helper()
	page, err := h.History(h.t.Context(), p, id, sealpost.MessageID{}, 200)
	if err != nil {
		h.t.Fatal(err)
	}
	var out []string
	for _, m := range page.Items {
		if m.Content == nil {
			if m.Imported {
				h.t.Fatalf("an imported message without text: %+v", m)
			}
			out = append(out, "(sealed)")
			continue
		}
		out = append(out, m.Content.Body)
	}
	return out
}

var annAndBen = []string{ // a table: newest first, two in one second
	archived("d", inBen, inAnn, "2023-06-11 15:33:59", "third"),
	archived("d", inBen, inAnn, "2023-06-11 15:33:58", "second"),
	archived("d", inAnn, inBen, "2023-06-11 15:33:58", "first"),
}

// Imported messages are opened, settled, in order, marked, of their own dates, found,
// and no unread ones.
func TestImport(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ann := h.person("Ann")
	tally := h.imported(ann, inAnn, "Ben,B,"+inBen+",,Works,Head,23 Mar 2014\nCat,C,"+inCat+",,,,24 Mar 2014\n", annAndBen...)
	if tally.Taken != 3 || tally.Present != 0 || tally.People != 2 || tally.Connections != 2 {
		t.Errorf("tally %+v", tally)
	}
	c := h.only(ann)
	at := sealpost.InstantOf(time.Date(2023, 6, 11, 15, 33, 59, 0, time.UTC))
	if c.Unread != 0 || c.LastActivityAt != at || c.Last.Content.Body != "third" || c.Request != sealpost.RequestNone {
		t.Errorf("listed as %+v", c)
	}
	if got := h.texts(ann, c.Conversation.ID); !slices.Equal(got, []string{"first", "second", "third"}) {
		t.Errorf("history %q", got)
	}
	page, err := h.History(t.Context(), ann, c.Conversation.ID, sealpost.MessageID{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range page.Items {
		if !m.Imported || !m.ID.IsV7() || m.State != sealpost.Sent || !m.Own && m.Delivery != sealpost.DeliveryOpened || m.RecallableUntil != m.SentAt {
			t.Errorf("message %d: %+v", i, m)
		}
		if i > 0 && m.SentAt <= page.Items[i-1].SentAt {
			t.Errorf("message %d is not later than the one before", i)
		}
		if m.Own && (len(m.Deliveries) != 1 || m.Deliveries[0].State != sealpost.DeliveryOpened || m.Deliveries[0].OpenedAt != 0) {
			t.Errorf("delivered as %+v", m.Deliveries)
		}
	}
	if err := h.IndexDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	if found, err := h.Search(t.Context(), ann, "second", "", 0); err != nil || len(found.Items) != 1 {
		t.Errorf("found %+v, %v", found, err)
	}
	links, _, err := h.Connections(t.Context(), ann, "", "", 0)
	if err != nil || len(links) != 2 {
		t.Fatalf("connections %+v, %v", links, err)
	}
	entry := h.lastAudit("message.import")
	if entry.Detail != `{"count":3}` || entry.Subject != ann.User.ID || !entry.Actor.IsZero() {
		t.Errorf("audited as %+v", entry)
	}
	if told := h.bus.told(); !slices.Contains(told, ann.User.ID) || len(told) != 1 {
		t.Errorf("told %v", told)
	}
}

// A second run takes what is new, older and newer, and doubles nothing; a client with
// an old cursor gets it.
func TestImportAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ann := h.person("Ann")
	h.imported(ann, inAnn, "", annAndBen...)
	id := h.only(ann).Conversation.ID
	page, err := h.History(t.Context(), ann, id, sealpost.MessageID{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if again := h.imported(ann, inAnn, "", annAndBen...); again.Taken != 0 || again.Present != 3 || again.People != 0 {
		t.Errorf("the second run: %+v", again)
	}
	h.advance(time.Hour)
	more := slices.Concat(
		[]string{archived("d", inAnn, inBen, "2024-01-01 00:00:00", "newer")}, annAndBen[:1],
		[]string{archived("d", inAnn, inBen, "2023-06-11 15:33:58", "one more then")}, annAndBen[1:],
		[]string{archived("other", inBen, inAnn, "2022-01-01 00:00:00", "older, of another conversation there")},
	)
	if third := h.imported(ann, inAnn, "", more...); third.Taken != 3 || third.Present != 3 {
		t.Errorf("the third run: %+v", third)
	}
	want := []string{"older, of another conversation there", "first", "second", "one more then", "third", "newer"}
	if got := h.texts(ann, id); !slices.Equal(got, want) {
		t.Errorf("history %q", got)
	}
	changes, err := h.Changes(t.Context(), ann, id, page.Cursor, 0)
	if err != nil || len(changes.Messages) != 3 || len(changes.Vanished) != 0 {
		t.Errorf("changes %+v, %v", changes, err)
	}
}

// R8, R14: an imported message is refused as one whose window is over, whatever else
// holds, and counts for no throttle.
func TestImportedIsNeverRecallable(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ann, dan := h.person("Ann"), h.person("Dan")
	now := sealpost.Instant(h.now.Load()).Time()
	var rows []string
	for i := range 60 { // of the last minute
		rows = append(rows, archived("d", inAnn, inBen, now.Add(-time.Duration(i)*time.Second).Format("2006-01-02 15:04:05"), fmt.Sprint("text ", i)))
	}
	h.imported(ann, inAnn, "", rows...)
	c := h.only(ann)
	_, err := h.Recall(t.Context(), ann, "", c.Last.ID, service.Recalling{})
	wantCode(t, "recalling", err, sealpost.CodeWindowClosed)
	forecast, err := h.Forecast(t.Context(), ann, c.Last.ID)
	if err != nil || forecast.Recallable || forecast.Code != sealpost.CodeWindowClosed || len(forecast.Also) != 0 { // nobody opened it here
		t.Errorf("forecast %+v, %v", forecast, err)
	}
	m := h.send(ann, h.group(ann, dan))
	if _, err := h.Recall(t.Context(), ann, "", m, service.Recalling{}); err != nil {
		t.Errorf("imported messages count for the throttle: %v", err)
	}
}

// A person without account cannot be written to, signs in nowhere, and is seen by those
// who know them only. A link makes them an account with what was imported.
func TestProfileIsClaimed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ann, eve, root := h.person("Ann"), h.person("Eve"), h.person("Root", sealpost.RoleAdmin)
	h.imported(ann, inAnn, "", annAndBen...)
	c := h.only(ann)
	ben := c.Members[0].UserID
	if ben == ann.User.ID {
		ben = c.Members[1].UserID
	}
	_, err := h.Send(t.Context(), ann, "", service.Sending{Conversation: c.Conversation.ID, Body: "x", Kind: sealpost.KindMessage})
	wantCode(t, "writing to a profile", err, sealpost.CodeCannotDeliver)
	for who, want := range map[*service.Principal]int{&ann: 1, &eve: 0} {
		found, _, err := h.FindUsers(t.Context(), *who, "ben", "", 0)
		if err != nil || len(found) != want {
			t.Errorf("%s finds %+v, %v", who.User.Name, found, err)
		}
		_, err = h.Person(t.Context(), *who, ben)
		if (err == nil) != (want == 1) {
			t.Errorf("%s reads the profile: %v", who.User.Name, err)
		}
	}
	_, _, err = h.InviteProfile(t.Context(), "https://www.linkedin.com/in/nobody", service.NewInvite{})
	wantCode(t, "nobody", err, sealpost.CodeNotFound)
	_, _, err = h.InviteProfile(t.Context(), eve.User.ID.String(), service.NewInvite{})
	wantCode(t, "somebody with an account", err, sealpost.CodeNotFound)
	secret := h.invite(root, service.NewInvite{Account: ben})
	in, err := h.Join(t.Context(), "", service.Joining{Token: secret, Email: "ben@example.org", Password: "password of Ben", TimeZone: "Europe/Zurich"})
	if err != nil || in.User.ID != ben || in.User.Name != "ben" || in.User.TimeZone != "Europe/Zurich" {
		t.Fatalf("joined as %+v, %v", in.User, err)
	}
	h.signedIn("at once", in.Token, true)
	claimed := service.Principal{User: in.User}
	if got := h.texts(claimed, c.Conversation.ID); len(got) != 3 {
		t.Errorf("history of the account %q", got)
	}
	if _, err := h.Send(t.Context(), ann, "", service.Sending{Conversation: c.Conversation.ID, Body: "welcome", Kind: sealpost.KindMessage}); err != nil {
		t.Errorf("writing to the account: %v", err)
	}
	_, _, err = h.InviteProfile(t.Context(), inBen, service.NewInvite{})
	wantCode(t, "claimed already", err, sealpost.CodeNotFound)

	// What another's archive says of an account is not shown to it.
	h.imported(ann, inAnn, "Ben,B,"+inBen+",,,,1 Jan 2015\n", archived("d", inBen, inAnn, "2025-01-01 00:00:00", "never written"), archived("d", inAnn, inBen, "2025-01-01 00:00:01", "nor this"))
	if got := h.texts(claimed, c.Conversation.ID); len(got) != 4 || slices.Contains(got, "never written") || slices.Contains(got, "nor this") {
		t.Errorf("the account is shown %q", got)
	}
	if got := h.texts(ann, c.Conversation.ID); len(got) != 6 {
		t.Errorf("the owner has %q", got)
	}
	if links, _, err := h.Connections(t.Context(), claimed, "", "", 0); err != nil || len(links) != 0 {
		t.Errorf("an archive connects an account: %+v, %v", links, err)
	}
	if changes, err := h.Changes(t.Context(), claimed, c.Conversation.ID, "", 0); err != nil || len(changes.Vanished) != 0 || len(changes.Messages) != 4 {
		t.Errorf("changes of the account: %+v, %v", changes, err)
	}
}

// Two owners with the same people have the same profiles, and nothing else in common;
// groups least of all, whatever their archives call them.
func TestTwoArchives(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ann, eve := h.person("Ann"), h.person("Eve")
	group := archived("g", inBen, inAnn+";"+inCat, "2023-01-01 00:00:00", "secret of the group")
	h.imported(ann, inAnn, "", group)
	if second := h.imported(eve, "https://www.linkedin.com/in/eve", "",
		archived("g", "https://www.linkedin.com/in/eve", inBen+";"+inCat, "2023-01-01 00:00:01", "let me in")); second.People != 0 {
		t.Errorf("people were made anew: %+v", second)
	}
	if got := h.texts(eve, h.only(eve).Conversation.ID); !slices.Equal(got, []string{"let me in"}) {
		t.Errorf("one who names the group reads %q", got)
	}
	if got := h.texts(ann, h.only(ann).Conversation.ID); !slices.Equal(got, []string{"secret of the group"}) {
		t.Errorf("the other has %q", got)
	}
}

// Broken off at any decision, and with outcomes that nobody learned, it goes on where it
// was: nothing doubled, nothing lost.
func TestImportGoesOn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ann := h.person("Ann")
	var rows []string
	for i := range 1500 {
		other := fmt.Sprintf("https://www.linkedin.com/in/p%d", i%3)
		rows = append(rows, archived("c"+other, inAnn, other, time.Date(2023, 1, 1, 0, 0, 5000-i/4, 0, time.UTC).Format("2006-01-02 15:04:05"), fmt.Sprint("text ", i)))
	}
	files := fstest.MapFS{"messages.csv": {Data: []byte(archiveHead + strings.Join(rows, ""))}}
	var mu sync.Mutex
	calls, runs := 0, 0
	fail := func(op string) memstore.Failure {
		mu.Lock()
		defer mu.Unlock()
		if op != "Decide" && op != "Amend" {
			return memstore.NoFailure
		}
		if calls++; calls%3 == 0 {
			return []memstore.Failure{memstore.FailBefore, memstore.FailAfter}[calls/3%2]
		}
		return memstore.NoFailure
	}
	h.fault.Store(&fail)
	for {
		runs++
		_, err := h.Import(t.Context(), ann.User.ID, h.readArchive(files, inAnn), nil)
		if err == nil {
			break
		}
		wantCode(t, "broken off", err, sealpost.CodeUnavailable)
		mu.Lock()
		calls = runs // not always at the same place
		mu.Unlock()
		if runs > 100 {
			t.Fatal("it never ends")
		}
		if runs == 20 {
			h.fault.Store(nil)
		}
	}
	h.fault.Store(nil)
	if runs < 3 {
		t.Fatalf("it was broken off %d times only", runs-1)
	}
	seen := map[string]int{}
	all, _, err := h.Inbox(t.Context(), ann, "", "", 0)
	if err != nil || len(all) != 3 {
		t.Fatalf("%d conversations, %v", len(all), err)
	}
	for _, c := range all {
		var before sealpost.MessageID
		var last sealpost.Instant
		for {
			page, err := h.History(t.Context(), ann, c.Conversation.ID, before, 200)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range slices.Backward(page.Items) {
				seen[m.Content.Body]++
				if last != 0 && m.SentAt >= last {
					t.Error("two messages of one position, or out of order")
				}
				last = m.SentAt
			}
			if !page.More {
				break
			}
			before = page.Items[0].ID
		}
	}
	for i := range 1500 {
		if n := seen[fmt.Sprint("text ", i)]; n != 1 {
			t.Fatalf("message %d is there %d times", i, n)
		}
	}
	again, err := h.Import(t.Context(), ann.User.ID, h.readArchive(files, inAnn), nil)
	if err != nil || again.Taken != 0 || again.Present != 1500 {
		t.Errorf("after it: %+v, %v", again, err)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if _, err := h.Import(stopped, ann.User.ID, h.readArchive(files, inAnn), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
}

// The real archive, where it is there: every message once, and accents as they were.
func TestRealArchive(t *testing.T) {
	t.Parallel()
	name := filepath.Join("..", "..", "..", "shared", "data", "network-archive.zip")
	if _, err := os.Stat(name); err != nil {
		t.Skip("the archive is not here: ", err)
	}
	z, err := zip.OpenReader(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = z.Close() }()
	h := newHouse(t)
	ann := h.person("Kavya")
	a, err := importer.Open(z, sealpost.Instant(h.now.Load()))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Scan(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	o := a.Owner()
	if !o.Clear || o.Name != "Kavya Weber" || o.Rows != 4951 {
		t.Fatalf("recognised %+v", o)
	}
	if err := a.Choose(o.Address); err != nil {
		t.Fatal(err)
	}
	tally, err := h.Import(t.Context(), ann.User.ID, a, nil)
	if err != nil || tally.Taken != 4951 || len(a.Skipped()) != 0 || tally.Connections != 131 {
		t.Errorf("tally %+v, skipped %+v, %v", tally, a.Skipped(), err)
	}
	for _, p := range a.People() {
		if strings.ContainsAny(p.Name, "ÃÂ") {
			t.Errorf("a name is encoded twice: %q", p.Name)
		}
	}
}
