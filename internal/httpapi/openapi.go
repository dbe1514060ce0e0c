package httpapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/sealpost"
)

const (
	eventsPath  = base + "/events"
	eventsRoute = http.MethodGet + " " + eventsPath
)

// register makes every route. The document lists them in this order of tags.
func (s *Server) register() {
	s.registerSessions()
	s.registerAccount()
	s.registerJoin()
	s.registerExport()
	s.registerProfile()
	s.registerNetwork()
	s.registerConversations()
	s.registerRequests()
	s.registerMute()
	s.registerTitle()
	s.registerMessages()
	s.registerOutlook()
	s.registerOpen()
	s.registerPending()
	s.registerRecall()
	s.registerDisregard()
	s.registerFlags()
	s.registerDrafts()
	s.registerSearch()
	s.registerEvents()
	s.registerAdmin()
	s.registerUsers()
	s.registerInvites()
	s.registerDocument()
}

func (s *Server) registerEvents() {
	o := operation{
		id: "watchEvents", method: http.MethodGet, path: "/events", tag: "live events", summary: "Watch for changes",
		description: "Server-sent events. `event: conversation` with data {\"conversation_id\"} says that something changed for you in that conversation; fetch its changes. `event: resync` with data {}: more may have changed than is named; fetch everything that you show. A comment comes every 15 seconds. After a break send the id of the last event as Last-Event-ID; what changed meanwhile is named first. An event is a hint and may come twice.",
		codes:       []sealpost.Code{sealpost.CodeRateLimited},
	}
	rt := &route{operation: o}
	s.handle(o.method, eventsPath, rt, s.events)
	s.api.OpenAPI().AddOperation(&huma.Operation{
		OperationID: o.id, Method: o.method, Path: eventsPath, Tags: []string{o.tag}, Summary: o.summary, Description: o.description,
		Parameters: []*huma.Param{{Name: "Last-Event-ID", In: "header", Description: "id of the last event seen", Schema: &huma.Schema{Type: huma.TypeString}}},
		Responses: map[string]*huma.Response{"200": {
			Description: "A stream without end.",
			Content:     map[string]*huma.MediaType{eventStream: {Schema: &huma.Schema{Type: huma.TypeString}}},
		}},
		Metadata: map[string]any{routeKey: rt},
	})
}

func (s *Server) registerDocument() {
	for _, d := range []struct {
		o     operation
		media string
		serve func(http.ResponseWriter, *http.Request, *request)
	}{
		{operation{id: "getOpenAPI", path: "/openapi.json", summary: "Read this document"}, jsonType, s.serveDocument},
		{operation{id: "getDocs", path: "/docs", summary: "Read this document as a page"}, "text/html", s.servePage},
	} {
		o := d.o
		o.method, o.tag, o.public = http.MethodGet, "documentation", true
		s.handle(o.method, base+o.path, &route{operation: o}, d.serve)
		s.api.OpenAPI().AddOperation(&huma.Operation{
			OperationID: o.id, Method: o.method, Path: base + o.path, Tags: []string{o.tag}, Summary: o.summary,
			Responses: map[string]*huma.Response{"200": {
				Description: "OK", Content: map[string]*huma.MediaType{d.media: {Schema: &huma.Schema{Type: huma.TypeString}}},
			}},
			Metadata: map[string]any{routeKey: &route{operation: o}},
		})
	}
}

// finishDocument adds what huma does not know: our problems with their codes, how
// to sign in, examples. Then it fixes the document.
func (s *Server) finishDocument() error {
	doc := s.api.OpenAPI()
	schemas := doc.Components.Schemas
	problemSchema := schemas.Schema(reflect.TypeFor[api.Problem](), true, "")
	code := schemas.Map()["Problem"].Properties["code"]
	for _, c := range sealpost.Codes() {
		code.Enum = append(code.Enum, string(c))
	}
	doc.Info.Description = "Messages that stay sealed until they are opened, and can be recalled until then. Errors are problem details (RFC 9457); decide by their code."
	doc.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token":  {Type: "http", Scheme: "bearer", Description: "The token of a sign-in or an API token."},
		"cookie": {Type: "apiKey", In: "cookie", Name: SessionCookie, Description: "A browser's session; requests from other sites are refused."},
	}
	for _, op := range operations(doc) {
		rt, ok := op.Metadata[routeKey].(*route)
		if !ok {
			return fmt.Errorf("httpapi: operation %s has no route", op.OperationID)
		}
		rt.document(op, problemSchema)
	}
	finishSchemas(doc)
	var err error
	if s.document, err = json.Marshal(doc); err != nil {
		return err
	}
	s.page, err = newPage(doc)
	return err
}

// document completes one operation.
func (rt *route) document(op *huma.Operation, problem *huma.Schema) {
	if !rt.public {
		op.Security = []map[string][]string{{"token": {}}, {"cookie": {}}}
		op.Description = strings.TrimSpace(op.Description + " " + rt.scopeWords())
	}
	if rt.alsoStatus != 0 {
		also := *op.Responses["200"]
		also.Description = http.StatusText(rt.alsoStatus)
		op.Responses[strconv.Itoa(rt.alsoStatus)] = &also
	}
	if rt.example != nil {
		op.RequestBody.Content[jsonType].Example = rt.example
	}
	byStatus := map[int][]string{}
	for _, c := range rt.refusals() {
		byStatus[statuses[c]] = append(byStatus[statuses[c]], string(c))
	}
	delete(op.Responses, "default")
	for status, codes := range byStatus {
		op.Responses[strconv.Itoa(status)] = &huma.Response{
			Description: http.StatusText(status) + ": " + strings.Join(codes, ", "),
			Content:     map[string]*huma.MediaType{api.ProblemType: {Schema: problem}},
		}
	}
}

// refusals are every code that the route can answer.
func (rt *route) refusals() []sealpost.Code {
	out := []sealpost.Code{sealpost.CodeMalformed, sealpost.CodeInvalid, sealpost.CodeUnavailable, sealpost.CodeInternal}
	if !rt.public {
		out = append(out, sealpost.CodeUnauthenticated, sealpost.CodeForbidden)
	}
	if strings.Contains(rt.path, "{") {
		out = append(out, sealpost.CodeNotFound)
	}
	if rt.mutates() {
		if rt.public { // from another site
			out = append(out, sealpost.CodeForbidden)
		}
		out = append(out, sealpost.CodeTooLarge, sealpost.CodeUnsupportedMedia, sealpost.CodeIdempotencyConflict)
	}
	for _, c := range rt.codes {
		if !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return out
}

// operations lists every operation, by path and method.
func operations(doc *huma.OpenAPI) []*huma.Operation {
	var out []*huma.Operation
	for _, item := range doc.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op != nil {
				out = append(out, op)
			}
		}
	}
	slices.SortFunc(out, func(a, b *huma.Operation) int {
		return strings.Compare(a.Path+" "+a.Method, b.Path+" "+b.Method)
	})
	return out
}

func (s *Server) serveDocument(w http.ResponseWriter, _ *http.Request, _ *request) {
	w.Header().Set("Content-Type", jsonType)
	_, _ = w.Write(s.document) // the client may be gone
}

func (s *Server) servePage(w http.ResponseWriter, _ *http.Request, _ *request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", s.page.policy)
	_, _ = w.Write(s.page.html) // the client may be gone
}
