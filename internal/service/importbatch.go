package service

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/sealpost/sealpost/internal/seal"
	"github.com/sealpost/sealpost/internal/sealpost"
)

// importBatchDecision is a batch on its way through its decision.
type importBatchDecision struct {
	lane     *importLane
	messages []sealpost.ArchiveMessage

	// Overwritten by every run of decide.
	taken, present int
	noPlace        []sealpost.ArchiveMessage
}

func (m *importBatchDecision) decide(s Snapshot) (Change, error) {
	m.taken, m.present, m.noPlace = 0, 0, nil
	l := m.lane
	there := placesOf(s)
	change := Change{}
	for _, in := range m.messages {
		if err := m.take(s, there, in, &change); err != nil {
			return Change{}, err
		}
	}
	if m.taken == 0 {
		return Change{}, nil
	}
	change.Audit = Audit{Action: "message.import", Subject: l.owner, Detail: countDetail(m.taken)}
	if self, _ := sealpost.FindParticipant(s.Participants, l.owner); self.Consent == sealpost.ConsentNone {
		change.Consents = []Consenting{{l.owner, sealpost.ConsentAccepted}} // who brings it in has it
	}
	for _, p := range s.Participants {
		if p.UserID == l.owner || len(change.Insert) > 0 {
			change.Recount = append(change.Recount, p.UserID)
		}
	}
	return change, nil
}

// take decides about one message of the archive. What another's import brought and hid
// from this owner, because they have an account, they have from now on if their archive
// says the same. If it says something else, the other's text is none of theirs, and their
// own message comes beside it under an id that nobody else's archive has.
func (m *importBatchDecision) take(s Snapshot, there places, in sealpost.ArchiveMessage, change *Change) error {
	l := m.lane
	id := l.service.importID(l.id, l.people[in.Sender], in)
	if unseen, hidden := there.unseen[id]; hidden {
		same, err := l.service.says(unseen, in.Body)
		if err != nil {
			return err
		}
		if same {
			shown, _ := sealpost.Reveal(unseen, l.owner, s.Now)
			m.taken++
			change.Update = append(change.Update, hiding(shown, l.owner))
			change.Index = append(change.Index, IndexJob{l.owner, id, s.Now})
			return nil
		}
		id = l.service.importIDOf(in.At, []byte("own"), id[:], l.owner[:])
	}
	if there.known[id] {
		m.present++
		return nil
	}
	at, ok := freePlace(there.full, in)
	if !ok {
		m.noPlace = append(m.noPlace, in)
		return nil
	}
	there.full[at] = true
	message, err := l.message(s, id, at, in)
	if err != nil {
		return err
	}
	m.taken++
	message.Seq = s.Conversation.Seq + int64(len(change.Insert)) + 1
	change.Insert = append(change.Insert, message)
	change.Index = append(change.Index, IndexJob{l.owner, id, s.Now})
	return nil
}

// places is what of a conversation is there already, where a batch comes in.
type places struct {
	known  map[sealpost.MessageID]bool
	full   map[sealpost.Instant]bool
	unseen map[sealpost.MessageID]sealpost.Message
}

func placesOf(s Snapshot) places {
	p := places{
		known: make(map[sealpost.MessageID]bool, len(s.Placed)), full: make(map[sealpost.Instant]bool, len(s.Placed)),
		unseen: make(map[sealpost.MessageID]sealpost.Message, len(s.Unseen)),
	}
	for _, there := range s.Placed {
		p.known[there.ID], p.full[there.SentAt] = true, true
	}
	for _, m := range s.Unseen {
		p.unseen[m.ID] = m
	}
	return p
}

// says reports whether a settled message has this text; one that is lost has none.
func (s *Service) says(m sealpost.Message, text string) (bool, error) {
	body, err := s.body(messageLabel(m), m.Content)
	if m.Content.Erased() || errors.Is(err, seal.ErrNoKey) {
		return false, nil
	}
	return body == text, err
}

// freePlace is a position in the second of the message that no other has: its own, or
// the next.
func freePlace(full map[sealpost.Instant]bool, in sealpost.ArchiveMessage) (sealpost.Instant, bool) {
	for place := in.Place; place < sealpost.ImportPlaces; place++ {
		if at := sealpost.ImportTime(in.At, place); !full[at] {
			return at, true
		}
	}
	return 0, false
}

// importID is the identity of a message of an archive: its conversation, its sender,
// the second, and which it is of those. It is a MAC, so that nobody without the key can
// tell from an id what it is of, and nothing of the text goes into it: no hash of
// content is kept. The form is a UUIDv7 of the archive's time (R34).
func (s *Service) importID(in sealpost.ConversationID, sender sealpost.UserID, m sealpost.ArchiveMessage) sealpost.MessageID {
	var numbers [16]byte
	binary.BigEndian.PutUint64(numbers[:8], uint64(m.At))
	binary.BigEndian.PutUint64(numbers[8:], uint64(m.Ordinal))
	return s.importIDOf(m.At, []byte("message"), in[:], sender[:], numbers[:])
}

func (s *Service) importIDOf(at sealpost.Instant, of ...[]byte) sealpost.MessageID {
	mac := seal.Fingerprint(s.importKey, of...)
	var id sealpost.MessageID
	copy(id[:], mac[:16])
	var millis [8]byte
	binary.BigEndian.PutUint64(millis[:], uint64(at/1000))
	copy(id[:6], millis[2:])
	id[6], id[8] = id[6]&0x0f|0x70, id[8]&0x3f|0x80
	return id
}

// message seals a message for good: everybody in it has had it, so its key goes under
// the long-term key at once.
func (l *importLane) message(shot Snapshot, id sealpost.MessageID, at sealpost.Instant, in sealpost.ArchiveMessage) (sealpost.Message, error) {
	s := l.service
	label := seal.Label{Kind: seal.KindMessage, Scope: l.id, Object: id, Version: 1}
	key, content, err := s.sealBody(label, in.Body)
	if err != nil {
		return sealpost.Message{}, err
	}
	defer key.Zero()
	n, longTerm := s.keys.LongTerm()
	ref := seal.LongTermRef(n)
	content.Ref = int64(ref)
	if content.Wrapped, err = seal.Wrap(s.rand, longTerm, ref, label, key); err != nil {
		return sealpost.Message{}, err
	}
	sender := l.people[in.Sender]
	how := sealpost.Imported{Now: shot.Now, At: at, PolicyVersion: shot.Policy.Version, SenderHidden: l.account[in.Sender]}
	thread := l.archive.Threads()[l.thread]
	for _, o := range append([]int{0}, thread.Others...) {
		to := l.people[o]
		_, in := sealpost.FindParticipant(shot.Participants, to)
		twice := slices.ContainsFunc(how.Recipients, func(r sealpost.ImportRecipient) bool { return r.UserID == to })
		if in && to != sender && !twice {
			how.Recipients = append(how.Recipients, sealpost.ImportRecipient{UserID: to, Hidden: l.account[o]})
		}
	}
	slices.SortFunc(how.Recipients, func(a, b sealpost.ImportRecipient) int { return a.UserID.Compare(b.UserID) })
	return sealpost.Import(sealpost.Message{ID: id, ConversationID: l.id, SenderID: sender, Content: content}, how), nil
}
