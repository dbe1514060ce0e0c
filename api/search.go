package api

// Found is a page of messages that were found, newest first.
type Found struct {
	Items      []FoundMessage `json:"items"`
	NextCursor *string        `json:"next_cursor" doc:"null on the last page"`
	Total      int            `json:"total" maximum:"1000" doc:"how many messages there are on all pages; 1000 stands for 1000 or more"`
}

// FoundMessage is a message that was found.
type FoundMessage struct {
	Message
	// Matches are at most 100 places in the body.
	Matches      [][]int           `json:"matches" doc:"where the body has what was looked for: pairs of code point offsets, from and up to; none if it was found by a name or a date"`
	Conversation FoundConversation `json:"conversation"`
}

// FoundConversation names the conversation of a message that was found.
type FoundConversation struct {
	ID    string `json:"id" format:"uuid"`
	Title string `json:"title" doc:"empty for a conversation of two"`
}
