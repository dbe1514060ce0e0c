package sim_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
	"github.com/sealpost/sealpost/internal/sim"
)

const (
	raceOpens   = 4 // by devices of one recipient
	raceRecalls = 2 // by devices of the sender
	raceLanes   = 2 // conversations that race at once
)

// scale holds the balance of a race: the side that is ahead is held back by a number
// of yields to the others, at random up to a bound.
type scale struct {
	wonByOpen, wonByRecall int
	random                 *rand.Rand
}

// maxHold bounds how often a side yields.
const maxHold = 1 << 20

func (s *scale) won(opens bool) {
	if opens {
		s.wonByOpen++
	} else {
		s.wonByRecall++
	}
}

// holds gives how often each side yields before it begins. How long a yield takes
// depends on the machine, so the bound grows with the square of the lead.
func (s *scale) holds() (opens, recalls int) {
	lead := s.wonByOpen - s.wonByRecall
	hold := s.random.IntN(min(maxHold, 1+lead*lead*256))
	if lead > 0 {
		return hold, 0
	}
	return 0, hold
}

// lane is a conversation in which one message after the other is raced for.
type lane struct {
	party
	scale
	drivers []driver
}

// race releases everybody at once and gives the answers, opens first.
func (l *lane) race(round int) ([]sim.Output, error) {
	out := make([]sim.Output, raceOpens+raceRecalls)
	errs := make([]error, len(out))
	begin := make(chan struct{})
	holdOpens, holdRecalls := l.holds()
	var ready, done sync.WaitGroup
	ready.Add(len(out))
	for i := range out {
		d := l.drivers[(round+i)%len(l.drivers)]
		key := fmt.Sprintf("%s-%d", l.message, i)
		done.Go(func() {
			ready.Done()
			<-begin
			if i < raceOpens {
				yield(holdOpens)
				out[i], errs[i] = d.open(context.Background(), l.party, 0, key)
			} else {
				yield(holdRecalls)
				out[i], errs[i] = d.recall(context.Background(), l.party, key)
			}
		})
	}
	ready.Wait()
	close(begin)
	done.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func yield(times int) {
	for range times {
		runtime.Gosched()
	}
}

// judge says who won and what is wrong with the answers: exactly one side wins, and
// every loser got the refusal of its kind (R7, R8, R9).
func judge(out []sim.Output) (opens bool, err error) {
	count := map[sim.Answer]int{}
	for _, o := range out {
		count[o.Answer]++
	}
	for _, o := range out[raceOpens:] {
		if o != out[raceOpens] {
			return false, fmt.Errorf("the recalls were answered differently: %v", out[raceOpens:])
		}
	}
	switch {
	case count[sim.Content] == 1 && count[sim.Nothing] == raceOpens-1 && count[sim.Refused] == raceRecalls:
		return true, nil
	case count[sim.Recalled] == raceRecalls && count[sim.Nothing]+count[sim.Absent] == raceOpens:
		return false, nil
	}
	return false, fmt.Errorf("neither side won alone: opens %v, recalls %v", out[:raceOpens], out[raceOpens:])
}

// after asks everything again, on every node: the verdict is the same for ever (I1,
// I2, I7).
func (l *lane) after(opens bool) error {
	for i, d := range l.drivers {
		seen, err := d.peek(context.Background(), l.party, 0)
		if err != nil {
			return err
		}
		open, err := d.open(context.Background(), l.party, 0, "")
		if err != nil {
			return err
		}
		recall, err := d.recall(context.Background(), l.party, "")
		if err != nil {
			return err
		}
		right := open.Answer == sim.Nothing && seen.Answer == sim.Content && recall.Answer == sim.Refused
		if !opens {
			right = (open.Answer == sim.Nothing && seen.Answer == sim.Marker || open.Answer == sim.Absent && seen.Answer == sim.Absent) && recall.Answer == sim.Recalled
		}
		if !right {
			return fmt.Errorf("afterwards node %d says: peek %v, open %v, recall %v", i, seen, open, recall)
		}
	}
	return nil
}

// TestBarrierRace: N opens and M recalls of one message begin at once; exactly one
// side wins, again and again, each of them in at least a fifth of the rounds (R7;
// 6-leaks F2).
func TestBarrierRace(t *testing.T) {
	onEngines(t, durable(), func(t *testing.T, e engine) {
		w := newWorld(t, e, plan{people: 2 * raceLanes})
		total := rounds(200, 10_000)
		seed := rand.Uint64()
		began := time.Now()
		lanes := make([]*lane, raceLanes)
		var running sync.WaitGroup
		for i := range lanes {
			l := &lane{drivers: drivers(w, i%2 == 0), scale: scale{random: rand.New(rand.NewPCG(seed, uint64(i)))}}
			l.sender, l.recipients = 2*i, []int{2*i + 1}
			l.conversation = w.conversation(t, i, 2*i, 2*i+1)
			lanes[i] = l
			running.Go(func() {
				for n := range total / raceLanes {
					if err := l.round(w, n); err != nil {
						t.Errorf("seed %d, lane %d, round %d: %v", seed, i, n, err)
						return
					}
				}
			})
		}
		running.Wait()
		opens, recalls := 0, 0
		for _, l := range lanes {
			opens, recalls = opens+l.wonByOpen, recalls+l.wonByRecall
		}
		t.Logf("%d rounds of %d opens and %d recalls in %v: opens won %d, recalls %d", opens+recalls, raceOpens, raceRecalls,
			time.Since(began).Round(time.Millisecond), opens, recalls)
		if !t.Failed() && min(opens, recalls) < total/5 {
			t.Errorf("one side won too seldom: opens %d, recalls %d of %d; the race proves little", opens, recalls, total)
		}
		checkLedger(t, w, opens, recalls)
	})
}

func (l *lane) round(w *world, n int) error {
	l.body = fmt.Sprintf("race %d", n)
	m, err := w.nodes[n%len(w.nodes)].Send(context.Background(), w.people[l.sender], "", service.Sending{Conversation: l.conversation, Body: l.body, Kind: sealpost.KindMessage})
	if err != nil {
		return err
	}
	l.message = m.ID
	out, err := l.race(n)
	if err != nil {
		return err
	}
	opens, err := judge(out)
	if err != nil {
		return err
	}
	l.won(opens)
	return l.after(opens)
}

// checkLedger compares the audit log with the wins: one entry for every decision,
// and none for a loser that changed nothing (R10, R32, I6).
func checkLedger(t *testing.T, w *world, opens, recalls int) {
	t.Helper()
	log, err := w.stores[0].AuditLog(context.Background(), service.AuditQuery{Limit: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	verdict := map[sealpost.MessageID]string{}
	for _, entry := range log {
		count[entry.Action]++
		if entry.Action == "message.open" || entry.Action == "recall.granted" {
			if old, twice := verdict[entry.Message]; twice {
				t.Errorf("message %s has two verdicts: %s and %s", entry.Message, old, entry.Action)
			}
			verdict[entry.Message] = entry.Action
		}
	}
	refused := opens * (raceRecalls + len(w.nodes)) // in the race, and asked again on each node
	if count["message.open"] != opens || count["recall.granted"] != recalls || count["recall.refused"] != refused {
		t.Errorf("the log has %d openings, %d recalls and %d refusals; want %d, %d and %d",
			count["message.open"], count["recall.granted"], count["recall.refused"], opens, recalls, refused)
	}
}
