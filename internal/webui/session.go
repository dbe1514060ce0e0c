package webui

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// themeCookie holds how this browser shows the pages: light, dark, or as the system
// does. It is no setting of the person: a phone may be dark and a desk light.
const themeCookie = "theme"

func (s *Server) registerSession() {
	s.get("/sign-in", Public, s.signInPage)
	s.post("/sign-in", Public, s.signIn)
	s.post("/sign-out", Public, s.signOut)
	s.post("/theme", Public, s.setTheme)
	s.post("/keys", Member, s.setKeys)
	if s.links != nil {
		s.get("/try/{secret}", Public, s.tryPage)
		s.post("/try/{secret}", Public, s.try)
	}
}

// signInForm is the form as it is shown again.
type signInForm struct {
	email, to string
	written   url.Values // what is waiting to be written on
	trouble   *failure
}

func (s *Server) signInPage(q *request) error {
	if q.signedIn() {
		return q.redirect("/messages")
	}
	return q.page(page{title: T(q.ctx, "Sign in"), body: signInBody(signInForm{to: localPath(q.query("to"))}), bare: true})
}

func (s *Server) signIn(q *request) error {
	form := signInForm{email: q.field("email"), to: localPath(q.field("to")), written: q.written()}
	signed, err := s.service.SignIn(q.ctx, form.email, q.r.PostFormValue("password"), q.r.UserAgent())
	if err != nil {
		f := q.failure(err)
		if f.code == sealpost.CodeUnauthenticated {
			f.detail, f.field = T(q.ctx, "That email and password don't match. Try again."), "email"
		}
		form.trouble = &f
		q.status = q.server.status(f.code)
		return q.page(page{title: T(q.ctx, "Error: Sign in"), body: signInBody(form), bare: true})
	}
	q.begin(signed.Token, signed.Session.ExpiresAt.Time())
	if form.written != nil {
		return s.writeOn(q, service.Principal{User: signed.User, Session: signed.Session.ID, Kind: service.SignIn}, form.to)
	}
	return q.redirect(form.to)
}

// begin gives the browser the session. The prefix of the name makes browsers take it
// only over TLS or on this machine, for this host alone.
func (q *request) begin(token string, expires time.Time) {
	http.SetCookie(q.w, &http.Cookie{
		Name: api.SessionCookie, Value: token, Path: "/", Expires: expires, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

func (s *Server) signOut(q *request) error {
	if q.signedIn() {
		if err := s.service.SignOut(q.ctx, q.principal); err != nil {
			return err
		}
	}
	q.end()
	return q.done("/sign-in", "signed-out")
}

// end takes the session away from the browser.
func (q *request) end() {
	http.SetCookie(q.w, &http.Cookie{
		Name: api.SessionCookie, Path: "/", MaxAge: -1, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// localPath keeps a way back inside this server: a path, never an address.
func localPath(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(to, "//") || strings.ContainsRune(to, '\\') {
		return "/messages"
	}
	return to
}

func (s *Server) setTheme(q *request) error {
	theme := q.field("theme")
	c := http.Cookie{Name: themeCookie, Value: theme, Path: "/", MaxAge: 365 * 24 * 3600, HttpOnly: true, SameSite: http.SameSiteLaxMode}
	switch theme {
	case "light", "dark":
	case "":
		c.MaxAge = -1
	default:
		return sealpost.Invalid("theme", "The theme must be light, dark, or the system's.")
	}
	http.SetCookie(q.w, &c)
	return q.redirect(localPath(q.field("to")))
}

// keysCookie says that single keys do nothing in this browser (WCAG 2.1.4). It is no
// setting of the person: who speaks to one computer may type at another.
const keysCookie = "keys"

func (s *Server) setKeys(q *request) error {
	c := http.Cookie{Name: keysCookie, Value: "off", Path: "/", MaxAge: 365 * 24 * 3600, HttpOnly: true, SameSite: http.SameSiteLaxMode}
	if q.field("keys") == "on" {
		c.MaxAge = -1
	}
	http.SetCookie(q.w, &c)
	return q.saved("keys", nil)
}

// singleKeys reports whether single keys do something in this browser.
func (q *request) singleKeys() bool {
	c, err := q.r.Cookie(keysCookie)
	return err != nil || c.Value != "off"
}

func themeOf(r *http.Request) string {
	c, err := r.Cookie(themeCookie)
	if err != nil || c.Value != "light" && c.Value != "dark" {
		return ""
	}
	return c.Value
}

// local reports whether a request comes from this machine: sign-in links are good
// for nobody else.
func (q *request) local() bool { return q.server.address(q.r).IsLoopback() }

// tryPage asks before a link is used up: a page that is fetched ahead uses nothing.
func (s *Server) tryPage(q *request) error {
	who, ok := s.links.Peek(q.r.PathValue("secret"))
	if !ok || !q.local() {
		return sealpost.NotFound()
	}
	return q.page(page{title: T(q.ctx, "Try Sealpost"), body: tryBody(who), bare: true})
}

func (s *Server) try(q *request) error {
	if !q.local() {
		return sealpost.NotFound()
	}
	token, ok := s.links.Take(q.r.PathValue("secret"))
	if !ok {
		return sealpost.NotFound()
	}
	q.begin(token, s.clock().Add(24*time.Hour))
	return q.redirect("/messages")
}
