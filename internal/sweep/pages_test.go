//go:build sealtest

package sweep_test

import (
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/httpapi"
	"github.com/sealpost/sealpost/internal/webui"
)

// The pages are swept as the API is: every route of their mux, as everybody, with
// everything that there is in its place. What a page may show is what the API gives
// the same person, so it is judged by the same rule.

// pageDrivers is the table of the routes of the pages. A route that is not in it fails
// the sweep. The forms are sent by those who may not, or with what changes nothing:
// what people may do is in the story, by the API, which calls the same use cases.
var pageDrivers = map[string]driver{
	"GET /files/{name}":  view(),
	"GET /{$}":           view(),
	"GET /sign-in":       view("?to=/messages"),
	"POST /sign-in":      form(url.Values{"email": {"reader@example.org"}, "password": {"not this one"}}),
	"POST /sign-out":     anonymously(form(nil)),
	"POST /theme":        form(url.Values{"theme": {"none"}}),
	"GET /join":          view(),
	"GET /join/{secret}": view(),
	"POST /join/use":     form(url.Values{"link": {"spi_none"}}),
	"GET /help":          view(),

	"GET /network":                                    view(),
	"GET /network/people":                             view("?find=Person", "?find=%25"),
	"GET /network/invitations":                        view("?box=sent", "?box=received"),
	"GET /network/connections":                        view("?sort=recent"),
	"POST /network/invitations/{invitation}/{answer}": form(nil),
	"GET /people/{user}":                              view(),
	"GET /people/{user}/invite":                       view(),
	"GET /people/{user}/disconnect":                   view(),
	"GET /people/{user}/block":                        view(),
	"POST /people/{user}/write":                       anonymously(form(nil)),
	"POST /people/{user}/invite":                      anonymously(form(nil)),
	"POST /people/{user}/disconnect":                  anonymously(form(nil)),
	"POST /people/{user}/block":                       anonymously(form(nil)),
	"POST /people/{user}/unblock":                     anonymously(form(nil)),
	"GET /waiting":                                    view(),
	"GET /search":                                     view("?q=Person", "?q=e*", "?q=from:sender"),
	"GET /activity":                                   view(),
	"GET /settings":                                   view(),
	"POST /settings/profile":                          anonymously(form(nil)),
	"POST /settings/zone":                             anonymously(form(nil)),
	"POST /settings/language":                         anonymously(form(nil)),
	"POST /keys":                                      anonymously(form(nil)),
	"POST /settings/reach":                            anonymously(form(nil)),
	"POST /settings/receipts":                         anonymously(form(nil)),
	"POST /settings/previews":                         anonymously(form(nil)),
	"POST /settings/preview-of-mine":                  anonymously(form(nil)),
	"POST /settings/arrival":                          anonymously(form(nil)),
	"POST /settings/undo":                             anonymously(form(nil)),
	"GET /settings/account":                           view(),
	"POST /settings/password":                         anonymously(form(nil)),
	"POST /settings/sessions/end":                     anonymously(form(nil)),
	"POST /settings/sessions/{session}/end":           form(nil),
	"POST /settings/tokens":                           anonymously(form(nil)),
	"POST /settings/tokens/{session}/delete":          form(nil),
	"POST /settings/erase":                            anonymously(form(nil)),

	"GET /messages":                         view("?filter=unread", "?filter=requests", "?filter=drafts", "?filter=scheduled", "?filter=recalled", "?cursor={page}"),
	"GET /messages/{conversation}":          view("?before={message}", "?at={message}", "?reply={message}", "?draft={draft}"),
	"POST /messages/{conversation}/send":    unlessSender(form(url.Values{"body": {""}})),
	"POST /messages/{conversation}/open":    openPagesWithoutRight,
	"POST /messages/{conversation}/accept":  anonymously(form(nil)),
	"POST /messages/{conversation}/decline": anonymously(form(nil)),
	"POST /messages/{conversation}/mute":    anonymously(form(nil)),
	"POST /messages/{conversation}/unread":  anonymously(form(nil)),
	"GET /messages/{conversation}/people":   view("?find=Person"),
	"POST /messages/{conversation}/title":   unlessSender(anonymously(form(nil))),
	"POST /messages/{conversation}/add":     unlessSender(form(nil)),
	"POST /messages/{conversation}/remove":  anonymously(form(nil)),

	"POST /messages/{conversation}/{message}/undo":        ofOthers(form(nil)),
	"POST /messages/{conversation}/{message}/send-now":    ofOthers(form(nil)),
	"POST /messages/{conversation}/{message}/acknowledge": anonymously(form(nil)),
	"GET /messages/{conversation}/{message}/recall":       view("?was=recallable"),
	"POST /messages/{conversation}/{message}/recall":      ofOthers(form(nil)),
	"GET /messages/{conversation}/{message}/recall.json":  view(),
	"GET /messages/{conversation}/{message}/why":          view(),
	"GET /messages/{conversation}/{message}/details":      view(),
	"GET /messages/{conversation}/{message}/disregard":    view(),
	"POST /messages/{conversation}/{message}/disregard":   ofOthers(form(nil)),
	"GET /messages/{conversation}/{message}/report":       view(),
	"POST /messages/{conversation}/{message}/report":      form(url.Values{"reason": {"none"}}),
	"GET /messages/{conversation}/{message}/hide":         view(),
	"POST /messages/{conversation}/{message}/hide":        anonymously(form(nil)),
	"GET /messages/{conversation}/{message}/edit":         view(),
	"POST /messages/{conversation}/{message}/edit":        ofOthers(form(url.Values{"body": {"another"}})),

	"GET /compose":                view("?draft={draft}", "?conversation={conversation}", "?follow={message}", "?reply={message}"),
	"POST /compose":               anonymously(form(nil)),
	"POST /compose/edit":          anonymously(form(nil)),
	"GET /drafts":                 view(),
	"POST /compose/draft":         anonymously(form(nil)),
	"GET /compose/people":         view("?q=Person"),
	"GET /drafts/{draft}/delete":  view(),
	"POST /drafts/{draft}/delete": unlessSender(form(nil)),

	"GET /admin":                            view(),
	"GET /admin/policy":                     view(),
	"POST /admin/policy":                    form(url.Values{"step": {"review"}}),
	"GET /admin/flags":                      view("?state=resolved"),
	"GET /admin/flags/{flag}":               view(),
	"POST /admin/flags/{flag}/read":         form(nil),
	"POST /admin/flags/{flag}/resolve":      unlessModerator(form(url.Values{"act": {"keep"}})),
	"GET /admin/audit":                      view(),
	"GET /admin/users":                      view("?find=reader"),
	"POST /admin/users":                     form(url.Values{"email": {"sender@example.org"}, "name": {"Taken"}}),
	"POST /admin/invites":                   anonymously(form(nil)),
	"POST /admin/invites/{invite}/withdraw": form(nil),
	"GET /admin/users/{user}":               view(),
	"POST /admin/users/{user}":              anonymously(form(nil)),
	"POST /admin/users/{user}/erase":        form(url.Values{"confirm": {"nobody"}}),
}

// page asks for a page as a browser does: by the cookie, and with a form.
func (w *world) page(t *testing.T, v visitor, method, path string, fields url.Values, headers ...string) {
	t.Helper()
	cookie := visitor{name: v.name, person: v.person}
	if v.token != "" {
		headers = append(headers, "Cookie", api.SessionCookie+"="+v.token)
	}
	var body any
	if method == http.MethodPost {
		body = []byte(fields.Encode())
		headers = append(headers, "Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin")
	}
	w.try(t, cookie, method, path, body, headers...)
}

// view looks at a page with everything in its address, whole and as a part.
func view(queries ...string) driver {
	return func(t *testing.T, w *world, v visitor, r route) {
		for n, path := range w.pagePaths(r.pattern) {
			w.page(t, v, "GET", path, nil)
			if n%5 == 0 || long() {
				w.page(t, v, "GET", path, nil, "HX-Request", "true")
				w.page(t, v, "HEAD", path, nil)
			}
			if n > 3 && !long() { // queries name everything themselves
				continue
			}
			for _, q := range queries {
				for _, filled := range w.pagePaths(q) {
					w.page(t, v, "GET", path+filled, nil)
				}
			}
		}
	}
}

// form sends a form to everything.
func form(fields url.Values) driver {
	return func(t *testing.T, w *world, v visitor, r route) {
		for _, path := range w.pagePaths(r.pattern) {
			w.page(t, v, "POST", path, fields)
		}
	}
}

// anonymously is for forms that whoever is signed in may send: they are sent by
// nobody.
func anonymously(d driver) driver {
	return func(t *testing.T, w *world, v visitor, r route) {
		if v.person == "" {
			d(t, w, v, r)
		}
	}
}

func unlessModerator(d driver) driver {
	return func(t *testing.T, w *world, v visitor, r route) {
		if v.person != "moderator" {
			d(t, w, v, r)
		}
	}
}

// ofOthers is for forms about one's own messages, sent by those whose they are not.
func ofOthers(d driver) driver {
	return func(t *testing.T, w *world, v visitor, r route) {
		own := slices.ContainsFunc(w.planted, func(p *planted) bool { return p.sender == v.person })
		if !own {
			d(t, w, v, r)
		}
	}
}

// openPagesWithoutRight opens, by a form, what the visitor may not know of.
func openPagesWithoutRight(t *testing.T, w *world, v visitor, _ route) {
	for name, id := range w.in {
		if w.knows(v, name) || v.person == "leaver" {
			continue
		}
		for _, p := range w.planted {
			w.page(t, v, "POST", "/messages/"+id+"/open", url.Values{"through": {p.id}})
		}
	}
}

// pagePaths fills an address with what there is. A message stands in its own
// conversation, and once in another.
func (w *world) pagePaths(pattern string) []string {
	paths := []string{pattern}
	if strings.Contains(pattern, "{message}") && strings.Contains(pattern, "{conversation}") {
		paths = nil
		for _, p := range w.planted {
			if p.id != "" {
				paths = append(paths, strings.NewReplacer("{conversation}", p.in, "{message}", p.id).Replace(pattern))
			}
		}
		paths = append(paths, strings.NewReplacer("{conversation}", w.in["first contact"], "{message}", w.planted[0].id).Replace(pattern))
	}
	for field, kind := range map[string]string{
		"{conversation}": "conversation", "{message}": "message", "{user}": "user", "{flag}": "flag", "{draft}": "draft",
	} {
		var filled []string
		for _, path := range paths {
			if !strings.Contains(path, field) {
				filled = append(filled, path)
				continue
			}
			for _, id := range w.paths(route{pattern: "{id}"}, kind) {
				filled = append(filled, strings.Replace(path, field, id, 1))
			}
		}
		paths = filled
	}
	var out []string
	for _, path := range paths {
		if strings.Contains(path, "{page}") {
			for _, cursor := range some(w.pages, 2) {
				out = append(out, strings.Replace(path, "{page}", url.QueryEscape(cursor), 1))
			}
			continue
		}
		out = append(out, strings.NewReplacer(
			"{$}", "", "{name}", "app.js", "{secret}", "spi_none", "{invitation}", "01890000-0000-7000-8000-000000000000", "{answer}", "accept",
			"{session}", "01890000-0000-7000-8000-000000000000", "{invite}", "01890000-0000-7000-8000-000000000000",
		).Replace(path))
	}
	return out
}

// pageRoutes asks the mux of the pages for every route.
func pageRoutes(t *testing.T) []route {
	t.Helper()
	pages, err := webui.New(webui.Config{
		Service: newInstall(t, onSQLite).service, Status: httpapi.Status, Address: func(*http.Request) netip.Addr { return netip.Addr{} },
	})
	if err != nil {
		t.Fatal(err)
	}
	var out []route
	for _, r := range pages.Routes() {
		out = append(out, route{r.Method, r.Path})
	}
	if len(out) < 40 {
		t.Fatalf("the pages have only %d routes: the sweep would pass by seeing nothing", len(out))
	}
	return out
}

// sweepPages takes every route of the pages as each visitor.
func (w *world) sweepPages(t *testing.T, visitors ...string) {
	t.Helper()
	for _, r := range pageRoutes(t) {
		drive, known := pageDrivers[r.method+" "+r.pattern]
		if !known {
			t.Errorf("%s %s is not registered with the sweep", r.method, r.pattern)
			continue
		}
		for _, name := range visitors {
			drive(t, w, w.visitors[name], r)
		}
	}
}

// A page that is gone must go from the table too.
func TestEveryPageDriverHasItsRoute(t *testing.T) {
	t.Parallel()
	there := map[string]bool{}
	for _, r := range pageRoutes(t) {
		there[r.method+" "+r.pattern] = true
	}
	for name := range pageDrivers {
		if !there[name] {
			t.Errorf("%s has a driver and no route", name)
		}
	}
}
