package sim_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sim"
)

// checkLimit is how long the checker may search one history.
const checkLimit = 20 * time.Second

// campaign is histories of many messages with concurrent clients on every node.
type campaign struct {
	rules   sim.Rules
	drivers []driver
	seed    uint64
	// giveUp is how often a client stops waiting for an answer, and how often it
	// then asks again with the same key, each one in so many; 0: never.
	giveUp int
	wrong  bool // answers that nobody may give count as unknown
	tally  map[string]int
	errs   chan error
	// balance lets each side come first now and then.
	balance scale
}

func newCampaign(rules sim.Rules, drivers []driver) *campaign {
	seed := rand.Uint64()
	return &campaign{
		rules: rules, drivers: drivers, seed: seed, tally: map[string]int{}, errs: make(chan error, 1),
		balance: scale{random: rand.New(rand.NewPCG(seed, 0))},
	}
}

// round records one history: every recipient on two devices, the sender on two, each
// doing a few things at once.
func (c *campaign) round(p party, n uint64) *sim.History {
	h := sim.NewHistory()
	holdOpens, holdRecalls := c.balance.holds()
	var clients sync.WaitGroup
	begin := make(chan struct{})
	for client := range 2*c.rules.Recipients + 2 {
		random := rand.New(rand.NewPCG(c.seed, n<<8|uint64(client)))
		clients.Go(func() {
			<-begin
			if client < 2 {
				yield(holdRecalls)
			} else {
				yield(holdOpens)
			}
			for step := range 1 + random.IntN(3) {
				in := c.input(client, random)
				key := fmt.Sprintf("%s-%d-%d", p.message, client, step)
				h.Do(client, in, func() sim.Output { return c.ask(p, in, key, random) })
			}
		})
	}
	close(begin)
	clients.Wait()
	return h
}

// input chooses what a client asks: the first two are the sender's.
func (c *campaign) input(client int, random *rand.Rand) sim.Input {
	look := random.IntN(3) == 0
	if client < 2 {
		if look {
			return sim.Input{Op: sim.SenderPeek}
		}
		return sim.Input{Op: sim.Recall}
	}
	in := sim.Input{Op: sim.Open, Recipient: (client - 2) / 2}
	if look {
		in.Op = sim.Peek
	}
	return in
}

// ask asks any node, and again with the same key while the outcome is unknown and
// the client has patience (R11).
func (c *campaign) ask(p party, in sim.Input, key string, random *rand.Rand) sim.Output {
	for {
		ctx, cancel := context.WithCancel(context.Background())
		if c.giveUp > 0 && random.IntN(c.giveUp) == 0 {
			go cancel()
		}
		out, err := c.attempt(ctx, c.drivers[random.IntN(len(c.drivers))], p, in, key)
		cancel()
		if err != nil && c.wrong {
			return sim.Output{Answer: sim.Unknown}
		}
		if err != nil {
			select {
			case c.errs <- err:
			default:
			}
			return sim.Output{Answer: sim.Unknown}
		}
		if out.Answer != sim.Unknown || random.IntN(2) == 0 {
			return out
		}
	}
}

func (c *campaign) attempt(ctx context.Context, d driver, p party, in sim.Input, key string) (sim.Output, error) {
	switch in.Op {
	case sim.Open:
		return d.open(ctx, p, in.Recipient, key)
	case sim.Recall:
		return d.recall(ctx, p, key)
	case sim.Peek:
		return d.peek(ctx, p, in.Recipient)
	default:
		return d.senderPeek(ctx, p)
	}
}

// run makes rounds and checks each; it gives the first history that cannot be.
func (c *campaign) run(t *testing.T, rounds int, next func() party) *sim.History {
	t.Helper()
	for n := range rounds {
		h := c.round(next(), uint64(n))
		select {
		case err := <-c.errs:
			t.Fatalf("seed %d, round %d: %v\n%s", c.seed, n, err, h)
		default:
		}
		answers := h.Answers()
		for k, v := range answers {
			c.tally[k] += v
		}
		c.balance.won(answers["recall: recalled"] == 0)
		switch h.Check(c.rules, checkLimit) {
		case porcupine.Illegal:
			t.Logf("rejected in round %d (seed %d)", n+1, c.seed)
			return h
		case porcupine.Unknown:
			t.Fatalf("seed %d, round %d: the checker gave up\n%s", c.seed, n, h)
		}
	}
	return nil
}

func (c *campaign) print(t *testing.T) {
	t.Helper()
	for _, k := range slices.Sorted(maps.Keys(c.tally)) {
		t.Logf("%6d %s", c.tally[k], k)
	}
}

// parties gives a new message of the same conversation each time.
func parties(t *testing.T, w *world, recipients int) func() party {
	people := []int{0}
	for i := range recipients {
		people = append(people, i+1)
	}
	p := party{conversation: w.conversation(t, 0, people...), sender: 0, recipients: people[1:]}
	n := 0
	return func() party {
		n++
		p.body = fmt.Sprintf("text %d of a history", n)
		p.message = w.send(t, p.sender, p.conversation, p.body)
		return p
	}
}

// accept runs a campaign on a world that is right, and expects every answer that the
// rules are about.
func (c *campaign) accept(t *testing.T, w *world, rounds int) {
	t.Helper()
	next := parties(t, w, c.rules.Recipients)
	quiet := func() party { // the sending itself does not fail
		w.faults.oneIn.Store(0)
		defer w.faults.oneIn.Store(6)
		return next()
	}
	if h := c.run(t, rounds, quiet); h != nil {
		t.Errorf("no order explains this history (seed %d):\n%s", c.seed, h)
	}
	c.print(t)
	for _, answer := range []string{"open: content", "recall: recalled", "recall: refused as opened"} {
		if c.tally[answer] == 0 {
			t.Errorf("%q never happened", answer)
		}
	}
}

// TestHistories: what concurrent clients are told of one message has an order that
// explains it, on every store and with answers that get lost (R5, R7, R9, R11, R15,
// R17; I1, I2, I7).
func TestHistories(t *testing.T) {
	cases := []struct {
		name   string
		rules  sim.Rules
		arrive bool
	}{
		{"direct", sim.Rules{Recipients: 1}, false},
		{"direct with presence", sim.Rules{Recipients: 1}, true},
		{"group", sim.Rules{Recipients: 3}, true},
		{"group all or nothing", sim.Rules{Recipients: 2, AllOrNothing: true}, false},
	}
	onEngines(t, engines(), func(t *testing.T, e engine) {
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, e, plan{people: 1 + c.rules.Recipients, policy: func(p *policy.Policy) {
					unlimited(p)
					if c.rules.AllOrNothing {
						p.Group = policy.GroupAllOrNothing
					}
				}})
				r := newCampaign(c.rules, drivers(w, c.arrive))
				r.giveUp = 8
				r.accept(t, w, rounds(60, 3000))
			})
		}
	})
}
