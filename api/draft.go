package api

// Draft is text of one's own that is not sent.
type Draft struct {
	ID             string  `json:"id" format:"uuid"`
	ConversationID *string `json:"conversation_id" format:"uuid"`
	FromMessageID  *string `json:"from_message_id" format:"uuid" doc:"the message that it was"`
	Body           string  `json:"body"`
	Reason         *string `json:"reason" doc:"the code for which a release was refused"`
	CreatedAt      Time    `json:"created_at" format:"date-time"`
	UpdatedAt      Time    `json:"updated_at" format:"date-time"`
	ExpiresAt      *Time   `json:"expires_at" format:"date-time" doc:"null: kept until deleted"`
}

// Drafts is a page of drafts, newest first.
type Drafts struct {
	Items      []Draft `json:"items"`
	NextCursor *string `json:"next_cursor" doc:"null on the last page"`
}
