package webui_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/sealpost/sealpost/internal/importer"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// takesIn imports a conversation of somebody with others, who have no account.
func (w *writer) takesIn(others ...string) service.InboxEntry {
	t := w.office.t
	t.Helper()
	const owner = "https://www.linkedin.com/in/maya"
	var profiles, connections []string
	for _, name := range others {
		profile := "https://www.linkedin.com/in/" + strings.ToLower(strings.Fields(name)[0])
		profiles = append(profiles, profile)
		connections = append(connections, strings.Replace(name, " ", ",", 1)+","+profile+",,Works,Head,23 Mar 2014\n")
	}
	a, err := importer.Open(fstest.MapFS{
		"messages.csv": {Data: []byte("CONVERSATION ID,CONVERSATION TITLE,FROM,SENDER PROFILE URL,TO,RECIPIENT PROFILE URLS,DATE,SUBJECT,CONTENT,FOLDER\n" +
			"c,,Maya Okafor," + owner + "," + strings.Join(others, ";") + "," + strings.Join(profiles, ";") + ",2024-03-05 10:00:00 UTC,,\"an old zebra\",INBOX\n")},
		"Connections.csv": {Data: []byte("First Name,Last Name,URL,Email Address,Company,Position,Connected On\n" + strings.Join(connections, ""))},
	}, sealpost.InstantOf(time.Now()))
	if err == nil {
		err = a.Scan(t.Context(), nil)
	}
	if err == nil {
		err = a.Choose(owner)
	}
	if err == nil {
		_, err = w.office.Import(t.Context(), w.User.ID, a, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	all, _, err := w.office.Inbox(t.Context(), w.Principal, service.FilterAll, "", 50)
	if err != nil || len(all) != 1 {
		t.Fatalf("%d conversations, %v", len(all), err)
	}
	return all[0]
}

// Somebody whom an archive names and who has no account is not offered as somebody to
// write to, and is not said to have opened anything.
func TestNotHereYet(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	maya := o.writer("Maya Okafor")
	c := maya.takesIn("Pedro García")
	pedro := c.Members[0].UserID
	if pedro == maya.User.ID {
		pedro = c.Members[1].UserID
	}
	const words = "Pedro García is not here yet: an imported archive names them, and they have no account. An administrator can invite them."
	at := "/messages/" + c.Conversation.ID.String()
	maya.get(at).want(http.StatusOK).tells("an old zebra", words).saysNot("Recall up to").lacks(`id="composer"`)
	maya.get("/people/"+pedro.String()).want(http.StatusOK).tells("Not here yet", words).saysNot("Connected").lacks("/write")
	for _, list := range []string{"/network/people", "/network/connections"} {
		maya.get(list).want(http.StatusOK).tells("Pedro García", "Not here yet").saysNot("Connected").lacks("/write")
	}
	why := maya.get(at+"/"+c.Last.ID.String()+"/why").want(http.StatusOK).tells("It comes from an archive", "Block Pedro García").saysNot("follow-up", "disregard")
	if text := why.flat(); strings.Contains(text, "has opened it") {
		t.Errorf("it says who opened what came from an archive:\n%s", text)
	}
}

// A group in which nobody else could get anything offers no writing.
func TestAlone(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	maya, jonas, lena := o.writer("Maya Okafor"), o.writer("Jonas Weber"), o.writer("Lena Fischer")
	c := maya.takesIn("Pedro García", "Ana Lima")
	at := "/messages/" + c.Conversation.ID.String()
	maya.get(at).tells("Nobody else of this conversation is here yet", "an old zebra").lacks(`id="composer"`)
	maya.get(at + "/people").tells("Not here yet")

	maya.befriend(jonas, lena)
	both := []sealpost.UserID{jonas.User.ID, lena.User.ID}
	group, _, err := o.CreateConversation(t.Context(), maya.Principal, "", both, "Three of us")
	if err != nil {
		t.Fatal(err)
	}
	at = "/messages/" + group.Conversation.ID.String()
	for _, other := range both {
		maya.get(at).want(http.StatusOK, `id="composer"`)
		if err := o.RemoveParticipant(t.Context(), maya.Principal, "", group.Conversation.ID, other); err != nil {
			t.Fatal(err)
		}
	}
	maya.get(at).tells("Nobody else is in this conversation any more.").lacks(`id="composer"`)
}

// A request to disregard can be recalled like any other message, and its recipient is
// told so; what can't be recalled is told as that.
func TestSealedCards(t *testing.T) {
	t.Parallel()
	maya, jonas, c := duo(t)
	first := c.says(maya, "the first zebra")
	c.opens(jonas, first)
	if _, err := c.Disregard(t.Context(), maya.Principal, "", first); err != nil {
		t.Fatal(err)
	}
	page := jonas.get(c.path()).tells("Until you open it, Maya Okafor can recall it until")
	page.before(`class="new-line"`, `class="sealed"`)
	if strings.Contains(page.only(`<li class="message theirs"`, `</li>`).html, "new-line") {
		t.Error("the line of what is new ends with a message")
	}
}
