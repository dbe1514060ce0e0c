package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/sealpost/sealpost/api"
)

// inboxCommand lists conversations. It opens nothing.
type inboxCommand struct {
	remoteFlags
	Filter string `help:"Which: ${enum}." enum:"all,unread,requests,scheduled,recalled" default:"all"`
	Limit  int    `help:"How many at most." default:"50"`
	JSON   bool   `help:"Print everything the server says, with whole ids."`
}

// Run prints a line for each conversation, newest activity first. The id in it is
// the end of the whole one; read, send and watch take it.
func (c *inboxCommand) Run(ctx context.Context, io streams) error {
	r, err := c.connect(ctx, io)
	if err != nil {
		return err
	}
	items, more, err := r.inbox(ctx, c.Filter, max(1, c.Limit))
	if err != nil {
		return err
	}
	if c.JSON {
		if items == nil {
			items = []api.InboxItem{}
		}
		return writeJSON(io.out, items)
	}
	if len(items) == 0 {
		fmt.Fprintln(io.out, emptyInbox(c.Filter))
		return nil
	}
	table := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tWHO\tUNREAD\tLAST\t")
	for _, item := range items {
		w := r.wording(item.Conversation)
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", short(item.ID), w.title(item.Conversation), unread(item), lastActivity(w, item), w.summary(item))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if more {
		fmt.Fprintln(io.out, "There are more: use --limit.")
	}
	return nil
}

func emptyInbox(filter string) string {
	if filter == "all" {
		return "No conversations yet. Write to somebody with: sealpost send THEIR-ADDRESS 'text'"
	}
	if filter == "requests" {
		return "No message requests."
	}
	return "No conversations are " + filter + "."
}

func unread(item api.InboxItem) string {
	var parts []string
	if item.Unread > 0 {
		parts = append(parts, fmt.Sprint(item.Unread))
	}
	if item.MarkedUnread {
		parts = append(parts, "marked")
	}
	if item.Request {
		parts = append(parts, "request")
	}
	if item.Muted {
		parts = append(parts, "muted")
	}
	return strings.Join(parts, ", ")
}

func lastActivity(w wording, item api.InboxItem) string {
	if item.LastActivityAt == nil {
		return ""
	}
	return w.clock.at(item.LastActivityAt)
}
