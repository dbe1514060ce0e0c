package webui_test

import (
	"context"
	"crypto/rand"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/bus"
	"github.com/sealpost/sealpost/internal/httpapi"
	"github.com/sealpost/sealpost/internal/keystore"
	"github.com/sealpost/sealpost/internal/memstore"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
	"github.com/sealpost/sealpost/internal/webui"
)

// office is the pages over a model store, for people whose browser runs no script.
type office struct {
	*service.Service
	t      *testing.T
	server *httptest.Server
	pages  *webui.Server
	ahead  atomic.Int64                                  // of the database's clock, in microseconds
	fault  atomic.Pointer[func(string) memstore.Failure] // nil: nothing goes wrong
}

// writer is somebody at such a browser.
type writer struct {
	service.Principal
	office *office
	name   string
	token  string
}

type plainPasswords struct{}

func (plainPasswords) Hash(_ context.Context, password string) (string, error) {
	return "plain:" + password, nil
}

func (plainPasswords) Verify(_ context.Context, hash, password string) (bool, error) {
	return hash == "plain:"+password, nil
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{t: t}
	store := memstore.New(memstore.Options{
		Clock: func() sealpost.Instant { return sealpost.InstantOf(time.Now()) + sealpost.Instant(o.ahead.Load()) },
		Fault: func(op string) memstore.Failure {
			if f := o.fault.Load(); f != nil {
				return (*f)(op)
			}
			return memstore.NoFailure
		},
	})
	keys, err := keystore.Open(filepath.Join(t.TempDir(), "keys"), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = keys.Close() })
	if o.Service, err = service.New(service.Config{Store: store, Keys: keys, Bus: bus.New(), Passwords: plainPasswords{}}); err != nil {
		t.Fatal(err)
	}
	for _, keep := range []func(context.Context) error{o.KeepEpochs, o.KeepLease} {
		if err := keep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	pages, err := webui.New(webui.Config{
		Service: o.Service, Status: httpapi.Status,
		Address: func(*http.Request) netip.Addr { return netip.MustParseAddr("127.0.0.1") },
		Clock:   func() time.Time { return time.Now().Add(time.Duration(o.ahead.Load()) * time.Microsecond) },
	})
	if err != nil {
		t.Fatal(err)
	}
	o.pages, o.server = pages, httptest.NewServer(pages.Handler())
	t.Cleanup(o.server.Close)
	return o
}

func (o *office) writer(name string, roles ...sealpost.Role) *writer {
	o.t.Helper()
	short, _, _ := strings.Cut(strings.ToLower(name), " ")
	u, err := o.AddUser(o.t.Context(), "", service.NewUser{
		Email: short + "@example.org", Name: name, Roles: roles, Password: "correct horse", TimeZone: "Europe/Stockholm",
	})
	if err != nil {
		o.t.Fatal(err)
	}
	signed, err := o.SignIn(o.t.Context(), u.Email, "correct horse", "test")
	if err != nil {
		o.t.Fatal(err)
	}
	return &writer{Principal: service.Principal{User: u}, office: o, name: name, token: signed.Token}
}

func (w *writer) id() string { return w.User.ID.String() }

// befriend connects two people.
func (w *writer) befriend(others ...*writer) {
	w.office.t.Helper()
	for _, other := range others {
		i, err := w.office.Invite(w.office.t.Context(), w.Principal, "", other.User.ID, "")
		if err != nil {
			w.office.t.Fatal(err)
		}
		if _, err := w.office.AcceptInvitation(w.office.t.Context(), other.Principal, "", i.ID); err != nil {
			w.office.t.Fatal(err)
		}
	}
}

// sheet is a page as it came.
type sheet struct {
	t      *testing.T
	status int
	header http.Header
	html   string
	at     string // the path and query after redirects
}

func (w *writer) do(r *http.Request) sheet {
	t := w.office.t
	t.Helper()
	r.AddCookie(&http.Cookie{Name: api.SessionCookie, Value: w.token})
	client := &http.Client{CheckRedirect: func(next *http.Request, _ []*http.Request) error {
		next.AddCookie(&http.Cookie{Name: api.SessionCookie, Value: w.token})
		return nil
	}}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(answer.Header.Get("Content-Security-Policy"), "require-trusted-types-for 'script'") {
		t.Errorf("%s %s has no content security policy", r.Method, r.URL.Path)
	}
	return sheet{t, answer.StatusCode, answer.Header, string(text), answer.Request.URL.RequestURI()}
}

func (w *writer) get(path string) sheet {
	w.office.t.Helper()
	r, err := http.NewRequestWithContext(w.office.t.Context(), http.MethodGet, w.office.server.URL+path, nil)
	if err != nil {
		w.office.t.Fatal(err)
	}
	return w.do(r)
}

func (w *writer) post(path string, form url.Values, headers ...string) sheet {
	w.office.t.Helper()
	r, err := http.NewRequestWithContext(w.office.t.Context(), http.MethodPost, w.office.server.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		w.office.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return w.do(r)
}

var (
	tag       = regexp.MustCompile(`<(input|textarea|button)\b[^>]*>`)
	attribute = regexp.MustCompile(`([\w-]+)(?:="([^"]*)")?`)
	entities  = strings.NewReplacer("&#34;", `"`, "&#39;", "'", "&lt;", "<", "&gt;", ">", "&amp;", "&", "&#43;", "+")
)

// form gives the fields of the form of Compose as a browser would send them.
func (s sheet) form() url.Values {
	s.t.Helper()
	return s.formOf(`<form id="compose"`)
}

// formOf is form for the form that begins with a mark.
func (s sheet) formOf(mark string) url.Values {
	s.t.Helper()
	_, inside, ok := strings.Cut(s.html, mark)
	if !ok {
		s.t.Fatalf("no form at %s (%d):\n%s", s.at, s.status, s.html)
	}
	inside, _, _ = strings.Cut(inside, "</form>")
	out := url.Values{}
	for _, at := range tag.FindAllStringIndex(inside, -1) {
		element := inside[at[0]:at[1]]
		name, _, _ := strings.Cut(strings.Trim(element, "<>"), " ")
		has := map[string]string{}
		for _, a := range attribute.FindAllStringSubmatch(element, -1)[1:] {
			has[a[1]] = entities.Replace(a[2])
		}
		_, ticked := has["checked"]
		switch {
		case has["name"] == "" || name == "button":
		case name == "textarea":
			text, _, _ := strings.Cut(inside[at[1]:], "</textarea>")
			out.Add(has["name"], entities.Replace(text))
		case has["type"] != "checkbox" && has["type"] != "radio" || ticked:
			out.Add(has["name"], has["value"])
		}
	}
	return out
}

func (s sheet) want(status int, texts ...string) sheet {
	s.t.Helper()
	if s.status != status {
		s.t.Fatalf("%s: status %d, want %d\n%s", s.at, s.status, status, s.html)
	}
	for _, text := range texts {
		if !strings.Contains(s.html, text) {
			s.t.Fatalf("%s does not say %q:\n%s", s.at, text, s.html)
		}
	}
	return s
}

func (s sheet) lacks(texts ...string) sheet {
	s.t.Helper()
	for _, text := range texts {
		if strings.Contains(s.html, text) {
			s.t.Fatalf("%s says %q:\n%s", s.at, text, s.html)
		}
	}
	return s
}

// with changes fields of a form.
func with(form url.Values, pairs ...string) url.Values {
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return form
}
