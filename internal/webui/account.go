package webui

import (
	"context"
	"time"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// accountView is somebody's sign-ins, tokens and data.
type accountView struct {
	sessions []service.Session
	tokens   []service.Session
	fresh    string // the secret of a token that was just made, shown this once
	trouble  *failure
	at       string // the section of the trouble
	tokenForm
}

// tokenForm is the form of a new token: what was typed while something is wrong.
type tokenForm struct {
	name, days string
	scopes     []sealpost.Scope
}

func (s *Server) account(q *request) error { return q.showAccount(accountView{}) }

func (q *request) showAccount(v accountView) error {
	v.tokenForm = tokenForm{days: "90", scopes: []sealpost.Scope{sealpost.ScopeRead, sealpost.ScopeWrite}}
	if v.at == "tokens" && v.trouble != nil {
		v.tokenForm = q.tokenForm()
	}
	var err error
	if v.sessions, err = q.server.service.Sessions(q.ctx, q.principal); err != nil {
		return err
	}
	if v.tokens, err = q.server.service.Tokens(q.ctx, q.principal); err != nil {
		return err
	}
	return q.page(page{title: T(q.ctx, "Account and devices"), body: accountBody(v), at: atSettings})
}

// accountTrouble shows the page again with what is wrong.
func (q *request) accountTrouble(at string, fields map[string]string, err error) error {
	if sealpost.CodeOf(err) == sealpost.CodeInternal {
		return err
	}
	f := q.failure(err)
	if to, ok := fields[f.field]; ok {
		f.field = to
	}
	q.status = q.server.status(f.code)
	return q.showAccount(accountView{at: at, trouble: &f})
}

func (s *Server) savePassword(q *request) error {
	err := s.service.ChangePassword(q.ctx, q.principal, q.key(), q.r.PostFormValue("old"), q.r.PostFormValue("new"))
	if err != nil {
		return q.accountTrouble("password", nil, err)
	}
	return q.redirect("/settings/account?saved=password#password")
}

func (s *Server) endSessions(q *request) error {
	if err := s.service.EndSessions(q.ctx, q.principal, q.key(), false); err != nil {
		return err
	}
	return q.redirect("/settings/account?saved=sessions#sessions")
}

// session is the id of a sign-in or token in the path.
func (q *request) session() (sealpost.SessionID, error) {
	id, err := sealpost.ParseSession(q.r.PathValue("session"))
	if err != nil {
		return id, sealpost.NotFound()
	}
	return id, nil
}

func (s *Server) endSession(q *request) error {
	id, err := q.session()
	if err != nil {
		return err
	}
	if err := s.service.EndSession(q.ctx, q.principal, q.key(), id); err != nil {
		return err
	}
	return q.redirect("/settings/account?saved=sessions#sessions")
}

// makeToken makes an API token. Its secret is on this answer and nowhere else, so it
// does not redirect.
func (s *Server) makeToken(q *request) error {
	form := q.tokenForm()
	expires, err := q.inDays("days")
	if err != nil {
		return q.accountTrouble("tokens", nil, err)
	}
	_, secret, err := s.service.CreateToken(q.ctx, q.principal, q.key(), form.name, expires, form.scopes...)
	if err != nil {
		return q.accountTrouble("tokens", map[string]string{"name": "token-name"}, err)
	}
	return q.showAccount(accountView{fresh: secret, at: "tokens"})
}

func (q *request) tokenForm() tokenForm {
	f := tokenForm{name: q.field("token-name"), days: q.field("days")}
	for _, text := range q.r.PostForm["scope"] {
		f.scopes = append(f.scopes, sealpost.Scope(text))
	}
	return f
}

// inDays is a time from now, which the field gives in days; zero for none.
func (q *request) inDays(field string) (time.Time, error) {
	days, err := q.number(field)
	switch {
	case err != nil || days == 0:
		return time.Time{}, err
	case days < 0 || days > 3650:
		return time.Time{}, sealpost.Invalid(field, "This must be from 0, which is never, to 3650.")
	}
	return q.now.Time().AddDate(0, 0, int(days)), nil
}

func (s *Server) deleteToken(q *request) error {
	id, err := q.session()
	if err != nil {
		return err
	}
	if err := s.service.DeleteToken(q.ctx, q.principal, q.key(), id); err != nil {
		return err
	}
	return q.redirect("/settings/account?saved=tokens#tokens")
}

// eraseMe erases the account for good. It asks for the password and for a word.
func (s *Server) eraseMe(q *request) error {
	err := error(nil)
	if q.field("sure") != "on" {
		err = sealpost.Invalid("sure", "Say that you are sure.")
	} else {
		err = s.service.EraseMe(q.ctx, q.principal, q.key(), q.r.PostFormValue("password"))
	}
	if err != nil {
		return q.accountTrouble("erase", map[string]string{"password": "erase-password"}, err)
	}
	q.end()
	return q.done("/sign-in", "erased")
}

// scopeWord is what a token is good for.
func scopeWord(ctx context.Context, s sealpost.Scope) string {
	switch s {
	case sealpost.ScopeRead:
		return T(ctx, "Read what I have")
	case sealpost.ScopeOpen:
		return T(ctx, "Open messages")
	case sealpost.ScopeWrite:
		return T(ctx, "Send, recall and change")
	case sealpost.ScopeNetwork:
		return T(ctx, "Connections, invitations and blocks")
	case sealpost.ScopeAccount:
		return T(ctx, "Profile, settings and sign-ins")
	}
	return T(ctx, "Administration, as my roles allow")
}
