package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/client"
)

// replayInFlight is how many conversations are under way at once.
const replayInFlight = 16

// replaying is a file of messages on its way through a server.
type replaying struct {
	site    *site
	input   *input
	account *Account
	mu      sync.Mutex // guards account
}

// replay sends a file of messages, opens and recalls parts of it, and accounts for
// all of it. A difference is an error.
func replay(ctx context.Context, o Options, out io.Writer) error {
	in, err := readInput(o.Input, o.Lines)
	if err != nil {
		return err
	}
	s, err := openSite(ctx, o, in.people)
	if err != nil {
		return err
	}
	r := &replaying{site: s, input: in, account: &Account{
		Engine: s.engine, Settings: s.setting, File: filepath.Base(o.Input), Lines: in.lines,
		People: in.people - 1, Conversations: len(in.threads), InFlight: replayInFlight, Refused: map[string]int{},
	}}
	err = r.run(ctx)
	if err := errors.Join(err, s.close()); err != nil {
		return err
	}
	if err := r.account.print(out, o.JSON); err != nil {
		return err
	}
	if n := r.account.Differences; n > 0 {
		return fmt.Errorf("the account is off in %d places", n)
	}
	return nil
}

func (r *replaying) run(ctx context.Context) (err error) {
	if r.account.Machine, err = thisMachine(r.site.dir); err != nil {
		return err
	}
	places := map[*thread]int{}
	for i, t := range r.input.threads {
		places[t] = i
	}
	order := r.input.largestFirst()
	for _, part := range []struct {
		what string
		took *time.Duration
		do   func(context.Context, *thread) error
	}{
		{"sending", &r.account.Sending, r.send},
		{"opening", &r.account.Opening, func(ctx context.Context, t *thread) error { return r.open(ctx, t, places[t]) }},
		{"recalling", &r.account.Recalling, r.recall},
	} {
		r.site.options.say("%s, %d conversations at once", part.what, replayInFlight)
		began := time.Now()
		err := inParallel(ctx, replayInFlight, len(order), func(ctx context.Context, i int) error { return part.do(ctx, order[i]) })
		if err != nil {
			return fmt.Errorf("%s: %w", part.what, err)
		}
		*part.took = time.Since(began)
	}
	r.site.options.say("reading everything back")
	began := time.Now()
	err = r.readBack(ctx, order)
	r.account.Reading = time.Since(began)
	return err
}

func (r *replaying) as(t *thread, which int) *client.Client {
	return r.site.client.As(r.site.people[t.people[which]].token)
}

// send sends what was said, in order. What the server refuses is counted.
func (r *replaying) send(ctx context.Context, t *thread) error {
	c, err := r.as(t, 0).CreateConversation(ctx, api.StartConversation{ParticipantIDs: []string{r.site.people[t.people[1]].id}})
	why, refused := refusal(err)
	if err != nil && !refused {
		return err
	}
	t.id = c.ID
	for i := range t.said {
		s := &t.said[i]
		if err == nil {
			var m api.Message
			var failed error
			m, failed = r.as(t, s.by).Send(ctx, t.id, api.SendMessage{Body: s.text})
			if why, refused = refusal(failed); failed != nil && !refused {
				return failed
			}
			s.id = m.ID
		}
		r.mu.Lock()
		if refused {
			s.fate = refusedFate
			r.account.Refused[why]++
		} else {
			r.account.Sent++
		}
		r.mu.Unlock()
	}
	return nil
}

// refusal gives the reason if the server has decided against a request for what it
// says.
func refusal(err error) (why string, refused bool) {
	var e *client.Error
	if !errors.As(err, &e) || e.Unknown || (e.Status != 400 && e.Status != 409 && e.Status != 413 && e.Status != 422) {
		return "", false
	}
	return fmt.Sprintf("%s (%s): %s", e.Code, e.Field, e.Detail), true
}

// open opens the part that is to be opened, by both people, and compares every text
// with the input.
func (r *replaying) open(ctx context.Context, t *thread, place int) error {
	t.settle(place)
	opened := slices.Clone(t.said[:t.through(place)])
	opened = slices.DeleteFunc(opened, func(s said) bool { return s.fate == refusedFate })
	if len(opened) == 0 {
		return nil
	}
	for which := range t.people {
		want := slices.DeleteFunc(slices.Clone(opened), func(s said) bool { return s.by == which })
		var got []api.Message
		for more := true; more; {
			part, err := r.as(t, which).Open(ctx, t.id, opened[len(opened)-1].id)
			if err != nil {
				return err
			}
			got, more = append(got, part.Messages...), part.More
		}
		if len(got) != len(want) {
			r.differs(t, "an opening gave %d messages, not %d", len(got), len(want))
			continue
		}
		for i, m := range got {
			if m.ID != want[i].id || m.Content == nil || m.Content.Body != want[i].text {
				r.differs(t, "message %s was opened and is not what was sent", want[i].id)
			}
		}
	}
	return nil
}

// recall recalls what is to be recalled, each message by its sender, and compares
// the text that comes back as a draft.
func (r *replaying) recall(ctx context.Context, t *thread) error {
	for i := range t.said {
		s := &t.said[i]
		if s.fate != recalledFate {
			continue
		}
		report, err := r.as(t, s.by).Recall(ctx, s.id, api.Recall{ConversationID: t.id})
		if err != nil {
			return err
		}
		if report.Outcome != "recalled" || report.DraftID == nil {
			r.differs(t, "message %s should be recalled with a draft and is not", s.id)
			continue
		}
		draft, err := r.as(t, s.by).Draft(ctx, *report.DraftID)
		switch {
		case err != nil:
			return err
		case draft.Body != s.text:
			r.differs(t, "the draft of message %s is not what was sent", s.id)
		default:
			r.mu.Lock()
			r.account.Drafts++
			r.mu.Unlock()
		}
	}
	return nil
}

// differs notes a difference, without any text of a message.
func (r *replaying) differs(t *thread, format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.account.Differences++
	if len(r.account.First) < maxShown {
		r.account.First = append(r.account.First, fmt.Sprintf("conversation %s: ", t.id)+fmt.Sprintf(format, args...))
	}
}
