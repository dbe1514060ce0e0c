package service_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sealpost/sealpost/internal/memstore"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// pairOf is two people and what is between them. They are called a and b.
type pairOf struct {
	*house
	people  map[string]service.Principal
	between map[string]sealpost.InvitationID // the last that each was given
}

func newPair(t *testing.T) *pairOf {
	t.Helper()
	h := newHouse(t)
	return &pairOf{
		house: h, people: map[string]service.Principal{"a": h.person("Ada"), "b": h.person("Bob")}, between: map[string]sealpost.InvitationID{},
	}
}

func (p *pairOf) other(who string) string { return map[string]string{"a": "b", "b": "a"}[who] }

// does is one step, "a invites" and so on. It gives the state of the invitation that
// comes of it, or the code of the refusal.
func (p *pairOf) does(step string) string {
	p.t.Helper()
	p.advance(time.Second)
	who, verb, _ := strings.Cut(step, " ")
	me, them := p.people[who], p.people[p.other(who)].User.ID
	var v service.InvitationItem
	var err error
	switch verb {
	case "invites":
		v, err = p.Invite(p.t.Context(), me, "", them, "note of "+who)
		p.between[who] = v.ID
	case "accepts":
		v, err = p.AcceptInvitation(p.t.Context(), me, "", p.between[p.other(who)])
	case "ignores":
		v, err = p.IgnoreInvitation(p.t.Context(), me, "", p.between[p.other(who)])
	case "withdraws":
		v, err = p.WithdrawInvitation(p.t.Context(), me, "", p.between[who])
	case "disconnects":
		err = p.Disconnect(p.t.Context(), me, "", them)
	case "blocks":
		_, err = p.Block(p.t.Context(), me, "", them)
	case "unblocks":
		err = p.Unblock(p.t.Context(), me, "", them)
	default:
		p.t.Fatalf("nobody can do %q", step)
	}
	if err != nil {
		return string(sealpost.CodeOf(err))
	}
	return state(v.State)
}

func state(s sealpost.InvitationState) string {
	return map[sealpost.InvitationState]string{
		0: "done", sealpost.InvitationOpen: "open", sealpost.InvitationAccepted: "accepted",
		sealpost.InvitationIgnored: "ignored", sealpost.InvitationWithdrawn: "withdrawn",
	}[s]
}

// sees is everything that one has of the other: how they stand, both boxes,
// connections and blocks.
func (p *pairOf) sees(who string) string {
	p.t.Helper()
	me, them := p.people[who], p.people[p.other(who)].User.ID
	v, err := p.Person(p.t.Context(), me, them)
	if err != nil {
		p.t.Fatal(err)
	}
	found, _, err := p.FindUsers(p.t.Context(), me, v.Name, "", 0)
	if err != nil || len(found) != 1 || fmt.Sprint(found[0]) != fmt.Sprint(v) {
		p.t.Errorf("%s finds %+v, %v, and reads %+v", who, found, err, v)
	}
	out := []string{string(v.Tie)}
	if v.Blocked {
		out = append(out, "blocked")
	}
	for _, box := range []service.Box{service.BoxReceived, service.BoxSent} {
		all, _, err := p.Invitations(p.t.Context(), me, box, "", 0)
		if err != nil {
			p.t.Fatal(err)
		}
		for _, i := range all {
			out = append(out, string(box)+" "+state(i.State))
			if want := map[bool]string{true: "note of " + who, false: "note of " + p.other(who)}[i.Sent]; i.Note != want || i.Person.ID != them || i.Person.Email != "" {
				p.t.Errorf("%s has %+v", who, i)
			}
		}
	}
	connections, _, err := p.Connections(p.t.Context(), me, "", "", 0)
	if err != nil || len(connections) > 0 != (v.Tie == sealpost.TieConnected) {
		p.t.Errorf("%s is %s and has the connections %v, %v", who, v.Tie, connections, err)
	}
	blocks, _, err := p.Blocks(p.t.Context(), me, "", 0)
	if err != nil || len(blocks) > 0 != v.Blocked {
		p.t.Errorf("%s blocks %v, %v and reads %v", who, blocks, err, v.Blocked)
	}
	return strings.Join(out, ", ")
}

// told names who was hinted since the last call, and that it is all about the
// network.
func (p *pairOf) told() string {
	p.t.Helper()
	p.bus.mu.Lock()
	for _, h := range p.bus.hints {
		if h.Topic != sealpost.TopicNetwork || !h.Conversation.IsZero() {
			p.t.Errorf("hinted %+v", h)
		}
	}
	p.bus.mu.Unlock()
	names := ""
	users := p.bus.told()
	for _, who := range []string{"a", "b"} {
		if slices.Contains(users, p.people[who].User.ID) {
			names += who
		}
	}
	return names
}

// R31: what each of the two gets and sees at each step, and who is hinted. What is
// between bars is: the answer, whom it is hinted to, what a sees, what b sees.
func TestInvitationsStepByStep(t *testing.T) {
	t.Parallel()
	for name, steps := range map[string]string{
		"accepted": `
a invites | open | ab | invited, sent open | invites_you, received open
a invites | open | | invited, sent open | invites_you, received open
b accepts | accepted | ab | connected, sent accepted | connected
b accepts | accepted | | connected, sent accepted | connected
a withdraws | version_conflict | | connected, sent accepted | connected
b ignores | version_conflict | | connected, sent accepted | connected
a invites | invalid | | connected, sent accepted | connected
b invites | invalid | | connected, sent accepted | connected
b disconnects | done | ab | none, sent accepted | none
a disconnects | not_found | | none, sent accepted | none
a invites | open | ab | invited, sent open, sent accepted | invites_you, received open`,
		"from both sides": `
a invites | open | ab | invited, sent open | invites_you, received open
b invites | accepted | ab | connected, sent accepted | connected`,
		"ignored, and again": `
a invites | open | ab | invited, sent open | invites_you, received open
b ignores | ignored | b | invited, sent open | none
b ignores | ignored | | invited, sent open | none
a invites | open | | invited, sent open | none
a withdraws | withdrawn | a | none | none
a withdraws | withdrawn | | none | none
b accepts | not_found | | none | none
a invites | open | a | invited, sent open | none
b invites | accepted | ab | connected, sent accepted | connected`,
		"ignored, and accepted all the same": `
a invites | open | ab | invited, sent open | invites_you, received open
b ignores | ignored | b | invited, sent open | none
b accepts | accepted | ab | connected, sent accepted | connected`,
		"ignoring is forgotten by inviting": `
a invites | open | ab | invited, sent open | invites_you, received open
b ignores | ignored | b | invited, sent open | none
a withdraws | withdrawn | a | none | none
b invites | open | ab | invites_you, received open | invited, sent open
b withdraws | withdrawn | ab | none | none
a invites | open | ab | invited, sent open | invites_you, received open`,
		"withdrawn": `
a invites | open | ab | invited, sent open | invites_you, received open
a withdraws | withdrawn | ab | none | none
b accepts | not_found | | none | none
b ignores | not_found | | none | none
a invites | open | ab | invited, sent open | invites_you, received open`,
		"not one's own to decide": `
a invites | open | ab | invited, sent open | invites_you, received open
b withdraws | not_found | | invited, sent open | invites_you, received open
a accepts | not_found | | invited, sent open | invites_you, received open`,
		"blocked with an invitation": `
a invites | open | ab | invited, sent open | invites_you, received open
b blocks | done | b | invited, sent open | none, blocked
b blocks | done | | invited, sent open | none, blocked
b accepts | not_found | | invited, sent open | none, blocked
b ignores | not_found | | invited, sent open | none, blocked
a invites | open | | invited, sent open | none, blocked
a withdraws | withdrawn | a | none | none, blocked
a invites | open | a | invited, sent open | none, blocked
b invites | cannot_deliver | | invited, sent open | none, blocked
b unblocks | done | b | invited, sent open | none
b unblocks | not_found | | invited, sent open | none
a invites | open | b | invited, sent open | invites_you, received open`,
		"blocked before": `
b blocks | done | b | none | none, blocked
a invites | open | a | invited, sent open | none, blocked
b unblocks | done | b | invited, sent open | none
b invites | accepted | ab | connected, sent accepted | connected`,
		"blocked by who invited": `
a invites | open | ab | invited, sent open | invites_you, received open
a blocks | done | ab | none, blocked | none
b accepts | not_found | | none, blocked | none
b invites | open | b | none, blocked | invited, sent open`,
		"blocked by a connection": `
a invites | open | ab | invited, sent open | invites_you, received open
b accepts | accepted | ab | connected, sent accepted | connected
a blocks | done | ab | none, blocked, sent accepted | none
b disconnects | not_found | | none, blocked, sent accepted | none`,
		"an ignored one of somebody who is blocked": `
a invites | open | ab | invited, sent open | invites_you, received open
b ignores | ignored | b | invited, sent open | none
b blocks | done | b | invited, sent open | none, blocked
b accepts | cannot_deliver | | invited, sent open | none, blocked
b unblocks | done | b | invited, sent open | none
a invites | open | | invited, sent open | none`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPair(t)
			for line := range strings.SplitSeq(strings.TrimSpace(steps), "\n") {
				step, want, _ := strings.Cut(line, " | ")
				got := fmt.Sprintf("%s | %s | %s | %s", p.does(step), p.told(), p.sees("a"), p.sees("b"))
				if want = strings.Replace(want, " |  |", " | |", 1); strings.Replace(got, " |  |", " | |", 1) != want {
					t.Errorf("%s:\n got %s\nwant %s", step, got, want)
				}
			}
		})
	}
}

// R31: whoever is blocked gets, answer by answer, what somebody gets who is ignored,
// but for ids and times; and so do those who come after a setting.
func TestABlockLooksLikeBeingIgnored(t *testing.T) {
	t.Parallel()
	steps := []string{"a invites", "a invites", "a withdraws", "a withdraws", "a invites", "a accepts", "a disconnects"}
	ignored, blocked := newPair(t), newPair(t)
	ignored.does("a invites")
	ignored.does("b ignores")
	ignored.does("a withdraws")
	blocked.does("a invites")
	blocked.does("a withdraws")
	blocked.does("b blocks")
	for _, p := range []*pairOf{ignored, blocked} {
		p.told()
	}
	for _, step := range steps {
		one, other := ignored.answer(step), blocked.answer(step)
		if one != other {
			t.Errorf("%s: somebody ignored gets\n%s\nand somebody blocked\n%s", step, one, other)
		}
	}
}

var idsAndTimes = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}|[0-9]{16}`)

// answer is everything that a gets of a step and sees then, without ids and times.
func (p *pairOf) answer(step string) string {
	p.t.Helper()
	out := p.does(step) + "\n" + p.told() + "\n" + p.sees("a")
	me := p.people["a"]
	for _, box := range []service.Box{service.BoxReceived, service.BoxSent} {
		all, next, err := p.Invitations(p.t.Context(), me, box, "", 0)
		out += fmt.Sprintf("\n%+v %q %v", all, next, err)
	}
	v, err := p.Person(p.t.Context(), me, p.people["b"].User.ID)
	return idsAndTimes.ReplaceAllString(out+fmt.Sprintf("\n%+v %v", v, err), "*")
}

func TestInviteRefuses(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	a, b := p.people["a"], p.people["b"].User.ID
	for name, c := range map[string]struct {
		to    sealpost.UserID
		note  string
		field string
	}{
		"oneself":    {a.User.ID, "", "user_id"},
		"nobody":     {sealpost.UserID{9}, "", "user_id"},
		"long":       {b, strings.Repeat("ä", 301), "note"},
		"a NUL":      {b, "a\x00", "note"},
		"a return":   {b, "a\r\nb", "note"},
		"no UTF-8":   {b, "\xff", "note"},
		"a reversal": {b, "\u202ea", "note"},
	} {
		_, err := p.Invite(t.Context(), a, "", c.to, c.note)
		wantField(t, name, err, c.field)
	}
	if told := p.told(); told != "" {
		t.Errorf("a refusal told %s", told)
	}
	_, err := p.Block(t.Context(), a, "", a.User.ID)
	wantField(t, "blocking oneself", err, "user_id")
	_, err = p.Block(t.Context(), a, "", sealpost.UserID{9})
	wantField(t, "blocking nobody", err, "user_id")
	v, err := p.Invite(t.Context(), a, "", b, " "+strings.Repeat("ä", 200)+"\n"+strings.Repeat("ö", 99)+" ")
	if err != nil || !strings.HasPrefix(v.Note, "ä") || !strings.HasSuffix(v.Note, "ö") {
		t.Errorf("a note of two lines: %v", err)
	}
}

// Under a key the second answer is the first, from the present state, and nothing
// happens twice.
func TestInvitationReplays(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	a, b := p.people["a"], p.people["b"]
	first, err := p.Invite(t.Context(), a, "key", b.User.ID, "note")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.WithdrawInvitation(t.Context(), a, "back", first.ID); err != nil {
		t.Fatal(err)
	}
	p.told()
	again, err := p.Invite(t.Context(), a, "key", b.User.ID, "note")
	if err != nil || again.ID != first.ID || again.State != sealpost.InvitationWithdrawn || again.Note != "" || p.told() != "" {
		t.Errorf("replayed as %+v, %v", again, err)
	}
	_, err = p.Invite(t.Context(), a, "key", b.User.ID, "another note")
	wantCode(t, "another note under the key", err, sealpost.CodeIdempotencyConflict)
	// R11: an answer that was lost is found under its key.
	end := p.failing("Amend", memstore.FailAfter)
	_, err = p.Block(t.Context(), a, "block", b.User.ID)
	wantCode(t, "lost", err, sealpost.CodeUnavailable)
	end()
	if v, err := p.Block(t.Context(), a, "block", b.User.ID); err != nil || !v.Blocked {
		t.Errorf("blocked: %+v, %v", v, err)
	}
}

// R32: ids and nothing of what people wrote.
func TestInvitationsAreAudited(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	for _, step := range []string{
		"a invites", "a withdraws", "a invites", "b ignores", "b accepts", "a disconnects", "a blocks", "a unblocks",
	} {
		p.does(step)
	}
	for _, action := range []string{
		"invitation.send", "invitation.withdraw", "invitation.ignore", "invitation.accept", "connection.remove", "block.add", "block.remove",
	} {
		entry := p.lastAudit(action)
		aboutOne := strings.HasPrefix(action, "invitation.") && strings.Contains(entry.Detail, p.between["a"].String())
		if strings.Contains(entry.Detail, "note") || entry.Actor.IsZero() || !aboutOne && action != "invitation.withdraw" && entry.Subject.IsZero() {
			t.Errorf("audited as %+v", entry)
		}
	}
}

// A hundred in 24 hours, with those that were withdrawn; asking again for one that
// stands costs nothing.
func TestInvitationLimit(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	a, b := p.people["a"], p.people["b"].User.ID
	began := p.now.Load()
	for range sealpost.MaxInvitations - 1 {
		p.does("a invites")
		p.does("a withdraws")
	}
	if got := p.does("a invites"); got != "open" {
		t.Fatalf("the hundredth: %s", got)
	}
	if got := p.does("a invites"); got != "open" {
		t.Errorf("the hundredth again: %s", got)
	}
	p.does("a withdraws")
	_, err := p.Invite(t.Context(), a, "key", b, "")
	var e *sealpost.Error
	want := sealpost.Instant(began).Add(time.Second + sealpost.InvitationPeriod)
	if wantCode(t, "one more", err, sealpost.CodeRateLimited); !errors.As(err, &e) || e.RetryAt != want {
		t.Errorf("try again at %v, want %v", e.RetryAt, want)
	}
	if got := p.does("b invites"); got != "open" {
		t.Errorf("somebody else: %s", got)
	}
	p.now.Store(int64(want) - 1)
	_, err = p.Invite(t.Context(), a, "key", b, "")
	if err != nil { // theirs is open: accepting costs nothing
		t.Errorf("accepting at the limit: %v", err)
	}
	p.does("a disconnects")
	p.now.Store(int64(want))
	if _, err := p.Invite(t.Context(), a, "", b, ""); err != nil {
		t.Errorf("when it is possible again: %v", err)
	}
}

// Pages go by name or by age, and none is lost or there twice.
func TestNetworkPages(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	a := p.people["a"]
	var names []string
	for _, name := range []string{"Émile", "Dora", "Ewald", "Anna", "zoe"} {
		other := p.person(name)
		p.advance(time.Second)
		if _, err := p.Invite(t.Context(), other, "", a.User.ID, ""); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	list := func(page func(cursor string) ([]string, string, error)) string {
		t.Helper()
		var out []string
		for cursor, pages := "", 0; pages == 0 || cursor != ""; pages++ {
			some, next, err := page(cursor)
			if err != nil || len(some) > 2 || pages > 3 {
				t.Fatalf("page %d: %v, %v", pages, some, err)
			}
			out, cursor = append(out, some...), next
		}
		return strings.Join(out, " ")
	}
	received := list(func(cursor string) (out []string, _ string, _ error) {
		all, next, err := p.Invitations(t.Context(), a, service.BoxReceived, cursor, 2)
		for _, v := range all {
			out = append(out, v.Person.Name)
		}
		return out, next, err
	})
	slices.Reverse(names)
	if want := strings.Join(names, " "); received != want {
		t.Errorf("received %s, want %s", received, want)
	}
	all, _, err := p.Invitations(t.Context(), a, "", "", 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range all { // the newest first
		p.advance(time.Second)
		if _, err := p.AcceptInvitation(t.Context(), a, "", v.ID); err != nil {
			t.Fatal(err)
		}
	}
	for order, want := range map[service.Order]string{"": "Anna Dora Émile Ewald zoe", service.OrderRecent: "Émile Dora Ewald Anna zoe"} {
		got := list(func(cursor string) (out []string, _ string, _ error) {
			some, next, err := p.Connections(t.Context(), a, order, cursor, 2)
			for _, c := range some {
				out = append(out, c.User.Name)
			}
			return out, next, err
		})
		if got != want {
			t.Errorf("connections by %q: %s, want %s", order, got, want)
		}
	}
	_, _, err = p.Connections(t.Context(), a, "age", "", 0)
	wantField(t, "an order that is none", err, "sort")
	_, _, err = p.Invitations(t.Context(), a, "both", "", 0)
	wantField(t, "a box that is none", err, "box")
	_, next, err := p.Connections(t.Context(), a, "", "", 2)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = p.Connections(t.Context(), a, service.OrderRecent, next, 2)
	wantField(t, "the cursor of another order", err, "cursor")
	_, _, err = p.Connections(t.Context(), p.people["b"], "", next, 2)
	wantField(t, "another's cursor", err, "cursor")
}
