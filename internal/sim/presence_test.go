package sim_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/memstore"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// A recipient looks while the sender recalls. Whoever saw the envelope may know that
// a message came, and the report must not say "none" (R24).

// visit is one look of a recipient at a message.
type visit func(ctx context.Context, node *service.Service, who service.Principal, m sealpost.MessageID) (service.MessageView, error)

// byRequest is what every request does: it arrives, then it is served.
func byRequest(ctx context.Context, node *service.Service, who service.Principal, m sealpost.MessageID) (service.MessageView, error) {
	if err := node.Arrive(ctx, who); err != nil {
		return service.MessageView{}, err
	}
	pause()
	return node.Message(ctx, who, m)
}

// byStream is what a live connection does: it is registered, then it shows what
// there is.
func byStream(ctx context.Context, node *service.Service, who service.Principal, m sealpost.MessageID) (service.MessageView, error) {
	w, err := node.Watch(ctx, who, "")
	if err != nil {
		return service.MessageView{}, err
	}
	defer w.Close()
	pause()
	return node.Message(ctx, who, m)
}

// tooLate is the mistake: it is served first, and arrives afterwards.
func tooLate(ctx context.Context, node *service.Service, who service.Principal, m sealpost.MessageID) (service.MessageView, error) {
	v, err := node.Message(ctx, who, m)
	pause()
	if arrived := node.Arrive(ctx, who); arrived != nil {
		return service.MessageView{}, arrived
	}
	return v, err
}

// pause lets the recall come between the two halves of a look.
func pause() { yield(rand.IntN(1000)) }

// looks counts what recipients saw and what reports said.
type looks struct{ seenNotified, unseenNotified, unseenNone, seenNone int }

// lookRaces makes races of one look against one recall, each with a recipient who
// was never there before.
func lookRaces(t *testing.T, w *world, v visit, races int, stop func(looks) bool) (n looks) {
	t.Helper()
	balance := scale{random: rand.New(rand.NewPCG(rand.Uint64(), 0))}
	for i := range races {
		recipient := i + 1
		c := w.conversation(t, i, 0, recipient)
		m := w.send(t, 0, c, fmt.Sprintf("text %d", i))
		holdLook, holdRecall := balance.holds()
		var view service.MessageView
		var report service.Report
		var lookErr, recallErr error
		var both sync.WaitGroup
		begin := make(chan struct{})
		both.Go(func() {
			<-begin
			yield(holdLook)
			view, lookErr = v(context.Background(), w.nodes[0], w.people[recipient], m)
		})
		both.Go(func() {
			<-begin
			yield(holdRecall)
			report, recallErr = w.nodes[1].Recall(context.Background(), w.people[0], "", m, service.Recalling{})
		})
		close(begin)
		both.Wait()
		if recallErr != nil || lookErr != nil && sealpost.CodeOf(lookErr) != sealpost.CodeNotFound {
			t.Fatalf("race %d: look %v, recall %v", i, lookErr, recallErr)
		}
		seen := lookErr == nil && view.Delivery == sealpost.DeliverySealed
		none := report.Recipients[0].Level == sealpost.LevelNone
		balance.won(!none)
		switch {
		case seen && none:
			n.seenNone++
		case seen:
			n.seenNotified++
		case none:
			n.unseenNone++
		default:
			n.unseenNotified++
		}
		if stop(n) {
			break
		}
	}
	return n
}

// TestPresenceRace: no race of a look and a recall ends with an envelope that was
// seen and a report that says nobody was there (R24), and the check finds the
// mistake that it is for.
func TestPresenceRace(t *testing.T) {
	races := rounds(60, 2000)
	cases := []struct {
		name  string
		visit visit
		wrong bool
	}{{"request", byRequest, false}, {"stream", byStream, false}, {"arrives too late", tooLate, true}}
	onEngines(t, engines(), func(t *testing.T, e engine) {
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, e, plan{people: races + 1})
				for _, n := range w.nodes {
					if err := n.KeepLease(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				n := lookRaces(t, w, c.visit, races, func(n looks) bool { return c.wrong && n.seenNone > 0 })
				t.Logf("envelope seen: %d notified, %d none; not seen: %d notified, %d none", n.seenNotified, n.seenNone, n.unseenNotified, n.unseenNone)
				switch {
				case c.wrong && n.seenNone == 0:
					t.Errorf("the mistake was not found in %d races", races)
				case !c.wrong && n.seenNone > 0:
					t.Errorf("%d times the report said none of somebody who had seen the envelope", n.seenNone)
				case !c.wrong && (n.unseenNone == 0 || n.seenNotified+n.unseenNotified == 0):
					t.Error("one side always came first: the races prove little")
				}
			})
		}
	})
}

// clocked is an installation on the model store whose clock the test moves.
func clocked(t *testing.T) (w *world, clock *atomic.Int64) {
	clock = &atomic.Int64{}
	clock.Store(int64(sealpost.InstantOf(time.Date(2026, 3, 2, 12, 0, 59, 900_000_000, time.UTC))))
	e := engine{"memory", func(*testing.T, *faults) []service.Store {
		return []service.Store{memstore.New(memstore.Options{Clock: func() sealpost.Instant { return sealpost.Instant(clock.Load()) }})}
	}}
	return newWorld(t, e, plan{people: 2}), clock
}

// levelOfSeen recalls a message whose envelope the recipient has just been shown.
func levelOfSeen(t *testing.T, w *world, m sealpost.MessageID) sealpost.Level {
	t.Helper()
	v, err := w.nodes[0].Message(t.Context(), w.people[1], m)
	if err != nil || v.Delivery != sealpost.DeliverySealed {
		t.Fatalf("the recipient does not see the envelope: %v", err)
	}
	r, err := w.nodes[0].Recall(t.Context(), w.people[0], "", m, service.Recalling{})
	if err != nil {
		t.Fatal(err)
	}
	return r.Recipients[0].Level
}

// TestPresenceBeyondTheMinute: a request that began in one minute and is served in
// the next sees a message of the next; that counts as seen (R24).
func TestPresenceBeyondTheMinute(t *testing.T) {
	w, clock := clocked(t)
	c := w.conversation(t, 0, 0, 1)
	if err := w.nodes[0].Arrive(t.Context(), w.people[1]); err != nil {
		t.Fatal(err)
	}
	clock.Add(200_000) // the request is under way while the minute ends
	m := w.send(t, 0, c, "of the next minute")
	if l := levelOfSeen(t, w, m); l < sealpost.LevelNotified {
		t.Errorf("level %d of somebody who was shown the envelope", l)
	}
}

// TestPresenceClockBack: when the database's clock goes back, decision times run
// ahead of it (R12); somebody who comes then has still been there after the
// delivery (R24).
func TestPresenceClockBack(t *testing.T) {
	w, clock := clocked(t)
	c := w.conversation(t, 0, 0, 1)
	m := w.send(t, 0, c, "before the step")
	clock.Add(-int64(time.Hour / time.Microsecond))
	if err := w.nodes[0].Arrive(t.Context(), w.people[1]); err != nil {
		t.Fatal(err)
	}
	if l := levelOfSeen(t, w, m); l < sealpost.LevelNotified {
		t.Errorf("level %d of somebody who was shown the envelope", l)
	}
}
