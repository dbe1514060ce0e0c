package sim_test

import (
	"context"
	"fmt"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
	"github.com/sealpost/sealpost/internal/sim"
)

// direct calls the use cases of one node.
type direct struct {
	node   *service.Service
	people []service.Principal
	arrive bool // as every request over HTTP does (R24)
}

func drivers(w *world, arrive bool) []driver {
	var out []driver
	for _, n := range w.nodes {
		out = append(out, direct{n, w.people, arrive})
	}
	return out
}

func (d direct) come(ctx context.Context, person int) (service.Principal, error) {
	p := d.people[person]
	if !d.arrive {
		return p, nil
	}
	return p, d.node.Arrive(ctx, p)
}

func (d direct) open(ctx context.Context, p party, recipient int, key string) (sim.Output, error) {
	who, err := d.come(ctx, p.recipients[recipient])
	if err != nil {
		return failed(err)
	}
	o, err := d.node.Open(ctx, who, key, p.conversation, p.message)
	if sealpost.CodeOf(err) == sealpost.CodeNotFound {
		return sim.Output{Answer: sim.Absent}, nil
	}
	if err != nil {
		return failed(err)
	}
	for _, m := range o.Messages {
		if m.ID != p.message {
			continue
		}
		if m.Content == nil || m.Content.Body != p.body {
			return sim.Output{}, fmt.Errorf("%w: an opening without its text", errAnswer)
		}
		return sim.Output{Answer: sim.Content}, nil
	}
	return sim.Output{Answer: sim.Nothing}, nil
}

func (d direct) recall(ctx context.Context, p party, key string) (sim.Output, error) {
	who, err := d.come(ctx, p.sender)
	if err != nil {
		return failed(err)
	}
	r, err := d.node.Recall(ctx, who, key, p.message, service.Recalling{KeepDraft: true})
	switch {
	case sealpost.CodeOf(err) == sealpost.CodeOpened:
		return sim.Output{Answer: sim.Refused}, nil
	case err != nil:
		return failed(err)
	}
	out := sim.Output{Answer: sim.Recalled}
	for _, line := range r.Recipients {
		i, err := d.index(p, line.UserID)
		if err != nil {
			return sim.Output{}, err
		}
		switch line.Outcome {
		case service.OutcomeOpened:
			out.Opened = out.Opened.With(i)
		case service.OutcomeRecalled:
			out.Recalled = out.Recalled.With(i)
			if line.Level >= sealpost.LevelNotified { // trace: auto
				out.Marked = out.Marked.With(i)
			}
		}
	}
	return out, consistent(out, len(p.recipients), r.Outcome, r.Trace)
}

// consistent checks what a report says of itself (R15, R25).
func consistent(out sim.Output, recipients int, outcome, trace string) error {
	want, line := service.OutcomeRecalled, "none"
	if out.Opened != 0 {
		want = service.OutcomePartlyRecalled
	}
	if out.Marked != 0 {
		line = "marker"
	}
	if outcome != want || trace != line || (out.Opened|out.Recalled).Len() != recipients || out.Recalled == 0 {
		return fmt.Errorf("%w: a report with outcome %q, trace %q, opened %b, recalled %b", errAnswer, outcome, trace, out.Opened, out.Recalled)
	}
	return nil
}

func (d direct) index(p party, user sealpost.UserID) (int, error) {
	for i, r := range p.recipients {
		if d.people[r].User.ID == user {
			return i, nil
		}
	}
	return 0, fmt.Errorf("%w: a report about somebody who is no recipient", errAnswer)
}

func (d direct) peek(ctx context.Context, p party, recipient int) (sim.Output, error) {
	who, err := d.come(ctx, p.recipients[recipient])
	if err != nil {
		return failed(err)
	}
	m, err := d.node.Message(ctx, who, p.message)
	if sealpost.CodeOf(err) == sealpost.CodeNotFound {
		return sim.Output{Answer: sim.Absent}, nil
	}
	if err != nil {
		return failed(err)
	}
	return seen(m, p.body)
}

// seen is what a view shows its recipient.
func seen(m service.MessageView, body string) (sim.Output, error) {
	switch {
	case m.State == sealpost.Recalled && m.Content == nil:
		return sim.Output{Answer: sim.Marker}, nil
	case m.State == sealpost.Sent && m.Delivery == sealpost.DeliverySealed && m.Content == nil:
		return sim.Output{Answer: sim.Envelope}, nil
	case m.State == sealpost.Sent && m.Delivery == sealpost.DeliveryOpened && m.Content != nil && m.Content.Body == body:
		return sim.Output{Answer: sim.Content}, nil
	}
	return sim.Output{}, fmt.Errorf("%w: state %d, delivery %d, content %t", errAnswer, m.State, m.Delivery, m.Content != nil)
}

func (d direct) senderPeek(ctx context.Context, p party) (sim.Output, error) {
	m, err := d.node.Message(ctx, d.people[p.sender], p.message)
	if err != nil {
		return failed(err)
	}
	out := sim.Output{Answer: sim.State}
	for _, line := range m.Deliveries {
		i, err := d.index(p, line.UserID)
		if err != nil {
			return sim.Output{}, err
		}
		switch line.State {
		case sealpost.DeliveryOpened:
			out.Opened = out.Opened.With(i)
		case sealpost.DeliveryRecalled:
			out.Recalled = out.Recalled.With(i)
		}
	}
	return out, nil
}

// failed is an answer that is no answer; any other failure is a fault of the test
// or of the service.
func failed(err error) (sim.Output, error) {
	if unknown(err) {
		return sim.Output{Answer: sim.Unknown}, nil
	}
	return sim.Output{}, err
}
