package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// userCommand manages accounts.
type userCommand struct {
	Add      userAddCommand      `cmd:"" help:"Add an account."`
	Invite   userInviteCommand   `cmd:"" help:"Make an invitation link for an account, or for a new password."`
	Link     userLinkCommand     `cmd:"" help:"Make an invitation link for somebody whom an import named."`
	List     userListCommand     `cmd:"" help:"List accounts."`
	Disable  userDisableCommand  `cmd:"" help:"Close an account: its sign-ins and tokens end."`
	Enable   userEnableCommand   `cmd:"" help:"Open an account again."`
	Roles    userRolesCommand    `cmd:"" help:"Give and take roles: sealpost user roles EMAIL +admin -moderator."`
	Password userPasswordCommand `cmd:"" help:"Set the password of an account; its sign-ins end."`
	Erase    userEraseCommand    `cmd:"" help:"Erase an account for good."`
}

// span is a length of time: as Go writes it, or in days.
type span time.Duration

// UnmarshalText reads 90d, 12h, 30m.
func (s *span) UnmarshalText(text []byte) error {
	var d time.Duration
	var err error
	if days, ok := strings.CutSuffix(string(text), "d"); ok {
		var n int
		n, err = strconv.Atoi(days)
		d = time.Duration(n) * 24 * time.Hour
		if n > 36500 {
			err = errors.New("too long")
		}
	} else {
		d, err = time.ParseDuration(string(text))
	}
	if err != nil || d <= 0 {
		return errors.New("expected a time such as 12h or 90d")
	}
	*s = span(d)
	return nil
}

func roles(names []string) []sealpost.Role {
	out := make([]sealpost.Role, len(names))
	for i, r := range names {
		out[i] = sealpost.Role(r)
	}
	return out
}

// readPassword reads a line.
func readPassword(io streams) (string, error) {
	line, err := bufio.NewReader(io.in).ReadString('\n')
	if password := strings.TrimRight(line, "\r\n"); password != "" {
		return password, nil
	}
	return "", errors.Join(errors.New("no password on standard input"), err)
}

type userInviteCommand struct {
	storeFlags
	Email   string   `arg:"" help:"Address of the new account, or of one that there is."`
	Name    string   `help:"Name that others see. Without it whoever uses the link says it."`
	Role    []string `help:"Role of the new account. May be repeated."`
	Expires span     `help:"How long the link can be used, 1h to 30d." default:"7d"`
}

// Run makes the link and prints it, or its secret where no public address is known;
// it is shown this once.
func (c *userInviteCommand) Run(ctx context.Context, io streams) error {
	return c.local(ctx, io, func(a *app) error {
		v, secret, err := a.service.InviteFor(ctx, service.NewInvite{Email: c.Email, Name: c.Name, Roles: roles(c.Role), Life: time.Duration(c.Expires)})
		if err != nil {
			return err
		}
		printInvite(io, a, secret, v.ExpiresAt.Time())
		return nil
	})
}

type userListCommand struct {
	storeFlags
	Query string `arg:"" optional:"" help:"Part of a name or an address."`
}

// Run prints a line for each account.
func (c *userListCommand) Run(ctx context.Context, io streams) error {
	return c.local(ctx, io, func(a *app) error {
		table := tabwriter.NewWriter(io.out, 0, 4, 2, ' ', 0)
		for after := (sealpost.UserID{}); ; {
			page, err := a.service.EveryAccount(ctx, c.Query, after)
			if err != nil {
				return err
			}
			if len(page) == 0 {
				return table.Flush()
			}
			for _, row := range page {
				fmt.Fprintln(table, strings.Join(accountLine(row), "\t"))
			}
			after = page[len(page)-1].ID
		}
	})
}

func accountLine(row service.AccountRow) []string {
	names := []string{string(sealpost.RoleMember)}
	for _, r := range row.Roles {
		names = append(names, string(r))
	}
	state := "open"
	switch {
	case row.DisabledAt != 0:
		state = "disabled"
	case row.Profile:
		state = "profile"
	case !row.HasPassword:
		state = "no password"
	}
	return []string{row.ID.String(), row.Email, oneLine(row.Name), strings.Join(names, ","), state, row.CreatedAt.Time().Format(time.DateOnly)}
}

// localReason is what the audit log says of a change by a local command without a
// reason of its own.
const localReason = "local command"

type userDisableCommand struct {
	storeFlags
	Email  string `arg:"" help:"Whose account."`
	Reason string `help:"Why, for the audit log." default:"local command"`
}

// Run closes the account.
func (c *userDisableCommand) Run(ctx context.Context, io streams) error {
	closed := true
	return c.edit(ctx, io, c.Email, service.AccountEdit{Disabled: &closed, Reason: c.Reason})
}

type userEnableCommand struct {
	storeFlags
	Email  string `arg:"" help:"Whose account."`
	Reason string `help:"Why, for the audit log." default:"local command"`
}

// Run opens the account.
func (c *userEnableCommand) Run(ctx context.Context, io streams) error {
	closed := false
	return c.edit(ctx, io, c.Email, service.AccountEdit{Disabled: &closed, Reason: c.Reason})
}

func (f storeFlags) edit(ctx context.Context, io streams, email string, in service.AccountEdit) error {
	return f.local(ctx, io, func(a *app) error {
		row, err := a.service.EditAccountOf(ctx, email, in)
		if err == nil {
			fmt.Fprintln(io.out, strings.Join(accountLine(row), "  "))
		}
		return err
	})
}

type userRolesCommand struct {
	storeFlags
	// Passed on as they are: -moderator would be taken for flags.
	Args []string `arg:"" passthrough:"" help:"EMAIL, then +ROLE or -ROLE. Flags come before." name:"email-and-roles"`
}

// Run gives and takes roles.
func (c *userRolesCommand) Run(ctx context.Context, io streams) error {
	if len(c.Args) < 2 {
		return errors.New("usage: sealpost user roles EMAIL +ROLE -ROLE")
	}
	email, changes := c.Args[0], c.Args[1:]
	return c.local(ctx, io, func(a *app) error {
		page, err := a.service.AccountOf(ctx, email)
		if err != nil {
			return err
		}
		next, err := changedRoles(page.Roles, changes)
		if err != nil {
			return err
		}
		row, err := a.service.EditAccountOf(ctx, email, service.AccountEdit{Roles: &next, Reason: localReason})
		if err == nil {
			fmt.Fprintln(io.out, strings.Join(accountLine(row), "  "))
		}
		return err
	})
}

// changedRoles applies +ROLE and -ROLE.
func changedRoles(now []sealpost.Role, changes []string) ([]sealpost.Role, error) {
	has := map[sealpost.Role]bool{}
	for _, r := range now {
		has[r] = true
	}
	for _, change := range changes {
		role := strings.TrimLeft(change, "+-")
		if len(change) != len(role)+1 {
			return nil, errors.New("roles are given with + and taken with -, such as +admin")
		}
		known := false
		for _, r := range sealpost.Roles() {
			known = known || string(r) == role
		}
		if !known {
			return nil, errors.New("the roles are member, notices, moderator, compliance and admin")
		}
		has[sealpost.Role(role)] = change[0] == '+'
	}
	out := []sealpost.Role{}
	for _, r := range sealpost.Roles() {
		if has[r] {
			out = append(out, r)
		}
	}
	return out, nil
}

type userPasswordCommand struct {
	storeFlags
	Email         string `arg:"" help:"Whose account."`
	PasswordStdin bool   `help:"Read the password from standard input." required:""`
}

// Run sets the password.
func (c *userPasswordCommand) Run(ctx context.Context, io streams) error {
	password, err := readPassword(io)
	if err != nil {
		return err
	}
	return c.local(ctx, io, func(a *app) error { return a.service.SetPassword(ctx, c.Email, password) })
}

type userEraseCommand struct {
	storeFlags
	Email string `arg:"" help:"Whose account."`
	Yes   bool   `help:"Confirm: this cannot be undone." required:""`
}

// Run erases the account. A server that runs, or the next one, leaves its groups and
// cancels what it had not delivered.
func (c *userEraseCommand) Run(ctx context.Context, io streams) error {
	return c.local(ctx, io, func(a *app) error { return a.service.EraseUserOf(ctx, c.Email) })
}
