package webui_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/memstore"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// talk is a conversation with what is said in it.
type talk struct {
	*office
	id sealpost.ConversationID
}

func (o *office) talk(title string, from *writer, with ...*writer) *talk {
	o.t.Helper()
	var ids []sealpost.UserID
	for _, w := range with {
		ids = append(ids, w.User.ID)
	}
	c, _, err := o.CreateConversation(o.t.Context(), from.Principal, "", ids, title)
	if err != nil {
		o.t.Fatal(err)
	}
	return &talk{o, c.Conversation.ID}
}

func (c *talk) path() string { return "/messages/" + c.id.String() }

// says sends a message at once.
func (c *talk) says(w *writer, text string) sealpost.MessageID {
	c.t.Helper()
	m, err := c.Send(c.t.Context(), w.Principal, "", service.Sending{Conversation: c.id, Body: text, Kind: sealpost.KindMessage})
	if err != nil {
		c.t.Fatal(err)
	}
	return m.ID
}

func (c *talk) opens(w *writer, through sealpost.MessageID) {
	c.t.Helper()
	if _, err := c.Open(c.t.Context(), w.Principal, "", c.id, through); err != nil {
		c.t.Fatal(err)
	}
}

// set changes somebody's settings, and gives them as they are then.
func (w *writer) set(in service.SettingsEdit) {
	w.office.t.Helper()
	u, err := w.office.UpdateSettings(w.office.t.Context(), w.Principal, "", in)
	if err != nil {
		w.office.t.Fatal(err)
	}
	w.User = u
}

// duo is two connected people and their conversation.
func duo(t *testing.T) (maya, jonas *writer, c *talk) {
	t.Helper()
	o := newOffice(t)
	maya, jonas = o.writer("Maya Okafor"), o.writer("Jonas Lindqvist")
	maya.befriend(jonas)
	return maya, jonas, o.talk("", maya, jonas)
}

// flat is a page without markup, for looking for sentences.
func (s sheet) flat() string {
	return strings.Join(strings.Fields(entities.Replace(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(s.html, " "))), " ")
}

func (s sheet) says(sentences ...string) sheet {
	s.t.Helper()
	for _, sentence := range sentences {
		if !strings.Contains(s.flat(), sentence) {
			s.t.Errorf("%s does not say %q:\n%s", s.at, sentence, s.flat())
		}
	}
	return s
}

func (s sheet) saysNot(sentences ...string) sheet {
	s.t.Helper()
	for _, sentence := range sentences {
		if strings.Contains(s.flat(), sentence) {
			s.t.Errorf("%s says %q:\n%s", s.at, sentence, s.flat())
		}
	}
	return s
}

const secretText = "zebra crossing at noon"

// R2, R4: looking at the list and at the thread opens nothing and shows nothing of the
// text; the form that the row is opens everything that it was shown.
func TestReadingByForms(t *testing.T) {
	t.Parallel()
	maya, jonas, c := duo(t)
	first := c.says(maya, secretText)
	second := c.says(maya, secretText+" again")
	list := jonas.get("/messages").want(http.StatusOK).lacks("zebra").says("unread Sealed. Open to read")
	if !strings.Contains(list.html, `action="`+c.path()+`/open"`) || !strings.Contains(list.html, `name="through" value="`+second.String()+`"`) {
		t.Errorf("the row is no form that opens up to the newest:\n%s", list.html)
	}
	jonas.get(c.path()).want(http.StatusOK).lacks("zebra").says("Sealed. Open it to read. Until you open it, Maya Okafor can recall it until")
	jonas.get(c.path() + "?filter=unread").want(http.StatusOK).lacks("zebra")
	maya.get(c.path()).saysNot("Opened")
	third := c.says(maya, secretText+" at dusk")
	page := jonas.post(c.path()+"/open", url.Values{"through": {second.String()}, "filter": {"unread"}}).want(http.StatusOK)
	if page.at != c.path()+"?filter=unread" {
		t.Errorf("the opening led to %s", page.at)
	}
	page.says(secretText + " again").saysNot("at dusk")
	if strings.Count(page.html, `id="m-`+third.String()) < 1 || strings.Count(page.html, "data-open=") != 1 {
		t.Errorf("what came after the list was shown is not sealed any more, or gone")
	}
	maya.get(c.path()).says("Opened")
	if m, err := c.Message(t.Context(), jonas.Principal, first); err != nil || m.Content == nil {
		t.Errorf("the first is %+v, %v", m, err)
	}
}

// Somebody who is not in a conversation cannot tell it from one that never was.
func TestStrangersSeeNothing(t *testing.T) {
	t.Parallel()
	maya, _, c := duo(t)
	m := c.says(maya, secretText)
	erik := c.writer("Erik Sand")
	never := "/messages/" + strings.Repeat("0", 8) + "-0000-7000-8000-000000000001"
	nonce := regexp.MustCompile(`nonce="[^"]*"|hx-nonce="[^"]*"|data-since="[^"]*"|<time[^>]*>[^<]*`)
	same := func(path string, form url.Values) {
		t.Helper()
		one, other := sheet{}, sheet{}
		if form == nil {
			one, other = erik.get(c.path()+path), erik.get(never+path)
		} else {
			one, other = erik.post(c.path()+path, form), erik.post(never+path, form)
		}
		one.want(http.StatusNotFound).lacks("zebra", "Maya")
		if nonce.ReplaceAllString(one.html, "") != nonce.ReplaceAllString(other.html, "") {
			t.Errorf("%s differs from what never was:\n%s\n%s", path, one.html, other.html)
		}
	}
	same("", nil)
	same("?at="+m.String(), nil)
	same("/people", nil)
	for _, path := range []string{"/send", "/open", "/accept", "/mute", "/unread", "/" + m.String() + "/undo", "/" + m.String() + "/send-now", "/" + m.String() + "/acknowledge"} {
		same(path, url.Values{"body": {"x"}, "through": {m.String()}, "on": {"true"}, "deleted": {"true"}, "key": {"k" + path}})
	}
}

// Each state of an own message and of a received one reads as the design has it.
func TestStates(t *testing.T) {
	t.Parallel()
	maya, jonas, c := duo(t)
	m := c.says(maya, secretText)
	maya.get(c.path()).says("No receipt yet. Recall until").want(http.StatusOK, `class="message own recallable"`)
	c.opens(jonas, m)
	maya.get(c.path()).says("Jonas Lindqvist", "Opened").saysNot("Recall until").lacks(`class="message own recallable"`)
	jonas.get(c.path()).says("Maya Okafor can see that you opened this.")

	off := false
	jonas.set(service.SettingsEdit{Receipts: &off})
	hidden := c.says(maya, "the second zebra")
	before := maya.get(c.path()).flat()
	c.opens(jonas, hidden)
	after := maya.get(c.path()).flat()
	clock := regexp.MustCompile(`\d\d:\d\d`)
	if clock.ReplaceAllString(before, "") != clock.ReplaceAllString(after, "") { // R25, R34
		t.Errorf("an opening without a receipt shows:\n%s\n%s", before, after)
	}
	jonas.get(c.path()).saysNot("can see that you opened this.")

	c.ahead.Store(int64(10 * time.Minute / time.Microsecond))
	maya.get(c.path()).saysNot("Recall until").says("The recall window closed at", "Why can't I recall this?")
}

// R27: what is held is its sender's alone; undoing gives the text back to the composer.
func TestHeldByForms(t *testing.T) {
	t.Parallel()
	maya, jonas, c := duo(t)
	undo := time.Minute
	maya.set(service.SettingsEdit{Undo: &undo})
	page := maya.post(c.path()+"/send", url.Values{"body": {secretText}, "key": {"one"}}).want(http.StatusOK)
	page.says("Not sent yet. Sends at", "Sending at", "Undo (Ctrl+Z)", "Send now")
	jonas.get("/messages").saysNot("Maya")
	at := regexp.MustCompile(c.path() + `/([0-9a-f-]{36})/undo`).FindStringSubmatch(page.html)
	if at == nil {
		t.Fatalf("no way to undo:\n%s", page.html)
	}
	back := maya.post(at[0], url.Values{"key": {"two"}}).want(http.StatusOK, ">"+secretText+"</textarea>")
	back.says("Not sent. Your draft is back.").saysNot("Not sent yet")
	jonas.get("/messages").saysNot("Maya")
	// Twice, by another form: there is nothing to undo.
	maya.post(at[0], url.Values{"key": {"three"}}).want(http.StatusNotFound)
}

// What is not sent keeps the text and says so; a form that is sent twice is sent once.
func TestSendingFails(t *testing.T) {
	t.Parallel()
	maya, jonas, c := duo(t)
	maya.post(c.path()+"/send", url.Values{"body": {"  \r\n "}, "key": {"k"}}).want(http.StatusUnprocessableEntity).says("Write a message first.")
	fault := func(op string) memstore.Failure {
		if op == "Decide" {
			return memstore.FailAfter
		}
		return memstore.NoFailure
	}
	c.fault.Store(&fault)
	failed := maya.post(c.path()+"/send", url.Values{"body": {secretText}, "key": {"same"}})
	c.fault.Store(nil)
	if failed.status < 500 || !strings.Contains(failed.html, ">"+secretText+"</textarea>") || !strings.Contains(failed.html, `name="key" value="same"`) ||
		!strings.Contains(failed.flat(), "We don't know yet whether it was sent.") {
		t.Errorf("after a fault: %d\n%s", failed.status, failed.flat())
	}
	for range 2 {
		maya.post(c.path()+"/send", url.Values{"body": {secretText}, "key": {"same"}}).want(http.StatusOK)
	}
	if h, err := c.History(t.Context(), maya.Principal, c.id, sealpost.MessageID{}, 10); err != nil || len(h.Items) != 1 {
		t.Errorf("%d messages, %v", len(h.Items), err)
	}
	changed := maya.post(c.path()+"/send", url.Values{"body": {"another text"}, "key": {"same"}})
	changed.says("An earlier try of this message went through", "another text")
	if strings.Contains(changed.html, `id="composer"`) && strings.Contains(changed.html, `name="key" value="same"`) {
		t.Error("the form would be refused for ever")
	}
	if _, err := c.Block(t.Context(), jonas.Principal, "", maya.User.ID); err != nil {
		t.Fatal(err)
	}
	maya.post(c.path()+"/send", url.Values{"body": {"to a closed door"}, "key": {"door"}}).
		want(http.StatusConflict, ">to a closed door</textarea>").says("Not sent. Your draft is safe.")
}

// R31: a request is sealed, and can be answered without opening it.
func TestRequestByForms(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	maya, erik := o.writer("Maya Okafor"), o.writer("Erik Sand")
	c := o.talk("", erik, maya)
	m := c.says(erik, secretText)
	list := maya.get("/messages?filter=requests").want(http.StatusOK).lacks("zebra").says("Erik Sand", "Requests 1")
	if strings.Contains(list.html, c.path()+"/open") {
		t.Error("entering a request opens it")
	}
	maya.get(c.path()).lacks("zebra", "data-opens", `id="composer"`).says(
		"Erik Sand would like to write to you", "Accept", "Decline", "Block Erik Sand", "Open message",
		"If you open it, Erik Sand can no longer recall it, and can find out that it was opened.").saysNot("in common")
	jonas := o.writer("Jonas Lindqvist")
	jonas.befriend(maya, erik)
	c.later(6 * time.Minute)
	maya.get(c.path()).says("1 connection in common", "If you open it, Erik Sand can find out that it was opened.").saysNot("can no longer recall it", "can recall it until")
	maya.post(c.path()+"/accept", url.Values{"key": {"a"}}).want(http.StatusOK).lacks("zebra").says("Accepted.", "To Erik Sand")
	if v, err := c.Message(t.Context(), erik.Principal, m); err != nil || v.Deliveries[0].State != sealpost.DeliverySealed {
		t.Errorf("accepting made it %+v, %v", v.Deliveries, err)
	}
}

// The numbers on the filters and in the bars are of what is there.
func TestNumbers(t *testing.T) {
	t.Parallel()
	maya, jonas, c := duo(t)
	c.says(maya, secretText)
	if _, err := c.Send(t.Context(), jonas.Principal, "", service.Sending{
		Conversation: c.id, Body: "later", Kind: sealpost.KindMessage, SendAt: time.Now().Add(time.Hour), TimeZone: "UTC",
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.AddDraft(t.Context(), jonas.Principal, "", service.Writing{Body: "begun"}); err != nil {
		t.Fatal(err)
	}
	jonas.get("/messages").says("Unread 1 (1)", "Drafts 1 (1)", "Scheduled 1 (1)", "My Network 1 1 unread")
	jonas.get("/waiting").want(http.StatusOK, `data-count="network" data-text="1" data-words="1 unread"`).lacks("<html")
	maya.get("/messages").saysNot("Unread 1", "Drafts 1", "Scheduled 1")
}

// Marking unread is a flag: nothing is sealed again.
func TestMarkingUnread(t *testing.T) {
	t.Parallel()
	maya, jonas, c := duo(t)
	c.opens(jonas, c.says(maya, secretText))
	jonas.get("/messages").saysNot("unread " + secretText)
	jonas.post(c.path()+"/unread", url.Values{"on": {"true"}}).want(http.StatusOK).says("Marked unread.", "unread "+secretText)
	maya.get(c.path()).says("Opened")
	jonas.post(c.path()+"/unread", url.Values{"on": {"false"}}).want(http.StatusOK).saysNot("unread " + secretText)
}

// A page of the list that is not the first refetches itself and not the first.
func TestPagesOfTheList(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	maya := o.writer("Maya Okafor")
	for i := range 52 {
		other := o.writer(string(rune('A'+i%26)) + string(rune('a'+i/26)) + "x Person")
		maya.befriend(other)
		o.talk("", maya, other).says(maya, "hello")
	}
	first := maya.get("/messages").want(http.StatusOK)
	next := regexp.MustCompile(`href="(/messages\?cursor=[^"]*)"`).FindStringSubmatch(first.html)
	if strings.Count(first.html, `id="c-`) != 50 || next == nil {
		t.Fatalf("%d rows, next %v", strings.Count(first.html, `id="c-`), next)
	}
	second := maya.get(entities.Replace(next[1])).want(http.StatusOK, `hx-get="`+next[1]+`"`)
	if strings.Count(second.html, `id="c-`) != 2 {
		t.Errorf("%d rows on the second page", strings.Count(second.html, `id="c-`))
	}
}
