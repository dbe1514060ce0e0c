package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/client"
)

// readCommand shows a conversation. Only --open opens something.
type readCommand struct {
	remoteFlags
	Conversation string `arg:"" help:"Its id, an unambiguous end of it as inbox shows, or the address of the other person."`
	Open         bool   `help:"Open what is sealed and show its text. From then on it cannot be recalled, and senders may be told."`
	Limit        int    `help:"How many messages, the newest (1 to 200)." default:"50"`
	JSON         bool   `help:"Print everything the server says, with whole ids."`
}

// Run shows the newest messages, oldest first, each with its state.
func (c *readCommand) Run(ctx context.Context, io streams) error {
	r, err := c.connect(ctx, io)
	if err != nil {
		return err
	}
	conversation, err := r.conversation(ctx, c.Conversation)
	if err != nil {
		return err
	}
	page, err := r.History(ctx, conversation.ID, "", min(max(c.Limit, 1), 200))
	if err != nil {
		return plain(err)
	}
	var failed error // whatever was opened before it is shown all the same
	if c.Open {
		page.Items, failed = r.openAll(ctx, conversation.ID, page.Items)
	}
	if c.JSON {
		return firstError(failed, writeJSON(io.out, page.Items))
	}
	w := r.wording(conversation)
	fmt.Fprintf(io.out, "%s (%s)\n", w.title(conversation), short(conversation.ID))
	if page.More {
		fmt.Fprintln(io.out, "Older messages are not shown; use --limit.")
	}
	fmt.Fprint(io.out, w.thread(page.Items))
	if conversation.Request {
		fmt.Fprintf(io.out, "\nA message request. To answer it: sealpost accept %s, or sealpost decline %s\n", short(conversation.ID), short(conversation.ID))
	}
	if n := countSealed(page.Items); n > 0 && failed == nil {
		fmt.Fprintf(io.out, "\n%d sealed. To open: sealpost read %s --open\n", n, short(conversation.ID))
	}
	return failed
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// openAll opens through the newest message and gives the list with what was opened
// in its place, also what is older than the list.
func (r *remote) openAll(ctx context.Context, conversation string, items []api.Message) ([]api.Message, error) {
	newest := ""
	for _, m := range items {
		if m.SentAt != nil && m.SenderID != r.me.ID {
			newest = m.ID
		}
	}
	if newest == "" {
		return items, nil
	}
	for {
		opened, err := r.Open(ctx, conversation, newest)
		if err != nil {
			return items, plain(err)
		}
		for _, m := range opened.Messages {
			if i := slices.IndexFunc(items, func(o api.Message) bool { return o.ID == m.ID }); i >= 0 {
				items[i] = m
			} else {
				items = append(items, m)
			}
		}
		slices.SortStableFunc(items, client.Order)
		if !opened.More || len(opened.Messages) == 0 {
			return items, nil
		}
	}
}

func countSealed(items []api.Message) int {
	n := 0
	for _, m := range items {
		if m.Delivery == "sealed" && m.State == "sent" {
			n++
		}
	}
	return n
}

// thread is the messages of a conversation. Neighbouring marks of one sender are one
// (R17).
func (w wording) thread(items []api.Message) string {
	var b strings.Builder
	for _, line := range client.Lines(items) {
		b.WriteString("\n")
		if len(line) > 1 {
			fmt.Fprintf(&b, "%s%s\n", w.markers(line), w.ownIDs(line))
		} else {
			b.WriteString(w.message(line[0]))
		}
	}
	return b.String()
}

// markers is the line of neighbouring markers.
func (w wording) markers(line client.Line) string {
	return fmt.Sprintf("%s recalled %d messages.", w.name(line[0].SenderID), len(line))
}

// ownIDs names own recalled messages, for their reports.
func (w wording) ownIDs(items []api.Message) string {
	if items[0].SenderID != w.me {
		return ""
	}
	ids := make([]string, len(items))
	for i, m := range items {
		ids[i] = short(m.ID)
	}
	return " Reports: sealpost report " + strings.Join(ids, ", ")
}

func (w wording) message(m api.Message) string {
	var b strings.Builder
	when := m.SentAt
	if when == nil {
		when = m.CreatedAt
	}
	fmt.Fprintf(&b, "%s  %s  (%s)\n", w.clock.at(when), w.name(m.SenderID), short(m.ID))
	if m.Content != nil {
		b.WriteString(paragraph(m.Content.Body))
	}
	switch {
	case m.Imported && m.Content != nil:
		b.WriteString("  From an imported archive.\n")
	case m.SenderID == w.me || m.Content == nil:
		b.WriteString("  " + w.state(m) + "\n")
	}
	if said := w.answers(m); said != "" {
		b.WriteString("  " + said + "\n")
	}
	switch {
	case m.SenderID != w.me:
	case m.State == "held" || m.State == "scheduled":
		b.WriteString("  To undo: sealpost recall " + short(m.ID) + "\n")
	case m.RecalledAt != nil:
		b.WriteString("  What may have been seen: sealpost report " + short(m.ID) + "\n")
	}
	return b.String()
}
