package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/client"
)

// flagCommand reports a message, or lists what one has reported.
type flagCommand struct {
	remoteFlags
	Message string `arg:"" optional:"" help:"Its id, or the end of it as read shows; without it, your reports and what became of them."`
	Reason  string `help:"${enum}." enum:"spam,harassment,confidential,wrong_recipient,other" default:"other"`
	Note    string `help:"A note for the moderators."`
	Remove  bool   `help:"Ask for the message to be removed for everybody."`
}

// Run prints the id of the report and how far it is.
func (c *flagCommand) Run(ctx context.Context, io streams) error {
	r, err := c.connect(ctx, io)
	if err != nil {
		return err
	}
	if c.Message == "" {
		return c.list(ctx, r)
	}
	m, err := r.anyMessage(ctx, c.Message)
	if err != nil {
		return err
	}
	f, err := r.Flag(ctx, m.ID, api.FlagMessage{Reason: c.Reason, Note: c.Note, RequestRemoval: c.Remove})
	if err != nil {
		return fmt.Errorf("not reported: %w", plain(err))
	}
	fmt.Fprintln(io.out, f.ID)
	fmt.Fprintln(io.out, "Under review. Moderators will read the message and decide. You'll get an answer: sealpost flag")
	return nil
}

func (c *flagCommand) list(ctx context.Context, r *remote) error {
	page, err := r.Flags(ctx, client.Page{})
	if err != nil {
		return plain(err)
	}
	if len(page.Items) == 0 {
		fmt.Fprintln(r.out, "You have reported nothing.")
	}
	for _, f := range page.Items {
		fmt.Fprintf(r.out, "%s  message %s  %s: %s\n", r.clock().at(&f.CreatedAt), short(f.MessageID), f.Reason, flagState(f.State, f.Resolution))
		if f.Answer != nil {
			fmt.Fprint(r.out, paragraph(*f.Answer))
		}
	}
	return nil
}

// flagState is how far a report is, in words.
func flagState(state string, resolution *string) string {
	switch {
	case state == "open":
		return "Under review."
	case resolution != nil && *resolution == "remove":
		return "Removed after review."
	}
	return "Kept after review."
}

// flagsCommand is for moderators.
type flagsCommand struct {
	List    flagsListCommand    `cmd:"" default:"withargs" help:"List what is to be reviewed, without any text."`
	Show    flagsShowCommand    `cmd:"" help:"Show a report with the text. That you read it is recorded."`
	Resolve flagsResolveCommand `cmd:"" help:"Decide about a report."`
}

type flagsListCommand struct {
	remoteFlags
	State string `help:"${enum}." enum:"open,resolved" default:"open"`
	Limit int    `help:"How many at most (1 to 200)." default:"50"`
}

// Run lists the queue: people who ask for the removal of their own message first.
func (c *flagsListCommand) Run(ctx context.Context, io streams) error {
	r, err := c.connect(ctx, io)
	if err != nil {
		return err
	}
	page, err := r.Cases(ctx, c.State, client.Page{Limit: min(max(c.Limit, 1), 200)})
	if err != nil {
		return plain(err)
	}
	if len(page.Items) == 0 {
		fmt.Fprintln(io.out, "Nothing to review.")
		return nil
	}
	table := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tREASON\tBY\tASKS\tSINCE\tSTATE")
	for _, f := range page.Items {
		by, asks := "a recipient", ""
		if f.Own {
			by = "the sender"
		}
		if f.RequestRemoval {
			asks = "removal"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", f.ID, f.Reason, by, asks, r.clock().at(&f.CreatedAt), flagState(f.State, f.Resolution))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if page.NextCursor != nil {
		fmt.Fprintln(io.out, "There are more: use --limit.")
	}
	return nil
}

type flagsShowCommand struct {
	remoteFlags
	ID string `arg:"" help:"Id of the report."`
}

// Run shows the evidence. The server has noted that by the time it is shown.
func (c *flagsShowCommand) Run(ctx context.Context, io streams) error {
	r, err := c.connect(ctx, io)
	if err != nil {
		return err
	}
	f, err := r.Case(ctx, c.ID)
	if err != nil {
		return plain(err)
	}
	fmt.Fprintf(io.out, "%s: %s. Your view is recorded.\n", f.Reason, flagState(f.State, f.Resolution))
	if f.Evidence == nil {
		fmt.Fprintln(io.out, "The text is not kept any more.")
		return nil
	}
	for _, part := range []struct{ name, text string }{{"Message", f.Evidence.Body}, {"Note", f.Evidence.Note}, {"Answer", f.Evidence.Answer}} {
		if part.text != "" {
			fmt.Fprintf(io.out, "\n%s\n%s", part.name, paragraph(part.text))
		}
	}
	return nil
}

type flagsResolveCommand struct {
	remoteFlags
	ID     string `arg:"" help:"Id of the report."`
	Remove bool   `help:"Remove the message for everybody, for ever." xor:"action" required:""`
	Keep   bool   `help:"Keep the message." xor:"action" required:""`
	Answer string `help:"Answer to the reporter."`
}

// Run decides; a report that somebody else has resolved is an error.
func (c *flagsResolveCommand) Run(ctx context.Context, io streams) error {
	r, err := c.connect(ctx, io)
	if err != nil {
		return err
	}
	action := "keep"
	if c.Remove {
		action = "remove"
	}
	f, err := r.ResolveFlag(ctx, c.ID, api.ResolveFlag{Action: action, Answer: c.Answer})
	switch {
	case client.CodeOf(err) == "version_conflict":
		return errors.New("somebody else has resolved this report")
	case err != nil:
		return plain(err)
	}
	fmt.Fprintln(io.out, flagState(f.State, f.Resolution))
	return nil
}
