package httpapi

import (
	"context"
	"net/http"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/service"
)

func (s *Server) registerSearch() {
	add(s, operation{
		id: "searchMessages", method: http.MethodGet, path: "/search", tag: "messages", content: true,
		summary: "Search messages",
		description: "Finds messages that one has opened, and one's own once somebody whose receipts tell so has opened them or their window is over; " +
			"never what is sealed. Newest first. All words must occur, without regard to case and accents; `word*` is the beginning of a word, " +
			"`\"several words\"` stand together, `-word` must not occur. A word is also found in the name of the sender and of others in the conversation, " +
			"and in its title; `from:name` (`from:me`) and `in:name` look there only. `before:2026-11-01` and `after:2026-11-01` (that day included) are days of one's " +
			"own time zone, or times of RFC 3339. What is new can be found within a few seconds. Names are looked up in the 1000 conversations with the newest activity.",
	}, s.search)
}

type searchInput struct {
	Paging
	Q string `query:"q" maxLength:"200" doc:"at most 10 terms" example:"lunch from:ada after:2026-11-01"`
}

func (s *Server) search(ctx context.Context, p service.Principal, in *searchInput) (*reply[api.Found], error) {
	page, err := s.service.Search(ctx, p, in.Q, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	out := api.Found{Items: make([]api.FoundMessage, 0, len(page.Items)), NextCursor: textOrNull(page.Next), Total: page.Total}
	for _, f := range page.Items {
		item := api.FoundMessage{
			Message: message(f.MessageView), Matches: make([][]int, 0, len(f.Matches)),
			Conversation: api.FoundConversation{ID: f.ConversationID.String(), Title: f.Title},
		}
		for _, m := range f.Matches {
			item.Matches = append(item.Matches, []int{m[0], m[1]})
		}
		out.Items = append(out.Items, item)
	}
	return &reply[api.Found]{out}, nil
}
