package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/client"
)

// Vanishing is how long after the acknowledgement of a recall its message is gone
// for a recipient with a live connection: the signal has come, the state has been
// fetched, and the message is not in it or is a marker. Gone before the
// acknowledgement counts as zero.
type Vanishing struct {
	Recalls int           `json:"recalls"`
	P50     time.Duration `json:"p50_ns"`
	P99     time.Duration `json:"p99_ns"`
}

const vanishesWithin = 10 * time.Second

func (s *site) vanishing(ctx context.Context) (Vanishing, error) {
	s.options.say("%d recalls seen from a live connection", s.options.Recalls)
	p, err := s.newPair(ctx, s.people[1], s.people[2])
	if err != nil {
		return Vanishing{}, err
	}
	ctx, cancel := context.WithCancel(ctx)
	var listening sync.WaitGroup
	defer listening.Wait()
	defer cancel()
	signals := make(chan struct{}, 256)
	standing := make(chan struct{}, 1)
	listening.Go(func() {
		for e, err := range s.client.As(p.people[1].token).Events(ctx, "") {
			if err != nil {
				cancel()
				return
			}
			if e.Kind == client.EventConnected {
				offer(standing)
			}
			if e.ConversationID == p.id || e.ConversationID == "" { // what names none may mean any
				offer(signals)
			}
		}
	})
	select {
	case <-standing:
	case <-time.After(vanishesWithin):
		return Vanishing{}, errors.New("bench: the live connection did not come about")
	case <-ctx.Done():
		return Vanishing{}, errors.New("bench: the live connection was refused")
	}
	var took []time.Duration
	for range s.options.Recalls {
		d, err := s.vanish(ctx, p, signals)
		if err != nil {
			return Vanishing{}, err
		}
		took = append(took, d)
	}
	slices.Sort(took)
	return Vanishing{Recalls: len(took), P50: quantile(took, 50), P99: quantile(took, 99)}, nil
}

// offer leaves a sign, unless there are enough of them to act on.
func offer(signs chan<- struct{}) {
	select {
	case signs <- struct{}{}:
	default:
	}
}

// vanish sends a message, waits until the recipient was told, recalls it, and waits
// until it is gone there.
func (s *site) vanish(ctx context.Context, p *pair, signals <-chan struct{}) (time.Duration, error) {
	writer, reader := s.client.As(p.people[0].token), s.client.As(p.people[1].token)
	for len(signals) > 0 {
		<-signals
	}
	m, err := writer.Send(ctx, p.id, api.SendMessage{Body: text})
	if err != nil {
		return 0, err
	}
	cursor := ""
	err = await(ctx, "message", signals, func() (bool, error) {
		newest, err := reader.History(ctx, p.id, "", 1)
		cursor = newest.Cursor
		return len(newest.Items) == 1 && newest.Items[0].ID == m.ID, err
	})
	if err != nil {
		return 0, err
	}
	acknowledged := make(chan time.Time, 1)
	var recalling error
	go func() {
		_, recalling = writer.Recall(ctx, m.ID, api.Recall{ConversationID: p.id})
		acknowledged <- time.Now()
	}()
	err = await(ctx, "recall", signals, func() (bool, error) {
		changes, err := reader.Changes(ctx, p.id, cursor, 0)
		cursor = changes.Cursor
		return goneFrom(changes, m.ID), err
	})
	gone := time.Now()
	at := <-acknowledged
	if err := errors.Join(err, recalling); err != nil {
		return 0, err
	}
	return max(0, gone.Sub(at)), nil
}

func goneFrom(c api.Changes, id string) bool {
	return slices.Contains(c.Vanished, id) || slices.ContainsFunc(c.Messages, func(m api.Message) bool {
		return m.ID == id && m.Delivery == "recalled" && m.Content == nil
	})
}

// await asks after every signal until the answer is yes.
func await(ctx context.Context, what string, signals <-chan struct{}, ask func() (bool, error)) error {
	limit := time.NewTimer(vanishesWithin)
	defer limit.Stop()
	for {
		select {
		case <-signals:
		case <-limit.C:
			return fmt.Errorf("bench: a live connection was not told of a %s within %s", what, vanishesWithin)
		case <-ctx.Done():
			return ctx.Err()
		}
		if yes, err := ask(); err != nil || yes {
			return err
		}
	}
}

// Idle is what a server needs while nothing happens.
type Idle struct {
	Ready   time.Duration `json:"ready_ns"` // median, from the start of the process on the data that was made
	Memory  int64         `json:"memory_bytes"`
	Streams int           `json:"streams"`              // live connections
	AtOnce  int64         `json:"stream_bytes_at_once"` // of each, when the last one stood
	Each    int64         `json:"stream_bytes"`         // of each, after Settle
	Settle  time.Duration `json:"settle_ns"`
}

const (
	starts  = 5
	resting = 2 * time.Second // before the memory of an idle server is read
	// perAddress is how many connections leave from one local address: well below the
	// ports that a system gives out.
	perAddress = 20_000
	// perPerson is below what one account may have.
	perPerson = 40
)

// idle starts the server again, so that its memory holds nothing of what was before,
// and reads what it needs with and without live connections.
func (s *site) idle(ctx context.Context) (Idle, error) {
	out := Idle{Settle: s.options.Settle}
	if s.server != nil {
		s.options.say("starting the server again, %d times", starts)
		var took []time.Duration
		for range starts {
			d, err := s.restart(ctx)
			if err != nil {
				return out, err
			}
			took = append(took, d)
		}
		slices.Sort(took)
		out.Ready = quantile(took, 50)
	}
	if s.pid == 0 {
		return out, nil
	}
	if err := rest(ctx, resting); err != nil {
		return out, err
	}
	var err error
	if out.Memory, err = residentOf(s.pid); err != nil || s.options.Streams == 0 {
		return out, err
	}
	s.options.say("%d live connections", s.options.Streams)
	return out, s.hold(ctx, &out)
}

// hold opens live connections, leaves them alone for a while, and closes them.
func (s *site) hold(ctx context.Context, out *Idle) error {
	streams := make([]*wire, s.options.Streams)
	defer func() {
		for _, w := range streams {
			if w != nil {
				w.close()
			}
		}
	}()
	err := inParallel(ctx, setUpWorkers, len(streams), func(ctx context.Context, i int) error {
		from := &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(1+i/perAddress))}
		if len(streams) <= perAddress {
			from = nil
		}
		w, err := dial(ctx, s.address, addrOrNil(from))
		if err != nil {
			return err
		}
		streams[i] = w
		return w.listen(s.people[i%len(s.people)].token)
	})
	if err != nil {
		return err
	}
	out.Streams = len(streams)
	each := func() (int64, error) {
		now, err := residentOf(s.pid)
		return (now - out.Memory) / int64(len(streams)), err
	}
	if out.AtOnce, err = each(); err != nil {
		return err
	}
	if err := rest(ctx, s.options.Settle); err != nil {
		return err
	}
	out.Each, err = each()
	return err
}

// addrOrNil keeps a nil pointer from becoming an address.
func addrOrNil(a *net.TCPAddr) net.Addr {
	if a == nil {
		return nil
	}
	return a
}

// listen begins a live stream and reads as far as the end of its first frame. What
// follows stays in the kernel: an idle client needs no memory here.
func (w *wire) listen(token string) error {
	if err := w.conn.SetDeadline(time.Now().Add(answerWithin)); err != nil {
		return err
	}
	w.head("GET", "/api/v1/events", token)
	w.out = append(w.out, "Accept: text/event-stream\r\n\r\n"...)
	if _, err := w.conn.Write(w.out); err != nil {
		return err
	}
	status, _, err := w.answerHead()
	if err == nil && status != 200 {
		err = refused("a live connection", status, nil)
	}
	for err == nil {
		var line []byte
		if line, err = w.line(); err == nil && len(bytes.TrimSpace(line)) == 0 {
			break
		}
	}
	w.in, w.out = nil, nil
	return err
}

func rest(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
