package webui_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/memstore"
	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// of is the address of what can be done with a message.
func (c *talk) of(id sealpost.MessageID, what string) string {
	return c.path() + "/" + id.String() + "/" + what
}

// later moves the database's clock.
func (o *office) later(by time.Duration) { o.ahead.Add(by.Microseconds()) }

// today makes sure that what follows is one calendar day for the people of the tests.
func (o *office) today(by time.Duration) {
	o.t.Helper()
	zone, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		o.t.Fatal(err)
	}
	now := time.Now().In(zone)
	if now.Add(by).Day() != now.Day() {
		o.later(by + time.Minute)
	}
}

// rules changes the policy as an administrator would.
func (o *office) rules(change func(*policy.Policy)) {
	o.t.Helper()
	root := o.writer(fmt.Sprintf("Root%d", time.Now().UnixNano()), sealpost.RoleAdmin)
	p, err := o.Policy(o.t.Context(), root.Principal)
	if err != nil {
		o.t.Fatal(err)
	}
	change(&p)
	p.Reason = "for a test"
	if _, err := o.PutPolicy(o.t.Context(), root.Principal, "", p); err != nil {
		o.t.Fatal(err)
	}
}

// view is a message as its sender has it.
func (c *talk) view(w *writer, id sealpost.MessageID) service.MessageView {
	c.t.Helper()
	m, err := c.Message(c.t.Context(), w.Principal, id)
	if err != nil {
		c.t.Fatal(err)
	}
	return m
}

// clockOf is a time of today as pages say it to the people of the tests.
func clockOf(t *testing.T, i sealpost.Instant) string {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	return i.Time().In(zone).Format("15:04")
}

var formKeys = regexp.MustCompile(`name="key" value="([^"]*)"`)

// key is that of the one form of a page's main part.
func (s sheet) key() string {
	s.t.Helper()
	_, main, _ := strings.Cut(s.html, "<main")
	all := formKeys.FindAllStringSubmatch(main, -1)
	if len(all) != 1 {
		s.t.Fatalf("%s has %d forms, want one:\n%s", s.at, len(all), main)
	}
	return all[0][1]
}

// tells is says without the white space that markup leaves punctuation.
func (s sheet) tells(sentences ...string) sheet {
	s.t.Helper()
	text := strings.NewReplacer(" .", ".", " ,", ",", " :", ":").Replace(s.flat())
	for _, sentence := range sentences {
		if !strings.Contains(text, sentence) {
			s.t.Errorf("%s does not tell %q:\n%s", s.at, sentence, text)
		}
	}
	return s
}

// A recall without script: the question changes nothing however often it is looked
// at, the form takes the message back, once, and the report says so.
func TestRecallByForms(t *testing.T) {
	t.Parallel()
	maya, jonas, c := duo(t)
	c.today(time.Minute)
	id := c.says(maya, secretText)
	until := clockOf(t, c.view(maya, id).RecallableUntil)
	var question sheet
	for range 3 {
		question = maya.get(c.of(id, "recall")).want(http.StatusOK, "data-recall-form").
			tells("Recall this message?", "zebra crossing", "to Jonas Lindqvist, sent ", "Recall until "+until,
				"This is your one recall in this conversation today.", "00:00 (", "Jonas Lindqvist: perhaps that a message from you came.",
				"Your organisation may keep a copy for its records.")
	}
	for _, what := range []string{"why", "details", "hide", "report", "disregard"} {
		maya.get(c.of(id, what)).want(http.StatusOK)
	}
	if m := c.view(maya, id); m.RecalledAt != 0 || m.State != sealpost.Sent {
		t.Fatalf("looking changed something: %+v", m)
	}
	form := url.Values{"key": {question.key()}}
	done := maya.post(c.of(id, "recall"), form).want(http.StatusOK).tells("You recalled this message before Jonas Lindqvist opened it.")
	if done.at != c.path()+"?done=recalled" {
		t.Errorf("the recall led to %s", done.at)
	}
	done.lacks(`class="body" dir="auto">` + secretText)
	if again := maya.post(c.of(id, "recall"), form).want(http.StatusOK); again.at != done.at { // its answer was lost
		t.Errorf("the same request again led to %s", again.at)
	}
	again := maya.post(c.of(id, "recall"), url.Values{"key": {"another-key"}}).want(http.StatusOK).tells("Already recalled.")
	if again.at != c.path()+"?done=recalled-already" {
		t.Errorf("the second time led to %s", again.at)
	}
	maya.get(c.of(id, "why")).want(http.StatusOK).tells("Already recalled", "You recalled it at ").saysNot("What you can do instead", "Why can't I recall this?")
	jonas.get(c.path()).lacks("zebra")
}

// R8: every refusal has its heading, its reason and real times, in place of the
// question, at its own address and after the form; and leaves the message as it is.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, tc := range refusals() {
		t.Run(string(tc.code), func(t *testing.T) {
			t.Parallel()
			maya, jonas, c := duo(t)
			c.today(10 * time.Minute)
			if tc.before != nil {
				tc.before(t, c, maya, jonas)
			}
			id := c.says(maya, secretText)
			question := url.Values{"key": {"k"}}
			if tc.before == nil {
				question.Set("key", maya.get(c.of(id, "recall")).want(http.StatusOK, "data-recall-form").key())
			}
			if tc.after != nil {
				tc.after(t, c, maya, jonas, id)
			}
			sentences := tc.says(t, c, maya, id)
			kept := []string{"Why can't I recall this?", "What you can do instead", "Send a follow-up", "Ask to disregard it", "Report my own message", "Block Jonas Lindqvist", "Change settings"}
			for _, what := range []string{"why", "recall"} {
				maya.get(c.of(id, what)).want(http.StatusOK).lacks("data-recall-form").tells(sentences...).tells(kept...)
			}
			refused := maya.post(c.of(id, "recall"), question).want(tc.status).lacks("data-recall-form").tells(sentences...).tells(kept...)
			refused.tells("Not recalled.")
			if m := c.view(maya, id); m.RecalledAt != 0 {
				t.Error("it was recalled all the same")
			}
		})
	}
}

// Required notices cannot be recalled, and what moderators removed is gone already.
func TestNothingToRecall(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	maya, jonas := o.writer("Maya Okafor", sealpost.RoleNotices), o.writer("Jonas Lindqvist")
	moderator := o.writer("Erik Sand", sealpost.RoleModerator)
	maya.befriend(jonas)
	c := o.talk("", maya, jonas)
	notice, err := o.Send(t.Context(), maya.Principal, "", service.Sending{Conversation: c.id, Body: secretText, Kind: sealpost.KindRequiredNotice})
	if err != nil {
		t.Fatal(err)
	}
	maya.get(c.of(notice.ID, "why")).want(http.StatusOK).tells("This is a required notice", "Your organisation must be able to show that it was sent.")
	maya.post(c.of(notice.ID, "recall"), url.Values{"key": {"k"}}).want(http.StatusConflict).tells("This is a required notice")

	gone := c.says(maya, "zebra to be removed")
	flag, err := o.Flag(t.Context(), jonas.Principal, "", gone, service.Flagging{Reason: sealpost.FlagSpam})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.ResolveFlag(t.Context(), moderator.Principal, "", flag.Flag.ID, service.Resolving{Remove: true}); err != nil {
		t.Fatal(err)
	}
	maya.get(c.of(gone, "recall")).want(http.StatusOK).tells("It was removed after review", "There is nothing left to take back.").saysNot("What you can do instead")
	maya.post(c.of(gone, "disregard"), url.Values{"key": {"k"}}).want(http.StatusConflict)
}

// R8: what may be told beforehand knows nothing of an opening without a receipt; the
// refusal does, and stands.
func TestSecretOpening(t *testing.T) {
	t.Parallel()
	maya, jonas, c := duo(t)
	off := false
	jonas.set(service.SettingsEdit{Receipts: &off})
	id := c.says(maya, secretText)
	c.opens(jonas, id)
	key := maya.get(c.of(id, "recall")).want(http.StatusOK, "data-recall-form").tells("perhaps that a message from you came").saysNot("opened it").key()
	maya.get(c.of(id, "details")).want(http.StatusOK).tells("No receipt yet")
	refused := maya.post(c.of(id, "recall"), url.Values{"key": {key}}).want(http.StatusConflict).lacks("data-recall-form", "data-live=\"conversation:")
	refused.tells("Not recalled. Jonas Lindqvist had opened it before your recall.", "An opened message can't be recalled.").saysNot("It was opened at")
}

// R11: while nobody can say what happened, no page says that it worked or that it did
// not; the key stays, and with it the truth comes out.
func TestRecallInDoubt(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fault  func(op string) memstore.Failure
		worked bool
	}{
		"the decision is not made": {fault: func(op string) memstore.Failure {
			if op == "Decide" {
				return memstore.FailBefore
			}
			return memstore.NoFailure
		}},
		"its answer is lost": {worked: true, fault: func(op string) memstore.Failure {
			if op == "Decide" {
				return memstore.FailAfter
			}
			return memstore.NoFailure
		}},
		"nothing can be read": {fault: func(op string) memstore.Failure {
			if op == "Decide" || op == "Message" {
				return memstore.FailBefore
			}
			return memstore.NoFailure
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			maya, jonas, c := duo(t)
			// The key epoch that drafts go under is opened by the first that needs it.
			amal := c.writer("Amal Rahmani")
			maya.befriend(amal)
			elsewhere := c.talk("", maya, amal)
			if _, err := c.Recall(t.Context(), maya.Principal, "", elsewhere.says(maya, "earlier"), service.Recalling{KeepDraft: true}); err != nil {
				t.Fatal(err)
			}
			id := c.says(maya, secretText)
			key := maya.get(c.of(id, "recall")).want(http.StatusOK).key()
			c.fault.Store(&tc.fault)
			answer := maya.post(c.of(id, "recall"), url.Values{"key": {key}, "reason": {"too early"}})
			c.fault.Store(nil)
			if tc.worked { // it can be read that it did
				answer.want(http.StatusOK).tells("You recalled this message before Jonas Lindqvist opened it.")
			} else {
				answer.want(http.StatusServiceUnavailable, "data-alert data-focus").tells("Try again").saysNot("Recalled.", "You recalled this message", "Nothing has changed")
				if answer.key() != key {
					t.Errorf("the key is %s, was %s", answer.key(), key)
				}
			}
			maya.post(c.of(id, "recall"), url.Values{"key": {key}, "reason": {"too early"}}).want(http.StatusOK).tells("You recalled this message before Jonas Lindqvist opened it.")
			if _, err := c.Open(t.Context(), jonas.Principal, "", c.id, id); sealpost.CodeOf(err) != sealpost.CodeNotFound {
				t.Errorf("opened after the recall: %v", err)
			}
			maya.get(c.of(id, "recall")).tells("Recalled for everyone. Nobody had opened it.")
		})
	}
}

// R12: the question tells the terms of the policy that the message was sent under.
func TestTermsOfTheMessage(t *testing.T) {
	t.Parallel()
	maya, _, c := duo(t)
	id := c.says(maya, secretText)
	c.rules(func(p *policy.Policy) { p.PerConversationDay, p.Trace = 3, sealpost.TraceNever })
	maya.get(c.of(id, "recall")).want(http.StatusOK).tells("This is your one recall in this conversation today.", "If Jonas Lindqvist may know that a message came, a line stays").saysNot("No line stays")
	id = c.says(maya, secretText)
	maya.get(c.of(id, "recall")).want(http.StatusOK).tells("You can recall 3 messages in this conversation a day.", "No line stays: nothing shows that there was a message.")
}

// R15, R25: the report of a group names who kept it and who did not, and says no more
// of those whose receipts are off; the file has the same.
func TestReportOfAGroup(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	maya, jonas, amal, erik := o.writer("Maya Okafor"), o.writer("Jonas Lindqvist"), o.writer("Amal Rahmani"), o.writer("Erik Sand")
	maya.befriend(jonas, amal, erik)
	off := false
	amal.set(service.SettingsEdit{Receipts: &off})
	c := o.talk("Committee", maya, jonas, amal, erik)
	id := c.says(maya, secretText)
	c.opens(jonas, id)
	c.opens(amal, id)
	question := maya.get(c.of(id, "recall")).want(http.StatusOK).tells("Recall for 2 people?", "Jonas Lindqvist opened it at "+clockOf(t, c.view(maya, id).Deliveries[0].OpenedAt))
	done := maya.post(c.of(id, "recall"), url.Values{"key": {question.key()}}).want(http.StatusOK)
	if done.at != c.path()+"?done=recalled-partly" {
		t.Errorf("the recall led to %s", done.at)
	}
	report := maya.get(c.of(id, "recall")).want(http.StatusOK).tells("Recall report", "Recalled for 1 of 3 people.",
		"Jonas Lindqvist Not recalled ● Opened Opened ", "Amal Rahmani Not recalled ● Opened Opened.", "Erik Sand Recalled ○ None",
		"Your text is kept as a draft until", "It can't show screenshots")
	opened := c.view(maya, id).Deliveries[0].OpenedAt
	zone, _ := time.LoadLocation("Europe/Stockholm")
	report.tells(opened.Time().In(zone).Format("Mon 2 Jan, 15:04:05 (MST)")).lacks("data-recall-form")
	if !strings.Contains(report.html, `/compose?conversation=`+c.id.String()+`&amp;follow=`+id.String()) {
		t.Error("no follow-up to those who kept it")
	}
	var file struct {
		Outcome    string `json:"outcome"`
		DraftID    string `json:"draft_id"`
		Recipients []struct {
			Name, Outcome, Level string
			OpenedAt             string `json:"opened_at"`
		} `json:"recipients"`
	}
	if err := json.Unmarshal([]byte(maya.getRaw(c.of(id, "recall.json"))), &file); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"Jonas Lindqvist": "opened opened true", "Amal Rahmani": "opened opened false", "Erik Sand": "recalled none false"}
	for _, r := range file.Recipients {
		if got := fmt.Sprint(r.Outcome, " ", r.Level, " ", r.OpenedAt != ""); got != want[r.Name] {
			t.Errorf("%s: %s, want %s", r.Name, got, want[r.Name])
		}
	}
	if file.Outcome != "partly_recalled" || file.DraftID == "" || len(file.Recipients) != 3 {
		t.Errorf("the file is %+v", file)
	}
}

// getRaw is the text of an answer that is no page.
func (w *writer) getRaw(path string) string {
	w.office.t.Helper()
	return w.get(path).want(http.StatusOK).html
}

// Who did not send a message learns nothing about its recall: a participant is told
// that only its sender can, a stranger that there is nothing.
func TestRecallOfOthers(t *testing.T) {
	t.Parallel()
	maya, jonas, c := duo(t)
	stranger := c.writer("Erik Sand")
	id := c.says(maya, secretText)
	form := url.Values{"key": {"k"}, "reason": {string(sealpost.FlagSpam)}}
	for _, what := range []string{"recall", "why", "disregard"} {
		jonas.get(c.of(id, what)).want(http.StatusForbidden).tells("Only the sender can").lacks("zebra")
		stranger.get(c.of(id, what)).want(http.StatusNotFound).lacks("zebra")
	}
	jonas.get(c.of(id, "recall.json")).want(http.StatusForbidden)
	for _, what := range []string{"recall", "disregard"} {
		jonas.post(c.of(id, what), form).want(http.StatusForbidden)
	}
	for _, what := range []string{"recall", "disregard", "report", "hide"} {
		stranger.post(c.of(id, what), form).want(http.StatusNotFound)
	}
	if m := c.view(maya, id); m.State != sealpost.Sent || m.RecalledAt != 0 {
		t.Errorf("the message is %+v", m)
	}
	for _, what := range []string{"details", "report", "hide"} {
		jonas.get(c.of(id, what)).want(http.StatusOK).lacks("zebra").saysNot("Recipients")
	}
	if m := c.view(jonas, id); m.Delivery != sealpost.DeliverySealed {
		t.Errorf("looking opened it: %+v", m)
	}
}

// S17: the request to disregard is asked for with its words, sent once, and its page
// shows what was answered.
func TestDisregardByForms(t *testing.T) {
	t.Parallel()
	maya, jonas, c := duo(t)
	id := c.says(maya, secretText)
	c.opens(jonas, id)
	page := maya.get(c.of(id, "disregard")).want(http.StatusOK).tells("Ask to disregard it?", "Please disregard my message of "+clockOf(t, c.view(maya, id).SentAt))
	form := url.Values{"key": {page.key()}}
	for range 2 {
		maya.post(c.of(id, "disregard"), form).want(http.StatusOK).tells("You asked to disregard it.")
	}
	h, err := c.History(t.Context(), maya.Principal, c.id, sealpost.MessageID{}, 10)
	if err != nil || len(h.Items) != 2 {
		t.Fatalf("%d messages, %v", len(h.Items), err)
	}
	maya.get(c.of(id, "disregard")).want(http.StatusOK).tells("You asked to disregard it", "Jonas Lindqvist No answer yet").saysNot("Ask to disregard it?")
	ask := h.Items[len(h.Items)-1].ID
	c.opens(jonas, ask)
	jonas.post(c.of(ask, "acknowledge"), url.Values{"key": {"k"}, "deleted": {"true"}}).want(http.StatusOK)
	maya.get(c.of(id, "disregard")).want(http.StatusOK).tells("Jonas Lindqvist Says that it is deleted, ")
	c.later(6 * time.Minute)
	maya.get(c.of(ask, "why")).want(http.StatusOK).tells("Send a follow-up", "Report my own message").saysNot("Ask to disregard it")
	maya.get(c.of(ask, "disregard")).want(http.StatusNotFound)
}

// S18, R23: a report of one's own or another's message says what it does, keeps what
// was written when something is wrong, and leads to where the answer will be.
func TestFlagByForms(t *testing.T) {
	t.Parallel()
	maya, jonas, c := duo(t)
	id := c.says(maya, secretText)
	own := maya.get(c.of(id, "report")).want(http.StatusOK).tells("Report my own message", "Moderators will read the message.", "I ask for its removal", "zebra", "to Jonas Lindqvist")
	form := url.Values{"key": {own.key()}, "reason": {"none of them"}, "note": {"it names a patient"}, "remove": {"on"}}
	wrong := maya.post(c.of(id, "report"), form).want(http.StatusUnprocessableEntity, ">it names a patient</textarea>", `href="#reason"`)
	if wrong.key() != own.key() {
		t.Error("the key changed")
	}
	form.Set("reason", string(sealpost.FlagConfidential))
	sent := maya.post(c.of(id, "report"), form).want(http.StatusOK).tells("Reported. The answer will be here.")
	if !strings.HasPrefix(sent.at, "/activity?done=reported") {
		t.Errorf("the report led to %s", sent.at)
	}
	jonas.get(c.of(id, "report")).want(http.StatusOK).lacks("zebra").tells("A sealed copy is kept for them, whatever its sender does now.").saysNot("I ask for its removal")
	jonas.post(c.of(id, "report"), url.Values{"key": {"k"}, "reason": {string(sealpost.FlagSpam)}}).want(http.StatusOK).lacks("zebra")
	if m := c.view(jonas, id); m.Delivery != sealpost.DeliverySealed {
		t.Errorf("reporting opened it: %+v", m)
	}
}

// Hiding is for the one who hides, and asked before.
func TestHideByForms(t *testing.T) {
	t.Parallel()
	maya, jonas, c := duo(t)
	id := c.says(maya, secretText)
	c.opens(jonas, id)
	key := jonas.get(c.of(id, "hide")).want(http.StatusOK).tells("Hide for me only?", "nobody is told").key()
	jonas.get(c.path()).says("zebra")
	jonas.post(c.of(id, "hide"), url.Values{"key": {key}}).want(http.StatusOK).saysNot("zebra")
	maya.get(c.path()).says("zebra")
}

// Details tell what is known, and of what is not sent yet when it will be.
func TestDetails(t *testing.T) {
	t.Parallel()
	maya, jonas, c := duo(t)
	id := c.says(maya, secretText)
	maya.get(c.of(id, "details")).want(http.StatusOK).tells("Recall window ends", "Jonas Lindqvist No receipt yet", id.String()).saysNot("zebra")
	jonas.get(c.of(id, "details")).want(http.StatusOK).saysNot("Recipients", "zebra")
	c.opens(jonas, id)
	maya.get(c.of(id, "details")).want(http.StatusOK).tells("Jonas Lindqvist Opened ")
	c.later(6 * time.Minute)
	maya.get(c.of(id, "details")).want(http.StatusOK).tells("Recall window ended")
	wait := time.Minute
	held, err := c.Send(t.Context(), maya.Principal, "", service.Sending{Conversation: c.id, Body: "later", Kind: sealpost.KindMessage, Undo: &wait})
	if err != nil {
		t.Fatal(err)
	}
	maya.get(c.of(held.ID, "details")).want(http.StatusOK).tells("Not sent yet", "Sends ").saysNot("1970")
	for _, what := range []string{"recall", "why", "disregard"} {
		maya.get(c.of(held.ID, what)).want(http.StatusConflict).tells("The message is not delivered yet. Undo it instead.")
	}
	jonas.get(c.of(held.ID, "details")).want(http.StatusNotFound)
}

// R20: the text is a draft of the sender's for a day, and the report leads to it as
// long as it is there.
func TestReportLeadsToTheDraft(t *testing.T) {
	t.Parallel()
	maya, _, c := duo(t)
	id := c.says(maya, secretText)
	key := maya.get(c.of(id, "recall")).key()
	maya.post(c.of(id, "recall"), url.Values{"key": {key}}).want(http.StatusOK)
	report := maya.get(c.of(id, "recall")).want(http.StatusOK).tells("The text becomes unreadable everywhere at ", "Your text is kept as a draft until ")
	link := regexp.MustCompile(`href="(/compose\?draft=[^"]*)"`).FindStringSubmatch(report.html)
	if link == nil {
		t.Fatalf("no link to the draft:\n%s", report.html)
	}
	maya.get(link[1]).want(http.StatusOK, secretText)
	maya.get(c.path()).want(http.StatusOK, link[1]).tells("Report Write again")
	c.later(26 * time.Hour)
	maya.get(c.path()).want(http.StatusOK).lacks(link[1])
	maya.get(c.of(id, "recall")).want(http.StatusOK).lacks(link[1]).tells("The text has been unreadable everywhere since ")
}
