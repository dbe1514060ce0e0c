package httpapi

import (
	"slices"
	"time"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/sealpost"
)

// sink is where a live connection is written to: the connection itself once it is
// taken over, or the answer of a handler that stays.
type sink interface {
	Write([]byte) (int, error)
	SetWriteDeadline(time.Time) error
	// Close makes the owner of the connection notice that it ends. It does not block,
	// and may be called more than once.
	Close() error
}

// stream is one live connection. There may be many, so it is small: it holds no
// request, no buffer and no timer, and a queue only while something waits.
//
// The shard's writer alone writes to it once it is live, and its owner before. The
// owner is the goroutine that reads from it; it alone forgets it.
type stream struct {
	sink  sink
	watch watcher
	user  sealpost.UserID
	token string // to look at again

	// Guarded by the shard's lock.
	next  *stream // of the same person
	queue []sealpost.ConversationID
	place int32 // in its slot of the wheel
	slot  uint8
	live  bool // the writer may write
	// topics holds a bit for each topic that waits: once is enough, however often it
	// changed.
	topics topicSet

	beats uint8 // of the writer alone
}

// enqueue reports whether the stream has to be put on the ready list. A queue one
// longer than its limit stands for an overflow.
func (st *stream) enqueue(id sealpost.ConversationID) bool {
	if len(st.queue) > queueLimit || slices.Contains(st.queue, id) {
		return false
	}
	first := !st.waits()
	st.queue = append(st.queue, id)
	return first
}

// note is enqueue for a topic.
func (st *stream) note(topic sealpost.Topic) bool {
	first := !st.waits()
	st.topics |= 1 << topic
	return first
}

// waits reports whether there is something to write.
func (st *stream) waits() bool { return len(st.queue) > 0 || st.topics != 0 }

// send writes frames while the connection may be served: a node without a lease
// shows nothing to anybody (R24).
func (st *stream) send(now time.Time, frames []byte) {
	if !st.watch.Valid() || st.sink.SetWriteDeadline(now.Add(writeLimit)) != nil {
		st.end()
		return
	}
	if _, err := st.sink.Write(frames); err != nil {
		st.end()
	}
}

// beat keeps an idle connection open, and now and then has its token looked at.
func (st *stream) beat(h *hub) {
	st.send(h.clock(), []byte(": \n\n"))
	if st.beats++; st.beats == recheckBeats {
		st.beats = 0
		h.check(st)
	}
}

// end makes the owner end the connection.
func (st *stream) end() { _ = st.sink.Close() } // closing twice is an error that says nothing

// appendEvent adds the frame of a conversation event (the HTML standard, §9.2).
func appendEvent(b []byte, resume string, id sealpost.ConversationID) []byte {
	b = append(b, "id: "...)
	b = append(b, resume...)
	b = append(b, "\nevent: "+api.EventConversation+"\ndata: {\"conversation_id\":\""...)
	b = append(b, id.String()...)
	return append(b, "\"}\n\n"...)
}

// topicSet is a set of topics, one bit each.
type topicSet uint8

const allTopics topicSet = 1<<sealpost.TopicNetwork | 1<<sealpost.TopicSettings

// appendTopics adds a frame for each topic. It says that there is something new and
// nothing of what.
func appendTopics(b []byte, resume string, topics topicSet) []byte {
	if topics&(1<<sealpost.TopicNetwork) != 0 {
		b = append(b, "id: "+resume+"\nevent: "+api.EventNetwork+"\ndata: {}\n\n"...)
	}
	if topics&(1<<sealpost.TopicSettings) != 0 {
		b = append(b, "id: "+resume+"\nevent: "+api.EventSettings+"\ndata: {}\n\n"...)
	}
	return b
}
