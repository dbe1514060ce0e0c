package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// Route is one method of one path.
type Route struct {
	Operation string // id, as in the OpenAPI document
	Method    string
	Pattern   string         // path as in net/http, with {names}
	Mutates   bool           // takes an Idempotency-Key
	Content   bool           // may return message content, or what a sign-in gives
	Public    bool           // needs no sign-in
	Scope     sealpost.Scope // that a token needs; empty on a public route
}

// operation is what is said of a route when it is registered.
type operation struct {
	id, method, path string // path below base
	tag, summary     string
	description      string
	status           int // of success; 0: 200, or 204 for an answer without a body
	alsoStatus       int // another status of success, with the same body
	// codes are the refusals besides those that follow from the kind of operation.
	codes   []sealpost.Code
	public  bool
	content bool
	example any // of a request body
}

func (o operation) mutates() bool { return o.method != http.MethodGet }

// route is an operation that was registered.
type route struct {
	operation
	known    []string // names of query parameters
	body     *shape   // nil: takes no body
	required bool     // the body must be there
	scope    sealpost.Scope
}

const routeKey = "route"

// add registers an operation with huma. The principal is zero on public routes.
func add[I, O any](s *Server, o operation, h func(context.Context, service.Principal, *I) (*O, error)) {
	op := huma.Operation{
		OperationID: o.id, Method: o.method, Path: base + o.path, Tags: []string{o.tag},
		Summary: o.summary, Description: o.description, DefaultStatus: o.status,
		// Both are done before huma sees the request: see serveRoute.
		SkipValidateBody: true, BodyReadTimeout: -1, MaxBodyBytes: maxBody,
		Metadata: map[string]any{routeKey: &route{operation: o}},
	}
	huma.Register(s.api, op, func(ctx context.Context, in *I) (*O, error) {
		p, _ := ctx.Value(principalKey{}).(service.Principal)
		out, err := h(ctx, p, in)
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		return out, nil
	})
}

// adapter connects huma to the mux. It is humago with the strict checks before it.
type adapter struct{ s *Server }

func (a adapter) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.s.mux.ServeHTTP(w, r) }

// Handle registers one operation.
func (a adapter) Handle(op *huma.Operation, h func(huma.Context)) {
	rt, ok := op.Metadata[routeKey].(*route)
	if !ok {
		a.s.fail(fmt.Errorf("httpapi: operation %s has no route", op.OperationID))
		return
	}
	for _, p := range op.Parameters {
		if p.In == "query" {
			rt.known = append(rt.known, p.Name)
		}
	}
	if op.RequestBody != nil {
		var err error
		rt.required = op.RequestBody.Required
		if rt.body, err = shapeOf(a.s.api.OpenAPI().Components.Schemas, op.RequestBody.Content[jsonType].Schema); err != nil {
			a.s.fail(fmt.Errorf("%w (%s)", err, op.OperationID))
			return
		}
	}
	a.s.handle(op.Method, op.Path, rt, func(w http.ResponseWriter, r *http.Request, q *request) {
		q.humaContext = humago.NewContext(op, r, w)
		h(q)
	})
}

// handle puts a route on the mux, behind everything that every route needs.
func (s *Server) handle(method, path string, rt *route, h func(http.ResponseWriter, *http.Request, *request)) {
	if !rt.public {
		if rt.scope = routeScopes[rt.id]; rt.scope == "" {
			s.fail(fmt.Errorf("httpapi: operation %s names no scope", rt.id))
			return
		}
	}
	s.routes = append(s.routes, Route{
		Operation: rt.id, Method: method, Pattern: path, Mutates: rt.mutates(), Content: rt.content, Public: rt.public, Scope: rt.scope,
	})
	s.mux.HandleFunc(method+" "+path, func(w http.ResponseWriter, r *http.Request) { s.serveRoute(rt, w, r, h) })
}

// fail keeps the first fault of a registration for New.
func (s *Server) fail(err error) {
	if s.err == nil {
		s.err = err
	}
}

// serveRoute is what comes before every operation: who asks, that they are there
// (R24), and that the request is as it should be. Nothing is changed before.
func (s *Server) serveRoute(rt *route, w http.ResponseWriter, r *http.Request, h func(http.ResponseWriter, *http.Request, *request)) {
	q := &request{ctx: service.FromAddress(r.Context(), s.proxies.clientOf(r))}
	if !rt.public {
		err := s.authenticate(q, r)
		if err == nil {
			err = rt.allows(q.principal)
		}
		if err != nil {
			s.refuse(q.ctx, w, r, err)
			return
		}
	}
	err := checkQuery(rt, r)
	if err == nil {
		err = checkKey(r)
	}
	var release func()
	if err == nil {
		q.body, release, err = s.readBody(rt, r)
	}
	if err != nil {
		s.refuse(q.ctx, w, r, err)
		return
	}
	if release != nil {
		defer release()
	}
	h(w, r, q)
}

// refuse answers a request that does not reach its operation. A client reads the
// answer only when it has sent its body, so some of the body is read and dropped.
func (s *Server) refuse(ctx context.Context, w http.ResponseWriter, r *http.Request, err error) {
	if r.Body != nil && r.Header.Get("Expect") == "" { // who asks first sends nothing now
		_, _ = io.CopyN(io.Discard, r.Body, maxDropped) // shorter ones end before
	}
	s.problem(ctx, err).write(w)
}

// request is a request that passed every check, as huma sees it.
type request struct {
	humaContext
	ctx       context.Context
	principal service.Principal
	token     string // by which the principal was known
	cookie    bool   // the token came in the cookie
	body      []byte
	read      int
}

// humaContext is embedded under another name than its method Context.
type humaContext huma.Context

type principalKey struct{}

// Context carries the principal to the handler.
func (q *request) Context() context.Context { return q.ctx }

// Header hides Accept: there is one format, whatever a client would like.
func (q *request) Header(name string) string {
	if name == "Accept" {
		return ""
	}
	return q.humaContext.Header(name)
}

// BodyReader gives the body that was read and checked already.
func (q *request) BodyReader() io.Reader { return q }

// Read reads from the checked body.
func (q *request) Read(b []byte) (int, error) {
	if q.read == len(q.body) {
		return 0, io.EOF
	}
	n := copy(b, q.body[q.read:])
	q.read += n
	return n, nil
}

// SetReadDeadline does nothing: the body was read before.
func (q *request) SetReadDeadline(time.Time) error { return nil }

// checkQuery refuses parameters that the route does not have, that are there twice
// or that are no text.
func checkQuery(rt *route, r *http.Request) error {
	if r.URL.RawQuery == "" {
		return nil
	}
	values, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	for name, all := range values {
		e := sealpost.Invalid("", "")
		if plainName(name) {
			e.Field = name
		}
		switch {
		case !slices.Contains(rt.known, name):
			e.Detail = "There is no such parameter."
		case len(all) > 1:
			e.Detail = "This parameter is there twice."
		case !validText(all[0]):
			e.Code, e.Detail = sealpost.CodeMalformed, "A parameter must be valid UTF-8 without NUL."
		default:
			continue
		}
		return e
	}
	return nil
}

// checkKey refuses two idempotency keys; what one may be, the service says.
func checkKey(r *http.Request) error {
	if len(r.Header["Idempotency-Key"]) > 1 {
		return sealpost.Invalid("Idempotency-Key", "This header is there twice.")
	}
	return nil
}

// deaf does not hear that the client is gone: for huma that would be a fault.
type deaf struct{ w io.Writer }

func (d deaf) Write(b []byte) (int, error) {
	_, _ = d.w.Write(b)
	return len(b), nil
}

// humaConfig is huma without its own document, page, links and error model.
func humaConfig(version string) huma.Config {
	format := huma.Format{
		Marshal:   func(w io.Writer, v any) error { return encodeJSON(deaf{w}, v) },
		Unmarshal: json.Unmarshal,
	}
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info:    &huma.Info{Title: "Sealpost", Version: strings.TrimSpace(version)},
			Components: &huma.Components{
				Schemas: huma.NewMapRegistry(schemaPrefix, huma.DefaultSchemaNamer),
			},
		},
		// The second is what huma makes of application/problem+json.
		Formats: map[string]huma.Format{jsonType: format, "json": format}, DefaultFormat: jsonType,
		Transformers: []huma.Transformer{replaceErrors},
	}
}
