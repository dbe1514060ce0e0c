package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/sealpost/sealpost/internal/config"
	"github.com/sealpost/sealpost/internal/httpapi"
	"github.com/sealpost/sealpost/internal/relay"
	"github.com/sealpost/sealpost/internal/webui"
)

type serveCommand struct {
	storeFlags
	Listen       string   `help:"Address of the API." placeholder:"HOST:PORT" env:"SEALPOST_LISTEN"`
	Ops          string   `help:"Address of /healthz, /readyz and /metrics, or off." placeholder:"HOST:PORT" env:"SEALPOST_OPS"`
	TrustedProxy []string `help:"Address or network (CIDR) whose X-Forwarded-For is believed. May be repeated." placeholder:"CIDR" env:"SEALPOST_TRUSTED_PROXIES"`
	Organisation string   `help:"Who runs the server, for the page to sign in." placeholder:"NAME" env:"SEALPOST_ORGANISATION"`
	ListenFile   string   `help:"Write the address of the API to this file once it answers." placeholder:"FILE"`
}

// Run serves until the context ends, then lets what is under way finish.
func (c *serveCommand) Run(ctx context.Context, io streams) error {
	conf, err := c.config()
	if err != nil {
		return err
	}
	if c.Listen != "" {
		conf.Listen = c.Listen
	}
	if c.Ops != "" {
		conf.Ops = c.Ops
	}
	if len(c.TrustedProxy) > 0 {
		conf.TrustedProxies = c.TrustedProxy
	}
	if c.Organisation != "" {
		conf.Organisation = c.Organisation
	}
	if err := conf.Validate(); err != nil {
		return err
	}
	a, err := open(ctx, conf, io.err)
	if err != nil {
		return err
	}
	ready := func(address string) error {
		fmt.Fprintf(io.err, "listening on http://%s\n", address)
		if c.ListenFile == "" {
			return nil
		}
		return os.WriteFile(c.ListenFile, []byte(address), 0o600)
	}
	return errors.Join(a.serve(ctx, conf, ready), a.close())
}

// shutdownLimit is how long requests may take to finish when the server stops.
const shutdownLimit = 10 * time.Second

// serve starts the relay and the listeners, calls ready with the API's address, and
// runs until the context ends or a listener fails.
func (a *app) serve(ctx context.Context, conf config.Config, ready func(address string) error) error {
	work, err := relay.Start(ctx, a.service, a.log)
	if err != nil {
		return fmt.Errorf("starting the relay: %w", err)
	}
	defer work.Stop()
	trusted, err := conf.Proxies()
	if err != nil {
		return err
	}
	api, err := httpapi.New(httpapi.Config{Service: a.service, Log: a.log, Version: version(), TrustedProxies: trusted})
	if err != nil {
		return err
	}
	pages, err := webui.New(webui.Config{
		Service: a.service, Organisation: conf.Organisation, Address: api.Address, Status: httpapi.Status, Observe: api.Observe, Links: a.links, Log: a.log,
	})
	if err != nil {
		return err
	}
	site := http.NewServeMux()
	site.Handle("/api/", api.Handler())
	site.Handle("/", pages.Handler())
	servers := []*http.Server{newServer(site)}
	listeners := []net.Listener{}
	for i, address := range []string{conf.Listen, conf.Ops} {
		if address == "off" {
			continue
		}
		l, err := net.Listen("tcp", address)
		if err != nil {
			return err
		}
		listeners = append(listeners, l)
		if i == 1 {
			servers = append(servers, newServer(api.Ops()))
		}
	}
	failed := make(chan error, len(servers))
	for i, s := range servers {
		go func() { failed <- s.Serve(listeners[i]) }()
	}
	err = ready(listeners[0].Addr().String())
	if err == nil {
		select {
		case <-ctx.Done():
		case err = <-failed:
		}
	}
	return errors.Join(err, a.shutDown(api, servers))
}

// newServer has a limit for everything that a client can make last; live streams
// are taken over and have limits of their own.
func newServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
}

func (a *app) shutDown(api *httpapi.Server, servers []*http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownLimit)
	defer cancel()
	err := api.Close(ctx) // live streams first: they would keep the others waiting
	for _, s := range servers {
		err = errors.Join(err, s.Shutdown(ctx))
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
