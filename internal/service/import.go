package service

import (
	"context"
	"encoding/hex"
	"slices"
	"strings"
	"sync"

	"github.com/sealpost/sealpost/internal/seal"
	"github.com/sealpost/sealpost/internal/sealpost"
)

// Importing changes what only imports know of, inside an amendment.
type Importing interface {
	// UserBySource gives and locks the person whom imports know by this; NotFound.
	UserBySource(source string) (sealpost.User, error)
	// SetProfile says by what imports know a person, and whether they have no account
	// yet. CodeInvalid if another has the same source.
	SetProfile(id sealpost.UserID, source string, unclaimed bool) error
	// ConnectSince is AddConnection with the time of another network.
	ConnectSince(one, other sealpost.UserID, since sealpost.Instant) error
	// IndexAll asks to index everything that is settled for a person.
	IndexAll(user sealpost.UserID) error
}

// Archive is what is to be taken in, read and in order. It is asked by one goroutine.
type Archive interface {
	People() []sealpost.ArchivePerson // person 0 is the owner
	Connections() []sealpost.ArchiveConnection
	Threads() []sealpost.ArchiveThread
	// Messages gives every message in batches of at most n, each of one thread, oldest
	// first. Whoever is given a batch keeps it. An error of f ends it.
	Messages(ctx context.Context, n int, f func(thread int, batch []sealpost.ArchiveMessage) error) error
}

// ImportTally is what an import did.
type ImportTally struct {
	Taken   int // messages
	Present int // messages that were there already
	// NoPlace are messages for which their second had no room.
	NoPlace []sealpost.ArchiveMessage
	// Alone are messages in which nobody is but the owner, under two addresses.
	Alone                []sealpost.ArchiveMessage
	People, Connections  int // new ones
	ConnectionsPresent   int
	ConnectionsOfAccount int // with people who have an account: that is theirs to accept
	ConnectionsBlocked   int
}

const (
	importPeople = 100 // of one transaction
	// importBatch is how many messages of one conversation are decided at once. Changes
	// gives what one decision changed in one page, which is as long as after an opening.
	importBatch = OpenLimit
	// importLanes is how many conversations are under way at once: their decisions are
	// gathered into one transaction.
	importLanes = 4
)

// Import takes an archive of the owner's in, for the operator: the audit log names
// the server. It may be broken off at any point and begun again: what is there already
// is passed over. progress is told how many messages were dealt with since it was last
// told, from any goroutine; nil: nobody asks.
//
// Who an archive says that wrote a message is believed as far as it goes for its owner.
// Somebody who has an account of their own is not shown what another's archive says of
// them, unless their account was made of a profile later: that is for whoever makes
// the link to consider (docs/decisions/import.md).
func (s *Service) Import(ctx context.Context, owner sealpost.UserID, a Archive, progress func(done int)) (ImportTally, error) {
	user, err := s.store.User(ctx, owner)
	if err != nil {
		return ImportTally{}, err
	}
	if !user.Open() {
		return ImportTally{}, sealpost.Invalid("owner", "The account is closed.")
	}
	im := &importing{service: s, owner: owner, archive: a, progress: progress}
	if err := im.takePeople(ctx); err != nil {
		return im.tally, err
	}
	if err := im.connect(ctx); err != nil {
		return im.tally, err
	}
	err = im.takeMessages(ctx)
	s.wakeIndexer()
	return im.tally, err
}

// importing is one import on its way.
type importing struct {
	service  *Service
	owner    sealpost.UserID
	archive  Archive
	progress func(int)
	people   []sealpost.UserID // as the archive counts them
	account  []bool            // who of them has an account; the owner is not looked up

	mu    sync.Mutex  // guards tally while messages are taken
	tally ImportTally // on what was committed
}

// source is by what a person is known again. Without an address of their own they are
// somebody of this owner's archive, whom no other archive can mean.
func (im *importing) source(p sealpost.ArchivePerson) string {
	if p.Known {
		return p.Key
	}
	mac := seal.Fingerprint(im.service.importKey, []byte("person"), im.owner[:], []byte(p.Key))
	return "import:" + hex.EncodeToString(mac[:16])
}

// takePeople finds or makes everybody. People are few beside messages: all of their
// ids are held.
func (im *importing) takePeople(ctx context.Context) error {
	all := im.archive.People()
	im.people, im.account = make([]sealpost.UserID, len(all)), make([]bool, len(all))
	im.people[0] = im.owner
	for begin := 1; begin < len(all); begin += importPeople {
		end := min(begin+importPeople, len(all))
		made, err := im.somePeople(ctx, all, begin, end)
		if sealpost.CodeOf(err) == sealpost.CodeInvalid { // made by somebody else in between
			made, err = im.somePeople(ctx, all, begin, end)
		}
		if err != nil {
			return err
		}
		im.tally.People += made
	}
	return nil
}

func (im *importing) somePeople(ctx context.Context, all []sealpost.ArchivePerson, begin, end int) (made int, err error) {
	s := im.service
	stamp := s.stamp(sealpost.UserID{}, "import.people", "", [32]byte{})
	stamp.Audit.Subject = im.owner
	_, err = s.store.Amend(ctx, stamp, func(a Amendment) ([]byte, error) {
		made = 0
		p, err := a.Policy()
		if err != nil {
			return nil, err
		}
		for i := begin; i < end; i++ {
			source := im.source(all[i])
			u, err := a.UserBySource(source)
			if sealpost.CodeOf(err) == sealpost.CodeNotFound {
				u = profileOf(s, all[i])
				u.CreatedAt, u.Undo = a.Now(), p.UndoDefault
				if err = a.AddUser(u, ""); err == nil {
					err = a.SetProfile(u.ID, source, true)
				}
				made++
			}
			if err != nil {
				return nil, err
			}
			im.people[i], im.account[i] = u.ID, !u.Profile && u.ID != im.owner
		}
		a.SetDetail(countDetail(made))
		return nil, nil
	})
	return made, err
}

func countDetail(n int) string {
	return detail(struct {
		Count int `json:"count"`
	}{n})
}

// profileOf is a person without account.
func profileOf(s *Service, p sealpost.ArchivePerson) sealpost.User {
	u := sealpost.User{
		ID: newID[sealpost.UserID](s), Name: shownOf(p.Name, maxName), Headline: shownOf(p.Headline, maxHeadline),
		TimeZone: "UTC", Receipts: true, OpenOnArrival: true, Reach: sealpost.ReachConnections, Profile: true,
	}
	if u.Name == "" {
		u.Name = "Unknown"
	}
	return u
}

// shownOf keeps of a text what can be shown on a line.
func shownOf(text string, most int) string {
	text = strings.TrimSpace(strings.Map(func(r rune) rune {
		if !showable(r) {
			return -1
		}
		return r
	}, text))
	if r := []rune(text); len(r) > most {
		text = strings.TrimSpace(string(r[:most]))
	}
	return text
}

// connect makes the owner's connections. Somebody with an account is asked by an
// invitation like everybody, and a block is stronger than an archive.
func (im *importing) connect(ctx context.Context) error {
	s, all := im.service, im.archive.Connections()
	var told []sealpost.UserID
	for begin := 0; begin < len(all); begin += importPeople {
		some := all[begin:min(begin+importPeople, len(all))]
		stamp := s.stamp(sealpost.UserID{}, "import.connections", "", [32]byte{})
		stamp.Audit.Subject = im.owner
		var t ImportTally
		_, err := s.store.Amend(ctx, stamp, func(a Amendment) ([]byte, error) {
			t = ImportTally{}
			for _, c := range some {
				if err := im.connectOne(a, c, &t); err != nil {
					return nil, err
				}
			}
			a.SetDetail(countDetail(t.Connections))
			return nil, nil
		})
		if err != nil {
			return err
		}
		im.tally.Connections += t.Connections
		im.tally.ConnectionsPresent += t.ConnectionsPresent
		im.tally.ConnectionsOfAccount += t.ConnectionsOfAccount
		im.tally.ConnectionsBlocked += t.ConnectionsBlocked
		if t.Connections > 0 {
			told = []sealpost.UserID{im.owner}
		}
	}
	if len(told) > 0 {
		s.bus.Publish(sealpost.Hint{Users: told})
	}
	return nil
}

func (im *importing) connectOne(a Amendment, c sealpost.ArchiveConnection, t *ImportTally) error {
	other := im.people[c.Person]
	if other == im.owner {
		return nil
	}
	r, err := a.Relation(im.owner, other)
	switch {
	case err != nil:
		return err
	case r.Connected:
		t.ConnectionsPresent++
		return nil
	case r.Blocks || r.BlockedBy:
		t.ConnectionsBlocked++
		return nil
	case im.account[c.Person]:
		t.ConnectionsOfAccount++
		return nil
	}
	t.Connections++
	since := c.Since
	if since == 0 {
		since = a.Now()
	}
	return a.ConnectSince(im.owner, other, since)
}

// batch is a part of a conversation on its way to a lane.
type batch struct {
	thread   int
	messages []sealpost.ArchiveMessage
}

// takeMessages gives the batches to lanes; those of one conversation to the same one,
// because their order is its order.
func (im *importing) takeMessages(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var lanes [importLanes]chan batch
	var done sync.WaitGroup
	for i := range lanes {
		lane := make(chan batch)
		lanes[i] = lane
		done.Go(func() {
			l := &importLane{importing: im, thread: -1}
			for b := range lane {
				if ctx.Err() != nil {
					continue // take what is given until it ends
				}
				if err := l.take(ctx, b); err != nil {
					stop(err)
				}
			}
		})
	}
	err := im.archive.Messages(ctx, importBatch, func(thread int, messages []sealpost.ArchiveMessage) error {
		select {
		case lanes[thread%importLanes] <- batch{thread, messages}:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	for _, lane := range lanes {
		close(lane)
	}
	done.Wait()
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// importLane takes the conversations of one lane one after another.
type importLane struct {
	*importing
	thread int
	id     sealpost.ConversationID
}

func (l *importLane) take(ctx context.Context, b batch) error {
	if b.thread != l.thread {
		var err error
		if l.id, err = l.begin(ctx, b.thread); err != nil {
			return err
		}
		l.thread = b.thread
	}
	if l.id.IsZero() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.tally.Alone = append(l.tally.Alone, b.messages...)
		return nil
	}
	m := &importBatchDecision{lane: l, messages: b.messages}
	first, last := b.messages[0].At, b.messages[len(b.messages)-1].At
	ask := Ask{
		Decision: newID[sealpost.DecisionID](l.service), Conversation: l.id, Subject: l.owner,
		From: first, Until: sealpost.ImportTime(last, sealpost.ImportPlaces),
	}
	if err := l.service.decide(ctx, ask, m.decide); err != nil {
		return err
	}
	if m.taken > 0 {
		l.service.publish(l.id, []sealpost.UserID{l.owner})
	}
	l.mu.Lock()
	l.tally.Taken += m.taken
	l.tally.Present += m.present
	l.tally.NoPlace = append(l.tally.NoPlace, m.noPlace...)
	l.mu.Unlock()
	if l.progress != nil {
		l.progress(len(b.messages))
	}
	return nil
}

// begin makes the conversation of a thread, or finds it; the zero id if only the owner
// is in it. Two people have one, whoever
// brings it in. A group is the owner's own: that somebody knows what an archive calls a
// conversation must not show them another's.
func (l *importLane) begin(ctx context.Context, thread int) (sealpost.ConversationID, error) {
	s, t := l.service, l.archive.Threads()[thread]
	c := sealpost.Conversation{Kind: sealpost.Direct}
	people := []sealpost.UserID{l.owner}
	for _, o := range t.Others {
		if !slices.Contains(people, l.people[o]) {
			people = append(people, l.people[o])
		}
	}
	if len(people) == 1 {
		return c.ID, nil
	}
	if t.IsGroup {
		c.Kind, c.Title, c.CreatorID = sealpost.Group, shownOf(t.Title, sealpost.MaxTitle), l.owner
		mac := seal.Fingerprint(s.importKey, []byte("group"), l.owner[:], []byte(t.Key))
		c.ID = sealpost.ConversationID(mac[:16])
		c.ID[6], c.ID[8] = c.ID[6]&0x0f|0x80, c.ID[8]&0x3f|0x80 // RFC 9562 §5.8
	} else {
		c.ID = s.directID(l.owner, people[1])
	}
	stamp := s.stamp(sealpost.UserID{}, "import.conversation", "", [32]byte{})
	stamp.Audit.Subject, stamp.Audit.Conversation = l.owner, c.ID
	_, err := s.store.Amend(ctx, stamp, func(a Amendment) ([]byte, error) {
		c.CreatedAt = a.Now()
		if err := a.AddConversation(c, people, sealpost.UserID{}); err != nil || !t.IsGroup {
			return nil, err
		}
		return nil, l.admit(a, c.ID, t.Others)
	})
	return c.ID, err
}

// admit writes how the people of a group agree to it, as far as nothing is decided yet.
// An archive is nobody's consent (R31): accounts are judged as in any new group, except
// that who cannot be reached refuses nothing and does not show; profiles will be asked.
func (l *importLane) admit(a Amendment, group sealpost.ConversationID, others []int) error {
	for _, o := range others {
		user, consent := l.people[o], sealpost.ConsentRequested
		if user == l.owner {
			continue
		}
		if l.account[o] {
			var reached bool
			var err error
			if consent, reached, err = l.service.admitted(a, l.owner, user); err != nil {
				return err
			}
			if !reached {
				consent = sealpost.ConsentDeclined
			}
		}
		if err := a.SetConsent(group, user, consent); err != nil {
			return err
		}
	}
	return nil
}
