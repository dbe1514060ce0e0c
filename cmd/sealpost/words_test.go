package main

import (
	"strings"
	"testing"
	"time"

	"github.com/sealpost/sealpost/api"
)

func TestWords(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 10, 45, 0, 0, time.UTC)
	at := func(hour, minute, second int) *api.Time {
		v := api.At(time.Date(2026, 11, 23, hour, minute, second, 0, time.UTC))
		return &v
	}
	w := wording{me: "me", clock: clock{now, time.UTC}, names: map[string]string{"maya": "Maya", "jonas": "Jonas"}}
	to := func(states ...string) []api.Delivery {
		out := []api.Delivery{{UserID: "maya", State: states[0]}}
		if len(states) > 1 {
			out = append(out, api.Delivery{UserID: "jonas", State: states[1]})
		}
		return out
	}
	opened := to("opened")
	opened[0].OpenedAt = at(10, 44, 0)
	mine := api.Message{SenderID: "me", State: "sent", Delivery: "own", Kind: "message", SentAt: at(10, 42, 0), RecallableUntil: at(10, 47, 5)}
	theirs := api.Message{SenderID: "maya", State: "sent", Delivery: "sealed", Kind: "message", SentAt: at(10, 42, 0), RecallableUntil: at(10, 47, 5)}
	for want, m := range map[string]api.Message{
		"Sent 10:42. Recall until 10:47:05.":                                             with(mine, func(m *api.Message) { m.Deliveries = to("sealed") }),
		"Sent 10:42. No opening reported.":                                               with(mine, func(m *api.Message) { m.Deliveries, m.RecallableUntil = to("sealed"), at(10, 44, 0) }),
		"Sent 10:42. Opened 10:44.":                                                      with(mine, func(m *api.Message) { m.Deliveries = opened }),
		"Sent 10:42. Opened by 1 of 2: Maya. Recall until 10:47:05.":                     with(mine, func(m *api.Message) { m.Deliveries = to("opened", "sealed") }),
		"Sent 10:42. Required notice. Can't be recalled.":                                with(mine, func(m *api.Message) { m.Deliveries, m.Kind = to("sealed"), "required_notice" }),
		"Not sent yet. Sends at 10:46:10.":                                               with(mine, func(m *api.Message) { m.State, m.SentAt, m.ReleaseAt = "held", nil, at(10, 46, 10) }),
		"You recalled this message. Sent 10:42, recalled 10:43.":                         with(mine, func(m *api.Message) { m.State, m.RecalledAt = "recalled", at(10, 43, 0) }),
		"Recalled for 1 of 2 people. Jonas had opened it.":                               with(mine, func(m *api.Message) { m.Deliveries, m.RecalledAt = to("recalled", "opened"), at(10, 43, 0) }),
		"Sealed. Open it to read. Until you open it, Maya can recall it until 10:47:05.": theirs,
		"Sealed. Open it to read.":                                                       with(theirs, func(m *api.Message) { m.RecallableUntil = at(10, 44, 0) }),
		"Maya recalled a message. You had not opened it.":                                with(theirs, func(m *api.Message) { m.State, m.Delivery = "recalled", "recalled" }),
		"A message was removed after review.":                                            with(theirs, func(m *api.Message) { m.State = "removed" }),
		"Scheduled. Sends Tue 24 Nov 2026, 09:00 JST.": with(mine, func(m *api.Message) {
			v := api.At(time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC))
			m.State, m.SentAt, m.ReleaseAt, m.TimeZone = "scheduled", nil, &v, "Asia/Tokyo"
		}),
	} {
		if got := w.state(m); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func with(m api.Message, change func(*api.Message)) api.Message {
	change(&m)
	return m
}

// R17: neighbouring marks of one sender are one; those of two are two.
func TestMarksCollapse(t *testing.T) {
	t.Parallel()
	w := wording{me: "me", clock: clock{time.Unix(0, 0), time.UTC}, names: map[string]string{"maya": "Maya", "jonas": "Jonas"}}
	mark := func(id, from string) api.Message {
		v := api.At(time.Unix(0, 0))
		return api.Message{ID: id, SenderID: from, State: "recalled", Delivery: "recalled", SentAt: &v, RecalledAt: &v}
	}
	got := w.thread([]api.Message{mark("11111111", "maya"), mark("22222222", "maya"), mark("33333333", "jonas"), mark("44444444", "me"), mark("55555555", "me")})
	for _, want := range []string{
		"Maya recalled 2 messages.\n", "Jonas recalled a message. You had not opened it.\n",
		"You recalled 2 messages. Reports: sealpost report 44444444, 55555555\n",
	} {
		if strings.Count(got, want) != 1 {
			t.Errorf("%q is not once in\n%s", want, got)
		}
	}
}

// Every code of R8 has words, and no other.
func TestEveryRefusalHasWords(t *testing.T) {
	t.Parallel()
	codes := []string{"recall_off", "required_notice", "on_hold", "text_message", "window_closed", "daily_limit", "throttled", "opened", "unavailable"}
	for _, code := range codes {
		if reasonOf(code) == "" {
			t.Errorf("%s has no words", code)
		}
	}
	for _, alternative := range []string{"follow_up", "disregard", "report", "block", "settings"} {
		if instead(alternative) == "" {
			t.Errorf("%s has no words", alternative)
		}
	}
	if reasonOf("not_found") != "" || instead("dance") != "" {
		t.Error("words for what is no refusal")
	}
}
