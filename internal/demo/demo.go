// Package demo fills a fresh installation with people and conversations in states
// worth seeing. It uses the service as everything else does.
package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// People is who can be tried.
type People struct {
	Writer, Reader Person
	Count          int
	Messages       int
}

// Person is somebody to sign in as.
type Person struct {
	Name, Short, Email string
	Session            string // the secret of a sign-in
	Token              string // an API token
}

// The people of the demo by their place in the cast.
const (
	maya = iota
	jonas
	amal
	erik
	priya
	tomas
	lin
	sofia
	david
	aisha
	noah
	elena
)

// cast is a table, so that the demo is the same each time: its people. The first
// two are the ones to sign in as.
var cast = []struct{ name, short, headline, zone string }{
	{"Maya Okafor", "maya", "Hospital pharmacist, St Brendan's", "Europe/London"},
	{"Jonas Lindqvist", "jonas", "Head of finance, Northwind Health", "Europe/Stockholm"},
	{"Amal Rahmani", "amal", "Clinical data lead", "Europe/Paris"},
	{"Erik Sand", "erik", "Notary", "Europe/Oslo"},
	{"Priya Nair", "priya", "Compliance officer", "Asia/Kolkata"},
	{"Tomás Rivera", "tomas", "Recruiter for hospitals", "America/Mexico_City"},
	{"Lin Wei", "lin", "Procurement, medical devices", "Asia/Shanghai"},
	{"Sofia Marchetti", "sofia", "Trial coordinator", "Europe/Rome"},
	{"David Osei", "david", "Data protection counsel", "Africa/Accra"},
	{"Aisha Bello", "aisha", "Ward manager", "Africa/Lagos"},
	{"Noah Fischer", "noah", "Auditor", "Europe/Berlin"},
	{"Elena Petrova", "elena", "Medical translator", "Europe/Sofia"},
}

// world is the demo while it is filled.
type world struct {
	service  *service.Service
	people   []service.Principal
	messages int
}

// Fill makes the people and their conversations.
func Fill(ctx context.Context, s *service.Service) (People, error) {
	w := &world{service: s}
	out := People{Count: len(cast)}
	for i := range cast {
		p, err := w.arrive(ctx, i)
		if err != nil {
			return out, fmt.Errorf("adding %s: %w", cast[i].name, err)
		}
		switch i {
		case maya:
			out.Writer = p
		case jonas:
			out.Reader = p
		}
	}
	err := w.meet(ctx)
	if err == nil {
		err = w.talk(ctx)
	}
	out.Messages = w.messages
	return out, err
}

// arrive makes an account. The two to sign in as get a session and a token.
func (w *world) arrive(ctx context.Context, i int) (Person, error) {
	c := cast[i]
	p := Person{Name: c.name, Short: c.short, Email: c.short + "@demo.example"}
	u, err := w.service.AddUser(ctx, "", service.NewUser{Email: p.Email, Name: c.name, TimeZone: c.zone, Roles: rolesOf(i)})
	if err != nil {
		return p, err
	}
	if u, err = w.service.UpdateProfile(ctx, service.Principal{User: u}, "", service.ProfileEdit{Headline: &c.headline}); err != nil {
		return p, err
	}
	w.people = append(w.people, service.Principal{User: u})
	if i == maya || i == jonas {
		signed, err := w.service.SignInFor(ctx, p.Email, "demo")
		if err != nil {
			return p, err
		}
		p.Session = signed.Token
		if p.Token, err = w.service.TokenFor(ctx, p.Email, "demo"); err != nil {
			return p, err
		}
	}
	return p, nil
}

// rolesOf makes the writer somebody who can look everywhere.
func rolesOf(i int) []sealpost.Role {
	switch i {
	case maya:
		return []sealpost.Role{sealpost.RoleNotices, sealpost.RoleModerator, sealpost.RoleAdmin}
	case priya:
		return []sealpost.Role{sealpost.RoleCompliance}
	}
	return nil
}

// meet connects people, and leaves some invitations to be answered.
func (w *world) meet(ctx context.Context) error {
	for _, pair := range [][2]int{
		{maya, jonas},
		{maya, amal},
		{maya, erik},
		{maya, priya},
		{maya, sofia},
		{jonas, amal},
		{jonas, priya},
		{jonas, noah},
		{amal, priya},
		{amal, sofia},
		{erik, david},
		{david, aisha},
		{sofia, elena},
	} {
		i, err := w.service.Invite(ctx, w.people[pair[0]], "", w.people[pair[1]].User.ID, "")
		if err != nil {
			return err
		}
		if _, err := w.service.AcceptInvitation(ctx, w.people[pair[1]], "", i.ID); err != nil {
			return err
		}
	}
	for _, open := range []struct {
		from, to int
		note     string
	}{
		{david, maya, "We spoke at the privacy day. I would like to stay in touch."}, {maya, aisha, ""}, {lin, jonas, "About the infusion pumps."},
	} {
		if _, err := w.service.Invite(ctx, w.people[open.from], "", w.people[open.to].User.ID, open.note); err != nil {
			return err
		}
	}
	return nil
}

// talk makes one conversation of every state: opened, sealed, recalled with and
// without a marker, a request, a required notice, one that is scheduled, a report, a
// draft, and a group in which some have opened.
func (w *world) talk(ctx context.Context) error {
	direct, err := w.conversation(ctx, maya, "", jonas)
	if err != nil {
		return err
	}
	steps := []func() error{
		func() error { return w.request(ctx) },
		func() error { return w.reported(ctx) },
		func() error { return w.recalledInPart(ctx) },
		func() error { return w.recalled(ctx, erik, maya) },
		func() error { return w.notice(ctx) },
		func() error { return w.group(ctx, amal, maya, jonas, priya) },
		func() error { return w.sendAndOpen(ctx, direct, jonas, "Did the Q3 figures come through?", maya) },
		func() error { return w.sendAndOpen(ctx, direct, maya, "Yes. I will send the summary today.", jonas) },
		func() error {
			_, err := w.send(ctx, direct, maya, "Here is the summary. Please open it when you have a minute.")
			return err
		},
		func() error { return w.scheduled(ctx, direct, maya) },
		func() error {
			_, err := w.service.AddDraft(ctx, w.people[maya], "", service.Writing{
				Body: "Dear Sofia, the revised dosing table is", Recipients: []sealpost.UserID{w.people[sofia].User.ID},
			})
			return err
		},
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) conversation(ctx context.Context, from int, title string, with ...int) (sealpost.ConversationID, error) {
	ids := make([]sealpost.UserID, len(with))
	for i, n := range with {
		ids[i] = w.people[n].User.ID
	}
	t, _, err := w.service.CreateConversation(ctx, w.people[from], "", ids, title)
	return t.Conversation.ID, err
}

func (w *world) send(ctx context.Context, in sealpost.ConversationID, from int, text string) (sealpost.MessageID, error) {
	m, err := w.service.Send(ctx, w.people[from], "", service.Sending{Conversation: in, Body: text, Kind: sealpost.KindMessage})
	w.messages++
	return m.ID, err
}

func (w *world) sendAndOpen(ctx context.Context, in sealpost.ConversationID, from int, text string, readers ...int) error {
	id, err := w.send(ctx, in, from, text)
	if err != nil {
		return err
	}
	for _, r := range readers {
		if _, err := w.service.Open(ctx, w.people[r], "", in, id); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) recalled(ctx context.Context, from, to int) error {
	in, err := w.conversation(ctx, from, "", to)
	if err != nil {
		return err
	}
	id, err := w.send(ctx, in, from, "The deed for the wrong client.")
	if err != nil {
		return err
	}
	// The recipient was there and so may know: a line stays (R17).
	if err := w.service.Arrive(ctx, w.people[to]); err != nil {
		return err
	}
	if _, err := w.service.Recall(ctx, w.people[from], "", id, service.Recalling{KeepDraft: true}); err != nil {
		return err
	}
	_, err = w.send(ctx, in, from, "Please look at this one when you can.")
	return err
}

// notice is a message that cannot be recalled (R22).
func (w *world) notice(ctx context.Context) error {
	in, err := w.conversation(ctx, maya, "Formulary committee", jonas, amal)
	if err != nil {
		return err
	}
	_, err = w.service.Send(ctx, w.people[maya], "", service.Sending{
		Conversation: in, Body: "Batch 4471 is withdrawn from today.", Kind: sealpost.KindRequiredNotice,
	})
	w.messages++
	return err
}

// request is a message from somebody who is no connection (R31).
func (w *world) request(ctx context.Context) error {
	in, err := w.conversation(ctx, tomas, "", maya)
	if err != nil {
		return err
	}
	_, err = w.send(ctx, in, tomas, "A hospital near you is looking for a head pharmacist.")
	return err
}

// reported is a message that somebody sent by mistake and asks to have removed (S18).
func (w *world) reported(ctx context.Context) error {
	in, err := w.conversation(ctx, sofia, "", amal)
	if err != nil {
		return err
	}
	id, err := w.send(ctx, in, sofia, "Patient list for Monday, with dates of birth.")
	if err != nil {
		return err
	}
	if _, err := w.service.Open(ctx, w.people[amal], "", in, id); err != nil {
		return err
	}
	_, err = w.service.Flag(ctx, w.people[sofia], "", id, service.Flagging{
		Reason: sealpost.FlagConfidential, Note: "This was for the ward only.", RequestRemoval: true,
	})
	return err
}

// recalledInPart is a message in a group that one person had opened (R15).
func (w *world) recalledInPart(ctx context.Context) error {
	in, err := w.conversation(ctx, maya, "Night rota", amal, sofia, priya)
	if err != nil {
		return err
	}
	id, err := w.send(ctx, in, maya, "The rota for the wrong month.")
	if err != nil {
		return err
	}
	if _, err := w.service.Open(ctx, w.people[sofia], "", in, id); err != nil {
		return err
	}
	_, err = w.service.Recall(ctx, w.people[maya], "", id, service.Recalling{KeepDraft: true})
	return err
}

func (w *world) scheduled(ctx context.Context, in sealpost.ConversationID, from int) error {
	_, err := w.service.Send(ctx, w.people[from], "", service.Sending{
		Conversation: in, Body: "A reminder for tomorrow.", Kind: sealpost.KindMessage,
		SendAt: w.people[from].User.CreatedAt.Time().Add(20 * time.Hour), TimeZone: "Europe/London",
	})
	w.messages++
	return err
}

func (w *world) group(ctx context.Context, from int, with ...int) error {
	in, err := w.conversation(ctx, from, "Trial protocol", with...)
	if err != nil {
		return err
	}
	if err := w.sendAndOpen(ctx, in, from, "Version 7 of the protocol is ready for comments.", with[2]); err != nil {
		return err
	}
	_, err = w.send(ctx, in, with[2], "Section 3 needs another look before it goes out.")
	return err
}
