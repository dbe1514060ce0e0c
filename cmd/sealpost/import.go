package main

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/sealpost/sealpost/internal/importer"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// importCommand takes in what people bring from elsewhere.
type importCommand struct {
	Linkedin importLinkedinCommand `cmd:"" help:"Take in the archive that LinkedIn gives its members of their own data."`
}

type importLinkedinCommand struct {
	storeFlags
	Archive string `arg:"" help:"The archive: a zip file, or the folder that it was unpacked to." type:"existingpath"`
	Owner   string `help:"Address of the account whose archive it is." required:"" placeholder:"EMAIL"`
	Profile string `help:"Address of the owner's profile; without it whoever is in most messages, after a question." placeholder:"URL"`
	Yes     bool   `help:"Do not ask whether the owner was recognised rightly."`
	DryRun  bool   `help:"Say what would be taken, and take nothing."`
}

// importMemory is what an import tries to get by with, in bytes: the collector works
// harder as it comes near.
const importMemory = 96 << 20

// importCacheKiB is the page cache of an import.
const importCacheKiB = 32 << 10

// Run takes the archive in. It can be broken off and run again.
func (c *importLinkedinCommand) Run(ctx context.Context, io streams) error {
	debug.SetMemoryLimit(importMemory)
	return c.localWith(ctx, io, importCacheKiB, func(a *app) error {
		owner, err := a.service.AccountOf(ctx, c.Owner)
		if sealpost.CodeOf(err) == sealpost.CodeNotFound {
			return fmt.Errorf("owner: nobody has an account with the address %s; sealpost user add makes one", oneLine(c.Owner))
		}
		if err != nil {
			return err
		}
		files, closeFiles, err := openArchive(c.Archive)
		if err != nil {
			return err
		}
		err = c.take(ctx, io, a, owner.User, files)
		return errors.Join(err, closeFiles())
	})
}

// openArchive opens a zip file or a folder.
func openArchive(name string) (fs.FS, func() error, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, nil, err
	}
	if info.IsDir() {
		return os.DirFS(name), func() error { return nil }, nil
	}
	z, err := zip.OpenReader(name)
	if err != nil {
		return nil, nil, errors.New("the archive is neither a zip file nor a folder")
	}
	return z, z.Close, nil
}

func (c *importLinkedinCommand) take(ctx context.Context, io streams, a *app, owner sealpost.User, files fs.FS) error {
	archive, err := importer.Open(files, sealpost.InstantOf(time.Now()))
	if err != nil {
		return err
	}
	bar := newProgress(io.err, "reading", "KiB")
	if err := archive.Scan(ctx, func(read, of int64) { bar.at(int(read>>10), int(of>>10)) }); err != nil {
		return err
	}
	bar.end()
	address, err := c.confirmOwner(io, archive, owner)
	if err != nil {
		return err
	}
	if err := archive.Choose(address); err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	if c.DryRun {
		fmt.Fprintf(io.out, "Would take at most %d of %d messages, in %d conversations, with %d people; %d connections.\n",
			archive.Taken(), archive.Rows(), len(archive.Threads()), len(archive.People())-1, len(archive.Connections()))
		printSkipped(io.out, archive)
		return nil
	}
	bar = newProgress(io.err, "taking", "messages")
	tally, err := a.service.Import(ctx, owner.ID, archive, func(done int) { bar.add(done, archive.Taken()) })
	bar.end()
	if err != nil {
		fmt.Fprintf(io.err, "Broken off after %d new messages. The same command goes on from there.\n", tally.Taken)
		return err
	}
	printTally(io.out, archive, tally)
	return nil
}

// confirmOwner shows whose archive it seems to be, and asks.
func (c *importLinkedinCommand) confirmOwner(io streams, archive *importer.Archive, owner sealpost.User) (string, error) {
	if c.Profile != "" {
		return c.Profile, nil
	}
	found := archive.Owner()
	switch {
	case found.Address == "":
		return "", errors.New("no message names a profile; give the owner's with --profile")
	case !found.Clear:
		return "", errors.New("several people are in as many messages; give the owner's profile with --profile")
	}
	fmt.Fprintf(io.out, "The archive seems to be of %s, %s, who is in %d messages.\n", oneLine(found.Name), oneLine(found.Address), found.Rows)
	if c.Yes || c.DryRun {
		return found.Address, nil
	}
	if _, ok := terminal(io.in); !ok {
		return "", errors.New("nobody can be asked here whether this is right: give --yes, or the owner's profile with --profile")
	}
	yes, err := confirm(io, "Is this "+oneLine(owner.Name)+", "+oneLine(owner.Email)+"?")
	if err == nil && !yes {
		err = errors.New("nothing was taken; give the owner's profile with --profile")
	}
	return found.Address, err
}

func printTally(out io.Writer, archive *importer.Archive, t service.ImportTally) {
	for _, m := range t.NoPlace {
		archive.Skip(importer.NoPlace, m)
	}
	for _, m := range t.Alone {
		archive.Skip(importer.NobodyElse, m)
	}
	fmt.Fprintf(out, "%d messages taken, %d were here already; %d rows in the archive.\n", t.Taken, t.Present, archive.Rows())
	fmt.Fprintf(out, "%d people and %d connections are new.\n", t.People, t.Connections)
	if t.ConnectionsOfAccount > 0 {
		fmt.Fprintf(out, "%d connections have an account here: invite them, and they decide.\n", t.ConnectionsOfAccount)
	}
	if t.ConnectionsBlocked > 0 {
		fmt.Fprintf(out, "%d connections were left out because of a block.\n", t.ConnectionsBlocked)
	}
	printSkipped(out, archive)
}

// printSkipped names what was passed over, by file and line.
func printSkipped(out io.Writer, archive *importer.Archive) {
	for _, s := range archive.Skipped() {
		more := ""
		if n := s.Count - len(s.Where); n > 0 {
			more = fmt.Sprintf(" and %d more", n)
		}
		fmt.Fprintf(out, "Skipped %d: %s (%s%s)\n", s.Count, s.Reason, oneLine(strings.Join(s.Where, ", ")), more)
	}
}
