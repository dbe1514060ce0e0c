package importer

import (
	"cmp"
	"errors"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/sealpost/sealpost/internal/sealpost"
)

// Owner is who an archive seems to be of.
type Owner struct {
	Address string // of the profile
	Name    string
	Rows    int  // in which they are
	Clear   bool // nobody else comes near
}

// Owner recognises the owner: whoever is in most messages. Where several are in as
// many, as in an archive of one conversation, the name in Profile.csv decides.
func (a *Archive) Owner() Owner {
	best, equal := -1, false
	for i, p := range a.people {
		if strings.HasPrefix(p.key, "\x00") || p.count == 0 {
			continue
		}
		switch {
		case best < 0 || p.count > a.people[best].count:
			best, equal = i, false
		case p.count == a.people[best].count:
			if own := p.name == a.ownName; own != (a.people[best].name == a.ownName) {
				if own {
					best = i
				}
				continue
			}
			equal = true
		}
	}
	if best < 0 {
		return Owner{}
	}
	p := a.people[best]
	return Owner{Address: p.key, Name: p.name, Rows: p.count, Clear: !equal}
}

// Choose fixes whose archive it is, by the address of their profile, and puts
// everything in order.
func (a *Archive) Choose(address string) error {
	owner, ok := a.byKey[Address(address)]
	if !ok || a.people[owner].count == 0 {
		return errors.New("nobody with this profile is in messages.csv")
	}
	a.aliases(owner)
	a.numbers = a.number(owner)
	numbers := a.numbers
	groups := a.place(owner, numbers)
	a.skipRows(groups)
	for _, c := range a.contacts {
		if p := a.people[c.person].alias; p == owner {
			a.skip(TheOwner, a.connections, c.line)
		} else {
			a.links = append(a.links, sealpost.ArchiveConnection{Person: numbers[p], Since: c.since})
		}
	}
	a.order()
	a.byKey, a.byTalk, a.contacts = nil, nil, nil // what is in order is not looked up
	return nil
}

// aliases makes whoever has the owner's name and no address the owner: rows without
// the own address occur.
func (a *Archive) aliases(owner uint32) {
	name := a.people[owner].name
	for i := range a.people {
		if p := &a.people[i]; strings.HasPrefix(p.key, "\x00") && p.name == name && name != "" {
			p.alias = owner
		}
	}
}

// number lists the people; the owner is the first.
func (a *Archive) number(owner uint32) []int {
	numbers := make([]int, len(a.people))
	add := func(i uint32) {
		p := a.people[i]
		out := sealpost.ArchivePerson{Key: p.key, Known: !strings.HasPrefix(p.key, "\x00"), Name: p.name}
		if out.Name == "" && out.Known {
			out.Name = nameOf(p.key)
		}
		numbers[i] = len(a.out)
		a.out = append(a.out, out)
	}
	add(owner)
	for i := range a.people {
		if a.people[i].alias == uint32(i) && uint32(i) != owner {
			add(uint32(i))
		}
	}
	for _, c := range a.contacts {
		a.out[numbers[a.people[c.person].alias]].Headline = c.about
	}
	return numbers
}

// nameOf is what an address calls somebody.
func nameOf(address string) string {
	name := path.Base(address)
	if plain, err := url.PathUnescape(name); err == nil {
		name = plain
	}
	return oneLine(strings.ToValidUTF8(name, ""), maxName)
}

// place makes threads of the conversations: two people have one, however many the
// archive has of them. It tells for each conversation that is not taken why.
func (a *Archive) place(owner uint32, numbers []int) map[uint32]Reason {
	direct := map[int]int32{}
	not := map[uint32]Reason{}
	for i := range a.talks {
		t := &a.talks[i]
		var others []int
		for _, p := range t.people {
			if p = a.people[p].alias; p != owner && !slices.Contains(others, numbers[p]) {
				others = append(others, numbers[p])
			}
		}
		slices.Sort(others)
		switch {
		case len(others) == 0:
			not[uint32(i)] = NobodyElse
		case t.many || len(others) >= sealpost.MaxParticipants:
			not[uint32(i)] = TooMany
		case len(others) == 1:
			thread, known := direct[others[0]]
			if !known {
				thread = a.thread(sealpost.ArchiveThread{Others: others})
				direct[others[0]] = thread
			}
			t.thread = thread
		default:
			t.thread = a.thread(sealpost.ArchiveThread{Key: a.talkKey(t), Title: t.title, Others: others, IsGroup: true})
		}
		t.people = nil
	}
	return not
}

// talkKey is by what a later archive knows the conversation again.
func (a *Archive) talkKey(t *talk) string {
	if !strings.HasPrefix(t.key, "\x00") {
		return t.key
	}
	var keys []string
	for _, p := range t.people {
		keys = append(keys, a.people[a.people[p].alias].key)
	}
	slices.Sort(keys)
	return "\x00" + strings.Join(slices.Compact(keys), "\x00")
}

func (a *Archive) thread(t sealpost.ArchiveThread) int32 {
	a.threads = append(a.threads, t)
	return int32(len(a.threads) - 1)
}

// skipRows drops the rows of conversations that are not taken, and lets the others
// name the thread and the person.
func (a *Archive) skipRows(not map[uint32]Reason) {
	kept := a.rows[:0]
	for _, r := range a.rows {
		if why, skipped := not[r.talk]; skipped {
			a.skip(why, a.messages, int(r.line))
			continue
		}
		r.talk = uint32(a.talks[r.talk].thread)
		kept = append(kept, r)
	}
	a.rows = kept
	a.talks = nil
}

// order sorts the rows by thread and time, oldest first. Rows of one second stand as
// in the file, which begins with the newest, or else with the oldest.
func (a *Archive) order() {
	back := a.falling >= 0
	slices.SortFunc(a.rows, func(x, y row) int {
		in := cmp.Compare(x.number, y.number)
		if back {
			in = -in
		}
		return cmp.Or(cmp.Compare(x.talk, y.talk), cmp.Compare(x.seconds, y.seconds), in)
	})
}
