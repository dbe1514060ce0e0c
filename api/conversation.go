package api

// Conversation is a thread as one viewer has it.
type Conversation struct {
	ID             string        `json:"id" format:"uuid"`
	Kind           string        `json:"kind" enum:"direct,group"`
	Title          string        `json:"title" doc:"empty for a conversation of two"`
	CreatorID      *string       `json:"creator_id" format:"uuid" doc:"who may change a group's participants; null for a conversation of two"`
	Participants   []Participant `json:"participants"`
	Unread         int           `json:"unread" doc:"sealed messages"`
	MarkedUnread   bool          `json:"marked_unread" doc:"a flag of the viewer's own; it undoes no opening"`
	Muted          bool          `json:"muted" doc:"a flag of the viewer's own: not to be disturbed"`
	Request        bool          `json:"request" doc:"a message request: accept it, decline it, or answer, which accepts it"`
	LastActivityAt *Time         `json:"last_activity_at" format:"date-time" doc:"null while nothing has happened in it"`
}

// Participant is somebody in a conversation.
type Participant struct {
	UserID  string `json:"user_id" format:"uuid"`
	Name    string `json:"name"`
	Profile bool   `json:"profile,omitempty" doc:"named by an imported archive, without account: gets nothing that is sent now"`
	LeftAt  *Time  `json:"left_at,omitempty" format:"date-time" doc:"only for somebody who is no longer in it"`
}

// InboxItem is a line of the inbox.
type InboxItem struct {
	Conversation
	Last    *Message `json:"last" doc:"the newest message that the viewer can see, or null"`
	Preview *string  `json:"preview" doc:"the first 80 characters of last, sealed as it is, where the organisation, its sender and the viewer all allow it; recorded as exposure before it is given"`
}

// Inbox is a page of the inbox, newest activity first.
type Inbox struct {
	Items      []InboxItem `json:"items"`
	NextCursor *string     `json:"next_cursor" doc:"null on the last page"`
}

// StartConversation asks for a conversation: with one other person it is the one
// conversation of these two, otherwise a new group.
type StartConversation struct {
	ParticipantIDs []string `json:"participant_ids" minItems:"1" maxItems:"49" format:"uuid" doc:"the others; oneself may be left out"`
	Title          string   `json:"title,omitempty" maxLength:"200" doc:"of a group"`
}

// ChangeConversation names a group.
type ChangeConversation struct {
	Title string `json:"title" maxLength:"200" doc:"empty: none"`
}

// AddParticipant adds somebody to a group.
type AddParticipant struct {
	UserID string `json:"user_id" format:"uuid"`
}
