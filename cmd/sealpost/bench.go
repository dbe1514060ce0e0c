package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/sealpost/sealpost/internal/bench"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

type benchCommand struct{ bench.Options }

// Run drives a server over HTTP as clients do, and prints what it measured.
func (c *benchCommand) Run(ctx context.Context, to streams) error {
	c.AddPeople, c.Progress = addPeople, to.err
	return bench.Run(ctx, c.Options, to.out)
}

// addPeople makes accounts as the local commands do, and a token for each. The first
// is an administrator.
func addPeople(ctx context.Context, data, database string, n int) (tokens []string, err error) {
	conf, err := storeFlags{Data: data, Database: database, LogLevel: "warn"}.config()
	if err != nil {
		return nil, err
	}
	a, err := open(ctx, conf, io.Discard)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	for i := range n {
		u := service.NewUser{Email: fmt.Sprintf("person%d@bench.example", i), Name: fmt.Sprintf("Person %d", i), TimeZone: "UTC"}
		if i == 0 {
			u.Roles = []sealpost.Role{sealpost.RoleAdmin}
		}
		if _, err := a.service.AddUser(ctx, "", u); err != nil {
			return nil, err
		}
		token, err := a.service.TokenFor(ctx, u.Email, "bench")
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, token)
	}
	return tokens, nil
}
