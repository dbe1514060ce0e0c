package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/client"
)

// searchCommand finds messages. The word rebuild alone is the local command; to look
// for it: sealpost search find rebuild.
type searchCommand struct {
	Find    findCommand    `cmd:"" default:"withargs" help:"Find messages that you have opened, and your own once they are settled."`
	Rebuild rebuildCommand `cmd:"" help:"Make the index anew (local: opens the data itself)."`
}

type findCommand struct {
	remoteFlags
	Query []string `arg:"" help:"What to look for: words, \"several words\", begin*, from:name, from:me, in:name, before:2026-11-01, after:2026-11-01."`
	Limit int      `help:"How many at most." default:"20"`
	JSON  bool     `help:"Print everything the server says, with whole ids."`
}

// Run prints what was found, newest first.
func (c *findCommand) Run(ctx context.Context, io streams) error {
	r, err := c.connect(ctx, io)
	if err != nil {
		return err
	}
	items, total, err := r.find(ctx, strings.Join(c.Query, " "), max(1, c.Limit))
	if err != nil {
		return err
	}
	if c.JSON {
		if items == nil {
			items = []api.FoundMessage{}
		}
		return writeJSON(io.out, items)
	}
	if len(items) == 0 {
		fmt.Fprintln(io.out, "Nothing found.")
		return nil
	}
	threads := map[string]api.Conversation{}
	for _, item := range items {
		id := item.Conversation.ID
		if _, known := threads[id]; !known {
			if threads[id], err = r.Conversation(ctx, id); err != nil {
				return plain(err)
			}
		}
		w := r.wording(threads[id])
		fmt.Fprintf(io.out, "%s  %s in %s (%s)\n%s", w.clock.at(item.SentAt), w.name(item.SenderID), w.title(threads[id]), short(id), paragraph(item.Content.Body))
	}
	switch {
	case total >= 1000:
		fmt.Fprintln(io.out, "1000 found, or more.")
	case total > len(items):
		fmt.Fprintf(io.out, "%d of %d: use --limit.\n", len(items), total)
	default:
		fmt.Fprintf(io.out, "%d found.\n", total)
	}
	return nil
}

// find reads pages until there are n.
func (r *remote) find(ctx context.Context, query string, n int) (items []api.FoundMessage, total int, err error) {
	page := client.Page{}
	for {
		page.Limit = min(n-len(items), 200)
		found, err := r.Search(ctx, query, page)
		if err != nil {
			return nil, 0, plain(err)
		}
		items, total = append(items, found.Items...), found.Total
		if found.NextCursor == nil || len(items) >= n {
			return items, total, nil
		}
		page.Cursor = *found.NextCursor
	}
}

type rebuildCommand struct{ storeFlags }

// Run drops the index and queues everything that is settled, in one transaction; a
// server works it off. Run again it begins again.
func (c *rebuildCommand) Run(ctx context.Context, io streams) error {
	return c.local(ctx, io, func(a *app) error {
		if err := a.service.Reindex(ctx); err != nil {
			return err
		}
		fmt.Fprintln(io.out, "The index is dropped and everything that is settled is queued. A running server makes it anew; until then searches find less.")
		return nil
	})
}
