package main

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// exportCommand writes everything of one's own.
type exportCommand struct {
	remoteFlags
	Output string `help:"File to write; it must not exist and is readable by you alone. Without it standard output." short:"o" placeholder:"FILE"`
}

// Run streams the export. A file that was cut off does not stay.
func (c *exportCommand) Run(ctx context.Context, io streams) (err error) {
	r, err := c.connect(ctx, io)
	if err != nil {
		return err
	}
	to := io.out
	if c.Output != "" {
		file, err := os.OpenFile(c.Output, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		to = file
		defer func() {
			if err = errors.Join(err, file.Close()); err != nil {
				err = errors.Join(err, os.Remove(c.Output))
			}
		}()
	}
	end, err := r.Export(ctx, to)
	if err != nil {
		return plain(err)
	}
	fmt.Fprintf(io.err, "Exported %d conversations with %d messages.\n", end.Lines["conversation"], end.Lines["message"])
	return nil
}
