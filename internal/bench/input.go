package bench

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"
)

// fate is what becomes of a message.
type fate string

const (
	refusedFate  fate = "refused" // by the server, for its text
	sealedFate   fate = "sealed"
	openedFate   fate = "opened"
	recalledFate fate = "recalled"
)

// said is one message of the input.
type said struct {
	by   int // which of the two
	text string
	id   string
	fate fate
}

// thread is a conversation of two with everything that was said in it, in order.
type thread struct {
	people [2]int // as places in site.people
	id     string
	said   []said
}

// input is a file of messages.
type input struct {
	lines   int
	people  int
	threads []*thread // in the order of their first message
}

// inputLine is a line of the file. At is required, so that another file is noticed,
// and not used: the order of the lines is the order of the messages.
type inputLine struct {
	At   *time.Time `json:"at"`
	From *int       `json:"from"`
	To   *int       `json:"to"`
	Text *string    `json:"text"`
}

// maxLine bounds one line of the file, in bytes.
const maxLine = 1 << 20

// readInput reads a file, gzipped or not, up to a number of lines; 0: all.
func readInput(name string, most int) (*input, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	buffered := bufio.NewReader(f)
	var r io.Reader = buffered
	if magic, err := buffered.Peek(2); err == nil && bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		if r, err = gzip.NewReader(buffered); err != nil {
			return nil, err
		}
	}
	in := &input{people: 1} // the administrator says nothing
	people, threads := map[int]int{}, map[[2]int]*thread{}
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 64<<10), maxLine)
	for lines.Scan() {
		if most > 0 && in.lines == most {
			break
		}
		var l inputLine
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil || l.At == nil || l.From == nil || l.To == nil || l.Text == nil {
			return nil, fmt.Errorf("line %d of the input is not a message", in.lines+1) // without its words
		}
		in.lines++
		in.add(people, threads, l)
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if in.lines == 0 {
		return nil, errors.New("the input has no messages")
	}
	return in, nil
}

func (in *input) add(people map[int]int, threads map[[2]int]*thread, l inputLine) {
	place := func(number int) int {
		p, ok := people[number]
		if !ok {
			p = in.people
			people[number] = p
			in.people++
		}
		return p
	}
	from, to := place(*l.From), place(*l.To)
	key := [2]int{min(from, to), max(from, to)}
	t := threads[key]
	if t == nil {
		t = &thread{people: key}
		threads[key] = t
		in.threads = append(in.threads, t)
	}
	by := 0
	if from != key[0] {
		by = 1
	}
	t.said = append(t.said, said{by: by, text: *l.Text})
}

// largestFirst orders the threads so that the longest one, whose messages go one by
// one, does not begin last.
func (in *input) largestFirst() []*thread {
	out := slices.Clone(in.threads)
	slices.SortStableFunc(out, func(a, b *thread) int { return len(b.said) - len(a.said) })
	return out
}

// through is how far the thread at a place is opened by both of its people: of ten
// conversations four are opened to their end, two to their middle, four not at all.
func (t *thread) through(place int) int {
	switch place % 10 {
	case 0, 1, 2, 3:
		return len(t.said)
	case 4, 5:
		return (len(t.said) + 1) / 2
	}
	return 0
}

// recalledEvery is the part of what stays sealed that is recalled: a third.
const recalledEvery = 3

// settle says what is to become of each message that was sent, by its place alone,
// so that every run does the same.
func (t *thread) settle(place int) {
	through, sealed := t.through(place), 0
	for i := range t.said {
		s := &t.said[i]
		switch {
		case s.fate == refusedFate:
		case i < through:
			s.fate = openedFate
		default:
			if s.fate = sealedFate; (sealed+place)%recalledEvery == 0 {
				s.fate = recalledFate
			}
			sealed++
		}
	}
}

// partDescription says in words what settle does.
const partDescription = "4 of 10 conversations are opened to the end by both people, 2 of 10 to their middle; of what stays sealed every third message is recalled"
