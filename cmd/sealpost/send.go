package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/client"
)

// sendCommand sends a message: now, after an undo time, or at a time.
type sendCommand struct {
	remoteFlags
	To      string        `arg:"" help:"Address of a person, several with commas for a new group, or the id of a conversation or its end as inbox shows."`
	Text    string        `arg:"" optional:"" help:"The text; - or nothing reads it from standard input."`
	Title   string        `help:"Title of the new group."`
	At      string        `help:"Send later, at this time: \"2026-11-24 09:00\", \"09:00\" or RFC 3339." placeholder:"TIME"`
	Zone    string        `help:"Time zone in which --at is meant; without it that of your profile." placeholder:"ZONE"`
	Undo    *api.Duration `help:"Hold it this long, up to 2m, so that it can be undone without a trace. Without it as in your settings." placeholder:"10s"`
	Notice  bool          `help:"Send a required notice, which cannot be recalled; needs the role notices."`
	Draft   string        `help:"Send this draft; it goes with the send." placeholder:"DRAFT"`
	ReplyTo string        `help:"Id of the message that this answers." placeholder:"MESSAGE"`
}

// maxText is above the longest message in bytes; the server says what is too long.
const maxText = 64 << 10

// Run prints the id of the message, and below it until when it can be recalled.
func (c *sendCommand) Run(ctx context.Context, io streams) error {
	r, err := c.connect(ctx, io)
	if err != nil {
		return err
	}
	in, note, err := c.message(ctx, r)
	if err != nil {
		return err
	}
	conversation, err := c.conversation(ctx, r)
	if err != nil {
		return err
	}
	m, err := r.Send(ctx, conversation, in)
	if err != nil {
		return unsent(err, conversation)
	}
	fmt.Fprintln(io.out, m.ID)
	if note != "" {
		fmt.Fprintln(io.out, note)
	}
	fmt.Fprintln(io.out, wording{me: r.me.ID, clock: r.clock()}.state(m))
	return nil
}

// unsent says what is known after a send that failed (R11).
func unsent(err error, conversation string) error {
	var e *client.Error
	if errors.As(err, &e) && e.Unknown {
		return fmt.Errorf("%w\nWhether it was sent is not known. Look before you send it again: sealpost read %s", plain(err), short(conversation))
	}
	return fmt.Errorf("not sent: %w", plain(err))
}

// message is what was asked for on the command line.
func (c *sendCommand) message(ctx context.Context, r *remote) (in api.SendMessage, note string, err error) {
	in = api.SendMessage{Body: c.Text, Undo: c.Undo, InReplyTo: c.ReplyTo}
	if c.Notice {
		in.Kind = "required_notice"
	}
	switch {
	case c.Zone != "" && c.At == "":
		return in, "", errors.New("--zone goes with --at")
	case c.Undo != nil && c.At != "":
		return in, "", errors.New("--undo does not go with --at: until then it can be undone anyway")
	case c.At != "":
		in.TimeZone = r.zone.String()
		zone := r.zone
		if c.Zone != "" {
			if zone, err = time.LoadLocation(c.Zone); err != nil || c.Zone == "Local" {
				return in, "", errors.New("--zone is not the name of a time zone, such as Europe/Zurich")
			}
			in.TimeZone = c.Zone
		}
		at, said, err := parseWhen(c.At, zone, time.Now())
		if err != nil {
			return in, "", err
		}
		in.SendAt, note = api.SendAt(at), said
	}
	if c.Draft != "" {
		return in, note, c.fromDraft(ctx, r, &in)
	}
	if in.Body == "" || in.Body == "-" {
		in.Body, err = readText(r.streams)
	}
	return in, note, err
}

func readText(from streams) (string, error) {
	if _, ok := terminal(from.in); ok {
		fmt.Fprintln(from.err, "Your message, then Ctrl-D on a line of its own:")
	}
	b, err := io.ReadAll(io.LimitReader(from.in, maxText+1))
	switch {
	case err != nil:
		return "", err
	case len(b) > maxText:
		return "", errors.New("the text is too long; a message has at most 10000 characters")
	}
	return strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r"), nil
}

// conversation finds where to send, or begins it. With nobody else's list before the
// first delivery in it, a conversation that stays empty bothers nobody.
func (c *sendCommand) conversation(ctx context.Context, r *remote) (string, error) {
	if !strings.Contains(c.To, "@") {
		if c.Title != "" {
			return "", errors.New("--title goes with the addresses of a new group")
		}
		found, err := r.conversation(ctx, c.To)
		return found.ID, err
	}
	start := api.StartConversation{Title: c.Title}
	for email := range strings.SplitSeq(c.To, ",") {
		u, err := r.userByEmail(ctx, strings.TrimSpace(email))
		if err != nil {
			return "", err
		}
		start.ParticipantIDs = append(start.ParticipantIDs, u.ID)
	}
	if c.Title != "" && len(start.ParticipantIDs) == 1 {
		return "", errors.New("--title needs a group: give more than one address")
	}
	begun, err := r.CreateConversation(ctx, start)
	return begun.ID, plainOrNil(err)
}
