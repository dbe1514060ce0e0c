// Package demo fills a fresh installation with people and conversations in states
// worth seeing. It uses the service as everything else does.
package demo

import (
	"context"
	"fmt"
	"strings"
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
	Token              string // an API token
}

// cast is a table, so that the demo is the same each time: its people. The first
// two are the ones to sign in as.
var cast = []struct{ name, headline, zone string }{
	{"Maya Okafor", "Hospital pharmacist", "Europe/London"},
	{"Jonas Lindqvist", "Head of finance", "Europe/Stockholm"},
	{"Amal Rahmani", "Clinical data lead", "Europe/Paris"},
	{"Erik Sand", "Notary", "Europe/Oslo"},
	{"Priya Nair", "Compliance officer", "Asia/Kolkata"},
	{"Tomás Rivera", "Recruiter", "America/Mexico_City"},
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
	for i, c := range cast {
		short, _, _ := strings.Cut(strings.ToLower(c.name), " ")
		p := Person{Name: c.name, Short: short, Email: short + "@demo.example"}
		u, err := s.AddUser(ctx, "", service.NewUser{Email: p.Email, Name: c.name, TimeZone: c.zone, Roles: rolesOf(i)})
		if err != nil {
			return out, fmt.Errorf("adding %s: %w", c.name, err)
		}
		w.people = append(w.people, service.Principal{User: u})
		if i > 1 {
			continue
		}
		if p.Token, err = s.TokenFor(ctx, p.Email, "demo"); err != nil {
			return out, err
		}
		*[]*Person{&out.Writer, &out.Reader}[i] = p
	}
	err := w.talk(ctx)
	out.Messages = w.messages
	return out, err
}

func rolesOf(i int) []sealpost.Role {
	if i == 0 {
		return []sealpost.Role{sealpost.RoleNotices, sealpost.RoleAdmin}
	}
	return nil
}

// talk makes one conversation of every state: opened, sealed, recalled with and
// without a marker, a required notice, one that is scheduled, and a group in which
// some have opened.
func (w *world) talk(ctx context.Context) error {
	const maya, jonas, amal, erik, priya = 0, 1, 2, 3, 4
	direct, err := w.conversation(ctx, maya, "", jonas)
	if err != nil {
		return err
	}
	steps := []func() error{
		func() error { return w.sendAndOpen(ctx, direct, jonas, "Did the Q3 figures come through?", maya) },
		func() error { return w.sendAndOpen(ctx, direct, maya, "Yes. I will send the summary today.", jonas) },
		func() error {
			_, err := w.send(ctx, direct, maya, "Here is the summary. Please open it when you have a minute.")
			return err
		},
		func() error { return w.recalled(ctx, erik, maya) },
		func() error { return w.notice(ctx, maya, jonas) },
		func() error { return w.scheduled(ctx, direct, maya) },
		func() error { return w.group(ctx, amal, maya, jonas, priya) },
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

func (w *world) notice(ctx context.Context, from, to int) error {
	in, err := w.conversation(ctx, from, "Formulary committee", to, 5)
	if err != nil {
		return err
	}
	_, err = w.service.Send(ctx, w.people[from], "", service.Sending{
		Conversation: in, Body: "Batch 4471 is withdrawn from today.", Kind: sealpost.KindRequiredNotice,
	})
	w.messages++
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
