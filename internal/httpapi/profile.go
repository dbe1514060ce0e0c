package httpapi

import (
	"context"
	"net/http"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func (s *Server) registerProfile() {
	const tag = "people"
	name, on := "Ada Lovelace", true
	add(s, operation{id: "getMe", method: http.MethodGet, path: "/me", tag: tag, summary: "Read the own profile"}, s.getMe)
	add(s, operation{
		id: "editMe", method: http.MethodPatch, path: "/me", tag: tag, summary: "Change the own profile",
		description: "What is left out stays.", example: api.EditMe{Name: &name},
	}, s.editMe)
	add(s, operation{id: "getSettings", method: http.MethodGet, path: "/me/settings", tag: tag, summary: "Read the own settings"}, s.getSettings)
	add(s, operation{
		id: "editSettings", method: http.MethodPatch, path: "/me/settings", tag: tag, summary: "Change the own settings",
		description: "What is left out stays.", example: api.EditSettings{ReadReceipts: &on},
	}, s.editSettings)
	add(s, operation{
		id: "findUsers", method: http.MethodGet, path: "/users", tag: tag, summary: "Find people",
		description: "By the beginnings of words of the name and the headline, in any order and without regard to case and accents, " +
			"or by the whole e-mail address; without q everybody. Ordered by name.",
	}, s.findUsers)
	add(s, operation{id: "getUser", method: http.MethodGet, path: "/users/{id}", tag: tag, summary: "Read somebody's profile"}, s.getUser)
}

func me(u sealpost.User) api.Me {
	roles := []string{string(sealpost.RoleMember)}
	for _, r := range u.Roles {
		if r != sealpost.RoleMember {
			roles = append(roles, string(r))
		}
	}
	return api.Me{
		ID: u.ID.String(), Email: u.Email, Name: u.Name, Headline: u.Headline, TimeZone: u.TimeZone,
		Language: u.Language, Roles: roles, CreatedAt: always(u.CreatedAt),
	}
}

// The values of preview_of_mine.
const (
	recipientDecides = "recipient_decides"
	hideMine         = "hide"
)

func settings(u sealpost.User) api.Settings {
	mine := recipientDecides
	if u.HideMine {
		mine = hideMine
	}
	return api.Settings{
		ReadReceipts: u.Receipts, OpenOnArrival: u.OpenOnArrival, Undo: api.Duration(u.Undo), WhoCanMessage: string(u.Reach),
		PreviewText: u.Previews.String(), PreviewOfMine: mine,
	}
}

func (s *Server) getMe(ctx context.Context, p service.Principal, _ *struct{}) (*reply[api.Me], error) {
	u, err := s.service.User(ctx, p, p.User.ID)
	return &reply[api.Me]{me(u)}, err
}

type editMeInput struct {
	Keyed
	Body api.EditMe
}

func (s *Server) editMe(ctx context.Context, p service.Principal, in *editMeInput) (*reply[api.Me], error) {
	u, err := s.service.UpdateProfile(ctx, p, in.Key, service.ProfileEdit{
		Name: in.Body.Name, Headline: in.Body.Headline, TimeZone: in.Body.TimeZone, Language: in.Body.Language,
	})
	return &reply[api.Me]{me(u)}, err
}

func (s *Server) getSettings(ctx context.Context, p service.Principal, _ *struct{}) (*reply[api.Settings], error) {
	u, err := s.service.User(ctx, p, p.User.ID)
	return &reply[api.Settings]{settings(u)}, err
}

type editSettingsInput struct {
	Keyed
	Body api.EditSettings
}

func (s *Server) editSettings(ctx context.Context, p service.Principal, in *editSettingsInput) (*reply[api.Settings], error) {
	edit := service.SettingsEdit{
		Receipts: in.Body.ReadReceipts, OpenOnArrival: in.Body.OpenOnArrival, Undo: duration(in.Body.Undo),
		Reach: (*sealpost.Reach)(in.Body.WhoCanMessage),
	}
	if name := in.Body.PreviewText; name != nil {
		previews := sealpost.ParsePreviews(*name)
		edit.Previews = &previews
	}
	if mine := in.Body.PreviewOfMine; mine != nil {
		hide := *mine == hideMine
		edit.HideMine = &hide
	}
	u, err := s.service.UpdateSettings(ctx, p, in.Key, edit)
	return &reply[api.Settings]{settings(u)}, err
}

func user(u sealpost.User) api.User {
	return api.User{ID: u.ID.String(), Name: u.Name, Headline: u.Headline, Profile: u.Profile}
}

func person(v service.Person) api.Person {
	return api.Person{User: user(v.User), Connection: string(v.Tie), SharedConnections: v.Shared, Blocked: v.Blocked}
}

type findInput struct {
	Paging
	Q string `query:"q" maxLength:"100" doc:"beginnings of words of the name and headline, or the whole address"`
}

func (s *Server) findUsers(ctx context.Context, p service.Principal, in *findInput) (*reply[api.Users], error) {
	found, next, err := s.service.FindUsers(ctx, p, in.Q, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	out := api.Users{Items: make([]api.Person, 0, len(found)), NextCursor: textOrNull(next)}
	for _, u := range found {
		out.Items = append(out.Items, person(u))
	}
	return &reply[api.Users]{out}, nil
}

func (s *Server) getUser(ctx context.Context, p service.Principal, in *ByID) (*reply[api.Person], error) {
	id, err := sealpost.ParseUser(in.ID)
	if err != nil {
		return nil, sealpost.NotFound()
	}
	v, err := s.service.Person(ctx, p, id)
	return &reply[api.Person]{person(v)}, err
}
