package client

import "github.com/sealpost/sealpost/api"

// Line is one line of a conversation as it is shown: one message, or neighbouring
// markers of one sender as one, "Ana recalled 3 messages" (R17). It has at least one
// message.
type Line []api.Message

// Lines puts messages, which must be in the order of the conversation, into lines. It
// loses none and changes no order. The API gives every marker by itself, so that the
// changes of a conversation add up to what a fresh look gives; this is how to show them.
func Lines(messages []api.Message) []Line {
	var out []Line
	for i, m := range messages {
		if i > 0 && m.State == "recalled" {
			last := out[len(out)-1]
			if before := last[len(last)-1]; before.State == "recalled" && before.SenderID == m.SenderID {
				out[len(out)-1] = append(last, m)
				continue
			}
		}
		out = append(out, Line{m})
	}
	return out
}

// Lines gives what the View holds, in lines.
func (v *View) Lines() []Line { return Lines(v.Messages()) }
