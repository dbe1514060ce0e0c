package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/client"
)

// draftsCommand works on drafts.
type draftsCommand struct {
	List   listDrafts  `cmd:"" default:"withargs" help:"List drafts, newest first."`
	Show   showDraft   `cmd:"" help:"Print the text of a draft."`
	Write  writeDraft  `cmd:"" help:"Keep a text as a draft, or replace that of one."`
	Forget forgetDraft `cmd:"" help:"Forget a draft and its key."`
}

type listDrafts struct{ remoteFlags }

// Run prints a line for each draft.
func (c *listDrafts) Run(ctx context.Context, io streams) error {
	r, err := c.connect(ctx, io)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tCHANGED\tKEPT UNTIL\tTEXT")
	count := 0
	for page := (client.Page{}); ; {
		drafts, err := r.Drafts(ctx, page)
		if err != nil {
			return plain(err)
		}
		for _, d := range drafts.Items {
			count++
			until := "you delete it"
			if d.ExpiresAt != nil {
				until = r.clock().deadline(d.ExpiresAt)
			}
			text := d.Body
			if d.Reason != nil {
				text = "(not sent: " + *d.Reason + ") " + text
			}
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", d.ID, r.clock().at(&d.UpdatedAt), until, firstWords(text))
		}
		if drafts.NextCursor == nil {
			break
		}
		page.Cursor = *drafts.NextCursor
	}
	if count == 0 {
		fmt.Fprintln(io.out, "No drafts.")
		return nil
	}
	return table.Flush()
}

type showDraft struct {
	remoteFlags
	Draft string `arg:"" help:"Its id."`
}

// Run prints the text.
func (c *showDraft) Run(ctx context.Context, io streams) error {
	r, err := c.connect(ctx, io)
	if err != nil {
		return err
	}
	d, err := r.Draft(ctx, c.Draft)
	if err != nil {
		return plain(err)
	}
	fmt.Fprint(io.out, paragraph(d.Body))
	return nil
}

type writeDraft struct {
	remoteFlags
	Text    string `arg:"" optional:"" help:"The text; - or nothing reads it from standard input."`
	In      string `help:"The conversation that it is for: an address, an id or its end." placeholder:"CONVERSATION"`
	Replace string `help:"Replace the text of this draft." placeholder:"DRAFT"`
	Seen    int32  `help:"With --replace: the version that you saw; without it the newest is replaced." placeholder:"N"`
}

// Run prints the id and the version.
func (c *writeDraft) Run(ctx context.Context, io streams) error {
	r, err := c.connect(ctx, io)
	if err != nil {
		return err
	}
	in := api.WriteDraft{Body: c.Text}
	if c.In != "" {
		found, err := r.conversation(ctx, c.In)
		if err != nil {
			return err
		}
		in.ConversationID = found.ID
	}
	if in.Body == "" || in.Body == "-" {
		if in.Body, err = readText(r.streams); err != nil {
			return err
		}
	}
	var d api.Draft
	if c.Replace == "" {
		d, err = r.AddDraft(ctx, in)
	} else {
		if c.Seen == 0 {
			now, err := r.Draft(ctx, c.Replace)
			if err != nil {
				return plain(err)
			}
			c.Seen = now.Version
		}
		d, err = r.PutDraft(ctx, c.Replace, c.Seen, in)
	}
	if err != nil {
		return fmt.Errorf("not kept: %w", plain(err))
	}
	fmt.Fprintf(io.out, "%s version %d\n", d.ID, d.Version)
	return nil
}

type forgetDraft struct {
	remoteFlags
	Draft string `arg:"" help:"Its id."`
}

// Run says nothing when it is done.
func (c *forgetDraft) Run(ctx context.Context, io streams) error {
	r, err := c.connect(ctx, io)
	if err != nil {
		return err
	}
	return plainOrNil(r.DeleteDraft(ctx, c.Draft))
}

// fromDraft fills in what is sent from a draft, which goes with the send.
func (c *sendCommand) fromDraft(ctx context.Context, r *remote, in *api.SendMessage) error {
	if c.Text != "" {
		return errors.New("--draft brings its own text: give either")
	}
	d, err := r.Draft(ctx, c.Draft)
	if err != nil {
		return plain(err)
	}
	in.Body, in.DraftID, in.DraftVersion = d.Body, d.ID, d.Version
	return nil
}
