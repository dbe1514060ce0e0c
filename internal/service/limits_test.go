package service_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/policy"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// R13: the day is the sender's own; a changed zone counts two days later.
func TestDailyLimitFollowsTheZone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maya, jonas := h.person("Maya"), h.person("Jonas")
	in := h.pair(maya, jonas)
	h.mustRecall(maya, h.send(maya, in)) // 10:00 UTC
	zone := "Pacific/Kiritimati"         // +14: there it is already tomorrow
	u, err := h.UpdateProfile(t.Context(), maya, "", service.ProfileEdit{TimeZone: &zone})
	if err != nil {
		t.Fatal(err)
	}
	maya.User = u
	_, err = h.recall(maya, h.send(maya, in))
	wantCode(t, "after changing the zone", err, sealpost.CodeDailyLimit)
	h.advance(14 * time.Hour) // past midnight UTC
	h.mustRecall(maya, h.send(maya, in))
}

// R14: messages in other conversations throttle; the one being recalled, however
// many it went to, and required notices never do.
func TestThrottle(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.policy(func(p *policy.Policy) { p.Throttle.Messages = 3; p.Throttle.Recipients = 4 })
	maya := h.person("Maya", sealpost.RoleNotices)
	var people []service.Principal
	for i := range 6 {
		people = append(people, h.person(fmt.Sprintf("P%d", i)))
	}
	group := h.group(maya, people...)
	h.mustRecall(maya, h.send(maya, group)) // six recipients at once
	for i := range 3 {
		h.send(maya, h.pair(maya, people[i]))
	}
	direct := h.pair(maya, people[3])
	// The group is another conversation now: two messages there to six people.
	_, err := h.recall(maya, h.send(maya, direct))
	wantCode(t, "too many recipients", err, sealpost.CodeThrottled)
	h.advance(10 * time.Minute)
	for i := range 3 {
		h.send(maya, h.pair(maya, people[i]))
	}
	for i := range 3 {
		if _, err := h.Send(t.Context(), maya, "", service.Sending{Conversation: h.pair(maya, people[i]), Body: "n", Kind: sealpost.KindRequiredNotice}); err != nil {
			t.Fatal(err)
		}
	}
	h.mustRecall(maya, h.send(maya, direct)) // three others: at the limit, not over it
	h.advance(24 * time.Hour)
	for i := range 4 {
		h.send(maya, h.pair(maya, people[i%3]))
	}
	_, err = h.recall(maya, h.send(maya, direct))
	wantCode(t, "four others", err, sealpost.CodeThrottled)
}
