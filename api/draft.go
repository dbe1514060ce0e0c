package api

// Draft is text of one's own that is not sent.
type Draft struct {
	ID             string   `json:"id" format:"uuid"`
	ConversationID *string  `json:"conversation_id" format:"uuid"`
	FromMessageID  *string  `json:"from_message_id" format:"uuid" doc:"the message that it was"`
	Version        int32    `json:"version" doc:"rises with every change; also the ETag"`
	Body           string   `json:"body"`
	RecipientIDs   []string `json:"recipient_ids" format:"uuid"`
	Title          string   `json:"title,omitempty" doc:"of the group that several recipients make"`
	Kind           string   `json:"kind" enum:"message,required_notice"`
	InReplyTo      string   `json:"in_reply_to,omitempty" format:"uuid"`
	SendAt         string   `json:"send_at,omitempty" doc:"as it was written"`
	TimeZone       string   `json:"time_zone,omitempty"`
	HidePreview    bool     `json:"hide_preview,omitempty"`
	Reason         *string  `json:"reason" doc:"the code for which a release was refused"`
	CreatedAt      Time     `json:"created_at" format:"date-time"`
	UpdatedAt      Time     `json:"updated_at" format:"date-time"`
	ExpiresAt      *Time    `json:"expires_at" format:"date-time" doc:"null: kept until deleted"`
}

// Drafts is a page of drafts, newest first.
type Drafts struct {
	Items      []Draft `json:"items"`
	NextCursor *string `json:"next_cursor" doc:"null on the last page"`
}

// WriteDraft is what a draft holds. All of it but the conversation is sealed.
type WriteDraft struct {
	Body           string   `json:"body" maxLength:"10000" doc:"plain text, may be empty" example:"See you at ten."`
	ConversationID string   `json:"conversation_id,omitempty" format:"uuid" doc:"where it is meant to go; left out while that is open"`
	RecipientIDs   []string `json:"recipient_ids,omitempty" format:"uuid" maxItems:"49" doc:"to whom, while there is no conversation yet"`
	Title          string   `json:"title,omitempty" maxLength:"200" doc:"of the group that several recipients make" example:"Ward 4"`
	Kind           string   `json:"kind,omitempty" enum:"message,required_notice" doc:"default message"`
	AttachmentIDs  []string `json:"attachment_ids,omitempty" format:"uuid" maxItems:"20" doc:"files; not available on this server yet"`
	InReplyTo      string   `json:"in_reply_to,omitempty" format:"uuid"`
	SendAt         SendTime `json:"send_at,omitempty" minLength:"1" maxLength:"40" doc:"when it is meant to be delivered: RFC 3339, or a local time such as 2026-11-24T09:00" example:"2026-11-24T09:00"`
	TimeZone       string   `json:"time_zone,omitempty" minLength:"1" maxLength:"64" doc:"IANA name of the zone in which send_at is meant" example:"Europe/Zurich"`
	HidePreview    bool     `json:"hide_preview,omitempty" doc:"show nobody text of it before they open it"`
}
