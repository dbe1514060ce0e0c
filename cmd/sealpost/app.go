package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/sealpost/sealpost/internal/authn"
	"github.com/sealpost/sealpost/internal/bus"
	"github.com/sealpost/sealpost/internal/config"
	"github.com/sealpost/sealpost/internal/keystore"
	"github.com/sealpost/sealpost/internal/service"
	"github.com/sealpost/sealpost/internal/sqlstore"
	"github.com/sealpost/sealpost/internal/webui"
)

// storeFlags say where the data is. They are the same for serve and for every local
// command, and for the SEALPOST_… variables and sealpost.toml.
type storeFlags struct {
	Data      string `help:"Data directory." placeholder:"DIR" env:"SEALPOST_DATA"`
	Database  string `help:"PostgreSQL address; without it SQLite in the data directory." placeholder:"postgres://…" env:"SEALPOST_DATABASE"`
	Keys      string `help:"Key directory; without it keys in the data directory." placeholder:"DIR" env:"SEALPOST_KEYS"`
	PublicURL string `help:"Where people reach the server, for links." placeholder:"URL" env:"SEALPOST_PUBLIC_URL"`
	LogLevel  string `help:"debug, info, warn or error." placeholder:"LEVEL" env:"SEALPOST_LOG_LEVEL"`
}

// config reads sealpost.toml in the data directory and lays the flags over it.
func (f storeFlags) config() (config.Config, error) {
	data := f.Data
	if data == "" {
		data = config.Default().Data
	}
	c, err := config.Load(filepath.Join(data, config.FileName))
	if err != nil {
		return c, err
	}
	for _, set := range []struct {
		to    *string
		value string
	}{{&c.Data, f.Data}, {&c.Database, f.Database}, {&c.Keys, f.Keys}, {&c.LogLevel, f.LogLevel}, {&c.PublicURL, f.PublicURL}} {
		if set.value != "" {
			*set.to = set.value
		}
	}
	return c, c.Validate()
}

// app is an opened installation.
type app struct {
	config  config.Config
	store   *sqlstore.Store
	keys    *keystore.Store
	service *service.Service
	log     *slog.Logger
	links   webui.Links // of the demo; nil elsewhere
}

// open opens the database and the keys, and wires the use cases over them.
func open(ctx context.Context, c config.Config, logTo io.Writer) (*app, error) {
	return openWith(ctx, c, logTo, 0)
}

// openWith is open with a page cache of its own size; zero: the usual one.
func openWith(ctx context.Context, c config.Config, logTo io.Writer, cacheKiB int) (_ *app, err error) {
	a := &app{config: c, log: newLog(logTo, c.LogLevel)}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.close())
		}
	}()
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return a, err
	}
	if a.keys, err = keystore.Open(c.KeyDir(), rand.Reader); err != nil {
		return a, fmt.Errorf("opening the key directory: %w", err)
	}
	if a.store, err = sqlstore.Open(ctx, sqlstore.Config{Database: c.DatabaseAddress(), CacheKiB: cacheKiB, Log: a.log}); err != nil {
		return a, fmt.Errorf("opening the database: %w", err)
	}
	if err := moveClock(a.store); err != nil {
		return a, err
	}
	if err := a.store.Bind(ctx, a.keys.Installation()); err != nil {
		return a, err
	}
	passwords, err := authn.NewPasswords()
	if err != nil {
		return a, err
	}
	a.service, err = service.New(service.Config{
		Store: a.store, Keys: a.keys, Bus: bus.New(), Passwords: passwords, Log: a.log,
	})
	return a, err
}

func (a *app) close() error {
	var err error
	if a.store != nil {
		err = a.store.Close()
	}
	if a.keys != nil {
		err = errors.Join(err, a.keys.Close())
	}
	return err
}

func newLog(to io.Writer, level string) *slog.Logger {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		l = slog.LevelInfo
	}
	return slog.New(slog.NewTextHandler(to, &slog.HandlerOptions{Level: l}))
}

// local opens an installation for a local command, runs f and closes it.
func (f storeFlags) local(ctx context.Context, io streams, run func(*app) error) error {
	return f.localWith(ctx, io, 0, run)
}

// localWith is local with a page cache of its own size; zero: the usual one.
func (f storeFlags) localWith(ctx context.Context, io streams, cacheKiB int, run func(*app) error) error {
	c, err := f.config()
	if err != nil {
		return err
	}
	if f.LogLevel == "" {
		c.LogLevel = "warn"
	}
	a, err := openWith(ctx, c, io.err, cacheKiB)
	if err != nil {
		return err
	}
	return errors.Join(run(a), a.close())
}
