package service

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/sealpost/sealpost/internal/sealpost"
)

const (
	maxName     = 100 // code points
	maxHeadline = 200 // code points
	maxLanguage = 35  // characters (RFC 5646 §4.4.1)
)

// ProfileEdit changes a profile; nil leaves a field as it is.
type ProfileEdit struct {
	Name     *string // 1 to 100 code points on one line
	Headline *string // at most 200 code points on one line
	TimeZone *string // an IANA name
	Language *string // BCP 47; empty: the organisation's
}

// UpdateProfile changes the principal's own profile. A changed time zone counts for
// the daily limit only after a while (R13).
func (s *Service) UpdateProfile(ctx context.Context, p Principal, key string, in ProfileEdit) (sealpost.User, error) {
	in, err := validProfile(in)
	if err != nil {
		return sealpost.User{}, err
	}
	request := s.request("profile.update", optional(in.Name), optional(in.Headline), optional(in.TimeZone), optional(in.Language))
	return s.updateUser(ctx, p, key, "profile.update", request, func(u sealpost.User, now sealpost.Instant) (sealpost.User, []string) {
		var changed []string
		set := func(field string, to *string, at *string) {
			if to != nil && *to != *at {
				*at, changed = *to, append(changed, field)
			}
		}
		set("name", in.Name, &u.Name)
		set("headline", in.Headline, &u.Headline)
		set("language", in.Language, &u.Language)
		if in.TimeZone != nil && *in.TimeZone != u.TimeZone {
			u, changed = u.ChangeZone(*in.TimeZone, now), append(changed, "time_zone")
		}
		return u, changed
	})
}

// validProfile checks an edit and gives it with trimmed texts of its own.
func validProfile(in ProfileEdit) (ProfileEdit, error) {
	if in.Name != nil {
		name, err := validName(*in.Name)
		if err != nil {
			return in, err
		}
		in.Name = &name
	}
	if in.Headline != nil {
		headline, err := line("headline", *in.Headline, 0, maxHeadline)
		if err != nil {
			return in, err
		}
		in.Headline = &headline
	}
	if in.TimeZone != nil {
		if *in.TimeZone == "" {
			return in, sealpost.Invalid("time_zone", "This is not the name of a time zone.")
		}
		if err := validZone(*in.TimeZone); err != nil {
			return in, err
		}
	}
	if in.Language != nil && !validLanguage(*in.Language) {
		return in, sealpost.Invalid("language", "The language must be a BCP 47 tag such as de or pt-BR.")
	}
	return in, nil
}

// SettingsEdit changes settings; nil leaves one as it is.
type SettingsEdit struct {
	Receipts *bool // others are told when the principal opens
	// OpenOnArrival has the principal's page open what arrives while they are there.
	OpenOnArrival *bool
	Undo          *time.Duration     // whole seconds up to sealpost.MaxUndo (R27)
	Reach         *sealpost.Reach    // who may message the principal (R31)
	Previews      *sealpost.Previews // what the principal allows of text of what they have not opened (R26)
	HideMine      *bool              // others see none of the principal's own messages (R26)
}

// UpdateSettings changes the principal's own settings. What was opened before keeps
// the receipt setting of then.
func (s *Service) UpdateSettings(ctx context.Context, p Principal, key string, in SettingsEdit) (sealpost.User, error) {
	if u := in.Undo; u != nil && (*u < 0 || *u > sealpost.MaxUndo || *u%time.Second != 0) {
		return sealpost.User{}, sealpost.Invalid("undo", "The undo time must be whole seconds from 0s to 2m.")
	}
	if in.Reach != nil && !slices.Contains(sealpost.Reaches(), *in.Reach) {
		return sealpost.User{}, sealpost.Invalid("who_can_message", "There is no such setting.")
	}
	if in.Previews != nil && !in.Previews.Valid() {
		return sealpost.User{}, sealpost.Invalid("preview_text", "There is no such setting.")
	}
	receipts, reach, arrival, previews, hide := "", "", "", "", ""
	if in.Previews != nil {
		previews = in.Previews.String()
	}
	if in.HideMine != nil {
		hide = detail(*in.HideMine)
	}
	if in.OpenOnArrival != nil {
		arrival = detail(*in.OpenOnArrival)
	}
	if in.Receipts != nil {
		receipts = detail(*in.Receipts)
	}
	if in.Reach != nil {
		reach = string(*in.Reach)
	}
	request := s.request("settings.update", receipts, undoField(in.Undo), reach, arrival, previews, hide)
	return s.updateUser(ctx, p, key, "settings.update", request, func(u sealpost.User, _ sealpost.Instant) (sealpost.User, []string) {
		var changed []string
		if in.Receipts != nil && *in.Receipts != u.Receipts {
			u.Receipts, changed = *in.Receipts, append(changed, "read_receipts")
		}
		if in.OpenOnArrival != nil && *in.OpenOnArrival != u.OpenOnArrival {
			u.OpenOnArrival, changed = *in.OpenOnArrival, append(changed, "open_on_arrival")
		}
		if in.Undo != nil && *in.Undo != u.Undo {
			u.Undo, changed = *in.Undo, append(changed, "undo")
		}
		if in.Reach != nil && *in.Reach != u.Reach {
			u.Reach, changed = *in.Reach, append(changed, "who_can_message")
		}
		if in.Previews != nil && *in.Previews != u.Previews {
			u.Previews, changed = *in.Previews, append(changed, "preview_text")
		}
		if in.HideMine != nil && *in.HideMine != u.HideMine {
			u.HideMine, changed = *in.HideMine, append(changed, "preview_of_mine")
		}
		return u, changed
	})
}

// updateUser changes the principal's own row under its lock. change names the
// fields that it changed.
func (s *Service) updateUser(ctx context.Context, p Principal, key, action string, request [32]byte, change func(sealpost.User, sealpost.Instant) (sealpost.User, []string)) (sealpost.User, error) {
	if err := validKey(key); err != nil {
		return sealpost.User{}, err
	}
	// Principals carry the user; also after an error, for the commit may have happened.
	defer s.sessions.forget(p.User.ID)
	var user sealpost.User
	var changed []string
	replay, err := s.store.Amend(ctx, s.stamp(p.User.ID, action, key, request), func(a Amendment) ([]byte, error) {
		u, err := a.User(p.User.ID)
		if err != nil {
			return nil, err
		}
		if !u.Open() { // since the request was let in: what an erasure blanked stays blank
			return nil, unauthenticated()
		}
		user, changed = change(u, a.Now())
		a.SetDetail(detail(struct {
			Changed []string `json:"changed"`
		}{changed}))
		return nil, a.PutUser(user)
	})
	if err == nil && replay == nil && len(changed) > 0 {
		s.announce(sealpost.TopicSettings, []sealpost.UserID{p.User.ID}) // their other devices
	}
	if err != nil || replay == nil {
		return user, err
	}
	return s.store.User(ctx, p.User.ID)
}

// detail is the JSON of an audit entry's detail: ids and settings, never content
// (R32).
func detail(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "" // what is given here always marshals
	}
	return string(b)
}

func validName(name string) (string, error) { return line("name", name, 1, maxName) }

// line checks a text that is shown on one line and gives it without the blanks
// around it. The limits are in code points.
func line(field, text string, least, most int) (string, error) {
	if !plain(text) {
		return "", sealpost.Invalid(field, "The field "+field+" must be UTF-8 on one line, without control characters.")
	}
	text = strings.TrimSpace(text)
	switch n := utf8.RuneCountInString(text); {
	case n < least, least > 0 && strings.IndexFunc(text, visible) < 0:
		return "", sealpost.Invalid(field, "The field "+field+" must not be empty.")
	case n > most:
		return "", sealpost.Invalid(field, "The field "+field+" is too long.")
	}
	return text, nil
}

// visible reports whether a character shows anything by itself. Fillers are letters to
// Unicode, and blank.
func visible(r rune) bool {
	return unicode.IsGraphic(r) && !unicode.In(r, unicode.Z, unicode.M) && r != '\u115f' && r != '\u1160' && r != '\u3164' && r != '\uffa0'
}

// plain reports whether a text is UTF-8 without anything that would break or turn a
// line.
func plain(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return !showable(r) }) < 0
}

func showable(r rune) bool {
	switch {
	case unicode.IsControl(r), r == '\u2028', r == '\u2029':
		return false
	case r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
		return false // they turn the reading direction of what follows, so one name can look like another
	}
	return true
}

// validLanguage checks the shape of a BCP 47 tag: letters, then parts of letters
// and digits. Whether there is such a language it does not ask.
func validLanguage(tag string) bool {
	if tag == "" {
		return true
	}
	if len(tag) > maxLanguage {
		return false
	}
	for i, part := range strings.Split(tag, "-") {
		if len(part) < 1 || len(part) > 8 || i == 0 && len(part) < 2 {
			return false
		}
		for _, c := range []byte(part) {
			letter := 'a' <= c|0x20 && c|0x20 <= 'z'
			if !letter && (i == 0 || c < '0' || c > '9') {
				return false
			}
		}
	}
	return true
}
