package importer

import (
	"context"
	"errors"

	"github.com/sealpost/sealpost/internal/sealpost"
)

// defaultWindow is how many bytes of text are held at a time.
const defaultWindow = 12 << 20

// Messages gives every message, thread by thread and oldest first, in batches of at
// most n that are of one thread. The texts are not sorted on disk, where they would
// lie about in the open: messages.csv is read as often as is needed to hold a part of
// them at a time.
func (a *Archive) Messages(ctx context.Context, n int, f func(thread int, batch []sealpost.ArchiveMessage) error) error {
	// Where each row of the file comes in the order; 0: it is not taken.
	places := make([]uint32, a.rowsAll)
	for i, r := range a.rows {
		places[r.number] = uint32(i) + 1
	}
	e := &emitter{archive: a, most: n, give: f, thread: -1}
	for begin := 0; begin < len(a.rows); {
		end, size := begin, 0
		for end < len(a.rows) && (end == begin || size < a.windowBytes) {
			size += int(a.rows[end].size) + textOverhead
			end++
		}
		texts, err := a.texts(ctx, places, begin, end)
		if err != nil {
			return err
		}
		for i, text := range texts {
			if err := e.add(a.rows[begin+i], text); err != nil {
				return err
			}
		}
		begin = end
	}
	return e.flush()
}

// textOverhead is what a text costs besides its bytes.
const textOverhead = 32

// texts reads the texts of a part of the order.
func (a *Archive) texts(ctx context.Context, places []uint32, begin, end int) ([]string, error) {
	out := make([]string, end-begin)
	number, left := 0, end-begin
	err := a.each(ctx, a.messages, func(r record) bool { return header(r, columnNames[:], a.columns[:]) }, func(r record) error {
		if number >= len(places) {
			return errChanged
		}
		at := int(places[number]) - 1
		number++
		if at < begin || at >= end {
			return nil
		}
		m, why := a.read(r)
		if why != "" {
			return errChanged
		}
		out[at-begin] = m.body
		if left--; left == 0 {
			return errEnough
		}
		return nil
	}, nil)
	if err == nil && left > 0 {
		err = errChanged
	}
	return out, err
}

// errChanged says that the archive is not what it was.
var errChanged = errors.New("the archive was changed while it was read") // a table entry, never set

// emitter counts the messages of a second and makes batches.
type emitter struct {
	archive *Archive
	most    int
	give    func(int, []sealpost.ArchiveMessage) error

	thread  int
	seconds uint32
	place   int
	ordinal map[uint32]int // by sender, in this second
	batch   []sealpost.ArchiveMessage
}

func (e *emitter) add(r row, text string) error {
	if int(r.talk) != e.thread || len(e.batch) >= e.most {
		if err := e.flush(); err != nil {
			return err
		}
	}
	if int(r.talk) != e.thread || r.seconds != e.seconds {
		e.thread, e.seconds, e.place = int(r.talk), r.seconds, 0
		clear(e.ordinal)
	}
	if e.ordinal == nil {
		e.ordinal = map[uint32]int{}
	}
	sender := e.archive.people[r.sender].alias
	e.batch = append(e.batch, sealpost.ArchiveMessage{
		Sender: e.archive.numbers[sender], At: sealpost.Instant(r.seconds) * 1e6,
		Ordinal: e.ordinal[sender], Place: e.place, Body: text, Line: int(r.line),
	})
	e.place++
	e.ordinal[sender]++
	return nil
}

// flush gives the batch away: whoever gets it keeps it.
func (e *emitter) flush() error {
	batch := e.batch
	e.batch = nil
	if len(batch) == 0 {
		return nil
	}
	return e.give(e.thread, batch)
}
