package sealpost

// Hint says that something changed for these users in a conversation. It holds no
// content and no state.
type Hint struct {
	Conversation ConversationID
	Users        []UserID
	// Access says that sign-ins or tokens of these users ended: what was remembered of
	// them is to be read anew. There is no conversation then.
	Access bool
}
