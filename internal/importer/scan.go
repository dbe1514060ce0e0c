package importer

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sealpost/sealpost/internal/sealpost"
)

// The columns of messages.csv.
const (
	colThread = iota
	colTitle
	colFrom
	colSender
	colTo
	colRecipients
	colDate
	colSubject
	colContent
	colFolder
	colDraft
	columnCount
)

// columnNames is the table of what they are called, as columnName writes it.
var columnNames = [columnCount]string{
	"conversation id", "conversation title", "from", "sender profile url", "to", "recipient profile urls", "date", "subject",
	"content", "folder", "is message draft",
}

// columnName is a column's name without case, marks and the blanks around it.
func columnName(b []byte) string {
	s := strings.TrimPrefix(text(b), "\ufeff")
	return strings.ToLower(strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '_' || r == '\u00a0' || r == '\t' || r == '\n' }), " "))
}

// header finds the columns; false if these are not the names of columns.
func header(r record, names []string, columns []int) bool {
	found := 0
	for i := range columns {
		columns[i] = -1
	}
	for i := range r.fields {
		if at := slices.Index(names, columnName(r.field(i))); at >= 0 && columns[at] < 0 {
			columns[at] = i
			found++
		}
	}
	return found >= 2
}

// person is somebody while the archive is read.
type person struct {
	key   string // an address; empty: known by name only
	name  string
	named int // how sure the name is: 2 said of the person alone, 1 one of several
	count int // rows in which they are
	alias uint32
}

// talk is a conversation while the archive is read.
type talk struct {
	key    string
	title  string
	people []uint32 // without repetition; more than maxTalk are not kept
	many   bool
	thread int32 // -1: it is not taken
}

const maxTalk = sealpost.MaxParticipants + 1

// row is a message while the archive is read: where its text is, and its order.
type row struct {
	seconds      uint32 // since 1970
	talk, sender uint32
	number       uint32 // of the row in the file, from 0
	line         uint32
	size         uint32 // of the text
}

// Scan reads the archive once, whole. progress is told how far it is, in bytes of
// messages.csv.
func (a *Archive) Scan(ctx context.Context, progress func(read, of int64)) error {
	err := a.each(ctx, a.messages, func(r record) bool { return header(r, columnNames[:], a.columns[:]) }, a.scanRow, progress)
	if err != nil {
		return err
	}
	for _, c := range []int{colDate, colContent} {
		if a.columns[c] < 0 {
			return fmt.Errorf("%s has no column %s", path.Base(a.messages), strings.ToUpper(columnNames[c]))
		}
	}
	if a.columns[colSender] < 0 && a.columns[colFrom] < 0 {
		return fmt.Errorf("%s has no column %s", path.Base(a.messages), strings.ToUpper(columnNames[colSender]))
	}
	if err := a.scanProfile(ctx); err != nil {
		return err
	}
	return a.scanConnections(ctx)
}

func (a *Archive) scanRow(r record) error {
	number := a.rowsAll
	if a.rowsAll++; a.rowsAll > maxRows {
		return errors.New("the archive has more than 4000000 messages")
	}
	m, why := a.read(r)
	if why != "" {
		a.skip(why, a.messages, r.line)
		return nil
	}
	sender, others, err := a.rowPeople(r, m.thread)
	if err != nil {
		return err
	}
	others = append(others, sender)
	for _, p := range others {
		a.people[p].count++
	}
	t, err := a.talk(m.thread, others)
	if err != nil {
		return err
	}
	if title := a.talks[t].title; title == "" {
		a.talks[t].title = oneLine(text(r.field(a.columns[colTitle])), sealpost.MaxTitle)
	}
	next := row{seconds: m.seconds, talk: t, sender: sender, number: number, line: uint32(r.line), size: uint32(len(m.body))}
	if n := len(a.rows); n > 0 && a.rows[n-1].seconds != next.seconds {
		if a.falling++; a.rows[n-1].seconds < next.seconds {
			a.falling -= 2
		}
	}
	a.rows = append(a.rows, next)
	return nil
}

// read is a row without its people.
type read struct {
	thread  string
	seconds uint32
	body    string
}

func (a *Archive) read(r record) (m read, why Reason) {
	field := func(c int) []byte { return r.field(a.columns[c]) }
	if r.over {
		return m, RowTooLong
	}
	folder := strings.ToUpper(strings.TrimSpace(string(field(colFolder))))
	switch {
	case strings.Contains(folder, "SPAM"), strings.Contains(folder, "JUNK"):
		return m, Junk
	case strings.Contains(folder, "DRAFT"), strings.EqualFold(strings.TrimSpace(string(field(colDraft))), "yes"),
		strings.EqualFold(strings.TrimSpace(string(field(colDraft))), "true"):
		return m, Draft
	}
	at, ok := instant(string(field(colDate)), timeLayouts, a.now)
	if !ok {
		return m, BadDate
	}
	m.body = body(text(field(colSubject)), text(field(colContent)))
	switch {
	case m.body == "":
		return m, NoText
	case utf8.RuneCountInString(m.body) > sealpost.MaxBody, len(m.body) > sealpost.MaxBodyBytes:
		return m, TooLong
	case len(strings.TrimSpace(string(field(colSender)))) == 0 && len(strings.TrimSpace(string(field(colFrom)))) == 0:
		return m, NoSender
	}
	m.thread, m.seconds = strings.TrimSpace(text(field(colThread))), uint32(at/1e6)
	if len(m.thread) > maxAddress { // it is kept as long as the archive is read
		return m, RowTooLong
	}
	m.thread = strings.Clone(m.thread) // without the blanks around it
	return m, ""
}

// rowPeople finds who is in a row.
func (a *Archive) rowPeople(r record, thread string) (sender uint32, others []uint32, err error) {
	from := oneLine(text(r.field(a.columns[colFrom])), maxName)
	if sender, err = a.person(Address(string(r.field(a.columns[colSender]))), from, thread, 2); err != nil {
		return 0, nil, err
	}
	addresses := split(text(r.field(a.columns[colRecipients])), ";")
	names := split(text(r.field(a.columns[colTo])), ";")
	if len(names) != len(addresses) {
		names = split(text(r.field(a.columns[colTo])), ",")
	}
	if len(addresses) == 1 {
		names = []string{strings.TrimSpace(text(r.field(a.columns[colTo])))}
	}
	if len(addresses) == 0 && len(names) == 1 {
		addresses = []string{""}
	}
	for i, address := range addresses[:min(len(addresses), maxTalk)] {
		name := ""
		if len(names) == len(addresses) {
			name = oneLine(names[i], maxName)
		}
		address = Address(address)
		if address == "" && name == "" {
			continue
		}
		sure := 1
		if len(addresses) == 1 {
			sure = 2
		}
		p, err := a.person(address, name, thread, sure)
		if err != nil {
			return 0, nil, err
		}
		if p != sender && !slices.Contains(others, p) {
			others = append(others, p)
		}
	}
	return sender, others, nil
}

func split(s, by string) []string {
	var out []string
	for part := range strings.SplitSeq(s, by) {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// person finds or adds somebody: by their address; without one by name and within
// the conversation, because a name alone tells nobody from another.
func (a *Archive) person(address, name, thread string, sure int) (uint32, error) {
	key := address
	if key == "" {
		key = "\x00" + name + "\x00" + thread
	}
	p, ok := a.byKey[key]
	if !ok {
		if len(a.people) >= maxPeople {
			return 0, errors.New("the archive names more than 200000 people")
		}
		p = uint32(len(a.people))
		a.people = append(a.people, person{key: key, alias: p})
		a.byKey[key] = p
	}
	who := &a.people[p]
	if name != "" && who.named < sure { // the newest stands first
		who.name, who.named = name, sure
	}
	return p, nil
}

// talk finds or adds a conversation. One that the archive does not name is told by
// the people in it.
func (a *Archive) talk(key string, people []uint32) (uint32, error) {
	if key == "" {
		sorted := slices.Clone(people)
		slices.Sort(sorted)
		key = "\x00" + fmt.Sprint(slices.Compact(sorted))
	}
	t, ok := a.byTalk[key]
	if !ok {
		if len(a.talks) >= maxThreads {
			return 0, errors.New("the archive has more than 300000 conversations")
		}
		t = uint32(len(a.talks))
		a.talks = append(a.talks, talk{key: key, thread: -1})
		a.byTalk[key] = t
	}
	in := &a.talks[t]
	for _, p := range people {
		if slices.Contains(in.people, p) {
			continue
		}
		if in.many = in.many || len(in.people) >= maxTalk; !in.many {
			in.people = append(in.people, p)
		}
	}
	return t, nil
}
