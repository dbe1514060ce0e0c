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
	conf.Organisation = "Northwind Health"
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
	writer, reader := links.add(people.Writer.Name, people.Writer.Token), links.add(people.Reader.Name, people.Reader.Token)
	ready := func(address string) error {
		_, err := fmt.Fprint(io.out, demoText("http://"+address, writer, reader, people))
		return err
	}
	return errors.Join(a.serve(ctx, conf, ready), a.close())
}

func demoText(url, writer, reader string, p demo.People) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Sealpost is running at %s with %d people and %d messages, on data that goes away with it.\n\n", url, p.Count, p.Messages)
	fmt.Fprintf(&b, "Sign in as two people, one of them in a private window. Each link works once:\n\n")
	fmt.Fprintf(&b, "  %-16s %s/try/%s\n", p.Writer.Name, url, writer)
	fmt.Fprintf(&b, "  %-16s %s/try/%s\n\n", p.Reader.Name, url, reader)
	fmt.Fprintf(&b, "What to try:\n\n")
	fmt.Fprintf(&b, "  1. %s: open the conversation with %s, hover over the last message (hold it on a phone), …, Recall message.\n", p.Writer.Name, p.Reader.Name)
	fmt.Fprintf(&b, "  2. Read the report: what %s may have noticed, and until when the text could be read.\n", p.Reader.Name)
	fmt.Fprintf(&b, "  3. Write again, let %s open it, and try to recall that: see why not, and what to do instead.\n", p.Reader.Name)
	fmt.Fprintf(&b, "  4. Look through the requests, the scheduled message, the group of which half has opened, and Settings.\n")
	fmt.Fprintf(&b, "  5. %s is an administrator and moderator too: change the recall window, answer the report, read the log.\n\n", p.Writer.Name)
	fmt.Fprintf(&b, "For programs: SEALPOST_URL=%s SEALPOST_TOKEN=%s, then sealpost inbox, send, recall, report; %s/api/v1/docs.\n", url, p.Writer.Token, url)
	fmt.Fprintf(&b, "Ctrl-C ends the demo and deletes its data.\n")
	return b.String()
}
