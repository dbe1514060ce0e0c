package sealpost

// Hint says that something changed for these users in a conversation. It holds no
// content and no state.
type Hint struct {
	Conversation ConversationID
	Users        []UserID
}
