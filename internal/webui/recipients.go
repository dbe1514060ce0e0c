package webui

import (
	"context"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// maxFound is how many people a search on the form shows: who is not among them is
// found with more words.
const maxFound = 12

// add and remove choose recipients.
func (c *composing) add(u sealpost.UserID) {
	if !slices.Contains(c.to, u) {
		c.to = append(c.to, u)
	}
}

func (c *composing) remove(u sealpost.UserID) {
	c.to = slices.DeleteFunc(c.to, func(v sealpost.UserID) bool { return v == u })
}

// backTo is the conversation that a text was written in, and what it answered there.
type backTo struct {
	conversation sealpost.ConversationID
	reply        sealpost.MessageID
}

func (b backTo) String() string {
	if b.conversation.IsZero() {
		return ""
	}
	if b.reply.IsZero() {
		return b.conversation.String()
	}
	return b.conversation.String() + " " + b.reply.String()
}

func (b *backTo) read(text string) error {
	conversation, reply, _ := strings.Cut(text, " ")
	if err := readID(conversation, &b.conversation); err != nil {
		return err
	}
	return readID(reply, &b.reply)
}

// lookUpBack finds who the text was for; if that is not there any more, there is no
// way back.
func (s *Server) lookUpBack(q *request, c *composing) error {
	if c.back.conversation.IsZero() {
		return nil
	}
	t, err := s.service.Conversation(q.ctx, q.principal, c.back.conversation)
	switch {
	case sealpost.CodeOf(err) == sealpost.CodeNotFound:
		c.back = backTo{}
	case err != nil:
		return err
	default:
		c.before = threadNames(q.ctx, t)
	}
	return nil
}

// find looks for people by what was typed.
func (s *Server) find(q *request, c *composing) error {
	if c.query == "" {
		return sealpost.Invalid("q", "Type a name or an email address first.")
	}
	people, next, err := s.service.FindUsers(q.ctx, q.principal, c.query, "", maxFound+1)
	if err != nil {
		return err
	}
	c.found = slices.DeleteFunc(people, func(p service.Person) bool { return p.ID == q.me() || slices.Contains(c.to, p.ID) })
	c.searched, c.more = true, next != "" || len(c.found) > maxFound
	c.found = c.found[:min(len(c.found), maxFound)]
	return nil
}

// lookUpPeople finds the names of those who are chosen. Whoever is nobody any more is
// left out.
func (s *Server) lookUpPeople(q *request, c *composing) error {
	c.people = nil
	for _, u := range slices.Clone(c.to) {
		p, err := s.service.Person(q.ctx, q.principal, u)
		if sealpost.CodeOf(err) == sealpost.CodeNotFound {
			c.remove(u)
			continue
		}
		if err != nil {
			return err
		}
		c.people = append(c.people, p)
	}
	return nil
}

// peopleOptions are people to choose from, for the script that completes names.
func (s *Server) peopleOptions(q *request) error {
	c := &composing{query: strings.TrimSpace(q.query("q"))}
	if c.query != "" {
		if err := s.find(q, c); err != nil && sealpost.CodeOf(err) != sealpost.CodeInvalid {
			return err
		}
	}
	return q.render(peopleList(c))
}

// names are the names of those whom a message goes to.
func (c *composing) names(ctx context.Context) []string {
	var out []string
	if c.thread != nil {
		return threadNames(ctx, *c.thread)
	}
	for _, p := range c.people {
		out = append(out, p.Name)
	}
	return out
}

// threadNames are the names of the others in a conversation; of one that everybody
// left, nobody's.
func threadNames(ctx context.Context, t service.Thread) []string {
	var out []string
	for _, m := range t.Members {
		if m.UserID != from(ctx).me() && m.Active() {
			out = append(out, m.Name)
		}
	}
	return out
}

// nameList is names in a sentence: at most two, and how many others.
func nameList(names []string) templ.Component {
	switch len(names) {
	case 0:
		return say("nobody yet")
	case 1:
		return isolated(names[0])
	case 2:
		return say("%[1]s and %[2]s", name(names[0]), name(names[1]))
	}
	return say("%[1]s, %[2]s and %[3]d others", name(names[0]), name(names[1]), len(names)-2)
}

// nameText is nameList as a text.
func nameText(ctx context.Context, names []string) string {
	switch len(names) {
	case 0:
		return T(ctx, "nobody yet")
	case 1:
		return names[0]
	case 2:
		return T(ctx, "%[1]s and %[2]s", names[0], names[1])
	}
	return T(ctx, "%[1]s, %[2]s and %[3]d others", names[0], names[1], len(names)-2)
}

// namesakes reports whether two of those who are chosen have the same name.
func (c *composing) namesakes(p service.Person) bool {
	return slices.ContainsFunc(c.people, func(o service.Person) bool { return o.ID != p.ID && o.Name == p.Name })
}
