package main

import (
	"context"

	"github.com/sealpost/sealpost/internal/bench"
)

type benchCommand struct{ bench.Options }

// Run drives a server over HTTP as clients do, and prints what it measured.
func (c *benchCommand) Run(ctx context.Context, io streams) error {
	return bench.Run(ctx, c.Options, io.out)
}
