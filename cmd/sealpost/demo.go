package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/sealpost/sealpost/internal/config"
	"github.com/sealpost/sealpost/internal/demo"
)

type demoCommand struct {
	Listen string `help:"Address of the API." default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
}

// Run fills a temporary installation with people and messages, says what to try,
// serves until it is interrupted, and leaves nothing behind.
func (c *demoCommand) Run(ctx context.Context, io streams) error {
	dir, err := os.MkdirTemp("", "sealpost-demo-")
	if err != nil {
		return err
	}
	conf := config.Default()
	conf.Data, conf.Listen, conf.Ops, conf.LogLevel = filepath.Join(dir, "data"), c.Listen, "off", "warn"
	err = c.serve(ctx, io, conf)
	return errors.Join(err, os.RemoveAll(dir))
}

func (c *demoCommand) serve(ctx context.Context, io streams, conf config.Config) error {
	if err := conf.Validate(); err != nil {
		return err
	}
	a, err := open(ctx, conf, io.err)
	if err != nil {
		return err
	}
	people, err := demo.Fill(ctx, a.service)
	if err != nil {
		return errors.Join(err, a.close())
	}
	links := &signInLinks{}
	a.links = links
	try := []string{links.add(people.Writer.Name, people.Writer.Token), links.add(people.Reader.Name, people.Reader.Token)}
	ready := func(address string) error {
		for _, secret := range try {
			fmt.Fprintf(io.out, "http://%s/try/%s\n", address, secret)
		}
		_, err := fmt.Fprint(io.out, demoText("http://"+address, program(), people))
		return err
	}
	return errors.Join(a.serve(ctx, conf, ready), a.close())
}

// program is how this binary was started, for commands to copy.
func program() string {
	if strings.Contains(os.Args[0], "go-build") {
		return "go run ./cmd/sealpost"
	}
	return os.Args[0]
}

func demoText(url, program string, p demo.People) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Sealpost is running at %s with %d people and %d messages, on data that goes away with it.\n\n", url, p.Count, p.Messages)
	fmt.Fprintf(&b, "In another terminal, be %s or %s:\n\n", p.Writer.Name, p.Reader.Name)
	fmt.Fprintf(&b, "  export SEALPOST_URL=%s\n", url)
	fmt.Fprintf(&b, "  alias %s='SEALPOST_TOKEN=%s %s'\n", p.Writer.Short, p.Writer.Token, program)
	fmt.Fprintf(&b, "  alias %s='SEALPOST_TOKEN=%s %s'\n\n", p.Reader.Short, p.Reader.Token, program)
	fmt.Fprintf(&b, "What to try:\n\n")
	fmt.Fprintf(&b, "  1. %s inbox                              what %s sees: sealed messages, no text\n", p.Reader.Short, p.Reader.Name)
	fmt.Fprintf(&b, "  2. %s send %s 'wrong person'   a message, sealed until it is opened\n", p.Writer.Short, p.Reader.Email)
	fmt.Fprintf(&b, "  3. %s recall MESSAGE                     take it back; it says what %s may have noticed\n", p.Writer.Short, p.Reader.Name)
	fmt.Fprintf(&b, "  4. %s read CONVERSATION --open           open one; now a recall is refused: try it\n", p.Reader.Short)
	fmt.Fprintf(&b, "  5. %s watch                              live events, while you do all that\n\n", p.Reader.Short)
	fmt.Fprintf(&b, "The API is described at %s/api/v1/docs. Ctrl-C ends the demo and deletes its data.\n", url)
	return b.String()
}
