package api

// The names of live events (server-sent events). An event says only that something
// changed for the viewer; what, is fetched.
const (
	EventConversation = "conversation" // data: ConversationChanged
	EventNetwork      = "network"      // data {}: invitations, connections or blocks
	EventSettings     = "settings"     // data {}: the own profile or settings
	// EventResync, data {}: more may have changed than is named, or the last event id
	// was not one that can be resumed from. Ask anew for everything that is shown.
	EventResync = "resync"
)

// ConversationChanged is the data of a conversation event.
type ConversationChanged struct {
	ConversationID string `json:"conversation_id" format:"uuid"`
}
