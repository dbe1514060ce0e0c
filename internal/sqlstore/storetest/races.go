package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

func raceCases() map[string]func(*testing.T, *world) {
	return map[string]func(*testing.T, *world){
		"OpenAgainstRecall":    openAgainstRecall,
		"ReleaseAgainstUndo":   releaseAgainstUndo,
		"OneKeyOneOutcome":     oneKey,
		"TheDailyLimitHolds":   limitHolds,
		"ManySendersNoGaps":    manySenders,
		"OneAddressOneAccount": oneAddress,
	}
}

// together runs commands at the same moment, each on a copy of the world, and gives
// outcomes and errors in their order.
func together(w *world, commands ...command) ([]string, []error) {
	outcomes, errs := make([]string, len(commands)), make([]error, len(commands))
	barrier := make(chan struct{})
	var done sync.WaitGroup
	for i, c := range commands {
		c.ask.Decision = newID[sealpost.DecisionID](w)
		own := *w
		done.Go(func() {
			<-barrier
			outcomes[i], errs[i] = own.run(c)
		})
	}
	close(barrier)
	done.Wait()
	return outcomes, errs
}

// R7, I1: for one message and one recipient exactly one of open and recall wins.
func openAgainstRecall(t *testing.T, w *world) {
	w.setPolicy(func(p *policy.Policy) {
		p.PerConversationDay, p.Throttle.Refusals, p.Throttle.Messages = policy.MaxCount, policy.MaxCount, policy.MaxCount
	})
	u := w.people(2)
	wins := map[string]int{}
	for round := range w.rounds() {
		c := w.group(u...)
		id := w.say(c, u[0])
		// Three opens and three recalls; who is asked first alternates.
		var commands []command
		for range 3 {
			pair := []command{openThrough(c, u[1], id), recallOf(c, u[0], id, sealpost.DraftID{})}
			if round%2 == 1 {
				pair[0], pair[1] = pair[1], pair[0]
			}
			commands = append(commands, pair...)
		}
		outcomes, errs := together(w, commands...)
		opened, recalled := 0, 0
		for i, outcome := range outcomes {
			switch {
			case errs[i] != nil && sealpost.CodeOf(errs[i]) != sealpost.CodeNotFound: // an open of what is gone
				t.Fatalf("round %d: %s: %v", round, commands[i].name, errs[i])
			case commands[i].name == "open" && outcome == "opened":
				opened++
			case outcome == "recalled":
				recalled++
			}
		}
		if opened+recalled != 1 {
			t.Fatalf("round %d: %d opens and %d recalls won: %q", round, opened, recalled, outcomes)
		}
		m, err := w.Store.Message(ctx(), id, u[0])
		w.ok(err)
		if want := map[int]sealpost.DeliveryState{0: sealpost.DeliveryRecalled, 1: sealpost.DeliveryOpened}[opened]; m.Deliveries[0].State != want {
			t.Fatalf("round %d: %d opens won, and the delivery is %v", round, opened, m.Deliveries[0].State)
		}
		wins[map[int]string{0: "recall", 1: "open"}[opened]]++
	}
	t.Logf("%d rounds: the opening won %d, the recall %d", w.rounds(), wins["open"], wins["recall"])
	for _, side := range []string{"open", "recall"} {
		if wins[side]*5 < w.rounds() {
			t.Errorf("the %s won %d of %d races, which is less than a fifth: this was no race", side, wins[side], w.rounds())
		}
	}
}

// R28: delivered once, or undone; the loser learns it.
func releaseAgainstUndo(t *testing.T, w *world) {
	u := w.people(2)
	c := w.group(u...)
	delivered := 0
	for round := range max(w.rounds()/4, 10) {
		id := newID[sealpost.MessageID](w)
		w.must(send(c, u[0], id, sending{hold: time.Minute}), "pending")
		commands := []command{release(c, u[0], id), undo(c, u[0], id, newID[sealpost.DraftID](w)), release(c, u[0], id)}
		if round%2 == 1 {
			commands[0], commands[1] = commands[1], commands[0]
		}
		outcomes, errs := together(w, commands...)
		won := 0
		for i, err := range errs {
			if err == nil {
				won++
				if outcomes[i] == "released" {
					delivered++
				}
			} else if code := sealpost.CodeOf(err); code != sealpost.CodeAlreadyDelivered && code != sealpost.CodeNotFound {
				t.Fatalf("round %d: %s: %v", round, commands[i].name, err)
			}
		}
		if won != 1 {
			t.Fatalf("round %d: %d won: %q %v", round, won, outcomes, errs)
		}
	}
	equal(w, "unread", w.thread(c, u[1]).Unread, delivered) // I4
	equal(w, "seq", w.inside(service.Ask{Conversation: c}).Conversation.Seq, int64(delivered))
}

// I8: a request that comes several times at once is done once.
func oneKey(t *testing.T, w *world) {
	u := w.people(2)
	c := w.group(u...)
	for round := range max(w.rounds()/4, 10) {
		id := newID[sealpost.MessageID](w)
		var commands []command
		for range 4 {
			commands = append(commands, send(c, u[0], id, sending{}).with(fmt.Sprint("key ", round)))
		}
		outcomes, errs := together(w, commands...)
		sent := 0
		for i, outcome := range outcomes {
			switch {
			case outcome == "sent":
				sent++
			case outcome != "replayed sent":
				t.Fatalf("round %d: %q, %v", round, outcome, errs[i])
			}
		}
		if sent != 1 {
			t.Fatalf("round %d: sent %d times", round, sent)
		}
	}
}

// R13: concurrent recalls cannot exceed the limit.
func limitHolds(t *testing.T, w *world) {
	w.setPolicy(func(p *policy.Policy) {
		p.PerConversationDay = 2
		p.Throttle.Refusals, p.Throttle.Messages = policy.MaxCount, policy.MaxCount
	})
	u := w.people(2)
	for round := range max(w.rounds()/10, 10) {
		c := w.group(u...)
		var commands []command
		for range 5 {
			commands = append(commands, recallOf(c, u[0], w.say(c, u[0]), sealpost.DraftID{}))
		}
		outcomes, errs := together(w, commands...)
		count := map[string]int{}
		for i, outcome := range outcomes {
			w.ok(errs[i])
			count[outcome]++
		}
		if count["recalled"] != 2 || count[string(sealpost.CodeDailyLimit)] != 3 {
			t.Fatalf("round %d: %v", round, count)
		}
	}
}

// I5, R12: many conversations and many senders at once: no gaps, no position twice.
func manySenders(t *testing.T, w *world) {
	u := w.people(4)
	conversations := []sealpost.ConversationID{w.group(u...), w.group(u...), w.group(u...)}
	var commands []command
	for i := range 60 {
		commands = append(commands, send(conversations[i%3], u[i%4], newID[sealpost.MessageID](w), sending{}))
	}
	outcomes, errs := together(w, commands...)
	for i, outcome := range outcomes {
		if outcome != "sent" {
			t.Fatalf("%q, %v", outcome, errs[i])
		}
	}
	for _, c := range conversations {
		s := w.inside(service.Ask{Conversation: c})
		equal(w, "seq", s.Conversation.Seq, int64(20))
		equal(w, "rev", s.Conversation.Rev, int64(20))
		messages, err := w.Store.History(ctx(), service.HistoryQuery{Conversation: c, Viewer: u[0], Limit: 100})
		w.ok(err)
		equal(w, "messages", len(messages), 20)
		for i, m := range messages {
			equal(w, "position", m.Seq, int64(20-i))
			if i > 0 && m.SentAt >= messages[i-1].SentAt {
				t.Error("two messages in one place")
			}
		}
	}
}

func oneAddress(_ *testing.T, w *world) {
	barrier := make(chan struct{})
	errs := make([]error, 6)
	var done sync.WaitGroup
	for i := range errs {
		u := w.user("Twin")
		u.Email = []string{"Twin@example.org", "twin@EXAMPLE.org"}[i%2]
		done.Go(func() {
			<-barrier
			_, errs[i] = w.Store.Amend(ctx(), service.Stamp{}, func(a service.Amendment) ([]byte, error) { return nil, a.AddUser(u, "") })
		})
	}
	close(barrier)
	done.Wait()
	added := 0
	for _, err := range errs {
		if err == nil {
			added++
			continue
		}
		w.refused(err, sealpost.CodeInvalid)
	}
	equal(w, "accounts", added, 1)
	sameOrder(w, "found", w.find("twin"), []string{"Twin"})
}
