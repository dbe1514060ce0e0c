package sim_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"testing"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/client"
	"github.com/sealpost/sealpost/internal/httpapi"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/sim"
)

// remote asks one node over HTTP, with a client for each person.
type remote struct{ people []*client.Client }

// overHTTP serves every node and gives a driver for each.
func overHTTP(t *testing.T, w *world) []driver {
	t.Helper()
	tokens := make([]string, len(w.people))
	for i, p := range w.people {
		var err error
		if tokens[i], err = w.nodes[0].TokenFor(t.Context(), p.User.Email, "histories"); err != nil {
			t.Fatal(err)
		}
	}
	var out []driver
	for _, n := range w.nodes {
		h, err := httpapi.New(httpapi.Config{Service: n})
		if err != nil {
			t.Fatal(err)
		}
		server := httptest.NewServer(h.Handler())
		t.Cleanup(func() {
			if err := h.Close(context.Background()); err != nil {
				t.Errorf("closing the API: %v", err)
			}
			server.Close()
		})
		var d remote
		for _, token := range tokens {
			c, err := client.New(server.URL, client.WithToken(token), client.WithRetry(client.Retry{Attempts: 1}))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(c.Close)
			d.people = append(d.people, c)
		}
		out = append(out, d)
	}
	return out
}

func (d remote) open(ctx context.Context, p party, recipient int, key string) (sim.Output, error) {
	o, err := d.people[p.recipients[recipient]].Open(ctx, p.conversation.String(), p.message.String(), keyed(key)...)
	if err != nil {
		return refused(err)
	}
	for _, m := range o.Messages {
		switch {
		case m.ID != p.message.String():
		case m.Content == nil || m.Content.Body != p.body:
			return sim.Output{}, fmt.Errorf("%w: an opening without its text", errAnswer)
		default:
			return sim.Output{Answer: sim.Content}, nil
		}
	}
	return sim.Output{Answer: sim.Nothing}, nil
}

func (d remote) recall(ctx context.Context, p party, key string) (sim.Output, error) {
	r, err := d.people[p.sender].Recall(ctx, p.message.String(), api.Recall{}, keyed(key)...)
	if err != nil {
		return refused(err)
	}
	out := sim.Output{Answer: sim.Recalled}
	for _, line := range r.Recipients {
		i, err := p.index(line.UserID)
		if err != nil {
			return sim.Output{}, err
		}
		switch line.Outcome {
		case "opened":
			out.Opened = out.Opened.With(i)
		case "recalled":
			out.Recalled = out.Recalled.With(i)
			if line.Level != "none" { // trace: auto
				out.Marked = out.Marked.With(i)
			}
		}
	}
	return out, consistent(out, len(p.recipients), r.Outcome, r.Trace)
}

func (d remote) peek(ctx context.Context, p party, recipient int) (sim.Output, error) {
	m, err := d.people[p.recipients[recipient]].Message(ctx, p.message.String())
	if err != nil {
		return refused(err)
	}
	switch {
	case m.State == "recalled" && m.Delivery == "recalled" && m.Content == nil:
		return sim.Output{Answer: sim.Marker}, nil
	case m.State == "sent" && m.Delivery == "sealed" && m.Content == nil:
		return sim.Output{Answer: sim.Envelope}, nil
	case m.State == "sent" && m.Delivery == "opened" && m.Content != nil && m.Content.Body == p.body:
		return sim.Output{Answer: sim.Content}, nil
	}
	return sim.Output{}, fmt.Errorf("%w: state %s, delivery %s, content %t", errAnswer, m.State, m.Delivery, m.Content != nil)
}

func (d remote) senderPeek(ctx context.Context, p party) (sim.Output, error) {
	m, err := d.people[p.sender].Message(ctx, p.message.String())
	if err != nil {
		return refused(err)
	}
	out := sim.Output{Answer: sim.State}
	for _, line := range m.Deliveries {
		i, err := p.index(line.UserID)
		if err != nil {
			return sim.Output{}, err
		}
		switch line.State {
		case "opened":
			out.Opened = out.Opened.With(i)
		case "recalled":
			out.Recalled = out.Recalled.With(i)
		}
	}
	return out, nil
}

// index finds a recipient by the id that was given out.
func (p party) index(user string) (int, error) {
	for i, r := range p.recipients {
		if id[sealpost.UserID](1, r).String() == user {
			return i, nil
		}
	}
	return 0, fmt.Errorf("%w: somebody who is no recipient", errAnswer)
}

func keyed(key string) []client.CallOption {
	if key == "" {
		return nil
	}
	return []client.CallOption{client.WithKey(key)}
}

// refused tells what an error answers. Without an answer, or with one that says that
// the server does not know, the outcome is unknown (R11).
func refused(err error) (sim.Output, error) {
	var e *client.Error
	switch {
	case !errors.As(err, &e):
		return sim.Output{}, err
	case e.Status == 0 || e.Code == string(sealpost.CodeUnavailable):
		return sim.Output{Answer: sim.Unknown}, nil
	case e.Code == string(sealpost.CodeNotFound):
		return sim.Output{Answer: sim.Absent}, nil
	case e.Code == string(sealpost.CodeOpened):
		return sim.Output{Answer: sim.Refused}, nil
	}
	return sim.Output{}, err
}

// TestHistoriesOverHTTP: the same, as clients of the API are told it.
func TestHistoriesOverHTTP(t *testing.T) {
	onEngines(t, engines(), func(t *testing.T, e engine) {
		for _, recipients := range []int{1, 3} {
			t.Run(fmt.Sprint(recipients), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, e, plan{people: 1 + recipients})
				r := newCampaign(sim.Rules{Recipients: recipients}, overHTTP(t, w))
				r.giveUp = 8
				r.accept(t, w, rounds(30, 1500))
			})
		}
	})
}
