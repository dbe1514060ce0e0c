package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/service"
)

// joinCommand uses an invitation link.
type joinCommand struct {
	sessionFlag
	URL           string `arg:"" help:"Server, such as https://post.example.org, or the link." placeholder:"URL"`
	Link          string `help:"Secret of the link (spi_…). Others on this machine can see it here, and in a link that is given: SEALPOST_LINK is the safer place." env:"SEALPOST_LINK"`
	Email         string `help:"Address of the new account, unless the link has one." short:"e"`
	Name          string `help:"Name that others see, unless the link or the account has one."`
	TimeZone      string `help:"IANA name of the time zone."`
	PasswordStdin bool   `help:"Read the new password from standard input instead of asking for it."`
}

// Run asks for a password, uses the link and remembers the session.
func (c *joinCommand) Run(ctx context.Context, io streams) error {
	server, secret := service.InviteSecret(c.URL)
	if c.Link != "" {
		_, secret = service.InviteSecret(c.Link)
	}
	if secret == "" {
		return errors.New("give the whole link, or its secret (spi_…) in SEALPOST_LINK")
	}
	password, err := askPassword(io, c.PasswordStdin)
	if err != nil {
		return err
	}
	caller, err := newClient(server, "", io)
	if err != nil {
		return err
	}
	in, err := caller.Join(ctx, api.Join{Token: secret, Email: c.Email, Name: c.Name, Password: password, TimeZone: c.TimeZone})
	if err != nil {
		return plain(err)
	}
	if err := c.keep(ctx, server, in, caller); err != nil {
		return err
	}
	fmt.Fprintf(io.out, "You are %s and signed in.\n", oneLine(in.User.Email))
	return nil
}
