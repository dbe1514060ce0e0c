package main

import (
	"context"
	"fmt"

	"github.com/sealpost/sealpost/api"
)

// joinCommand uses an invitation link.
type joinCommand struct {
	sessionFlag
	URL           string `arg:"" help:"Server, such as https://post.example.org." placeholder:"URL"`
	Link          string `help:"Secret of the link (spi_…). Others on this machine can see it here: SEALPOST_LINK is the safer place." required:"" env:"SEALPOST_LINK"`
	Email         string `help:"Address of the new account, unless the link has one." short:"e"`
	Name          string `help:"Name that others see, unless the link or the account has one."`
	TimeZone      string `help:"IANA name of the time zone."`
	PasswordStdin bool   `help:"Read the new password from standard input instead of asking for it."`
}

// Run asks for a password, uses the link and remembers the session.
func (c *joinCommand) Run(ctx context.Context, io streams) error {
	password, err := askPassword(io, c.PasswordStdin)
	if err != nil {
		return err
	}
	caller, err := newClient(c.URL, "", io)
	if err != nil {
		return err
	}
	in, err := caller.Join(ctx, api.Join{Token: c.Link, Email: c.Email, Name: c.Name, Password: password, TimeZone: c.TimeZone})
	if err != nil {
		return plain(err)
	}
	if err := c.keep(ctx, c.URL, in, caller); err != nil {
		return err
	}
	fmt.Fprintf(io.out, "You are %s and signed in.\n", oneLine(in.User.Email))
	return nil
}
