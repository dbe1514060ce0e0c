package memstore

import (
	"slices"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// recallFacts counts what a verdict depends on (R8), under the policy that the
// message was sent under (R12).
func (s *Store) recallFacts(m sealpost.Message, now sealpost.Instant) service.RecallFacts {
	p := s.policyAt(m.PolicyVersion)
	facts := service.RecallFacts{Sender: copyUser(s.users[m.SenderID].User), Policy: p, Seen: map[sealpost.UserID]sealpost.Instant{}}

	var next []sealpost.Instant // R13: recalls that still use up a place of today
	for _, r := range s.recalls {
		if r.conversation == m.ConversationID && r.user == m.SenderID && r.next > now {
			next = append(next, r.next)
		}
	}
	facts.QuotaUntil = largest(next, p.PerConversationDay)

	since := now.Add(-p.Throttle.Period) // R14
	var sent, refused []sealpost.Instant
	reached := map[sealpost.UserID]sealpost.Instant{}
	for _, c := range s.conversations {
		for _, other := range c.messages {
			if c.ID == m.ConversationID || other.SenderID != m.SenderID || other.SentAt <= since ||
				other.SentAt == 0 || other.Kind == sealpost.KindRequiredNotice || other.Imported {
				continue
			}
			sent = append(sent, other.SentAt)
			for _, d := range other.Deliveries {
				reached[d.UserID] = max(reached[d.UserID], other.SentAt)
			}
		}
	}
	var contacts []sealpost.Instant
	for _, at := range reached {
		contacts = append(contacts, at)
	}
	for _, r := range s.refusals {
		if r.user == m.SenderID && r.at > since {
			refused = append(refused, r.at)
		}
	}
	facts.MessagesOver = largest(sent, p.Throttle.Messages+1)
	facts.RecipientsOver = largest(contacts, p.Throttle.Recipients+1)
	facts.RefusalsOver = largest(refused, p.Throttle.Refusals+1)

	for _, d := range m.Deliveries { // R24
		facts.Seen[d.UserID] = s.seenUntil(d.UserID)
	}
	return facts
}

// largest is the n-th largest of the times, zero if there are fewer.
func largest(times []sealpost.Instant, n int) sealpost.Instant {
	if n < 1 || len(times) < n {
		return 0
	}
	slices.Sort(times)
	return times[len(times)-n]
}
