package client

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sealpost/sealpost/api"
)

const (
	// maxViewed is how many messages a View keeps; the oldest go first.
	maxViewed = 10_000
	// maxGone is how many ids of messages that are gone a View remembers. An answer
	// that is later than so many recalls is later than any that is still on its way.
	maxGone = 65_536
	// viewPage is the size of the pages that a View reads.
	viewPage = 200
)

// View is a conversation as its viewer has it, kept up to date from changes. What
// arrives late, twice or in another order never brings a message back that was
// recalled or is gone (R21), and never seals one again that was opened. It is safe
// for concurrent use.
type View struct {
	client       *Client
	conversation string
	turn         chan struct{} // holds the one permission to read from the server

	mu       sync.Mutex
	messages map[string]api.Message
	gone     map[string]struct{} // never come back
	goneList []string            // gone, oldest first
	cursor   string              // empty: not loaded yet
}

// Delta is what a Sync changed in a View.
type Delta struct {
	Messages []api.Message // new or different, as they are now, in the order of the conversation
	Vanished []string      // ids of messages that are gone without a trace
	Anew     bool          // the View was read anew: whatever it does not hold is out of sight
}

// View makes a view of a conversation. It is empty until the first Sync, which reads
// the newest page.
func (c *Client) View(conversation string) *View {
	v := newView()
	v.client, v.conversation = c, conversation
	return v
}

func newView() *View {
	return &View{turn: make(chan struct{}, 1), messages: map[string]api.Message{}, gone: map[string]struct{}{}}
}

// Sync reads what changed since the last Sync. Call it after a conversation event,
// after EventConnected and after api.EventResync. The Delta says what happened even
// when an error ends the Sync half-way.
func (v *View) Sync(ctx context.Context) (Delta, error) {
	select {
	case v.turn <- struct{}{}:
		defer func() { <-v.turn }()
	case <-ctx.Done():
		return Delta{}, ctx.Err()
	}
	touched := map[string]struct{}{}
	anew, err := v.sync(ctx, touched)
	return v.delta(touched, anew), err
}

func (v *View) sync(ctx context.Context, touched map[string]struct{}) (anew bool, err error) {
	for {
		since, known := v.position()
		if since == "" {
			page, err := v.client.History(ctx, v.conversation, "", viewPage)
			if err != nil {
				return anew, err
			}
			v.load(page, known, touched)
			anew = true
			continue // what changed while the page was read
		}
		changes, err := v.client.Changes(ctx, v.conversation, since, viewPage)
		switch {
		case errors.Is(err, &Error{Code: "resync"}):
			v.mu.Lock()
			v.cursor = ""
			v.mu.Unlock()
			if anew {
				return anew, err // its own fresh cursor: the server contradicts itself
			}
			continue
		case err != nil:
			return anew, err
		}
		v.apply(changes, touched)
		if !changes.More {
			return anew, nil
		}
	}
}

// position is where the next changes begin, and what the View has by then.
func (v *View) position() (cursor string, known map[string]api.Message) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.cursor == "" {
		known = maps.Clone(v.messages)
	}
	return v.cursor, known
}

// load begins anew from the newest page: what is older than it is out of sight.
// What the server had given before it was asked for the page, and no longer has on
// it, is gone; late answers to earlier questions must not bring it back.
func (v *View) load(page api.History, known map[string]api.Message, touched map[string]struct{}) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for id, m := range v.messages {
		if !final(m) {
			delete(v.messages, id)
		}
	}
	for _, m := range page.Items {
		delete(known, m.ID)
	}
	for id, m := range known {
		if !final(m) && within(page, m) {
			v.forget(id)
			touched[id] = struct{}{}
		}
	}
	for _, m := range page.Items {
		v.join(m, touched)
	}
	v.trim()
	v.cursor = page.Cursor
}

// within says whether a message that is still there would be on the newest page.
func within(page api.History, m api.Message) bool {
	if !page.More || len(page.Items) == 0 {
		return true
	}
	oldest := page.Items[0]
	return m.SentAt != nil && oldest.SentAt != nil && m.SentAt.After(oldest.SentAt.Time)
}

// apply folds a page of changes that was asked for with the View's cursor.
func (v *View) apply(c api.Changes, touched map[string]struct{}) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.fold(c, touched)
	v.cursor = c.Cursor
}

func (v *View) fold(c api.Changes, touched map[string]struct{}) {
	for _, id := range c.Vanished {
		v.forget(id)
		touched[id] = struct{}{}
	}
	for _, m := range c.Messages {
		v.join(m, touched)
	}
	v.trim()
}

// Fold adds messages that came otherwise: the answer of a Send or an Open, or an
// older page of History. They may be older than what the View has.
func (v *View) Fold(messages ...api.Message) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.fold(api.Changes{Messages: messages}, map[string]struct{}{})
}

// join takes a message unless the View has a later state of it. The states of a
// message only ever go one way, so that the later one is known without a clock.
func (v *View) join(m api.Message, touched map[string]struct{}) {
	if _, gone := v.gone[m.ID]; gone || m.ID == "" {
		return
	}
	if known, ok := v.messages[m.ID]; ok && compareStage(m, known) < 0 {
		return
	}
	v.messages[m.ID] = m
	touched[m.ID] = struct{}{}
}

func (v *View) forget(id string) {
	delete(v.messages, id)
	if _, known := v.gone[id]; known {
		return
	}
	v.gone[id] = struct{}{}
	if v.goneList = append(v.goneList, id); len(v.goneList) > maxGone {
		delete(v.gone, v.goneList[0])
		v.goneList = v.goneList[1:]
	}
}

// trim keeps the newest messages. A recalled one that goes must still not come back.
func (v *View) trim() {
	if len(v.messages) <= maxViewed {
		return
	}
	list := v.sorted()
	for _, m := range list[:len(list)-maxViewed] {
		if final(m) {
			v.forget(m.ID)
		}
		delete(v.messages, m.ID)
	}
}

// final says that nothing brings the message back.
func final(m api.Message) bool { return m.State == "recalled" || m.State == "removed" }

// stage puts the states of a message, as one viewer sees it, in the order in which
// they can follow each other.
func stage(m api.Message) [5]int {
	var s [5]int
	switch m.State {
	case "removed":
		s[0] = 3
	case "recalled":
		s[0] = 2
	case "sent":
		s[0] = 1
	}
	if m.RecalledAt != nil { // in part (R15)
		s[1] = 1
	}
	if m.Delivery == "opened" {
		s[2] = 1
	}
	s[3] = int(m.Version)
	if m.SentAt != nil {
		s[3] = 0 // the version is told until then
	}
	for _, d := range m.Deliveries {
		if d.State != "sealed" {
			s[4]++
		}
		if d.Acknowledged != nil { // and said again, that it was deleted
			s[4]++
			if d.Acknowledged.Deleted {
				s[4]++
			}
		}
	}
	return s
}

func compareStage(a, b api.Message) int {
	x, y := stage(a), stage(b)
	return slices.Compare(x[:], y[:])
}

func (v *View) delta(touched map[string]struct{}, anew bool) Delta {
	v.mu.Lock()
	defer v.mu.Unlock()
	d := Delta{Anew: anew}
	for id := range touched {
		if m, ok := v.messages[id]; ok {
			d.Messages = append(d.Messages, m)
		} else if _, gone := v.gone[id]; gone {
			d.Vanished = append(d.Vanished, id)
		}
	}
	slices.SortFunc(d.Messages, Order)
	slices.Sort(d.Vanished)
	return d
}

// Messages gives what the View holds, in the order of the conversation.
func (v *View) Messages() []api.Message {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.sorted()
}

func (v *View) sorted() []api.Message {
	out := make([]api.Message, 0, len(v.messages))
	for _, m := range v.messages {
		out = append(out, m)
	}
	slices.SortFunc(out, Order)
	return out
}

// Unread counts sealed messages that the View holds (I4).
func (v *View) Unread() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	n := 0
	for _, m := range v.messages {
		if m.State == "sent" && m.Delivery == "sealed" {
			n++
		}
	}
	return n
}

// Order is the order of a conversation: by time of delivery, then id (R34); what is
// not delivered yet comes last.
func Order(a, b api.Message) int {
	switch {
	case (a.SentAt == nil) != (b.SentAt == nil):
		if a.SentAt == nil {
			return 1
		}
		return -1
	case a.SentAt != nil:
		return cmp.Or(a.SentAt.Compare(b.SentAt.Time), strings.Compare(a.ID, b.ID))
	}
	return cmp.Or(due(a).Compare(due(b)), strings.Compare(a.ID, b.ID))
}

func due(m api.Message) time.Time {
	if m.ReleaseAt == nil {
		return time.Time{}
	}
	return m.ReleaseAt.Time
}
