package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/sealpost/sealpost/internal/importer"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

type userLinkCommand struct {
	storeFlags
	Profile string `help:"Whom an import named: the address of their profile, or the id that user list shows." required:"" placeholder:"URL"`
	Email   string `help:"Address of the account. Without it whoever uses the link says it."`
	Expires span   `help:"How long the link can be used, 1h to 30d." default:"7d"`
}

// Run makes the link and prints it as user invite does. Whoever uses it gets what was
// imported of this person: it must go to this person and nobody else.
func (c *userLinkCommand) Run(ctx context.Context, io streams) error {
	name := c.Profile
	if address := importer.Address(name); address != "" && strings.Contains(name, "/") {
		name = address
	}
	return c.local(ctx, io, func(a *app) error {
		v, secret, err := a.service.InviteProfile(ctx, name, service.NewInvite{Email: c.Email, Life: time.Duration(c.Expires)})
		if sealpost.CodeOf(err) == sealpost.CodeNotFound {
			return fmt.Errorf("no import has named %s, or this person has an account already: sealpost user list shows whom imports named", oneLine(name))
		}
		if err != nil {
			return err
		}
		printInvite(io, a, secret, v.ExpiresAt.Time())
		return nil
	})
}

func printInvite(io streams, a *app, secret string, until time.Time) {
	fmt.Fprintln(io.out, secret)
	if base := a.config.PublicURL; base != "" {
		fmt.Fprintln(io.out, service.InviteLink(base, secret))
	}
	fmt.Fprintln(io.err, "It can be used once, until", until.Format(time.RFC3339)+".")
}
