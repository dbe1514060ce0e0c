// Command sealpost is the server and everything around it in one binary: the
// server itself, local commands on its data, a client for the API, a demo and a
// load generator. It only parses, wires and prints; rules live further in.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	_ "time/tzdata" // time zones of people, also where the system has none

	"github.com/alecthomas/kong"
)

// cli is every command. The fields that commands share are in storeFlags (local
// commands) and remoteFlags (commands over the API).
type cli struct {
	Serve  serveCommand  `cmd:"" help:"Run the server."`
	Demo   demoCommand   `cmd:"" help:"Run a server on fresh, temporary data, with people to try things as."`
	User   userCommand   `cmd:"" help:"Manage accounts (local: opens the data itself)."`
	Token  tokenCommand  `cmd:"" help:"Manage API tokens (local: opens the data itself)."`
	Doctor doctorCommand `cmd:"" help:"Say what lies where, and whether it is in order (local)."`
	Import importCommand `cmd:"" help:"Take in an archive of another network (local: opens the data itself)."`
	Keys   keysCommand   `cmd:"" help:"Back up and restore the long-term keys (local)."`

	Login   loginCommand   `cmd:"" help:"Sign in to a server and remember the session."`
	Join    joinCommand    `cmd:"" help:"Use an invitation link: make an account, or set a password."`
	Logout  logoutCommand  `cmd:"" help:"Sign out and forget the session."`
	Inbox   inboxCommand   `cmd:"" help:"List conversations."`
	Read    readCommand    `cmd:"" help:"Show a conversation; with --open, open what is sealed."`
	Accept  acceptCommand  `cmd:"" help:"Accept a message request; opens nothing."`
	Decline declineCommand `cmd:"" help:"Decline a message request; nobody is told."`
	Mute    muteCommand    `cmd:"" help:"Mute a conversation, or unmute it with --off."`
	Send    sendCommand    `cmd:"" help:"Send a message: now, later, or with an undo time."`
	Drafts  draftsCommand  `cmd:"" help:"List, show, write and forget drafts."`
	Recall  recallCommand  `cmd:"" help:"Take a message back."`
	Report  reportCommand  `cmd:"" help:"Show what a recall did and what may have been seen."`
	Export  exportCommand  `cmd:"" help:"Write everything of your own to a file or standard output."`

	Disregard   disregardCommand   `cmd:"" help:"Ask to disregard a message that can no longer be recalled."`
	Acknowledge acknowledgeCommand `cmd:"" help:"Answer a request to disregard a message."`
	Hide        hideCommand        `cmd:"" help:"Hide a message for yourself, for ever."`
	Flag        flagCommand        `cmd:"" help:"Report a message to the moderators, also one of your own."`
	Flags       flagsCommand       `cmd:"" help:"Review what was reported (moderators)."`

	Watch  watchCommand  `cmd:"" help:"Show live events."`
	Search searchCommand `cmd:"" help:"Find messages."`

	Completion completionCommand `cmd:"" help:"Print what a shell needs to complete commands: source <(sealpost completion bash)."`

	Bench   benchCommand     `cmd:"" help:"Measure a server under load."`
	Version kong.VersionFlag `help:"Print the version."`
}

// streams are where commands read and write.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// run is main with everything passed in. Exit codes: 0 done, 1 refused or failed, 2
// wrong usage.
func run(ctx context.Context, args []string, io streams) int {
	var c cli
	parser, err := kong.New(&c,
		kong.Name("sealpost"),
		kong.Description("Messages that can really be taken back."),
		kong.UsageOnError(),
		kong.Writers(io.out, io.err),
		kong.Vars{"version": version()},
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(io),
	)
	if err != nil {
		fmt.Fprintln(io.err, "sealpost:", err)
		return 2
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintln(io.err, "sealpost:", err)
		return 2
	}
	if err := parsed.Run(parser); err != nil {
		if !errors.Is(err, context.Canceled) {
			fmt.Fprintln(io.err, "sealpost:", err)
		}
		return 1
	}
	return 0
}

// version is what the build says of itself.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "unknown"
	}
	return info.Main.Version
}
