package bus

import (
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/sealpost/sealpost/internal/sealpost"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func hint(n byte) sealpost.Hint {
	return sealpost.Hint{Conversation: sealpost.ConversationID{15: n}, Users: []sealpost.UserID{{15: 1}}}
}

func TestEverySubscriberGetsEveryHintInOrder(t *testing.T) {
	t.Parallel()
	b := New()
	var wg sync.WaitGroup
	wg.Add(2 * 100)
	got := make([][]sealpost.ConversationID, 2)
	for i := range got {
		stop := b.Subscribe(func(h sealpost.Hint) {
			got[i] = append(got[i], h.Conversation)
			wg.Done()
		})
		defer stop()
	}
	for n := range 100 {
		b.Publish(hint(byte(n + 1)))
	}
	wg.Wait()
	for i := range got {
		for n, id := range got[i] {
			if id != hint(byte(n+1)).Conversation {
				t.Fatalf("subscriber %d got hint %d out of order", i, n)
			}
		}
	}
}

// A subscriber that hangs blocks nobody, holds at most Queue hints, and learns
// that it lost some.
func TestOverflowIsAnsweredByResync(t *testing.T) {
	t.Parallel()
	b := New()
	entered, release := make(chan struct{}), make(chan struct{})
	resynced := make(chan int, 1)
	seen := 0
	stop := b.Subscribe(func(h sealpost.Hint) {
		seen++
		if seen == 1 {
			close(entered)
			<-release
		}
		if h.Conversation.IsZero() {
			resynced <- seen
		}
	})
	defer stop()
	b.Publish(hint(1))
	<-entered
	for range Queue + 1 {
		b.Publish(hint(2))
	}
	close(release)
	if n := <-resynced; n != 2 {
		t.Fatalf("the resync came as call %d, want it right after the hint that hung", n)
	}
}

// After a resync hints flow again.
func TestHintsFlowAfterAnOverflow(t *testing.T) {
	t.Parallel()
	b := New()
	entered, release, last := make(chan struct{}), make(chan struct{}), make(chan struct{})
	var once sync.Once
	stop := b.Subscribe(func(h sealpost.Hint) {
		once.Do(func() { close(entered); <-release })
		if h.Conversation.IsZero() {
			b.Publish(hint(9))
		}
		if h.Conversation == hint(9).Conversation {
			close(last)
		}
	})
	defer stop()
	b.Publish(hint(1))
	<-entered
	for range Queue + 1 {
		b.Publish(hint(2))
	}
	close(release)
	<-last
}

func TestNothingArrivesAfterStop(t *testing.T) {
	t.Parallel()
	b := New()
	first := make(chan struct{}, 1)
	calls := 0
	stop := b.Subscribe(func(sealpost.Hint) { calls++; first <- struct{}{} })
	b.Publish(hint(1))
	<-first
	stop()
	stop() // again is harmless
	b.Publish(hint(2))
	if calls != 1 {
		t.Fatalf("f ran %d times, want once", calls)
	}
}

func TestAHintForNobodyIsDropped(t *testing.T) {
	t.Parallel()
	b := New()
	got := make(chan sealpost.Hint, 3)
	stop := b.Subscribe(func(h sealpost.Hint) { got <- h })
	defer stop()
	b.Publish(sealpost.Hint{})
	b.Publish(sealpost.Hint{Conversation: hint(1).Conversation})
	b.Publish(hint(3))
	if h := <-got; h.Conversation != hint(3).Conversation {
		t.Fatal("a hint that names nobody was passed on; it would read as a resync")
	}
}
