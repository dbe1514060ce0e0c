package webui

import (
	"strconv"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// number is a whole number in a field of the form.
func (q *request) number(field string) (int64, error) {
	n, err := strconv.ParseInt(q.field(field), 10, 32)
	if err != nil {
		return 0, sealpost.Invalid(field, "This must be a whole number.")
	}
	return n, nil
}

func versionText(n int32) string { return strconv.Itoa(int(n)) }

// inConversation does something to the conversation in the path, and goes on.
func (q *request) inConversation(then, outcome string, act func(sealpost.ConversationID) error) error {
	id, err := q.conversation()
	if err != nil {
		return err
	}
	if err := act(id); err != nil {
		return err
	}
	to := then
	if to == "" {
		to = threadPath(id)
	}
	return q.done(to, outcome)
}

func (s *Server) acceptRequest(q *request) error {
	return q.inConversation("", "accepted", func(id sealpost.ConversationID) error {
		return s.service.AcceptRequest(q.ctx, q.principal, q.key(), id)
	})
}

func (s *Server) declineRequest(q *request) error {
	return q.inConversation("/messages", "declined", func(id sealpost.ConversationID) error {
		return s.service.DeclineRequest(q.ctx, q.principal, q.key(), id)
	})
}

func (s *Server) mute(q *request) error {
	on := q.field("on") == "true"
	return q.inConversation("", map[bool]string{true: "muted", false: "unmuted"}[on], func(id sealpost.ConversationID) error {
		return s.service.SetMuted(q.ctx, q.principal, q.key(), id, on)
	})
}

func (s *Server) markUnread(q *request) error {
	return q.inConversation("/messages", "unread", func(id sealpost.ConversationID) error {
		return s.service.SetUnread(q.ctx, q.principal, q.key(), id, q.field("on") == "true")
	})
}

// groupView is who is in a group, and what may be done about it.
type groupView struct {
	thread  service.Thread
	creator bool
	found   []service.Person
	query   string
	trouble *failure
}

func (s *Server) group(q *request) error { return q.showGroup(nil) }

func (q *request) showGroup(trouble *failure) error {
	id, err := q.conversation()
	if err != nil {
		return err
	}
	v := groupView{query: q.query("find"), trouble: trouble}
	if v.thread, err = q.server.service.Conversation(q.ctx, q.principal, id); err != nil {
		return err
	}
	if v.thread.Conversation.Kind != sealpost.Group {
		return sealpost.NotFound()
	}
	v.creator = v.thread.Conversation.CreatorID == q.me()
	if v.query != "" {
		if v.found, _, err = q.server.service.FindUsers(q.ctx, q.principal, v.query, "", 20); err != nil {
			return err
		}
	}
	return q.page(page{title: T(q.ctx, "People of the conversation"), body: groupBody(v), at: atMessages})
}

// inGroup changes a group. What is refused is said on the page of the group.
func (q *request) inGroup(outcome string, act func(sealpost.ConversationID) error) error {
	id, err := q.conversation()
	if err != nil {
		return err
	}
	err = act(id)
	switch sealpost.CodeOf(err) {
	case "":
		return q.done(threadPath(id)+"/people", outcome)
	case sealpost.CodeInvalid, sealpost.CodeForbidden, sealpost.CodeCannotDeliver:
		f := q.failure(err)
		q.status = q.server.status(f.code)
		return q.showGroup(&f)
	}
	return err
}

func (s *Server) retitle(q *request) error {
	return q.inGroup("saved", func(id sealpost.ConversationID) error {
		_, err := s.service.SetTitle(q.ctx, q.principal, q.key(), id, q.field("title"))
		return err
	})
}

func (s *Server) addPerson(q *request) error {
	return q.inGroup("saved", func(id sealpost.ConversationID) error {
		user, err := sealpost.ParseUser(q.field("user"))
		if err != nil {
			return sealpost.Invalid("user", "Choose somebody.")
		}
		_, err = s.service.AddParticipant(q.ctx, q.principal, q.key(), id, user)
		return err
	})
}

func (s *Server) removePerson(q *request) error {
	user, err := sealpost.ParseUser(q.field("user"))
	if err != nil {
		return sealpost.NotFound()
	}
	if user == q.me() {
		return q.inConversation("/messages", "left", func(id sealpost.ConversationID) error {
			return s.service.RemoveParticipant(q.ctx, q.principal, q.key(), id, user)
		})
	}
	return q.inGroup("saved", func(id sealpost.ConversationID) error {
		return s.service.RemoveParticipant(q.ctx, q.principal, q.key(), id, user)
	})
}
