package api

// FlagMessage reports a message to the moderators.
type FlagMessage struct {
	Reason         string `json:"reason" enum:"spam,harassment,confidential,wrong_recipient,other"`
	Note           string `json:"note,omitempty" maxLength:"1000" doc:"for the moderators"`
	RequestRemoval bool   `json:"request_removal,omitempty" doc:"ask for the message to be removed for everybody"`
}

// Flag is a report as its reporter has it. It never holds the text of the message.
type Flag struct {
	ID             string  `json:"id" format:"uuid"`
	MessageID      string  `json:"message_id" format:"uuid"`
	ConversationID string  `json:"conversation_id" format:"uuid"`
	Own            bool    `json:"own" doc:"the message is one's own"`
	Reason         string  `json:"reason" enum:"spam,harassment,confidential,wrong_recipient,other"`
	RequestRemoval bool    `json:"request_removal"`
	CreatedAt      Time    `json:"created_at" format:"date-time"`
	State          string  `json:"state" enum:"open,resolved"`
	Resolution     *string `json:"resolution" enum:"keep,remove" doc:"null while open"`
	ResolvedAt     *Time   `json:"resolved_at" format:"date-time" doc:"null while open"`
	Note           *string `json:"note" doc:"null if there was none, or its time is over"`
	Answer         *string `json:"answer" doc:"of the moderators; null if there is none, or its time is over"`
}

// Flags is a page of one's own reports, newest first.
type Flags struct {
	Items      []Flag  `json:"items"`
	NextCursor *string `json:"next_cursor" doc:"null on the last page"`
}

// Case is a report as moderators have it in the queue: without any text.
type Case struct {
	ID             string  `json:"id" format:"uuid"`
	MessageID      string  `json:"message_id" format:"uuid"`
	ConversationID string  `json:"conversation_id" format:"uuid"`
	SenderID       string  `json:"sender_id" format:"uuid"`
	ReporterID     string  `json:"reporter_id" format:"uuid"`
	Own            bool    `json:"own" doc:"the sender reported it"`
	Reason         string  `json:"reason" enum:"spam,harassment,confidential,wrong_recipient,other"`
	RequestRemoval bool    `json:"request_removal"`
	CreatedAt      Time    `json:"created_at" format:"date-time"`
	State          string  `json:"state" enum:"open,resolved"`
	Resolution     *string `json:"resolution" enum:"keep,remove" doc:"null while open"`
	ResolvedBy     *string `json:"resolved_by" format:"uuid" doc:"null while open"`
	ResolvedAt     *Time   `json:"resolved_at" format:"date-time" doc:"null while open"`
}

// Cases is a page of the queue: removals of one's own message first, then the oldest.
type Cases struct {
	Items      []Case  `json:"items"`
	NextCursor *string `json:"next_cursor" doc:"null on the last page"`
}

// CaseEvidence is a report with what it froze (R23). That it was read is in the audit
// log.
type CaseEvidence struct {
	Case
	Evidence *Evidence `json:"evidence" doc:"null 180 days after it was resolved"`
}

// Evidence is what a report froze, and the answer.
type Evidence struct {
	Body   string `json:"body" doc:"the text as it was when it was reported"`
	Note   string `json:"note" doc:"of the reporter; may be empty"`
	Answer string `json:"answer" doc:"of the moderators; may be empty"`
}

// ResolveFlag closes a report.
type ResolveFlag struct {
	Action string `json:"action" enum:"remove,keep" doc:"remove: for everybody, for ever"`
	Answer string `json:"answer,omitempty" maxLength:"1000" doc:"to the reporter"`
}
