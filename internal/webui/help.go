package webui

import "context"

// help has the keys of every part, for who works without a pointer.
func (s *Server) help(q *request) error {
	return q.page(page{title: T(q.ctx, "Help"), body: helpBody()})
}

// shortcuts are the keys of one part of the product.
type shortcuts struct {
	part string
	keys []shortcut
}

// shortcut is what a key does. Several keys are one after the other where then is set,
// else either of them does it.
type shortcut struct {
	keys []string
	then bool
	does string
}

// allShortcuts lists the keys that do something, for the viewer.
func allShortcuts(ctx context.Context) []shortcuts {
	out := []shortcuts{
		{T(ctx, "Everywhere"), []shortcut{
			{keys: []string{"/"}, does: T(ctx, "Search messages")},
			{keys: []string{"c"}, does: T(ctx, "Compose")},
			{keys: []string{"g", "m"}, then: true, does: T(ctx, "Go to Messages")},
			{keys: []string{"g", "n"}, then: true, does: T(ctx, "Go to People")},
			{keys: []string{"?"}, does: T(ctx, "Show this list")},
			{keys: []string{"Ctrl+Enter"}, does: T(ctx, "Send what you are writing")},
		}},
		{T(ctx, "Messages"), []shortcut{
			{keys: []string{"↑", "↓"}, does: T(ctx, "Move between conversations")},
			{keys: []string{"Enter"}, does: T(ctx, "Open one")},
			{keys: []string{"u"}, does: T(ctx, "Mark it unread")},
			{keys: []string{"e"}, does: T(ctx, "Mark it read")},
		}},
		{T(ctx, "Conversation"), []shortcut{
			{keys: []string{"↑", "↓"}, does: T(ctx, "Move between messages")},
			{keys: []string{"Enter", "Shift+F10"}, does: T(ctx, "What can be done with a message")},
			{keys: []string{"Delete"}, does: T(ctx, "Recall your message; you are asked first")},
			{keys: []string{"r"}, does: T(ctx, "Reply")},
			{keys: []string{"Ctrl+Z"}, does: T(ctx, "Undo a message that is not sent yet")},
		}},
	}
	if !staff(ctx) {
		return out
	}
	return append(out, shortcuts{T(ctx, "Administration"), []shortcut{
		{keys: []string{"j", "k"}, does: T(ctx, "Next report, report before")},
		{keys: []string{"Ctrl+S"}, does: T(ctx, "Review the change of the policy")},
	}})
}
