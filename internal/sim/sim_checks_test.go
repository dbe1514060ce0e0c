package sim_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// canaryPattern is a table of one: what every text begins with.
var canaryPattern = regexp.MustCompile(`canary-(\d+)-x`)

// canaries are the numbers of the messages whose text is in a text.
func canaries(text string) (out []int) {
	for _, m := range canaryPattern.FindAllStringSubmatch(text, -1) {
		n, err := strconv.Atoi(m[1])
		if err == nil && !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

// shown is the monitor on every response (I3): no text reaches a recipient without
// an opening of theirs that was committed before. It also notes who was shown an
// envelope (R24).
func (s *simulation) shown(who int, response any) {
	text, err := readable(response)
	if err != nil {
		s.wrong("a response cannot be read: %v", err)
		return
	}
	s.calm(s.readAudit)
	s.learn(response)
	user := s.people[who].User.ID
	for _, n := range canaries(text) {
		l := s.sent[n]
		if l.sender != who && !s.openings[opening{user, l.id}] {
			s.wrong("%s was given the text of message %d without having opened it (I3)", name(who), n)
		}
	}
	s.calm(func() { s.secret(who, text) })
	for _, v := range viewsIn(response) {
		if !v.Own && v.State.Pending() {
			s.wrong("%s was shown a message that is not delivered (R27)", name(who))
		}
		if v.Delivery == sealpost.DeliverySealed {
			s.noticed[opening{user, v.ID}] = true
		}
	}
}

// secret checks that nobody but the sender is told of a message that is not
// delivered, or never was (R27, R34).
func (s *simulation) secret(who int, text string) {
	for _, l := range s.sent[max(0, len(s.sent)-8):] {
		if l.sender == who || l.id.IsZero() || !strings.Contains(text, l.id.String()) {
			continue
		}
		if m, found := s.stored(l); !found || m.State.Pending() || m.State == sealpost.Undone {
			s.wrong("%s was told of message %d, which is not delivered (R27)", name(who), l.number)
		}
	}
}

// learn takes the ids of messages from the texts that somebody is shown: the answer
// of a sending can be lost while others see what was sent. One text is one message
// (I8).
func (s *simulation) learn(response any) {
	for _, v := range viewsIn(response) {
		if v.Content == nil {
			continue
		}
		for _, n := range canaries(v.Content.Body) {
			if l := s.sent[n]; l.id.IsZero() {
				l.id = v.ID
			} else if l.id != v.ID {
				s.wrong("message %d is two messages (I8)", n)
			}
		}
	}
}

// viewsIn are the messages in a response.
func viewsIn(response any) []service.MessageView {
	switch r := response.(type) {
	case service.MessageView:
		return []service.MessageView{r}
	case service.Opening:
		return r.Messages
	case service.HistoryPage:
		return r.Items
	case service.ChangesPage:
		return r.Messages
	case []service.InboxEntry:
		var out []service.MessageView
		for _, e := range r {
			if e.Last != nil {
				out = append(out, *e.Last)
			}
		}
		return out
	}
	return nil
}

// readAudit reads the log and what was opened according to it.
func (s *simulation) readAudit() {
	log, err := s.store.AuditLog(context.Background(), service.AuditQuery{Limit: 1 << 20})
	if err != nil {
		s.wrong("the audit log: %v", err)
		return
	}
	s.audit = log
	for _, e := range log {
		if e.Action != "message.open" {
			continue
		}
		var d struct {
			Opened []sealpost.MessageID `json:"opened"`
		}
		if err := json.Unmarshal([]byte(e.Detail), &d); err != nil {
			s.wrong("an audit entry of an opening: %v", err)
		}
		for _, m := range d.Opened {
			s.openings[opening{e.Actor, m}] = true
		}
	}
}

// recallAnswer checks what a recall was answered against what is stored.
func (s *simulation) recallAnswer(l *letter, who int, r service.Report, err error) {
	if err != nil && unknown(err) {
		return
	}
	m, found := s.stored(l)
	code := sealpost.CodeOf(err)
	switch {
	case err == nil && (!found || who != l.sender || m.RecalledAt == 0):
		s.wrong("a recall of message %d that is not so was called a success (R11)", l.number)
	case err == nil:
		s.reportIsTrue(l, m, r)
	case found && who == l.sender && m.RecalledAt != 0 && code != sealpost.CodeIdempotencyConflict:
		s.wrong("a recall of message %d was refused as %s after it was granted (R9)", l.number, code)
	case code == sealpost.CodeOpened && found && m.Opened() == 0:
		s.wrong("message %d was refused as opened, and nobody had opened it", l.number)
	}
}

// reportIsTrue compares a report with the message (R15, R17, R20, R24, R25).
func (s *simulation) reportIsTrue(l *letter, m sealpost.Message, r service.Report) {
	for _, line := range r.Recipients {
		d, _ := m.DeliveryTo(line.UserID)
		if (line.Outcome == service.OutcomeRecalled) != (d.State == sealpost.DeliveryRecalled) {
			s.wrong("the report of message %d says %s of a delivery in state %d", l.number, line.Outcome, d.State)
		}
		if line.Outcome == service.OutcomeRecalled && line.Level < sealpost.LevelNotified && s.noticed[opening{line.UserID, m.ID}] {
			s.wrong("the report of message %d says none of somebody who was shown the envelope (R24)", l.number)
		}
	}
	if m.Opened() == 0 && !m.Content.Erased() {
		s.wrong("message %d was recalled from everybody and its key is there (R18)", l.number)
	}
	if !r.DraftID.IsZero() {
		s.cameBack(r.DraftID, l, m.RecalledAt)
	}
}

// stored is the message with everything of it.
func (s *simulation) stored(l *letter) (sealpost.Message, bool) {
	if l.id.IsZero() {
		return sealpost.Message{}, false
	}
	if m, known := s.cached[l.id]; known {
		if m == nil {
			return sealpost.Message{}, false
		}
		return *m, true
	}
	m, found := s.read(l)
	if s.cached != nil {
		s.cached[l.id] = nil
		if found {
			s.cached[l.id] = &m
		}
	}
	return m, found
}

func (s *simulation) read(l *letter) (sealpost.Message, bool) {
	shot, err := s.store.RecallFacts(context.Background(), l.id)
	if sealpost.CodeOf(err) == sealpost.CodeNotFound || err == nil && shot.Message == nil {
		return sealpost.Message{}, false
	}
	if err != nil {
		s.wrong("reading message %d: %v", l.number, err)
		return sealpost.Message{}, false
	}
	return *shot.Message, true
}

// check is what must hold after every step, whatever failed in it.
func (s *simulation) check() {
	s.cached = map[sealpost.MessageID]*sealpost.Message{}
	defer func() { s.cached = nil }()
	s.readAudit()
	byMessage := map[sealpost.MessageID][]service.Audit{}
	for _, e := range s.audit {
		byMessage[e.Message] = append(byMessage[e.Message], e)
	}
	for _, l := range s.sent[max(0, len(s.sent)-40):] {
		s.checkLetter(l, byMessage[l.id])
	}
	for _, p := range s.places {
		s.checkPlace(p)
	}
	s.checkQuota()
	s.checkHints()
	s.checkDrafts()
	s.bus.step = nil
}

// checkLetter: I1, I2, I6, I8 and the sealing of one message.
func (s *simulation) checkLetter(l *letter, entries []service.Audit) {
	m, found := s.stored(l)
	if !found {
		if l.acked {
			s.wrong("message %d was acknowledged and is gone (I8)", l.number)
		}
		return
	}
	if l.refused {
		s.wrong("message %d was refused and is there", l.number)
	}
	for _, d := range m.Deliveries {
		was, known := l.before[d.UserID]
		if known && was.State != sealpost.DeliverySealed && d.State != was.State {
			s.wrong("message %d went from %d to %d for one recipient (I1, I2)", l.number, was.State, d.State)
		}
		if known && !was.Visible && d.Visible {
			s.wrong("message %d came back for one recipient (I2)", l.number)
		}
		if (d.State == sealpost.DeliveryOpened) != s.openings[opening{d.UserID, m.ID}] {
			s.wrong("message %d: the log and the delivery differ about an opening (I6)", l.number)
		}
		l.before[d.UserID] = d
	}
	count := map[string]int{}
	for _, e := range entries {
		count[e.Action]++
	}
	if n := count["message.send"] + count["message.hold"] + count["message.schedule"]; n != 1 {
		s.wrong("message %d was sent %d times according to the log (I6, I8)", l.number, n)
	}
	if granted := m.RecalledAt != 0; granted != (count["recall.granted"] == 1) || count["recall.granted"] > 1 {
		s.wrong("message %d: the log has %d recalls, and it is recalled: %t (I6)", l.number, count["recall.granted"], granted)
	}
	if undone := m.State == sealpost.Undone; undone != (count["message.undo"]+count["message.release_refused"] == 1) {
		s.wrong("message %d: the log and the message differ about its undoing (I6)", l.number)
	}
	if bytes.Contains(m.Content.Body, []byte("canary")) {
		s.wrong("message %d is stored in clear", l.number)
	}
	if gone := m.State == sealpost.Recalled || m.State == sealpost.Undone; gone != m.Content.Erased() {
		s.wrong("message %d in state %d: its key is erased: %t (R18)", l.number, m.State, m.Content.Erased())
	}
}

// checkPlace: I4, I5, I7 and I8 of one conversation, and what changed for whom.
func (s *simulation) checkPlace(p *place) {
	ctx := context.Background()
	var now service.Snapshot
	err := s.store.Decide(ctx, service.Ask{Conversation: p.id}, func(shot service.Snapshot) (service.Change, error) {
		now = shot
		return service.Change{}, nil
	})
	if err != nil {
		s.wrong("conversation: %v", err)
		return
	}
	revs, seqs := map[int64]bool{}, map[int64]bool{}
	for _, e := range s.audit {
		if e.Conversation == p.id && e.Rev != 0 {
			if revs[e.Rev] || e.Rev > now.Conversation.Rev {
				s.wrong("revision %d twice, or beyond the last (I5)", e.Rev)
			}
			revs[e.Rev] = true
		}
	}
	unread := map[sealpost.UserID]int{}
	for _, l := range s.sent {
		m, found := s.stored(l)
		if l.place != p || !found {
			continue
		}
		if m.Seq != 0 {
			if seqs[m.Seq] || m.Seq > now.Conversation.Seq {
				s.wrong("position %d twice, or beyond the last (I5)", m.Seq)
			}
			seqs[m.Seq] = true
		}
		for _, d := range m.Deliveries {
			if d.State == sealpost.DeliverySealed && d.Visible {
				unread[d.UserID]++
			}
		}
	}
	if len(revs) != int(now.Conversation.Rev) || len(seqs) != int(now.Conversation.Seq) && s.settled(p) {
		s.wrong("%d revisions of %d, %d positions of %d (I5)", len(revs), now.Conversation.Rev, len(seqs), now.Conversation.Seq)
	}
	for _, who := range p.people {
		s.checkView(p, who, unread[s.people[who].User.ID])
	}
}

// settled reports whether every message of the conversation is known by its id: one
// that was sent without an id of the client's and not answered is not.
func (s *simulation) settled(p *place) bool {
	return !slices.ContainsFunc(s.sent, func(l *letter) bool { return l.place == p && l.id.IsZero() && !l.refused })
}

// checkView: what one person sees is the same on every node (I7), counts right (I4)
// and is complete (I8).
func (s *simulation) checkView(p *place, who, unread int) {
	text := ""
	for i, n := range s.nodes {
		view, err := s.look(n, p, who)
		if err != nil {
			s.wrong("%s reads a conversation: %v", name(who), err)
			return
		}
		if i > 0 && view != text {
			s.wrong("%s sees different things on two nodes (I7)", name(who))
		}
		text = view
	}
	if t, err := s.store.Thread(context.Background(), p.id, s.people[who].User.ID); err == nil && t.Unread != unread && s.settled(p) {
		s.wrong("%s has %d unread, and %d are sealed and visible (I4)", name(who), t.Unread, unread)
	}
	for _, l := range s.sent {
		if l.place == p {
			s.checkText(l, who, text)
		}
	}
	changed := p.seen[who] != text
	p.seen[who] = text
	if changed && s.steps > 0 {
		s.tally["(views changed)"]++
	}
	if !changed && who != s.flagging { // an own flag set again, or an own draft, changes nothing; that leaks nothing
		for _, h := range s.bus.step {
			if h.Conversation == p.id && slices.Contains(h.Users, s.people[who].User.ID) {
				s.wrong("%s got a hint, and nothing changed for them (R34)", name(who))
			}
		}
	}
}

// checkText: the sender has the text while there is any, and who opened it keeps it
// (I8). Nobody has it twice.
func (s *simulation) checkText(l *letter, who int, view string) {
	m, found := s.stored(l)
	if !found {
		return
	}
	n := strings.Count(view, fmt.Sprintf("canary-%d-x", l.number))
	if n > 1 {
		s.wrong("message %d is there %d times (I8)", l.number, n)
	}
	d, _ := m.DeliveryTo(s.people[who].User.ID)
	entitled := l.sender == who && (m.State == sealpost.Sent || m.State.Pending()) || d.State == sealpost.DeliveryOpened && d.Visible
	if right := slices.ContainsFunc(l.bodies, func(b string) bool { return strings.Contains(view, b) }); entitled != right {
		s.wrong("%s should have the text of message %d: %t, and has the right one: %t (I3, I8)", name(who), l.number, entitled, right)
	}
}

// look is everything that a person can see of a conversation, as text.
func (s *simulation) look(n *service.Service, p *place, who int) (string, error) {
	ctx, viewer := context.Background(), s.people[who]
	thread, err := n.Conversation(ctx, viewer, p.id)
	if sealpost.CodeOf(err) == sealpost.CodeNotFound {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	history, err := n.History(ctx, viewer, p.id, sealpost.MessageID{}, 200)
	if err != nil {
		return "", err
	}
	thread.Conversation.DecidedAt = 0 // internal
	return readable([]any{thread, history.Items})
}

// checkQuota: nobody recalls more in a conversation on one day than the most that
// any policy allowed (R13).
func (s *simulation) checkQuota() {
	type day struct {
		who sealpost.UserID
		in  sealpost.ConversationID
		on  string
	}
	count := map[day]int{}
	for _, e := range s.audit {
		if e.Action == "recall.granted" {
			d := day{e.Actor, e.Conversation, e.At.Time().Format("2006-01-02")}
			if count[d]++; count[d] > 4 {
				s.wrong("%d recalls in one conversation on one day (R13)", count[d])
			}
		}
	}
}

// checkHints: a hint goes to people of the conversation only; see checkView for whose
// view changed. One about settings goes to the devices of the one person whose
// settings they are, and names no conversation.
func (s *simulation) checkHints() {
	for _, h := range s.bus.step {
		if h.Topic == sealpost.TopicSettings {
			if len(h.Users) != 1 || h.Users[0] != s.changing || !h.Conversation.IsZero() {
				s.wrong("a hint about settings to somebody whose they are not (R34)")
			}
			continue
		}
		i := slices.IndexFunc(s.places, func(p *place) bool { return p.id == h.Conversation })
		for _, u := range h.Users {
			if i < 0 || !slices.ContainsFunc(s.places[i].people, func(who int) bool { return s.people[who].User.ID == u }) {
				s.wrong("a hint to somebody outside the conversation (R34)")
			}
		}
	}
}

// cameBack notes that a text is a draft again, since a time. Its owner may have deleted
// it before the answer that names it was had by a retry.
func (s *simulation) cameBack(id sealpost.DraftID, l *letter, since sealpost.Instant) {
	if !s.deleted[id] {
		s.drafts[id] = returned{l.sender, l, since.Add(sealpost.DraftLife)}
	}
}

// checkDrafts: what came back as a draft is there for a day (R20, R27).
func (s *simulation) checkDrafts() {
	for id, d := range s.drafts {
		if s.now.Add(time.Minute) >= d.until {
			delete(s.drafts, id)
			continue
		}
		v, err := s.nodes[0].Draft(context.Background(), s.people[d.owner], id)
		if err != nil || !slices.Contains(d.letter.bodies, v.Body) {
			s.wrong("the text of message %d did not come back as a draft: %v (R20)", d.letter.number, err)
		}
	}
}
