package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/client"
)

// loginCommand signs in with e-mail and password.
type loginCommand struct {
	sessionFlag
	URL           string `arg:"" help:"Server, such as https://post.example.org." placeholder:"URL"`
	Email         string `help:"Address to sign in with." required:"" short:"e"`
	PasswordStdin bool   `help:"Read the password from standard input instead of asking for it."`
}

// Run asks for the password and remembers the session, for this user of the machine
// only.
func (c *loginCommand) Run(ctx context.Context, io streams) error {
	password, err := askPassword(io, c.PasswordStdin)
	if err != nil {
		return err
	}
	caller, err := newClient(c.URL, "", io)
	if err != nil {
		return err
	}
	in, err := caller.SignIn(ctx, c.Email, password)
	if err != nil {
		return plain(err)
	}
	if err := c.keep(ctx, c.URL, in, caller); err != nil {
		return err
	}
	fmt.Fprintf(io.out, "You are signed in as %s <%s>.\n", oneLine(in.User.Name), oneLine(in.User.Email))
	return nil
}

// keep remembers a new session, or ends it.
func (f sessionFlag) keep(ctx context.Context, address string, in api.SignedIn, c *client.Client) error {
	err := f.save(session{URL: strings.TrimRight(address, "/"), Token: in.Token, Email: in.User.Email})
	if err == nil {
		return nil
	}
	return errors.Join(fmt.Errorf("you are signed in, but the session cannot be kept: %w", err), c.As(in.Token).SignOut(ctx))
}

// askPassword asks at the terminal, or reads a line of standard input.
func askPassword(io streams, stdin bool) (string, error) {
	if stdin {
		return readPassword(io)
	}
	fd, ok := terminal(io.in)
	if !ok {
		return "", errors.New("there is no terminal to ask for the password; use --password-stdin")
	}
	fmt.Fprint(io.err, "Password: ")
	b, err := term.ReadPassword(fd)
	fmt.Fprintln(io.err)
	return string(b), err
}

// logoutCommand ends the session on the server and forgets it here.
type logoutCommand struct{ sessionFlag }

// Run forgets the session even if the server cannot be told.
func (c *logoutCommand) Run(ctx context.Context, io streams) error {
	s, err := c.load()
	if err != nil {
		return err
	}
	path, err := c.path()
	if err != nil {
		return err
	}
	caller, err := newClient(s.URL, s.Token, io)
	if err == nil {
		err = caller.SignOut(ctx)
	}
	if gone := os.Remove(path); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
		return gone
	}
	if err != nil {
		return fmt.Errorf("the session is forgotten here, but the server could not be told to end it: %w", plain(err))
	}
	fmt.Fprintln(io.out, "You are signed out.")
	return nil
}
