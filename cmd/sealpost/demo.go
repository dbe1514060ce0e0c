package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/sealpost/sealpost/internal/config"
	"github.com/sealpost/sealpost/internal/demo"
)

type demoCommand struct {
	Listen string `help:"Address of the API. Without it 127.0.0.1:8080, or a free port where that is taken." placeholder:"HOST:PORT"`
}

// Run fills a temporary installation with people and messages, says what to try,
// serves until it is interrupted, and leaves nothing behind.
func (c *demoCommand) Run(ctx context.Context, out streams) error {
	dir, err := os.MkdirTemp("", "sealpost-demo-")
	if err != nil {
		return err
	}
	conf := config.Default()
	conf.Data, conf.Listen, conf.Ops, conf.LogLevel = filepath.Join(dir, "data"), c.Listen, "off", "warn"
	if c.Listen == "" {
		conf.Listen = freeAddress(ctx, demoAddress, out.err)
	}
	conf.Organisation = "Northwind Health"
	err = c.serve(ctx, out, conf)
	return errors.Join(err, os.RemoveAll(dir))
}

// demoAddress is where the demo is if nothing keeps it from there.
const demoAddress = "127.0.0.1:8080"

// freeAddress is the address, or one of a free port at the same host if another program
// has it, and says so. Whoever takes it in between is told of as ever.
func freeAddress(ctx context.Context, address string, say io.Writer) string {
	var how net.ListenConfig
	l, err := how.Listen(ctx, "tcp", address)
	if err == nil {
		_ = l.Close() // nothing was accepted
		return address
	}
	host, port, split := net.SplitHostPort(address)
	if split != nil || !errors.Is(err, syscall.EADDRINUSE) {
		return address // serving fails with the reason
	}
	fmt.Fprintf(say, "Port %s is taken by another program, so the demo takes a free one.\n", port)
	return net.JoinHostPort(host, "0")
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
	writer, reader := links.add(people.Writer.Name, people.Writer.Session), links.add(people.Reader.Name, people.Reader.Session)
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
	fmt.Fprintf(&b, "  4. Look through the requests, the scheduled message, the group in which one of three has opened, and Settings.\n")
	fmt.Fprintf(&b, "  5. %s is an administrator and moderator too: change the recall window, answer the report, read the log.\n\n", p.Writer.Name)
	fmt.Fprintf(&b, "For programs: SEALPOST_URL=%s SEALPOST_TOKEN=%s, then sealpost inbox, send, recall, report; %s/api/v1/docs.\n", url, p.Writer.Token, url)
	fmt.Fprintf(&b, "Ctrl-C ends the demo and deletes its data.\n")
	return b.String()
}
