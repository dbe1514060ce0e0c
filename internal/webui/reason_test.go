package webui

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// inEnglish is what a page is made with, without anybody who asks.
func inEnglish(t *testing.T) context.Context {
	t.Helper()
	c, err := newCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	q := &request{server: &Server{}, now: sealpost.Instant(1_700_000_000_000_000)}
	q.words, q.direction, q.language = c.choose("en", "")
	q.ctx = context.WithValue(t.Context(), requestKey{}, q)
	return q.ctx
}

// R8: every reason that a recall can be refused for has its own heading and its own
// explanation, those that no policy of today leads to as well.
func TestEveryRefusalHasItsWords(t *testing.T) {
	t.Parallel()
	ctx := inEnglish(t)
	said := map[string]sealpost.Code{}
	codes := []sealpost.Code{
		sealpost.CodeRecallOff, sealpost.CodeRequiredNotice, sealpost.CodeOnHold, sealpost.CodeTextMessage, sealpost.CodeWindowClosed,
		sealpost.CodeDailyLimit, sealpost.CodeThrottled, sealpost.CodeOpened, sealpost.CodeRemoved, sealpost.CodeUnavailable,
	}
	for _, code := range codes {
		if !recallRefusals[code] && code != sealpost.CodeUnavailable {
			t.Errorf("a refusal with %s is shown as a failure", code)
		}
		v := whyView{
			aboutMessage: aboutMessage{message: service.MessageView{State: sealpost.Sent, Own: true, SentAt: from(ctx).now, RecallableUntil: from(ctx).now + 60e6}},
			forecast:     service.Forecast{Code: code, NextPossibleAt: from(ctx).now + 30e6, Until: from(ctx).now + 60e6, Terms: service.Terms{PerDay: 2}},
		}
		var b bytes.Buffer
		if err := whyText(v).Render(ctx, &b); err != nil {
			t.Fatal(err)
		}
		for _, words := range []string{v.heading(ctx), strings.TrimSpace(b.String())} {
			if other, there := said[words]; there || words == "" {
				t.Errorf("%s and %s both say %q", code, other, words)
			}
			said[words] = code
		}
		m := v.message
		m.Foreseen = &policy.Verdict{Code: code}
		if offered, why := recallState(ctx, service.Thread{}, m); offered || why != v.heading(ctx) && code != sealpost.CodeWindowClosed && code != sealpost.CodeOpened {
			t.Errorf("%s: the menu says %q, the panel %q", code, why, v.heading(ctx))
		}
		if again := whyAgain(v); (again != nil) != (code == sealpost.CodeDailyLimit || code == sealpost.CodeThrottled || code == sealpost.CodeOnHold || code == sealpost.CodeRecallOff) {
			t.Errorf("%s: whether it becomes possible again is %v", code, again != nil)
		}
	}
	if len(codes) != len(recallRefusals)+1 {
		t.Errorf("%d refusals have words, %d are in the table", len(codes)-1, len(recallRefusals))
	}
}
