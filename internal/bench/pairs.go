package bench

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/client"
)

// The operations, as they are called in results.
const (
	opSend   = "send"
	opOpen   = "open"
	opRecall = "recall"
)

const (
	// fillInFlight is how many requests are under way while messages are made that are
	// not measured themselves.
	fillInFlight = 64
	forever      = 24 * time.Hour
)

// pair is a conversation of two with what was sent in it, in order. During a
// measurement it belongs to one worker, as a conversation's messages come one after
// another in life too.
type pair struct {
	id     string
	people [2]person
	sent   []sent
	half   int // messages before it are to be opened, the others to be recalled
	next   int
}

// sent is a message that its recipient has not opened.
type sent struct {
	id string
	by int // which of the two sent it
}

// newPairs makes conversations, spread evenly over the people except the first.
func (s *site) newPairs(ctx context.Context, n int) ([]*pair, error) {
	people := s.people[1:]
	pairs := make([]*pair, n)
	err := inParallel(ctx, setUpWorkers, n, func(ctx context.Context, i int) error {
		a := i % len(people)
		b := (a + 1 + i/len(people)) % len(people)
		var err error
		pairs[i], err = s.newPair(ctx, people[a], people[b])
		return err
	})
	return pairs, err
}

func (s *site) newPair(ctx context.Context, a, b person) (*pair, error) {
	c, err := s.client.As(a.token).CreateConversation(ctx, api.StartConversation{ParticipantIDs: []string{b.id}})
	if err != nil {
		return nil, fmt.Errorf("making a conversation: %w", err)
	}
	return &pair{id: c.ID, people: [2]person{a, b}}, nil
}

// text is the body of what is sent: about 200 bytes with its number, as a message
// of a few sentences.
const text = "The plan for tomorrow has changed: we meet at ten instead of nine, in the small room on the second floor. Please bring the list of open questions, and tell the others if you see them before I do. No. "

// nextKey makes the Idempotency-Key of the next request. run is used by nobody else.
func (w *worker) nextKey(run string) string {
	w.count++
	w.key = append(append(w.key[:0], run...), '-')
	w.key = append(strconv.AppendInt(w.key, int64(w.index), 10), '-')
	return string(strconv.AppendInt(w.key, int64(w.count), 10))
}

// pathOf makes a path below the API.
func (w *worker) pathOf(parts ...string) string {
	w.path = append(w.path[:0], "/api/v1"...)
	for _, p := range parts {
		w.path = append(append(w.path, '/'), p...)
	}
	return string(w.path)
}

// sender sends in each of a worker's conversations in turn, the two people taking
// turns as well. run is what its keys begin with.
func sender(run string) step {
	return func(w *worker) (bool, error) {
		p := w.pairs[w.turn%len(w.pairs)]
		by := (w.turn / len(w.pairs)) % 2
		w.turn++
		return true, w.send(run, p, by)
	}
}

func (w *worker) send(run string, p *pair, by int) error {
	w.body = append(append(w.body[:0], `{"body":"`...), text...)
	w.body = append(strconv.AppendInt(w.body, int64(w.turn), 10), `"}`...)
	status, answer, err := w.wire.do("POST", w.pathOf("conversations", p.id, "messages"), p.people[by].token, w.nextKey(run), w.body)
	if err != nil {
		return err
	}
	_, rest, ok := bytes.Cut(answer, []byte(`"id":"`))
	id, _, closed := bytes.Cut(rest, []byte(`"`))
	if status != 201 || !ok || !closed {
		return refused("a send", status, answer)
	}
	p.sent = append(p.sent, sent{string(id), by})
	return nil
}

// take gives the next message of the worker's conversations within the half that
// the operation is for.
func (w *worker) take(limit func(*pair) int) (*pair, *sent) {
	for range w.pairs {
		p := w.pairs[w.turn%len(w.pairs)]
		w.turn++
		if p.next < limit(p) {
			p.next++
			return p, &p.sent[p.next-1]
		}
	}
	return nil, nil
}

// opener opens the first half of what was sent, one message a request, each by its
// recipient and the oldest first, so that each opening opens exactly one.
func opener(run string) step {
	return func(w *worker) (bool, error) {
		p, m := w.take(func(p *pair) int { return p.half })
		if p == nil {
			return false, nil
		}
		w.body = append(append(append(w.body[:0], `{"through":"`...), m.id...), `"}`...)
		status, answer, err := w.wire.do("POST", w.pathOf("conversations", p.id, "open"), p.people[1-m.by].token, w.nextKey(run), w.body)
		if err != nil {
			return false, err
		}
		if status != 200 || bytes.Count(answer, []byte(`"body":`)) != 1 || !bytes.Contains(answer, []byte(m.id)) {
			return false, refused("an open", status, answer)
		}
		return true, nil
	}
}

// recaller recalls the second half, each message by its sender.
func recaller(run string) step {
	return func(w *worker) (bool, error) {
		p, m := w.take(func(p *pair) int { return len(p.sent) })
		if p == nil {
			return false, nil
		}
		w.body = append(append(append(w.body[:0], `{"conversation_id":"`...), p.id...), `"}`...)
		status, answer, err := w.wire.do("POST", w.pathOf("messages", m.id, "recall"), p.people[m.by].token, w.nextKey(run), w.body)
		if err != nil {
			return false, err
		}
		if status != 200 || !bytes.Contains(answer, []byte(`"outcome":"recalled"`)) {
			return false, refused("a recall", status, answer)
		}
		return true, nil
	}
}

// rates measures sends, opens and recalls at one number in flight, in this order:
// what was sent is what is opened and recalled.
func (s *site) rates(ctx context.Context, pairs []*pair, inFlight int) ([]Rate, error) {
	for _, p := range pairs {
		p.sent, p.next, p.half = p.sent[:0], 0, 0
	}
	d := s.options.Duration
	var out []Rate
	for _, l := range []load{
		{operation: opSend, warm: min(d/5, 2*time.Second), limit: d, step: sender(client.NewKey())},
		{operation: opOpen, limit: 10 * d, drain: true, step: opener(client.NewKey())},
		{operation: opRecall, limit: 10 * d, drain: true, step: recaller(client.NewKey())},
	} {
		l.inFlight = inFlight
		s.options.say("%s, %d in flight", l.operation, inFlight)
		for i, p := range pairs {
			p.half = (len(p.sent) + i%2) / 2 // single messages go to either half
		}
		r, err := s.load(ctx, l, pairs)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// fill sends n messages, as fast as it goes.
func (s *site) fill(ctx context.Context, pairs []*pair, n int) error {
	s.options.say("sending %d messages", n)
	var begun atomic.Int64
	send := sender(client.NewKey())
	_, err := s.load(ctx, load{operation: opSend, inFlight: min(fillInFlight, len(pairs)), limit: forever, drain: true, step: func(w *worker) (bool, error) {
		if begun.Add(1) > int64(n) {
			return false, nil
		}
		return send(w)
	}}, pairs)
	if err != nil {
		return err
	}
	s.options.say("opening them, so that the next opening opens one message")
	return s.openAll(ctx, pairs)
}

// openAll opens everything that was sent, a conversation at a time for each of its
// two people.
func (s *site) openAll(ctx context.Context, pairs []*pair) error {
	return inParallel(ctx, setUpWorkers, 2*len(pairs), func(ctx context.Context, i int) error {
		p := pairs[i/2]
		if len(p.sent) == 0 {
			return nil
		}
		for reader := s.client.As(p.people[i%2].token); ; {
			opened, err := reader.Open(ctx, p.id, p.sent[len(p.sent)-1].id)
			if err != nil || !opened.More {
				return err
			}
		}
	})
}
