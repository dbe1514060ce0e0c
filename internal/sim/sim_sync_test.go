package sim_test

import (
	"context"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

type mirrorOf struct {
	who   int
	place *place
}

// mirror is a conversation as a client keeps it: by folding changes over what it had
// (6-leaks A5, A7).
type mirror struct {
	cursor   string
	messages map[sealpost.MessageID]string
}

// sync brings a client up to date and compares what it then has with a full reading.
func (s *simulation) sync(who int, p *place) string {
	k := mirrorOf{who, p}
	m := s.mirrors[k]
	if m == nil {
		m = &mirror{messages: map[sealpost.MessageID]string{}}
		s.mirrors[k] = m
	}
	n, ctx := s.node(), context.Background()
	if err := s.arrive(n, who); err != nil {
		return "arrive " + s.outcome("", err)
	}
	for {
		page, err := n.Changes(ctx, s.people[who], p.id, m.cursor, 1+s.random.IntN(5))
		if err != nil {
			return s.outcome("", err)
		}
		s.shown(who, page)
		for _, v := range page.Messages {
			text, err := readable(v)
			if err != nil {
				s.wrong("a change cannot be read: %v", err)
			}
			m.messages[v.ID] = text
		}
		for _, gone := range page.Vanished {
			if _, had := m.messages[gone]; had {
				s.tally["(vanished)"]++
			}
			delete(m.messages, gone)
		}
		m.cursor = page.Cursor
		if !page.More {
			break
		}
	}
	s.calm(func() { s.compare(who, p, m) })
	return "ok"
}

// compare reads everything and looks for what the changes did not say (R21).
func (s *simulation) compare(who int, p *place, m *mirror) {
	full := map[sealpost.MessageID]string{}
	var before sealpost.MessageID
	for {
		page, err := s.nodes[0].History(context.Background(), s.people[who], p.id, before, 200)
		if err != nil {
			s.wrong("a full reading: %v", err)
			return
		}
		for _, v := range page.Items {
			text, err := readable(v)
			if err != nil {
				s.wrong("a message cannot be read: %v", err)
			}
			full[v.ID] = text
		}
		if !page.More {
			break
		}
		before = oldest(page.Items)
	}
	for id, text := range full {
		if m.messages[id] != text {
			s.wrong("%s synchronised and has\n%s\nwhere there is\n%s", name(who), m.messages[id], text)
		}
	}
	for id, text := range m.messages {
		if _, there := full[id]; !there {
			s.wrong("%s synchronised and still has\n%s", name(who), text)
		}
	}
}

func oldest(items []service.MessageView) sealpost.MessageID { return items[0].ID }
