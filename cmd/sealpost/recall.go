package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/client"
)

// recallCommand takes a message back, after it said what that will do. A message
// that is not delivered yet is undone instead.
type recallCommand struct {
	remoteFlags
	Message string `arg:"" help:"Its id as send printed it, or the end of it as read shows."`
	Reason  string `help:"Why; kept in the organisation's log only."`
	NoDraft bool   `help:"Do not keep the text as a draft."`
	Yes     bool   `help:"Do not ask." short:"y"`
}

// errNotRecalled makes the command fail after it has said why.
var errNotRecalled = errors.New("not recalled")

// Run says what a recall will do and what recipients may have seen, asks, and says
// what came of it. It never reports a success that the server did not (R11).
func (c *recallCommand) Run(ctx context.Context, io streams) error {
	r, err := c.connect(ctx, io)
	if err != nil {
		return err
	}
	m, err := r.ownMessage(ctx, c.Message)
	if err != nil {
		return err
	}
	if m.State == "held" || m.State == "scheduled" {
		return c.undo(ctx, r, m)
	}
	conversation, err := r.Conversation(ctx, m.ConversationID)
	if err != nil {
		return plain(err)
	}
	w := r.wording(conversation)
	if m.RecalledAt != nil { // R9
		pendingKey{path: r.pendingPath("recall", c.request(r, m)...)}.forget()
		fmt.Fprintln(io.out, "Already recalled.")
		report, err := r.Report(ctx, m.ID)
		if err == nil {
			w.report(io.out, m, report)
		}
		return plainOrNil(err)
	}
	forecast, err := r.Forecast(ctx, m.ID)
	if err != nil {
		return fmt.Errorf("%w: %w", errNotRecalled, plain(err))
	}
	if !forecast.Recallable {
		if forecast.Code == nil {
			return errNotRecalled
		}
		fmt.Fprint(io.out, w.refusal(refusal{*forecast.Code, forecast.Also, forecast.NextPossibleAt}, m, forecast.Alternatives))
		return errNotRecalled
	}
	fmt.Fprint(io.out, w.forecast(m, forecast, !c.NoDraft))
	if !c.Yes {
		sure, err := confirm(io, "Recall it?")
		if err != nil || !sure {
			fmt.Fprintln(io.out, "The message is kept.")
			return firstError(err, errNotRecalled)
		}
	}
	return c.recall(ctx, r, w, m)
}

// request is what makes two runs of the command the same request.
func (c *recallCommand) request(r *remote, m api.Message) []string {
	return []string{r.url, r.me.ID, m.ID, c.Reason, fmt.Sprint(!c.NoDraft)}
}

// recall asks under a key that is remembered until the outcome is known, so that the
// same command gives the true outcome of an attempt whose answer was lost (R11).
func (c *recallCommand) recall(ctx context.Context, r *remote, w wording, m api.Message) error {
	keep := !c.NoDraft
	key, err := r.pendingKey("recall", c.request(r, m)...)
	if err != nil {
		return err
	}
	report, err := r.Recall(ctx, m.ID, api.Recall{Reason: c.Reason, KeepDraft: &keep}, client.WithKey(key.value))
	var e *client.Error
	if errors.As(err, &e) && e.Unknown {
		fmt.Fprintln(r.out, "We don't know yet whether the recall worked. Repeat the same command: it asks about")
		fmt.Fprintln(r.out, "this attempt again and says what came of it.")
		return plain(err)
	}
	key.forget()
	switch {
	case errors.As(err, &e):
		return r.refused(ctx, w, m, e)
	case err != nil:
		return err
	}
	if m, err = r.Message(ctx, m.ID); err != nil {
		return plain(err)
	}
	w.report(r.out, m, report)
	return nil
}

// refused says why, and what else can be done.
func (r *remote) refused(ctx context.Context, w wording, m api.Message, e *client.Error) error {
	if reasonOf(e.Code) == "" {
		return fmt.Errorf("%w: %w", errNotRecalled, plain(e))
	}
	why := refusal{code: e.Code, also: e.Also}
	if !e.RetryAt.IsZero() {
		t := api.At(e.RetryAt)
		why.again = &t
	}
	fmt.Fprint(r.out, w.refusal(why, m, e.Alternatives))
	return errNotRecalled
}

// undo takes back what was not delivered: nobody can know that there was a message.
func (c *recallCommand) undo(ctx context.Context, r *remote, m api.Message) error {
	w := wording{me: r.me.ID, clock: r.clock()}
	fmt.Fprintf(r.out, "%s It is not delivered, so it can be undone: nobody can know that there was a message.\n", w.state(m))
	if !c.Yes {
		sure, err := confirm(r.streams, "Undo it?")
		if err != nil || !sure {
			fmt.Fprintln(r.out, "It will be sent.")
			return firstError(err, errors.New("not undone"))
		}
	}
	undone, err := r.Undo(ctx, m.ID)
	switch client.CodeOf(err) {
	case "":
		if undone.DraftID == "" {
			fmt.Fprintln(r.out, "Not sent. Its text was lost on the server: nobody can read it any more.")
			return nil
		}
		fmt.Fprintf(r.out, "Not sent. Your text is kept as draft %s.\n", undone.DraftID)
		return nil
	case "already_delivered":
		fmt.Fprintln(r.out, "Too late to undo: it was just delivered. The same command recalls it now.")
		return errors.New("not undone")
	}
	return fmt.Errorf("not undone: %w", plain(err))
}

// forecast is the dialog before a recall.
func (w wording) forecast(m api.Message, f api.Forecast, draft bool) string {
	var b strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	if m.Content != nil {
		say("%q to %s, sent %s", firstWords(m.Content.Body), w.people(recipients(m)), w.clock.at(m.SentAt))
	}
	say("\nWhat will happen")
	say("  - The message is removed for %s, unless they open it first.", w.people(f.For))
	say("  - A line may say that you recalled a message, where somebody may have noticed that one came.")
	say("  - This counts towards your recalls in this conversation today.")
	if draft {
		say("  - Your text is kept as a draft for 24 hours.")
	} else {
		say("  - Your text is not kept.")
	}
	say("\nWhat they may already have seen")
	for _, e := range f.Exposure {
		say("  - %s: %s", w.name(e.UserID), w.mayHaveSeen(e))
	}
	say("\nRecall until %s. Your organisation may keep a copy for its records. Recalling does", w.clock.deadline(f.Until))
	say("not remove a legal duty you may have to send this.\n")
	return b.String()
}

func recipients(m api.Message) []string {
	out := make([]string, len(m.Deliveries))
	for i, d := range m.Deliveries {
		out[i] = d.UserID
	}
	return out
}

func (w wording) mayHaveSeen(e api.Exposure) string {
	words := ""
	switch e.Level {
	case "none":
		words = "nothing."
	case "notified":
		words = "may know that a message came, not what it says."
	case "preview":
		words = "may have seen a preview of the text."
	case "full":
		words = "may have seen the whole text."
	case "opened":
		words = "opened it, and keeps it."
	}
	for _, c := range e.Channels {
		words += " " + w.channel(c)
	}
	return words
}

// refusal is why a recall is not possible.
type refusal struct {
	code  string
	also  []string
	again *api.Time // nil: never, or not known
}

// refusal is the panel that answers why a message cannot be recalled.
func (w wording) refusal(r refusal, m api.Message, alternatives []string) string {
	var b strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	say("Not recalled. %s", reasonOf(r.code))
	if m.RecallableUntil != nil && r.code == "window_closed" {
		say("Recall was possible until %s.", w.clock.deadline(m.RecallableUntil))
	}
	for _, code := range r.also {
		if words := reasonOf(code); words != "" {
			say("Also: %s", words)
		}
	}
	switch {
	case r.again == nil:
	case m.RecallableUntil != nil && r.again.After(m.RecallableUntil.Time):
		say("The recall window of this message ends first, at %s, so it can't be recalled.", w.clock.deadline(m.RecallableUntil))
	default:
		say("Possible again from %s.", zoned(r.again, w.clock.zone))
	}
	known := slices.DeleteFunc(slices.Clone(alternatives), func(a string) bool { return instead(a) == "" })
	if len(known) > 0 {
		say("\nWhat you can do instead")
	}
	for i, a := range known {
		say("  %d. %s", i+1, instead(a))
	}
	return b.String()
}

// reasonOf is the sentence of a code of R8, empty for any other.
func reasonOf(code string) string {
	switch code {
	case "recall_off":
		return "Your organisation has turned recall off."
	case "required_notice":
		return "This is a required notice. Your organisation must be able to show that it was sent."
	case "on_hold":
		return "Recall is paused for this conversation. Ask your admin."
	case "text_message":
		return "This went out by SMS. Text messages leave our system and can't be recalled."
	case "window_closed":
		return "The recall window has closed."
	case "daily_limit":
		return "You have used your recalls in this conversation for today."
	case "throttled":
		return "Recall is paused for your account: a lot was sent in a short time. This limit protects against spam."
	case "opened":
		return "It has been opened. An opened message can't be recalled."
	case "removed":
		return "It was removed after review."
	case "unavailable":
		return "Recall isn't working right now. The problem is on our side."
	}
	return ""
}

// instead is the sentence of an alternative, empty for one that is not known.
func instead(alternative string) string {
	switch alternative {
	case "follow_up":
		return "Send a follow-up that corrects it."
	case "disregard":
		return "Ask them to disregard and delete it."
	case "report":
		return "Report your own message, if it is sensitive: moderators can remove it."
	case "block":
		return "Block the person. That stops new messages; they keep what they received."
	case "settings":
		return "Change your settings, such as the undo time, so that less is shown next time."
	}
	return ""
}
