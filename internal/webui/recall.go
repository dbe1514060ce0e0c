package webui

import (
	"context"
	"time"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func (s *Server) registerRecall() {
	const at = "/messages/{conversation}/{message}/"
	s.get(at+"recall", Member, s.recallPage)
	s.post(at+"recall", Member, s.recall)
	s.get(at+"recall.json", Member, s.recallFile)
	s.get(at+"why", Member, s.why)
	s.get(at+"details", Member, s.details)
	s.post(at+"disregard", Member, s.disregard)
	s.get(at+"report", Member, s.flagPage)
	s.post(at+"report", Member, s.flag)
	s.get(at+"hide", Member, s.hidePage)
	s.post(at+"hide", Member, s.hide)
}

// aboutMessage is what every page about one message needs.
type aboutMessage struct {
	message service.MessageView
	thread  service.Thread
}

// about reads the message in the path, and its conversation, as the viewer has them.
func (q *request) about() (a aboutMessage, err error) {
	id, err := q.conversation()
	if err != nil {
		return a, err
	}
	m, err := q.message()
	if err != nil {
		return a, err
	}
	if a.message, err = q.server.service.Message(q.ctx, q.principal, m); err != nil {
		return a, err
	}
	if a.message.ConversationID != id {
		return a, sealpost.NotFound()
	}
	a.thread, err = q.server.service.Conversation(q.ctx, q.principal, id)
	return a, err
}

func (a aboutMessage) path(what string) string { return string(messagePath(a.message, what)) }

// back is the thread, at the message.
func (a aboutMessage) back() string {
	return "/messages/" + a.message.ConversationID.String() + "#" + anchor(a.message.ID)
}

func (a aboutMessage) topic() string { return "conversation:" + a.message.ConversationID.String() }

// recallView is the question before a recall, or why there is none.
type recallView struct {
	aboutMessage
	forecast service.Forecast
	terms    service.Terms
	next     sealpost.Instant
	key      string
	trouble  *failure // the recall was tried and did not go through; nothing has changed
	lost     bool     // it was recallable when the page was made, and is not any more
}

// recallPage asks before a recall, and shows the report after one.
func (s *Server) recallPage(q *request) error {
	a, err := q.about()
	if err != nil {
		return err
	}
	if !a.message.Own {
		return sealpost.Refuse(sealpost.CodeNotSender, "Only the sender can recall a message.")
	}
	if a.message.RecalledAt != 0 {
		return q.showReport(a)
	}
	return q.showRecall(recallView{aboutMessage: a, key: formKey(), lost: q.query("was") == "recallable"})
}

// showRecall shows the question, or the reasons where the answer is no already.
func (q *request) showRecall(v recallView) error {
	var err error
	if v.forecast, err = q.server.service.Forecast(q.ctx, q.principal, v.message.ID); err != nil {
		return err
	}
	if v.terms, err = q.server.service.Terms(q.ctx); err != nil {
		return err
	}
	v.next = sealpost.NextDay(q.now, q.place())
	if !v.forecast.Recallable {
		return q.showWhy(whyView{aboutMessage: v.aboutMessage, forecast: v.forecast, terms: v.terms, lost: v.lost})
	}
	return q.page(page{title: T(q.ctx, "Recall this message?"), body: recallBody(v), at: atMessages})
}

// recall takes the message back. A page never says that it worked before the server
// has committed it (R11): the thread that follows shows the marker, or a refusal
// shows its reason.
func (s *Server) recall(q *request) error {
	a, err := q.about()
	if err != nil {
		return err
	}
	_, err = s.service.Recall(q.ctx, q.principal, q.key(), a.message.ID, service.Recalling{
		Conversation: a.message.ConversationID, Reason: q.field("reason"), KeepDraft: true,
	})
	switch code := sealpost.CodeOf(err); {
	case err == nil:
		if q.swapped() {
			return q.page(page{title: T(q.ctx, "Recalled"), body: recalledBody(a)})
		}
		return q.done(a.back(), "recalled")
	case code == sealpost.CodeUnavailable:
		f := q.failure(err)
		q.status = s.status(code)
		return q.showRecall(recallView{aboutMessage: a, key: q.key(), trouble: &f})
	case recallRefusals[code]:
		q.status = s.status(code)
		return q.showRecall(recallView{aboutMessage: a, key: formKey(), lost: true})
	}
	return err
}

// recallRefusals is the table of what a recall can be refused with (R8); it never
// changes.
var recallRefusals = map[sealpost.Code]bool{
	sealpost.CodeRecallOff: true, sealpost.CodeRequiredNotice: true, sealpost.CodeOnHold: true, sealpost.CodeTextMessage: true,
	sealpost.CodeWindowClosed: true, sealpost.CodeDailyLimit: true, sealpost.CodeThrottled: true, sealpost.CodeOpened: true,
	sealpost.CodeRemoved: true,
}

// recalledWords are the words after a recall.
func recalledWords(ctx context.Context, a aboutMessage) string {
	if len(a.message.Deliveries) == 1 {
		return T(ctx, "Recalled. %[1]s had not opened it.", nameIn(ctx, a.thread, a.message.Deliveries[0].UserID))
	}
	return T(ctx, "Recalled.")
}

// exposed is what one person may have seen, in a sentence. Before a recall everybody
// may know that a message came: whether they were there is told afterwards.
func exposed(ctx context.Context, t service.Thread, e service.Exposure) string {
	who := nameIn(ctx, t, e.UserID)
	switch e.Level {
	case sealpost.LevelNone:
		return T(ctx, "%[1]s: nothing. Nobody told %[1]s that it came.", who)
	case sealpost.LevelNotified:
		return T(ctx, "%[1]s: perhaps that a message from you came. Never its text.", who)
	case sealpost.LevelPreview:
		return T(ctx, "%[1]s: a preview of the text.", who)
	case sealpost.LevelFull:
		return T(ctx, "%[1]s: the whole text, by SMS. It can't be recalled.", who)
	}
	return T(ctx, "%[1]s opened it. It stays in their conversation.", who)
}

// whyView is why a message cannot be recalled, and what to do instead.
type whyView struct {
	aboutMessage
	forecast service.Forecast
	terms    service.Terms
	lost     bool
}

func (s *Server) why(q *request) error {
	a, err := q.about()
	if err != nil {
		return err
	}
	if !a.message.Own {
		return sealpost.Refuse(sealpost.CodeNotSender, "Only the sender can recall a message.")
	}
	v := whyView{aboutMessage: a}
	if v.forecast, err = s.service.Forecast(q.ctx, q.principal, a.message.ID); err != nil {
		return err
	}
	if v.terms, err = s.service.Terms(q.ctx); err != nil {
		return err
	}
	return q.showWhy(v)
}

func (q *request) showWhy(v whyView) error {
	return q.page(page{title: T(q.ctx, "Why can't I recall this?"), body: whyBody(v), at: atMessages})
}

// heading is the reason in a few words.
func (v whyView) heading(ctx context.Context) string {
	switch v.code() {
	case sealpost.CodeWindowClosed:
		if v.message.Imported {
			return T(ctx, "It comes from an archive")
		}
		return T(ctx, "The recall window has closed")
	case sealpost.CodeOpened:
		if len(v.message.Deliveries) == 1 {
			return T(ctx, "%[1]s has opened it", nameIn(ctx, v.thread, v.message.Deliveries[0].UserID))
		}
		return T(ctx, "Everyone has opened it")
	case sealpost.CodeDailyLimit:
		return T(ctx, "You already recalled a message here today")
	case sealpost.CodeThrottled:
		return T(ctx, "Recall is paused for your account")
	case sealpost.CodeRequiredNotice:
		return T(ctx, "This is a required notice")
	case sealpost.CodeOnHold:
		return T(ctx, "Recall is paused for this conversation")
	case sealpost.CodeTextMessage:
		return T(ctx, "This went out by SMS")
	case sealpost.CodeRecallOff:
		return T(ctx, "Your organisation has turned recall off")
	case sealpost.CodeRemoved:
		return T(ctx, "It was removed after review")
	case sealpost.CodeRecalled:
		return T(ctx, "Already recalled")
	case "":
		return T(ctx, "You can still recall this message")
	}
	return T(ctx, "Recall isn't working right now")
}

func (v whyView) code() sealpost.Code {
	if v.message.RecalledAt != 0 {
		return sealpost.CodeRecalled
	}
	return v.forecast.Code
}

// windowEndsFirst reports whether the message's own window is over before a limit is.
func (v whyView) windowEndsFirst() bool {
	return v.forecast.NextPossibleAt != 0 && v.forecast.NextPossibleAt > v.forecast.Until
}

// openedAt is when the last of the openings was that the sender may know of.
func (v whyView) openedAt() sealpost.Instant {
	var at sealpost.Instant
	for _, d := range v.message.Deliveries {
		at = max(at, d.OpenedAt)
	}
	return at
}

// window is how long the message could be recalled.
func (v whyView) window() time.Duration { return v.message.RecallableUntil.Sub(v.message.SentAt) }

// alsoText is another reason, in a few words.
func alsoText(ctx context.Context, v whyView, c sealpost.Code) string {
	other := v
	other.forecast.Code = c
	return other.heading(ctx)
}

// alternatives are what can be done instead, the most fitting first; always all five.
func (v whyView) alternatives() []string {
	if len(v.forecast.Alternatives) > 0 {
		return v.forecast.Alternatives
	}
	return policy.Alternatives(v.code())
}
