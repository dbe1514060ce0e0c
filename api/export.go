package api

// ExportType is the media type of an export: one JSON document a line.
const ExportType = "application/x-ndjson"

// The kinds of lines of an export.
const (
	ExportKindHeader       = "header"
	ExportKindProfile      = "profile"
	ExportKindSession      = "session"
	ExportKindToken        = "token"
	ExportKindConnection   = "connection"
	ExportKindBlock        = "block"
	ExportKindInvitation   = "invitation"
	ExportKindFlag         = "flag"
	ExportKindDraft        = "draft"
	ExportKindConversation = "conversation"
	ExportKindMessage      = "message"
	ExportKindReport       = "report"
	ExportKindEnd          = "end"
)

// ExportLine is one line of an export. Of its fields the one that Kind names is
// there. The first line is the header, the last one the end; a file without it was
// cut off.
type ExportLine struct {
	Kind         string         `json:"kind" enum:"header,profile,session,token,connection,block,invitation,flag,draft,conversation,message,report,end"`
	Header       *ExportHeader  `json:"header,omitempty"`
	Profile      *ExportProfile `json:"profile,omitempty"`
	Session      *Session       `json:"session,omitempty"`
	Token        *Token         `json:"token,omitempty"`
	Connection   *Connection    `json:"connection,omitempty"`
	Block        *Block         `json:"block,omitempty"`
	Invitation   *Invitation    `json:"invitation,omitempty"`
	Flag         *Flag          `json:"flag,omitempty"`
	Draft        *Draft         `json:"draft,omitempty"`
	Conversation *Conversation  `json:"conversation,omitempty"`
	Message      *Message       `json:"message,omitempty"`
	Report       *Report        `json:"report,omitempty"`
	End          *ExportEnd     `json:"end,omitempty"`
}

// ExportHeader says what the file holds.
type ExportHeader struct {
	Format int    `json:"format" doc:"1"`
	UserID string `json:"user_id" format:"uuid"`
	About  string `json:"about" doc:"what the file holds, for a person"`
}

// ExportProfile is one's own account with its settings.
type ExportProfile struct {
	Me       Me       `json:"me"`
	Settings Settings `json:"settings"`
}

// ExportEnd counts the lines of each kind that came before it.
type ExportEnd struct {
	Lines map[string]int `json:"lines" doc:"by kind, the header included"`
}
