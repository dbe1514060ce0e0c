package api

// Message is the envelope of a message and, for those who have it, its content
// (R1, R2).
type Message struct {
	ID             string `json:"id" format:"uuid"`
	ConversationID string `json:"conversation_id" format:"uuid"`
	SenderID       string `json:"sender_id" format:"uuid"`
	Kind           string `json:"kind" enum:"message,required_notice,disregard" doc:"disregard: asks, in the system's words, to disregard the message that it answers"`
	State          string `json:"state" enum:"scheduled,held,sent,recalled,removed" doc:"as this viewer sees it"`
	Delivery       string `json:"delivery" enum:"own,sealed,opened,recalled,removed" doc:"for this viewer; removed: after review, before it was opened"`
	SentAt         *Time  `json:"sent_at" format:"date-time" doc:"null while held or scheduled"`
	// RecallableUntil is fixed at delivery (R12).
	RecallableUntil *Time            `json:"recallable_until" format:"date-time" doc:"null while held or scheduled"`
	RecalledAt      *Time            `json:"recalled_at,omitempty" format:"date-time"`
	CreatedAt       *Time            `json:"created_at,omitempty" format:"date-time" doc:"for the sender"`
	ReleaseAt       *Time            `json:"release_at,omitempty" format:"date-time" doc:"for the sender, while held or scheduled: when it is delivered"`
	TimeZone        string           `json:"time_zone,omitempty" doc:"for the sender, while scheduled: the zone in which the time was meant" example:"Europe/Zurich"`
	SendAtMoved     bool             `json:"send_at_moved,omitempty" doc:"in the answer to scheduling: clocks skip the local time that was asked for, release_at is when they do"`
	Version         int32            `json:"version,omitempty" doc:"for the sender, while held or scheduled: rises with every edit of the text"`
	Imported        bool             `json:"imported,omitempty" doc:"it comes from an archive of another network: sent_at and the sender are what the archive says, and it cannot be recalled"`
	Content         *Content         `json:"content,omitempty" doc:"only for a viewer who has it"`
	Acknowledged    *Acknowledgement `json:"acknowledged,omitempty" doc:"of a request to disregard: the viewer's own answer"`
	Deliveries      []Delivery       `json:"deliveries,omitempty" doc:"for the sender: each recipient, as receipts allow"`
}

// Content is what was sealed.
type Content struct {
	Body        string       `json:"body" doc:"plain text"`
	Attachments []Attachment `json:"attachments"`
	InReplyTo   string       `json:"in_reply_to,omitempty" format:"uuid" doc:"left out where its target is not visible to the viewer"`
}

// Attachment is a file of a message.
type Attachment struct {
	ID        string `json:"id" format:"uuid"`
	Name      string `json:"name"`
	Size      int64  `json:"size" doc:"bytes"`
	MediaType string `json:"media_type"`
}

// Delivery is what the sender may know of one recipient.
type Delivery struct {
	UserID       string           `json:"user_id" format:"uuid"`
	State        string           `json:"state" enum:"sealed,opened,recalled" doc:"an opening without a read receipt reads as sealed"`
	OpenedAt     *Time            `json:"opened_at,omitempty" format:"date-time" doc:"as read receipts allow"`
	Acknowledged *Acknowledgement `json:"acknowledged,omitempty" doc:"of a request to disregard: what this recipient answered"`
}

// SendMessage asks to send a message: now, after the undo time, or at send_at.
type SendMessage struct {
	ID            string    `json:"id,omitempty" format:"uuid" doc:"a UUIDv7 of the client's own; a retry with it cannot double the message"`
	Body          string    `json:"body" minLength:"1" maxLength:"10000" doc:"plain text, 1 to 10000 characters" example:"See you at ten."`
	AttachmentIDs []string  `json:"attachment_ids,omitempty" format:"uuid" maxItems:"20" doc:"files; not available on this server yet"`
	InReplyTo     string    `json:"in_reply_to,omitempty" format:"uuid" doc:"a message of this conversation that the sender has opened or sent"`
	Kind          string    `json:"kind,omitempty" enum:"message,required_notice" doc:"default message; a required notice cannot be recalled and needs the role notices"`
	SendAt        SendTime  `json:"send_at,omitempty" minLength:"1" maxLength:"40" doc:"deliver at this time, at most a year ahead: RFC 3339, or a local time such as 2026-11-24T09:00 in time_zone. A local time that clocks skip moves on to the change and the answer says send_at_moved; one that they show twice is 422 ambiguous_time with both as choices" example:"2026-11-24T09:00"`
	TimeZone      string    `json:"time_zone,omitempty" minLength:"1" maxLength:"64" doc:"IANA name of the zone in which send_at is meant; default: the sender's" example:"Europe/Zurich"`
	DraftID       string    `json:"draft_id,omitempty" format:"uuid" doc:"the draft that this was written in: it goes with the send. If another device has sent, changed or deleted it: 409 version_conflict, and nothing is sent"`
	DraftVersion  int32     `json:"draft_version,omitempty" minimum:"0" doc:"the version of the draft that was seen; default: any"`
	HidePreview   bool      `json:"hide_preview,omitempty" doc:"show nobody text of it before they open it"`
	SMSTo         []string  `json:"sms_to,omitempty" format:"uuid" maxItems:"50" doc:"also by SMS to these people; needs an SMS gateway"`
	Undo          *Duration `json:"undo,omitempty" format:"duration" doc:"hold for 0s to 2m before delivery; default: the sender's setting" example:"10s"`
}

// EditMessage changes a message that is held or scheduled.
type EditMessage struct {
	Body     *string   `json:"body,omitempty" minLength:"1" maxLength:"10000"`
	SendAt   *SendTime `json:"send_at,omitempty" minLength:"1" maxLength:"40" doc:"in the future, at most a year ahead; RFC 3339 or a local time, as when sending" example:"2026-11-24T09:00"`
	TimeZone *string   `json:"time_zone,omitempty" minLength:"1" maxLength:"64" doc:"goes with send_at; default for a local time: the zone that it was scheduled in"`
}

// Undone tells where the text of a message that was taken back before delivery is.
type Undone struct {
	DraftID string `json:"draft_id,omitempty" format:"uuid" doc:"absent where the text was lost with its key"`
}

// History is a page of a conversation.
type History struct {
	Items  []Message `json:"items" doc:"oldest first; on the newest page own held and scheduled ones at the end"`
	Cursor string    `json:"cursor" doc:"for changes since this page"`
	More   bool      `json:"more" doc:"there are older messages"`
}

// Changes is what is new or different for the viewer since a cursor.
type Changes struct {
	Messages []Message `json:"messages" doc:"new or changed, as they are now"`
	Vanished []string  `json:"vanished" doc:"ids of messages that are gone for this viewer without a trace" format:"uuid"`
	Cursor   string    `json:"cursor" doc:"where the next question begins"`
	More     bool      `json:"more" doc:"there is more: ask again with the cursor"`
}

// Open asks to open every sealed message up to and including one (R5).
type Open struct {
	Through string `json:"through" format:"uuid" doc:"id of a message of this conversation"`
}

// Opened is what a call opened, with content.
type Opened struct {
	Messages []Message `json:"messages" doc:"those opened by this call, oldest first; none where nothing was sealed"`
	More     bool      `json:"more" doc:"more is sealed up to the same message: call again"`
}
