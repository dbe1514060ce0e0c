package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/sealpost/sealpost/api"
)

// reportCommand shows what a recall did, to its sender.
type reportCommand struct {
	remoteFlags
	Message string `arg:"" help:"Its id, or the end of it as read shows."`
	JSON    bool   `help:"Print everything the server says."`
}

// Run prints the report.
func (c *reportCommand) Run(ctx context.Context, io streams) error {
	r, err := c.connect(ctx, io)
	if err != nil {
		return err
	}
	m, err := r.ownMessage(ctx, c.Message)
	if err != nil {
		return err
	}
	report, err := r.Report(ctx, m.ID)
	if err != nil {
		return plain(err)
	}
	if c.JSON {
		return writeJSON(io.out, report)
	}
	conversation, err := r.Conversation(ctx, m.ConversationID)
	if err != nil {
		return plain(err)
	}
	r.wording(conversation).report(io.out, m, report)
	return nil
}

// report prints a report: what happened, and for each recipient what they may have
// seen, as a shape and in words (R25).
func (w wording) report(to io.Writer, m api.Message, r api.Report) {
	fmt.Fprintln(to, summaryOf(r))
	fmt.Fprintf(to, "Sent %s, recalled %s.\n\n", w.clock.deadline(m.SentAt), w.clock.deadline(r.RecalledAt))
	table := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "RECIPIENT\tOUTCOME\tMAY HAVE SEEN\tDETAILS")
	for _, line := range r.Recipients {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", w.name(line.UserID), outcome(line.Outcome), exposure(line.Level), w.details(line))
	}
	_ = table.Flush() // to a buffer's or a terminal's writer; there is nobody else to tell
	fmt.Fprintln(to)
	if r.Trace == "marker" {
		fmt.Fprintln(to, "Where the message was, a line says that you recalled one, for those who may have known.")
	} else {
		fmt.Fprintln(to, "No trace is left: nobody was told that it came.")
	}
	if r.DraftID != nil {
		fmt.Fprintf(to, "Your text is kept as draft %s for 24 hours.\n", *r.DraftID)
	}
	if r.ErasedAt != nil {
		fmt.Fprintf(to, "From %s the text cannot be read anywhere any more, unless something obliges your organisation to keep it.\n", zoned(r.ErasedAt, w.clock.zone))
	}
	fmt.Fprintln(to, "This report shows what the server sent and received. It can't show what somebody saw on a screen.")
}

func summaryOf(r api.Report) string {
	recalled := 0
	for _, line := range r.Recipients {
		if line.Outcome == "recalled" {
			recalled++
		}
	}
	switch {
	case r.Outcome == "refused":
		return "Not recalled."
	case recalled == len(r.Recipients):
		return "Recalled for everyone. Nobody had opened it."
	}
	return fmt.Sprintf("Recalled for %d of %d people.", recalled, len(r.Recipients))
}

func outcome(s string) string {
	switch s {
	case "recalled":
		return "Recalled"
	case "opened":
		return "Not recalled"
	case "text_message":
		return "Not recalled: SMS"
	}
	return oneLine(s)
}

// exposure is a level as a shape that fills up, and in words (R24).
func exposure(level string) string {
	switch level {
	case "none":
		return "○ Nothing"
	case "notified":
		return "◔ That a message came"
	case "preview":
		return "◑ A preview of the text"
	case "full":
		return "● The whole text"
	case "opened":
		return "● Opened"
	}
	return oneLine(level)
}

func (w wording) details(line api.RecipientReport) string {
	var parts []string
	switch {
	case line.OpenedAt != nil:
		parts = append(parts, "Opened "+w.clock.deadline(line.OpenedAt)+".")
	case line.Outcome == "opened":
		parts = append(parts, "Opened.")
	}
	for _, c := range line.Channels {
		parts = append(parts, w.channel(c))
	}
	if len(line.Channels) == 0 && line.Level == "none" {
		parts = append(parts, "No notification was sent.")
	}
	return strings.Join(parts, " ")
}

// channel is the record of one notification.
func (w wording) channel(c api.Channel) string {
	text := map[string]string{"none": "without text", "preview": "with preview text", "full": "with the whole text"}[c.Text]
	when := ""
	if c.At != nil {
		when = " " + w.clock.at(c.At)
	}
	return oneLine(fmt.Sprintf("%s%s %s: %s.", c.Channel, when, text, strings.ReplaceAll(c.State, "_", " ")))
}
