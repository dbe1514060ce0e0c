package webui

import (
	"context"
	"time"

	"github.com/a-h/templ"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func (s *Server) registerSettings() {
	s.get("/search", Member, s.search)
	s.get("/settings", Member, s.settings)
	s.post("/settings/profile", Member, s.saveProfile)
	s.post("/settings/zone", Member, s.saveZone)
	s.post("/settings/language", Member, s.saveLanguage)
	s.post("/settings/reach", Member, s.saveReach)
	s.post("/settings/previews", Member, s.savePreviews)
	s.post("/settings/preview-of-mine", Member, s.saveHideMine)
	s.post("/settings/receipts", Member, s.saveReceipts)
	s.post("/settings/arrival", Member, s.saveArrival)
	s.post("/settings/undo", Member, s.saveUndo)
	s.get("/settings/account", Member, s.account)
	s.post("/settings/password", Member, s.savePassword)
	s.post("/settings/sessions/end", Member, s.endSessions)
	s.post("/settings/sessions/{session}/end", Member, s.endSession)
	s.post("/settings/tokens", Member, s.makeToken)
	s.post("/settings/tokens/{session}/delete", Member, s.deleteToken)
	s.post("/settings/erase", Member, s.eraseMe)
	s.get("/join", Public, s.joinPage)
	s.get("/join/{secret}", Public, s.joinPage) // links of earlier versions, for as long as they last
	s.post("/join/use", Public, s.join)
	s.get("/activity", Member, s.activity)
}

// settingsView is what somebody has set.
type settingsView struct {
	user    sealpost.User
	terms   service.Terms
	blocks  []service.Contact
	trouble *failure
	at      string // the section of the trouble
}

func (s *Server) settings(q *request) error { return q.showSettings("", nil) }

func (q *request) showSettings(at string, trouble *failure) error {
	v := settingsView{at: at, trouble: trouble}
	var err error
	if v.user, err = q.server.service.User(q.ctx, q.principal, q.me()); err != nil {
		return err
	}
	if v.terms, err = q.server.service.Terms(q.ctx); err != nil {
		return err
	}
	if v.blocks, _, err = q.server.service.Blocks(q.ctx, q.principal, "", 200); err != nil {
		return err
	}
	return q.page(page{title: T(q.ctx, "Settings"), body: settingsBody(v), at: atSettings})
}

// saves are the attributes of a form that a script sends when it is changed. Without
// an answer nobody knows whether it was saved; the control goes back all the same.
func saves(ctx context.Context) templ.Attributes {
	return templ.Attributes{
		"data-saves":  true,
		"data-failed": T(ctx, "Not saved. The setting is as it was."),
		"data-doubt":  T(ctx, "We don't know whether this was saved. Shown is what was set before; load the page again to see what holds."),
	}
}

// saved goes back to the section of the settings that was saved, or shows there why
// it was not; the control is back at its old value then.
func (q *request) saved(at string, err error) error {
	if err == nil {
		return q.redirect("/settings?saved=" + at + "#" + at)
	}
	if sealpost.CodeOf(err) == sealpost.CodeInternal {
		return err
	}
	f := q.failure(err)
	if control, ok := settingControls[f.field]; ok {
		f.field = control
	}
	q.status = q.server.status(f.code)
	return q.showSettings(at, &f)
}

// settingControls is the table of the controls whose names are not those of the
// fields; it never changes.
var settingControls = map[string]string{
	"time_zone": "zone", "language": "language-tag", "who_can_message": "who-can-message", "undo": "undo-time",
	"preview_text": "preview-text",
}

func (s *Server) saveProfile(q *request) error {
	who, headline := q.field("name"), q.field("headline")
	_, err := s.service.UpdateProfile(q.ctx, q.principal, q.key(), service.ProfileEdit{Name: &who, Headline: &headline})
	return q.saved("profile", err)
}

func (s *Server) saveZone(q *request) error {
	zone := q.field("zone")
	_, err := s.service.UpdateProfile(q.ctx, q.principal, q.key(), service.ProfileEdit{TimeZone: &zone})
	return q.saved("time-zone", err)
}

func (s *Server) saveLanguage(q *request) error {
	language := q.field("language")
	_, err := s.service.UpdateProfile(q.ctx, q.principal, q.key(), service.ProfileEdit{Language: &language})
	return q.saved("language", err)
}

func (s *Server) saveReach(q *request) error {
	reach := sealpost.Reach(q.field("reach"))
	_, err := s.service.UpdateSettings(q.ctx, q.principal, q.key(), service.SettingsEdit{Reach: &reach})
	return q.saved("who-can-message", err)
}

func (s *Server) saveReceipts(q *request) error {
	on := q.field("receipts") == "on"
	_, err := s.service.UpdateSettings(q.ctx, q.principal, q.key(), service.SettingsEdit{Receipts: &on})
	return q.saved("receipts", err)
}

func (s *Server) saveArrival(q *request) error {
	on := q.field("arrival") == "on"
	_, err := s.service.UpdateSettings(q.ctx, q.principal, q.key(), service.SettingsEdit{OpenOnArrival: &on})
	return q.saved("arrival", err)
}

func (s *Server) saveUndo(q *request) error {
	seconds, err := q.number("undo")
	if err == nil {
		undo := time.Duration(seconds) * time.Second
		_, err = s.service.UpdateSettings(q.ctx, q.principal, q.key(), service.SettingsEdit{Undo: &undo})
	}
	return q.saved("undo", err)
}

// undoTimes are the undo times that a form offers, in seconds (R27), with the one
// that is set.
func undoTimes(set time.Duration) []int {
	out := []int{0, 5, 10, 20, 30, 60, 120}
	for _, n := range out {
		if time.Duration(n)*time.Second == set {
			return out
		}
	}
	return append(out, int(set.Seconds()))
}

// reachWord is who may message somebody.
func reachWord(ctx context.Context, r sealpost.Reach) string {
	switch r {
	case sealpost.ReachSecond:
		return T(ctx, "Connections of connections too")
	case sealpost.ReachAnyone:
		return T(ctx, "Anyone here")
	case sealpost.ReachNobodyNew:
		return T(ctx, "No one new")
	}
	return T(ctx, "Connections")
}

func reachHelp(ctx context.Context, r sealpost.Reach) string {
	switch r {
	case sealpost.ReachSecond:
		return T(ctx, "Also people with whom you share a connection. Others become requests.")
	case sealpost.ReachAnyone:
		return T(ctx, "Everybody's messages are in your list.")
	case sealpost.ReachNobodyNew:
		return T(ctx, "Only the conversations that you have. Everybody else is refused.")
	}
	return T(ctx, "Others become requests, which you accept or decline without opening them.")
}

// reachOf is the setting, or the default.
func reachOf(u sealpost.User) sealpost.Reach {
	if u.Reach == "" {
		return sealpost.ReachConnections
	}
	return u.Reach
}
