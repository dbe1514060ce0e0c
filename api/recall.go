package api

// Recall asks to recall a message.
type Recall struct {
	ConversationID string `json:"conversation_id,omitempty" format:"uuid" doc:"where the message is; with it, an id that was never sent can be recalled before it arrives"`
	Reason         string `json:"reason,omitempty" maxLength:"500" doc:"kept in the audit log only"`
	KeepDraft      *bool  `json:"keep_draft,omitempty" doc:"give the text back as a draft; default true"`
}

// Forecast is what a recall would do now, as far as its sender may know.
type Forecast struct {
	Recallable     bool       `json:"recallable"`
	Until          *Time      `json:"until" format:"date-time" doc:"end of the recall window"`
	Code           *string    `json:"code" doc:"why not; null if recallable"`
	Also           []string   `json:"also" doc:"the other reasons to refuse"`
	NextPossibleAt *Time      `json:"next_possible_at" format:"date-time" doc:"when a limit is free again"`
	For            []string   `json:"for" format:"uuid" doc:"from whom it would be recalled"`
	Exposure       []Exposure `json:"exposure" doc:"what each recipient may have seen"`
	Alternatives   []string   `json:"alternatives" doc:"what can be done instead, most fitting first" example:"follow_up,disregard,report,settings,block"`
}

// Exposure is what one recipient may have seen (R24). It errs to the safe side.
type Exposure struct {
	UserID   string    `json:"user_id" format:"uuid"`
	Level    string    `json:"level" enum:"none,notified,preview,full,opened"`
	Channels []Channel `json:"channels"`
}

// Channel is the record of one way in which somebody may have learned of a message
// (R25).
type Channel struct {
	Channel string `json:"channel" doc:"list: the recipient's own list of conversations"`
	At      *Time  `json:"at" format:"date-time"`
	Text    string `json:"text" enum:"none,preview,full"`
	State   string `json:"state" enum:"held,cancelled,sent,maybe_sent,withdrawn"`
}

// Report is what a recall did. It has the same shape whether or not the
// organisation keeps a copy (R22).
type Report struct {
	MessageID  string            `json:"message_id" format:"uuid"`
	Outcome    string            `json:"outcome" enum:"recalled,partly_recalled,refused"`
	RecalledAt *Time             `json:"recalled_at" format:"date-time"`
	Trace      string            `json:"trace" enum:"none,marker" doc:"marker: somebody sees a line where the message was"`
	DraftID    *string           `json:"draft_id" format:"uuid" doc:"where the text went; null if it was not kept"`
	ErasedAt   *Time             `json:"erased_at" format:"date-time" doc:"when the content becomes unreadable everywhere if nothing obliges the organisation to keep it; null if somebody has opened it"`
	Recipients []RecipientReport `json:"recipients"`
	Receipt    *Receipt          `json:"receipt" doc:"null until the recall is in the ledger"`
}

// RecipientReport is one line of a report.
type RecipientReport struct {
	UserID   string    `json:"user_id" format:"uuid"`
	Outcome  string    `json:"outcome" enum:"recalled,opened,text_message"`
	Level    string    `json:"level" enum:"none,notified,preview,full,opened"`
	OpenedAt *Time     `json:"opened_at,omitempty" format:"date-time" doc:"as read receipts allow"`
	Channels []Channel `json:"channels"`
}

// Receipt points into the ledger.
type Receipt struct {
	LogIndex int64  `json:"log_index"`
	URL      string `json:"url"`
}
