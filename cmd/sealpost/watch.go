package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/client"
)

// watchCommand prints a line for each change as it happens. It opens nothing and
// prints no text.
type watchCommand struct {
	remoteFlags
	Conversation string `arg:"" optional:"" help:"Only this one: its id, the end of it, or the address of the other person."`
}

// maxWatched is how many of the newest conversations are read when it begins; others
// are read when they change.
const maxWatched = 20

// maxSaid bounds what is remembered of one conversation.
const maxSaid = 20_000

// Run watches until it is interrupted. Standard error says how the connection is.
func (c *watchCommand) Run(ctx context.Context, io streams) error {
	r, err := c.connect(ctx, io)
	if err != nil {
		return err
	}
	w := &watcher{remote: r, views: map[string]*watched{}}
	if c.Conversation != "" {
		only, err := r.conversation(ctx, c.Conversation)
		if err != nil {
			return err
		}
		w.only = only.ID
	}
	for e, err := range r.Events(ctx, "") {
		if err == nil {
			err = w.handle(ctx, e)
		}
		switch {
		case ctx.Err() != nil:
			return nil // interrupted: the way to end it
		case err != nil:
			return plain(err)
		}
	}
	return nil
}

// watcher follows conversations by signals.
type watcher struct {
	*remote
	only  string // id of the one conversation to follow; empty: all
	begun bool
	views map[string]*watched
}

// watched is one conversation that is followed.
type watched struct {
	view *client.View
	said map[string]string // the last line about each message, by id
}

func (w *watcher) handle(ctx context.Context, e client.Event) error {
	switch e.Kind {
	case client.EventLost:
		fmt.Fprintln(w.err, "The connection is lost. Reconnecting…")
	case client.EventConnected:
		if w.begun {
			fmt.Fprintln(w.err, "Connected again.")
			return nil // what was missed is signalled
		}
		// Only now: what changes after this is signalled.
		if err := w.begin(ctx); err != nil {
			return err
		}
		w.begun = true
		fmt.Fprintln(w.err, "Watching. Ctrl-C ends it.")
	case api.EventResync:
		return w.everything(ctx)
	case api.EventConversation:
		if w.only == "" || w.only == e.ConversationID {
			return w.changed(ctx, e.ConversationID)
		}
	}
	return nil
}

// begin reads what there is, without a word.
func (w *watcher) begin(ctx context.Context) error {
	ids := []string{w.only}
	if w.only == "" {
		items, _, err := w.inbox(ctx, "all", maxWatched)
		if err != nil {
			return err
		}
		ids = ids[:0]
		for _, item := range items {
			ids = append(ids, item.ID)
		}
	}
	for _, id := range ids {
		if err := w.sync(ctx, id, func(api.Message) bool { return false }); err != nil {
			return err
		}
	}
	return nil
}

func (w *watcher) everything(ctx context.Context) error {
	for id := range w.views {
		if err := w.changed(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// changed says what is new in a conversation. Of one that was not followed yet, the
// newest message.
func (w *watcher) changed(ctx context.Context, id string) error {
	if _, known := w.views[id]; known {
		return w.sync(ctx, id, func(api.Message) bool { return true })
	}
	item, err := w.History(ctx, id, "", 1)
	if err != nil {
		return goneOr(err)
	}
	return w.sync(ctx, id, func(m api.Message) bool { return len(item.Items) > 0 && m.ID == item.Items[len(item.Items)-1].ID })
}

// goneOr passes over a conversation that is not there any more: after a recall
// without a trace it was never there (R16).
func goneOr(err error) error {
	if errors.Is(err, &client.Error{Code: "not_found"}) {
		return nil
	}
	return err
}

// neighbours finds the markers of others that are one line with others (R17).
func neighbours(lines []client.Line, me string) map[string]client.Line {
	out := map[string]client.Line{}
	for _, line := range lines {
		for _, m := range line {
			if len(line) > 1 && m.SenderID != me {
				out[m.ID] = line
			}
		}
	}
	return out
}

// sync brings a view up to date and prints the lines that are new, as far as say
// wants them. What vanished is not spoken of (R16).
func (w *watcher) sync(ctx context.Context, id string, say func(api.Message) bool) error {
	at := w.views[id]
	if at == nil {
		at = &watched{view: w.View(id), said: map[string]string{}}
		w.views[id] = at
	}
	delta, err := at.view.Sync(ctx)
	if err != nil {
		return goneOr(err)
	}
	for _, gone := range delta.Vanished {
		delete(at.said, gone)
	}
	if len(delta.Messages) == 0 {
		return nil
	}
	conversation, err := w.Conversation(ctx, id)
	if err != nil {
		return goneOr(err)
	}
	words := w.wording(conversation)
	if len(at.said) > maxSaid {
		clear(at.said) // at worst a line is said twice
	}
	together := neighbours(at.view.Lines(), w.me.ID)
	for _, m := range delta.Messages {
		line := words.name(m.SenderID) + ": " + words.state(m)
		if n := together[m.ID]; n != nil {
			if line = words.markers(n); at.said[n[0].ID] == line {
				at.said[m.ID] = line // it was said for a neighbour
			}
		}
		if at.said[m.ID] == line {
			continue
		}
		at.said[m.ID] = line
		if say(m) {
			fmt.Fprintf(w.out, "%s  %s (%s)  %s  %s\n", words.clock.now.In(words.clock.zone).Format("15:04:05"),
				words.title(conversation), short(id), short(m.ID), line)
		}
	}
	return nil
}
