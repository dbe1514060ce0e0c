package api

// The names of live events (server-sent events). An event says only that something
// changed for the viewer; what, is fetched.
const (
	EventConversation = "conversation" // data: ConversationChanged
	EventNetwork      = "network"
	EventSettings     = "settings"
)

// ConversationChanged is the data of a conversation event.
type ConversationChanged struct {
	ConversationID string `json:"conversation_id" format:"uuid"`
}
