package sealpost

// Topic is what a hint is about, besides a conversation.
type Topic int8

// The topics.
const (
	TopicConversation Topic = iota // the view of Hint.Conversation
	TopicNetwork                   // invitations, connections, blocks
	TopicSettings                  // the own profile and settings
)

// Hint says that something changed for these users: in a conversation, or in what
// the topic names. It holds no content and no state.
type Hint struct {
	Conversation ConversationID // zero unless the topic is TopicConversation
	Topic        Topic
	Users        []UserID
	// Access says that sign-ins or tokens of these users ended: what was remembered of
	// them is to be read anew. There is no conversation then.
	Access bool
}
