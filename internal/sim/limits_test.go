package sim_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// atOnce recalls messages of one sender all at once, on every node in turn.
func atOnce(w *world, sender int, messages []sealpost.MessageID) []error {
	ctx := context.Background()
	errs := make([]error, len(messages))
	begin := make(chan struct{})
	var done sync.WaitGroup
	for i, m := range messages {
		node := w.nodes[i%len(w.nodes)]
		done.Go(func() {
			<-begin
			_, errs[i] = node.Recall(ctx, w.people[sender], "at-once-"+m.String(), m, service.Recalling{})
		})
	}
	close(begin)
	done.Wait()
	return errs
}

// byCode counts errors by their code.
func byCode(errs []error) map[sealpost.Code]int {
	out := map[sealpost.Code]int{}
	for _, err := range errs {
		out[sealpost.CodeOf(err)]++
	}
	return out
}

// aroundNoon names a zone in which it is about noon, so that no day ends while a
// test runs.
func aroundNoon() string { // the sign of these names is turned round
	behind := time.Now().UTC().Hour() - 12
	return fmt.Sprintf("Etc/GMT%+d", behind)
}

// inZone moves a person to another time zone, long ago (R13).
func (w *world) inZone(t *testing.T, person int, zone string) {
	t.Helper()
	u := w.people[person].User
	u.TimeZone = zone
	w.amend(t, func(a service.Amendment) error { return a.PutUser(u) })
	w.people[person].User = u
}

// TestDailyLimitAtOnce: with one recall left, fifty recalls of fifty messages at
// once give exactly one success, and the other messages stay as they were (R10, R13;
// 6-leaks H6).
func TestDailyLimitAtOnce(t *testing.T) {
	onEngines(t, durable(), func(t *testing.T, e engine) {
		const perDay, many = 3, 50
		w := newWorld(t, e, plan{people: 2, policy: func(p *policy.Policy) {
			unlimited(p)
			p.PerConversationDay = perDay
		}})
		w.inZone(t, 0, aroundNoon())
		c := w.conversation(t, 0, 0, 1)
		for i := range perDay - 1 {
			m := w.send(t, 0, c, "used up")
			if _, err := w.nodes[i%2].Recall(t.Context(), w.people[0], "", m, service.Recalling{}); err != nil {
				t.Fatalf("recall %d of the day: %v", i+1, err)
			}
		}
		var messages []sealpost.MessageID
		for i := range many {
			messages = append(messages, w.send(t, 0, c, fmt.Sprintf("text %d", i)))
		}
		errs := atOnce(w, 0, messages)
		if got := byCode(errs); got[""] != 1 || got[sealpost.CodeDailyLimit] != many-1 {
			t.Fatalf("answers by code: %v; want one success and %d daily_limit", got, many-1)
		}
		zone, err := time.LoadLocation(aroundNoon())
		if err != nil {
			t.Fatal(err)
		}
		tomorrow := sealpost.NextDay(sealpost.InstantOf(time.Now()), zone)
		for _, err := range errs {
			var refusal *sealpost.Error
			if errors.As(err, &refusal) && refusal.RetryAt != tomorrow {
				t.Errorf("retry_at is %v, want %v", refusal.RetryAt.Time(), tomorrow.Time())
			}
		}
		w.openAll(t, 1, c, messages, errs)
	})
}

// openAll opens a conversation and expects the text of exactly those messages whose
// recall was refused.
func (w *world) openAll(t *testing.T, person int, c sealpost.ConversationID, messages []sealpost.MessageID, refused []error) {
	t.Helper()
	last := messages[0]
	want := map[sealpost.MessageID]bool{}
	for i, m := range messages {
		if refused[i] != nil {
			want[m], last = true, m
		}
	}
	o, err := w.nodes[0].Open(t.Context(), w.people[person], "", c, last)
	if err != nil {
		t.Fatalf("opening what was not recalled: %v", err)
	}
	for _, m := range o.Messages {
		if !want[m.ID] || m.Content == nil {
			t.Errorf("message %s: opened without a reason, or without its text", m.ID)
		}
		delete(want, m.ID)
	}
	if len(want) > 0 {
		t.Errorf("%d messages whose recall was refused cannot be opened", len(want))
	}
}

// TestRefusalsAtOnce: refused recalls in different conversations count towards the
// throttle exactly, however many there are at once and on which node (R10, R14).
func TestRefusalsAtOnce(t *testing.T) {
	onEngines(t, durable(), func(t *testing.T, e engine) {
		const limit, many = 10, 30
		w := newWorld(t, e, plan{people: many + 2, policy: func(p *policy.Policy) {
			unlimited(p)
			p.Throttle.Refusals, p.Throttle.Period = limit, policy.MaxThrottlePeriod
		}})
		var messages []sealpost.MessageID
		for i := range many {
			c := w.conversation(t, i, 0, i+1)
			m := w.send(t, 0, c, "opened already")
			if _, err := w.nodes[0].Open(t.Context(), w.people[i+1], "", c, m); err != nil {
				t.Fatal(err)
			}
			messages = append(messages, m)
		}
		began := sealpost.InstantOf(time.Now())
		errs := atOnce(w, 0, messages)
		// The count is over the limit once limit+1 refusals are there.
		if got := byCode(errs); got[sealpost.CodeOpened] != limit+1 || got[sealpost.CodeThrottled] != many-limit-1 {
			t.Fatalf("answers by code: %v; want %d opened and %d throttled", got, limit+1, many-limit-1)
		}
		for _, err := range errs {
			var refusal *sealpost.Error
			if errors.As(err, &refusal) && refusal.Code == sealpost.CodeThrottled && refusal.RetryAt < began.Add(policy.MaxThrottlePeriod) {
				t.Errorf("retry_at %v is before the first refusal leaves the period", refusal.RetryAt.Time())
			}
		}
		fresh := w.conversation(t, many, 0, many+1)
		sealed := []sealpost.MessageID{w.send(t, 0, fresh, "still sealed")}
		refused := atOnce(w, 0, sealed)
		if got := byCode(refused); got[sealpost.CodeThrottled] != 1 {
			t.Errorf("a recall while throttled: %v", got)
		}
		w.openAll(t, many+1, fresh, sealed, refused)
	})
}
