package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/client"
)

// Account says where every message of a file is. The counts of messages are what
// their people were shown at the end, and not what was acknowledged on the way.
type Account struct {
	Engine        string         `json:"engine"`
	Machine       Machine        `json:"machine"`
	Settings      []string       `json:"settings"`
	File          string         `json:"file"`
	Lines         int            `json:"lines"`
	People        int            `json:"people"`
	Conversations int            `json:"conversations"`
	InFlight      int            `json:"in_flight"`
	Sent          int            `json:"sent"`
	Refused       map[string]int `json:"refused"` // by reason

	Opened    int `json:"opened"`    // as recipients see them, with the text of the input
	Sealed    int `json:"sealed"`    // as recipients see them, without text
	Recalled  int `json:"recalled"`  // as senders see them
	Markers   int `json:"markers"`   // of the recalled: the recipient sees a marker
	Traceless int `json:"traceless"` // of the recalled: the recipient sees nothing
	Drafts    int `json:"drafts"`    // of the recalled: the text came back to its sender
	Own       int `json:"own"`       // as senders see them, with the text of the input
	Unread    int `json:"unread"`    // sum of all unread counts

	Sending   time.Duration `json:"sending_ns"`
	Opening   time.Duration `json:"opening_ns"`
	Recalling time.Duration `json:"recalling_ns"`
	Reading   time.Duration `json:"reading_ns"`

	Differences int      `json:"differences"`
	First       []string `json:"first_differences"`
}

// maxShown is how many differences are named.
const maxShown = 20

// readBack reads every conversation as both of its people, and every inbox.
func (r *replaying) readBack(ctx context.Context, order []*thread) error {
	inboxes := make([]inbox, r.input.people)
	err := inParallel(ctx, replayInFlight, r.input.people, func(ctx context.Context, i int) (err error) {
		inboxes[i], err = inboxOf(ctx, r.site.client.As(r.site.people[i].token))
		return err
	})
	if err != nil {
		return err
	}
	err = inParallel(ctx, replayInFlight, len(order), func(ctx context.Context, i int) error {
		t := order[i]
		if t.id == "" {
			return nil
		}
		return r.readThread(ctx, t, [2]inbox{inboxes[t.people[0]], inboxes[t.people[1]]})
	})
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, t := range order {
		known[t.id] = true
	}
	for _, in := range inboxes {
		for id := range in.all {
			if !known[id] {
				r.differs(&thread{id: id}, "it is in an inbox and was never begun")
			}
		}
	}
	a := r.account
	if sum := a.Opened + a.Recalled + a.Sealed; sum != a.Sent {
		a.Differences++
		a.First = append(a.First, fmt.Sprintf("%d messages were sent and %d are accounted for", a.Sent, sum))
	}
	return nil
}

// inbox is what one person's lists show, by conversation.
type inbox struct{ all, recalled map[string]api.InboxItem }

func inboxOf(ctx context.Context, c *client.Client) (in inbox, err error) {
	if in.all, err = listOf(ctx, c, ""); err == nil {
		in.recalled, err = listOf(ctx, c, "recalled")
	}
	return in, err
}

// listOf walks a whole list.
func listOf(ctx context.Context, c *client.Client, filter string) (map[string]api.InboxItem, error) {
	out := map[string]api.InboxItem{}
	for page := (client.Page{Limit: 200}); ; {
		list, err := c.Conversations(ctx, filter, page)
		if err != nil {
			return nil, err
		}
		for _, item := range list.Items {
			out[item.ID] = item
		}
		if list.NextCursor == nil {
			return out, nil
		}
		page.Cursor = *list.NextCursor
	}
}

// seen is what one person is shown of a conversation.
type seen struct{ own, opened, sealed, recalled, markers int }

// readThread reads a conversation as both people and holds it against what should
// be.
func (r *replaying) readThread(ctx context.Context, t *thread, inboxes [2]inbox) error {
	var both [2]seen
	var sent int
	for _, s := range t.said {
		if s.fate != refusedFate {
			sent++
		}
	}
	unread := 0
	for which := range t.people {
		c := r.as(t, which)
		items, err := historyOf(ctx, c, t.id)
		if err != nil {
			return err
		}
		both[which] = r.compare(t, which, items)
		r.compareItem(t, which, inboxes[which], both[which])
		unread += inboxes[which].all[t.id].Unread
		if err := r.peek(ctx, c, t, which); err != nil {
			return err
		}
	}
	opened, sealed, recalled := both[0].opened+both[1].opened, both[0].sealed+both[1].sealed, both[0].recalled+both[1].recalled
	if opened+sealed+recalled != sent {
		r.differs(t, "%d sent, %d opened, %d recalled, %d sealed", sent, opened, recalled, sealed)
	}
	markers := both[0].markers + both[1].markers
	r.mu.Lock()
	defer r.mu.Unlock()
	a := r.account
	a.Opened, a.Sealed, a.Recalled = a.Opened+opened, a.Sealed+sealed, a.Recalled+recalled
	a.Markers, a.Traceless = a.Markers+markers, a.Traceless+recalled-markers
	a.Own, a.Unread = a.Own+both[0].own+both[1].own, a.Unread+unread
	return nil
}

// historyOf reads a whole conversation, oldest first. To somebody who is shown
// nothing of it, it does not exist (R16).
func historyOf(ctx context.Context, c *client.Client, conversation string) ([]api.Message, error) {
	var pages [][]api.Message
	for before := ""; ; {
		page, err := c.History(ctx, conversation, before, 200)
		var e *client.Error
		if errors.As(err, &e) && e.Status == http.StatusNotFound && before == "" {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		pages = append(pages, page.Items)
		if !page.More || len(page.Items) == 0 {
			break
		}
		before = page.Items[0].ID
	}
	slices.Reverse(pages)
	return slices.Concat(pages...), nil
}

// compare holds a history against what was said, message by message and in order.
func (r *replaying) compare(t *thread, which int, items []api.Message) seen {
	var out seen
	at := 0
	for _, s := range t.said {
		if s.fate == refusedFate {
			continue
		}
		if at == len(items) || items[at].ID != s.id {
			if s.fate != recalledFate || s.by == which {
				r.differs(t, "message %s is missing, or not in its place, for its %s", s.id, role(s, which))
			}
			continue
		}
		m := items[at]
		at++
		if wrong := s.look(which, m); wrong != "" {
			r.differs(t, "message %s, for its %s: %s", s.id, role(s, which), wrong)
			continue
		}
		switch {
		case s.by == which && m.State == "recalled":
			out.recalled++
		case s.by == which:
			out.own++
		case m.Delivery == "opened":
			out.opened++
		case m.Delivery == "sealed":
			out.sealed++
		default:
			out.markers++
		}
	}
	if at < len(items) {
		r.differs(t, "%d messages are shown that were never sent, or twice", len(items)-at)
	}
	return out
}

func role(s said, which int) string {
	if s.by == which {
		return "sender"
	}
	return "recipient"
}

// look says what is wrong with a message as one of the two sees it; nothing if it is
// as it should be.
func (s said) look(which int, m api.Message) string {
	own := s.by == which
	delivery, state, has := string(s.fate), "sent", s.fate != recalledFate
	if own {
		delivery = "own"
	} else {
		has = s.fate == openedFate
	}
	if s.fate == recalledFate {
		state = "recalled"
	}
	switch {
	case m.State != state:
		return fmt.Sprintf("it is %s, not %s", m.State, state)
	case m.Delivery != delivery:
		return fmt.Sprintf("its delivery is %s, not %s", m.Delivery, delivery)
	case !has && m.Content != nil:
		return "its text can be read and should not be"
	case has && m.Content == nil:
		return "its text cannot be read and should be"
	case has && m.Content.Body != s.text:
		return "its text is not what was sent"
	case own && (len(m.Deliveries) != 1 || m.Deliveries[0].State != string(s.fate)):
		return "its delivery is not shown to its sender as " + string(s.fate)
	}
	return ""
}

// compareItem holds a person's lists against what they are shown of the
// conversation. One that began with messages that are recalled is not in the inbox
// of their recipient; with a marker it stands under the filter recalled (R16, R17).
func (r *replaying) compareItem(t *thread, which int, in inbox, shown seen) {
	item, listed := in.all[t.id]
	should := which == 0 || shown.own+shown.opened+shown.sealed+shown.recalled > 0 // the first one began it
	if listed != should {
		r.differs(t, "its being in the inbox is %t, not %t", listed, should)
	}
	if _, found := in.recalled[t.id]; !found && shown.markers > 0 {
		r.differs(t, "it has markers and is not under the filter recalled")
	}
	switch {
	case item.Unread != shown.sealed:
		r.differs(t, "its unread count is %d, not %d", item.Unread, shown.sealed)
	case item.Preview != nil:
		r.differs(t, "the inbox shows a preview that nobody allowed") // R26
	}
	if item.Last == nil {
		return
	}
	place := slices.IndexFunc(t.said, func(s said) bool { return s.id == item.Last.ID })
	if place < 0 {
		r.differs(t, "the inbox shows a message that was never sent")
		return
	}
	if wrong := t.said[place].look(which, *item.Last); wrong != "" {
		r.differs(t, "message %s in the inbox, for its %s: %s", item.Last.ID, role(t.said[place], which), wrong)
	}
}

// peek asks for each message by itself that its recipient must not be able to read.
func (r *replaying) peek(ctx context.Context, c *client.Client, t *thread, which int) error {
	for _, s := range t.said {
		if s.by == which || s.fate != sealedFate && s.fate != recalledFate {
			continue
		}
		m, err := c.Message(ctx, s.id)
		var e *client.Error
		switch {
		case err == nil:
			if wrong := s.look(which, m); wrong != "" {
				r.differs(t, "message %s asked for by its recipient: %s", s.id, wrong)
			}
		case errors.As(err, &e) && e.Status == http.StatusNotFound && s.fate == recalledFate:
		default:
			return err
		}
	}
	return nil
}

// print writes the account.
func (a *Account) print(out io.Writer, asJSON bool) error {
	if asJSON {
		return printJSON(out, a)
	}
	var b strings.Builder
	m := a.Machine
	fmt.Fprintf(&b, "### %s: %s\n\n", a.File, a.Engine)
	fmt.Fprintf(&b, "%s; %s, %d cores, %s, %s.\n", m.Date.Format(time.DateTime+" UTC"), m.CPU, m.Cores, m.Go, m.FileSystem)
	fmt.Fprintf(&b, "Settings: %s.\n", strings.Join(a.Settings, ", "))
	fmt.Fprintf(&b, "%d messages of %d people in %d conversations of two, %d conversations at once, in order within each.\n%s.\n\n",
		a.Lines, a.People, a.Conversations, a.InFlight, strings.ToUpper(partDescription[:1])+partDescription[1:])
	rate := func(n int, took time.Duration) string {
		return fmt.Sprintf("%s, %.0f/s", took.Round(10*time.Millisecond), float64(n)/took.Seconds())
	}
	fmt.Fprintf(&b, "| | messages | |\n|---|---|---|\n")
	fmt.Fprintf(&b, "| sent | %d | %s |\n", a.Sent, rate(a.Sent, a.Sending))
	for _, why := range slices.Sorted(maps.Keys(a.Refused)) {
		fmt.Fprintf(&b, "| refused | %d | %s |\n", a.Refused[why], why)
	}
	fmt.Fprintf(&b, "| opened | %d | %s; every text equals the input |\n", a.Opened, rate(a.Opened, a.Opening))
	fmt.Fprintf(&b, "| recalled | %d | %s; %d without a trace, %d with a marker; %d texts back as drafts |\n",
		a.Recalled, rate(a.Recalled, a.Recalling), a.Traceless, a.Markers, a.Drafts)
	fmt.Fprintf(&b, "| sealed | %d | all unread counts together: %d |\n\n", a.Sealed, a.Unread)
	fmt.Fprintf(&b, "Read back in %s as every sender and every recipient: %d sent = %d opened + %d recalled + %d sealed. ",
		a.Reading.Round(10*time.Millisecond), a.Sent, a.Opened, a.Recalled, a.Sealed)
	fmt.Fprintf(&b, "Differences: %d.\n", a.Differences)
	for _, d := range a.First {
		fmt.Fprintf(&b, "- %s\n", d)
	}
	b.WriteString("\n")
	_, err := io.WriteString(out, b.String())
	return err
}
