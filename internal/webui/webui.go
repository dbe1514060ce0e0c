package webui

import (
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// Config is what the pages need. Service, Address and Status are required.
type Config struct {
	Service *service.Service
	// Organisation is who runs the server, for the sign-in page; empty: Sealpost.
	Organisation string
	// Address is from where a request comes, for limits.
	Address func(*http.Request) netip.Addr
	// Status is the one table from codes to HTTP.
	Status func(sealpost.Code) int
	// Observe counts a request under its route; nil: nothing is counted.
	Observe func(route string, status int, took time.Duration)
	// Links gives, for the secret of a sign-in link, the token of the session that it
	// stands for, once; nil: there are no such links.
	Links Links
	// Clock measures, and says which day it is where a page shows times. It decides
	// nothing (R12). Nil: time.Now.
	Clock func() time.Time
	Log   *slog.Logger // nil: nothing is logged
}

// Links are sign-in links that work once. They are for demonstrations on this
// machine: who has the link is signed in.
type Links interface {
	// Peek names whom a link signs in, without using it up.
	Peek(secret string) (name string, ok bool)
	// Take uses a link up and gives the token of a session.
	Take(secret string) (token string, ok bool)
}

// Server serves the pages. It is safe for concurrent use.
type Server struct {
	service      *service.Service
	organisation string
	address      func(*http.Request) netip.Addr
	status       func(sealpost.Code) int
	observe      func(route string, status int, took time.Duration)
	links        Links
	clock        func() time.Time
	log          *slog.Logger

	mux    *http.ServeMux
	origin *http.CrossOriginProtection
	routes []Route
	words  *catalogue
	files  *files
}

// Access is who a route is for. What somebody may do there, the use case decides.
type Access int

// The kinds of access.
const (
	Public Access = iota // everybody
	Member               // everybody who is signed in; others are sent to sign in
)

// Route is one route of the pages.
type Route struct {
	Method, Path string
	Access       Access
}

// New makes the pages.
func New(c Config) (*Server, error) {
	if c.Service == nil || c.Address == nil || c.Status == nil {
		return nil, errors.New("webui: a service, an address and a status are required")
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Observe == nil {
		c.Observe = func(string, int, time.Duration) {}
	}
	if c.Organisation == "" {
		c.Organisation = "Sealpost"
	}
	words, err := newCatalogue()
	if err != nil {
		return nil, err
	}
	files, err := newFiles()
	if err != nil {
		return nil, err
	}
	s := &Server{
		service: c.Service, organisation: c.Organisation, address: c.Address, status: c.Status, observe: c.Observe, links: c.Links,
		clock: c.Clock, log: c.Log, mux: http.NewServeMux(), origin: http.NewCrossOriginProtection(), words: words, files: files,
	}
	s.register()
	return s, nil
}

// register makes every route.
func (s *Server) register() {
	s.registerFiles()
	s.registerSession()
	s.registerNetwork()
	s.registerPeople()
	s.registerSettings()
	s.registerMessages()
	s.registerAdmin()
	s.registerRecall()
	s.registerCompose()
	s.get("/waiting", Member, s.waiting)
	s.get("/help", Member, s.help)
	s.get("/{$}", Member, func(q *request) error { return q.redirect("/messages") })
	s.handle("", "/", Public, func(*request) error { return sealpost.NotFound() })
}

// Handler serves every page and every file of them.
func (s *Server) Handler() http.Handler { return http.HandlerFunc(s.serve) }

// Routes lists every route, as registered.
func (s *Server) Routes() []Route { return slices.Clone(s.routes) }

func (s *Server) get(path string, access Access, page func(*request) error) {
	s.handle(http.MethodGet, path, access, page)
}

func (s *Server) post(path string, access Access, act func(*request) error) {
	s.handle(http.MethodPost, path, access, act)
}

func (s *Server) handle(method, path string, access Access, serve func(*request) error) {
	if method != "" {
		s.routes = append(s.routes, Route{method, path, access})
		path = method + " " + path
	}
	s.mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { s.serveRoute(w, r, access, serve) })
}
