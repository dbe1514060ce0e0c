package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/sealpost/sealpost/api"
)

// disregardCommand asks to disregard a message of one's own (S17).
type disregardCommand struct {
	remoteFlags
	Message string `arg:"" help:"Its id, or the end of it as read shows."`
}

// Run prints the id of the request and what it says.
func (c *disregardCommand) Run(ctx context.Context, io streams) error {
	r, err := c.connect(ctx, io)
	if err != nil {
		return err
	}
	m, err := r.ownMessage(ctx, c.Message)
	if err != nil {
		return err
	}
	sent, err := r.Disregard(ctx, m.ID)
	if err != nil {
		return fmt.Errorf("not sent: %w", plain(err))
	}
	fmt.Fprintln(io.out, sent.ID)
	if sent.Content != nil {
		fmt.Fprint(io.out, paragraph(sent.Content.Body))
	}
	return nil
}

// acknowledgeCommand answers a request to disregard.
type acknowledgeCommand struct {
	remoteFlags
	Message string `arg:"" help:"The id of the request or of the message it is about, or the end of it as read shows."`
	Deleted bool   `help:"Say that you deleted the message. It is hidden for you then, for ever."`
}

// Run answers; only the sender learns of it.
func (c *acknowledgeCommand) Run(ctx context.Context, io streams) error {
	r, err := c.connect(ctx, io)
	if err != nil {
		return err
	}
	id := strings.ToLower(c.Message) // what was said to be deleted before is not to be seen
	if !wholeID(id) {
		m, err := r.anyMessage(ctx, c.Message)
		if err != nil {
			return err
		}
		id = m.ID
	}
	m, err := r.Acknowledge(ctx, id, api.Acknowledge{Deleted: c.Deleted})
	if err != nil {
		return plain(err)
	}
	if m.Acknowledged != nil && m.Acknowledged.Deleted {
		fmt.Fprintln(io.out, "The sender sees that you say it was deleted. It is hidden for you.")
	} else {
		fmt.Fprintln(io.out, "The sender sees that you read the request.")
	}
	return nil
}

// hideCommand hides a message for oneself.
type hideCommand struct {
	remoteFlags
	Message string `arg:"" help:"Its id, or the end of it as read shows."`
}

// Run hides the message. Nothing is opened by that, and nobody is told.
func (c *hideCommand) Run(ctx context.Context, io streams) error {
	r, err := c.connect(ctx, io)
	if err != nil {
		return err
	}
	m, err := r.anyMessage(ctx, c.Message)
	if err != nil {
		return err
	}
	if err := r.Hide(ctx, m.ID); err != nil {
		return plain(err)
	}
	fmt.Fprintln(io.out, "Hidden for you only. Others keep it, and nobody can tell.")
	return nil
}

// answers says what recipients answered to a request to disregard. It claims only
// what they said.
func (w wording) answers(m api.Message) string {
	var said []string
	for _, d := range m.Deliveries {
		switch {
		case d.Acknowledged == nil:
		case d.Acknowledged.Deleted:
			said = append(said, w.name(d.UserID)+" says it was deleted.")
		default:
			said = append(said, w.name(d.UserID)+" read the request.")
		}
	}
	return strings.Join(said, " ")
}
