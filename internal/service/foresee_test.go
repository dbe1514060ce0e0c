package service_test

import (
	"slices"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// foresee is what the pages of a conversation say of the viewer's own messages.
func (h *house) foresee(p service.Principal, in sealpost.ConversationID) ([]service.MessageView, policy.Verdict) {
	h.t.Helper()
	page, err := h.History(h.t.Context(), p, in, sealpost.MessageID{}, 50)
	if err != nil {
		h.t.Fatal(err)
	}
	next, err := h.Foresee(h.t.Context(), page.Items)
	if err != nil {
		h.t.Fatal(err)
	}
	return page.Items, next
}

// R8: what is foreseen of each message of a page is what its forecast says, whatever
// refuses, under whatever policy it was sent.
func TestForeseenIsTheForecast(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ann, ben, dan := h.person("Ann"), h.person("Ben"), h.person("Dan")
	ben = h.receipts(ben, false)
	c := h.group(ann, ben, dan)
	compare := func(what string, want sealpost.Code) {
		t.Helper()
		items, next := h.foresee(ann, c)
		for _, m := range items {
			if !m.Own {
				if m.Foreseen != nil {
					t.Errorf("%s: something is foreseen of somebody else's message", what)
				}
				continue
			}
			f, err := h.Forecast(t.Context(), ann, m.ID)
			if err != nil {
				t.Fatal(err)
			}
			if m.Foreseen == nil || m.Foreseen.Code != f.Code || m.Foreseen.RetryAt != f.NextPossibleAt || !slices.Equal(m.Foreseen.Also, f.Also) {
				t.Errorf("%s: foreseen %+v, the forecast is %s, %d, %v", what, m.Foreseen, f.Code, f.NextPossibleAt, f.Also)
			}
		}
		if next.Code != want {
			t.Errorf("%s: the next message would meet %q, want %q", what, next.Code, want)
		}
	}
	first := h.send(ann, c)
	h.send(ben, c)
	compare("nothing refuses", "")
	h.open(ben, c, first)
	compare("a secret opening", "")
	h.open(dan, c, first)
	compare("opened", "")
	second, third := h.send(ann, c), h.send(ann, c)
	if _, err := h.Recall(t.Context(), ann, "", second, service.Recalling{}); err != nil {
		t.Fatal(err)
	}
	compare("the recall of today is used", sealpost.CodeDailyLimit)
	h.policy(func(p *policy.Policy) { p.PerConversationDay = policy.MaxCount })
	h.send(ann, c)
	compare("messages of two policies", "")
	h.advance(6 * time.Minute)
	h.policy(func(p *policy.Policy) { p.Recall = false })
	h.send(ann, c)
	compare("recall switched off", sealpost.CodeRecallOff)
	items, _ := h.foresee(ann, c)
	if i := slices.IndexFunc(items, func(m service.MessageView) bool { return m.ID == third }); items[i].Foreseen.Code != sealpost.CodeWindowClosed {
		t.Errorf("the third is %+v", items[i].Foreseen)
	}
}

// The list asks for the newest of a few conversations only; what it does not ask for it
// does not promise.
func TestForeseeNewest(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ann := h.person("Ann")
	var newest []sealpost.MessageID
	for _, name := range []string{"Ben", "Cat", "Dan"} {
		newest = append(newest, h.send(ann, h.group(ann, h.person(name))))
	}
	h.send(ann, h.group(ann, h.person("Eve"))) // its newest is another's
	if _, err := h.Recall(t.Context(), ann, "", newest[2], service.Recalling{}); err != nil {
		t.Fatal(err)
	}
	entries, _, err := h.Inbox(t.Context(), ann, service.FilterAll, "", 50)
	if err == nil {
		err = h.ForeseeNewest(t.Context(), entries, 2)
	}
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	for _, e := range entries {
		if e.Last.Foreseen != nil {
			told++
		}
	}
	if told != 2 || entries[0].Last.Foreseen == nil {
		t.Errorf("%d of %d conversations are told of", told, len(entries))
	}
}
