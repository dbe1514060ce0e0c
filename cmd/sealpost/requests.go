package main

import (
	"context"
	"fmt"
)

// acceptCommand accepts a message request. It opens nothing.
type acceptCommand struct {
	remoteFlags
	Conversation string `arg:"" help:"Its id, the end of it as inbox shows, or the address of the other person."`
}

// Run makes the conversation an ordinary one.
func (c *acceptCommand) Run(ctx context.Context, io streams) error {
	r, err := c.connect(ctx, io)
	if err != nil {
		return err
	}
	conversation, err := r.conversation(ctx, c.Conversation)
	if err != nil {
		return err
	}
	if err := r.AcceptRequest(ctx, conversation.ID); err != nil {
		return plain(err)
	}
	fmt.Fprintf(io.out, "Accepted: %s can write to you. Nothing was opened.\n", r.wording(conversation).title(conversation))
	return nil
}

// declineCommand declines a message request. It opens nothing.
type declineCommand struct {
	remoteFlags
	Conversation string `arg:"" help:"Its id, the end of it as inbox shows, or the address of the other person."`
}

// Run closes the conversation to the one who declines.
func (c *declineCommand) Run(ctx context.Context, io streams) error {
	r, err := c.connect(ctx, io)
	if err != nil {
		return err
	}
	conversation, err := r.conversation(ctx, c.Conversation)
	if err != nil {
		return err
	}
	if err := r.DeclineRequest(ctx, conversation.ID); err != nil {
		return plain(err)
	}
	fmt.Fprintln(io.out, "Declined. It is no longer in your lists, and nobody is told. To take it back, write to them.")
	return nil
}

// muteCommand sets or clears one's own flag on a conversation.
type muteCommand struct {
	remoteFlags
	Conversation string `arg:"" help:"Its id, the end of it as inbox shows, or the address of the other person."`
	Off          bool   `help:"Unmute it."`
}

// Run mutes or unmutes.
func (c *muteCommand) Run(ctx context.Context, io streams) error {
	r, err := c.connect(ctx, io)
	if err != nil {
		return err
	}
	conversation, err := r.conversation(ctx, c.Conversation)
	if err != nil {
		return err
	}
	if err := r.SetMuted(ctx, conversation.ID, !c.Off); err != nil {
		return plain(err)
	}
	if c.Off {
		fmt.Fprintln(io.out, "Not muted any more.")
	} else {
		fmt.Fprintln(io.out, "Muted. Nobody is told.")
	}
	return nil
}
