package httpapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"path"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/served"
	"github.com/sealpost/sealpost/internal/service"
)

const (
	base = "/api/v1"
	// maxURL is the longest path with query that is looked at, in bytes.
	maxURL = 4096
)

// Config is what the API needs. Service is required.
type Config struct {
	Service *service.Service
	// Clock is the process's clock; nil: time.Now. It measures and sets deadlines of
	// connections; it decides nothing (R12).
	Clock    func() time.Time
	Log      *slog.Logger         // nil: nothing is logged
	Registry *prometheus.Registry // nil: one of its own
	Version  string               // of the program, for the OpenAPI document
	// MaxStreams is how many live connections are served at once; 0: 50,000.
	MaxStreams int
	// TrustedProxies are whose X-Forwarded-For is believed; nil: nobody's.
	TrustedProxies []netip.Prefix
}

// Server is the API. It is safe for concurrent use.
type Server struct {
	service *service.Service
	clock   func() time.Time
	log     *slog.Logger

	mux     *http.ServeMux
	api     huma.API
	origin  *http.CrossOriginProtection
	routes  []Route
	proxies proxies
	err     error       // the first fault of a registration
	headers http.Header // of every answer; shared, never changed
	live    *hub
	buffers sync.Pool // of *bytes.Buffer, for bodies; cleared before they go back
	metrics *metrics

	registry *prometheus.Registry
	document []byte // OpenAPI 3.1, JSON
	page     page
}

// New makes the API and begins to listen for hints. Close ends that.
func New(c Config) (*Server, error) {
	if c.Service == nil {
		return nil, errors.New("httpapi: a service is required")
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	s := &Server{
		service: c.Service, clock: c.Clock, log: c.Log, registry: c.Registry,
		mux: http.NewServeMux(), origin: http.NewCrossOriginProtection(), proxies: c.TrustedProxies,
		headers: http.Header{
			"Cache-Control":                {"no-store"},
			"Content-Security-Policy":      {"default-src 'none'; frame-ancestors 'none'"},
			"Cross-Origin-Resource-Policy": {"same-origin"},
			"Referrer-Policy":              {"no-referrer"},
			"Vary":                         {"Authorization, Cookie"},
			"X-Content-Type-Options":       {"nosniff"},
			"X-Frame-Options":              {"DENY"},
		},
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.registry == nil {
		s.registry = prometheus.NewRegistry()
	}
	s.live = newHub(hubConfig{clock: c.Clock, recheck: s.stillSignedIn, limit: c.MaxStreams})
	s.api = huma.NewAPI(humaConfig(c.Version), adapter{s})
	s.register()
	s.mux.HandleFunc("/", s.unmatched)
	if s.err == nil {
		s.err = s.finishDocument()
	}
	if s.err == nil {
		s.metrics, s.err = newMetrics(s.registry, s.live)
	}
	if s.err != nil {
		return nil, s.err
	}
	s.live.start(c.Service.Subscribe)
	return s, nil
}

// Handler serves everything below /api.
func (s *Server) Handler() http.Handler { return http.HandlerFunc(s.serve) }

// Routes lists every route, as registered.
func (s *Server) Routes() []Route { return slices.Clone(s.routes) }

// Close ends every live connection and waits for them, at most until ctx is done.
// http.Server.Shutdown does not know connections that were taken over.
func (s *Server) Close(ctx context.Context) error { return s.live.close(ctx) }

// serve is the way in: what is the same for every request.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	began := s.clock()
	a := &served.Answer{ResponseWriter: w}
	defer func() {
		if err := a.Panicked(recover()); err != nil {
			s.recovered(a, r, err)
		}
		took := s.clock().Sub(began)
		s.Observe(served.Route(r), a.Status(), took)
		s.log.DebugContext(r.Context(), "request", "route", served.Route(r), "status", a.Status(), "took", took)
	}()
	h := a.Header()
	for name, values := range s.headers {
		h[name] = values
	}
	switch {
	case len(r.RequestURI) > maxURL, !clean(r.URL.Path):
		fromError(sealpost.NotFound()).write(a)
	case s.origin.Check(r) != nil:
		fromError(sealpost.Refuse(sealpost.CodeForbidden, "This request comes from another site.")).write(a)
	default:
		s.mux.ServeHTTP(a, r)
	}
}

// clean keeps the mux from redirecting: a path that is not in its shortest form
// is no path of ours.
func clean(p string) bool {
	return p != "" && p[0] == '/' && path.Clean(p) == strings.TrimSuffix(p, "/") || p == "/"
}

// unmatched answers for everything that has no route: another method of a path
// that has routes, or nothing at all.
func (s *Server) unmatched(w http.ResponseWriter, r *http.Request) {
	allow := s.allowed(r)
	switch {
	case len(allow) == 0:
		fromError(sealpost.NotFound()).write(w)
	case r.Method == http.MethodOptions:
		w.Header().Set("Allow", strings.Join(append(allow, http.MethodOptions), ", "))
		w.WriteHeader(http.StatusNoContent)
	default:
		w.Header().Set("Allow", strings.Join(append(allow, http.MethodOptions), ", "))
		fromError(sealpost.Refuse(sealpost.CodeMethodNotAllowed, "This path does not take this method.")).write(w)
	}
}

// allowed lists the methods that the path of a request has.
func (s *Server) allowed(r *http.Request) []string {
	var out []string
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		probe := &http.Request{Method: method, Host: r.Host, URL: r.URL}
		if _, pattern := s.mux.Handler(probe); pattern != "" && pattern != "/" {
			out = append(out, method)
		}
	}
	return out
}

// recovered answers for a panic, unless the answer was begun.
func (s *Server) recovered(a *served.Answer, r *http.Request, err error) {
	p := s.internal(r.Context(), err)
	s.log.ErrorContext(r.Context(), "a request panicked", "reference", p.Reference, "stack", string(debug.Stack()))
	a.Unbegun()
	p.write(a)
}
