package webui

import (
	"context"
	"errors"
	"time"

	"github.com/a-h/templ"

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
	s.get(at+"disregard", Member, s.disregardPage)
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
	id, m, err := q.messageIn()
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
	return threadPath(a.message.ConversationID) + "#" + anchor(a.message.ID)
}

// recipients are the names of those whom the message went to.
func (a aboutMessage) recipients(ctx context.Context) (names []string) {
	for _, d := range a.message.Deliveries {
		names = append(names, nameIn(ctx, a.thread, d.UserID))
	}
	return names
}

// window is how long the message could be recalled.
func (a aboutMessage) window() time.Duration { return a.message.RecallableUntil.Sub(a.message.SentAt) }

func (a aboutMessage) topic() string { return "conversation:" + a.message.ConversationID.String() }

// recallView is the question before a recall.
type recallView struct {
	aboutMessage
	forecast service.Forecast
	key      string
	doubt    bool // it was asked for, and the server could not say whether it worked (R11)
}

// recallPage asks before a recall, and shows the report after one.
func (s *Server) recallPage(q *request) error {
	a, err := q.about()
	switch {
	case err != nil:
		return err
	case !a.message.Own:
		return notSender()
	case a.message.RecalledAt != 0:
		return q.showReport(a)
	}
	f, err := s.service.Forecast(q.ctx, q.principal, a.message.ID)
	switch {
	case err != nil:
		return err
	case !f.Recallable:
		return q.showWhy(whyView{aboutMessage: a, forecast: f, lost: q.query("was") == "recallable"})
	}
	return q.showRecall(recallView{aboutMessage: a, forecast: f, key: formKey()})
}

func notSender() error {
	return sealpost.Refuse(sealpost.CodeNotSender, "Only the sender can recall a message.")
}

func (q *request) showRecall(v recallView) error {
	return q.page(page{title: T(q.ctx, "Recall this message?"), body: recallBody(v), at: atMessages})
}

// recall takes the message back. A page never says that it worked before the server
// has committed it (R11): the thread that follows shows the marker, or a refusal
// shows its reason.
func (s *Server) recall(q *request) error {
	a, err := q.about()
	if unanswered(err) {
		return q.showDoubt()
	}
	if err != nil {
		return err
	}
	report, err := s.service.Recall(q.ctx, q.principal, q.key(), a.message.ID, service.Recalling{
		Conversation: a.message.ConversationID, Reason: q.field("reason"), KeepDraft: true,
	})
	switch code := sealpost.CodeOf(err); {
	case err == nil:
		return q.showRecalled(recalledView{a, report})
	case unanswered(err):
		_ = q.failure(err) // for the log
		return q.afterDoubt()
	case recallRefusals[code]:
		return q.showRefusal(a, err)
	}
	return err
}

// unanswered reports whether an error leaves open what happened.
func unanswered(err error) bool {
	return sealpost.CodeOf(err) == sealpost.CodeUnavailable || sealpost.CodeOf(err) == sealpost.CodeInternal
}

// afterDoubt looks what became of a recall that nobody answered. What is recalled is;
// that it is not yet proves nothing, so the question stays, with its key: asking
// again gives the true outcome.
func (q *request) afterDoubt() error {
	a, err := q.about()
	if err != nil {
		return q.showDoubt()
	}
	if a.message.RecalledAt != 0 {
		r, err := q.server.service.Report(q.ctx, q.principal, a.message.ID)
		if err != nil {
			return q.showDoubt()
		}
		return q.showRecalled(recalledView{aboutMessage: a, report: r})
	}
	f, err := q.server.service.Forecast(q.ctx, q.principal, a.message.ID)
	if err != nil || !f.Recallable {
		return q.showDoubt()
	}
	q.status = q.server.status(sealpost.CodeUnavailable)
	return q.showRecall(recallView{aboutMessage: a, forecast: f, key: q.key(), doubt: true})
}

// showDoubt is the question where nothing can be read: its key is all that counts.
func (q *request) showDoubt() error {
	q.status = q.server.status(sealpost.CodeUnavailable)
	return q.page(page{title: T(q.ctx, "Recall this message?"), body: doubtBody(q.r.URL.Path, q.key(), q.field("reason")), at: atMessages})
}

// recalledView is a recall that is done.
type recalledView struct {
	aboutMessage
	report service.Report
}

func (q *request) showRecalled(v recalledView) error {
	if q.swapped() {
		return q.page(page{title: T(q.ctx, "Recalled"), body: recalledBody(v)})
	}
	return q.done(v.back(), v.outcome())
}

// outcome is the key of the sentence after a recall.
func (v recalledView) outcome() string {
	switch {
	case v.report.Again:
		return "recalled-already"
	case v.report.Outcome == service.OutcomePartlyRecalled:
		return "recalled-partly"
	case len(v.report.Recipients) > 1:
		return "recalled-all"
	}
	return "recalled"
}

// words are the words after a recall, with the name of a single recipient.
func (v recalledView) words(ctx context.Context) string {
	if v.outcome() == "recalled" && len(v.report.Recipients) == 1 {
		return T(ctx, "Recalled. %[1]s had not opened it.", nameIn(ctx, v.thread, v.report.Recipients[0].UserID))
	}
	return outcome(ctx, v.outcome())
}

// recallRefusals is the table of what a recall can be refused with (R8); it never
// changes.
var recallRefusals = map[sealpost.Code]bool{
	sealpost.CodeRecallOff: true, sealpost.CodeRequiredNotice: true, sealpost.CodeOnHold: true, sealpost.CodeTextMessage: true,
	sealpost.CodeWindowClosed: true, sealpost.CodeDailyLimit: true, sealpost.CodeThrottled: true, sealpost.CodeOpened: true,
	sealpost.CodeRemoved: true,
}

// showRefusal shows why a recall was refused. The reason is the refusal's own: what
// may be told beforehand knows less, of people whose receipts are off (R8).
func (q *request) showRefusal(a aboutMessage, refusal error) error {
	f, err := q.server.service.Forecast(q.ctx, q.principal, a.message.ID)
	if err != nil {
		return err
	}
	now, err := q.about() // with the openings that it lost to
	if err != nil {
		return err
	}
	var e *sealpost.Error
	if errors.As(refusal, &e) {
		f.Recallable, f.Code, f.Also, f.NextPossibleAt, f.Alternatives = false, e.Code, e.Also, e.RetryAt, e.Alternatives
	}
	q.status = q.server.status(f.Code)
	return q.showWhy(whyView{aboutMessage: now, forecast: f, refused: true})
}

// exposures says what the recipients may have seen, those who may have seen the same
// in one sentence. Before a recall everybody may know that a message came: whether
// they were there is told afterwards.
func (v recallView) exposures(ctx context.Context) (out []templ.Component) {
	names := map[sealpost.Level][]string{}
	for _, e := range v.forecast.Exposure {
		names[e.Level] = append(names[e.Level], nameIn(ctx, v.thread, e.UserID))
	}
	if all := names[sealpost.LevelNone]; len(all) > 0 {
		out = append(out, say("%[1]s: nothing. Nobody told them that it came.", nameList(all)))
	}
	if all := names[sealpost.LevelNotified]; len(all) > 0 {
		out = append(out, say("%[1]s: perhaps that a message from you came. Never its text.", nameList(all)))
	}
	for _, e := range v.forecast.Exposure {
		if e.Level == sealpost.LevelPreview && len(e.Channels) > 0 {
			out = append(out, say("%[1]s: your first words, in their message list at %[2]s.", name(nameIn(ctx, v.thread, e.UserID)), clock(e.Channels[0].At)))
		}
	}
	if all := names[sealpost.LevelFull]; len(all) > 0 {
		out = append(out, say("%[1]s: the whole text, by SMS. It can't be recalled.", nameList(all)))
	}
	for _, d := range v.message.Deliveries {
		if d.OpenedAt != 0 {
			out = append(out, say("%[1]s opened it at %[2]s. It stays in their conversation.", name(nameIn(ctx, v.thread, d.UserID)), clock(d.OpenedAt)))
		}
	}
	return out
}

// reached are the names of those from whom the message would be taken back.
func (v recallView) reached(ctx context.Context) (names []string) {
	for _, id := range v.forecast.For {
		names = append(names, nameIn(ctx, v.thread, id))
	}
	return names
}
