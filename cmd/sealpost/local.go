package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"filippo.io/age"

	"github.com/sealpost/sealpost/internal/keystore"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

type userAddCommand struct {
	storeFlags
	Email         string   `arg:"" help:"Address to sign in with."`
	Name          string   `help:"Name that others see." required:""`
	Role          []string `help:"Role: member, notices, moderator, compliance, admin. May be repeated."`
	TimeZone      string   `help:"IANA name of the time zone." default:"UTC"`
	PasswordStdin bool     `help:"Read the password from standard input; without it the account has none."`
}

// Run adds the account and prints its id.
func (c *userAddCommand) Run(ctx context.Context, io streams) error {
	password := ""
	if c.PasswordStdin {
		var err error
		if password, err = readPassword(io); err != nil {
			return err
		}
	}
	return c.local(ctx, io, func(a *app) error {
		u, err := a.service.AddUser(ctx, "", service.NewUser{Email: c.Email, Name: c.Name, Roles: roles(c.Role), Password: password, TimeZone: c.TimeZone})
		if err == nil {
			fmt.Fprintln(io.out, u.ID)
		}
		return err
	})
}

// tokenCommand manages API tokens.
type tokenCommand struct {
	Create tokenCreateCommand `cmd:"" help:"Make an API token and print it."`
}

type tokenCreateCommand struct {
	storeFlags
	Email   string   `arg:"" help:"Whose token."`
	Name    string   `help:"What the token is for." default:"command line"`
	Scope   []string `help:"What it is good for: read, open, write, network, account, admin. May be repeated. Without it everything that the owner may."`
	Expires span     `help:"When it ends, such as 12h or 90d. Without it never." placeholder:"TIME"`
}

// Run makes the token and prints it; it is shown this once.
func (c *tokenCreateCommand) Run(ctx context.Context, io streams) error {
	scopes := make([]sealpost.Scope, len(c.Scope))
	for i, s := range c.Scope {
		scopes[i] = sealpost.Scope(s)
	}
	return c.local(ctx, io, func(a *app) error {
		token, err := a.service.TokenUntil(ctx, c.Email, c.Name, time.Duration(c.Expires), scopes...)
		if err == nil {
			fmt.Fprintln(io.out, token)
		}
		return err
	})
}

// keysCommand moves the long-term keys out and in. Epoch keys never leave the key
// directory: with them a recalled text could be read.
type keysCommand struct {
	Backup  keysBackupCommand  `cmd:"" help:"Write the long-term keys, encrypted with age, to standard output."`
	Restore keysRestoreCommand `cmd:"" help:"Make a key directory from a backup on standard input."`
}

type keysBackupCommand struct {
	storeFlags
	Recipient []string `help:"age public key (age1…) that can read the backup. May be repeated." required:""`
}

// Run writes the backup.
func (c *keysBackupCommand) Run(ctx context.Context, io streams) error {
	var to []age.Recipient
	for _, text := range c.Recipient {
		r, err := age.ParseX25519Recipient(text)
		if err != nil {
			return errors.New("recipient: not an age public key")
		}
		to = append(to, r)
	}
	return c.local(ctx, io, func(a *app) error { return a.keys.Backup(io.out, to...) })
}

type keysRestoreCommand struct {
	storeFlags
	Identity string `help:"File with the age secret key." required:"" type:"existingfile"`
}

// Run restores into an empty key directory, and nothing else.
func (c *keysRestoreCommand) Run(_ context.Context, io streams) error {
	conf, err := c.config()
	if err != nil {
		return err
	}
	file, err := os.Open(c.Identity)
	if err != nil {
		return err
	}
	identities, err := age.ParseIdentities(file)
	if err = errors.Join(err, file.Close()); err != nil {
		return errors.New("identity: the file holds no age secret key")
	}
	if err := keystore.Restore(conf.KeyDir(), io.in, identities...); err != nil {
		return err
	}
	fmt.Fprintln(io.out, "The long-term keys are in", conf.KeyDir())
	fmt.Fprintln(io.out, "Messages that were not settled when the old key directory was lost cannot be read any more.")
	return nil
}
