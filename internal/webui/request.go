package webui

import (
	"bytes"
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"
	"golang.org/x/text/message"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// request is one request on its way to a page. Its context carries it, so that
// markup finds the viewer, the words and the nonce.
type request struct {
	server *Server
	ctx    context.Context
	w      http.ResponseWriter
	r      *http.Request

	principal service.Principal // zero: nobody is signed in
	zone      *time.Location    // the viewer's
	now       sealpost.Instant  // which day it is, for showing times; decides nothing
	nonce     string
	words     *message.Printer
	language  string // BCP 47
	direction string // ltr or rtl
	theme     string // light, dark, or empty: the system's
	status    int    // of the answer; 0: 200
	counts    counts
	since     string // from where the page's live events begin
}

type requestKey struct{}

// from is the request that a page is made for.
func from(ctx context.Context) *request {
	q, _ := ctx.Value(requestKey{}).(*request)
	return q
}

// counts are what the bars show.
type counts struct{ unread, requests, invitations, drafts, scheduled int }

// identify finds who asks, by the cookie of their session, and notes that they are
// there before they are served anything, also on a page for everybody: its bars show
// counts (R24). An API token is no sign-in: pages know no scopes.
func (q *request) identify(access Access) error {
	c, err := q.r.Cookie(api.SessionCookie)
	if err == nil && c.Value != "" {
		p, err := q.server.service.Authenticate(q.ctx, c.Value)
		switch {
		case err == nil && p.Kind == service.SignIn:
			if err := q.server.service.Arrive(q.ctx, p); err != nil {
				return err
			}
			q.become(p)
		case err != nil && sealpost.CodeOf(err) != sealpost.CodeUnauthenticated:
			return err
		}
	}
	if access == Member && q.principal.User.ID.IsZero() {
		return sealpost.Refuse(sealpost.CodeUnauthenticated, "Sign in first.")
	}
	return nil
}

// become makes the request one of this person.
func (q *request) become(p service.Principal) {
	q.principal = p
	zone, err := time.LoadLocation(p.User.TimeZone)
	if err != nil {
		zone = time.UTC
	}
	q.zone = zone
	q.words, q.direction, q.language = q.server.words.choose(p.User.Language, q.r.Header.Get("Accept-Language"))
}

// me is the viewer.
func (q *request) me() sealpost.UserID { return q.principal.User.ID }

// signedIn reports whether somebody is.
func (q *request) signedIn() bool { return !q.me().IsZero() }

// has reports whether the viewer has a role.
func (q *request) has(r sealpost.Role) bool { return q.signedIn() && q.principal.User.Has(r) }

// field is the value of a field of the form, without white space around it.
func (q *request) field(name string) string { return strings.TrimSpace(q.r.PostFormValue(name)) }

// text is the value of a field as it is. A browser sends CR LF; people mean LF.
func (q *request) text(name string) string {
	return strings.ReplaceAll(q.r.PostFormValue(name), "\r\n", "\n")
}

// query is a parameter of the address.
func (q *request) query(name string) string { return q.r.URL.Query().Get(name) }

// key is the Idempotency-Key of a form (R11): a form that is sent twice, by a double
// click or after a lost answer, is one request.
func (q *request) key() string { return q.field("key") }

// formKey is a new key for a form.
func formKey() string { return rand.Text() }

// conversation is the id of the conversation in the path.
func (q *request) conversation() (sealpost.ConversationID, error) {
	id, err := sealpost.ParseConversation(q.r.PathValue("conversation"))
	if err != nil {
		return id, sealpost.NotFound()
	}
	return id, nil
}

// message is the id of the message in the path.
func (q *request) message() (sealpost.MessageID, error) {
	id, err := sealpost.ParseMessage(q.r.PathValue("message"))
	if err != nil {
		return id, sealpost.NotFound()
	}
	return id, nil
}

// messageIn is the ids of the conversation and of the message in the path.
func (q *request) messageIn() (sealpost.ConversationID, sealpost.MessageID, error) {
	id, err := q.conversation()
	if err != nil {
		return id, sealpost.MessageID{}, err
	}
	m, err := q.message()
	return id, m, err
}

// user is the id of the person in the path.
func (q *request) user() (sealpost.UserID, error) {
	id, err := sealpost.ParseUser(q.r.PathValue("user"))
	if err != nil {
		return id, sealpost.NotFound()
	}
	return id, nil
}

// swapped reports whether htmx asks, for a part of a page that is there already.
func (q *request) swapped() bool { return q.r.Header.Get("HX-Request") == "true" }

// redirect sends the browser on with a GET. The address is one of ours.
func (q *request) redirect(to string) error {
	http.Redirect(q.w, q.r, to, http.StatusSeeOther)
	return nil
}

// done redirects and has the next page say what was done: one of the keys of the
// table outcomes.
func (q *request) done(to, outcome string) error {
	u, err := url.Parse(to)
	if err != nil {
		return err
	}
	values := u.Query()
	values.Set("done", outcome)
	u.RawQuery = values.Encode()
	return q.redirect(u.String())
}

// page answers with a page: its main part alone where htmx asks.
func (q *request) page(p page) error {
	if q.signedIn() && !q.swapped() {
		if err := q.count(); err != nil {
			return err
		}
	}
	if q.swapped() {
		return q.render(part(p))
	}
	return q.render(shell(p))
}

// render answers with markup.
func (q *request) render(c templ.Component) error {
	var b bytes.Buffer
	if err := c.Render(q.ctx, &b); err != nil {
		return err
	}
	h := q.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", contentPolicy(q.nonce))
	compressed(q.w, q.r, max(q.status, http.StatusOK), b.Bytes())
	return nil
}
