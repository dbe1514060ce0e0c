package webui_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// refusal is a way to be refused a recall, and what the pages say then.
type refusal struct {
	code   sealpost.Code
	status int
	before func(*testing.T, *talk, *writer, *writer) // the message is sent
	after  func(*testing.T, *talk, *writer, *writer, sealpost.MessageID)
	says   func(*testing.T, *talk, *writer, sealpost.MessageID) []string
}

func refusals() []refusal {
	return []refusal{
		{
			code: sealpost.CodeRecallOff, status: http.StatusConflict,
			before: func(_ *testing.T, c *talk, _, _ *writer) { c.rules(func(p *policy.Policy) { p.Recall = false }) },
			says: func(*testing.T, *talk, *writer, sealpost.MessageID) []string {
				return []string{"Your organisation has turned recall off", "Ask your administrator."}
			},
		},
		{
			code: sealpost.CodeWindowClosed, status: http.StatusConflict,
			after: func(_ *testing.T, c *talk, _, _ *writer, _ sealpost.MessageID) { c.later(6 * time.Minute) },
			says: func(t *testing.T, c *talk, w *writer, id sealpost.MessageID) []string {
				return []string{
					"The recall window has closed",
					"Recall was possible until " + clockOf(t, c.view(w, id).RecallableUntil) + ". Your organisation allows 5 min.",
				}
			},
		},
		{
			code: sealpost.CodeOpened, status: http.StatusConflict,
			after: func(_ *testing.T, c *talk, _, jonas *writer, id sealpost.MessageID) { c.opens(jonas, id) },
			says: func(t *testing.T, c *talk, w *writer, id sealpost.MessageID) []string {
				return []string{
					"Jonas Lindqvist has opened it",
					"It was opened at " + clockOf(t, c.view(w, id).Deliveries[0].OpenedAt) + ". An opened message can't be recalled.",
				}
			},
		},
		{
			code: sealpost.CodeDailyLimit, status: http.StatusTooManyRequests,
			before: func(t *testing.T, c *talk, maya, _ *writer) {
				first := c.says(maya, "the first of the day")
				if _, err := c.Recall(t.Context(), maya.Principal, "", first, service.Recalling{}); err != nil {
					t.Fatal(err)
				}
			},
			says: func(t *testing.T, c *talk, w *writer, id sealpost.MessageID) []string {
				m := c.view(w, id)
				f, err := c.Forecast(t.Context(), w.Principal, id)
				if err != nil || f.NextPossibleAt <= m.RecallableUntil {
					t.Fatalf("the forecast is %+v, %v", f, err)
				}
				zone, _ := time.LoadLocation("Europe/Stockholm")
				next := f.NextPossibleAt.Time().In(zone)
				return []string{
					"You already recalled a message here today", "One recall per conversation per day.",
					"From " + next.Format("Mon 2 Jan, 15:04 (MST)") + " for other messages. The recall window of this message ends first, at " +
						clockOf(t, m.RecallableUntil) + ", so it can't be recalled.",
				}
			},
		},
		{
			code: sealpost.CodeThrottled, status: http.StatusTooManyRequests,
			before: func(t *testing.T, c *talk, maya, _ *writer) {
				c.rules(func(p *policy.Policy) { p.Throttle.Messages, p.Throttle.Period = 2, time.Minute })
				amal := c.writer("Amal Rahmani")
				maya.befriend(amal)
				elsewhere := c.talk("", maya, amal)
				for range 4 {
					elsewhere.says(maya, "one of many")
				}
			},
			says: func(t *testing.T, c *talk, w *writer, id sealpost.MessageID) []string {
				f, err := c.Forecast(t.Context(), w.Principal, id)
				if err != nil {
					t.Fatal(err)
				}
				return []string{"Recall is paused for your account", "This limit protects against spam.", "At about " + clockOf(t, f.NextPossibleAt) + "."}
			},
		},
	}
}
