package webui

import (
	"context"
	"net/url"
	"strings"

	"github.com/a-h/templ"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

const searchPage = 20

// searchView is what a search found, of what the viewer has.
type searchView struct {
	query string
	found service.FoundPage
	hits  []hit
	wrong *failure
}

// hit is a message that was found, and its conversation.
type hit struct {
	service.Found
	thread service.Thread
}

// hitsOf adds their conversations to messages that were found. What was left, or has
// gone, meanwhile is left out.
func (q *request) hitsOf(found []service.Found) ([]hit, error) {
	threads := map[sealpost.ConversationID]service.Thread{}
	var out []hit
	for _, f := range found {
		t, ok := threads[f.ConversationID]
		if !ok {
			var err error
			switch t, err = q.server.service.Conversation(q.ctx, q.principal, f.ConversationID); {
			case sealpost.CodeOf(err) == sealpost.CodeNotFound:
				continue
			case err != nil:
				return nil, err
			}
			threads[f.ConversationID] = t
		}
		out = append(out, hit{f, t})
	}
	return out, nil
}

// hitName says who wrote a message, and where.
func hitName(ctx context.Context, h hit) templ.Component {
	where := name(titleOf(ctx, h.thread))
	switch {
	case h.Own:
		return say("You, to %[1]s", where)
	case h.thread.Conversation.Kind == sealpost.Direct:
		return isolated(nameIn(ctx, h.thread, h.SenderID))
	}
	return say("%[1]s, in %[2]s", name(nameIn(ctx, h.thread, h.SenderID)), where)
}

func (s *Server) search(q *request) error {
	v := searchView{query: strings.TrimSpace(q.query("q"))}
	if v.query != "" {
		var err error
		v.found, err = s.service.Search(q.ctx, q.principal, v.query, q.query("cursor"), searchPage)
		if sealpost.CodeOf(err) == sealpost.CodeInvalid {
			f := q.failure(err)
			v.wrong, q.status, err = &f, s.status(f.code), nil
		}
		if err != nil {
			return err
		}
		if v.hits, err = q.hitsOf(v.found.Items); err != nil {
			return err
		}
	}
	return q.page(page{title: T(q.ctx, "Search"), body: searchBody(v), at: atMessages})
}

func (v searchView) more() string {
	return "/search?q=" + url.QueryEscape(v.query) + "&cursor=" + url.QueryEscape(v.found.Next)
}

// piece is a run of a text, marked if it matches.
type piece struct {
	text   string
	marked bool
}

const aroundMatch = 70 // code points shown before the first match and after the last

// pieces is the part of a text that matches, with what is around it.
func pieces(f service.Found) []piece {
	if f.Content == nil {
		return nil
	}
	text := []rune(strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return ' '
		}
		return r
	}, f.Content.Body))
	if len(f.Matches) == 0 {
		return []piece{{text: sealpost.Beginning(string(text), 2*aroundMatch)}}
	}
	begin := max(0, f.Matches[0][0]-aroundMatch)
	end := min(len(text), f.Matches[0][1]+2*aroundMatch)
	var out []piece
	at := begin
	for _, m := range f.Matches {
		if m[0] < at || m[1] > end {
			continue
		}
		out = append(out, piece{text: string(text[at:m[0]])}, piece{text: string(text[m[0]:m[1]]), marked: true})
		at = m[1]
	}
	out = append(out, piece{text: string(text[at:end])})
	if begin > 0 {
		out[0].text = "…" + out[0].text
	}
	if end < len(text) {
		out[len(out)-1].text += "…"
	}
	return out
}

// hitAddress is the thread at a message that was found.
func hitAddress(f hit) templ.SafeURL {
	return templ.SafeURL(threadPath(f.ConversationID) + "?at=" + f.ID.String() + "#" + anchor(f.ID))
}

// totalWords says how much was found.
func totalWords(ctx context.Context, n int) string {
	if n >= service.MaxSearchTotal {
		return T(ctx, "More than %[1]d messages", service.MaxSearchTotal-1)
	}
	return T(ctx, "%d messages", n)
}
